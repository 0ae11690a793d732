"""Which held files were proven when: what `verify` walks through, oldest proof first."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable

from smugsync.catalogue.files import SELECT_FILE, Files, file_row
from smugsync.catalogue.rows import FileRow, join

#: Word for word as in the index `file_by_verification`.
_PROVEN = "coalesce(verified_at, 0)"


class Proofs(Files):
    def least_proven(
        self, *, albums: Iterable[int] | None = None, before: int | None = None, damaged: bool = True
    ) -> tuple[array[int], array[int]]:
        """Ids and sizes (bytes) of all held files, those proven longest ago or never first.

        `albums`: only of these (ids); `before`: only those not proven since then (epoch s); without
        `damaged` those known to be damaged are left out: they are not proven by reading them again.
        """
        chosen = None if albums is None else json.dumps(list(albums))
        ids, sizes = array("q"), array("q")
        for file_id, size in self._read(
            "SELECT id, held_size FROM file WHERE held_md5 IS NOT NULL"
            " AND (?1 IS NULL OR album_id IN (SELECT value FROM json_each(?1)))"
            f" AND (?2 IS NULL OR {_PROVEN} < ?2) AND (?3 OR damaged_at IS NULL) ORDER BY {_PROVEN}, id",
            (chosen, before, damaged),
        ):
            ids.append(file_id)
            sizes.append(size)
        return ids, sizes

    def prove(self, file_ids: Iterable[int], *, now: int) -> None:
        """These were read and are as recorded: that, and nothing else of them, is noted."""
        self._db.execute(
            "UPDATE file SET verified_at = ? WHERE id IN (SELECT value FROM json_each(?))",
            (now, json.dumps(list(file_ids))),
        )

    def oldest_proof(self) -> tuple[int | None, int]:
        """When the sound file that was proven longest ago was proven (epoch s, None if none was), and how
        many files that are not known to be damaged never were."""
        oldest = self._first(
            f"SELECT verified_at FROM file WHERE held_md5 IS NOT NULL AND {_PROVEN} > 0"
            f" AND damaged_at IS NULL ORDER BY {_PROVEN} LIMIT 1"
        )
        # Those that are damaged are few, and looked at one by one: the index tells all others by themselves.
        (never,) = self._first(
            f"SELECT (SELECT count(*) FROM file WHERE held_md5 IS NOT NULL AND {_PROVEN} = 0)"
            f" - (SELECT count(*) FROM file WHERE damaged_at IS NOT NULL AND {_PROVEN} = 0)"
        )
        return None if oldest is None else int(oldest[0]), int(never)

    def unproven(self) -> set[str]:
        """The paths of held files that are known by their names and times alone."""
        rows = self._read(
            "SELECT directory, file.name FROM file JOIN album ON album.id = album_id"
            " WHERE evidence = 'unproven'"
        )
        return {join(directory, name) for directory, name in rows}

    def damaged(self, albums: Iterable[int] | None = None, *, limit: int = -1) -> list[FileRow]:
        """Files whose bytes are known to be wrong, up to `limit`; of `albums` (ids) alone, if given."""
        chosen = None if albums is None else set(albums)
        found = self._read(f"{SELECT_FILE} WHERE damaged_at IS NOT NULL ORDER BY id LIMIT ?", (limit,))
        rows = [file_row(values) for values in found]
        return rows if chosen is None else [row for row in rows if row.album_id in chosen]
