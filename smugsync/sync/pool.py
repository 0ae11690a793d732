"""The download workers and the committer: started, fed, stopped and joined here and nowhere else.

Workers are handed frozen jobs and hand back outcomes through the engine's inbox; they share nothing.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Generic, Protocol, TypeVar

from smugsync.errors import SmugsyncError
from smugsync.stop import Stop

J = TypeVar("J")


class Crash:
    """A worker met something it has no name for; the engine raises it in its own thread."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Pool(Generic[J]):
    """Up to `ceiling` daemon threads that run `work(job)` and deliver what it returns.

    A thread is started when a job finds none idle, so a quiet run starts none. `width` of them work at once;
    what is given beyond that waits, so that nobody who is done has to wait for the engine's next word. Every
    job is answered exactly once: by what `work` returns, by the SmugsyncError it raises, or by a Crash.
    """

    def __init__(
        self,
        name: str,
        ceiling: int,
        work: Callable[[J], object],
        deliver: Callable[[object], None],
    ) -> None:
        self._name = name
        self._ceiling = ceiling
        self._work = work
        self._deliver = deliver
        self._jobs: queue.SimpleQueue[J | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.busy = 0  #: jobs given and not yet answered; the engine counts down by `done`
        self._width = ceiling
        self._working = 0
        self._turn = threading.Condition()

    @property
    def width(self) -> int:
        """How many jobs are worked on at once; those under way when it becomes less are finished."""
        return self._width

    @width.setter
    def width(self, width: int) -> None:
        if width != self._width:
            with self._turn:
                self._width = min(width, self._ceiling)
                self._turn.notify_all()
            while self._wants_more():  # for jobs that wait already
                self._start()

    def give(self, job: J) -> None:
        self.busy += 1
        if self._wants_more():
            self._start()
        self._jobs.put(job)

    def done(self) -> None:
        self.busy -= 1

    def close(self, deadline: float) -> bool:
        """End the threads, waiting at most until `deadline` (monotonic seconds); True if all ended."""
        with self._turn:
            self._width = self._ceiling
            self._turn.notify_all()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _wants_more(self) -> bool:
        return len(self._threads) < min(self.busy, self._width)

    def _start(self) -> None:
        name = f"smugsync-{self._name}-{len(self._threads)}"
        thread = threading.Thread(target=self._run, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            with self._turn:
                self._turn.wait_for(lambda: self._working < self._width)
                self._working += 1
            try:
                answer = self._work(job)
            except SmugsyncError as error:
                answer = error
            except BaseException as error:  # noqa: BLE001 -- handed to the engine, which raises it
                answer = Crash(error)
            with self._turn:
                self._working -= 1
                self._turn.notify()
            self._deliver(answer)


class _Hurry(Enum):
    """What `Batcher.hurry` puts between the items; an enum, so that no item is ever mistaken for it."""

    HURRY = "hurry"


class Batcher(Generic[J]):
    """One daemon thread that gathers items and hands them on in batches.

    A batch is full at `most` items or when `weigh` sums up to `weight`, and is due `linger` seconds after
    its first item: what a group commit needs. Every item given is in a batch whose answer is delivered,
    or is handed to `discard`: after the stop, after `close`, and when `work` raises (`discard` must be
    harmless for what `work` has dealt with). Only a batch that is still being worked on at the deadline of
    `close` stays with its thread.
    """

    def __init__(
        self,
        work: Callable[[list[J]], object],
        deliver: Callable[[object], None],
        discard: Callable[[J], None],
        weigh: Callable[[J], int],
        *,
        stop: Stop,
        most: int = 16,
        weight: int = 64 << 20,
        linger: float = 1.0,
    ) -> None:
        self._work, self._deliver, self._discard, self._weigh = work, deliver, discard, weigh
        self._stop, self._most, self._weight, self._linger = stop, most, weight, linger
        self._items: queue.SimpleQueue[J | _Hurry | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._overdue = False

    def give(self, item: J) -> None:
        if self._closed:
            self._discard(item)
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="smugsync-commit", daemon=True)
            self._thread.start()
        self._items.put(item)

    def hurry(self) -> None:
        """Nothing more will come for now: what was given so far does not linger for it."""
        if self._thread is not None:
            self._items.put(_Hurry.HURRY)

    def close(self, deadline: float) -> bool:
        """Deal with what was given and end the thread, waiting at most until `deadline` (monotonic seconds).

        True if it ended; if not, what it has not begun by then is discarded.
        """
        self._closed = True
        if self._thread is None:
            return True
        self._items.put(None)
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._overdue = True
        self._discard_the_rest()
        self._items.put(None)  # the first one may be among the rest
        return not self._thread.is_alive()

    def _discard_the_rest(self) -> None:
        while True:
            try:
                item = self._items.get_nowait()
            except queue.Empty:
                return
            if item is not None and not isinstance(item, _Hurry):
                self._discard(item)

    def _run(self) -> None:
        last = False
        while not last:
            batch, last = self._gather()
            if batch:
                self._handle(batch)

    def _handle(self, batch: list[J]) -> None:
        if self._stop or self._overdue:
            self._discard_all(batch)
            return
        answer: object
        try:
            answer = self._work(batch)
        except SmugsyncError as error:
            self._discard_all(batch)
            answer = error
        except BaseException as error:  # noqa: BLE001 -- handed to the engine, which raises it
            self._discard_all(batch)
            answer = Crash(error)
        self._deliver(answer)

    def _discard_all(self, batch: list[J]) -> None:
        for item in batch:
            self._discard(item)

    def _gather(self) -> tuple[list[J], bool]:
        """The next batch, empty when there was nothing to hurry for, and whether it is the last."""
        batch: list[J] = []
        weight, due = 0, math.inf
        while len(batch) < self._most and weight < self._weight:
            try:
                item = self._items.get(timeout=max(0.0, due - time.monotonic()) if batch else None)
            except queue.Empty:
                break
            if item is None:
                return batch, True
            if isinstance(item, _Hurry):
                break
            if not batch:
                due = time.monotonic() + self._linger
            batch.append(item)
            weight += self._weigh(item)
        return batch, False


class Inbox(Protocol):
    """Where the engine's thread receives everything; both `get`s raise queue.Empty."""

    def put(self, message: object, /) -> None: ...
    def get(self, *, timeout: float) -> object: ...
    def get_nowait(self) -> object: ...


class Crew:
    """Who works beside the engine's thread: threads. A test's crew works in an order that can be repeated."""

    def inbox(self) -> Inbox:
        return queue.SimpleQueue()

    def pool(
        self, name: str, ceiling: int, work: Callable[[J], object], deliver: Callable[[object], None]
    ) -> Pool[J]:
        return Pool(name, ceiling, work, deliver)

    def batcher(
        self,
        work: Callable[[list[J]], object],
        deliver: Callable[[object], None],
        discard: Callable[[J], None],
        weigh: Callable[[J], int],
        *,
        stop: Stop,
    ) -> Batcher[J]:
        return Batcher(work, deliver, discard, weigh, stop=stop)


THREADS = Crew()
