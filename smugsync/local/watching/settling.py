"""Has a file come to rest, and is it complete? Asked when it was seen, and again just before it is read.

Three signs, since none of them is sure. Its times: nothing changed for a while. Its writers: a read lease
(fcntl(2), F_SETLEASE) is refused while anybody has the file open for writing. Its bytes: they end as their
format says (`smugsync.core.finished`).
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from smugsync.core.finished import Unfinished, finished
from smugsync.core.media import HEAD, Media, media_of
from smugsync.core.model import Fingerprint
from smugsync.errors import SmugsyncError, Transient
from smugsync.local.handles import READ, Root, print_of
from smugsync.local.probe.place import Kind, place_of
from smugsync.records import dataclass

_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Look:
    """All that changes about a file when it is written to."""

    size: int
    mtime_ns: int
    ctime_ns: int

    @property
    def fingerprint(self) -> Fingerprint:
        return print_of(self.size, self.mtime_ns)


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such file."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """It changed a moment ago. Ask again in `again` seconds, and hand over this `look`."""

    look: Look
    again: float


@dataclass(frozen=True, slots=True)
class BeingWritten:
    """Some process has it open for writing."""

    look: Look


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing changes; what its bytes are was not asked."""

    look: Look


@dataclass(frozen=True, slots=True)
class Unsendable:
    """It is no photo and no film. `why` goes on after "it"."""

    why: str


@dataclass(frozen=True, slots=True)
class Ready:
    """Complete, as far as its format tells."""

    fingerprint: Fingerprint
    media: Media


Rest = Gone | Fresh | BeingWritten | Quiet
Verdict = Gone | Fresh | BeingWritten | Unfinished | Unsendable | Ready


def rest(root: Root, path: str, *, now: float, stable: float, before: Look | None = None) -> Rest:
    """Has the file at `path` not changed for `stable` seconds, and does nobody write to it?

    `now` is epoch seconds. Where a clock is wrong, that of this machine or that of a share's server, a file
    seems to come from the future: then it is quiet when it still looks as it did `before`, at least
    `stable` seconds ago. Raises Transient (permission, a link, not a regular file), MirrorUnusable.
    """
    fd = _open(root, path)
    if fd is None:
        return Gone()
    try:
        return _rest(fd, _look(root, fd, path), now=now, stable=stable, before=before)
    finally:
        os.close(fd)


def settled(
    root: Root,
    path: str,
    *,
    now: float,
    stable: float,
    before: Look | None = None,
    check: Callable[[], object] = lambda: None,
) -> Verdict:
    """What `rest` says, and if the file is quiet, what its bytes say.

    `check` is called between reads and may raise. Raises Transient also for what cannot be read back.
    """
    fd = _open(root, path)
    if fd is None:
        return Gone()
    try:
        look = _look(root, fd, path)
        found = _rest(fd, look, now=now, stable=stable, before=before)
        if not isinstance(found, Quiet):
            return found
        verdict = _judge(root, fd, path, look, check)
        after = _look(root, fd, path)
        return verdict if after == look else Fresh(after, stable)
    finally:
        os.close(fd)


class Settler:
    """`settled`, with a memory of the looks it needs. Threads may share it."""

    def __init__(
        self,
        root: Root,
        *,
        stable: float,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` gives epoch seconds; `clock` any that only go forward."""
        self._root, self._stable = root, stable
        self._now, self._clock = now, clock
        #: What was fresh, and since when it has looked so.
        self._looks: OrderedDict[str, tuple[Look, float]] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, path: str, check: Callable[[], object] = lambda: None) -> Verdict:
        """See `settled`; of a file that is fresh, `again` says when to ask once more."""
        with self._lock:
            look, since = self._looks.pop(path, (None, 0.0))
        moment = self._clock()
        before = look if moment - since >= self._stable else None
        verdict = settled(self._root, path, now=self._now(), stable=self._stable, before=before, check=check)
        if isinstance(verdict, Fresh):
            if verdict.look != look:
                since = moment
            with self._lock:
                self._looks[path] = (verdict.look, since)
                if len(self._looks) > _REMEMBERED:
                    self._looks.popitem(last=False)
        return verdict


def _open(root: Root, path: str) -> int | None:
    try:
        return root.open(path, READ)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise root.explain(error, f"opening {path}") from error


def _look(root: Root, fd: int, path: str) -> Look:
    try:
        found = os.fstat(fd)
    except OSError as error:
        raise root.explain(error, f"looking at {path}") from error
    if not stat.S_ISREG(found.st_mode):
        raise Transient(f"{path} is not a regular file; it is left alone")
    return Look(found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _rest(fd: int, look: Look, *, now: float, stable: float, before: Look | None) -> Rest:
    if look != before and (wait := _wait_for(look, now, stable)) > 0:
        return Fresh(look, wait)
    return BeingWritten(look) if _has_writer(fd) else Quiet(look)


def _wait_for(look: Look, now: float, stable: float) -> float:
    """How many seconds are missing to `stable` ones without a change."""
    changed, written = look.ctime_ns / 1e9, look.mtime_ns / 1e9
    if changed > now:  # a clock is wrong
        return stable
    # Every write sets both; a copy may bring any mtime with it, also one to come.
    age = now - max(changed, written if written <= now else changed)
    return stable - age


def _has_writer(fd: int) -> bool:
    """Whether somebody has the file open for writing; False where that is not told (another's file)."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        # Who opens the file in this very moment breaks the lease: we are told by a signal, by default one
        # that ends the process. This one does nothing.
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN and _knows_writers(fd)
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _knows_writers(fd: int) -> bool:
    """NFS and SMB refuse a lease in the same words whenever the server has not granted one."""
    try:
        return place_of(Path(f"/proc/self/fd/{fd}")).kind is not Kind.NETWORK
    except OSError:
        return False


def _judge(root: Root, fd: int, path: str, look: Look, check: Callable[[], object]) -> Verdict:
    def read(offset: int, count: int) -> bytes:
        check()
        return os.pread(fd, count, offset)

    try:
        verdict = finished(read, look.size, path)
        media = media_of(read(0, HEAD), path)
    except OSError as error:
        raise _unread(root, error, path) from error
    if isinstance(verdict, Unfinished):
        return verdict
    if media is None:
        return Unsendable("is no photo and no film: its first bytes are those of no format that is known")
    return Ready(look.fingerprint, media)


def _unread(root: Root, error: OSError, path: str) -> SmugsyncError:
    if error.errno == errno.EIO:
        return Transient(f"{path} cannot be read back: the disk reports an I/O error")
    return root.explain(error, f"reading {path}")
