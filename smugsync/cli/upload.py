"""`smugsync upload`: send what is here and not there, older files too if asked so."""

from __future__ import annotations

import click

from smugsync.cli.asking import ask_daemon
from smugsync.cli.assembly import workshop
from smugsync.cli.ending import conclude, show
from smugsync.cli.frame import Command
from smugsync.cli.heard import Audience, audience
from smugsync.cli.invocation import Invocation
from smugsync.cli.summary import summarise
from smugsync.errors import UsageError
from smugsync.sync.context import Scope


@click.command(cls=Command)
@click.argument("albums", nargs=-1, metavar="[ALBUM]...")
@click.option(
    "--existing", is_flag=True, help="Send older files too: those that were here before uploads were on."
)
@click.option("-n", "--dry-run", is_flag=True, help="Send nothing; say what would be sent.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
@click.pass_obj
def upload(
    invocation: Invocation, albums: tuple[str, ...], *, existing: bool, dry_run: bool, as_json: bool
) -> int:
    """Send local files that SmugMug does not have.

    New files are sent by every sync while `upload.enabled` is true. With --existing, older ones go as well,
    and with `upload.replace` edits that were made before: of each ALBUM named (by key, path or name), or
    of all albums and folders. Copies of what an album has already are not sent, nor is anything that you
    decided to keep here.
    """
    config = invocation.load()
    if not config.upload.enabled:
        raise UsageError("uploads are off: set `enabled = true` below [upload] in the configuration first")
    if albums and not existing:
        raise UsageError("new files are sent whatever their album: name albums together with --existing only")
    scope = Scope("upload", albums) if existing else Scope("delta", detail="upload")
    if not dry_run:
        code = ask_daemon(invocation, config, scope, as_json=as_json)
        if code is not None:
            return code
    hearing = Audience() if dry_run else audience(invocation, config)
    with hearing.beside(), workshop(invocation, config, dry_run=dry_run) as shop:
        hearing.begin(str(scope))
        report = shop.run(scope)
    lines = list(summarise(report, config.mirror, planned_only=dry_run))
    hearing.end(report, lines)
    show(invocation, report, lines, as_json=report.as_json() if as_json else None)
    return conclude(invocation, report)
