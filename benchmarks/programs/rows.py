"""Rows into a catalogue, timed inside the process.

`python -m benchmarks.programs.rows CONTESTANT HOME PHOTOS`

Prints the seconds that the contestant took, without what it needed to begin with:

- `plain`: `json.loads` of the answers that list the album, and one `executemany` of an INSERT into a plain
  table: the columns, the primary key and the two unique keys, without the product's other indexes, checks
  and triggers;
- `ingest`: the same answers by the product's way: read by the dialect, compared with the rows that are known
  and with what lies in the album's directory, recorded, closed;
- `insert`, `again`: so many new rows by the catalogue's own writer, and the same rows once more, unchanged.

The answers are the emulator's, for an album of so many photos (at most 5,000, as on SmugMug).
"""

from __future__ import annotations

import gc
import json
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from benchmarks.processes import BenchmarkError
from benchmarks.stage.grown import BYTES_EACH, CATALOGUE, album_row, file_rows, grow, synthetic
from smugsync.catalogue import AlbumRow, Catalogue, FileRow
from smugsync.catalogue.files import COLUMNS
from smugsync.catalogue.rows import upsert, values_of
from smugsync.core.lifecycle import State
from smugsync.core.model import Album
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Settings
from smugsync.local.tree import Mirror
from smugsync.progress import Silent
from smugsync.remote.dialect import Call, Dialect, Reply, Span
from smugsync.remote.gallery import Body, Gallery
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.stop import Stop
from smugsync.sync.context import Context, Options, Scope
from smugsync.sync.cycle.planning import Planner
from smugsync.sync.report import Report

PAGE = 100  #: entries of an answer
BATCH = 5000  #: rows in one transaction
Known = Callable[[Path, int], tuple[dict[str, bytes], list[FileRow]]]
_DIALECT = SmugMugV2("https://api.smugmug.com")
_INSERT, _ = upsert("file", COLUMNS)
_PLAIN = (
    f"CREATE TABLE file (id INTEGER PRIMARY KEY, {', '.join(COLUMNS[1:])},"
    " UNIQUE (album_id, key), UNIQUE (album_id, name_folded))"
)


class Recorded:
    """A line whose answers are known: what comes over it takes no time."""

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        self._answers = answers

    def ask(self, call: Call, dialect: Dialect, /) -> Reply:
        return Reply(200, {}, self._answers[call.url])

    def stream(
        self, call: Call, dialect: Dialect, /, *, offset: int = 0, validator: str | None = None
    ) -> AbstractContextManager[Body]:
        raise TypeError("no file was asked for")

    def is_unchanged(self, call: Call, dialect: Dialect, validator: str, /) -> bool:
        raise TypeError("no file was asked for")


def ask_for(album: Album, photos: int) -> dict[str, bytes]:
    """The answers that list a synthetic account's first album, by their addresses."""
    emulator = Emulator(Settings(albums=1, images=photos))
    answers = dict[str, bytes]()
    for start in range(1, photos + 1, PAGE):
        call = _DIALECT.files(album, Span(start, PAGE))
        parts = urlsplit(call.url)
        query = f"{parts.query}&APIKey={emulator.credentials.api_key}"
        heads = {"host": parts.netloc, "accept": "application/json"}
        answer = emulator.handle(Request("GET", parts.path, query, heads, b"", "https"))
        answers[call.url] = b"".join(answer.pieces())
    return answers


