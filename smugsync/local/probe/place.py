"""On what kind of disk does a path lie, what is mounted beneath it, and how much room is there?

The type comes from `statfs(2)` and the constants of the kernel's `include/uapi/linux/magic.h`; the name and
the source of the mount from `/proc/self/mountinfo` (proc_pid_mountinfo(5)), which also knows what a FUSE
driver calls itself. Only Linux is asked; elsewhere nothing is known.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Final

from smugsync.errors import ItemError
from smugsync.local.handles import OURS, Root
from smugsync.local.mounts import MOUNTINFO, Mount, beneath, read_mounts
from smugsync.records import dataclass

_WATCHES: Final = Path("/proc/sys/fs/inotify/max_user_watches")

_FUSE: Final = 0x65735546
_FAT: Final = 0x4D44
_NETWORK: Final = frozenset(
    {
        0x5346414F,  # AFS_SUPER_MAGIC
        0x6B414653,  # AFS_FS_MAGIC
        0x00C36400,  # CEPH_SUPER_MAGIC
        0x73757245,  # CODA_SUPER_MAGIC
        0x564C,  # NCP_SUPER_MAGIC
        0x6969,  # NFS_SUPER_MAGIC
        0x7461636F,  # OCFS2_SUPER_MAGIC
        0x517B,  # SMB_SUPER_MAGIC
        0xFF534D42,  # CIFS_SUPER_MAGIC
        0xFE534D42,  # SMB2_SUPER_MAGIC
        0x01021997,  # V9FS_MAGIC: a folder of the host, in WSL and virtual machines
        0x786F4256,  # VBOXSF_SUPER_MAGIC (fs/vboxsf/super.c): likewise
        0x00C0FFEE,  # HOSTFS_SUPER_MAGIC: likewise
        0x0BD00BD0,  # Lustre (lustre_user.h)
    }
)
_MEMORY: Final = frozenset({0x01021994, 0x858458F6})  # TMPFS_MAGIC, RAMFS_MAGIC
_OVERLAY: Final = 0x794C7630  # OVERLAYFS_SUPER_MAGIC
#: What FUSE drivers of local disks are called; any other may be a network or a cloud.
_LOCAL_FUSE: Final = frozenset({"fuseblk", "fuse.mergerfs", "fuse.shfs", "fuse.gocryptfs", "fuse.encfs"})


class Kind(Enum):
    """What a disk is to those who keep files on it."""

    LOCAL = "local"
    NETWORK = "network"  #: other machines may change it, and locks may fail
    FUSE = "fuse"  #: a driver that may be anything
    MEMORY = "memory"  #: gone when the machine restarts
    OVERLAY = "overlay"  #: most often a container's own layer, gone with the container


@dataclass(frozen=True, slots=True)
class Place:
    """What a path lies on. `mount` is None where that is not told."""

    kind: Kind
    mount: Mount | None = None
    fat: bool = False


@dataclass(frozen=True, slots=True)
class Space:
    """What is free to an unprivileged writer: bytes, and files; None where files are not counted."""

    free: int
    files: int | None


@dataclass(frozen=True, slots=True)
class Tree:
    """The directories of a mirror. `disks` are those on another device than the one around them, `mounts`
    those that are mounts of the mirror's own device; `unreadable` is not looked into. `unwritable` are what
    this user may not change on a disk that can be written to, those of `.smugsync` among them.
    """

    directories: int = 1
    disks: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    unwritable: tuple[str, ...] = ()


def place_of(path: Path, *, mountinfo: Path = MOUNTINFO) -> Place:
    """Raises OSError if there is nothing at `path`."""
    code = _type_of(path)
    mount = _around(Path(os.path.realpath(path)), read_mounts(mountinfo))
    return Place(kind_of(code, mount.driver if mount else ""), mount, fat=code == _FAT)


def kind_of(code: int, driver: str = "") -> Kind:
    """By the type that statfs tells (0 = not known), and by the driver's name."""
    if code == _FUSE:
        return Kind.LOCAL if driver in _LOCAL_FUSE else Kind.FUSE
    if code in _NETWORK:
        return Kind.NETWORK
    if code in _MEMORY:
        return Kind.MEMORY
    return Kind.OVERLAY if code == _OVERLAY else Kind.LOCAL


def space_of(fd: int) -> Space:
    """Raises OSError."""
    found = os.fstatvfs(fd)
    return Space(found.f_bavail * found.f_frsize, found.f_favail if found.f_files else None)


def tree_of(root: Root, mounts: Iterable[Mount] | None = None) -> Tree:
    """Walk the directories of a mirror, links not followed. Raises MirrorUnusable."""
    points = beneath(root.path, read_mounts() if mounts is None else mounts)
    around_all = os.fstat(root.fd).st_dev
    count, disks, unreadable, unwritable = 0, [], [], []
    pending = [("", around_all), *((path, around_all) for path in _shelves(root))]
    while pending:
        here, around = pending.pop()
        try:
            fd = root.open_directory(here)
        except FileNotFoundError:
            continue
        except ItemError:
            unreadable.append(here)
            continue
        try:
            if _is_forbidden(fd):
                unwritable.append(here)
            if here.startswith(OURS):
                continue
            count += 1
            device = os.fstat(fd).st_dev
            if device != around:
                disks.append(here)
                points.discard(here)
            pending += [(f"{here}/{name}" if here else name, device) for name in _directories(fd)]
        except OSError:
            unreadable.append(here)
        finally:
            os.close(fd)
    return Tree(count, *(tuple(sorted(paths)) for paths in (disks, points, unreadable, unwritable)))


def watch_limit(path: Path = _WATCHES) -> int | None:
    """How many directories a user's programs may watch altogether; None where that is not told."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _shelves(root: Root) -> list[str]:
    """The directories in `.smugsync`; none where it cannot be read."""
    try:
        fd = root.open_directory(OURS)
    except (FileNotFoundError, ItemError):
        return []
    try:
        with os.scandir(fd) as entries:
            return [f"{OURS}/{one.name}" for one in entries if one.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    finally:
        os.close(fd)


def _is_forbidden(fd: int) -> bool:
    """Whether this user may make no file in the directory `fd`, although its disk would let others."""
    if os.access(".", os.W_OK | os.X_OK, dir_fd=fd):
        return False
    return not os.fstatvfs(fd).f_flag & os.ST_RDONLY


def _directories(fd: int) -> list[str]:
    with os.scandir(fd) as entries:
        return [
            entry.name
            for entry in entries
            if not entry.name.startswith(OURS) and entry.is_dir(follow_symlinks=False)
        ]


def _type_of(path: Path) -> int:
    """`f_type` of statfs(2); 0 on other systems than Linux. Raises OSError."""
    if sys.platform != "linux":
        path.stat()
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    # The 32-bit call cannot describe a large disk; where there is another, it begins alike.
    ask = getattr(libc, "statfs64", None) or libc.statfs
    answer = ctypes.create_string_buffer(256)
    if ask(ctypes.c_char_p(os.fsencode(path)), answer):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(path))
    first = answer.raw[: ctypes.sizeof(ctypes.c_long)]  # a word of the machine, the type in its lower half
    return int.from_bytes(first, sys.byteorder) & 0xFFFF_FFFF


def _around(path: Path, mounts: Iterable[Mount]) -> Mount | None:
    """The mount that `path`, which holds no link, lies in: the innermost, of several the latest."""
    found: Mount | None = None
    for mount in mounts:
        longer = found is None or len(mount.point) >= len(found.point)
        if longer and path.is_relative_to(mount.point):
            found = mount
    return found
