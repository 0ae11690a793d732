"""What the ledger knows of files that no photo accounts for, and of renames under way."""

from __future__ import annotations

from collections.abc import Iterable

from smugsync.catalogue.database import Database
from smugsync.core.model import Fingerprint


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
        self, path: str, fingerprint: Fingerprint, *, md5: str | None = None, why: str = "local"
    ) -> None:
        """Record a file that belongs to nobody online. What diverged or is kept stays so until dropped."""
        self._db.execute(
            "INSERT INTO local_file VALUES (?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
            " size = excluded.size, mtime_ns = excluded.mtime_ns, md5 = excluded.md5,"
            " why = CASE WHEN excluded.why = 'local' THEN why ELSE excluded.why END",
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

    def known_md5(self, path: str, fingerprint: Fingerprint) -> str | None:
        """The MD5 that was taken of a file beyond the mirror, if `stat` says of it what it said then."""
        row = self._first(
            "SELECT md5 FROM hashed WHERE path = ? AND size = ? AND mtime_ns = ?",
            (path, fingerprint.size, fingerprint.mtime_ns),
        )
        return None if row is None else str(row[0])

    def put_hashed(self, found: Iterable[tuple[str, Fingerprint, str]]) -> None:
        """Remember MD5s: absolute path, what `stat` said, MD5."""
        self._db.executemany(
            "INSERT OR REPLACE INTO hashed VALUES (?, ?, ?, ?)",
            [(path, stat.size, stat.mtime_ns, md5) for path, stat, md5 in found],
        )

    def drop_hashed(self) -> None:
        self._db.execute("DELETE FROM hashed")
