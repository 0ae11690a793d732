"""What a photo costs where there are more and more of them: it has to stay the same.

`us of CPU` of a contestant are the microseconds for each of its photos (or albums), without what the same
command takes for one of them: the start of a process would make the small ones look dear.
"""

from __future__ import annotations

import base64
import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Samples
from benchmarks.processes import ROOT, SMUGSYNC, BenchmarkError, Emulator, Sample, measure
from benchmarks.scenario import Contestants, Scenario, Table
from benchmarks.stage.files import empty
from benchmarks.stage.grown import CATALOGUE

PAGE = 100  #: entries of a listing's page
EACH = 250  #: photos in an album
FLAT = 1.3  #: what may cost so many times as much where there is more of it
MEMORY = 80.0  #: MB of a whole process
_AMOUNT = "us of CPU"
Take = Callable[[], Sample]


@dataclass(slots=True)
class Share:
    """What each of many costs beyond what a command takes for one. `floor`: its CPU seconds for one."""

    floor: float = 0.0

    def one(self, take: Take) -> Take:
        """The contestant that has only one."""

        def taken() -> Sample:
            sample = take()
            self.floor = sample.cpu
            return sample

        taken()  # once uncounted: another may have its turn first
        return taken

    def many(self, take: Take, number: int) -> Take:
        def taken() -> Sample:
            sample = take()
            return replace(sample, amount=max(sample.cpu - self.floor, 0.0) / number * 1e6)

        return taken


def _flat(name: str, what: str, own: str, base: str) -> Figure:
    return Figure(name, what, own, base, "amount", "cost", FLAT)


def _light(own: str) -> Figure:
    return Figure(f"memory: {own}", "peak memory of the process", own, "", "rss", "cost", MEMORY, unit="MB")


# -- a large account that hardly changes ---------------------------------------------------------------

_CHANGED = [f"/Year-2001/Album-000{number:02d}" for number in range(20)]
_NEWS = 5  #: new photos in each of these albums
_QUIET, _DELTA = "nothing has changed", "20 albums have 5 new photos each"


def _delta(place: Path, stack: ExitStack) -> Contestants:
    """The albums that change are truly mirrored; the others lie beside them: see `benchmarks.stage.grown`."""
    emulator, home = _emulated(place / "home", stack, albums=2000, images=EACH)
    measure([SMUGSYNC, "sync", "--quiet"], home, SMUGSYNC_INCLUDE=json.dumps(_CHANGED))
    _grow(home, 2000, EACH)
    _prove(emulator, home, "Year-2010/Album-00999")
    keys = _albums(home, _CHANGED)
    number = 0

    def change() -> Sample:
        nonlocal number
        for key in keys:
            for _ in range(_NEWS):
                number += 1
                data = base64.b64encode(os.urandom(2000)).decode()
                emulator.edit("add-photo", album=key, file_name=f"NEW_{number:05d}.JPG", data=data)
        time.sleep(3)  # what changed within its last two seconds is looked at once more by the next poll
        return _sync(emulator, home, albums_listed=len(keys), files_downloaded=len(keys) * _NEWS)

    return {_QUIET: lambda: _sync(emulator, home, albums_listed=0, bytes_downloaded=0), _DELTA: change}


#: The account and its album list; each album's pages; the photos.
_DELTA_REQUESTS = 1 + 2000 / PAGE + len(_CHANGED) * 3 + len(_CHANGED) * _NEWS
DELTA = Scenario(
    "delta",
    "a sync of 2,000 albums with 500,000 photos, of which hardly any has changed; the 20 albums that change "
    "were truly mirrored, the rows of the others written by the catalogue's own code, and their files are "
    "links to one small file for each album",
    _delta,
    (
        Figure("P16, 500,000", "requests of it, idle", _QUIET, "", "requests", "cost", 2000 / PAGE + 1),
        Figure("delta", "requests of it, 1% changed", _DELTA, "", "requests", "cost", _DELTA_REQUESTS),
        _light(_QUIET),
        _light(_DELTA),
    ),
    space=4.0,
)


# -- the table -----------------------------------------------------------------------------------------


