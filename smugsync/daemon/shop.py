"""The real workshop of one run: an engine over an open catalogue, mirror and session."""

from __future__ import annotations

import time
from collections.abc import Callable

from smugsync.catalogue import Catalogue
from smugsync.local.tree import Mirror
from smugsync.records import dataclass
from smugsync.remote.session import Session
from smugsync.stop import Stop
from smugsync.sync import recovery
from smugsync.sync.context import Scope
from smugsync.sync.engine import Engine
from smugsync.sync.proving.audit import Wish as Proof
from smugsync.sync.proving.verification import Verification
from smugsync.sync.report import Report
from smugsync.sync.sending.finding import unsettled

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Workbench:
    """A `Shop`. `rate` is in bytes a second, None = any; `slice` in seconds."""

    catalogue: Catalogue
    mirror: Mirror
    engine: Engine
    session: Session
    stop: Stop
    full_every_days: int
    verify_every_days: int
    verify_rate: float | None
    verify_slice: float
    clock: Callable[[], float] = time.time

    def check(self) -> None:
        """Raises SuspiciousPlan, MirrorUnusable."""
        recovery.check_marker(self.catalogue, self.mirror)

    def is_settled(self, scope: Scope) -> bool:
        return scope.kind == "paths" and not unsettled(self.catalogue, self.mirror, scope.paths)

    def is_overdue(self) -> bool:
        return self.engine.is_full_overdue(self.full_every_days)

    def run(self, scope: Scope) -> Report:
        if scope.kind != "verify":
            return self.engine.run(scope)
        before = int(self.clock()) - self.verify_every_days * _DAY
        proof = Proof(before=before, rate=self.verify_rate, seconds=self.verify_slice)
        return self.engine.work(scope, Verification(proof))

    def abort(self) -> None:
        self.stop.set(self.stop.signal)
        self.session.abort()

    def moved(self) -> object:
        return self.session.counts

    def delay(self) -> float:
        return self.session.budget.delay()
