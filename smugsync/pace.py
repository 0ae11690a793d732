"""A speed limit that several threads keep together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from smugsync.stop import Stop


class Pace:
    """Lets at most `rate` bytes a second through, None = as many as come; asked anew each time if it can be.

    `wait` takes seconds; by default it is the stop's, so that a stop ends every wait.
    """

    def __init__(
        self,
        rate: float | Callable[[], float | None] | None,
        stop: Stop,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        self._rate, self._clock = rate, clock
        self._wait = wait or stop.wait
        self._lock = threading.Lock()
        self._free = clock()  #: when the next byte may pass

    def __call__(self, size: int) -> None:
        """`size` bytes have passed: returns when more may. Raises Interrupted."""
        rate = self._rate() if callable(self._rate) else self._rate
        if rate is None:
            return
        with self._lock:
            now = self._clock()
            self._free = max(self._free, now) + size / rate
            due = self._free - now
        self._wait(due)
