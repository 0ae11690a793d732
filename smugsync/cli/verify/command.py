"""`smugsync verify`: read the mirror again, say what is damaged or missing, and mend it."""

from __future__ import annotations

import time
from fractions import Fraction

import click

from smugsync.cli.amounts import rate, share
from smugsync.cli.assembly import DAY, Workshop, workshop
from smugsync.cli.ending import conclude, show
from smugsync.cli.frame import Command
from smugsync.cli.heard import audience
from smugsync.cli.invocation import Invocation
from smugsync.cli.verify.words import Outcome
from smugsync.errors import NotAuthorised, UsageError
from smugsync.sync.context import Context, Scope
from smugsync.sync.proving.audit import Wish
from smugsync.sync.proving.mending import Fetch
from smugsync.sync.proving.verification import Verification


@click.command(cls=Command)
@click.argument("albums", nargs=-1, metavar="[ALBUM]...")
@click.option("--album", "named", multiple=True, metavar="ALBUM", help="Only this album; may be repeated.")
@click.option("--subset", metavar="PART", help="Only so much, what was proven longest ago: 1/30, 5%.")
@click.option("--due", is_flag=True, help="Only what was not proven for [verify] every_days, at its rate.")
@click.option("--bwlimit", metavar="RATE", help="Read at most so many bytes a second: 20M.")
@click.option("--repair", is_flag=True, help="Fetch again what is damaged or missing.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON object.")
@click.pass_obj
def verify(
    invocation: Invocation,
    /,
    *,
    albums: tuple[str, ...],
    named: tuple[str, ...],
    subset: str | None,
    due: bool,
    bwlimit: str | None,
    repair: bool,
    as_json: bool,
) -> int:
    """Read mirrored files from the disk again, and prove that every byte is the one that was accepted.

    Other bytes under an unchanged time are damage, under another time your edit, which is none. With
    --repair the damaged and the missing are fetched again and proven; bad bytes are kept in
    .smugsync/damaged. Without it nothing is asked of SmugMug.

    --subset 1/30 takes the thirtieth of the bytes that was proven longest ago, so the same command every
    night walks through the whole mirror in thirty nights, and begins anew. (N/M is N parts of M, wherever
    they lie: nobody has to count which part is next, and what a night missed comes first in the next.)
    """
    if subset is not None and due:
        raise UsageError("--subset and --due contradict each other: give one of them")
    part = Fraction(1) if subset is None else share(subset)
    limit = None if bwlimit is None else rate(bwlimit)
    config = invocation.load()
    before = None
    if due:
        before = int(time.time()) - config.verify.every_days * DAY
        limit = limit if bwlimit is not None else float(config.verify.rate) or None
    detail = " ".join(filter(None, (f"--subset {subset}" if subset else "", "--due" if due else "")))
    scope = Scope("repair" if repair else "verify", albums + named, detail)
    hearing = audience(invocation, config)
    with hearing.beside(), workshop(invocation, config, offline=True) as shop:
        hearing.begin(str(scope))
        wish = Wish(share=part, before=before, rate=limit)
        work = Verification(wish, fetch=_fetch(shop) if repair else None)
        report = shop.work(scope, work)
        oldest, never = shop.catalogue.oldest_proof()
    outcome = Outcome(work, report, config.mirror, oldest, never, time.time())
    lines = list(outcome.lines(invocation.command("verify --repair")))
    hearing.end(report, lines)
    show(invocation, report, lines, as_json=outcome.as_json() if as_json else None)
    return conclude(invocation, report)


def _fetch(shop: Workshop) -> Fetch:
    def fetch(context: Context, /, *, ask: bool) -> None:
        if ask and shop.config.remote.signed_out:
            raise NotAuthorised("not signed in to SmugMug: run `smugsync auth login`")
        shop.engine.fetch(context, ask=ask)

    return fetch
