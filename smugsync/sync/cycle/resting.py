"""Files that are as they were, on both sides: told from a few columns, since nearly all of a listing are.

This is the line of `reconcile`'s table where nothing is to be done. What does not stand on it is judged by
the table itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from smugsync.catalogue import AtRest
from smugsync.core.model import Evidence, Fingerprint, RemoteFile
from smugsync.sync.context import Context
from smugsync.sync.cycle import second_look
from smugsync.sync.cycle.here import Here

_PROMISED = Evidence.PROMISED.value


def resting(context: Context, album: int, here: Here, files: Mapping[str, RemoteFile]) -> list[str]:
    """The keys of those `files` (by key) of which nothing is to be planned, examined or recorded."""
    if here.files is None:
        return []
    looked_after = context.now() - second_look.EVERY if context.scope.kind == "everything" else -1
    prints = here.files
    rows = context.catalogue.at_rest(album, files, looked_after=looked_after)
    return [row.key for row in rows if is_unchanged(row, files[row.key], prints.get(row.name))]


def is_unchanged(row: AtRest, file: RemoteFile, found: Fingerprint | None) -> bool:
    """Does the service show what it showed, and does the file lie here as it did, as far as `stat` tells?"""
    return (
        found is not None
        and found.mtime_ns == row.mtime_ns
        and found.size == row.held_size
        and file.version == row.version
        and file.revision == row.revision
        and file.serial == row.serial
        and file.source_files == row.source_files
        and not file.withheld
        and (row.evidence != _PROMISED or file.promised.md5 in (None, row.held_md5))
    )
