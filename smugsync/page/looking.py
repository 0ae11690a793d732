"""Where the facts come from: the catalogue, read over a connection of its own each time.

To count a million rows takes a second or more, and somebody may ask every few seconds. So sums are kept as
long as the catalogue's files stay as they are, and else for a while that grows with what counting costs.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from smugsync.catalogue import AlbumRow, RunRow, join
from smugsync.catalogue.glance import Glance, glanced
from smugsync.core.lifecycle import State
from smugsync.core.naming import fold
from smugsync.daemon.standing import Standing
from smugsync.errors import SmugsyncError
from smugsync.page.facts import AlbumLine, AlbumPage, Facts, Run, Subject, Totals, Trouble

#: Albums on one page, troubles and runs that are shown.
ALBUMS: Final = 200
TROUBLES: Final = 20
RUNS: Final = 10
#: Counting may take up to one part in so many of the time.
_SHARE = 20
#: Sums are at least so fresh once something changed, in seconds, if counting is quick.
_FRESH = 1.0

_BAD = (State.FAILED, State.QUARANTINED)


class Look:
    """At one profile; any thread may ask. `clock` never goes back."""

    def __init__(self, subject: Subject, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.subject = subject
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: tuple[Any, ...] | None = None
        self._until = 0.0
        self._counted: tuple[Totals, Sequence[Trouble]] | None = None

    def facts(self, standing: Standing, *, query: str = "", page: int = 1, albums: int = ALBUMS) -> Facts:
        """Never raises: what is wrong with the catalogue is a fact too. `albums`: so many a page."""
        try:
            with glanced(self.subject.catalogue) as glance:
                if glance is None:
                    return Facts(self.subject, standing)
                totals, troubles = self._count(glance)
                return Facts(
                    self.subject,
                    standing,
                    totals=totals,
                    runs=[_run(row) for row in glance.runs(limit=RUNS)],
                    troubles=troubles,
                    albums=_albums(glance, query, page, albums) if albums else AlbumPage(),
                )
        except SmugsyncError as error:
            return Facts(self.subject, standing, unknown=str(error))

    def _count(self, glance: Glance) -> tuple[Totals, Sequence[Trouble]]:
        """What takes a look at every row."""
        with self._lock:
            began = self._clock()
            seen = _signature(self.subject.catalogue)
            if self._counted is not None and (seen == self._seen or began < self._until):
                return self._counted
            self._counted = _totals(glance), _troubles(glance)
            ended = self._clock()
            self._seen = seen
            self._until = ended + max(_FRESH, (ended - began) * _SHARE)
            return self._counted


def _signature(path: Path) -> tuple[Any, ...]:
    """Changes whenever something was written."""
    found: list[Any] = []
    for name in (path, path.with_name(f"{path.name}-wal")):
        try:
            status = name.stat()
            found += [status.st_ino, status.st_size, status.st_mtime_ns]
        except FileNotFoundError:
            found.append(None)
    return tuple(found)


def _totals(glance: Glance) -> Totals:
    albums = glance.count_albums()
    local = glance.count_local()
    oldest, _ = glance.oldest_proof()
    return Totals(
        nickname=glance.recall("nickname") or "",
        albums=albums.get("listed", 0) + albums.get("frozen", 0),
        albums_unreadable=albums.get("frozen", 0),
        albums_gone=albums.get("gone", 0),
        states=glance.count(),
        sending=glance.count_uploads(),
        damaged=glance.count_damaged(),
        unproven=glance.count_unproven(),
        conflicts=local.get("diverged", 0),
        edits=glance.count_open_edits(),
        local=local.get("local", 0),
        oldest_proof=oldest,
        last_good=glance.last_good(),
    )


def _run(row: RunRow) -> Run:
    """What another version wrote into the summary may have other keys."""
    try:
        summary = json.loads(row.summary or "{}")
    except (ValueError, RecursionError):
        summary = {}

    def number(*keys: str) -> int:
        found = (summary.get(key) for key in keys) if isinstance(summary, dict) else ()
        return sum(one for one in found if isinstance(one, int))

    error = summary.get("error") if isinstance(summary, dict) else None
    return Run(
        row.scope,
        row.started_at,
        row.finished_at,
        row.exit_code,
        fetched=number("files_downloaded"),
        fetched_bytes=number("bytes_downloaded"),
        sent=number("files_sent"),
        failed=number("files_failed", "files_unsent"),
        error=error if isinstance(error, str) else "",
    )


def _troubles(glance: Glance) -> list[Trouble]:
    found = [
        Trouble(join(album.directory, row.name), row.state.value, row.reason, row.retry_at)
        for album, row in glance.troubled(limit=TROUBLES)
    ]
    found.sort(key=lambda one: one.state == State.WITHHELD)  # there is least to be done about those
    unsent = glance.unsent(limit=TROUBLES - len(found))
    return found + [
        Trouble(path, "not sent" if state is State.FAILED else "refused", why, due)
        for path, state, why, due in unsent
    ]


def _albums(glance: Glance, query: str, page: int, size: int) -> AlbumPage:
    word = fold(query.strip())
    rows, total = glance.some_albums(word, skip=(max(1, page) - 1) * size, limit=size)
    counts = glance.count_in(row.id for row in rows)
    return AlbumPage(
        [_album(row, counts.get(row.id, {})) for row in rows],
        total,
        max(1, page),
        max(1, -(-total // size)),
        query.strip(),
    )


def _album(row: AlbumRow, counts: dict[State, tuple[int, int]]) -> AlbumLine:
    def files(*states: State) -> int:
        return sum(counts.get(state, (0, 0))[0] for state in states)

    held = (State.COMMITTED, State.RETIRED)
    return AlbumLine(
        row.name,
        row.directory,
        row.state,
        row.reason,
        held=files(*held),
        size=sum(counts.get(state, (0, 0))[1] for state in held),
        gone=files(State.RETIRED),
        waiting=files(State.PLANNED),
        failing=files(*_BAD),
        withheld=files(State.WITHHELD),
    )