def _growth(sizes: Sequence[int]) -> Callable[[Path, ExitStack], Contestants]:
    def prepare(place: Path, stack: ExitStack) -> Contestants:
        contestants: dict[str, Take] = {}
        plan, full = Share(), Share()
        one = _fresh(place / "one", stack, 1, 1)
        contestants["plan, 1"] = plan.one(_planning(*one, 1))
        held = _emulated(place / "held", stack, albums=1, images=1)
        measure([SMUGSYNC, "sync", "--quiet"], held[1])
        contestants["full, 1"] = full.one(_comparing(*held, 1))
        for size in sizes:
            fresh = _fresh(place / f"fresh-{size}", stack, size // EACH, EACH)
            contestants[f"plan, {size:,}"] = plan.many(_planning(*fresh, size), size)
            emulator, home = _mirrored(place / f"mirrored-{size}", stack, size // EACH)
            bytes_each = (home / CATALOGUE).stat().st_size / size
            contestants[f"full, {size:,}"] = full.many(_comparing(emulator, home, size), size)
            contestants[f"quiet, {size:,}"] = _polling(emulator, home, bytes_each)
            contestants[f"status, {size:,}"] = _asking(home, "status", albums=size // EACH)
        return contestants

    return prepare


def _planning(emulator: Emulator, home: Path, photos: int) -> Take:
    return lambda: _said(
        measure([SMUGSYNC, "plan", "--json"], home, [emulator.pid], count=emulator.requests),
        files_planned=photos,
    )


def _comparing(emulator: Emulator, home: Path, photos: int) -> Take:
    """Everything is listed and compared with what is known, and nothing has changed."""
    return lambda: _said(
        measure([SMUGSYNC, "sync", "--full", "--json"], home, [emulator.pid], count=emulator.requests),
        scope="everything",
        complete=True,
        files_held=photos,
        files_planned=0,
        bytes_downloaded=0,
        troubles=[],
    )


def _polling(emulator: Emulator, home: Path, bytes_each: float) -> Take:
    return lambda: replace(_sync(emulator, home, albums_listed=0, files_planned=0), amount=bytes_each)


def _asking(home: Path, *command: str, **expected: object) -> Take:
    return lambda: _said(measure([SMUGSYNC, *command, "--json"], home), **expected)


def _growth_table(sizes: Sequence[int]) -> Callable[[Samples], Table]:
    def lay_out(samples: Samples) -> Table:
        def middle(contestant: str, of: str, digits: int) -> str:
            return f"{median(float(getattr(one, of)) for one in samples[contestant]):,.{digits}f}"

        rows = [
            ("first listing and plan, s", "plan", "wall", 1),
            ("its CPU per photo, us", "plan", "amount", 0),
            ("its requests", "plan", "requests", 0),
            ("its peak memory, MB", "plan", "rss", 0),
            ("listing and comparing, s", "full", "wall", 1),
            ("its CPU per photo, us", "full", "amount", 0),
            ("its requests", "full", "requests", 0),
            ("its peak memory, MB", "full", "rss", 0),
            ("catalogue per photo, bytes", "quiet", "amount", 0),
            ("quiet poll, CPU s", "quiet", "cpu", 2),
            ("its requests", "quiet", "requests", 0),
            ("its peak memory, MB", "quiet", "rss", 0),
            ("status, s", "status", "wall", 2),
            ("its peak memory, MB", "status", "rss", 0),
        ]
        head = ["photos", *(f"{size:,}" for size in sizes)]
        return [
            head,
            *(
                [what, *(middle(f"{who}, {size:,}", of, digits) for size in sizes)]
                for what, who, of, digits in rows
            ),
        ]

    return lay_out


def _table_of(name: str, sizes: Sequence[int], *, rounds: int | None, long: bool, space: float) -> Scenario:
    small, large = f"{sizes[0]:,}", f"{sizes[-1]:,}"
    albums = sizes[-1] // EACH
    requests = albums / PAGE + albums * -(-EACH // PAGE)
    plan, full, quiet = f"plan, {large}", f"full, {large}", f"quiet, {large}"
    suffix = "" if long else f", {large}"
    return Scenario(
        name,
        f"an account of {' and '.join(f'{size:,}' for size in sizes)} photos: never mirrored (plan), and"
        " mirrored (full: sync --full lists all of it, compares and finds no change; quiet: sync); of that"
        " mirror one album of 250 was truly fetched; the rows of the others were written by the catalogue's"
        " own code, and their files are links to one small file for each album",
        _growth(sizes),
        (
            Figure(
                f"P9{suffix}",
                f"peak memory of listing and comparing, to {small}",
                full,
                f"full, {small}",
                "rss",
                "cost",
                FLAT,
            ),
            Figure(
                f"P9, plan{suffix}",
                f"peak memory of a plan, to {small}",
                plan,
                f"plan, {small}",
                "rss",
                "cost",
                FLAT,
            ),
            Figure(
                f"P17{suffix}",
                "requests of a first listing",
                plan,
                "",
                "requests",
                "cost",
                math.floor(1.02 * requests + 5),
            ),
            _flat(f"growth{suffix}", f"CPU per photo of a plan, to {small}", plan, f"plan, {small}"),
            _flat(
                f"growth, full{suffix}",
                f"CPU per photo of listing and comparing, to {small}",
                full,
                f"full, {small}",
            ),
            _flat(f"size{suffix}", f"catalogue per photo, to {small}", quiet, f"quiet, {small}"),
            Figure(
                f"P16{suffix}", "requests of an idle poll", quiet, "", "requests", "cost", albums / PAGE + 1
            ),
            *map(_light, (plan, full, quiet, f"status, {large}")),
        ),
        rounds=rounds,
        long=long,
        amount=f"{_AMOUNT}, or bytes",
        layout=_growth_table(sizes),
        space=space,
    )


GROWTH = _table_of("growth", (10_000, 50_000), rounds=None, long=False, space=2.0)
GROWTH_MILLION = _table_of("growth-million", (10_000, 100_000, 1_000_000), rounds=3, long=True, space=8.0)


# -- many in one place ---------------------------------------------------------------------------------

_WIDE, _NARROW = "1 album of 5,000", "10 albums of 500"
_FOLDER, _SMALL_FOLDER = "a folder of 5,000 albums", "a folder of 500"
_LISTS = (("status",), ("trash", "list"), ("trash", "empty", "--dry-run"))


def _crowded(place: Path, stack: ExitStack) -> Contestants:
    share = Share()
    one = _fresh(place / "one", stack, 1, 1)
    contestants = {"plan, 1": share.one(_planning(*one, 1))}
    for name, albums, images in ((_NARROW, 10, 500), (_WIDE, 1, 5000)):
        fresh = _fresh(place / f"{albums}", stack, albums, images)
        contestants[name] = share.many(_planning(*fresh, albums * images), albums * images)
    for name, albums in ((_SMALL_FOLDER, 500), (_FOLDER, 5000)):
        library = place / f"library-{albums}"
        for number in range(albums):
            album = library / "Folder" / f"Album-{number:04d}"
            album.mkdir(parents=True)
            (album / "a.jpg").write_bytes(b"%d" % number)
        home = empty(place / f"home-{albums}")
        emulator = Emulator(home, stack, str(library))
        emulator.configure(home)
        measure([SMUGSYNC, "plan", "--quiet"], home)  # the emulator reads its files once
        contestants[name] = share.many(_planning(emulator, home, albums), albums)
    return contestants


CROWDED = Scenario(
    "crowded",
    "plans of many photos in one album, and of many albums in one folder",
    _crowded,
    (
        _flat("wide album", "CPU per photo in an album of 5,000, to albums of 500", _WIDE, _NARROW),
        _flat("wide folder", "CPU per album in a folder of 5,000, to one of 500", _FOLDER, _SMALL_FOLDER),
    ),
    amount=f"{_AMOUNT} each",
    long=True,
)


def _troubled(place: Path, stack: ExitStack) -> Contestants:
    homes = {number: place / f"{number}" for number in (1, 10_000, 100_000)}
    emulator = Emulator(empty(place / "emulator"), stack, "--albums", "0")
    for number, home in homes.items():
        emulator.configure(empty(home))
        measure([SMUGSYNC, "sync", "--quiet"], home)
        _grow(home, -(-number // 1000), min(number, 1000), "quarantined")
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
    return _flat(name, what, f"{name}, 100,000", f"{name}, 10,000")


TROUBLED = Scenario(
    "quarantined",
    "looking at 100,000 quarantined files and as many in the trash",
    _troubled,
    tuple(_looked(" ".join(command)) for command in _LISTS),
    amount=f"{_AMOUNT} each",
    long=True,
)


# -- looking at a million ------------------------------------------------------------------------------

_STATUS, _HELP = "status of a million", "--help"


def _status(place: Path, stack: ExitStack) -> Contestants:
    emulator = Emulator(empty(place / "emulator"), stack, "--albums", "0")
    home = empty(place / "home")
    emulator.configure(home)
    measure([SMUGSYNC, "sync", "--quiet"], home)
    _grow(home, 4000, EACH, "committed")
    return {
        _STATUS: _asking(home, "status", albums=4000, files={"committed": 4000 * EACH}),
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
        _light(_STATUS),
    ),
    space=6.0,
)

SCENARIOS: Mapping[str, Scenario] = {
    one.name: one for one in (DELTA, GROWTH, CROWDED, TROUBLED, STATUS, GROWTH_MILLION)
}


# -- preparing -----------------------------------------------------------------------------------------


def _emulated(home: Path, stack: ExitStack, *, albums: int, images: int) -> tuple[Emulator, Path]:
    """A synthetic account, and a home that is configured for it."""
    emulator = Emulator(empty(home), stack, "--albums", str(albums), "--images", str(images))
    emulator.configure(home)
    return emulator, home


def _fresh(home: Path, stack: ExitStack, albums: int, images: int) -> tuple[Emulator, Path]:
    emulator, home = _emulated(home, stack, albums=albums, images=images)
    measure([SMUGSYNC, "status"], home)
    return emulator, home


def _mirrored(home: Path, stack: ExitStack, albums: int) -> tuple[Emulator, Path]:
    """An account that is mirrored already: an album of it truly."""
    emulator, home = _emulated(home, stack, albums=albums, images=EACH)
    measure([SMUGSYNC, "sync", "--quiet"], home, SMUGSYNC_INCLUDE=json.dumps(_CHANGED[:1]))
    _grow(home, albums, EACH)
    _prove(emulator, home, f"Year-2001/Album-{min(albums, 100) - 1:05d}")
    return emulator, home


def _grow(home: Path, albums: int, images: int, *state: str) -> None:
    command = [sys.executable, "-m", "benchmarks.stage.grown", str(home), str(albums), str(images), *state]
    measure(command, home, PYTHONPATH=str(ROOT))


def _prove(emulator: Emulator, home: Path, album: str) -> None:
    """One of the albums that no sync has fetched: a sync that lists it has nothing to say about it."""
    sample = measure([SMUGSYNC, "sync", album, "--json"], home, count=emulator.requests)
    _said(sample, files=EACH, files_planned=0, changes=[], troubles=[])


def _albums(home: Path, addresses: Sequence[str]) -> list[str]:
    """The keys of these albums."""
    listed = measure([SMUGSYNC, "ls", "--json"], home).out.splitlines()
    keys = {one["url_path"]: str(one["key"]) for one in map(json.loads, listed)}
    return [keys[address] for address in addresses]


def _sync(emulator: Emulator, home: Path, **expected: object) -> Sample:
    sample = measure([SMUGSYNC, "sync", "--json"], home, [emulator.pid], count=emulator.requests)
    return _said(sample, scope="delta", complete=True, **expected)


def _said(sample: Sample, **expected: object) -> Sample:
    """Raises BenchmarkError unless the summary says what is `expected`."""
    said = json.loads(sample.out)
    wrong = {name: said[name] for name, value in expected.items() if said[name] != value}
    if wrong:
        raise BenchmarkError(f"the result is wrong: {str(wrong)[:500]}")
    return sample
