"""What a line is measured with, and which of the fixed numbers was the best."""

from __future__ import annotations

from benchmarks.processes import Sample
from benchmarks.scenario import Scenario
from benchmarks.scenarios.lines import COUNTS, LARGE, LASTS, MEDIUM, SCENARIOS, SMALL, Cell, fitting
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


def measured(cell: Cell, seconds: float, size: int = 100 * MB, *, fixed: bool = True) -> Sample:
    return cell.take(lambda: sample(wall=seconds), size, fixed=fixed)


def test_the_best_is_one_of_the_fixed_numbers() -> None:
    cell = Cell()
    fixed = [measured(cell, seconds) for seconds in (4.0, 2.0, 5.0)]
    measured(cell, 1.0, fixed=False)
    assert cell.best() is fixed[1]


def test_the_best_is_of_this_round() -> None:
    cell = Cell()
    measured(cell, 2.0)
    cell.best()
    measured(cell, 3.0)
    assert cell.best().amount == 100 / 3


def test_the_best_is_the_most_bytes_a_second_and_not_the_shortest_run() -> None:
    cell = Cell()
    measured(cell, 10.0)
    measured(cell, 20.0, 400 * MB)
    assert cell.best().wall == 20.0


def test_every_line_is_held_to_its_floor() -> None:
    matrix: Scenario = SCENARIOS["lines"]
    assert matrix.long
    assert len(matrix.figures) == 9
    assert {figure.floor for figure in matrix.figures} == {0.8}
