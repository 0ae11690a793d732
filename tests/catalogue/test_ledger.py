"""The ledger refuses wrong rows by itself, survives what happens to files, and says so in sentences."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.catalogue import (
    AlbumRow,
    Catalogue,
    ChangeRow,
    FileRow,
    read_details,
    shown,
    write_details,
)
from smugsync.catalogue.database import SCHEMA_VERSION
from smugsync.core.lifecycle import TRANSITIONS, Event, IllegalTransition, State
from smugsync.core.model import Details, Fingerprint, Kind, Promise
from smugsync.errors import Busy, CatalogueError
from tests.catalogue.rows import (
    HELD,
    ICELAND,
    OTHER,
    REMOTE,
    ROME,
    committed,
    only,
    outside,
    planned,
    put,
)


class TestIllegalRows:
    """Each CHECK and UNIQUE of the schema, broken through the API."""

    @pytest.mark.parametrize(
        "wrong",
        [
            {"state": State.FETCHING},
            {"state": State.VERIFIED},
            {"kind": "audio"},
            {"promised_md5": "short"},
            {"promised_size": -1},
            {"promised_size": "ten"},
            {"key": None},
            {"name": None},
            {"version": None},
            {"serial": "one"},
            {"attempts": None},
            # what is held is held with all that describes it
            {"local_md5": OTHER},
            {"local_size": 3},
            {"local_mtime_ns": 3},
            {"held_md5": None},
            {"held_version": None},
            {"held_size": None},
            {"mtime_ns": None},
            {"evidence": None},
            {"held_md5": "short"},
            {"held_size": -1},
            {"evidence": "rumour"},
            # committed means proven, in the version that is shown
            {"held_version": "v0"},
            {"held_md5": OTHER},
            {"held_size": 11},
            {"promised_md5": None, "promised_size": None},
            # a state that needs an explanation has one
            {"state": State.FAILED, "retry_at": 9},
            {"state": State.FAILED, "reason": "the line broke"},
            {"state": State.QUARANTINED, "retry_at": 9},
            {"state": State.QUARANTINED, "reason": "the same wrong bytes"},
            {"state": State.WITHHELD},
            {"state": State.RETIRED},
            {"retired_at": 9},
            {"album_id": 4_711},
        ],
        ids=str,
    )
    def test_of_files(self, catalogue: Catalogue, album: AlbumRow, wrong: dict[str, Any]) -> None:
        right = committed(album.id)
        put(catalogue, right)
        stored = only(catalogue, album)
        with pytest.raises(sqlite3.IntegrityError):
            put(catalogue, replace(stored, **wrong))
        assert only(catalogue, album) == stored
        with pytest.raises(sqlite3.IntegrityError):
            put(catalogue, replace(right, **({"key": "k2", "name_folded": "2"} | wrong)))
        assert only(catalogue, album) == stored

    @pytest.mark.parametrize("state", ["committed", "retired"])
    def test_nothing_is_held_and_yet_at_rest(self, catalogue: Catalogue, album: AlbumRow, state: str) -> None:
        retired_at = 9 if state == "retired" else None
        with pytest.raises(sqlite3.IntegrityError):
            put(catalogue, planned(album.id, state=State(state), retired_at=retired_at))

    @pytest.mark.parametrize(
        "twin",
        [{"key": "k1", "name_folded": "2"}, {"key": "k2", "name_folded": "img_1.jpg"}],
        ids=["key", "name"],
    )
    def test_twins_in_an_album(self, catalogue: Catalogue, album: AlbumRow, twin: dict[str, str]) -> None:
        put(catalogue, planned(album.id))
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            put(catalogue, planned(album.id, **twin))

    def test_same_name_and_key_in_another_album_are_no_twins(
        self, catalogue: Catalogue, album: AlbumRow
    ) -> None:
        with catalogue.transaction():
            rome = catalogue.put_album(ROME)
        put(catalogue, committed(album.id), committed(rome.id))
        assert catalogue.held_elsewhere(["k1", "k2"], besides=album.id) == {"k1"}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"state": "lost"},
            {"state": "frozen"},
            {"state": "gone"},
            {"key": "alb1"},
            {"directory_folded": "travel/iceland"},
            {"key": None},
            {"image_count": "many"},
        ],
        ids=str,
    )
    def test_of_albums(self, catalogue: Catalogue, album: AlbumRow, wrong: dict[str, Any]) -> None:
        with pytest.raises(sqlite3.IntegrityError), catalogue.transaction():
            catalogue.put_album(replace(ROME, **wrong))
        assert list(catalogue.albums()) == [album]

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO local_file VALUES ('a', 1, 1, NULL, 'whim', NULL, 0)",
            "INSERT INTO local_file VALUES ('a', 'big', 1, NULL, 'local', NULL, 0)",
            "INSERT INTO local_file VALUES ('a', 1, NULL, NULL, 'local', NULL, 0)",
            "INSERT INTO local_file VALUES ('a', 1, 1, NULL, 'local', NULL, 2)",
            "INSERT INTO upload (album_id, path, state, size, mtime_ns) VALUES (1, 'a', 'sending', 1, 1)",
            "INSERT INTO upload (album_id, path, state, size, mtime_ns) VALUES (1, 'a', 'failed', 1, 1)",
            "INSERT INTO upload (album_id, path, state, size, mtime_ns) VALUES (4711, 'a', 'planned', 1, 1)",
            "INSERT INTO upload (album_id, path, state, size, mtime_ns) VALUES (1, 'a', 'committed', 1, 1)",
            "INSERT INTO withdrawn VALUES ('short', 1)",
            "INSERT INTO meta VALUES ('a', NULL)",
            "INSERT INTO run (scope, started_at) VALUES (NULL, 1)",
            "INSERT INTO run (scope, started_at) VALUES ('delta', 'now')",
            "INSERT INTO directory_move VALUES (4711, 'a', 'b')",
            "DELETE FROM album",
            "UPDATE file SET state = 'verified'",
            "UPDATE file SET album_id = 4711",
        ],
    )
    def test_by_hand(self, catalogue: Catalogue, album: AlbumRow, path: Path, statement: str) -> None:
        put(catalogue, committed(album.id))
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA foreign_keys = ON")
            with pytest.raises(sqlite3.IntegrityError):
                db.execute(statement)

    def test_open_catalogue_holds_references(self, catalogue: Catalogue) -> None:
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"), catalogue.transaction():
            catalogue.announce_move(4_711, "a", "b")

    @pytest.mark.parametrize(
        "changes",
        [
            {"promised_md5": None},
            {"promised_size": None},
            {"promised_md5": None, "promised_size": None, "evidence": "self"},
            {"evidence": "converted", "held_md5": OTHER, "held_size": 99},
            {"evidence": "unproven", "held_md5": OTHER},
            {"local_md5": OTHER, "local_size": 3, "local_mtime_ns": 8},
        ],
        ids=str,
    )
    def test_right_rows_pass(self, catalogue: Catalogue, album: AlbumRow, changes: dict[str, Any]) -> None:
        put(catalogue, committed(album.id, **changes))


class TestOpening:
    def test_again_finds_what_was_written(self, path: Path) -> None:
        with closing(Catalogue.open(path)) as first, first.transaction(durable=True):
            first.remember("mirror", "m1")
        with closing(Catalogue.open(path, check=True)) as second:
            assert second.recall("mirror") == "m1"
            assert second.recall("nothing") is None

    def test_empty_file_becomes_a_catalogue(self, path: Path) -> None:
        path.touch()
        Catalogue.open(path, check=True).close()

    def test_file_says_whose_it_is(self, path: Path) -> None:
        Catalogue.open(path).close()
        assert path.read_bytes()[68:72] == b"SMSG"  # the format's offset of the application id

    def test_catalogue_of_another_application_is_left_alone(self, path: Path) -> None:
        Catalogue.open(path).close()
        outside(path, "PRAGMA application_id = 7")
        with pytest.raises(CatalogueError, match="another program"):
            Catalogue.open(path)

    def test_newer_schema_is_refused(self, path: Path) -> None:
        Catalogue.open(path).close()
        outside(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        with pytest.raises(CatalogueError, match=r"newer smugsync .* upgrade smugsync$"):
            Catalogue.open(path)

    @pytest.mark.parametrize("version", [0, -1, -(1 << 31)])
    def test_version_that_cannot_be_is_refused(self, path: Path, version: int) -> None:
        Catalogue.open(path).close()
        outside(path, f"PRAGMA user_version = {version}")
        with pytest.raises(CatalogueError, match="no catalogue"):
            Catalogue.open(path)

    def test_database_of_another_program_is_left_alone(self, path: Path) -> None:
        outside(path, "CREATE TABLE cookies (value)")
        before = path.read_bytes()
        with pytest.raises(CatalogueError, match="another program"):
            Catalogue.open(path)
        assert path.read_bytes() == before

    def test_text_file(self, path: Path) -> None:
        path.write_text("Dear diary, today I lost a catalogue.\n" * 200)
        with pytest.raises(CatalogueError, match=r"damaged or no catalogue .* fsck --rebuild"):
            Catalogue.open(path)

    def test_directory(self, path: Path) -> None:
        path.mkdir()
        with pytest.raises(CatalogueError, match="cannot be"):
            Catalogue.open(path)

    def test_missing_directory(self, tmp_path: Path) -> None:
        with pytest.raises(CatalogueError, match="cannot be"):
            Catalogue.open(tmp_path / "nowhere" / "catalogue.db")

    def test_file_system_without_a_log_is_refused(self) -> None:
        """SQLite's own nameless database refuses WAL as a share without shared memory does."""
        catalogue = Catalogue(sqlite3.connect("", isolation_level=None), Path("share/catalogue.db"))
        with pytest.raises(CatalogueError, match=r"write-ahead log .*'delete'.* local disk"):
            catalogue._prepare(check=False)
        catalogue.close()

    def test_one_that_is_in_use_is_not_called_damaged(self, path: Path, catalogue: Catalogue) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            catalogue._db.execute("PRAGMA busy_timeout = 1")
            with pytest.raises(Busy, match="another program"), catalogue.transaction():
                pass
            other.execute("ROLLBACK")
        with catalogue.transaction():
            catalogue.remember("it", "goes on")


