"""The account's album list against the catalogue: which albums to list, rename, freeze or ask after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from smugsync.catalogue import AlbumRow
from smugsync.core import guard, naming
from smugsync.core.model import Access, Album
from smugsync.errors import ItemError, SuspiciousPlan, Unreachable, UsageError
from smugsync.records import dataclass, replace
from smugsync.remote.dialect import Folder
from smugsync.sync.context import Context, album_label
from smugsync.sync.cycle.choosing import choose
from smugsync.sync.cycle.renaming import Wishes, is_occupied, move, stays
from smugsync.sync.cycle.survey import ListFiles
from smugsync.sync.report import What


@dataclass(slots=True)
class AlbumPlanner:
    """Fed with pages of the album list; hands out the albums whose photos are to be listed."""

    context: Context
    folder_names: dict[str, str] = field(default_factory=dict)
    folders_known: bool = True  #: False: names are missing, so nothing is renamed for want of one
    _seen: set[str] = field(default_factory=set)
    _unsettled: set[int] = field(default_factory=set)
    _postponed: list[Album] = field(default_factory=list)
    _offered: list[Album] = field(default_factory=list)

    def prepare(self) -> None:
        now = int(self.context.now())
        if self.context.marked_by is not None:
            with self.context.catalogue.transaction():
                self.context.catalogue.correct_marks(now=now)
        due = 1 << 62 if self.context.options.impatient else now
        self._unsettled = self.context.catalogue.unsettled_albums(due=due, marked=self.context.marked_by)

    def name_folders(self, folders: Iterable[Folder], *, complete: bool) -> None:
        """For `layout = "names"`: what people call the folders."""
        self.folder_names = {folder.url_path: folder.name for folder in folders}
        self.folders_known = complete

    def take(self, albums: tuple[Album, ...]) -> Iterator[ListFiles]:
        """One page of the list. Albums that must be renamed first are handed out by `finish`."""
        if self.context.scope.albums:
            self._offered.extend(albums)
            return
        yield from self._take(albums)

    def finish(self, *, complete: bool) -> Iterator[ListFiles]:
        """The list has ended: rename what has to be, then hand out the rest.

        Raises UsageError if the scope names an album that the account does not show, Unreachable if only
        a complete list could tell.
        """
        if self.context.scope.albums:
            yield from self._take(self._chosen(complete=complete))
        yield from self._rename(whole=complete and self.context.scope.is_whole)

    def _chosen(self, *, complete: bool) -> list[Album]:
        try:
            albums = choose(self.context.scope.albums, self._offered)
        except UsageError as error:
            if complete:
                raise
            raise Unreachable(f"the list of albums came incomplete; as far as it goes, {error}") from error
        for album in albums:
            if not self.context.options.selects(album.url_path):
                raise UsageError(f"album {album.url_path} is excluded by the configuration")
        return albums

    def missing(self) -> list[AlbumRow]:
        """Recorded albums that a complete list did not show: to be proven gone, or to leave the mirror.

        What the configuration leaves out is not asked about: it stands still, whatever happens online.
        """
        if not self.context.scope.is_whole:
            return []
        catalogue, options = self.context.catalogue, self.context.options
        known = [row for row in catalogue.albums() if row.state != "gone"]
        vanished = guard.account_vanished(held_albums=len(known), listed_albums=len(self._seen))
        if vanished is not None and not options.accept_loss:
            reason = f"{vanished.reason}; if that is right, `smugsync sync --accept-loss` believes it once"
            self.context.report.trouble("account", reason, code=SuspiciousPlan.exit_code)
            return []
        known += catalogue.gone_albums(marked=self.context.marked_by)
        return [row for row in known if row.key not in self._seen and options.selects(row.url_path)]

    # -- one page ----------------------------------------------------------------------------------

    def _take(self, albums: Iterable[Album]) -> Iterator[ListFiles]:
        albums = list(albums)
        self._seen.update(album.key for album in albums)
        known = self.context.catalogue.albums_by_key(album.key for album in albums)
        report = self.context.report
        for album in albums:
            row = known.get(album.key)
            if not self.context.options.selects(album.url_path):
                if row is not None and row.url_path != album.url_path:
                    self._readdress(row, album)  # it stands still where it is, whatever becomes of it there
                continue
            report.albums += 1
            if album.access is Access.UNREADABLE:
                self._freeze(album, row)
            elif (ready := self._place(album, row)) is None:
                self._postponed.append(album)
            elif self._is_due(album, ready):
                yield self._question(album, ready)

    def _freeze(self, album: Album, row: AlbumRow | None) -> None:
        report = self.context.report
        report.albums_unreadable += 1
        reason = album.reason or "not readable for this viewer"
        report.trouble(album_label(album), f"{reason}; what is here of it stays as it is", code=0)
        if row is None:
            directory = self.directory(album)
            if self.context.catalogue.directory_taken(naming.fold(directory)):
                return
            row = self._row(album, directory)
        if (row.state, row.reason) != ("frozen", reason):
            with self.context.catalogue.transaction():
                self.context.catalogue.put_album(replace(row, state="frozen", reason=reason, cursor=""))

    def _place(self, album: Album, row: AlbumRow | None) -> AlbumRow | None:
        """The album's row with a directory to write to; None if a rename has to come first."""
        if row is not None and row.url_path == album.url_path and not self._renamed(album, row):
            return row
        if row is not None and not self.folders_known:
            return row  # under its old address: the next run sees that it has to move
        wanted = self.directory(album)
        if row is not None:
            return self._readdress(row, album) if stays(row, wanted) else None
        if self.context.catalogue.directory_taken(naming.fold(wanted)):
            return None
        return self._create(album, wanted)

    def _renamed(self, album: Album, row: AlbumRow) -> bool:
        """Does it want to be elsewhere than it is? A layout that a person has changed moves them all."""
        return self.folders_known and not stays(row, self.directory(album))

    def _readdress(self, row: AlbumRow, album: Album) -> AlbumRow:
        row = replace(row, url_path=album.url_path, name=album.name)
        with self.context.catalogue.transaction():
            return self.context.catalogue.put_album(row)

    def _create(self, album: Album, directory: str) -> AlbumRow:
        row = self._row(album, directory)
        if not self.context.options.dry_run:
            try:
                self.context.mirror.make_directory(directory)
            except ItemError as error:
                self.context.report.trouble(directory, str(error))
        with self.context.catalogue.transaction():
            row = self.context.catalogue.put_album(row)
        self.context.note(What.ALBUM_NEW, directory, of=row)
        return row

    @staticmethod
    def _row(album: Album, directory: str) -> AlbumRow:
        return AlbumRow(
            id=0,
            key=album.key,
            node_id=album.node_id,
            name=album.name,
            url_path=album.url_path,
            directory=directory,
            directory_folded=naming.fold(directory),
        )

    def _is_due(self, album: Album, row: AlbumRow) -> bool:
        wanted = row.id in self.context.sending_to or row.id in self.context.touched
        match self.context.scope.kind:
            case "everything" | "albums":
                return True
            case "paths" | "upload":
                return wanted
        if wanted or row.state != "listed":
            return True
        return row.cursor != album.cursor or row.cursor == "" or row.id in self._unsettled

    def _question(self, album: Album, row: AlbumRow) -> ListFiles:
        """A delta need not be told what has not changed, unless there is more to be found out."""
        everything = (
            self.context.scope.kind != "delta"
            or row.state != "listed"
            or row.id in self._unsettled
            or row.id in self.context.sending_to
            or row.id in self.context.touched
        )
        return ListFiles(row.id, album, "" if everything else row.cursor)

    def directory(self, album: Album) -> str:
        """Where the album wants to be."""
        parts = [part for part in album.url_path.split("/") if part]
        if self.context.options.layout == "names" and parts:
            path, named = "", []
            for part in parts[:-1]:
                path = f"{path}/{part}"
                named.append(self.folder_names.get(path) or part)
            parts = [*named, album.name or parts[-1]]
        return naming.directory(parts, album.key)

    # -- renames -----------------------------------------------------------------------------------

    def _rename(self, *, whole: bool) -> Iterator[ListFiles]:
        """Postponed albums, in an order in which each finds its new directory free.

        When none can move, one that stands in another's way (a swap, a ring) is parked under a name with
        its key. Who still finds its directory taken after that keeps such a name for good; but only where
        the `whole` list of albums was looked at, since who is in the way may have to move as well.
        """
        waiting, self._postponed = self._postponed, []
        parked: set[str] = set()
        while waiting:
            blocked = []
            for album in waiting:
                row = self._settle(album, force=False)
                if row is None:
                    blocked.append(album)
                elif self._is_due(album, row):
                    yield self._question(album, row)
            if len(blocked) == len(waiting) and not self._park(blocked, parked):
                break  # none of them is in another's way: none frees anything for another
            waiting = blocked
        for album in waiting:
            row = self._settle(album, force=True) if whole else self._leave(album)
            if row is not None and self._is_due(album, row):
                yield self._question(album, row)

    def _leave(self, album: Album) -> AlbumRow | None:
        """As it was until now: a run that looks at all albums will find it its place."""
        row = self.context.catalogue.albums_by_key([album.key]).get(album.key)
        if row is None:
            wanted = self.directory(album)
            self.context.report.trouble(
                album_label(album),
                f"its directory {wanted} is taken until `smugsync sync` looks at all albums",
            )
        return row

    def _park(self, blocked: list[Album], parked: set[str]) -> bool:
        """Move one blocked album out of another's way; False if there is none that was not moved already."""
        catalogue = self.context.catalogue
        rows = catalogue.albums_by_key(album.key for album in blocked if album.key not in parked)
        wishes = Wishes()
        for album in blocked:
            wishes.add(album.key, naming.fold(self.directory(album)))
        for row in rows.values():
            if not wishes.hindered_by(row):
                continue  # moving it would free nothing
            parked.add(row.key)
            aside = naming.assign_directory(row.directory, row.key, catalogue.directory_taken)
            # Under its old address: should we be stopped here, the next run sees that it has to move on.
            move(self.context, row, replace(row.album(), url_path=row.url_path, name=row.name), aside)
            return True
        return False

    def _settle(self, album: Album, *, force: bool) -> AlbumRow | None:
        catalogue = self.context.catalogue
        row = catalogue.albums_by_key([album.key]).get(album.key)
        wanted = self.directory(album)

        def taken(folded: str) -> bool:
            return catalogue.directory_taken(folded, besides=0 if row is None else row.id)

        first = naming.fold(wanted)
        if taken(first) or (row is not None and is_occupied(self.context, row, wanted)):
            if not force:
                return None
            wanted = naming.assign_directory(
                wanted, album.key, lambda folded: folded == first or taken(folded)
            )
        if row is None:
            return self._create(album, wanted)
        if stays(row, wanted):
            return self._readdress(row, album)
        return move(self.context, row, album, wanted)
