"""Held files are read again and held against what is recorded: which are right, which rotted, which are gone.

Whatever was read is recorded every few seconds, and the file that was proven longest ago always comes
first. So an audit may be stopped at any moment and costs nothing when it goes on; a small one every night
walks through the whole mirror.
"""

from __future__ import annotations

import queue
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from fractions import Fraction
from itertools import count
from math import ceil

from smugsync.catalogue import AlbumRow, FileRow, join
from smugsync.core.verdict import Verdict
from smugsync.errors import SmugsyncError
from smugsync.local import reading
from smugsync.local.reading import Ahead, Reading, Unread
from smugsync.pace import Pace
from smugsync.records import dataclass
from smugsync.sync.context import Context
from smugsync.sync.pool import THREADS, Crash, Crew, Inbox, Pool
from smugsync.sync.proving.findings import Findings

#: How long ending threads are waited for before the process leaves without them, in seconds.
GRACE = 0.8
#: What was found is recorded after so many files, or so many seconds.
BATCH, EVERY = 256, 2.0
#: A reader is handed up to so many files at once, and no more of them once they make up so many bytes.
FILES, BYTES = 32, 4 << 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What to read, and how fast.

    `share` is of the bytes, those proven longest ago first: the same wish night after night walks through
    everything and begins anew. `before` (epoch s): only what was not proven since then. `rate` (bytes a
    second), `most` (bytes) and `seconds` are the budget, None = none. `sha256`: take that digest as well.
    """

    share: Fraction = Fraction(1)
    before: int | None = None
    rate: float | None = None
    most: int | None = None
    seconds: float | None = None
    sha256: bool = False
    readers: int = 2

    @property
    def at_once(self) -> int:
        """So many files may be handed out together: what is slowed down is looked at after each."""
        return FILES if self.rate is None and self.seconds is None else 1

    @property
    def whole(self) -> bool:
        """Is it about every file, also those that are known to be damaged?"""
        return self.share == 1 and self.before is None


@dataclass(frozen=True, slots=True)
class _Job:
    row: FileRow
    path: str


#: What a reader is handed, and what it hands back.
_Jobs = list[_Job]


@dataclass(frozen=True, slots=True)
class _Answer:
    """`moment`: of what was read, when the disk was asked for it; of what was not, when that was found."""

    job: _Job
    found: Reading | Unread
    moment: int


@dataclass(frozen=True, slots=True)
class _Answers:
    """`ended`: why the files that are missing among them were not looked at."""

    found: list[_Answer]
    ended: SmugsyncError | None = None


class Audit:
    """One audit, with what it `found`. `run` may be called once; `clock` is monotonic, in seconds."""

    def __init__(
        self,
        context: Context,
        wish: Wish,
        *,
        crew: Crew = THREADS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ctx, self._wish, self._crew, self._clock = context, wish, crew, clock
        self._pace = Pace(wish.rate, context.stop, clock=clock)
        self.began = int(context.now())
        self.found = Findings(context, sums=wish.sha256)
        self._rows: deque[int] = deque()
        self._loaded: deque[FileRow] = deque()  #: the next of them
        self._left = 0  #: bytes of the budget that no reader was given yet
        self._second: deque[int] = deque()  #: what changed while it was read has a second turn, at the end
        self._turned: set[int] = set()
        self._due = 0.0
        self._album: AlbumRow | None = None
        self._arrived: deque[_Answer] = deque()
        self._moments = count()  #: for the readers, who share it: what came before what

    def run(self, albums: Iterable[int] | None = None) -> None:
        """Read what was wished for, of `albums` (ids) or of all.

        Raises MirrorUnusable, SuspiciousPlan (the disk went away), Interrupted.
        """
        wish, catalogue = self._wish, self._ctx.catalogue
        chosen = None if albums is None else list(albums)
        ids, sizes = catalogue.least_proven(albums=chosen, before=wish.before, damaged=wish.whole)
        quota = sum(sizes) + 1 if wish.share == 1 else ceil(sum(sizes) * wish.share)
        if not wish.whole:
            for row in catalogue.damaged(chosen):
                self.found.find(row, self._path(row), Verdict.DAMAGED, "known to be damaged")
        self._read(ids, sizes, quota if wish.most is None else min(quota, wish.most), wish.seconds)

    def look_at(self, rows: Iterable[FileRow]) -> None:
        """Read these as well, whatever the budget says of bytes and time. Raises as `run` does."""
        ids, sizes = array("q"), array("q")
        for row in rows:
            ids.append(row.id)
            sizes.append(row.held_size or 0)
        self._read(ids, sizes, sum(sizes) + 1, None)

    # -- the loop ----------------------------------------------------------------------------------

    def _read(self, ids: array[int], sizes: array[int], quota: int, seconds: float | None) -> None:
        self._rows.extend(ids)
        self._left = quota
        self._announce(sizes)
        inbox = self._crew.inbox()
        pool: Pool[_Jobs] = self._crew.pool("verify", self._wish.readers, self._work, inbox.put)
        until = None if seconds is None else self._clock() + seconds
        self._due = self._clock() + EVERY
        try:
            while self._feed(pool, until):
                self._ctx.stop.check()
                self._receive(inbox, pool)
                self._ctx.progress.refresh()
            self.found.settle()
        finally:
            if pool.busy:  # it ends early
                self._ctx.stop.set()
            pool.close(time.monotonic() + GRACE)
            self._salvage(inbox)
            self._rows.clear()
            self._loaded.clear()
            self.found.write()

    def _announce(self, sizes: array[int]) -> None:
        """Tell the display how much there is to do."""
        files = size = 0
        while files < len(sizes) and size < self._left:
            size += sizes[files]
            files += 1
        self._ctx.progress.start("verifying")
        self._ctx.progress.plan(files, size)

    def _feed(self, pool: Pool[_Jobs], until: float | None) -> bool:
        """Keep the readers busy; False when nothing is left to give and to wait for."""
        while pool.busy < 2 * self._wish.readers and (jobs := self._gather(until)):
            pool.give(jobs)
        return pool.busy > 0

    def _gather(self, until: float | None) -> _Jobs:
        """What to hand to a reader next, nothing when there is nothing left or no time."""
        jobs: _Jobs = []
        size = 0
        while len(jobs) < self._wish.at_once and size < BYTES:
            row = None if until is not None and self._clock() >= until else self._next()
            if row is None:
                break
            size += row.held_size or 0
            self._left -= row.held_size or 0
            jobs.append(_Job(row, self._path(row)))
        return jobs

    def _next(self) -> FileRow | None:
        while self._left > 0 and (self._loaded or self._rows):
            if not self._loaded:
                ids = [self._rows.popleft() for _ in range(min(BATCH, len(self._rows)))]
                found = self._ctx.catalogue.files_by_id(ids)
                self._loaded.extend(found[each] for each in ids if each in found)
            elif (row := self._loaded.popleft()).held_md5 is not None:
                return row
        while self._second:
            again = self._ctx.catalogue.file(self._second.popleft())
            if again is not None and again.held_md5 is not None:
                return again
        return None

    def _path(self, row: FileRow) -> str:
        if self._album is None or self._album.id != row.album_id:
            self._album = self._ctx.catalogue.album(row.album_id)
        return join(self._album.directory, row.name)

    def _receive(self, inbox: Inbox, pool: Pool[_Jobs]) -> None:
        try:
            message = inbox.get(timeout=0.1)
        except queue.Empty:
            return
        pool.done()
        match message:
            case _Answers():
                self._arrived.extend(message.found)
                while self._arrived:
                    self._take(self._arrived.popleft())
                if message.ended is not None:
                    raise message.ended
            case Crash():
                raise message.error
            case SmugsyncError():
                raise message
        if self.found.waiting >= BATCH or self._clock() >= self._due:
            self._due = self._clock() + EVERY
            self.found.write()

    def _salvage(self, inbox: Inbox) -> None:
        """It ends early: what the readers had found by then counts too."""
        with suppress(queue.Empty):
            while True:
                message = inbox.get_nowait()
                if isinstance(message, _Answers):
                    self._arrived.extend(message.found)
        while self._arrived:
            with suppress(SmugsyncError):  # of several reasons to end the first one is told
                self._take(self._arrived.popleft())

    def _take(self, answer: _Answer) -> None:
        row, found = answer.job.row, answer.found
        verdict = self.found.take(row, answer.job.path, found, moment=answer.moment)
        if isinstance(found, Unread):  # nothing was read: others have their turn for it
            self._left += row.held_size or 0
        if verdict is Verdict.BUSY and row.id not in self._turned:
            self._turned.add(row.id)
            self._second.append(row.id)

    # -- in a worker's thread ------------------------------------------------------------------------

    def _work(self, jobs: _Jobs) -> _Answers:
        answers: list[_Answer] = []
        with Ahead(self._ctx.mirror.root, [job.path for job in jobs], self._moments) as ahead:
            try:
                for job in jobs:
                    answers.append(self._look(job, ahead))  # noqa: PERF401 - kept if it ends here
            except SmugsyncError as error:
                return _Answers(answers, error)
        return _Answers(answers)

    def _look(self, job: _Job, ahead: Ahead) -> _Answer:
        progress, path = self._ctx.progress, job.path

        def passed(size: int) -> None:
            progress.advance(path, size)
            self._pace(size)

        progress.begin(path, job.row.held_size)
        ok = False
        try:
            root, stop = self._ctx.mirror.root, self._ctx.stop
            wanted = self._wish.sha256 or job.row.held_sha256 is not None
            found = reading.read(root, path, stop, sha256=wanted, pace=passed, ahead=ahead)
            ok = isinstance(found, Reading)
        finally:
            progress.end(path, ok=ok)
        return _Answer(job, found, ahead.asked if ok else next(self._moments))
