"""What is in the state file: the account's things as text, and the bytes of images."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from smugsync.emulator.account.content import CHUNK
from smugsync.emulator.state.connection import Connection, DiskFull, StateError
from smugsync.errors import Interrupted
from smugsync.stop import Stop

#: Bytes of an image are kept in pieces of this size, and written in transactions of so many pieces.
PIECE: Final = 1 << 20
_PIECES_AT_ONCE: Final = 4
#: Bytes of the disk that the bytes of images leave to edits.
_RESERVE: Final = 4 << 20


class Database(Connection):
    """An open state file. Safe to use from several threads; writes come one after the other."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises UsageError, Busy or StateError, one sentence each."""
        self.reserve = _RESERVE
        super().__init__(path)
        self._readers: Counter[int] = Counter()
        self._unwanted: set[int] = set()  #: contents to be dropped once nobody reads them
        self._counting = threading.Lock()

    # -- what is written down ------------------------------------------------------------------------

    def read_about(self, name: str) -> str | None:
        with self.explained():
            row = self._connection.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def write_about(self, name: str, value: str) -> None:
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (name, value))

    def read_things(self) -> list[tuple[str, str, str, str]]:
        """Kind, key, shelf and value of each, in the order they came to their shelves."""
        with self._writing, self.explained():
            return self._connection.execute(
                "SELECT kind, key, shelf, value FROM thing ORDER BY place"
            ).fetchall()

    def write_thing(self, kind: str, key: str, shelf: str, value: str, *, moves: bool) -> None:
        """Write an object down; one that `moves` to its shelf becomes the last there."""
        with self.transaction() as connection:
            if moves:
                self.strike_thing(kind, key)
                connection.execute(
                    "INSERT INTO thing (kind, key, shelf, value) VALUES (?, ?, ?, ?)",
                    (kind, key, shelf, value),
                )
            else:
                connection.execute(
                    "UPDATE thing SET value = ? WHERE kind = ? AND key = ?", (value, kind, key)
                )

    def strike_thing(self, kind: str, key: str) -> None:
        with self.transaction() as connection:
            connection.execute("DELETE FROM thing WHERE kind = ? AND key = ?", (kind, key))

    # -- the bytes of images -------------------------------------------------------------------------

    def store(self, source: BinaryIO, stop: Stop | None = None) -> StoredContent:
        """Copy bytes in, to the end of `source`. Unless an image shows them, they go at the next start.

        What fails leaves nothing behind, nor does it take the last of the disk, which later edits need: it
        raises StateError first. Raises Interrupted after the stop.
        """
        with self.transaction() as connection:
            cursor = connection.execute("INSERT INTO content (size, md5) VALUES (0, '')")
            content = int(cursor.lastrowid or 0)
        try:
            size, md5 = self._copy(source, content, stop)
            with self.transaction() as connection:
                connection.execute("UPDATE content SET size = ?, md5 = ? WHERE id = ?", (size, md5, content))
        except Interrupted:
            raise  # removing a large half takes its time, and is done at the next start
        except BaseException:
            self.drop(content)
            raise
        return StoredContent(self, content, size, md5)

    def _copy(self, source: BinaryIO, content: int, stop: Stop | None) -> tuple[int, str]:
        """The bytes into rows; their number and their MD5."""
        digest, size, number = hashlib.md5(usedforsecurity=False), 0, 0
        more = True
        while more:
            with self.transaction() as connection:
                self._check_room()
                for _ in range(_PIECES_AT_ONCE):
                    if stop is not None:
                        stop.check()
                    more = bool(data := source.read(PIECE))
                    if not more:
                        break
                    digest.update(data)
                    size += len(data)
                    connection.execute("INSERT INTO piece VALUES (?, ?, ?)", (content, number, data))
                    number += 1
        return size, digest.hexdigest()

    def _check_room(self) -> None:
        """Pieces come into the log first, then into the file, whose free pages are used before it grows."""
        try:
            status = os.statvfs(self.path)
        except OSError as error:
            raise self._inaccessible(error) from error
        pages, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("freelist_count", "page_size")
        )
        log = _PIECES_AT_ONCE * PIECE
        growth = max(0, log - pages * size)
        if status.f_bavail * status.f_frsize < log + growth + self.reserve:
            raise DiskFull(f"the state file {self.path} cannot grow: the disk is full.")

    def drop(self, content: int) -> None:
        """Remove bytes that no image shows. If that fails, they go at the next start."""
        with self._writing:
            self._unwanted.add(content)
            with contextlib.suppress(StateError):
                self.sweep()

    def sweep(self) -> None:
        """Remove what no image shows any more, unless somebody reads it just now. Raises StateError."""
        with self._writing:
            with self._counting:
                removed = {content for content in self._unwanted if not self._readers[content]}
            with self.transaction() as connection:
                for content in removed:
                    if not self._is_shown(content):
                        connection.execute("DELETE FROM piece WHERE content = ?", (content,))
                        connection.execute("DELETE FROM content WHERE id = ?", (content,))
            self._unwanted -= removed

    def _is_shown(self, content: int) -> bool:
        found = self._connection.execute("SELECT 1 FROM shows WHERE content = ?", (content,))
        return found.fetchone() is not None

    def find(self, content: int) -> StoredContent | None:
        with self._writing:
            row = self._connection.execute(
                "SELECT size, md5 FROM content WHERE id = ?", (content,)
            ).fetchone()
        return None if row is None else StoredContent(self, content, row[0], row[1])

    def show(self, image: str, contents: set[int]) -> None:
        """Say which contents an image consists of; `sweep` removes those that no image shows any more."""
        with self.transaction() as connection:
            rows = connection.execute("SELECT content FROM shows WHERE image = ?", (image,)).fetchall()
            before = {row[0] for row in rows}
            for content in contents - before:
                connection.execute("INSERT INTO shows VALUES (?, ?)", (image, content))
            for content in before - contents:
                connection.execute("DELETE FROM shows WHERE image = ? AND content = ?", (image, content))
            self._unwanted |= before - contents

    def forget_unshown(self) -> None:
        """Uploads that came to nothing. On a full disk they stay."""
        with contextlib.suppress(DiskFull), self.transaction() as connection:
            connection.execute("DELETE FROM content WHERE id NOT IN (SELECT content FROM shows)")
            connection.execute("DELETE FROM piece WHERE content NOT IN (SELECT id FROM content)")

    def read(self, content: int, start: int, stop: int) -> Iterator[bytes]:
        """Bytes as they were when the reading began, whatever happens meanwhile. Raises OSError if gone.

        No transaction is open in between: however slow the reader is, the log can be written off.
        """
        with self._counting:
            self._readers[content] += 1
        address = f"{self.path.as_uri()}?mode=ro"
        try:
            connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
            with contextlib.closing(connection):
                while start < stop:
                    number, offset = divmod(start, PIECE)
                    rows = connection.execute(
                        "SELECT data FROM piece WHERE content = ? AND number = ?", (content, number)
                    ).fetchall()
                    piece = memoryview(rows[0][0] if rows else b"")[offset : offset + stop - start]
                    if not piece:
                        raise OSError(f"the state file {self.path} has lost bytes of an image")
                    for at in range(0, len(piece), CHUNK):
                        yield bytes(piece[at : at + CHUNK])
                    start += len(piece)
        except sqlite3.Error as error:
            raise OSError(f"the state file {self.path} cannot be read: {error}") from error
        finally:
            with self._counting:
                self._readers -= Counter([content])


class StoredContent:
    """Bytes that are kept in the state file."""

    __slots__ = ("_database", "id", "md5", "size")
    path: Path | None = None

    def __init__(self, database: Database, content: int, size: int, md5: str) -> None:
        self._database = database
        self.id = content
        self.size = size
        self.md5 = md5

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        return self._database.read(self.id, start, min(stop, self.size))
