"""The body of a run that proves held files, and mends them if that was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable

from smugsync.catalogue import Catalogue
from smugsync.core.verdict import Verdict
from smugsync.errors import ItemError
from smugsync.sync.context import Context
from smugsync.sync.cycle.choosing import choose
from smugsync.sync.pool import THREADS, Crew
from smugsync.sync.proving.audit import Audit, Wish
from smugsync.sync.proving.mending import Fetch, Mending


class Verification:
    """For `Engine.work`, with a scope of kind `verify`, or `repair` if there is a `fetch`.

    Without one nothing is asked of the service. Afterwards `audit` and `mending` hold what came of it, as
    far as it came; `mending` is None if nothing had to be mended or nobody asked for it.
    """

    def __init__(
        self,
        wish: Wish,
        *,
        fetch: Fetch | None = None,
        crew: Crew = THREADS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wish, self._fetch, self._crew, self._clock = wish, fetch, crew, clock
        self.audit: Audit | None = None
        self.mending: Mending | None = None

    def __call__(self, context: Context) -> None:
        """Raises UsageError for albums that are not known, else as `Audit.run` and `Mending.run` do."""
        albums = chosen(context.catalogue, context.scope.albums)
        self.audit = Audit(context, self._wish, crew=self._crew, clock=self._clock)
        try:
            self.audit.run(albums)
            if self._fetch is not None and self.audit.found.wrong:
                self.mending = Mending(context, self.audit, self._fetch)
                self.mending.run()
        finally:
            self._tell(context, self.audit)

    def _tell(self, context: Context, audit: Audit) -> None:
        report, found = context.report, audit.found
        helpless = {} if self.mending is None else self.mending.helpless
        report.files_proven = sum(found.verdicts[v] for v in (Verdict.RIGHT, Verdict.TOUCHED, Verdict.EDITED))
        report.bytes_proven = found.bytes_proven
        for finding in found.wrong.values():
            code = 0 if finding.verdict is Verdict.BUSY else ItemError.exit_code
            reason = helpless.get(finding.row)
            if reason is not None:
                report.trouble(finding.path, f"not mended: {reason}", code=code)
            elif finding.verdict in (Verdict.BUSY, Verdict.UNREADABLE):
                report.trouble(finding.path, finding.reason, code=code)
            else:  # told as a change, or known since an earlier run
                report.codes.add(code)


def chosen(catalogue: Catalogue, names: tuple[str, ...]) -> list[int] | None:
    """The ids of the recorded albums that a person named, None for all. Raises UsageError."""
    if not names:
        return None
    rows = {row.key: row for row in catalogue.albums()}
    return [rows[album.key].id for album in choose(names, [row.album() for row in rows.values()])]