class TestDamage:
    @pytest.fixture
    def intact(self, path: Path) -> bytes:
        """A catalogue of some pages, closed, so that all of it is in one file."""
        with closing(Catalogue.open(path)) as catalogue, catalogue.transaction():
            album = catalogue.put_album(ICELAND)
            catalogue.put(committed(album.id, f"k{n}", f"IMG_{n}.JPG") for n in range(200))
            catalogue.remember("mirror", "m1")
        return path.read_bytes()

    def open_or_refuse(self, path: Path) -> None:
        """Open, check and read all of it; nothing but CatalogueError may come of it."""
        with suppress(CatalogueError), closing(Catalogue.open(path, check=True)) as catalogue:
            catalogue.last_run()
            for album in catalogue.albums():
                catalogue.local_files(album.directory)

    @pytest.mark.parametrize("seed", range(150))
    def test_random_bytes(self, path: Path, intact: bytes, seed: int) -> None:
        random_ = random.Random(seed)
        damaged = bytearray(intact)
        reach = 200 if seed % 3 == 0 else len(damaged)  # every third time in the header and the schema
        for _ in range(random_.choice([1, 1, 8, 64])):
            damaged[random_.randrange(reach)] = random_.randrange(256)
        path.write_bytes(damaged)
        self.open_or_refuse(path)

    @pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5, 0.9, 0.999])
    def test_truncated(self, path: Path, intact: bytes, share: float) -> None:
        path.write_bytes(intact[: int(len(intact) * share)])
        self.open_or_refuse(path)

    def test_found_while_working(self, path: Path, intact: bytes) -> None:
        page = 4_096
        with closing(Catalogue.open(path)) as catalogue:
            with path.open("r+b") as file:
                for number in range(4, len(intact) // page):
                    file.seek(number * page)
                    file.write(b"\xff" * page)
            with pytest.raises(CatalogueError, match="damaged"):
                catalogue.files(1)
            with pytest.raises(CatalogueError, match="damaged"):
                catalogue.check()

    def test_full_disk_is_said_so_and_nothing_is_lost(self, path: Path, intact: bytes) -> None:
        with closing(Catalogue.open(path)) as catalogue:
            pages = catalogue._db.execute("PRAGMA page_count").fetchone()[0]
            catalogue._db.execute(f"PRAGMA max_page_count = {pages}")
            with pytest.raises(CatalogueError, match="full"), catalogue.transaction():
                catalogue.put(planned(1, f"x{n}", f"X_{n}.JPG", details="x" * 999) for n in range(999))
            assert len(catalogue.files(1)) == 200
            with catalogue.transaction():
                catalogue.remember("it", "goes on")


class TestTransactions:
    def test_error_takes_all_of_it_back(self, catalogue: Catalogue, album: AlbumRow) -> None:
        def write() -> None:
            with catalogue.transaction():
                catalogue.remember("a", "b")
                catalogue.put([planned(album.id), planned(album.id)])

        with pytest.raises(sqlite3.IntegrityError):
            write()
        assert catalogue.files(album.id) == {}
        assert catalogue.recall("a") is None
        with catalogue.transaction():
            catalogue.remember("a", "c")

    @pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
    def test_durable_ones_are_synced(self, catalogue: Catalogue, *, durable: bool, level: int) -> None:
        for other in (not durable, durable):
            with catalogue.transaction(durable=other):
                found = catalogue._db.execute("PRAGMA synchronous").fetchone()[0]
        assert found == level

    def test_is_seen_by_others_only_when_it_is_over(self, path: Path, catalogue: Catalogue) -> None:
        with closing(Catalogue.open(path)) as reader:
            with catalogue.transaction():
                catalogue.remember("a", "b")
                assert reader.recall("a") is None
            assert reader.recall("a") == "b"


class TestCopy:
    def test_leaves_the_original_untouched(self, path: Path, catalogue: Catalogue, album: AlbumRow) -> None:
        put(catalogue, committed(album.id))
        with closing(catalogue.copy(path.with_name("plan.db"))) as copy:
            assert copy.files(album.id) == catalogue.files(album.id)
            with copy.transaction(durable=True):
                copy.forget([only(copy, album).id])
                copy.remember("a", "b")
            assert copy.files(album.id) == {}
        assert len(catalogue.files(album.id)) == 1
        assert catalogue.recall("a") is None


class TestQuestions:
    def test_planned_comes_in_order_and_in_portions(self, catalogue: Catalogue, album: AlbumRow) -> None:
        put(catalogue, *(planned(album.id, f"k{n}", f"{n}.jpg", promised_size=n) for n in range(7)))
        put(catalogue, planned(album.id, "mute", "mute.jpg", promised_size=None))
        put(catalogue, planned(album.id, "stale", "stale.jpg", source_run=6))
        put(catalogue, committed(album.id, "done", "done.jpg"))
        found: list[tuple[int, int]] = []
        while rows := catalogue.planned(7, after=found[-1][0] if found else 0, limit=3):
            assert len(rows) <= 3
            found += rows
        assert found == sorted(found)
        assert [size for _, size in found] == [*range(7), 0]

    def test_planned_waits_while_it_may_only_have_moved(self, catalogue: Catalogue, album: AlbumRow) -> None:
        put(catalogue, planned(album.id, source_run=-7))
        assert catalogue.planned(7, after=0, limit=9) == []
        with catalogue.transaction():
            catalogue.release(8)
        assert catalogue.planned(7, after=0, limit=9) == []
        with catalogue.transaction():
            catalogue.release(7)
        assert catalogue.planned(7, after=0, limit=9) == [(only(catalogue, album).id, 10)]

    def test_names_and_keys(self, catalogue: Catalogue, album: AlbumRow) -> None:
        put(catalogue, planned(album.id), committed(album.id, "k2", "IMG_2.JPG"))
        assert catalogue.name_taken(album.id, "img_1.jpg")
        assert not catalogue.name_taken(album.id, "IMG_1.JPG")
        assert not catalogue.name_taken(album.id + 1, "img_1.jpg")
        assert catalogue.held_names(album.id) == {"IMG_2.JPG"}
        assert set(catalogue.files_by_key(album.id, ["k2", "unknown"])) == {"k2"}
        assert catalogue.file_in(album.id, "k2") == catalogue.files(album.id)["k2"]
        assert catalogue.file_in(album.id, "unknown") is None
        assert catalogue.file(4_711) is None

    def test_name_that_is_given_up_may_be_taken_at_once(self, catalogue: Catalogue, album: AlbumRow) -> None:
        put(catalogue, planned(album.id))
        old = replace(only(catalogue, album), name="2.jpg", name_folded="2.jpg")
        put(catalogue, planned(album.id, "k2"), old)
        assert {row.key: row.name for row in catalogue.files(album.id).values()} == {
            "k1": "2.jpg",
            "k2": "IMG_1.JPG",
        }

    @pytest.mark.parametrize(
        ("folded", "taken"),
        [
            ("travel/iceland", True),
            ("travel", True),  # around it
            ("travel/iceland/north", True),  # inside it
            ("travel/ice", False),
            ("travel/iceland0", False),
            ("travel/rome", False),
            ("iceland", False),
        ],
    )
    def test_no_album_lies_inside_another(
        self, catalogue: Catalogue, album: AlbumRow, folded: str, *, taken: bool
    ) -> None:
        assert catalogue.directory_taken(folded) is taken
        assert not catalogue.directory_taken(folded, besides=album.id)

    @pytest.mark.parametrize(
        ("changes", "found"),
        [
            ({}, True),
            ({"state": State.SENDING}, True),
            ({"state": State.IN_DOUBT}, True),
            ({"state": State.COMMITTED, **HELD}, False),
            ({"state": State.RETIRED, **HELD, "retired_at": 1}, False),
            ({"state": State.FAILED, "reason": "r", "retry_at": 100}, True),
            ({"state": State.FAILED, "reason": "r", "retry_at": 101}, False),
            ({"state": State.QUARANTINED, "reason": "r", "retry_at": 99}, True),
            ({"state": State.WITHHELD, "reason": "processing", "retry_at": 99}, True),
            ({"state": State.WITHHELD, "reason": "not offered", "retry_at": None}, False),
        ],
        ids=str,
    )
    def test_unsettled_albums(
        self, catalogue: Catalogue, album: AlbumRow, changes: dict[str, Any], *, found: bool
    ) -> None:
        put(catalogue, planned(album.id, **changes))
        assert catalogue.unsettled_albums(due=100) == ({album.id} if found else set())

    def test_counts(self, catalogue: Catalogue, album: AlbumRow) -> None:
        put(
            catalogue,
            planned(album.id, "a", "a.jpg"),
            planned(album.id, "b", "b.jpg", promised_size=None, promised_md5=None),
            committed(album.id, "c", "c.jpg"),
            committed(album.id, "d", "d.jpg").on(Event.WITHDRAW, retired_at=9),
            planned(album.id, "e", "e.jpg").on(Event.WITHHOLD, reason="still processing"),
        )
        assert catalogue.count() == {
            State.PLANNED: (2, 10),
            State.COMMITTED: (1, 10),
            State.RETIRED: (1, 10),
            State.WITHHELD: (1, 10),
        }
        assert catalogue.count_by_album()[album.id][State.PLANNED] == 2
        assert catalogue.planned_totals() == (2, 10)
        assert catalogue.held() == 1
        assert [(a.key, row.key) for a, row in catalogue.troubled(limit=9)] == [("alb1", "e")]
        assert catalogue.count_withheld() == {"still processing": 1}
        assert catalogue.count_failed() == {}
        assert set(catalogue.unfinished(least=10)) == {("alb1", "a", "v1"), ("alb1", "b", "v1")}
        assert set(catalogue.unfinished(least=11)) == {("alb1", "b", "v1")}

    def test_albums(self, catalogue: Catalogue, album: AlbumRow) -> None:
        with catalogue.transaction():
            rome = catalogue.put_album(ROME)
            moved = catalogue.put_album(replace(rome, directory="Rome", directory_folded="rome"))
        assert [row.directory for row in catalogue.albums()] == ["Rome", "Travel/Iceland"]
        assert catalogue.albums_by_key(["alb2", "unknown"]) == {"alb2": moved}
        assert catalogue.album(rome.id) == moved

    def test_runs(self, catalogue: Catalogue) -> None:
        assert catalogue.last_run() is None
        with catalogue.transaction():
            run = catalogue.begin_run("delta", 100)
        begun = catalogue.last_run()
        assert begun is not None
        assert (begun.scope, begun.started_at, begun.finished_at) == ("delta", 100, None)
        with catalogue.transaction():
            catalogue.end_run(run, now=101, exit_code=3, summary="{}")
        ended = catalogue.last_run()
        assert ended is not None
        assert (ended.finished_at, ended.exit_code, ended.summary) == (101, 3, "{}")

    def test_moves(self, catalogue: Catalogue, album: AlbumRow) -> None:
        with catalogue.transaction(durable=True):
            catalogue.announce_move(album.id, "a", "b")
            catalogue.announce_move(album.id, "a", "c")
        assert catalogue.announced_moves() == [(album.id, "a", "c")]
        with catalogue.transaction(durable=True):
            catalogue.settle_move(album.id)
        assert catalogue.announced_moves() == []


class TestLocalFiles:
    STAT = Fingerprint(1, 2)

    def note(self, catalogue: Catalogue, *paths: str, why: str = "local") -> None:
        with catalogue.transaction():
            for path in paths:
                catalogue.put_local(path, self.STAT, why=why)

    def test_of_one_directory_only(self, catalogue: Catalogue) -> None:
        self.note(catalogue, "a/1.jpg", "a/\U0010ffff.jpg", "a/sub/2.jpg", "a0/3.jpg", "ab/4.jpg", "5.jpg")
        assert set(catalogue.local_files("a")) == {"1.jpg", "\U0010ffff.jpg"}
        assert set(catalogue.local_files("")) == {"5.jpg"}
        assert catalogue.local_files("a")["1.jpg"] == (self.STAT, "local")

    def test_follow_their_directory(self, catalogue: Catalogue) -> None:
        self.note(catalogue, "a/1.jpg", "a/sub/2.jpg", "a/\U0010ffff.jpg", "ab/3.jpg", "a0/4.jpg")
        with catalogue.transaction():
            catalogue.rename_local("a", "a/sub")
        paths = {row[0] for row in catalogue._db.execute("SELECT path FROM local_file")}
        assert paths == {"a/sub/1.jpg", "a/sub/sub/2.jpg", "a/sub/\U0010ffff.jpg", "ab/3.jpg", "a0/4.jpg"}

    def test_directory_of_another_script(self, catalogue: Catalogue) -> None:
        self.note(catalogue, "日本 👨‍👩‍👧/写真.jpg")
        with catalogue.transaction():
            catalogue.rename_local("日本 👨‍👩‍👧", "Japan")
        assert set(catalogue.local_files("Japan")) == {"写真.jpg"}

    def test_diverged_stays_diverged_until_it_is_dropped(self, catalogue: Catalogue) -> None:
        self.note(catalogue, "a.jpg")
        self.note(catalogue, "a.jpg", why="diverged")
        self.note(catalogue, "a.jpg")
        assert catalogue.count_local() == {"diverged": 1}
        with catalogue.transaction():
            catalogue.drop_local(["a.jpg", "unknown.jpg"])
        self.note(catalogue, "a.jpg")
        assert catalogue.count_local() == {"local": 1}


class TestRows:
    def test_reason_lasts_as_long_as_its_state(self) -> None:
        failed = planned(1).on(Event.CLAIM_FETCH).on(Event.FALTER, reason="the line broke", retry_at=9)
        assert (failed.reason, failed.retry_at) == ("the line broke", 9)
        due = failed.on(Event.DUE)
        assert (due.reason, due.retry_at) == ("", None)
        retired = committed(1).on(Event.WITHDRAW, retired_at=9)
        assert retired.on(Event.RETURN).retired_at is None

    def test_illegal_event_is_a_bug(self) -> None:
        with pytest.raises(IllegalTransition):
            planned(1).on(Event.PLACE)

    def test_base_is_what_was_accepted(self) -> None:
        assert planned(1).base("a") is None
        base = committed(1, version="v2").base("Travel/Iceland")
        assert base is not None
        assert (base.path, base.version) == ("Travel/Iceland/IMG_1.JPG", "v1")
        assert base.fingerprint == Fingerprint(10, 5)
        assert not base.retired
        retired = committed(1).on(Event.WITHDRAW, retired_at=9).base("")
        assert retired is not None
        assert (retired.path, retired.retired) == ("IMG_1.JPG", True)

    def test_address_is_worthless_after_its_run(self) -> None:
        assert planned(1).remote("alb1", 7) == REMOTE
        assert planned(1).remote("alb1", 8) == replace(REMOTE, source=None)

    @given(
        st.builds(
            Details,
            st.text(st.characters(exclude_categories=["Cs"])),
            st.text(st.characters(exclude_categories=["Cs"])),
            st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5)).map(tuple),
            st.just("64.1"),
            st.just("-21.9"),
            st.booleans(),
        )
    )
    def test_details_come_back(self, details: Details) -> None:
        assert read_details(write_details(details)) == details


