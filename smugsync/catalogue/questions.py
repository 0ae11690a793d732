"""What waits for a person's decision, and whose file lies at a path: what `resolve` and `undo` ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from smugsync.catalogue.albums import Albums
from smugsync.catalogue.files import SELECT_FILE, Files, file_row
from smugsync.catalogue.rows import AlbumRow, FileRow
from smugsync.core import naming
from smugsync.core.model import Fingerprint
from smugsync.records import dataclass

_LOCAL = "SELECT path, size, mtime_ns, md5, why, file_id FROM local_file"
#: An edit that nobody has decided about.
_OPEN_EDIT = "local_md5 IS NOT NULL AND local_md5 IS NOT kept_md5"


@dataclass(frozen=True, slots=True)
class LocalRow:
    """A file that belongs to nobody online; columns of `local_file` in schema.sql."""

    path: str
    fingerprint: Fingerprint
    md5: str | None
    why: str
    file_id: int | None


def _local_row(values: Any) -> LocalRow:
    path, size, mtime_ns, md5, why, file_id = values
    return LocalRow(path, Fingerprint(size, mtime_ns), md5, why, file_id)


class Questions(Albums, Files):
    def local_file(self, path: str) -> LocalRow | None:
        values = self._first(f"{_LOCAL} WHERE path = ?", (path,))
        return None if values is None else _local_row(values)

    def diverged(self, *, limit: int = -1) -> list[LocalRow]:
        """The local halves of conflicts, by their paths."""
        rows = self._read(f"{_LOCAL} WHERE why = 'diverged' ORDER BY path LIMIT ?", (limit,))
        return [_local_row(values) for values in rows]

    def diverged_from(self, file_id: int) -> list[LocalRow]:
        """The local files that conflict with one photo."""
        rows = self._read(f"{_LOCAL} WHERE file_id = ? AND why = 'diverged' ORDER BY path", (file_id,))
        return [_local_row(values) for values in rows]

    def open_edits(self, *, limit: int = -1) -> Iterator[tuple[AlbumRow, FileRow]]:
        """Files that were edited here and nobody has decided about, with their albums."""
        for values in list(self._read(f"{SELECT_FILE} WHERE {_OPEN_EDIT} ORDER BY id LIMIT ?", (limit,))):
            row = file_row(values)
            yield self.album(row.album_id), row

    def count_open_edits(self) -> int:
        return int(self._first(f"SELECT count(*) FROM file WHERE {_OPEN_EDIT}")[0])

    def album_at(self, directory: str) -> AlbumRow | None:
        """The album whose directory this is."""
        row = self._first("SELECT id FROM album WHERE directory_folded = ?", (naming.fold(directory),))
        return None if row is None else self.album(int(row[0]))

    def file_at(self, path: str) -> FileRow | None:
        """The photo whose file lies, or is to lie, at `path`."""
        directory, _, name = path.rpartition("/")
        album = self.album_at(directory)
        if album is None:
            return None
        values = self._first(
            f"{SELECT_FILE} WHERE album_id = ? AND name_folded = ?", (album.id, naming.fold(name))
        )
        return None if values is None else file_row(values)
