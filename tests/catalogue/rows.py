"""Rows to begin with, and hands that put them into a catalogue."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from smugsync.catalogue import AlbumRow, Catalogue, FileRow, shown
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Promise, RemoteFile

#: A catalogue as the first versions made it, without rows.
FIRST = Path(__file__).with_name("v1.sql")
MD5, OTHER = "a" * 32, "b" * 32
ICELAND = AlbumRow(0, "alb1", "n1", "Iceland", "/Travel/Iceland", "Travel/Iceland", "travel/iceland")
ROME = AlbumRow(0, "alb2", "n2", "Rome", "/Travel/Rome", "Travel/Rome", "travel/rome")
REMOTE = RemoteFile(
    "alb1", "k1", "IMG_1.JPG", "JPG", version="v1", promised=Promise(MD5, 10), source="https://x/1"
)
HELD: dict[str, Any] = {
    "held_version": "v1",
    "held_md5": MD5,
    "held_size": 10,
    "mtime_ns": 5,
    "evidence": "promised",
}


def planned(album_id: int, key: str = "k1", name: str = "IMG_1.JPG", **changes: Any) -> FileRow:
    row = FileRow(0, album_id, key, name, name.lower(), State.PLANNED, **shown(replace(REMOTE, key=key), 7))
    return replace(row, **changes)


def committed(album_id: int, key: str = "k1", name: str = "IMG_1.JPG", **changes: Any) -> FileRow:
    row = planned(album_id, key, name).on(Event.CLAIM_FETCH).on(Event.RECEIVE).on(Event.PLACE, **HELD)
    return replace(row, **changes)


def put(catalogue: Catalogue, *rows: FileRow) -> None:
    with catalogue.transaction():
        catalogue.put(rows)


def only(catalogue: Catalogue, album: AlbumRow) -> FileRow:
    (row,) = catalogue.files(album.id).values()
    return row


def outside(path: Path, *statements: str) -> None:
    """Another program at the same file."""
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def write_first(path: Path) -> None:
    """A catalogue of schema 1 with one album and a file that is held, as the first versions wrote it."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"{FIRST.read_text()}; PRAGMA user_version = 1;")
        db.execute(
            "INSERT INTO album (key, node_id, name, url_path, directory, directory_folded)"
            " VALUES ('alb1', 'n1', 'Iceland', '/Travel/Iceland', 'Travel/Iceland', 'travel/iceland')"
        )
        db.execute(
            "INSERT INTO file (album_id, key, name, name_folded, state, remote_name, format, kind,"
            " serial, version, revision, promised_md5, promised_size, taken, uploaded, details,"
            " held_version, held_md5, held_size, mtime_ns, evidence) VALUES (1, 'k1', 'a.jpg', 'a.jpg',"
            " 'committed', 'a.jpg', 'JPG', 'photo', 0, 'v1', 'r1', ?1, 10, '', '', '[]',"
            " 'v1', ?1, 10, 5, 'promised')",
            (MD5,),
        )
        db.commit()
