"""What is in a profile's way, from the error that shows it until it is over: found out, told, waited for.

`causes` knows the cause of an error, `holding` how long to wait, `knocking` when the service is back.
"""

from __future__ import annotations

from smugsync.daemon.causes import cause_of
from smugsync.daemon.clocks import Clocks
from smugsync.daemon.holding import Cause, Holding
from smugsync.daemon.knocking import Knocking
from smugsync.daemon.profile import Profile
from smugsync.daemon.standing import Hindrance
from smugsync.daemon.teller import Teller
from smugsync.errors import ConfigError, SmugsyncError
from smugsync.records import replace


class Hindrances:
    """Of one profile. `cause`, `shown` and `end` are for any thread, the rest for its keeper's alone."""

    def __init__(self, clocks: Clocks, teller: Teller) -> None:
        self._holding = Holding(clock=clocks.wall, ticks=clocks.ticks, chance=clocks.chance)
        self._knocking = Knocking(clocks.ticks)
        self._teller = teller
        self._mirror: str | None = None  #: its id, as the catalogue knows it

    @property
    def cause(self) -> str:
        """ "" while nothing is in the way."""
        hold = self._holding.hold
        return "" if hold is None else hold.cause

    def shown(self) -> Hindrance | None:
        return self._holding.shown()

    def remember(self, mirror: str | None) -> None:
        """The mirror's id by the catalogue, None before the first run."""
        self._mirror = mirror

    def meet(self, error: SmugsyncError, profile: Profile, *, patience: float = 0.0) -> None:
        """Something ended a run, or let none begin. The next try waits for `patience` seconds at least."""
        if self._mirror is None:
            self._mirror = profile.known().mirror
        cause: Cause = cause_of(error, replace(profile.ground, known=self._mirror))
        why = "; ".join(error.problems) if isinstance(error, ConfigError) else str(error)
        is_news = self._holding.trip(cause, why, patience=patience)
        if is_news and cause == "offline":
            self._knocking.begin()
        self._teller.held(cause, why, is_news=is_news)

    def look(self, profile: Profile) -> None:
        """Is the service back? Asked now and then while it is away."""
        if self.cause == "offline" and self._knocking.look(profile.reach):
            self.hurry()

    def hurry(self) -> None:
        """There is reason to believe that it is over: the next try is due."""
        self._holding.hurry()

    def may(self, *, offline: bool) -> bool:
        """May a run begin by itself now? `offline`: it asks nothing of the service."""
        return self._holding.may(offline=offline)

    def passed(self, *, offline: bool) -> None:
        """Such a run came to a good end."""
        if self._holding.concerns(offline=offline):
            self.over()

    def over(self) -> None:
        self._teller.recovered(self._holding.clear())

    def end(self) -> None:
        """Ask nobody any more, at once and for good."""
        self._knocking.end()
