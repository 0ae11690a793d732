"""The barriers of the group commit, seen on a real filesystem whose power is cut between any two calls.

A loop image is mounted, the program is killed on entry to its N-th storage call, the filesystem is told
to drop whatever it has not written yet (`FS_IOC_SHUTDOWN`, what xfstests calls godown), and the image is
mounted again. Stricter than a kill, which leaves the page cache alone. Needs root and loop devices.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .mirrors import everything, run, visible

pytestmark = pytest.mark.soak

# Two groups, each "recorded" on another disk (a pipe) once it is placed: the catalogue of a NAS user.
PROGRAM = """
import sys
from pathlib import Path
from smugsync.local.part import PartFile
from smugsync.local.placement import Placed, Placement, place
from smugsync.local.tree import Mirror

path, durability = Path(sys.argv[1]), sys.argv[2]
mirror = Mirror.open(path)
mirror.sweep_parts(())
groups = [
    {"new/a.jpg": b"a" * 70_000, "album/x.jpg": b"x2" * 9000},
    {"new/b.jpg": b"b" * 70_000, "new/deep/c.jpg": b"c" * 9000, "album/y.jpg": b"y2" * 9000},
]
for group in groups:
    placements = []
    for name, content in group.items():
        expected = mirror.fingerprint(name)
        if expected is not None and expected.size == len(content):
            continue
        part = PartFile.create(mirror.root, name.replace("/", "-"))
        part.write(content)
        part.seal(10**18)
        placements.append(Placement(part, name, expected, expected and ".smugsync/versions/now/" + name))
    for placement, result in zip(placements, place(mirror.root, placements, durability=durability)):
        assert isinstance(result, Placed), result
        print(placement.path, flush=True)
"""
FINAL = {
    "new/a.jpg": b"a" * 70_000,
    "new/b.jpg": b"b" * 70_000,
    "new/deep/c.jpg": b"c" * 9000,
    "album/x.jpg": b"x2" * 9000,
    "album/y.jpg": b"y2" * 9000,
}
OLD = {"album/x.jpg": b"x1" * 5000, "album/y.jpg": b"y1" * 5000}
CALLS = ("mkdirat", "write", "fdatasync", "linkat", "renameat2", "fsync", "unlinkat")
FS_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2


def command(*words: str | Path) -> None:
    subprocess.run([*map(str, words)], check=True, capture_output=True)


@dataclass(frozen=True)
class Disk:
    """A small filesystem whose power can be cut."""

    image: Path
    template: Path
    mount_point: Path
    options: str

    @property
    def mirror(self) -> Path:
        return self.mount_point / "mirror"

    def restore(self) -> None:
        self._mount_copy_of(self.template)

    def _mount_copy_of(self, image: Path) -> None:
        # Always a file of its own: another process may have copied our mounts into its namespace and
        # still hold the previous one, shut down as it is.
        copy = self.image.with_suffix(".copy")
        command("cp", "--sparse=always", image, copy)
        copy.rename(self.image)
        command("mount", "-o", self.options, self.image, self.mount_point)

    def cut(self) -> None:
        fd = os.open(self.mount_point, os.O_RDONLY)
        fcntl.ioctl(fd, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        os.close(fd)
        command("umount", self.mount_point)
        self._mount_copy_of(self.image)

    def unmount(self) -> None:
        subprocess.run(["umount", self.mount_point], check=False, capture_output=True)


@pytest.fixture(params=["ext4", "xfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    kind: str = request.param
    if os.geteuid() != 0 or not all(map(shutil.which, ("strace", f"mkfs.{kind}", "mount"))):
        pytest.skip(f"needs root, strace and mkfs.{kind}")
    # commit=600: nothing reaches the disk by the journal's own clock.
    options = "loop,commit=600" if kind == "ext4" else "loop,nouuid"
    disk = Disk(tmp_path / "image", tmp_path / "template", tmp_path / "disk", options)
    disk.mount_point.mkdir()
    command("truncate", "-s", "48M" if kind == "ext4" else "320M", disk.template)
    command(f"mkfs.{kind}", "-q", disk.template)
    try:
        command("mount", "-o", options, disk.template, disk.mount_point)
    except subprocess.CalledProcessError:
        pytest.skip("loop mounts are not allowed here")
    for path, content in OLD.items():
        (disk.mirror / path).parent.mkdir(parents=True, exist_ok=True)
        (disk.mirror / path).write_bytes(content)
    command("sync", "-f", disk.mount_point)
    command("umount", disk.mount_point)
    yield disk
    disk.unmount()


def cut_points(disk: Disk, log: Path, durability: str) -> list[tuple[str, int]]:
    """Every storage call of an undisturbed run; (name, number), and one point after its end."""
    disk.restore()
    prefix = ["strace", "-f", "-qq", "-o", str(log), "-e", "trace=openat," + ",".join(CALLS)]
    assert run(PROGRAM, str(disk.mirror), durability, prefix=prefix).returncode == 0
    disk.unmount()
    counts: dict[str, int] = {}
    points, inside = [], False
    for name, rest in re.findall(r"^\d+\s+(\w+)(\(.*)$", log.read_text(), re.MULTILINE):
        counts[name] = counts.get(name, 0) + 1
        inside = inside or f'"{disk.mirror}"' in rest
        if inside and name in CALLS:
            points.append((name, counts[name]))
    return [*points, ("fsync", counts.get("fsync", 0) + 1)]


def violations(disk: Disk, log: Path, durability: str) -> list[str]:
    found = []
    for name, number in cut_points(disk, log, durability):
        disk.restore()
        inject = ["-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={number}"]
        prefix = ["strace", "-f", "-qq", "-o", "/dev/null", *inject]
        recorded = run(PROGRAM, str(disk.mirror), durability, prefix=prefix).stdout.split()
        disk.cut()
        point = f"{name} {number}: "
        shown = visible(disk.mirror)
        found += [
            f"{point}{path} is torn"
            for path, content in shown.items()
            if content not in (FINAL[path], OLD.get(path))
        ]
        found += [
            f"{point}{path} is recorded and not there" for path in recorded if shown.get(path) != FINAL[path]
        ]
        found += [
            f"{point}{path} has lost its time"
            for path in recorded
            if path in shown and (disk.mirror / path).stat().st_mtime_ns != 10**18
        ]
        held = everything(disk.mirror).values()
        found += [f"{point}the old {path} is lost" for path, content in OLD.items() if content not in held]
        finished = run(PROGRAM, str(disk.mirror), durability)
        if finished.returncode or visible(disk.mirror) != FINAL:
            found.append(f"{point}not finished by a new process: {finished.stderr[-300:]}")
        disk.unmount()
    return found


@pytest.mark.parametrize("durability", ["batch", "file"])
def test_no_cut_tears_loses_or_forgets_a_file(disk: Disk, tmp_path: Path, durability: str) -> None:
    assert violations(disk, tmp_path / "log", durability) == []


def test_without_barriers_a_cut_shows(disk: Disk, tmp_path: Path) -> None:
    """This is how we know that the test above can see anything."""
    assert any("recorded and not there" in one for one in violations(disk, tmp_path / "log", "none"))
