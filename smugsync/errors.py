"""What can go wrong, whose fault it is, and what the process says to its caller about it.

::

    SmugsyncError
    ├─ ConfigError(problems)   78  the person: the configuration, every problem at once
    ├─ UsageError               2  the person: a command line, an album that does not exist
    ├─ NotAuthorised           77  the account: which grant is missing and which command mends it
    ├─ SuspiciousPlan           5  nobody yet: the plan would lose something and a person must look
    ├─ MirrorUnusable           1  the disk: read-only, full or broken while working
    ├─ CatalogueError           1  the ledger: written by a newer version, or damaged
    ├─ Busy                    11  another process works on this account
    ├─ Unreachable             75  the network or the service, for longer than we wait
    ├─ Interrupted        130/143  a signal asked us to stop
    └─ ItemError                3  one file or album; the run goes on, and exits 3 if any remain
        ├─ Transient(retry_after)     worth another try later
        │  ├─ ClockSkew                our clock is wrong; the session corrects it and asks again
        │  ├─ SessionOver(code)        a sign-in has come to its end; the session makes a new one
        │  └─ Displaced                something else answers in the service's place
        ├─ Doubtful                   an upload whose end is unknown: it may have been applied
        ├─ Gone                       the service says 404
        ├─ Rejected(code)             the service refuses, and will again
        ├─ Garbled(excerpt)           the answer is not what was asked for (HTML, bad JSON)
        └─ IntegrityError(promised, found)   the bytes are not the promised bytes

Every message is one sentence a person can act on. No message ever holds a secret: callers pass
paths and album names, never headers or signed addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

OK = 0
INTERRUPTED_INT = 130

#: Where several codes apply, the leftmost is the one the process exits with.
PRECEDENCE: tuple[int, ...] = (130, 143, 2, 78, 77, 11, 5, 1, 75, 3, 0)


def worst(codes: Iterable[int]) -> int:
    """The exit code that speaks for all of `codes`; `OK` when there is none."""
    return min(codes, key=PRECEDENCE.index, default=OK)


class SmugsyncError(Exception):
    """Base of everything smugsync raises on purpose."""

    exit_code: ClassVar[int] = 1


class ConfigError(SmugsyncError):
    """The configuration cannot be used. `problems` names every fault found, one sentence each."""

    exit_code = 78

    def __init__(self, problems: Sequence[str] | str) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class UsageError(SmugsyncError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class NotAuthorised(SmugsyncError):
    """The service does not accept our credentials, or the grant does not reach far enough."""

    exit_code = 77


class SuspiciousPlan(SmugsyncError):
    """A guard withheld something: the marker is foreign, a listing empty, the disk nearly full."""

    exit_code = 5


class MirrorUnusable(SmugsyncError):
    """The mirror's disk failed us while working: read-only, full, or an I/O error."""

    exit_code = 1


class CatalogueError(SmugsyncError):
    """The catalogue was written by a newer version, or fails its integrity check."""

    exit_code = 1


class Busy(SmugsyncError):
    """Another process holds this account's lock."""

    exit_code = 11


class Unreachable(SmugsyncError):
    """The service cannot be reached, or not within the time we are willing to wait."""

    exit_code = 75


class Interrupted(SmugsyncError):
    """A stop was asked for; what was in flight is abandoned, what was recorded stands."""

    exit_code = INTERRUPTED_INT


class ItemError(SmugsyncError):
    """One file or album cannot be handled now; everything else goes on."""

    exit_code = 3


class Transient(ItemError):
    """Worth another try. `retry_after` is in seconds, None when the service named no time."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class ClockSkew(Transient):
    """The service refuses our time stamp. Signing by *its* clock (the `Date` of its answer) mends it."""


class SessionOver(Transient):
    """The service knows our session, or the proof that we sent, no more. Signing in anew mends it.

    `code` is the service's own word for it. Nothing was done of what was asked. `of_one`: the service may
    mean just this question; if it says so again after a new sign-in, others may be answered all the same.
    `served`: before that it was good for an answer, so that signing in did help.
    """

    def __init__(self, message: str, code: int | str | None = None, *, of_one: bool = False) -> None:
        self.code, self.of_one, self.served = code, of_one, False
        super().__init__(message)


class Displaced(Transient):
    """Something else answers in the service's place, or it broke down while it did: maintenance, a captive
    portal, an address that is another's.

    The message says where, and what to do if that goes on.
    """


class Doubtful(ItemError):
    """A question that changes something was sent, and its answer never came: it may have been applied.

    Only a listing can tell; to send it again before would make a second one.
    """


class Gone(ItemError):
    """The service answers 404 for exactly this object."""


class Rejected(ItemError):
    """The service refuses, and will refuse again. `code` is its own number for the reason."""

    def __init__(self, message: str, code: int | None = None) -> None:
        self.code = code
        super().__init__(message)


class Garbled(ItemError):
    """The answer is not of the kind that was asked for. `excerpt` is its beginning, printable."""

    def __init__(self, message: str, excerpt: str = "") -> None:
        self.excerpt = excerpt
        super().__init__(message)


class IntegrityError(ItemError):
    """The bytes found are not the bytes promised."""

    def __init__(self, message: str, *, promised: str = "", found: str = "") -> None:
        self.promised = promised
        self.found = found
        super().__init__(message)
