"""Adopted originals of which the service has a conversion: names that fit what the files hold.

Such a file keeps its own name, `IMG_1.HEIC`, as long as it is what we hold for the photo, or are about to
take. What is fetched instead is a JPEG and gets the photo's name; an original that was held then stays as a
person's own.
"""

from __future__ import annotations

from typing import Any

from smugsync.catalogue import FileRow
from smugsync.core import naming
from smugsync.core.matching import same_extension
from smugsync.core.model import Evidence, LocalFile
from smugsync.core.reconcile import Side
from smugsync.local.sharing import Source
from smugsync.records import replace
from smugsync.sync.context import Context

_HELD = (
    *("held_version", "held_md5", "held_size", "held_sha256", "inspected", "validator"),
    *("mtime_ns", "evidence", "verified_at", "damaged_at"),
    *("local_md5", "local_size", "local_mtime_ns", "kept_md5"),
)


def is_named_otherwise(row: FileRow) -> bool:
    """Has it the name of an original, held or to be taken over, that is wrong for what the service offers?"""
    wrong = not same_extension(row.name, naming.file_name(row.remote_name, row.format, row.key))
    return wrong and row.evidence in (None, Evidence.UNPROVEN)


def is_original(source: Source | None) -> bool:
    """Is it what the service has converted, and not what it offers?"""
    return source is not None and source.evidence is Evidence.UNPROVEN


def named_alike(context: Context, row: FileRow, new: FileRow) -> FileRow:
    """`new`, the photo in another album, under the name that its original has in `row`, if that is one."""
    return _named(context, new, row.name) if is_named_otherwise(row) else new


def without_original(context: Context, row: FileRow, local: LocalFile | Side) -> FileRow:
    """The row under the photo's own name, and recorded so, as one that never held anything. The original, if
    it is here, stays where it is: kept, and never sent by itself."""
    nothing: dict[str, Any] = dict.fromkeys(_HELD) | {"inspected": "", "validator": ""}
    bare = _named(context, replace(row, **nothing), naming.file_name(row.remote_name, row.format, row.key))
    with context.catalogue.transaction():
        context.catalogue.put([bare])
        if isinstance(local, LocalFile):
            context.catalogue.put_local(local.path, local.fingerprint, md5=local.md5, why="kept")
    return bare


def _named(context: Context, row: FileRow, wanted: str) -> FileRow:
    name = naming.assign(wanted, row.key, lambda folded: context.catalogue.name_taken(row.album_id, folded))
    return replace(row, name=name, name_folded=naming.fold(name))
