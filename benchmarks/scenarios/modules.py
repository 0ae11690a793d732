"""What single modules cost, beside the least that their work can be done with: see `programs.rows`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.processes import ROOT, Sample, measure
from benchmarks.scenario import Contestants, Scenario
from benchmarks.stage.files import empty

_PLAIN, _INGEST = "json.loads, plain INSERT", "read, compare, record"
_INSERT, _AGAIN = "new rows", "the same rows again"


def _timed(home: Path, contestant: str, photos: int) -> Callable[[], Sample]:
    def take() -> Sample:
        home.mkdir(exist_ok=True)
        program = [sys.executable, "-m", "benchmarks.programs.rows"]
        command = [*program, contestant, str(home / "work"), str(photos)]
        sample = measure(command, home, PYTHONPATH=str(ROOT))
        return replace(sample, amount=float(sample.out))

    return take


def _ingest(place: Path, stack: ExitStack) -> Contestants:
    home = empty(place / "home")
    (home / "work").mkdir()
    return {_PLAIN: _timed(home, "plain", 5000), _INGEST: _timed(home, "ingest", 5000)}


INGEST = Scenario(
    "ingest",
    "the listing of an album of 5,000 photos that are all known; seconds inside the process; the baseline's "
    "table has the same columns and unique keys, and nothing else",
    _ingest,
    (
        Figure(
            "P11",
            "ingest of an album, to json.loads and a plain INSERT",
            _INGEST,
            _PLAIN,
            "amount",
            "cost",
            2.0,
        ),
    ),
    amount="seconds of it",
)


def _rows(photos: int) -> Callable[[Path, ExitStack], Contestants]:
    def prepare(place: Path, stack: ExitStack) -> Contestants:
        home = empty(place / "home")
        _timed(home, "insert", photos)()  # what is inserted again in a round whose turn comes first
        return {_INSERT: _timed(home, "insert", photos), _AGAIN: _timed(home, "again", photos)}

    return prepare


def _upserts(name: str, photos: int, *, rounds: int | None, long: bool) -> Scenario:
    figure = "P12" if long else f"P12, {photos:,}"
    return Scenario(
        name,
        f"{photos:,} rows put into the catalogue, and put there once more; seconds inside the process",
        _rows(photos),
        (
            Figure(
                figure, "upsert of unchanged rows, to their insert", _AGAIN, _INSERT, "amount", "cost", 1.8
            ),
        ),
        rounds=rounds,
        long=long,
        amount="seconds of it",
    )


UPSERT = _upserts("upsert", 50_000, rounds=None, long=False)
UPSERT_MILLION = _upserts("upsert-million", 1_000_000, rounds=3, long=True)

SCENARIOS: Mapping[str, Scenario] = {one.name: one for one in (INGEST, UPSERT, UPSERT_MILLION)}