def legal(row: FileRow, event: Event) -> dict[str, Any]:
    """What the program records with `event`."""
    state = TRANSITIONS[row.state, event]
    if state in (State.FAILED, State.QUARANTINED):
        return {"reason": "why", "retry_at": 100, "attempts": row.attempts + 1}
    if state is State.WITHHELD:
        return {"reason": "still processing"}
    if state is State.RETIRED:
        return {"retired_at": 9} | ({} if row.held_md5 else HELD | {"held_version": row.version})
    if state is State.COMMITTED:
        return HELD | {"held_version": row.version}
    if event is Event.CHANGE:
        return {"version": row.version + "+"}
    return {}


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_life_is_stored_and_comes_back(data: st.DataObject) -> None:
    """Every row that the lifecycle allows between two transactions passes the schema unchanged."""
    with closing(Catalogue.open(Path(":memory:"))) as catalogue:
        with catalogue.transaction():
            album = catalogue.put_album(ICELAND)
        row = planned(album.id)
        put(catalogue, row)
        row = only(catalogue, album)
        for _ in range(data.draw(st.integers(0, 15))):
            events = [event for state, event in TRANSITIONS if state is row.state]
            event = data.draw(st.sampled_from(events))
            row = row.on(event, **legal(row, event))
            if row.state in (State.FETCHING, State.VERIFIED):
                continue  # these live in memory only
            put(catalogue, row)
            assert catalogue.file(row.id) == row
            assert only(catalogue, album) == row


