"""One request on its way into a socket, with an eye on what comes back meanwhile.

Three things that `http.client` does not do, and a body of gigabytes needs:

- the time-out bounds the silence: `sendall` takes its own for a total, which a slow line exceeds;
- a refusal that comes early (413, 401) is noticed, and no more is sent into the void;
- chunks of a file are passed on as they lie in its buffer.
"""

from __future__ import annotations

import contextlib
import fcntl
import re
import select
import socket
import ssl
import sys
import termios
from collections.abc import Iterator
from typing import NamedTuple, cast

import httpx

from smugsync.remote.outflow import Outflow

#: A TLS record. OpenSSL takes all of what it is given or, so far as anybody can see, nothing.
_RECORD = 16 * 1024
#: `HTTP/1.1 413`: the first bytes of an answer, up to its status.
_STATUS_AT, _STATUS_END = 9, 12
#: Bytes that may wait in the kernel without being on their way. (Of 256 KB, a fast line runs out.)
_UNSENT = 1024 * 1024
_REQUEST = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [\x21-\x7e]+ HTTP/1\.1")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Written(NamedTuple):
    """How far a request came, and `early`, the bytes of an answer that were read meanwhile.

    Not `whole`: it was refused before its end, or the peer closed the connection, as `broken` says.
    """

    whole: bool
    early: bytes = b""
    broken: OSError | None = None


class _Refused(Exception):
    """An answer that is no success has come before the request was whole."""


class _Broken(Exception):
    def __init__(self, cause: OSError) -> None:
        self.cause = cause
        super().__init__(str(cause))


def write_request(sock: socket.socket, request: httpx.Request, stall: float | None) -> Written:
    """Write `request`; `stall` is the longest silence in seconds, None = any.

    Raises TimeoutError, httpx.LocalProtocolError for what HTTP cannot carry, and what the request's body
    raises. The socket may not block afterwards: it needs a time-out before it is read.
    """
    head = _head(request)
    if _is_bodiless(request) and len(head) <= _RECORD:
        return _write_at_once(sock, head, stall)
    lane = _Lane(sock, stall)
    if isinstance(request.stream, Outflow):
        _keep_queue_short(sock)
    body = _body(request)
    try:
        lane.send(head)
        for chunk in body:
            lane.send(chunk)
    except _Refused:
        return Written(False, lane.early)
    except _Broken as exc:
        return Written(False, lane.early, exc.cause)
    finally:
        # Not `isinstance` of a protocol, which costs as much as all of the above.
        if (close := getattr(body, "close", None)) is not None:
            close()
    return Written(True, lane.early)


class _Lane:
    """A socket that is written to without blocking, and listened to."""

    def __init__(self, sock: socket.socket, stall: float | None) -> None:
        sock.settimeout(0)
        self._sock = sock
        self._step = _RECORD if isinstance(sock, ssl.SSLSocket) else 1 << 30
        self._stall = None if stall is None else stall * 1000
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN | select.POLLOUT)
        self._listening = True
        self.early = b""

    def send(self, data: bytes | memoryview) -> None:
        with memoryview(data) as view:
            left = 0
            self._listen()
            while left < view.nbytes:
                with view[left : left + self._step] as piece:
                    left += self._pass(piece)

    def _pass(self, piece: memoryview) -> int:
        while True:
            try:
                return self._sock.send(piece)
            except _LATER as exc:
                self._wait(exc)
            except TimeoutError:
                raise
            except OSError as exc:
                raise _Broken(exc) from exc

    def _wait(self, why: OSError) -> None:
        """Until there is room again, while the line moves. What TLS wants to read, `_listen` reads."""
        wanted = select.POLLIN if isinstance(why, ssl.SSLWantReadError) else select.POLLOUT
        self._poll.modify(self._sock, wanted | (select.POLLIN if self._listening else 0))
        queued = _queued(self._sock)
        while not self._poll.poll(self._stall):
            # The kernel tells of room only when there is much of it, which a slow line may not make in time.
            before, queued = queued, _queued(self._sock)
            if queued >= before:
                raise TimeoutError("the peer takes nothing more")
        self._listen()

    def _listen(self) -> None:
        """Read as far as an answer's status, if one has come."""
        if not self._listening:
            return
        try:
            got = self._sock.recv(_STATUS_END - len(self.early))
        except _LATER:
            return
        except OSError as exc:
            raise _Broken(exc) from exc
        self.early += got
        if not got:
            self._listening = False  # it has nothing more to say; whether it still takes something will show
        elif not b"HTTP/".startswith(self.early[:5]):
            raise _Refused
        elif len(self.early) == _STATUS_END:
            if self.early[_STATUS_AT : _STATUS_AT + 1] not in b"12":
                raise _Refused
            self._listening = False


def _keep_queue_short(sock: socket.socket) -> None:
    """Or megabytes would count as sent that a slow line has before it when the answer is waited for."""
    with contextlib.suppress(OSError):  # no more than a wish
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT)


def _queued(sock: socket.socket) -> int:
    """Bytes that were handed to the kernel and not yet acknowledged by the peer (SIOCOUTQ), 0 if unknown."""
    try:
        found = fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4))
    except OSError:
        return 0
    return int.from_bytes(found, sys.byteorder)


def _is_bodiless(request: httpx.Request) -> bool:
    headers = request.headers
    return "content-length" not in headers and "transfer-encoding" not in headers


def _write_at_once(sock: socket.socket, head: bytes, stall: float | None) -> Written:
    """What fits into one record and into the kernel's buffer: no answer can come before its end."""
    try:
        sent = _sent_at_once(sock, head) if sock.gettimeout() == 0.0 else 0
        if sent < len(head):
            if sock.gettimeout() != stall:
                sock.settimeout(stall)
            sock.sendall(head[sent:])
    except TimeoutError:
        raise
    except OSError as exc:
        return Written(False, broken=exc)
    return Written(True)


def _sent_at_once(sock: socket.socket, data: bytes) -> int:
    """How many bytes a socket that does not block has taken."""
    try:
        return sock.send(data)
    except _LATER:
        return 0


def _head(request: httpx.Request) -> bytes:
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii", "replace"), request.url.raw_path)]
    if not _REQUEST.fullmatch(lines[0]):
        raise httpx.LocalProtocolError(
            "the request has a method or an address that HTTP cannot carry", request=request
        )
    for name, value in request.headers.raw:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise httpx.LocalProtocolError("the request has a header that HTTP cannot carry", request=request)
        lines.append(b"%b: %b" % (name, value))
    return b"\r\n".join((*lines, b"", b""))


def _body(request: httpx.Request) -> Iterator[bytes | memoryview]:
    """The chunks as they go over the wire."""
    stream = request.stream
    if isinstance(stream, Outflow):
        return stream.lent()
    chunks = iter(cast(httpx.SyncByteStream, stream))
    if request.headers.get("transfer-encoding", "").lower() == "chunked":
        return _framed(chunks)
    return chunks if "content-length" in request.headers else iter(())


def _framed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        if chunk:
            yield b"%x\r\n%b\r\n" % (len(chunk), chunk)
    yield b"0\r\n\r\n"
