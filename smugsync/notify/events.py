"""What there is to tell, as frozen values. Times are epoch seconds by our own clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from smugsync.records import dataclass


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run over `scope` (as the history calls it) begins.

    `asked`: a schedule or a person asked for it; False for what new local files set off by themselves.
    """

    profile: str
    scope: str
    at: float
    asked: bool = True


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run came to its end, good or bad. `report` is `Report.as_json()`, `summary` some lines for people."""

    profile: str
    scope: str
    at: float
    exit_code: int
    summary: str
    report: Mapping[str, Any] = field(default_factory=dict)
    asked: bool = True  #: as in `RunStarted`


@dataclass(frozen=True, slots=True)
class Held:
    """A profile cannot go on, and waits: told once per `cause`, which is one word (`offline`, `unauthorised`,
    `guarded`, `full`, `unmounted`, `broken`, …). `why` is one sentence that says what to do."""

    profile: str
    cause: str
    why: str
    at: float


@dataclass(frozen=True, slots=True)
class Recovered:
    """What held it is over. `since`: when it began."""

    profile: str
    cause: str
    since: float
    at: float


@dataclass(frozen=True, slots=True)
class Stale:
    """No run was good since `last_good` (None = there never was one)."""

    profile: str
    last_good: float | None
    at: float


Event = RunStarted | RunEnded | Held | Recovered | Stale
