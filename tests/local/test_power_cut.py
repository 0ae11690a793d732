"""The barriers of the group commit, seen on a real filesystem whose power is cut between any two calls.

A loop image is mounted, the program is killed on entry to its N-th storage call, the filesystem is told
to drop whatever it has not written yet (`FS_IOC_SHUTDOWN`, what xfstests calls godown), and the image is
mounted again. Stricter than a kill, which leaves the page cache alone. Needs root and loop devices.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.ground import Disk, cannot_make, lacks, prepare_to_mount

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


@pytest.fixture(params=["ext4", "xfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """A small filesystem with a mirror in which two old files lie."""
    kind: str = request.param
    if why := lacks("strace") or cannot_make(kind):
        pytest.skip(why)
    prepare_to_mount(kind)
    try:
        disk = Disk(tmp_path / "disk", kind)
    except subprocess.CalledProcessError:
        pytest.skip("loop mounts are not allowed here")
    for path, content in OLD.items():
        (mirror_of(disk) / path).parent.mkdir(parents=True, exist_ok=True)
        (mirror_of(disk) / path).write_bytes(content)
    disk.keep()
    yield disk
    disk.unmount()


def mirror_of(disk: Disk) -> Path:
    return disk.place / "mirror"


def cut_points(disk: Disk, log: Path, durability: str) -> list[tuple[str, int]]:
    """Every storage call of an undisturbed run; (name, number), and one point after its end."""
    disk.restore()
    prefix = ["strace", "-f", "-qq", "-o", str(log), "-e", "trace=openat," + ",".join(CALLS)]
    assert run(PROGRAM, str(mirror_of(disk)), durability, prefix=prefix).returncode == 0
    disk.unmount()
    counts: dict[str, int] = {}
    points, inside = [], False
    for name, rest in re.findall(r"^\d+\s+(\w+)(\(.*)$", log.read_text(), re.MULTILINE):
        counts[name] = counts.get(name, 0) + 1
        inside = inside or f'"{mirror_of(disk)}"' in rest
        if inside and name in CALLS:
            points.append((name, counts[name]))
    return [*points, ("fsync", counts.get("fsync", 0) + 1)]


def violations(disk: Disk, log: Path, durability: str) -> list[str]:
    found = []
    for name, number in cut_points(disk, log, durability):
        disk.restore()
        inject = ["-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={number}"]
        prefix = ["strace", "-f", "-qq", "-o", "/dev/null", *inject]
        recorded = run(PROGRAM, str(mirror_of(disk)), durability, prefix=prefix).stdout.split()
        disk.fail()
        disk.attach()
        point = f"{name} {number}: "
        shown = visible(mirror_of(disk))
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
            if path in shown and (mirror_of(disk) / path).stat().st_mtime_ns != 10**18
        ]
        held = everything(mirror_of(disk)).values()
        found += [f"{point}the old {path} is lost" for path, content in OLD.items() if content not in held]
        finished = run(PROGRAM, str(mirror_of(disk)), durability)
        if finished.returncode or visible(mirror_of(disk)) != FINAL:
            found.append(f"{point}not finished by a new process: {finished.stderr[-300:]}")
        disk.unmount()
    return found


@pytest.mark.parametrize("durability", ["batch", "file"])
def test_no_cut_tears_loses_or_forgets_a_file(disk: Disk, tmp_path: Path, durability: str) -> None:
    assert violations(disk, tmp_path / "log", durability) == []


def test_without_barriers_a_cut_shows(disk: Disk, tmp_path: Path) -> None:
    """This is how we know that the test above can see anything."""
    assert any("recorded and not there" in one for one in violations(disk, tmp_path / "log", "none"))
