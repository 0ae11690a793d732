"""New local files go up once, whatever happens; what must not go up by itself does not."""

from __future__ import annotations

import base64
import hashlib
import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import smugsync.emulator
from smugsync.catalogue import Catalogue
from smugsync.core.model import Privacy
from smugsync.emulator.settings import Settings, Switches
from smugsync.local.handles import Root
from smugsync.local.tree import Mirror
from smugsync.sync.context import Readiness, Route, Scope, Sending
from smugsync.sync.report import Report, What
from smugsync.sync.sending.finding import unsettled
from tests.sync.world import DELTA, EVERYTHING, World, content

UPLOAD = Scope("upload")
ASSETS = Path(smugsync.emulator.__file__).parent / "media" / "assets"


def ready(root: Root, path: str) -> Readiness:
    """Everything is finished."""
    try:
        fd = root.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return Readiness()
    try:
        return Readiness(root.look_at(fd, path))
    finally:
        os.close(fd)


SENDING = Sending(settled=ready)


def md5(seed: int) -> str:
    return hashlib.md5(content(seed)).hexdigest()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return mirrored(World(tmp_path))


def mirrored(world: World) -> World:
    """An account with one album of one photo, mirrored with uploads on."""
    world.options = replace(world.options, sending=SENDING)
    album = world.album("Rome")
    world.photo(album, "old.jpg", 1)
    assert world.sync().exit_code == 0
    return world


def row(world: World, name: str) -> Any:
    catalogue = Catalogue.open(world.root / "state" / "catalogue.db")
    try:
        return catalogue.file_at(f"Rome/{name}")
    finally:
        catalogue.close()


def sent(report: Report) -> list[str]:
    return sorted(c.path for c in report.changes if c.what in (What.SENT, What.SENT_EDIT))


