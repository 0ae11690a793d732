"""Which held files were proven when: what `verify` walks through, oldest proof first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from smugsync.catalogue.files import SELECT_FILE, Files, file_row
from smugsync.catalogue.rows import FileRow


class Proofs(Files):
    def held_totals(self, albums: Iterable[int] | None = None) -> tuple[int, int]:
        """How many files are held, and their bytes; of `albums` (ids) alone, if given."""
        chosen = None if albums is None else set(albums)
        files = size = 0
        for album_id, n, total in self._read(
            "SELECT album_id, count(*), sum(held_size) FROM file WHERE held_md5 IS NOT NULL GROUP BY album_id"
        ):
            if chosen is None or album_id in chosen:
                files, size = files + int(n), size + int(total)
        return files, size

    def least_proven(self, *, before: int) -> Iterator[FileRow]:
        """Held files last proven before `before` (epoch seconds) or never, the longest ago first.

        They are read as they are asked for, a few hundred at a time: rows may be written meanwhile.
        """
        last: tuple[int, int] = (-1, 0)
        while True:
            rows = [
                file_row(values)
                for values in self._read(
                    f"{SELECT_FILE} WHERE held_md5 IS NOT NULL"
                    " AND (coalesce(verified_at, 0), id) > (?, ?) AND coalesce(verified_at, 0) < ?"
                    " ORDER BY coalesce(verified_at, 0), id LIMIT 256",
                    (*last, before),
                )
            ]
            if not rows:
                return
            last = (rows[-1].verified_at or 0, rows[-1].id)
            yield from rows

    def oldest_proof(self) -> int | None:
        """When the file that was proven longest ago was proven, None if some never was (or none is held)."""
        row = self._first("SELECT min(coalesce(verified_at, 0)) FROM file WHERE held_md5 IS NOT NULL")
        return int(row[0]) or None if row[0] is not None else None

    def damaged(self) -> list[FileRow]:
        """Files whose bytes are known to be wrong."""
        return [file_row(values) for values in self._read(f"{SELECT_FILE} WHERE damaged_at IS NOT NULL")]
