"""The daemon's main thread: it starts and joins the keepers, hears signals, and tells the service manager.

It does no work of its own, so that it can always answer.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Protocol

from smugsync.daemon.clocks import CLOCKS, Clocks
from smugsync.daemon.holding import Holding
from smugsync.daemon.keeper import Keeper
from smugsync.daemon.profile import Profile
from smugsync.daemon.schedule import Schedule, WallWatch
from smugsync.daemon.service import ServiceManager
from smugsync.daemon.signals import ENDING, Signals
from smugsync.daemon.standing import Standing
from smugsync.daemon.telling import status_line
from smugsync.daemon.wishes import Asker, Wish
from smugsync.errors import Busy, ConfigError
from smugsync.notify.events import Event, Held, Recovered
from smugsync.notify.freshness import stale
from smugsync.records import dataclass
from smugsync.sync.context import Scope

#: The main thread looks around so often, in seconds.
TICK = 1.0
#: The process leaves so many seconds after a signal, with or without the threads that hang in the kernel.
PARTING = 0.95
#: The configuration's file is looked at so often while somebody waits for it to change.
STAMP_EVERY = 5.0
#: Secrets may also lie in files that the configuration only names: whoever waits for one reads all again.
REREAD_EVERY = 3600.0
#: How often it is asked whether any run was good lately.
STALE_EVERY = 3600.0

_log = logging.getLogger("smugsync.daemon")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The profiles of a configuration, and why others cannot be used."""

    profiles: tuple[Profile, ...] = ()
    unusable: Mapping[str, ConfigError] = field(default_factory=dict)


class Loader(Protocol):
    def load(self) -> Loaded:
        """Raises ConfigError for what is wrong with all of it."""

    def stamp(self) -> object:
        """Something that is different whenever the configuration's file was changed."""