class TestNewFiles:
    @pytest.mark.parametrize("scope", [EVERYTHING, DELTA, Scope("paths", paths=("Rome/new.jpg",)), UPLOAD])
    def test_go_up(self, world: World, scope: Scope) -> None:
        world.write("Rome/new.jpg", 2)
        report = world.sync(scope)
        assert (report.exit_code, sent(report), report.bytes_sent) == (0, ["Rome/new.jpg"], len(content(2)))
        assert world.online() == sorted([md5(1), md5(2)])

    def test_are_the_accounts_from_then_on(self, world: World) -> None:
        world.write("Rome/new.jpg", 2)
        world.sync(DELTA)
        found = row(world, "new.jpg")
        assert (found.state, found.evidence, found.held_md5) == ("committed", "promised", md5(2))
        again = world.sync()
        assert (again.exit_code, again.files_sent, again.files_downloaded, again.files_local) == (0, 0, 0, 0)
        assert world.online() == sorted([md5(1), md5(2)])

    def test_of_several_albums_go_up_in_one_run(self, world: World) -> None:
        world.album("Oslo")
        world.sync()
        for seed in range(10, 20):
            world.write(f"Rome/{seed}.jpg", seed)
            world.write(f"Oslo/{seed}.jpg", seed + 100)
        assert world.sync(DELTA).files_sent == 20
        assert len(world.online()) == 21

    def test_that_a_dry_run_sees_are_counted_and_stay(self, world: World) -> None:
        world.write("Rome/new.jpg", 2)
        report = world.sync(DELTA, dry_run=True)
        assert (report.files_to_send, report.bytes_to_send) == (1, len(content(2)))
        assert world.online() == [md5(1)]

    def test_stay_where_uploads_are_off(self, world: World) -> None:
        world.write("Rome/new.jpg", 2)
        world.sync(DELTA, sending=None)
        assert world.sync(EVERYTHING, sending=None).files_sent == 0
        assert world.online() == [md5(1)]

    def test_that_came_while_uploads_were_off_are_not_sent_by_themselves(self, world: World) -> None:
        world.write("Rome/new.jpg", 2)
        world.sync(EVERYTHING, sending=None)
        assert world.sync().files_sent == 0
        assert sent(world.sync(UPLOAD)) == ["Rome/new.jpg"]

    def test_that_are_ignored_stay(self, world: World) -> None:
        world.write("Rome/draft.jpg", 2)
        ignoring = replace(SENDING, ignores=lambda path: path.endswith("draft.jpg"))
        report = world.sync(DELTA, sending=ignoring)
        assert (report.files_sent, report.exit_code) == (0, 0)

    def test_that_are_no_photos_stay(self, world: World) -> None:
        world.write("Rome/notes.txt", 2)
        report = world.sync(DELTA)
        assert (report.files_sent, report.exit_code, report.files_local) == (0, 0, 1)

    def test_that_are_still_written_wait(self, world: World) -> None:
        def unfinished(root: Root, path: str) -> Readiness:
            return Readiness(why="somebody writes it", later=True)

        world.write("Rome/new.jpg", 2)
        report = world.sync(DELTA, sending=replace(SENDING, settled=unfinished))
        assert (report.files_sent, report.files_unfinished, report.exit_code) == (0, 1, 0)
        assert world.sync(DELTA).files_sent == 1

    def test_that_come_to_rest_within_the_run_are_waited_for(self, world: World) -> None:
        asked: list[str] = []

        def at_the_second_look(root: Root, path: str) -> Readiness:
            asked.append(path)
            return ready(root, path) if asked.count(path) > 1 else Readiness(later=True, again=0.01)

        world.write("Rome/a.jpg", 2)
        world.write("Rome/b.jpg", 3)
        report = world.sync(DELTA, sending=replace(SENDING, settled=at_the_second_look))
        assert (report.files_sent, report.files_unfinished, len(asked)) == (2, 0, 4)

    def test_that_are_too_large_are_told_without_being_read(self, world: World) -> None:
        def never(root: Root, path: str) -> Readiness:
            raise AssertionError(f"{path} was looked into")

        with (world.path / "Rome" / "large.jpg").open("wb") as file:
            file.truncate(4_000_000_000)
        report = world.sync(DELTA, sending=replace(SENDING, settled=never))
        assert (report.exit_code, report.files_unsent) == (3, 1)
        assert ["takes no photo of more than" in trouble.reason for trouble in report.troubles] == [True]

    def test_bear_the_name_they_have_here(self, world: World) -> None:
        world.write("Rome/Größe & Maß.jpg", 2)
        world.sync(DELTA)
        assert row(world, "Größe & Maß.jpg").remote_name == "Größe & Maß.jpg"

    def test_that_differ_from_a_photo_only_in_case_are_told(self, world: World) -> None:
        world.write("Rome/OLD.jpg", 2)
        report = world.sync(DELTA)
        assert (report.exit_code, report.files_sent) == (3, 0)
        assert ["rename it" in trouble.reason for trouble in report.troubles] == [True]

    def test_that_are_deleted_here_again_come_back(self, world: World) -> None:
        world.write("Rome/new.jpg", 2)
        world.sync(DELTA)
        (world.path / "Rome" / "new.jpg").unlink()
        world.sync()
        assert md5(2) in world.files().values()
        assert md5(2) in world.online()


class TestWhatWasHereBefore:
    def test_is_not_sent_by_itself(self, tmp_path: Path) -> None:
        world = World(tmp_path)
        world.options = replace(world.options, sending=SENDING)
        world.photo(world.album("Rome"), "old.jpg", 1)
        world.write("Rome/mine.jpg", 2)
        assert world.sync().files_sent == 0
        assert world.sync(DELTA).files_sent == 0
        assert sent(world.sync(UPLOAD)) == ["Rome/mine.jpg"]

    def test_is_sent_of_one_album_alone_if_asked_so(self, world: World) -> None:
        world.album("Oslo")
        world.sync()
        world.write("Rome/a.jpg", 2)
        world.write("Oslo/b.jpg", 3)
        world.sync(sending=None)
        assert sent(world.sync(Scope("upload", albums=("Oslo",)))) == ["Oslo/b.jpg"]

    def test_what_was_deleted_online_never_goes_up_again(self, world: World) -> None:
        key = world.edit("add-photo", album=world.album("Oslo"), file_name="x.jpg", data=b64(3))["image"]
        world.sync()
        world.edit("delete-photo", image=key)
        world.sync()
        (world.path / "Oslo" / "x.jpg").rename(world.path / "Oslo" / "y.jpg")
        world.sync()
        world.sync()
        assert md5(3) not in world.online()
        assert sent(world.sync(Scope("upload", albums=("Oslo",)))) == []  # it is kept, and no new file

    def test_a_copy_of_a_photo_in_its_album_is_not_sent(self, world: World) -> None:
        world.write("Rome/copy.jpg", 1)
        for _ in range(2):
            report = world.sync(DELTA)
            assert (report.files_sent, report.exit_code) == (0, 0)
        assert world.online() == [md5(1)]

    def test_a_copy_that_is_edited_is_sent(self, world: World) -> None:
        world.write("Rome/copy.jpg", 1)
        world.sync(DELTA)
        world.write("Rome/copy.jpg", 4)
        assert sent(world.sync(DELTA)) == ["Rome/copy.jpg"]

    def test_of_two_equal_files_one_is_sent(self, world: World) -> None:
        world.write("Rome/a.jpg", 2)
        world.write("Rome/b.jpg", 2)
        world.sync(DELTA)
        world.sync(DELTA)
        assert world.online() == sorted([md5(1), md5(2)])

    def test_what_another_client_sent_meanwhile_is_taken_over(self, world: World) -> None:
        world.write("Rome/here.jpg", 5)
        key = next(iter(albums(world)))
        world.photo(key, "there.jpg", 5)
        report = world.sync(DELTA)
        assert (report.files_sent, report.files_downloaded) == (0, 0)
        assert row(world, "here.jpg").state == "committed"
        assert world.online() == sorted([md5(1), md5(5)])


