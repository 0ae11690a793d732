"""What the ledger knows of files on their way out, and of what must never go out by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from smugsync.catalogue.database import Database
from smugsync.catalogue.rows import nonsense, one_of, upsert, values_of
from smugsync.core.lifecycle import Event, State, advance
from smugsync.core.model import Fingerprint
from smugsync.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class UploadRow:
    """A file on its way out; columns of `upload` in schema.sql. `id` 0 = not stored yet."""

    id: int
    album_id: int
    path: str
    file_id: int | None
    state: State
    size: int
    mtime_ns: int
    md5: str | None = None
    key: str = ""
    sent_at: int | None = None
    looks: int = 0
    reason: str = ""
    attempts: int = 0
    retry_at: int | None = None

    @property
    def fingerprint(self) -> Fingerprint:
        return Fingerprint(self.size, self.mtime_ns)

    def on(self, event: Event, **changes: Any) -> UploadRow:
        """The row after `event`. A reason or time to retry lasts only as long as the state it explains."""
        state = advance(self.state, event)
        if state is not self.state:
            changes = {"reason": "", "retry_at": None} | changes
        return replace(self, state=state, **changes)


_COLUMNS = tuple(f.name for f in fields(UploadRow))
_SELECT = f"SELECT {', '.join('upload.' + c for c in _COLUMNS)} FROM upload"
_STATE = _COLUMNS.index("state")
_INSERT, _UPDATE = upsert("upload", _COLUMNS)


def _upload_row(values: Any) -> UploadRow:
    row = list(values)
    row[_STATE] = one_of(State, row[_STATE])
    return UploadRow(*row)


class Uploads(Database):
    """The engine's thread only, like all of the ledger."""

    def upload(self, path: str) -> UploadRow | None:
        values = self._first(f"{_SELECT} WHERE path = ?", (path,))
        return None if values is None else _upload_row(values)

    def upload_instead_of(self, file_id: int) -> UploadRow | None:
        """The edit that is to replace a photo (its row's id)."""
        values = self._first(f"{_SELECT} WHERE file_id = ?", (file_id,))
        return None if values is None else _upload_row(values)

    def is_under_way(self, album_id: int, md5: str) -> bool:
        """May these bytes have arrived in the album by an upload whose end is unknown?"""
        query = "SELECT 1 FROM upload WHERE album_id = ? AND md5 = ? AND state IN ('sending', 'in_doubt')"
        return self._first(query, (album_id, md5)) is not None

    def upload_by_id(self, upload_id: int) -> UploadRow | None:
        values = self._first(f"{_SELECT} WHERE id = ?", (upload_id,))
        return None if values is None else _upload_row(values)

    def uploads(self, album_id: int | None = None) -> list[UploadRow]:
        """Of one album, or of all, in the order in which they began."""
        rows = self._read(f"{_SELECT} WHERE ?1 IS NULL OR album_id = ?1 ORDER BY id", (album_id,))
        return [_upload_row(values) for values in rows]

    def outgoing_paths(self) -> list[str]:
        """Where everything lies that is on its way out, or waits for it."""
        return [str(row[0]) for row in self._read("SELECT path FROM upload UNION SELECT path FROM routed")]

    def open_uploads(self) -> dict[int, int]:
        """How many there are whose end is unknown, by album id."""
        rows = self._read(
            "SELECT album_id, count(*) FROM upload WHERE state IN ('sending', 'in_doubt') GROUP BY album_id"
        )
        return {int(album_id): int(n) for album_id, n in rows}

    def unsent(self, *, limit: int) -> list[tuple[str, State, str, int | None]]:
        """Files that the service did not take: path, state, reason, and when to try again (epoch seconds)."""
        rows = self._read(
            "SELECT path, state, reason, retry_at FROM upload WHERE state IN ('failed', 'quarantined')"
            " ORDER BY id LIMIT ?",
            (limit,),
        )
        return [(str(path), one_of(State, state), str(why), due) for path, state, why, due in rows]

    def count_uploads(self) -> dict[State, int]:
        rows = self._read("SELECT state, count(*) FROM upload GROUP BY state")
        return {one_of(State, state): int(n) for state, n in rows}

    def put_upload(self, row: UploadRow) -> UploadRow:
        """Store `row`; a new one (id 0) comes back with its id."""
        values = values_of(row, _COLUMNS)
        if row.id:
            self._db.execute(_UPDATE, (*values, row.id))
            return row
        cursor = self._db.execute(_INSERT, values)
        return replace(row, id=cursor.lastrowid or 0)

    def drop_upload(self, upload_id: int) -> None:
        self._db.execute("DELETE FROM upload WHERE id = ?", (upload_id,))

    def drop_uploads(self, album_id: int) -> None:
        """All to one album."""
        self._db.execute("DELETE FROM upload WHERE album_id = ?", (album_id,))

    def restart_uploads(self) -> None:
        """Those that an earlier process was sending: nobody knows how they ended."""
        self._db.execute(
            "UPDATE upload SET state = ? WHERE state = ?",
            (advance(State.SENDING, Event.RESTART), State.SENDING),
        )

    # -- what may go out by itself -----------------------------------------------------------------

    def fresh_files(self, directory: str | None = None) -> Iterator[tuple[str, Fingerprint, str | None]]:
        """A person's own files that appeared while uploads were on: path, stat, MD5 if known."""
        yield from self._own_files(directory, fresh=True)

    def older_files(self, directory: str) -> Iterator[tuple[str, Fingerprint, str | None]]:
        """A person's own files in and below `directory`, however old."""
        yield from self._own_files(directory, fresh=False)

    def _own_files(
        self, directory: str | None, *, fresh: bool
    ) -> Iterator[tuple[str, Fingerprint, str | None]]:
        below, end = (directory + "/", directory + "0") if directory else ("", "\U0010ffff" * 2)
        rows = self._read(
            "SELECT path, size, mtime_ns, md5 FROM local_file WHERE why = 'local' AND fresh >= ?"
            " AND path >= ? AND path < ? ORDER BY path",
            (int(fresh), below, end),
        )
        for path, size, mtime_ns, md5 in list(rows):
            yield path, Fingerprint(size, mtime_ns), md5

    def forget_freshness(self) -> None:
        """From here on only what appears anew is sent by itself."""
        self._db.execute("UPDATE local_file SET fresh = 0 WHERE fresh <> 0")

    def is_withdrawn(self, md5: str) -> bool:
        """Was a photo of these bytes deleted online?"""
        row = self._first(
            "SELECT 1 FROM withdrawn WHERE md5 = ?1"
            " UNION ALL SELECT 1 FROM file WHERE held_md5 = ?1 AND state = 'retired' LIMIT 1",
            (md5,),
        )
        return row is not None

    def withdraw(self, file_ids: Iterable[int], *, at: int) -> None:
        """Photos (rows' ids) that are gone on both sides: their bytes never go back up by themselves."""
        self._db.executemany(
            "INSERT OR IGNORE INTO withdrawn SELECT held_md5, ? FROM file"
            " WHERE id = ? AND held_md5 IS NOT NULL",
            [(at, file_id) for file_id in file_ids],
        )

    def holder(self, album_id: int, md5: str) -> str | None:
        """The name of a photo of this album that has these bytes, None if there is none."""
        row = self._first(
            "SELECT name FROM file WHERE album_id = ? AND (held_md5 = ?2 OR promised_md5 = ?2)"
            " AND state <> 'retired' LIMIT 1",
            (album_id, md5),
        )
        return None if row is None else str(row[0])

    # -- drop folders ------------------------------------------------------------------------------

    def route(self, path: str, keywords: Iterable[str]) -> None:
        """A file of a drop folder is about to get its name in the mirror."""
        self._db.execute("INSERT OR REPLACE INTO routed VALUES (?, ?)", (path, json.dumps(list(keywords))))

    def keywords_of(self, path: str) -> tuple[str, ...]:
        """Raises CatalogueError for what `route` never wrote."""
        row = self._first("SELECT keywords FROM routed WHERE path = ?", (path,))
        try:
            return () if row is None else tuple(map(str, json.loads(row[0])))
        except (ValueError, TypeError, RecursionError) as error:
            raise nonsense("keywords", row[0]) from error

    def drop_route(self, path: str) -> None:
        self._db.execute("DELETE FROM routed WHERE path = ?", (path,))
