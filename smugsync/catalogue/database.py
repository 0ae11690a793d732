"""The file beneath the ledger: opened, migrated, checked, and every trouble with it told in a sentence."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any, Self

from smugsync.errors import Busy, CatalogueError, SmugsyncError

SCHEMA_VERSION = 5
#: "SMSG": in the file's header, it says whose catalogue this is (`file FILE` shows it).
APPLICATION_ID = 0x534D5347

#: SQLite's primary result codes that speak of another process, of the disk and of the file's own bytes;
#: all others are bugs of ours.
_IN_USE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DISK = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
#: What runs by itself when a table is read or written; we make none of it but the triggers in `tally.sql`.
_PLANTED = """
    SELECT iif(type = 'table', 'virtual table', type), name FROM sqlite_schema
    WHERE (type IN ('trigger', 'view') OR sql LIKE 'CREATE VIRTUAL%')
    AND coalesce(sql, '') NOT IN (SELECT value FROM json_each(?)) LIMIT 1
"""
#: Stands for the tally's script in others, as in those of SQLite's own shell.
_TALLY = ".read tally.sql"
_TRIGGER = re.compile(r"^CREATE TRIGGER .*?^END(?=;$)", re.DOTALL | re.MULTILINE)
#: The fact, among those in `meta`, that tells how the tables were made.
_SEAL = "schema"
#: What Python says without any code when a column is no UTF-8.
_NO_TEXT = "Could not decode to UTF-8"
#: What SQLite raises; its messages quote damaged bytes, which Python then cannot decode.
FAULTS = (sqlite3.Error, UnicodeDecodeError)


class NewerSchema(CatalogueError):
    """A later version of smugsync wrote it: nothing is wrong with it."""


class Database:
    """One SQLite file of ours. Every write stands inside `with database.transaction(...)`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self.path = path
        self._durable: bool | None = None  #: as the connection was told last

    # -- opening and closing ---------------------------------------------------------------------

    @classmethod
    def open(cls, path: Path, *, check: bool = False) -> Self:
        """Open or create the catalogue at `path`; `check` reads it through first (after a crash).

        Raises CatalogueError for a file that is damaged, not a catalogue, written by a newer version or
        not to be used on this disk, Busy while another program writes to it.
        """
        try:
            _create_private(path)
            db = sqlite3.connect(path, isolation_level=None, timeout=5)
        except (sqlite3.Error, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise CatalogueError(f"the catalogue {path} cannot be opened: {why}") from error
        catalogue = cls(db, path)
        try:
            catalogue._prepare(check=check)
        except FAULTS as error:
            db.close()
            raise catalogue._explain(error) or catalogue._damaged(error) from error
        except BaseException:
            db.close()
            raise
        return catalogue

    def _prepare(self, *, check: bool) -> None:
        db = self._db
        # First of all: what a stranger wrote into the schema may not call anything that reaches outside.
        db.execute("PRAGMA trusted_schema = OFF")
        version = self._identify()
        # An I/O error while switching is not raised: the answer is the old mode.
        mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode not in ("wal", "memory"):
            raise CatalogueError(
                f"the catalogue {self.path} cannot use a write-ahead log (its file system says {mode!r}); "
                "keep the state directory on a local disk"
            )
        for pragma in ("foreign_keys = ON", "cell_size_check = ON", "cache_size = -8192", "temp_store = 2"):
            db.execute(f"PRAGMA {pragma}")
        if check:
            self.check()
        if version != SCHEMA_VERSION:
            self._bring_up_to_date()
        self._check_seal()

    def _identify(self) -> int:
        """The version of its schema, 0 for an empty file. Raises CatalogueError if it is not for us."""
        db = self._db
        # In this order: if another process makes it meanwhile, the version is not the older of the two.
        filled = bool(db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
        owner = int(db.execute("PRAGMA application_id").fetchone()[0])
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version < 0 or owner not in (0, APPLICATION_ID) or (version == 0 and filled):
            raise self._damaged("it belongs to another program")
        ours = json.dumps(_TRIGGER.findall(_text("tally.sql")))
        if (planted := db.execute(_PLANTED, (ours,)).fetchone()) is not None:
            raise self._damaged(f"it holds a {planted[0]} that smugsync did not make, {planted[1]!r}")
        if version > SCHEMA_VERSION:
            raise NewerSchema(
                f"the catalogue {self.path} was written by a newer smugsync (schema {version}, this version "
                f"knows {SCHEMA_VERSION}); upgrade smugsync"
            )
        return version

    def _digest(self) -> str:
        """A digest of the tables and indexes as they are written down in the file."""
        laws = self._read("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        return hashlib.sha256(repr(list(laws)).encode()).hexdigest()

    def _check_seal(self) -> None:
        """Are the tables those that we made? A wrong bit in their text may turn a law into its opposite."""
        sealed = self._first("SELECT value FROM meta WHERE key = ?", (_SEAL,))
        if sealed is not None and sealed[0] != self._digest():
            raise self._damaged("its tables are not as they were made")

    def _bring_up_to_date(self) -> None:
        """Make the tables, or make ours of those of an older version.

        One transaction holds all of it, the version and the seal: whoever is killed leaves nothing behind.
        """
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            version = self._identify()  # another process may have been quicker
            if version == 0:
                self._script("schema.sql")
            for step in range(version or SCHEMA_VERSION, SCHEMA_VERSION):
                self._script(f"migrations/{step}.sql")
            if version != SCHEMA_VERSION:
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_SEAL, self._digest()))
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _script(self, name: str) -> None:
        """Run one of our scripts in the transaction that is open; `executescript` would end that."""
        statement = ""
        for line in _text(name).replace(_TALLY, _text("tally.sql")).splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                self._db.execute(statement)
                statement = ""
        self._db.execute(statement)  # what no semicolon ends: a comment

    def copy(self, path: Path) -> Self:
        """A throw-away copy at `path`, for a dry run: planned on like the original, then discarded."""
        with closing(sqlite3.connect(path)) as target:
            self._db.backup(target)
        copy = type(self).open(path)
        copy._db.execute("PRAGMA synchronous = OFF")
        return copy

    def check(self) -> None:
        """Read the whole file through; raises CatalogueError if it is damaged."""
        try:
            verdict = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        except FAULTS as error:
            raise self._explain(error) or self._damaged(error) from error
        if verdict != "ok":
            raise self._damaged(verdict)

    def integrity(self, *, limit: int = 20) -> list[str]:
        """What is wrong with the file: its pages, its indexes, rows that break the schema's laws.

        Up to `limit` sentences of SQLite's. Raises CatalogueError when it cannot be read at all.
        """
        try:
            found = [str(row[0]) for row in self._db.execute(f"PRAGMA integrity_check({limit:d})")]
            found += [
                f"a row of {table} refers to a row of {parent} that does not exist"
                for table, _, parent, _ in self._db.execute("PRAGMA foreign_key_check")
            ]
        except FAULTS as error:
            raise self._explain(error) or self._damaged(error) from error
        return [line for line in found if line != "ok"][:limit]

    def _explain(self, error: BaseException) -> SmugsyncError | None:
        """`error` in a person's words, None if it is none of SQLite's or a bug of ours."""
        if isinstance(error, UnicodeDecodeError) or _NO_TEXT in str(error):
            return self._damaged("it holds bytes that are no text")
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if primary in _IN_USE:
            return Busy(f"another program is writing to the catalogue {self.path}; wait until it is done")
        if primary in _DISK:
            return CatalogueError(f"the catalogue {self.path} cannot be used: {error}")
        return self._damaged(error) if primary in _DAMAGE else None

    def _damaged(self, why: object) -> CatalogueError:
        return CatalogueError(
            f"the catalogue {self.path} is damaged or no catalogue ({why}); `smugsync fsck --rebuild` keeps "
            "it aside and makes a new one: files that are already there are recognised, not fetched again"
        )

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        """One transaction. `durable` survives a power cut from here on; without it the write may be lost
        by one, but never torn: fit for listings, which can be read again.

        Raises CatalogueError when the disk refuses or the file turns out to be damaged, Busy when another
        program keeps it; a row that the schema refuses is a bug and stays sqlite3.IntegrityError.
        """
        try:
            if durable is not self._durable:
                self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._before_commit()
            self._db.execute("COMMIT")
            self._after_commit()
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            explained = self._explain(error)
            if explained is not None:
                raise explained from error
            if isinstance(error, sqlite3.IntegrityError):
                self.check()  # a bug, unless what lies in the file breaks its laws already
            raise

    @property
    def generation(self) -> int:
        """How many rows were changed since it was opened: what was read before the last one may be stale."""
        return self._db.total_changes

    def _before_commit(self) -> None:
        """What a transaction takes along with it; for those that inherit."""

    def _after_commit(self) -> None:
        """What was taken along has arrived."""

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[Any]:
        """The rows that `query` finds. Raises as `transaction` does."""
        try:
            # Not `yield from`: a reader that is given up would close the cursor after its database.
            for row in self._db.execute(query, values):  # noqa: UP028 -- see above
                yield row
        except FAULTS as error:
            explained = self._explain(error)
            if explained is not None:
                raise explained from error
            raise

    def _first(self, query: str, values: tuple[Any, ...] = ()) -> Any:
        """The first row that `query` finds, None if there is none."""
        return next(self._read(query, values), None)


def _text(name: str) -> str:
    return resources.files("smugsync.catalogue").joinpath(name).read_text(encoding="utf-8")


def _create_private(path: Path) -> None:
    """An empty file for our eyes only, whatever the umask; SQLite gives its other files the same mode."""
    if path == Path(":memory:"):
        return
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
