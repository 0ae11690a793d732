"""What the watcher tells."""

from __future__ import annotations

from smugsync.records import dataclass


@dataclass(frozen=True, slots=True)
class Changed:
    """Files that are new or were written to, and have come to rest. `paths` are relative to what is watched;
    each stands there once. What vanished is not told: a scan finds it."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rescan:
    """Something may have escaped: look at everything. `why` is a clause: "the kernel dropped messages"."""

    why: str


@dataclass(frozen=True, slots=True)
class Lost:
    """What was watched is not there any more. `why` is one sentence; a `Rescan` tells that it is back."""

    why: str


WatchReport = Changed | Rescan | Lost
