"""`smugsync undo`: give back their names to the bytes that a run set aside."""

from __future__ import annotations

from collections.abc import Iterator

import click

from smugsync.catalogue import Catalogue, RunRow
from smugsync.cli.amounts import moment
from smugsync.cli.assembly import workshop
from smugsync.cli.ending import close, number
from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.cli.summary import plural
from smugsync.errors import UsageError
from smugsync.sync.context import Context, Scope
from smugsync.sync.report import What
from smugsync.sync.second_thoughts.undoing import Undone
from smugsync.sync.second_thoughts.undoing import undo as take_back

_FETCHED = (What.NEW, What.RESTORED, What.REPAIRED, What.ADOPTED)
_FOLLOWED = (What.MOVED, What.ALBUM_MOVED)


@click.command(cls=Command)
@click.argument("run")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing; say what would be done.")
@click.pass_obj
def undo(invocation: Invocation, run: str, *, dry_run: bool) -> int:
    """Put back what RUN set aside: files it replaced, files it moved to the trash, your own decisions.

    RUN is a number that `smugsync history` shows. Replaced files get their former bytes; the present ones go
    to .smugsync/versions. What it fetched stays, and renames follow the account. Nothing is overwritten:
    where the name has other bytes by now, the file comes back as NAME (restored DATE).EXT.

    No sync takes it away again. `smugsync resolve PATH --keep online` does, and so does undoing the undo.
    """
    config = invocation.load()
    with workshop(invocation, config, offline=True, dry_run=dry_run) as shop:
        row = _run(shop.catalogue, run)
        answers: list[Undone] = []

        def body(context: Context) -> None:
            answers.append(take_back(context, row))

        report = shop.work(Scope("undo", detail=str(row.id)), body)
        head = list(_head(row, answers[0], dry_run=dry_run)) if answers else []
        tail = list(_stays(shop.catalogue, row.id)) if answers else []
        this = number(shop)
    return close(invocation, report, run=this, head=head, tail=tail, dry_run=dry_run)


def _run(catalogue: Catalogue, text: str) -> RunRow:
    """The run that a person means. Raises UsageError."""
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise UsageError(f"{text!r} is no run: give a number that `smugsync history` shows")
    number = int(text)
    row = catalogue.run(number)
    if row is not None:
        return row
    last = catalogue.last_run()
    if last is None:
        raise UsageError("there is nothing to undo: nothing was mirrored yet")
    if number > last.id:
        raise UsageError(f"there is no run {number}: the last one was {last.id}")
    raise UsageError(f"run {number} is no longer in the history; what it set aside may be: `smugsync trash`")


def _head(run: RunRow, done: Undone, *, dry_run: bool) -> Iterator[str]:
    verb = "would be" if dry_run else "were" if done.back != 1 else "was"
    name = f"Run {run.id} ({run.scope}, {moment(run.started_at)})"
    yield f"{name}: {plural(done.back, 'file')} {verb} put back."
    if done.removed:
        yield f"  {plural(done.removed, 'file')} set aside again"
    if done.asked:
        yield f"  {plural(done.asked, 'decision')} taken back: `smugsync resolve` asks again"
    if done.before:
        yield f"  {plural(done.before, 'file')} put back earlier, or the same by now"
    if done.damaged:
        yield f"  {plural(done.damaged, 'damaged file')} left in .smugsync/damaged, where bad bytes belong"


def _stays(catalogue: Catalogue, run: int) -> Iterator[str]:
    counts = catalogue.count_changes([run])[run]
    fetched = sum(counts.get(what.name.lower(), 0) for what in _FETCHED)
    followed = sum(counts.get(what.name.lower(), 0) for what in _FOLLOWED)
    if fetched:
        yield f"  {plural(fetched, 'file')} that it fetched or found here left as {_they(fetched)}"
    if followed:
        yield f"  {plural(followed, 'rename')} left as {_they(followed)}"
    if counts.get(What.EMPTIED.name.lower()) or counts.get(What.EXPIRED.name.lower()):
        yield "  what it deleted from the shelves is gone for good"


def _they(n: int) -> str:
    return "it is" if n == 1 else "they are"
