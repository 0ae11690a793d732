"""What the ledger knows of files that no photo accounts for, and of renames under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from smugsync.catalogue.database import Database
from smugsync.core.model import Fingerprint, LocalFile
from smugsync.records import dataclass


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file that was read: its absolute path, what `stat` said of it, its MD5, and when (epoch seconds)."""

    path: str
    fingerprint: Fingerprint
    md5: str
    read_at: int


class Elsewhere(Database):
    """Local files, announced directory moves, and MD5s of files beyond the mirror."""

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
        self,
        path: str,
        fingerprint: Fingerprint,
        *,
        md5: str | None = None,
        why: str = "local",
        of: int | None = None,
        fresh: bool = False,
    ) -> None:
        """Record a file that belongs to nobody online. What diverged or is kept stays so until dropped.

        `of`: the photo (its row's id) of which a diverged file is the local half. What was not `fresh` when
        it was first recorded never becomes so.
        """
        self._db.execute(
            "INSERT INTO local_file VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
            " size = excluded.size, mtime_ns = excluded.mtime_ns, md5 = excluded.md5,"
            " why = CASE WHEN excluded.why = 'local' THEN why ELSE excluded.why END,"
            " file_id = CASE WHEN excluded.why = 'local' THEN file_id ELSE excluded.file_id END",
            (path, fingerprint.size, fingerprint.mtime_ns, md5, why, of, int(fresh)),
        )

    def move_local(self, old: str, new: str) -> None:
        """A file that belongs to nobody online is called otherwise now; what is known of it stays."""
        self._db.execute("UPDATE OR REPLACE local_file SET path = ? WHERE path = ?", (new, old))

    def drop_local(self, paths: Iterable[str]) -> None:
        self._db.executemany("DELETE FROM local_file WHERE path = ?", [(p,) for p in paths])

    def count_halves(self, file_id: int) -> int:
        """How many files diverged from one photo (its row's id) and lie beside it."""
        query = "SELECT count(*) FROM local_file WHERE file_id = ? AND why = 'diverged'"
        return int(self._first(query, (file_id,))[0])

    def keep_halves(self, file_ids: Iterable[int]) -> None:
        """The photos (rows' ids) are no more: what diverged from them is a person's own from now on."""
        self._db.executemany(
            "UPDATE local_file SET why = 'kept', file_id = NULL WHERE file_id = ? AND why = 'diverged'",
            [(i,) for i in file_ids],
        )

    def local_paths(self) -> list[str]:
        return [str(row[0]) for row in self._read("SELECT path FROM local_file")]

    def strangers(self, directory: str) -> Iterator[LocalFile]:
        """A person's own files below `directory` ("" = everywhere), without MD5s."""
        below, end = (directory + "/", directory + "0") if directory else ("", "\U0010ffff" * 2)
        rows = self._read(
            "SELECT path, size, mtime_ns FROM local_file WHERE path >= ? AND path < ? AND why = 'local'",
            (below, end),
        )
        for path, size, mtime_ns in rows:
            yield LocalFile(path, Fingerprint(size, mtime_ns))

    def count_local(self) -> dict[str, int]:
        rows = self._read("SELECT why, count(*) FROM local_file GROUP BY why")
        return {str(why): int(n) for why, n in rows}

    def rename_local(self, old: str, new: str) -> None:
        """Local files follow the directory they lie in, also those on their way out."""
        for table in ("local_file", "upload", "routed"):
            self._db.execute(
                f"UPDATE OR REPLACE {table} SET path = ? || substr(path, ?) WHERE path >= ? AND path < ?",
                (new, len(old) + 1, old + "/", old + "0"),
            )

    def announce_move(self, album_id: int, old: str, new: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO directory_move VALUES (?, ?, ?)", (album_id, old, new))

    def announced_moves(self) -> list[tuple[int, str, str]]:
        return [(int(i), o, n) for i, o, n in self._read("SELECT album_id, old, new FROM directory_move")]

    def settle_move(self, album_id: int) -> None:
        self._db.execute("DELETE FROM directory_move WHERE album_id = ?", (album_id,))

    def known_md5(self, path: str, fingerprint: Fingerprint) -> tuple[str, int] | None:
        """The MD5 that was taken of a file no row accounts for, and when (epoch seconds), if `stat` says of
        it what it said then."""
        row = self._first(
            "SELECT md5, read_at FROM hashed WHERE path = ? AND size = ? AND mtime_ns = ?",
            (path, fingerprint.size, fingerprint.mtime_ns),
        )
        return None if row is None else (str(row[0]), int(row[1]))

    def remembers_hashes(self) -> bool:
        return self._first("SELECT 1 FROM hashed LIMIT 1") is not None

    def put_hashed(self, found: Iterable[Hashed]) -> None:
        """Remember MD5s."""
        self._db.executemany(
            "INSERT OR REPLACE INTO hashed VALUES (?, ?, ?, ?, ?)",
            [
                (one.path, one.fingerprint.size, one.fingerprint.mtime_ns, one.md5, one.read_at)
                for one in found
            ],
        )

    def hashed(self) -> list[Hashed]:
        """All that is remembered."""
        rows = self._read("SELECT path, size, mtime_ns, md5, read_at FROM hashed")
        return [Hashed(path, Fingerprint(size, mtime), md5, at) for path, size, mtime, md5, at in rows]

    def drop_hashed(self) -> None:
        self._db.execute("DELETE FROM hashed")
