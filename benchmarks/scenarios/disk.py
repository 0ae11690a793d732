"""What is on this disk already: adopted, proven, walked through, watched."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.processes import ROOT, SMUGSYNC, BenchmarkError, Emulator, Sample, checked, measure
from benchmarks.scenario import Contestants, Moved, Scenario
from benchmarks.stage.files import Library, empty
from benchmarks.stage.needs import need, need_disk

KB, MB = 1000, 1_000_000

#: 20,000 photos of 100 to 250 kB and five files of 300 MB: 5.0 GB.
FILES = [300 * MB] * 5 + [100 * KB + n * 7919 % (150 * KB) for n in range(20_000)]
SUMS = "find . -type f -print0 | xargs -0 -n64 -P2 md5sum"
_SUMS = "md5sum -P2"


def _proving(place: Path, stack: ExitStack) -> Contestants:
    need("find", "xargs", "md5sum")
    need_disk(place)
    library, home = Library(place / "library", FILES), place / "home"
    emulator = Emulator(empty(place / "emulator"), stack, str(library.root))
    emulator.configure(empty(home))
    measure([SMUGSYNC, "plan"], home)  # uncounted: the emulator hashes a file when a listing first shows it
    settled = empty(place / "settled")

    def sums() -> Sample:
        _forget(library.root)
        sample = measure(["sh", "-c", f"cd library; {SUMS}"], place)
        if sorted(line.split()[0] for line in sample.out.splitlines()) != library.sums:
            raise BenchmarkError(f"md5sum read something else: {sample.out[:500]}")
        return sample

    def adopt(home: Path = home) -> Sample:
        emulator.configure(empty(home))
        # Hard links: it does not adopt by writing.
        subprocess.run(["cp", "-al", f"{library.root}/.", home / "mirror"], check=True)
        _forget(library.root)
        command = [SMUGSYNC, "adopt", "--json", str(home / "mirror")]
        sample = measure(command, home, [emulator.pid], count=emulator.requests)
        return checked(sample, files_adopted=len(FILES), bytes_downloaded=0, files_verified=len(FILES))

    def verify() -> Sample:
        _forget(library.root)
        sample = measure([SMUGSYNC, "verify", "--json"], settled)
        return checked(sample, files_proven=len(FILES), bytes_proven=library.bytes)

    adopt(settled)
    return {_SUMS: sums, "verify": verify, "adopt": adopt}


def _speed(own: str, floor: float, goal: float | None = None) -> Figure:
    what = f"speed of {own}, to {_SUMS}, both from the disk"
    return Figure(own, what, own, _SUMS, "wall", "speed", floor, goal)


PROVING = Scenario(
    "proving",
    "20,000 photos of 100 to 250 kB and 5 files of 300 MB, 5 GB, of which nothing is in memory when a clock "
    "starts (smugsync would drop it: it is the disk that has to answer); verify reads all of it, adopt lists "
    "the account besides",
    _proving,
    (_speed("verify", 0.9), _speed("adopt", 0.6, 0.9)),
    moved=Moved(len(FILES), sum(FILES)),
    space=6.0,
)

#: 200,000 files in 10,000 directories.
DIRECTORIES, EACH = 10_000, 20
_OWN, _WALK, _SNAPSHOT = "smugsync's scan", "os.walk, os.stat", "watchdog's DirectorySnapshot"


def _scan(place: Path, stack: ExitStack) -> Contestants:
    home, tree = empty(place / "home"), place / "tree"
    _plant(tree, DIRECTORIES, EACH)

    def taken(contestant: str) -> Callable[[], Sample]:
        def take() -> Sample:
            command = [sys.executable, "-m", "benchmarks.programs.walks", contestant, str(tree)]
            sample = measure(command, home, PYTHONPATH=str(ROOT))
            files, seconds = sample.out.split()
            if int(files) != DIRECTORIES * EACH:
                raise BenchmarkError(f"it found {files} files")
            return replace(sample, amount=float(seconds))

        return take

    return {_SNAPSHOT: taken("snapshot"), _WALK: taken("walk"), _OWN: taken("own")}


SCAN = Scenario(
    "scan",
    "200,000 files in 10,000 directories by their names, sizes and times; seconds inside the process",
    _scan,
    (Figure("P14", f"{_OWN}, to {_SNAPSHOT}", _OWN, _SNAPSHOT, "amount", "cost", 0.8),),
    moved=Moved(DIRECTORIES * EACH),
    amount="seconds of it",
)

_ACCOUNT, _MINE = "a mirror of 20 files", "and 200,000 of a person's own"


def _start(place: Path, stack: ExitStack) -> Contestants:
    emulator = Emulator(empty(place / "emulator"), stack, "--albums", "2", "--images", "10")
    homes = {name: empty(place / f"{number}") for number, name in enumerate((_ACCOUNT, _MINE))}

    def taken(home: Path, files: int) -> Callable[[], Sample]:
        emulator.configure(home)
        _plant(home / "mirror", files // EACH, EACH)
        measure([SMUGSYNC, "sync", "--json"], home)

        def take() -> Sample:
            command = [SMUGSYNC, "sync", "--full", "--json"]
            sample = measure(command, home, [emulator.pid], count=emulator.requests)
            return checked(sample, files_held=20, files_local=files, bytes_downloaded=0)

        return take

    return {_ACCOUNT: taken(homes[_ACCOUNT], 0), _MINE: taken(homes[_MINE], DIRECTORIES * EACH)}


START = Scenario(
    "start",
    "`sync --full` that finds nothing changed, with 200,000 files in the mirror that are not the account's",
    _start,
    rounds=3,
    long=True,
)

_IDLE, _SEEN, _BURST = "at rest for 5 s", "100 files closed", "5,000 new files at once"


def _watch(place: Path, stack: ExitStack) -> Contestants:
    home, tree = empty(place / "home"), place / "tree"
    _plant(tree, DIRECTORIES, 0)
    made = sum(len(names) for _, names, _ in os.walk(tree)) + 1

    def taken(contestant: str) -> Callable[[], Sample]:
        def take() -> Sample:
            command = [sys.executable, "-m", "benchmarks.programs.listening", contestant, str(tree)]
            sample = measure(command, home, PYTHONPATH=str(ROOT))
            value, watched = sample.out.split()
            if int(watched) != made:
                raise BenchmarkError(f"it watches {watched} directories of {made}")
            return replace(sample, amount=float(value))

        return take

    return {_IDLE: taken("idle"), _SEEN: taken("seen"), _BURST: taken("burst")}


WATCH = Scenario(
    "watch",
    "the kernel's word of 10,000 directories: per cent of a core at rest, milliseconds until the slowest of "
    "100 files is heard of, how many of 5,000 are reported",
    _watch,
    (
        Figure("P15, idle", "CPU of the watcher at rest", _IDLE, "", "amount", "cost", 2.0, unit="%"),
        Figure("P15, seen", "until a closed file is heard of", _SEEN, "", "amount", "cost", 100.0, unit="ms"),
        Figure("burst", "files reported of 5,000", _BURST, "", "amount", "speed", 5000.0, unit="files"),
    ),
    amount="%, ms, files",
)

SCENARIOS: Mapping[str, Scenario] = {one.name: one for one in (PROVING, SCAN, START, WATCH)}


def _plant(root: Path, directories: int, files: int) -> None:
    """So many empty files in each of so many directories, a hundred of which share one above them."""
    for number in range(directories):
        home = root / f"{number // 100}" / f"{number % 100}"
        home.mkdir(parents=True)
        for name in range(files):
            (home / f"{name}.jpg").touch()


def _forget(root: Path) -> None:
    """Have the kernel drop what it keeps of these files in memory."""
    for path in root.glob("*/*"):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fdatasync(fd)  # what is not written yet stays
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)
