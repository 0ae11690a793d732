"""What looks wrong is withheld, and only that: every other photo of the same run is fetched all the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from smugsync.core.guard import MaxLoss
from smugsync.core.model import Album, RemoteFile
from smugsync.emulator.settings import Settings
from smugsync.errors import SuspiciousPlan
from smugsync.local.tree import Mirror
from smugsync.remote.gallery import Gallery
from smugsync.remote.hosts import Hosts
from smugsync.remote.listing import Listing
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import KeySigner
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.stop import Stop
from smugsync.sync.context import Scope
from smugsync.sync.report import Report, What
from tests.sync.crashes import WatchedWorld
from tests.sync.law import read_ledger
from tests.sync.second_thoughts import do, last_run, wish_to_undo
from tests.sync.world import DELTA, EVERYTHING, ORIGIN, World, md5

GUARD = SuspiciousPlan.exit_code
MODES = pytest.mark.parametrize("archive", [True, False], ids=["archive", "mirror"])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return following(World(tmp_path))


def following(world: World, *, archive: bool = False) -> World:
    world.options = replace(world.options, archive=archive)
    return world


def album_of(world: World, name: str, size: int) -> tuple[str, list[str]]:
    """An album with so many photos (0.jpg, 1.jpg, ...): its key and theirs."""
    album = world.album(name)
    return album, [world.photo(album, f"{n}.jpg", hash_of(name, n)) for n in range(size)]


def hash_of(name: str, number: int) -> int:
    return sum(name.encode()) * 1000 + number


def states(world: World) -> dict[str, str]:
    return {row.path: row.state for row in read_ledger(world.root / "state").rows}


def reasons(report: Report) -> list[str]:
    return [f"{trouble.path}: {trouble.reason}" for trouble in report.troubles]


def delete(world: World, keys: list[str]) -> None:
    for key in keys:
        world.edit("delete-photo", image=key)


# -- how much may vanish at once -------------------------------------------------------------------------


def test_whole_album_of_three_stays_and_the_rest_goes_on(world: World) -> None:
    other, (single, *_) = album_of(world, "Bee", 9)
    _, keys = album_of(world, "Ant", 3)
    world.sync()
    delete(world, [*keys, single])
    assert world.sync(DELTA).exit_code == 0  # marks are no losses
    world.photo(other, "new.jpg", 77)
    report = world.sync(DELTA)
    assert report.exit_code == GUARD
    assert reasons(report) == [
        "Ant: would lose all of its 3 files; if that is right, "
        "`smugsync sync --accept-loss` moves them to the trash"
    ]
    assert report.counts == {What.TRASHED: 1, What.NEW: 1}
    assert {path for path in world.files() if path.startswith("Ant/")} == {f"Ant/{n}.jpg" for n in range(3)}
    assert {state for path, state in states(world).items() if path.startswith("Ant/")} == {"retired"}


def test_more_than_twenty_files_stay_and_the_rest_goes_on(world: World) -> None:
    album, keys = album_of(world, "Ant", 60)
    world.sync()
    delete(world, keys[:21])
    world.sync(DELTA)
    world.photo(album, "new.jpg", 77)
    report = world.sync(DELTA)
    assert (report.exit_code, report.counts) == (GUARD, {What.NEW: 1})
    assert reasons(report) == [
        "account: 21 of 60 files would be lost at once (21 of Ant); at most 20 may be; if that is right, "
        "`smugsync sync --accept-loss` moves them to the trash"
    ]
    assert len(world.files()) == 61


def test_twenty_files_may_go(world: World) -> None:
    _, keys = album_of(world, "Ant", 60)
    world.sync()
    delete(world, keys[:20])
    for _ in range(2):
        assert world.sync(DELTA).exit_code == 0
    assert len(world.files()) == 40


def test_limits_are_a_persons(world: World) -> None:
    world.options = replace(world.options, max_loss=MaxLoss(files=1, share=0, album=100))
    _, keys = album_of(world, "Ant", 5)
    world.sync()
    delete(world, keys[:2])
    assert [world.sync(DELTA).exit_code for _ in range(2)] == [0, GUARD]


def test_accepted_loss_goes_to_the_trash_once(world: World) -> None:
    _, keys = album_of(world, "Ant", 4)
    _, more = album_of(world, "Bee", 4)
    world.album("Anchor")
    world.sync()
    delete(world, keys)
    assert [world.sync(DELTA).exit_code for _ in range(2)] == [0, GUARD]
    report = world.sync(DELTA, accept_loss=True)
    assert (report.exit_code, report.counts) == (0, {What.TRASHED: 4})
    delete(world, more)  # the next loss is a question of its own
    assert [world.sync(DELTA).exit_code for _ in range(2)] == [0, GUARD]
    assert len(world.files()) == 4


def test_accepting_a_loss_spares_neither_the_second_run_nor_the_proof(world: World) -> None:
    _, keys = album_of(world, "Ant", 4)
    world.sync()
    delete(world, keys)
    assert world.sync(DELTA, accept_loss=True).counts == {What.GONE: 4}
    world.fault("503@*-0")
    assert not world.sync(DELTA, accept_loss=True).counts
    assert len(world.files()) == 4


def test_whole_albums_are_counted_too(world: World) -> None:
    album, _ = album_of(world, "Ant", 4)
    world.album("Anchor")
    world.sync()
    world.edit("delete-node", album=album)
    assert [world.sync(DELTA).exit_code for _ in range(2)] == [0, GUARD]
    assert len(world.files()) == 4
    assert world.sync(DELTA, accept_loss=True).counts == {What.TRASHED: 4, What.ALBUM_REMOVED: 1}
    assert not (world.path / "Ant").exists()


def test_what_is_withheld_is_not_asked_about_again_and_again(world: World) -> None:
    album, _ = album_of(world, "Ant", 40)
    _, keys = album_of(world, "Bee", 40)
    world.sync()
    world.edit("delete-node", album=album)
    delete(world, keys)
    world.sync(DELTA)
    report = world.sync(DELTA)
    assert report.exit_code == GUARD
    assert report.requests == 3  # the account, its albums, and the photos of Bee


def test_files_that_a_person_deleted_are_no_loss(world: World) -> None:
    album, _ = album_of(world, "Ant", 4)
    _, keys = album_of(world, "Bee", 4)
    world.sync()
    world.edit("delete-node", album=album)
    delete(world, keys)
    assert [world.sync(DELTA).exit_code for _ in range(2)] == [0, GUARD]
    for path in world.files():
        (world.path / path).unlink()
    report = world.sync(DELTA)
    assert (report.exit_code, report.counts) == (0, {What.ALBUM_REMOVED: 1})
    assert states(world) == {}


def test_moves_are_recognised_before_anything_is_counted(world: World) -> None:
    _, keys = album_of(world, "Ant", 40)
    other = world.album("Bee")
    world.sync()
    for key in keys:
        world.edit("move-photo", image=key, to=other)
    world.fault(f"503@*/{other}!images")
    assert world.sync(DELTA).counts == {What.GONE: 40}
    world.calm()
    report = world.sync(DELTA)
    assert (report.exit_code, report.counts) == (0, {What.MOVED: 40})


def test_archive_that_becomes_a_mirror_loses_nothing_in_bulk(tmp_path: Path) -> None:
    world = World(tmp_path)
    _, keys = album_of(world, "Ant", 60)
    world.sync()
    delete(world, keys[:30])
    assert world.sync(DELTA).exit_code == 0
    report = following(world).sync(DELTA)
    assert (report.exit_code, report.counts) == (GUARD, {})
    assert len(world.files()) == 60


def test_plan_says_what_the_guard_would_withhold(world: World) -> None:
    _, keys = album_of(world, "Ant", 4)
    world.sync()
    delete(world, keys)
    world.sync(DELTA)
    assert world.sync(DELTA, dry_run=True).exit_code == GUARD
    assert world.sync(DELTA, dry_run=True, accept_loss=True).counts == {What.TRASHED: 4}
    assert len(world.files()) == 4


# -- in small pieces -------------------------------------------------------------------------------------


def test_album_of_which_one_photo_is_not_proven_gone_is_lost_as_a_whole(world: World) -> None:
    _, keys = album_of(world, "Ant", 4)
    album_of(world, "Bee", 1)
    world.sync()
    delete(world, keys)
    world.fault(f"503@*{keys[0]}*")
    assert world.sync(DELTA).counts == {What.GONE: 3}
    world.calm()
    assert [world.sync(DELTA).exit_code for _ in range(2)] == [GUARD, GUARD]
    assert len(world.files()) == 5


def marked(world: World) -> list[str]:
    """Three albums that lost 10 of 12 photos each, more than may leave at once; their keys."""
    albums = [album_of(world, name, 12) for name in ("Ant", "Bee", "Cat")]
    world.sync()
    for _, keys in albums:
        delete(world, keys[:10])
    assert [world.sync(DELTA).exit_code for _ in range(2)] == [0, GUARD]
    return [album for album, _ in albums]


def test_albums_that_are_named_one_by_one_wear_no_limit_down(world: World) -> None:
    for album in marked(world):
        report = world.sync(Scope("albums", (album,)))
        assert (report.exit_code, report.counts) == (GUARD, {})
    assert len(world.files()) == 36


def test_albums_that_cannot_be_listed_wear_no_limit_down(world: World) -> None:
    albums = marked(world)
    for readable in albums:
        for album in {*albums} - {readable}:
            world.fault(f"503@*/{album}!images")
        assert not world.sync(DELTA).counts
        world.calm()
    assert len(world.files()) == 36


def losing_by_halves(world: World) -> list[str]:
    """20 photos of an album of 60 have gone to the trash: all that may at once; the keys of the others."""
    _, keys = album_of(world, "Ant", 60)
    world.sync()
    delete(world, keys[:20])
    for _ in range(2):
        assert world.sync(DELTA).exit_code == 0
    return keys[20:]


def test_what_left_within_the_day_counts(world: World) -> None:
    delete(world, losing_by_halves(world)[:1])
    assert [world.sync(DELTA).exit_code for _ in range(2)] == [0, GUARD]
    assert len(world.files()) == 40


def test_what_left_a_day_ago_does_not_count(world: World) -> None:
    delete(world, losing_by_halves(world)[:20])
    world.clock.now += 86_400
    assert [world.sync(DELTA).exit_code for _ in range(2)] == [0, 0]
    assert len(world.files()) == 20


def test_what_came_back_does_not_count(world: World) -> None:
    keys = losing_by_halves(world)
    assert do(world, wish_to_undo(last_run(world))).exit_code == 0
    delete(world, keys[:20])
    assert [world.sync(DELTA).exit_code for _ in range(2)] == [0, 0]


def test_what_a_person_accepted_does_not_count(world: World) -> None:
    keys = losing_by_halves(world)
    delete(world, keys[:30])
    assert [world.sync(DELTA).exit_code for _ in range(2)] == [0, GUARD]
    assert world.sync(DELTA, accept_loss=True).counts == {What.TRASHED: 30}
    delete(world, keys[30:32])
    assert [world.sync(DELTA).exit_code for _ in range(2)] == [0, 0]


# -- listings that cannot be true ------------------------------------------------------------------------


class Emptied(Gallery):
    """Lists one album whole, and empty."""

    emptied = ""

    def files(self, album: Album) -> Listing[RemoteFile]:
        return _Nothing() if album.key == self.emptied else super().files(album)


class _Nothing(Listing[RemoteFile]):
    def __init__(self) -> None:
        self.complete, self.why, self.total = True, "", 0

    def __iter__(self) -> Iterator[tuple[RemoteFile, ...]]:
        return iter(())


class EmptyingWorld(World):
    emptied = ""

    def open_gallery(self, session: Session) -> Gallery:
        gallery = Emptied(SmugMugV2(ORIGIN), session)
        gallery.emptied = self.emptied
        return gallery


@MODES
def test_album_that_lists_nothing_and_counts_photos_is_not_believed(tmp_path: Path, archive: bool) -> None:
    world = EmptyingWorld(tmp_path)
    following(world, archive=archive)
    world.emptied, _ = album_of(world, "Ant", 4)
    key, world.emptied = world.emptied, ""
    other = world.album("Bee")
    world.sync()
    world.emptied = key
    for seed in range(2):
        world.photo(other, f"{seed}.jpg", seed)
        report = world.sync(EVERYTHING, accept_loss=True)
        assert (report.exit_code, report.counts) == (GUARD, {What.NEW: 1})
        assert "lists 0 files but counts 4" in reasons(report)[0]
    assert set(states(world).values()) == {"committed"}


def test_album_that_was_really_emptied_is_believed(world: World) -> None:
    _, keys = album_of(world, "Ant", 2)
    world.sync()
    delete(world, keys)
    for _ in range(2):
        assert world.sync(DELTA).exit_code == 0
    assert world.files() == {}
    assert (world.path / "Ant").is_dir()


@MODES
def test_account_that_lists_nothing_is_not_believed(tmp_path: Path, archive: bool) -> None:
    world = following(World(tmp_path), archive=archive)
    album, _ = album_of(world, "Ant", 2)
    world.sync()
    world.edit("delete-node", album=album)
    for _ in range(2):
        report = world.sync(DELTA)
        assert report.exit_code == GUARD
        assert "the account lists no albums, but 1 are mirrored" in reasons(report)[0]
        assert set(states(world).values()) == {"committed"}


def test_account_that_lists_nothing_may_be_accepted(world: World) -> None:
    album, _ = album_of(world, "Ant", 2)
    world.sync()
    world.edit("delete-node", album=album)
    assert world.sync(DELTA, accept_loss=True).counts == {What.GONE: 2, What.ALBUM_GONE: 1}
    assert world.sync(DELTA).counts == {What.TRASHED: 2, What.ALBUM_REMOVED: 1}


LIES = ["500@{}", "503@{}", "html@{}", "html403@{}", "empty@{}", "stat-fail@{}", "nonce_used@{}"]


@MODES
@pytest.mark.parametrize("lie", LIES)
def test_no_such_answer_is_an_album_that_is_gone(tmp_path: Path, lie: str, archive: bool) -> None:
    world = following(World(tmp_path), archive=archive)
    album, _ = album_of(world, "Ant", 2)
    other = world.album("Bee")
    world.sync()
    world.edit("delete-node", album=album)
    world.photo(other, "new.jpg", 77)
    world.fault(lie.format(f"*/album/{album}"))
    report = world.sync(DELTA)
    assert report.counts == {What.NEW: 1}
    assert {state for path, state in states(world).items() if path.startswith("Ant/")} == {"committed"}


@MODES
@pytest.mark.parametrize("lie", LIES)
def test_no_such_answer_is_a_photo_that_is_gone(tmp_path: Path, lie: str, archive: bool) -> None:
    world = following(World(tmp_path), archive=archive)
    album, keys = album_of(world, "Ant", 3)
    world.sync()
    delete(world, keys[:1])
    world.photo(album, "new.jpg", 77)
    world.fault(lie.format(f"*/image/{keys[0]}-0"))
    report = world.sync(DELTA)
    assert (report.exit_code, report.counts) == (3, {What.NEW: 1})
    assert set(states(world).values()) == {"committed"}


@MODES
@pytest.mark.parametrize("fault", ["total@*!images", "edit@*!images:do=delete,times=1"])
def test_listing_that_is_cut_or_changes_while_it_is_read_proves_nothing(
    tmp_path: Path, fault: str, archive: bool
) -> None:
    world = following(WatchedWorld(tmp_path), archive=archive)
    _, keys = album_of(world, "Ant", 6)
    world.sync()
    delete(world, keys[:1])
    world.fault(fault)
    report = world.sync(DELTA)
    assert (report.exit_code, report.counts) == (3, {})
    assert set(states(world).values()) == {"committed"}


@MODES
def test_album_that_gets_a_password_is_frozen(tmp_path: Path, archive: bool) -> None:
    world = following(WatchedWorld(tmp_path, settings=Settings(albums=0, viewer="other")), archive=archive)
    album, _ = album_of(world, "Ant", 4)
    other = world.album("Bee")
    world.sync()
    world.edit("set-privacy", album=album, privacy="Public", password="x")
    for seed in range(3):
        world.photo(other, f"{seed}.jpg", seed)
        report = world.sync(EVERYTHING, accept_loss=True)
        assert (report.exit_code, report.counts, report.albums_unreadable) == (0, {What.NEW: 1}, 1)
    assert len([path for path in world.files() if path.startswith("Ant/")]) == 4
    assert read_ledger(world.root / "state").albums[album] == "frozen"


# -- what the configuration leaves out stands still ------------------------------------------------------

RUNS = 3


def without(*paths: str) -> Callable[[str], bool]:
    return lambda path: path not in paths


@MODES
def test_excluding_an_album_loses_nothing(tmp_path: Path, archive: bool) -> None:
    world = following(World(tmp_path), archive=archive)
    album_of(world, "Ant", 4)
    other, _ = album_of(world, "Bee", 1)
    world.sync()
    before = states(world)
    for seed in range(RUNS):
        world.photo(other, f"new{seed}.jpg", 70 + seed)
        report = world.sync(EVERYTHING, accept_loss=True, selects=without("/Ant"))
        assert (report.exit_code, report.counts) == (0, {What.NEW: 1})
    assert before.items() <= states(world).items()


@MODES
def test_excluded_album_that_is_deleted_online_stands_still(tmp_path: Path, archive: bool) -> None:
    world = following(World(tmp_path), archive=archive)
    album, _ = album_of(world, "Ant", 2)
    album_of(world, "Bee", 1)
    world.sync()
    world.edit("delete-node", album=album)
    before = states(world)
    for _ in range(RUNS):
        assert not world.sync(EVERYTHING, accept_loss=True, selects=without("/Ant")).counts
    assert states(world) == before
    assert world.sync().counts == {What.GONE: 2, What.ALBUM_GONE: 1}  # as soon as it is included again


@MODES
def test_album_that_is_marked_and_then_excluded_stands_still(tmp_path: Path, archive: bool) -> None:
    world = following(World(tmp_path), archive=archive)
    album, _ = album_of(world, "Ant", 2)
    album_of(world, "Bee", 1)
    world.sync()
    world.edit("delete-node", album=album)
    world.sync()
    before = states(world)
    for _ in range(RUNS):
        assert not world.sync(EVERYTHING, accept_loss=True, selects=without("/Ant")).counts
    assert states(world) == before


def test_file_that_a_person_deletes_of_an_album_that_is_gone_and_excluded_is_remembered(world: World) -> None:
    album, _ = album_of(world, "Ant", 2)
    album_of(world, "Bee", 1)
    world.sync()
    world.edit("delete-node", album=album)
    world.sync()
    before = states(world)
    (world.path / "Ant" / "0.jpg").unlink()
    world.sync(EVERYTHING, selects=without("/Ant"))
    assert states(world) == before


@MODES
def test_album_that_moves_to_an_excluded_path_stays_where_it_was(tmp_path: Path, archive: bool) -> None:
    world = following(World(tmp_path), archive=archive)
    album, keys = album_of(world, "Ant", 2)
    album_of(world, "Bee", 1)
    world.sync()
    world.edit("rename", album=album, name="Private", url_name="Private")
    delete(world, keys[:1])
    before, files = states(world), world.files()
    for _ in range(RUNS):
        assert not world.sync(EVERYTHING, accept_loss=True, selects=without("/Private")).counts
    assert (states(world), world.files()) == (before, files)
    world.edit("rename", album=album, name="Open", url_name="Open")
    assert world.sync(selects=without("/Private")).counts == {What.ALBUM_MOVED: 1, What.GONE: 1}


@MODES
def test_album_that_is_deleted_where_it_is_excluded_stands_still(tmp_path: Path, archive: bool) -> None:
    world = following(World(tmp_path), archive=archive)
    album, _ = album_of(world, "Ant", 2)
    album_of(world, "Bee", 1)
    world.sync()
    world.edit("rename", album=album, name="Private", url_name="Private")
    world.sync(selects=without("/Private"))
    world.edit("delete-node", album=album)
    before, files = states(world), world.files()
    for _ in range(RUNS):
        assert not world.sync(EVERYTHING, accept_loss=True, selects=without("/Private")).counts
    assert (states(world), world.files()) == (before, files)


def test_photo_that_moves_to_an_excluded_album_is_gone_from_the_mirror(world: World) -> None:
    """It left what is mirrored: that is an edit online, not a change of the configuration."""
    _, keys = album_of(world, "Ant", 3)
    other = world.album("Private")
    chosen = without("/Private")
    world.sync(selects=chosen)
    world.edit("move-photo", image=keys[0], to=other)
    assert world.sync(DELTA, selects=chosen).counts == {What.GONE: 1}
    assert world.sync(DELTA, selects=chosen).counts == {What.TRASHED: 1}
    assert world.set_aside("trash") == [md5(hash_of("Ant", 0))]


def test_photo_that_comes_out_of_an_excluded_album_is_not_fetched(world: World) -> None:
    album, keys = album_of(world, "Private", 2)
    other = world.album("Bee")
    world.sync()
    world.edit("move-photo", image=keys[0], to=other)
    report = world.sync(EVERYTHING, selects=without("/Private"))
    assert (report.exit_code, report.files_downloaded, report.files_shared) == (0, 0, 1)
    assert sorted(world.files()) == ["Bee/0.jpg", "Private/0.jpg", "Private/1.jpg"]
    assert album


# -- beginnings ------------------------------------------------------------------------------------------


def test_first_run_on_a_directory_full_of_files_loses_nothing(world: World) -> None:
    world.write("Ant/mine.jpg", 8)
    world.write("Elsewhere/mine.jpg", 9)
    album_of(world, "Ant", 1)
    for _ in range(RUNS):
        assert world.sync(EVERYTHING, accept_loss=True).exit_code == 0
    assert world.files().keys() == {"Ant/0.jpg", "Ant/mine.jpg", "Elsewhere/mine.jpg"}


def test_rebuilt_catalogue_loses_nothing(world: World) -> None:
    album_of(world, "Ant", 2)
    _, keys = album_of(world, "Bee", 3)
    world.sync()
    before = world.files()
    delete(world, keys)
    shutil.rmtree(world.root / "state")
    (world.root / "state").mkdir()
    for _ in range(RUNS):
        report = world.sync(EVERYTHING, accept_loss=True)
        assert (report.exit_code, report.files_downloaded) == (0, 0)
    assert world.files() == before
    assert world.set_aside("trash") == []


# -- the wrong disk --------------------------------------------------------------------------------------


def unmount(world: WatchedWorld) -> Path:
    """The mirror's directory is another one now, empty; the old one lies aside."""
    aside = world.path.rename(world.root / "unmounted")
    world.path.mkdir()
    return aside


