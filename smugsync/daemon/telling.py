"""How the daemon's profiles stand, in a line for the service manager and some for `status`."""

from __future__ import annotations

import time
from collections.abc import Sequence

from smugsync.daemon.standing import Standing, Way
from smugsync.notify.words import advised
from smugsync.progress import duration, size
from smugsync.sync.report import scope_words

_NAMES = {"poll": "poll", "full": "full look", "verify": "verification"}
_HELD = {
    "offline": "offline",
    "unauthorised": "not authorised",
    "unmounted": "the mirror's disk is not there",
    "foreign": "another disk is in the mirror's place",
    "full": "the disk is full",
    "guarded": "a guard wants somebody to look",
    "misconfigured": "the configuration cannot be used",
    "busy": "another command is at work",
    "broken": "something is broken",
}


def status_line(standings: Sequence[Standing], now: float) -> str:
    """All profiles in one line."""
    if len(standings) == 1:
        return _brief(standings[0], now)
    return "; ".join(f"{one.profile}: {_brief(one, now)}" for one in standings)


def _brief(found: Standing, now: float) -> str:
    parts = [state(found, now)]
    if found.held is None and not (found.paused or found.aside) and (next_run := _next(found, now)):
        parts.append(next_run)
    return advised(", ".join(parts), found.profile)


def state(found: Standing, now: float) -> str:
    """What it does, or why it does not: `delta, 3 of 10 photos, 12 MB of 40 MB`."""
    if found.scope:
        return f"{scope_words(found.scope)}: {progress(found.way)}"
    if found.held is not None:
        return f"held ({_HELD.get(found.held.cause, found.held.cause)}): {found.held.why}"
    if found.aside:
        return "standing aside for another command"
    if found.paused:
        return f"paused {until(found.paused_until, now)}"
    return "idle"


def progress(way: Way) -> str:
    parts = []
    if way.albums_done < way.albums_total:
        parts.append(f"{way.albums_done:,} of {way.albums_total:,} albums listed")
    if way.files_total:
        parts.append(f"{way.files_done:,} of {way.files_total:,} photos")
        parts.append(f"{size(way.bytes_done)} of {size(max(way.bytes_total, way.bytes_done))}")
    if way.rate >= 1:
        parts.append(f"{size(way.rate)}/s")
        if way.bytes_total > way.bytes_done:
            parts.append(f"about {duration((way.bytes_total - way.bytes_done) / way.rate)} left")
    return ", ".join(parts) or way.phase or "beginning"


def due_lines(found: Standing, now: float) -> list[str]:
    """What comes next, the soonest first."""
    return [
        f"next {_NAMES.get(kind, kind)} {moment(when, now)}"
        for kind, when in sorted(found.due.items(), key=lambda pair: pair[1])
    ]


def moment(when: float, now: float) -> str:
    """`at 14:05` today, and else with the date."""
    then = time.localtime(when)
    same_day = then[:3] == time.localtime(now)[:3]
    return time.strftime("at %H:%M" if same_day else "on %Y-%m-%d at %H:%M", then)


def until(when: float | None, now: float) -> str:
    """For how long a pause lasts."""
    if when is None:
        return "until `smugsync resume`"
    return f"until {moment(when, now).removeprefix('at ').removeprefix('on ')}"


def _next(found: Standing, now: float) -> str:
    return due_lines(found, now)[0] if found.due else ""
