"""Faults that strike at a request: on the line, or in the account that is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.bench import Bench
from tests.faults.means import Amount, Struck, Where
from tests.faults.wire import Request, Spoil


@dataclass(frozen=True)
class Spoiled:
    """One answer, or `times` in a row on its route, is spoiled on its way."""

    spoil: Spoil
    media: bool | None = None  #: only photos, or only what is no photo
    times: int = 1
    ground: str = "directory"

    def lacks(self) -> str:
        return ""

    def places(self, bench: Bench) -> Sequence[Where]:
        bench.restore()
        with bench.over_the_wire() as line:
            line.arm()
            result = bench.command.run(*bench.operation.arguments)
            assert result.code == 0, result
            asked = list(line.requests)
        return [request for request in asked if self.media is None or request.is_media == self.media]

    def strike(self, bench: Bench, where: Where) -> Struck:
        assert isinstance(where, Request)
        with bench.over_the_wire() as line:
            line.arm(where, self.spoil, times=self.times)
            result = bench.command.run(*bench.operation.arguments)
            return Struck(result, line.struck > 0)


@dataclass(frozen=True)
class Misbehaving:
    """The account does what a real one does at a bad moment: a fault of the emulator, at one request."""

    kind: str
    route: str = "/api/*"
    options: str = ""
    most: int = 12  #: later requests of a run are not tried
    ground: str = "directory"

    def lacks(self) -> str:
        return ""

    def places(self, bench: Bench) -> Sequence[Where]:
        return [Amount("request", number) for number in range(1, self.most + 1)]

    def strike(self, bench: Bench, where: Where) -> Struck:
        assert isinstance(where, Amount)
        options = ",".join(filter(None, ("times=1", f"after={where.number - 1}", self.options)))
        fault = bench.online.fault(f"{self.kind}@{self.route}:{options}")
        result = bench.command.run(*bench.operation.arguments)
        reached = bench.online.struck(fault) > 0
        bench.online.calm()
        return Struck(result, reached, bench.look_online_again())
