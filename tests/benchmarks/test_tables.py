from __future__ import annotations

from benchmarks.page.tables import as_markdown, as_text, by_contestant
from benchmarks.scenario import Moved
from tests.benchmarks.made import sample, taken


def column(title: str, table: object) -> list[str]:
    assert isinstance(table, list)
    return [row[table[0].index(title)] for row in table[1:]]


def test_ratios_are_taken_within_a_round() -> None:
    table = by_contestant(taken(theirs=[1.0, 4.0, 9.0], ours=[2.0, 2.0, 9.0]), {})
    assert column("ratio", table) == ["1.00", "1.00 (0.50–2.00)"]


def test_bytes_make_rates_and_cpu_seconds_by_the_gigabyte() -> None:
    table = by_contestant({"ours": [sample(2.0, cpu=3.0)]}, {"ours": Moved(files=400, bytes=1_500_000_000)})
    assert column("MB/s", table) == ["750"]
    assert column("files/s", table) == ["200"]
    assert column("CPU s/GB", table) == ["2.00"]


def test_a_contestant_that_moves_nothing_has_no_rate_beside_one_that_does() -> None:
    table = by_contestant(taken(listing=[1.0], ours=[1.0]), {"ours": Moved(files=10)})
    assert column("files/s", table) == ["–", "10"]


def test_columns_in_which_all_have_nothing_are_left_out() -> None:
    assert by_contestant(taken(ours=[1.0]), {})[0] == [
        "",
        "wall s",
        "ratio",
        "CPU s",
        "ratio",
        "peak MB",
        "ratio",
    ]


def test_the_amount_is_shown_under_the_title_that_the_scenario_gives_it() -> None:
    samples = {"ours": [sample(amount=12.5)]}
    assert column("first byte, ms", by_contestant(samples, {}, "first byte, ms")) == ["12.50"]
    assert "12.50" not in str(by_contestant(samples, {}))


def test_a_baseline_of_nothing_makes_no_ratio() -> None:
    table = by_contestant({"theirs": [sample(cpu=0.0)], "ours": [sample(cpu=1.0)]}, {})
    assert table[0] == ["", "wall s", "ratio", "CPU s", "peak MB", "ratio"]


def test_a_peak_below_the_harness_s_own_is_only_bounded() -> None:
    samples = {"curl": [sample(rss=45.0)], "ours": [sample(rss=61.0)]}
    assert column("peak MB", by_contestant(samples, {}, harness=45.0)) == ["≤ 45", "61"]


def test_what_was_not_played_has_no_values() -> None:
    samples = {"curl": [sample(rss=45.0)], "left out": [sample(wall=0.0, rss=0.0)]}
    table = by_contestant(samples, {}, harness=50.0)
    assert column("wall s", table)[1] == "–"
    assert column("ratio", table)[1] == "–"
    assert column("peak MB", table)[1] == "–"


def test_cells_cannot_break_a_markdown_table() -> None:
    assert as_markdown([["", "a|b"], ["x\ny", "<tag>"]]) == "|  | a\\|b |\n| --- | ---: |\n| x y | &lt;tag> |"


def test_columns_of_text_stand_below_each_other() -> None:
    assert as_text([["", "wall s"], ["theirs", "1"]]) == "        wall s\ntheirs  1"