def b64(seed: int) -> str:
    return base64.b64encode(content(seed)).decode()


def albums(world: World) -> list[str]:
    catalogue = Catalogue.open(world.root / "state" / "catalogue.db")
    try:
        return [row.key for row in catalogue.albums()]
    finally:
        catalogue.close()


class TestDoubt:
    """Answers that never come: the photo may be there or not, and must be there once in the end."""

    @pytest.mark.parametrize(
        "fault", ["504@/upload*:times=1", "500@/upload*:times=1", "reset@/upload*:times=1"]
    )
    def test_ends_with_one_photo(self, world: World, fault: str) -> None:
        world.write("Rome/new.jpg", 2)
        world.fault(fault)
        first = world.sync(DELTA)
        assert first.exit_code == 3
        for _ in range(4):
            last = world.sync(DELTA)
        assert (last.exit_code, last.files_in_doubt) == (0, 0)
        assert world.online() == sorted([md5(1), md5(2)])
        assert row(world, "new.jpg").held_md5 == md5(2)

    def test_of_a_file_that_is_edited_meanwhile_sends_it_once(self, world: World) -> None:
        world.write("Rome/new.jpg", 2)
        world.fault("504@/upload*:times=1")
        world.sync(DELTA)
        world.write("Rome/new.jpg", 3)
        for _ in range(4):
            world.sync(DELTA)
        assert len(world.online()) == 2

    @pytest.mark.parametrize("fault", ["504@/upload*:times=1", "500@/upload*:times=1"])
    def test_of_a_file_that_is_renamed_meanwhile_ends_with_one_photo(self, world: World, fault: str) -> None:
        world.write("Rome/new.jpg", 2)
        world.fault(fault)
        world.sync(DELTA)
        (world.path / "Rome" / "new.jpg").rename(world.path / "Rome" / "other.jpg")
        for _ in range(5):
            last = world.sync()
        assert (last.exit_code, last.files_in_doubt) == (0, 0)
        assert world.online() == sorted([md5(1), md5(2)])
        assert set(world.files()) == {"Rome/old.jpg", "Rome/other.jpg"}

    def test_a_refusal_for_good_is_told_and_not_repeated(self, world: World) -> None:
        world.write("Rome/new.jpg", 2)
        world.fault("stat-fail@/upload*:times=9,code=64")
        first, second = world.sync(DELTA), world.sync(DELTA)
        assert (first.exit_code, first.files_unsent) == (3, 1)
        assert (second.exit_code, second.files_unsent) == (3, 1)
        world.calm()
        world.write("Rome/new.jpg", 3)
        assert world.sync(DELTA).files_sent == 1

    def test_a_refusal_ends_with_its_file(self, world: World) -> None:
        world.write("Rome/new.jpg", 2)
        world.fault("stat-fail@/upload*:times=9,code=64")
        world.sync(DELTA)
        (world.path / "Rome" / "new.jpg").unlink()
        last = world.sync(DELTA)
        assert (last.exit_code, last.files_unsent) == (0, 0)

    def test_a_refusal_for_now_is_tried_again(self, world: World) -> None:
        world.write("Rome/new.jpg", 2)
        world.fault("stat-fail@/upload*:times=1,code=5")
        assert world.sync(DELTA).exit_code == 3
        assert world.sync(DELTA).exit_code == 0
        assert world.online() == sorted([md5(1), md5(2)])


