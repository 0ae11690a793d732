"""Files that are missing because a person renamed them inside their album's directory: their rows follow."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from smugsync.catalogue import AlbumRow, FileRow, join
from smugsync.core import naming
from smugsync.core.lifecycle import State
from smugsync.core.model import LocalFile
from smugsync.errors import ItemError
from smugsync.records import replace
from smugsync.sync.context import Context
from smugsync.sync.report import What


def follow_renames(context: Context, missing: Iterable[int]) -> set[int]:
    """Which of these rows (ids) have their bytes beside the old name, and are recorded under the new one now.

    Raises MirrorUnusable, Interrupted.
    """
    albums: dict[int, list[FileRow]] = {}
    for row_id in missing:
        row = context.catalogue.file(row_id)
        if row is not None and row.state is State.COMMITTED:
            albums.setdefault(row.album_id, []).append(row)
    followed: set[int] = set()
    for album_id, rows in albums.items():
        album = context.catalogue.album(album_id)
        strangers = _strangers(context, album, {row.held_size for row in rows})
        for row in rows:
            if (found := strangers.pop(row.held_md5 or "", None)) is not None:
                _follow(context, album, row, found)
                followed.add(row.id)
    return followed


def _strangers(context: Context, album: AlbumRow, sizes: set[int | None]) -> dict[str, LocalFile]:
    """Files of these sizes in the album's directory that no row is called like, by their MD5s."""
    names = {row.name_folded for row in context.catalogue.files(album.id).values()}
    found: dict[str, LocalFile] = {}
    for local in context.mirror.scan(album.directory, recursive=False, unreadable=lambda *_: None):
        name = local.path.rpartition("/")[2]
        if local.fingerprint.size in sizes and naming.fold(name) not in names:
            with suppress(ItemError):  # what cannot be read is no reason not to mend the rest
                read = context.mirror.hash(local.path, context.stop)
                found[read.md5 or ""] = read
    return found


def _follow(context: Context, album: AlbumRow, row: FileRow, found: LocalFile) -> None:
    name = found.path.rpartition("/")[2]
    fresh: dict[str, Any] = dict.fromkeys(("local_md5", "local_size", "local_mtime_ns", "damaged_at"))
    fresh |= {"mtime_ns": found.fingerprint.mtime_ns, "verified_at": int(context.now())}
    context.note(What.MOVED, found.path, "renamed here", was=join(album.directory, row.name), of=row)
    with context.catalogue.transaction():
        context.catalogue.drop_local([found.path])
        context.catalogue.put([replace(row, name=name, name_folded=naming.fold(name), **fresh)])
