"""The files of the ledger: one method per question that a cycle asks."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import fields
from operator import itemgetter
from typing import Any

from smugsync.catalogue.database import Database
from smugsync.catalogue.rows import UNSETTLED, AtRest, FileRow, one_of, upsert, values_of
from smugsync.core.lifecycle import State
from smugsync.core.model import Fingerprint

COLUMNS = tuple(f.name for f in fields(FileRow))
SELECT_FILE = f"SELECT {', '.join('file.' + c for c in COLUMNS)} FROM file"
_STATE = COLUMNS.index("state")
_INSERT, _UPDATE = upsert("file", COLUMNS)
#: What a file is known by stands in three indexes, and hardly ever changes: SQLite would write each anew.
_KNOWN_BY = ("album_id", "key", "name", "name_folded")
_REST = ("id", *(name for name in COLUMNS[1:] if name not in _KNOWN_BY))
_UPDATE_REST = " AND ".join((upsert("file", _REST)[1], *(f"{name} = ?" for name in _KNOWN_BY)))
_rest_of = itemgetter(*(COLUMNS.index(name) - 1 for name in _REST[1:]), -1)
_known_by = itemgetter(*(COLUMNS.index(name) - 1 for name in _KNOWN_BY))


def file_row(values: tuple[Any, ...]) -> FileRow:
    """The row that SELECT_FILE found."""
    row = list(values)
    row[_STATE] = one_of(State, row[_STATE])
    return FileRow(*row)


class Files(Database):
    def files(self, album_id: int) -> dict[str, FileRow]:
        """All files of one album (the service holds at most 5,000), by key."""
        rows = self._read(f"{SELECT_FILE} WHERE album_id = ?", (album_id,))
        return {values[2]: file_row(values) for values in rows}

    def files_by_key(self, album_id: int, keys: Iterable[str]) -> dict[str, FileRow]:
        rows = self._read(
            f"{SELECT_FILE} WHERE album_id = ? AND key IN (SELECT value FROM json_each(?))",
            (album_id, json.dumps(list(keys))),
        )
        return {values[2]: file_row(values) for values in rows}

    def at_rest(self, album_id: int, keys: Iterable[str], *, looked_after: float) -> Iterator[AtRest]:
        """Those of `keys` that are committed, not edited, and not to be asked after: either nothing names
        what the server has, or it was asked after `looked_after` (epoch s)."""
        rows = self._read(
            f"SELECT {', '.join(AtRest._fields)} FROM file"
            " WHERE album_id = ? AND key IN (SELECT value FROM json_each(?))"
            " AND state = 'committed' AND local_md5 IS NULL"
            " AND (validator = '' OR coalesce(looked_at, 0) > ?)",
            (album_id, json.dumps(list(keys)), looked_after),
        )
        return map(AtRest._make, rows)

    def files_besides(self, album_id: int, keys: Iterable[str]) -> list[FileRow]:
        """Files of one album whose keys are none of `keys`; those that are cost no reading of their rows."""
        rows = self._read(
            f"{SELECT_FILE} WHERE album_id = ? AND key NOT IN (SELECT value FROM json_each(?))",
            (album_id, json.dumps(list(keys))),
        )
        return [file_row(values) for values in rows]

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

    def held_prints(self, album_id: int) -> dict[str, Fingerprint]:
        """What `stat` says of what we hold in one album's directory, by name: of an edit, if one is known."""
        return self._prints(album_id, "held_md5 IS NOT NULL")

    def withdrawn_prints(self, album_id: int) -> dict[str, Fingerprint]:
        """As `held_prints`, of photos that are gone online."""
        return self._prints(album_id, "state = 'retired'")

    def _prints(self, album_id: int, condition: str) -> dict[str, Fingerprint]:
        rows = self._read(
            "SELECT name, coalesce(local_size, held_size), coalesce(local_mtime_ns, mtime_ns) FROM file"
            f" WHERE album_id = ? AND {condition}",
            (album_id,),
        )
        return {name: Fingerprint(size, mtime_ns) for name, size, mtime_ns in rows}

    def file(self, file_id: int) -> FileRow | None:
        values = self._first(f"{SELECT_FILE} WHERE id = ?", (file_id,))
        return None if values is None else file_row(values)

    def files_by_id(self, file_ids: Iterable[int]) -> dict[int, FileRow]:
        """Those that there are, by their ids."""
        rows = self._read(
            f"{SELECT_FILE} WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(file_ids)),)
        )
        return {row.id: row for row in map(file_row, rows)}

    def file_in(self, album_id: int, key: str) -> FileRow | None:
        values = self._first(f"{SELECT_FILE} WHERE album_id = ? AND key = ?", (album_id, key))
        return None if values is None else file_row(values)

    def held_elsewhere(self, keys: Iterable[str], *, besides: int) -> set[str]:
        """Those of `keys` of which another album than `besides` holds a file."""
        rows = self._read(
            "SELECT DISTINCT key FROM file WHERE key IN (SELECT value FROM json_each(?))"
            " AND album_id <> ? AND held_md5 IS NOT NULL",
            (json.dumps(list(keys)), besides),
        )
        return {str(key) for (key,) in rows}

    def held_somewhere(self, keys: Iterable[str]) -> set[str]:
        """Those of `keys` of which any album holds a file."""
        rows = self._read(
            "SELECT DISTINCT key FROM file WHERE key IN (SELECT value FROM json_each(?))"
            " AND held_md5 IS NOT NULL",
            (json.dumps(list(keys)),),
        )
        return {str(key) for (key,) in rows}

    def awaited(self, keys: Iterable[str]) -> dict[str, set[int]]:
        """Those of `keys` that an album (its id) shows and holds nothing of yet."""
        rows = self._read(
            "SELECT DISTINCT file.key, album_id FROM file JOIN album ON album.id = album_id"
            " WHERE file.key IN (SELECT value FROM json_each(?)) AND held_md5 IS NULL"
            " AND file.state <> 'retired' AND album.state = 'listed'",
            (json.dumps(list(keys)),),
        )
        found: dict[str, set[int]] = {}
        for key, album_id in rows:
            found.setdefault(str(key), set()).add(int(album_id))
        return found

    def marked(self, *, by: int) -> dict[int, int]:
        """How many held files were marked as gone by then (epoch s), by album id.

        Frozen albums do not count: nothing leaves them.
        """
        rows = self._read(
            "SELECT album_id, count(*) FROM file JOIN album ON album.id = album_id"
            f" WHERE file.{UNSETTLED} AND file.state = 'retired' AND retired_at <= ?"
            " AND album.state <> 'frozen' GROUP BY album_id",
            (by,),
        )
        return {int(album_id): int(n) for album_id, n in rows}

    def correct_marks(self, *, now: int) -> None:
        """Marks from a time that is still to come were dated by a clock that was wrong: they are of `now`."""
        self._db.execute(
            f"UPDATE file SET retired_at = ?1 WHERE {UNSETTLED} AND state = 'retired' AND retired_at > ?1",
            (now,),
        )

    def copies(self, key: str, version: str, *, besides: int) -> list[FileRow]:
        """Files of other albums that hold this very version of the photo `key`, and are not known damaged."""
        rows = self._read(
            f"{SELECT_FILE} WHERE key = ? AND id <> ? AND held_version = ?"
            " AND damaged_at IS NULL AND local_md5 IS NULL ORDER BY id",
            (key, besides, version),
        )
        return [file_row(values) for values in rows]

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
            f" WHERE file.{UNSETTLED} AND file.state IN ('planned', 'failed')"
            " AND (promised_size IS NULL OR promised_size >= ?)",
            (least,),
        )

    def put(self, rows: Iterable[FileRow]) -> None:
        """Store `rows`, new (id 0) or known."""
        new: list[tuple[Any, ...]] = []
        known: list[tuple[Any, ...]] = []
        for row in rows:
            values = values_of(row, COLUMNS)
            if row.id:
                known.append((*values, row.id))
            else:
                new.append(values)
        # Known ones first: one of them may give up the name that a new one takes.
        if known:
            self._update(known)
        if new:
            self._db.executemany(_INSERT, new)

    def _update(self, known: list[tuple[Any, ...]]) -> None:
        """`known`: the columns after the id, and the id."""
        as_before = ((*_rest_of(values), *_known_by(values)) for values in known)
        if self._db.executemany(_UPDATE_REST, as_before).rowcount == len(known):
            return
        if len(known) == 1:
            self._db.executemany(_UPDATE, known)
            return
        self._db.execute("SAVEPOINT put")
        try:
            self._db.executemany(_UPDATE, known)
        except sqlite3.IntegrityError:
            # Two of them may trade names: then all step aside first. A name never holds a slash.
            self._db.execute("ROLLBACK TO put")
            ids = [(values[-1],) for values in known]
            self._db.executemany("UPDATE file SET name_folded = '/' || id WHERE id = ?", ids)
            self._db.executemany(_UPDATE, known)
        finally:
            self._db.execute("RELEASE put")

    def forget(self, file_ids: Iterable[int]) -> None:
        """Let go of rows. The bytes of what was deleted online stay known, so that they never go back up."""
        ids = [(i,) for i in file_ids]
        self._db.executemany(
            "INSERT OR IGNORE INTO withdrawn SELECT held_md5, retired_at FROM file"
            " WHERE id = ? AND state = 'retired' AND held_md5 IS NOT NULL",
            ids,
        )
        self._db.executemany("DELETE FROM file WHERE id = ?", ids)
