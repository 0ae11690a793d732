"""Opens sockets that another thread can end: name look-up, connect, TLS, and `abort()` over all of them.

What makes `abort()` certain, whatever a thread is blocked in:

- a socket is registered before it connects, and the connect is begun under the lock that `abort()`
  takes, so it is either refused or already under way and ended by `shutdown`;
- `shutdown` acts on the connection, not on a Python object: it wakes a thread that waits in connect,
  handshake, read or write, and every later call on that socket fails at once;
- a name look-up cannot be interrupted, so it runs in a daemon thread that is left behind.

The lock is re-entrant and the look-up's answer travels through a `SimpleQueue`, because `abort()` may
run in a signal handler that interrupted one of these very lines.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

Resolve = Callable[[str, int], list[tuple[Any, ...]]]


class Aborted(OSError):
    """`abort()` was called: this socket is shut down and no other will be opened."""


class Address(NamedTuple):
    """Where a connection goes; `host` is a name or a literal address without brackets."""

    scheme: str
    host: str
    port: int


def resolve(host: str, port: int) -> list[tuple[Any, ...]]:
    """The system's resolver, in the order RFC 6724 wants the addresses tried."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class Sockets:
    """Every open socket of one transport. Safe to use from any thread.

    `open` raises what the operating system raised: `socket.gaierror`, `TimeoutError`,
    `ConnectionRefusedError`, `ssl.SSLError`, any other `OSError`, and `Aborted`.
    """

    def __init__(self, tls: ssl.SSLContext, *, resolve: Resolve = resolve) -> None:
        self._tls = tls
        self._resolve = resolve
        self._lock = threading.RLock()
        self._open: set[socket.socket] = set()
        self._lookups: set[queue.SimpleQueue[Any]] = set()
        self.aborted = False
        self.round_trip: float | None = None  #: of the quickest connect so far, in seconds

    def open(self, address: Address, timeout: float | None) -> socket.socket:
        """A connected socket, TLS verified where the scheme is https. `timeout` is in seconds, for all."""
        deadline = None if timeout is None else time.monotonic() + timeout
        _check_name(address.host)
        found = self._look_up(address, timeout)
        failure: OSError = OSError(errno.EADDRNOTAVAIL, f"{address.host} has no address")
        for place, (family, kind, protocol, _, where) in enumerate(found):
            # Each address gets an equal share of what is left, so that a dead IPv6 leaves time for IPv4.
            left = None if deadline is None else (deadline - time.monotonic()) / (len(found) - place)
            try:
                sock = self._connect(socket.socket(family, kind, protocol), where, left)
            except Aborted:
                raise
            except OSError as exc:
                failure = exc
                continue
            return self._secure(sock, address, deadline) if address.scheme == "https" else sock
        raise failure

    def close(self, sock: socket.socket) -> None:
        """Close one socket; under the lock, so that `abort` never meets a file descriptor used anew."""
        with self._lock:
            self._open.discard(sock)
            sock.close()

    def abort(self) -> None:
        """End every connect, handshake, read and write at once, and refuse new ones. Never undone."""
        with self._lock:
            self.aborted = True
            for sock in list(self._open):
                _shut_down(sock)
            for waiting in list(self._lookups):
                waiting.put(Aborted())

    def _check(self) -> None:
        if self.aborted:
            raise Aborted("stopped on request")

    def _look_up(self, address: Address, timeout: float | None) -> list[tuple[Any, ...]]:
        if _is_literal(address.host):
            return self._resolve(address.host, address.port)
        answer: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answer.put(self._resolve(address.host, address.port))
            except OSError as exc:
                answer.put(exc)
            except Exception as exc:  # noqa: BLE001 - the idna codec raises UnicodeError; all mean "no such name"
                answer.put(socket.gaierror(socket.EAI_NONAME, str(exc)))

        with self._lock:
            self._lookups.add(answer)
        try:
            self._check()
            threading.Thread(target=ask, name=f"lookup {address.host}", daemon=True).start()
            found = answer.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(errno.ETIMEDOUT, f"the name look-up of {address.host} did not end") from None
        finally:
            with self._lock:
                self._lookups.discard(answer)
        if isinstance(found, OSError):
            raise found
        return list(found)

    def _connect(self, sock: socket.socket, where: Any, timeout: float | None) -> socket.socket:
        try:
            sock.setblocking(False)
            began = time.monotonic()
            with self._lock:
                self._check()
                self._open.add(sock)
                begun = sock.connect_ex(where)
                self._check()
            if begun not in (0, errno.EINPROGRESS):
                raise OSError(begun, os.strerror(begun))
            waiting = select.poll()
            waiting.register(sock, select.POLLOUT)
            if not waiting.poll(None if timeout is None else max(timeout, 0.0) * 1000):
                raise TimeoutError(errno.ETIMEDOUT, "no answer to the connection request")
            self._check()
            failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failed:
                raise OSError(failed, os.strerror(failed))
            took = time.monotonic() - began
            self.round_trip = took if self.round_trip is None else min(took, self.round_trip)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            self.close(sock)
            raise
        return sock

    def _secure(self, sock: socket.socket, address: Address, deadline: float | None) -> ssl.SSLSocket:
        sock.settimeout(None if deadline is None else max(deadline - time.monotonic(), 0.001))
        try:
            # An end without close_notify does not prove the end of a body (RFC 9112, section 9.8).
            secure = self._tls.wrap_socket(
                sock,
                server_hostname=address.host,
                do_handshake_on_connect=False,
                suppress_ragged_eofs=False,
            )
        except BaseException:
            self.close(sock)
            raise
        try:
            with self._lock:
                self._open.discard(sock)  # it is detached now: `secure` owns the connection
                self._open.add(secure)
                self._check()
            secure.do_handshake()
            self._check()
        except BaseException:
            self.close(secure)
            raise
        return secure


def _shut_down(sock: socket.socket) -> None:
    # Not connected, or gone already: then there is nothing left to wake.
    with contextlib.suppress(OSError):
        # The base method: SSLSocket.shutdown would also drop its TLS object under the reader's feet.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _check_name(host: str) -> None:
    """What no host can be called: the ssl module would find out too late, and leave a socket open."""
    try:
        host.encode("idna")
    except UnicodeError as exc:
        raise socket.gaierror(socket.EAI_NONAME, "no host can have this name") from exc


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
