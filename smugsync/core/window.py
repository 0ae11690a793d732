"""A file's bytes, wherever somebody asks for them: read in pieces that make small questions cost nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

#: `read(offset, count)` gives so many bytes, fewer at the end.
Read = Callable[[int, int], bytes]

WINDOW: Final = 256 * 1024


class Window:
    """The file, read in pieces that are large enough for small questions to cost nothing."""

    def __init__(self, read: Read, size: int) -> None:
        self.size = size
        self._read = read
        self._start, self._piece = 0, b""

    def at(self, offset: int, count: int) -> bytes:
        """`count` bytes, fewer at the end."""
        begin = offset - self._start
        if begin < 0 or begin + count > len(self._piece):
            self._start, begin = offset, 0
            self._piece = self._read(offset, max(count, WINDOW))
        return self._piece[begin : begin + count]

    def byte(self, offset: int) -> int:
        """0 beyond the end."""
        return (self.at(offset, 1) or b"\0")[0]

    def search(self, pattern: re.Pattern[bytes], offset: int) -> int | None:
        """Where the first match at or after `offset` begins; a match is two bytes at most."""
        while offset < self.size:
            if not self._start <= offset < self._start + len(self._piece) - 1:
                self.at(offset, WINDOW)
            if not self._piece:
                return None
            if (found := pattern.search(self._piece, offset - self._start)) is not None:
                return self._start + found.start()
            end = self._start + len(self._piece)
            offset = end if end >= self.size else max(offset + 1, end - 1)
        return None
