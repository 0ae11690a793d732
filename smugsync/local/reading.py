"""Read a file whole, from the disk and not from memory, and tell what was found or what stood in the way."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from enum import Enum
from typing import Final, Protocol

from smugsync.core.model import Fingerprint
from smugsync.errors import MirrorUnusable, Transient
from smugsync.local.handles import Root
from smugsync.records import dataclass
from smugsync.stop import Stop

_CHUNK: Final = 256 * 1024
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
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


def read(
    root: Root,
    path: str,
    stop: Stop,
    *,
    sha256: bool = False,
    pace: Callable[[int], None] = lambda size: None,
) -> Reading | Unread:
    """Read the file at `path`; `pace` is told of every chunk, in bytes, and may hold it up.

    Raises MirrorUnusable when no other file could be read either, Interrupted.
    """
    try:
        fd = root.open(path, _OPEN)
    except OSError as error:
        return _obstacle(root, error, f"opening {path}", path)
    md5 = hashlib.md5(usedforsecurity=False)
    sha = hashlib.sha256()
    try:
        before = root.look_at(fd, path)
        digest(fd, (md5, sha) if sha256 else (md5,), stop, pace)
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


def digest(
    fd: int, hashes: tuple[Hash, ...], stop: Stop, pace: Callable[[int], None] = lambda size: None
) -> None:
    """Feed the file to `hashes`. What of it lies in memory is dropped first, so that it is the disk that
    answers, and afterwards, so that checking a mirror does not push everything else out of memory.

    Raises OSError, Interrupted.
    """
    view = memoryview(bytearray(_CHUNK))
    _advise(fd, "POSIX_FADV_DONTNEED")
    _advise(fd, "POSIX_FADV_SEQUENTIAL")
    while count := os.readv(fd, [view]):
        stop.check()
        for each in hashes:
            each.update(view[:count])
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


def _advise(fd: int, advice: str) -> None:
    if hasattr(os, "posix_fadvise"):  # not on macOS
        os.posix_fadvise(fd, 0, 0, getattr(os, advice))
