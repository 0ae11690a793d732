"""Whether a keeper may begin anything at all: not while it is paused, nor while another command is alone."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from smugsync.daemon.pausing import PauseNote
from smugsync.stop import Stop

#: Another command may need the lock twice in a row: so many seconds the keeper waits after it stood aside.
LINGER = 2.0
#: Who waits to be alone looks this often.
_GLANCE = 0.05


class Leave:
    """Told by any thread, asked by the keeper's. `wall` gives epoch seconds, `ticks` monotonic ones."""

    def __init__(self, note: PauseNote, *, wall: Callable[[], float], ticks: Callable[[], float]) -> None:
        self._note, self._wall, self._ticks = note, wall, ticks
        self._lock = threading.Lock()
        self._paused: float | None = None  #: until then (epoch seconds)
        self._alone = 0  #: so many commands are, or want to be
        self._alone_until = 0.0

    def remember(self) -> None:
        """A pause outlasts the process."""
        self._paused = self._note.read()

    def pause(self, until: float) -> None:
        """Raises OSError."""
        self._note.write(until)
        self._paused = until

    def resume(self) -> None:
        """Raises OSError."""
        self._note.forget()
        self._paused = None

    @property
    def paused(self) -> bool:
        until = self._paused
        return until is not None and until > self._wall()

    @property
    def paused_until(self) -> float | None:
        """None = not paused, or until somebody resumes."""
        until = self._paused
        return until if until is not None and self._wall() < until < math.inf else None

    @property
    def aside(self) -> bool:
        """Is another command alone, or about to be?"""
        with self._lock:
            return self._alone > 0

    def may_begin(self, *, by_person: bool) -> bool:
        """A person's wish is done in a pause too, and never while another command is alone."""
        with self._lock:
            is_alone = self._alone or self._ticks() < self._alone_until
        return not is_alone and (by_person or not self.paused)

    @contextmanager
    def alone(self, is_busy: Callable[[], bool], waits: Callable[[], None], stop: Stop) -> Iterator[None]:
        """Nothing may begin while the block runs; it is entered when nothing `is_busy`. `waits` is called
        once, if that takes a while. Raises Interrupted."""
        with self._lock:
            self._alone += 1
        try:
            if is_busy():
                waits()
            while is_busy():
                stop.wait(_GLANCE)
            yield
        finally:
            with self._lock:
                self._alone -= 1
                self._alone_until = self._ticks() + LINGER
