from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import Figure, Reading, number, spread
from benchmarks.processes import BenchmarkError
from tests.benchmarks.made import ALONE, COST, SPEED, sample, taken


def test_speed_is_the_time_of_the_baseline_by_the_own_round_for_round() -> None:
    assert SPEED.read(taken(theirs=[1.0, 3.0], ours=[2.0, 2.0])).values == (0.5, 1.5)


def test_cost_is_the_own_by_the_baseline_s() -> None:
    samples = {"theirs": [sample(cpu=4.0)], "ours": [sample(cpu=1.0)]}
    assert COST.read(samples).values == (0.25,)


def test_a_figure_without_a_baseline_is_the_number_itself() -> None:
    assert ALONE.read({"ours": [sample(rss=61.5)]}).values == (61.5,)


def test_a_rate_is_the_own_by_the_baseline_s_and_more_of_it_is_better() -> None:
    rate = Figure("auto", "MB/s", "ours", "theirs", "amount", "rate", 0.8)
    reading = rate.read({"theirs": [sample(amount=100.0)], "ours": [sample(amount=80.0)]})
    assert (reading.values, reading.verdict, rate.bounded(0.8)) == ((0.8,), "holds", "≥ 0.8")
    assert Reading(rate, (0.79,)).verdict == "MISSED"


def test_the_middle_of_ratios_is_not_the_ratio_of_middles() -> None:
    reading = SPEED.read(taken(theirs=[1.0, 10.0, 10.0], ours=[1.0, 5.0, 20.0]))
    assert reading.middle == 1.0


def test_a_figure_of_somebody_unknown_is_an_error_that_names_him() -> None:
    with pytest.raises(BenchmarkError, match="P1: no contestant is called 'theirs'"):
        SPEED.read(taken(ours=[1.0]))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_an_error(value: float) -> None:
    with pytest.raises(BenchmarkError, match="memory: rss of 'ours' is no number in a round"):
        ALONE.read({"ours": [sample(rss=value)]})


@pytest.mark.parametrize(("figure", "ours", "theirs"), [(SPEED, 0.0, 1.0), (COST, 1.0, 0.0)])
def test_nothing_is_divided_by_nothing(figure: Figure, ours: float, theirs: float) -> None:
    samples = {"theirs": [sample(theirs, cpu=theirs)], "ours": [sample(ours, cpu=ours)]}
    with pytest.raises(BenchmarkError, match="is 0 in a round"):
        figure.read(samples)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.8499, "MISSED"), (0.85, "holds, below the goal"), (0.999, "holds, below the goal"), (1.0, "holds")],
)
def test_the_verdict_on_a_speed(value: float, verdict: str) -> None:
    assert Reading(SPEED, (value,)).verdict == verdict


@pytest.mark.parametrize(("value", "verdict"), [(0.5501, "MISSED"), (0.55, "holds"), (0.1, "holds")])
def test_the_verdict_on_a_cost(value: float, verdict: str) -> None:
    assert Reading(COST, (value,)).verdict == verdict


def test_the_median_is_judged_not_the_best_round() -> None:
    assert Reading(SPEED, (0.5, 0.6, 2.0)).verdict == "MISSED"


def test_a_miss_never_looks_like_the_floor() -> None:
    assert str(Reading(SPEED, (0.8499,))) == "0.8499"


def test_what_holds_never_looks_like_a_miss() -> None:
    assert str(Reading(COST, (0.5449,))) == "0.54"
    assert str(Reading(replace(COST, floor=0.546), (0.546,))) == "0.546"


def test_whole_numbers_have_no_decimals() -> None:
    assert str(Reading(ALONE, (61.0, 62.0, 63.0))) == "62 (61–63) MB"


@given(st.floats(0.01, 10.0), st.floats(0.01, 10.0))
def test_digits_are_enough_to_see_the_verdict(value: float, floor: float) -> None:
    reading = Reading(replace(COST, floor=round(floor, 2)), (value,))
    shown = Reading(reading.figure, (round(reading.middle, reading.digits),))
    assert shown.holds == reading.holds or reading.digits == 6


def test_bounds_are_written_with_their_sign_and_unit() -> None:
    assert (SPEED.bounded(0.85), ALONE.bounded(80.0)) == ("≥ 0.85", "≤ 80 MB")


def test_a_spread_is_the_median_and_both_ends() -> None:
    assert spread([3.0, 1.0, 1.5], 1) == "1.5 (1.0–3.0)"


def test_a_spread_in_which_all_look_alike_is_one_number() -> None:
    assert spread([1.001, 1.002], 2) == "1.00"


def test_large_numbers_are_written_out() -> None:
    assert number(1_000_000.0) == "1,000,000"
    assert number(1233.08) == "1,233.08"
