"""Several files as one ZIP archive that exists nowhere: its bytes are put together while they are read.

Nothing is compressed, as photos and videos do not get smaller, so the size is known before anything is read.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePath
from typing import Final

from smugsync.emulator.account.content import Content
from smugsync.emulator.upload.request import clean_name

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_VERSION: Final = 20
_UTF8: Final = 0x800  # the names are UTF-8
_LONGEST: Final = 255  # bytes of a name
_LONG_EXTENSION: Final = 16  # characters, with the dot; more are none


@dataclass(slots=True)
class Member:
    """One file in the archive. `time` is in epoch seconds."""

    name: str
    content: Content
    time: int
    _checksum: int | None = field(default=None)

    def checksum(self) -> int:
        """CRC-32 of the bytes, read once."""
        if self._checksum is None:
            value = 0
            for chunk in self.content.read(0, self.content.size):
                value = zlib.crc32(chunk, value)
            self._checksum = value
        return self._checksum

    def common(self) -> tuple[int, ...]:
        """What both headers say: flags, method, time, date, checksum, sizes, length of the name."""
        when = datetime.fromtimestamp(self.time, UTC)
        date = max(0, when.year - 1980) << 9 | when.month << 5 | when.day
        clock = when.hour << 11 | when.minute << 5 | when.second // 2
        size, length = self.content.size, len(self.name.encode())
        return _UTF8, 0, clock, date, self.checksum(), size, size, length


class Archive:
    """A Content. Sizes of members must be below 4 GiB, and so must that of the whole."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = list(members)

    @property
    def size(self) -> int:
        headers = _LOCAL.size + _CENTRAL.size
        return _END.size + sum(headers + 2 * len(m.name.encode()) + m.content.size for m in self._members)

    @property
    def md5(self) -> str:
        digest = hashlib.md5(usedforsecurity=False)
        for chunk in self.read(0, self.size):
            digest.update(chunk)
        return digest.hexdigest()

    @property
    def path(self) -> Path | None:
        return None

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to `stop` (exclusive) in chunks."""
        at = 0
        for piece in self._pieces():
            begin, end = max(start - at, 0), min(stop - at, piece.size)
            if begin < end:
                yield from piece.read(begin, end)
            at += piece.size

    def _pieces(self) -> Iterator[Content | _Header]:
        offsets, at = [], 0
        for member in self._members:
            offsets.append(at)
            header = _Header(_LOCAL.size + len(member.name.encode()), partial(_local_header, member))
            yield header
            yield member.content
            at += header.size + member.content.size
        directory = sum(_CENTRAL.size + len(member.name.encode()) for member in self._members)
        yield _Header(directory + _END.size, partial(self._directory, offsets, at, directory))

    def _directory(self, offsets: Sequence[int], at: int, length: int) -> bytes:
        parts = []
        for member, offset in zip(self._members, offsets, strict=True):
            versions = (_VERSION, _VERSION)
            header = _CENTRAL.pack(b"PK\x01\x02", *versions, *member.common(), 0, 0, 0, 0, 0, offset)
            parts.append(header + member.name.encode())
        number = len(self._members)
        parts.append(_END.pack(b"PK\x05\x06", 0, 0, number, number, length, at, 0))
        return b"".join(parts)


def _local_header(member: Member) -> bytes:
    return _LOCAL.pack(b"PK\x03\x04", _VERSION, *member.common(), 0) + member.name.encode()


@dataclass(frozen=True, slots=True)
class _Header:
    """A part of the archive of a known size, made when it is read."""

    size: int
    make: Callable[[], bytes]

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        yield self.make()[start:stop]


def unique_names(names: Iterable[str]) -> Iterator[str]:
    """`a.jpg`, `a.jpg`, `A.JPG` -> `a.jpg`, `a (2).jpg`, `A (3).JPG`: different on every file system.

    Of a path only the last part is left, so that nothing is unpacked elsewhere.
    """
    taken: set[str] = set()
    for given in names:
        name = clean_name(given) or "file"
        suffix = PurePath(name).suffix
        extension = suffix if len(suffix) < _LONG_EXTENSION else ""
        stem = name.removesuffix(extension)
        number, candidate = 1, _join(stem, extension)
        while candidate.casefold() in taken:
            number += 1
            candidate = _join(stem, f" ({number}){extension}")
        taken.add(candidate.casefold())
        yield candidate


def _join(stem: str, tail: str) -> str:
    """Both, the stem cut to what file systems take."""
    return stem.encode()[: _LONGEST - len(tail.encode())].decode("utf-8", "ignore") + tail
