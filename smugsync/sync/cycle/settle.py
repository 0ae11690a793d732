"""After the listings: what is proven gone, what only moved, and what a guard withholds.

Absence needs proof: a second complete listing that lacks the file too, and a 404 at its own address in
that album. What is not proven stays as it is, and is asked after again at the next cycle. What is proven
gone is marked. Where the mirror follows losses, a later cycle that proves it again moves it to the trash.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import field

from smugsync.catalogue import AlbumRow, FileRow, join
from smugsync.core import guard
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Account, LocalFile
from smugsync.core.reconcile import ABSENT, Forget, reconcile
from smugsync.errors import ItemError, SuspiciousPlan
from smugsync.records import dataclass, replace
from smugsync.remote.dialect import Proof
from smugsync.sync.context import Context
from smugsync.sync.cycle.absence import absent_for_long
from smugsync.sync.cycle.planning import AlbumListing, Planner
from smugsync.sync.cycle.relocating import follow, lies_at
from smugsync.sync.cycle.survey import AlbumsConfirmed, Confirm, ConfirmAlbums, Confirmed
from smugsync.sync.cycle.trashing import to_trash
from smugsync.sync.cycle.withholding import Leaving, Withholding
from smugsync.sync.report import What


@dataclass(slots=True)
class _Absence:
    listing: AlbumListing
    rows: tuple[FileRow, ...]
    proven: frozenset[str] = frozenset()


@dataclass(slots=True)
class Settlement:
    """Gathers absences while albums are listed; `questions` may prove them; `apply` acts on them once."""

    context: Context
    planner: Planner
    _absences: dict[int, _Absence] = field(default_factory=dict)
    _missing: list[AlbumRow] = field(default_factory=list)
    _gone: list[AlbumRow] = field(default_factory=list)
    _withholding: Withholding = field(init=False)

    def __post_init__(self) -> None:
        self._withholding = Withholding(self.context)

    # -- while albums are listed -------------------------------------------------------------------

    def doubt(self, listing: AlbumListing, rows: tuple[FileRow, ...]) -> None:
        """Files that a complete listing lacks. If the album's own count contradicts it, it proves nothing."""
        contradiction = guard.album_contradicts(
            name=listing.directory,
            key=listing.album.key,
            listed=len(listing.seen),
            counted=listing.album.image_count,
        )
        if contradiction is None:
            self._absences[listing.row.id] = _Absence(listing, rows)
            return
        emptied = not listing.seen
        self.context.report.trouble(
            listing.directory,
            contradiction.reason,
            code=SuspiciousPlan.exit_code if emptied else ItemError.exit_code,
        )

    def miss(self, albums: Iterable[AlbumRow]) -> None:
        """Albums that a complete list lacks."""
        self._missing = list(albums)

    # -- proving -----------------------------------------------------------------------------------

    def questions(self, account: Account) -> Iterator[Confirm | ConfirmAlbums]:
        """What may prove the absences. What a guard withholds is not asked about, however often it runs.

        Raises SuspiciousPlan if the mirror's disk is not in its place any more.
        """
        if self._absences or self._missing:
            self.context.mirror.check_in_place()
            if self._withholding.is_narrowed(account):
                self._absences, self._missing = {}, []
                return
        self._withholding.remember_view(account)
        self._forget_removed()
        self._withholding.weigh(self._leaving(), moving=self.context.movers)
        for absence in self._absences.values():
            album = absence.listing.album
            absence.rows = tuple(row for row in absence.rows if not self._withholding.holds(album.key, row))
            if absence.rows:
                files = tuple(row.remote(album.key, self.context.run) for row in absence.rows)
                yield Confirm(absence.listing.row.id, album, files)
        self._missing = [
            album
            for album in self._missing
            if album.state != "gone" or self._open(album) or self._is_empty(album)
        ]
        if self._missing:
            yield ConfirmAlbums(account, tuple(album.key for album in self._missing))

    def confirm(self, answer: Confirmed) -> None:
        absence = self._absences[answer.id]
        absence.rows = tuple(row for row in absence.rows if row.key in answer.absent)
        absence.proven = answer.proven

    def confirm_albums(self, answer: AlbumsConfirmed) -> None:
        gone = [album for album in self._missing if album.key in answer.gone]
        if self.context.gallery.proof is Proof.COUNT:
            gone = absent_for_long(self.context, gone)
        self._gone = gone

    def _leaving(self) -> Iterator[Leaving]:
        for absence in self._absences.values():
            rows = [row for row in absence.rows if row.state is State.RETIRED]
            yield Leaving(absence.listing.row, rows, absence.listing.seen)
        for album in self._missing:
            yield Leaving(album, [row for row in self._held(album) if row.state is State.RETIRED])

    def _held(self, album: AlbumRow) -> list[FileRow]:
        """Files of a missing album that are not marked as gone yet, or may leave the mirror now."""
        rows = self.context.catalogue.files(album.id).values()
        return [
            row
            for row in rows
            if row.held_md5 is not None and (row.state is not State.RETIRED or self.context.may_leave(row))
        ]

    def _open(self, album: AlbumRow) -> list[FileRow]:
        """Those of them that no guard withholds."""
        return [row for row in self._held(album) if not self._withholding.holds(album.key, row)]

    def _is_empty(self, album: AlbumRow) -> bool:
        return not self.context.catalogue.files(album.id)

    def _forget_removed(self) -> None:
        """An album that is gone is listed no more: what a person deleted of it is noticed here."""
        catalogue, mirror = self.context.catalogue, self.context.mirror
        everything = self.context.scope.kind == "everything"
        for album in list(catalogue.albums()) if everything else self._missing:
            if album.state != "gone" or not self.context.options.selects(album.url_path):
                continue
            try:
                here = {file.path for file in mirror.scan(album.directory, recursive=False)}
                deleted = [
                    row.id
                    for row in catalogue.files(album.id).values()
                    if join(album.directory, row.name) not in here
                    and mirror.fingerprint(join(album.directory, row.name)) is None
                ]
            except ItemError as error:
                self.context.report.trouble(album.directory, str(error))
                continue
            with catalogue.transaction():
                catalogue.keep_halves(deleted)
                catalogue.forget(deleted)

    # -- acting ------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Follow moves, mark what is gone, and let go what may leave, as far as the guard allows.

        Raises SuspiciousPlan if the mirror's disk is not in its place any more.
        """
        if self._absences or self._gone:
            self.context.mirror.check_in_place()
        lost = list(self._after_moves())
        doubted = self._doubted(lost)
        for album, rows in lost:
            if album.key not in doubted:
                self._retire(album, [row for row in rows if row.state is not State.RETIRED])
        listed = {absence.listing.row.id: absence.listing.seen for absence in self._absences.values()}
        leaving = [
            Leaving(album, [row for row in rows if row.state is State.RETIRED], listed.get(album.id, ()))
            for album, rows in lost
        ]
        self._withholding.weigh(leaving)
        for one in leaving:
            rows = [row for row in one.rows if not self._withholding.holds(one.album.key, row)]
            to_trash(self.context, one.album, self._not_awaited(rows))
        self._withholding.remember_acceptance()
        self._close_albums()
        self._accept_cursors(doubted)

    def _doubted(self, lost: Sequence[tuple[AlbumRow, list[FileRow]]]) -> frozenset[str]:
        """Albums of which so many photos are gone that counting them is not believed.

        A list and a number come from the same place, and an emptied database agrees with itself; 404s at many
        addresses do not come by one mistake.
        """
        if self.context.gallery.proof is not Proof.COUNT:
            return frozenset()
        listed = {absence.listing.row.id for absence in self._absences.values()}
        marking = [
            (album, sum(row.state is not State.RETIRED for row in rows))
            for album, rows in lost
            if album.id in listed
        ]
        return self._withholding.weigh_marks(marking)

    def _after_moves(self) -> Iterator[tuple[AlbumRow, list[FileRow]]]:
        """Per album: what is proven gone and did not move. Moves are carried out on the way."""
        for absence in self._absences.values():
            album = absence.listing.row
            proven = [row for row in absence.rows if row.key in absence.proven]
            if len(proven) < len(absence.rows):
                n = len(absence.rows) - len(proven)
                files = "1 file is" if n == 1 else f"{n:,} files are"
                self.context.report.trouble(album.directory, f"{files} no longer listed, but not proven gone")
            yield album, [row for row in proven if not follow(self.context, row)]
        for album in self._gone:
            yield album, [row for row in self._open(album) if not follow(self.context, row)]

    def _not_awaited(self, rows: Sequence[FileRow]) -> list[FileRow]:
        """Without photos that moved to where nothing of them has come yet: this may be all that is here."""
        catalogue, selects = self.context.catalogue, self.context.options.selects
        awaited = catalogue.awaited(row.key for row in rows)
        return [
            row
            for row in rows
            if not any(
                album_id != row.album_id and selects(catalogue.album(album_id).url_path)
                for album_id in awaited.get(row.key, ())
            )
        ]

    @property
    def _fate(self) -> str:
        return "kept here" if self.context.options.archive else "here until a later run agrees"

    def _retire(self, album: AlbumRow, rows: Sequence[FileRow]) -> None:
        catalogue, report = self.context.catalogue, self.context.report
        changed, forgotten = [], []
        for row in rows:
            path = join(album.directory, row.name)
            base = row.base(album.directory)
            try:
                fingerprint = self.context.mirror.fingerprint(lies_at(self.context, album, row))
            except ItemError as error:
                report.trouble(path, str(error))
                continue
            local = ABSENT if fingerprint is None else LocalFile(path, fingerprint)
            if isinstance(reconcile(base, ABSENT, local), Forget):
                forgotten.append(row.id)
                self.context.note(What.FORGOTTEN, path, of=row)
            else:
                changed.append(row.on(Event.WITHDRAW, retired_at=int(self.context.now())))
                self.context.note(What.GONE, path, self._fate, of=row)
        report.files_retired += len(changed)
        if changed or forgotten:
            with catalogue.transaction(durable=True):
                catalogue.put(changed)
                catalogue.withdraw(forgotten, at=int(self.context.now()))
                catalogue.keep_halves(forgotten)
                catalogue.forget(forgotten)

    def _close_albums(self) -> None:
        for album in self._gone:
            if album.state != "gone":
                self._mark_gone(album)
            elif not self.context.options.archive and self._is_empty(album):
                self._remove(album)

    def _mark_gone(self, album: AlbumRow) -> None:
        catalogue = self.context.catalogue
        unheld = [row.id for row in catalogue.files(album.id).values() if row.held_md5 is None]
        with catalogue.transaction():
            catalogue.forget(unheld)
            catalogue.drop_uploads(album.id)  # nothing can tell any more what became of them
            catalogue.put_album(replace(album, state="gone", reason="gone online", cursor=""))
        self.context.note(What.ALBUM_GONE, album.directory, self._fate, of=album)

    def _remove(self, album: AlbumRow) -> None:
        """Album and files are gone: its directory goes too, unless a person's own files are in it."""
        catalogue = self.context.catalogue
        if not self.context.options.dry_run:
            try:
                self.context.mirror.remove_empty(album.directory)
            except ItemError as error:
                self.context.report.trouble(album.directory, str(error))
                return
        with catalogue.transaction():
            catalogue.forget_album(album.id)
        self.context.note(What.ALBUM_REMOVED, album.directory)

    def _accept_cursors(self, doubted: Container[str]) -> None:
        """A cursor is stored only when nothing of its album is left to be proven.

        What is to leave the mirror brings its album back without one.
        """
        for absence in self._absences.values():
            if absence.listing.row.key in doubted:
                continue
            if all(row.key in absence.proven or row.state is State.RETIRED for row in absence.rows):
                with self.context.catalogue.transaction():
                    self.planner.accept(absence.listing)
