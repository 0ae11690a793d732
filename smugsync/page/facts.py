"""What there is to show of one profile, as frozen values. Times are epoch seconds, sizes bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from smugsync.core.lifecycle import State
from smugsync.daemon.standing import Standing
from smugsync.records import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """A profile and where what is known of it lies. `counters`: of the runs so far, see `counters`."""

    profile: str
    mirror: Path
    catalogue: Path
    counters: Path


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the whole account. `states`: how many files, and their size."""

    nickname: str = ""
    albums: int = 0
    albums_unreadable: int = 0
    albums_gone: int = 0
    states: Mapping[State, tuple[int, int]] = field(default_factory=dict)
    sending: Mapping[State, int] = field(default_factory=dict)
    damaged: int = 0
    unproven: int = 0
    conflicts: int = 0
    edits: int = 0
    local: int = 0
    oldest_proof: int | None = None
    last_good: int | None = None

    def files(self, *states: State) -> int:
        return sum(self.states.get(state, (0, 0))[0] for state in states)

    def bytes(self, *states: State) -> int:
        return sum(self.states.get(state, (0, 0))[1] for state in states)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the history. `exit_code` None: it goes on, or was killed. `error`: what ended it early."""

    scope: str
    started_at: int
    finished_at: int | None
    exit_code: int | None
    fetched: int = 0
    fetched_bytes: int = 0
    sent: int = 0
    failed: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A file that is not as it should be."""

    path: str
    state: str
    reason: str
    retry_at: int | None


@dataclass(frozen=True, slots=True)
class AlbumLine:
    """One album. `state` is `listed`, `frozen` or `gone`; `waiting`: files that are to be fetched."""

    name: str
    directory: str
    state: str
    reason: str
    held: int
    size: int
    gone: int
    waiting: int
    failing: int
    withheld: int


@dataclass(frozen=True, slots=True)
class AlbumPage:
    """Some of the albums: those that match `query`, page `number` (from 1) of `pages`."""

    lines: Sequence[AlbumLine] = ()
    total: int = 0
    number: int = 1
    pages: int = 1
    query: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """`totals` is None before the first run; `unknown` says why nothing is known of the rest."""

    subject: Subject
    standing: Standing
    totals: Totals | None = None
    runs: Sequence[Run] = ()
    troubles: Sequence[Trouble] = ()
    albums: AlbumPage = AlbumPage()
    unknown: str = ""

    @property
    def failing(self) -> int:
        """Files that could not be fetched or sent."""
        if self.totals is None:
            return 0
        bad = (State.FAILED, State.QUARANTINED)
        return self.totals.files(*bad) + sum(self.totals.sending.get(state, 0) for state in bad)

    @property
    def last_good(self) -> float | None:
        found = [self.standing.last_good, self.totals.last_good if self.totals else None]
        return max((one for one in found if one is not None), default=None)
