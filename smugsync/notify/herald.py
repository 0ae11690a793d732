"""The herald: hears events from any thread, and tells those who want to know from a thread of its own.

Whatever goes wrong on the way is a line in the log and nothing else.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from smugsync.notify.channel import PATIENCE, Channel, Undelivered
from smugsync.notify.events import Event
from smugsync.notify.judging import judge
from smugsync.notify.messages import Message
from smugsync.notify.outbox import Outbox
from smugsync.notify.told import Memory

#: So many events wait to be heard; a daemon makes a few an hour.
ROOM: Final = 256
#: For how long a synchronous `tell` waits, in seconds, and what is delivered after a stop was asked for.
TELLING: Final = 10.0
DRAINING: Final = 2.0
#: Between the tries of `tell`, in seconds.
_PAUSES = (0.5, 2.0)

_LOG = logging.getLogger(__name__)


class Herald:
    """Of one profile. `listeners` hear every event too, in the herald's thread.

    As a context manager it has a thread, and calling it hands an event over; without one, `tell` does the
    same while the caller waits: for commands that run once. `clock` never goes back.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        memory: Memory,
        *,
        listeners: Sequence[Callable[[Event], None]] = (),
        draining: float = DRAINING,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._channels = tuple(channels)
        self._memory = memory
        self._listeners = tuple(listeners)
        self._draining = draining
        self._clock = clock
        self._wait = wait
        self._heard: queue.Queue[Event | None] = queue.Queue(ROOM)
        self._outbox = Outbox()
        self._complained: dict[str, str] = {}
        self._stop_by: float | None = None
        self._deaf = False
        self._thread: threading.Thread | None = None

    # -- with a thread of its own ------------------------------------------------------------------

    def __enter__(self) -> Herald:
        self._thread = threading.Thread(target=self._work, name="herald", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """What waits is tried once more, for `draining` seconds; then it is let go."""
        self._stop_by = self._clock() + self._draining
        with suppress(queue.Full):  # then it is awake, and sees that it is to stop
            self._heard.put_nowait(None)
        if self._thread is not None:
            self._thread.join(self._draining + 0.2)
            self._thread = None

    def __call__(self, event: Event) -> None:
        """Hand `event` over, from any thread: it never waits and never raises."""
        try:
            self._heard.put_nowait(event)
            self._deaf = False
        except queue.Full:
            if not self._deaf:
                self._deaf = True
                _LOG.warning("too much happens at once: some of it is told to nobody")

    def _work(self) -> None:
        while self._stop_by is None or not (self._heard.empty() and self._stopped()):
            event = self._next()
            if event is not None:
                self._note(event)
            delivery = self._outbox.take(now=self._clock())
            if delivery is None:
                continue
            left = PATIENCE if self._stop_by is None else self._stop_by - self._clock()
            if left <= 0:
                break
            if self._deliver(delivery.channel, delivery.message, min(PATIENCE, left)):
                continue
            if self._outbox.again(delivery, now=self._clock()):
                continue
            _LOG.info("%s: given up", delivery.channel.name)

    def _stopped(self) -> bool:
        """After a stop: is there nothing more to try now? What waits for a further try is let go."""
        due = self._outbox.due()
        return due is None or due > self._clock()

    def _next(self) -> Event | None:
        """What was heard next; None when it is time to deliver something, or to end."""
        due = self._outbox.due()
        try:
            if self._stop_by is not None or (due is not None and due <= self._clock()):
                return self._heard.get_nowait()
            return self._heard.get(timeout=None if due is None else max(0.0, due - self._clock()))
        except queue.Empty:
            return None

    def _note(self, event: Event) -> None:
        for message in self._judged(event):
            self._outbox.add(message, self._channels, now=self._clock())

    # -- while the caller waits --------------------------------------------------------------------

    def tell(self, event: Event, *, patience: float = TELLING) -> None:
        """Tell of `event` on all channels at once, within `patience` seconds in all. It never raises."""
        due = self._clock() + patience
        messages = self._judged(event)
        threads = []
        for channel in self._channels:
            wanted = [message for message in messages if channel.takes(message)]
            if wanted:
                arguments = (channel, wanted, due)
                threads.append(threading.Thread(target=self._say, args=arguments, name="herald", daemon=True))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, due - self._clock()))

    def _say(self, channel: Channel, messages: Sequence[Message], due: float) -> None:
        for message in messages:
            for pause in (*_PAUSES, None):
                left = due - self._clock()
                if left <= 0 or self._deliver(channel, message, min(PATIENCE, left)) or pause is None:
                    break
                self._wait(pause)

    # -- both --------------------------------------------------------------------------------------

    def _judged(self, event: Event) -> list[Message]:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - nothing here may fail a run
                self._complain(f"{type(listener).__name__}", f"{type(error).__name__}: {error}")
        try:
            before = self._memory.load()
            told, messages = judge(event, before)
            if told != before:
                self._memory.save(told)
        except Exception as error:  # noqa: BLE001 - likewise: a report of another version, say
            self._complain("notify", f"an event cannot be told ({type(error).__name__})")
            return []
        return messages

    def _deliver(self, channel: Channel, message: Message, patience: float) -> bool:
        """True if nothing more is to be done about it, False if another try may help."""
        try:
            channel.send(message, patience=patience)
        except Undelivered as error:
            self._complain(channel.name, str(error))
            return not error.again
        except Exception as error:  # noqa: BLE001 - likewise; its words may quote an address
            self._complain(channel.name, f"failed unexpectedly ({type(error).__name__})")
            return True
        self._complained.pop(channel.name, None)
        return True

    def _complain(self, name: str, reason: str) -> None:
        """Once per cause; again after it worked in between."""
        if self._complained.get(name) != reason:
            self._complained[name] = reason
            _LOG.warning("%s: %s; the run goes on", name, reason)
