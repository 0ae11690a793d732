"""What a keeper is told of its profile: plain values, and the doors to what it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from smugsync.core.timetable import Span
from smugsync.daemon.causes import Ground
from smugsync.daemon.knocking import Reach
from smugsync.daemon.wishes import Asker, Wish
from smugsync.progress import Progress
from smugsync.records import dataclass
from smugsync.stop import Stop
from smugsync.sync.context import Scope
from smugsync.sync.report import Report

#: An interval in seconds, a cron expression of five fields, or None = never.
Cadence = int | str | None


class Shop(Protocol):
    """A workshop that is open, for one run. All but `abort` and `moved` by the thread that opened it."""

    def check(self) -> None:
        """Is this the mirror? Before a run is begun, so that looking for a disk makes no history."""

    def is_settled(self, scope: Scope) -> bool:
        """Is nothing of it worth a run? Our own downloads are seen by the watcher, too."""

    def is_overdue(self) -> bool:
        """Was no full look at the account done for too long?"""

    def run(self, scope: Scope) -> Report: ...

    def abort(self) -> None:
        """End what is under way at once: from any thread."""

    def moved(self) -> object:
        """Something that is different whenever anything went over the wire."""

    def delay(self) -> float:
        """For how many seconds the service wants to be left alone; also when the shop is closed."""


class Open(Protocol):
    def __call__(
        self, stop: Stop, progress: Progress, /, *, impatient: bool, offline: bool
    ) -> AbstractContextManager[Shop]:
        """Open the workshop: it holds the lock until it is closed. `impatient`: a person asked for the run;
        `offline`: it asks nothing of the service.

        Raises NotAuthorised, Busy, CatalogueError, SuspiciousPlan, MirrorUnusable, ConfigError.
        """


class Watcher(Protocol):
    """Sees new local files; see `smugsync.local.watching`."""

    @property
    def standing(self) -> str: ...

    def start(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Timing:
    """When a profile's runs are due. `verify_slice`: seconds after which reading files again makes room for
    what else is due."""

    poll: Cadence = 900
    full: Cadence = None
    verify: Cadence = None
    quiet: tuple[Span, ...] = ()
    verify_slice: float = 600.0


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue knew before the first run: when one was good last (epoch s), the mirror's id."""

    last_good: float | None = None
    last_exit_code: int | None = None
    mirror: str | None = None
    since: float | None = None  #: when the oldest run began that is remembered


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile. `settings` is different whenever any setting is; it is only compared.

    `claim` makes this process the profile's daemon (Busy, MirrorUnusable), `reach` asks whether there is a
    way to the service (False, if there is none), `watch` makes a watcher of new local files that asks by
    `ask`, None if nothing is sent.
    """

    name: str
    state_dir: Path
    socket: Path
    timing: Timing
    settings: object
    claim: Callable[[], AbstractContextManager[None]]
    open: Open
    known: Callable[[], Known]
    ground: Ground
    reach: Reach
    words: Callable[[Report], Sequence[str]]
    watch: Callable[[Callable[[Scope], None]], Watcher] | None = None
    stale_days: int = 0


def wished(kind: str, asker: Asker = Asker.SCHEDULE) -> Wish:
    """The wish of a schedule's entry: `poll`, `full` or `verify`."""
    scopes: dict[str, Scope] = {
        "poll": Scope("delta"),
        "full": Scope("everything"),
        "verify": Scope("verify", detail="--due"),
    }
    return Wish(scopes[kind], asker)
