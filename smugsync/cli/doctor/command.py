"""`smugsync doctor`: look at everything a mirror depends on, and say what is the matter with it."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from smugsync.cli.doctor.disk import look_at_mirror
from smugsync.cli.doctor.findings import Finding, Level, as_json, exit_code, fail, failed, line, summary
from smugsync.cli.doctor.service import Service
from smugsync.cli.doctor.setup import (
    Known,
    look_at_catalogue,
    look_at_state,
    tell_configuration,
    tell_environment,
    tell_owners,
)
from smugsync.cli.doctor.surroundings import (
    look_at_daemon,
    tell_drop_folders,
    tell_notified,
    tell_service,
)
from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.config.loading import Examined, examine
from smugsync.errors import SmugsyncError

_TERMINATED = 143


class _Terminated(KeyboardInterrupt):
    """SIGTERM came: leave as after Ctrl-C, so that nothing of what was tried stays behind."""


@click.command(cls=Command)
@click.option("--offline", is_flag=True, help="Ask nothing of the network, nor of SmugMug.")
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def doctor(invocation: Invocation, /, *, offline: bool, as_object: bool) -> int:
    """Look at the configuration, the account, the clock, the network and the mirror's disk, and say what each
    peculiarity means and what to do.

    What the disks can do is tried out in directories of its own, below .smugsync and in the state directory,
    which are gone afterwards; nothing else is written. The exit code is 0 unless a finding says FAIL.
    """
    found = _load(invocation)
    findings: list[Finding] = []
    try:
        with _sigterm():
            for finding in _examine(invocation, found, offline=offline):
                findings.append(finding)
                if not as_object:
                    _show(invocation, finding)
    except _Terminated:
        invocation.complain("terminated")
        return _TERMINATED
    if as_object:
        told = as_json(findings, profile=invocation.profile, clean=invocation.words)
        click.echo(json.dumps(told, ensure_ascii=False))
    elif not invocation.quiet:
        click.echo(summary(findings, invocation.command("doctor")))
    return exit_code(findings)


def _load(invocation: Invocation) -> Examined:
    """The configuration, however broken; its warnings are findings here, and not logged."""
    found = examine(invocation.config_path, invocation.profile, invocation.environ)
    if found.config is not None:
        for secret in found.config.secrets():
            invocation.redact.add(secret)
    invocation.start_logging(level="error")
    return found


def _examine(invocation: Invocation, found: Examined, *, offline: bool) -> Iterator[Finding]:
    """Everything, in order; what one step fails at does not keep the next from being looked at."""
    yield from tell_configuration(found)
    config, known, account = found.config, Known(), ""
    if config is not None and found.can_use("state_dir"):
        yield from _guarded("state", "state", look_at_state(config.state_dir))
        yield from tell_owners(config)
        told, known = look_at_catalogue(config)
        yield from told
    if config is not None and not offline and found.can_use("remote"):
        service = Service(config)
        yield from _guarded("network", "network", service.look())
        account = service.viewer.root if service.viewer is not None else ""
    if config is not None and found.can_use("mirror"):
        yield from _guarded("mirror", "mirror", look_at_mirror(config, known, account))
    if config is not None and not found.problems:
        yield from _guarded("daemon", "daemon", look_at_daemon(config))
        yield from tell_service(config)
        yield from tell_drop_folders(config)
        yield from tell_notified(config)
    yield tell_environment(invocation.environ)


def _guarded(key: str, subject: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """What they find, and what keeps them from finding more."""
    try:
        yield from findings
    except SmugsyncError as error:
        yield from failed(key, subject, error)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        yield fail(key, subject, f"{where}{error.strerror or error}", code=1)


def _show(invocation: Invocation, finding: Finding) -> None:
    if invocation.quiet and finding.level in (Level.OK, Level.NOTE):
        return
    terminal = sys.stdout.isatty()
    plain = invocation.environ.get("NO_COLOR") or invocation.environ.get("TERM", "dumb") == "dumb"
    click.echo(
        line(
            finding,
            clean=invocation.words,
            colours=terminal and not plain,
            columns=shutil.get_terminal_size().columns if terminal else None,
        )
    )


@contextmanager
def _sigterm() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does."""

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise _Terminated

    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
