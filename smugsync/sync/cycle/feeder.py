"""Which job comes next: planned rows become downloads, or turn out to need none.

The disk is looked at once more when a row's turn comes; what `reconcile` says then is what happens.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from smugsync.catalogue import AlbumRow, FileRow, join
from smugsync.core import naming
from smugsync.core.integrity import Found, prove
from smugsync.core.lifecycle import Event, State
from smugsync.core.matching import same_extension
from smugsync.core.model import Base, Evidence, LocalFile, RemoteFile
from smugsync.core.reconcile import (
    ABSENT,
    Action,
    Adopt,
    Conflict,
    Diverge,
    Examine,
    Fetch,
    Policy,
    Side,
    is_damage,
    reconcile,
)
from smugsync.errors import IntegrityError, ItemError, Rejected, SuspiciousPlan
from smugsync.local.sharing import Source
from smugsync.local.versions import Shelf, shelf_path
from smugsync.sync.adoption.originals import is_named_otherwise, is_original, without_original
from smugsync.sync.context import Context
from smugsync.sync.cycle.copies import copy_of
from smugsync.sync.cycle.relocating import settled
from smugsync.sync.cycle.transfer import Examined, Examining, Fetching, Job
from smugsync.sync.report import What

#: Rows read from the catalogue at a time; the largest of them goes first.
BATCH = 64
#: What a file may take of the disk beside its bytes: its last block, its directory entry.
ROUNDING = 32 << 10
#: So many files may lie beside a photo because they diverged from it; then a person has to choose.
CONFLICTS = 10


@dataclass(slots=True)
class Feeder:
    """Hands out jobs one by one, and keeps `Context.in_flight`."""

    context: Context
    _after: int = 0
    _batch: list[int] = field(default_factory=list)
    _album: AlbumRow | None = None
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

    # -- choosing ----------------------------------------------------------------------------------

    def _next_planned(self) -> FileRow | None:
        """A row that this run has listed: the address and the promise of any other may be stale."""
        catalogue = self.context.catalogue
        while True:
            while self._again or self._batch:
                row = catalogue.file((self._again or self._batch).pop())
                if row is not None and row.state is State.PLANNED and row.id not in self.context.in_flight:
                    return row
            self.context.stop.check()
            rows = catalogue.planned(self.context.run, after=self._after, limit=BATCH)
            if rows:
                self._after = rows[-1][0]
                self._batch = [row_id for row_id, _ in sorted(rows, key=lambda row: row[1])]
            elif self.context.planned and self._after:
                self._after, self.context.planned = 0, False  # an earlier row may have been planned anew
            else:
                self.context.planned = False
                return None

    def _album_of(self, row: FileRow) -> AlbumRow:
        if self._album is None or self._album.id != row.album_id:
            self._album = self.context.catalogue.album(row.album_id)
        return self._album

    def album_moved(self) -> None:
        """A directory was renamed: what was read of it is stale."""
        self._album = None

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
        action = reconcile(base, remote, local, Policy(repair=row.damaged_at is not None))
        if row.state is State.COMMITTED and (action is None or isinstance(action, Fetch)):
            self._note_damage(row, base, local)
            return None
        if isinstance(action, Conflict) and is_named_otherwise(row) and not self._original(remote):
            return self._decide(without_original(self.context, row, local))
        if isinstance(action, Conflict) and self._is_original_of(remote, local):
            action = Adopt()
        if isinstance(action, Fetch):
            return self._fetch(row, remote, local, action)
        if isinstance(action, Examine):
            return self._claim(row, Examining(row.id, self._path(row)))
        self._record(row, remote, local, action)
        return None

    def _original(self, remote: RemoteFile) -> Source | None:
        """What the service has converted `remote` from, if it is to be taken over."""
        source = self.context.stock.source(remote)
        return source if is_original(source) else None

    def _is_original_of(self, remote: RemoteFile, local: LocalFile | Side) -> bool:
        """Does the original lie in its place already? A run that was killed has not recorded it."""
        original = self._original(remote)
        return original is not None and isinstance(local, LocalFile) and local.md5 == original.md5

    def _fetch(self, row: FileRow, remote: RemoteFile, local: LocalFile | Side, action: Fetch) -> Job | None:
        """None: the same photo is on its way to another album, and is taken from there when it has come."""
        version = (row.key, remote.version)
        if version in self._coming:
            self._coming[version].append(row.id)
            return None
        path = self._path(row)
        source = copy_of(self.context, row, remote, path) or self.context.stock.source(remote)
        if is_named_otherwise(row) and not is_original(source):
            return self._decide(without_original(self.context, row, local))
        if source is not None and is_original(source) and not same_extension(source.path, row.name):
            source = None
        if source is None and not self.context.options.fetch:
            return None
        self._check_room(remote.promised.size or 0)
        expected = local.fingerprint if isinstance(local, LocalFile) else None
        damaged = _is_damaged(row.base(""), local)
        shelf = Shelf.DAMAGED if damaged else Shelf.VERSIONS
        keep = shelf_path(path, self.context.stamp, shelf) if expected is not None else None
        job = Fetching(row.id, remote, path, expected, keep, source)
        self._claim(row, job)
        self._coming[version], self._bearers[row.id] = [], version
        return job

    def _note_damage(self, row: FileRow, base: Base | None, local: LocalFile | Side) -> None:
        """Met while looking for edits: it is recorded and told; to mend it is for a person to ask."""
        if row.damaged_at is not None or not _is_damaged(base, local):
            return
        self.context.note(What.DAMAGED, self._path(row), "other bytes under an unchanged time", of=row)
        with self.context.catalogue.transaction():
            self.context.catalogue.put([replace(row, damaged_at=int(self.context.now()))])

    def _check_room(self, size: int) -> None:
        """What is on its way is counted in full, since nobody knows how much of it is written."""
        reserve = self.context.options.reserve
        free = self.context.mirror.free_bytes()
        wanted = sum(self.context.in_flight.values()) + size + ROUNDING
        if free - wanted < reserve:
            self.context.planned = True  # this row has its turn again
            raise SuspiciousPlan(
                f"the disk of {self.context.mirror.root.path} has {free:,} bytes free: not enough for "
                f"the next {wanted:,} with the reserve of {reserve:,} left; make room, or lower `reserve`"
            )

    def _record(
        self, row: FileRow, remote: RemoteFile, local: LocalFile | Side, action: Action | None
    ) -> None:
        """Everything that needs no transfer."""
        if row.state is State.PLANNED and not isinstance(action, Conflict):
            self.context.progress.plan(-1, -(remote.promised.size or 0))
        path = self._path(row)
        catalogue = self.context.catalogue
        # Lost in a power cut, it is found out again; but a name with a time in it would be another one.
        with catalogue.transaction(durable=isinstance(action, Conflict)):
            match action:
                case Adopt() if isinstance(local, LocalFile):
                    self._adopt(row, remote, local, path)
                case Conflict() if isinstance(local, LocalFile):
                    self._step_aside(row, local, path)
                case Diverge() if isinstance(local, LocalFile):
                    self.context.note(What.EDITED, path, "kept as it is", of=row)
                    catalogue.put(
                        [
                            replace(
                                row if row.state is State.COMMITTED else settled(row),
                                local_md5=local.md5,
                                local_size=local.fingerprint.size,
                                local_mtime_ns=local.fingerprint.mtime_ns,
                                verified_at=int(self.context.now()),
                                damaged_at=None,
                            )
                        ]
                    )
                case _ if row.state is not State.COMMITTED:
                    catalogue.put([self._as_found(settled(row), local)])

    def _as_found(self, row: FileRow, local: LocalFile | Side) -> FileRow:
        """The row of a file that was read, if it was, and found right."""
        if isinstance(local, LocalFile) and local.md5 == row.held_md5:
            return replace(row, verified_at=int(self.context.now()), damaged_at=None)
        return row

    def _adopt(self, row: FileRow, remote: RemoteFile, local: LocalFile, path: str) -> None:
        report = self.context.report
        size, mtime_ns = local.fingerprint.size, local.fingerprint.mtime_ns
        untouched: dict[str, Any] = {"local_md5": None, "local_size": None, "local_mtime_ns": None}
        if row.held_md5 is not None and local.md5 in (None, row.held_md5):  # touched, or online again
            row = self._as_found(row if row.state is State.COMMITTED else settled(row), local)
            self.context.catalogue.put([replace(row, mtime_ns=mtime_ns, **untouched)])
            return
        if local.md5 is None:
            raise ValueError("only a hashed file can be adopted")
        evidence = Evidence.UNPROVEN
        if not self._is_original_of(remote, local):
            try:
                evidence = prove(remote.promised, Found(local.md5, size))
            except IntegrityError as error:
                self.fail(row, error)
                return
        held: dict[str, Any] = {
            "held_version": row.version,
            "held_md5": local.md5,
            "held_size": size,
            "mtime_ns": mtime_ns,
            "evidence": evidence.value,
            "verified_at": int(self.context.now()),
            "damaged_at": None,
            "strikes": 0,
        }
        self.context.catalogue.put([replace(settled(replace(row, **held)), **untouched)])
        self.context.catalogue.drop_local([path])
        report.files_adopted += 1
        report.bytes_adopted += size
        report.files_verified += evidence is not Evidence.UNPROVEN
        self.context.note(What.ADOPTED, path, of=row)

    def _step_aside(self, row: FileRow, local: LocalFile, path: str) -> None:
        """The local file keeps its name; the online one gets another and is fetched there."""
        catalogue = self.context.catalogue
        if catalogue.count_halves(row.id) >= CONFLICTS:
            why = f"{CONFLICTS} files have diverged from it already: choose by `smugsync resolve`"
            self.fail(row, Rejected(why))
            return
        directory = self._album_of(row).directory
        when = datetime.fromtimestamp(self.context.now(), UTC).strftime("%Y-%m-%d %H%M%S")
        name = naming.assign(
            naming.beside(row.name, f"online {when}"),
            row.key,
            lambda folded: catalogue.name_taken(row.album_id, folded),
        )
        catalogue.drop_local([path])  # whatever it was taken for until now
        catalogue.put_local(path, local.fingerprint, md5=local.md5, why="diverged", of=row.id)
        catalogue.put(
            [
                replace(
                    row,
                    name=name,
                    name_folded=naming.fold(name),
                    local_md5=None,
                    local_size=None,
                    local_mtime_ns=None,
                )
            ]
        )
        self.context.planned = True
        self.context.note(What.CONFLICT, path, f"the online version goes to {join(directory, name)}", of=row)

    def fail(self, row: FileRow, error: ItemError) -> None:
        """A planned row that cannot even be begun."""
        path = self._path(row)
        claimed = row.on(Event.CLAIM_FETCH)
        self.context.catalogue.put(
            [
                claimed.on(
                    Event.FALTER,
                    reason=str(error),
                    attempts=row.attempts + 1,
                    retry_at=retry_at(row.attempts, self.context.now()),
                )
            ]
        )
        self.context.report.trouble(path, str(error))


def _is_damaged(base: Base | None, local: LocalFile | Side) -> bool:
    """Was `local` read, and found to have rotted?"""
    if base is None or not isinstance(local, LocalFile) or local.md5 is None:
        return False
    return is_damage(base, local)


def retry_at(attempts: int, now: float) -> int:
    """When a file that failed `attempts` times before is due again: 5 minutes, doubling up to a day."""
    return int(now) + min(300 << min(attempts, 9), 86_400)
