"""What goes up next, and what became of it: the engine's side of every upload.

A file is checked and hashed first, then held against the album, which was listed completely in this run. What
is to be sent is announced durably before its first byte leaves; so a process that dies in between leaves a
trace, and nothing is sent twice.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import field

from smugsync.catalogue import UploadRow, join
from smugsync.core import naming
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import LocalFile, Outgoing
from smugsync.errors import ItemError, Rejected, SmugsyncError, Transient
from smugsync.local.versions import Shelf, shelf_path
from smugsync.records import dataclass, replace
from smugsync.sync.context import Context
from smugsync.sync.cycle.planning import AlbumListing
from smugsync.sync.cycle.withholding import may_replace
from smugsync.sync.sending import outcomes, sieve
from smugsync.sync.sending.courier import (
    Checked,
    Checking,
    Delivered,
    Job,
    Left,
    Outcome,
    Posting,
    Unchecked,
    Undelivered,
)
from smugsync.sync.sending.finding import Candidate
from smugsync.sync.sending.limits import Limits
from smugsync.sync.sending.settling import settle

#: What is finished within so many seconds, as far as one can see, is waited for.
PATIENCE = 15.0
#: So many uploads are announced in one transaction, which the disk has to confirm.
BATCH = 8


@dataclass(slots=True)
class _Album:
    """An album to send to, listed completely in this run."""

    key: str
    directory: str
    count: int


@dataclass(slots=True)
class _Sendable:
    """A candidate on its way through the outbox; `md5` and `fingerprint` as it was read."""

    candidate: Candidate
    album_id: int
    local: LocalFile | None = None
    upload: int = 0  #: the id of its row, once it is announced
    due: float | None = None  #: it is looked at once more, not before then (monotonic seconds)


@dataclass(slots=True)
class Outbox:
    """Hands out jobs one by one. The engine's thread only."""

    context: Context
    limits: Limits = field(default_factory=Limits)
    #: what keeps everything from being sent; the run ends with it once all else is done
    trouble: SmugsyncError | None = None
    _albums: dict[int, _Album] = field(default_factory=dict)
    _tickets: dict[int, _Sendable] = field(default_factory=dict)
    _next_ticket: int = 0
    _to_check: deque[int] = field(default_factory=deque)
    _read: deque[int] = field(default_factory=deque)
    _announced: deque[Posting] = field(default_factory=deque)
    #: MD5s on their way to an album: of two equal files only one is sent
    _under_way: set[tuple[int, str]] = field(default_factory=set)
    #: whose name, folded, is on its way to an album: of two that some systems take for one only one is sent
    _names: dict[tuple[int, str], str] = field(default_factory=dict)

    @property
    def waiting(self) -> bool:
        """Is there anything in it, handed out or not?"""
        return bool(self._tickets or self.context.edits)

    def open(self, listing: AlbumListing, candidates: Iterable[Candidate]) -> None:
        """The album is listed completely: settle what is in doubt there, then take what is to be sent."""
        album_id = listing.row.id
        self._albums[album_id] = _Album(listing.album.key, listing.directory, len(listing.seen))
        settle(self.context, listing)
        sieve.forget_vanished(self.context, listing)
        for upload in self.context.catalogue.uploads(album_id):
            if upload.state is State.IN_DOUBT and upload.file_id is None:
                self._names[album_id, _folded(upload.path)] = upload.path
        for candidate in sieve.unclaimed(self.context, listing, candidates):
            self.add(album_id, candidate)
        if self.context.scope.kind == "upload":
            self._add_older_edits(listing)

    def _add_older_edits(self, listing: AlbumListing) -> None:
        """What was edited here at any time, and is neither sent nor decided about."""
        sending = self.context.options.sending
        if sending is None or not sending.replace:
            return
        for row in self.context.catalogue.files(listing.row.id).values():
            edited = row.edited()
            if edited is not None and row.state is State.COMMITTED and row.local_md5 != row.kept_md5:
                self.add(row.album_id, Candidate(join(listing.directory, row.name), edited, replaces=row.id))

    def add_edits(self) -> None:
        """Edits that the comparison of albums has found, all together: their number counts."""
        found: list[tuple[int, Candidate]] = []
        if self.trouble is not None:
            self.context.edits.clear()
        while self.context.edits:
            row_id, local = self.context.edits.popleft()
            row = self.context.catalogue.file(row_id)
            if row is not None and row.album_id in self._albums and row.kept_md5 != local.md5:
                candidate = Candidate(local.path, local.fingerprint, replaces=row_id)
                found.append((row.album_id, candidate))
        if found and not may_replace(self.context, len(found)):
            return
        for album_id, candidate in found:
            self.add(album_id, candidate)

    def add(self, album_id: int, candidate: Candidate) -> None:
        context = self.context
        if self.trouble is not None:
            return
        if not sieve.has_its_turn(context, candidate) or sieve.is_known(context, album_id, candidate):
            return
        if candidate.replaces is None:
            other = self._names.setdefault((album_id, _folded(candidate.path)), candidate.path)
            if other != candidate.path:
                sieve.tell_twins(context, candidate.path, other)
                return
        self._next_ticket += 1
        self._tickets[self._next_ticket] = _Sendable(candidate, album_id)
        self._to_check.append(self._next_ticket)
        if context.options.dry_run:
            context.report.files_to_send += 1
            context.report.bytes_to_send += candidate.fingerprint.size
        else:
            context.progress.plan(1, candidate.fingerprint.size)

    def next(self) -> Job | None:
        """The next job, None if there is none now."""
        if not self._announced and self._read:
            self._announce()
        if self._announced:
            return self._announced.popleft()
        while self._to_check:
            ticket = self._to_check.popleft()
            one = self._tickets[ticket]
            if not self._is_taken(ticket, one):
                continue
            wait = 0.0 if one.due is None else max(0.0, one.due - time.monotonic())
            return Checking(ticket, one.candidate.path, wait)
        return None

    def _is_taken(self, ticket: int, one: _Sendable) -> bool:
        """Would the service take it, by its size? Told before it is read."""
        seen = LocalFile(one.candidate.path, one.candidate.fingerprint)
        try:
            self.limits.check(seen, self._room(one))
        except (Rejected, Transient) as error:
            self._drop(ticket)
            self._refuse(one, error)
            return False
        return True

    def _room(self, one: _Sendable) -> int:
        """How many photos its album has already, if it is to be one more."""
        return 0 if one.candidate.replaces is not None else self._albums[one.album_id].count

    def shut(self, error: SmugsyncError) -> None:
        """Nothing more is sent in this run: it would fare no better."""
        self.trouble = self.trouble or error
        with self.context.catalogue.transaction():
            for posting in self._announced:  # it has not left
                if (upload := self._finish(posting)) is not None:
                    outcomes.undelivered(self.context, upload, error)
        for ticket in (*self._to_check, *self._read):
            self._drop(ticket)
        for waiting in (self._announced, self._to_check, self._read, self.context.edits):
            waiting.clear()

    def answer(self, outcome: Outcome) -> None:
        """What became of a job."""
        match outcome:
            case Checked():
                self._checked(outcome)
            case Unchecked():
                self._drop(outcome.job.ticket)
                self.context.report.trouble(outcome.job.path, f"is not sent: {outcome.error}")
            case Delivered():
                self._delivered(outcome)
            case Undelivered():
                self._undelivered(outcome)
            case Left():
                self._tickets.pop(outcome.job.ticket, None)

    # -- before ------------------------------------------------------------------------------------

    def _checked(self, checked: Checked) -> None:
        ticket = checked.job.ticket
        one = self._tickets[ticket]
        if self.trouble is not None:
            self._drop(ticket)
            return
        if checked.local is None:
            again = checked.readiness.again
            if one.due is None and again is not None and again <= PATIENCE:
                one.due = time.monotonic() + again
                self._to_check.append(ticket)
                return
            self._drop(ticket)
            if checked.readiness.later:
                self.context.report.files_unfinished += 1
            elif checked.readiness.why:
                self._refuse(one, Rejected(checked.readiness.why))
            return
        one.local = checked.local
        under_way = (one.album_id, checked.local.md5 or "") in self._under_way
        if under_way or not sieve.is_to_be_sent(self.context, one.album_id, one.candidate, checked.local):
            self._drop(ticket)
            return
        try:
            self.limits.check(checked.local, self._room(one))
        except (Rejected, Transient) as error:
            self._drop(ticket)
            self._refuse(one, error)
            return
        self._under_way.add((one.album_id, checked.local.md5 or ""))
        if one.candidate.replaces is None:
            self._albums[one.album_id].count += 1
        self._read.append(ticket)

    # -- sending -----------------------------------------------------------------------------------

    def _announce(self) -> None:
        """Write down what is about to be sent, durably."""
        context, catalogue = self.context, self.context.catalogue
        batch = [self._read.popleft() for _ in range(min(BATCH, len(self._read)))]
        with catalogue.transaction(durable=True):
            for ticket in batch:
                one = self._tickets[ticket]
                if one.local is None or one.local.md5 is None:
                    raise ValueError("only a hashed file can be sent")
                planned = self._row(one, one.local)
                sending = planned.on(Event.CLAIM_SEND, sent_at=int(context.service_now()), looks=0, key="")
                one.upload = catalogue.put_upload(sending).id
                self._announced.append(self._posting(ticket, one, one.local))

    def _row(self, one: _Sendable, local: LocalFile) -> UploadRow:
        """Its row, the one that it had before if it had any (inside a transaction)."""
        known, *others = sieve.known_uploads(self.context, one.candidate) or (None,)
        for other in others:
            self.context.catalogue.drop_upload(other.id)
        size, mtime_ns = local.fingerprint.size, local.fingerprint.mtime_ns
        row = UploadRow(
            id=0 if known is None else known.id,
            album_id=one.album_id,
            path=local.path,
            file_id=one.candidate.replaces,
            state=State.PLANNED,
            size=size,
            mtime_ns=mtime_ns,
            md5=local.md5,
        )
        unchanged = known is not None and known.md5 == local.md5
        return replace(row, attempts=known.attempts if known is not None and unchanged else 0)

    def _posting(self, ticket: int, one: _Sendable, local: LocalFile) -> Posting:
        catalogue, album = self.context.catalogue, self._albums[one.album_id]
        name = local.path.rpartition("/")[2]
        replaced = None if one.candidate.replaces is None else catalogue.file(one.candidate.replaces)
        outgoing = Outgoing(
            album_key=album.key,
            name=name if replaced is None else replaced.remote_name or name,
            md5=local.md5 or "",
            size=local.fingerprint.size,
            replaces="" if replaced is None else replaced.key,
            serial=0 if replaced is None else replaced.serial,
            keywords=catalogue.keywords_of(local.path),
        )
        if replaced is None:
            return Posting(ticket, local.path, local.fingerprint, outgoing)
        before = replaced.remote(album.key, self.context.run)
        keep = shelf_path(local.path, self.context.stamp, Shelf.VERSIONS)
        return Posting(ticket, local.path, local.fingerprint, outgoing, before, keep)

    # -- after -------------------------------------------------------------------------------------

    def _delivered(self, outcome: Delivered) -> None:
        upload = self._finish(outcome.job)
        if upload is not None:
            outcomes.delivered(self.context, upload, outcome)

    def _undelivered(self, outcome: Undelivered) -> None:
        upload = self._finish(outcome.job)
        if upload is None:
            return
        with self.context.catalogue.transaction():
            outcomes.undelivered(self.context, upload, outcome.error)
        if not isinstance(outcome.error, ItemError):
            self.shut(outcome.error)

    def _refuse(self, one: _Sendable, error: Rejected | Transient) -> None:
        """It need not even be tried, for good or for now."""
        local = one.local or LocalFile(one.candidate.path, one.candidate.fingerprint)
        with self.context.catalogue.transaction():
            outcomes.undelivered(self.context, self._row(one, local).on(Event.CLAIM_SEND), error)

    def _finish(self, job: Posting) -> UploadRow | None:
        one = self._tickets.pop(job.ticket)
        if one.local is not None:
            self._under_way.discard((one.album_id, one.local.md5 or ""))
        return self.context.catalogue.upload_by_id(one.upload)

    def _drop(self, ticket: int) -> None:
        """It is not sent after all."""
        one = self._tickets.pop(ticket)
        self.context.progress.plan(-1, -one.candidate.fingerprint.size)


def _folded(path: str) -> str:
    return naming.fold(path.rpartition("/")[2])
