"""The state file as a file: opening it, telling what is wrong with it, and the bytes of images in it.

An SQLite database in write-ahead mode: what was committed survives the end of the process, however it
comes. One emulator at a time holds the lock beside it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from smugsync.emulator.account.content import CHUNK
from smugsync.errors import Busy, SmugsyncError, UsageError

#: Marks the file as ours ("SMGE"), and says how it is laid out.
APPLICATION: Final = 0x534D4745
FORMAT: Final = 1

#: Bytes of an image are kept in pieces of this size, and written in transactions of so many pieces.
PIECE: Final = 1 << 20
_PIECES_AT_ONCE: Final = 8
#: A file up to this size is checked as a whole when it is opened, which takes about a second.
_CHECKED: Final = 1 << 30

_SCHEMA: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE thing (
    place INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, shelf TEXT NOT NULL,
    value TEXT NOT NULL, UNIQUE (kind, key)
);
CREATE TABLE content (id INTEGER PRIMARY KEY AUTOINCREMENT, size INTEGER NOT NULL, md5 TEXT NOT NULL);
CREATE TABLE piece (
    content INTEGER NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (content, number)
);
CREATE TABLE shows (image TEXT NOT NULL, content INTEGER NOT NULL, PRIMARY KEY (image, content));
CREATE INDEX shown ON shows (content);
"""


class StateError(SmugsyncError):
    """The state file cannot be used, or not any more."""


