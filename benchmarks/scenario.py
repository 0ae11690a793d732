"""What one scenario consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.processes import Sample

#: By name. Each prepares, takes one sample, and raises BenchmarkError for a wrong result.
Contestants = Mapping[str, Callable[[], Sample]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`prepare` sets the stage in an empty directory, until the stack is left, and says who takes part.

    `rounds`: so many, where the usual number would take too long. `long`: only in the full programme.
    """

    name: str
    what: str
    prepare: Callable[[Path, ExitStack], Contestants]
    figures: tuple[Figure, ...] = ()
    rounds: int | None = None
    long: bool = False
