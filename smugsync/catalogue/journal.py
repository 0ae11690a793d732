"""What every run did: runs, and the single changes that `history` shows and `undo` takes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from sqlite3 import Connection

from smugsync.catalogue.database import Database
from smugsync.catalogue.rows import ChangeRow, RunRow, values_of
from smugsync.records import replace

_COLUMNS = tuple(f.name for f in fields(ChangeRow))
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM change"
_SELECT_RUN = "SELECT id, scope, started_at, finished_at, exit_code, summary FROM run"
_INSERT = f"INSERT INTO change ({', '.join(_COLUMNS[1:])}) VALUES ({', '.join('?' * len(_COLUMNS[1:]))})"


class Journal(Database):
    """Changes are noted as they happen and written by the next transaction, together with their rows."""

    def __init__(self, connection: Connection, path: Path) -> None:
        super().__init__(connection, path)
        self._noted: list[ChangeRow] = []

    def begin_run(self, scope: str, now: int) -> int:
        cursor = self._db.execute("INSERT INTO run (scope, started_at) VALUES (?, ?)", (scope, now))
        return cursor.lastrowid or 0

    def end_run(self, run: int, *, now: int, exit_code: int, summary: str) -> None:
        self._db.execute(
            "UPDATE run SET finished_at = ?, exit_code = ?, summary = ? WHERE id = ?",
            (now, exit_code, summary, run),
        )

    def last_run(self) -> RunRow | None:
        """The newest run, None if there is none."""
        row = self._first(f"{_SELECT_RUN} ORDER BY id DESC LIMIT 1")
        return None if row is None else RunRow(*row)

    def last_look(self) -> RunRow | None:
        """The newest run that looked after the mirror; what a person wished for beside that is none."""
        row = self._first(
            f"{_SELECT_RUN} WHERE scope NOT LIKE 'resolve %' AND scope NOT LIKE 'undo %'"
            " AND scope NOT LIKE 'trash %' ORDER BY id DESC LIMIT 1"
        )
        return None if row is None else RunRow(*row)

    def run(self, run: int) -> RunRow | None:
        row = self._first(f"{_SELECT_RUN} WHERE id = ?", (run,))
        return None if row is None else RunRow(*row)

    def runs(self, *, since: int = 0, limit: int = -1) -> list[RunRow]:
        """Runs that began at `since` (epoch seconds) or later, the newest first."""
        rows = self._read(f"{_SELECT_RUN} WHERE started_at >= ? ORDER BY id DESC LIMIT ?", (since, limit))
        return [RunRow(*row) for row in rows]

    def note(self, change: ChangeRow) -> None:
        """Noted now, written with the transaction that is open, or with the next one."""
        self._noted.append(change)

    def changes(
        self,
        *,
        run: int | None = None,
        album_id: int | None = None,
        path: str | None = None,
        key: str | None = None,
        since: int = 0,
        limit: int = -1,
    ) -> Iterator[ChangeRow]:
        """Changes of one run, of one album, of what lies or lay at or below `path`, or all; the newest first.

        With a `key` beside the `path`, also those of this photo under any other name.
        """
        rows = self._read(
            f"{_SELECT} WHERE (?1 IS NULL OR run = ?1) AND (?2 IS NULL OR album_id = ?2) AND at >= ?3"
            " AND (?4 IS NULL OR path = ?4 OR was = ?4 OR (path > ?4 || '/' AND path < ?4 || '0')"
            " OR (was > ?4 || '/' AND was < ?4 || '0') OR key = ?5)"
            " ORDER BY id DESC LIMIT ?6",
            (run, album_id, since, path, key, limit),
        )
        for row in rows:
            yield ChangeRow(*row)

    def taken_back_by(self, change: int) -> ChangeRow | None:
        """The last change that took the change with this id back, None if none did."""
        row = self._first(f"{_SELECT} WHERE undoes = ? ORDER BY id DESC LIMIT 1", (change,))
        return None if row is None else ChangeRow(*row)

    def was_killed(self, scope: str, *, besides: int) -> bool:
        """Did a run of this `scope` never come to its end? The run `besides` does not count."""
        query = "SELECT 1 FROM run WHERE scope = ? AND finished_at IS NULL AND id <> ? LIMIT 1"
        return self._first(query, (scope, besides)) is not None

    def set_aside(self) -> dict[str, ChangeRow]:
        """The changes that set bytes aside, by where those lie."""
        rows = self._read(f"{_SELECT} WHERE was LIKE '%.smugsync/%'")
        return {change.was: change for change in (ChangeRow(*row) for row in rows)}

    def taken_back(self, run: int) -> dict[int, int]:
        """Which changes of `run` (ids) were taken back, and by which later run."""
        rows = self._read(
            "SELECT undone.id, later.run FROM change undone JOIN change later ON later.undoes = undone.id"
            " WHERE undone.run = ? ORDER BY later.id",
            (run,),
        )
        return {int(change): int(later) for change, later in rows}

    def times_done(self, what: str, *, since: int, after: int) -> int:
        """How often `what` was done since then (epoch s), in runs after `after`."""
        query = "SELECT count(*) FROM change WHERE what = ? AND at >= ? AND run > ?"
        return int(self._first(query, (what, since, after))[0])

    def left(self, *, since: int, after: int) -> dict[int | None, int]:
        """How many files have gone to the trash since then (epoch s), in runs after `after`, by album id.

        None stands for albums that are no more. What was taken back does not count.
        """
        rows = self._read(
            "SELECT album_id, count(*) FROM change WHERE what = 'trashed' AND at >= ?1"
            " AND run IN (SELECT id FROM run WHERE id > ?2 AND coalesce(finished_at, started_at) >= ?1)"
            " AND NOT EXISTS (SELECT 1 FROM change later WHERE later.undoes = change.id) GROUP BY album_id",
            (since, after),
        )
        return {None if album_id is None else int(album_id): int(n) for album_id, n in rows}

    def count_changes(self, runs: list[int]) -> dict[int, dict[str, int]]:
        """For each of `runs` what was done how often."""
        counts: dict[int, dict[str, int]] = {run: {} for run in runs}
        for run in runs:
            rows = self._read("SELECT what, count(*) FROM change WHERE run = ? GROUP BY what", (run,))
            counts[run] = {str(what): int(n) for what, n in rows}
        return counts

    def forget_runs(self, *, before: int) -> None:
        """Runs that ended before `before` (epoch seconds), with their changes; never the newest.

        One that was killed counts from its beginning.
        """
        self._db.execute(
            "DELETE FROM run WHERE coalesce(finished_at, started_at) < ? AND id < (SELECT max(id) FROM run)",
            (before,),
        )

    def orphan(self, album_id: int) -> None:
        """The album is no more: what is noted of it and not written yet names none, as what was written."""
        self._noted = [
            replace(change, album_id=None) if change.album_id == album_id else change
            for change in self._noted
        ]

    def _before_commit(self) -> None:
        super()._before_commit()
        noted = self._noted
        if noted:
            self._db.executemany(_INSERT, [values_of(change, _COLUMNS) for change in noted])

    def _after_commit(self) -> None:
        super()._after_commit()
        self._noted.clear()
