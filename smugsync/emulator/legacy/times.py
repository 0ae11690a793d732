"""The service's wall clock: its times have no zone, and are those of California, daylight saving included."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from smugsync.emulator.account.look import PACIFIC


@lru_cache(maxsize=65536)
def wall(seconds: int) -> str:
    """Epoch seconds as `2009-02-11 16:38:02`. An hour in November comes twice."""
    return datetime.fromtimestamp(seconds, PACIFIC).strftime("%Y-%m-%d %H:%M:%S")
