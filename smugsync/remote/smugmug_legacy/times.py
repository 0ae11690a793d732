"""Times as the older API writes them: `2007-09-24 16:40:10`, the wall clock of California, zone unsaid.

A comment on its documentation (February 2009) says so; that daylight saving is in it is likely. So a zone's
rules turn it into a moment. The hour that comes twice in November is taken for its first time: what is asked
for since a moment then begins too early rather than too late.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_CALIFORNIA = ZoneInfo("America/Los_Angeles")


def seconds(text: str) -> int | None:
    """Epoch seconds, None where it is no time that a clock ever showed."""
    moment = _moment(text)
    return None if moment is None else int(moment.timestamp())


def utc(text: str) -> str:
    """As `2007-09-24T23:40:10+00:00`, "" where it is no time."""
    moment = _moment(text)
    return "" if moment is None else moment.isoformat(timespec="seconds")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=_CALIFORNIA, fold=0)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.timestamp() >= 0 else None
