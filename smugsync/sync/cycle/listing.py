"""Albums and their photos are asked for, and what comes is handed to those who make rows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from smugsync.core.model import Account, Album
from smugsync.errors import ItemError
from smugsync.records import dataclass
from smugsync.remote.dialect import Folder
from smugsync.sync.context import Context
from smugsync.sync.cycle.albums import AlbumPlanner
from smugsync.sync.cycle.planning import AlbumListing, Planner
from smugsync.sync.cycle.settle import Settlement
from smugsync.sync.cycle.survey import (
    AlbumsListed,
    AlbumsPage,
    FilesListed,
    FilesPage,
    FoldersListed,
    ListAlbums,
    ListFiles,
    ListFolders,
    ListingFailed,
    Question,
)
from smugsync.sync.sending import homes
from smugsync.sync.sending.drops import collect
from smugsync.sync.sending.finding import Finder, pause
from smugsync.sync.sending.making import AlbumsMade
from smugsync.sync.sending.outbox import Outbox
from smugsync.sync.sending.settling import settle


@dataclass(slots=True)
class Listings:
    """One cycle's listings. `ask` gives a question to the lanes; `moved` is called when directories were
    renamed. The engine's thread only.
    """

    context: Context
    account: Account
    planner: Planner
    settlement: Settlement
    ask: Callable[[Question], None]
    moved: Callable[[], None]
    outbox: Outbox | None = None
    _albums: AlbumPlanner = field(init=False)
    _finder: Finder = field(init=False)
    _waiting: dict[int, Album] = field(default_factory=dict)  #: asked about, and nothing has come yet
    _open: dict[int, AlbumListing] = field(default_factory=dict)
    _naming: bool = False  #: the folders' names are asked for, before anything else
    _done: int = 0

    def __post_init__(self) -> None:
        self._albums = AlbumPlanner(self.context)
        self._finder = Finder(self.context)

    def begin(self) -> None:
        """Ask for the albums, or first for what the layout needs to name their directories."""
        if self.outbox is None:
            pause(self.context)
        elif self._finder.take_baseline():  # or what comes from a drop folder would pass for old
            collect(self.context)
            self._finder.look()
        self._albums.prepare()
        self._naming = self.context.options.layout == "names"
        if self._naming:
            self.ask(ListFolders(self.account))
        else:
            self._ask_for_albums((), complete=True)

    def page(self, page: AlbumsPage | FilesPage) -> None:
        if isinstance(page, FilesPage):
            self.planner.take(self._listing(page.id), page.files)
            return
        for question in self._albums.take(page.albums):
            self._ask_for_files(question)

    def answered(self, answer: FoldersListed | AlbumsListed | FilesListed | ListingFailed) -> None:
        """A listing came to its end, or did not."""
        match answer:
            case FoldersListed():
                if answer.why:
                    self.context.report.trouble("folders", answer.why)
                self._ask_for_albums(answer.folders, complete=not answer.why)
            case AlbumsListed():
                self._albums_listed(answer)
            case FilesListed():
                self._files_listed(answer)
            case ListingFailed():
                self._failed(answer)

    def _ask_for_albums(self, folders: tuple[Folder, ...], *, complete: bool = False) -> None:
        self._albums.name_folders(folders, complete=complete)
        self._naming = False
        keys = None
        if self.context.scope.kind == "paths" and not self._finder.homeless:
            wanted = self.context.sending_to | self.context.touched
            keys = tuple(self.context.catalogue.album(album_id).key for album_id in sorted(wanted))
        self.ask(ListAlbums(self.account, keys))

    def _ask_for_files(self, question: ListFiles) -> None:
        self.context.listed.add(question.id)
        self._waiting[question.id] = question.album
        self.ask(question)

    def _listing(self, album_id: int) -> AlbumListing:
        """Begun as its first page comes: of thousands of albums few are listed at a time."""
        album = self._waiting.pop(album_id, None)
        if album is not None:
            self._open[album_id] = self.planner.begin(self.context.catalogue.album(album_id), album)
        return self._open[album_id]

    def _albums_listed(self, answer: AlbumsListed) -> None:
        if not answer.complete:
            self.context.report.complete = False
            self.context.report.trouble("the list of albums", answer.why)
        for question in self._albums.finish(complete=answer.complete):
            self._ask_for_files(question)
        self.moved()
        if answer.complete:
            self.settlement.miss(self._albums.missing())
            self._find_homes()

    def _find_homes(self) -> None:
        """Directories that are nobody's, now that all albums are known, are to become albums."""
        self._finder.resettle()
        wish = homes.question(self.context, self._finder, self.account)
        if wish is not None:
            self.ask(wish)

    def homes_found(self, answer: AlbumsMade) -> None:
        """New albums, to be listed like any other before something is sent to them."""
        for row, album in homes.settle(self.context, answer, self._albums.directory):
            self._finder.settle(row.directory, row)
            self._ask_for_files(ListFiles(row.id, album))
        for made in answer.made:
            if self.outbox is not None and made.error is not None and not isinstance(made.error, ItemError):
                self.outbox.shut(made.error)

    def _files_listed(self, answer: FilesListed) -> None:
        listing, report = self._listing(answer.id), self.context.report
        if answer.complete and not answer.whole and not self.planner.adds_up(listing):
            self.planner.again(listing)  # something has left it
            self.ask(ListFiles(answer.id, listing.album))
            return
        del self._open[answer.id]
        report.albums_listed += 1
        self._done += 1
        self.context.progress.albums(self._done, self._done + len(self._open) + len(self._waiting))
        if not answer.complete:
            report.complete = False
            report.trouble(listing.directory, answer.why)
        absent = self.planner.finish(listing, complete=answer.complete, whole=answer.whole)
        if absent:
            self.settlement.doubt(listing, absent)
        if not answer.complete:
            return
        if self.outbox is None:
            settle(self.context, listing)
        else:
            self.outbox.open(listing, self._finder.by_album.pop(listing.row.id, ()))

    def _failed(self, answer: ListingFailed) -> None:
        self.context.report.complete = False
        listing = None
        if answer.id in self._open or answer.id in self._waiting:
            listing = self._listing(answer.id)
            del self._open[answer.id]
            self.planner.reopen(listing)
        self.context.report.trouble(self._where(answer.id, listing), str(answer.error))
        if self._naming:  # without the folders' names: nothing is renamed
            self._ask_for_albums(())

    def _where(self, album_id: int, listing: AlbumListing | None) -> str:
        if listing is not None:
            return listing.directory
        if self._naming:
            return "the list of folders"
        return self.context.catalogue.album(album_id).directory if album_id else "the list of albums"
