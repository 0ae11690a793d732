"""The stop token: every wait ends at once, and a signal handler may set it wherever it strikes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from smugsync.errors import Interrupted
from smugsync.stop import Stop

REPOSITORY = Path(__file__).parents[1]

#: A signal strikes at another moment of each round, and half of the time a second one strikes inside its
#: handler, while the main thread goes in and out of waits.
STORM = """
import signal
from smugsync.errors import Interrupted
from smugsync.stop import Stop

stop = Stop()
rounds = 0

def strike(number, frame):
    stop.set()
    if number == signal.SIGALRM and rounds % 2:
        signal.raise_signal(signal.SIGTERM)

signal.signal(signal.SIGALRM, strike)
signal.signal(signal.SIGTERM, strike)
while rounds < 1_000:
    stop = Stop()
    signal.setitimer(signal.ITIMER_REAL, 1e-5 + rounds % 97 * 2e-6)
    try:
        while True:
            stop.wait(1e-6 if rounds % 3 else 60)
    except Interrupted:
        rounds += 1
print(rounds)
"""


def test_nobody_asked() -> None:
    stop = Stop()
    stop.check()
    stop.wait(0)
    stop.wait(-1)
    assert not stop


def test_set_once_for_ever() -> None:
    stop = Stop()
    stop.set()
    stop.set()
    assert stop
    for _ in range(3):
        with pytest.raises(Interrupted):
            stop.check()
        with pytest.raises(Interrupted):
            stop.wait(60)
        with pytest.raises(Interrupted):
            stop.wait(0)


def test_all_waits_end_at_once() -> None:
    stop = Stop()
    ended = []

    def wait() -> None:
        with pytest.raises(Interrupted):
            stop.wait(60)
        ended.append(time.monotonic())

    threads = [threading.Thread(target=wait) for _ in range(16)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    stop.set()
    for thread in threads:
        thread.join(10)
    assert len(ended) == len(threads)
    assert max(ended) - began < 1


def test_wait_of_any_length() -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Interrupted):
        stop.wait(float("inf"))


class TestChild:
    def test_ends_with_its_parent(self) -> None:
        parent = Stop()
        child = parent.child()
        parent.set()
        assert child

    def test_of_a_stopped_parent_is_stopped(self) -> None:
        parent = Stop()
        parent.set()
        assert parent.child()

    def test_does_not_end_its_parent(self) -> None:
        parent = Stop()
        parent.child().set()
        assert not parent

    def test_newest_counts(self) -> None:
        parent = Stop()
        first, second = parent.child(), parent.child()
        parent.set()
        assert second
        assert not first


def test_signal_handler_never_waits_for_the_line_it_interrupted() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STORM], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("1000\n", "")
