"""The catalogue against its laws, the disk and the account; and what becomes of one that is damaged."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from smugsync.catalogue.database import NewerSchema
from smugsync.catalogue.inspection import inspected
from smugsync.errors import CatalogueError, SuspiciousPlan
from smugsync.stop import Stop
from smugsync.sync.proving.fsck import Flaw, Level, check_account, check_catalogue, check_disk
from smugsync.sync.recovery import check_marker
from tests.catalogue.rows import FIRST
from tests.sync.world import EVERYTHING, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two albums of three photos each, mirrored."""
    return mirrored(World(tmp_path))


def mirrored(world: World) -> World:
    for number, name in enumerate(("Rome", "Oslo")):
        album = world.album(name)
        for seed in range(3):
            world.photo(album, f"{seed}.jpg", 10 * number + seed)
    assert world.sync().exit_code == 0
    return world


def catalogue_of(world: World) -> Path:
    return world.root / "state" / "catalogue.db"


def laws(world: World) -> list[Flaw]:
    return check_catalogue(catalogue_of(world), now=world.clock.now, stop=Stop())


def disk(world: World) -> list[Flaw]:
    with inspected(catalogue_of(world)) as catalogue, world.open_mirror(world.path) as mirror:
        check_marker(catalogue, mirror)
        return list(check_disk(catalogue, mirror, Stop()))


def online(world: World) -> list[Flaw]:
    with world.engine(dry_run=True) as engine:
        report = engine.run(EVERYTHING)
        assert report.stopped is None
        with closing(world.open_catalogue(catalogue_of(world))) as catalogue:
            return list(check_account(report, catalogue))


def wrong(flaws: list[Flaw]) -> list[tuple[str, str]]:
    return [(flaw.id, flaw.where) for flaw in flaws if flaw.level is Level.WRONG]


def notes(flaws: list[Flaw]) -> list[tuple[str, str]]:
    return [(flaw.id, flaw.where) for flaw in flaws if flaw.level is Level.NOTE]


#: The photo Rome/0.jpg.
IT = "album_id = (SELECT id FROM album WHERE album.name = 'Rome') AND name = '0.jpg'"


def spoil(world: World, statement: str, *, lawless: bool = False) -> None:
    """Change the catalogue behind smugsync's back; `lawless` also against the schema's CHECKs.

    A statement that ends with `WHERE it` is about Rome/0.jpg.
    """
    with closing(sqlite3.connect(catalogue_of(world))) as database, database:
        database.execute(f"PRAGMA ignore_check_constraints = {'ON' if lawless else 'OFF'}")
        database.execute(re.sub(r"\bit$", IT, statement))


