"""Listed photos become rows: each is reconciled with what was agreed on and with what lies here.

Nothing is transferred and nothing on disk is changed here. What is to be fetched becomes a `planned`
row; what cannot be decided without hashing goes to `Context.to_examine`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from smugsync.catalogue import AlbumRow, FileRow, join, shown
from smugsync.core import naming
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Album, Fingerprint, LocalFile, RemoteFile
from smugsync.core.reconcile import (
    ABSENT,
    UNOBSERVED,
    Examine,
    Fetch,
    Side,
    Why,
    Withhold,
    has_changed,
    reconcile,
)
from smugsync.errors import ItemError
from smugsync.sync.context import Context
from smugsync.sync.report import What
from smugsync.sync.strangers import note_directory

#: How soon a file that the service is still processing is asked for again, in seconds.
PROCESSING_PATIENCE = 300

#: The event that takes a resting file to `planned` because of what a listing shows.
_PLAN_EVENTS = {
    State.PLANNED: Event.CHANGE,
    State.COMMITTED: Event.CHANGE,
    State.RETIRED: Event.RETURN,
    State.WITHHELD: Event.OFFER,
}
_RETRY_EVENTS = {State.FAILED: Event.DUE, State.QUARANTINED: Event.RELEASE}


@dataclass(slots=True)
class AlbumListing:
    """One album while it is being listed. `here` None: its directory could not be read."""

    row: AlbumRow
    album: Album
    rows: dict[str, FileRow]
    names: set[str]
    here: dict[str, Fingerprint] | None
    lies_in: str  #: the directory that `here` was read from
    seen: set[str] = field(default_factory=set)

    @property
    def directory(self) -> str:
        return self.row.directory


class Planner:
    """The engine's side of a listing; `begin`, `take` page by page, `finish`."""

    def __init__(self, context: Context) -> None:
        self._ctx = context

    def begin(self, row: AlbumRow, album: Album) -> AlbumListing:
        """Look at the album's rows and directory, once, before its first page."""
        rows = self._ctx.catalogue.files(row.id)
        lies_in = self._ctx.unmoved.get(row.id, row.directory)
        here: dict[str, Fingerprint] | None
        try:
            here = {
                file.path.rpartition("/")[2]: file.fingerprint
                for file in self._ctx.mirror.scan(lies_in, recursive=False)
            }
        except ItemError as error:
            self._ctx.report.trouble(row.directory, str(error))
            here = None
        return AlbumListing(row, album, rows, {r.name_folded for r in rows.values()}, here, lies_in)

    def take(self, listing: AlbumListing, files: tuple[RemoteFile, ...]) -> None:
        """Record one page. An item that a page repeats is looked at once."""
        changed: list[FileRow] = []
        for remote in files:
            if remote.key in listing.seen:
                continue
            listing.seen.add(remote.key)
            known = listing.rows.get(remote.key)
            row = self._first_seen(listing, remote) if known is None else self._update(listing, known, remote)
            if row is not None and row != known:
                changed.append(row)
                listing.rows[remote.key] = row
        self._ctx.report.files += len(files)
        if changed:
            with self._ctx.catalogue.transaction():
                self._ctx.catalogue.put(changed)

    def finish(self, listing: AlbumListing, *, complete: bool) -> tuple[FileRow, ...]:
        """Close a listing: files held here that it lacks are returned, to be proven gone or not.

        The cursor is stored unless something is still to be proven.
        """
        if not complete:
            return ()
        catalogue = self._ctx.catalogue
        missing = [
            row
            for key, row in listing.rows.items()
            if key not in listing.seen
            and row.state is not State.RETIRED
            and row.id not in self._ctx.in_flight
        ]
        absent = tuple(row for row in missing if row.held_md5 is not None)
        with catalogue.transaction():
            catalogue.forget(row.id for row in missing if row.held_md5 is None)
            if listing.here is not None:
                note_directory(self._ctx, listing.directory, listing.row.id, listing.here)
            if not absent:
                self.accept(listing)
        return absent

    def accept(self, listing: AlbumListing) -> None:
        """Store what the album list said together with the plan it led to (inside a transaction)."""
        album = listing.album
        listing.row = replace(
            listing.row,
            cursor=album.cursor,
            image_count=album.image_count,
            name=album.name,
            node_id=album.node_id,
            state="listed",
            reason="",
        )
        self._ctx.catalogue.put_album(listing.row)

    # -- one file ----------------------------------------------------------------------------------

    def _first_seen(self, listing: AlbumListing, remote: RemoteFile) -> FileRow:
        preferred = naming.file_name(remote.name, remote.format, remote.key)
        name = naming.assign(preferred, remote.key, listing.names.__contains__)
        folded = naming.fold(name)
        listing.names.add(folded)
        row = FileRow(
            id=0,
            album_id=listing.row.id,
            key=remote.key,
            name=name,
            name_folded=folded,
            state=State.PLANNED,
            **shown(remote, self._ctx.run),
        )
        if remote.withheld:
            return self._withhold(row, remote)
        if self._ctx.catalogue.twins(remote.key, besides=listing.row.id):
            self._ctx.movers.add((listing.row.id, remote.key))
        self._expect(remote)
        return row

    def _update(self, listing: AlbumListing, row: FileRow, remote: RemoteFile) -> FileRow | None:
        base = row.base(listing.directory)
        if base is None:
            return self._withhold(row, remote) if remote.withheld else self._plan(row, remote)
        local = self._local(listing, row)
        if local is ABSENT and (moved := self._follow_rename(listing, row)) is not None:
            row, local = moved, LocalFile(join(listing.directory, moved.name), base.fingerprint)
        action = reconcile(base, remote, local)
        match action:
            case Withhold():
                lost = row.on(Event.LOSE) if row.state is State.COMMITTED else row
                return self._withhold(lost, remote)
            case Examine() if row.state is State.COMMITTED and not has_changed(base, remote):
                self._ctx.to_examine.append(row.id)
                return self._retell(listing, row, remote)
            case Fetch(why=Why.LOST) if row.state is State.COMMITTED:
                self._expect(remote)
                return row.on(Event.LOSE, **shown(remote, self._ctx.run))
            case None if row.state is State.COMMITTED:
                return self._retell(listing, row, remote)
            case _ if row.state is State.COMMITTED and not has_changed(base, remote):
                return self._retell(listing, row, remote)  # a person's edit, known already
            case _:
                return self._plan(row, remote)

    def _plan(self, row: FileRow, remote: RemoteFile) -> FileRow:
        """To `planned`, unless it failed and its time has not come."""
        event = _PLAN_EVENTS.get(row.state)
        if event is None and remote.version != row.version:
            event = Event.CHANGE
        if event is None and self._ctx.due(row):
            event = _RETRY_EVENTS[row.state]
        columns = shown(remote, self._ctx.run)
        if event is None:
            return replace(row, **columns)
        self._expect(remote)
        attempts = 0 if event in (Event.CHANGE, Event.OFFER) else row.attempts
        return row.on(event, attempts=attempts, **columns)

    def _expect(self, remote: RemoteFile) -> None:
        """Something is to be fetched: the feeder is told, and the progress display."""
        self._ctx.planned = True
        self._ctx.progress.plan(1, remote.promised.size or 0)

    def _withhold(self, row: FileRow, remote: RemoteFile) -> FileRow:
        again = int(self._ctx.now()) + PROCESSING_PATIENCE if remote.processing else None
        columns = shown(remote, self._ctx.run) | {"reason": remote.withheld, "retry_at": again}
        if row.state in (State.RETIRED, State.COMMITTED):
            return row
        if row.state is State.WITHHELD:
            return replace(row, **columns)
        return row.on(Event.WITHHOLD, **columns)

    def _retell(self, listing: AlbumListing, row: FileRow, remote: RemoteFile) -> FileRow:
        """The bytes are as agreed; what people wrote about them may not be."""
        if remote.withheld or (remote.revision == row.revision and remote.serial == row.serial):
            return row
        columns = shown(remote, self._ctx.run)
        if columns["details"] != row.details:
            self._ctx.report.note(What.DETAILS, join(listing.directory, row.name))
        # The promise that the held bytes were accepted under stays; the address is not needed.
        for column in ("promised_md5", "promised_size", "source", "source_run"):
            columns.pop(column)
        return replace(row, **columns)

    def _local(self, listing: AlbumListing, row: FileRow) -> LocalFile | Side:
        if listing.here is None:
            return UNOBSERVED
        path = join(listing.lies_in, row.name)
        fingerprint = listing.here.get(row.name)
        if fingerprint is None:  # truly absent, or listed under a spelling of the file system's own
            fingerprint = self._ctx.mirror.fingerprint(path)
        if fingerprint is None:
            return ABSENT
        return LocalFile(path, fingerprint, row.local_md5 if fingerprint == row.edited() else None)

    def _follow_rename(self, listing: AlbumListing, row: FileRow) -> FileRow | None:
        """The row under its new name, if a person renamed the file inside its album's directory."""
        for name, fingerprint in (listing.here or {}).items():
            folded = naming.fold(name)
            if fingerprint.size != row.held_size or folded in listing.names:
                continue
            try:
                found = self._ctx.mirror.hash(join(listing.lies_in, name), self._ctx.stop)
            except ItemError:
                continue
            if found.md5 == row.held_md5:
                listing.names.add(folded)  # the old one stays taken until this listing is recorded
                self._ctx.report.note(
                    What.MOVED, join(listing.directory, row.name), f"renamed here to {name}"
                )
                return replace(row, name=name, name_folded=folded, mtime_ns=found.fingerprint.mtime_ns)
        return None
