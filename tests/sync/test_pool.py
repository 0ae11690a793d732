"""The workers and the committer: lazy, answering for every job, and gone by their deadline."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.errors import Gone, Interrupted, MirrorUnusable
from smugsync.stop import Stop
from smugsync.sync.pool import Batcher, Crash, Pool

PATIENCE = 20.0  #: seconds that nothing here ever takes; only a failing test waits for them


def soon() -> float:
    return time.monotonic() + PATIENCE


def our_threads(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(f"smugsync-{name}")]


class Inbox:
    """Where answers are delivered to."""

    def __init__(self) -> None:
        self.queue: queue.SimpleQueue[object] = queue.SimpleQueue()

    def __call__(self, answer: object) -> None:
        self.queue.put(answer)

    def take(self) -> object:
        return self.queue.get(timeout=PATIENCE)

    def rest(self) -> list[object]:
        found = []
        while not self.queue.empty():
            found.append(self.queue.get())
        return found


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What held workers wait for; opened in the end, so that no test leaves a thread behind."""
    event = threading.Event()
    yield event
    event.set()


class TestPool:
    def test_starts_no_thread_before_there_is_work(self) -> None:
        pool: Pool[int] = Pool("lazy", 8, lambda job: job, Inbox())
        assert our_threads("lazy") == []
        assert pool.close(soon())

    def test_starts_one_thread_for_jobs_that_come_one_by_one(self) -> None:
        inbox = Inbox()
        pool: Pool[int] = Pool("single", 8, lambda job: -job, inbox)
        for job in range(5):
            pool.give(job)
            assert inbox.take() == -job
            pool.done()
        assert len(our_threads("single")) == 1
        assert pool.close(soon())

    def test_runs_as_many_at_once_as_it_may(self, gate: threading.Event) -> None:
        inbox = Inbox()
        arrived = threading.Semaphore(0)

        def work(job: int) -> int:
            arrived.release()
            assert gate.wait(PATIENCE)
            return job

        pool: Pool[int] = Pool("full", 3, work, inbox)
        for job in range(10):
            pool.give(job)
        for _ in range(3):
            assert arrived.acquire(timeout=PATIENCE)
        assert not arrived.acquire(blocking=False)
        assert pool.busy == 10
        assert len(our_threads("full")) == 3
        gate.set()
        assert {inbox.take() for _ in range(10)} == set(range(10))
        assert pool.close(soon())

    def test_no_more_than_its_width_work_at_once_and_the_others_wait_their_turn(self) -> None:
        inbox, arrived, leave = Inbox(), threading.Semaphore(0), threading.Semaphore(0)

        def work(job: int) -> int:
            arrived.release()
            assert leave.acquire(timeout=PATIENCE)
            return job

        pool: Pool[int] = Pool("narrow", 8, work, inbox)
        pool.width = 3
        for job in range(10):
            pool.give(job)
        for _ in range(3):
            assert arrived.acquire(timeout=PATIENCE)
        assert len(our_threads("narrow")) == 3
        pool.width = 1  # two of the three have to end before another begins
        for _ in range(2):
            leave.release()
            inbox.take()
        assert not arrived.acquire(blocking=False)
        leave.release()
        inbox.take()
        assert arrived.acquire(timeout=PATIENCE)
        assert not arrived.acquire(blocking=False)
        pool.width = 2
        assert arrived.acquire(timeout=PATIENCE)
        leave.release(10)
        assert {inbox.take() for _ in range(7)} | {0, 1, 2} == set(range(10))
        assert pool.close(soon())

    def test_jobs_that_wait_have_threads_of_their_own_when_there_may_be_more(self) -> None:
        inbox, arrived, leave = Inbox(), threading.Semaphore(0), threading.Semaphore(0)

        def work(job: int) -> int:
            arrived.release()
            assert leave.acquire(timeout=PATIENCE)
            return job

        pool: Pool[int] = Pool("wider", 8, work, inbox)
        pool.width = 1
        for job in range(5):
            pool.give(job)
        pool.width = 3  # nothing more is given
        assert [arrived.acquire(timeout=PATIENCE) for _ in range(3)] == [True] * 3
        leave.release(5)
        assert {inbox.take() for _ in range(5)} == set(range(5))
        assert pool.close(soon())

    @pytest.mark.parametrize("error", [Gone("404"), MirrorUnusable("disk full"), Interrupted("stopped")])
    def test_our_errors_are_answers(self, error: Exception) -> None:
        inbox = Inbox()

        def work(job: int) -> object:
            raise error

        pool: Pool[int] = Pool("errors", 1, work, inbox)
        pool.give(1)
        assert inbox.take() is error
        assert pool.close(soon())

    @pytest.mark.parametrize("error", [ValueError("a bug"), SystemExit(3), KeyboardInterrupt()])
    def test_anything_else_is_a_crash_and_the_thread_lives_on(self, error: BaseException) -> None:
        inbox = Inbox()

        def work(job: int) -> object:
            if job == 1:
                raise error
            return "fine"

        pool: Pool[int] = Pool("crash", 1, work, inbox)
        pool.give(1)
        pool.give(2)
        crash = inbox.take()
        assert isinstance(crash, Crash)
        assert crash.error is error
        assert inbox.take() == "fine"
        assert pool.close(soon())

    def test_close_answers_for_every_job_given_before(self) -> None:
        inbox = Inbox()
        pool: Pool[int] = Pool("close", 2, lambda job: job, inbox)
        for job in range(50):
            pool.give(job)
        assert pool.close(soon())
        assert sorted(map(str, inbox.rest())) == sorted(map(str, range(50)))
        assert our_threads("close") == []

    def test_close_leaves_without_a_thread_that_hangs(self, gate: threading.Event) -> None:
        began = threading.Event()

        def work(job: int) -> None:
            began.set()
            gate.wait(PATIENCE)

        pool: Pool[int] = Pool("hang", 2, work, Inbox())
        pool.give(1)
        assert began.wait(PATIENCE)
        before = time.monotonic()
        assert not pool.close(before + 0.05)
        assert time.monotonic() - before < PATIENCE / 2
        assert all(thread.daemon for thread in our_threads("hang"))


