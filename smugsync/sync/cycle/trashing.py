"""To the trash: files that two cycles have proven gone. Their bytes are moved first, their rows go last.

A process that dies in between leaves a row without a file, which the next cycle forgets: nothing is lost,
the history alone says less than it could.
"""

from __future__ import annotations

from collections.abc import Sequence

from smugsync.catalogue import AlbumRow, FileRow, join
from smugsync.core.model import Fingerprint, LocalFile
from smugsync.core.reconcile import ABSENT, Action, Examine, Keep, Policy, Trash, reconcile
from smugsync.errors import ItemError
from smugsync.local.versions import Shelf
from smugsync.sync.context import Context
from smugsync.sync.cycle.relocating import lies_at
from smugsync.sync.report import What

#: So many files share one durable transaction.
BATCH = 16


def to_trash(context: Context, album: AlbumRow, rows: Sequence[FileRow]) -> None:
    """Move the files of `rows` to the trash and forget them; a person's edits stay where they are.

    What cannot be looked at is told and stays. Raises MirrorUnusable, Interrupted; what was moved until
    then is recorded.
    """
    catalogue = context.catalogue
    for start in range(0, len(rows), BATCH):
        done: list[FileRow] = []
        kept: list[LocalFile] = []
        try:
            for row in rows[start : start + BATCH]:
                context.stop.check()
                try:
                    done += _take(context, album, row, kept)
                except ItemError as error:
                    context.report.trouble(join(album.directory, row.name), str(error))
        finally:
            with catalogue.transaction(durable=True):
                for local in kept:
                    catalogue.put_local(local.path, local.fingerprint, md5=local.md5, why="kept")
                catalogue.keep_halves(row.id for row in done)
                catalogue.forget(row.id for row in done)


def _take(context: Context, album: AlbumRow, row: FileRow, kept: list[LocalFile]) -> list[FileRow]:
    """`[row]` if nothing of it is left to be remembered, else `[]`."""
    here, path = lies_at(context, album, row), join(album.directory, row.name)
    found = context.mirror.fingerprint(here)
    known = row.local_md5 if found is not None and found == row.edited() else None
    local = None if found is None else LocalFile(path, found, known)
    action = _decide(row, album, local)
    if isinstance(action, Examine):
        hashed = context.mirror.hash(here, context.stop)
        local = LocalFile(path, hashed.fingerprint, hashed.md5)
        action = _decide(row, album, local)
    if local is None:
        context.note(What.FORGOTTEN, path, of=row)
    elif isinstance(action, Trash):
        if context.options.dry_run:
            context.note(What.TRASHED, path, of=row)
        elif (where := _set_aside(context, here, local.fingerprint)) is not None:
            context.note(What.TRASHED, path, was=where, of=row)
        else:
            return []
    elif isinstance(action, Keep):
        kept.append(local)
        context.note(What.KEPT, path, "yours alone from now on", of=row)
    else:
        return []
    return [row]


def _decide(row: FileRow, album: AlbumRow, local: LocalFile | None) -> Action | None:
    return reconcile(
        row.base(album.directory), ABSENT, ABSENT if local is None else local, Policy(trash=True)
    )


def _set_aside(context: Context, path: str, expected: Fingerprint) -> str | None:
    """Where the file lies now; None if somebody saved it in that very moment, and it was put back."""
    mirror = context.mirror
    where = mirror.keep_version(path, context.stamp, Shelf.TRASH)
    if mirror.fingerprint(where) == expected:
        return where
    mirror.move(where, path)
    mirror.remove_empty(where.rpartition("/")[0])
    context.report.trouble(path, "was changed here while it was on its way to the trash; it stays")
    return None
