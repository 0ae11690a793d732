"""Every figure as a row of one picture: where it lies, how far it spread, its floor and its goal.

The picture has a ground of its own and follows the reader's choice of light or dark, so it can be read on any
page. Text is never narrower than reckoned here: see `WIDEST`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import chain

from benchmarks.figures import Reading, number

WIDTH = 1000
LEFT, RIGHT = 356, 708  #: where the axis begins and ends; labels stand before it, values behind it
ROW, HEAD, FOOT, LEGEND = 48, 62, 16, 70
MARGIN = 16
WIDEST = 0.6  #: of the font's size, for a letter of any common sans-serif font in the mean
FAR = 3.0  #: as many times the bound; what lies beyond is drawn there, as an arrow

STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
.head { font-size: 15px; font-weight: 600 }
.name { font-weight: 600 }
.small { font-size: 11px; fill: #59636e }
.ground { fill: #ffffff; stroke: #d1d9e0 }
.grid { stroke: #e4e8ec }
.one { stroke: #818b98; stroke-width: 1.5 }
.allowed { fill: #1a7f37; opacity: .09 }
.floor { stroke: #1f2328; stroke-width: 2.5 }
.goal { stroke: #0969da; stroke-width: 2.5; stroke-dasharray: 3 2.5 }
.spread { stroke-width: 3; opacity: .55 }
.holds { fill: #1a7f37; stroke: #1a7f37 }
.below { fill: #9a6700; stroke: #9a6700 }
.missed { fill: #cf222e; stroke: #cf222e }
text text .word { stroke: none; font-weight: 600; font-size: 11px }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.small { fill: #9198a1 }
.ground { fill: #0d1117; stroke: #3d444d }
.grid { stroke: #2a313c }
.one { stroke: #9198a1 }
.allowed { fill: #3fb950; opacity: .13 }
.floor { stroke: #f0f6fc }
.goal { stroke: #4493f8 }
.holds { fill: #3fb950; stroke: #3fb950 }
.below { fill: #d29922; stroke: #d29922 }
.missed { fill: #f85149; stroke: #f85149 }
}"""

CLASSES = {"holds": "holds", "holds, below the goal": "below", "MISSED": "missed"}


@dataclass(frozen=True, slots=True)
class Row:
    """A reading and the scenario it comes from; `scale`: what its values are divided by in this panel."""

    scenario: str
    reading: Reading
    scale: float = 1.0

    def part(self, value: float) -> float:
        if self.scale:
            return value / self.scale
        return math.inf if value else 0.0

    @property
    def values(self) -> list[float]:
        return [self.part(value) for value in self.reading.values]

    @property
    def floor(self) -> float:
        return self.part(self.reading.figure.floor)

    @property
    def goal(self) -> float | None:
        goal = self.reading.figure.goal
        return None if goal is None else self.part(goal)


@dataclass(frozen=True, slots=True)
class Axis:
    """From values to places, clipped to its ends."""

    low: float
    high: float
    ticks: Sequence[float]
    law: Callable[[float], float]

    def at(self, value: float) -> float:
        clipped = min(max(value, self.low), self.high)
        share = (self.law(clipped) - self.law(self.low)) / (self.law(self.high) - self.law(self.low))
        return round(LEFT + share * (RIGHT - LEFT), 1)


def draw(readings: Sequence[tuple[str, Reading]]) -> str:
    """An SVG of all `readings`, each with the name of its scenario."""
    ratios = [Row(name, one) for name, one in readings if one.figure.base]
    numbers = [Row(name, one, one.figure.floor) for name, one in readings if not one.figure.base]
    panels = (
        (
            "Speed and rate, to the baseline’s (1): more is better",
            [r for r in ratios if r.reading.figure.more_is_better],
            ratio_axis,
        ),
        (
            "Cost, to the baseline’s (1): less is better",
            [r for r in ratios if not r.reading.figure.more_is_better],
            ratio_axis,
        ),
        ("Numbers, as a part of what may or has to be (1)", numbers, part_axis),
    )
    body, top = list[str](), float(LEGEND)
    if not readings:
        body, top = [_text(MARGIN, top + 20, "Nothing was measured yet.", "")], top + ROW
    for title, rows, axis in panels:
        if rows:
            body += _panel(title, rows, axis(rows), top)
            top += HEAD + ROW * len(rows) + FOOT
    height = top + MARGIN
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}"'
            f' height="{height:g}" role="img" aria-label="Every figure with its spread, floor and goal">',
            f"<style>{STYLE}</style>",
            f'<rect class="ground" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1:g}" rx="8"/>',
            *_legend(),
            *body,
            "</svg>\n",
        )
    )


