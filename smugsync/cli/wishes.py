"""How `resolve`, `undo` and `trash` end: what came of a wish, and how it is taken back."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from smugsync.cli.assembly import Workshop
from smugsync.cli.invocation import Invocation
from smugsync.cli.summary import told_changes, told_troubles
from smugsync.cli.verify import conclude
from smugsync.sync.report import Report
from smugsync.sync.undoing import reversible


def number(shop: Workshop) -> int:
    """Of the run that was just done, if there is anything to take back; else 0."""
    run = shop.catalogue.last_run()
    return run.id if run is not None and any(reversible(shop.catalogue, run.id)) else 0


def close(
    invocation: Invocation,
    report: Report,
    *,
    run: int,
    head: Iterable[str] = (),
    tail: Iterable[str] = (),
    dry_run: bool = False,
) -> int:
    """Tell what was done, between `head` and `tail`; the exit code. Raises what ended the run early.

    `run` is its `number`. To be called when the display is closed.
    """
    lines = [*head, *told_changes(report), *told_troubles(report), *tail]
    if run and not dry_run:
        lines.append(f"`{invocation.command(f'undo {run}')}` takes this back.")
    if not invocation.quiet or (report.exit_code and report.stopped is None):
        stream = sys.stderr if invocation.quiet else sys.stdout
        for line in lines:
            print(invocation.clean(line), file=stream)
    return conclude(invocation, report)
