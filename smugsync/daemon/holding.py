"""What a keeper does while it cannot go on: how long it waits, what may be done all the same, who is told.

Each cause is told once, and once that it is over; whatever happens in between is a matter of the log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from smugsync.daemon.standing import Hindrance
from smugsync.records import dataclass

#: offline: no network, no service, or a rate limit beyond our patience; unauthorised: nobody is signed in, or
#: the grant does not do; unmounted, foreign: not the mirror's disk; full: too little room; guarded: a guard
#: wants a person to look; misconfigured: the profile's configuration; busy: another command works on the
#: profile; broken: everything else.
Cause = Literal[
    "offline",
    "unauthorised",
    "unmounted",
    "foreign",
    "full",
    "guarded",
    "misconfigured",
    "busy",
    "broken",
]

#: Seconds. Where waiting longer helps nobody: a disk is looked for, a lock tried; a sign-in changes the
#: configuration, which is seen at once, and the hour is for tokens that lie elsewhere.
_FIXED: dict[str, float] = {"unmounted": 30.0, "busy": 5.0, "unauthorised": 3600.0, "misconfigured": 3600.0}
_FIRST, _LONGEST = 30.0, 900.0
#: They say nothing about the disk: held files may be read meanwhile.
_ONLINE = frozenset({"offline", "unauthorised"})
#: Nobody is told: it was a person who began the other command.
_UNTOLD = frozenset({"busy"})


@dataclass(frozen=True, slots=True)
class Hold:
    """`retry_at` is monotonic, `since` epoch seconds. `told`: the causes that somebody heard of."""

    cause: Cause
    why: str
    since: float
    tries: int
    retry_at: float
    told: tuple[Cause, ...] = ()

    @property
    def is_told(self) -> bool:
        return bool(self.told)


class Holding:
    """Whether a profile is held. `chance` gives [0, 1), `clock` epoch seconds, `ticks` monotonic ones."""

    def __init__(
        self, *, clock: Callable[[], float], ticks: Callable[[], float], chance: Callable[[], float]
    ) -> None:
        self._clock, self._ticks, self._chance = clock, ticks, chance
        self.hold: Hold | None = None

    def trip(self, cause: Cause, why: str, *, patience: float = 0.0) -> bool:
        """A try failed; True if somebody is to be told. `patience`: seconds that the next try has to wait for
        in any case."""
        before, now = self.hold, self._ticks()
        tries = before.tries + 1 if before is not None and before.cause == cause else 0
        told = before.told if before is not None else ()
        is_news = cause not in told and cause not in _UNTOLD
        self.hold = Hold(
            cause=cause,
            why=why,
            since=self._clock() if before is None else before.since,
            tries=tries,
            retry_at=now + max(patience, self._pause(cause, tries)),
            told=(*told, cause) if is_news else told,
        )
        return is_news

    def clear(self) -> Hold | None:
        """The cause is gone; what held it until now."""
        before, self.hold = self.hold, None
        return before

    def hurry(self) -> None:
        """There is reason to believe that the cause is gone: the next try is due."""
        if self.hold is not None:
            self.hold = Hold(
                self.hold.cause,
                self.hold.why,
                self.hold.since,
                self.hold.tries,
                self._ticks(),
                self.hold.told,
            )

    def may(self, *, offline: bool) -> bool:
        """May a run begin by itself now? `offline`: it asks nothing of the service."""
        hold = self.hold
        if hold is None or (offline and hold.cause in _ONLINE):
            return True
        return self._ticks() >= hold.retry_at

    def concerns(self, *, offline: bool) -> bool:
        """Does the good end of such a run show that the cause is gone?"""
        return self.hold is not None and not (offline and self.hold.cause in _ONLINE)

    def shown(self) -> Hindrance | None:
        """For people: the next try by the clock on the wall."""
        hold = self.hold
        if hold is None:
            return None
        left = max(0.0, hold.retry_at - self._ticks())
        return Hindrance(hold.cause, hold.why, hold.since, self._clock() + left)

    def _pause(self, cause: Cause, tries: int) -> float:
        """With jitter, so that many do not come back together."""
        pause = _FIXED.get(cause) or min(_FIRST * 2.0 ** min(tries, 10), _LONGEST)
        return pause * (1.0 + self._chance() / 4 if cause not in ("unmounted", "busy") else 1.0)
