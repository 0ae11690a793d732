"""`smugsync sync` and `smugsync plan`: run a cycle, or only say what it would do."""

from __future__ import annotations

import click

from smugsync.cli.asking import ask_daemon
from smugsync.cli.assembly import Workshop, workshop
from smugsync.cli.ending import conclude, show
from smugsync.cli.frame import Command
from smugsync.cli.heard import Audience, audience
from smugsync.cli.invocation import Invocation
from smugsync.cli.summary import summarise
from smugsync.errors import UsageError
from smugsync.sync.context import Kind, Scope


@click.command(cls=Command)
@click.argument("albums", nargs=-1, metavar="[ALBUM]...")
@click.option("--full", is_flag=True, help="Look into every album, whatever its time stamps say.")
@click.option("--delta", is_flag=True, help="Look only where time stamps moved, even if a full look is due.")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing; say what would be done.")
@click.option("--accept-loss", is_flag=True, help="This once, let go whatever a guard withholds.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
@click.pass_obj
def sync(
    invocation: Invocation,
    albums: tuple[str, ...],
    *,
    full: bool,
    delta: bool,
    dry_run: bool,
    accept_loss: bool,
    as_json: bool,
) -> int:
    """Bring the mirror up to date: fetch what is new or changed, follow renames, mark what is gone.

    Beside a daemon (`smugsync run`) the daemon does it, and this shows how far it is.

    ALBUM is an album's key, its path (/Travel/Iceland), or a name that only one album has. Without it,
    all albums whose time stamps moved are looked into, and every album once a week.

    With `mode = "mirror"`, what two runs have proven gone goes to .smugsync/trash. When that is a whole
    album or a large part of the account, it stays until --accept-loss is given.
    """
    return _cycle(
        invocation,
        albums,
        full=full,
        delta=delta,
        dry_run=dry_run,
        accept_loss=accept_loss,
        as_json=as_json,
    )


@click.command(cls=Command)
@click.argument("albums", nargs=-1, metavar="[ALBUM]...")
@click.option("--full", is_flag=True, help="Look into every album, whatever its time stamps say.")
@click.option("--delta", is_flag=True, help="Look only where time stamps moved.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as one JSON object.")
@click.pass_obj
def plan(invocation: Invocation, albums: tuple[str, ...], *, full: bool, delta: bool, as_json: bool) -> int:
    """Say what `sync` would do, with sizes, and change nothing."""
    return _cycle(invocation, albums, full=full, delta=delta, dry_run=True, as_json=as_json)


def _cycle(
    invocation: Invocation,
    albums: tuple[str, ...],
    *,
    full: bool,
    delta: bool,
    dry_run: bool,
    accept_loss: bool = False,
    as_json: bool,
) -> int:
    if full and delta:
        raise UsageError("--full and --delta contradict each other: give one of them")
    if albums and (full or delta):
        raise UsageError("--full and --delta are for all albums: leave them out when you name some")
    for name in albums:
        if any("\ud800" <= one <= "\udfff" for one in name):  # bytes of an argument that are not UTF-8
            raise UsageError(f"there is no album {name!r} in this account: the name is not valid UTF-8")
    config = invocation.load()
    if not dry_run and not accept_loss:
        kind: Kind = "albums" if albums else "everything" if full else "delta"
        code = ask_daemon(invocation, config, Scope(kind, albums), exact=delta, as_json=as_json)
        if code is not None:
            return code
    hearing = Audience() if dry_run else audience(invocation, config)
    with hearing.beside(), workshop(invocation, config, dry_run=dry_run, accept_loss=accept_loss) as shop:
        scope = _scope(shop, albums, full=full, delta=delta)
        hearing.begin(str(scope))
        report = shop.run(scope)
    lines = list(summarise(report, config.mirror, planned_only=dry_run))
    hearing.end(report, lines)
    show(invocation, report, lines, as_json=report.as_json() if as_json else None)
    return conclude(invocation, report)


def _scope(shop: Workshop, albums: tuple[str, ...], *, full: bool, delta: bool) -> Scope:
    if albums:
        return Scope("albums", albums)
    overdue = not delta and shop.engine.is_full_overdue(shop.config.full_every_days)
    return Scope("everything" if full or overdue else "delta")
