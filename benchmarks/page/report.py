"""The page of the figures: prose that people write, and parts between markers that a run replaces.

Beside the page lie the picture and the measured values. Page and picture are made from the values alone.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from benchmarks.figures import Figure, Reading, number
from benchmarks.page.plot import draw
from benchmarks.page.results import Record, Results, Run, dump, load
from benchmarks.page.tables import as_markdown, plain_markdown
from benchmarks.processes import BenchmarkError

NAME = "performance"
PARTS = ("machine", "figures", "scenarios")
_HEAD = (
    *("figure", "scenario", "what", "baseline", "floor", "goal"),
    *("median", "least–greatest", "rounds", "verdict", "measured (UTC)"),
)


class Page:
    """`performance.md`, `.svg` and `.json` in one directory."""

    def __init__(self, directory: Path) -> None:
        self.text, self.picture, self.values = (
            directory / f"{NAME}.{kind}" for kind in ("md", "svg", "json")
        )

    def load(self) -> Results | None:
        """What it shows so far. Raises BenchmarkError for a page that could not be written later."""
        filled(self._prose(), {})
        return load(self.values)

    def write(self, results: Results) -> None:
        """All three, each whole or not at all; the values first, since the others can be made of them."""
        _put(self.values, dump(results))
        _put(self.picture, picture(results))
        _put(self.text, filled(self._prose(), parts(results)))

    def _prose(self) -> str:
        try:
            return self.text.read_text()
        except OSError as error:
            raise BenchmarkError(f"{self.text} cannot be read: {error.strerror}") from error


def filled(prose: str, made: dict[str, str]) -> str:
    """`prose` with what stands between the markers of each part replaced; all else is left as it is."""
    for part in PARTS:
        begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
        found = re.findall(rf"{begin}.*?{end}", prose, re.DOTALL)
        if len(found) != 1 or prose.count(begin) != 1 or prose.count(end) != 1:
            raise BenchmarkError(f"the page needs one line {begin} and, below it, one line {end}")
        if part in made:
            prose = prose.replace(found[0], f"{begin}\n\n{made[part]}\n\n{end}")
    return prose


def parts(results: Results) -> dict[str, str]:
    return {"machine": _machine(results), "figures": _figures(results), "scenarios": _scenarios(results)}


def picture(results: Results) -> str:
    return draw([(record.name, one) for record in results.records.values() for one in record.readings])


def _machine(results: Results) -> str:
    machine, runs = results.machine, [one.run for one in results.records.values() if one.run]
    rows = [
        ["", ""],
        ["Machine", f"{machine.processors}, {machine.memory}"],
        ["System", machine.system],
        ["Python", machine.python],
        ["Programs", machine.tools],
        ["Disk", machine.files],
    ]
    if runs:
        runs.sort(key=lambda run: run.begun)
        rounds = sorted(one.rounds for one in results.records.values() if one.rounds)
        rows += [
            ["Measured (UTC)", _from_to(runs[0].begun, runs[-1].begun)],
            ["Commit", "; ".join(dict.fromkeys(str(run.tree) for run in runs))],
            ["Rounds", _from_to(f"{rounds[0]}", f"{rounds[-1]}") if rounds else "–"],
            ["Load before, after", f"{runs[0].load_before:.2f}, {runs[-1].load_after:.2f}"],
        ]
    return plain_markdown(rows)


def _from_to(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def _figures(results: Results) -> str:
    """The picture, how many held, and a row for each figure, whether it was measured or not."""
    verdicts: Counter[str] = Counter()
    rows = [list(_HEAD)]
    for record in results.records.values():
        readings = record.readings
        for place, figure in enumerate(record.figures):
            reading = readings[place] if readings else None
            verdict = reading.verdict if reading else record.outcome
            verdicts[verdict] += 1
            rows.append(_figure(record, figure, reading, verdict))
    said = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    alt = "Every figure with its spread, its floor and its goal; the table below has the same numbers"
    table = plain_markdown(rows).replace("| MISSED |", "| **MISSED** |")
    return f"![{alt}]({NAME}.svg)\n\n{sum(verdicts.values())} figures: {said or 'none'}.\n\n{table}"


def _figure(record: Record, figure: Figure, reading: Reading | None, verdict: str) -> list[str]:
    goal = "" if figure.goal is None else figure.bounded(figure.goal)
    middle = least_most = "–"
    if reading:
        digits = reading.digits
        middle = f"{reading.middle:,.{digits}f} {figure.unit}".rstrip()
        least_most = "–".join(dict.fromkeys(f"{end(reading.values):,.{digits}f}" for end in (min, max)))
    rounds, when = str(len(reading.values)) if reading else "–", record.run.begun if record.run else "–"
    return [
        *(figure.name, record.name, figure.what, figure.base or "none"),
        *map(_unbroken, (figure.bounded(figure.floor), goal, middle, least_most, rounds)),
        *(verdict, _unbroken(when)),
    ]


def _unbroken(cell: str) -> str:
    """A number and its sign or unit stay on one line."""
    return cell.replace(" ", "\u00a0")


def _scenarios(results: Results) -> str:
    return "\n\n".join(map(_scenario, results.records.values()))


def _scenario(record: Record) -> str:
    pieces = [f"### {record.name}", f"{_sentence(record.what)}"]
    if record.outcome != "measured":
        when = f" ({_when(record.run)})" if record.run else ""
        pieces.append(f"**{record.outcome.capitalize()}**{when}: {_sentence(record.reason)}")
        return "\n\n".join(pieces)
    rounds = f"{record.rounds} round{'' if record.rounds == 1 else 's'}"
    if record.run:
        pieces.append(f"{rounds}, {_when(record.run)}.")
    table = as_markdown(record.contestants())
    if record.table:
        title = "Every contestant: seconds, CPU, memory, requests"
        table = f"{as_markdown(record.table)}\n\n<details><summary>{title}</summary>\n\n{table}\n\n</details>"
    return "\n\n".join([*pieces, table])


def _when(run: Run) -> str:
    return (
        f"{run.begun} UTC, commit {run.tree}; load {run.load_before:.2f} before, {run.load_after:.2f} after,"
        f" {run.others:.0%} of the processors to others; {number(round(run.seconds))} s with all preparing"
    )


def _sentence(text: str) -> str:
    text = text.replace("<", "&lt;")
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _put(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.part")
    fresh.write_text(text)
    fresh.replace(path)
