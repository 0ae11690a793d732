"""What is compared with what, and from where on it is too little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median
from typing import Literal

from benchmarks.processes import BenchmarkError, Sample

#: By contestant, one sample for each round.
Samples = Mapping[str, Sequence[Sample]]
Verdict = Literal["holds", "holds, below the goal", "MISSED"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of `own`, beside `base` in the same round or alone (base = "").

    `of` names an attribute of `Sample`. `sense` says what is better:

    - "speed", of what takes time: base / own, which has to be `floor` at least;
    - "rate", of what there cannot be too much of: own / base, or own alone, which has to be `floor` at least;
    - "cost": own / base, or own alone, which may be `floor` at most.

    `goal` is what it is meant to reach beyond that. `unit` stands behind a number that is no ratio.
    """

    name: str
    what: str
    own: str
    base: str
    of: Literal["wall", "cpu", "rss", "requests", "amount"]
    sense: Literal["speed", "rate", "cost"]
    floor: float
    goal: float | None = None
    unit: str = ""

    def read(self, samples: Samples) -> Reading:
        """Raises BenchmarkError if a contestant is not among `samples`, or there is nothing to divide by."""
        own = self._of(samples, self.own)
        if not self.base:
            return Reading(self, tuple(own))
        base = self._of(samples, self.base)
        pairs = list(zip(own, base, strict=True))
        if not all(a if self.sense == "speed" else b for a, b in pairs):
            raise BenchmarkError(f"{self.name}: {self.of} is 0 in a round, which makes no ratio")
        return Reading(self, tuple(b / a if self.sense == "speed" else a / b for a, b in pairs))

    def bounded(self, limit: float) -> str:
        """A floor or a goal as a reader wants it: "≥ 0.85", "≤ 80 MB"."""
        return f"{'≥' if self.more_is_better else '≤'} {number(limit)} {self.unit}".rstrip()

    @property
    def more_is_better(self) -> bool:
        return self.sense != "cost"

    def _of(self, samples: Samples, contestant: str) -> list[float]:
        if contestant not in samples:
            raise BenchmarkError(f"{self.name}: no contestant is called {contestant!r}")
        values = [float(getattr(sample, self.of)) for sample in samples[contestant]]
        if not all(map(isfinite, values)):
            raise BenchmarkError(f"{self.name}: {self.of} of {contestant!r} is no number in a round")
        return values


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure as it was measured, one value for each round."""

    figure: Figure
    values: tuple[float, ...]

    @property
    def middle(self) -> float:
        return median(self.values)

    def reaches(self, limit: float) -> bool:
        return self.middle >= limit if self.figure.more_is_better else self.middle <= limit

    @property
    def holds(self) -> bool:
        return self.reaches(self.figure.floor)

    @property
    def verdict(self) -> Verdict:
        if not self.holds:
            return "MISSED"
        return (
            "holds" if self.figure.goal is None or self.reaches(self.figure.goal) else "holds, below the goal"
        )

    @property
    def digits(self) -> int:
        """So many that what is shown, beside the floor and the goal, says no other thing than the verdict."""
        limits = [limit for limit in (self.figure.floor, self.figure.goal) if limit is not None]
        least = 0 if all(value == int(value) for value in self.values) else 2
        for digits in range(least, 6):
            shown = Reading(self.figure, (round(self.middle, digits),))
            if all(shown.reaches(limit) == self.reaches(limit) for limit in limits):
                return digits
        return 6

    def __str__(self) -> str:
        return f"{spread(self.values, self.digits)} {self.figure.unit}".rstrip()


def spread(values: Sequence[float], digits: int) -> str:
    """`median (least–greatest)`, or the one figure that all of them show."""
    middle, least, most = (f"{value:,.{digits}f}" for value in (median(values), min(values), max(values)))
    return middle if least == middle == most else f"{middle} ({least}–{most})"


def number(value: float) -> str:
    """All digits that were written, with commas between thousands."""
    return f"{value:,.10g}"
