"""What is compared with what, and from where on it is too little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from benchmarks.processes import Sample

#: By contestant, one sample for each round.
Samples = Mapping[str, Sequence[Sample]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of `own`, beside `base` in the same round or alone (base = "").

    `of` names an attribute of `Sample`. `sense`: "speed" is base / own and has to be `floor` at least; "cost"
    is own / base, or own alone, and may be `floor` at most. `goal` is what it is meant to reach beyond that.
    `unit` stands behind a number that is no ratio.
    """

    name: str
    what: str
    own: str
    base: str
    of: Literal["wall", "cpu", "rss", "requests", "amount"]
    sense: Literal["speed", "cost"]
    floor: float
    goal: float | None = None
    unit: str = ""

    def read(self, samples: Samples) -> Reading:
        own = [float(getattr(sample, self.of)) for sample in samples[self.own]]
        if not self.base:
            return Reading(self, tuple(own))
        base = [float(getattr(sample, self.of)) for sample in samples[self.base]]
        pairs = zip(own, base, strict=True)
        return Reading(self, tuple(b / a if self.sense == "speed" else a / b for a, b in pairs))


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure as it was measured, one value for each round."""

    figure: Figure
    values: tuple[float, ...]

    @property
    def middle(self) -> float:
        return median(self.values)

    def reaches(self, limit: float) -> bool:
        return self.middle >= limit if self.figure.sense == "speed" else self.middle <= limit

    @property
    def holds(self) -> bool:
        return self.reaches(self.figure.floor)


def spread(values: Sequence[float], digits: int) -> str:
    """`median (least–greatest)`, or the one figure that all of them show."""
    middle, least, most = (f"{value:,.{digits}f}" for value in (median(values), min(values), max(values)))
    return middle if least == most else f"{middle} ({least}–{most})"
