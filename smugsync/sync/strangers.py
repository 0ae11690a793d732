"""Files in the mirror that belong to nobody online: found, recorded, never touched.

An album's own listing notes those in its directory; a full cycle finds the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby

from smugsync.catalogue import join
from smugsync.core import naming
from smugsync.core.model import Fingerprint
from smugsync.errors import ItemError
from smugsync.sync.context import Context
from smugsync.sync.renamed import follow


def note_strangers(context: Context, *, missed: Callable[[str], None] = lambda directory: None) -> None:
    """Walk the whole tree, and record what lies where no album that was listed in this run has its place.

    `missed` is told of directories that cannot be read.
    """
    catalogue = context.catalogue
    albums = {row.directory: row for row in catalogue.albums()}
    folded = {row.directory_folded: row for row in albums.values()}
    seen: set[str] = set()
    respelt: list[tuple[str, int, dict[str, Fingerprint]]] = []

    def unreadable(directory: str, error: ItemError) -> None:
        context.report.trouble(directory, str(error))
        missed(directory)

    def note(directory: str, album: int | None, here: dict[str, Fingerprint]) -> None:
        with catalogue.transaction():
            note_directory(context, directory, album, here)

    files = context.mirror.scan(unreadable=unreadable)
    for directory, group in groupby(files, key=lambda file: file.path.rpartition("/")[0]):
        context.stop.check()
        album, twin = albums.get(directory), folded.get(naming.fold(directory))
        if album is not None:
            seen.add(directory)
            if album.id in context.listed:
                continue
        here = {file.path.rpartition("/")[2]: file.fingerprint for file in group}
        if album is None and twin is not None:
            respelt.append((directory, twin.id, here))
        else:
            note(directory, None if album is None else album.id, here)
    for directory, twin_id, here in respelt:
        # Either the file system spells the album's directory so, or it is another one, a person's.
        place = folded[naming.fold(directory)].directory
        theirs = place in seen or not _is_here(context, join(place, next(iter(here))))
        if theirs or twin_id not in context.listed:
            note(directory, None if theirs else twin_id, here)
    _forget_vanished(context)


def note_directory(
    context: Context, directory: str, album: int | None, here: Mapping[str, Fingerprint]
) -> None:
    """Record which of the files that are `here` no row of `album` accounts for (inside a transaction).

    A row that holds nothing accounts for nothing: what lies under its name is a person's.
    """
    catalogue = context.catalogue
    held = {} if album is None else catalogue.held_prints(album)
    names = held.keys()
    elsewhere = {naming.fold(name): name for name in names if name not in here}
    recorded = catalogue.local_files(directory)
    strangers = set()
    for name in here:
        twin = elsewhere.get(naming.fold(name))
        if name in names or (twin is not None and _is_here(context, join(directory, twin))):
            continue  # a row's file, perhaps under a spelling of the file system's own
        strangers.add(name)
    if new := strangers - recorded.keys():
        follow(context, directory, album, here, new)
        recorded = catalogue.local_files(directory)
    for name in sorted(strangers):
        if name not in recorded or recorded[name][0] != here[name]:
            catalogue.put_local(join(directory, name), here[name], fresh=context.sends)
    catalogue.drop_local(join(directory, name) for name in recorded if name not in strangers)
    if album is not None and any(held[name] != here[name] for name in names & here.keys()):
        context.touched.add(album)


def _is_here(context: Context, path: str) -> bool:
    try:
        return context.mirror.fingerprint(path) is not None
    except ItemError:
        return True


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
