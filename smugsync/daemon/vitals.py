"""Is a keeper at work, or does it hang? What the service manager's watchdog is fed by."""

from __future__ import annotations

#: For so long a keeper's thread may be out of sight: it may be walking through a large tree on a slow disk.
SILENCE = 900.0
#: For so long nothing may move while a run is under way: longer than any wait for the service.
STILLNESS = 1800.0


class Vitals:
    """What was last seen of one keeper. All times are monotonic seconds."""

    def __init__(self, now: float, *, silence: float = SILENCE, stillness: float = STILLNESS) -> None:
        self._silence, self._stillness = silence, stillness
        self._moves: object = None
        self._moved_at = now

    def is_well(self, now: float, *, beat: float, moves: object) -> bool:
        """`beat`: when its thread was last seen; `moves`: something that is different whenever anything has
        moved, None while there is nothing to be moved."""
        if moves is None or moves != self._moves:
            self._moves, self._moved_at = moves, now
        return now - beat <= self._silence and now - self._moved_at <= self._stillness
