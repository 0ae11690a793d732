"""What was tried, as a table that a person reads at the end of a long run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.faults import points, wire
from tests.faults.trial import Tally

#: Columns of their own, in the order of a run; everything else stands under "other".
STEPS = (*points.STEPS, *wire.STEPS)


def render(tallies: Sequence[Tally]) -> str:
    """A line per fault: where it struck how often; then how the runs ended, and what was lost."""
    merged = list(_merge(tallies))
    tried = [tally for tally in merged if not tally.skipped]
    operations = dict.fromkeys(name for tally in tried for name in tally.operation.split())
    lines = ["Where the faults struck", *_columns(_struck(tried)), ""]
    lines += ["What came of it", *_columns(_outcome(tried))]
    lines += [f"({len(operations)} operations: {', '.join(operations)})", *_skipped(merged), ""]
    return "\n".join([*lines, _closing(merged)])


def _struck(tallies: Sequence[Tally]) -> Iterable[list[str]]:
    used = [step for step in STEPS if any(tally.steps[step] for tally in tallies)]
    yield ["fault", *used, "other"]
    for tally in tallies:
        rest = sum(tally.steps.values()) - sum(tally.steps[step] for step in used)
        yield [tally.fault, *(str(n or "") for n in (*(tally.steps[step] for step in used), rest))]


def _outcome(tallies: Sequence[Tally]) -> Iterable[list[str]]:
    yield ["fault", "operations", "trials", "of", "unreached", "runs", "violations", "seconds", "ended with"]
    for tally in tallies:
        numbers = (
            len(tally.operation.split()),
            tally.trials,
            tally.available,
            len(tally.unreached) or "",
            tally.runs,
            len(tally.violations),
            f"{tally.seconds:.0f}",
        )
        codes = " ".join(f"{code}:{n}" for code, n in sorted(tally.codes.items()))
        yield [tally.fault, *map(str, numbers), codes]


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


def _columns(lines: Iterable[Sequence[str]]) -> Iterable[str]:
    """Text to the left, numbers to the right."""
    rows = list(lines)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if head in ("fault", "ended with") else cell.rjust(width)
            for head, cell, width in zip(rows[0], row, widths, strict=True)
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