def test_remote_file_of_every_kind_comes_back(catalogue: Catalogue, album: AlbumRow) -> None:
    video = replace(
        REMOTE,
        kind=Kind.VIDEO,
        serial=3,
        revision="r2",
        promised=Promise(None, 12),
        taken="2019-08-04T11:28:12",
        uploaded="2020-04-28T23:38:55+00:00",
        details=Details("Title", "Caption", ("sea", "日本"), "64.1", "-21.9", hidden=True),
    )
    row = FileRow(0, album.id, "k1", "a.mp4", "a.mp4", State.PLANNED, **shown(video, 7))
    put(catalogue, row)
    assert only(catalogue, album).remote("alb1", 7) == video


def test_two_files_may_trade_names(catalogue: Catalogue, album: AlbumRow) -> None:
    put(catalogue, planned(album.id, "k1", "a.jpg"), planned(album.id, "k2", "b.jpg"))
    one, two = catalogue.files(album.id)["k1"], catalogue.files(album.id)["k2"]
    put(
        catalogue,
        replace(one, name=two.name, name_folded=two.name_folded),
        replace(two, name=one.name, name_folded=one.name_folded),
    )
    assert {key: row.name for key, row in catalogue.files(album.id).items()} == {"k1": "b.jpg", "k2": "a.jpg"}


