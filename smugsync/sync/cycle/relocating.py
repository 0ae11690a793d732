"""A photo that left one album and came up in another: its bytes move here too, and nothing is fetched."""

from __future__ import annotations

from typing import Any

from smugsync.catalogue import AlbumRow, FileRow, join
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Evidence
from smugsync.core.reconcile import has_changed
from smugsync.errors import ItemError
from smugsync.records import replace
from smugsync.sync.adoption.originals import named_alike
from smugsync.sync.context import Context
from smugsync.sync.report import What

#: What is known of the bytes goes with them.
_BYTES = (
    "held_version",
    "held_md5",
    "held_size",
    "held_sha256",
    "inspected",
    "validator",
    "mtime_ns",
    "evidence",
    "verified_at",
    "damaged_at",
)


def lies_at(context: Context, album: AlbumRow, row: FileRow) -> str:
    """Where a file is now: a dry run has renamed its album in the catalogue alone."""
    return join(context.unmoved.get(album.id, album.directory), row.name)


def follow(context: Context, row: FileRow) -> bool:
    """Did this file, which is proven gone from its album, move to another one?"""
    catalogue, albums = context.catalogue, context.movers.get(row.key, [])
    for album_id in albums:
        new = catalogue.file_in(album_id, row.key)
        if new is None or new.state is not State.PLANNED or new.version != row.held_version:
            continue
        new = named_alike(context, row, new)
        source = lies_at(context, catalogue.album(row.album_id), row)
        target = join(catalogue.album(album_id).directory, new.name)
        if _relocate(context, row, new, source=source, target=target):
            albums.remove(album_id)
            context.note(What.MOVED, target, was=source, of=new)
            return True
    return False


def _relocate(context: Context, old: FileRow, new: FileRow, *, source: str, target: str) -> bool:
    """False: it has to be fetched, then."""
    mirror, catalogue = context.mirror, context.catalogue
    base = old.base("")
    try:
        if base is None:
            return False
        if mirror.fingerprint(source) == base.fingerprint:
            if not context.options.dry_run:
                mirror.move(source, target)
        elif mirror.fingerprint(source) is not None or mirror.fingerprint(target) != base.fingerprint:
            return False  # edited; or not there either, where a run that was killed would have put it
    except ItemError:
        return False
    moved = replace(new, **{name: getattr(old, name) for name in _BYTES})
    remote = new.remote(catalogue.album(new.album_id).key, context.run)
    if not has_changed(base, remote):  # else it stays planned, and is fetched to where it now lies
        moved = settled(moved)
        context.progress.plan(-1, -(new.promised_size or 0))
    with catalogue.transaction(durable=True):
        catalogue.keep_halves([old.id])
        catalogue.forget([old.id])
        catalogue.drop_local([target])
        catalogue.put([moved])
    return True


def settled(row: FileRow, **held: Any) -> FileRow:
    """A planned row whose bytes turn out to be here already, led through its life to `committed`; `held` is
    what is recorded of them besides.

    The promise it rests on is the one its bytes were accepted under, whatever a later listing left out.
    """
    if held.get("evidence", row.evidence) == Evidence.PROMISED and row.promised_md5 is None:
        held["promised_size"] = held.get("held_size", row.held_size)
    ended: dict[str, Any] = {"source": None, "source_run": None, "attempts": 0}
    return row.through(Event.CLAIM_FETCH, Event.RECEIVE, Event.PLACE, **ended, **held)
