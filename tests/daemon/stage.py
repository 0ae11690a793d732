"""A keeper without a service: its shop does what a test says, its clock stands still unless it is moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smugsync.daemon.causes import Ground
from smugsync.daemon.keeper import Keeper
from smugsync.daemon.profile import Known, Profile, Timing, Watcher
from smugsync.daemon.wishes import Asker, Wish
from smugsync.errors import NotAuthorised, SmugsyncError
from smugsync.local.marker import Marker
from smugsync.local.tree import Mirror
from smugsync.notify.events import Event
from smugsync.progress import Progress
from smugsync.stop import Stop
from smugsync.sync.context import Scope
from smugsync.sync.report import Report
from tests.daemon.times import Hands

#: What a run does: it fills the report, or raises as the opening of a shop may.
Deed = Callable[[Report], object]


@dataclass
class Bench:
    """The shop. `deeds` are done in turn, the last one again and again."""

    stage: Stage
    stop: Stop
    progress: Progress

    def check(self) -> None:
        if self.stage.check is not None:
            raise self.stage.check

    def is_settled(self, scope: Scope) -> bool:
        return scope.kind == "paths" and self.stage.settled

    def is_overdue(self) -> bool:
        return self.stage.overdue

    def run(self, scope: Scope) -> Report:
        self.stage.runs.append(scope)
        report = Report(scope=str(scope))
        deeds = self.stage.deeds
        deed = deeds.pop(0) if len(deeds) > 1 else deeds[0]
        deed(report)
        return report

    def abort(self) -> None:
        self.stage.aborted += 1

    def moved(self) -> object:
        return len(self.stage.runs)

    def delay(self) -> float:
        return self.stage.delay


@dataclass
class Stage:
    root: Path
    hands: Hands = field(default_factory=Hands)
    timing: Timing = field(default_factory=Timing)
    opening: SmugsyncError | None = None  #: raised when a shop is to be opened
    check: SmugsyncError | None = None
    overdue: bool = False
    settled: bool = False  #: paths that are seen are as they are recorded
    delay: float = 0.0
    reachable: bool = True
    deeds: list[Deed] = field(default_factory=lambda: [lambda report: None])
    runs: list[Scope] = field(default_factory=list)
    impatient: list[bool] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    heard: list[Mapping[str, Any]] = field(default_factory=list)
    knocks: int = 0
    aborted: int = 0
    open_now: bool = False
    keeper: Keeper = field(init=False)

    def __post_init__(self) -> None:
        (self.root / "state").mkdir(exist_ok=True)
        Mirror.create(self.root / "mirror", Marker("a-mirror", "")).close()
        self.keeper = Keeper(self.profile(), emit=self.events.append, clocks=self.hands.clocks())

    def profile(self, **changes: Any) -> Profile:
        @contextmanager
        def claim() -> Iterator[None]:
            yield

        @contextmanager
        def open_shop(
            stop: Stop, progress: Progress, /, *, impatient: bool, offline: bool
        ) -> Iterator[Bench]:
            if self.opening is not None and not (offline and isinstance(self.opening, NotAuthorised)):
                raise self.opening
            self.impatient.append(impatient)
            self.open_now = True
            try:
                yield Bench(self, stop, progress)
            finally:
                self.open_now = False

        def reach(register: Callable[[Callable[[], None]], None]) -> bool:
            self.knocks += 1
            return self.reachable

        values: dict[str, Any] = {
            "name": "default",
            "state_dir": self.root / "state",
            "socket": self.root / "state" / "control.sock",
            "timing": self.timing,
            "settings": 0,
            "claim": claim,
            "open": open_shop,
            "known": lambda: Known(mirror="a-mirror"),
            "ground": Ground(self.root / "mirror"),
            "reach": reach,
            "words": lambda report: [f"a run over {report.scope}"],
            **changes,
        }
        return Profile(**values)

    def ask(self, kind: Any = "delta", asker: Asker = Asker.SCHEDULE, **options: Any) -> None:
        self.keeper.ask(Wish(Scope(kind), asker, **options))

    def by_person(self, kind: Any = "delta", **options: Any) -> None:
        self.ask(kind, Asker.PERSON, listeners=(self.heard.append,), **options)

    def turns(self) -> None:
        """Until there is nothing to be done now."""
        while self.keeper.turn():
            assert len(self.runs) < 50, "it never comes to rest"

    def told(self) -> list[str]:
        """The events, by kind and cause."""
        return [
            " ".join(filter(None, (type(one).__name__, getattr(one, "cause", "")))) for one in self.events
        ]


class Silence(Watcher):
    """A watcher that sees nothing."""

    standing = "inotify"

    def __init__(self) -> None:
        self.life: list[str] = []

    def start(self) -> None:
        self.life.append("start")

    def close(self) -> None:
        self.life.append("close")
