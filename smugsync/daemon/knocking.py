"""Is there a way to the service again? Asked cheaply and often, so that nobody waits for a long pause."""

from __future__ import annotations

import threading
from collections.abc import Callable

#: How often it is asked, in seconds.
EVERY = 30.0

#: Asks whether there is a way; is given something to hand the means to, by which asking can be ended at once.
Reach = Callable[[Callable[[Callable[[], None]], None]], bool]


class Knocking:
    """`look` is for one thread, `end` for any. `ticks` gives monotonic seconds."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._lock = threading.Lock()
        self._abort: Callable[[], None] | None = None
        self._ended = False
        self._due = 0.0
        self._deaf = False

    def begin(self) -> None:
        """It went offline just now."""
        self._due, self._deaf = self._ticks() + EVERY, False

    def look(self, reach: Reach) -> bool:
        """Is the way back? Only that is news: one that was there all the time is not, since then it is the
        service that does not answer, and wants to be left alone."""
        if self._ticks() < self._due:
            return False
        self._due = self._ticks() + EVERY
        try:
            there = reach(self._hold)
        finally:
            with self._lock:
                self._abort = None
        was_deaf, self._deaf = self._deaf, not there
        return there and was_deaf

    def end(self) -> None:
        """Stop asking, at once and for good."""
        with self._lock:
            self._ended, abort = True, self._abort
        if abort is not None:
            abort()

    def _hold(self, abort: Callable[[], None]) -> None:
        with self._lock:
            self._abort = abort
        if self._ended:
            abort()
