"""What a run says in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.figures import Reading
from benchmarks.page.results import Record
from benchmarks.page.tables import as_text


def told(record: Record) -> str:
    """The tables of one scenario and a line for each of its figures, or why there are none."""
    if record.outcome != "measured":
        return f"{record.outcome}: {record.reason}"
    tables = [record.table] if record.table else []
    tables.append([list(row) for row in record.contestants()])
    return "\n".join([*map(as_text, tables), *map(line, record.readings)])


def line(reading: Reading) -> str:
    figure = reading.figure
    goal = "" if figure.goal is None else f", meant to be {figure.bounded(figure.goal)}"
    bound = f"{figure.bounded(figure.floor)}{goal}"
    return f"{reading.verdict}: {figure.name}: {figure.what}: {reading}; {bound}"


def spent(records: Sequence[Record], seconds: float, budget: float | None) -> str:
    """How long each scenario took, the longest first, beside what all may take."""
    runs = sorted(((one.run.seconds, one.name) for one in records if one.run), reverse=True)
    each = ", ".join(f"{name} {took:.0f}" for took, name in runs)
    if budget is None:
        return f"Seconds: {each}; in all {seconds:.0f}."
    verdict = "within" if seconds <= budget else "MORE THAN"
    return f"Seconds: {each}; in all {seconds:.0f}, {verdict} the {budget:.0f} of all of it."


def judged(records: Sequence[Record]) -> str:
    """What is to be known after all tables: skips, goals out of reach, what makes the run fail, the count."""
    readings = [reading for record in records for reading in record.readings]
    lists = (
        ("Skipped", [f"{one.name}: {one.reason}" for one in records if one.outcome == "skipped"]),
        ("Below the goal", [line(one) for one in readings if one.verdict == "holds, below the goal"]),
        ("Failed", [f"{one.name}: {one.reason}" for one in records if one.outcome == "failed"]),
        ("Missed", [line(one) for one in readings if not one.holds]),
    )
    said = [f"{title}:\n" + "\n".join(f"  {one}" for one in found) for title, found in lists if found]
    if any(one.outcome == "skipped" and not one.optional for one in records):
        said.append("Not all was measured that has to hold here: a scenario was skipped.")
    return "\n".join([*said, counted(records)])


def counted(records: Sequence[Record]) -> str:
    """How many floors of what was to be played hold, were missed, were not measured."""
    floors = sum(len(record.figures) for record in records)
    readings = [reading for record in records for reading in record.readings]
    hold = sum(reading.holds for reading in readings)
    missed, unmeasured = len(readings) - hold, floors - len(readings)
    return f"Floors: {floors}; {hold} hold, {missed} missed, {unmeasured} not measured."


def failed(record: Record) -> bool:
    """A floor was missed, or could not be measured though it has to hold everywhere."""
    if record.outcome == "skipped":
        return not record.optional
    return record.outcome == "failed" or not all(reading.holds for reading in record.readings)
