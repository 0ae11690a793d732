"""Read a file whole, from the disk and not from memory, and tell what was found or what stood in the way."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final, Protocol, Self

from smugsync.core.model import Fingerprint
from smugsync.errors import MirrorUnusable, Transient
from smugsync.local.handles import Root
from smugsync.records import dataclass
from smugsync.stop import Stop

_CHUNK: Final = 256 * 1024
#: So much of so many files is asked of the disk before their turn comes.
_BYTES_AHEAD: Final = 1 << 20
_FILES_AHEAD: Final = 2
OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: What a file system answers for bytes it cannot give back, or knows to be other than it wrote.
_BROKEN: Final = frozenset({errno.EIO, errno.EBADMSG, getattr(errno, "EUCLEAN", errno.EIO)})


class Obstacle(Enum):
    """Why a file was not read whole."""

    MISSING = "missing"
    CHANGED = "changed while it was read"
    BROKEN = "the disk cannot read it back"
    REFUSED = "not allowed, or not a file"


@dataclass(frozen=True, slots=True)
class Reading:
    """A file's bytes: digests in lower-case hex; `sha256` is "" where nobody asked for it."""

    fingerprint: Fingerprint
    md5: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """`reason` is a sentence for people."""

    obstacle: Obstacle
    reason: str


class Hash(Protocol):
    """What `hashlib` makes."""

    def update(self, data: memoryview, /) -> None: ...


class Ahead:
    """Files that are read one after the other: the disk is asked for the next ones while one is hashed.

    What of them lies in memory is dropped first, so that it is the disk that answers. `open` hands them out
    in the order of `paths`; leave the context to close what nobody asked for. For one thread.
    """

    def __init__(self, root: Root, paths: Iterable[str]) -> None:
        self._root, self._paths = root, iter(paths)
        self._opened: deque[tuple[str, int | OSError]] = deque()
        self.buffer = memoryview(bytearray(_CHUNK))  #: for whoever reads them

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for _path, found in self._opened:
            if isinstance(found, int):
                os.close(found)
        self._opened.clear()

    def open(self, path: str) -> int:
        """A handle on the next file, which is `path`; the caller closes it. Raises the kernel's OSError."""
        while len(self._opened) <= _FILES_AHEAD and (coming := next(self._paths, None)) is not None:
            self._opened.append((coming, self._request(coming)))
        named, found = self._opened.popleft()
        if named != path:
            raise ValueError("files are read in the order in which they were announced")
        if isinstance(found, OSError):
            raise found
        return found

    def _request(self, path: str) -> int | OSError:
        try:
            fd = self._root.open(path, OPEN)
        except OSError as error:
            return error  # told when it is this file's turn
        with contextlib.suppress(OSError):  # a pipe: told likewise
            _advise(fd, "POSIX_FADV_DONTNEED")
            _advise(fd, "POSIX_FADV_WILLNEED", _BYTES_AHEAD)
        return fd


def read(
    root: Root,
    path: str,
    stop: Stop,
    *,
    sha256: bool = False,
    pace: Callable[[int], None] = lambda size: None,
    ahead: Ahead | None = None,
) -> Reading | Unread:
    """Read the file at `path`, which is the next one of `ahead` if that is given; `pace` is told of every
    chunk, in bytes, and may hold it up.

    Raises MirrorUnusable when no other file could be read either, Interrupted.
    """
    if ahead is None:
        with Ahead(root, (path,)) as alone:
            return read(root, path, stop, sha256=sha256, pace=pace, ahead=alone)
    try:
        fd = ahead.open(path)
    except OSError as error:
        return _obstacle(root, error, f"opening {path}", path)
    md5 = hashlib.md5(usedforsecurity=False)
    sha = hashlib.sha256()
    try:
        before = root.look_at(fd, path)
        feed(fd, (md5, sha) if sha256 else (md5,), stop, ahead.buffer, pace)
        after = root.look_at(fd, path)
    except OSError as error:
        return _obstacle(root, error, f"reading {path}", path)
    except Transient as error:  # a pipe, a directory
        return Unread(Obstacle.REFUSED, str(error))
    finally:
        os.close(fd)
    if before != after:
        return Unread(Obstacle.CHANGED, "it changed while it was read")
    return Reading(after, md5.hexdigest(), sha.hexdigest() if sha256 else "")


def digest(fd: int, hashes: tuple[Hash, ...], stop: Stop) -> None:
    """Feed an open file to `hashes`, as the disk has it, not memory. Raises OSError, Interrupted."""
    _advise(fd, "POSIX_FADV_DONTNEED")
    feed(fd, hashes, stop, memoryview(bytearray(_CHUNK)))


def feed(
    fd: int,
    hashes: tuple[Hash, ...],
    stop: Stop,
    buffer: memoryview,
    pace: Callable[[int], None] = lambda size: None,
) -> None:
    """Feed an open file to `hashes`, a buffer at a time. What of it lies in memory is dropped afterwards, so
    that checking a mirror does not push everything else out of it.

    Raises OSError, Interrupted.
    """
    _advise(fd, "POSIX_FADV_SEQUENTIAL")
    while count := os.readv(fd, [buffer]):
        stop.check()
        chunk = buffer[:count]
        for each in hashes:
            each.update(chunk)
        pace(count)
    _advise(fd, "POSIX_FADV_DONTNEED")


def _obstacle(root: Root, error: OSError, doing: str, path: str) -> Unread:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Unread(Obstacle.MISSING, "it is not here")
    if error.errno in _BROKEN:
        return Unread(Obstacle.BROKEN, f"the disk cannot read it back: {error.strerror}")
    explained = root.explain(error, doing)
    if isinstance(explained, MirrorUnusable):
        raise explained from error
    return Unread(Obstacle.REFUSED, str(explained).removeprefix(f"{doing}: "))


def _advise(fd: int, advice: str, size: int = 0) -> None:
    """Tell the kernel about the first `size` bytes, or about all. Raises OSError."""
    if hasattr(os, "posix_fadvise"):  # not on macOS
        os.posix_fadvise(fd, 0, size, getattr(os, advice))
