"""System calls Python has no names for, or no portable ones.

`openat2(2)` (Linux 5.6) opens a path that cannot leave a directory nor pass a symbolic link;
`renameat2(2)` (Linux 3.15) renames without replacing, or exchanges two names. Neither exists on
other systems, in old sandboxes, or on every filesystem: callers must be ready for `UNSUPPORTED`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path
from struct import Struct
from typing import Final

from smugsync.records import dataclass

#: What kernels and filesystems answer when they do not know a call, or a flag of it.
UNSUPPORTED: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP})
#: What `link(2)` answers where there are no hard links (FAT, exFAT, some shares) or for a directory.
NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK})

_NO_CLONES: Final = UNSUPPORTED | {errno.ENOTTY, errno.EXDEV, errno.EPERM, errno.EBADF, errno.ETXTBSY}

_RESOLVE_NO_MAGICLINKS, _RESOLVE_NO_SYMLINKS, _RESOLVE_BENEATH = 0x02, 0x04, 0x08
_RESOLVE = _RESOLVE_NO_MAGICLINKS | _RESOLVE_NO_SYMLINKS | _RESOLVE_BENEATH
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2
_FICLONE = 0x40049409  # _IOW(0x94, 9, int), the same on every architecture that Linux clones files on
_NR_OPENAT2 = 437  # the same number on every architecture since the tables were unified in 5.1
_HOW = Struct("QQQ")  # struct open_how: flags, mode, resolve
_AT_SYMLINK_NOFOLLOW, _AT_EMPTY_PATH, _STATX_MNT_ID = 0x100, 0x1000, 0x1000
_STATX = Struct("=I132xIIQ104x")  # struct statx, 256 bytes: mask, dev_major, dev_minor, mnt_id

#: A file system's number, and that of the mount it is reached by (0 = the kernel does not tell).
Device = tuple[int, int]

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_syscall = getattr(_libc, "syscall", None)
# By name, not by number: numbers differ between architectures, and a 32-bit Python on a 64-bit
# kernel would call something else. A C library without it (old musl) means the fallbacks are used.
_renameat2 = getattr(_libc, "renameat2", None)
_statx = getattr(_libc, "statx", None)


@dataclass(frozen=True, slots=True)
class Features:
    """What may be used here; what turns out not to work on a filesystem is fallen back from anyway."""

    openat2: bool = True
    renameat2: bool = True
    links: bool = True


def detect(directory_fd: int) -> Features:
    """Ask the running kernel. Old container sandboxes answer EPERM to calls they do not know."""
    try:
        os.close(openat2(directory_fd, ".", os.O_RDONLY | os.O_DIRECTORY))
    except OSError:
        return Features(openat2=False)
    return Features()


def openat2(directory_fd: int, path: str, flags: int) -> int:
    """Open an existing `path` beneath `directory_fd`; no component of it may be a symbolic link.

    Raises OSError: ELOOP for a symbolic link, EXDEV for a path that leaves the directory.
    """
    if _syscall is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), path)
    how = _HOW.pack(flags | os.O_CLOEXEC, 0, _RESOLVE)
    encoded = os.fsencode(path)
    while True:
        fd: int = _syscall(
            ctypes.c_long(_NR_OPENAT2),
            ctypes.c_int(directory_fd),
            ctypes.c_char_p(encoded),
            ctypes.c_char_p(how),
            ctypes.c_size_t(_HOW.size),
        )
        if fd >= 0:
            return fd
        code = ctypes.get_errno()
        if code != errno.EINTR:
            raise OSError(code, os.strerror(code), path)


def device_of(directory_fd: int, path: str = "") -> Device:
    """Where `path` lies, "" being the directory itself: a rename or a link reaches no other file system and
    no other mount, be it a second one (a bind mount) of the same disk. Raises OSError.

    Linux tells the mount since 5.8; before, and elsewhere, only file systems are told apart.
    """
    if _statx is not None:
        answer = ctypes.create_string_buffer(_STATX.size)
        refused = _statx(
            ctypes.c_int(directory_fd),
            ctypes.c_char_p(os.fsencode(path)),
            ctypes.c_int(_AT_SYMLINK_NOFOLLOW | _AT_EMPTY_PATH),
            ctypes.c_uint(_STATX_MNT_ID),
            answer,
        )
        mask, major, minor, mount = _STATX.unpack(answer.raw)
        if not refused and mask & _STATX_MNT_ID:
            return os.makedev(major, minor), mount
    found = os.stat(path, dir_fd=directory_fd, follow_symlinks=False) if path else os.fstat(directory_fd)
    return found.st_dev, 0


def rename_noreplace(source_fd: int, source: str, target_fd: int, target: str) -> None:
    """Rename atomically; FileExistsError if the target exists, OSError in UNSUPPORTED if it cannot."""
    _rename(source_fd, source, target_fd, target, flag=_RENAME_NOREPLACE)


def rename_exchange(source_fd: int, source: str, target_fd: int, target: str) -> None:
    """Let two existing names swap what they show, atomically; OSError in UNSUPPORTED if it cannot be done."""
    _rename(source_fd, source, target_fd, target, flag=_RENAME_EXCHANGE)


def _rename(source_fd: int, source: str, target_fd: int, target: str, *, flag: int) -> None:
    code = errno.ENOSYS
    if _renameat2 is not None:
        answer: int = _renameat2(
            ctypes.c_int(source_fd),
            ctypes.c_char_p(os.fsencode(source)),
            ctypes.c_int(target_fd),
            ctypes.c_char_p(os.fsencode(target)),
            ctypes.c_uint(flag),
        )
        if answer == 0:
            return
        code = ctypes.get_errno()
    raise OSError(code, os.strerror(code), source, None, target)


def clone(source_fd: int, target_fd: int) -> bool:
    """Let an empty file share another's blocks until either is written to; False where that cannot be.

    btrfs, xfs, bcachefs and some network file systems can, within one file system. Raises OSError for
    what is no matter of support (a full or broken disk).
    """
    if sys.platform != "linux":
        return False
    import fcntl  # noqa: PLC0415 - absent elsewhere than on POSIX, needed only here

    try:
        fcntl.ioctl(target_fd, _FICLONE, source_fd)
    except OSError as error:
        if error.errno in _NO_CLONES:
            return False
        raise
    return True


def fsync_directory(fd: int) -> None:
    """Make the names in a directory durable. Raises OSError; a filesystem that cannot is let pass."""
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise


def fsync_data(fd: int) -> None:
    """Make a file's bytes durable. Raises OSError, which is final: a second call may lie (fsyncgate)."""
    if sys.platform == "darwin":
        import fcntl  # noqa: PLC0415 - absent elsewhere than on POSIX, needed only here

        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(fd)


def umask() -> int:
    """The process's umask. Linux tells it without the usual set-and-restore, which races with threads."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    except OSError:
        pass
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
