"""Read a file whole, from the disk and not from memory, and tell what was found or what stood in the way."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from itertools import count, islice
from typing import Final, Protocol, Self

from smugsync.core.model import Fingerprint
from smugsync.errors import MirrorUnusable, Transient
from smugsync.local.handles import NODE, READ, HostilePath, Root
from smugsync.records import dataclass
from smugsync.stop import Stop

_CHUNK: Final = 256 * 1024
#: So much of so many files is asked of the disk before their turn comes.
_BYTES_AHEAD: Final = 1 << 20
_FILES_AHEAD: Final = 2
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


@dataclass(frozen=True, slots=True)
class _Early:
    """A file that was opened, and the moment at which the disk was asked for it."""

    fd: int
    asked: int


class Ahead:
    """Files that are read one after the other: the disk is asked for the next ones while one is hashed.

    What of them lies in memory is dropped first, so that it is the disk that answers. `open` hands them out
    in the order of `paths`; leave the context to close what nobody asked for. For one thread. What counts is
    what a name shows when its turn comes: a file that was deleted or replaced while it waited is not read.
    """

    def __init__(self, root: Root, paths: Iterable[str], moments: Iterator[int] | None = None) -> None:
        """`moments` counts up whenever it is asked, for all threads together."""
        self._root, self._paths = root, iter(paths)
        self._moments = count() if moments is None else moments
        self._waiting: deque[tuple[str, _Early | None]] = deque()
        self.asked = 0  #: the moment at which the disk was asked for the file that was handed out last
        self.buffer = memoryview(bytearray(_CHUNK))  #: for whoever reads them

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._waiting:
            early = self._waiting.popleft()[1]
            if early is not None:
                os.close(early.fd)

    def open(self, path: str) -> int:
        """A handle on the next file, which is `path`; the caller closes it. Raises the kernel's OSError."""
        if not self._waiting:
            self._waiting.extend((coming, None) for coming in islice(self._paths, 1))
        if not self._waiting or self._waiting[0][0] != path:
            raise ValueError("files are read in the order in which they were announced")
        early = self._waiting.popleft()[1]
        if early is not None and not self._shows(path, early.fd):
            os.close(early.fd)
            early = None
        try:
            current = self._ask(path) if early is None else early
        finally:  # those that follow are asked for, whatever this one is like
            for coming in islice(self._paths, _FILES_AHEAD - len(self._waiting)):
                self._waiting.append((coming, self._ask_early(coming)))
        self.asked = current.asked
        return current.fd

    def _ask(self, path: str) -> _Early:
        asked = next(self._moments)
        fd = self._root.open(path, READ)
        with contextlib.suppress(OSError):  # a pipe: told when it is read
            _advise(fd, "POSIX_FADV_DONTNEED")
            _advise(fd, "POSIX_FADV_WILLNEED", _BYTES_AHEAD)
        return _Early(fd, asked)

    def _ask_early(self, path: str) -> _Early | None:
        try:
            return self._ask(path)
        except (OSError, HostilePath):  # it has a second chance when it is its turn, and is told then
            return None

    def _shows(self, path: str, fd: int) -> bool:
        """Is this still the file that the name shows?"""
        try:
            named = self._root.open(path, NODE)
        except OSError:
            return False
        try:
            return os.path.samestat(os.fstat(named), os.fstat(fd))
        except OSError:
            return False
        finally:
            os.close(named)


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
