"""A catalogue looked at from outside: read and checked, never written, migrated or created."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from smugsync.catalogue.database import FAULTS, SCHEMA_VERSION, Database
from smugsync.catalogue.ledger import Catalogue
from smugsync.errors import CatalogueError


class Inspected(Catalogue):
    """To be had from `inspected`. With `is_old` it lacks what came with later schemas; the next run, or any
    other command, brings it up to date."""

    is_old = False

    def inspect(self) -> None:
        """Is it ours? Does every page make sense? Raises CatalogueError, Busy."""
        self.check()
        try:
            self.is_old = self._identify() < SCHEMA_VERSION
            if not self.is_old:
                self._check_seal()
        except FAULTS as error:
            raise self._explain(error) or self._damaged(error) from error

    def integrity(self, *, limit: int = 20) -> list[str]:
        """As Database does, over a connection that might write and does not: one that may only read is
        blind to the tables' CHECKs."""
        with closing(_connect(self.path, mode="rw", patience=1.0)) as db:
            db.execute("PRAGMA query_only = ON")
            return Database(db, self.path).integrity(limit=limit)

    def read_through(self) -> None:
        """Read every column of every row, so that what is no text is found. Raises CatalogueError."""
        tables = [str(row[0]) for row in self._read("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            for _ in self._read(f'SELECT * FROM "{table}"'):
                pass


@contextmanager
def inspected(path: Path, *, patience: float = 1.0) -> Iterator[Inspected]:
    """The catalogue at `path`, read through and found whole; beside whoever is working on it.

    Raises CatalogueError for a file that cannot be opened, is damaged, none of ours or was written by a newer
    version; Busy if another program keeps it to itself for longer than `patience`, in seconds.
    """
    with closing(_connect(path, mode="ro", patience=patience)) as db:
        catalogue = Inspected(db, path)
        catalogue.inspect()
        yield catalogue


def _connect(path: Path, *, mode: str, patience: float) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=patience)
    except sqlite3.Error as error:
        raise CatalogueError(f"the catalogue {path} cannot be opened: {error}") from error
    db.execute("PRAGMA trusted_schema = OFF")
    return db
