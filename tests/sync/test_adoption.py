"""Adopting what other tools have left: matched by its bytes, read once, and only the rest is fetched."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from smugsync.core.model import Fingerprint, LocalFile
from smugsync.emulator.media.pictures import make_video
from smugsync.errors import SmugsyncError, Transient
from smugsync.local.folder import Folder
from smugsync.local.reading import Ahead
from smugsync.local.tree import Mirror
from smugsync.stop import Stop
from smugsync.sync.report import Report, What
from tests.sync.adopting import TAKEN, Adopting, CountingMirror
from tests.sync.world import DELTA, content, md5


@pytest.fixture
def world(tmp_path: Path) -> Adopting:
    return Adopting(tmp_path)


def ok(report: Report) -> Report:
    assert (report.exit_code, report.troubles) == (0, [])
    return report


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def heic(seed: int = 1) -> bytes:
    """What has the container of a HEIC file, and nothing that could be decoded."""
    return box(b"ftyp", b"heic\0\0\0\0") + box(b"meta", bytes(40)) + box(b"mdat", content(seed))


def rot(path: Path) -> None:
    """Another last byte under an unchanged time."""
    before, data = path.stat(), path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def album(world: Adopting, name: str, photos: int, *, first: int = 0) -> str:
    """An album of `photos` photos `0.jpg`, `1.jpg` ... of the seeds from `first` on."""
    key = world.album(name)
    for number in range(photos):
        world.photo(key, f"{number}.jpg", first + number)
    return key


def unchanged(world: Adopting) -> None:
    """Another sync has nothing to do."""
    before, rows = world.files(), world.rows("state", "held_md5", "evidence")
    report = ok(world.sync())
    assert (report.files_downloaded, report.files_adopted, report.counts) == (0, 0, {})
    assert world.files() == before
    assert world.rows("state", "held_md5", "evidence") == rows


class TestFolderBesideTheMirror:
    def test_everything_is_there_and_nothing_is_downloaded(self, world: Adopting) -> None:
        album(world, "Rome", 3)
        for number in range(3):
            world.leave(f"Rome/{number}.jpg", number)
        report = ok(world.adopt(world.old))
        assert (world.fetched(), report.files_adopted, report.files_left) == (0, 3, 0)
        assert report.bytes_adopted == sum(len(content(number)) for number in range(3))
        assert world.files() == {f"Rome/{number}.jpg": md5(number) for number in range(3)}
        unchanged(world)

    def test_names_and_places_do_not_matter(self, world: Adopting) -> None:
        album(world, "Rome", 2)
        world.leave("DCIM/100CANON/_MG_0001.CR.jpeg", 0)
        world.leave("flat (1).JPG", 1)
        ok(world.adopt(world.old))
        assert world.fetched() == 0
        assert world.files() == {"Rome/0.jpg": md5(0), "Rome/1.jpg": md5(1)}

    def test_only_the_rest_is_fetched(self, world: Adopting) -> None:
        album(world, "Rome", 5)
        world.leave("a.jpg", 3)
        report = ok(world.adopt(world.old))
        assert (world.fetched(), report.files_downloaded, report.files_adopted) == (4, 4, 1)
        assert sorted(world.files().values()) == world.online()

    def test_folder_stays_as_it_is(self, world: Adopting) -> None:
        album(world, "Rome", 2)
        world.leave("a/0.jpg", 0)
        world.leave("b.txt", b"mine")
        before = {
            path: (path.read_bytes(), path.stat().st_mtime_ns)
            for path in world.old.rglob("*")
            if path.is_file()
        }
        world.adopt(world.old)
        assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
        assert sorted(path for path in world.old.rglob("*") if path.is_file()) == sorted(before)

    def test_one_file_serves_several_albums(self, world: Adopting) -> None:
        rome, best, twice = world.album("Rome"), world.album("Best"), world.album("Twice")
        key = world.photo(rome, "a.jpg", 1)
        world.edit("collect-photo", image=key, to=best)
        world.photo(twice, "b.jpg", 1)
        world.leave("x.jpg", 1)
        ok(world.adopt(world.old))
        assert world.fetched() == 0
        assert world.files() == dict.fromkeys(["Rome/a.jpg", "Best/a.jpg", "Twice/b.jpg"], md5(1))

    def test_of_two_equal_files_one_is_left_alone(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        world.leave("a.jpg", 0)
        world.leave("copy of a.jpg", 0)
        report = ok(world.adopt(world.old))
        assert (report.files_adopted, report.files_left) == (1, 1)

    def test_folder_that_was_adopted_already_has_nothing_to_give(self, world: Adopting) -> None:
        album(world, "Rome", 2)
        world.leave("a.jpg", 0)
        world.adopt(world.old)
        read = len(world.read())
        report = ok(world.adopt(world.old))
        assert (report.files_adopted, report.files_downloaded, len(world.read())) == (0, 0, read)

    def test_linked_where_the_disk_can(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        source = world.leave("a.jpg", 0)
        ok(world.adopt(world.old))
        made = world.path / "Rome/0.jpg"
        if made.stat().st_ino != source.stat().st_ino:
            pytest.skip("this file system has reflinks")
        assert made.stat().st_nlink == 2

    def test_listing_that_fails_is_no_reason_not_to_adopt_the_rest(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        paris = album(world, "Paris", 1, first=1)
        world.leave("a.jpg", 0)
        world.leave("b.jpg", 1)
        world.fault(f"html403@/api/v2/album/{paris}!images")
        report = world.adopt(world.old)
        assert (report.exit_code, world.files()) == (3, {"Rome/0.jpg": md5(0)})
        world.calm()
        ok(world.adopt(world.old))
        assert world.fetched() == 0


class TestReading:
    def test_only_what_has_a_promised_size_is_read_and_only_once(self, world: Adopting) -> None:
        album(world, "Rome", 2)
        world.leave("a.jpg", 0)
        world.leave("same size.jpg", bytes(len(content(1))))
        world.leave("other size.jpg", b"x" * 10_000)
        ok(world.adopt(world.old))
        assert sorted(world.read()) == ["old/a.jpg", "old/same size.jpg"]

    def test_in_place_as_well(self, world: Adopting) -> None:
        album(world, "Rome", 3)
        world.leave_here("Rome/0.jpg", 0)
        world.leave_here("elsewhere/x.jpg", 1)
        world.leave_here("notes.txt", b"mine")
        ok(world.adopt())
        assert sorted(world.read()) == ["mirror/Rome/0.jpg", "mirror/elsewhere/x.jpg"]

    def test_nothing_is_fetched_before_the_last_album_is_listed(self, world: Adopting) -> None:
        for number in range(6):
            album(world, f"Album {number}", 1, first=number)
        world.leave("x.jpg", 5)
        order: list[str] = []
        answer = world.emulator.handle

        def note(request: object) -> object:
            path = getattr(request, "path", "")
            order.append("media" if path.startswith("/photos") else "api")
            return answer(request)  # type: ignore[arg-type]

        world.emulator.handle = note  # type: ignore[assignment, method-assign]
        ok(world.adopt(world.old))
        assert "media" in order
        assert "api" not in order[order.index("media") :]

    def test_what_an_interrupted_adoption_has_read_is_not_read_again(self, world: Adopting) -> None:
        album(world, "Rome", 12)
        for number in range(12):
            world.leave(f"{number}.jpg", number)
        stop = Stop()

        class Impatient(CountingMirror):
            def hash(self, path: str, own: Stop, ahead: Ahead | None = None) -> LocalFile:
                found = super().hash(path, own, ahead)
                if len(world.read()) >= 3:
                    stop.set()
                return found

        report = world.adopt(world.old, stop=stop, reader=Impatient)
        assert (report.exit_code, report.files_adopted) == (130, 0)
        catalogue = world.open_catalogue(world.root / "state" / "catalogue.db")
        remembered = {one.path.removeprefix(f"{world.root}/") for one in catalogue.hashed()}
        catalogue.close()
        assert len(remembered) in range(1, 12)
        before = len(world.read())
        ok(world.adopt(world.old))
        assert set(world.read()[before:]) == {f"old/{number}.jpg" for number in range(12)} - remembered
        assert world.fetched() == 0

    def test_file_that_changes_after_it_was_read_is_not_taken(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        world.leave("a.jpg", 0)

        class Meddling(CountingMirror):
            def hash(self, path: str, own: Stop, ahead: Ahead | None = None) -> LocalFile:
                found = super().hash(path, own, ahead)
                world.leave("a.jpg", bytes(len(content(0))), taken="2021-01-01T00:00:00")
                return found

        report = ok(world.adopt(world.old, reader=Meddling))
        assert (report.files_adopted, report.files_downloaded) == (0, 1)
        assert world.files() == {"Rome/0.jpg": md5(0)}

    def test_file_of_the_mirror_that_changes_after_it_was_read_is_a_persons(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        world.leave_here("Rome/0.jpg", 0)

        class Meddling(CountingMirror):
            def hash(self, path: str, own: Stop, ahead: Ahead | None = None) -> LocalFile:
                found = super().hash(path, own, ahead)
                if len(world.read()) == 1:
                    world.leave_here(path, 77, taken="2021-01-01T00:00:00")
                return found

        world.mirror_type = Meddling
        report = ok(world.adopt())
        assert (report.files_adopted, report.counts[What.CONFLICT]) == (0, 1)
        assert world.files()["Rome/0.jpg"] == md5(77)
        assert sorted(world.files().values()) == sorted([md5(0), md5(77)])

    def test_what_was_read_is_forgotten_when_it_is_of_no_more_use(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        world.leave("a.jpg", 0)
        ok(world.adopt(world.old))
        catalogue = world.open_catalogue(world.root / "state" / "catalogue.db")
        assert catalogue.hashed() == []
        catalogue.close()

    def test_file_that_cannot_be_read_is_named_and_fetched(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        path = world.leave("a.jpg", 0)

        class Blind(CountingMirror):
            def hash(self, path: str, own: Stop, ahead: Ahead | None = None) -> LocalFile:
                del path, own, ahead
                raise Transient("a.jpg cannot be read back: the disk reports an I/O error")

        report = world.adopt(world.old, reader=Blind)
        assert (report.exit_code, report.files_downloaded) == (0, 1)
        assert [trouble.path for trouble in report.troubles] == [str(path)]

    @pytest.mark.parametrize("litter", ["@eaDir/a.jpg", "._a.jpg", "#recycle/b/a.jpg"])
    def test_what_a_system_keeps_for_itself_is_no_candidate(self, world: Adopting, litter: str) -> None:
        album(world, "Rome", 1)
        world.leave(litter, 0)
        world.leave_here(litter, 0)
        ok(world.adopt(world.old))
        ok(world.adopt())
        assert world.read() == []

    def test_links_and_pipes_are_passed_by(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        target = world.leave(str(world.root / "private/a.jpg"), 0)
        (world.old / "link.jpg").symlink_to(target)
        (world.old / "folder").symlink_to(target.parent)
        os.mkfifo(world.old / "pipe.jpg")
        report = world.adopt(world.old)
        assert (world.read(), report.files_adopted, report.files_downloaded) == ([], 0, 1)
        assert report.exit_code == 0

    def test_links_that_are_passed_by_are_told_once(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        target = world.leave(str(world.root / "disk/a.jpg"), 0)
        for name in ("a", "b"):
            (world.old / name).symlink_to(target.parent)
        (trouble,) = world.adopt(world.old).troubles
        assert trouble.path == str(world.old / "a")
        assert trouble.reason.startswith("left alone, the first of 2 symbolic links: ")

    def test_archives_are_told(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        zipped = world.leave("2019/Rome-part1.ZIP", b"PK")
        (trouble,) = world.adopt(world.old).troubles
        assert (trouble.path, trouble.code) == (str(zipped), 0)
        assert "unpacked" in trouble.reason


class TestCopies:
    def test_no_byte_is_shared(self, world: Adopting) -> None:
        album(world, "Rome", 2)
        source = world.leave("a.jpg", 0)
        report = ok(world.adopt(world.old, copy=True))
        assert report.files_adopted == 1
        made = world.path / "Rome/0.jpg"
        assert (made.stat().st_nlink, made.read_bytes()) == (1, source.read_bytes())

    def test_file_whose_size_is_its_own_is_read_by_copying_it(self, world: Adopting) -> None:
        album(world, "Rome", 3)
        for number in range(3):
            world.leave(f"{number}.jpg", number)
        report = ok(world.adopt(world.old, copy=True))
        assert (world.read(), report.files_adopted, world.fetched()) == ([], 3, 0)

    def test_file_that_cannot_be_opened_says_nothing_of_the_others(self, world: Adopting) -> None:
        disk = Path("/dev/shm")
        if not disk.is_dir() or disk.stat().st_dev == world.root.stat().st_dev:
            pytest.skip("there is no other file system here")
        album(world, "Rome", 3)

        class Vanishing(CountingMirror):
            def scan(self, directory: str = "", **wishes: Any) -> Iterator[LocalFile]:
                yield from super().scan(directory, **wishes)
                yield LocalFile("0.jpg", Fingerprint(len(content(0)), 1))

        with TemporaryDirectory(dir=disk) as elsewhere:
            for number in (1, 2):
                world.leave(f"{elsewhere}/{number}.jpg", number)
            report = world.adopt(Path(elsewhere), reader=Vanishing)
            read = [path for path in world.read() if not path.endswith("/0.jpg")]
        assert (read, report.files_adopted, report.exit_code) == ([], 2, 0)

    def test_files_of_one_size_are_told_apart_by_reading_them(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        world.leave("a.jpg", bytes(len(content(0))))
        world.leave("b.jpg", 0)
        report = ok(world.adopt(world.old, copy=True))
        assert (len(world.read()), report.files_adopted, world.fetched()) == (2, 1, 0)

    def test_copy_of_other_bytes_is_given_up_and_the_photo_fetched(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        world.leave("a.jpg", bytes(len(content(0))))
        report = ok(world.adopt(world.old, copy=True))
        assert (report.files_adopted, report.files_downloaded) == (0, 1)
        assert world.files() == {"Rome/0.jpg": md5(0)}


class TestWithoutDownload:
    def test_rest_waits_for_the_next_sync(self, world: Adopting) -> None:
        album(world, "Rome", 3)
        world.leave("a.jpg", 0)
        report = ok(world.adopt(world.old, fetch=False))
        assert (world.fetched(), report.files_adopted, report.files_waiting) == (0, 1, 2)
        assert report.bytes_waiting == len(content(1)) + len(content(2))
        ok(world.sync(DELTA))
        assert sorted(world.files().values()) == world.online()

    def test_file_that_turns_out_to_be_another_is_told_and_not_fetched(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        world.leave("a.jpg", bytes(len(content(0))))
        report = world.adopt(world.old, copy=True, fetch=False)
        assert (report.exit_code, world.fetched(), world.files()) == (3, 0, {})
        ok(world.sync())
        assert world.files() == {"Rome/0.jpg": md5(0)}


class TestInPlace:
    def test_files_are_registered_under_the_names_they_have(self, world: Adopting) -> None:
        album(world, "Rome", 3)
        names = ["0.jpg", "renamed.jpg", "Image (2).jpeg"]
        for number, name in enumerate(names):
            world.leave_here(f"Rome/{name}", number)
        report = ok(world.adopt())
        assert (world.fetched(), report.files_adopted, report.files_local) == (0, 3, 0)
        assert world.files() == {f"Rome/{name}": md5(number) for number, name in enumerate(names)}
        unchanged(world)

    def test_names_that_another_tool_dealt_out_the_other_way_round(self, world: Adopting) -> None:
        rome = world.album("Rome")
        one, two = world.photo(rome, "a.jpg", 1), world.photo(rome, "a.jpg", 2)
        world.leave_here("Rome/a.jpg", 2)
        world.leave_here(f"Rome/a_{two}.jpg", 1)
        ok(world.adopt())
        assert world.fetched() == 0
        held = dict(world.rows("key"))
        assert held == {"Rome/a.jpg": two, f"Rome/a_{two}.jpg": one}
        unchanged(world)

    def test_photo_whose_name_is_taken_by_another_gets_one_with_its_key(self, world: Adopting) -> None:
        rome = world.album("Rome")
        one = world.photo(rome, "a.jpg", 1)
        world.photo(rome, "a.jpg", 2)
        world.leave_here("Rome/a.jpg", 2)
        ok(world.adopt())
        assert world.files() == {"Rome/a.jpg": md5(2), f"Rome/a_{one}.jpg": md5(1)}
        unchanged(world)

    def test_two_names_that_differ_in_case_alone_become_two_names(self, world: Adopting) -> None:
        rome = world.album("Rome")
        world.photo(rome, "1.jpg", 1)
        world.photo(rome, "2.jpg", 2)
        world.leave_here("Rome/a.jpg", 1)
        world.leave_here("Rome/A.jpg", 2)
        ok(world.adopt())
        assert world.fetched() == 0
        assert sorted(world.files().values()) == world.online()
        assert len({path.lower() for path in world.files()}) == 2
        unchanged(world)

    def test_stray_files_are_renamed_into_their_albums(self, world: Adopting) -> None:
        album(world, "Rome", 3)
        album(world, "Paris", 3, first=3)
        for number in (0, 3):
            world.leave_here(f"flat/{number}.jpg", number)
        report = ok(world.adopt())
        assert (report.files_adopted, world.fetched()) == (2, 4)
        assert world.files() == {
            **{f"Rome/{number}.jpg": md5(number) for number in range(3)},
            **{f"Paris/{number}.jpg": md5(3 + number) for number in range(3)},
        }
        unchanged(world)

    def test_what_matches_nothing_stays_and_is_only_here(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        world.leave_here("Rome/mine.jpg", 77)
        world.leave_here("deep/down/mine.txt", b"mine")
        report = ok(world.adopt())
        assert (report.files_left, report.files_local) == (2, 2)
        assert world.files() == {
            "Rome/0.jpg": md5(0),
            "Rome/mine.jpg": md5(77),
            "deep/down/mine.txt": world.files()["deep/down/mine.txt"],
        }

    def test_local_edit_of_a_photo_keeps_its_name(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        world.leave_here("Rome/0.jpg", 77)
        report = ok(world.adopt())
        assert report.counts[What.CONFLICT] == 1
        assert world.files()["Rome/0.jpg"] == md5(77)
        assert sorted(world.files().values()) == sorted([md5(0), md5(77)])

    def test_one_file_serves_several_albums(self, world: Adopting) -> None:
        rome, best = world.album("Rome"), world.album("Best")
        key = world.photo(rome, "a.jpg", 1)
        world.edit("collect-photo", image=key, to=best)
        world.leave_here("Best/a.jpg", 1)
        ok(world.adopt())
        assert world.fetched() == 0
        assert world.files() == {"Rome/a.jpg": md5(1), "Best/a.jpg": md5(1)}

    def test_nothing_that_lies_here_counts_as_new_afterwards(self, world: Adopting) -> None:
        album(world, "Rome", 1)
        world.leave_here("mine.jpg", 77)
        ok(world.adopt())
        catalogue = world.open_catalogue(world.root / "state" / "catalogue.db")
        baseline = catalogue.recall("upload_baseline")
        known = catalogue.local_paths()
        catalogue.close()
        assert (baseline, known) == (str(int(world.clock.now)), ["mine.jpg"])

    def test_missing_photo_is_taken_from_a_file_that_lies_about(self, world: Adopting) -> None:
        album(world, "Rome", 2)
        ok(world.sync())
        fetched = world.fetched()
        (world.path / "Rome/0.jpg").unlink()
        world.leave_here("backup/x.jpg", 0)
        ok(world.adopt())
        assert world.fetched() == fetched
        assert world.files()["Rome/0.jpg"] == md5(0)

    def test_killed_between_renaming_and_recording(self, world: Adopting) -> None:
        album(world, "Rome", 4)
        for number in range(2):
            world.leave_here(f"flat/{number}.jpg", number)

        class Killed(BaseException):
            pass

        class Dying(CountingMirror):
            def move_files(
                self, old: str, new: str, names: Sequence[tuple[str, str]]
            ) -> list[SmugsyncError | None]:
                super().move_files(old, new, names)
                raise Killed

        world.mirror_type = Dying
        with pytest.raises(Killed):
            world.adopt()
        world.mirror_type = CountingMirror
        read = len(world.read())
        ok(world.adopt())
        assert (world.fetched(), len(world.read())) == (2, read)
        assert sorted(world.files().values()) == world.online()


class TestDirectories:
    def stand(self, world: Adopting, directory: str, photos: int) -> str:
        """An album that stands in `directory`; its key."""
        key = album(world, "Rome", photos)
        for number in range(photos):
            world.leave_here(f"{directory}/{number}.jpg", number)
        return key

    @pytest.mark.parametrize("layout", ["url-path", "names"])
    def test_album_stays_where_its_photos_stand_together(self, world: Adopting, layout: str) -> None:
        self.stand(world, "Pictures/my Rome", 3)
        report = ok(world.adopt(layout=layout))
        assert (report.counts[What.ALBUM_STANDS], world.fetched()) == (1, 0)
        for scope in (None, DELTA):
            again = ok(world.sync(layout=layout) if scope is None else world.sync(scope, layout=layout))
            assert (again.files_downloaded, again.counts) == (0, {})
        assert world.files() == {f"Pictures/my Rome/{n}.jpg": md5(n) for n in range(3)}
        assert not (world.path / "Rome").exists()

    def test_new_photos_come_there(self, world: Adopting) -> None:
        key = self.stand(world, "my Rome", 3)
        ok(world.adopt())
        world.photo(key, "new.jpg", 9)
        ok(world.sync(DELTA))
        assert world.files()["my Rome/new.jpg"] == md5(9)

    @pytest.mark.parametrize("layout", ["url-path", "names"])
    def test_album_that_is_renamed_online_goes_to_its_new_address(self, world: Adopting, layout: str) -> None:
        key = self.stand(world, "my Rome", 3)
        ok(world.adopt(layout=layout))
        world.edit("rename", album=key, name="Roma", url_name="Roma")
        report = ok(world.sync(layout=layout))
        assert (report.files_downloaded, set(world.files())) == (0, {f"Roma/{n}.jpg" for n in range(3)})
        unchanged_under = ok(world.sync(layout=layout))
        assert unchanged_under.counts == {}

    def test_fewer_than_half_of_them_are_no_reason(self, world: Adopting) -> None:
        album(world, "Rome", 4)
        for number in range(2):
            world.leave_here(f"tmp/{number}.jpg", number)
        ok(world.adopt())
        assert set(world.files()) == {f"Rome/{number}.jpg" for number in range(4)}

    def test_root_of_the_mirror_is_no_albums_directory(self, world: Adopting) -> None:
        album(world, "Rome", 2)
        for number in range(2):
            world.leave_here(f"{number}.jpg", number)
        ok(world.adopt())
        assert (world.fetched(), set(world.files())) == (0, {"Rome/0.jpg", "Rome/1.jpg"})

    def test_two_albums_that_stand_in_one_directory(self, world: Adopting) -> None:
        album(world, "Rome", 3)
        album(world, "Paris", 2, first=3)
        for number in range(5):
            world.leave_here(f"all/{number}.jpg", number)
        ok(world.adopt())
        assert world.fetched() == 0
        assert set(world.files()) == {*(f"all/{n}.jpg" for n in range(3)), "Paris/0.jpg", "Paris/1.jpg"}
        unchanged(world)

    def test_two_albums_that_stand_in_each_others_directory(self, world: Adopting) -> None:
        album(world, "Rome", 2)
        album(world, "Paris", 2, first=2)
        for number in range(2):
            world.leave_here(f"Paris/{number}.jpg", number)
            world.leave_here(f"Rome/{number}.jpg", 2 + number)
        before = world.files()
        ok(world.adopt())
        assert (world.fetched(), world.files()) == (0, before)
        unchanged(world)

    def test_directory_inside_another_albums_is_not_kept(self, world: Adopting) -> None:
        album(world, "Rome", 2)
        album(world, "Paris", 2, first=2)
        for number in range(2):
            world.leave_here(f"Rome/{number}.jpg", number)
            world.leave_here(f"Rome/paris/{number}.jpg", 2 + number)
        ok(world.adopt())
        assert world.fetched() == 0
        assert set(world.files()) == {"Rome/0.jpg", "Rome/1.jpg", "Paris/0.jpg", "Paris/1.jpg"}
        unchanged(world)

    def test_album_of_which_something_is_held_keeps_its_directory(self, world: Adopting) -> None:
        key = album(world, "Rome", 1)
        ok(world.sync())
        for number in range(1, 5):
            world.photo(key, f"{number}.jpg", number)
            world.leave_here(f"my Rome/{number}.jpg", number)
        ok(world.adopt())
        assert set(world.files()) == {f"Rome/{number}.jpg" for number in range(5)}

    @pytest.mark.parametrize("layout", ["url-path", "names"])
    def test_directory_that_was_renamed_here_is_followed(self, world: Adopting, layout: str) -> None:
        key = album(world, "Rome", 3)
        world.converted_photo(key, "IMG_1.JPG")
        world.leave_here("Rome/IMG_1.HEIC", heic(), taken=TAKEN)
        ok(world.adopt(layout=layout))
        fetched = world.fetched()
        for old, new in (("Rome", "my Rome"), ("my Rome", "Pictures/Roma")):
            (world.path / new).parent.mkdir(exist_ok=True)
            (world.path / old).rename(world.path / new)
            before = world.files()
            report = ok(world.adopt(layout=layout))
            assert (world.fetched(), report.files_local, report.files_unproven) == (fetched, 0, 1)
            assert world.files() == before
            assert ok(world.sync(layout=layout)).counts == {}

    @pytest.mark.parametrize(
        ("online", "here"),
        [("Rome", "rome"), ("Café", "Cafe\N{COMBINING ACUTE ACCENT}")],
        ids=["case", "form"],
    )
    def test_directory_that_is_only_spelt_otherwise_is_the_albums(
        self, world: Adopting, online: str, here: str
    ) -> None:
        album(world, online, 3)
        for number in range(3):
            world.leave_here(f"{here}/{number}.jpg", number)
        before = world.files()
        ok(world.adopt(layout="names"))
        assert (world.fetched(), world.files()) == (0, before)
        ok(world.sync(layout="names"))
        assert (world.fetched(), world.files()) == (0, before)

    def test_photos_that_were_moved_here_go_back_to_their_album(self, world: Adopting) -> None:
        album(world, "Rome", 4)
        ok(world.sync())
        before, fetched = world.files(), world.fetched()
        (world.path / "tmp").mkdir()
        (world.path / "Rome/1.jpg").rename(world.path / "tmp/x.jpg")
        ok(world.adopt())
        assert (world.files(), world.fetched()) == (before, fetched)
        unchanged(world)

    def test_old_version_that_is_here_keeps_its_album_in_its_place(self, world: Adopting) -> None:
        rome = world.album("Rome")
        key = world.photo(rome, "a.jpg", 1)
        ok(world.sync())
        world.replace(key, 2)
        world.leave_here("other/a.jpg", 2)
        ok(world.adopt())
        assert (world.files()["Rome/a.jpg"], world.set_aside(), world.fetched()) == (md5(2), [md5(1)], 1)

    def test_nothing_is_moved_out_of_what_is_adopted(self, world: Adopting) -> None:
        album(world, "Rome", 4)
        world.leave_here("old/x.jpg", 0)
        world.leave_here("other/y.jpg", 1)
        ok(world.adopt(world.path / "old"))
        assert world.files() == {
            "old/x.jpg": md5(0),
            "other/y.jpg": md5(1),
            **{f"Rome/{number}.jpg": md5(number) for number in range(4)},
        }
        assert (world.fetched(), world.read()) == (3, ["mirror/old/x.jpg"])
        unchanged(world)

    def test_directory_in_the_mirror_alone_may_become_an_albums(self, world: Adopting) -> None:
        self.stand(world, "old/Rome", 3)
        world.leave_here("elsewhere/0.jpg", 0)
        ok(world.adopt(world.path / "old"))
        assert (world.fetched(), world.files()["elsewhere/0.jpg"]) == (0, md5(0))
        assert {path for path in world.files() if path.startswith("old")} == {
            f"old/Rome/{number}.jpg" for number in range(3)
        }


class TestOriginals:
    """HEIC and videos, of which the service has other bytes."""

    def test_heic_is_matched_in_place_and_marked(self, world: Adopting) -> None:
        world.converted_photo(world.album("Rome"), "IMG_1.JPG")
        world.leave_here("Rome/IMG_1.HEIC", heic(), taken=TAKEN)
        report = ok(world.adopt())
        assert (world.fetched(), report.files_adopted, report.files_unproven) == (0, 1, 1)
        assert world.rows("state", "evidence") == [("Rome/IMG_1.HEIC", "committed", "unproven")]
        unchanged(world)

    def test_heic_beside_the_mirror_comes_under_its_own_name(self, world: Adopting) -> None:
        world.converted_photo(world.album("Rome"), "IMG_1_heic.JPG")
        source = world.leave("phone/IMG_1.heic", heic(), taken=TAKEN)
        report = ok(world.adopt(world.old))
        assert (world.fetched(), report.files_unproven, report.files_verified) == (0, 1, 0)
        assert (world.path / "Rome/IMG_1.heic").read_bytes() == source.read_bytes()
        unchanged(world)

    def test_exact_has_them_fetched(self, world: Adopting) -> None:
        world.converted_photo(world.album("Rome"), "IMG_1.JPG")
        world.leave_here("Rome/IMG_1.HEIC", heic(), taken=TAKEN)
        report = ok(world.adopt(exact=True))
        assert (report.files_downloaded, report.files_unproven, report.files_local) == (1, 0, 1)

    def test_its_own_jpeg_comes_first(self, world: Adopting) -> None:
        world.converted_photo(world.album("Rome"), "IMG_1.JPG")
        ok(world.sync())
        jpeg = (world.path / "Rome/IMG_1.JPG").read_bytes()
        other = Adopting(world.root / "other")
        other.converted_photo(other.album("Rome"), "IMG_1.JPG")
        other.leave("a.jpg", jpeg)
        other.leave("IMG_1.HEIC", heic(), taken=TAKEN)
        report = ok(other.adopt(other.old))
        assert (report.files_adopted, report.files_unproven, report.files_left) == (1, 0, 1)
        assert set(other.files()) == {"Rome/IMG_1.JPG"}

    @pytest.mark.parametrize(
        ("zone", "taken"),
        [("Asia/Kolkata", "2020-05-02T09:30:01"), ("America/New_York", "2020-05-02T19:00:01")],
    )
    def test_time_is_the_cameras_clock_in_the_configured_zone(
        self, world: Adopting, zone: str, taken: str
    ) -> None:
        world.converted_photo(world.album("Rome"), "IMG_1.JPG")
        world.leave("IMG_1.HEIC", heic(), taken=taken)
        assert ok(world.adopt(world.old, zone=ZoneInfo(zone))).files_unproven == 1

    @pytest.mark.parametrize(
        ("moment", "matched"),
        [("2020-05-02T17:00:00", 1), ("2020-05-02T15:01:01", 0), ("2020-05-04T15:00:01", 0)],
    )
    def test_whole_hours_may_lie_between_two_clocks(self, world: Adopting, moment: str, matched: int) -> None:
        world.converted_photo(world.album("Rome"), "IMG_1.JPG")
        world.leave("IMG_1.HEIC", heic(), taken=moment)
        assert ok(world.adopt(world.old)).files_unproven == matched

    def test_two_that_would_do_are_none(self, world: Adopting) -> None:
        world.converted_photo(world.album("Rome"), "IMG_1.JPG")
        world.leave("a/IMG_1.HEIC", heic(1), taken=TAKEN)
        world.leave("b/IMG_1.HEIC", heic(2), taken=TAKEN)
        report = ok(world.adopt(world.old))
        assert (report.files_unproven, report.files_downloaded) == (0, 1)

    def test_folder_that_is_called_like_the_album_decides(self, world: Adopting) -> None:
        world.converted_photo(world.album("Ring Road"), "IMG_1.JPG")
        world.leave("a/IMG_1.HEIC", heic(1), taken=TAKEN)
        right = world.leave("2020/ring_road/IMG_1.HEIC", heic(2), taken=TAKEN)
        assert ok(world.adopt(world.old)).files_unproven == 1
        assert (world.path / "Ring-Road/IMG_1.HEIC").read_bytes() == right.read_bytes()

    def test_heic_that_was_cut_off_is_fetched(self, world: Adopting) -> None:
        world.converted_photo(world.album("Rome"), "IMG_1.JPG")
        world.leave("IMG_1.HEIC", heic()[:-1], taken=TAKEN)
        assert ok(world.adopt(world.old)).files_unproven == 0

    def test_video_is_matched_by_its_time(self, world: Adopting) -> None:
        film = make_video(1, taken=TAKEN)
        world.video(world.album("Rome"), "Clip.MOV", film, film + box(b"free", b"made anew"))
        world.leave("Clip.mov", make_video(3), taken=TAKEN)
        report = ok(world.adopt(world.old))
        assert (world.fetched(), report.files_unproven) == (0, 1)
        unchanged(world)

    def test_video_is_matched_by_the_size_of_the_upload(self, world: Adopting) -> None:
        film = make_video(1, taken=TAKEN)
        world.video(world.album("Rome"), "Clip.MOV", film, make_video(2, taken=TAKEN))
        world.leave("Clip.MOV", film, taken="2023-01-01T00:00:00")
        assert ok(world.adopt(world.old)).files_unproven == 1

    @pytest.mark.parametrize("beside", [False, True])
    def test_file_that_is_offered_as_it_is_was_not_converted(self, world: Adopting, *, beside: bool) -> None:
        """Two videos of one name and time; what is here is what the service offers of the second."""
        film, rendition = make_video(1, taken=TAKEN), make_video(3, taken=TAKEN)
        rome = world.album("Rome")
        world.video(rome, "Clip.MOV", film, make_video(2, taken=TAKEN))
        world.video(rome, "other.MOV", film, rendition)
        (world.leave if beside else world.leave_here)("Rome/Clip.MOV", rendition, taken=TAKEN)
        report = ok(world.adopt(world.old if beside else world.path))
        assert (report.files_unproven, report.files_adopted, report.files_downloaded) == (0, 1, 1)
        assert sorted(world.files().values()) == world.online()
        unchanged(world)

    def test_rendition_that_another_tool_downloaded_is_proven(self, world: Adopting) -> None:
        film, rendition = make_video(1, taken=TAKEN), make_video(2, taken=TAKEN)
        world.video(world.album("Rome"), "Clip.MOV", film, rendition)
        world.leave("Clip.MOV", rendition)
        report = ok(world.adopt(world.old))
        assert (world.fetched(), report.files_adopted, report.files_unproven) == (0, 1, 0)

    def test_video_that_another_tool_broke_off_is_fetched(self, world: Adopting) -> None:
        film, rendition = make_video(1, taken=TAKEN), make_video(2, taken=TAKEN)
        world.video(world.album("Rome"), "Clip.MOV", film, rendition)
        world.leave("Clip.MOV", rendition[:-7], taken=TAKEN)
        report = ok(world.adopt(world.old))
        assert (report.files_downloaded, report.files_unproven) == (1, 0)

    def test_heic_that_changes_before_it_is_taken_leaves_the_jpeg_its_own_name(self, world: Adopting) -> None:
        world.converted_photo(world.album("Rome"), "IMG_1.JPG")
        world.leave("IMG_1.HEIC", heic(), taken=TAKEN)

        class Restless(CountingMirror):
            def hash(self, path: str, stop: Stop, ahead: Ahead | None = None) -> LocalFile:
                found = super().hash(path, stop, ahead)
                os.utime(self.root.path / path, (1, 1))
                return found

        report = ok(world.adopt(world.old, reader=Restless))
        assert (report.files_downloaded, set(world.files())) == (1, {"Rome/IMG_1.JPG"})

    def test_adoption_that_ended_early_leaves_the_jpeg_its_own_name(self, world: Adopting) -> None:
        world.converted_photo(world.album("Rome"), "IMG_1.JPG")
        world.leave("IMG_1.HEIC", heic(), taken=TAKEN)
        assert world.adopt(world.old, reserve=1 << 60).exit_code == 5
        ok(world.sync())
        assert set(world.files()) == {"Rome/IMG_1.JPG"}

    @pytest.mark.parametrize(("online", "name"), [("IMG_1.JPG", "IMG_1.HEIC"), ("Clip.MOV", "Clip.MOV")])
    def test_original_that_a_killed_run_has_placed_and_not_recorded_is_no_conflict(
        self, world: Adopting, online: str, name: str
    ) -> None:
        film, rome = make_video(1, taken=TAKEN), world.album("Rome")
        if online == "Clip.MOV":
            world.video(rome, online, film, make_video(2, taken=TAKEN))
        else:
            world.converted_photo(rome, online)
        path = world.leave(name, film if online == "Clip.MOV" else heic(), taken=TAKEN)
        assert world.adopt(world.old, reserve=1 << 60).exit_code == 5
        shutil.copy2(path, world.leave_here(f"Rome/{name}", b""))
        report = ok(world.adopt(world.old))
        assert (report.counts[What.CONFLICT], report.files_unproven, world.fetched()) == (0, 1, 0)
        assert set(world.files()) == {f"Rome/{name}"}
        unchanged(world)

    def test_heic_that_cannot_be_copied_is_no_jpeg_of_that_name(self, world: Adopting) -> None:
        world.converted_photo(world.album("Rome"), "IMG_1.JPG")
        path = world.leave("IMG_1.HEIC", heic(), taken=TAKEN)

        class Rotting(CountingMirror):
            def hash(self, path: str, stop: Stop, ahead: Ahead | None = None) -> LocalFile:
                found = super().hash(path, stop, ahead)
                rot(self.root.path / path)
                return found

        report = world.adopt(world.old, reader=Rotting, copy=True)
        assert (report.exit_code, world.files()) == (3, {})
        path.unlink()
        ok(world.sync())
        assert set(world.files()) == {"Rome/IMG_1.JPG"}

    @pytest.mark.parametrize("beside", [False, True])
    def test_original_whose_name_another_file_bears_gets_one_with_the_key(
        self, world: Adopting, *, beside: bool
    ) -> None:
        rome = world.album("Rome")
        key = world.converted_photo(rome, "IMG_1.JPG")
        for number in range(2):  # so that the album stays where it is
            world.photo(rome, f"{number}.jpg", number)
            world.leave_here(f"Rome/{number}.jpg", number)
        world.leave_here("Rome/IMG_1.HEIC", heic(5), taken="2011-01-01T00:30:00")
        (world.leave if beside else world.leave_here)("phone/IMG_1.HEIC", heic(), taken=TAKEN)
        ok(world.adopt(world.old if beside else world.path))
        assert world.fetched() == 0
        assert f"Rome/IMG_1_{key}.HEIC" in world.files()
        assert world.files()["Rome/IMG_1.HEIC"] == hashlib.md5(heic(5)).hexdigest()

    def test_jpeg_of_another_album_comes_before_an_original(self, world: Adopting) -> None:
        key = world.converted_photo(world.album("Rome"), "IMG_1.JPG")
        ok(world.sync())
        world.edit("collect-photo", image=key, to=world.album("Best"))
        world.leave("IMG_1.HEIC", heic(), taken=TAKEN)
        report = ok(world.adopt(world.old))
        assert (report.files_unproven, set(world.files())) == (0, {"Rome/IMG_1.JPG", "Best/IMG_1.JPG"})

    def test_they_let_an_album_stand_where_it_is_too(self, world: Adopting) -> None:
        rome = world.album("Rome")
        for number in range(2):
            world.converted_photo(rome, f"{number}.JPG", seed=number)
            world.leave_here(f"phone/{number}.HEIC", heic(number), taken=TAKEN)
        ok(world.adopt())
        assert (world.fetched(), set(world.files())) == (0, {"phone/0.HEIC", "phone/1.HEIC"})
        unchanged(world)


class TestAfterwards:
    """What becomes of an unproven file when the account or the disk changes."""

    @pytest.fixture
    def adopted(self, world: Adopting) -> Adopting:
        world.key = world.converted_photo(world.album("Rome"), "IMG_1.JPG")
        world.leave_here("Rome/IMG_1.HEIC", heic(), taken=TAKEN)
        ok(world.adopt())
        return world

    def test_new_version_comes_as_a_jpeg_and_the_original_stays(self, adopted: Adopting) -> None:
        before = adopted.files()
        adopted.replace(adopted.key, 9)
        report = ok(adopted.sync())
        assert report.files_downloaded == 1
        assert adopted.files() == {**before, "Rome/IMG_1.JPG": md5(9)}
        assert adopted.rows("evidence") == [("Rome/IMG_1.JPG", "promised")]
        unchanged(adopted)

    def test_original_that_was_deleted_here_comes_as_a_jpeg(self, adopted: Adopting) -> None:
        (adopted.path / "Rome/IMG_1.HEIC").unlink()
        ok(adopted.sync())
        assert set(adopted.files()) == {"Rome/IMG_1.JPG"}

    def test_original_that_was_edited_here_stays_when_a_new_version_comes(self, adopted: Adopting) -> None:
        adopted.write("Rome/IMG_1.HEIC", 7)
        adopted.replace(adopted.key, 9)
        ok(adopted.sync())
        assert adopted.files() == {"Rome/IMG_1.HEIC": md5(7), "Rome/IMG_1.JPG": md5(9)}

    def test_original_that_is_edited_here_is_only_noted(self, adopted: Adopting) -> None:
        adopted.write("Rome/IMG_1.HEIC", 7)
        report = ok(adopted.sync())
        assert (report.counts, adopted.files()) == ({What.EDITED: 1}, {"Rome/IMG_1.HEIC": md5(7)})

    def test_original_that_was_deleted_here_is_taken_again_under_its_name(self, adopted: Adopting) -> None:
        before = adopted.files()
        (adopted.path / "Rome/IMG_1.HEIC").rename(adopted.old / "IMG_1.HEIC")
        ok(adopted.adopt(adopted.old))
        assert (adopted.files(), adopted.fetched()) == (before, 0)

    def test_original_of_a_former_version_is_not_taken_for_the_new_one(self, adopted: Adopting) -> None:
        adopted.leave("IMG_1.HEIC", heic(), taken=TAKEN)
        adopted.edit("replace-photo", image=adopted.key, seed=9, taken=TAKEN)
        report = ok(adopted.adopt(adopted.old))
        assert (report.files_downloaded, report.files_unproven) == (1, 0)
        assert set(adopted.files()) == {"Rome/IMG_1.HEIC", "Rome/IMG_1.JPG"}

    def test_video_of_a_former_version_is_not_taken_for_the_new_one(self, world: Adopting) -> None:
        film = make_video(1, taken=TAKEN)
        key = world.video(world.album("Rome"), "Clip.MOV", film, make_video(2, taken=TAKEN))
        world.leave("Clip.MOV", film, taken=TAKEN)
        ok(world.adopt(world.old))
        world.edit("replace-photo", image=key, seed=5)
        ok(world.adopt(world.old))
        assert list(world.files().values()) == world.online()

    def test_photo_that_moves_takes_its_original_along(self, adopted: Adopting) -> None:
        paris = adopted.album("Paris")
        adopted.edit("move-photo", image=adopted.key, to=paris)
        ok(adopted.sync())
        assert (set(adopted.files()), adopted.fetched()) == ({"Paris/IMG_1.HEIC"}, 0)
        unchanged(adopted)

    def test_new_version_of_a_video_keeps_the_original_as_a_version(self, world: Adopting) -> None:
        film = make_video(1, taken=TAKEN)
        key = world.video(world.album("Rome"), "Clip.MOV", film, make_video(2, taken=TAKEN))
        original = world.leave_here("Rome/Clip.MOV", film, taken=TAKEN)
        kept = hashlib.md5(original.read_bytes()).hexdigest()
        ok(world.adopt())
        world.edit("replace-photo", image=key, seed=5)
        report = ok(world.sync())
        assert (report.files_downloaded, world.set_aside()) == (1, [kept])

    def test_gone_online_it_is_kept(self, adopted: Adopting) -> None:
        before = adopted.files()
        adopted.edit("delete-photo", image=adopted.key)
        report = ok(adopted.sync())
        assert (report.files_retired, adopted.files()) == (1, before)


class TestDryRun:
    def test_says_what_the_real_one_does(self, world: Adopting) -> None:
        rome = album(world, "Rome", 3)
        world.converted_photo(rome, "IMG_1.JPG")
        world.leave("x.jpg", 0)
        world.leave("y.jpg", 1)
        world.leave("notes.txt", b"mine")
        world.leave("IMG_1.HEIC", heic(), taken=TAKEN)
        twin = Adopting(world.root / "twin")
        twin.emulator, twin.old = world.emulator, world.old
        planned = ok(twin.adopt(world.old, dry_run=True))
        done = ok(world.adopt(world.old))
        for count in ("files_adopted", "bytes_adopted", "files_unproven", "files_left"):
            assert getattr(planned, count) == getattr(done, count), count
        assert (planned.files_planned, planned.bytes_planned) == (1, done.bytes_downloaded)
        assert twin.files() == {}

    def test_changes_nothing_in_place(self, world: Adopting) -> None:
        album(world, "Rome", 4)
        for number in range(3):
            world.leave_here(f"flat/{number}.jpg", number)
        world.leave_here("notes.txt", b"mine")
        before = world.files()
        report = ok(world.adopt(dry_run=True))
        assert (report.files_adopted, report.files_planned, world.fetched()) == (3, 1, 0)
        assert world.files() == before
        assert sorted(path.name for path in world.path.iterdir()) == [".smugsync", "flat", "notes.txt"]


def test_folders_troubles_are_told_as_its_own(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    try:
        told = folder.explain(OSError(19, "No such device"), "reading a.jpg")
        assert str(told).startswith(f"the folder {tmp_path} cannot be used: the disk went away")
        assert "the disk reports an I/O error" in str(folder.explain(OSError(5, "I/O"), "reading a.jpg"))
    finally:
        folder.close()


def test_names_moved_together_never_hide_another_file(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    for name in ("a", "b"):
        (tmp_path / "old" / name).write_text(f"old {name}")
    (tmp_path / "new" / "b").write_text("new b")
    with Mirror.open(tmp_path) as mirror:
        first, second = mirror.move_files("old", "new", [("a", "x"), ("b", "b")])
    assert (first, "taken that name" in str(second)) == (None, True)
    found = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.glob("*/*")}
    assert found == {"new/x": "old a", "new/b": "new b", "old/b": "old b"}
