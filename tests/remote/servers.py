"""Tiny servers for the tests: each connection is played by a script of raw bytes."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable

Script = Callable[["Peer"], None]

#: Longer than any test may take; a test that reaches it fails.
LONG = 20.0


class Peer:
    """One accepted connection. `number` counts the connections of its server from 1."""

    def __init__(self, sock: socket.socket, number: int, server: Server) -> None:
        self.sock = sock
        self.number = number
        self.server = server

    def request(self) -> bytes:
        """One request's head; b"" when the client left. A body must be read by the script."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(65536)
            if not more:
                return b""
            data += more
        self.server.requests.append(data)
        return data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def hang(self) -> None:
        """Say nothing until the test is over."""
        self.server.hanging.release()
        self.server.over.wait(LONG)

    def reset(self) -> None:
        """End the connection with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.sock.close()


class Server:
    """Listens on loopback; `with` starts it, stops it and joins its threads."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self._script = script
        self._tls = tls
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.origin = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"
        self.connections = 0
        self.requests: list[bytes] = []
        self.over = threading.Event()
        self.hanging = threading.Semaphore(0)

    def __enter__(self) -> Server:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LONG)
            assert not thread.is_alive()
        for sock in self._open:
            sock.close()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            self._start(self._serve, sock, self.connections)

    def _serve(self, sock: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self._open.append(sock)
            self._script(Peer(sock, number, self))
            # A goodbye that TLS clients accept as the true end; then FIN.
            if isinstance(sock, ssl.SSLSocket):
                sock.settimeout(0.5)
                with contextlib.suppress(OSError):
                    sock.unwrap()
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
        sock.close()


def once(answer: bytes) -> Script:
    """Answer one request with these bytes, then close."""

    def script(peer: Peer) -> None:
        if peer.request():
            peer.send(answer)

    return script


def always(answer: bytes) -> Script:
    """Answer every request on the connection with these bytes."""

    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(answer)

    return script


def plain(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer with Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
