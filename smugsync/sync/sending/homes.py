"""Directories that are no album's: which of them become albums, and what becomes of those rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from smugsync.catalogue import AlbumRow
from smugsync.core import naming
from smugsync.core.model import Access, Account, Album, Privacy
from smugsync.errors import ItemError
from smugsync.sync.context import Context
from smugsync.sync.report import What
from smugsync.sync.sending.finding import Finder
from smugsync.sync.sending.making import AlbumsMade, Made, MakeAlbums


def question(context: Context, finder: Finder, account: Account) -> MakeAlbums | None:
    """What is to be found or made for the directories that nobody has, None if nothing."""
    sending = context.options.sending
    if sending is None or not finder.homeless:
        return None
    wanted = [(directory, _privacy(context, directory)) for directory in _possible(context, finder)]
    if not wanted:
        return None
    if context.options.dry_run:
        for directory, privacy in wanted:
            if privacy is not None:
                context.report.note(What.ALBUM_MADE, directory)
            for candidate in finder.homeless[directory]:
                context.report.files_to_send += 1
                context.report.bytes_to_send += candidate.fingerprint.size
        return None
    known = frozenset(row.key for row in context.catalogue.albums())
    return MakeAlbums(account.root, tuple(wanted), known)


def _possible(context: Context, finder: Finder) -> Iterator[str]:
    """Directories that can become albums. An album holds no other album, and its folder no photos."""
    catalogue = context.catalogue
    albums = {row.directory_folded: row.directory for row in catalogue.albums()}
    for directory in sorted(finder.homeless):
        first = finder.homeless[directory][0].path
        inside = any(other.startswith(f"{directory}/") for other in finder.homeless)
        around = _album_around(albums, directory)
        if not directory:
            _complain(context, first, "lies in no folder: move it into one, which becomes an album")
        elif around is not None:
            _complain(context, first, f"lies inside the album {around}, and albums hold no folders")
        elif inside or catalogue.directory_taken(naming.fold(directory)):
            _complain(context, first, "lies in a folder that holds albums: move it into one of them")
        elif context.options.selects("/" + directory):
            yield directory


def _album_around(albums: Mapping[str, str], directory: str) -> str | None:
    """The directory of the album that `directory` lies in."""
    parts = naming.fold(directory).split("/")
    found = (albums.get("/".join(parts[:n])) for n in range(1, len(parts)))
    return next(filter(None, found), None)


def _complain(context: Context, path: str, why: str) -> None:
    context.report.trouble(path, f"is not sent: it {why}")


def _privacy(context: Context, directory: str) -> Privacy | None:
    sending = context.options.sending
    if sending is None:
        return None
    for route in sending.routes:
        if naming.fold(directory) == naming.fold(directory_of(route.album)) and route.privacy is not None:
            return route.privacy
    return sending.create


def directory_of(url_path: str) -> str:
    """Where an album that is made at this address lies, before anything says otherwise."""
    return naming.directory([part for part in url_path.split("/") if part], "_")


def settle(
    context: Context, answer: AlbumsMade, wants: Callable[[Album], str]
) -> Iterator[tuple[AlbumRow, Album]]:
    """The rows of albums that were found or made; what was not is reported. `wants`: where the layout would
    have an album, which keeps the directory that a person made for it all the same."""
    for made in answer.made:
        if made.album is None:
            error = made.error or ItemError("no album could be had for it")
            if isinstance(error, ItemError):
                context.report.trouble(made.directory, f"is not sent: {error}")
        elif not context.options.selects(made.album.url_path):
            why = f"its album {made.album.url_path} is excluded by the configuration"
            context.report.trouble(made.directory, f"is not sent: {why}")
        elif made.album.access is Access.UNREADABLE:
            context.report.trouble(made.directory, f"is not sent: its album is {made.album.reason}")
        else:
            yield _row(context, made, made.album, wants(made.album)), made.album


def _row(context: Context, made: Made, album: Album, wanted: str) -> AlbumRow:
    row = AlbumRow(
        id=0,
        key=album.key,
        node_id=album.node_id,
        name=album.name,
        url_path=album.url_path,
        directory=made.directory,
        directory_folded=naming.fold(made.directory),
        instead_of="" if wanted == made.directory else wanted,
    )
    with context.catalogue.transaction(durable=True):
        row = context.catalogue.put_album(row)
    context.note(What.ALBUM_MADE if made.new else What.ALBUM_NEW, made.directory, of=row)
    return row
