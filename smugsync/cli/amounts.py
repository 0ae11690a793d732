"""Shares, rates, lengths of time and moments, as people type them and read them."""

from __future__ import annotations

import re
import time
from datetime import datetime
from fractions import Fraction

from smugsync.errors import UsageError
from smugsync.progress import duration

_SHARE = re.compile(r"(\d{1,9})/(\d{1,9})|(\d{1,3}(?:\.\d{1,6})?)\s*%")
_RATE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt]?)(i?)(b?)(?:/s|ps)?", re.IGNORECASE)

_AGE = re.compile(r"(\d{1,6})\s*(min|h|d|w|y)", re.IGNORECASE)
_SECONDS = {"min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}


def share(text: str) -> Fraction:
    """`1/30` or `5%` -> a part of the whole. Raises UsageError."""
    found = _SHARE.fullmatch(text.strip())
    if found is not None and found[2] != "0":
        part = Fraction(int(found[1]), int(found[2])) if found[1] else Fraction(found[3]) / 100
        if 0 < part <= 1:
            return part
    raise UsageError(f"{text!r} is no part of the whole: write it as 1/30 or as 5%")


def rate(text: str) -> float | None:
    """`20M` -> bytes a second, in the units of other tools: K, M, G and KiB are powers of 1024, KB of 1000.

    `0` is no limit, None. Raises UsageError.
    """
    found = _RATE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no rate: write it as 20M (MiB a second), 500K or 20MB")
    decimal = found[4] and not found[3]
    factor = (1000 if decimal else 1024) ** " kmgt".index(found[2].lower() or " ")
    return float(found[1]) * factor or None


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


def moment(seconds: float) -> str:
    """Epoch seconds in local time, for people: `2026-11-21 04:10`."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def ago(seconds: float, now: float) -> str:
    """A moment, and how long ago it was."""
    return f"{moment(seconds)}, {duration(max(0.0, now - seconds))} ago"
