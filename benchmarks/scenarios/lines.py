"""Lines with a round trip and a bounded rate: what a number of downloads brings, whether `auto` finds the
best, and how soon the first of them begins."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from benchmarks.figures import Figure, Samples, spread
from benchmarks.processes import SMUGSYNC, BenchmarkError, Emulator, Sample, measure
from benchmarks.scenario import Contestants, Derived, Moved, Scenario, Table
from benchmarks.scenarios.mirrors import KB, MB, MIXED, PHOTOS, THUMBNAILS, Account, Reached, account
from benchmarks.stage.files import Library, empty, md5s
from benchmarks.stage.needs import need
from benchmarks.stage.servers import delayed, serve_files
from benchmarks.stage.spells import one_after_another, spells

COUNTS = (1, 4, 8, 16, 32)
ROUND_TRIPS = (0, 30, 80)  #: milliseconds
RATES = (0, 5, 20)  #: MB a second for each connection; 0 is none
#: 9 files of 300 MB, 720 photos of 5 to 12 MB, 3,600 thumbnails: 9.5 GB, a minute of 32 connections at
#: 5 MB/s.
LARGE = [size for size in MIXED for _ in range(9)]
#: Less of the same, for those who would take hours; files of 60 MB, or the last of them would have the line
#: to itself. 2.6 GB, and 0.4.
MEDIUM = [size for size in [60 * MB, 60 * MB, *PHOTOS, *THUMBNAILS] for _ in range(3)]
SMALL = [60 * MB, *PHOTOS[::2], *THUMBNAILS[::3]]
#: A transfer takes so many seconds, or all of LARGE: more would want too much of the disk where nothing
#: bounds the rate.
LASTS = 60
THUMBNAILS_FAR = [150 * KB + 100 * n for n in range(1000)]


def _line(place: Path, stack: ExitStack, sizes: Sequence[int], milliseconds: int, rate: int) -> Reached:
    """An account whose files are reached by a line of their own."""
    there = account(place, stack, sizes)
    _, host = delayed(place, stack, there.nginx.http, milliseconds, rate=rate * MB)
    return there.reached(host=host)


def _far(place: Path, stack: ExitStack) -> Contestants:
    reached = _line(place, stack, THUMBNAILS_FAR, 80, 0)
    return {"1 download": reached.sync(downloads=1), "16 downloads": reached.sync(downloads=16)}


FAR = Scenario(
    "far",
    "1,000 thumbnails of 150 to 250 kB over HTTP, through a line with a round trip of 80 ms",
    _far,
    (Figure("P7", "speed of 16 downloads, to one", "16 downloads", "1 download", "wall", "speed", 12.0),),
    rounds=1,
    moved=Moved(len(THUMBNAILS_FAR), sum(THUMBNAILS_FAR)),
)


def _name(milliseconds: int, rate: int) -> str:
    return f"{milliseconds} ms, {f'{rate} MB/s each' if rate else 'no bound'}"


def best(samples: Samples, fixed: Sequence[str]) -> Sequence[Sample]:
    """In each round, the sample of those of the `fixed` contestants that brought the most MB/s."""
    rounds = zip(*(samples[name] for name in fixed), strict=True)
    return [max(taken, key=lambda sample: sample.amount) for taken in rounds]


def fitting(tiers: Sequence[Sequence[int]], count: int, rate: int) -> int:
    """Which tier lasts long enough, the last one if none does."""
    for number, sizes in enumerate(tiers):
        if rate and sum(sizes) >= LASTS * count * rate * MB:
            return number
    return len(tiers) - 1


def bound(sizes: Sequence[int], count: int, milliseconds: int, rate: int) -> float:
    """More MB/s than `count` connections could bring, each of which takes a round trip for every file."""
    seconds = len(sizes) * milliseconds / 1000 + (sum(sizes) / (rate * MB) if rate else 0.0)
    return count * sum(sizes) / MB / seconds if seconds else math.inf


#: Nothing was played, so nothing was taken; `amount` is what it could not have exceeded.
LEFT_OUT = Sample(0.0, 0.0, 0.0, 0.0, 0, "")


class Leader:
    """The most that any fixed number has brought on a line: what cannot bring as much need not be played."""

    def __init__(self) -> None:
        self._best = 0.0

    def take(self, most: float, download: Callable[[], Sample]) -> Sample:
        """What `download` brings, which is `most` MB/s at most, or LEFT_OUT with `most`."""
        if most < self._best:
            return replace(LEFT_OUT, amount=most)
        sample = download()
        self._best = max(sample.amount, self._best)
        return sample


def _cells(
    tiers: Sequence[Sequence[int]], lines: Sequence[tuple[int, int]], counts: Sequence[int]
) -> Callable[[Path, ExitStack], Contestants]:
    """`tiers`: sets of files, the smallest first. Of the numbers the greatest is played first."""

    def prepare(place: Path, stack: ExitStack) -> Contestants:
        @cache
        def accounts(tier: int) -> Account:
            return account(place / f"{tier}", stack, tiers[tier])

        @cache
        def reached(tier: int, milliseconds: int, rate: int) -> Reached:
            there = accounts(tier)
            _, host = delayed(place, stack, there.nginx.http, milliseconds, rate=rate * MB)
            return there.reached(host=host, name=f"{milliseconds}-{rate}")

        def download(tier: int, milliseconds: int, rate: int, downloads: int | str) -> Sample:
            sample = reached(tier, milliseconds, rate).sync(downloads=downloads)()
            return replace(sample, amount=sum(tiers[tier]) / MB / sample.wall)

        found: dict[str, Callable[[], Sample]] = {}
        for line in lines:
            name, leader = _name(*line), Leader()
            first, *others = sorted(counts, reverse=True)
            for count in (first, None, *others):
                if count is None:
                    found[f"{name}: auto"] = partial(download, len(tiers) - 1, *line, "auto")
                    continue
                tier = fitting(tiers, count, line[1])
                most, taken = bound(tiers[tier], count, *line), partial(download, tier, *line, count)
                found[f"{name}: {count}"] = partial(leader.take, most, taken)
        return found

    return prepare


def layout(samples: Samples) -> Table:
    """MB/s: a row for each line, a column for each number; `< 5` was left out, and could not bring 5."""
    columns = [*map(str, COUNTS), "auto"]
    rows = [*dict.fromkeys(_stands(name)[0] for name in samples)]
    table = [["MB/s", *columns], *([row, *[""] * len(columns)] for row in rows)]
    for name, taken in samples.items():
        row, column = _stands(name)
        if column not in columns:  # the best of them
            continue
        less = "" if all(sample.wall for sample in taken) else "< "
        cell = less + spread([sample.amount for sample in taken], 0)
        table[1 + rows.index(row)][1 + columns.index(column)] = cell
    return table


def _stands(contestant: str) -> tuple[str, str]:
    """In which row, and in which column."""
    row, _, column = contestant.partition(": ")
    return row, column


def _bests(lines: Sequence[tuple[int, int]], counts: Sequence[int]) -> Derived:
    return {
        f"{name}: best": partial(best, fixed=[f"{name}: {count}" for count in counts])
        for name in (_name(*line) for line in lines)
    }


def _figures(lines: Sequence[tuple[int, int]], beside: str, what: str) -> tuple[Figure, ...]:
    return tuple(
        Figure(
            f"auto, {_name(*line)}",
            f"MB/s of the adaptive number, to {what}",
            own=f"{_name(*line)}: auto",
            base=f"{_name(*line)}: {beside}",
            of="amount",
            sense="rate",
            floor=0.8,
        )
        for line in lines
    )


_ONE = ((80, 5),)
SHORT = Scenario(
    "adaptive",
    "2.6 GB of files of 60 MB, photos, thumbnails through a far line of 5 MB/s each, on which 16 connections "
    "could not bring more than 80: the adaptive number beside 32, the most that there may be; a third of the "
    "time that the goal is meant for",
    _cells((MEDIUM,), _ONE, (32,)),
    _figures(_ONE, "32", "32 downloads"),
    rounds=1,
    amount="MB/s",
    space=6.0,
)


def _matrix(rate: int) -> Scenario:
    """The lines of one rate: all of them would take half an hour, and a scenario is whole or not at all."""
    lines = tuple((milliseconds, rate) for milliseconds in ROUND_TRIPS)
    return Scenario(
        f"lines-{rate or 'unbounded'}",
        "9 files of 300 MB, 720 photos, 3,600 thumbnails through lines "
        + (f"of {rate} MB/s for each connection; " if rate else "without a bound; ")
        + "less of the same for numbers that would take much longer than a minute. What shows '< 80' was not "
        "played: with a round trip for each file and that rate it could not have brought 80, and another "
        "number has brought more",
        _cells((SMALL, MEDIUM, LARGE), lines, COUNTS),
        _figures(lines, "best", "the best fixed one of the round"),
        rounds=1,
        long=True,
        layout=layout,
        space=23.0,
        derived=_bests(lines, COUNTS),
    )


MATRIX = tuple(map(_matrix, RATES))


#: How long the API takes to answer, in milliseconds: nothing else is so slow that it would be taken for one.
_LATENCY = 500


def _first_byte(place: Path, stack: ExitStack) -> Contestants:
    need("nginx", "curl")
    library = Library(place / "library", [100 * KB] * 40)
    nginx = serve_files(place, library.root, stack)
    home = place / "home"
    asked, fetched = (home / name for name in ("asked", "fetched"))

    def take() -> Sample:
        """How many answers of the API, each to a question that the one before led to, come before a photo is
        asked for: counted in what the lines have noted."""
        empty(home)
        with ExitStack() as servers:
            _, host = delayed(home, servers, nginx.http, 0, note=fetched)
            media = ("--media-url", f"http://{host}", "--latency", f"{_LATENCY}")
            emulator = Emulator(home, servers, str(library.root), *media)
            _, api = delayed(home, servers, emulator.ready["api_url"].removeprefix("http://"), 0, note=asked)
            emulator.configure(home, "--media-host", host, f"--api-url=http://{api}")
            began = time.monotonic()
            sample = measure([SMUGSYNC, "sync", "--quiet"], home, [emulator.pid])
            if md5s(home / "mirror") != library.sums:
                raise BenchmarkError(f"the mirror is not what is online; it said: {sample.out[:500]}")
            until = spells(fetched.read_text().splitlines())[0].asked
            answers = one_after_another(spells(asked.read_text().splitlines(), began), until)
        if not answers:
            raise BenchmarkError(
                "a photo was asked for before anything was answered: it was not a first mirror"
            )
        return replace(sample, amount=answers)

    return {"smugsync": take}


FIRST_BYTE = Scenario(
    "first-byte",
    "a first mirror, where the API takes half a second to answer: how many answers, one after another, the "
    "first photo waits for; what is asked at the same time counts once",
    _first_byte,
    (
        Figure(
            "first byte",
            "answers of the API that the first photo waits for",
            "smugsync",
            "",
            "amount",
            "cost",
            2.0,
        ),
    ),
    amount="answers",
)

#: How long every answer takes, in seconds, entries of a page, and questions that are asked at once.
_ANSWER, _PAGE, _LANES = 0.05, 100, 4


def _listing(albums: int, images: int) -> Callable[[Path, ExitStack], Contestants]:
    def prepare(place: Path, stack: ExitStack) -> Contestants:
        size = ("--albums", str(albums), "--images", str(images))
        emulator = Emulator(place, stack, *size, "--latency", f"{_ANSWER * 1000:.0f}")

        def take() -> Sample:
            home = empty(place / "home")
            emulator.configure(home)
            sample = measure([SMUGSYNC, "plan", "--json"], home, [emulator.pid], count=emulator.requests)
            if f'"files_planned": {albums * images}' not in sample.out:
                raise BenchmarkError(f"the plan is wrong; it said: {sample.out[:500]}")
            return replace(sample, amount=sample.wall / (sample.requests * _ANSWER / _LANES))

        return {f"{albums * images:,} images": take}

    return prepare


def _waiting(name: str, albums: int, images: int, *, long: bool) -> Scenario:
    who = f"{albums * images:,} images"
    questions = math.ceil(albums / _PAGE) + albums * math.ceil(images / _PAGE)
    return Scenario(
        name,
        f"a first listing of {albums:,} albums with {images} images each, where every answer takes 50 ms "
        "and four questions are asked at once",
        _listing(albums, images),
        (
            Figure(
                f"P17, {name}",
                "requests of it",
                who,
                "",
                "requests",
                "cost",
                math.floor(1.02 * questions + 5),
            ),
        ),
        rounds=1 if long else None,
        long=long,
        amount="to waiting alone",
    )


LISTING = _waiting("waiting", 200, 250, long=False)
LISTING_LONG = _waiting("waiting-long", 2000, 250, long=True)

SCENARIOS: Mapping[str, Scenario] = {
    one.name: one for one in (FAR, SHORT, *MATRIX, FIRST_BYTE, LISTING, LISTING_LONG)
}
