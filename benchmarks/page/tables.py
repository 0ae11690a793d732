"""What was measured as rows of text, for a terminal and for a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from benchmarks.figures import Samples, spread
from benchmarks.processes import Sample
from benchmarks.scenario import NOTHING, Moved, Table

PEAK = "peak MB"


class _Column(NamedTuple):
    """`value` of a sample and of what it moved; `compared`: a ratio to the baseline stands beside it."""

    title: str
    digits: int
    compared: bool
    value: Callable[[Sample, Moved], float]


def by_contestant(
    samples: Samples, moved: Mapping[str, Moved], amount: str = "", harness: float = 0.0
) -> Table:
    """A row for each contestant: median (least–greatest), and ratios to the first line of the same round.

    A column in which everybody has nothing is left out. `amount` is the title of `Sample.amount`. A peak that
    is no greater than that of the `harness` is only known to be no more than is shown.
    """
    base = next(iter(samples))
    names = list(samples)
    columns = [["", *names]]
    for title, digits, compared, value in _columns(amount):
        found = {name: [value(one, moved.get(name, NOTHING)) for one in samples[name]] for name in names}
        if not any(any(values) for values in found.values()):
            continue
        cells = [spread(found[name], digits) if any(found[name]) else "–" for name in names]
        if title == PEAK:
            hidden = [max(found[name]) <= harness for name in names]
            cells = [
                f"≤ {cell}" if unseen and any(found[name]) else cell
                for name, cell, unseen in zip(names, cells, hidden, strict=True)
            ]
        columns.append([title, *cells])
        if compared and all(found[base]):
            ratios = ([a / b for a, b in zip(found[name], found[base], strict=True)] for name in names)
            columns.append(["ratio", *(spread(each, 2) if any(each) else "–" for each in ratios)])
    return [list(row) for row in zip(*columns, strict=True)]


def as_text(table: Table) -> str:
    """Columns below each other."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in table)
    return "\n".join(lines)


def as_markdown(table: Table) -> str:
    """A pipe table; numbers to the right: all columns but the first."""
    head, *body = ([_escaped(cell) for cell in row] for row in table)
    rule = ["---", *(["---:"] * (len(head) - 1))]
    return "\n".join(_row(cells) for cells in (head, rule, *body))


def plain_markdown(table: Table) -> str:
    """A pipe table of words: everything to the left."""
    head, *body = ([_escaped(cell) for cell in row] for row in table)
    return "\n".join(_row(cells) for cells in (head, ["---"] * len(head), *body))


def _columns(amount: str) -> Sequence[_Column]:
    return (
        _Column("wall s", 2, True, lambda sample, moved: sample.wall),
        _Column("MB/s", 0, False, lambda sample, moved: _part(moved.bytes / 1e6, sample.wall)),
        _Column("files/s", 0, False, lambda sample, moved: _part(moved.files, sample.wall)),
        _Column("CPU s", 2, True, lambda sample, moved: sample.cpu),
        _Column("CPU s/GB", 2, False, lambda sample, moved: _part(sample.cpu, moved.bytes / 1e9)),
        _Column(PEAK, 0, True, lambda sample, moved: sample.rss),
        _Column("server CPU s", 2, False, lambda sample, moved: sample.server),
        _Column("API requests", 0, False, lambda sample, moved: sample.requests),
        *([_Column(amount, 2, False, lambda sample, moved: sample.amount)] if amount else []),
    )


def _part(a: float, b: float) -> float:
    return a / b if b else 0.0


def _escaped(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
