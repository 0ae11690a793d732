"""Files in the mirror that belong to nobody online: found, recorded, never touched.

An album's own listing notes those in its directory; a full cycle finds the rest.
"""

from __future__ import annotations

from itertools import groupby

from smugsync.core import naming
from smugsync.core.model import Fingerprint
from smugsync.errors import ItemError
from smugsync.sync.context import Context


def note_strangers(context: Context) -> None:
    """Walk the whole tree, and record what lies where no album that was listed in this run has its place."""
    catalogue = context.catalogue
    albums = {row.directory_folded: row.id for row in catalogue.albums()}

    def unreadable(directory: str, error: ItemError) -> None:
        context.report.trouble(directory, str(error))

    files = context.mirror.scan(unreadable=unreadable)
    for directory, group in groupby(files, key=lambda file: file.path.rpartition("/")[0]):
        album = albums.get(naming.fold(directory))
        if album in context.ready:
            continue
        ours = {row.name_folded for row in catalogue.files(album).values()} if album else set()
        found: dict[str, Fingerprint] = {
            file.path: file.fingerprint
            for file in group
            if naming.fold(file.path.rpartition("/")[2]) not in ours
        }
        context.stop.check()
        recorded = catalogue.local_files(directory)
        with catalogue.transaction():
            for path, fingerprint in found.items():
                name = path.rpartition("/")[2]
                if name not in recorded or recorded[name][0] != fingerprint:
                    catalogue.put_local(path, fingerprint)
    _forget_vanished(context)


def _forget_vanished(context: Context) -> None:
    vanished = []
    for path in context.catalogue.local_paths():
        try:
            if context.mirror.fingerprint(path) is None:
                vanished.append(path)
        except ItemError:
            continue
    with context.catalogue.transaction():
        context.catalogue.drop_local(vanished)
