"""Which job comes next: planned rows become downloads, or turn out to need none.

The disk is looked at once more when a row's turn comes; what `reconcile` says then is what happens.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import field

from smugsync.catalogue import AlbumRow, FileRow, join
from smugsync.core.lifecycle import State
from smugsync.core.matching import same_extension
from smugsync.core.model import LocalFile, RemoteFile
from smugsync.core.reconcile import (
    ABSENT,
    Adopt,
    Conflict,
    Examine,
    Fetch,
    Policy,
    Replace,
    Side,
    reconcile,
)
from smugsync.errors import ItemError, SuspiciousPlan
from smugsync.local.versions import Shelf, shelf_path
from smugsync.records import dataclass, replace
from smugsync.sync.adoption.originals import is_named_otherwise, is_original, without_original
from smugsync.sync.context import Context
from smugsync.sync.cycle.copies import copy_of
from smugsync.sync.cycle.holding import fail, is_damaged, is_original_of, note_damage, original, record
from smugsync.sync.cycle.transfer import Examined, Examining, Fetching, Job

#: Rows known at a time, of which the largest goes first: a video that began last would have the line to
#: itself.
WINDOW = 1024
#: Rows read at once, and read again if the catalogue changes before they have their turn.
READ_AHEAD = 16
#: Where there was nothing more to be planned, it is asked again after so many.
PAUSE = 32
#: After so many files the disk is asked again what is free: others write to it, too.
TRUST = 16
#: Albums remembered, so that files of several in turn are not asked for theirs again and again.
ALBUMS = 256
#: What a file may take of the disk beside its bytes: its last block, its directory entry.
ROUNDING = 32 << 10


@dataclass(slots=True)
class Feeder:
    """Hands out jobs one by one, and keeps `Context.in_flight`."""

    context: Context
    _after: int = 0
    _window: list[tuple[int, int]] = field(default_factory=list)  #: a heap of (size, negative; id)
    _next: deque[int] = field(default_factory=deque)  #: rows whose turn is next, and what was read of them
    _rows: dict[int, FileRow] = field(default_factory=dict)
    #: those of their keys of which nothing is here, in no album
    _alone: set[str] = field(default_factory=set)
    _read_at: int = -1  #: how often the catalogue had been changed then
    _room: int = 0  #: bytes that may be claimed before the disk is asked again what is free
    _trust: int = 0  #: and so many files
    _pause: int = 0  #: so many rows are handed out before it is asked again whether there are more
    _albums: dict[int, AlbumRow] = field(default_factory=dict)
    #: versions of photos that are on their way, each with the rows of other albums that wait for it
    _coming: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _bearers: dict[int, tuple[str, str]] = field(default_factory=dict)
    _again: list[int] = field(default_factory=list)

    def next(self) -> Job | None:
        """The next job, None if there is none now. Raises SuspiciousPlan when space runs low."""
        while True:
            if self.context.to_examine:
                row = self.context.catalogue.file(self.context.to_examine.popleft())
                if row is not None and row.id not in self.context.in_flight:
                    return self._claim(row, Examining(row.id, self._path(row)))
                continue
            if (row := self._next_planned()) is None:
                return None
            job = self._decide(row)
            if job is not None:
                return job

    def answer(self, examined: Examined) -> Job | None:
        """Act on a file that was hashed. The row's place in `in_flight` is given up, or taken by a job."""
        self.release(examined.job.row)
        row = self.context.catalogue.file(examined.job.row)
        if row is None or row.state not in (State.PLANNED, State.COMMITTED):
            return None
        if examined.local is None and row.state is State.COMMITTED:
            return None  # it vanished while we looked; the next scan says what to do
        local = ABSENT if examined.local is None else examined.local
        return self._act(row, local)

    def release(self, row_id: int) -> None:
        self.context.in_flight.pop(row_id, None)
        version = self._bearers.pop(row_id, None)
        if version is not None:
            self._again += dict.fromkeys(self._coming.pop(version))

    def landed(self, row_id: int) -> None:
        """Its bytes are on the disk, and wait for their name: they need no more room."""
        self.context.in_flight[row_id] = 0

    def recorded(self, ids: Iterable[int], *, placed: Iterable[str], since: int) -> None:
        """Nothing but these rows was changed in the catalogue since that generation, and the photos of these
        keys are here now: what was read of other rows holds.

        One of these may have been read again while it was on its way.
        """
        if self._read_at == since:
            self._read_at = self.context.catalogue.generation
            self._alone.difference_update(placed)
            for row_id in ids:
                self._rows.pop(row_id, None)

    # -- choosing ----------------------------------------------------------------------------------

    def _next_planned(self) -> FileRow | None:
        """A row that this run has listed: the address and the promise of any other may be stale."""
        catalogue = self.context.catalogue
        while True:
            found = self._look_ahead()
            while self._again or self._next or self._window:
                row = catalogue.file(self._again.pop()) if self._again else self._largest()
                if row is not None and row.state is State.PLANNED and row.id not in self.context.in_flight:
                    return row
            self.context.stop.check()
            if found:
                continue
            if self.context.planned and self._after:
                self._after, self.context.planned = 0, False  # an earlier row may have been planned anew
            else:
                self.context.planned = False
                return None

    def _largest(self) -> FileRow | None:
        """The row of the window with the most bytes, as it is now, None if it is no more."""
        if not self._next:
            self._next.extend(
                heapq.heappop(self._window)[1] for _ in range(min(READ_AHEAD, len(self._window)))
            )
            self._read_at = -1
        if self._read_at != self.context.catalogue.generation:
            self._rows = self.context.catalogue.files_by_id(self._next)
            held = self.context.catalogue.held_somewhere(row.key for row in self._rows.values())
            self._alone = {row.key for row in self._rows.values()} - held
            self._read_at = self.context.catalogue.generation
        return self._rows.get(self._next.popleft())

    def _is_alone(self, row: FileRow) -> bool:
        """Is it known that no album holds anything of this photo?"""
        return row.key in self._alone and self._read_at == self.context.catalogue.generation

    def _look_ahead(self) -> bool:
        """Fill the window with what was planned since; False where there was nothing more."""
        if len(self._window) > WINDOW // 2 or ((self._window or self._next) and self._pause > 0):
            self._pause -= 1
            return False
        room = WINDOW - len(self._window)
        rows = self.context.catalogue.planned(self.context.run, after=self._after, limit=room)
        if rows:
            self._after = rows[-1][0]
        else:
            self._pause = PAUSE
        for row_id, size in rows:
            heapq.heappush(self._window, (-size, row_id))
        return bool(rows)

    def _album_of(self, row: FileRow) -> AlbumRow:
        album = self._albums.get(row.album_id)
        if album is None:
            if len(self._albums) >= ALBUMS:
                self._albums.clear()
            album = self._albums[row.album_id] = self.context.catalogue.album(row.album_id)
        return album

    def album_moved(self) -> None:
        """A directory was renamed: what was read of it is stale."""
        self._albums.clear()

    def _path(self, row: FileRow) -> str:
        return join(self._album_of(row).directory, row.name)

    def _claim(self, row: FileRow, job: Job) -> Job:
        size = (row.promised_size or 0) + ROUNDING if isinstance(job, Fetching) else 0
        self.context.in_flight[row.id] = size
        return job

    # -- deciding ----------------------------------------------------------------------------------

    def _decide(self, row: FileRow) -> Job | None:
        path = self._path(row)
        try:
            fingerprint = self.context.mirror.fingerprint(path)
        except ItemError as error:
            with self.context.catalogue.transaction():
                self.fail(row, error)
            return None
        if fingerprint is None:
            return self._act(row, ABSENT)
        if row.damaged_at is not None:
            return self._claim(row, Examining(row.id, path, mending=True))
        local = LocalFile(path, fingerprint)
        known = row.local_md5 if fingerprint == row.edited() else self.context.stock.md5(local)
        return self._act(row, replace(local, md5=known))

    def _act(self, row: FileRow, local: LocalFile | Side) -> Job | None:
        album = self._album_of(row)
        base, remote = row.base(album.directory), row.remote(album.key, self.context.run)
        policy = Policy(repair=row.damaged_at is not None, replace=self._may_replace(row, local))
        action = reconcile(base, remote, local, policy)
        if isinstance(action, Replace) and isinstance(local, LocalFile):
            self.context.edits.append((row.id, local))
            return None
        if row.state is State.COMMITTED and (action is None or isinstance(action, Fetch)):
            note_damage(self.context, row, local, self._path(row))
            return None
        if isinstance(action, Conflict) and is_named_otherwise(row) and not original(self.context, remote):
            return self._decide(without_original(self.context, row, local))
        if isinstance(action, Conflict) and is_original_of(self.context, remote, local):
            action = Adopt()
        if isinstance(action, Fetch):
            return self._fetch(row, remote, local)
        if (
            isinstance(action, Conflict)
            and isinstance(local, LocalFile)
            and _may_be_the_same(row, remote, local)
        ):
            return self._fetch(row, remote, local, compare=local.md5)
        if isinstance(action, Examine):
            return self._claim(row, Examining(row.id, self._path(row)))
        record(self.context, row, remote, local, action=action, directory=album.directory)
        return None

    def _may_replace(self, row: FileRow, local: LocalFile | Side) -> bool:
        """Is an edit to be sent? Not one that a person has decided to keep, nor one beside an album that
        nobody has looked at."""
        sending = self.context.options.sending
        wanted = sending is not None and sending.replace and self.context.sends
        return wanted and isinstance(local, LocalFile) and local.md5 not in (None, row.kept_md5)

    def _fetch(
        self, row: FileRow, remote: RemoteFile, local: LocalFile | Side, *, compare: str | None = None
    ) -> Job | None:
        """None: the same photo is on its way to another album, and is taken from there when it has come."""
        version = (row.key, remote.version)
        if version in self._coming:
            self._coming[version].append(row.id)
            return None
        path = self._path(row)
        source = None if self._is_alone(row) else copy_of(self.context, row, remote, path)
        source = source or self.context.stock.source(remote)
        if is_named_otherwise(row) and not is_original(source):
            return self._decide(without_original(self.context, row, local))
        if source is not None and is_original(source) and not same_extension(source.path, row.name):
            source = None
        if source is None and not self.context.options.fetch:
            return None
        self._check_room(remote.promised.size)
        expected = local.fingerprint if isinstance(local, LocalFile) else None
        damaged = is_damaged(row.base(""), local)
        shelf = Shelf.DAMAGED if damaged else Shelf.VERSIONS
        keep = shelf_path(path, self.context.stamp, shelf) if expected is not None else None
        job = Fetching(row.id, remote, path, expected, keep, source, compare)
        self._claim(row, job)
        self._coming[version], self._bearers[row.id] = [], version
        return job

    def _check_room(self, promised: int | None) -> None:
        """What is on its way is counted in full, since nobody knows how much of it is written."""
        size = (promised or 0) + ROUNDING
        if not self._trust or self._room < size or promised is None:
            reserve = self.context.options.reserve
            free = self.context.mirror.free_bytes()
            claimed = sum(self.context.in_flight.values())
            self._room, self._trust = free - claimed - reserve, TRUST
            if self._room < size:
                self.context.planned = True  # this row has its turn again
                raise SuspiciousPlan(
                    f"the disk of {self.context.mirror.root.path} has {free:,} bytes free: not enough for "
                    f"the next {claimed + size:,} with the reserve of {reserve:,} left; make room, or lower "
                    f"`reserve`"
                )
        self._room -= size
        self._trust -= 1

    def fail(self, row: FileRow, error: ItemError) -> None:
        """A planned row that cannot even be begun (inside a transaction)."""
        fail(self.context, row, error, self._path(row))


def _may_be_the_same(row: FileRow, remote: RemoteFile, local: LocalFile) -> bool:
    """Does nothing tell whether a file that lies in the place of a new photo is that photo, but its bytes?"""
    promised = remote.promised
    size = local.fingerprint.size
    return row.held_md5 is None and promised.md5 is None and promised.size in (None, size) and bool(local.md5)