class TestLaws:
    def test_catalogue_of_a_run_is_sound(self, world: World) -> None:
        assert laws(world) == []

    def test_nothing_is_changed(self, world: World) -> None:
        files, before = world.files(), catalogue_of(world).read_bytes()
        laws(world)
        disk(world)
        assert world.files() == files
        assert catalogue_of(world).read_bytes() == before

    @pytest.mark.parametrize(
        ("statement", "where"),
        [
            ("UPDATE file SET name = '../x.jpg' WHERE it", "Rome/../x.jpg"),
            ("UPDATE file SET name = '.smugsync' WHERE it", "Rome/.smugsync"),
            ("UPDATE file SET name = 'a/b.jpg' WHERE it", "Rome/a/b.jpg"),
            ("UPDATE file SET name = 'other.jpg' WHERE it", "Rome/other.jpg"),
            ("UPDATE file SET (local_md5, local_size, local_mtime_ns) = ('x', 1, 1) WHERE it", "Rome/0.jpg"),
            ("UPDATE file SET verified_at = 99999999999 WHERE it", "Rome/0.jpg"),
            ("UPDATE file SET damaged_at = -5 WHERE it", "Rome/0.jpg"),
            ("UPDATE file SET details = '[1,2]' WHERE it", "Rome/0.jpg"),
            ("UPDATE file SET details = 'x' WHERE it", "Rome/0.jpg"),
            ("UPDATE meta SET value = '99999999999' WHERE key = 'last_full'", "last_full"),
            ("INSERT INTO local_file VALUES ('../x', 1, 1, NULL, 'local', NULL, 0)", "../x"),
            ("INSERT INTO routed VALUES ('../x', '[]')", "../x"),
            (
                "INSERT INTO upload (album_id, path, state, size, mtime_ns)"
                " VALUES (1, '../y', 'planned', 1, 1)",
                "../y",
            ),
            ("INSERT INTO directory_move VALUES (1, '../x', 'Rome')", "../x"),
        ],
    )
    def test_row_that_breaks_a_law_is_named(self, world: World, statement: str, where: str) -> None:
        spoil(world, statement)
        assert wrong(laws(world)) == [("law", where)]

    @pytest.mark.parametrize(
        ("directory", "folded", "where"),
        [
            ("/etc", "/etc", "/etc"),
            ("../Oslo", "../oslo", "../Oslo"),
            (".smugsync/tmp", ".smugsync/tmp", ".smugsync/tmp"),
            ("Lima", "oslo", "Lima"),
            ("Rome/Oslo", "rome/oslo", "rome/oslo"),
        ],
    )
    def test_album_whose_directory_is_none_is_named(
        self, world: World, directory: str, folded: str, where: str
    ) -> None:
        spoil(
            world,
            f"UPDATE album SET directory = '{directory}', directory_folded = '{folded}' WHERE name = 'Oslo'",
        )
        assert ("law", where) in wrong(laws(world))

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE file SET state = 'commited' WHERE it",
            "UPDATE file SET kind = 'phot' WHERE it",
            "UPDATE file SET held_md5 = replace(held_md5, substr(held_md5, 1, 1), 'z') WHERE it",
            "UPDATE file SET held_size = held_size + 1 WHERE it",
            "UPDATE file SET held_version = 'x' WHERE it",
        ],
    )
    def test_row_that_breaks_its_promise_makes_the_catalogue_a_damaged_one(
        self, world: World, statement: str
    ) -> None:
        spoil(world, statement, lawless=True)
        assert [flaw.id for flaw in laws(world)] == ["catalogue"]

    def test_row_without_its_album_makes_the_catalogue_a_damaged_one(self, world: World) -> None:
        spoil(world, "DELETE FROM album WHERE name = 'Rome'")
        assert {flaw.id for flaw in laws(world)} == {"catalogue"}

    def test_announced_rename_is_a_note(self, world: World) -> None:
        spoil(world, "INSERT INTO directory_move VALUES (1, 'Rome', 'Roma')")
        assert notes(laws(world)) == [("move", "Rome")]

    def test_empty_file_is_no_catalogue(self, world: World) -> None:
        catalogue_of(world).write_bytes(b"")
        assert [flaw.id for flaw in laws(world)] == ["catalogue"]

    def test_later_schema_is_no_flaw(self, world: World) -> None:
        spoil(world, "PRAGMA user_version = 99")
        with pytest.raises(NewerSchema, match="newer smugsync"):
            laws(world)

    def test_earlier_schema_is_looked_through_another_time(self, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "old.db")) as database:
            database.executescript(FIRST.read_text())
            database.execute("PRAGMA user_version = 1")
        assert [flaw.id for flaw in check_catalogue(tmp_path / "old.db", now=0.0, stop=Stop())] == ["old"]


