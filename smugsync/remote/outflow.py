"""A body on its way out: read from the disk while it is sent, in pieces, and counted as it leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

import httpx

from smugsync.errors import Transient
from smugsync.remote.dialect import Content

#: Under a speed limit, so much goes out at once: a slow line pauses for seconds and not for minutes.
PIECE = 16 * 1024


@runtime_checkable
class Closable(Protocol):
    """An iterator that holds something, a generator for example."""

    def close(self) -> None: ...


class Outflow(httpx.SyncByteStream):
    """The stream of a request that carries `content`: exactly its size, or an exception and no whole request.

    As an iterator it gives `bytes` of its own, as httpx promises to its transports; `lent` does not copy.
    """

    def __init__(self, content: Content) -> None:
        self._content = content
        self.size = content.size

    def __iter__(self) -> Iterator[bytes]:
        return map(bytes, self.lent())

    def lent(self) -> Iterator[memoryview]:
        """Chunks that are valid until the next is asked for."""
        size, sent = self.size, 0
        chunks = self._content.chunks()
        try:
            for chunk in chunks:
                with memoryview(chunk) as view:
                    if sent == size and view.nbytes:
                        return  # what was announced has been sent, and its MD5 will tell
                    sent += view.nbytes
                    if sent > size:
                        raise _changed()
                    yield view
        finally:
            if isinstance(chunks, Closable):
                chunks.close()
        if sent < size:
            raise _changed()


class Metered:
    """A Content that tells of every chunk once it is on its way: `passed` is given its bytes.

    What `passed` raises ends the request. `paced`: in small pieces.
    """

    def __init__(self, content: Content, passed: Callable[[int], None], *, paced: bool = False) -> None:
        self._content = content
        self._passed = passed
        self._paced = paced

    @property
    def size(self) -> int:
        return self._content.size

    def chunks(self) -> Iterator[bytes | memoryview]:
        chunks = self._content.chunks()
        try:
            for chunk in chunks:
                with memoryview(chunk) as whole:
                    yield from self._pieces(whole)
        finally:
            if isinstance(chunks, Closable):
                chunks.close()

    def _pieces(self, whole: memoryview) -> Iterator[memoryview]:
        step = PIECE if self._paced else max(whole.nbytes, 1)
        for start in range(0, whole.nbytes, step):
            with whole[start : start + step] as piece:
                size = piece.nbytes
                yield piece
            self._passed(size)


def _changed() -> Transient:
    return Transient("the file became shorter or longer while it was being sent; it did not arrive")
