"""When nobody has heard of a good run for too long: an alarm that also rings if nothing ever fails."""

from __future__ import annotations

from smugsync.notify.events import Stale

_DAY = 86_400.0


def stale(profile: str, last_good: float | None, *, since: float, now: float, days: int) -> Stale | None:
    """The alarm, if no run was good for `days` (0 = never). To be asked each hour, and after each bad run.

    `since`: when somebody first wanted a run; it counts while none was ever good. Times are epoch seconds.
    Clocks go wrong: a good run in the future is as good as one just now.
    """
    age = now - (since if last_good is None else last_good)
    return Stale(profile, last_good, now) if days > 0 and age >= days * _DAY else None


def is_news(event: Stale, told_at: float | None) -> bool:
    """Is it to be told, when it was told last at `told_at`? Again whenever it has lasted twice as long."""
    if told_at is None or told_at > event.at:
        return True
    if event.last_good is None:
        return event.at - told_at >= 7 * _DAY
    return event.at - event.last_good >= 2 * (told_at - event.last_good)