@MODES
def test_disk_that_was_exchanged_during_the_run_is_not_believed(tmp_path: Path, archive: bool) -> None:
    world = WatchedWorld(tmp_path)
    following(world, archive=archive)
    _, keys = album_of(world, "Ant", 6)
    world.sync()
    delete(world, keys[:1])
    world.sync(DELTA)
    delete(world, keys[1:2])
    before = states(world)
    aside: list[Path] = []

    def act(number: int, label: str) -> None:
        if not aside:
            aside.append(unmount(world))

    report = world.watch(EVERYTHING, act)
    assert report is not None
    assert isinstance(report.stopped, SuspiciousPlan)
    assert "mount the right one" in str(report.stopped)
    assert states(world) == before
    assert len(list(aside[0].rglob("*.jpg"))) == 6
    assert list(world.path.iterdir()) == []


class Unmounting(Mirror):
    """Its disk is exchanged when the engine asks for the second time whether it is there."""

    asked = 0

    def check_in_place(self) -> None:
        self.asked += 1
        if self.asked == 2:
            raise SuspiciousPlan("not the directory any more")


@MODES
def test_disk_is_looked_at_right_before_anything_leaves(tmp_path: Path, archive: bool) -> None:
    world = World(tmp_path)
    following(world, archive=archive)
    _, keys = album_of(world, "Ant", 6)
    world.sync()
    delete(world, keys[:1])
    world.sync(DELTA)
    delete(world, keys[1:2])
    before = states(world)
    world.mirror_type = Unmounting
    report = world.sync(DELTA)
    assert (report.exit_code, report.counts) == (GUARD, {})
    assert (len(world.files()), states(world)) == (6, before)


