from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.page.report import Page, filled, parts, picture
from benchmarks.page.results import Results, measured, unmeasured
from benchmarks.processes import ROOT, BenchmarkError
from benchmarks.scenario import Moved
from tests.benchmarks.made import ALONE, MACHINE, PROSE, RUN, SPEED, record, scenario, taken

MISSED = record(taken(theirs=[1.0, 1.0], ours=[2.0, 1.6]), SPEED)
SKIPPED = unmeasured(replace(scenario("peers"), figures=(ALONE,)), "skipped", "not installed: <rclone>", RUN)
SOME = Results(MACHINE, {"mirror": MISSED, "peers": SKIPPED})


def figures_of(results: Results) -> str:
    """Their table as a reader sees it, who cannot tell one kind of space from the other."""
    return parts(results)["figures"].replace("\N{NO-BREAK SPACE}", " ")


def test_only_what_stands_between_markers_is_replaced() -> None:
    made = {"machine": "M", "figures": "F", "scenarios": "S"}
    once = filled(PROSE, made)
    assert once.count("words") == PROSE.count("words")
    assert filled(once, made) == once
    assert [line for line in once.splitlines() if line in {"M", "F", "S"}] == ["M", "F", "S"]


@pytest.mark.parametrize(
    "prose",
    [
        "",
        PROSE.replace("<!-- figures: end -->", ""),
        PROSE + PROSE,
        PROSE.replace("figures: begin", "x").replace("figures: end", "figures: begin"),
    ],
)
def test_a_page_without_its_markers_is_refused(prose: str) -> None:
    with pytest.raises(BenchmarkError, match="the page needs one line <!-- "):
        filled(prose, {})


def test_a_backslash_in_a_result_stays_one() -> None:
    assert "a\\1b" in filled(PROSE, {"figures": "a\\1b"})


def test_a_figure_has_all_its_numbers_in_one_row() -> None:
    assert (
        "| P1 | mirror | speed of ours, to theirs | theirs | ≥ 0.85 | ≥ 1 | 0.56 | 0.50–0.62 | 2"
        " | **MISSED** | 2026-11-22 19:30 |"
    ) in figures_of(SOME)


def test_a_figure_of_a_skipped_scenario_is_listed_as_such() -> None:
    figures = figures_of(SOME)
    assert (
        "| memory | peers | peak memory | none | ≤ 80 MB |  | – | – | – | skipped | 2026-11-22 19:30 |"
        in figures
    )
    assert "2 figures: 1 MISSED, 1 skipped." in figures


def test_a_skip_has_its_reason_as_text() -> None:
    assert "**Skipped** (2026-11-22 19:30 UTC" in parts(SOME)["scenarios"]
    assert "Not installed: &lt;rclone>." in parts(SOME)["scenarios"]


def test_a_scenario_says_when_on_what_and_how_long_it_was_measured() -> None:
    assert (
        "2 rounds, 2026-11-22 19:30 UTC, commit f3e11f9662; load 0.25 before, 1.50 after,"
        " 2% of the processors to others; 61 s with all preparing."
    ) in parts(SOME)["scenarios"]


def test_the_machine_is_named_with_its_software() -> None:
    said = parts(SOME)["machine"]
    for fact in ("2 × Fast CPU, 8 GB", "Debian 12, Linux 6.1", "OpenSSL 3.0", "curl 8", "ext4", "f3e11f9662"):
        assert fact in said


def test_a_table_of_its_own_stands_above_the_usual_one() -> None:
    own = scenario(layout=lambda samples: [["images", "µs each"], ["10,000", "31"]], moved=Moved(bytes=10**9))
    said = parts(Results(MACHINE, {"mirror": measured(own, taken(ours=[2.0]), RUN)}))["scenarios"]
    assert said.index("| 10,000 | 31 |") < said.index("<details>") < said.index("| 2.00 | 1.00 | 500 |")


@pytest.fixture
def page(tmp_path: Path) -> Page:
    (tmp_path / "performance.md").write_text(PROSE)
    return Page(tmp_path)


def test_a_page_that_was_written_is_read_again(page: Page) -> None:
    page.write(SOME)
    assert page.load() == SOME
    assert page.picture.read_text() == picture(SOME)
    assert {path.name for path in page.text.parent.iterdir()} == {
        f"performance.{e}" for e in ("md", "svg", "json")
    }


def test_a_page_is_written_over_and_over_without_growing(page: Page) -> None:
    page.write(SOME)
    first = page.text.read_text()
    page.write(SOME)
    assert page.text.read_text() == first


def test_a_page_without_prose_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"performance\.md cannot be read"):
        Page(tmp_path).load()


def test_the_published_page_and_picture_say_what_was_measured() -> None:
    """After a change of the report: `python -m benchmarks --page docs --redraw`."""
    page = Page(ROOT / "docs")
    results = page.load()
    assert results is not None
    prose = page.text.read_text()
    assert prose == filled(prose, parts(results))
    assert page.picture.read_text() == picture(results)
