"""Moving house: what was mirrored through one interface goes on through another, nothing is fetched again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smugsync.core.model import Account, Album, Promise, RemoteFile
from smugsync.emulator.settings import Settings
from smugsync.remote.dialect import Call, Page, Reply, Span
from smugsync.remote.gallery import Gallery
from smugsync.remote.session import Session
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.sync.context import Context, Scope
from smugsync.sync.rehousing import Rehoused, bare
from smugsync.sync.report import Report
from tests.sync.world import EVERYTHING, ORIGIN, World, md5

NICKNAME = Settings().nickname


class Former(SmugMugV2):
    """The account by an interface that calls everything otherwise: a number before each key (`keyed`), or
    a number alone."""

    def __init__(self, *, keyed: bool, promises: bool) -> None:
        super().__init__(ORIGIN)
        self._keyed, self._promises = keyed, promises
        self._real: dict[str, str] = {}

    def _former(self, key: str) -> str:
        number = str(int.from_bytes(key.encode(), "big"))
        former = f"{number}_{key}" if self._keyed else number
        self._real[former] = key
        return former

    def read_account(self, reply: Reply) -> Account:
        account = super().read_account(reply)
        return replace(account, root="user/17", albums=self._renamed(account.albums))

    def read_albums(self, reply: Reply, span: Span, account: Account) -> Page[Album]:
        page = super().read_albums(reply, span, account)
        return replace(page, items=self._renamed(page.items))

    def _renamed(self, albums: tuple[Album, ...]) -> tuple[Album, ...]:
        return tuple(replace(one, key=self._former(one.key)) for one in albums)

    def files(self, album: Album, span: Span) -> Call:
        return super().files(replace(album, key=self._real[album.key]), span)

    def read_files(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]:
        page = super().read_files(reply, span, album)
        return replace(page, items=tuple(self._file(file) for file in page.items))

    def _file(self, file: RemoteFile) -> RemoteFile:
        promised = file.promised if self._promises else Promise(None, file.promised.size)
        return replace(file, key=self._former(file.key), version=f"old {file.version}", promised=promised)


class Reversed(SmugMugV2):
    """The photos of each page the other way round."""

    def read_files(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]:
        page = super().read_files(reply, span, album)
        return replace(page, items=page.items[::-1])


class Moving(World):
    """Its interface is changed by `move`."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.former: Former | None = Former(keyed=True, promises=True)
        self.reverses = False  #: the latter interface lists photos the other way round

    def open_gallery(self, session: Session) -> Gallery:
        latter = Reversed(ORIGIN) if self.reverses else SmugMugV2(ORIGIN)
        return Gallery(self.former or latter, session)

    def move(self, *, dry_run: bool = False) -> tuple[Report, Rehoused]:
        self.former = None
        found = Rehoused()
        with self.engine(dry_run=dry_run) as engine:

            def body(context: Context) -> None:
                nonlocal found
                found = engine.migrate(context)

            report = engine.work(Scope("migrate"), body)
        return report, found


@pytest.fixture
def world(tmp_path: Path) -> Moving:
    world = Moving(tmp_path)
    for name, seeds in (("Iceland", (1, 2, 3)), ("Norway", (4, 5))):
        album = world.album(name)
        for seed in seeds:
            world.photo(album, f"{seed}.jpg", seed)
    return world


@pytest.mark.parametrize(
    ("keyed", "promises", "how"),
    [(True, True, "by_key"), (True, False, "by_key"), (False, True, "by_bytes"), (False, False, "by_bytes")],
)
def test_nothing_is_fetched_again(world: Moving, how: str, *, keyed: bool, promises: bool) -> None:
    world.former = Former(keyed=keyed, promises=promises)
    assert world.sync().exit_code == 0
    before = world.files()
    report, found = world.move()
    assert report.exit_code == 0
    assert found == replace(Rehoused(), albums=2, **{how: 5})
    for _ in range(2):
        report = world.sync()
        assert (report.exit_code, report.files_downloaded, dict(report.counts)) == (0, 0, {})
    assert world.files() == before


def test_the_same_photo_under_several_names_is_found_as_often_in_any_order(world: Moving) -> None:
    """Where keys tell nothing, and the other interface lists them the other way round."""
    world.former = Former(keyed=False, promises=True)
    album = world.album("Twins")
    for name in ("b.jpg", "a.jpg", "c.jpg", "a.jpg"):
        world.photo(album, name, 9)
    world.sync()
    names = {path for path, digest in world.files().items() if digest == md5(9)}
    world.reverses = True
    report, found = world.move()
    assert (report.exit_code, found.by_bytes, found.left) == (0, 9, 0)
    report = world.sync()
    assert (report.exit_code, report.files_downloaded, dict(report.counts)) == (0, 0, {})
    assert {path for path, digest in world.files().items() if digest == md5(9)} == names


def test_a_twin_that_was_renamed_online_is_found_by_its_bytes(world: Moving) -> None:
    world.former = Former(keyed=False, promises=True)
    album = world.album("Twins")
    world.photo(album, "a.jpg", 9)
    second = world.photo(album, "b.jpg", 9)
    world.sync()
    world.edit("delete-photo", image=second)
    world.photo(album, "0.jpg", 9)
    _, found = world.move()
    assert (found.by_bytes, found.left) == (7, 0)
    report = world.sync()
    assert (report.exit_code, report.files_downloaded, report.files_retired) == (0, 0, 0)