class TestEdits:
    @pytest.fixture
    def world(self, world: World) -> World:
        world.options = replace(world.options, sending=replace(SENDING, replace=True))
        return world

    @pytest.mark.parametrize("scope", [EVERYTHING, DELTA, Scope("paths", paths=("Rome/old.jpg",))])
    def test_take_the_place_of_the_photo(self, world: World, scope: Scope) -> None:
        key = row(world, "old.jpg").key
        world.write("Rome/old.jpg", 7)
        report = world.sync(scope)
        assert (report.exit_code, sent(report)) == (0, ["Rome/old.jpg"])
        assert world.online() == [md5(7)]
        assert (row(world, "old.jpg").key, row(world, "old.jpg").held_md5) == (key, md5(7))
        again = world.sync()
        assert (again.files_sent, again.files_downloaded, again.exit_code) == (0, 0, 0)

    def test_stay_here_where_replacing_is_off(self, world: World) -> None:
        world.write("Rome/old.jpg", 7)
        world.sync(DELTA, sending=SENDING)
        world.sync(EVERYTHING, sending=SENDING)
        assert world.online() == [md5(1)]
        assert world.files()["Rome/old.jpg"] == md5(7)

    def test_that_were_made_before_go_up_if_asked_for(self, world: World) -> None:
        world.write("Rome/old.jpg", 7)
        world.sync(DELTA, sending=SENDING)
        assert world.sync(EVERYTHING).files_sent == 0
        assert sent(world.sync(UPLOAD)) == ["Rome/old.jpg"]
        assert world.online() == [md5(7)]

    def test_on_both_sides_are_a_conflict(self, world: World) -> None:
        world.write("Rome/old.jpg", 7)
        world.replace(row(world, "old.jpg").key, 8)
        world.sync()
        assert world.online() == [md5(8)]
        assert sorted(world.files().values()) == sorted([md5(7), md5(8)])
        world.sync()
        assert world.online() == [md5(8)]

    def test_that_failed_and_are_renamed_and_edited_again_take_the_place(self, world: World) -> None:
        world.write("Rome/old.jpg", 7)
        world.fault("stat-fail@/upload*:times=1,code=5")
        world.sync(DELTA)
        (world.path / "Rome" / "old.jpg").unlink()
        world.write("Rome/best.jpg", 1)
        world.sync(DELTA)
        world.write("Rome/best.jpg", 8)
        for _ in range(2):
            last = world.sync()
        assert (last.exit_code, world.online()) == (0, [md5(8)])

    def test_whose_answer_never_came_are_settled(self, world: World) -> None:
        world.write("Rome/old.jpg", 7)
        world.fault("504@/upload*:times=1")
        world.sync(DELTA)
        for _ in range(3):
            last = world.sync(DELTA)
        assert (last.exit_code, world.online()) == (0, [md5(7)])
        assert row(world, "old.jpg").held_md5 == md5(7)


