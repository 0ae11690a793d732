"""How `resolve`, `undo` and `trash` end: what came of a wish, and how it is taken back."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from smugsync.cli.assembly import Workshop
from smugsync.cli.invocation import Invocation
from smugsync.cli.summary import told_changes, told_troubles
from smugsync.cli.verify import conclude
from smugsync.sync.report import Report, What

#: What can be taken back again.
_REVERSIBLE = (What.RESOLVED, What.PUT_BACK, What.SET_ASIDE)


def close(
    invocation: Invocation,
    shop: Workshop,
    report: Report,
    *,
    head: Iterable[str] = (),
    tail: Iterable[str] = (),
    dry_run: bool = False,
) -> int:
    """Tell what was done, between `head` and `tail`; the exit code. Raises what ended the run early."""
    lines = [*head, *told_changes(report), *told_troubles(report), *tail]
    run = shop.catalogue.last_run()
    if run is not None and not dry_run and any(report.counts[what] for what in _REVERSIBLE):
        lines.append(f"`{invocation.command(f'undo {run.id}')}` takes this back.")
    if not invocation.quiet or (report.exit_code and report.stopped is None):
        stream = sys.stderr if invocation.quiet else sys.stdout
        for line in lines:
            print(invocation.clean(line), file=stream)
    return conclude(invocation, report)
