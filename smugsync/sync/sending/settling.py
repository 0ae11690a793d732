"""Uploads whose end is unknown: a complete listing of their album says what became of them.

A photo of the same MD5 that nobody had before is the upload. Of HEIC and videos, which the service rewrites,
kind, name and time tell, once all is settled that bytes can tell; of an edit of one, that it has another
version now. If there is none, it never arrived; but listings may lag behind uploads, so that this is
believed only of one that is two minutes old and was looked for before.
"""

from __future__ import annotations

from smugsync.catalogue import FileRow, UploadRow
from smugsync.core import naming
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Kind, RemoteFile
from smugsync.records import replace
from smugsync.remote.dialect import Proof
from smugsync.sync.context import Context
from smugsync.sync.cycle.holding import retry_at
from smugsync.sync.cycle.planning import AlbumListing
from smugsync.sync.cycle.transfer import seconds_of
from smugsync.sync.sending.arrival import arrive, is_complete, is_rewritten
from smugsync.sync.sending.limits import is_video

#: A listing may lag behind an upload by so many seconds; one that shows nothing until then proves nothing.
LAG = 120
#: And what the service has named may be missing from its listings for so long.
LONG_LAG = 600
#: By so much the service's time of an upload may lie before the time we noted, in seconds.
_EARLIER = 300


def settle(context: Context, listing: AlbumListing) -> None:
    """Look for the uploads to this album that are in doubt among what it shows."""
    catalogue = context.catalogue
    doubtful = [one for one in catalogue.uploads(listing.row.id) if one.state is State.IN_DOUBT]
    if not doubtful:
        return
    rows = {key: row for key, row in catalogue.files(listing.row.id).items() if key in listing.seen}
    for by in (_is_it, _may_be):  # what is certain first: it must not pass for another file of its name
        for upload in list(doubtful):
            candidates = [row for row in rows.values() if by(context, upload, row, listing)]
            if not candidates:
                continue
            first = min(candidates, key=lambda row: (row.uploaded, row.key))
            with catalogue.transaction():
                _found(context, upload, _as_shown(first, listing))
            rows.pop(first.key)
            doubtful.remove(upload)
    with catalogue.transaction():
        for upload in doubtful:
            _miss(context, upload)


def _is_it(context: Context, upload: UploadRow, row: FileRow, listing: AlbumListing) -> bool:
    """Is this photo what was sent, for certain?"""
    if upload.file_id is not None:
        return row.id == upload.file_id and (
            row.promised_md5 == upload.md5 or _is_remade(upload, row, listing)
        )
    if upload.key:
        return row.key == upload.key
    return row.promised_md5 == upload.md5 and _is_nobodys(context, row)


def _is_remade(upload: UploadRow, row: FileRow, listing: AlbumListing) -> bool:
    """Is there another version of the photo that it edits, which tells nothing by its bytes?"""
    if row.version == row.held_version or not is_rewritten(upload.path, row.remote(listing.album.key, 0)):
        return False
    changed = seconds_of(row.revision)
    return changed is None or changed >= (upload.sent_at or 0) - _EARLIER


def _is_nobodys(context: Context, row: FileRow) -> bool:
    return row.held_md5 is None and row.id not in context.in_flight


def _as_shown(row: FileRow, listing: AlbumListing) -> RemoteFile:
    remote = row.remote(listing.album.key, 0)
    working = row.state is State.WITHHELD and row.retry_at is not None
    return replace(remote, processing=working)


def _may_be(context: Context, upload: UploadRow, row: FileRow, listing: AlbumListing) -> bool:
    """Is it what the service would make of such a file, by its kind, its name and the time of its upload?"""
    remote = row.remote(listing.album.key, 0)
    if upload.file_id is not None or upload.key or not _is_nobodys(context, row):
        return False
    unsaid = row.promised_md5 is None and row.promised_size == upload.size  # by its size, where that is all
    rewritten = is_rewritten(upload.path, remote)
    if not (rewritten or unsaid) or is_video(upload.path) != (remote.kind is Kind.VIDEO):
        return False
    uploaded = seconds_of(row.uploaded)
    if uploaded is None or uploaded < (upload.sent_at or 0) - _EARLIER:
        return False
    name = upload.path.rpartition("/")[2]
    return naming.fold(_stem(row.remote_name)) == naming.fold(_stem(name)) and not _lies_here(row, listing)


def _lies_here(row: FileRow, listing: AlbumListing) -> bool:
    """Is there a file here with its very bytes? Then it is that file's photo."""
    files = listing.here.files or {}
    return row.promised_md5 is not None and any(
        found.size == row.promised_size and listing.here.md5(name) == row.promised_md5
        for name, found in files.items()
    )


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _found(context: Context, upload: UploadRow, remote: RemoteFile) -> None:
    if is_complete(upload, remote):
        accepted = upload.on(Event.FIND)
        arrive(context, replace(upload, state=accepted.state), remote)
    else:
        context.catalogue.put_upload(replace(upload, key=remote.key, looks=upload.looks + 1))


def _miss(context: Context, upload: UploadRow) -> None:
    """It is not there. Too young to say, it stays in doubt.

    What never arrived twice is sent again less and less often, whoever asks: the service may refuse it in
    words that tell nothing, such as 409 for the name that it would give the file.
    """
    age = context.service_now() - (upload.sent_at or 0)
    slow = context.gallery.proof is Proof.COUNT  # an older interface: "seconds to minutes", its clients say
    patience = LONG_LAG if upload.key or slow else LAG
    if age >= patience and upload.looks >= 1:
        missed = replace(upload.on(Event.MISS), key="", attempts=upload.attempts + 1)
        if upload.attempts:
            why = f"it was sent {missed.attempts} times, and its album never showed it"
            again = retry_at(upload.attempts, context.now())
            missed = missed.on(Event.CLAIM_SEND).on(Event.REFUSE, reason=why, retry_at=again)
            context.report.trouble(upload.path, f"is not sent: {why}")
        context.catalogue.put_upload(missed)
        return
    context.catalogue.put_upload(replace(upload, looks=upload.looks + 1))
    context.report.trouble(
        upload.path, "was sent, and its album does not show it yet; a later run looks again"
    )
