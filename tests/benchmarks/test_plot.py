from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import Figure, Reading
from benchmarks.page.plot import FAR, LEFT, RIGHT, WIDEST, WIDTH, Row, draw, part_axis, ratio_axis, wrapped
from tests.benchmarks.made import ALONE, COST, SPEED

SVG = "{http://www.w3.org/2000/svg}"
SEEN = Figure("seen", "files seen of a burst", "ours", "", "amount", "rate", 5000.0, unit="files")
NONE = Figure("bytes", "bytes of a quiet poll", "ours", "", "amount", "cost", 0.0)
ALL = [
    ("https", Reading(SPEED, (0.5, 0.6, 0.7))),
    ("https", Reading(COST, (0.3, 0.31))),
    ("large", Reading(ALONE, (500.0,))),
    ("watcher", Reading(SEEN, (4988.0, 5000.0))),
    ("quiet", Reading(NONE, (0.0,))),
]


def groups(svg: str) -> dict[str, ElementTree.Element]:
    """What is drawn for each figure, by the figure's name."""
    rows = ElementTree.fromstring(svg).findall(f"{SVG}g")
    return {str(row.findtext(f"{SVG}title")).split(": ")[1]: row for row in rows}


def one(row: ElementTree.Element, kind: str) -> ElementTree.Element:
    (found,) = (
        each for each in row.iter() if kind in each.get("class", "").split() and each.tag != f"{SVG}tspan"
    )
    return found


def at(row: ElementTree.Element, kind: str, name: str = "x1") -> float:
    return float(one(row, kind).get(name, "nan"))


def test_every_figure_has_a_row_with_its_name_and_verdict() -> None:
    rows = groups(draw(ALL))
    assert list(rows) == ["P1", "P4", "memory", "seen", "bytes"]
    said = {name: "".join(row.itertext()).splitlines() for name, row in rows.items()}
    assert said["P1"][-3:] == ["0.60 (0.50–0.70)", "MISSED ≥ 0.85", "goal ≥ 1"]
    assert said["P4"][-2:] == ["0.30 (0.30–0.31)", "holds ≤ 0.55"]


def test_a_floor_lies_right_of_what_misses_it_and_left_of_its_goal() -> None:
    row = groups(draw(ALL))["P1"]
    left, right = at(row, "spread"), at(row, "spread", "x2")
    assert LEFT < left < right < at(row, "floor") < at(row, "goal") < RIGHT


def test_the_side_that_holds_is_marked_from_the_floor_on() -> None:
    rows = groups(draw(ALL))
    speed, cost = one(rows["P1"], "allowed"), one(rows["P4"], "allowed")
    assert float(speed.get("x", "")) == at(rows["P1"], "floor")
    assert float(cost.get("x", "")) + float(cost.get("width", "")) == pytest.approx(at(rows["P4"], "floor"))


def test_what_is_far_beyond_is_an_arrow_at_the_edge() -> None:
    """500 MB where 80 are allowed."""
    row = groups(draw(ALL))["memory"]
    (arrow,) = (each for each in row.iter(f"{SVG}path"))
    assert arrow.get("d", "").startswith(f"M{RIGHT - 8} ")


def test_a_bound_of_nothing_can_be_drawn() -> None:
    assert at(groups(draw(ALL))["bytes"], "floor") == LEFT
    assert draw([("quiet", Reading(NONE, (3.0,)))]).count('class="missed" d="M700') == 1


def test_verdicts_differ_by_shape_and_not_by_colour_alone() -> None:
    shapes = {
        value: [each.tag for each in groups(draw([("https", Reading(SPEED, (value,)))]))["P1"].iter()]
        + re.findall(r'd="M[\d. ]+(\w+)', draw([("https", Reading(SPEED, (value,)))]).split("<g>")[1])
        for value in (0.5, 0.9, 1.5)
    }
    assert len({str(shape) for shape in shapes.values()}) == 3


def test_a_picture_of_nothing_says_so() -> None:
    assert "Nothing was measured yet." in "".join(ElementTree.fromstring(draw([])).itertext())


def test_names_are_text_and_no_markup() -> None:
    odd = Figure("<b>&", "a & b < c", "ours", "", "rss", "cost", 1.0)
    assert "<b>&" in "".join(ElementTree.fromstring(draw([("a&b", Reading(odd, (1.0,)))])).itertext())


def test_no_text_reaches_beyond_the_picture_or_into_the_axis() -> None:
    long = Figure(
        "a name of " * 6, "words of an explanation " * 9, "a", "b", "wall", "speed", 0.123456, 0.234567
    )
    wide = Figure("n", "w", "a", "", "rss", "cost", 123456.0, 12345.0, unit="requests of the API")
    svg = draw([("a scenario of a name", Reading(long, (1e6, 2e6))), ("s", Reading(wide, (1e5, 2e5, 3e5)))])
    for text in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        parts = [
            (text.text or "", text.get("class", "")),
            *((t.text or "", t.get("class", "")) for t in text),
        ]
        size = {"small": 11, "word": 11, "head": 15}
        widths = (
            len(words) * WIDEST * next((size[k] for k in kind.split() if k in size), 13)
            for words, kind in parts
        )
        begin, width = float(text.get("x", "")), sum(widths)
        if text.get("text-anchor") != "middle":
            assert begin + width <= (LEFT if begin < LEFT and len(parts) > 1 else WIDTH), "".join(
                text.itertext()
            )


@given(st.text("abc déf,", max_size=200), st.integers(60, 400))
def test_wrapped_lines_are_no_wider_than_asked(text: str, width: int) -> None:
    lines = wrapped(text, width, 11)
    assert len(lines) <= 2
    assert all(len(line) * 11 * WIDEST <= width for line in lines)


def test_what_does_not_fit_ends_with_an_ellipsis() -> None:
    assert wrapped("one two three four five six", 70, 11) == ["one two", "three fou…"]
    assert wrapped("one two", 70, 11) == ["one two"]


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=5), st.floats(1e-2, 1e2))
def test_the_axis_of_ratios_holds_everything_in_order(values: list[float], floor: float) -> None:
    figure = Figure("n", "w", "a", "b", "wall", "speed", floor)
    axis = ratio_axis([Row("s", Reading(figure, tuple(values)))])
    places = [axis.at(value) for value in sorted([*values, floor])]
    assert places == sorted(places)
    assert places[0] >= LEFT
    assert places[-1] <= RIGHT
    assert axis.at(2.0) - axis.at(1.0) == pytest.approx(axis.at(1.0) - axis.at(0.5), abs=0.2)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=5))
def test_the_axis_of_parts_begins_with_nothing_and_shows_the_bound(values: list[float]) -> None:
    axis = part_axis([Row("s", Reading(ALONE, tuple(values)), ALONE.floor)])
    assert (axis.low, axis.at(0.0)) == (0.0, LEFT)
    assert 1.0 < axis.high <= FAR
