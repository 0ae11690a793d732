"""What a cycle did, told honestly: what was transferred, what was proven, what is missing and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from enum import StrEnum
from typing import Any

from smugsync.errors import Interrupted, ItemError, SmugsyncError, worst
from smugsync.records import dataclass

#: How many single changes and troubles a report names; the rest is counted.
NAMED = 200


class What(StrEnum):
    """What became of one file or album; the values are the words a person reads."""

    NEW = "new"
    REPLACED = "replaced online"
    RESTORED = "was missing here"
    REPAIRED = "was damaged here"
    SOUND = "right again here"
    ADOPTED = "already here"
    ALBUM_STANDS = "album taken over where it stands"
    DETAILS = "text changed"
    GONE = "gone online"
    RETURNED = "online again"
    TRASHED = "gone online, to the trash"
    KEPT = "gone online, edited here"
    FORGOTTEN = "gone on both sides"
    MOVED = "moved"
    ALBUM_NEW = "new album"
    ALBUM_MOVED = "album renamed"
    ALBUM_GONE = "album gone online"
    ALBUM_REMOVED = "album removed here"
    CONFLICT = "changed on both sides"
    EDITED = "edited here"
    DAMAGED = "damaged here"
    MISSING = "missing here"
    EXPIRED = "kept for long enough, deleted"
    RESOLVED = "decided"
    PUT_BACK = "put back"
    SET_ASIDE = "set aside"
    EMPTIED = "deleted for good"
    SENT = "sent"
    SENT_EDIT = "edit sent"
    ALBUM_MADE = "album made online"
    TAKEN_IN = "taken from a drop folder"


def words(what: str) -> str:
    """What the journal calls `what`, as a person reads it; another version may have other names."""
    return What[what.upper()].value if what.upper() in What.__members__ else what


def scope_words(scope: str) -> str:
    """A run's scope, as the history calls it, for people: `paths 3` are three local files."""
    kind, _, rest = scope.partition(" ")
    if kind != "paths":
        return scope
    return "1 local file" if rest == "1" else f"{rest} local files".strip()


@dataclass(frozen=True, slots=True)
class Change:
    what: What
    path: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not as it should be. `code` is the exit code it asks for, 0 if it asks for none."""

    path: str
    reason: str
    code: int


@dataclass(slots=True)
class Report:
    """Filled in by one run. `exit_code` follows from what was noted."""

    scope: str = ""
    albums: int = 0
    albums_listed: int = 0
    albums_unreadable: int = 0
    files: int = 0
    files_held: int = 0
    bytes_held: int = 0
    files_planned: int = 0
    bytes_planned: int = 0
    files_downloaded: int = 0
    bytes_downloaded: int = 0
    files_verified: int = 0
    files_adopted: int = 0
    bytes_adopted: int = 0
    files_unproven: int = 0  #: held, and only known by their names and times
    files_unpromised: int = 0  #: held, and the service gives no checksum: whole as far as can be told here
    files_left: int | None = None  #: what an adoption found and left alone; None = nothing was adopted
    files_waiting: int = 0  #: to be fetched by another run, since this one was told to download nothing
    bytes_waiting: int = 0
    files_shared: int = 0  #: bytes that were here already: linked or copied, not fetched
    files_sent: int = 0
    bytes_sent: int = 0
    files_to_send: int = 0  #: a dry run has found them
    bytes_to_send: int = 0
    files_unfinished: int = 0  #: to be sent, and still being written
    files_in_doubt: int = 0  #: sent, and nobody knows yet how that ended
    files_unsent: int = 0  #: refused or failed
    files_proven: int = 0  #: read again, and found right
    bytes_proven: int = 0
    files_withheld: int = 0
    files_failed: int = 0
    files_damaged: int = 0
    files_retired: int = 0
    files_local: int = 0
    requests: int = 0
    seconds: float = 0.0
    complete: bool = True
    changes: list[Change] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    counts: Counter[What] = field(default_factory=Counter)
    withheld: dict[str, int] = field(default_factory=dict)  #: how many, by the reason
    source_files: dict[str, int] = field(default_factory=dict)  #: photos with more to them, by its types
    codes: set[int] = field(default_factory=set)
    stopped: SmugsyncError | None = None

    def note(self, what: What, path: str, detail: str = "") -> None:
        self.counts[what] += 1
        if len(self.changes) < NAMED:
            self.changes.append(Change(what, path, detail))

    def trouble(self, path: str, reason: str, *, code: int = ItemError.exit_code) -> None:
        if code:
            self.codes.add(code)
        trouble = Trouble(path, reason, code)
        if len(self.troubles) < NAMED and trouble not in self.troubles:
            self.troubles.append(trouble)

    def stop(self, error: SmugsyncError) -> None:
        """The run ends here because of `error`; what was recorded stands."""
        self.complete = False
        self.stopped = error
        self.codes.add(error.exit_code)

    def interrupt(self, signal: int) -> None:
        """It was a signal that ended the run: the exit code names it."""
        self.codes.discard(Interrupted.exit_code)
        self.codes.add(128 + signal)

    @property
    def exit_code(self) -> int:
        return worst(self.codes)

    def as_json(self) -> dict[str, Any]:
        """One object for `--json`; `schema` counts up when a key changes its meaning or goes."""
        return {
            "schema": 1,
            "scope": self.scope,
            "exit_code": self.exit_code,
            "complete": self.complete,
            "error": None if self.stopped is None else str(self.stopped),
            "albums": self.albums,
            "albums_listed": self.albums_listed,
            "albums_unreadable": self.albums_unreadable,
            "files": self.files,
            "files_held": self.files_held,
            "bytes_held": self.bytes_held,
            "files_planned": self.files_planned,
            "bytes_planned": self.bytes_planned,
            "files_downloaded": self.files_downloaded,
            "bytes_downloaded": self.bytes_downloaded,
            "files_verified": self.files_verified,
            "files_adopted": self.files_adopted,
            "bytes_adopted": self.bytes_adopted,
            "files_unproven": self.files_unproven,
            "files_unpromised": self.files_unpromised,
            "files_left": self.files_left,
            "files_waiting": self.files_waiting,
            "bytes_waiting": self.bytes_waiting,
            "files_shared": self.files_shared,
            "files_sent": self.files_sent,
            "bytes_sent": self.bytes_sent,
            "files_to_send": self.files_to_send,
            "bytes_to_send": self.bytes_to_send,
            "files_unfinished": self.files_unfinished,
            "files_in_doubt": self.files_in_doubt,
            "files_unsent": self.files_unsent,
            "files_proven": self.files_proven,
            "bytes_proven": self.bytes_proven,
            "files_withheld": self.files_withheld,
            "withheld": self.withheld,
            "source_files": self.source_files,
            "files_failed": self.files_failed,
            "files_damaged": self.files_damaged,
            "files_retired": self.files_retired,
            "files_local": self.files_local,
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
            "counts": {what.name.lower(): n for what, n in sorted(self.counts.items())},
            "changes": [
                {"what": c.what.name.lower(), "path": c.path, "detail": c.detail} for c in self.changes
            ],
            "troubles": [{"path": t.path, "reason": t.reason} for t in self.troubles],
        }
