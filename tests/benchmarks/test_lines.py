"""What a line is measured with, and which of the fixed numbers was the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from benchmarks.figures import Samples
from benchmarks.scenario import Scenario
from benchmarks.scenarios.lines import (
    COUNTS,
    LARGE,
    LASTS,
    LEFT_OUT,
    MEDIUM,
    SCENARIOS,
    SMALL,
    Leader,
    best,
    bound,
    fitting,
    layout,
)
from benchmarks.scenarios.mirrors import MB
from tests.benchmarks.made import sample

TIERS = (SMALL, MEDIUM, LARGE)


def test_a_number_that_would_take_hours_has_less_to_do() -> None:
    assert [fitting(TIERS, count, 5) for count in COUNTS] == [0, 1, 1, 2, 2]
    assert [fitting(TIERS, count, 20) for count in COUNTS] == [1, 2, 2, 2, 2]


def test_but_for_a_minute_at_least_where_the_rate_is_bounded_and_all_is_not_enough() -> None:
    for rate in (5, 20):
        for count in COUNTS:
            tier = fitting(TIERS, count, rate)
            lasts = sum(TIERS[tier]) / (count * rate * MB)
            assert lasts >= LASTS or tier == len(TIERS) - 1


def test_without_a_bound_it_is_everything() -> None:
    assert {fitting(TIERS, count, 0) for count in COUNTS} == {2}


def test_a_connection_takes_a_round_trip_for_each_file_and_the_time_that_its_rate_wants() -> None:
    sizes = [10 * MB] * 10
    assert bound(sizes, 1, 0, 5) == 5
    assert bound(sizes, 4, 0, 5) == 20
    assert bound(sizes, 4, 2000, 5) == 10  # as long as its bytes take
    assert bound(sizes, 4, 500, 0) == 80
    assert bound(sizes, 4, 0, 0) == math.inf


def test_what_cannot_be_the_best_is_left_out_and_is_not_the_best() -> None:
    leader, played = Leader(), sample(amount=100)
    assert leader.take(160, lambda: played) is played
    assert leader.take(100, lambda: sample(amount=90)).amount == 90
    left_out = leader.take(99, lambda: pytest.fail("was played"))
    assert left_out == replace(LEFT_OUT, amount=99)
    assert best({"32": [played], "1": [left_out]}, ["32", "1"]) == [played]


def test_the_table_says_what_was_left_out() -> None:
    table = layout(
        {
            "0 ms, 5 MB/s each: 32": [sample(amount=126)],
            "0 ms, 5 MB/s each: auto": [sample(amount=112)],
            "0 ms, 5 MB/s each: 16": [replace(LEFT_OUT, amount=80)],
            "0 ms, 5 MB/s each: best": [sample(amount=126)],
        }
    )
    assert table == [
        ["MB/s", "1", "4", "8", "16", "32", "auto"],
        ["0 ms, 5 MB/s each", "", "", "", "< 80", "126", "112"],
    ]


def brought(**rates: Sequence[float]) -> Samples:
    return {name: [sample(amount=rate) for rate in each] for name, each in rates.items()}


def test_the_best_is_the_one_that_brought_most_in_each_round_whoever_came_first() -> None:
    samples = brought(one=[5.0, 9.0], auto=[99.0, 99.0], two=[6.0, 4.0])
    assert best(samples, ["one", "two"]) == [samples["two"][0], samples["one"][1]]


def test_the_best_is_made_of_the_fixed_numbers_of_its_own_line() -> None:
    matrix = SCENARIOS["lines-5"]
    rates = {
        f"{milliseconds} ms, 5 MB/s each: {count}": [1000.0 * milliseconds + number]
        for milliseconds in (0, 30, 80)
        for number, count in enumerate((*COUNTS, "auto"))
    }
    made = matrix.derived["30 ms, 5 MB/s each: best"](brought(**rates))
    assert [one.amount for one in made] == [30_000 + len(COUNTS) - 1]
    assert len(matrix.derived) == 3


@pytest.mark.parametrize("rate", ["unbounded", "5", "20"])
def test_every_line_is_held_to_its_floor(rate: str) -> None:
    matrix: Scenario = SCENARIOS[f"lines-{rate}"]
    assert matrix.long
    assert len(matrix.figures) == 3
    assert {figure.floor for figure in matrix.figures} == {0.8}
    assert {figure.base.rpartition(": ")[2] for figure in matrix.figures} == {"best"}


def test_the_short_one_says_what_it_is_held_against() -> None:
    (figure,) = SCENARIOS["adaptive"].figures
    assert figure.what.endswith("to 32 downloads")
    assert figure.base.endswith(": 32")
    assert figure.more_is_better
