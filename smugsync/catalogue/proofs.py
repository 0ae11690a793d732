"""Which held files were proven when: what `verify` walks through, oldest proof first."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable

from smugsync.catalogue.files import SELECT_FILE, Files, file_row
from smugsync.catalogue.rows import FileRow, join


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
            " AND (?2 IS NULL OR coalesce(verified_at, 0) < ?2) AND (?3 OR damaged_at IS NULL)"
            " ORDER BY coalesce(verified_at, 0), id",
            (chosen, before, damaged),
        ):
            ids.append(file_id)
            sizes.append(size)
        return ids, sizes

    def oldest_proof(self) -> tuple[int | None, int]:
        """When the sound file that was proven longest ago was proven (epoch s, None if none was), and how
        many files that are not known to be damaged never were."""
        oldest, never = self._first(
            "SELECT min(verified_at), count(*) - count(verified_at) FROM file"
            " WHERE held_md5 IS NOT NULL AND damaged_at IS NULL"
        )
        return None if oldest is None else int(oldest), int(never)

    def unproven(self) -> set[str]:
        """The paths of held files that are known by their names and times alone."""
        rows = self._read(
            "SELECT directory, file.name FROM file JOIN album ON album.id = album_id"
            " WHERE evidence = 'unproven'"
        )
        return {join(directory, name) for directory, name in rows}

    def damaged(self, albums: Iterable[int] | None = None) -> list[FileRow]:
        """Files whose bytes are known to be wrong; of `albums` (ids) alone, if given."""
        chosen = None if albums is None else set(albums)
        rows = [file_row(values) for values in self._read(f"{SELECT_FILE} WHERE damaged_at IS NOT NULL")]
        return rows if chosen is None else [row for row in rows if row.album_id in chosen]