class Database:
    """An open state file. Safe to use from several threads; writes come one after the other."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises UsageError, Busy or StateError, one sentence each."""
        self.path = path.absolute()
        self._writing = threading.RLock()
        self._prepare_file()
        self._lock = self._take_lock()
        try:
            self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            try:
                with self.explained():
                    self._prepare_tables()
            except BaseException:
                self._connection.close()
                raise
        except BaseException:
            self._release_lock()
            raise

    def close(self) -> None:
        """Nothing is left to do for the next one who opens it."""
        with self._writing:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
            self._release_lock()

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Say in one sentence what SQLite says in its own words."""
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or type(error) is sqlite3.DatabaseError:
                raise self.damaged() from error
            raise StateError(f"the state file {self.path} cannot be used: {error}.") from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it, or nothing; one inside another is part of that. Raises StateError."""
        with self._writing, self.explained():
            if self._is_inside():
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._is_inside():  # SQLite may have ended it by itself
                    self._connection.execute("ROLLBACK")
                raise

    def _is_inside(self) -> bool:
        return self._connection.in_transaction

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

    def store(self, source: BinaryIO) -> StoredContent:
        """Copy bytes in, to the end of `source`. Unless an image shows them, they go at the next start."""
        digest, size, number = hashlib.md5(), 0, 0
        with self.transaction() as connection:
            cursor = connection.execute("INSERT INTO content (size, md5) VALUES (0, '')")
            content = int(cursor.lastrowid or 0)
        more = True
        while more:
            with self.transaction() as connection:
                for _ in range(_PIECES_AT_ONCE):
                    more = bool(data := source.read(PIECE))
                    if not more:
                        break
                    digest.update(data)
                    size += len(data)
                    connection.execute("INSERT INTO piece VALUES (?, ?, ?)", (content, number, data))
                    number += 1
        with self.transaction() as connection:
            values = (size, digest.hexdigest(), content)
            connection.execute("UPDATE content SET size = ?, md5 = ? WHERE id = ?", values)
        return StoredContent(self, content, size, digest.hexdigest())

    def find(self, content: int) -> StoredContent | None:
        with self._writing:
            row = self._connection.execute(
                "SELECT size, md5 FROM content WHERE id = ?", (content,)
            ).fetchone()
        return None if row is None else StoredContent(self, content, row[0], row[1])

    def show(self, image: str, contents: set[int]) -> None:
        """Say which contents an image consists of; those that no image shows any more are forgotten."""
        with self.transaction() as connection:
            rows = connection.execute("SELECT content FROM shows WHERE image = ?", (image,)).fetchall()
            before = {row[0] for row in rows}
            for content in contents - before:
                connection.execute("INSERT INTO shows VALUES (?, ?)", (image, content))
            for content in before - contents:
                connection.execute("DELETE FROM shows WHERE image = ? AND content = ?", (image, content))
                if connection.execute("SELECT 1 FROM shows WHERE content = ?", (content,)).fetchone() is None:
                    connection.execute("DELETE FROM piece WHERE content = ?", (content,))
                    connection.execute("DELETE FROM content WHERE id = ?", (content,))

    def forget_unshown(self) -> None:
        """Uploads that came to nothing."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM content WHERE id NOT IN (SELECT content FROM shows)")
            connection.execute("DELETE FROM piece WHERE content NOT IN (SELECT id FROM content)")

    def read(self, content: int, start: int, stop: int) -> Iterator[bytes]:
        """Bytes as they were when the reading began, whatever happens meanwhile. Raises OSError if gone."""
        address = f"{self.path.as_uri()}?mode=ro"
        try:
            connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
            with contextlib.closing(connection):
                connection.execute("BEGIN")
                while start < stop:
                    number, offset = divmod(start, PIECE)
                    wanted = (content, number)
                    row = connection.execute(
                        "SELECT data FROM piece WHERE content = ? AND number = ?", wanted
                    ).fetchone()
                    piece = memoryview(row[0] if row else b"")[offset : offset + stop - start]
                    if not piece:
                        raise OSError(f"the state file {self.path} has lost bytes of an image")
                    for at in range(0, len(piece), CHUNK):
                        yield bytes(piece[at : at + CHUNK])
                    start += len(piece)
        except sqlite3.Error as error:
            raise OSError(f"the state file {self.path} cannot be read: {error}") from error

    # -- opening -------------------------------------------------------------------------------------

    def _take_lock(self) -> int:
        """A file beside ours, as long as it is locked: locks on ours are SQLite's."""
        path = self._lock_path
        try:
            while True:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    # Whoever had it before may have removed the file after we opened it.
                    if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                        return descriptor
                except BaseException:
                    os.close(descriptor)
                    raise
                os.close(descriptor)
        except BlockingIOError:
            raise Busy(
                f"another emulator works with the state file {self.path}: stop it, or name another file."
            ) from None
        except OSError as error:
            raise self._inaccessible(error) from error

    def _release_lock(self) -> None:
        self._lock_path.unlink(missing_ok=True)
        os.close(self._lock)

    @property
    def _lock_path(self) -> Path:
        return self.path.with_name(f"{self.path.name}.lock")

    def _prepare_file(self) -> None:
        """A new one is made for its owner alone; a foreign one stays as it is."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                head = os.read(descriptor, 16)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._inaccessible(error) from error
        if head not in (b"", b"SQLite format 3\0"):
            raise self._foreign()

    def _prepare_tables(self) -> None:
        connection = self._connection
        application, version = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        if application != APPLICATION and not (application == 0 and empty):
            raise self._foreign()
        if version > FORMAT:
            raise StateError(
                f"the state file {self.path} was written by a newer smugsync: update this one, or name"
                " another file."
            )
        # The secrets of the applications and of the certificates are nobody else's business.
        self.path.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA busy_timeout = 5000")
        if empty:
            marks = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT};"
            connection.executescript(f"BEGIN; {_SCHEMA} {marks} COMMIT;")
            return
        small = self.path.stat().st_size <= _CHECKED
        if small and connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("quick_check")

    def damaged(self) -> StateError:
        return StateError(
            f"the state file {self.path} is damaged: restore a copy, or start with another file."
        )

    def _inaccessible(self, error: OSError) -> StateError:
        return StateError(f"the state file {self.path} cannot be opened: {error.strerror}.")

    def _foreign(self) -> UsageError:
        return UsageError(f"{self.path} is not a state file of `smugsync emulator`: name another file.")


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
