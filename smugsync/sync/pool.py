"""The download workers and the committer: started, fed, stopped and joined here and nowhere else.

Workers are handed frozen jobs and hand back outcomes through the engine's inbox; they share nothing.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from smugsync.errors import Interrupted, SmugsyncError
from smugsync.stop import Stop

J = TypeVar("J")


class Crash:
    """A worker met something it has no name for; the engine raises it in its own thread."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Pool(Generic[J]):
    """Up to `ceiling` daemon threads that run `work(job)` and deliver what it returns.

    A thread is started when a job finds none idle, so a quiet run starts none. Interrupted ends a job
    silently (`abandoned` is delivered in its place); every other SmugsyncError is delivered as it is.
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

    def give(self, job: J) -> None:
        self.busy += 1
        if self.busy > len(self._threads) and len(self._threads) < self._ceiling:
            thread = threading.Thread(
                target=self._run, name=f"smugsync-{self._name}-{len(self._threads)}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        self._jobs.put(job)

    def done(self) -> None:
        self.busy -= 1

    def close(self, deadline: float) -> bool:
        """End the threads, waiting at most until `deadline` (monotonic seconds); True if all ended."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                answer = self._work(job)
            except SmugsyncError as error:
                answer = error
            except BaseException as error:  # noqa: BLE001 -- handed to the engine, which raises it
                answer = Crash(error)
            self._deliver(answer)


class Batcher(Generic[J]):
    """One daemon thread that gathers items and hands them on in batches.

    A batch is full at `most` items or when `weigh` sums up to `weight`, and is due `linger` seconds after
    its first item: what a group commit needs. After `Stop` what is gathered is handed to `discard`.
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
        self._items: queue.SimpleQueue[J | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._flush = threading.Event()

    def give(self, item: J) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="smugsync-commit", daemon=True)
            self._thread.start()
        self._items.put(item)

    def hurry(self) -> None:
        """Nothing more will come for now: do not linger for it."""
        self._flush.set()

    def close(self, deadline: float) -> bool:
        if self._thread is None:
            return True
        self._items.put(None)
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            batch, last = self._gather()
            if batch:
                self._handle(batch)
            if last:
                return

    def _handle(self, batch: list[J]) -> None:
        if self._stop:
            for item in batch:
                self._discard(item)
            return
        try:
            answer = self._work(batch)
        except Interrupted:
            return
        except SmugsyncError as error:
            answer = error
        except BaseException as error:  # noqa: BLE001 -- handed to the engine, which raises it
            answer = Crash(error)
        self._deliver(answer)

    def _gather(self) -> tuple[list[J], bool]:
        first = self._items.get()
        if first is None:
            return [], True
        batch, weight = [first], self._weigh(first)
        due = time.monotonic() + self._linger
        while len(batch) < self._most and weight < self._weight:
            patience = 0.0 if self._flush.is_set() else min(0.02, due - time.monotonic())
            try:
                item = self._items.get(timeout=max(patience, 0.001))
            except queue.Empty:
                if self._flush.is_set() or time.monotonic() >= due:
                    break
                continue
            if item is None:
                return batch, True
            batch.append(item)
            weight += self._weigh(item)
        self._flush.clear()
        return batch, False