class TestNewFolders:
    @pytest.mark.parametrize("scope", [EVERYTHING, DELTA, Scope("paths", paths=("Travel/Day 1/a.jpg",))])
    def test_become_folders_and_a_private_album(self, world: World, scope: Scope) -> None:
        world.write("Travel/Day 1/a.jpg", 2)
        report = world.sync(scope)
        assert (report.exit_code, sent(report)) == (0, ["Travel/Day 1/a.jpg"])
        assert world.online() == sorted([md5(1), md5(2)])
        assert world.privacy_of("Day 1") == "Private"
        again = world.sync()
        assert (again.exit_code, again.files_downloaded, again.files_sent) == (0, 0, 0)
        assert set(world.files()) == {"Rome/old.jpg", "Travel/Day 1/a.jpg"}

    def test_may_be_public(self, world: World) -> None:
        world.write("Open/a.jpg", 2)
        world.sync(DELTA, sending=replace(SENDING, create=Privacy.PUBLIC))
        assert world.privacy_of("Open") == "Public"

    def test_stay_here_where_none_are_made(self, world: World) -> None:
        world.write("Travel/a.jpg", 2)
        report = world.sync(DELTA, sending=replace(SENDING, create=None))
        assert (report.exit_code, world.online()) == (3, [md5(1)])

    def test_in_an_existing_folder_do_not_make_a_second(self, world: World) -> None:
        folder = world.edit("add-folder", name="Travel")["node"]
        world.photo(world.album("Oslo", folder=folder), "o.jpg", 3)
        world.sync()
        world.write("Travel/Lima/a.jpg", 2)
        world.sync(DELTA)
        names = [child["name"] for child in world.tree()["children"]]
        assert names.count("Travel") == 1

    def test_of_which_an_album_exists_online_become_that_album(self, world: World) -> None:
        world.write("Lima/a.jpg", 2)
        world.album("Lima")
        world.sync(DELTA)
        names = [child["name"] for child in world.tree()["children"]]
        assert names.count("Lima") == 1
        assert world.sync().files_sent == 0

    @pytest.mark.parametrize(
        ("path", "why"),
        [
            ("loose.jpg", "lies in no folder"),
            ("Rome/inner/a.jpg", "lies inside the album Rome"),
            ("1/2/3/4/5/6/7/a.jpg", "folders deep"),
        ],
    )
    def test_that_cannot_be_are_told(self, world: World, path: str, why: str) -> None:
        world.write(path, 2)
        report = world.sync(DELTA)
        assert report.exit_code == 3
        assert any(why in trouble.reason for trouble in report.troubles), report.troubles
        assert world.online() == [md5(1)]

    def test_that_hold_photos_and_folders_are_told_and_the_inner_one_sent(self, world: World) -> None:
        world.write("Trip/a.jpg", 2)
        world.write("Trip/Day/b.jpg", 3)
        report = world.sync(DELTA)
        assert sent(report) == ["Trip/Day/b.jpg"]
        assert report.exit_code == 3

    def test_whose_answer_never_came_are_made_once(self, world: World) -> None:
        world.write("Lima/a.jpg", 2)
        world.fault("504@/api/v2/node/*:times=1")
        world.sync(DELTA)
        for _ in range(2):
            last = world.sync(DELTA)
        assert last.exit_code == 0
        assert [child["name"] for child in world.tree()["children"]].count("Lima") == 1
        assert world.online() == sorted([md5(1), md5(2)])


class TestDropFolders:
    def test_are_emptied_into_their_album(self, world: World, tmp_path: Path) -> None:
        drop = tmp_path / "drop"
        drop.mkdir()
        (drop / "a.jpg").write_bytes(content(2))
        route = Route(drop, "/In/Box", ("one", "two"), Privacy.UNLISTED)
        report = world.sync(DELTA, sending=replace(SENDING, routes=(route,)))
        assert (report.exit_code, sent(report)) == (0, ["In/Box/a.jpg"])
        assert list(drop.iterdir()) == []
        assert world.online() == sorted([md5(1), md5(2)])
        assert world.privacy_of("Box") == "Unlisted"

    def test_of_equal_names_keep_both(self, world: World, tmp_path: Path) -> None:
        drop = tmp_path / "drop"
        (drop / "sub").mkdir(parents=True)
        (drop / "a.jpg").write_bytes(content(2))
        (drop / "sub" / "a.jpg").write_bytes(content(3))
        world.sync(DELTA, sending=replace(SENDING, routes=(Route(drop, "/Rome"),)))
        assert world.online() == sorted([md5(1), md5(2), md5(3)])
        assert len(world.files()) == 3

    def test_that_do_not_exist_are_told_and_stop_nothing(self, world: World, tmp_path: Path) -> None:
        world.write("Rome/new.jpg", 2)
        route = Route(tmp_path / "none", "/Rome")
        report = world.sync(DELTA, sending=replace(SENDING, routes=(route,)))
        assert (report.exit_code, report.files_sent) == (0, 1)


