"""When polls, full looks and verifications are due. Its jobs do nothing but ask."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from smugsync.core.timetable import Span, named_weekdays, quiet_ends
from smugsync.daemon.profile import Cadence, Timing

#: Runs are put off by up to this share of their interval, and this many seconds, so that not everybody's
#: come at once.
_JITTER_SHARE, _JITTER = 0.1, 60
#: The clock is set, or the machine slept, if the clock on the wall runs off by more than this, in seconds.
JUMP = 30.0

_FIELDS = ("minute", "hour", "day", "month", "day_of_week")


def local_zone() -> tzinfo:
    """This machine's time zone, UTC where it is set in two ways that contradict each other."""
    from tzlocal import get_localzone  # noqa: PLC0415 - APScheduler's own

    try:
        return get_localzone()
    except Exception as error:  # noqa: BLE001 - the many ways in which a system's zone may be wrong
        logging.getLogger(__name__).warning(
            f"this machine's time zone is not known ({error}): the schedule is kept by UTC"
        )
        return UTC


def trigger_for(cadence: int | str, zone: tzinfo, jitter: int = _JITTER) -> Any:
    """APScheduler's trigger. Raises ValueError for a cron expression that is none."""
    if isinstance(cadence, int):
        every: Any = IntervalTrigger
        return every(seconds=cadence, timezone=UTC, jitter=min(jitter, int(cadence * _JITTER_SHARE)) or None)
    fields = dict(zip(_FIELDS, named_weekdays(cadence).split(), strict=True))
    cron: Any = CronTrigger
    return cron(**fields, timezone=zone, jitter=jitter or None)


class Schedule:
    """Asks for what is due, by profile. What was missed is asked for once, however often it was missed."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone or local_zone()
        background: Any = BackgroundScheduler
        executor: Any = DebugExecutor
        self._scheduler: Any = background(
            timezone=UTC,
            executors={"default": executor()},  # in the scheduler's own thread: asking takes no time
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            daemon=True,
        )
        self._plans: dict[str, tuple[Timing, Callable[[str], None]]] = {}

    def start(self) -> None:
        self._scheduler.start()

    def close(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def plan(self, name: str, timing: Timing, ask: Callable[[str], None]) -> None:
        """From now on `ask` is called with `poll`, `full` and `verify` when that is due for a profile."""
        self._plans[name] = timing, ask
        for kind, cadence in _kinds(timing):
            job = f"{name} {kind}"
            if cadence is None:
                self._forget(job)
            else:
                trigger = trigger_for(cadence, self._zone)
                self._scheduler.add_job(ask, trigger, (kind,), id=job, name=job, replace_existing=True)

    def forget(self, name: str) -> None:
        plan = self._plans.pop(name, None)
        if plan is not None:
            for kind, _ in _kinds(plan[0]):
                self._forget(f"{name} {kind}")

    def jumped(self, seconds: float) -> None:
        """The clock on the wall jumped. What a jump forward left behind is due now, once; after a jump back
        everything would wait for a time that has been: it is planned anew."""
        if seconds > 0:
            self._scheduler.wakeup()
            return
        for name, (timing, ask) in list(self._plans.items()):
            self.plan(name, timing, ask)

    def due(self, name: str) -> dict[str, float]:
        """What comes next for a profile, and when (epoch seconds)."""
        found = {}
        for kind in ("poll", "full", "verify"):
            when = getattr(self.job(name, kind), "next_run_time", None)
            if when is not None:
                found[kind] = when.timestamp()
        return found

    def job(self, name: str, kind: str) -> Any:
        """APScheduler's job for a kind of run of a profile, None if there is none."""
        return self._scheduler.get_job(f"{name} {kind}")

    def _forget(self, job: str) -> None:
        if self._scheduler.get_job(job) is not None:
            self._scheduler.remove_job(job)


#: What a poll, and the others, are called by the schedule.
_KINDS = {"delta": "poll", "everything": "full", "verify": "verify"}


def shown_due(
    due: Mapping[str, float], waiting: Iterable[str], quiet: Sequence[Span], now: float
) -> dict[str, float]:
    """What comes next, and when (epoch seconds), with what `waiting` scopes make due at once; nothing of it
    begins in quiet hours."""
    soon = dict(due) | {_KINDS[kind]: now for kind in waiting if kind in _KINDS}
    return {kind: _after(quiet, when) for kind, when in soon.items()}


def _after(quiet: Sequence[Span], when: float) -> float:
    moment = datetime.fromtimestamp(when)
    end = quiet_ends(quiet, moment)
    return when if end == moment else end.timestamp()


def _kinds(timing: Timing) -> tuple[tuple[str, Cadence], ...]:
    return ("poll", timing.poll), ("full", timing.full), ("verify", timing.verify)


class WallWatch:
    """Notices that the clock on the wall jumped: set by hand or by a time server, or left behind by sleep."""

    def __init__(
        self, clock: Callable[[], float] = time.time, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock, self._ticks = clock, ticks
        self._offset = clock() - ticks()

    def look(self) -> float:
        """By how many seconds it jumped since the last look; 0 for what is only drift."""
        before, self._offset = self._offset, self._clock() - self._ticks()
        jump = self._offset - before
        return jump if abs(jump) > JUMP else 0.0