def plain(home: Path, photos: int) -> float:
    """Into a database of its own, where nothing is left to be written when the clock starts."""
    answers, rows = _known(home, photos)
    values = [values_of(row, COLUMNS) for row in rows]
    with closing(sqlite3.connect(home / "plain.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(_PLAIN)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with Timer() as timer:
            for body in answers.values():
                json.loads(body)
            database.execute("BEGIN IMMEDIATE")
            database.executemany(_INSERT, values)
            database.execute("COMMIT")
        if database.execute("SELECT count(*) FROM file").fetchone() != (photos,):
            raise BenchmarkError("not every row was inserted")
    return timer.seconds


def ingest(home: Path, photos: int, *, known: Known | None = None) -> float:
    answers, rows = (known or _known)(home, photos)
    with ExitStack() as stack:
        catalogue = stack.enter_context(closing(Catalogue.open(home / CATALOGUE)))
        mirror = stack.enter_context(Mirror.open(home / "mirror"))
        context = _context(catalogue, mirror, Gallery(_DIALECT, Recorded(answers)))
        (album,) = catalogue.albums()
        planner = Planner(context)
        with Timer() as timer:
            listing = planner.begin(album, _shown(album))
            pages = context.gallery.files(listing.album)
            for page in pages:
                planner.take(listing, page)
            absent = planner.finish(listing, complete=pages.complete)
        if (len(listing.seen), listing.news, absent) != (photos, 0, ()) or not rows:
            raise BenchmarkError(f"{len(listing.seen)} photos were seen, {listing.news} of them as new")
    return timer.seconds


def insert(home: Path, photos: int, *, batch: int = BATCH) -> float:
    """Into a catalogue that has none of them."""
    (home / CATALOGUE).unlink(missing_ok=True)
    (home / CATALOGUE).parent.mkdir(parents=True, exist_ok=True)
    seconds = 0.0
    with closing(Catalogue.open(home / CATALOGUE)) as catalogue:
        for album in synthetic(albums=photos // batch, images=batch):
            with catalogue.transaction():
                row = catalogue.put_album(album_row(album))
            rows = list(file_rows(row, album.photos, mtime_ns=0))
            with Timer() as timer, catalogue.transaction():
                catalogue.put(rows)
            seconds += timer.seconds
        if catalogue.count() != {State.COMMITTED: (photos, photos * BYTES_EACH)}:
            raise BenchmarkError(f"the catalogue counts {catalogue.count()}")
    return seconds


def again(home: Path, photos: int) -> float:
    """What `insert` left there last."""
    seconds = 0.0
    with closing(Catalogue.open(home / CATALOGUE)) as catalogue:
        for album in list(catalogue.albums()):
            rows = list(catalogue.files(album.id).values())
            with Timer() as timer, catalogue.transaction():
                catalogue.put(rows)
            seconds += timer.seconds
            if catalogue.files(album.id) != {row.key: row for row in rows}:
                raise BenchmarkError("rows are not as they were")
        if catalogue.count() != {State.COMMITTED: (photos, photos * BYTES_EACH)}:
            raise BenchmarkError(f"the catalogue counts {catalogue.count()}")
    return seconds


CONTESTANTS: Mapping[str, Callable[[Path, int], float]] = {
    "plain": plain,
    "ingest": ingest,
    "insert": insert,
    "again": again,
}


class Timer:
    """Seconds by the clock; what lay about before is no garbage of what is measured."""

    seconds = 0.0

    def __enter__(self) -> Self:
        gc.collect()
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._began


def _known(home: Path, photos: int) -> tuple[dict[str, bytes], list[FileRow]]:
    """The answers that list the one album of a new mirror in `home`, and its rows."""
    shutil.rmtree(home)
    grow(home, albums=1, images=photos)
    with closing(Catalogue.open(home / CATALOGUE)) as catalogue:
        (album,) = catalogue.albums()
        return ask_for(_shown(album), photos), list(catalogue.files(album.id).values())


def _shown(album: AlbumRow) -> Album:
    """As the album list shows it."""
    return replace(album.album(), cursor=album.cursor)


def _context(catalogue: Catalogue, mirror: Mirror, gallery: Gallery) -> Context:
    with catalogue.transaction():
        run = catalogue.begin_run("everything", int(time.time()))
    return Context(
        catalogue=catalogue,
        gallery=gallery,
        mirror=mirror,
        options=Options(),
        progress=Silent(),
        stop=Stop(),
        now=time.time,
        scope=Scope("everything"),
        run=run,
        report=Report("everything"),
        stamp="",
        asked_at=time.time(),
    )


if __name__ == "__main__":
    print(CONTESTANTS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3])))
