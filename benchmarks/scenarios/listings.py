"""What is asked where nothing has changed: a quiet poll of a mirror whose every file was fetched."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.processes import SMUGSYNC, BenchmarkError, Emulator, Sample, measure
from benchmarks.scenario import Contestants, Scenario
from benchmarks.stage.files import empty

PAGE = 100  #: entries of a listing's page


def _quiet(place: Path, stack: ExitStack) -> Contestants:
    synced = {n: _account(place / f"{n}", stack, n, images=1, first="sync") for n in (20, 2000)}
    return {f"{n:,} albums": _asking(*synced[n], "sync", files_held=n, files_planned=0) for n in synced}


QUIET = Scenario(
    "quiet",
    "a sync that finds nothing changed, albums of one image; the baseline has one page of albums",
    _quiet,
    (
        Figure(
            "P16",
            "requests of an idle poll of 2,000 albums",
            "2,000 albums",
            "",
            "requests",
            "cost",
            2000 / PAGE + 1,
        ),
    ),
)


SCENARIOS: Mapping[str, Scenario] = {one.name: one for one in (QUIET,)}


def _account(home: Path, stack: ExitStack, albums: int, *, images: int, first: str) -> tuple[Emulator, Path]:
    """A synthetic account, and a configured home, where the command `first` was run."""
    emulator = Emulator(empty(home), stack, "--albums", str(albums), "--images", str(images))
    emulator.configure(home)
    measure([SMUGSYNC, first, "--quiet"], home)
    return emulator, home


def _asking(emulator: Emulator, home: Path, command: str, **expected: int) -> Callable[[], Sample]:
    """How to measure `command`, whose summary must say what is `expected`."""

    def take() -> Sample:
        sample = measure([SMUGSYNC, command, "--json"], home, [emulator.pid], count=emulator.requests)
        _check(expected.items() <= json.loads(sample.out).items(), sample)
        return sample

    return take


def _check(correct: bool, sample: Sample) -> None:
    if not correct:
        raise BenchmarkError(f"the result is wrong; it said: {sample.out[:500]}")