def ratio_axis(rows: Sequence[Row]) -> Axis:
    """Twice as fast lies as far from the baseline as half as fast; what is 0 lies at the lower end."""
    marks = [mark for mark in _marks(rows) if 0 < mark < math.inf]
    low, high = min(0.5, *marks) / 1.15, max(2.0, *marks) * 1.15
    return Axis(low, high, _round_numbers(low, high), math.log)


def part_axis(rows: Sequence[Row]) -> Axis:
    """From nothing; 1 is the floor."""
    most = max(mark for mark in (1.0, *_marks(rows)) if mark < math.inf)
    high = min(FAR, most * 1.15)
    step = 0.25 if high < 2 else 0.5
    return Axis(0.0, high, [step * tick for tick in range(math.floor(high / step) + 1)], float)


def wrapped(text: str, width: float, size: float, lines: int = 2) -> list[str]:
    """`text` in lines that are surely no wider than `width`; what is left over makes way for an ellipsis."""
    most = int(width / (size * WIDEST))
    made, rest = list[str](), text.replace("`", "")
    while rest and len(made) < lines:
        if len(rest) <= most:
            made.append(rest)
            return made
        cut = rest.rfind(" ", 0, most + 1)
        cut = cut if cut > 0 else most
        made.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*made[:-1], f"{made[-1][: most - 1].rstrip(' ,')}…"] if rest else made


def _marks(rows: Sequence[Row]) -> list[float]:
    goals = (row.goal for row in rows)
    return [
        *chain.from_iterable(row.values for row in rows),
        *(row.floor for row in rows),
        *(g for g in goals if g),
    ]


