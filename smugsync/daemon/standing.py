"""How one profile of the daemon stands now, for `status`, the page and the service manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from smugsync.records import dataclass


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why nothing can be done. `cause` is one word, `why` one sentence; both times are epoch seconds."""

    cause: str
    why: str
    since: float
    retry_at: float


@dataclass(frozen=True, slots=True)
class Way:
    """How far a run is; bytes a second."""

    phase: str = ""
    albums_done: int = 0
    albums_total: int = 0
    files_done: int = 0
    files_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """`scope` is that of the run under way, "" while there is none; `since` when this state began.

    `due`: what comes next and when, by name (`poll`, `full`, `verify`). `last_good`: when one was good last.
    """

    profile: str
    scope: str = ""
    since: float = 0.0
    paused: bool = False
    held: Hindrance | None = None
    way: Way = Way()
    due: Mapping[str, float] = field(default_factory=dict)
    last_exit_code: int | None = None
    last_good: float | None = None
    watching: str = ""  #: how new local files are seen: `inotify`, `polling every 60 s`, "" = not at all
    waiting: int = 0  #: local files that are seen and not sent yet
    paused_until: float | None = None  #: epoch seconds; None while paused = until somebody resumes
    aside: bool = False  #: another command works on the profile, and nothing begins meanwhile
