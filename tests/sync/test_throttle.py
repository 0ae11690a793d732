"""The number of downloads at once, on simulated lines."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.sync.cycle.throttle import FEWEST, WINDOW, Throttle
from tests.sync.lines import Line, drive

MB = 1_000_000
THUMBNAIL, PHOTO = 200_000, 8 * MB


def about(size: int) -> Iterator[int]:
    random_ = random.Random(5)
    while True:
        yield int(size * random_.uniform(0.8, 1.2))


def album() -> Iterator[int]:
    """Thumbnails, photos and all between, the largest of each 64 first, much as the engine has it."""
    random_ = random.Random(1)
    while True:
        sizes = [
            int(random_.choice([THUMBNAIL, 5 * MB, 12 * MB]) * random_.uniform(0.7, 1.3)) for _ in range(64)
        ]
        yield from sorted(sizes, reverse=True)


LINES = {
    "gigabit, far": Line(115 * MB, 20 * MB, 0.06),
    "gigabit, slow connections": Line(115 * MB, 5 * MB, 0.08),
    "faster than all connections": Line(400 * MB, 5 * MB, 0.08),
    "cable": Line(12 * MB, 5 * MB, 0.06),
    "one connection fills it": Line(30 * MB, 30 * MB, 0.005),
    "DSL": Line(3 * MB, 10 * MB, 0.05),
}


class TestConverges:
    @pytest.mark.parametrize("size", [THUMBNAIL, PHOTO])
    @pytest.mark.parametrize("name", LINES)
    def test_to_four_fifths_of_the_best_at_least(self, name: str, size: int) -> None:
        course = drive(Throttle(), LINES[name], about(size), seconds=240)
        assert course.rate >= 0.8 * LINES[name].best(size)

    @pytest.mark.parametrize("name", LINES)
    def test_with_files_of_all_sizes(self, name: str) -> None:
        best = max(drive(Throttle(fixed=n), LINES[name], album(), seconds=60).rate for n in (2, 8, 32))
        assert drive(Throttle(), LINES[name], album(), seconds=400).rate >= 0.8 * best

    def test_upward_where_every_connection_brings_more(self) -> None:
        course = drive(Throttle(start=2), LINES["faster than all connections"], about(PHOTO), seconds=400)
        assert min(course.limits) >= 20

    def test_downward_where_more_bring_nothing(self) -> None:
        course = drive(Throttle(start=32), LINES["one connection fills it"], about(PHOTO), seconds=1200)
        assert sum(course.limits) / len(course.limits) < 16


class TestTrouble:
    def test_halves(self) -> None:
        throttle = Throttle(start=16)
        throttle.trouble(100.0)
        assert throttle.limit == 8

    def test_that_comes_together_counts_once(self) -> None:
        throttle = Throttle(start=16)
        for _ in range(16):
            throttle.trouble(100.0)
        throttle.trouble(100.0 + WINDOW / 2)
        assert throttle.limit == 8
        throttle.trouble(100.0 + WINDOW)
        assert throttle.limit == 4

    def test_never_stops_everything(self) -> None:
        throttle = Throttle()
        for n in range(10):
            throttle.trouble(n * WINDOW)
        assert throttle.limit == FEWEST

    def test_is_recovered_from(self) -> None:
        throttle = Throttle()
        for n in range(4):
            throttle.trouble(n * WINDOW - 100)
        line = LINES["gigabit, slow connections"]
        assert drive(throttle, line, about(PHOTO), seconds=600).rate >= 0.8 * line.best(PHOTO)


@given(
    st.integers(2, 32),
    st.lists(st.tuples(st.sampled_from(["moved", "trouble", "starved"]), st.floats(0, 30)), max_size=200),
)
def test_stays_between_its_bounds(ceiling: int, events: list[tuple[str, float]]) -> None:
    throttle, now = Throttle(start=ceiling, ceiling=ceiling), 0.0
    for event, pause in events:
        now += pause
        if event == "moved":
            throttle.moved(PHOTO, now)
        elif event == "trouble":
            throttle.trouble(now)
        else:
            throttle.starved()
        assert FEWEST <= throttle.limit <= throttle.ceiling == ceiling


def test_start_above_the_ceiling_is_the_ceiling() -> None:
    assert Throttle(start=8, ceiling=4).limit == 4


@pytest.mark.parametrize("n", [1, 5, 64])
def test_fixed_stays_fixed(n: int) -> None:
    throttle = Throttle(fixed=n)
    assert set(drive(throttle, LINES["cable"], about(THUMBNAIL), seconds=60).limits) == {n}
    throttle.trouble(0.0)
    assert throttle.limit == throttle.ceiling == n


def test_bytes_that_trickle_in_while_nothing_is_to_do_measure_nothing() -> None:
    """A run that waits for its listings must not conclude that the line is slow."""
    throttle = Throttle()
    for n in range(1_000):
        throttle.moved(PHOTO, n * 1.0)
        throttle.starved()
    assert throttle.limit == 8