class TestDisk:
    def test_mirror_as_a_run_left_it_is_sound(self, world: World) -> None:
        assert disk(world) == []

    def test_missing_file(self, world: World) -> None:
        (world.path / "Rome/0.jpg").unlink()
        assert wrong(disk(world)) == [("missing", "Rome/0.jpg")]

    def test_missing_directory_misses_each_of_its_files(self, world: World) -> None:
        (world.path / "Rome").rename(world.root / "away")
        assert wrong(disk(world)) == [("missing", f"Rome/{n}.jpg") for n in range(3)]

    def test_other_size_under_an_unchanged_time(self, world: World) -> None:
        path = world.path / "Rome/0.jpg"
        before = path.stat()
        path.write_bytes(b"cut")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert wrong(disk(world)) == [("size", "Rome/0.jpg")]

    def test_edit_is_a_note_until_a_sync_has_seen_it(self, world: World) -> None:
        world.write("Rome/0.jpg", 99)
        assert (wrong(disk(world)), notes(disk(world))) == ([], [("changed", "Rome/0.jpg")])
        world.sync()
        assert disk(world) == []

    def test_file_known_to_be_damaged(self, world: World) -> None:
        spoil(world, "UPDATE file SET damaged_at = 5 WHERE it")
        assert wrong(disk(world)) == [("damaged", "Rome/0.jpg")]

    def test_what_is_only_here_is_a_note(self, world: World) -> None:
        world.write("Rome/mine.jpg", 1)
        world.write("elsewhere/mine.jpg", 1)
        (world.path / "Oslo/link").symlink_to("/etc/passwd")
        found = disk(world)
        assert wrong(found) == []
        assert notes(found) == [("directory", "elsewhere"), ("skipped", "Oslo/link"), ("local", "")]

    def test_what_a_killed_run_left_in_staging_is_a_note(self, world: World) -> None:
        (world.path / ".smugsync/tmp/x.part").write_bytes(b"half")
        assert notes(disk(world)) == [("parts", ".smugsync/tmp")]

    def test_link_where_a_file_was_is_not_followed(self, world: World) -> None:
        (world.path / "Rome/0.jpg").unlink()
        (world.path / "Rome/0.jpg").symlink_to("1.jpg")
        assert wrong(disk(world)) == [("unreadable", "Rome/0.jpg")]


class TestAccount:
    def test_account_as_mirrored_is_sound(self, world: World) -> None:
        assert online(world) == []

    def test_new_photo_is_told_by_number_and_album(self, world: World) -> None:
        world.photo(world.album("Lima"), "l.jpg", 77)
        assert wrong(online(world)) == [("fetch", ""), ("account", "Lima"), ("count", "Lima")]

    def test_photo_gone_online_is_told(self, world: World) -> None:
        with closing(world.open_catalogue(catalogue_of(world))) as catalogue:
            album = next(album for album in catalogue.albums() if album.name == "Rome")
            key = next(row.key for row in catalogue.files(album.id).values() if row.name == "0.jpg")
        world.edit("delete-photo", image=key, album=album.key)
        assert wrong(online(world)) == [("account", "Rome/0.jpg")]

    def test_photo_that_the_service_withholds_is_a_note(self, world: World) -> None:
        world.photo(world.album("Lima"), "l.jpg", 77, processing=True)
        assert world.sync().files_withheld == 1
        assert (wrong(online(world)), notes(online(world))) == ([], [("count", "Lima")])


#: What of a row may be wrong without anybody being told, because nothing hangs on it but words and the order
#: in which things are looked at: it is read from the service again, or from the disk.
HARMLESS = {
    "meta": {"key", "value"},
    "album": {"node_id", "name", "url_path", "cursor", "image_count", "reason"},
    "file": {
        *("remote_name", "format", "serial", "version", "revision", "source", "source_run", "taken"),
        *("uploaded", "details", "mtime_ns", "verified_at", "reason", "attempts", "retry_at", "strikes"),
        *("source_files", "original_size"),
    },
    "run": {"scope", "started_at", "finished_at", "exit_code", "summary"},
    "change": {"at", "what", "path", "was", "detail", "album_id", "key", "run", "undoes"},
}


