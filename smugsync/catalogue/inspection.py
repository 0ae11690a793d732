"""A catalogue looked at from outside: read and checked, never written, migrated or created."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from smugsync.catalogue.database import SCHEMA_VERSION
from smugsync.catalogue.ledger import Catalogue
from smugsync.errors import CatalogueError


class Inspected(Catalogue):
    """To be had from `inspected`. With `is_old` it lacks what came with later schemas; the next run, or any
    other command, brings it up to date."""

    is_old = False

    def inspect(self) -> None:
        """Is it ours? Does every page make sense? Raises CatalogueError, Busy."""
        self.check()
        self.is_old = self._identify() < SCHEMA_VERSION


@contextmanager
def inspected(path: Path) -> Iterator[Inspected]:
    """The catalogue at `path`, read through and found whole; beside whoever is working on it.

    Raises CatalogueError for a file that cannot be opened, is damaged, none of ours or was written by a newer
    version, Busy while another program keeps it to itself.
    """
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5)
    except sqlite3.Error as error:
        raise CatalogueError(f"the catalogue {path} cannot be opened: {error}") from error
    with closing(db):
        catalogue = Inspected(db, path)
        catalogue.inspect()
        yield catalogue
