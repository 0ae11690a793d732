"""`smugsync remote`: what is about the remote itself, and not about what is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

import click

from smugsync.cli.assembly import workshop
from smugsync.cli.ending import conclude, show_lines
from smugsync.cli.frame import Group
from smugsync.cli.invocation import Invocation
from smugsync.cli.summary import plural
from smugsync.core.printable import printable
from smugsync.sync.context import Context, Scope
from smugsync.sync.rehousing import Rehoused


@click.group(cls=Group)
def remote() -> None:
    """Move a mirror to another interface of the same account."""


@remote.command()
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be recognised, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
@click.pass_obj
def migrate(invocation: Invocation, /, *, dry_run: bool, as_json: bool) -> int:
    """Go on with a mirror through another interface of the same account.

    A mirror that was made through SmugMug's JSON API 1.3.0, for instance, goes on through v2. First change
    the configuration: [remote], its kind and its credentials. This then lists the account, and leads what is
    recorded of albums and photos over to what they are called there, by their keys, their MD5 or their
    names. Nothing is fetched, and no file is touched. The next `smugsync sync --full` does the rest.
    """
    config = invocation.load()
    found = Rehoused()
    with workshop(invocation, config, dry_run=dry_run) as shop:

        def body(context: Context) -> None:
            nonlocal found
            found = shop.engine.migrate(context)

        report = shop.work(Scope("migrate"), body)
    if report.stopped is None or as_json:
        if as_json:
            error = None if report.stopped is None else str(report.stopped)
            told = {"schema": 1, "exit_code": report.exit_code, "error": error, "dry_run": dry_run}
            told |= asdict(found)
            print(printable(json.dumps(told, ensure_ascii=False)))
        else:
            lines = _lines(invocation, found, dry_run=dry_run)
            show_lines(invocation, lines, failed=bool(report.exit_code))
    return conclude(invocation, report)


def _lines(invocation: Invocation, found: Rehoused, *, dry_run: bool) -> Iterator[str]:
    did = "would be" if dry_run else "were"
    yield (
        f"{plural(found.albums, 'album')} with {plural(found.files, 'photo')} {did} recognised: "
        f"{found.by_key:,} by their key, {found.by_bytes:,} by their MD5, {found.by_name:,} by name and size."
    )
    if found.changed:
        changed = plural(found.changed, "photo")
        yield f"{changed} of them changed online, and will be fetched by the next sync."
    if found.albums_left or found.left:
        yield (
            f"{plural(found.albums_left, 'album')} and {plural(found.left, 'photo')} in other albums were "
            "not recognised: the next full sync marks them as gone, and fetches what it finds instead."
        )
    if not dry_run:
        yield f"Next: `{invocation.command('sync --full')}`"
