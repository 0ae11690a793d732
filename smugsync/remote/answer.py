"""The head of an HTTP/1.1 answer.

A plain one is read by `head`. Any other is parsed by `http.client`, and what that lets pass is refused here.

`http.client` takes a header that ends in the middle for a whole one, skips the rest of a header after a
malformed line, and reads a body whose length it does not understand up to the end of the connection. Each
of these would make a cut answer look complete. Everything wrong raises `http.client.HTTPException`.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Callable
from typing import NamedTuple, cast

from smugsync.remote.head import CHUNK, plain
from smugsync.remote.inflow import NOT_YET, is_ready
from smugsync.remote.tempo import Tempo

_INTERIM_ANSWERS = 20
#: Heads have a hundred lines at most; what comes behind the last chunk may have as many as it likes.
_MOST_LINES = 5000
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FOLD = re.compile(r"[ \t]*\r?\n[ \t]+")


class Unanswered(http.client.RemoteDisconnected):
    """The connection ended before the first byte of an answer."""


class Answer(NamedTuple):
    """An answer whose body has yet to be read: `length` bytes of it, None where `reader` knows the framing.

    `came`: where in the buffer its first bytes lie, and how many; where there is a `reader`, it holds them.
    `lasts`: the peer will take another request on this connection.
    """

    status: int
    reason: bytes
    version: bytes
    headers: list[tuple[bytes, bytes]]
    length: int | None
    lasts: bool
    came: tuple[int, int]
    reader: http.client.HTTPResponse | None


def read_answer(
    sock: socket.socket,
    method: str,
    buffer: bytearray,
    patience: float | None,
    *,
    clock: Callable[[], float] = time.monotonic,
    early: bytes = b"",
) -> Answer:
    """The next final answer on `sock`; of it, `early` was read already. `buffer` is used, and is larger than
    any plain head. `patience` is how long nothing may come, in seconds, None = for ever.

    Raises Unanswered, `http.client.HTTPException`, or the socket's own OSError.
    """
    if not early and method != "HEAD":
        came = _first(sock, buffer, patience)
        head = plain(buffer, came)
        if head is not None:
            rest = came - head.size
            return Answer(
                head.status,
                head.reason,
                b"HTTP/1.1",
                head.headers,
                head.length,
                head.lasts,
                (head.size, rest),
                None,
            )
        early = bytes(memoryview(buffer)[:came])
    _bound(sock, patience)
    reader = read_head(sock, method, clock, early)
    try:
        length = body_length(reader, method)
    except http.client.HTTPException:
        reader.close()
        raise
    return Answer(
        reader.status,
        reader.reason.encode("latin-1"),
        b"HTTP/1.0" if reader.version == 10 else b"HTTP/1.1",
        headers(reader),
        length,
        # Without a body nothing may lie behind the head: that would be another answer.
        not reader.will_close and (length != 0 or early.endswith(b"\r\n\r\n")),
        (0, 0),
        reader,
    )


def _first(sock: socket.socket, buffer: bytearray, patience: float | None) -> int:
    """How many bytes the answer begins with; a socket that does not block stays so."""
    room = memoryview(buffer)[:CHUNK]
    try:
        if sock.gettimeout() == 0.0:
            came = _receive(sock, room, patience)
        else:
            _bound(sock, patience)
            came = sock.recv_into(room)
    except ConnectionError as exc:
        raise Unanswered("the server closed the connection without an answer") from exc
    if not came:
        raise Unanswered("the server closed the connection without an answer")
    return came


def _receive(sock: socket.socket, room: memoryview, patience: float | None) -> int:
    began, writing = time.monotonic(), False
    while True:
        # Of TLS there may be something that was decrypted already.
        if writing or not (isinstance(sock, ssl.SSLSocket) and sock.pending()):
            left = None if patience is None else max(0.0, began + patience - time.monotonic())
            if not is_ready(sock, left, writing=writing):
                raise TimeoutError("the server does not answer")
        try:
            return sock.recv_into(room)
        except NOT_YET as why:
            writing = isinstance(why, ssl.SSLWantWriteError)


def _bound(sock: socket.socket, patience: float | None) -> None:
    if sock.gettimeout() != patience:
        sock.settimeout(patience)


class _Patient(io.RawIOBase):
    """What comes from a socket, from its first byte on, until it comes too slowly: then TimeoutError.

    `begun` came already and is read first.
    """

    def __init__(self, raw: io.RawIOBase, clock: Callable[[], float], begun: bytes = b"") -> None:
        self._raw = raw
        self._clock = clock
        self._tempo = Tempo(clock) if begun else None
        self._begun = begun

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int | None:
        space = cast(bytearray, buffer)
        if self._begun:
            size = min(len(space), len(self._begun))
            space[:size], self._begun = self._begun[:size], self._begun[size:]
            return size
        got = self._raw.readinto(space)
        if self._tempo is None:  # how long the answer took to begin is not its pace
            self._tempo = Tempo(self._clock)
        if got and self._tempo.is_too_slow(got):
            raise TimeoutError("the server sends too slowly")
        return got

    def take_begun(self) -> bytes:
        """What is left of `begun`."""
        left, self._begun = self._begun, b""
        return left

    def close(self) -> None:
        super().close()
        self._raw.close()


class _Lines(io.BufferedReader):
    """A line that the peer did not send is an error, not an empty line; and lines come to an end."""

    _lines = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self._lines = 0  # a chunk has ended
        return super().read(size)

    def readline(self, size: int | None = -1, /) -> bytes:
        self._lines += 1
        if self._lines > _MOST_LINES:
            raise http.client.HTTPException("the server sends header lines without end")
        line = super().readline(-1 if size is None else size)
        if not line:
            raise http.client.RemoteDisconnected("the server ended the answer early, inside its header")
        return line


def remainder(reader: http.client.HTTPResponse) -> bytes:
    """What was read from the socket before the head was parsed, and is not in `reader`'s own buffer."""
    raw = reader.fp.raw
    return raw.take_begun() if isinstance(raw, _Patient) else b""


