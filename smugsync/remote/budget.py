"""The service's patience, shared by every thread that asks it something.

SmugMug opens a window with the first call and says in each answer how many calls are left
(`X-RateLimit-Remaining`) and when the window ends (`X-RateLimit-Reset`, epoch seconds); beyond that it
answers 429 with `Retry-After`. The media hosts send none of these. Its size is not documented, so the
most we have seen left in a window stands for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

#: From this share of the window on, calls are spread over the time that is left instead of hurried.
RESERVE = 0.2
#: However few calls are left, none is held back for longer than this, in seconds.
LONGEST_PACE = 10.0
_LONGEST_WINDOW = 86_400.0


class Budget:
    """How long the next call should wait, for all threads alike. `clock` is monotonic, in seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held_until = 0.0
        self._ends = 0.0
        self._largest = 0
        self._remaining: int | None = None

    @property
    def remaining(self) -> int | None:
        """Calls left in the window, None where the service has not said or the window is over."""
        with self._lock:
            return self._left(self._clock())

    def delay(self) -> float:
        """Seconds to wait before the next call; 0 nearly always."""
        with self._lock:
            now = self._clock()
            held = max(self._held_until - now, 0.0)
            left = self._left(now)
            if left is None or left > RESERVE * self._largest:
                return held
            window = self._ends - now
            return max(held, window if left == 0 else min(window / left, LONGEST_PACE))

    def hold(self, seconds: float) -> None:
        """Nobody asks before `seconds` have passed: the service said `Retry-After`."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def read(self, headers: Mapping[str, str], now: float) -> None:
        """Take in an answer's head (lower-case names). `now` is the service's clock, epoch seconds."""
        remaining = _whole(headers.get("x-ratelimit-remaining"))
        reset = _whole(headers.get("x-ratelimit-reset"))
        if remaining is None or reset is None:
            return
        window = reset - now
        if not 0 < window <= _LONGEST_WINDOW:
            return
        with self._lock:
            current = self._clock()
            before = self._left(current)
            if before is None or remaining > self._largest:
                self._largest = remaining
            self._remaining = remaining
            self._ends = current + window

    def _left(self, now: float) -> int | None:
        if now >= self._ends:
            self._remaining = None
        return self._remaining


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
