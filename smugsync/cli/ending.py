"""How a command that did a run ends: its report in words, its exit code, and how it is taken back."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping

from smugsync.cli.assembly import Workshop
from smugsync.cli.invocation import Invocation
from smugsync.cli.summary import told_changes, told_troubles
from smugsync.core.printable import printable
from smugsync.errors import Interrupted, UsageError
from smugsync.sync.report import Report
from smugsync.sync.second_thoughts.undoing import reversible


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
        _print(invocation, lines)
    return conclude(invocation, report)


def show(
    invocation: Invocation, report: Report, lines: Iterable[str], *, as_json: Mapping[str, object] | None
) -> None:
    """What came of a run: as one JSON object if there is one, or else in words.

    With --quiet words come on stderr, and only if something is wrong.
    """
    if as_json is not None:
        print(printable(json.dumps(as_json, ensure_ascii=False)))
        return
    if not isinstance(report.stopped, UsageError):
        show_lines(invocation, lines, failed=bool(report.exit_code))


def show_lines(invocation: Invocation, lines: Iterable[str], *, failed: bool) -> None:
    """A summary. With --quiet it comes on stderr, and only if something is wrong."""
    if failed or not invocation.quiet:
        _print(invocation, lines)


def conclude(invocation: Invocation, report: Report) -> int:
    """The exit code of a run; what ended it early is told, or raised where it is the reason for the code."""
    if isinstance(report.stopped, Interrupted):
        invocation.say(f"smugsync: {report.stopped}")
    elif report.stopped is not None:
        if report.exit_code == report.stopped.exit_code:
            raise report.stopped
        invocation.complain(str(report.stopped))
    return report.exit_code


def _print(invocation: Invocation, lines: Iterable[str]) -> None:
    stream = sys.stderr if invocation.quiet else sys.stdout
    for line in lines:
        print(invocation.told(line), file=stream)
