"""What is asked of the ledger, and what is written into it: one method per question."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import Any

from smugsync.catalogue.database import Database
from smugsync.catalogue.rows import AlbumRow, FileRow, RunRow
from smugsync.core.lifecycle import State
from smugsync.core.model import Fingerprint

_FILE_COLUMNS = tuple(f.name for f in fields(FileRow))
_ALBUM_COLUMNS = tuple(f.name for f in fields(AlbumRow))
_SELECT_FILE = f"SELECT {', '.join('file.' + c for c in _FILE_COLUMNS)} FROM file"
_SELECT_ALBUM = f"SELECT {', '.join(_ALBUM_COLUMNS)} FROM album"


def _upsert(table: str, columns: tuple[str, ...]) -> tuple[str, str]:
    names = columns[1:]
    insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    update = f"UPDATE {table} SET {', '.join(f'{n} = ?' for n in names)} WHERE id = ?"
    return insert, update


_INSERT_FILE, _UPDATE_FILE = _upsert("file", _FILE_COLUMNS)
_INSERT_ALBUM, _UPDATE_ALBUM = _upsert("album", _ALBUM_COLUMNS)


def _values(row: AlbumRow | FileRow, columns: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in columns[1:])


def _file_row(values: tuple[Any, ...]) -> FileRow:
    row = list(values)
    row[5] = State(row[5])
    return FileRow(*row)


class Catalogue(Database):
    """The ledger. Open with `Catalogue.open`; only the engine's thread touches one that it works on."""

    # -- facts -----------------------------------------------------------------------------------

    def recall(self, key: str) -> str | None:
        row = self._first("SELECT value FROM meta WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    def remember(self, key: str, value: str) -> None:
        self._db.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    # -- albums ----------------------------------------------------------------------------------

    def albums(self) -> Iterator[AlbumRow]:
        """Every album, by its directory."""
        for values in self._read(f"{_SELECT_ALBUM} ORDER BY directory"):
            yield AlbumRow(*values)

    def album(self, album_id: int) -> AlbumRow:
        return AlbumRow(*self._first(f"{_SELECT_ALBUM} WHERE id = ?", (album_id,)))

    def albums_by_key(self, keys: Iterable[str]) -> dict[str, AlbumRow]:
        wanted = json.dumps(list(keys))
        rows = self._read(f"{_SELECT_ALBUM} WHERE key IN (SELECT value FROM json_each(?))", (wanted,))
        return {row[1]: AlbumRow(*row) for row in rows}

    def directory_taken(self, folded: str, *, besides: int = 0) -> bool:
        """Is `folded` another album's directory than that of `besides`, inside one, or around one?"""
        parts = folded.split("/")
        around = json.dumps(["/".join(parts[:n]) for n in range(1, len(parts) + 1)])
        row = self._first(
            "SELECT 1 FROM album WHERE id <> ? AND (directory_folded IN (SELECT value FROM json_each(?))"
            " OR (directory_folded > ? AND directory_folded < ?)) LIMIT 1",
            (besides, around, folded + "/", folded + "0"),  # "0" is what follows "/"
        )
        return row is not None

    def put_album(self, row: AlbumRow) -> AlbumRow:
        """Store `row`; a new one (id 0) comes back with its id."""
        values = _values(row, _ALBUM_COLUMNS)
        if row.id:
            self._db.execute(_UPDATE_ALBUM, (*values, row.id))
            return row
        cursor = self._db.execute(_INSERT_ALBUM, values)
        return replace(row, id=cursor.lastrowid or 0)

    def unsettled_albums(self, *, due: int) -> set[int]:
        """Albums with files to transfer, or whose time to be looked at again has come by `due` (epoch s)."""
        rows = self._read(
            "SELECT DISTINCT album_id FROM file WHERE state IN ('planned', 'sending', 'in_doubt')"
            " OR (state IN ('failed', 'quarantined', 'withheld') AND retry_at <= ?)",
            (due,),
        )
        return {int(row[0]) for row in rows}

    # -- files -----------------------------------------------------------------------------------

    def files(self, album_id: int) -> dict[str, FileRow]:
        """All files of one album (the service holds at most 5,000), by key."""
        rows = self._read(f"{_SELECT_FILE} WHERE album_id = ?", (album_id,))
        return {values[2]: _file_row(values) for values in rows}

    def files_by_key(self, album_id: int, keys: Iterable[str]) -> dict[str, FileRow]:
        rows = self._read(
            f"{_SELECT_FILE} WHERE album_id = ? AND key IN (SELECT value FROM json_each(?))",
            (album_id, json.dumps(list(keys))),
        )
        return {values[2]: _file_row(values) for values in rows}

    def names_taken(self, album_id: int, folded: Iterable[str]) -> set[str]:
        """Those of the `folded` names that files of this album have."""
        rows = self._read(
            "SELECT name_folded FROM file WHERE album_id = ?"
            " AND name_folded IN (SELECT value FROM json_each(?))",
            (album_id, json.dumps(list(folded))),
        )
        return {str(name) for (name,) in rows}

    def name_taken(self, album_id: int, folded: str) -> bool:
        query = "SELECT 1 FROM file WHERE album_id = ? AND name_folded = ?"
        return self._first(query, (album_id, folded)) is not None

    def held_names(self, album_id: int) -> set[str]:
        """The names in one album's directory under which we hold something."""
        rows = self._read("SELECT name FROM file WHERE album_id = ? AND held_md5 IS NOT NULL", (album_id,))
        return {name for (name,) in rows}

    def file(self, file_id: int) -> FileRow | None:
        values = self._first(f"{_SELECT_FILE} WHERE id = ?", (file_id,))
        return None if values is None else _file_row(values)

    def file_in(self, album_id: int, key: str) -> FileRow | None:
        values = self._first(f"{_SELECT_FILE} WHERE album_id = ? AND key = ?", (album_id, key))
        return None if values is None else _file_row(values)

    def held_elsewhere(self, keys: Iterable[str], *, besides: int) -> set[str]:
        """Those of `keys` of which another album than `besides` holds a file."""
        rows = self._read(
            "SELECT DISTINCT key FROM file WHERE key IN (SELECT value FROM json_each(?))"
            " AND album_id <> ? AND held_md5 IS NOT NULL",
            (json.dumps(list(keys)), besides),
        )
        return {str(key) for (key,) in rows}

    def planned(self, run: int, *, after: int, limit: int) -> list[tuple[int, int]]:
        """Up to `limit` files that `run` has listed and planned, with an id greater than `after`.

        Each is (id, bytes promised).
        """
        rows = self._read(
            "SELECT id, coalesce(promised_size, 0) FROM file"
            " WHERE state = 'planned' AND source_run = ? AND id > ? ORDER BY id LIMIT ?",
            (run, after, limit),
        )
        return [(int(row_id), int(size)) for row_id, size in rows]

    def release(self, run: int) -> None:
        """Files that `run` held back, because they might only have moved, are to be fetched after all."""
        self._db.execute(
            "UPDATE file SET source_run = ? WHERE state = 'planned' AND source_run = ?", (run, -run)
        )

    def unfinished(self, *, least: int) -> Iterator[tuple[str, str, str]]:
        """Files of which a part may lie about, if they have `least` bytes: album key, key, version."""
        yield from self._read(
            "SELECT album.key, file.key, version FROM file JOIN album ON album.id = album_id"
            " WHERE file.state IN ('planned', 'failed') AND (promised_size IS NULL OR promised_size >= ?)",
            (least,),
        )

    def put(self, rows: Iterable[FileRow]) -> None:
        """Store `rows`, new (id 0) or known."""
        new: list[tuple[Any, ...]] = []
        known: list[tuple[Any, ...]] = []
        for row in rows:
            values = _values(row, _FILE_COLUMNS)
            if row.id:
                known.append((*values, row.id))
            else:
                new.append(values)
        # Known ones first: one of them may give up the name that a new one takes.
        if known:
            self._db.executemany(_UPDATE_FILE, known)
        if new:
            self._db.executemany(_INSERT_FILE, new)

    def forget(self, file_ids: Iterable[int]) -> None:
        self._db.executemany("DELETE FROM file WHERE id = ?", [(i,) for i in file_ids])

    def count(self) -> dict[State, tuple[int, int]]:
        """For each state: how many files, and their size in bytes (held, else promised)."""
        rows = self._read(
            "SELECT state, count(*), total(coalesce(held_size, promised_size, 0)) FROM file GROUP BY state"
        )
        return {State(state): (int(n), int(size)) for state, n, size in rows}

    def count_withheld(self) -> dict[str, int]:
        """Why the service withholds files, and how many for each reason."""
        rows = self._read(
            "SELECT reason, count(*) FROM file WHERE state = 'withheld' GROUP BY reason ORDER BY 2 DESC"
        )
        return {str(reason): int(n) for reason, n in rows}

    def count_by_album(self) -> dict[int, dict[State, int]]:
        counts: dict[int, dict[State, int]] = {}
        rows = self._read("SELECT album_id, state, count(*) FROM file GROUP BY album_id, state")
        for album_id, state, n in rows:
            counts.setdefault(int(album_id), {})[State(state)] = int(n)
        return counts

    def count_failed(self) -> dict[int, int]:
        """How many files failed or are quarantined, by album id."""
        rows = self._read(
            "SELECT album_id, count(*) FROM file WHERE state IN ('failed', 'quarantined') GROUP BY album_id"
        )
        return {int(album_id): int(n) for album_id, n in rows}

    def planned_totals(self) -> tuple[int, int]:
        """How many files are planned, and the bytes promised for them."""
        n, size = self._first("SELECT count(*), total(promised_size) FROM file WHERE state = 'planned'")
        return int(n), int(size)

    def held(self) -> int:
        """How many files the mirror holds that are not marked as gone."""
        row = self._first("SELECT count(*) FROM file WHERE held_md5 IS NOT NULL AND state <> 'retired'")
        return int(row[0])

    def troubled(self, *, limit: int) -> Iterator[tuple[AlbumRow, FileRow]]:
        """Files that are failed, quarantined or withheld, with their albums, up to `limit`."""
        rows = list(
            self._read(
                f"{_SELECT_FILE} WHERE state IN ('failed', 'quarantined', 'withheld') ORDER BY id LIMIT ?",
                (limit,),
            )
        )
        for values in rows:
            row = _file_row(values)
            yield self.album(row.album_id), row

    # -- local files, directory moves, runs ---------------------------------------------------------

    def local_files(self, directory: str) -> dict[str, tuple[Fingerprint, str]]:
        """Files of our own record that belong to nobody online, in one directory: name -> (stat, why)."""
        prefix = directory + "/" if directory else ""
        rows = self._read(
            "SELECT path, size, mtime_ns, why FROM local_file WHERE path >= ? AND path < ?",
            (prefix, directory + "0" if directory else "\U0010ffff" * 2),  # "0" is what follows "/"
        )
        return {
            path[len(prefix) :]: (Fingerprint(size, mtime_ns), why)
            for path, size, mtime_ns, why in rows
            if "/" not in path[len(prefix) :]
        }

    def put_local(
        self, path: str, fingerprint: Fingerprint, *, md5: str | None = None, why: str = "local"
    ) -> None:
        """Record a file that belongs to nobody online. What has diverged stays so until it is dropped."""
        self._db.execute(
            "INSERT INTO local_file VALUES (?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
            " size = excluded.size, mtime_ns = excluded.mtime_ns, md5 = excluded.md5,"
            " why = CASE WHEN excluded.why = 'diverged' THEN excluded.why ELSE why END",
            (path, fingerprint.size, fingerprint.mtime_ns, md5, why),
        )

    def drop_local(self, paths: Iterable[str]) -> None:
        self._db.executemany("DELETE FROM local_file WHERE path = ?", [(p,) for p in paths])

    def local_paths(self) -> list[str]:
        return [str(row[0]) for row in self._read("SELECT path FROM local_file")]

    def count_local(self) -> dict[str, int]:
        rows = self._read("SELECT why, count(*) FROM local_file GROUP BY why")
        return {str(why): int(n) for why, n in rows}

    def rename_local(self, old: str, new: str) -> None:
        """Local files follow the directory they lie in."""
        self._db.execute(
            "UPDATE OR REPLACE local_file SET path = ? || substr(path, ?) WHERE path >= ? AND path < ?",
            (new, len(old) + 1, old + "/", old + "0"),
        )

    def announce_move(self, album_id: int, old: str, new: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO directory_move VALUES (?, ?, ?)", (album_id, old, new))

    def announced_moves(self) -> list[tuple[int, str, str]]:
        return [(int(i), o, n) for i, o, n in self._read("SELECT album_id, old, new FROM directory_move")]

    def settle_move(self, album_id: int) -> None:
        self._db.execute("DELETE FROM directory_move WHERE album_id = ?", (album_id,))

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
        row = self._first(
            "SELECT scope, started_at, finished_at, exit_code, summary FROM run ORDER BY id DESC LIMIT 1"
        )
        return None if row is None else RunRow(*row)
