"""A real process, killed at each of its storage calls, or told by the kernel that one of them failed.

The order of barriers cannot be seen this way (the page cache survives a kill); that nothing half-done
is ever visible, and that a new process finishes the work, can.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .mirrors import everything, run, visible

PROGRAM = """
import sys
from pathlib import Path
from smugsync.errors import SmugsyncError
from smugsync.local.part import PartFile
from smugsync.local.placement import Placed, Placement, place
from smugsync.local.tree import Mirror

path = Path(sys.argv[1])
mirror = Mirror.open(path)
mirror.sweep_parts(())
wanted = {"new/a.jpg": b"a" * 70_000, "album/x.jpg": b"x2" * 1000}
placements = []
for number, (name, content) in enumerate(wanted.items()):
    expected = mirror.fingerprint(name)
    if expected is not None and expected.size == len(content):
        continue
    part = PartFile.create(mirror.root, str(number))
    try:
        for start in range(0, len(content), 40_000):
            part.write(content[start : start + 40_000])
        part.seal(10**18)
    except SmugsyncError as error:
        part.discard()
        print(f"{name}: {type(error).__name__}: {error}")
        continue
    placements.append(Placement(part, name, expected, expected and ".smugsync/versions/now/" + name))
for placement, result in zip(placements, place(mirror.root, placements)):
    if not isinstance(result, Placed):
        print(f"{placement.path}: {type(result).__name__}: {result}")
"""
FINAL = {"new/a.jpg": b"a" * 70_000, "album/x.jpg": b"x2" * 1000}
OLD = b"x1"
CALLS = (
    "mkdirat",
    "openat2",
    "write",
    "fchmod",
    "utimensat",
    "fdatasync",
    "linkat",
    "renameat2",
    "fsync",
    "unlinkat",
)

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def strace_works() -> bool:
    trial = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=none", "true"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    if not strace_works():
        pytest.skip("ptrace is not allowed here")
    mirror = tmp_path / "mirror"
    prepare(mirror)
    return mirror


def prepare(mirror: Path) -> None:
    shutil.rmtree(mirror, ignore_errors=True)
    (mirror / "album").mkdir(parents=True)
    (mirror / "album/x.jpg").write_bytes(OLD)


def strace(*options: str) -> list[str]:
    return ["strace", "-f", "-qq", *options]


def calls_made(mirror: Path, log: Path) -> list[tuple[str, int]]:
    """Each storage call of an undisturbed run after it opened the mirror: its name and its number."""
    result = run(PROGRAM, str(mirror), prefix=strace("-o", str(log), "-e", "trace=openat," + ",".join(CALLS)))
    assert result.returncode == 0, result.stderr
    counts: dict[str, int] = {}
    made, inside = [], False
    for line in log.read_text().splitlines():
        match = re.match(r"\d+\s+(\w+)\(", line)
        if match is None:
            continue
        name = match.group(1)
        counts[name] = counts.get(name, 0) + 1
        inside = inside or (name == "openat" and f'"{mirror}"' in line)
        if inside and name in CALLS:
            made.append((name, counts[name]))
    return made


def assert_whole(mirror: Path) -> None:
    for path, content in visible(mirror).items():
        assert content in {FINAL[path], OLD if path == "album/x.jpg" else FINAL[path]}, path
    assert OLD in everything(mirror).values()


@needs_strace
def test_killed_at_any_call_nothing_half_done_is_visible(mirror: Path, tmp_path: Path) -> None:
    points = calls_made(mirror, tmp_path / "log")
    assert {name for name, _ in points} == set(CALLS)
    for name, number in points:
        prepare(mirror)
        kill = strace(
            "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={number}"
        )
        killed = run(PROGRAM, str(mirror), prefix=kill)
        assert killed.returncode != 0, (name, number)
        assert_whole(mirror)
        finished = run(PROGRAM, str(mirror))
        assert (finished.returncode, finished.stdout) == (0, ""), finished.stderr
        assert visible(mirror) == FINAL
        assert OLD in everything(mirror).values()


@needs_strace
@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("write", "ENOSPC"),
        ("fdatasync", "EIO"),
        ("renameat2", "EROFS"),
        ("linkat", "EDQUOT"),
        ("fsync", "EIO"),
    ],
)
def test_a_failing_disk_is_reported_and_leaves_no_half_file(
    mirror: Path, tmp_path: Path, call: str, code: str
) -> None:
    first = next(number for name, number in calls_made(mirror, tmp_path / "log") if name == call)
    prepare(mirror)
    (mirror / ".smugsync/tmp").mkdir(parents=True)
    log = tmp_path / "faults"
    inject = strace("-o", str(log), "-e", f"trace={call}", "-e", f"inject={call}:error={code}:when={first}")
    result = run(PROGRAM, str(mirror), prefix=inject)
    assert result.returncode == 0, result.stderr
    assert "MirrorUnusable" in result.stdout
    assert str(mirror) in result.stdout
    assert "free" in result.stdout
    assert_whole(mirror)
    assert not list((mirror / ".smugsync/tmp").iterdir())
    finished = run(PROGRAM, str(mirror))
    assert (finished.returncode, finished.stdout) == (0, ""), finished.stderr
    assert visible(mirror) == FINAL


@needs_strace
def test_a_failed_sync_is_never_repeated(mirror: Path, tmp_path: Path) -> None:
    log = tmp_path / "faults"
    inject = strace("-o", str(log), "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO")
    result = run(PROGRAM, str(mirror), prefix=inject)
    assert result.stdout.count("MirrorUnusable") == 2
    assert log.read_text().count("fdatasync(") == 1
    assert visible(mirror) == {"album/x.jpg": OLD}


@needs_strace
def test_a_write_that_only_claims_to_be_done_is_noticed(mirror: Path, tmp_path: Path) -> None:
    points = calls_made(mirror, tmp_path / "log")
    for number in [number for name, number in points if name == "write"]:
        prepare(mirror)
        lie = f"inject=write:retval=1000000:when={number}"
        result = run(PROGRAM, str(mirror), prefix=strace("-o", "/dev/null", "-e", "trace=write", "-e", lie))
        assert "MirrorUnusable" in result.stdout
        assert_whole(mirror)


@needs_strace
def test_a_full_table_of_open_files_is_named(mirror: Path, tmp_path: Path) -> None:
    first = next(number for name, number in calls_made(mirror, tmp_path / "log") if name == "openat2")
    prepare(mirror)
    inject = strace(
        "-o", "/dev/null", "-e", "trace=openat2", "-e", f"inject=openat2:error=EMFILE:when={first + 2}+"
    )
    result = run(PROGRAM, str(mirror), prefix=inject)
    assert "too many files are open" in result.stdout + result.stderr
    assert_whole(mirror)