class TestJournal:
    def change(self, run: int, path: str = "a.jpg", **changes: Any) -> ChangeRow:
        return replace(ChangeRow(0, run, 100, "replaced", path), **changes)

    def test_change_is_written_with_the_transaction_it_was_noted_in(self, catalogue: Catalogue) -> None:
        with catalogue.transaction():
            run = catalogue.begin_run("everything", 100)
            catalogue.note(self.change(run, was=".smugsync/versions/x/a.jpg"))
        (found,) = catalogue.changes(run=run)
        assert (found.path, found.was) == ("a.jpg", ".smugsync/versions/x/a.jpg")

    def test_change_noted_outside_waits_for_the_next_one(self, catalogue: Catalogue) -> None:
        with catalogue.transaction():
            run = catalogue.begin_run("everything", 100)
        catalogue.note(self.change(run))
        assert list(catalogue.changes()) == []
        with catalogue.transaction():
            pass
        assert len(list(catalogue.changes())) == 1
        with catalogue.transaction():
            pass
        assert len(list(catalogue.changes())) == 1

    def test_change_of_an_album_outlives_it_though_it_is_not_written_yet(
        self, catalogue: Catalogue, album: AlbumRow
    ) -> None:
        with catalogue.transaction():
            run = catalogue.begin_run("everything", 100)
        catalogue.note(self.change(run, album_id=album.id))
        with catalogue.transaction():
            catalogue.forget_album(album.id)
        (found,) = catalogue.changes(run=run)
        assert (found.path, found.album_id) == ("a.jpg", None)

    def test_change_of_a_transaction_that_failed_goes_with_the_next_one(self, catalogue: Catalogue) -> None:
        with catalogue.transaction():
            run = catalogue.begin_run("everything", 100)
        with suppress(ZeroDivisionError), catalogue.transaction():
            catalogue.note(self.change(run))
            raise ZeroDivisionError
        with catalogue.transaction():
            pass
        assert len(list(catalogue.changes(run=run))) == 1

    def test_forgets_old_runs_with_their_changes_but_never_the_newest(self, catalogue: Catalogue) -> None:
        with catalogue.transaction():
            runs = [catalogue.begin_run("delta", at) for at in (100, 200, 300)]
            for run, at in zip(runs, (110, 210, 310), strict=True):
                catalogue.end_run(run, now=at, exit_code=0, summary="{}")
                catalogue.note(self.change(run, at=at))
        with catalogue.transaction():
            catalogue.forget_runs(before=1000)
        assert [run.id for run in catalogue.runs()] == [runs[2]]
        assert [change.run for change in catalogue.changes()] == [runs[2]]
