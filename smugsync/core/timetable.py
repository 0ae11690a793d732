"""What the clock allows: quiet hours, the speed of the moment, and days of the week as cron counts them.

Moments are what a clock on the wall shows (naive datetimes of the local zone). So a day with a change of the
clock needs no care: what is skipped is never quiet, and what comes twice is quiet twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from smugsync.records import dataclass

_DAY = 24 * 60
#: As cron counts them: Sunday is 0, and 7 as well.
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: Minutes from midnight, the last exclusive; a span whose end is not after its beginning passes midnight.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Limit:
    """From `minute` of the week on (Monday 00:00 = 0), at most so many bytes a second; None = any number."""

    minute: int
    up: int | None
    down: int | None


def rate_at(limits: Sequence[Limit], moment: datetime) -> tuple[int | None, int | None]:
    """How many bytes a second may be sent, and fetched, at `moment`; None = any number.

    `limits` are in the order of the week. The last one holds over the turn of the week.
    """
    if not limits:
        return None, None
    minute = moment.weekday() * _DAY + _minute(moment)
    current = limits[-1]
    for limit in limits:
        if limit.minute > minute:
            break
        current = limit
    return current.up, current.down


def is_quiet(spans: Sequence[Span], moment: datetime) -> bool:
    """May nothing begin by itself at `moment`?"""
    return any(_holds(span, _minute(moment)) for span in spans)


def quiet_ends(spans: Sequence[Span], moment: datetime) -> datetime:
    """When something may begin again: `moment` itself if it is not quiet.

    Where every minute is quiet, a day later: then is the time to look again.
    """
    end, latest = moment, moment + timedelta(days=1)
    while end < latest:
        span = next((one for one in spans if _holds(one, _minute(end))), None)
        if span is None:
            return end
        midnight = end.replace(hour=0, minute=0, second=0, microsecond=0)
        over = midnight + timedelta(minutes=span[1])
        end = over if over > end else over + timedelta(days=1)
    return latest


def named_weekdays(expression: str) -> str:
    """A cron expression of five fields with the days of the week by name, as nobody can misread them.

    crontab(5) counts from Sunday, and APScheduler from Monday. Raises ValueError.
    """
    *others, days = expression.lower().split()
    if len(others) != 4:
        raise ValueError(f"{expression!r} has not five fields")
    if days == "*":
        return expression.lower()
    chosen = {day % 7 for part in days.split(",") for day in _days(part)}
    return " ".join([*others, ",".join(_WEEKDAYS[day] for day in sorted(chosen))])


def _days(part: str) -> range:
    what, _, step = part.partition("/")
    first, dash, last = what.partition("-")
    if what == "*":
        low, high = 0, 6
    else:
        low = _day(first)
        high = _day(last) if dash else (6 if step else low)
        if high < low:  # `sat-mon`, and `fri-sun` as well
            high += 7
    if step and (not step.isdecimal() or not int(step)):
        raise ValueError(f"{part!r} is no step through the days of the week")
    return range(low, high + 1, int(step or 1))


def _day(word: str) -> int:
    if word in _WEEKDAYS:
        return _WEEKDAYS.index(word)
    if word.isdecimal() and int(word) <= 7:
        return int(word)
    raise ValueError(f"{word!r} is no day of the week")


def _holds(span: Span, minute: int) -> bool:
    first, last = span
    return first <= minute < last if first < last else minute >= first or minute < last


def _minute(moment: datetime) -> int:
    return moment.hour * 60 + moment.minute
