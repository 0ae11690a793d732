"""One token that every wait looks at, so that everything ends within a second of being asked to."""

from __future__ import annotations

import threading

from smugsync.errors import Interrupted


class Stop:
    """Set once, never cleared. `wait` replaces every sleep; `check` stands in every long loop."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> None:
        """Wait `seconds`, or until the stop. Raises Interrupted if it came."""
        if self._event.wait(seconds):
            raise Interrupted("stopped on request")

    def check(self) -> None:
        """Raise Interrupted if a stop was asked for."""
        if self._event.is_set():
            raise Interrupted("stopped on request")
