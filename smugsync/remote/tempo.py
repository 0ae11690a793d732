"""The slowest that a peer may send: a time-out bounds its silence, and one byte a minute is not silent."""

from __future__ import annotations

from collections.abc import Callable

#: An answer that averages less than this after a while is given up: bytes per second, seconds.
SLOWEST = 1000.0
PATIENCE = 60.0


class Tempo:
    """Watches one answer from now on. `clock` counts seconds, monotonically."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begun = clock()
        self._received = 0

    def is_too_slow(self, size: int) -> bool:
        """Count `size` more bytes, and say whether all of them came too slowly."""
        self._received += size
        spent = self._clock() - self._begun
        return spent > PATIENCE and self._received < SLOWEST * spent

    def excuse(self, seconds: float) -> None:
        """So long it was us who took no more."""
        self._begun += seconds