@pytest.mark.parametrize(("field", "found"), [("mirror", "a-mirror"), ("account", "")])
def test_mirror_of_another_account_is_not_touched(world: World, field: str, found: str) -> None:
    _, keys = album_of(world, "Ant", 2)
    world.sync()
    delete(world, keys)
    world.sync(DELTA)
    marker = world.path / ".smugsync" / "mirror.json"
    text = json.loads(marker.read_text())
    assert text[field].startswith(found)
    marker.write_text(json.dumps(text | {field: "another"}))
    report = world.sync(DELTA)
    assert (report.exit_code, report.counts) == (GUARD, {})
    assert len(world.files()) == 2


def test_catalogue_of_another_account_is_not_followed(world: World) -> None:
    album_of(world, "Ant", 2)
    world.sync()
    catalogue = world.open_catalogue(world.root / "state" / "catalogue.db")
    with catalogue.transaction():
        catalogue.remember("account", "another")
    catalogue.close()
    file = world.path / ".smugsync" / "mirror.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"account": ""}))
    before = file.read_text()
    report = world.sync()
    assert (report.exit_code, file.read_text()) == (GUARD, before)
    assert "the catalogue is that of" in str(report.stopped)


# -- a narrower view -------------------------------------------------------------------------------------


class Visited(World):
    """An account that may also be seen as a visitor sees it: with an API key alone."""

    visitor = False

    def open_gallery(self, session: Session) -> Gallery:
        user = self.emulator.account.nickname if self.visitor else ""
        return Gallery(SmugMugV2(ORIGIN, user=user), session)

    def _session(self, stop: Stop) -> Session:
        if not self.visitor:
            return super()._session(stop)
        manners = Manners(clock=self.clock, ticks=self.clock, random=lambda: 0.5, sleep=self._pass_time)
        signer = KeySigner(self.emulator.credentials.api_key)
        return Session(self.emulator.transport(), Hosts([ORIGIN]), signer, stop, manners=manners)


