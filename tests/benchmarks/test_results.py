from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.page.results import Results, dump, load, measured, unmeasured
from benchmarks.processes import ROOT, BenchmarkError, Sample
from benchmarks.scenario import Moved
from tests.benchmarks.made import ALONE, COST, MACHINE, RUN, SPEED, record, sample, scenario, taken

SOME = Results(
    MACHINE,
    {
        "mirror": record(taken(theirs=[1.0, 1.25], ours=[1.5, 2.0]), SPEED, COST, ALONE),
        "peers": unmeasured(scenario("peers"), "skipped", "not installed: rclone", RUN),
    },
)


def kept(place: Path, results: Results) -> Results | None:
    (place / "kept.json").write_text(dump(results))
    return load(place / "kept.json")


def test_everything_that_is_kept_is_read_again(tmp_path: Path) -> None:
    assert kept(tmp_path, SOME) == SOME


def test_the_rounds_of_a_column_are_on_one_line() -> None:
    assert '"wall": [1.5, 2.0]' in dump(SOME)


def test_there_may_be_nothing_yet(tmp_path: Path) -> None:
    assert load(tmp_path / "kept.json") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 99, "results": {}}'])
def test_what_is_not_ours_is_refused_with_its_path(tmp_path: Path, text: str) -> None:
    (tmp_path / "kept.json").write_text(text)
    with pytest.raises(BenchmarkError, match=r"kept\.json cannot be read .*: remove it, and measure anew"):
        load(tmp_path / "kept.json")


def test_what_is_judged_is_what_is_kept(tmp_path: Path) -> None:
    """A ratio that misses by less than is written down must not hold when it is read again."""
    samples = taken(theirs=[0.85], ours=[1.000004])
    result = Results(MACHINE, {"mirror": record(samples, SPEED)})
    again = kept(tmp_path, result)
    assert again is not None
    assert [one.verdict for one in again.records["mirror"].readings] == [
        one.verdict for one in result.records["mirror"].readings
    ]


def test_what_a_command_said_is_not_kept() -> None:
    assert "what it said" not in dump(SOME)


def test_a_figure_that_cannot_be_read_makes_no_record() -> None:
    with pytest.raises(BenchmarkError, match="no contestant"):
        record(taken(ours=[1.0]), SPEED)


def test_a_scenario_can_lay_out_a_table_of_its_own() -> None:
    own = scenario(layout=lambda samples: [["n"], *([name] for name in samples)])
    assert measured(own, taken(a=[1.0], b=[2.0]), RUN).table == [["n"], ["a"], ["b"]]


@pytest.mark.parametrize("moved", [Moved(2, 3), {"ours": Moved(2, 3)}])
def test_what_is_moved_is_said_for_all_or_for_one(moved: Moved | dict[str, Moved]) -> None:
    assert measured(scenario(moved=moved), taken(ours=[1.0]), RUN).moved == {"ours": Moved(2, 3)}


def test_a_new_record_takes_the_place_of_the_old_one_alone() -> None:
    fresh = unmeasured(scenario("mirror"), "failed", "the emulator does not listen", RUN)
    after = SOME.with_record(fresh)
    assert after.records == {"mirror": fresh, "peers": SOME.records["peers"]}


def test_a_scenario_that_is_gone_is_dropped_and_one_never_played_says_so() -> None:
    arranged = SOME.arranged([scenario("growth", long=True), scenario("mirror")])
    assert list(arranged.records) == ["growth", "mirror"]
    assert arranged.records["growth"].outcome == "not measured"
    assert arranged.records["growth"].reason == "part of `make bench-full`"
    assert arranged.records["mirror"] == SOME.records["mirror"]


def test_a_scenario_never_played_is_described_as_it_is_now() -> None:
    before = SOME.arranged([scenario("status")])
    now = replace(scenario("status"), what="otherwise", figures=(ALONE,))
    assert before.arranged([now]).records["status"].figures == (ALONE,)


def test_a_reason_is_one_line_without_the_place_of_this_tree() -> None:
    failed = unmeasured(scenario(), "failed", f"{ROOT}/bin/smugsync\nended  with 1\n", RUN)
    assert failed.reason == "./bin/smugsync ended with 1"


def test_samples_come_back_as_they_were() -> None:
    one = Sample(1.25, 2.5, 50.0, 0.5, 21, "", 3.0)
    assert record({"ours": [one]}).samples == {"ours": [one]}
    assert record({"ours": [sample(), sample()]}).rounds == 2