class Committer:
    """A Batcher of integers that weigh what they are, and what became of each."""

    def __init__(
        self,
        work: Callable[[list[int]], object] | None = None,
        *,
        most: int = 16,
        weight: int = 1 << 30,
        linger: float = PATIENCE,
    ) -> None:
        self.stop = Stop()
        self.inbox = Inbox()
        self.discarded: list[int] = []
        self.batcher: Batcher[int] = Batcher(
            work or tuple,
            self.inbox,
            self.discarded.append,
            lambda item: item,
            stop=self.stop,
            most=most,
            weight=weight,
            linger=linger,
        )

    def give(self, *items: int) -> None:
        for item in items:
            self.batcher.give(item)


class TestBatches:
    def test_are_full_by_count(self) -> None:
        committer = Committer(most=3)
        committer.give(1, 2, 3, 4, 5, 6)
        assert [committer.inbox.take(), committer.inbox.take()] == [(1, 2, 3), (4, 5, 6)]
        assert committer.batcher.close(soon())

    def test_are_full_by_weight(self) -> None:
        committer = Committer(weight=100)
        committer.give(60, 39, 1, 500, 100)
        assert [committer.inbox.take() for _ in range(3)] == [(60, 39, 1), (500,), (100,)]
        assert committer.batcher.close(soon())

    def test_are_due_after_lingering(self) -> None:
        committer = Committer(linger=0.02)
        committer.give(1)
        assert committer.inbox.take() == (1,)
        assert committer.batcher.close(soon())

    def test_linger_for_more(self) -> None:
        committer = Committer()
        committer.give(1)
        assert committer.inbox.queue.empty()
        committer.give(2)
        committer.batcher.hurry()
        assert committer.inbox.take() == (1, 2)
        assert committer.batcher.close(soon())

    def test_hurry_before_anything_came_does_not_split_what_comes(self) -> None:
        committer = Committer()
        committer.batcher.hurry()
        committer.give(1)
        committer.batcher.hurry()
        assert committer.inbox.take() == (1,)
        committer.batcher.hurry()  # for nothing: the thread is waiting for its first item
        committer.batcher.hurry()
        committer.give(2, 3)
        committer.batcher.hurry()
        assert committer.inbox.take() == (2, 3)
        assert committer.batcher.close(soon())

    def test_hurry_holds_for_all_that_was_given(self) -> None:
        """Also for what did not fit into the batch that is full."""
        committer = Committer(most=2)
        committer.give(1, 2, 3)
        committer.batcher.hurry()
        assert [committer.inbox.take(), committer.inbox.take()] == [(1, 2), (3,)]
        assert committer.batcher.close(soon())

    def test_starts_no_thread_before_there_is_an_item(self) -> None:
        committer = Committer()
        committer.batcher.hurry()
        assert our_threads("commit") == []
        assert committer.batcher.close(soon())


