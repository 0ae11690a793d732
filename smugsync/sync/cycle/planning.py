"""Listed photos become rows: each is reconciled with what was agreed on and with what lies here.

Nothing is transferred and nothing on disk is changed here. What is to be fetched becomes a `planned`
row; what cannot be decided without hashing goes to `Context.to_examine`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import field
from typing import Any

from smugsync.catalogue import AlbumRow, FileRow, join, shown
from smugsync.core import naming
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Album, LocalFile, RemoteFile
from smugsync.core.reconcile import (
    ABSENT,
    Examine,
    Fetch,
    Why,
    Withhold,
    has_changed,
    reconcile,
)
from smugsync.errors import ItemError
from smugsync.records import dataclass, replace
from smugsync.sync.context import Context
from smugsync.sync.cycle import second_look
from smugsync.sync.cycle.here import Here
from smugsync.sync.cycle.resting import resting
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
    """One album while it is being listed. Rows are not kept here: they are read when a page needs them."""

    row: AlbumRow
    album: Album
    here: Here  #: another directory than the row's in a dry run that would rename it
    seen: set[str] = field(default_factory=set)
    taken: frozenset[str] = frozenset()  #: what a listing of changes has brought, if all is listed after it
    resting: int = 0  #: so many photos of it are as they were, and lie here
    news: int = 0  #: so many are not as they were
    unsettled: bool = False  #: something is not to be had yet, and no time stamp may tell when it is

    @property
    def directory(self) -> str:
        return self.row.directory


class Planner:
    """The engine's side of a listing; `begin`, `take` page by page, `finish`."""

    def __init__(self, context: Context) -> None:
        self._ctx = context
        #: of the page at hand: names given on it, keys that other albums hold, and the names the catalogue
        #: was asked about, with those that are taken
        self._names: set[str] = set()
        self._elsewhere: set[str] = set()
        self._asked: set[str] = set()
        self._taken: set[str] = set()

    def begin(self, row: AlbumRow, album: Album) -> AlbumListing:
        return AlbumListing(row, album, Here(self._ctx, self._ctx.unmoved.get(row.id, row.directory)))

    def take(self, listing: AlbumListing, files: tuple[RemoteFile, ...]) -> None:
        """Record one page. An item that a page repeats is looked at once."""
        listing.here.look(called=listing.directory)
        fresh = {file.key: file for file in files if file.key not in listing.seen}
        listing.seen.update(fresh)
        for key in listing.taken & fresh.keys():
            del fresh[key]
        self._ctx.report.files += len(fresh)
        for key in resting(self._ctx, listing.row.id, listing.here, fresh):
            listing.resting += 1
            listing.unsettled |= fresh.pop(key).processing
        if fresh:
            self._compare(listing, fresh)

    def _compare(self, listing: AlbumListing, fresh: Mapping[str, RemoteFile]) -> None:
        """Record what is new or not as it was."""
        known = self._ctx.catalogue.files_by_key(listing.row.id, fresh)
        self._prepare(listing, fresh, known)
        changed: list[FileRow] = []
        for key, remote in fresh.items():
            before = known.get(key)
            row = (
                self._first_seen(listing, remote) if before is None else self._update(listing, before, remote)
            )
            listing.unsettled |= remote.processing and row.state in (State.COMMITTED, State.RETIRED)
            if row != before:
                changed.append(row)
        listing.news += len(changed)
        if changed:
            with self._ctx.catalogue.transaction():
                self._ctx.catalogue.put(changed)

    def _prepare(self, listing: AlbumListing, fresh: Mapping[str, RemoteFile], known: Container[str]) -> None:
        """Ask the catalogue once for a whole page what would be a question per file."""
        catalogue = self._ctx.catalogue
        new = [file for key, file in fresh.items() if key not in known]
        self._names = set()
        self._asked = {naming.fold(_preferred(file)) for file in new}
        self._taken = catalogue.names_taken(listing.row.id, self._asked)
        self._elsewhere = catalogue.held_elsewhere(fresh, besides=listing.row.id)

    def adds_up(self, listing: AlbumListing) -> bool:
        """After a listing of changes: are as many photos known as the album counts, and is there one among
        them that has moved its cursor? Then none has left it."""
        known = self._ctx.catalogue.count_shown(listing.row.id)
        return listing.album.image_count == known and bool(listing.news)

    def again(self, listing: AlbumListing) -> None:
        """All of it is to be listed now; what the changes have brought is recorded already."""
        listing.taken, listing.seen = frozenset(listing.seen), set()

    def finish(self, listing: AlbumListing, *, complete: bool, whole: bool = True) -> tuple[FileRow, ...]:
        """Close a listing: files held here that it lacks are returned, to be proven gone or not, and with
        them those that were marked as gone by an earlier cycle and may leave the mirror now.

        The cursor is stored unless something is still to be proven. What is not `whole` lacks what has not
        changed; that it adds up was seen.
        """
        if not complete:
            self.reopen(listing)
            return ()
        if not whole:
            with self._ctx.catalogue.transaction():
                self.accept(listing)
            return ()
        listing.here.look(called=listing.directory)
        catalogue = self._ctx.catalogue
        missing = catalogue.files_besides(listing.row.id, listing.seen)
        forgotten = {row.id for row in missing if self._is_over(listing, row)}
        absent = tuple(row for row in missing if row.id not in forgotten and self._is_to_prove(row))
        with catalogue.transaction():
            catalogue.keep_halves(forgotten)
            catalogue.forget(forgotten)
            self._note_strangers(listing)
            if not absent:
                self._count(listing)
                self.accept(listing)
        return absent

    def _note_strangers(self, listing: AlbumListing) -> None:
        """What lies in the album's directory and is none of its photos."""
        here = listing.here.files
        if here is None:
            return
        if len(here) == listing.resting:  # nothing does: no need to ask for every name
            catalogue, directory = self._ctx.catalogue, listing.directory
            catalogue.drop_local(join(directory, name) for name in catalogue.local_files(directory))
        else:
            note_directory(self._ctx, listing.directory, listing.row.id, here)

    def _count(self, listing: AlbumListing) -> None:
        """Fewer photos than the album counts are not all of them, whatever its pages say: asked for again.

        A visitor is not shown what the owner has hidden, and the count may include it: then it is only told.
        """
        counted, listed = listing.album.image_count or 0, len(listing.seen)
        if listed < counted:
            owns = self._ctx.options.owns
            listing.unsettled |= owns
            self._ctx.report.trouble(
                listing.directory,
                f"the album counts {counted:,} photos and lists {listed:,}: some are "
                + ("missing" if owns else "not shown to visitors"),
                code=ItemError.exit_code if owns else 0,
            )

    def _is_to_prove(self, row: FileRow) -> bool:
        return row.state is not State.RETIRED or self._ctx.may_leave(row)

    def _is_over(self, listing: AlbumListing, row: FileRow) -> bool:
        """A file that is online no more, and of which nothing is here (any more)."""
        if row.held_md5 is None:
            return True
        return row.state is State.RETIRED and listing.here.find(row) is ABSENT

    def reopen(self, listing: AlbumListing) -> None:
        """It was not listed to its end: no cursor keeps the next run from asking for it again."""
        if listing.row.cursor:
            listing.row = replace(listing.row, cursor="")
            with self._ctx.catalogue.transaction():
                self._ctx.catalogue.put_album(listing.row)

    def accept(self, listing: AlbumListing) -> None:
        """Store what the album list said together with the plan it led to (inside a transaction)."""
        album = listing.album
        listing.row = replace(
            listing.row,
            cursor="" if listing.unsettled or self._ctx.may_change_unseen(album) else album.cursor,
            image_count=album.image_count,
            name=album.name,
            node_id=album.node_id,
            state="listed",
            reason="",
        )
        self._ctx.catalogue.put_album(listing.row)

    # -- one file ----------------------------------------------------------------------------------

    def _first_seen(self, listing: AlbumListing, remote: RemoteFile) -> FileRow:
        name = self._name(listing, remote)
        folded = naming.fold(name)
        self._names.add(folded)
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
        self._expect(remote)
        return self._hold_back(listing, row)

    def _name(self, listing: AlbumListing, remote: RemoteFile) -> str:
        """A name is given once; where the catalogue was lost, a file that bears the photo's key tells it."""
        preferred = _preferred(remote)
        if listing.here.files:
            tagged = naming.tagged(preferred, remote.key)
            if tagged in listing.here.files and not self._is_taken(listing, naming.fold(tagged)):
                return tagged
        return naming.assign(preferred, remote.key, lambda folded: self._is_taken(listing, folded))

    def _hold_back(self, listing: AlbumListing, row: FileRow) -> FileRow:
        """A file that another album holds may only have moved, and one that is new where something is on its
        way out may be that: not fetched before that is known."""
        if row.state is not State.PLANNED:
            return row
        if row.key in self._elsewhere:
            self._ctx.movers.setdefault(row.key, []).append(listing.row.id)
        elif listing.row.id not in self._ctx.sending_to:
            return row
        return replace(row, source_run=-self._ctx.run)

    def _await_edit(self, row: FileRow) -> FileRow:
        """What is shown now may be an edit of ours that is in doubt: not fetched before that is known."""
        if row.state is not State.PLANNED or row.album_id not in self._ctx.sending_to:
            return row
        edit = self._ctx.catalogue.upload_instead_of(row.id)
        in_doubt = edit is not None and edit.state is State.IN_DOUBT
        return replace(row, source_run=-self._ctx.run) if in_doubt else row

    def _is_taken(self, listing: AlbumListing, folded: str) -> bool:
        if folded in self._asked:
            return folded in self._names or folded in self._taken
        return folded in self._names or self._ctx.catalogue.name_taken(listing.row.id, folded)

    def _update(self, listing: AlbumListing, row: FileRow, remote: RemoteFile) -> FileRow:
        base = row.base(listing.directory)
        if base is None:
            if remote.withheld:
                return self._withhold(row, remote)
            return self._hold_back(listing, self._plan(row, remote))
        local = listing.here.find(row)
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
                if isinstance(local, LocalFile) and local.md5 is None and row.local_md5 is not None:
                    row = _unedited(row)
                return self._retell(listing, row, remote)
            case _ if row.state is State.COMMITTED and not has_changed(base, remote):
                return self._retell(listing, row, remote)  # a person's edit, known already
            case _:
                if row.state is State.RETIRED:
                    self._ctx.note(What.RETURNED, join(listing.directory, row.name), of=row)
                return self._await_edit(self._plan(row, remote))

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
        if remote.source and second_look.is_due(self._ctx, row):
            self._ctx.to_look_at.append(second_look.pending(row, remote))
        shows = (remote.revision, remote.serial, remote.source_files)
        if remote.withheld or shows == (row.revision, row.serial, row.source_files):
            return row
        columns = shown(remote, self._ctx.run)
        if columns["details"] != row.details:
            self._ctx.note(What.DETAILS, join(listing.directory, row.name), of=row)
        # The promise that the held bytes were accepted under stays; the address is not needed.
        for column in ("promised_md5", "promised_size", "source", "source_run"):
            columns.pop(column)
        return replace(row, **columns)

    def _follow_rename(self, listing: AlbumListing, row: FileRow) -> FileRow | None:
        """The row under its new name, if a person renamed the file inside its album's directory."""
        for name, fingerprint in (listing.here.files or {}).items():
            folded = naming.fold(name)
            if fingerprint.size != row.held_size or self._is_taken(listing, folded):
                continue
            if listing.here.md5(name) == row.held_md5:
                self._names.add(folded)
                self._ctx.note(
                    What.MOVED,
                    join(listing.directory, name),
                    "renamed here",
                    was=join(listing.directory, row.name),
                    of=row,
                )
                return replace(row, name=name, name_folded=folded, mtime_ns=fingerprint.mtime_ns)
        return None


def _unedited(row: FileRow) -> FileRow:
    """A person put the accepted file back, as far as `stat` tells: it is to be proven anew."""
    none: dict[str, Any] = dict.fromkeys(
        ("local_md5", "local_size", "local_mtime_ns", "verified_at", "damaged_at")
    )
    return replace(row, **none)


def _preferred(remote: RemoteFile) -> str:
    """The name it would have if it were alone."""
    return naming.file_name(remote.name, remote.format, remote.key)
