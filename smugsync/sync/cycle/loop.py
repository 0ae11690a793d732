"""One cycle, start to end: the engine's thread hands out questions and jobs, and records the answers.

The engine's thread is the only one that touches the catalogue. Everything else (listing lanes, download
workers, the committer) is given frozen values and answers through one inbox.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from smugsync.core.model import Account
from smugsync.errors import (
    SmugsyncError,
    SuspiciousPlan,
    Transient,
    Unreachable,
)
from smugsync.local.handles import Root
from smugsync.local.placement import Placed, Placement
from smugsync.records import dataclass
from smugsync.sync.context import Context, Durability, Read, Reading
from smugsync.sync.cycle import second_look
from smugsync.sync.cycle.feeder import Feeder
from smugsync.sync.cycle.listing import Listings
from smugsync.sync.cycle.meter import Metered
from smugsync.sync.cycle.planning import Planner
from smugsync.sync.cycle.recorder import Recorder
from smugsync.sync.cycle.settle import Settlement
from smugsync.sync.cycle.survey import (
    AlbumsConfirmed,
    AlbumsListed,
    AlbumsPage,
    Answered,
    Confirmed,
    FilesListed,
    FilesPage,
    FoldersListed,
    Knock,
    LimitsTold,
    ListingFailed,
    LookedAgain,
    Question,
    Survey,
)
from smugsync.sync.cycle.throttle import Throttle
from smugsync.sync.cycle.transfer import Abandoned, Examined, Faltered, Fetching, Job, Received, Transfer
from smugsync.sync.pool import Batcher, Crash, Crew, Inbox, Pool
from smugsync.sync.sending.courier import Checked, Delivered, Left, Unchecked, Undelivered
from smugsync.sync.sending.making import AlbumsMade
from smugsync.sync.sending.post import Post
from smugsync.sync.strangers import note_strangers

#: How long ending threads are waited for before the process leaves without them, in seconds.
GRACE = 0.8
#: After so many downloads in a row that broke off, the service is asked whether it is there; after ten
#: times as many the run gives up all the same.
STREAK = 24
#: So many jobs wait for a worker, so that none waits for this thread, which commits batches meanwhile.
AHEAD = 16
#: So many files are read at once to see what is in them: a disk with a head gains nothing by more.
READERS = 4


@dataclass(frozen=True, slots=True)
class Committed:
    """A batch the committer has dealt with, and what became of each item."""

    received: tuple[Received, ...]
    results: tuple[Placed | Exception, ...]


class Place(Protocol):
    """Makes sealed parts visible under their names: see `smugsync.local.placement.place`."""

    def __call__(
        self, root: Root, placements: Sequence[Placement], /, *, durability: Durability
    ) -> list[Placed | Exception]: ...


class Stage(Enum):
    LISTING = "listing"
    PROVING = "proving"
    ADOPTING = "reading what lies here"
    FINISHING = "finishing"


class Cycle:
    """The state of one run's message loop."""

    def __init__(
        self, context: Context, account: Account, throttle: Throttle, crew: Crew, place: Place
    ) -> None:
        self._ctx, self._account, self._throttle, self._place = context, account, throttle, place
        self._inbox: Inbox = crew.inbox()
        self._planner = Planner(context)
        self._settlement = Settlement(context, self._planner)
        self._feeder = Feeder(context)
        self._recorder = Recorder(context, self._feeder)
        self._stage = Stage.LISTING
        self._streak = 0
        self._survey = Survey(context.gallery, self._inbox.put, context.stop, uploads=context.uploads)
        self._post = Post(context, account, crew, self._inbox.put, self._ask)
        options = context.options
        self._meter = Metered(context.gallery)
        transfer = Transfer(
            self._meter,
            context.mirror,
            context.progress,
            context.stop,
            pauses=options.pauses,
            zone=options.zone,
            links=options.links,
            reserve=options.reserve,
            fetch=options.fetch,
        )
        self._lanes: Pool[Question] = crew.pool("list", options.lanes, self._survey, self._inbox.put)
        self._workers: Pool[Job] = crew.pool("fetch", self._throttle.ceiling, transfer, self._inbox.put)
        self._readers: Pool[Reading] = crew.pool("read", READERS, context.stock.read, self._inbox.put)
        self._committer: Batcher[Received] = crew.batcher(
            self._commit,
            self._inbox.put,
            lambda received: received.part.discard(),
            lambda received: received.found.size,
            stop=context.stop,
        )
        self._committing = 0
        self._listings = Listings(
            context,
            account,
            self._planner,
            self._settlement,
            ask=self._ask,
            moved=self._feeder.album_moved,
            outbox=self._post.outbox,
        )

    def _ask(self, question: Question) -> None:
        self._lanes.give(question)

    def run(self) -> None:
        try:
            self._ctx.progress.start("listing")
            if not self._ctx.scope.lists:  # what was planned is fetched; each address is asked for singly
                self._stage = Stage.FINISHING
            else:
                self._listings.begin()
            while not self._finished():
                self._ctx.stop.check()
                self._receive()
                self._ctx.progress.refresh()
            if self._post.trouble is not None:  # what could come down has come down
                raise self._post.trouble
        finally:
            self._close()

    # -- the loop ----------------------------------------------------------------------------------

    def _receive(self) -> None:
        try:
            message = self._inbox.get(timeout=0.1)
        except queue.Empty:
            return
        self._handle(message)
        for _ in range(256):  # whatever has come meanwhile, before the screen is drawn again
            try:
                message = self._inbox.get_nowait()
            except queue.Empty:
                return
            self._handle(message)

    def _finished(self) -> bool:
        """Feed what can be fed; True when nothing is left to wait for."""
        if not self._ctx.options.dry_run:
            self._feed()
            finishing = self._stage is Stage.FINISHING and not self._workers.busy
            self._post.feed(compared=finishing and not self._ctx.to_examine)
        if self._lanes.busy:
            return False
        if self._stage is Stage.LISTING:
            self._stage = Stage.PROVING
            for question in (*self._settlement.questions(self._account), *second_look.questions(self._ctx)):
                self._lanes.give(question)
            return self._finished()
        if self._stage is Stage.PROVING:
            self._settlement.apply()
            if self._ctx.scope.kind == "everything" and not self._ctx.options.dry_run:
                note_strangers(self._ctx)
            with self._ctx.catalogue.transaction():
                self._ctx.catalogue.release(self._ctx.run)
            self._ctx.progress.start(Stage.ADOPTING.value)
            self._stage = Stage.ADOPTING
        if self._stage is Stage.ADOPTING:
            if not self._has_stock():
                return False
            self._feeder.album_moved()
            self._ctx.planned = True
            self._stage = Stage.FINISHING
            return self._finished()
        if self._ctx.options.dry_run:
            report = self._ctx.report
            report.files_planned, report.bytes_planned = self._ctx.catalogue.planned_totals()
            return True
        return not self._workers.busy and not self._committing and not self._post.busy

    def _has_stock(self) -> bool:
        """Have what the stock wants to be read read; True when it needs nothing more."""
        stock = self._ctx.stock
        while True:
            while self._readers.busy < READERS and (reading := stock.next()) is not None:
                self._readers.give(reading)
            if self._readers.busy or stock.ready:
                return not self._readers.busy
            stock.advance()

    def _feed(self) -> None:
        if not self._ctx.stock.ready:
            return
        self._throttle.watch(self._meter.count, time.monotonic())
        limit = self._workers.width = self._throttle.limit
        while self._workers.busy < limit + AHEAD:
            try:
                job = self._feeder.next()
            except SuspiciousPlan:  # too little room, unless what is on its way needs less than it says
                if not self._workers.busy and not self._committing:
                    raise
                job = None
            if job is None:
                if self._workers.busy < limit:
                    self._throttle.starved()
                if not self._workers.busy:
                    self._committer.hurry()
                return
            self._give(job)

    def _give(self, job: Job) -> None:
        if isinstance(job, Fetching):
            self._ctx.report.files_planned += 1
            self._ctx.report.bytes_planned += job.file.promised.size or 0
        self._workers.give(job)

    def _handle(self, message: object) -> None:
        match message:
            case AlbumsPage() | FilesPage():
                self._survey.taken()
                self._listings.page(message)
            case Received() | Examined() | Faltered() | Abandoned():
                self._workers.done()
                self._outcome(message)
            case Read():
                self._readers.done()
                self._ctx.stock.take(message)
            case Checked() | Unchecked() | Delivered() | Undelivered() | Left():
                self._post.answer(message)
            case Committed():
                self._committing -= len(message.received)
                self._recorder.commit(message.received, message.results)
            case Crash():
                raise message.error
            case SmugsyncError():  # the whole run's trouble: no network, no grant, no disk
                raise message
            case _:
                self._lanes.done()
                self._answered(message)

    def _answered(self, answer: object) -> None:
        match answer:
            case FoldersListed() | AlbumsListed() | FilesListed() | ListingFailed():
                self._listings.answered(answer)
            case Confirmed():
                self._settlement.confirm(answer)
            case AlbumsConfirmed():
                self._settlement.confirm_albums(answer)
            case AlbumsMade():
                self._listings.homes_found(answer)
            case LookedAgain():
                second_look.settle(self._ctx, answer)
            case LimitsTold():
                self._post.told(answer.limits)
            case Answered():
                pass
            case _:
                raise TypeError(f"an answer nobody asked for: {answer!r}")

    # -- transfers ---------------------------------------------------------------------------------

    def _outcome(self, outcome: Received | Examined | Faltered | Abandoned) -> None:
        match outcome:
            case Received():
                self._streak = 0
                self._feeder.landed(outcome.job.row)
                placed = self._recorder.to_place(outcome)
                if placed is not None:
                    self._committing += 1
                    self._committer.give(placed)
            case Examined():
                self._examined(outcome)
            case Faltered():
                self._recorder.falter(outcome)
                if isinstance(outcome.job, Fetching) and isinstance(outcome.error, Transient):
                    self._count_streak(outcome.error)
            case Abandoned():
                self._feeder.release(outcome.job.row)

    def _examined(self, outcome: Examined) -> None:
        try:
            job = self._feeder.answer(outcome)
        except SuspiciousPlan:  # too little room: it stays planned, and has its turn when there is some
            if not self._workers.busy and not self._committing:
                raise
            return
        if job is not None:
            self._give(job)

    def _count_streak(self, error: Transient) -> None:
        """Bad luck with some files, or is there no service any more? That is asked before giving up."""
        self._throttle.trouble(time.monotonic())
        self._streak += 1
        if self._streak % STREAK == 0:
            self._lanes.give(Knock())
        if self._streak >= 10 * STREAK:
            raise Unreachable(f"{self._streak} downloads broke off in a row, the last because: {error}")

    def _commit(self, batch: list[Received]) -> Committed:
        placements = [Placement(r.part, r.job.path, r.job.expected, r.job.keep) for r in batch]
        results = self._place(self._ctx.mirror.root, placements, durability=self._ctx.options.durability)
        return Committed(tuple(batch), tuple(results))

    def _close(self) -> None:
        """End every thread. What the committer has placed already is recorded, the rest is given up."""
        deadline = time.monotonic() + GRACE
        self._committer.hurry()
        if self._workers.busy or self._lanes.busy or self._readers.busy or self._post.out:  # it ends early
            self._ctx.stop.set()
        self._workers.close(deadline)
        self._post.close(deadline)
        self._lanes.close(deadline)
        self._readers.close(deadline)
        self._committer.close(deadline)
        while True:
            try:
                message = self._inbox.get_nowait()
            except queue.Empty:
                return
            if isinstance(message, Committed):
                self._recorder.commit(message.received, message.results)
            elif isinstance(message, Received):
                message.part.discard()
            elif isinstance(message, Read):
                self._ctx.stock.take(message)
            elif isinstance(message, Delivered):
                self._post.answer(message)
