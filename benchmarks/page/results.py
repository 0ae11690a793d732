"""What was measured, kept beside the page: every round of every contestant, of one machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from benchmarks.figures import Figure, Reading, Samples
from benchmarks.page.tables import by_contestant
from benchmarks.processes import ROOT, BenchmarkError, Sample
from benchmarks.scenario import Moved, Scenario, Table
from benchmarks.stage.machine import Machine, Tree

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Run:
    """When and on what a scenario was played: UTC, load averages of a minute, seconds with all preparing.

    `harness` is its own peak memory in MB while it measured, below which no contestant's can be seen;
    `others` the share of all processors, from 0 to 1, that went to programs which are no part of it.
    """

    begun: str
    tree: Tree
    load_before: float
    load_after: float
    seconds: float
    harness: int
    others: float


@dataclass(frozen=True, slots=True)
class Columns:
    """The samples of one contestant, a value for each round."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]
    rss: tuple[float, ...]
    server: tuple[float, ...]
    requests: tuple[int, ...]
    amount: tuple[float, ...]

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Columns:
        rows = [(one.wall, one.cpu, one.rss, one.server, one.requests, one.amount) for one in samples]
        wall, cpu, rss, server, requests, amount = zip(*rows, strict=True)
        return cls(wall, cpu, rss, server, requests, amount)

    def samples(self) -> list[Sample]:
        rows = zip(self.wall, self.cpu, self.rss, self.server, self.requests, self.amount, strict=True)
        return [
            Sample(wall, cpu, rss, server, asked, "", amount)
            for wall, cpu, rss, server, asked, amount in rows
        ]


@dataclass(frozen=True, slots=True)
class Record:
    """What came of one scenario. `reason` says why it was skipped, failed or was not played.

    A run is whole without one that is `optional`.
    """

    name: str
    what: str
    outcome: Literal["measured", "skipped", "failed", "not measured"]
    reason: str = ""
    run: Run | None = None
    figures: tuple[Figure, ...] = ()
    columns: dict[str, Columns] = field(default_factory=dict)
    moved: dict[str, Moved] = field(default_factory=dict)
    amount: str = ""
    table: list[list[str]] = field(default_factory=list)
    optional: bool = False

    @property
    def samples(self) -> Samples:
        return {name: columns.samples() for name, columns in self.columns.items()}

    def contestants(self) -> Table:
        """The usual table: a row for each of them."""
        return by_contestant(self.samples, self.moved, self.amount, self.run.harness if self.run else 0.0)

    @property
    def rounds(self) -> int:
        return max((len(columns.wall) for columns in self.columns.values()), default=0)

    @property
    def readings(self) -> list[Reading]:
        samples = self.samples
        return [figure.read(samples) for figure in self.figures] if self.outcome == "measured" else []


def measured(scenario: Scenario, samples: Samples, run: Run) -> Record:
    """Raises BenchmarkError for a figure that cannot be read from `samples`."""
    kept = {name: Columns.of([_rounded(one) for one in own]) for name, own in samples.items()}
    record = Record(
        scenario.name,
        scenario.what,
        "measured",
        run=run,
        figures=scenario.figures,
        columns=kept,
        moved={name: scenario.moved_by(name) for name in samples},
        amount=scenario.amount,
        optional=scenario.optional,
    )
    _ = record.readings
    return replace(record, table=_listed(scenario.layout(record.samples)) if scenario.layout else [])


def unmeasured(scenario: Scenario, outcome: Literal["skipped", "failed"], reason: str, run: Run) -> Record:
    """`reason` is made one line, in which this tree is a dot."""
    short = " ".join(reason.replace(str(ROOT), ".").split())
    return Record(
        scenario.name, scenario.what, outcome, short, run, scenario.figures, optional=scenario.optional
    )


def unplayed(scenario: Scenario) -> Record:
    reason = "part of `make bench-full`" if scenario.long else "not yet played"
    return Record(
        scenario.name,
        scenario.what,
        "not measured",
        reason,
        figures=scenario.figures,
        optional=scenario.optional,
    )


@dataclass(frozen=True, slots=True)
class Results:
    """By scenario, in the order in which they are played; never of more than one machine."""

    machine: Machine
    records: dict[str, Record] = field(default_factory=dict)

    def with_record(self, record: Record) -> Results:
        return replace(self, records=self.records | {record.name: record})

    def arranged(self, scenarios: Iterable[Scenario]) -> Results:
        """For exactly these scenarios: one that is gone is dropped, one never played says so."""
        played = {name: record for name, record in self.records.items() if record.run}
        return replace(self, records={one.name: played.get(one.name) or unplayed(one) for one in scenarios})


_STORED = TypeAdapter(Results)


def load(path: Path) -> Results | None:
    """None if there is no such file. Raises BenchmarkError if it is not ours."""
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text())
        if stored["format"] != FORMAT:
            raise ValueError(f"its format is {stored['format']}, not {FORMAT}")
        return _STORED.validate_python(stored["results"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        reason = str(error).partition("\n")[0]
        raise BenchmarkError(f"{path} cannot be read ({reason}): remove it, and measure anew") from error


def dump(results: Results) -> str:
    """As `load` reads it; the values of the rounds of one column are on one line."""
    text = json.dumps(
        {"format": FORMAT, "results": _STORED.dump_python(results, mode="json")}, indent=1, ensure_ascii=False
    )
    text = re.sub(r"\[\s+(-?\d[^\[\]{}\"]*?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
    return f"{text}\n"


def _rounded(sample: Sample) -> Sample:
    """What is judged is what is kept, to the last digit."""
    return replace(
        sample,
        wall=round(sample.wall, 4),
        cpu=round(sample.cpu, 4),
        rss=round(sample.rss, 2),
        server=round(sample.server, 2),
        out="",
    )


def _listed(table: Table) -> list[list[str]]:
    return [list(row) for row in table]
