"""Where most files of an album stand in one directory, and none in its own, that one becomes the album's.

It may be another tool's, or one that a person has renamed. Only the catalogue changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from smugsync.catalogue import AlbumRow, FileRow
from smugsync.core import naming
from smugsync.core.matching import settle_claims
from smugsync.errors import ItemError
from smugsync.records import replace
from smugsync.sync.adoption.candidates import Pairs, Search
from smugsync.sync.context import Context
from smugsync.sync.report import What


def claim_directories(
    context: Context, search: Search, pairs: Pairs, is_missing: Callable[[AlbumRow, FileRow], bool]
) -> None:
    """Give albums the directories their files stand in. `is_missing`: a row's file is not in its place."""
    catalogue = context.catalogue
    claims: dict[int, tuple[str, int]] = {}
    for album_id, votes in _votes(context, search, pairs).items():
        album = catalogue.album(album_id)
        best, n = max(votes.items(), key=lambda vote: (vote[1], vote[0] == album.directory, vote[0]))
        if best in ("", album.directory):
            continue
        rows = catalogue.files(album_id).values()
        if 2 * n <= len(rows):
            continue
        if all(is_missing(album, row) for row in rows if row.held_md5 is not None):
            claims[album_id] = best, n
    if not claims:
        return
    albums = {album.id: album for album in catalogue.albums()}
    granted = settle_claims(
        {album.id: album.directory_folded for album in albums.values()},
        {album_id: (naming.fold(directory), n) for album_id, (directory, n) in claims.items()},
    )
    _give(context, {albums[album_id]: claims[album_id][0] for album_id in granted})


def _votes(context: Context, search: Search, pairs: Pairs) -> dict[int, Counter[str]]:
    """How many of an album's files stand in which directories."""
    votes: dict[int, Counter[str]] = {}
    for album_id, md5 in context.catalogue.wanted_bytes(context.run):
        for directory in {candidate.directory for candidate in search.known(md5)}:
            votes.setdefault(album_id, Counter())[directory] += 1
    for row_id, candidate in pairs.items():
        row = context.catalogue.file(row_id)
        if row is not None:
            votes.setdefault(row.album_id, Counter())[candidate.directory] += 1
    return votes


def _give(context: Context, new: dict[AlbumRow, str]) -> None:
    catalogue = context.catalogue
    with catalogue.transaction(durable=True):
        for album in new:  # two may trade theirs: all step aside first
            aside = f"/{album.id}"
            catalogue.put_album(replace(album, directory=aside, directory_folded=aside))
        for album, directory in new.items():
            moved = replace(album, directory=directory, directory_folded=naming.fold(directory))
            catalogue.put_album(replace(moved, instead_of=album.instead_of or album.directory))
            context.note(What.ALBUM_STANDS, directory, f"not in {album.directory}", of=album)
    if context.options.dry_run:
        return
    for album in new:
        try:
            context.mirror.remove_empty(album.directory)
        except ItemError:
            continue  # somebody's files, or another album's: it stays
