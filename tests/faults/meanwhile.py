"""What may happen to a run while it stands still: to its disk, its clock, its files, its memory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.e2e.command import until
from tests.faults.bench import Bench
from tests.faults.ground import Disk
from tests.faults.judge import Truth, md5sums

_CGROUP = Path("/sys/fs/cgroup/memory")
_MEMORY = 128 << 20
_HOG = f"filling = bytearray({2 * _MEMORY})"


def _disk(bench: Bench) -> Disk:
    assert bench.ground.disk is not None, "it takes a disk"
    return bench.ground.disk


def heal(bench: Bench) -> Sequence[str]:
    bench.ground.heal()
    return ()


def pull_the_plug(bench: Bench, pid: int) -> None:
    """The disk answers with I/O errors from now on, and has what was synced."""
    _disk(bench).fail()


def turn_read_only(bench: Bench, pid: int) -> None:
    """The file system meets an error of its own and takes no more writes."""
    _disk(bench).make_read_only()


def unmount(bench: Bench, pid: int) -> None:
    _disk(bench).detach()


def below_the_mount_point(bench: Bench) -> Sequence[str]:
    """Mount it again; what was written to where it had been is wrong."""
    place = _disk(bench).place
    found = [] if place.is_mount() else sorted(str(path.relative_to(place)) for path in place.rglob("*"))
    bench.ground.heal()
    return [f"{path} was written below the mount point" for path in found]


def rot(bench: Bench, pid: int) -> Truth:
    """A bit of what was received is wrong on the disk, after it was written and proven."""
    made: set[str] = set()
    for part in (bench.ground.mirror / ".smugsync/tmp").glob("*.part"):
        found, data = part.stat(), bytearray(part.read_bytes())
        if data:
            data[len(data) // 2] ^= 1
            part.write_bytes(data)
            os.utime(part, ns=(found.st_atime_ns, found.st_mtime_ns))
            made.add(hashlib.md5(data).hexdigest())
    return replace(bench.truth, rotten=bench.truth.rotten | made)


def nothing(bench: Bench, pid: int) -> None:
    """It stands still while it is looked at, and goes on, as a laptop does whose lid was closed."""


def start_another(bench: Bench, pid: int) -> None:
    """A second process on the same account: refused, and nothing is touched."""
    before = _everything(bench)
    second = bench.command.run(*bench.operation.arguments)
    assert second.code == 11, f"the second instance ended with {second.code}: {second.err}"
    assert f"process {pid} " in second.err, second.err
    assert _everything(bench) == before, "the second instance changed something"


def _everything(bench: Bench) -> dict[str, str]:
    return {
        f"{place.name}/{path}": md5
        for place in (bench.ground.mirror, bench.state)
        for path, md5 in md5sums(place).items()
    }


# -- the clock -------------------------------------------------------------------------------------


def _library() -> Path | None:
    return next(iter(sorted(Path("/usr/lib").glob("**/faketime/libfaketime.so.1"))), None)


def no_other_clock() -> str:
    return "" if _library() else "libfaketime is not installed"


def clock(bench: Bench) -> Sequence[str]:
    """The environment in which the wall clock is told by a file; the monotonic clock stays true."""
    (bench.root / "clock").write_text("+1s\n")
    return (
        f"LD_PRELOAD={_library()}",
        f"FAKETIME_TIMESTAMP_FILE={bench.root / 'clock'}",
        "FAKETIME_NO_CACHE=1",
        "FAKETIME_DONT_FAKE_MONOTONIC=1",
        "DONT_FAKE_MONOTONIC=1",
    )


def day_back(bench: Bench, pid: int) -> None:
    (bench.root / "clock").write_text("-1d\n")


def year_ahead(bench: Bench, pid: int) -> None:
    (bench.root / "clock").write_text("+400d\n")


# -- memory ----------------------------------------------------------------------------------------


def no_memory_cgroup() -> str:
    if os.geteuid() != 0:
        return "limiting memory takes root"
    return "" if (_CGROUP / "memory.limit_in_bytes").exists() else "no memory cgroup (version 1) here"


def run_out_of_memory(bench: Bench, pid: int) -> None:
    """The kernel's own choice falls on the command, because another process takes all there is."""
    group = _CGROUP / f"smugsync-faults-{os.getpid()}-{bench.root.name}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(_MEMORY))
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
        (group / "cgroup.procs").write_text(str(pid))
        line = f'echo $$ > "{group}/cgroup.procs"; exec "{sys.executable}" -S -c "{_HOG}"'
        subprocess.run(["sh", "-c", line], check=False, capture_output=True, timeout=30)
    finally:
        _dissolve(group)


def _dissolve(group: Path) -> None:
    """Remove it; what is still in it goes back to where it came from."""

    def is_gone() -> bool:
        for pid in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):
                (_CGROUP / "cgroup.procs").write_text(pid)
        with contextlib.suppress(OSError):
            group.rmdir()
        return not group.exists()

    until(is_gone, seconds=5)


# -- people ----------------------------------------------------------------------------------------

#: A file that the run is about to replace, and a name that it is about to take (see `operations`).
_SAVED = ("Alpha/a1.jpg", "Folder/Beta/b3.jpg")


def save_files(bench: Bench, pid: int) -> Truth:
    """A person saves files under names that the run is about to use, the way that editors do."""
    truth = bench.truth
    own, overwritten = set(truth.own), set[str]()
    for path in _SAVED:
        target = bench.ground.mirror / path
        if not target.parent.is_dir():
            continue
        if target.exists():
            overwritten.add(hashlib.md5(target.read_bytes()).hexdigest())
        content = f"saved by a person while {path} was on its way".encode()
        target.with_name(".saving").write_bytes(content)
        target.with_name(".saving").rename(target)
        own.add(hashlib.md5(content).hexdigest())
    saved = own - truth.own
    return replace(truth, own=frozenset(own), owed=(truth.owed - overwritten) | saved)


def edit_account(bench: Bench, pid: int) -> Truth:
    """Photos are replaced, added, deleted and an album renamed online while the run is at work."""
    online = bench.online
    alpha, beta = online.album("Alpha"), online.album("Beta")
    online.edit("replace-photo", image=online.photo("Alpha", "a1.jpg"), seed=int(time.time_ns() % 10**9))
    online.edit("add-photo", album=alpha, file_name="later.jpg", seed=int(time.time_ns() % 10**9))
    online.edit("rename", album=beta, name="Beta", url_name=f"Beta-{time.time_ns() % 10**9}")
    return bench.look_online_again()