class TestWhatTheServiceRewrites:
    """HEIC becomes a JPEG and every film another one: the original stays, and nothing is fetched over it."""

    FILES = ("still.heic", "clip.mp4")

    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        return mirrored(
            World(tmp_path, settings=Settings(albums=0, switches=Switches(small_videos="accept")))
        )

    @pytest.fixture(params=FILES)
    def original(self, world: World, request: pytest.FixtureRequest) -> str:
        """A local file of such a kind, new in the album."""
        path = f"Rome/{request.param}"
        (world.path / path).write_bytes((ASSETS / request.param).read_bytes())
        return path

    def test_stays_as_it_is_here(self, world: World, original: str) -> None:
        before = world.files()[original]
        report = world.sync(DELTA)
        assert (report.exit_code, sent(report)) == (0, [original])
        for _ in range(2):
            again = world.sync()
            assert (again.exit_code, again.files_sent, again.files_downloaded) == (0, 0, 0)
        assert world.files() == {"Rome/old.jpg": md5(1), original: before}
        assert row(world, original.removeprefix("Rome/")).evidence == "converted"
        assert len(world.online()) == 2

    @pytest.mark.parametrize("fault", ["504@/upload*:times=1", "500@/upload*:times=1"])
    def test_is_there_once_after_an_answer_that_never_came(
        self, world: World, original: str, fault: str
    ) -> None:
        before = world.files()[original]
        world.fault(fault)
        for _ in range(4):
            last = world.sync(DELTA)
        assert (last.exit_code, last.files_in_doubt) == (0, 0)
        assert world.files() == {"Rome/old.jpg": md5(1), original: before}
        assert len(world.online()) == 2

    def test_is_there_once_although_the_film_is_processed_for_long(self, tmp_path: Path) -> None:
        switches = Switches(small_videos="accept", processing=7200)
        world = mirrored(World(tmp_path, settings=Settings(albums=0, switches=switches)))
        (world.path / "Rome" / "clip.mp4").write_bytes((ASSETS / "clip.mp4").read_bytes())
        for _ in range(5):
            last = world.sync()
        assert (last.exit_code, last.files_downloaded, last.files_local) == (0, 0, 0)
        assert sorted(world.files()) == ["Rome/clip.mp4", "Rome/old.jpg"]


class TestSettled:
    """A watcher sees our own downloads too: nobody is asked about those."""

    def test_our_own_download_is(self, world: World) -> None:
        assert self.unsettled(world, "Rome/old.jpg") == ()

    @pytest.mark.parametrize("path", ["Rome/old.jpg", "Rome/new.jpg", "Lima/new.jpg"])
    def test_what_a_person_wrote_is_not(self, world: World, path: str) -> None:
        world.write(path, 9)
        assert self.unsettled(world, path, "Rome/none.jpg") == (path,)

    def test_what_is_not_there_is(self, world: World) -> None:
        assert self.unsettled(world, "Rome/none.jpg") == ()

    @staticmethod
    def unsettled(world: World, *paths: str) -> tuple[str, ...]:
        catalogue = Catalogue.open(world.root / "state" / "catalogue.db")
        with closing(catalogue), closing(Mirror.open(world.path)) as mirror:
            return unsettled(catalogue, mirror, paths)


class TestReplacingLosesNothing:
    @pytest.fixture
    def world(self, world: World) -> World:
        world.options = replace(world.options, sending=replace(SENDING, replace=True))
        return world

    def test_what_was_online_is_kept_here(self, world: World) -> None:
        world.write("Rome/old.jpg", 7)
        world.sync(DELTA)
        assert world.set_aside() == [md5(1)]

    def test_what_cannot_be_kept_is_not_replaced(self, world: World) -> None:
        world.write("Rome/old.jpg", 7)
        world.fault("500@/photos/*:times=9")
        assert world.sync(DELTA).exit_code == 3
        assert world.online() == [md5(1)]
        world.calm()
        assert world.sync(DELTA).files_sent == 1

    @pytest.fixture
    def many(self, world: World) -> World:
        """Thirty photos, all of which something has gone through."""
        album = albums(world)[0]
        for seed in range(100, 130):
            world.photo(album, f"{seed}.jpg", seed)
        world.sync()
        for seed in range(100, 130):
            world.write(f"Rome/{seed}.jpg", seed + 1000)
        return world

    def test_so_many_edits_at_once_are_withheld(self, many: World) -> None:
        report = many.sync(DELTA)
        assert (report.exit_code, report.files_sent) == (5, 0)
        assert md5(100) in many.online()

    def test_so_many_edits_in_small_runs_are_withheld(self, world: World) -> None:
        album = albums(world)[0]
        for seed in range(100, 130):
            world.photo(album, f"{seed}.jpg", seed)
        world.sync()
        reports = []
        for seed in range(100, 130):
            world.clock.now -= 3500
            world.write(f"Rome/{seed}.jpg", seed + 1000)
            reports.append(world.sync(Scope("paths", paths=(f"Rome/{seed}.jpg",))))
        assert sum(report.files_sent for report in reports) == 20
        assert reports[-1].exit_code == 5

    def test_a_person_can_accept_them(self, many: World) -> None:
        assert many.sync(DELTA, accept_loss=True).files_sent == 30
        assert md5(1100) in many.online()
