"""One token that every wait looks at, so that everything ends within a second of being asked to."""

from __future__ import annotations

import threading

from smugsync.errors import Interrupted


class Stop:
    """Set once, never cleared. `wait` replaces every sleep; `check` stands in every long loop.

    A run has a token of its own, a `child` of the process's: ending the run does not end the process.
    """

    __slots__ = ("_child", "_event")

    def __init__(self) -> None:
        self._event = threading.Event()
        self._child: Stop | None = None

    def child(self) -> Stop:
        """A token that is set with this one; a parent has one child at a time, the newest."""
        self._child = Stop()
        if self:
            self._child.set()
        return self._child

    def set(self) -> None:
        self._event.set()
        if self._child is not None:
            self._child.set()

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
