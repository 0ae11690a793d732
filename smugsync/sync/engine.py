"""Runs cycles: opens each with the account and its marker, closes it with a report that is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Container

from smugsync.catalogue import Catalogue
from smugsync.core.guard import CLOCKS_AGREE
from smugsync.core.lifecycle import State
from smugsync.core.model import Account
from smugsync.errors import (
    Garbled,
    Interrupted,
    ItemError,
    MirrorUnusable,
    SmugsyncError,
    SuspiciousPlan,
    Transient,
    Unreachable,
)
from smugsync.local.placement import place
from smugsync.local.shelves import stamp_of
from smugsync.local.tree import Mirror
from smugsync.progress import Progress
from smugsync.remote.gallery import Gallery
from smugsync.remote.uploads import Uploads
from smugsync.stop import Stop
from smugsync.sync import recovery
from smugsync.sync.context import Context, Options, Scope
from smugsync.sync.cycle.loop import Cycle, Place
from smugsync.sync.cycle.throttle import Throttle, first_limit
from smugsync.sync.pool import THREADS, Crew
from smugsync.sync.rehousing import Rehoused, rehouse
from smugsync.sync.report import Report
from smugsync.sync.retention import expire

#: Where the catalogue remembers when the last look at everything was complete (epoch seconds).
_LAST_FULL = "last_full"
#: A first run lists so many albums while the list of all of them is still asked for.
HEAD_START = 12
_DAY = 86_400
#: Where the catalogue remembers when our clock and the service's last agreed.
_AGREED = "clocks_agreed"


class Engine:
    """Runs one scope at a time. `now` is epoch seconds, `requests` counts, `round_trip` is in seconds.

    `service_time` is what the service's clock shows now, by its last answer; None = it has not said.
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        gallery: Gallery,
        mirror: Mirror,
        options: Options,
        progress: Progress,
        stop: Stop,
        now: Callable[[], float] = time.time,
        service_time: Callable[[], float | None] = lambda: None,
        requests: Callable[[], int] = lambda: 0,
        round_trip: Callable[[], float | None] = lambda: None,
        crew: Crew = THREADS,
        place: Place = place,
        uploads: Uploads | None = None,
    ) -> None:
        self._catalogue, self._gallery, self._mirror = catalogue, gallery, mirror
        self._options, self._progress, self._stop = options, progress, stop
        self._now, self._requests = now, requests
        self._crew, self._place, self._round_trip = crew, place, round_trip
        self._service_time, self._uploads = service_time, uploads

    def run(self, scope: Scope) -> Report:
        """One cycle over `scope`. What ends it early stands in the report; only bugs are raised."""
        return self.work(scope, self.cycle)

    def work(self, scope: Scope, body: Callable[[Context], None]) -> Report:
        """Do `body` as a run of its own: on the right mirror, after recovery, recorded with its report.

        What ends it early stands in the report; only bugs are raised.
        """
        report = Report(scope=str(scope))
        began, asked = time.monotonic(), self._requests()
        context = self._context(scope, self._begin(scope), report)
        try:
            recovery.check_marker(self._catalogue, self._mirror)
            recovery.check_mounts(context)
            recovery.recover(context)
            body(context)
            self._mirror.check_in_place()
        except SmugsyncError as error:
            self._stopped(report, error)
        report.requests = self._requests() - asked
        report.seconds = time.monotonic() - began
        try:
            self._end(context)
        except SmugsyncError as error:
            report.stop(error)
        return report

    def is_full_overdue(self, days: int) -> bool:
        """Was no look at everything complete for so many days?"""
        last = self._catalogue.recall(_LAST_FULL)
        # A time that is still to come was shown by a clock that was wrong.
        return last is None or not 0 <= self._now() - int(last) < days * _DAY

    def cycle(self, context: Context) -> None:
        """One cycle over the context's scope."""
        scope, dry_run = context.scope, self._options.dry_run
        is_first = self._catalogue.recall("account") is None
        account = self._whose(albums=HEAD_START if is_first and scope.is_whole else 0)
        self._tell_time(context)
        recovery.bind(self._catalogue, self._mirror, account, dry_run=dry_run)
        try:
            self._turn(context, account)
        except SuspiciousPlan:  # too little room: what has lain aside for long enough makes some
            self._expire(context)
            raise
        if context.report.complete and scope.kind == "everything" and not dry_run:
            with self._catalogue.transaction():
                self._catalogue.remember(_LAST_FULL, str(int(self._now())))
        self._expire(context)

    def _expire(self, context: Context) -> None:
        """At the end of a cycle over the account in which no listing failed."""
        whole = context.report.complete and context.scope.kind in ("everything", "delta")
        if whole and not self._options.dry_run:
            expire(context, self._service_time(), self._stop)  # the context's is set when a cycle ends early

    def migrate(self, context: Context) -> Rehoused:
        """Lead the mirror over to the account as this gallery shows it: see `rehouse`."""
        account = self._whose()
        self._tell_time(context)
        return rehouse(context, self._gallery, account)

    def fetch(self, context: Context, *, ask: bool = True) -> None:
        """Fetch what was planned in this run, and list nothing. Its scope is one that lists nothing.

        Without `ask` the service is not even asked whose account it shows: for what lies here already.
        """
        known = self._catalogue.recall
        account = self._whose() if ask else Account(known("nickname") or "", known("account") or "")
        if ask:
            self._tell_time(context)
            recovery.bind(self._catalogue, self._mirror, account)
        self._turn(context, account)

    def _turn(self, context: Context, account: Account) -> None:
        throttle = Throttle(fixed=self._options.downloads, start=first_limit(self._round_trip()))
        Cycle(context, account, throttle, self._crew, self._place).run()

    def _stopped(self, report: Report, error: SmugsyncError) -> None:
        report.stop(error)
        if isinstance(error, Interrupted):
            report.interrupt(self._stop.signal)
        elif isinstance(error, MirrorUnusable):
            try:  # a disk that went away answers like one that broke
                self._mirror.check_in_place()
            except SuspiciousPlan as absent:
                report.stop(absent)

    def _tell_time(self, context: Context) -> None:
        """What time it is at the service; and what is set aside is kept by the time in its name: where the
        clocks disagree, by the service's."""
        ours, theirs = self._now(), self._service_time()
        context.asked_at = self._service_now()
        if theirs is None:
            return
        agree = abs(theirs - ours) <= CLOCKS_AGREE
        context.stamp = stamp_of(ours if agree else theirs)
        if agree:
            with self._catalogue.transaction():
                self._catalogue.remember(_AGREED, str(int(min(ours, theirs))))

    def _service_now(self) -> float:
        theirs = self._service_time()
        return self._now() if theirs is None else theirs

    def _present(self) -> float:
        """Our clock's time, or what two clocks have shown already: if ours is behind that, it is wrong."""
        return max(self._now(), float(self._catalogue.recall(_AGREED) or 0))

    def _whose(self, *, albums: int = 0) -> Account:
        """The account. What is one item's trouble elsewhere is the whole run's here."""
        try:
            return self._gallery.account(albums=albums)
        except (Transient, Garbled) as error:
            raise Unreachable(str(error)) from error

    def _begin(self, scope: Scope) -> int:
        with self._catalogue.transaction():
            return self._catalogue.begin_run(str(scope), int(self._now()))

    def _count_failed(self, scope: Scope, listed: Container[int]) -> int:
        """Only where a person wants the files, and the service shows them; and only if it was asked."""
        failed = self._catalogue.count_failed() if scope.lists else {}
        wanted = 0
        for album_id, n in failed.items():
            album = self._catalogue.album(album_id)
            in_scope = scope.kind != "albums" or album_id in listed
            if in_scope and album.state == "listed" and self._options.selects(album.url_path):
                wanted += n
        return wanted

    def _end(self, context: Context) -> None:
        report, scope = context.report, context.scope
        counts = self._catalogue.count()
        report.files_held = sum(n for state, (n, _) in counts.items() if state in ("committed", "retired"))
        report.bytes_held = sum(
            size for state, (_, size) in counts.items() if state in ("committed", "retired")
        )
        report.withheld = self._catalogue.count_withheld()
        report.files_withheld = sum(report.withheld.values())
        report.source_files = self._catalogue.count_source_files()
        report.files_failed = self._count_failed(scope, context.listed)
        report.files_damaged = self._catalogue.count_damaged()
        report.files_unproven = self._catalogue.count_unproven()
        report.files_unpromised = self._catalogue.count_unpromised()
        uploads = self._catalogue.count_uploads()
        report.files_in_doubt = uploads.get(State.IN_DOUBT, 0) + uploads.get(State.SENDING, 0)
        report.files_unsent = uploads.get(State.FAILED, 0) + uploads.get(State.QUARANTINED, 0)
        report.files_local = sum(self._catalogue.count_local().values())
        unsent = self._options.sending is not None and (report.files_unsent or report.files_in_doubt)
        if scope.judges and (report.files_failed or report.files_damaged or unsent):
            report.codes.add(ItemError.exit_code)
        with self._catalogue.transaction(durable=True):
            self._catalogue.end_run(
                context.run,
                now=int(self._now()),
                exit_code=report.exit_code,
                summary=json.dumps(report.as_json()),
            )

    def _context(self, scope: Scope, run: int, report: Report) -> Context:
        return Context(
            catalogue=self._catalogue,
            gallery=self._gallery,
            mirror=self._mirror,
            options=self._options,
            progress=self._progress,
            stop=self._stop.child(),
            now=self._now,
            scope=scope,
            run=run,
            report=report,
            stamp=stamp_of(self._present()),
            service_now=self._service_now,
            uploads=self._uploads,
        )
