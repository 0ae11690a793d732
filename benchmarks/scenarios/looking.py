"""What a person looks at, where there is very much of it: the status, the troubles, the trash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.processes import SMUGSYNC, BenchmarkError, Emulator, Sample, measure
from benchmarks.scenario import Contestants, Scenario
from benchmarks.scenarios.accounts import EACH, asking, grow
from benchmarks.scenarios.shares import AMOUNT, Share, Take, flat, light
from benchmarks.stage.files import empty

_LISTS = (("status",), ("trash", "list"), ("trash", "empty", "--dry-run"))


def _troubled(place: Path, stack: ExitStack) -> Contestants:
    homes = {number: place / f"{number}" for number in (1, 10_000, 100_000)}
    emulator = Emulator(empty(place / "emulator"), stack, "--albums", "0")
    for number, home in homes.items():
        emulator.configure(empty(home))
        measure([SMUGSYNC, "sync", "--quiet"], home)
        grow(home, -(-number // 1000), min(number, 1000), "quarantined")
    contestants: dict[str, Take] = {}
    whole = Share()  # of nothing: what one file costs is lost in the noise of the start
    for command in _LISTS:
        for number, home in homes.items():
            name = f"{' '.join(command)}, {number:,}"
            take = _looking(home, command, number)
            contestants[name] = take if number == 1 else whole.many(take, number)
    return contestants


def _looking(home: Path, command: Sequence[str], number: int) -> Take:
    """Those 100,000 have to be in what it says."""
    said = f"{number:,}" if number > 1 else "1"

    def take() -> Sample:
        sample = measure([SMUGSYNC, *command], home)
        if said not in sample.out:
            raise BenchmarkError(f"{command} does not speak of {said} files: {sample.out[-300:]}")
        return sample

    return take


def _looked(name: str) -> Figure:
    what = "CPU per file of 100,000, start included, to 10,000"
    return flat(name, what, f"{name}, 100,000", f"{name}, 10,000")


TROUBLED = Scenario(
    "quarantined",
    "looking at 100,000 quarantined files and as many in the trash",
    _troubled,
    tuple(_looked(" ".join(command)) for command in _LISTS),
    amount=f"{AMOUNT} each",
    long=True,
)

_STATUS, _HELP = "status of a million", "--help"


def _status(place: Path, stack: ExitStack) -> Contestants:
    emulator = Emulator(empty(place / "emulator"), stack, "--albums", "0")
    home = empty(place / "home")
    emulator.configure(home)
    measure([SMUGSYNC, "sync", "--quiet"], home)
    grow(home, 4000, EACH, "committed")
    return {
        _STATUS: asking(home, "status", albums=4000, files={"committed": 4000 * EACH}),
        _HELP: lambda: _helpful(measure([SMUGSYNC, "--help"], home)),
    }


def _helpful(sample: Sample) -> Sample:
    if not sample.out.lower().startswith("usage: smugsync [") or "verify" not in sample.out:
        raise BenchmarkError(f"that is no help: {sample.out[:500]}")
    return sample


STATUS = Scenario(
    "status",
    "`smugsync status` of a catalogue with a million committed rows, which its own code wrote, but no sync, "
    "and `smugsync --help`",
    _status,
    (
        Figure("status", "seconds of the process", _STATUS, "", "wall", "cost", 0.3, unit="s"),
        Figure("--help", "seconds of the process", _HELP, "", "wall", "cost", 0.25, unit="s"),
        light(_STATUS),
    ),
    space=6.0,
)

SCENARIOS: Mapping[str, Scenario] = {one.name: one for one in (TROUBLED, STATUS)}