def _round_numbers(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (2, 5, 10) if high / low < 1000 else (10,)
    return [tick for power in powers for step in steps if low <= (tick := float(f"{step}e{power}")) <= high]


def _legend() -> Iterator[str]:
    yield _text(MARGIN, 28, "Every figure of the benchmarks", "head")
    y = 50.0
    yield f'<line class="spread holds" x1="{MARGIN}" x2="{MARGIN + 34}" y1="{y - 4}" y2="{y - 4}"/>'
    yield f'<circle class="holds" cx="{MARGIN + 17}" cy="{y - 4}" r="5.5"/>'
    yield _text(MARGIN + 42, y, "median, least to greatest of the rounds", "small")
    yield _bar("floor", 322, y - 4)
    yield _text(332, y, "floor, with the side that holds", "small")
    yield f'<rect class="allowed" x="322" y="{y - 12:g}" width="6" height="16"/>'
    yield _bar("goal", 556, y - 4)
    yield _text(566, y, "goal", "small")
    for x, kind, shape in (
        (624, "holds", "holds"),
        (704, "below", "below its goal"),
        (836, "missed", "MISSED"),
    ):
        yield _dot(kind, x, y - 4)
        yield _text(x + 11, y, shape, "small")


def _panel(title: str, rows: Sequence[Row], axis: Axis, top: float) -> Iterator[str]:
    begin, end = top + HEAD, top + HEAD + ROW * len(rows)
    yield _text(MARGIN, top + 28, title, "head")
    for tick in axis.ticks:
        x = axis.at(tick)
        kind = "one" if tick == 1 else "grid"
        yield f'<line class="{kind}" x1="{x:g}" x2="{x:g}" y1="{begin:g}" y2="{end:g}"/>'
        yield _text(x, begin - 8, number(tick), "small", anchor="middle")
    for place, row in enumerate(rows):
        yield from _row(row, axis, begin + ROW * place + ROW / 2)


def _row(row: Row, axis: Axis, y: float) -> Iterator[str]:
    figure, reading = row.reading.figure, row.reading
    kind = CLASSES[reading.verdict]
    yield f"<g><title>{escape(f'{row.scenario}: {figure.name}: {figure.what}: {reading}')}</title>"
    width = LEFT - 2 * MARGIN
    lines = wrapped(figure.what, width, 11)
    y_first = y - (14 if len(lines) > 1 else 6) + 4
    yield _label(figure.name, row.scenario, width, y_first)
    for place, line in enumerate(lines):
        yield _text(MARGIN, y_first + 14 + 12 * place, line, "small")

    floor = axis.at(row.floor)
    begin, end = (floor, float(RIGHT)) if figure.more_is_better else (float(LEFT), floor)
    yield f'<rect class="allowed" x="{begin:g}" y="{y - 14:g}" width="{end - begin:g}" height="28"/>'
    yield _bar("floor", floor, y)
    if row.goal is not None:
        yield _bar("goal", axis.at(row.goal), y)
    least, most, middle = axis.at(min(row.values)), axis.at(max(row.values)), row.part(reading.middle)
    yield f'<line class="spread {kind}" x1="{least:g}" x2="{most:g}" y1="{y:g}" y2="{y:g}"/>'
    yield _arrow(kind, y) if middle > axis.high else _dot(kind, axis.at(middle), y)

    yield from _words(reading, kind, y)
    yield "</g>"


def _label(name: str, scenario: str, width: float, y: float) -> str:
    """The name of the figure, and behind it that of the scenario where there is room."""
    shown = wrapped(name, width, 14, lines=1)[0]
    room = width - len(shown) * 14 * WIDEST
    behind = escape(scenario) if len(scenario) * 11 * WIDEST < room else ""
    both = f'<tspan class="name">{escape(shown)}</tspan> <tspan class="small">{behind}</tspan>'
    return f'<text x="{MARGIN}" y="{y:g}">{both}</text>'


def _words(reading: Reading, kind: str, y: float) -> Iterator[str]:
    """What was measured; the verdict with the floor; the goal."""
    figure, x = reading.figure, RIGHT + MARGIN
    room = WIDTH - MARGIN - x
    said = str(reading)
    fits = len(said) * 13 * WIDEST < room
    yield _text(x, y - 7, said if fits else wrapped(said, room, 11, lines=1)[0], "" if fits else "small")
    verdict = {"missed": "MISSED", "below": "below the goal"}.get(kind, kind)
    floor = f'<tspan class="small">{escape(figure.bounded(figure.floor))}</tspan>'
    yield f'<text x="{x}" y="{y + 8:g}"><tspan class="word {kind}">{verdict}</tspan> {floor}</text>'
    if figure.goal is not None:
        yield _text(x, y + 21, f"goal {figure.bounded(figure.goal)}", "small")


def _dot(kind: str, x: float, y: float) -> str:
    """A disc, a triangle or a cross: they differ without colours too."""
    if kind == "missed":
        return f'<path class="missed" stroke-width="3" d="M{x - 5:g} {y - 5:g}l10 10m0 -10l-10 10"/>'
    if kind == "below":
        return f'<path class="below" d="M{x:g} {y - 6:g}l6.5 11.5h-13z"/>'
    return f'<circle class="holds" cx="{x:g}" cy="{y:g}" r="5.5"/>'


def _arrow(kind: str, y: float) -> str:
    return f'<path class="{kind}" d="M{RIGHT - 8} {y - 6:g}l8 6l-8 6z"/>'


def _bar(kind: str, x: float, y: float) -> str:
    return f'<line class="{kind}" x1="{x:g}" x2="{x:g}" y1="{y - 14:g}" y2="{y + 14:g}"/>'


def _text(x: float, y: float, text: str, kind: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'
