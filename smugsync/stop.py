"""One token that every wait looks at, so that everything ends within a second of being asked to."""

from __future__ import annotations

import contextlib
import threading
import time
from signal import SIGINT

from smugsync.errors import Interrupted

_SLICE = 0.25


class Stop:
    """Set once, never cleared. `wait` replaces every sleep; `check` stands in every long loop.

    `set` may be called by any thread and by a signal handler, whatever line it interrupts, another
    `set` included. (A `threading.Event` may not: its handler would wait for a lock that the
    interrupted line holds.) A run has a token of its own, a `child` of the process's: ending the run
    does not end the process.
    """

    __slots__ = ("_asked", "_child", "_gate", "signal")

    def __init__(self) -> None:
        self._asked = False
        self.signal: int = SIGINT  #: the signal that it was set for, the first one if there were several
        #: Closed until the stop; who comes through leaves it open for the next.
        self._gate = threading.Lock()
        self._gate.acquire()
        self._child: Stop | None = None

    def child(self) -> Stop:
        """A token that is set with this one; a parent has one child at a time, the newest."""
        self._child = Stop()
        if self:
            self._child.set()
        return self._child

    def set(self, signal: int = SIGINT) -> None:
        if not self._asked:
            self.signal = signal
        self._asked = True
        self._open()
        if self._child is not None:
            self._child.set(signal)

    def __bool__(self) -> bool:
        return self._asked

    def wait(self, seconds: float) -> None:
        """Wait `seconds`, or until the stop. Raises Interrupted if it came."""
        due = time.monotonic() + seconds
        while not self._asked and (left := due - time.monotonic()) > 0:
            # In slices: a signal that comes just before a thread falls asleep is handled when it wakes.
            if self._gate.acquire(timeout=min(left, _SLICE)):
                self._open()
        self.check()

    def check(self) -> None:
        """Raise Interrupted if a stop was asked for."""
        if self._asked:
            raise Interrupted("stopped on request")

    def _open(self) -> None:
        with contextlib.suppress(RuntimeError):  # open already
            self._gate.release()
