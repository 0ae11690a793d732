"""How a fault is brought in. Each way tells where it can strike, strikes, and ends."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.e2e.command import Result
from tests.faults.bench import Bench
from tests.faults.ground import cannot_make
from tests.faults.judge import Truth


class Where(Protocol):
    """A place at which a fault can strike; `str` of it is what a person says to strike there again."""

    @property
    def step(self) -> str:
        """What the run was about there: a column of the table."""

    @property
    def kind(self) -> str:
        """Places of one kind are alike: where not all are tried, some of each kind are."""


@dataclass(frozen=True, slots=True)
class Struck:
    """How a run with a fault ended. `reached` False: it was over before the fault could strike."""

    result: Result
    reached: bool
    truth: Truth | None = None  #: what is true now, where the fault has changed it
    wrong: Sequence[str] = ()  #: what only this fault can go wrong with


class Means(Protocol):
    """A way of bringing a fault in. `ground` is the kind of ground that it takes."""

    @property
    def ground(self) -> str: ...

    def lacks(self) -> str:
        """Why it cannot be had on this machine; "" if it can."""

    def places(self, bench: Bench) -> Sequence[Where]: ...

    def strike(self, bench: Bench, where: Where) -> Struck:
        """Run the command with the fault; when this returns, the fault is over."""


@dataclass(frozen=True, slots=True)
class Amount:
    """So much is left of something."""

    step: str
    number: int

    @property
    def kind(self) -> str:
        return self.step

    def __str__(self) -> str:
        return f"{self.step} {self.number}"

    @classmethod
    def parse(cls, text: str) -> Amount:
        step, _, number = text.rpartition(" ")
        return cls(step, int(number))


@dataclass(frozen=True)
class Cramped:
    """A real disk, on which `amounts` of bytes or inodes are left when the run begins, and which stays so."""

    what: str
    amounts: Sequence[int]
    ground: str = "ext4"

    def lacks(self) -> str:
        return cannot_make(self.ground)

    def places(self, bench: Bench) -> Sequence[Where]:
        return [Amount(self.what, amount) for amount in self.amounts]

    def strike(self, bench: Bench, where: Where) -> Struck:
        assert isinstance(where, Amount)
        disk = bench.ground.disk
        assert disk is not None
        ballast = disk.place / "ballast"
        ballast.mkdir()
        free = os.statvfs(disk.place)
        if self.what == "bytes":
            with (ballast / "filler").open("wb") as filler:
                os.posix_fallocate(filler.fileno(), 0, free.f_bavail * free.f_frsize - where.number)
        else:
            for number in range(free.f_favail - 1 - where.number):
                (ballast / str(number)).touch()
        result = bench.command.run(*bench.operation.arguments)
        shutil.rmtree(ballast)
        return Struck(result, result.code != 0)
