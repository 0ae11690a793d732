"""How long all threads wait, given what the service last said about its window."""

from __future__ import annotations

import pytest

from smugsync.remote.budget import LONGEST_PACE, Budget

EPOCH = 1_700_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = 5.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> Budget:
    return Budget(clock=clock)


def says(budget: Budget, remaining: int | str, window: float) -> None:
    headers = {"x-ratelimit-remaining": str(remaining), "x-ratelimit-reset": str(int(EPOCH + window))}
    budget.read(headers, EPOCH)


def test_nothing_is_known_at_first(budget: Budget) -> None:
    assert budget.remaining is None
    assert budget.delay() == 0


def test_plenty_left(budget: Budget) -> None:
    says(budget, 1000, 3600)
    says(budget, 300, 3500)
    assert budget.remaining == 300
    assert budget.delay() == 0


def test_the_reserve_is_spread_over_the_window(budget: Budget) -> None:
    says(budget, 1000, 3600)
    says(budget, 100, 200)
    assert budget.delay() == 2.0
    says(budget, 10, 200)
    assert budget.delay() == LONGEST_PACE


def test_nothing_left_means_the_end_of_the_window(budget: Budget, clock: Clock) -> None:
    says(budget, 0, 60)
    assert budget.delay() == 60
    clock.now += 59
    assert budget.delay() == 1
    clock.now += 1
    assert budget.delay() == 0
    assert budget.remaining is None


def test_a_new_window_has_a_new_size(budget: Budget, clock: Clock) -> None:
    says(budget, 1000, 10)
    clock.now += 11
    says(budget, 50, 100)
    assert budget.delay() == 0


def test_everybody_is_held(budget: Budget, clock: Clock) -> None:
    budget.hold(30)
    budget.hold(10)
    assert budget.delay() == 30
    clock.now += 30
    assert budget.delay() == 0


@pytest.mark.parametrize(
    ("remaining", "window"), [("many", 100), ("-1", 100), ("", 100), (5, -100), (5, 1e7), ("9" * 40, 10)]
)
def test_nonsense_is_not_believed(budget: Budget, remaining: int | str, window: float) -> None:
    says(budget, remaining, window)
    assert budget.remaining is None
    assert budget.delay() == 0


def test_answers_of_media_hosts_say_nothing(budget: Budget) -> None:
    says(budget, 7, 100)
    budget.read({}, EPOCH)
    assert budget.remaining == 7
