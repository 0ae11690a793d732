"""What the account has and the mirror lacks, as whoever looks for it among other files asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from smugsync.catalogue.albums import Albums
from smugsync.catalogue.files import SELECT_FILE, Files, file_row
from smugsync.catalogue.rows import FileRow

_WANTED = "FROM file WHERE state = 'planned' AND source_run = ?"


class Wanted(Albums, Files):
    """Of the files that a `run` has listed and planned."""

    def wanted_sizes(self, run: int) -> Iterator[tuple[int, str | None]]:
        """The sizes promised, in ascending order, each with the MD5 if only one file is promised so."""
        rows = self._read(
            "SELECT promised_size, iif(count(DISTINCT promised_md5) = 1, min(promised_md5), NULL)"
            f" {_WANTED} AND promised_md5 IS NOT NULL AND promised_size IS NOT NULL"
            " GROUP BY promised_size ORDER BY promised_size",
            (run,),
        )
        for size, md5 in rows:
            yield int(size), md5

    def wanted_bytes(self, run: int) -> Iterator[tuple[int, str]]:
        """Album id and promised MD5 of each that promises one, album by album."""
        rows = self._read(
            f"SELECT album_id, promised_md5 {_WANTED} AND promised_md5 IS NOT NULL ORDER BY album_id", (run,)
        )
        for album_id, md5 in rows:
            yield int(album_id), str(md5)

    def wanted_conversions(self, run: int) -> Iterator[FileRow]:
        """Those that may be a conversion of what was uploaded: videos, and photos called `….JPG`.

        Not those whose original is held already and was replaced online: it has what the account had before.
        """
        where = _WANTED.removeprefix("FROM file ")
        rows = self._read(
            f"{SELECT_FILE} {where} AND (kind = 'video' OR remote_name GLOB '*.JPG')"
            " AND (held_md5 IS NULL OR (evidence = 'unproven' AND held_version = version))",
            (run,),
        )
        for values in rows:
            yield file_row(values)

    def wanted_albums(self, run: int) -> list[int]:
        """The ids of the albums they are in."""
        return [int(row[0]) for row in self._read(f"SELECT DISTINCT album_id {_WANTED}", (run,))]
