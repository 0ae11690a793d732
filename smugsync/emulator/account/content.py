"""The bytes of photos and videos: in memory, in a file, or made up while they are read."""

from __future__ import annotations

import contextlib
import hashlib
import io
import random
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from smugsync.stop import Stop

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 256 * 1024
#: Up to this size made-up files differ in every byte; larger ones share all but their last 64.
UNIQUE_SIZE = 8 * 1024
TAIL = 64


class Content(Protocol):
    """Something that can be downloaded. `size` is in bytes, `md5` 32 lower-case hex digits."""

    @property
    def size(self) -> int: ...

    @property
    def md5(self) -> str: ...

    @property
    def path(self) -> Path | None:
        """Where the bytes lie on disk, None when they lie nowhere."""

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to `stop` (exclusive) in chunks."""


def open_content(content: Content) -> BinaryIO:
    """The bytes as a file to read from and seek in, wherever they are. Raises OSError if they are gone."""
    if content.path is not None:
        return content.path.open("rb")
    return io.BufferedReader(_Reader(content), 64 * 1024)


class _Reader(io.RawIOBase):
    def __init__(self, content: Content) -> None:
        self._content = content
        self._size = content.size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, begin + offset)
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        room = memoryview(buffer).cast("B")
        stop = min(self._at + len(room), self._size)
        data = b"".join(self._content.read(self._at, stop)) if self._at < stop else b""
        room[: len(data)] = data
        self._at += len(data)
        return len(data)


class Bytes:
    """Content held in memory."""

    __slots__ = ("_data", "_md5")
    path: Path | None = None

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._md5: str | None = None

    @property
    def size(self) -> int:
        return len(self._data)

    @property
    def md5(self) -> str:
        if self._md5 is None:
            self._md5 = hashlib.md5(self._data, usedforsecurity=False).hexdigest()
        return self._md5

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        for at in range(start, stop, CHUNK):
            yield self._data[at : min(at + CHUNK, stop)]


class File:
    """A file that is served as it is. Hashed when a listing first needs it, again when it was touched.

    Once it is gone, size and MD5 are the last that were known; `size` and `md5` are those of an earlier
    look. Several threads may ask; one of them hashes. Hashing ends with `stop`: then `md5` raises
    Interrupted.
    """

    __slots__ = ("_hashing", "_known", "_md5", "_size", "_stop", "path")

    def __init__(self, path: Path, stop: Stop | None = None, *, size: int = 0, md5: str = "") -> None:
        self.path: Path | None = path
        self._stop = stop
        self._known: tuple[int, int] | None = None
        self._size = size
        self._md5 = md5
        self._hashing = threading.Lock()

    @property
    def _file(self) -> Path:
        if self.path is None:
            raise ValueError("a File has a path")
        return self.path

    @property
    def size(self) -> int:
        with contextlib.suppress(OSError):  # it is gone
            self._size = self._file.stat().st_size
        return self._size

    @property
    def is_hashed(self) -> bool:
        """Whether `md5` needs no reading of the file: it is known, or there is nothing to read."""
        try:
            status = self._file.stat()
        except OSError:
            return True
        return self._known == (status.st_size, status.st_mtime_ns)

    @property
    def md5(self) -> str:
        """Raises OSError if the file cannot be read and was not hashed before."""
        with self._hashing:
            try:
                return self._hash()
            except OSError:
                if not self._md5:
                    raise
                return self._md5

    @property
    def last_known(self) -> tuple[int, str]:
        """Size and MD5 as they were when somebody last looked; "" if it was never hashed."""
        return self._size, self._md5

    def _hash(self) -> str:
        status = self._file.stat()
        if self._known != (status.st_size, status.st_mtime_ns):
            digest, room = hashlib.md5(usedforsecurity=False), memoryview(bytearray(4 * CHUNK))
            with self._file.open("rb", buffering=0) as file:
                while count := file.readinto(room):
                    digest.update(room[:count])
                    if self._stop is not None:
                        self._stop.check()
            self._md5 = digest.hexdigest()
            self._known = (status.st_size, status.st_mtime_ns)
        return self._md5

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        with self._file.open("rb", buffering=0) as file:
            file.seek(start)
            left = stop - start
            while left > 0 and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk


class Noise:
    """Pseudo-random bytes that depend on `seed` and `size` only; nothing is kept per file.

    A large file is common noise with a tail of its own, so that its MD5 costs a microsecond whatever
    its size: a listing of 500,000 files of 5 MB must not hash 2.5 TB first.
    """

    __slots__ = ("seed", "size")
    path: Path | None = None

    def __init__(self, seed: str, size: int) -> None:
        self.seed = seed
        self.size = size

    @property
    def md5(self) -> str:
        if self.size <= UNIQUE_SIZE:
            return hashlib.md5(self._own(self.size), usedforsecurity=False).hexdigest()
        digest = _common_md5(self.size - TAIL).copy()
        digest.update(self._own(TAIL))
        return digest.hexdigest()

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        if self.size <= UNIQUE_SIZE:
            if start < stop:
                yield self._own(self.size)[start:stop]
            return
        common = self.size - TAIL
        yield from _common(start, min(stop, common))
        if stop > common:
            yield self._own(TAIL)[max(0, start - common) : stop - common]

    def _own(self, count: int) -> bytes:
        return hashlib.shake_128(self.seed.encode()).digest(count)


_BLOCK = random.Random("smugsync").randbytes(4 * CHUNK)  # noqa: S311 - filler, guards nothing
_lock = threading.Lock()


def _common(start: int, stop: int) -> Iterator[bytes]:
    at = start
    while at < stop:
        inside = at % len(_BLOCK)
        count = min(CHUNK, len(_BLOCK) - inside, stop - at)
        yield _BLOCK[inside : inside + count]
        at += count


@lru_cache(maxsize=16)
def _common_md5(size: int) -> hashlib._Hash:
    with _lock:
        digest = hashlib.md5(usedforsecurity=False)
        for chunk in _common(0, size):
            digest.update(chunk)
        return digest
