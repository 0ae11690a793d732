"""What one scenario consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import Figure, Samples
from benchmarks.processes import Sample

#: By name. Each prepares, takes one sample, and raises BenchmarkError for a wrong result.
Contestants = Mapping[str, Callable[[], Sample]]
#: By name, a sample for each round that is made of those of the contestants.
Derived = Mapping[str, Callable[[Samples], Sequence[Sample]]]
#: Cells of text, by row; the first row is the head.
Table = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Moved:
    """What a contestant moves in one sample; 0 is "nothing that would make a rate"."""

    files: int = 0
    bytes: int = 0


NOTHING = Moved()


@dataclass(frozen=True, slots=True)
class Scenario:
    """`prepare` sets the stage in an empty directory, until the stack is left, and says who takes part.

    `rounds`: so many, where the usual number would take too long; the full programme keeps to it only in what
    is `long`. `long`: only in the full programme. `space`: GB that it takes below TMPDIR at most. `optional`:
    a run is whole without it, where somebody else's program is not there. `derived`: what is made of the
    samples once all rounds are over.
    `moved`, the same for everybody or by contestant, makes columns of MB/s, files/s and CPU seconds per GB.
    `amount` is the title of the column that shows `Sample.amount`. `layout` makes a table of its own, shown
    above the usual one.
    """

    name: str
    what: str
    prepare: Callable[[Path, ExitStack], Contestants]
    figures: tuple[Figure, ...] = ()
    rounds: int | None = None
    long: bool = False
    moved: Moved | Mapping[str, Moved] = NOTHING
    amount: str = ""
    layout: Callable[[Samples], Table] | None = None
    space: float = 1.0
    optional: bool = False
    derived: Derived = field(default_factory=dict)

    def moved_by(self, contestant: str) -> Moved:
        return self.moved if isinstance(self.moved, Moved) else self.moved.get(contestant, NOTHING)
