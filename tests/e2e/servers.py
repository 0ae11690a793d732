"""Servers that a photographer's network may have in the way: other media hosts, TLS, and black holes."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.remote.servers import Peer, Server


class Media:
    """Serves the files below `root` with Range and If-Range, as the nginx beside an emulator would.

    `cuts` holds, for each answer to come, after how many bytes the connection ends; `etag` is every
    file's validator. `requests` are the paths asked for, `sent` the bytes of all bodies.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.etag = '"first"'
        self.cuts: list[int] = []
        self.requests: list[str] = []
        self.sent = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="media", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Media:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        media = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                media.answer(self)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        return Handler

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(asked.path).path)
        with self._lock:
            self.requests.append(path)
            cut = self.cuts.pop(0) if self.cuts else None
            etag = self.etag
        whole = (self.root / path.lstrip("/")).read_bytes()
        wanted = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("Range", ""))
        start = int(wanted[1]) if wanted and asked.headers.get("If-Range", etag) == etag else 0
        asked.send_response(206 if start else 200)
        if start:
            asked.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
        asked.send_header("ETag", etag)
        asked.send_header("Content-Type", "image/jpeg")
        asked.send_header("Content-Length", str(len(whole) - start))
        asked.end_headers()
        body = whole[start : start + cut] if cut is not None else whole[start:]
        with self._lock:
            self.sent += len(body)
        with contextlib.suppress(ConnectionError):
            asked.wfile.write(body)
        if cut is not None:
            asked.close_connection = True


def behind_tls(origin: str, tls: ssl.SSLContext) -> Server:
    """A TLS server in front of a plain one, one exchange per connection."""
    parts = urlsplit(origin)

    def play(peer: Peer) -> None:
        question = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", peer.request())
        with socket.create_connection((parts.hostname, parts.port or 80)) as upstream:
            upstream.sendall(question.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            while piece := upstream.recv(65536):
                peer.send(piece)

    return Server(play, tls=tls)


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """A port of this machine that answers no connection request, neither yes nor no."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = int(listener.getsockname()[1])
        for _ in range(4):  # once its queue is full, the kernel drops what comes
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0.1)
            try:
                filler.connect(("127.0.0.1", port))
            except TimeoutError:
                filler.close()
                break
        yield port


def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_connecting(port: int) -> bool:
    """Whether some process of this machine waits for an answer from a port (Linux: state SYN_SENT)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[2].endswith(f":{port:04X}") and row[3] == "02" for row in rows)