def seen_by_visitors_now(tmp_path: Path, *, archive: bool) -> Visited:
    world = Visited(tmp_path)
    following(world, archive=archive)
    album_of(world, "Ant", 4)
    hidden, _ = album_of(world, "Bee", 2)
    world.edit("set-privacy", album=hidden, privacy="Private")
    assert world.sync().exit_code == 0
    world.visitor = True
    return world


@MODES
def test_what_visitors_are_not_shown_is_not_gone(tmp_path: Path, archive: bool) -> None:
    world = seen_by_visitors_now(tmp_path, archive=archive)
    before = states(world)
    for _ in range(RUNS):
        report = world.sync()
        assert (report.exit_code, report.counts) == (GUARD, {})
    assert reasons(report)[0].startswith("account: only what visitors see of it is shown now")
    assert (states(world), len(world.files())) == (before, 6)


def test_narrower_view_is_accepted_once_and_for_all(tmp_path: Path) -> None:
    world = seen_by_visitors_now(tmp_path, archive=True)
    assert world.sync(accept_loss=True).counts == {What.GONE: 2, What.ALBUM_GONE: 1}
    assert world.sync().exit_code == 0


def test_too_little_room_withholds_downloads_and_nothing_else_is_lost(world: World) -> None:
    album, keys = album_of(world, "Ant", 3)
    world.sync()
    delete(world, keys[:1])
    world.photo(album, "new.jpg", 77)
    report = world.sync(DELTA, reserve=1 << 60)
    assert isinstance(report.stopped, SuspiciousPlan)
    assert len(world.files()) == 3
    assert world.sync(DELTA).counts[What.NEW] == 1


