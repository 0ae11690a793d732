"""`smugsync export`: lists of the mirror for other programs."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import sys
from pathlib import Path

import click

from smugsync.cli.assembly import workshop
from smugsync.cli.ending import conclude
from smugsync.cli.frame import Group
from smugsync.cli.invocation import Invocation
from smugsync.cli.ledger import ledger
from smugsync.cli.summary import UNPROVEN, plural
from smugsync.config import Config
from smugsync.core.verdict import Verdict
from smugsync.errors import ItemError, UsageError
from smugsync.local.tree import Mirror
from smugsync.stop import Stop
from smugsync.sync.context import Scope
from smugsync.sync.proving.audit import Wish
from smugsync.sync.proving.checksums import known_md5s, listed
from smugsync.sync.proving.verification import Verification, chosen
from smugsync.sync.recovery import check_marker


@click.group(cls=Group)
def export() -> None:
    """Write lists of the mirror for other programs."""


@export.command()
@click.argument("albums", nargs=-1, metavar="[ALBUM]...")
@click.option("--md5", "as_md5", is_flag=True, help="MD5s, at once from the catalogue; nothing is read.")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write to this file.")
@click.pass_obj
def checksums(
    invocation: Invocation, /, *, albums: tuple[str, ...], as_md5: bool, output: Path | None
) -> int:
    """Print what `sha256sum -c` (with --md5, `md5sum -c`) accepts, run in the mirror's directory.

    For SHA-256 every file is read, and proven on the way as by `smugsync verify`. What is damaged or missing
    is left out of the list and told, with exit code 3.
    """
    config = invocation.load()
    target = None if output is None or str(output) == "-" else _target(output, config)
    sums, code = _md5s(invocation, config, albums) if as_md5 else _sha256s(invocation, config, albums)
    if sums is None:
        return code
    if target is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(listed(sums))
        return code
    _write(target, listed(sums))
    invocation.say(
        f"{target}: {plural(len(sums), 'file')}; check with "
        f"`cd {shlex.quote(str(config.mirror))} && {'md5sum' if as_md5 else 'sha256sum'} -c "
        f"{shlex.quote(str(target))}`"
    )
    return code


def _sha256s(
    invocation: Invocation, config: Config, albums: tuple[str, ...]
) -> tuple[list[tuple[str, str]] | None, int]:
    """None if the run ended early: then there is no list."""
    work = Verification(Wish(sha256=True))
    with workshop(invocation, config, offline=True) as shop:
        report = shop.work(Scope("verify", albums, "export checksums"), work)
        unproven = shop.catalogue.unproven()
    if report.stopped is not None or work.audit is None:
        return None, conclude(invocation, report)
    for finding in sorted(work.audit.found.wrong.values(), key=lambda finding: finding.path):
        verdict = "" if finding.verdict is Verdict.MISSING else f"{finding.verdict}: "
        _tell(invocation, finding.path, f"{verdict}{finding.reason}")
    _tell_unproven(invocation, work.audit.found.sums, unproven)
    missed = ItemError.exit_code if work.audit.found.wrong else 0
    return work.audit.found.sums, report.exit_code or missed


def _md5s(
    invocation: Invocation, config: Config, albums: tuple[str, ...]
) -> tuple[list[tuple[str, str]], int]:
    with ledger(config) as catalogue:
        if catalogue is None:
            raise UsageError("nothing was mirrored yet: run `smugsync sync` first")
        with Mirror.open(config.mirror) as mirror:
            check_marker(catalogue, mirror)
            sums, troubles = known_md5s(catalogue, mirror, chosen(catalogue, albums), Stop())
        unproven = catalogue.unproven()
    for path, reason in sorted(troubles):
        _tell(invocation, path, reason)
    _tell_unproven(invocation, sums, unproven)
    return sums, ItemError.exit_code if troubles else 0


def _tell_unproven(invocation: Invocation, sums: list[tuple[str, str]], unproven: set[str]) -> None:
    """A list says what lies here; it cannot say that the account never promised some of it."""
    n = sum(1 for path, _ in sums if path in unproven)
    if n:
        invocation.say(f"smugsync: {plural(n, *UNPROVEN)} in the list matched by name and time, not proven")


def _tell(invocation: Invocation, path: str, reason: str) -> None:
    print(invocation.clean(f"smugsync: left out: {path}: {reason}"), file=sys.stderr)


def _target(output: Path, config: Config) -> Path:
    """Where to write. Raises UsageError where that would put into the mirror what is no photo."""
    target = Path(os.path.realpath(output))
    mirror = Path(os.path.realpath(config.mirror))
    if target.is_relative_to(mirror) and not target.is_relative_to(mirror / ".smugsync"):
        raise UsageError(
            f"{output} lies in the mirror, which holds nothing but photos: write the list elsewhere, "
            f"or to {config.mirror}/.smugsync/{output.name}"
        )
    if target.exists() and not target.is_file():
        raise UsageError(f"{output} is no regular file; without -o the list goes to the standard output")
    if not target.parent.is_dir():
        raise UsageError(f"{output} cannot be written: there is no directory {target.parent}")
    return target


def _write(target: Path, data: bytes) -> None:
    """Whole or not at all, mode 0644 less the umask. Raises UsageError when it cannot be written."""
    temporary = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        try:
            with os.fdopen(os.open(temporary, flags, 0o644), "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(target)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from error
