"""`smugsync fsck`: the catalogue against itself, the disk and the account; and a new one if it is damaged."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import click

from smugsync import errors
from smugsync.catalogue.inspection import inspected
from smugsync.cli.assembly import whose, workshop
from smugsync.cli.ending import conclude, show
from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.cli.locks import locked
from smugsync.cli.summary import SHOWN, summarise, told
from smugsync.config import Config
from smugsync.core.printable import printable
from smugsync.errors import CatalogueError, NotAuthorised, SmugsyncError, SuspiciousPlan, UsageError
from smugsync.local.marker import MARKER
from smugsync.local.shelves import stamp_of
from smugsync.local.tree import Mirror
from smugsync.stop import Stop
from smugsync.sync.adoption.adopting import adopt
from smugsync.sync.adoption.candidates import Place
from smugsync.sync.context import Context, Scope
from smugsync.sync.proving.fsck import Flaw, Level, check_account, check_catalogue, check_disk
from smugsync.sync.recovery import check_marker, check_owner


@click.command(cls=Command)
@click.option("--online", is_flag=True, help="Compare with the account as well (lists every album).")
@click.option("--rebuild", is_flag=True, help="Make a new catalogue from the disk and the account.")
@click.option("--yes", is_flag=True, help="With --rebuild: do not ask, even if the catalogue is sound.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON object.")
@click.pass_obj
def fsck(invocation: Invocation, /, *, online: bool, rebuild: bool, yes: bool, as_json: bool) -> int:
    """Look through the catalogue, and compare it with the disk, file by file as `stat` tells. Nothing is
    changed and no photo is read: that is what `smugsync verify` does.

    --rebuild moves the catalogue aside (catalogue.db.bad-DATE) and makes a new one: what is here is hashed
    once and recognised, not fetched again. What only the old one knew is lost with it: the history, which
    photos are gone online, and since when files are proven.
    """
    if rebuild and online:
        raise UsageError("--online and --rebuild contradict each other: give one of them")
    config = invocation.load()
    if rebuild:
        return _rebuild(invocation, config, yes=yes, as_json=as_json)
    if not config.catalogue.exists():
        raise UsageError("nothing was mirrored yet: run `smugsync sync` first")
    flaws: list[Flaw] = []
    stopped: SmugsyncError | None = None
    try:
        with locked(config):
            flaws += check_catalogue(config.catalogue, now=time.time(), stop=Stop())
            if not any(flaw.id == "catalogue" for flaw in flaws):
                flaws += _disk(config)
        if online and not any(flaw.id == "catalogue" for flaw in flaws):
            flaws += _account(invocation, config)
    except (errors.Busy, errors.UsageError):
        raise
    except SmugsyncError as error:
        stopped = error
    code = _code(flaws, stopped)
    _show(invocation, config, flaws, code, stopped, as_json=as_json)
    if stopped is not None:
        invocation.complain(str(stopped))
    return code


def _code(flaws: list[Flaw], stopped: SmugsyncError | None) -> int:
    codes = {errors.ItemError.exit_code for flaw in flaws if flaw.level is Level.WRONG}
    if any(flaw.id == "catalogue" for flaw in flaws):
        codes.add(CatalogueError.exit_code)
    if stopped is not None:
        codes.add(stopped.exit_code)
    return errors.worst(codes)


def _disk(config: Config) -> list[Flaw]:
    """The catalogue against the mirror."""
    with inspected(config.catalogue) as catalogue:
        if catalogue.is_old:
            return []
        with Mirror.open(config.mirror) as mirror:
            check_marker(catalogue, mirror)
            return list(check_disk(catalogue, mirror, Stop()))


def _account(invocation: Invocation, config: Config) -> list[Flaw]:
    """The catalogue against the account: what a sync over everything would do."""
    with workshop(invocation, config, dry_run=True) as shop:
        report = shop.run(Scope("everything"))
        flaws = list(check_account(report, shop.catalogue))
    if report.stopped is not None:
        raise report.stopped
    return flaws


def _show(
    invocation: Invocation,
    config: Config,
    flaws: list[Flaw],
    code: int,
    stopped: SmugsyncError | None,
    *,
    as_json: bool,
) -> None:
    if as_json:
        found = {
            "schema": 1,
            "exit_code": code,
            "error": None if stopped is None else str(stopped),
            "flaws": [
                {"id": f.id, "level": f.level, "where": f.where, "what": f.what, "advice": f.advice}
                for f in flaws
            ],
        }
        print(printable(json.dumps(found, ensure_ascii=False)))
        return
    if invocation.quiet and not code:
        return
    stream = sys.stderr if invocation.quiet else sys.stdout
    for line in _lines(config, flaws, code):
        print(invocation.told(line), file=stream)


def _lines(config: Config, flaws: list[Flaw], code: int) -> Iterator[str]:
    wrong = sum(1 for flaw in flaws if flaw.level is Level.WRONG)
    if wrong:
        yield f"{config.mirror}: {wrong:,} {'thing is' if wrong == 1 else 'things are'} wrong."
    elif code:
        yield f"{config.mirror}: not everything could be looked at."
    else:
        yield f"{config.mirror}: the catalogue is sound, and agrees with what it was compared with."

    def kind(flaw: Flaw) -> tuple[bool, str, str]:
        return flaw.level is Level.NOTE, flaw.id, flaw.advice

    for (is_note, _, advice), group in groupby(sorted(flaws, key=kind), key=kind):
        alike = list(group)
        yield f"{'note' if is_note else 'wrong'}{f', {advice}' if advice else ''}:"
        for flaw in alike[:SHOWN]:
            if flaw.where:
                yield from told(flaw.where, flaw.what)
            else:
                yield f"  {flaw.what}"
        if len(alike) > SHOWN:
            yield f"  and {len(alike) - SHOWN:,} more (--json names all)"


# -- a new one ---------------------------------------------------------------------------------------


def _rebuild(invocation: Invocation, config: Config, *, yes: bool, as_json: bool) -> int:
    if config.remote.signed_out:
        raise NotAuthorised("not signed in to SmugMug: run `smugsync auth login`")
    with locked(config):
        with Mirror.open(config.mirror) as mirror:
            found = mirror.read_marker()
            if found is None:
                raise SuspiciousPlan(
                    f"{config.mirror} has no marker ({MARKER}): if it is the mirror's disk, is it mounted? "
                    "A catalogue is only rebuilt from the mirror itself"
                )
            if not yes and _is_worth_keeping(config):
                _confirm(config)
            check_owner(found, mirror, whose(config))
        aside = _set_aside(config.catalogue)
    if aside is not None:
        invocation.say(f"The former catalogue is kept as {aside}.")
    with workshop(invocation, config) as shop:

        def body(context: Context) -> None:
            adopt(context, shop.engine.cycle, Place(context.mirror, ""))

        report = shop.work(Scope("everything", detail="rebuild"), body)
    if report.stopped is not None:
        goes_on = invocation.command(f"adopt {shlex.quote(str(config.mirror))}")
        invocation.say(
            f"`{goes_on}` goes on with it; a sync alone may fetch what does not stand in its album."
        )
    lines = summarise(report, config.mirror)
    show(invocation, report, lines, as_json=report.as_json() if as_json else None)
    return conclude(invocation, report)


def _is_worth_keeping(config: Config) -> bool:
    """Is there a catalogue with nothing wrong in it, and anything at all? Raises NewerSchema."""
    if not config.catalogue.exists():
        return False
    flaws = check_catalogue(config.catalogue, now=time.time(), stop=Stop())
    return all(flaw.level is Level.NOTE for flaw in flaws) and not _is_blank(config)


def _is_blank(config: Config) -> bool:
    """Was no run ever far enough to record an album? A plan, or a run without network, leaves such a one."""
    with inspected(config.catalogue) as catalogue:
        return not catalogue.is_old and next(catalogue.albums(), None) is None


def _confirm(config: Config) -> None:
    """Raises UsageError where nobody can be asked, click.Abort when a person says no."""
    if not sys.stdin.isatty():
        raise UsageError(
            f"the catalogue {config.catalogue} is sound, and a new one would know less: "
            "if you want one all the same, say so with --yes"
        )
    click.confirm(
        f"The catalogue {config.catalogue} is sound. A new one would not know the history, what is gone "
        "online, and when files were proven. Make a new one?",
        abort=True,
        err=True,
    )


def _set_aside(catalogue: Path) -> Path | None:
    """Move the catalogue and its log out of the way, under a name that says when; None if there is none."""
    if not catalogue.exists():
        return None
    aside = catalogue.with_name(f"{catalogue.name}.bad-{stamp_of(time.time())}")
    while aside.exists():
        aside = aside.with_name(f"{aside.name}x")
    try:
        for suffix in ("-shm", "-wal", ""):  # the file itself last: until then it is still in its place
            source = catalogue.with_name(catalogue.name + suffix)
            if source.exists():
                source.rename(aside.with_name(aside.name + suffix))
        handle = os.open(catalogue.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise CatalogueError(f"{catalogue} cannot be set aside: {error.strerror}") from error
    return aside
