"""What each of many costs, without what the same command takes for one of them.

`AMOUNT` of a contestant are the microseconds for each of its photos (or albums): the start of a process would
make the small ones look dear.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.figures import Figure
from benchmarks.processes import Sample

FLAT = 1.3  #: what may cost so many times as much where there is more of it
MEMORY = 80.0  #: MB of a whole process
AMOUNT = "us of CPU"
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


def flat(name: str, what: str, own: str, base: str) -> Figure:
    return Figure(name, what, own, base, "amount", "cost", FLAT)


def light(own: str) -> Figure:
    return Figure(f"memory: {own}", "peak memory of the process", own, "", "rss", "cost", MEMORY, unit="MB")
