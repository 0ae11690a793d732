"""What was set aside is kept for as long as a person wants, and then deleted; so is the history of runs.

Nothing is deleted by one clock alone: ours and the service's have to agree, and ours must not have gone
back since the last run. While files are damaged that can be mended, nothing is: a shelf may hold the only
good copy. Damage that lasts, since the photo is online no more, keeps only what may be its good bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from smugsync.catalogue import FileRow
from smugsync.core.guard import agreed_time
from smugsync.core.lifecycle import State
from smugsync.core.reconcile import ACCOUNTS_OWN
from smugsync.errors import ItemError
from smugsync.local.shelves import Removed, Shelves, Stamp
from smugsync.local.versions import Shelf
from smugsync.progress import size
from smugsync.stop import Stop
from smugsync.sync.context import Context
from smugsync.sync.report import What

_DAY = 86_400
#: Where the catalogue remembers the last look at the shelves.
_LOOKED = "shelves_looked_at"


def expire(context: Context, service_time: float | None, stop: Stop) -> None:
    """Delete what has lain on the shelves for too long, the oldest first, and forget old runs.

    `service_time`: what the service's clock shows (epoch seconds), None if it did not say. A cycle over
    everything always looks, others once a day. Raises SuspiciousPlan if the mirror's disk is not in its place
    any more; MirrorUnusable, Interrupted: the next call goes on.
    """
    catalogue, keep = context.catalogue, context.options.retention
    now = agreed_time(ours=context.now(), theirs=service_time, last=_last_seen(context))
    damaged = catalogue.damaged()
    if now is None or any(_can_be_mended(row) for row in damaged) or not _is_due(context, now):
        return
    context.mirror.check_in_place()
    days = {Shelf.VERSIONS: keep.versions, Shelf.TRASH: keep.trash, Shelf.DAMAGED: keep.damaged}
    shelves = Shelves(
        context.mirror.root, unreadable=lambda path, error: context.report.trouble(path, str(error))
    )
    for shelf, kept_for in days.items():
        if kept_for is not None:
            old = [stamp for stamp in shelves.stamps(shelf) if stamp.at < now - kept_for * _DAY]
            _clear(context, shelves, old, kept_for, sizes={row.held_size for row in damaged}, stop=stop)
    with catalogue.transaction():
        if keep.history is not None:
            catalogue.forget_runs(before=int(now) - keep.history * _DAY)
        catalogue.remember(_LOOKED, str(int(now)))


def _clear(
    context: Context,
    shelves: Shelves,
    stamps: Sequence[Stamp],
    days: int,
    *,
    sizes: Collection[int | None],
    stop: Stop,
) -> None:
    """Delete `stamps` of one shelf, but none that holds a file of one of `sizes`."""
    removed = Removed()
    try:
        for stamp in stamps:
            try:
                if sizes and any(entry.fingerprint.size in sizes for entry in shelves.within(stamp)):
                    continue
                removed += shelves.delete(stamp, stop)
            except ItemError as error:
                context.report.trouble(stamp.directory, str(error))
    finally:
        if removed.files:
            files = f"{removed.files:,} file{'' if removed.files == 1 else 's'}"
            detail = f"{files}, {size(removed.bytes)}, older than {days:,} days"
            context.note(What.EXPIRED, f".smugsync/{stamps[0].shelf}", detail)


def _can_be_mended(row: FileRow) -> bool:
    return row.state is not State.RETIRED and row.evidence in ACCOUNTS_OWN


def _is_due(context: Context, now: float) -> bool:
    looked = int(context.catalogue.recall(_LOOKED) or 0)
    return context.scope.kind == "everything" or not looked <= now < looked + _DAY


def _last_seen(context: Context) -> float:
    """The latest time that our clock has shown, as far as this run and the one before it know."""
    return max(run.finished_at or run.started_at for run in context.catalogue.runs(limit=2))
