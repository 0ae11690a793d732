"""Is this file to be sent at all? What the album has, what was withdrawn, and what is not due stays here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from smugsync.catalogue import UploadRow, join
from smugsync.core import naming
from smugsync.core.lifecycle import State
from smugsync.core.model import LocalFile
from smugsync.records import replace
from smugsync.sync.context import Context
from smugsync.sync.cycle.planning import AlbumListing
from smugsync.sync.report import What
from smugsync.sync.sending.finding import Candidate


def forget_vanished(context: Context, listing: AlbumListing) -> None:
    """What was not taken, and is here no more, is no trouble any more."""
    catalogue, here = context.catalogue, listing.here.files
    if here is None:
        return
    with catalogue.transaction():
        for upload in catalogue.uploads(listing.row.id):
            open_end = upload.state in (State.SENDING, State.IN_DOUBT)
            if not open_end and upload.path.rpartition("/")[2] not in here:
                catalogue.drop_upload(upload.id)


def unclaimed(
    context: Context, listing: AlbumListing, candidates: Iterable[Candidate]
) -> Iterator[Candidate]:
    """Without those whose bytes the album shows and nobody had yet: they are that photo's file.

    Its row, which waits for this (`Planner` holds it back), gets the file's name, and finds it here.
    """
    catalogue = context.catalogue
    awaited = {
        row.promised_md5: row
        for row in catalogue.files(listing.row.id).values()
        if row.state is State.PLANNED and row.held_md5 is None and row.promised_md5 is not None
    }
    sizes = {row.promised_size for row in awaited.values()}
    for candidate in candidates:
        name = candidate.path.rpartition("/")[2]
        md5 = listing.here.md5(name) if candidate.fingerprint.size in sizes else ""
        row = awaited.pop(md5, None)
        if row is None or catalogue.name_taken(row.album_id, naming.fold(name)):
            yield candidate
            continue
        with catalogue.transaction():
            catalogue.put([replace(row, name=name, name_folded=naming.fold(name))])


def has_its_turn(context: Context, candidate: Candidate) -> bool:
    """An upload whose end is unknown comes first; one that failed waits, unless the file was changed."""
    known = known_uploads(context, candidate)
    if any(one.state in (State.SENDING, State.IN_DOUBT) for one in known):
        return False
    if context.scope.kind == "upload":
        return True
    return all(_is_due(context, one) or one.fingerprint != candidate.fingerprint for one in known[:1])


def _is_due(context: Context, upload: UploadRow) -> bool:
    patient = context.options.impatient and upload.state is State.FAILED
    return patient or (upload.retry_at or 0) <= context.now()


def known_uploads(context: Context, candidate: Candidate) -> list[UploadRow]:
    """What was tried before: with the photo that it edits, maybe under another name, and at its path."""
    catalogue = context.catalogue
    edit = None if candidate.replaces is None else catalogue.upload_instead_of(candidate.replaces)
    found = [one for one in (edit, catalogue.upload(candidate.path)) if one is not None]
    return found[:1] if len({one.id for one in found}) == 1 else found


def is_known(context: Context, album_id: int, candidate: Candidate) -> bool:
    """Is its name a photo's, or were its bytes found in the album already?

    A name that a photo has is the comparison's business: the bytes decide there. One that differs only in
    case cannot be told from it on other disks, and is told.
    """
    if candidate.replaces is not None:
        return False
    catalogue = context.catalogue
    row = catalogue.file_at(candidate.path)
    if row is None:
        return candidate.md5 is not None and catalogue.holder(album_id, candidate.md5) is not None
    path = join(catalogue.album(row.album_id).directory, row.name)
    if path != candidate.path and row.held_md5 is not None:
        tell_twins(context, candidate.path, f"the photo {path}")
    return True


def tell_twins(context: Context, path: str, other: str) -> None:
    """Not both can have their names wherever the album is mirrored."""
    context.report.trouble(path, f"is not sent: many systems take its name for that of {other}; rename it")


def is_to_be_sent(context: Context, album_id: int, candidate: Candidate, local: LocalFile) -> bool:
    """Do these bytes belong up there, and are they not there yet? What is decided here is remembered."""
    catalogue, md5 = context.catalogue, local.md5 or ""
    if candidate.replaces is not None:
        row = catalogue.file(candidate.replaces)
        return row is not None and row.state is State.COMMITTED and md5 not in (row.held_md5, row.kept_md5)
    if context.scope.kind != "upload" and catalogue.is_withdrawn(md5):
        with catalogue.transaction():
            catalogue.put_local(local.path, local.fingerprint, md5=md5, why="kept")
        context.note(What.KEPT, local.path, "it was deleted online, and is not sent again by itself")
        return False
    if catalogue.is_under_way(album_id, md5):
        return False  # it may be there already, sent under a name that the file had before
    if catalogue.holder(album_id, md5) is None:
        return True
    with catalogue.transaction():  # so that it is not read again
        catalogue.put_local(local.path, local.fingerprint, md5=md5, fresh=True)
    return False
