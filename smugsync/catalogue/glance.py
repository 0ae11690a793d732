"""The catalogue at a glance: for whoever only looks, often, beside a run that goes on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from smugsync.catalogue.database import FAULTS, SCHEMA_VERSION
from smugsync.catalogue.ledger import Catalogue
from smugsync.catalogue.rows import AlbumRow, one_of
from smugsync.core.lifecycle import State
from smugsync.errors import CatalogueError

_ALBUM = "id, key, node_id, name, url_path, directory, directory_folded, '', image_count, state, reason"
#: An album whose directory or name holds the word that is looked for.
_MATCHES = "(?1 = '' OR instr(directory_folded, ?1) OR instr(lower(name), ?1))"


class Glance(Catalogue):
    """To be had from `glanced`: nothing can be written through it."""

    def is_usable(self) -> bool:
        """Is it of the schema that this version knows? An older one is brought up to date by the next run.

        Raises CatalogueError for a file that is none of ours, or newer.
        """
        try:
            return self._identify() == SCHEMA_VERSION
        except FAULTS as error:
            raise self._explain(error) or self._damaged(error) from error

    def some_albums(self, word: str = "", *, skip: int = 0, limit: int) -> tuple[list[AlbumRow], int]:
        """`limit` albums by their directories, after the first `skip`; and how many there are in all.

        Only those with `word`, folded, in their directories or names. They come without their cursors.
        """
        (total,) = self._first(f"SELECT count(*) FROM album WHERE {_MATCHES}", (word,))
        rows = self._read(
            f"SELECT {_ALBUM} FROM album WHERE {_MATCHES} ORDER BY directory_folded LIMIT ?2 OFFSET ?3",
            (word, limit, skip),
        )
        return [AlbumRow(*row) for row in rows], int(total)

    def count_in(self, albums: Iterable[int]) -> dict[int, dict[State, tuple[int, int]]]:
        """For each of `albums` (ids) and each state: how many files, and their size in bytes."""
        counts: dict[int, dict[State, tuple[int, int]]] = {}
        rows = self._read(
            "SELECT album_id, state, count(*), total(coalesce(held_size, promised_size, 0)) FROM file"
            " WHERE album_id IN (SELECT value FROM json_each(?)) GROUP BY album_id, state",
            (json.dumps(list(albums)),),
        )
        for album_id, state, n, size in rows:
            counts.setdefault(int(album_id), {})[one_of(State, state)] = int(n), int(size)
        return counts

    def last_good(self) -> int | None:
        """When a run over the whole account was good last, epoch seconds; None if none was."""
        row = self._first(
            "SELECT finished_at FROM run WHERE exit_code = 0 AND finished_at IS NOT NULL"
            " AND (scope LIKE 'everything%' OR scope LIKE 'delta%') ORDER BY id DESC LIMIT 1"
        )
        return None if row is None else int(row[0])


@contextmanager
def glanced(path: Path, *, patience: float = 1.0) -> Iterator[Glance | None]:
    """The catalogue at `path`, over a connection that cannot write; None before the first run, and while it
    waits to be brought up to date. Opening reads a few pages; nothing is checked.

    Raises CatalogueError, and Busy if another program keeps it to itself for longer than `patience` seconds.
    """
    if not path.exists():
        yield None
        return
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=patience
        )
    except sqlite3.Error as error:
        raise CatalogueError(f"the catalogue {path} cannot be opened: {error}") from error
    with closing(connection) as db:
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA query_only = ON")
        glance = Glance(db, path)
        yield glance if glance.is_usable() else None