class Supervisor:
    """`emit` hears what happens, from any keeper's thread; `on_profiles` which profiles are kept, whenever
    that or their settings change.
    """

    def __init__(
        self,
        loader: Loader,
        *,
        emit: Callable[[Event], None] = lambda event: None,
        manager: ServiceManager,
        clocks: Clocks = CLOCKS,
        schedule: Schedule | None = None,
        on_profiles: Callable[[Sequence[Profile]], None] = lambda profiles: None,
    ) -> None:
        self._loader, self._emit, self._manager, self._clocks = loader, emit, manager, clocks
        self._schedule = schedule or Schedule()
        self._on_profiles = on_profiles
        self._wall = WallWatch(clocks.wall, clocks.ticks)
        self._keepers: dict[str, Keeper] = {}
        self._unusable: dict[str, Holding] = {}
        self._refused: set[str] = set()  #: told of: another daemon keeps them
        self._stamp: object = None
        self._stamp_at = self._reread_at = self._stale_at = 0.0

    def run(self, loaded: Loaded, signals: Signals) -> int:
        """Until a signal says so; the exit code. Raises Busy if other daemons keep every profile."""
        ended_by = 0
        self._stamp = self._loader.stamp()
        self._stale_at = self._clocks.ticks() + STALE_EVERY
        self._reread_at = self._clocks.ticks() + REREAD_EVERY
        self._schedule.start()
        try:
            self._take_over(loaded)
            while not all(keeper.settled.is_set() for keeper in self._keepers.values()):
                if ended_by := self._heard(signals.wait(0.02)):
                    return 128 + ended_by
            self._check_refusals()
            self._tell_refusals()
            self._manager.ready()
            while not ended_by:
                self._manager.status(status_line(self.standings(), self._clocks.wall()))
                ended_by = self._heard(signals.wait(self._pause()))
                if not ended_by:
                    self._look()
            return 128 + ended_by
        finally:
            self._end(ended_by or signal.SIGTERM)

    def standings(self) -> tuple[Standing, ...]:
        """How every profile stands, from any thread."""
        keepers, unusable = dict(self._keepers), dict(self._unusable)
        found = [keeper.standing() for keeper in keepers.values()]
        found += [Standing(name, held=holding.shown()) for name, holding in unusable.items()]
        return tuple(sorted(found, key=lambda one: one.profile))

    # -- what the main thread does ------------------------------------------------------------------

    def _pause(self) -> float:
        return min(TICK, (self._manager.watchdog or TICK) / 2)

    def _heard(self, numbers: Sequence[int]) -> int:
        """The signal that ends us, 0 if none of them does."""
        for number in numbers:
            if number in ENDING:
                return number
            if number == signal.SIGHUP:
                self._reload()
            elif number == signal.SIGUSR1:
                for keeper in self._keepers.values():
                    keeper.ask(Wish(Scope("delta"), Asker.PERSON))
        return 0

    def _look(self) -> None:
        if jump := self._wall.look():
            _log.info(f"the clock jumped by {jump:.0f} s: the schedule is looked at anew")
            self._schedule.jumped(jump)
        self._tell_refusals()
        now = self._clocks.ticks()
        if now >= self._stamp_at:
            self._stamp_at = now + STAMP_EVERY
            self._look_at_configuration(now)
        if now >= self._stale_at:
            self._stale_at = now + STALE_EVERY
            self._look_for_staleness()
        self._manager.feed(well=self._is_well())

    def _is_well(self) -> bool:
        # Every one is asked, whatever the others say: each has its own memory of what moved last.
        answers = {name: keeper.is_well() for name, keeper in self._keepers.items()}
        return all(answers.values())

    def _look_for_staleness(self) -> None:
        for name, keeper in self._keepers.items():
            event = stale(
                name,
                keeper.last_good,
                since=keeper.wanted_since,
                now=self._clocks.wall(),
                days=keeper.profile.stale_days,
            )
            if event is not None:
                self._emit(event)

    # -- profiles come, change and go ----------------------------------------------------------------

    def _take_over(self, loaded: Loaded) -> None:
        """Go by another configuration: only what it changes is touched."""
        self._announce(loaded)
        for name in set(self._keepers) - {one.name for one in loaded.profiles} - set(loaded.unusable):
            self._dismiss(name)
        for name in set(self._unusable) - set(loaded.unusable):
            self._usable_again(name)
        for profile in loaded.profiles:
            self._keep(profile)
        for name, error in loaded.unusable.items():
            self._complain(name, error)

    def _announce(self, loaded: Loaded) -> None:
        """Before anything happens that somebody should hear of."""
        as_they_were = [one.profile for name, one in self._keepers.items() if name in loaded.unusable]
        self._on_profiles([*loaded.profiles, *as_they_were])

    def _keep(self, profile: Profile) -> None:
        keeper = self._keepers.get(profile.name)
        if keeper is not None and keeper.profile.state_dir != profile.state_dir:
            self._dismiss(profile.name)
            keeper = None
        if keeper is None:
            keeper = self._keepers[profile.name] = self._hire(profile)
        elif keeper.profile.settings != profile.settings:
            keeper.adopt(profile)
        self._schedule.plan(profile.name, profile.timing, keeper.due)

    def _hire(self, profile: Profile) -> Keeper:
        name = profile.name
        keeper = Keeper(profile, emit=self._emit, due=lambda: self._schedule.due(name), clocks=self._clocks)
        keeper.start()
        return keeper

    def _dismiss(self, name: str) -> None:
        keeper = self._keepers.pop(name)
        self._schedule.forget(name)
        keeper.end(signal.SIGTERM)
        if not keeper.join(PARTING):
            _log.warning(f"{name}: what it does cannot be ended; it is left alone")

    def _complain(self, name: str, error: ConfigError) -> None:
        """A profile that cannot be used: one that is kept already goes on as it was."""
        for problem in error.problems:
            _log.error(f"{name}: {problem}")
        if name in self._keepers:
            return
        if name not in self._unusable:
            clocks = self._clocks
            self._unusable[name] = Holding(clock=clocks.wall, ticks=clocks.ticks, chance=clocks.chance)
        why = "; ".join(error.problems)
        if self._unusable[name].trip("misconfigured", why):
            self._emit(Held(name, "misconfigured", why, self._clocks.wall()))

    def _usable_again(self, name: str) -> None:
        hold = self._unusable.pop(name).clear()
        if hold is not None and hold.is_told:
            self._emit(Recovered(name, hold.cause, hold.since, self._clocks.wall()))

    def _reload(self) -> None:
        """A person asks for it: what is wrong is told, and what was in force stays."""
        self._manager.reloading()
        _log.info("reading the configuration again")
        self._stamp = self._loader.stamp()
        try:
            self._take_over(self._loader.load())
        except ConfigError as error:
            for problem in error.problems:
                _log.error(problem)
            _log.error("the configuration cannot be used: the former one stays in force")
        finally:
            self._manager.ready()

    def _look_at_configuration(self, now: float) -> None:
        """Somebody signs in, or mends the file: who waits for that goes on by it. The others go by what they
        were told until they are told to read it again."""
        waiting = {name for name, one in self._keepers.items() if one.hold_cause in _MENDED_BY_SETTINGS}
        waiting |= set(self._unusable)
        if not waiting:
            return
        stamp = self._loader.stamp()
        if stamp == self._stamp and now < self._reread_at:
            return
        self._stamp, self._reread_at = stamp, now + REREAD_EVERY
        try:
            loaded = self._loader.load()
        except ConfigError:
            return  # it was told; the next change may mend it
        self._announce(loaded)
        for profile in loaded.profiles:
            if profile.name in waiting:
                if profile.name in self._unusable:
                    self._usable_again(profile.name)
                self._keep(profile)

    def _check_refusals(self) -> None:
        """Raises Busy if other daemons keep all that there is to be kept."""
        refused = self._refusals()
        if refused and len(refused) == len(self._keepers) and not self._unusable:
            raise next(iter(refused.values()))

    def _tell_refusals(self) -> None:
        """Profiles that another daemon keeps: told once, also of those that a new configuration brought."""
        refused = self._refusals()
        for name in refused.keys() - self._refused:
            _log.warning(f"{name}: {refused[name]}")
        self._refused = set(refused)

    def _refusals(self) -> dict[str, Busy]:
        return {name: one.refused for name, one in self._keepers.items() if one.refused is not None}

    # -- the end ---------------------------------------------------------------------------------------

    def _end(self, number: int) -> None:
        deadline = time.monotonic() + PARTING
        self._manager.stopping()
        for keeper in self._keepers.values():
            keeper.end(number)
        self._schedule.close()
        for name, keeper in self._keepers.items():
            if not keeper.join(deadline - time.monotonic()):
                _log.warning(f"{name}: does not stop in time, and is left; what it recorded stands")


#: A profile that is held for one of these waits for another configuration.
_MENDED_BY_SETTINGS = frozenset({"unauthorised", "misconfigured"})
