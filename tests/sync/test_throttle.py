"""The number of downloads at once, on simulated lines."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.sync.cycle.throttle import FEWEST, LATELY, TOGETHER, Count, Throttle
from tests.sync.lines import Line, drive

MB = 1_000_000
THUMBNAIL, PHOTO, VIDEO = 200_000, 8 * MB, 300 * MB


def about(size: int) -> Iterator[int]:
    random_ = random.Random(5)
    while True:
        yield int(size * random_.uniform(0.8, 1.2))


def album() -> Iterator[int]:
    """Thumbnails, photos and all between, in any order."""
    random_ = random.Random(1)
    while True:
        yield int(random_.choice([THUMBNAIL, 5 * MB, 12 * MB]) * random_.uniform(0.7, 1.3))


def account() -> Iterator[int]:
    """A video, photos, thumbnails: the largest first, as the engine has it."""
    random_ = random.Random(1)
    while True:
        photos = [int(random_.uniform(5, 12) * MB) for _ in range(80)]
        yield from [VIDEO, *sorted(photos, reverse=True), *[THUMBNAIL] * 400]


def first_mirror(before: int = 0) -> Iterator[int]:
    """9 files of 300 MB, 720 photos, 3,600 thumbnails: 9.5 GB; some more photos `before` all of them."""
    photos = [5 * MB + 7 * MB * n // 720 for n in range(720)]
    yield from islice(about(PHOTO), before)
    yield from [*[VIDEO] * 9, *reversed(photos), *[THUMBNAIL] * 3600]


LINES = {
    "gigabit, far": Line(115 * MB, 20 * MB, 0.06),
    "gigabit, slow connections": Line(115 * MB, 5 * MB, 0.08),
    "faster than all connections": Line(400 * MB, 5 * MB, 0.08),
    "cable": Line(12 * MB, 5 * MB, 0.06),
    "cable in bad weather": Line(12 * MB, 5 * MB, 0.06, noise=0.3),
    "one connection fills it": Line(30 * MB, 30 * MB, 0.005),
    "DSL": Line(3 * MB, 10 * MB, 0.05),
    "the processor is the limit": Line(300 * MB, 400 * MB, 0.0003, drag=0.03, noise=0.15),
    "and the service far away": Line(300 * MB, 400 * MB, 0.08, drag=0.02, noise=0.15),
}


def best(line: Line, files: Callable[[], Iterator[int]], *, seconds: float, since: float) -> float:
    """The rate of the best fixed number."""
    return max(
        drive(Throttle(fixed=n), line, files(), seconds=seconds, since=since).rate for n in (2, 4, 8, 16, 32)
    )


class TestConverges:
    @pytest.mark.parametrize(
        ("name", "size"),
        [
            (name, size)
            for name in LINES
            for size in (THUMBNAIL, PHOTO, VIDEO)
            if (name, size) != ("the processor is the limit", THUMBNAIL)  # 1,500 files a second, for a minute
        ],
    )
    def test_to_four_fifths_of_the_best_at_least(self, name: str, size: int) -> None:
        line = LINES[name]
        course = drive(Throttle(), line, about(size), seconds=60, since=15)
        assert course.rate >= 0.8 * best(line, partial(about, size), seconds=60, since=15)

    @pytest.mark.parametrize("start", [4, 8])
    @pytest.mark.parametrize("name", LINES)
    def test_within_a_minute_and_counts_the_way_there(self, name: str, start: int) -> None:
        line, seconds = LINES[name], 60
        course = drive(Throttle(start=start), line, about(PHOTO), seconds=seconds, since=0)
        assert course.rate >= 0.8 * best(line, partial(about, PHOTO), seconds=seconds, since=0)

    @pytest.mark.parametrize("files", [album, account])
    @pytest.mark.parametrize("name", [name for name in LINES if name != "and the service far away"])
    def test_with_files_of_all_sizes(self, name: str, files: Callable[[], Iterator[int]]) -> None:
        line = LINES[name]
        course = drive(Throttle(), line, files(), seconds=100, since=20)
        assert course.rate >= 0.8 * best(line, files, seconds=100, since=20)

    @pytest.mark.parametrize("rate", [400 * MB, 5 * MB, 20 * MB])
    @pytest.mark.parametrize("round_trip", [0.003, 0.033, 0.083])
    def test_on_a_first_mirror_from_start_to_end(self, round_trip: float, rate: int) -> None:
        """About a minute on two processors, whose disk has to be waited for now and then; the videos come
        first, or after some photos, as albums are listed."""
        line = Line(260 * MB, rate, round_trip, drag=0.004, noise=0.15, toll=300_000, stalls=0.15)
        shares: list[float] = []
        for seed, before in itertools.product([1, 2], [0, 6, 30]):
            files = partial(first_mirror, before)
            found = drive(Throttle(start=4), line, files(), seed=seed).rate
            fixed = [drive(Throttle(fixed=n), line, files(), seed=seed).rate for n in (8, 16, 32)]
            shares.append(found / max(fixed))
        assert min(shares) >= 0.84
        assert fmean(shares) >= 0.9

    def test_upward_within_seconds_where_every_connection_brings_more(self) -> None:
        line = LINES["faster than all connections"]
        assert min(drive(Throttle(start=4), line, about(PHOTO), seconds=20, since=10).limits) == 32

    def test_downward_where_more_bring_nothing(self) -> None:
        course = drive(Throttle(start=32), LINES["one connection fills it"], about(PHOTO), seconds=900)
        assert sum(course.limits) / len(course.limits) < 16

    def test_downward_also_while_large_files_are_under_way(self) -> None:
        """A video of a trial of fewer ends when it ends; the trial waits for it."""
        line = LINES["the processor is the limit"]
        course = drive(Throttle(start=32), line, about(VIDEO), seconds=600, since=300)
        assert course.rate >= 0.8 * line.best(VIDEO)

    def test_and_stays_there(self) -> None:
        """Trials that lead nowhere are made less and less often."""
        course = drive(Throttle(), LINES["gigabit, far"], about(PHOTO), seconds=900)
        changes = sum(a != b for a, b in zip(course.limits, course.limits[1:], strict=False))
        assert changes <= 20  # in 450 seconds

    def test_of_a_few_videos_before_any_of_them_ends(self) -> None:
        """At 5 MB a second each takes a minute."""
        line = LINES["faster than all connections"]
        assert drive(Throttle(start=4), line, about(VIDEO), seconds=40, since=20).rate >= 0.8 * 32 * 5 * MB


def test_what_is_best_changes_with_the_files() -> None:
    """Photos that fill the line with few connections, then thumbnails that want many: it begins anew."""
    line = Line(100 * MB, 50 * MB, 0.08)
    files = chain(islice(about(PHOTO), 600), about(THUMBNAIL))  # 48 seconds of photos
    course = drive(Throttle(), line, files, seconds=100, since=30)
    assert course.limits[0] <= 12
    assert course.limits[-1] >= 0.8 * 32


def test_a_search_goes_on_where_it_was_when_files_of_its_kind_come_again() -> None:
    line = Line(100 * MB, 50 * MB, 0.08)

    def files() -> Iterator[int]:
        return chain(*(islice(about(size), n) for size, n in [(PHOTO, 400), (THUMBNAIL, 4000), (PHOTO, 200)]))

    assert drive(Throttle(), line, files()).limits[-1] <= 12
    briefly = islice(about(THUMBNAIL), 800)  # two seconds of them; from 8 on it would take four to find 32
    assert drive(Throttle(), line, chain(files(), briefly)).limits[-1] >= 0.8 * 32


def test_a_search_that_is_not_over_goes_on_too() -> None:
    """Thumbnails for two seconds at a time, between photos for whom a small number was found."""
    line = Line(100 * MB, 50 * MB, 0.08)

    def files() -> Iterator[int]:
        batches = [(THUMBNAIL, 400), (PHOTO, 40)] * 20
        return chain(*(islice(about(size), n) for size, n in [(PHOTO, 400), *batches]))

    found, fixed = (
        drive(throttle, line, files(), since=60).rate for throttle in (Throttle(), Throttle(fixed=32))
    )
    assert found >= 0.75 * fixed


def test_large_files_of_a_trial_hold_up_nothing() -> None:
    """Photos come after a few files of 300 MB, which are under way for a minute: as many as bring more."""
    line = Line(160 * MB, 5 * MB, 0.08)
    course = drive(Throttle(start=4), line, first_mirror(), seconds=30, since=12)
    assert min(course.limits) >= 16


class TestTrouble:
    def test_halves(self) -> None:
        throttle = Throttle(start=16)
        throttle.trouble(100.0)
        assert throttle.limit == 8

    def test_that_comes_together_counts_once(self) -> None:
        throttle = Throttle(start=16)
        for _ in range(16):
            throttle.trouble(100.0)
        throttle.trouble(100.0 + TOGETHER / 2)
        assert throttle.limit == 8
        throttle.trouble(100.0 + TOGETHER)
        assert throttle.limit == 4

    def test_never_stops_everything(self) -> None:
        throttle = Throttle()
        for n in range(10):
            throttle.trouble(n * TOGETHER)
        assert throttle.limit == FEWEST

    def test_is_recovered_from(self) -> None:
        throttle = Throttle()
        for n in range(4):
            throttle.trouble(n * TOGETHER - 100)
        line = LINES["gigabit, slow connections"]
        assert drive(throttle, line, about(PHOTO), seconds=600).rate >= 0.8 * line.best(PHOTO)

    def test_is_remembered_when_other_files_begin_to_come(self) -> None:
        throttle = Throttle(start=8)
        throttle.trouble(-1.0)
        files = chain(islice(about(PHOTO), 30), about(THUMBNAIL))
        course = drive(throttle, LINES["faster than all connections"], files, seconds=20, since=0)
        assert max(course.limits) == 4

    def test_is_not_run_into_again_at_once(self) -> None:
        """A service that bears 10 is not asked for 20 a second later, and again and again."""
        throttle = Throttle(start=16)
        throttle.trouble(0.0)
        course = drive(throttle, LINES["faster than all connections"], about(PHOTO), seconds=15, since=0)
        assert max(course.limits) == 8


@given(
    st.integers(2, 32),
    st.lists(st.tuples(st.sampled_from(["watch", "trouble", "starved"]), st.floats(0, 30)), max_size=200),
    st.randoms(use_true_random=False),
)
@settings(max_examples=50)
def test_stays_between_its_bounds(
    ceiling: int, events: list[tuple[str, float]], random_: random.Random
) -> None:
    throttle, now, size = Throttle(start=ceiling, ceiling=ceiling), 0.0, 0

    def scales() -> tuple[float, ...]:
        return tuple(random_.choice([17.6, 23.0, 28.2]) for _ in range(random_.randrange(LATELY + 1)))

    for event, pause in events:
        now += pause
        if event == "watch":
            size += random_.randrange(0, 100 * MB)
            throttle.watch(partial(Count, size, size // PHOTO, random_.randrange(33), scales()), now)
        elif event == "trouble":
            throttle.trouble(now)
        else:
            throttle.starved()
        assert FEWEST <= throttle.limit <= throttle.ceiling == ceiling


@given(
    st.floats(1, 400),
    st.floats(0.5, 50),
    st.floats(0.0005, 0.3),
    st.sampled_from([THUMBNAIL, 2 * MB, PHOTO]),
    st.sampled_from([4, 8]),
)
@settings(max_examples=8, deadline=None)
def test_any_line_is_used_to_four_fifths_of_what_is_best(
    link: float, rate: float, round_trip: float, size: int, start: int
) -> None:
    line = Line(link * MB, rate * MB, round_trip)
    course = drive(Throttle(start=start), line, about(size), seconds=100)
    assert course.rate >= 0.8 * best(line, partial(about, size), seconds=100, since=50)


def test_start_above_the_ceiling_is_the_ceiling() -> None:
    assert Throttle(start=8, ceiling=4).limit == 4


@pytest.mark.parametrize("n", [1, 5, 64])
def test_fixed_stays_fixed(n: int) -> None:
    throttle = Throttle(fixed=n)
    assert set(drive(throttle, LINES["cable"], about(THUMBNAIL), seconds=30).limits) == {n}
    throttle.trouble(0.0)
    assert throttle.limit == throttle.ceiling == n


def test_bytes_that_trickle_in_while_nothing_is_to_do_measure_nothing() -> None:
    """A run that waits for its listings must not conclude that the line is slow."""
    throttle = Throttle()
    for n in range(10_000):
        throttle.watch(partial(Count, n * MB, n, 1, (20.0,)), n * 0.1)
        throttle.starved()
    assert throttle.limit == 8