def test_an_unmoved_mirror_is_not_mixed_with_the_other_interface(world: Moving) -> None:
    world.sync()
    world.former = None
    report = world.sync()
    assert report.exit_code == 5
    assert "`smugsync remote migrate` has it go on through this one" in str(report.stopped)


def test_there_is_nothing_to_move_twice(world: Moving) -> None:
    world.sync()
    world.move()
    report, _ = world.move()
    assert report.exit_code == 5
    assert "by this interface already" in str(report.stopped)


@pytest.mark.parametrize("keyed", [True, False])
def test_a_death_before_the_marker_was_written_is_made_good_by_another_try(
    world: Moving, *, keyed: bool
) -> None:
    """The catalogue is the new interface's already, the marker still the former's."""
    world.former = former = Former(keyed=keyed, promises=True)
    world.sync()
    before = world.files()
    marker = world.path / ".smugsync" / "mirror.json"
    old = marker.read_bytes()
    assert world.move()[0].exit_code == 0
    marker.write_bytes(old)
    assert "`smugsync remote migrate`" in str(world.sync().stopped)
    report, found = world.move()
    assert (report.exit_code, found.files, found.left) == (0, 5, 0)
    for _ in range(2):
        report = world.sync()
        assert (report.exit_code, report.files_downloaded, dict(report.counts)) == (0, 0, {})
    assert world.files() == before
    world.former = former
    assert world.sync().exit_code == 5


def test_a_trial_changes_nothing(world: Moving) -> None:
    world.sync()
    former = world.former
    report, found = world.move(dry_run=True)
    assert (report.exit_code, found.by_key) == (0, 5)
    world.former = former
    assert (world.sync().exit_code, world.sync().files_downloaded) == (0, 0)


def test_what_changed_meanwhile_is_fetched_by_the_next_sync_and_the_old_kept(world: Moving) -> None:
    world.sync()
    photo = next(image["image"] for image in _images(world) if image["file_name"] == "1.jpg")
    world.replace(photo, 50)
    report, found = world.move()
    assert (report.exit_code, found.changed) == (0, 1)
    report = world.sync()
    assert (report.exit_code, report.files_downloaded) == (0, 1)
    assert world.set_aside() == [md5(1)]
    assert md5(50) in world.files().values()


def test_what_was_deleted_meanwhile_is_kept_and_marked(world: Moving) -> None:
    world.sync()
    photo = next(image["image"] for image in _images(world) if image["file_name"] == "1.jpg")
    world.edit("delete-photo", image=photo)
    report, found = world.move()
    assert (report.exit_code, found.left) == (0, 1)
    report = world.sync()
    assert (report.exit_code, report.files_retired, report.files_downloaded) == (0, 1, 0)
    assert len(world.files()) == 5


def test_a_person_s_edit_stays_one(world: Moving) -> None:
    world.sync()
    world.write("Iceland/1.jpg", 70)
    world.sync()
    world.move()
    report = world.sync()
    assert (report.exit_code, report.files_downloaded) == (0, 0)
    assert world.files()["Iceland/1.jpg"] == md5(70)


class Renamed(SmugMugV2):
    """The same account, whose owner has taken another nickname."""

    def read_account(self, reply: Reply) -> Account:
        return replace(super().read_account(reply), nickname="another", root="n0ther")

    def albums(self, account: Account, span: Span) -> Call:
        return super().albums(replace(account, nickname=NICKNAME), span)


class Elsewhere(Moving):
    def open_gallery(self, session: Session) -> Gallery:
        return Gallery(self.former or Renamed(ORIGIN), session)


@pytest.mark.parametrize("lost", [0, 1])
def test_another_name_is_believed_where_nearly_all_is_there(tmp_path: Path, lost: int) -> None:
    world = Elsewhere(tmp_path)
    album = world.album("Iceland")
    photos = [world.photo(album, f"{seed}.jpg", seed) for seed in range(5)]
    world.sync()
    for photo in photos[:lost]:
        world.edit("delete-photo", image=photo)
    report, found = world.move()
    assert (report.exit_code, found.by_key if report.stopped is None else 0) == ((0, 5), (5, 0))[lost]


def test_a_mirror_that_no_catalogue_knows_is_refused(world: Moving, tmp_path: Path) -> None:
    world.sync()
    other = Moving(tmp_path / "other")
    other.photo(other.album("Else"), "x.jpg", 90)
    other.path = world.path
    report, _ = other.move()
    assert report.exit_code == 5
    assert "`smugsync fsck --rebuild` makes a catalogue" in str(report.stopped)


def test_an_account_that_shows_less_is_refused(world: Moving) -> None:
    world.sync()
    for image in _images(world)[:3]:
        world.edit("delete-photo", image=image["image"])
    before = world.files()
    report, _ = world.move()
    assert report.exit_code == 5
    assert "only 2 of 5 files that are here were found" in str(report.stopped)
    world.former = Former(keyed=True, promises=True)
    assert world.sync(EVERYTHING).exit_code == 0
    assert world.files() == before


@pytest.mark.parametrize(
    ("key", "same"), [("12345_nrBE6", "nrBE6"), ("nrBE6", "nrBE6"), ("222910058", ""), ("", "")]
)
def test_what_is_the_same_of_a_key(key: str, same: str) -> None:
    assert bare(key) == same


def _images(world: Moving) -> list[dict[str, str]]:
    return [image for node in world.tree()["children"] for image in node["images"]]
