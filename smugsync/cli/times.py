"""Lengths of time and moments as people type them."""

from __future__ import annotations

import re
from datetime import datetime

from smugsync.errors import UsageError

_AGE = re.compile(r"(\d{1,6})\s*(min|h|d|w|y)", re.IGNORECASE)
_SECONDS = {"min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}


def age(text: str) -> int | None:
    """`30d` -> seconds; None if it is no length of time. Units: min, h, d, w, y (365 days)."""
    found = _AGE.fullmatch(text.strip())
    return None if found is None else int(found[1]) * _SECONDS[found[2].lower()]


def length(text: str, option: str) -> int:
    """As `age`. Raises UsageError, naming the option."""
    seconds = age(text)
    if seconds is None:
        raise UsageError(f"{option} {text!r} is no length of time: write it as 30d, 12h or 2w")
    return seconds


def since(text: str, now: float) -> int:
    """`7d`, `2026-11-01` or `2026-11-01T04:10[+01:00]` -> epoch seconds; without a zone it is local time.

    Raises UsageError.
    """
    seconds = age(text)
    if seconds is not None:
        return int(now) - seconds
    try:
        return int(datetime.fromisoformat(text.strip()).timestamp())
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"--since {text!r} is no time: write it as 7d, 2026-11-01 or 2026-11-01T04:10"
        ) from None
