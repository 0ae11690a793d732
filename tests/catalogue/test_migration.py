"""A catalogue of an older version becomes one of this, whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smugsync.catalogue import Catalogue
from smugsync.core.lifecycle import State
from smugsync.core.model import Fingerprint
from smugsync.errors import CatalogueError
from tests.catalogue.rows import ICELAND, MD5, OTHER, outside, planned, put, write_first


class TestMigration:
    """A catalogue of schema 1, as the first versions wrote it."""

    @pytest.fixture
    def old(self, path: Path) -> Path:
        write_first(path)
        with closing(sqlite3.connect(path)) as db:
            db.execute("INSERT INTO local_file VALUES ('mine.jpg', 3, 4, NULL, 'diverged')")
            db.commit()
        return path

    def test_keeps_every_row(self, old: Path) -> None:
        with closing(Catalogue.open(old, check=True)) as catalogue:
            (row,) = catalogue.files(1).values()
            assert (row.name, row.held_md5, row.verified_at, row.strikes) == ("a.jpg", MD5, None, 0)
            assert catalogue.local_files("") == {"mine.jpg": (Fingerprint(3, 4), "diverged")}

    def test_leads_to_the_columns_and_indexes_of_a_new_catalogue(self, old: Path, tmp_path: Path) -> None:
        def shape(path: Path) -> set[tuple[Any, ...]]:
            Catalogue.open(path).close()
            query = (
                "SELECT t.name, c.name, c.type, c.[notnull], c.dflt_value FROM sqlite_schema t,"
                " pragma_table_info(t.name) c WHERE t.type = 'table'"
                " UNION ALL SELECT name, tbl_name, sql, NULL, NULL FROM sqlite_schema"
                " WHERE type IN ('index', 'trigger')"
            )
            with closing(sqlite3.connect(path)) as db:
                return set(db.execute(query))

        assert shape(old) == shape(tmp_path / "new.db")

    def test_refuses_the_rows_that_a_new_catalogue_refuses(self, old: Path) -> None:
        with closing(Catalogue.open(old)) as catalogue:
            (row,) = catalogue.files(1).values()
            for wrong in ({"local_size": 3}, {"local_md5": OTHER}, {"local_mtime_ns": 3}):
                with pytest.raises(sqlite3.IntegrityError):
                    put(catalogue, replace(row, **wrong))
            bare = replace(planned(1, "k2", "b.jpg"), verified_at=3)
            with pytest.raises(sqlite3.IntegrityError):
                put(catalogue, bare)

    def test_that_cannot_finish_leaves_the_old_catalogue(self, old: Path) -> None:
        outside(old, "CREATE TABLE change (id)")  # in the way of the script
        with pytest.raises(CatalogueError, match="already exists"):
            Catalogue.open(old)
        with closing(sqlite3.connect(old)) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (1,)
            assert "strikes" not in {row[1] for row in db.execute("PRAGMA table_info(file)")}


class Killed(Exception):
    """The process is no more."""


class Interposed(sqlite3.Connection):
    """Something happens before each statement, which is told its number and its text."""

    def __init__(self, *where: Any, **how: Any) -> None:
        super().__init__(*where, **how)
        self.told: list[str] = []
        self.before: Callable[[int, str], None] = lambda number, sql: None

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        self.told.append(sql)
        self.before(len(self.told) - 1, sql)
        return super().execute(sql, *values)


class TestBringingUpToDate:
    """Of a catalogue of schema 4, as the version before wrote it, and of a file that is still empty."""

    @pytest.fixture(params=[0, 4])
    def old(self, path: Path, request: pytest.FixtureRequest) -> Path:
        if request.param == 0:
            path.touch()
            return path
        Catalogue.open(path).close()
        triggers = (f"DROP TRIGGER tally_{what}" for what in ("added", "removed", "changed"))
        outside(path, *triggers, "DROP TABLE tally", "DROP INDEX file_self", "PRAGMA user_version = 4")
        with closing(sqlite3.connect(path)) as db:
            seal = Catalogue(db, path)._digest()
        outside(path, f"UPDATE meta SET value = '{seal}' WHERE key = 'schema'")
        return path

    def prepare(self, path: Path, before: Callable[[int, str], None]) -> list[str]:
        """What was told to SQLite on the way."""
        with closing(sqlite3.connect(path, isolation_level=None, factory=Interposed)) as db:
            db.before = before
            Catalogue(db, path)._prepare(check=False)
            return db.told

    def is_whole(self, path: Path) -> bool:
        """Is it of this version, and can it be written to?"""
        with closing(Catalogue.open(path, check=True)) as catalogue:
            with catalogue.transaction():
                catalogue.put([planned(catalogue.put_album(ICELAND).id)])
            return {state: found for state, found in catalogue.count().items() if found[0]} == {
                State.PLANNED: (1, 10)
            }

    def test_may_be_killed_before_any_statement(self, old: Path, tmp_path: Path) -> None:
        before = old.read_bytes()
        steps = len(self.prepare(old, lambda number, sql: None))
        for last in range(steps):

            def kill(number: int, sql: str, last: int = last) -> None:
                if number >= last:
                    raise Killed

            path = tmp_path / f"{last}.db"
            path.write_bytes(before)
            with pytest.raises(Killed):
                self.prepare(path, kill)
            assert self.is_whole(path), last

    def test_by_two_at_once_is_done_by_one(self, old: Path, tmp_path: Path) -> None:
        before = old.read_bytes()
        begins = self.prepare(old, lambda number, sql: None).index("BEGIN IMMEDIATE")
        for moment in range(begins + 1):
            path = tmp_path / f"{moment}.db"
            path.write_bytes(before)

            def overtake(number: int, sql: str, moment: int = moment, path: Path = path) -> None:
                if number == moment:
                    Catalogue.open(path).close()

            self.prepare(path, overtake)
            assert self.is_whole(path), moment