class TestClose:
    def test_delivers_what_was_given(self) -> None:
        committer = Committer()
        committer.give(1, 2)
        assert committer.batcher.close(soon())
        assert committer.inbox.rest() == [(1, 2)]
        assert committer.discarded == []

    def test_after_the_stop_discards_it(self) -> None:
        committer = Committer()
        committer.give(1, 2)
        committer.stop.set()
        assert committer.batcher.close(soon())
        assert committer.inbox.rest() == []
        assert committer.discarded == [1, 2]

    def test_discards_what_comes_too_late(self) -> None:
        committer = Committer()
        committer.give(1)
        assert committer.batcher.close(soon())
        committer.give(2)
        assert committer.discarded == [2]

    def test_twice_is_once(self) -> None:
        committer = Committer()
        committer.give(1)
        assert committer.batcher.close(soon())
        assert committer.batcher.close(soon())

    def test_at_its_deadline_discards_what_was_not_begun(self, gate: threading.Event) -> None:
        began = threading.Event()

        def work(batch: list[int]) -> tuple[int, ...]:
            began.set()
            assert gate.wait(PATIENCE)
            return tuple(batch)

        committer = Committer(work, most=1)
        committer.give(1, 2, 3)
        assert began.wait(PATIENCE)
        assert not committer.batcher.close(time.monotonic())
        assert committer.discarded == [2, 3]
        gate.set()
        assert committer.inbox.take() == (1,)
        assert committer.batcher.close(soon())  # and the thread ends by itself

    @pytest.mark.parametrize("error", [MirrorUnusable("disk full"), Interrupted("stopped")])
    def test_work_that_fails_says_so_and_leaves_nothing_behind(self, error: Exception) -> None:
        def work(batch: list[int]) -> object:
            raise error

        committer = Committer(work, most=2)
        committer.give(1, 2, 3)
        assert committer.inbox.take() is error
        assert committer.batcher.close(soon())
        assert committer.discarded == [1, 2, 3]

    def test_work_that_crashes_says_so(self) -> None:
        def work(batch: list[int]) -> object:
            raise ZeroDivisionError

        committer = Committer(work, most=1)
        committer.give(1)
        crash = committer.inbox.take()
        assert isinstance(crash, Crash)
        assert isinstance(crash.error, ZeroDivisionError)
        assert committer.discarded == [1]
        assert committer.batcher.close(soon())


STEPS = st.lists(st.sampled_from(["give", "give", "give", "hurry", "fail", "stop", "close"]), max_size=40)


@settings(deadline=None)
@given(STEPS, st.integers(1, 4), st.sampled_from([0.0, 0.001, PATIENCE]), st.booleans())
def test_every_item_is_delivered_or_discarded_exactly_once(
    steps: list[str], most: int, linger: float, at_once: bool
) -> None:
    """Whatever the thread is at when the other one hurries, stops or closes."""
    failing = threading.Event()

    def work(batch: list[int]) -> tuple[int, ...]:
        if failing.is_set():
            raise MirrorUnusable("disk full")
        return tuple(batch)

    committer = Committer(work, most=most, linger=linger)
    given_ = 0
    for step in steps:
        if step == "give":
            committer.give(given_)
            given_ += 1
        elif step == "hurry":
            committer.batcher.hurry()
        elif step == "fail":
            failing.set()
        elif step == "stop":
            committer.stop.set()
        elif at_once:
            committer.batcher.close(time.monotonic())
    committer.batcher.close(time.monotonic() if at_once else soon())
    assert committer.batcher.close(soon())
    delivered = [item for answer in committer.inbox.rest() if isinstance(answer, tuple) for item in answer]
    assert sorted(delivered + committer.discarded) == list(range(given_))
