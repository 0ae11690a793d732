"""What a photo costs where there are more and more of them: it has to stay the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Samples
from benchmarks.processes import SMUGSYNC, Emulator, measure
from benchmarks.scenario import Contestants, Scenario, Table
from benchmarks.scenarios.accounts import (
    EACH,
    PAGE,
    asking,
    comparing,
    emulated,
    mirrored,
    planning,
    poll,
    unmirrored,
)
from benchmarks.scenarios.shares import AMOUNT, FLAT, Share, Take, flat, light
from benchmarks.stage.grown import CATALOGUE


def _growth(sizes: Sequence[int]) -> Callable[[Path, ExitStack], Contestants]:
    def prepare(place: Path, stack: ExitStack) -> Contestants:
        contestants: dict[str, Take] = {}
        plan, full = Share(), Share()
        one = unmirrored(place / "one", stack, 1, 1)
        contestants["plan, 1"] = plan.one(planning(*one, 1))
        held = emulated(place / "held", stack, albums=1, images=1)
        measure([SMUGSYNC, "sync", "--quiet"], held[1])
        contestants["full, 1"] = full.one(comparing(*held, 1))
        for size in sizes:
            fresh = unmirrored(place / f"fresh-{size}", stack, size // EACH, EACH)
            contestants[f"plan, {size:,}"] = plan.many(planning(*fresh, size), size)
            emulator, home = mirrored(place / f"mirrored-{size}", stack, size // EACH)
            bytes_each = (home / CATALOGUE).stat().st_size / size
            contestants[f"full, {size:,}"] = full.many(comparing(emulator, home, size), size)
            contestants[f"quiet, {size:,}"] = _polling(emulator, home, bytes_each)
            contestants[f"status, {size:,}"] = asking(home, "status", albums=size // EACH)
        return contestants

    return prepare


def _polling(emulator: Emulator, home: Path, bytes_each: float) -> Take:
    return lambda: replace(poll(emulator, home, albums_listed=0, files_planned=0), amount=bytes_each)


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
            flat(f"growth{suffix}", f"CPU per photo of a plan, to {small}", plan, f"plan, {small}"),
            flat(
                f"growth, full{suffix}",
                f"CPU per photo of listing and comparing, to {small}",
                full,
                f"full, {small}",
            ),
            flat(f"size{suffix}", f"catalogue per photo, to {small}", quiet, f"quiet, {small}"),
            Figure(
                f"P16{suffix}", "requests of an idle poll", quiet, "", "requests", "cost", albums / PAGE + 1
            ),
            *map(light, (plan, full, quiet, f"status, {large}")),
        ),
        rounds=rounds,
        long=long,
        amount=f"{AMOUNT}, or bytes",
        layout=_growth_table(sizes),
        space=space,
    )


GROWTH = _table_of("growth", (10_000, 50_000), rounds=None, long=False, space=2.0)
GROWTH_MILLION = _table_of("growth-million", (10_000, 100_000, 1_000_000), rounds=1, long=True, space=8.0)

SCENARIOS: Mapping[str, Scenario] = {GROWTH.name: GROWTH}
#: Played after all others about large numbers, since it takes longer than they do.
IN_FULL: Mapping[str, Scenario] = {GROWTH_MILLION.name: GROWTH_MILLION}
