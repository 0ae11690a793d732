"""What was sent becomes the account's: its row is written from what was sent and what the service shows."""

from __future__ import annotations

from typing import Any

from smugsync.catalogue import FileRow, UploadRow, shown
from smugsync.core import naming
from smugsync.core.integrity import Found, prove
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Evidence, Kind, Promise, RemoteFile
from smugsync.errors import IntegrityError
from smugsync.records import replace
from smugsync.sync.context import Context
from smugsync.sync.report import What

#: The service makes something else of these; what it then promises is that, and no proof of what was sent.
REWRITTEN = frozenset({"heic", "heif"})


def is_rewritten(path: str, remote: RemoteFile) -> bool:
    """Does the service keep something else than it was sent?"""
    return remote.kind is Kind.VIDEO or path.rpartition(".")[2].lower() in REWRITTEN


def is_complete(upload: UploadRow, remote: RemoteFile) -> bool:
    """Does the service show all there is to show? While it works on a photo, it promises nothing of it.

    Some photos it never promises more of than their size (1.3.0, since 2015): that has to do.
    """
    return remote.kind is Kind.VIDEO or (not remote.processing and remote.promised != Promise())


def arrive(context: Context, upload: UploadRow, remote: RemoteFile, *, kept: str = "") -> None:
    """The upload is over: both sides agree (inside a transaction). Its row takes the local file's name, if no
    photo has one by now that some file systems take for it: otherwise another, and is fetched.

    `kept`: where the photo that it replaced was set aside, "" if there was none.
    """
    catalogue = context.catalogue
    if upload.md5 is None:
        raise ValueError("nothing was sent yet")
    name = upload.path.rpartition("/")[2]
    evidence, trouble = _evidence(upload, remote)
    held: dict[str, Any] = {
        "held_version": remote.version,
        "held_md5": upload.md5,
        "held_size": upload.size,
        "mtime_ns": upload.mtime_ns,
        "evidence": evidence.value,
        "held_sha256": None,
        "inspected": "",
        "validator": "",
        "verified_at": int(context.now()),
        "damaged_at": None,
        "local_md5": None,
        "local_size": None,
        "local_mtime_ns": None,
        "kept_md5": None,
        "attempts": 0,
        "strikes": 0,
    }
    row = catalogue.file_in(upload.album_id, remote.key)
    if row is None or row.name_folded != naming.fold(name):
        name = naming.assign(name, remote.key, lambda folded: catalogue.name_taken(upload.album_id, folded))
    was_edit = upload.file_id is not None
    if row is None:
        row = FileRow(
            id=0,
            album_id=upload.album_id,
            key=remote.key,
            name=name,
            name_folded=naming.fold(name),
            state=State.PLANNED,
            **shown(remote, context.run),
        )
    row = replace(row, name=name, name_folded=naming.fold(name), **shown(remote, context.run))
    catalogue.put([replace(_accepted(row), source=None, source_run=None, **held)])
    catalogue.drop_upload(upload.id)
    catalogue.drop_local([upload.path])
    catalogue.drop_route(upload.path)
    stored = catalogue.file_in(upload.album_id, remote.key)
    context.report.files_sent += 1
    context.report.bytes_sent += upload.size
    context.report.files_verified += evidence is Evidence.PROMISED
    detail = f"what it replaced is kept in {kept}" if kept else _detail(evidence)
    context.note(What.SENT_EDIT if was_edit else What.SENT, upload.path, detail, of=stored)
    if trouble:
        context.report.trouble(upload.path, trouble)


def _accepted(row: FileRow) -> FileRow:
    """The row as an upload leaves it, whatever a listing has made of it meanwhile."""
    before = {
        State.COMMITTED: Event.CHANGE,
        State.WITHHELD: Event.OFFER,
        State.FAILED: Event.CHANGE,
        State.QUARANTINED: Event.CHANGE,
        State.RETIRED: Event.RETURN,
    }.get(row.state)
    if before is not None:
        row = row.on(before)
    return row.on(Event.CLAIM_SEND).on(Event.ACCEPT).on(Event.CONFIRM)


def _evidence(upload: UploadRow, remote: RemoteFile) -> tuple[Evidence, str]:
    """How we know that the service has it; and what is wrong with that, "" if nothing is."""
    if is_rewritten(upload.path, remote):
        return Evidence.CONVERTED, ""
    try:
        return prove(remote.promised, Found(upload.md5 or "", upload.size)), ""
    except IntegrityError as error:
        return Evidence.CONVERTED, f"was sent whole, but the service shows other bytes: {error}"


def _detail(evidence: Evidence) -> str:
    return "the service keeps a conversion of it" if evidence is Evidence.CONVERTED else ""