def test_album_that_is_named_is_guarded_like_any_other(world: World) -> None:
    _, keys = album_of(world, "Ant", 4)
    world.sync()
    delete(world, keys)
    named = Scope("albums", ("Ant",))
    assert [world.sync(named).exit_code for _ in range(2)] == [0, GUARD]
    assert len(world.files()) == 4


class TestDisksInside:
    """Disks that are mounted inside the mirror."""

    @pytest.fixture
    def travel(self, world: World) -> Path:
        """An album on a disk of its own, after a run."""
        world.photo(world.album("Travel"), "a.jpg", 1)
        world.photo(world.album("Home"), "b.jpg", 2)
        Mounted.points = {"Travel"}
        world.mirror_type = Mounted
        world.sync()
        return world.path / "Travel"

    def test_bare_mount_point_is_no_loss(self, world: World, travel: Path) -> None:
        (travel / "a.jpg").unlink()
        Mounted.points = set()
        report = world.sync(EVERYTHING)
        assert (report.exit_code, report.files_downloaded) == (5, 0)
        assert "mounted at Travel" in str(report.stopped)
        assert list(travel.iterdir()) == []

    def test_it_is_mounted_again(self, world: World, travel: Path) -> None:
        photo = (travel / "a.jpg").read_bytes()
        (travel / "a.jpg").unlink()
        Mounted.points = set()
        world.sync()
        (travel / "a.jpg").write_bytes(photo)
        Mounted.points = {"Travel"}
        assert world.sync(EVERYTHING).exit_code == 0

    @pytest.mark.parametrize("removed", [False, True], ids=["moved to the mirror's disk", "removed"])
    def test_person_does_without_it(self, world: World, travel: Path, removed: bool) -> None:
        if removed:
            shutil.rmtree(travel)
        Mounted.points = set()
        assert world.sync(EVERYTHING).exit_code == 0
        assert world.files() == {"Home/b.jpg": md5(2), "Travel/a.jpg": md5(1)}
        (travel / "a.jpg").unlink()
        assert world.sync(EVERYTHING).files_downloaded == 1, "it is a directory like any other now"

    def test_dry_run_remembers_nothing(self, world: World, travel: Path) -> None:
        Mounted.points = set()
        world.sync(EVERYTHING, dry_run=True)
        (travel / "a.jpg").unlink()
        assert world.sync(EVERYTHING).exit_code == 5


class Mounted(Mirror):
    """`points` are where disks are mounted."""

    points: ClassVar[set[str]] = set()

    def mounts(self) -> set[str]:
        return self.points
