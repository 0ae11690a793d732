"""After the listings: what is proven gone, what only moved, and what a guard withholds.

Absence needs proof: a second complete listing that lacks the file too, and a 404 at its own address in
that album. What is not proven stays as it is, and is asked after again at the next cycle.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from smugsync.catalogue import AlbumRow, FileRow, join
from smugsync.core import guard
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Evidence, LocalFile
from smugsync.core.reconcile import ABSENT, Forget, has_changed, reconcile
from smugsync.errors import ItemError, SuspiciousPlan
from smugsync.sync.context import Context
from smugsync.sync.planning import AlbumListing, Planner
from smugsync.sync.report import What
from smugsync.sync.survey import AlbumsConfirmed, Confirm, Confirmed


@dataclass(slots=True)
class _Absence:
    listing: AlbumListing
    rows: tuple[FileRow, ...]
    proven: frozenset[str] = frozenset()


@dataclass(slots=True)
class Settlement:
    """Gathers absences while albums are listed; `apply` acts on them once, at the end."""

    context: Context
    planner: Planner
    _absences: dict[int, _Absence] = field(default_factory=dict)
    _gone_albums: list[AlbumRow] = field(default_factory=list)

    def doubt(self, listing: AlbumListing, rows: tuple[FileRow, ...]) -> Confirm | None:
        """Files that a complete listing lacks. The question that proves it, None if nothing can."""
        contradiction = guard.album_contradicts(
            name=listing.directory,
            key=listing.album.key,
            listed=len(listing.seen),
            counted=listing.album.image_count,
        )
        if contradiction is not None:
            emptied = not listing.seen
            self.context.report.trouble(
                listing.directory,
                contradiction.reason,
                code=SuspiciousPlan.exit_code if emptied else ItemError.exit_code,
            )
            return None
        self._absences[listing.row.id] = _Absence(listing, rows)
        files = tuple(row.remote(listing.album.key, self.context.run) for row in rows)
        return Confirm(listing.row.id, listing.album, files)

    def confirm(self, answer: Confirmed) -> None:
        absence = self._absences[answer.id]
        absence.rows = tuple(row for row in absence.rows if row.key in answer.absent)
        absence.proven = answer.proven

    def confirm_albums(self, answer: AlbumsConfirmed) -> None:
        self._gone_albums = list(self.context.catalogue.albums_by_key(answer.gone).values())

    def apply(self) -> None:
        """Follow moves, then mark what is gone, as far as the guard allows."""
        options, report = self.context.options, self.context.report
        lost = self._after_moves()
        losses = [
            guard.AlbumLoss(album.key, album.directory, held=held, losing=len(rows), proven=len(rows))
            for album, rows, held in lost
        ]
        withheld = guard.check(
            losses, held=self.context.catalogue.held(), limits=options.max_loss, archive=options.archive
        )
        if options.accept_loss:
            withheld = ()
        for item in withheld:
            report.trouble(item.album_key or "account", item.reason, code=SuspiciousPlan.exit_code)
        stopped = {item.album_key for item in withheld}
        if None not in stopped:
            for album, rows, _ in lost:
                if album.key not in stopped:
                    self._retire(album, rows)
            self._close_albums(stopped)
        self._accept_cursors(stopped)

    def _after_moves(self) -> list[tuple[AlbumRow, list[FileRow], int]]:
        """Per album: the proven losses that are no moves, of how many. Moves are carried out on the way."""
        lost = []
        for absence in self._absences.values():
            album = absence.listing.row
            proven = [row for row in absence.rows if row.key in absence.proven]
            if len(proven) < len(absence.rows):
                n = len(absence.rows) - len(proven)
                self.context.report.trouble(
                    album.directory, f"{n:,} files are no longer listed, but not proven gone"
                )
            lost.append((album, [row for row in proven if not self._follow(row)], len(self._held(album))))
        for album in self._gone_albums:
            held = self._held(album)
            lost.append((album, [row for row in held if not self._follow(row)], len(held)))
        return lost

    def _held(self, album: AlbumRow) -> list[FileRow]:
        rows = self.context.catalogue.files(album.id).values()
        return [row for row in rows if row.held_md5 is not None and row.state is not State.RETIRED]

    def _follow(self, row: FileRow) -> bool:
        """Did this file move to another album? Then its bytes move with it, and nothing is fetched."""
        catalogue, albums = self.context.catalogue, self.context.movers.get(row.key, [])
        for album_id in albums:
            new = catalogue.file_in(album_id, row.key)
            if new is None or new.state is not State.PLANNED or new.version != row.held_version:
                continue
            source = self._lies_at(catalogue.album(row.album_id), row)
            target = join(catalogue.album(album_id).directory, new.name)
            if self._relocate(row, new, source, target):
                albums.remove(album_id)
                self.context.note(What.MOVED, target, was=source, of=new)
                return True
        return False

    def _lies_at(self, album: AlbumRow, row: FileRow) -> str:
        """Where the file is now: a dry run has renamed its album in the catalogue alone."""
        return join(self.context.unmoved.get(album.id, album.directory), row.name)

    def _relocate(self, old: FileRow, new: FileRow, source: str, target: str) -> bool:
        """False: it has to be fetched, then."""
        mirror, catalogue = self.context.mirror, self.context.catalogue
        base = old.base("")
        try:
            if base is None:
                return False
            if mirror.fingerprint(source) == base.fingerprint:
                if not self.context.options.dry_run:
                    mirror.move(source, target)
            elif mirror.fingerprint(source) is not None or mirror.fingerprint(target) != base.fingerprint:
                return False  # edited; or not there either, where a run that was killed would have put it
        except ItemError:
            return False
        columns = ("held_version", "held_md5", "held_size", "mtime_ns", "evidence")
        moved = replace(new, **{name: getattr(old, name) for name in columns})
        remote = new.remote(catalogue.album(new.album_id).key, self.context.run)
        if not has_changed(base, remote):  # else it stays planned, and is fetched to where it now lies
            moved = settled(moved)
            self.context.progress.plan(-1, -(new.promised_size or 0))
        with catalogue.transaction(durable=True):
            catalogue.forget([old.id])
            catalogue.drop_local([target])
            catalogue.put([moved])
        return True

    def _retire(self, album: AlbumRow, rows: list[FileRow]) -> None:
        catalogue, report = self.context.catalogue, self.context.report
        changed, forgotten = [], []
        for row in rows:
            path = join(album.directory, row.name)
            base = row.base(album.directory)
            try:
                fingerprint = self.context.mirror.fingerprint(self._lies_at(album, row))
            except ItemError as error:
                report.trouble(path, str(error))
                continue
            local = ABSENT if fingerprint is None else LocalFile(path, fingerprint)
            if isinstance(reconcile(base, ABSENT, local), Forget):
                forgotten.append(row.id)
                self.context.note(What.FORGOTTEN, path, of=row)
            else:
                changed.append(row.on(Event.WITHDRAW, retired_at=int(self.context.now())))
                self.context.note(What.GONE, path, "kept here", of=row)
        report.files_retired += len(changed)
        with catalogue.transaction(durable=True):
            catalogue.put(changed)
            catalogue.forget(forgotten)

    def _close_albums(self, stopped: set[str | None]) -> None:
        for album in self._gone_albums:
            if album.key in stopped:
                continue
            unheld = [
                row.id for row in self.context.catalogue.files(album.id).values() if row.held_md5 is None
            ]
            with self.context.catalogue.transaction():
                self.context.catalogue.forget(unheld)
                self.context.catalogue.put_album(
                    replace(album, state="gone", reason="gone online", cursor="")
                )
            self.context.note(What.ALBUM_GONE, album.directory, "kept here", of=album)

    def _accept_cursors(self, stopped: set[str | None]) -> None:
        """A cursor is stored only when nothing of its album is left to be proven."""
        if None in stopped:
            return
        for absence in self._absences.values():
            listing = absence.listing
            if listing.album.key in stopped or len(absence.proven) < len(absence.rows):
                continue
            with self.context.catalogue.transaction():
                self.planner.accept(listing)


def settled(row: FileRow) -> FileRow:
    """A planned row whose bytes turn out to be here already, led through its life to `committed`.

    The promise it rests on is the one its bytes were accepted under, whatever a later listing left out.
    """
    if row.evidence == Evidence.PROMISED and row.promised_md5 is None:
        row = replace(row, promised_size=row.held_size)
    for event in (Event.CLAIM_FETCH, Event.RECEIVE):
        row = row.on(event)
    return row.on(Event.PLACE, source=None, source_run=None, attempts=0)
