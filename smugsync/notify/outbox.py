"""What is still to be delivered, and when it is tried next. Times are by a clock that never goes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Final

from smugsync.notify.channel import Channel
from smugsync.notify.messages import Beat, Message
from smugsync.records import dataclass, replace

#: Before each further try, in seconds.
PAUSES: Final = (2.0, 10.0, 60.0, 600.0)
#: So many deliveries wait at most; the oldest go.
ROOM: Final = 512


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on one channel. `tries`: how often it was tried."""

    channel: Channel
    message: Message
    due: float
    number: int
    tries: int = 0


@dataclass(slots=True)
class Outbox:
    _waiting: list[Delivery] = field(default_factory=list)
    _count: int = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, message: Message, channels: Iterable[Channel], *, now: float) -> None:
        """A beat says how it is now: one of before that still waits for the same channel is let go."""
        for channel in channels:
            if not channel.takes(message):
                continue
            if isinstance(message, Beat):
                self._waiting = [
                    one
                    for one in self._waiting
                    if not (one.channel is channel and isinstance(one.message, Beat) and one.tries)
                ]
            self._count += 1
            self._waiting.append(Delivery(channel, message, now, self._count))
        del self._waiting[:-ROOM]

    def due(self) -> float | None:
        """When the next one is to be tried; None if none waits."""
        return min((one.due for one in self._waiting), default=None)

    def take(self, *, now: float) -> Delivery | None:
        """The one whose time came first, None if none is due. The older one first, where that is equal."""
        ready = [one for one in self._waiting if one.due <= now]
        if not ready:
            return None
        first = min(ready, key=lambda one: (one.due, one.number))
        self._waiting.remove(first)
        return first

    def again(self, delivery: Delivery, *, now: float) -> bool:
        """It did not arrive. True if it will be tried once more."""
        if delivery.tries >= len(PAUSES) or self._is_outdated(delivery):
            return False
        pause = PAUSES[delivery.tries]
        self._waiting.append(replace(delivery, due=now + pause, tries=delivery.tries + 1))
        return True

    def _is_outdated(self, delivery: Delivery) -> bool:
        """Does a later beat wait for the same channel?"""
        return isinstance(delivery.message, Beat) and any(
            one.channel is delivery.channel and isinstance(one.message, Beat) for one in self._waiting
        )
