"""A workbench on a disk: a directory of our own in which things are tried out, gone afterwards.

What a file system can do is found by doing it. Its type says little: shares pass some calls on and not
others, FUSE drivers leave out what they like, and containers forbid calls that the kernel knows.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from smugsync.local import syscalls
from smugsync.local.handles import list_names

_PREFIX: Final = "probe-"
#: No probe takes this long; what is older by the disk's own clock was left by a process that was killed.
_ABANDONED_SECONDS: Final = 3600
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

#: What says nothing about the thing tried: the disk is full, broken, read-only or gone.
FATAL: Final = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EIO,
        errno.ENODEV,
        errno.ENXIO,
        errno.ESTALE,
        errno.ENOTCONN,
        errno.EHOSTDOWN,
        errno.ETIMEDOUT,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
    }
)


class Bench:
    """What may be tried in one directory. Every method is one try, and raises the kernel's OSError."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.fd = fd

    # Names

    def create(self, name: str) -> None:
        """A new file of a few bytes."""
        fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=self.fd)
        try:
            os.write(fd, os.fsencode(name))
        finally:
            os.close(fd)

    def remove(self, name: str) -> None:
        os.unlink(name, dir_fd=self.fd)

    def names(self) -> set[str]:
        """As the directory lists them."""
        return list_names(self.fd)

    def has(self, name: str) -> bool:
        """Whether `name` leads to a file, however it is listed."""
        try:
            os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def read(self, name: str) -> bytes:
        with self._opened(name, os.O_RDONLY) as fd:
            return os.read(fd, 4096)

    # Several names for one content

    def link(self, source: str, target: str) -> None:
        os.link(source, target, src_dir_fd=self.fd, dst_dir_fd=self.fd, follow_symlinks=False)

    def clone(self, source: str, target: str) -> bool:
        """Let the existing file `target` share the blocks of `source`; False where there are no reflinks."""
        with self._opened(source, os.O_RDONLY) as source_fd, self._opened(target, os.O_WRONLY) as target_fd:
            return syscalls.clone(source_fd, target_fd)

    def rename_noreplace(self, source: str, target: str) -> None:
        syscalls.rename_noreplace(self.fd, source, self.fd, target)

    def exchange(self, one: str, other: str) -> None:
        syscalls.rename_exchange(self.fd, one, self.fd, other)

    def symlink(self, target: str, name: str) -> None:
        os.symlink(target, name, dir_fd=self.fd)

    def open_without_links(self, name: str) -> None:
        """Open a file the way components are walked: a symbolic link answers ELOOP."""
        with self._opened(name, os.O_RDONLY):
            pass

    def open_beneath(self, name: str) -> None:
        """Open a file by `openat2`: a symbolic link answers ELOOP, an old kernel ENOSYS."""
        os.close(syscalls.openat2(self.fd, name, os.O_RDONLY))

    # What a file keeps

    def mode(self, name: str) -> int:
        return stat.S_IMODE(os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_mode)

    def set_mode(self, name: str, mode: int) -> int:
        """The mode that the file then shows."""
        with self._opened(name, os.O_RDWR) as fd:
            os.fchmod(fd, mode)
        return self.mode(name)

    def set_time(self, name: str, mtime_ns: int) -> int:
        """The time of change that the file then shows; both in nanoseconds since 1970."""
        with self._opened(name, os.O_RDWR) as fd:
            os.utime(fd, ns=(mtime_ns, mtime_ns))
        return os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_mtime_ns

    # Flushing and locking

    def sync_file(self, name: str) -> None:
        with self._opened(name, os.O_RDWR) as fd:
            syscalls.fsync_data(fd)

    def sync_directory(self) -> None:
        os.fsync(self.fd)

    def flock_twice(self, name: str) -> None:
        """Lock a file by flock(2), and again beside that: the second must be refused (EAGAIN)."""
        with self._opened(name, os.O_RDWR) as first, self._opened(name, os.O_RDWR) as second:
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def fcntl_twice(self, name: str) -> None:
        """Lock a file as SQLite does, and again beside that: the second must be refused (EAGAIN).

        The second lock belongs to its open file, not to its process: a process is never refused by its own.
        """
        with self._opened(name, os.O_RDWR) as first, self._opened(name, os.O_RDWR) as second:
            fcntl.lockf(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
            whole = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            fcntl.fcntl(second, fcntl.F_OFD_SETLK, whole)

    @contextlib.contextmanager
    def _opened(self, name: str, flags: int) -> Iterator[int]:
        fd = os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.fd)
        try:
            yield fd
        finally:
            os.close(fd)


@contextlib.contextmanager
def scratch(path: Path, directory_fd: int) -> Iterator[Bench]:
    """A bench inside the directory `path`, open as `directory_fd`; at the end it is removed, whatever
    happened. What a killed process left there is removed as well. Raises OSError if it cannot be made.
    """
    name = f"{_PREFIX}{os.getpid()}-{os.urandom(4).hex()}"
    os.mkdir(name, 0o700, dir_fd=directory_fd)
    try:
        fd = os.open(name, _DIRECTORY, dir_fd=directory_fd)
        try:
            _sweep(directory_fd, now=os.fstat(fd).st_mtime)
            yield Bench(path / name, fd)
        finally:
            _empty(fd)
            os.close(fd)
    finally:
        # What cannot be removed now is swept by a later probe.
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=directory_fd)


def can(action: Callable[[], object]) -> bool:
    """Whether `action` works. Raises OSError for what says nothing about that; see `FATAL`."""
    try:
        action()
    except OSError as error:
        if error.errno in FATAL:
            raise
        return False
    return True


def refuses(action: Callable[[], object], *codes: int) -> bool:
    """Whether `action` is refused with one of `codes`. Raises OSError; see `FATAL`."""
    try:
        action()
    except OSError as error:
        if error.errno in FATAL:
            raise
        return error.errno in codes
    return False


def _sweep(directory_fd: int, *, now: float) -> None:
    with contextlib.suppress(OSError):
        for name in list_names(directory_fd):
            if name.startswith(_PREFIX):
                _remove_abandoned(directory_fd, name, before=now - _ABANDONED_SECONDS)


def _remove_abandoned(directory_fd: int, name: str, *, before: float) -> None:
    with contextlib.suppress(OSError):
        fd = os.open(name, _DIRECTORY, dir_fd=directory_fd)
        try:
            if os.fstat(fd).st_mtime >= before:
                return
            _empty(fd)
        finally:
            os.close(fd)
        os.rmdir(name, dir_fd=directory_fd)


def _empty(fd: int) -> None:
    with contextlib.suppress(OSError):
        for name in list_names(fd):
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=fd)
