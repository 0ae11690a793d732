"""Where a mirror and its state lie: in plain directories, or on small disks that can fail for real."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.e2e.command import until

#: Where mount and mkfs are, also for a user whose PATH lacks it.
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
# commit=600: nothing reaches the disk by the journal's own clock.
_EXT4 = "loop,commit=600,errors=remount-ro"
#: By name: size, how it is made, how it is mounted.
_SYSTEMS = {
    "ext4": ("48M", ("mkfs.ext4", "-q"), _EXT4),
    "xfs": ("320M", ("mkfs.xfs", "-q"), "loop,nouuid"),
    "few-inodes": ("48M", ("mkfs.ext4", "-q", "-N", "80"), _EXT4),
}
_FREE_WITHIN = 10.0  # seconds
_NEW_MOUNTS = 0x00020000  # CLONE_NEWNS
_SHUTDOWN, _NO_LOG_FLUSH = 0x8004587D, 2  # FS_IOC_SHUTDOWN, what xfstests calls godown


def command(*words: str | Path) -> None:
    """Run a tool of the system. Raises CalledProcessError."""
    subprocess.run([*map(str, words)], check=True, capture_output=True, env={**os.environ, "PATH": PATH})


def lacks(*tools: str) -> str:
    """Why these tools of the system cannot be used here; "" if they can."""
    missing = [tool for tool in tools if shutil.which(tool, path=PATH) is None]
    return f"{' and '.join(missing)} not installed" if missing else ""


def prepare_to_mount(kind: str) -> None:
    """What this thread, and those it starts, mount from now on is seen by them alone, and goes with them."""
    if kind != "directory":
        _mount_in_private()


@cache
def _mount_in_private() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_MOUNTS) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), "unshare")
    command("mount", "--make-rprivate", "/")


def cannot_mount() -> str:
    """Why no disk image can be mounted here; "" if one can."""
    if os.geteuid() != 0:
        return "mounting takes root"
    if not any(Path("/dev").glob("loop[0-9]*")) and not Path("/dev/loop-control").exists():
        return "no loop devices here"
    return lacks("mount", "umount", "findmnt")


def cannot_make(kind: str) -> str:
    """Why a ground of this kind cannot be had here; "" if it can."""
    if kind == "directory":
        return ""
    return cannot_mount() or lacks(_SYSTEMS[kind.rpartition(" ")[2]][1][0])


class Disk:
    """A small filesystem in a file, mounted at `place`. Raises CalledProcessError where it cannot be."""

    def __init__(self, place: Path, kind: str) -> None:
        self.place = place
        self._kind = kind
        self._image, self._kept = place.with_suffix(".image"), place.with_suffix(".kept")
        place.mkdir()
        size, make, _ = _SYSTEMS[kind]
        command("truncate", "-s", size, self._kept)
        command(*make, self._kept)
        self._mount_copy_of(self._kept)

    def keep(self) -> None:
        """Remember what is on it."""
        command("sync", "-f", self.place)
        self.unmount()
        shutil.move(self._image, self._kept)
        self._mount_copy_of(self._kept)

    def restore(self) -> None:
        """Back to what was remembered."""
        self.unmount()
        self._mount_copy_of(self._kept)

    def fail(self) -> None:
        """From now on nothing reaches it or comes from it, as if its plug was pulled; what it was not told
        to sync is lost."""
        fd = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(fd)

    def make_read_only(self) -> None:
        """What ext4 does when it meets an error in its own structures."""
        device = subprocess.run(
            ["findmnt", "-no", "SOURCE", str(self.place)], check=True, capture_output=True, text=True
        ).stdout.strip()
        Path("/sys/fs/ext4", Path(device).name, "trigger_fs_error").write_text("a test\n")

    def detach(self) -> None:
        """Unmount it under whoever uses it: `umount --lazy`."""
        command("umount", "--lazy", self.place)

    def attach(self) -> None:
        """Mount it again, after whatever happened to it: journals are replayed."""
        self.unmount()
        self._mount_copy_of(self._image)

    def unmount(self) -> None:
        until(self._is_free, seconds=_FREE_WITHIN)

    def _is_free(self) -> bool:
        """Is nothing mounted there any more? A process that was killed may not be gone yet, and keep it."""
        if self._is_mounted():
            with contextlib.suppress(subprocess.CalledProcessError):
                command("umount", self.place)
        return not self._is_mounted()

    def _is_mounted(self) -> bool:
        # Not by `ismount`, whose `stat` a disk that has failed does not answer.
        mounts = Path("/proc/self/mounts").read_text().splitlines()
        return any(line.split()[1] == str(self.place) for line in mounts)

    def _mount_copy_of(self, image: Path) -> None:
        # Always a file of its own: another process may have copied our mounts into its namespace and
        # still hold the previous one, shut down as it is.
        copy = self._image.with_suffix(".copy")
        command("cp", "--sparse=always", image, copy)
        copy.rename(self._image)
        command("mount", "-o", _SYSTEMS[self._kind][2], self._image, self.place)


class Ground:
    """`mirror` and `state`, each on the disk that the description names.

    "directory", "ext4" (both on one disk), "mirror on ext4", "state on ext4"; xfs and the others likewise.
    """

    def __init__(self, root: Path, kind: str) -> None:
        self.kind = kind
        what, _, system = kind.rpartition(" on ")
        self.disk: Disk | None = None
        self.mirror, self.state = root / "mirror", root / "state"
        self._kept = root / "kept"
        self._plain = [self.mirror, self.state]
        if kind != "directory":
            self.disk = Disk(root / (what or "disk"), system)
            if not what:
                self.mirror, self.state = self.disk.place / "mirror", self.disk.place / "state"
            self._plain = [path for path in self._plain if what and path.name != what]

    def keep(self) -> None:
        """Remember how everything is."""
        shutil.rmtree(self._kept, ignore_errors=True)
        self._kept.mkdir()
        for path in self._plain:
            if path.exists():
                command("cp", "-a", path, self._kept)
        if self.disk is not None:
            self.disk.keep()

    def restore(self) -> None:
        """Everything as it was remembered, time stamps included."""
        for path in self._plain:
            shutil.rmtree(path, ignore_errors=True)
            if (self._kept / path.name).exists():
                command("cp", "-a", self._kept / path.name, path)
        if self.disk is not None:
            self.disk.restore()

    def heal(self) -> None:
        """The disk is well again, with what reached it."""
        if self.disk is not None:
            self.disk.attach()

    def close(self) -> None:
        if self.disk is not None:
            self.disk.unmount()


@contextlib.contextmanager
def ground(root: Path, kind: str) -> Iterator[Ground]:
    place = Ground(root, kind)
    try:
        yield place
    finally:
        place.close()
