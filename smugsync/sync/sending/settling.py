"""Uploads whose end is unknown: a complete listing of their album says what became of them.

A photo of the same MD5 that nobody had before is the upload. Of HEIC and videos, which the service rewrites,
name and time tell. If there is none, it never arrived; but listings may lag behind uploads, so that this is
believed only of one that is two minutes old and was looked for before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from smugsync.catalogue import FileRow, UploadRow
from smugsync.core import naming
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import RemoteFile
from smugsync.sync.context import Context
from smugsync.sync.cycle.planning import AlbumListing
from smugsync.sync.cycle.transfer import seconds_of
from smugsync.sync.sending.arrival import arrive, is_complete, is_rewritten

#: A listing may lag behind an upload by so many seconds; one that shows nothing until then proves nothing.
LAG = 120
#: And what the service has named may be missing from its listings for so long.
LONG_LAG = 600
#: By so much the service's time of an upload may lie before the time we noted, in seconds.
_EARLIER = 300


def settle(context: Context, listing: AlbumListing) -> None:
    """Look for the uploads to this album that are in doubt among what it shows."""
    catalogue = context.catalogue
    rows = catalogue.files(listing.row.id)
    for upload in catalogue.uploads(listing.row.id):
        if upload.state is not State.IN_DOUBT:
            continue
        found = _find(context, upload, rows, listing)
        with catalogue.transaction():
            if found is None:
                _miss(context, upload)
            else:
                _found(context, upload, found)
        if found is not None:
            rows.pop(found.key, None)


def _find(
    context: Context, upload: UploadRow, rows: Mapping[str, FileRow], listing: AlbumListing
) -> RemoteFile | None:
    """The photo that it became, the first of several."""
    shown = [row for row in rows.values() if row.key in listing.seen]
    if upload.file_id is not None:
        candidates = [row for row in shown if row.id == upload.file_id and row.promised_md5 == upload.md5]
    elif upload.key:
        candidates = [row for row in shown if row.key == upload.key]
    else:
        unheld = [row for row in shown if row.held_md5 is None and row.id not in context.in_flight]
        candidates = [row for row in unheld if row.promised_md5 == upload.md5]
        candidates = candidates or [row for row in unheld if _may_be(upload, row, listing)]
    if not candidates:
        return None
    first = min(candidates, key=lambda row: (row.uploaded, row.key))
    return _as_shown(first, listing)


def _as_shown(row: FileRow, listing: AlbumListing) -> RemoteFile:
    remote = row.remote(listing.album.key, 0)
    working = row.state is State.WITHHELD and row.retry_at is not None
    return replace(remote, processing=working)


def _may_be(upload: UploadRow, row: FileRow, listing: AlbumListing) -> bool:
    """Is it what the service would make of such a file, by its name and the time of its upload?"""
    remote = row.remote(listing.album.key, 0)
    if not is_rewritten(upload.path, remote):
        return False
    uploaded = seconds_of(row.uploaded)
    if uploaded is None or uploaded < (upload.sent_at or 0) - _EARLIER:
        return False
    return naming.fold(_stem(row.remote_name)) == naming.fold(_stem(upload.path.rpartition("/")[2]))


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _found(context: Context, upload: UploadRow, remote: RemoteFile) -> None:
    if is_complete(upload, remote):
        accepted = upload.on(Event.FIND)
        arrive(context, replace(upload, state=accepted.state), remote)
    else:
        context.catalogue.put_upload(replace(upload, key=remote.key, looks=upload.looks + 1))


def _miss(context: Context, upload: UploadRow) -> None:
    """It is not there. Too young to say, it stays in doubt."""
    age = context.service_now() - (upload.sent_at or 0)
    patience = LONG_LAG if upload.key else LAG
    if age >= patience and upload.looks >= 1:
        context.catalogue.put_upload(
            replace(upload.on(Event.MISS), key="", attempts=upload.attempts + 1, retry_at=None)
        )
        return
    context.catalogue.put_upload(replace(upload, looks=upload.looks + 1))
    context.report.trouble(
        upload.path, "was sent, and its album does not show it yet; a later run looks again"
    )
