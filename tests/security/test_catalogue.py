"""The catalogue: what the service says is a value in it and nothing more, and what others write into it does
no harm."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from smugsync.catalogue import Catalogue
from smugsync.catalogue.inspection import inspected
from smugsync.emulator.serve import running
from smugsync.errors import CatalogueError
from tests.e2e.command import Command
from tests.security.liar import Liar, LyingWorld, renaming, telling
from tests.security.tour import set_up
from tests.sync.world import md5

STRINGS = {
    "a-quote": "'; DROP TABLE file; --",
    "a-double-quote": '" OR 1=1 --',
    "a-wildcard": "%",
    "a-wildcard-of-one": "_",
    "a-glob": "*[a-z]?",
    "a-backslash": "\\' OR \\\"",
    "a-parameter": "?1 :name @name $name",
    "an-end-of-json": '"], ["x',
    "json": '{"a": [1, null]}',
    "a-concatenation": "x' || (SELECT value FROM meta) || 'y",
    "another-script": "\u00e9\U0001f5bc\u4e2d",
}


@pytest.fixture
def world(tmp_path: Path) -> LyingWorld:
    world = LyingWorld(tmp_path)
    good = world.album("Good")
    for seed in range(3):
        world.photo(good, f"{seed}.jpg", seed)
    (world.path / "Good").mkdir()
    (world.path / "Good" / "own.jpg").write_bytes(b"a person's own")
    return world


def catalogue_of(world: LyingWorld) -> Path:
    return world.root / "state" / "catalogue.db"


def ask(path: Path, query: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def good_rows(world: LyingWorld) -> list[Any]:
    """What is known of the good album, but for what changes with every run."""
    return ask(
        catalogue_of(world),
        "SELECT file.id, file.key, file.name, file.state, file.held_md5, album.directory FROM file"
        " JOIN album ON album.id = file.album_id WHERE album.directory = 'Good' ORDER BY file.id",
    ) + ask(catalogue_of(world), "SELECT path, md5, why FROM local_file WHERE path GLOB 'Good/*'")


@pytest.mark.parametrize("text", STRINGS.values(), ids=STRINGS)
def test_a_text_is_stored_as_it_is_and_changes_nothing_else(world: LyingWorld, text: str) -> None:
    world.sync()
    before = good_rows(world)
    assert len(before) == 4
    album = world.album("Bad")
    keys = [world.photo(album, f"{seed}.jpg", seed) for seed in range(10, 14)]
    described = {"Title": text, "Caption": text, "KeywordArray": [text, text], "FileName": f"{text}.jpg"}
    world.liar.lies = [
        renaming("Album", "AlbumKey", field, {album: f"/{text}"}) for field in ("Name", "UrlPath")
    ]
    world.liar.lies += [
        renaming("AlbumImage", "ImageKey", field, dict.fromkeys(keys, value))
        for field, value in described.items()
    ]
    assert world.sync().exit_code == 0
    details = ask(catalogue_of(world), f"SELECT details FROM file WHERE key = '{keys[0]}'")
    told = json.loads(details[0][0])
    assert told[:3] == [text, text, [text, text]]
    world.replace(keys[1], 20)
    world.edit("delete-photo", image=keys[2])
    world.liar.lies.append(renaming("Album", "AlbumKey", "UrlPath", {album: f"/Other {text}"}))
    assert world.sync().exit_code == 0
    assert good_rows(world) == before
    assert sorted(set(world.files().values())) == sorted(
        {*map(md5, (0, 1, 2, 10, 12, 13, 20)), world.files()["Good/own.jpg"]}
    )
    assert ask(catalogue_of(world), "PRAGMA integrity_check") == [("ok",)]
    with contextlib.closing(Catalogue.open(world.root / "fresh.db")):
        schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY name"
        assert ask(catalogue_of(world), schema) == ask(world.root / "fresh.db", schema)


@pytest.mark.parametrize("directory", ["a%", "a_", "a*", "a[b]"])
def test_a_renamed_album_takes_nothing_along_that_its_name_would_match(
    world: LyingWorld, directory: str
) -> None:
    """Names that LIKE or GLOB would take for those of others."""
    album = world.album("First")
    world.photo(album, "a.jpg", 10)
    world.liar.lies = [renaming("Album", "AlbumKey", "UrlPath", {album: f"/{directory}"})]
    for name in (directory.replace("*", "_"), "ab", "a%%", "abc"):
        (world.path / name).mkdir(exist_ok=True)
        (world.path / name / "own.jpg").write_bytes(b"a person's own")
    world.sync()
    world.liar.lies = [renaming("Album", "AlbumKey", "UrlPath", {album: "/Elsewhere"})]
    world.sync()
    known = {path for (path,) in ask(catalogue_of(world), "SELECT path FROM local_file")}
    assert {"ab/own.jpg", "abc/own.jpg", "Elsewhere/own.jpg"} <= known
    assert known == {path for path in world.files() if path.endswith("own.jpg")}


PLANTED = {
    "trigger": "CREATE TRIGGER evil AFTER UPDATE ON album BEGIN DELETE FROM file; END",
    "trigger-for-every-run": "CREATE TRIGGER evil AFTER INSERT ON run BEGIN UPDATE album SET key = 'x'; END",
    "view": "CREATE VIEW evil AS SELECT * FROM file",
    "virtual-table": "CREATE VIRTUAL TABLE evil USING fts5(x)",
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_catalogue_is_refused_that_holds_a_strangers(world: LyingWorld, planted: str) -> None:
    world.sync()
    before = world.files()
    with contextlib.closing(sqlite3.connect(catalogue_of(world))) as database:
        database.execute(PLANTED[planted])
    with pytest.raises(CatalogueError, match=r"that smugsync did not make, 'evil'"):
        world.sync()
    with (
        pytest.raises(CatalogueError, match=r"that smugsync did not make, 'evil'"),
        inspected(catalogue_of(world)),
    ):
        pass
    assert world.files() == before


@pytest.mark.parametrize(
    "planted",
    [
        'CREATE TABLE "evil"" --" (x)',
        "ALTER TABLE file ADD COLUMN evil TEXT AS (key || name)",
        "CREATE INDEX evil ON file (length(name))",
    ],
    ids=["table", "column", "index"],
)
def test_a_catalogue_is_refused_in_which_somebody_has_changed_the(world: LyingWorld, planted: str) -> None:
    world.sync()
    with contextlib.closing(sqlite3.connect(catalogue_of(world))) as database:
        database.execute(planted)
    with pytest.raises(CatalogueError, match="its tables are not as they were made"):
        world.sync()


def test_what_stands_in_the_schema_may_call_nothing(tmp_path: Path) -> None:
    with contextlib.closing(Catalogue.open(tmp_path / "catalogue.db")) as catalogue:
        found = [next(catalogue._read(f"PRAGMA {name}"))[0] for name in ("trusted_schema", "cell_size_check")]
    assert found == [0, 1]


@pytest.mark.parametrize(
    "planted",
    [
        "UPDATE album SET directory = '../outside'",
        "UPDATE file SET name = '../../x.jpg'",
        "INSERT INTO local_file VALUES ('../../x.jpg', 1, 1, NULL, 'diverged', 1, 0)",
        "INSERT INTO directory_move VALUES (1, '../outside', '../../outside')",
    ],
    ids=["directory", "name", "file-of-a-persons", "rename"],
)
def test_a_planted_path_leads_nowhere(tmp_path: Path, planted: str) -> None:
    liar, command = Liar(), Command(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    with running(liar.settings, emulator=liar) as service:
        set_up(command, service)
        album = liar.account.add_album("Album", parent=liar.account.root)
        image = liar.account.add_photo(album, "a.jpg", b"photo")
        command.sync()
        with contextlib.closing(sqlite3.connect(command.catalogue)) as database, database:
            database.execute(planted)
        liar.account.replace(image, b"other bytes")
        liar.lies = [telling("AlbumImage", Serial=9)]
        with command.start("sync", "--full") as going:
            _, said = going.process.communicate(timeout=60)
    assert (going.process.returncode, "not a path beneath the mirror" in said) == (1, True), said
    assert "unexpected" not in said, "it is said what happened"
    assert "`smugsync fsck --rebuild`" in said, "and what to do"
    assert list(outside.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "mirror", "outside"]
    assert sorted(path.name for path in command.mirror.iterdir()) == [".smugsync", "Album"]


@pytest.mark.parametrize(
    "planted",
    [
        "INSERT INTO local_file VALUES ('../outside/secret.jpg', 3, 1, NULL, 'local', NULL, 1)",
        "INSERT INTO upload (album_id, path, state, size, mtime_ns) VALUES"
        " (1, '../outside/secret.jpg', 'planned', 3, 1)",
        "INSERT INTO routed VALUES ('../outside/secret.jpg', '[]')",
    ],
    ids=["file-of-a-persons", "upload", "from-a-drop-folder"],
)
def test_nothing_is_sent_from_a_planted_path(tmp_path: Path, planted: str) -> None:
    liar, command = Liar(), Command(tmp_path)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.jpg").write_bytes(b"\xff\xd8\xff")
    command.environ = {"SMUGSYNC_UPLOAD__ENABLED": "true", "SMUGSYNC_UPLOAD__STABLE": "1s"}
    with running(liar.settings, emulator=liar) as service:
        set_up(command, service)
        album = liar.account.add_album("Album", parent=liar.account.root)
        liar.account.add_photo(album, "a.jpg", b"photo")
        command.sync()
        with contextlib.closing(sqlite3.connect(command.catalogue)) as database, database:
            database.execute(planted)
        with command.start("sync", "--full") as going:
            _, said = going.process.communicate(timeout=60)
    assert "unexpected" not in said, "it is said what happened"
    assert [len(album.photos) for album in liar.account.albums.values()] == [1]