def sweep(world: World, *, places: int, seed: int) -> dict[str, int]:
    """Spoil the catalogue at so many random places, one at a time; how it came out, by number.

    It is told by fsck, or changes nothing that matters: then a sync finds all as it was.
    """
    random, path = Random(seed), catalogue_of(world)
    good, rows, files = path.read_bytes(), dump(path), world.files()
    counts = {"told": 0, "harmless": 0, "nothing": 0}
    for number in range(places):
        spoilt = bytearray(good)
        at = random.randrange(len(spoilt))
        if number % 5 == 0:
            del spoilt[at:]
        else:
            spoilt[at] ^= 1 << random.randrange(8)
        path.write_bytes(spoilt)
        if is_told(world):
            counts["told"] += 1
        elif difference := differences(rows, dump(path)):
            counts["harmless"] += 1
            assert all(column.split(".")[1] in HARMLESS[column.split(".")[0]] for column in difference), (
                f"at {at} nothing is said of {difference}"
            )
            assert world.sync().exit_code == 0, f"at {at}"
            assert world.files() == files
        else:
            counts["nothing"] += 1
        for rest in path.parent.glob("catalogue.db-*"):
            rest.unlink()
    path.write_bytes(good)
    return counts


def is_told(world: World) -> bool:
    try:
        return bool(wrong(laws(world)) or wrong(disk(world)))
    except SuspiciousPlan:  # it says to belong to another mirror
        return True


def dump(path: Path) -> dict[str, list[dict[str, Any]]]:
    with closing(sqlite3.connect(path)) as database:
        database.text_factory = bytes
        database.row_factory = sqlite3.Row
        tables = ("meta", "album", "file", "local_file", "directory_move", "run", "change", "hashed")
        return {t: [dict(row) for row in database.execute(f"SELECT * FROM {t} ORDER BY 1")] for t in tables}


def differences(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> set[str]:
    """The columns in which rows differ, `table.column`; `table.*` where there are more or fewer."""
    found = {f"{table}.*" for table in before if len(before[table]) != len(after[table])}
    return found | {
        f"{table}.{column}"
        for table, rows in before.items()
        for one, other in zip(rows, after[table], strict=False)
        for column in one
        if one[column] != other[column]
    }


class TestDamage:
    def test_wrong_bit_or_lost_end_is_told_or_does_no_harm(self, world: World) -> None:
        counts = sweep(world, places=300, seed=1)
        assert sum(counts.values()) == 300
        assert counts["told"] >= 50

    @pytest.mark.soak
    def test_ten_thousand_places(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        counts = sweep(world, places=10_000, seed=2)
        with capsys.disabled():
            print(f"\ncatalogue spoilt at 10,000 places: {counts}")

    def test_run_on_a_damaged_catalogue_ends_with_one_sentence_and_loses_nothing(self, world: World) -> None:
        random, path = Random(3), catalogue_of(world)
        good, files = path.read_bytes(), set(world.files().values())
        refused = 0
        for _ in range(40):
            spoilt = bytearray(good)
            for _ in range(30):
                spoilt[random.randrange(len(spoilt))] ^= 1 << random.randrange(8)
            path.write_bytes(spoilt)
            try:
                refused += isinstance(world.sync().stopped, CatalogueError)
            except CatalogueError:
                refused += 1
            for rest in path.parent.glob("catalogue.db-*"):
                rest.unlink()
            assert files <= set(world.files().values())
        assert refused >= 30

    def test_tables_that_are_not_as_they_were_made_are_refused(self, world: World) -> None:
        spoil(world, "DROP INDEX file_by_key")
        with pytest.raises(CatalogueError, match="not as they were made"):
            world.open_catalogue(catalogue_of(world))

    def test_rebuilt_from_nothing_by_what_is_here(self, world: World) -> None:
        world.write("Rome/mine.jpg", 55)
        catalogue_of(world).unlink()
        report = world.sync()
        assert (report.exit_code, report.files_downloaded, report.files_adopted) == (0, 0, 6)
        assert laws(world) == []
        assert wrong(disk(world)) == []
