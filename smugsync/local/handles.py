"""Every access to the mirror goes through directory handles: after the root, no path is followed blindly.

A check of a path and its use are two moments, and somebody may swap a directory for a symbolic link
between them (CVE-2026-43619 in rsync, CVE-2026-54572 in rclone). Here the kernel resolves each path
beneath an open root and refuses links; where `openat2` is missing, the components are walked one by one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
import time
from pathlib import Path
from typing import Final

from smugsync.core.model import Fingerprint
from smugsync.errors import (
    CatalogueError,
    ConfigError,
    MirrorUnusable,
    SmugsyncError,
    SuspiciousPlan,
    Transient,
)
from smugsync.local import syscalls, trouble
from smugsync.local.syscalls import NO_LINKS, UNSUPPORTED, Device, Features, fsync_directory
from smugsync.records import dataclass

#: What is ours inside the mirror. Names that begin with it are never photos.
OURS: Final = ".smugsync"
STAGING: Final = OURS + "/tmp"  # noqa: S108 - inside the mirror, not the shared /tmp

#: To read what lies there: a link is not followed, and a pipe keeps nobody waiting.
READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
#: To see what lies under a name without opening it.
NODE: Final = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK) | os.O_NOFOLLOW | os.O_CLOEXEC
_LAST_TIME: Final = (1 << 63) - 1
#: For so many seconds, and for so many directories, is it remembered where bytes for a file in one wait.
_RECENT: Final = 1.0
_MOST_RECENT: Final = 256
_STEP: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class HostilePath(CatalogueError, ValueError):
    """A path that naming never produces. Only the catalogue can have brought it, and not by itself."""


def check_relative(path: str) -> tuple[str, ...]:
    """The components of a '/'-joined path beneath the root; "" is the root itself.

    Raises HostilePath for what naming never produces: absolute, empty components, dots, NUL.
    """
    if not path:
        return ()
    parts = tuple(path.split("/"))
    if "\0" in path or not {"", ".", ".."}.isdisjoint(parts):
        raise HostilePath(
            f"the catalogue holds {path!r}, which is not a path beneath the mirror: somebody has changed it; "
            "`smugsync fsck --rebuild` keeps it aside and makes a new one of what is here"
        )
    return parts


def split(path: str) -> tuple[str, str]:
    """`"a/b/c.jpg"` -> `("a/b", "c.jpg")`. Raises HostilePath, ValueError for the root itself."""
    if not check_relative(path):
        raise ValueError("the root of the mirror is not a file")
    directory, _, name = path.rpartition("/")
    return directory, name


@dataclass(frozen=True, slots=True)
class Staging:
    """A directory for bytes on their way in, on the same device as the place they will go to.

    `home` is the directory that holds the `.smugsync` it lies in: "" for the mirror's own.
    """

    home: str
    fd: int
    device: Device


class Root:
    """The mirror's root directory, opened once. Threads may share it."""

    def __init__(self, path: Path, *, features: Features | None = None) -> None:
        """Raises ConfigError (a file), SuspiciousPlan (missing), MirrorUnusable (not readable)."""
        self.path = path
        try:
            self.fd = os.open(path, _DIRECTORY)
        except FileNotFoundError as error:
            raise SuspiciousPlan(f"the mirror {path} does not exist: is the disk mounted?") from error
        except NotADirectoryError as error:
            raise ConfigError(
                f"the mirror path {path} is a file, or below one; it must be a directory"
            ) from error
        except PermissionError as error:
            raise MirrorUnusable(
                f"the mirror {path} cannot be opened by user id {os.geteuid()}: permission denied"
            ) from error
        except OSError as error:
            raise MirrorUnusable(f"the mirror {path} cannot be opened: {error.strerror}") from error
        self.device = syscalls.device_of(self.fd)
        self.features = features if features is not None else syscalls.detect(self.fd)
        self.file_mode = 0o666 & ~syscalls.umask()
        self._stagings: dict[Device, Staging] = {}
        self._removed: list[Staging] = []  #: a thread may be about to use one: closed at the end
        self._recent: dict[str, tuple[Staging, float]] = {}
        self._staging_lock = threading.Lock()
        self._left: set[str] = set()

    def close(self) -> None:
        """Close every handle held here; part files still open lose their way out."""
        with self._staging_lock:
            for staging in (*self._stagings.values(), *self._removed):
                os.close(staging.fd)
            self._stagings.clear()
            self._removed.clear()
            self._recent.clear()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def explain(self, error: OSError, doing: str) -> SmugsyncError:
        """MirrorUnusable or Transient for `error`, met while `doing`."""
        return trouble.explain(error, doing, mirror=self.path, mirror_fd=self.fd)

    # Opening

    def open(self, path: str, flags: int) -> int:
        """Open an existing file or directory without passing a symbolic link.

        Raises the kernel's OSError: ENOENT, ENOTDIR for a file on the way, ELOOP for a link.
        """
        parts = check_relative(path)
        if self.features.openat2:
            return syscalls.openat2(self.fd, path or ".", flags)
        return self._walk(parts, flags)

    def open_directory(self, relative: str, *, create: bool = False) -> int:
        """A handle on a directory, made durably level by level with `create`; the caller closes it.

        Raises FileNotFoundError without `create`; Transient, naming it, for a link or a file in the
        way and for a directory that may not be entered; MirrorUnusable when the disk fails.
        """
        try:
            try:
                return self.open(relative, _DIRECTORY)
            except FileNotFoundError:
                if not create:
                    raise
                return self._create(relative)
        except FileNotFoundError:
            raise
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise Transient(self._obstacle(relative)) from error
            raise self.explain(error, f"opening the directory {relative or self.path}") from error

    def _create(self, relative: str) -> int:
        fd = os.dup(self.fd)
        for name in check_relative(relative):
            try:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, dir_fd=fd)
                    fsync_directory(fd)
                deeper = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
            except FileNotFoundError as error:
                raise Transient(f"the directory {relative} vanished while it was made") from error
            finally:
                os.close(fd)
            fd = deeper
        return fd

    def _walk(self, parts: tuple[str, ...], flags: int) -> int:
        if not parts:
            return os.open(".", flags | os.O_CLOEXEC, dir_fd=self.fd)
        fd = os.dup(self.fd)
        try:
            for name in parts[:-1]:
                deeper = _open_unlinked(fd, name, _STEP)
                os.close(fd)
                fd = deeper
            return _open_unlinked(fd, parts[-1], flags | os.O_NOFOLLOW | os.O_CLOEXEC)
        finally:
            os.close(fd)

    def _obstacle(self, relative: str) -> str:
        """A sentence naming the first component that is not a directory."""
        parts = check_relative(relative)
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            try:
                os.close(self.open(path, _DIRECTORY))
            except OSError as error:
                if error.errno == errno.ELOOP:
                    return f"{path} is a symbolic link where a directory should be; it is not followed"
                return f"{path} is a file where a directory should be"
        return f"{relative} was not a directory a moment ago"

    # Looking

    def look(self, directory_fd: int, name: str) -> Fingerprint | None:
        """What lies under `name`, None if nothing. Raises Transient if it is no regular file; OSError."""
        try:
            found = os.stat(name, dir_fd=directory_fd, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return _regular(found, name)

    def look_at(self, fd: int, path: str) -> Fingerprint:
        """What an open file is like now. Raises Transient if it is no regular file; OSError."""
        return _regular(os.fstat(fd), path)

    # Renaming

    def rename_noreplace(self, source_fd: int, source: str, target_fd: int, target: str) -> None:
        """Rename, but never over something. Raises FileExistsError, or what else the kernel says.

        Without `renameat2` a file is linked and unlinked, so that the kernel still does the checking;
        without links, and for directories, a look before the rename is all that is left.
        """
        if self.features.renameat2:
            try:
                return syscalls.rename_noreplace(source_fd, source, target_fd, target)
            except OSError as error:
                if error.errno not in UNSUPPORTED:
                    raise
        if self.link(source_fd, source, target_fd, target):
            os.unlink(source, dir_fd=source_fd)
            return None
        if exists(target_fd, target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
        os.rename(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd)
        return None

    def exchange(self, source_fd: int, source: str, target_fd: int, target: str) -> bool:
        """Swap what two names show; False where that cannot be done atomically. Raises OSError."""
        if not self.features.renameat2:
            return False
        try:
            syscalls.rename_exchange(source_fd, source, target_fd, target)
        except OSError as error:
            if error.errno in UNSUPPORTED:
                return False
            raise
        return True

    def link(self, source_fd: int, source: str, target_fd: int, target: str) -> bool:
        """Give a file a second name; False where there are no hard links. Raises FileExistsError, OSError."""
        if not self.features.links:
            return False
        try:
            os.link(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd, follow_symlinks=False)
        except OSError as error:
            if error.errno in NO_LINKS:
                return False
            raise
        return True

    # Staging

    def staging(self, directory: str = "", *, lately: bool = False) -> Staging:
        """Where bytes for a file in `directory` wait. Raises Transient, MirrorUnusable.

        A rename cannot cross devices or mounts, so what is mounted inside the mirror has a staging directory
        at its own top. Parts in there are not resumed by a later process: it is emptied when first used.
        `lately`: as it was within the last second will do; it may have been removed, or a disk been mounted.
        """
        now = time.monotonic()
        if lately:
            staging, looked = self._recent.get(directory, (None, now))
            if staging is not None and now - looked < _RECENT:
                return staging
        staging = self._staging(directory)
        if len(self._recent) >= _MOST_RECENT:
            self._recent.clear()
        self._recent[directory] = staging, now
        return staging

    def _staging(self, directory: str) -> Staging:
        device, home = self._device(directory)
        with self._staging_lock:
            known = self._stagings.get(device)
            if known is not None and _still_there(known.fd):
                return known
            if known is not None:  # somebody removed the directory under us
                self._removed.append(self._stagings.pop(device))
            fd = self.open_directory(f"{home}/{STAGING}" if home else STAGING, create=True)
            try:
                names = list_names(fd)
            except OSError as error:
                os.close(fd)
                raise self.explain(error, "looking for old part files") from error
            if home:
                for name in names:
                    with contextlib.suppress(OSError):  # a directory, say: not made by us
                        os.unlink(name, dir_fd=fd)
            self._left |= names
            self._stagings[device] = Staging(home, fd, device)
            return self._stagings[device]

    def is_left(self, name: str) -> bool:
        """Whether there may be a `name` in staging that nobody holds: from an earlier process, or `leave`.

        It saves looking for what nearly never is there. (On other devices nothing outlasts a process.)
        Raises as `staging`.
        """
        if self.device not in self._stagings:
            self.staging()
        return name in self._left

    def leave(self, name: str) -> None:
        """`name` is in staging, and nobody holds it."""
        self._left.add(name)

    def home(self, directory: str) -> str:
        """The directory whose `.smugsync` is on the same device as `directory`; "" for the mirror's own."""
        return self._device(directory)[1]

    def _device(self, directory: str) -> tuple[Device, str]:
        """The device `directory` is (or will be) on, and the topmost directory on it ("" = the root)."""
        parts = check_relative(directory)
        device, home = self.device, ""
        for depth in range(len(parts), 0, -1):
            path = "/".join(parts[:depth])
            try:
                found = syscalls.device_of(self.fd, path)
            except OSError:
                continue  # not made yet; whatever else is wrong shows when it is opened
            if found == self.device or (home and found != device):
                break
            device, home = found, path
        return device, home


def _open_unlinked(directory_fd: int, name: str, flags: int) -> int:
    """openat with O_NOFOLLOW in `flags`; a link answers ELOOP, with O_DIRECTORY too."""
    try:
        return os.open(name, flags, dir_fd=directory_fd)
    except NotADirectoryError:
        if stat.S_ISLNK(os.stat(name, dir_fd=directory_fd, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name) from None
        raise


def _still_there(directory_fd: int) -> bool:
    try:
        return os.fstat(directory_fd).st_nlink > 0
    except OSError:  # what FUSE and network filesystems answer
        return False


def list_names(directory_fd: int) -> set[str]:
    """Every name in a directory. Raises OSError.

    The directory is opened anew: on btrfs a handle that was read before shows no names made since.
    """
    fd = os.open(".", _DIRECTORY, dir_fd=directory_fd)
    try:
        with os.scandir(fd) as entries:
            return {entry.name for entry in entries}
    finally:
        os.close(fd)


def _regular(found: os.stat_result, path: str) -> Fingerprint:
    if not stat.S_ISREG(found.st_mode):
        raise Transient(f"{path} is not a regular file; it is left alone")
    return print_of(found.st_size, found.st_mtime_ns)


def print_of(size: int, mtime_ns: int) -> Fingerprint:
    """A file may bear a time beyond the year 2262, which is more nanoseconds than the catalogue can hold: it
    counts as the last, or the first, that it can.
    """
    return Fingerprint(size, max(-_LAST_TIME - 1, min(mtime_ns, _LAST_TIME)))


def exists(directory_fd: int, name: str) -> bool:
    """Whether there is anything under `name`, a dangling link included. Raises OSError."""
    try:
        os.stat(name, dir_fd=directory_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
