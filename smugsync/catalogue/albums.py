"""The albums of the ledger: one method per question."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields

from smugsync.catalogue.database import Database
from smugsync.catalogue.rows import UNSETTLED, AlbumRow, upsert, values_of
from smugsync.records import replace

_COLUMNS = tuple(f.name for f in fields(AlbumRow))
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM album"
_INSERT, _UPDATE = upsert("album", _COLUMNS)


class Albums(Database):
    def albums(self) -> Iterator[AlbumRow]:
        """Every album, by its directory."""
        for values in self._read(f"{_SELECT} ORDER BY directory"):
            yield AlbumRow(*values)

    def album(self, album_id: int) -> AlbumRow:
        return AlbumRow(*self._first(f"{_SELECT} WHERE id = ?", (album_id,)))

    def albums_by_key(self, keys: Iterable[str]) -> dict[str, AlbumRow]:
        wanted = json.dumps(list(keys))
        rows = self._read(f"{_SELECT} WHERE key IN (SELECT value FROM json_each(?))", (wanted,))
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
        values = values_of(row, _COLUMNS)
        if row.id:
            self._db.execute(_UPDATE, (*values, row.id))
            return row
        cursor = self._db.execute(_INSERT, values)
        return replace(row, id=cursor.lastrowid or 0)

    def unsettled_albums(self, *, due: int, marked: int | None = None) -> set[int]:
        """Albums with files to transfer, either way, or to be looked at again by `due` (epoch s).

        With `marked`, also those with files that were marked as gone by then and are to leave the mirror.
        """
        rows = self._read(
            f"SELECT DISTINCT album_id FROM file WHERE {UNSETTLED} AND (state IN ('planned', 'sending',"
            " 'in_doubt') OR (state IN ('failed', 'quarantined', 'withheld') AND retry_at <= ?1)"
            " OR (state = 'retired' AND retired_at <= ?2))"
            " UNION SELECT album_id FROM upload WHERE state IN ('sending', 'in_doubt')"
            " OR coalesce(retry_at, 0) <= ?1",
            (due, marked),
        )
        return {int(row[0]) for row in rows}

    def gone_albums(self, *, marked: int | None = None) -> list[AlbumRow]:
        """Albums that are gone online and of which some held files are not marked as gone yet.

        With `marked`, also those with files that were marked by then, or with none any more.
        """
        rows = self._read(
            f"{_SELECT} WHERE state = 'gone' AND (EXISTS (SELECT 1 FROM file WHERE album_id = album.id"
            " AND held_md5 IS NOT NULL AND (state <> 'retired' OR retired_at <= ?1))"
            " OR (?1 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM file WHERE album_id = album.id)))",
            (marked,),
        )
        return [AlbumRow(*row) for row in rows]

    def forget_album(self, album_id: int) -> None:
        """An album of which nothing is recorded any more; the history goes on without it."""
        self._db.execute("DELETE FROM album WHERE id = ?", (album_id,))
