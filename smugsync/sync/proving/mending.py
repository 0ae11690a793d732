"""What an audit found damaged or missing is fetched again; the bad bytes stay in `.smugsync/damaged/`.

A photo that also sits in another album is taken from there, once that copy has been read and found right:
a second name of the same file has the same bad bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from smugsync.catalogue import FileRow
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Evidence
from smugsync.core.reconcile import ACCOUNTS_OWN
from smugsync.core.verdict import Verdict
from smugsync.records import replace
from smugsync.sync.context import Context
from smugsync.sync.proving.audit import Audit
from smugsync.sync.proving.findings import Finding
from smugsync.sync.proving.renames import follow_renames

_BAD = (Verdict.DAMAGED, Verdict.MISSING, Verdict.SPOILT)
_RETRY = {State.FAILED: Event.DUE, State.QUARANTINED: Event.RELEASE}


class Fetch(Protocol):
    """Fetches what was planned in this run: see `Engine.fetch`."""

    def __call__(self, context: Context, /, *, ask: bool) -> None: ...


class Hopeless(Exception):
    """It cannot be mended from the account; the message says why. `ever`: nor will it be one day."""

    def __init__(self, why: str, *, ever: bool) -> None:
        super().__init__(why)
        self.ever = ever


class Mending:
    """Mends what `audit` has found wrong. `helpless` holds what was not, with the reason, by row id; `lost`
    are those of them (row ids) that the account will never mend."""

    def __init__(self, context: Context, audit: Audit, fetch: Fetch) -> None:
        self._ctx, self._audit, self._fetch = context, audit, fetch
        self.mended = 0
        self.replaced = 0  #: other bytes came than those that were held: nobody has these any more
        self._before: dict[int, FileRow] = {}
        self.helpless: dict[int, str] = {}
        self.lost: set[int] = set()

    def run(self) -> None:
        """Raises what fetching raises; what was mended until then stays mended."""
        self._follow_renames()
        self._look_at_copies()
        bad = [finding.row for finding in self._bad()]
        try:
            near, far = self._plan(bad)
            for rows, ask in ((near, False), (far, True)):
                if rows:
                    with self._ctx.catalogue.transaction():
                        self._ctx.catalogue.put(rows)
                    self._ctx.planned = True
                    self._fetch(self._ctx, ask=ask)
        finally:
            self._conclude(bad)

    def _bad(self) -> list[Finding]:
        return [finding for finding in self._audit.found.wrong.values() if finding.verdict in _BAD]

    def _follow_renames(self) -> None:
        wrong = self._audit.found.wrong
        missing = [finding.row for finding in wrong.values() if finding.verdict is Verdict.MISSING]
        for row_id in follow_renames(self._ctx, missing):
            del wrong[row_id]
            self.mended += 1

    def _look_at_copies(self) -> None:
        """Copies of what is bad are proven first, those that this audit has not come by."""
        catalogue = self._ctx.catalogue
        doubtful: dict[int, FileRow] = {}
        for finding in self._bad():
            row = catalogue.file(finding.row)
            if row is None or row.held_version is None:
                continue
            for copy in catalogue.copies(row.key, row.held_version, besides=row.id):
                if (copy.verified_at or 0) < self._audit.began and copy.id not in self._audit.found.wrong:
                    doubtful[copy.id] = copy
        if doubtful:
            self._audit.look_at(doubtful.values())

    # -- planning ----------------------------------------------------------------------------------

    def _plan(self, bad: Iterable[int]) -> tuple[list[FileRow], list[FileRow]]:
        """The rows to fetch: those with a good copy here, and the others."""
        near: list[FileRow] = []
        far: list[FileRow] = []
        for row_id in bad:
            row = self._ctx.catalogue.file(row_id)
            if row is None:
                continue
            try:
                planned = self._planned(row)
            except Hopeless as error:
                self.helpless[row_id] = str(error)
                if error.ever:
                    self.lost.add(row_id)
                continue
            (near if self._has_copy(planned) else far).append(planned)
        return near, far

    def _planned(self, row: FileRow) -> FileRow:
        """The row, to be fetched in this run. Raises Hopeless."""
        missing = self._audit.found.wrong[row.id].verdict is Verdict.MISSING
        self._check(row, missing=missing)
        self._before[row.id] = row
        addressless = {"source": None, "source_run": self._ctx.run}
        if row.state is State.COMMITTED:
            return row.on(Event.LOSE if missing else Event.DAMAGE, **addressless)
        if row.state is State.PLANNED:
            return replace(row, source=None, source_run=self._ctx.run)
        return row.on(_RETRY[row.state], **addressless)

    def _check(self, row: FileRow, *, missing: bool) -> None:
        album = self._ctx.catalogue.album(row.album_id)
        if row.state is State.RETIRED or album.state == "gone":
            raise Hopeless("the photo is gone online: there is nothing to fetch", ever=True)
        if album.state == "frozen":
            raise Hopeless(f"its album cannot be read online now ({album.reason})", ever=False)
        if row.state is State.WITHHELD:
            raise Hopeless(f"the service withholds it ({row.reason})", ever=False)
        if row.local_md5 is not None and not missing:
            raise Hopeless("it was edited here, and the account never had the edit", ever=True)
        if not missing and Evidence(row.evidence or Evidence.UNPROVEN) not in ACCOUNTS_OWN:
            why = "the account has only what the service made of this file, with other bytes"
            raise Hopeless(why, ever=True)

    def _has_copy(self, row: FileRow) -> bool:
        """Does another album hold this version, proven by this audit?"""
        copies = self._ctx.catalogue.copies(row.key, row.version, besides=row.id)
        return any((copy.verified_at or 0) >= self._audit.began and self._stands(copy) for copy in copies)

    def _stands(self, copy: FileRow) -> bool:
        return copy.id not in self._audit.found.wrong and copy.evidence in ACCOUNTS_OWN

    # -- the end -----------------------------------------------------------------------------------

    def _conclude(self, bad: Iterable[int]) -> None:
        for row_id in bad:
            if row_id in self.helpless:
                continue
            row = self._ctx.catalogue.file(row_id)
            if row is not None and row.state is State.COMMITTED and row.damaged_at is None:
                verdict = self._audit.found.wrong.pop(row_id).verdict
                if self._is_other(row, missing=verdict is Verdict.MISSING):
                    self.replaced += 1
                else:
                    self.mended += 1
            else:
                reason = "" if row is None else row.reason
                self.helpless[row_id] = reason or "not fetched yet: the next sync tries it"

    def _is_other(self, row: FileRow, *, missing: bool) -> bool:
        """Did other bytes come than those that were held, and was no newer version what was asked for?

        Where nothing is promised, what comes may be anything.
        """
        before = self._before[row.id]
        return before.held_md5 != row.held_md5 and (missing or before.held_version == row.held_version)
