"""What was tried, as a table that a person reads at the end of a long run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.faults import points, wire
from tests.faults.trial import Tally

#: Columns of their own, in the order of a run; everything else stands under "other".
STEPS = (*points.STEPS, *wire.STEPS)


def render(tallies: Sequence[Tally]) -> str:
    """One line per fault: where it struck how often, how the runs ended, and what was lost."""
    merged = list(_merge(tallies))
    used = [step for step in STEPS if any(tally.steps[step] for tally in merged)]
    head = ["fault", "operations", *used, "other", "not reached", "trials", "of", "runs", "ended with"]
    rows = [[*head, "violations", "seconds"]]
    for tally in merged:
        if tally.skipped:
            continue
        rest = sum(tally.steps.values()) - sum(tally.steps[step] for step in used)
        codes = " ".join(f"{code}:{n}" for code, n in sorted(tally.codes.items()))
        numbers = [*(tally.steps[step] for step in used), rest, len(tally.unreached)]
        line = [tally.fault, tally.operation, *(str(n or "") for n in numbers)]
        line += [str(tally.trials), str(tally.available), str(tally.runs), codes]
        rows.append([*line, str(len(tally.violations)), f"{tally.seconds:.0f}"])
    return "\n".join([*_columns(rows), *_skipped(merged), "", _closing(merged)])


def _merge(tallies: Iterable[Tally]) -> Iterable[Tally]:
    """One tally per fault, its operations in one cell."""
    merged: dict[str, Tally] = {}
    for tally in tallies:
        into = merged.setdefault(tally.fault, Tally(tally.fault, ""))
        into.operation = " ".join(filter(None, (into.operation, tally.operation)))
        into.add(tally)
        into.violations += tally.violations
        into.available += tally.available
        into.seconds += tally.seconds
        into.skipped = into.skipped or tally.skipped
    return merged.values()


def _columns(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    words = 2  # the first columns are text, and so is how runs ended
    for row in rows:
        cells = [
            cell.ljust(width) if number < words or rows[0][number] == "ended with" else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _skipped(tallies: Iterable[Tally]) -> Iterable[str]:
    reasons: dict[str, list[str]] = {}
    for tally in tallies:
        if tally.skipped:
            reasons.setdefault(tally.skipped, []).append(tally.fault)
    for reason, faults in reasons.items():
        yield f"not tried ({reason}): {', '.join(faults)}"


def _closing(tallies: Sequence[Tally]) -> str:
    faulted = sum(tally.trials - len(tally.unreached) for tally in tallies)
    violations = sum(len(tally.violations) for tally in tallies)
    codes: Counter[int] = sum((tally.codes for tally in tallies), Counter())
    if violations:
        return f"{violations} violations in {faulted} faulted runs"
    mended = sum(tally.runs for tally in tallies) - sum(codes.values())
    return f"nothing was lost in {faulted} faulted runs; {mended} plain runs brought every mirror back"
