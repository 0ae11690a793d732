from __future__ import annotations

import resource
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from benchmarks.figures import Samples
from benchmarks.playing import play, take
from benchmarks.processes import BenchmarkError, Sample
from benchmarks.stage.needs import Skip
from tests.benchmarks.made import SPEED, TREE, sample, scenario


def noting(log: list[str], *names: str) -> Mapping[str, Callable[[], Sample]]:
    def one(name: str) -> Callable[[], Sample]:
        def taking() -> Sample:
            log.append(name)
            return sample()

        return taking

    return {name: one(name) for name in names}


def test_everybody_is_measured_in_each_round_in_an_order_that_rotates() -> None:
    log = list[str]()
    samples = take(noting(log, "a", "b", "c"), 3).samples
    assert "".join(log) == "abcbcacab"
    assert {name: len(own) for name, own in samples.items()} == {"a": 3, "b": 3, "c": 3}


def test_what_the_harness_once_needed_is_not_seen_in_a_contestant() -> None:
    """Each is told the harness's peak as it was when it began: 200 MB are forgotten by then."""
    peaks = list[float]()

    def noted() -> Sample:
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return sample()

    assert bytearray(200_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    harness = take({"a": noted}, 1).harness
    assert peaks[0] < before - 150
    assert peaks[0] <= harness < before - 150


def test_a_played_scenario_is_a_record_with_all_rounds() -> None:
    record = play(scenario("mirror", None, SPEED), 2, TREE)
    assert (record.outcome, record.rounds) == ("measured", 2)
    assert [reading.values for reading in record.readings] == [(1.0, 1.0)]
    assert record.run is not None
    assert record.run.tree == TREE


def test_a_skip_has_its_reason() -> None:
    record = play(scenario(error=Skip("not installed: nginx")), 2, TREE)
    assert (record.outcome, record.reason) == ("skipped", "not installed: nginx")


@pytest.mark.parametrize("error", [BenchmarkError("no figure"), OSError("no figure"), KeyError("no figure")])
def test_whatever_goes_wrong_fails_its_scenario_alone(error: Exception) -> None:
    record = play(scenario(error=error), 2, TREE)
    assert record.outcome == "failed"
    assert "no figure" in record.reason


def test_a_wrong_result_in_a_later_round_leaves_no_figure() -> None:
    rounds = iter([sample(), None])

    def wrong() -> Sample:
        if (one := next(rounds)) is None:
            raise BenchmarkError("the mirror is not what is online")
        return one

    record = play(scenario("mirror", {"theirs": sample, "ours": wrong}, SPEED), 2, TREE)
    assert (record.outcome, record.readings) == ("failed", [])


def test_where_there_is_too_little_room_nothing_is_begun() -> None:
    log = list[str]()
    record = play(scenario("mirror", noting(log, "theirs", "ours"), SPEED, space=1e9), 2, TREE)
    assert (record.outcome, log) == ("skipped", [])
    assert record.reason.startswith("it needs 1e+09 GB below ")


def test_what_is_made_of_the_samples_stands_beside_them() -> None:
    def longest(samples: Samples) -> Sequence[Sample]:
        return [max(each, key=lambda one: one.wall) for each in zip(*samples.values(), strict=True)]

    walls = iter([1.0, 4.0])
    contestants = {"theirs": lambda: sample(next(walls)), "ours": lambda: sample(2.0)}
    beside = replace(SPEED, base="longest")
    record = play(replace(scenario("mirror", contestants, beside), derived={"longest": longest}), 2, TREE)
    assert [reading.values for reading in record.readings] == [(1.0, 2.0)]
    assert list(record.columns) == ["theirs", "ours", "longest"]


def test_a_figure_of_somebody_unknown_fails_before_the_first_round() -> None:
    log = list[str]()
    record = play(scenario("mirror", noting(log, "ours"), SPEED), 2, TREE)
    assert (record.outcome, log) == ("failed", [])
