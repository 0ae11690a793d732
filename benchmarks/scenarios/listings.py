"""What is asked and planned: a quiet poll, a first listing, files that are here already."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.processes import SMUGSYNC, BenchmarkError, Emulator, Sample, measure
from benchmarks.scenario import Contestants, Scenario
from benchmarks.stage import empty
from smugsync.emulator.account.account import Account
from smugsync.emulator.account.synthetic import fill_synthetic

BYTES_EACH = 2000  #: what the emulator makes of a synthetic photo unless told otherwise
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


def _plan(place: Path, stack: ExitStack) -> Contestants:
    sizes = (10_000, 100_000)
    fresh = {n: _account(place / f"{n}", stack, n // 250, images=250, first="status") for n in sizes}
    return {f"{n:,} images": _asking(*fresh[n], "plan", files_planned=n) for n in fresh}


#: The album list, and each album's pages.
_REQUESTS = 400 / PAGE + 400 * 3
PLAN = Scenario(
    "plan",
    "a plan of an account never mirrored, albums of 250 images; the baseline is a tenth of it",
    _plan,
    (
        Figure(
            "P17",
            "requests of a first listing of 100,000",
            "100,000 images",
            "",
            "requests",
            "cost",
            1.02 * _REQUESTS + 5,
        ),
        Figure(
            "P9 so far",
            "peak memory, to that of a tenth",
            "100,000 images",
            "10,000 images",
            "rss",
            "cost",
            1.3,
        ),
    ),
)


def _adopt(place: Path, stack: ExitStack) -> Contestants:
    emulator, fresh = _account(place / "fresh", stack, 400, images=250, first="status")
    library, home, servers = place / "library", place / "home", [emulator.pid]
    _lay_out(library, albums=400, images=250)

    def take(*, inside: bool) -> Sample:
        emulator.configure(empty(home))
        tree = home / ("mirror" if inside else "old")
        # Hard links: neither adopts by writing.
        subprocess.run(["cp", "-al", f"{library}/.", tree], check=True)
        sample = measure([SMUGSYNC, "adopt", "--json", str(tree)], home, servers, count=emulator.requests)
        said = json.loads(sample.out)
        _check((said["files_adopted"], said["bytes_downloaded"]) == (100_000, 0), sample)
        return sample

    return {
        "plan": _asking(emulator, fresh, "plan", files_planned=100_000),
        "adopt, in the mirror": lambda: take(inside=True),
        "adopt, linked in": lambda: take(inside=False),
    }


ADOPT = Scenario(
    "adopt",
    "adopting 100,000 files of 2 kB, all of which the account has; the baseline only lists that account",
    _adopt,
    rounds=3,
)

SCENARIOS: Mapping[str, Scenario] = {one.name: one for one in (QUIET, PLAN, ADOPT)}


def _lay_out(root: Path, *, albums: int, images: int) -> None:
    """The files of a synthetic account, as its address has them."""
    account = Account("demo", clock=time.time)
    fill_synthetic(account, albums=albums, images=images, size=BYTES_EACH)
    for album in account.albums.values():
        directory = root / album.node.url_path[1:]
        directory.mkdir(parents=True)
        for image in album.photos:
            data = b"".join(image.content.read(0, image.content.size))
            (directory / image.file_name).write_bytes(data)


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
