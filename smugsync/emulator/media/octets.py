"""Random access to bytes that may be cut short, hostile or lying about their own length.

Everything here is total: what lies outside the window is absent, and an absent number is zero. So the
readers built on it need no error handling, and none of them can be made to read outside its window.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Literal

Order = Literal["big", "little"]

#: No single value we look at is longer; a length field that claims more is not believed.
LONGEST_READ = 1 << 20


class Octets:
    """A window on bytes, addressed from its own start."""

    __slots__ = ("_end", "_read", "_start", "order")

    def __init__(
        self, read: Callable[[int, int], bytes], start: int, end: int, *, order: Order = "big"
    ) -> None:
        self._read = read
        self._start = start
        self._end = max(start, end)
        self.order = order

    @classmethod
    def of(cls, data: bytes, size: int | None = None) -> Octets:
        """All of `data`; `size` says how long the whole is when `data` is only its beginning."""
        return cls(
            lambda offset, count: data[offset : offset + count], 0, len(data) if size is None else size
        )

    @classmethod
    def of_file(cls, file: BinaryIO, size: int) -> Octets:
        """An open file of `size` bytes. Reading may raise OSError; nothing else does."""

        def read(offset: int, count: int) -> bytes:
            file.seek(offset)
            return file.read(count)

        return cls(read, 0, size)

    def __len__(self) -> int:
        return self._end - self._start

    def take(self, offset: int, count: int) -> bytes:
        """At most `count` bytes from `offset`; fewer, or none, where the window or the data ends."""
        at = self._start + offset
        count = min(count, self._end - at, LONGEST_READ)
        return self._read(at, count) if offset >= 0 and count > 0 else b""

    def number(self, offset: int, width: int) -> int:
        """The unsigned number of `width` bytes at `offset`, 0 where they are not all there."""
        found = self.take(offset, width)
        return int.from_bytes(found, self.order) if len(found) == width else 0

    def part(self, start: int, end: int | None = None) -> Octets:
        """The window from `start` to `end`, never wider than this one."""
        first = min(self._start + max(start, 0), self._end)
        last = self._end if end is None else min(self._start + end, self._end)
        return Octets(self._read, first, last, order=self.order)

    def ordered(self, order: Order) -> Octets:
        """The same window, read in another byte order."""
        return Octets(self._read, self._start, self._end, order=order)
