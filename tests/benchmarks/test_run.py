"""The command `python -m benchmarks`, with scenarios that take no time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.__main__ import fits, main, of_this_machine, on_a_disk, rounds_of, space
from benchmarks.page.report import Page
from benchmarks.page.results import Results
from benchmarks.processes import ROOT, BenchmarkError
from benchmarks.scenario import Scenario
from benchmarks.scenarios import SCENARIOS
from benchmarks.stage.machine import this_machine
from benchmarks.stage.needs import Skip
from tests.benchmarks.made import ALONE, MACHINE, PROSE, SPEED, record, sample, scenario, taken


def named(*scenarios: Scenario) -> Mapping[str, Scenario]:
    return {one.name: one for one in scenarios}


GOOD = scenario("good", None, ALONE)
POOR = scenario("poor", {"theirs": sample, "ours": lambda: sample(2.0)}, SPEED)
LONG = scenario("growth", None, ALONE, long=True)
ABSENT = scenario("peers", error=Skip("not installed: rclone"), optional=True)
BARE = scenario("http", None, SPEED, error=Skip("not installed: nginx"))
BROKEN = scenario("far", error=BenchmarkError("the line does not listen"))

Out = pytest.CaptureFixture[str]


@pytest.fixture
def page(tmp_path: Path) -> Page:
    (tmp_path / "performance.md").write_text(PROSE)
    return Page(tmp_path)


@pytest.mark.parametrize(("played", "code"), [(GOOD, 0), (POOR, 1), (ABSENT, 0), (BARE, 1), (BROKEN, 1)])
def test_a_floor_that_is_missed_or_not_measured_is_1_but_for_what_is_optional(
    played: Scenario, code: int
) -> None:
    assert main(["--rounds", "1"], named(played)) == code


def test_the_last_lines_are_what_was_missed(capsys: Out) -> None:
    main(["--rounds", "1"], named(POOR, GOOD, BROKEN))
    assert capsys.readouterr().out.splitlines()[-4:] == [
        "  far: the line does not listen",
        "Missed:",
        "  MISSED: P1: speed of ours, to theirs: 0.50; ≥ 0.85, meant to be ≥ 1",
        "Floors: 2; 1 hold, 1 missed, 0 not measured.",
    ]


def test_what_takes_hours_is_played_only_in_full_or_by_name(capsys: Out) -> None:
    for arguments, there in (([], False), (["--full"], True), (["growth"], True)):
        main(["--rounds", "1", *arguments], named(GOOD, LONG))
        assert ("\ngrowth: " in capsys.readouterr().out) == there


def test_rounds_are_no_more_than_a_scenario_wants(page: Page) -> None:
    main(["--rounds", "3", "--page", str(page.text.parent)], named(GOOD, replace(POOR, rounds=1)))
    results = page.load()
    assert results is not None
    assert [one.rounds for one in results.records.values()] == [3, 1]


def test_in_full_only_what_is_long_keeps_to_its_rounds() -> None:
    few, long = replace(POOR, rounds=1), replace(LONG, rounds=3)
    assert [rounds_of(one, 5, full=False) for one in (GOOD, few, long)] == [5, 1, 3]
    assert [rounds_of(one, 5, full=True) for one in (GOOD, few, long)] == [5, 5, 3]


def test_these_have_fewer_rounds_as_the_page_says() -> None:
    few = {name: (one.rounds, one.long) for name, one in SCENARIOS.items() if one.rounds is not None}
    assert few == {
        "far": (1, False),
        "adaptive": (1, False),
        "lines-unbounded": (1, True),
        "lines-5": (1, True),
        "lines-20": (1, True),
        "waiting-long": (1, True),
        "growth-million": (1, True),
        "upsert-million": (3, True),
        "start": (3, True),
    }
    prose = (ROOT / "docs/performance.md").read_text().partition("## How it is measured")[2]
    assert all(f"`{name}`" in prose for name in few)


def test_where_nothing_was_chosen_and_the_usual_place_is_memory_files_lie_elsewhere() -> None:
    memory, disk = ("1 1 0:1 / / rw - tmpfs tmpfs rw", "1 1 0:1 / / rw - ext4 /dev/vda rw")
    assert on_a_disk({}, memory) == "/var/tmp"
    assert on_a_disk({"TMPDIR": "/dev/shm"}, memory) is None
    assert on_a_disk({}, disk) is None


@pytest.mark.parametrize("odd", [" ", ";", "'", '"', "$", "{"])
def test_a_place_that_nginx_would_not_understand_is_refused(odd: str) -> None:
    with pytest.raises(BenchmarkError, match=r"set TMPDIR to a directory without it"):
        fits(f"/tmp/my{odd}files")


def test_usual_places_are_not(tmp_path: Path) -> None:
    fits(str(tmp_path))
    fits("/var/tmp/Fotos-Ü/2026.11")


@pytest.mark.parametrize("named_in", ["Makefile", "docs/performance.md"])
def test_the_room_that_is_asked_for_is_what_the_greediest_needs(named_in: str) -> None:
    prose = (ROOT / named_in).read_text()
    for full in (False, True):
        assert f" {space(SCENARIOS.values(), full=full)} GB" in prose


def test_only_what_needs_the_programs_of_others_is_optional() -> None:
    assert {name for name, one in SCENARIOS.items() if one.optional} == {"smugmug-backup", "rclone"}


def test_nothing_is_written_unless_a_page_is_named(page: Page) -> None:
    main(["--rounds", "1"], named(GOOD))
    assert page.text.read_text() == PROSE


def test_a_run_of_one_scenario_replaces_only_its_rows(page: Page) -> None:
    place, both = str(page.text.parent), named(GOOD, POOR)
    main(["--rounds", "2", "--page", place], both)
    before = page.load()
    main(["--rounds", "1", "--page", place, "poor"], both)
    after = page.load()
    assert before
    assert after
    assert after.records["good"] == before.records["good"]
    assert after.records["poor"].rounds == 1


def test_a_failure_does_not_leave_the_figures_of_better_days(page: Page) -> None:
    place = str(page.text.parent)
    main(["--rounds", "1", "--page", place], named(GOOD))
    main(["--rounds", "1", "--page", place], named(scenario("good", None, ALONE, error=OSError("disk full"))))
    assert "| failed |" in page.text.read_text()
    assert "| holds |" not in page.text.read_text()


def test_rows_of_another_machine_are_dropped_with_a_word(page: Page, capsys: Out) -> None:
    page.write(Results(MACHINE, {"old": record(taken(ours=[1.0]), ALONE, name="old")}))
    main(["--rounds", "1", "--page", str(page.text.parent)], named(GOOD, scenario("old", None, ALONE)))
    said = capsys.readouterr().out
    assert said.count("was of another machine (processors: 2 × Fast CPU, ") == 2, (
        "at the beginning and at the end"
    )
    results = page.load()
    assert results
    assert results.machine == this_machine()
    assert results.records["good"].outcome == "measured"


def test_rows_of_this_machine_stay(page: Page) -> None:
    mine = Results(this_machine(), {"old": record(taken(ours=[1.0]), ALONE, name="old")})
    page.write(mine)
    assert of_this_machine(page, this_machine()) == (mine, "")


def test_a_page_that_cannot_be_written_is_told_before_anything_is_played(tmp_path: Path, capsys: Out) -> None:
    assert main(["--page", str(tmp_path)], named(BROKEN)) == 1
    printed = capsys.readouterr()
    assert "far" not in printed.out
    assert printed.err.startswith(f"error: {tmp_path}/performance.md cannot be read")


def test_redrawing_plays_nothing_and_keeps_the_machine(page: Page) -> None:
    page.write(Results(MACHINE, {"good": record(taken(ours=[1.0]), ALONE, name="good")}))
    page.text.write_text(PROSE)
    assert main(["--page", str(page.text.parent), "--redraw"], named(GOOD, POOR)) == 0
    assert "2 × Fast CPU" in page.text.read_text()
    assert "**Not measured**: Not yet played." in page.text.read_text()


def test_there_is_nothing_to_redraw_where_nothing_was_measured(page: Page, capsys: Out) -> None:
    assert main(["--page", str(page.text.parent), "--redraw"], named(GOOD)) == 1
    assert "nothing was measured" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rounds", "0"], "--rounds: at least 1"),
        (["goood"], "there is no scenario 'goood'"),
        (["--redraw"], "Give --page too"),
    ],
)
def test_a_wrong_option_is_refused(arguments: list[str], said: str, capsys: Out) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments, named(GOOD))
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_transfers_that_matter_most_are_played_first() -> None:
    first = [figure.name.split(",")[0] for name in list(SCENARIOS)[:2] for figure in SCENARIOS[name].figures]
    assert set(first) >= {"P1", "P2", "P3", "P4"}


def test_every_figure_of_a_scenario_has_a_name_of_its_own() -> None:
    for one in SCENARIOS.values():
        names = [figure.name for figure in one.figures]
        assert sorted(set(names)) == sorted(names), one.name


def test_every_goal_is_harder_than_its_floor() -> None:
    for one in SCENARIOS.values():
        for figure in one.figures:
            if figure.goal is not None:
                harder = figure.goal > figure.floor if figure.more_is_better else figure.goal < figure.floor
                assert harder, figure.name
