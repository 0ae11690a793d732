"""How an album's directory gets where it belongs: announced, done, recorded; and who stands in whose way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from smugsync.catalogue import AlbumRow
from smugsync.core import naming
from smugsync.core.model import Album
from smugsync.errors import ItemError
from smugsync.records import dataclass, replace
from smugsync.sync.context import Context
from smugsync.sync.report import What


def move(context: Context, row: AlbumRow, album: Album, directory: str) -> AlbumRow:
    """The album under its new directory; as it was, and with a trouble noted, if that cannot be."""
    catalogue, report = context.catalogue, context.report
    moved = replace(
        row,
        directory=directory,
        directory_folded=naming.fold(directory),
        url_path=album.url_path,
        name=album.name,
        instead_of="",
    )
    if context.options.dry_run:
        context.unmoved.setdefault(row.id, row.directory)
    else:
        with catalogue.transaction(durable=True):
            catalogue.announce_move(row.id, row.directory, directory)
        try:
            _move_directory(context, row.directory, directory)
        except ItemError as error:
            report.trouble(row.directory, f"could not be renamed to {directory}: {error}")
            with catalogue.transaction():
                catalogue.settle_move(row.id)
            return row
    with catalogue.transaction(durable=True):
        catalogue.put_album(moved)
        catalogue.rename_local(row.directory, directory)
        catalogue.settle_move(row.id)
    context.note(What.ALBUM_MOVED, directory, was=row.directory, of=row)
    return moved


def _move_directory(context: Context, old: str, new: str) -> None:
    """Empty directories that a former folder left are no obstacle, and none are left behind."""
    mirror = context.mirror
    if not mirror.has_directory(old):  # an empty album whose directory a person has removed
        mirror.make_directory(new)
        return
    if mirror.has_directory(new):
        mirror.remove_empty(new)
        if not mirror.has_directory(old):  # it held nothing but that
            mirror.make_directory(new)
            return
    mirror.move_directory(old, new)
    mirror.remove_empty(old.rpartition("/")[0])


def is_occupied(context: Context, row: AlbumRow, wanted: str) -> bool:
    """Does something of a person's lie where this album is to move?"""
    new, own = naming.fold(wanted) + "/", row.directory_folded + "/"
    if context.options.dry_run or new.startswith(own) or own.startswith(new):
        return False  # nothing was moved out of the way, or the album itself is
    mirror = context.mirror
    try:
        if mirror.has_directory(wanted):
            mirror.remove_empty(wanted)
        return mirror.has_directory(wanted)
    except ItemError:
        return False  # moving will say why not


def stays(row: AlbumRow, wanted: str) -> bool:
    """An album that wants to be where it is, or was adopted where it stands and wants nothing new."""
    return wanted in (row.directory, row.instead_of)


@dataclass(slots=True)
class Wishes:
    """Where albums want to be: their keys by the directory itself, and by those around it."""

    _at: dict[str, set[str]] = field(default_factory=dict)
    _within: dict[str, set[str]] = field(default_factory=dict)

    def add(self, key: str, folded: str) -> None:
        self._at.setdefault(folded, set()).add(key)
        for directory in _upwards(folded):
            self._within.setdefault(directory, set()).add(key)

    def hindered_by(self, row: AlbumRow) -> bool:
        """Does another album want this one's directory, one inside it, or one around it?"""
        own = row.directory_folded
        keys = [self._within.get(own, set()), *(self._at.get(one, set()) for one in _upwards(own))]
        return any(len(some) > (row.key in some) for some in keys)


def _upwards(directory: str) -> Iterator[str]:
    """`"a/b"` -> `"a/b"`, `"a"`."""
    while directory:
        yield directory
        directory = directory.rpartition("/")[0]
