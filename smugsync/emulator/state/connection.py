"""The state file as a file: opening it, working with it alone, and telling what is wrong with it.

An SQLite database in write-ahead mode: what was committed survives the end of the process, however it
comes. One emulator at a time holds the locks.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from smugsync.emulator.state.lock import Lock
from smugsync.errors import Busy, SmugsyncError, UsageError

#: Marks the file as ours ("SMGE"), and says how it is laid out.
APPLICATION: Final = 0x534D4745
FORMAT: Final = 1

#: A file up to this size is checked as a whole when it is opened, which takes about a second.
_CHECKED: Final = 1 << 30
#: Bytes of the log that stay on the disk once all of it is in the file.
_LOG: Final = 8 << 20

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


class DiskFull(StateError):
    """There is no room for what should be written. What is there can be read."""


class Connection:
    """An open state file. Safe to use from several threads; writes come one after the other."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises UsageError, Busy or StateError, one sentence each."""
        self.path = path.absolute()
        self._writing = threading.RLock()
        self._prepare_file()
        try:
            self._lock = Lock(self.path)
        except BlockingIOError:
            raise Busy(
                f"another emulator works with the state file {self.path}: stop it, or name another file."
            ) from None
        except OSError as error:
            raise self._inaccessible(error) from error
        try:
            self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            try:
                with self.explained():
                    self._prepare_tables()
            except BaseException:
                self._connection.close()
                raise
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Nothing is left to do for the next one who opens it."""
        with self._writing:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
            self._lock.release()

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Say in one sentence what SQLite says in its own words."""
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or type(error) is sqlite3.DatabaseError:
                raise self.damaged() from error
            kind = DiskFull if name.startswith("SQLITE_FULL") else StateError
            raise kind(f"the state file {self.path} cannot be used: {error}.") from error

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
                self._settle()
                raise

    def _settle(self) -> None:
        """Bring what is in the log into the file, which makes room for more."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _is_inside(self) -> bool:
        return self._connection.in_transaction

    # -- opening -------------------------------------------------------------------------------------

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
        connection.execute(f"PRAGMA journal_size_limit = {_LOG}")
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
