from __future__ import annotations

from dataclasses import replace

from benchmarks.results import unmeasured
from benchmarks.telling import failed, judged, spent, told
from tests.benchmarks.made import COST, RUN, SPEED, record, scenario, taken

GOOD = record(taken(theirs=[1.0], ours=[0.5]), SPEED, name="good")
MODEST = record(taken(theirs=[0.9], ours=[1.0]), SPEED, name="modest")
POOR = record(taken(theirs=[0.5], ours=[1.0]), SPEED, name="poor")
SKIPPED = unmeasured(scenario("peers"), "skipped", "not installed: rclone", RUN)
BROKEN = unmeasured(scenario("far"), "failed", "the delaying line does not listen", RUN)


def test_what_was_missed_is_said_last() -> None:
    assert judged([POOR, SKIPPED, BROKEN, MODEST, GOOD]).splitlines() == [
        "Skipped:",
        "  peers: not installed: rclone",
        "Below the goal:",
        "  holds, below the goal: P1: speed of ours, to theirs: 0.90; ≥ 0.85, meant to be ≥ 1",
        "Failed:",
        "  far: the delaying line does not listen",
        "Missed:",
        "  MISSED: P1: speed of ours, to theirs: 0.50; ≥ 0.85, meant to be ≥ 1",
    ]


def test_a_run_without_a_miss_says_how_much_it_measured() -> None:
    assert judged([GOOD]) == "No floor was missed: of 1 figures measured, 1 hold."


def test_a_miss_or_a_failure_fails_the_run_and_nothing_else_does() -> None:
    assert [failed(one) for one in (GOOD, MODEST, SKIPPED, POOR, BROKEN)] == [False, False, False, True, True]


def test_one_miss_among_figures_that_hold_is_enough() -> None:
    assert failed(record(taken(theirs=[1.0], ours=[0.5]), SPEED, COST))


def test_the_longest_scenario_comes_first_and_the_budget_last() -> None:
    slow = replace(POOR, run=replace(RUN, seconds=1600.0))
    assert spent([GOOD, slow], 1661.4, 1500.0) == (
        "Seconds: poor 1600, good 61; in all 1661, MORE THAN the 1500 of all of it."
    )
    assert spent([GOOD], 61.4, 1500.0) == "Seconds: good 61; in all 61, within the 1500 of all of it."
    assert spent([GOOD], 61.4, None) == "Seconds: good 61; in all 61."


def test_a_scenario_is_told_with_its_own_table_first() -> None:
    lines = told(replace(GOOD, table=[["n", "µs"], ["10,000", "31"]])).splitlines()
    assert lines[0].split() == ["n", "µs"]
    assert lines[2].split()[:2] == ["wall", "s"]
    assert lines[-1].startswith("holds: P1: ")


def test_a_skip_is_told_with_its_reason() -> None:
    assert told(SKIPPED) == "skipped: not installed: rclone"
