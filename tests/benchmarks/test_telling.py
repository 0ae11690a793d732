from __future__ import annotations

from dataclasses import replace

from benchmarks.page.results import unmeasured
from benchmarks.telling import failed, judged, spent, told
from tests.benchmarks.made import COST, RUN, SPEED, record, scenario, taken

GOOD = record(taken(theirs=[1.0], ours=[0.5]), SPEED, name="good")
MODEST = record(taken(theirs=[0.9], ours=[1.0]), SPEED, name="modest")
POOR = record(taken(theirs=[0.5], ours=[1.0]), SPEED, name="poor")
SKIPPED = unmeasured(scenario("peers", None, SPEED, optional=True), "skipped", "not installed: rclone", RUN)
NEEDED = unmeasured(scenario("http", None, SPEED, COST), "skipped", "not installed: nginx", RUN)
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
        "Floors: 4; 2 hold, 1 missed, 1 not measured.",
    ]


def test_a_run_without_a_miss_says_how_much_it_measured() -> None:
    assert judged([GOOD]) == "Floors: 1; 1 hold, 0 missed, 0 not measured."


def test_a_run_that_could_not_measure_what_it_had_to_says_so() -> None:
    assert judged([GOOD, NEEDED]).splitlines() == [
        "Skipped:",
        "  http: not installed: nginx",
        "Not all was measured that has to hold here: a scenario was skipped.",
        "Floors: 3; 1 hold, 0 missed, 2 not measured.",
    ]


def test_a_miss_a_failure_and_a_skip_that_is_not_allowed_fail_the_run() -> None:
    assert [failed(one) for one in (GOOD, MODEST, SKIPPED)] == [False, False, False]
    assert [failed(one) for one in (POOR, BROKEN, NEEDED)] == [True, True, True]


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
