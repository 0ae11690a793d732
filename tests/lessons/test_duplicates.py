"""What other tools fetched again and again, kept twice or threw away as duplicates, and this one does not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from smugsync.catalogue import database
from smugsync.sync.context import Scope
from smugsync.sync.report import What
from tests.catalogue.rows import FIRST
from tests.e2e.command import Command
from tests.e2e.conftest import Emulator
from tests.sync.world import DELTA, EVERYTHING, World, md5

# -- equal names -----------------------------------------------------------------------------------


def test_equal_names_keep_their_files_in_whatever_order_they_are_listed(world: World) -> None:
    album = world.album("One")
    for seed in range(4):
        world.photo(album, "a.jpg", seed)
    world.photo(album, "A.JPG", 4)
    world.sync()
    before = world.files()
    assert sorted(before.values()) == world.online()
    world.fault("unstable-order")
    for scope in (EVERYTHING, DELTA, EVERYTHING, EVERYTHING):
        report = world.sync(scope)
        assert (report.exit_code, report.files_downloaded, dict(report.counts)) == (0, 0, {})
    assert world.files() == before


def test_equal_names_find_their_files_again_when_the_catalogue_is_lost(world: World) -> None:
    album = world.album("One")
    keys = [world.photo(album, "a.jpg", seed) for seed in range(4)]
    world.sync()
    before = world.files()
    for order in (keys[::-1], keys[2:] + keys[:2]):
        for file in (world.root / "state").iterdir():
            file.unlink()
        world.edit("reorder", album=album, images=order)
        report = world.sync()
        assert (report.exit_code, report.files_downloaded, report.files_adopted) == (0, 0, 4)
    assert world.files() == before


def test_one_of_equal_names_that_goes_takes_no_other_along(world: World) -> None:
    """What leaves is the file that was recorded for it, never the one that its name would lead to now."""
    album = world.album("One")
    keys = [world.photo(album, "a.jpg", seed) for seed in range(4)]
    world.sync()
    before = world.files()
    gone = keys[2]
    world.edit("delete-photo", image=gone)
    for _ in range(3):
        assert world.sync(archive=False).exit_code == 0
    left = world.files()
    assert {path for path, found in before.items() if found == md5(2)} == before.keys() - left.keys()
    assert world.set_aside("trash") == [md5(2)]


def test_photo_of_the_same_bytes_is_a_photo_of_its_own(world: World) -> None:
    """Two images of one name and the same bytes: nothing is thrown away as a duplicate."""
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.photo(album, "a.jpg", 1)
    assert world.sync().exit_code == 0
    assert list(world.files().values()) == [md5(1), md5(1)]
    assert not world.sync().counts


def test_what_people_write_online_reaches_no_file(world: World) -> None:
    """A file that something is written into is no original any more, and never matches its promise again."""
    key = world.photo(world.album("One"), "a.jpg", 1)
    world.sync()
    file = world.path / "One" / "a.jpg"
    before = file.stat()
    texts = {"title": "Dawn", "caption": "At the lake", "keywords": ["lake", "dawn"]}
    world.edit("edit-photo", image=key, latitude="47.5", longitude="8.5", **texts)
    report = world.sync()
    assert (report.files_downloaded, dict(report.counts)) == (0, {What.DETAILS: 1})
    after = file.stat()
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (
        before.st_ino,
        before.st_size,
        before.st_mtime_ns,
    )
    assert world.files() == {"One/a.jpg": md5(1)}
    assert not world.sync().counts


def test_videos_and_converted_photos_are_fetched_once(world: World) -> None:
    """What the service made of an upload is compared with what it offers, not with what was sent."""
    album = world.album("One")
    for name in ("film.mov", "film.mp4", "photo.png"):
        world.edit("add-photo", album=album, file_name=name, seed=3)
    world.sync()
    for scope in (EVERYTHING, DELTA, EVERYTHING):
        report = world.sync(scope)
        assert (report.files_downloaded, dict(report.counts)) == (0, {})
    assert sorted(world.files().values()) == world.online()


# -- the same account in another place -------------------------------------------------------------


@pytest.mark.parametrize("scope", [EVERYTHING, DELTA])
def test_another_layout_renames_and_fetches_nothing(world: World, scope: Scope) -> None:
    folder = world.edit("add-folder", name="My Travels", url_name="T")["node"]
    iceland = world.album("Iceland, at last", parent=folder, url_name="Iceland")
    world.photo(iceland, "a.jpg", 1)
    world.photo(world.album("Home", url_name="At-Home"), "b.jpg", 2)
    world.sync()
    world.write("T/Iceland/mine.jpg", 7)
    by_address = {"T/Iceland/a.jpg": md5(1), "At-Home/b.jpg": md5(2), "T/Iceland/mine.jpg": md5(7)}
    by_name = {
        "My Travels/Iceland, at last/a.jpg": md5(1),
        "Home/b.jpg": md5(2),
        "My Travels/Iceland, at last/mine.jpg": md5(7),
    }
    assert world.files() == by_address
    for layout, expected in (("names", by_name), ("url-path", by_address), ("names", by_name)):
        report = world.sync(scope, layout=layout)
        assert (report.exit_code, report.files_downloaded) == (0, 0)
        assert report.counts[What.ALBUM_MOVED] == 2
        assert world.files() == expected
        assert not world.sync(scope, layout=layout).counts


def test_photo_that_moves_on_every_day_is_there_once(world: World) -> None:
    """By its key, and with its edits here."""
    albums = [world.album(name) for name in ("Ant", "Bee", "Cat")]
    key = world.photo(albums[0], "a.jpg", 1)
    world.photo(albums[0], "stays.jpg", 2)
    world.sync()
    for album, name in ((albums[1], "Bee"), (albums[2], "Cat"), (albums[0], "Ant")):
        world.edit("move-photo", image=key, to=album)
        report = world.sync(DELTA)
        assert (report.exit_code, report.files_downloaded, report.counts[What.MOVED]) == (0, 0, 1)
        assert world.files() == {f"{name}/a.jpg": md5(1), "Ant/stays.jpg": md5(2)}


def test_catalogue_of_an_older_version_is_brought_up_to_date_and_nothing_is_fetched(
    emulator: Emulator, command: Command
) -> None:
    """The rows of a mirrored account, put into a catalogue of the first schema."""
    online = emulator()
    command.init(online)
    command.sync()
    before = command.files()
    make_old(command.catalogue)
    online.reset_counters()
    report = command.sync("--full")
    assert (report["files_downloaded"], report["files_adopted"], report["counts"]) == (0, 0, {})
    assert online.counters()["media_requests"] == 0
    assert command.files() == before
    assert version_of(command.catalogue) == database.SCHEMA_VERSION


def make_old(catalogue: Path) -> None:
    """Leave of the catalogue what the first version knew."""
    new = catalogue.with_name("newer.db")
    catalogue.rename(new)
    for name in ("catalogue.db-wal", "catalogue.db-shm"):
        catalogue.with_name(name).unlink(missing_ok=True)
    with closing(sqlite3.connect(catalogue, isolation_level=None)) as db:
        db.executescript(f"{FIRST.read_text()}; PRAGMA user_version = 1;")
        db.execute(f"PRAGMA application_id = {database.APPLICATION_ID}")
        db.execute("ATTACH ? AS newer", (str(new),))
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            columns = ", ".join(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
            db.execute(f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM newer.{table}")
    new.unlink()


def version_of(catalogue: Path) -> int:
    with closing(sqlite3.connect(catalogue)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def test_directory_that_a_person_renames_is_left_alone_and_nothing_is_sent(world: World) -> None:
    """Files are followed inside their album's directory. The photos of a directory that was renamed whole are
    there again under the album's name; nothing is lost, thrown away or taken for gone."""
    album = world.album("One")
    for seed in (1, 2):
        world.photo(album, f"{seed}.jpg", seed)
    world.sync()
    (world.path / "One").rename(world.path / "Holidays")
    report = world.sync(archive=False)
    assert (report.exit_code, report.files_downloaded, report.files_local) == (0, 2, 2)
    expected = {f"{name}/{seed}.jpg": md5(seed) for name in ("One", "Holidays") for seed in (1, 2)}
    assert world.files() == expected
    assert not world.sync(archive=False).counts
    assert world.files() == expected
