"""How many, and which need a person's eye: what `status` and the end of a run ask."""

from __future__ import annotations

from collections.abc import Iterator

from smugsync.catalogue.albums import Albums
from smugsync.catalogue.files import SELECT_FILE, Files, file_row
from smugsync.catalogue.rows import UNSETTLED, AlbumRow, FileRow, one_of
from smugsync.core.lifecycle import State


class Counts(Albums, Files):
    def count(self) -> dict[State, tuple[int, int]]:
        """For each state: how many files, and their size in bytes (held, else promised)."""
        rows = self._read("SELECT state, files, bytes FROM tally WHERE files > 0")
        return {one_of(State, state): (int(n), int(size)) for state, n, size in rows}

    def integrity(self, *, limit: int = 20) -> list[str]:
        """As of every database; and that as many files are counted in each state as there are."""
        found = super().integrity(limit=limit)
        rows = self._read(
            "SELECT state, sum(files), sum(bytes) FROM (SELECT state, files, bytes FROM tally UNION ALL"
            " SELECT state, -count(*), -sum(coalesce(held_size, promised_size, 0)) FROM file GROUP BY state)"
            " GROUP BY state HAVING sum(files) <> 0 OR sum(bytes) <> 0"
        )
        found += [
            f"the tally of {state} files is off by {n} files and {size} bytes" for state, n, size in rows
        ]
        return found[:limit]

    def count_albums(self) -> dict[str, int]:
        """How many albums there are of each state (`listed`, `frozen`, `gone`)."""
        rows = self._read("SELECT state, count(*) FROM album GROUP BY state")
        return {str(state): int(n) for state, n in rows}

    def count_withheld(self) -> dict[str, int]:
        """Why the service withholds files, and how many for each reason."""
        rows = self._read(
            f"SELECT reason, count(*) FROM file WHERE {UNSETTLED} AND state = 'withheld'"
            " GROUP BY reason ORDER BY 2 DESC"
        )
        return {str(reason): int(n) for reason, n in rows}

    def count_by_album(self) -> dict[int, dict[State, int]]:
        """How many files of each state there are, by album id."""
        counts: dict[int, dict[State, int]] = {}
        rows = self._read(
            "SELECT album_id, 'committed', count(*) FROM file GROUP BY album_id UNION ALL"  # all, at first
            f" SELECT album_id, state, count(*) FROM file WHERE {UNSETTLED} GROUP BY album_id, state"
        )
        for album_id, name, n in rows:
            state, own = one_of(State, name), counts.setdefault(int(album_id), {})
            own[state] = int(n)
            if state is not State.COMMITTED:
                own[State.COMMITTED] -= int(n)
        return {album_id: {state: n for state, n in own.items() if n} for album_id, own in counts.items()}

    def count_failed(self) -> dict[int, int]:
        """How many files failed or are quarantined, by album id."""
        rows = self._read(
            f"SELECT album_id, count(*) FROM file WHERE {UNSETTLED} AND state IN ('failed', 'quarantined')"
            " GROUP BY album_id"
        )
        return {int(album_id): int(n) for album_id, n in rows}

    def planned_totals(self) -> tuple[int, int]:
        """How many files are planned, and the bytes promised for them."""
        n, size = self._first("SELECT count(*), total(promised_size) FROM file WHERE state = 'planned'")
        return int(n), int(size)

    def held(self) -> int:
        """How many files the mirror holds that are not marked as gone."""
        committed, _ = self.count().get(State.COMMITTED, (0, 0))
        # The sign keeps SQLite from looking through an index of all that is held instead.
        others = "state <> 'retired' AND +held_md5 IS NOT NULL"
        return committed + int(self._first(f"SELECT count(*) FROM file WHERE {UNSETTLED} AND {others}")[0])

    def count_shown(self, album_id: int) -> int:
        """How many photos of an album are online, by all that is recorded."""
        row = self._first("SELECT count(*) FROM file WHERE album_id = ? AND state <> 'retired'", (album_id,))
        return int(row[0])

    def troubled(self, *, limit: int) -> Iterator[tuple[AlbumRow, FileRow]]:
        """Files that are failed, quarantined or withheld, with their albums, up to `limit`."""
        rows = list(
            self._read(
                f"{SELECT_FILE} WHERE {UNSETTLED} AND state IN ('failed', 'quarantined', 'withheld')"
                " ORDER BY album_id, state, id LIMIT ?",
                (limit,),
            )
        )
        for values in rows:
            row = file_row(values)
            yield self.album(row.album_id), row

    def count_source_files(self) -> dict[str, int]:
        """How many photos the service keeps further files with, by the types of those (`cr2 dng`)."""
        rows = self._read(
            "SELECT source_files, count(*) FROM file WHERE source_files <> '' AND state <> 'retired'"
            " GROUP BY source_files"
        )
        return {str(types): int(n) for types, n in rows}

    def count_damaged(self) -> int:
        """Files whose bytes are known to be wrong."""
        return int(self._first("SELECT count(*) FROM file WHERE damaged_at IS NOT NULL")[0])

    def count_unproven(self) -> int:
        """Held files that are known by their names and times alone."""
        return int(self._first("SELECT count(*) FROM file WHERE evidence = 'unproven'")[0])

    def count_unpromised(self) -> int:
        """Mirrored files of whose bytes the service has promised nothing."""
        row = self._first("SELECT count(*) FROM file WHERE evidence = 'self' AND state = 'committed'")
        return int(row[0])