def read_head(
    sock: socket.socket, method: str, clock: Callable[[], float] = time.monotonic, begun: bytes = b""
) -> http.client.HTTPResponse:
    """The next final answer on `sock`, after `begun`, which was read already; interim ones are stepped over.

    Raises Unanswered, `http.client.HTTPException`, or the socket's own OSError.
    """
    head = http.client.HTTPResponse(sock, method=method)
    raw = head.fp.detach()
    head.fp = _Lines(_Patient(raw, clock, begun), io.DEFAULT_BUFFER_SIZE)
    try:
        for _ in range(_INTERIM_ANSWERS):
            head.begin()
            if head.status == 101:
                raise http.client.HTTPException("the server changed the protocol")
            if head.status >= 200:
                _check(head)
                return head
            # http.client itself steps over 100 only: let it parse the next head from the same reader.
            head.headers = head.msg = cast(http.client.HTTPMessage, None)
        raise http.client.HTTPException("the server sends nothing but interim answers")
    except BaseException as exc:
        head.close()
        # `status` becomes a number with the first status line.
        if isinstance(exc, ConnectionError) and not isinstance(cast(object, head.status), int):
            raise Unanswered("the server closed the connection without an answer") from exc
        raise


def headers(head: http.client.HTTPResponse) -> list[tuple[bytes, bytes]]:
    """Name and value of each header line in order; folded lines are joined, a repeated length is one."""
    lines: list[tuple[bytes, bytes]] = []
    sizes = 0
    for name, given in head.headers.items():
        value = _FOLD.sub(" ", given)
        if name.lower() == "content-length":  # `body_length` has seen to it that all of them agree
            sizes += 1
            value = value.partition(",")[0]
        if sizes < 2 or name.lower() != "content-length":
            lines.append((name.encode("ascii"), value.strip(" \t").encode("latin-1")))
    return lines


def body_length(head: http.client.HTTPResponse, method: str) -> int | None:
    """How many bytes of body follow; None where chunks or the end of the connection say it."""
    if method == "HEAD" or head.status in {204, 304}:
        return 0
    codings = [value.strip().lower() for value in head.headers.get_all("transfer-encoding", [])]
    if codings:
        if codings != ["chunked"]:
            raise _malformed("an unknown transfer coding")
        return None
    sizes = {
        size.strip() for value in head.headers.get_all("content-length", []) for size in value.split(",")
    }
    if not sizes:
        return None
    size = sizes.pop()
    if sizes or not re.fullmatch(r"[0-9]{1,18}", size):
        raise _malformed("its length is no single number")
    return int(size)


def _check(head: http.client.HTTPResponse) -> None:
    if head.headers.defects:
        raise _malformed("a line without a colon")
    if not all(_TOKEN.fullmatch(name) for name in head.headers):
        raise _malformed("a name with forbidden characters")


def _malformed(why: str) -> http.client.HTTPException:
    return http.client.HTTPException(f"the answer's header is malformed: {why}")
