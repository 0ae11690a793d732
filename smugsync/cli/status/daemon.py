"""What `status` says of the daemon: what it does, what comes next, and what holds it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from smugsync.cli.invocation import Invocation
from smugsync.cli.summary import plural
from smugsync.daemon.standing import Standing
from smugsync.daemon.telling import due_lines, moment, state


def daemon_facts(standing: Standing | None) -> dict[str, Any]:
    """For `status --json`: `daemon` is None if none keeps the profile; times are epoch seconds."""
    return {"daemon": None if standing is None else {**asdict(standing), "due": dict(standing.due)}}


def daemon_lines(invocation: Invocation, standing: Standing | None, now: float) -> list[str]:
    """The lines of `status`, for people."""
    if standing is None:
        return []
    lines = [f"  daemon: {state(standing, now)}"]
    if standing.paused_until is not None:
        lines.append(f"    `{invocation.command('resume')}` has it go on sooner")
    held = standing.held
    if held is not None and not standing.scope:
        lines.append(f"    held since {moment(held.since, now)}; tried again {moment(held.retry_at, now)}")
    lines += [f"    {line}" for line in due_lines(standing, now)]
    if standing.watching:
        lines.append(f"    new local files: {standing.watching}")
    if standing.waiting:
        verb = "waits" if standing.waiting == 1 else "wait"
        lines.append(f"    {plural(standing.waiting, 'local file')} {verb} to be sent")
    return lines
