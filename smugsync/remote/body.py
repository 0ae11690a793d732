"""The bytes of one photo or video on their way in."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from itertools import chain
from typing import cast

import httpx

from smugsync.errors import Garbled, Transient
from smugsync.remote.inflow import TURN, Turn
from smugsync.remote.tempo import Tempo
from smugsync.remote.wire import excerpt

_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_SENDABLE = re.compile(r"[\x20-\x7e]+")
_HTML = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body|script|!--)", re.IGNORECASE)


class Body:
    """An answer that carries a file, or what is missing of one.

    `length` is the number of bytes to come and `total` the whole file's, None where the host does not
    say. `resumed` is true only if the bytes really start at the offset that was asked for; otherwise
    they start at 0, and what was held before must go. `validator` (a strong ETag, else Last-Modified)
    is what a later resume must present.

    `pace` is told of the bytes that came and returns when more may. Iterating yields memoryviews, each valid
    until the next is asked for. It raises what `pace` raises, and Transient when the
    connection breaks, ends early or trickles.
    """

    def __init__(
        self,
        response: httpx.Response,
        offset: int,
        broken: Callable[[httpx.TransportError], Exception],
        *,
        clock: Callable[[], float] = time.monotonic,
        pace: Callable[[int], None] | None = None,
    ) -> None:
        self._response = response
        self._broken = broken
        self._clock = clock
        self._host = response.url.host
        self._pace = pace
        self._turn: Turn = response.request.extensions.get(TURN) or Turn()
        headers = response.headers
        self.status = response.status_code
        self.content_type = str(headers.get("content-type", ""))
        self.validator = validator_of(headers)
        self.length = _whole(headers.get("content-length"))
        self.total = self.length
        self.resumed = False
        if self.status == 206:
            start, self.length, self.total = _content_range(headers)
            self.resumed = offset > 0 and start == offset
        self._chunks = self._receive()
        self._first: memoryview | None = None

    def open(self) -> None:
        """Wait for the first bytes. Raises Transient for none, Garbled for a web page."""
        if "html" in self.content_type.lower():
            raise Garbled(f"{self._host} sent a web page instead of the file")
        if (coding := self._response.headers.get("content-encoding", "identity").lower()) != "identity":
            raise Garbled(f"{self._host} sent the file in an encoding that was not asked for ({coding[:20]})")
        self._first = next(self._chunks, None)
        if self._first is None:
            raise Transient(f"{self._host} sent an empty file")
        if not self.resumed and _HTML.match(self._first[:512]):
            raise Garbled(
                f"{self._host} sent a web page instead of the file", excerpt(bytes(self._first[:512]))
            )

    def __iter__(self) -> Iterator[memoryview]:
        if self._first is None:
            return self._chunks
        first, self._first = self._first, None
        return chain((first,), self._chunks)

    def close(self) -> None:
        """What was lent is valid no longer, and the connection is free, or given up."""
        self._first = None
        self._chunks.close()
        self._response.close()

    def _receive(self) -> Generator[memoryview, None, None]:
        tempo, waited = Tempo(self._clock), 0.0
        try:
            # Not by `iter_raw`, which is one more generator for each file, and counts what we count.
            for chunk in cast(httpx.SyncByteStream, self._response.stream):
                size = len(chunk)
                if not size:
                    continue
                tempo.excuse(self._turn.waited - waited)
                waited = self._turn.waited
                # A memoryview already where the transport lends its buffer.
                yield memoryview(chunk)
                if self._pace is not None:
                    since = self._clock()
                    self._turn.give_up()
                    self._pace(size)
                    tempo.excuse(self._clock() - since)
                if tempo.is_too_slow(size):
                    raise Transient(f"{self._host} sends the file too slowly")
        except httpx.TransportError as exc:
            raise self._broken(exc) from exc


def validator_of(headers: httpx.Headers) -> str | None:
    """What an answer names a file's version by: a strong ETag, else Last-Modified, None for nothing.

    What could not be sent back as it came is nothing.
    """
    etag = str(headers.get("etag", ""))
    if len(etag) > 2 and _SENDABLE.fullmatch(etag) and etag.startswith('"') and etag.endswith('"'):
        return etag
    modified = str(headers.get("last-modified", ""))
    return modified if _SENDABLE.fullmatch(modified) else None


def _content_range(headers: Mapping[str, str]) -> tuple[int, int | None, int | None]:
    """First byte, number of bytes, size of the whole; -1 as the first byte where it cannot be read."""
    match = _RANGE.fullmatch(headers.get("content-range", "").strip().lower())
    if not match:
        return -1, None, None
    first, last = int(match[1]), int(match[2])
    return first, last - first + 1, None if match[3] == "*" else int(match[3])


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
