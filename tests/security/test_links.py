"""What somebody else plants in the mirror: links, pipes and devices lead nowhere and hold nobody up."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from smugsync.catalogue import Catalogue
from smugsync.emulator.serve import running
from smugsync.local.handles import Root
from smugsync.local.marker import Marker, write
from smugsync.local.part import RESUMABLE, PartFile
from smugsync.local.syscalls import Features
from smugsync.local.tree import Mirror
from smugsync.sync.cycle.transfer import part_name
from tests.e2e.command import Command
from tests.security.liar import Liar
from tests.security.tour import set_up
from tests.sync.world import World, md5

OWN = b"a person's own"


class Planted(World):
    """A mirror in which somebody else writes as well, and `outside`, where nothing may ever change."""

    def __init__(self, root: Path, features: Features) -> None:
        self.outside = root / "outside"
        self._features = features
        super().__init__(root)

    def open_mirror(self, path: Path) -> Mirror:
        return Mirror(Root(path, features=self._features))

    def link(self, path: str, target: Path | str) -> None:
        """Put a symbolic link in the place of whatever is at `path` in the mirror."""
        place = self.path / path
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)


def look(directory: Path) -> dict[str, tuple[object, ...]]:
    """Everything below `directory`: what it is, since when, and what is in it."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted([directory, *directory.rglob("*")]):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (status.st_mode, status.st_uid, status.st_mtime_ns, status.st_nlink, content)
    return found


@pytest.fixture(params=[Features(), Features(openat2=False, renameat2=False)], ids=["openat2", "old-kernel"])
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Planted]:
    world = Planted(tmp_path, request.param)
    (world.outside / "directory").mkdir(parents=True)
    (world.outside / "a.jpg").write_bytes(OWN)
    (world.outside / "directory" / "a.jpg").write_bytes(OWN)
    before = look(world.outside)
    world.photo(world.album("Good"), "good.jpg", 1)
    yield world
    assert look(world.outside) == before


def album_of_two(world: Planted) -> tuple[str, list[str]]:
    """A mirrored album; its key and those of its photos."""
    album = world.album("Album")
    keys = [world.photo(album, name, seed) for seed, name in enumerate(["a.jpg", "b.jpg"], 2)]
    assert world.sync().exit_code == 0
    return album, keys


def change_online(world: Planted, album: str, keys: list[str]) -> None:
    """Everything that makes a sync write: new bytes, a new photo, one that is gone."""
    world.replace(keys[0], 7)
    world.photo(album, "c.jpg", 8)
    world.edit("delete-photo", image=keys[1])


def assert_the_rest_goes_on(world: Planted, where: str) -> None:
    """The run names what is in the way, and does everything else."""
    world.photo(world.album("Better"), "better.jpg", 9)
    report = world.sync()
    assert report.exit_code == 3
    assert any(where in f"{trouble.path}: {trouble.reason}" for trouble in report.troubles), report.troubles
    assert world.files()["Better/better.jpg"] == md5(9)
    assert world.files()["Good/good.jpg"] == md5(1)


# Symbolic links


@pytest.mark.parametrize("target", ["directory", "a.jpg", "missing"])
def test_a_link_in_the_place_of_an_albums_directory_is_not_followed(world: Planted, target: str) -> None:
    album, keys = album_of_two(world)
    change_online(world, album, keys)
    world.link("Album", world.outside / target)
    assert_the_rest_goes_on(world, "Album")
    assert (world.path / "Album").is_symlink()


def test_a_link_in_the_place_of_a_folder_is_not_followed(world: Planted) -> None:
    folder = world.edit("add-folder", name="Folder")["node"]
    world.photo(world.album("Album", parent=folder), "a.jpg", 2)
    world.link("Folder", world.outside)
    assert_the_rest_goes_on(world, "Folder is a symbolic link")


def test_a_link_that_waits_for_an_album_to_come_is_not_followed(world: Planted) -> None:
    world.link("Album", world.outside / "directory")
    world.photo(world.album("Album"), "a.jpg", 2)
    assert_the_rest_goes_on(world, "Album is a symbolic link")


def test_an_album_is_not_renamed_through_a_link(world: Planted) -> None:
    album, _ = album_of_two(world)
    folder = world.edit("add-folder", name="Folder")["node"]
    world.edit("move-node", album=album, parent=folder)
    world.link("Folder", world.outside)
    assert_the_rest_goes_on(world, "Folder")
    assert world.files()["Album/a.jpg"] == md5(2)


@pytest.mark.parametrize("target", ["a.jpg", "directory", "missing", "itself"])
def test_a_link_in_the_place_of_a_photo_is_not_written_through(world: Planted, target: str) -> None:
    album, keys = album_of_two(world)
    change_online(world, album, keys)
    place = world.path / "Album" / "a.jpg"
    world.link("Album/a.jpg", place if target == "itself" else world.outside / target)
    assert_the_rest_goes_on(world, "Album/a.jpg")
    assert place.is_symlink()


@pytest.mark.parametrize("name", ["tmp", "versions"])
@pytest.mark.parametrize("target", ["directory", "missing", "itself"])
def test_a_link_among_our_own_directories_is_not_followed(world: Planted, name: str, target: str) -> None:
    album, keys = album_of_two(world)
    change_online(world, album, keys)
    place = world.path / ".smugsync" / name
    world.link(f".smugsync/{name}", place if target == "itself" else world.outside / target)
    report = world.sync()
    assert report.exit_code == 3
    assert "symbolic link" in " ".join([*(one.reason for one in report.troubles), str(report.stopped)])
    assert world.files()["Album/a.jpg"] == md5(2)


def test_our_own_directory_may_be_no_link(world: Planted) -> None:
    album, keys = album_of_two(world)
    change_online(world, album, keys)
    elsewhere = world.root / "elsewhere"
    (world.path / ".smugsync").rename(elsewhere)
    before = look(elsewhere)
    world.link(".smugsync", elsewhere)
    report = world.sync()
    assert report.exit_code == 5
    assert "symbolic link" in str(report.stopped)
    assert look(elsewhere) == before


def test_the_marker_may_be_no_link(world: Planted) -> None:
    album_of_two(world)
    marker, elsewhere = world.path / ".smugsync" / "mirror.json", world.root / "mirror.json"
    marker.rename(elsewhere)
    world.link(".smugsync/mirror.json", elsewhere)
    report = world.sync()
    assert report.exit_code == 5
    assert "symbolic link" in str(report.stopped)


def test_directories_that_turn_into_links_in_the_middle_of_a_run_are_not_followed(world: Planted) -> None:
    """Two names are exchanged all the time, as in CVE-2026-43619 of rsync and CVE-2026-54572 of rclone."""
    albums = [world.album(name) for name in ("Album", "Bee")]
    assert world.sync().exit_code == 0
    stands, link = world.path / "Album", world.path / "Link"
    link.symlink_to(world.outside / "directory")
    over = threading.Event()
    swaps = 0

    def swap() -> None:
        nonlocal swaps
        while not over.is_set():
            spare = world.path / ".smugsync-spare"
            with contextlib.suppress(OSError):
                stands.rename(spare)
                link.rename(stands)
                spare.rename(link)
                swaps += 1

    swapper = threading.Thread(target=swap, daemon=True)
    swapper.start()
    try:
        for seed in range(10, 16):
            keys = [world.photo(album, f"{seed}.jpg", seed) for album in albums]
            world.sync()
            for key in keys:
                world.replace(key, seed + 100)
            world.sync()
    finally:
        over.set()
        swapper.join()
    assert swaps > 100


# Hard links


def test_a_marker_is_not_written_through_a_hard_link(world: Planted) -> None:
    planted = world.path / ".smugsync" / "mirror.json.new"
    planted.hardlink_to(world.outside / "a.jpg")
    with world.open_mirror(world.path) as mirror:
        write(mirror.root, Marker("another", "account"))
    assert not planted.exists()


def test_a_photo_is_not_replaced_through_a_hard_link(world: Planted) -> None:
    _, keys = album_of_two(world)
    place, twin = world.path / "Album" / "a.jpg", world.root / "twin.jpg"
    twin.hardlink_to(place)
    world.replace(keys[0], 7)
    assert world.sync().exit_code == 0
    assert (world.files()["Album/a.jpg"], twin.read_bytes() != place.read_bytes()) == (md5(7), True)


# What is no file at all


def plant(place: Path, kind: str) -> None:
    """Something at `place` that a careless reader would wait for, or worse."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    match kind:
        case "pipe":
            os.mkfifo(place)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listener, contextlib.chdir(place.parent):
                listener.bind(place.name)
        case "device":
            try:
                os.mknod(place, 0o600 | stat.S_IFCHR, os.makedev(5, 0))
            except PermissionError:
                pytest.skip("only root makes devices")


KINDS = ("pipe", "socket", "device")


def test_nobody_waits_for_a_pipe_a_socket_or_a_device(tmp_path: Path) -> None:
    liar, command = Liar(), Command(tmp_path)
    with running(liar.settings, emulator=liar) as service:
        set_up(command, service)
        album = liar.account.add_album("Album", parent=liar.account.root)
        for name in (*KINDS, "good"):
            liar.account.add_photo(album, f"{name}.jpg", name.encode())
        command.sync()
        for kind in KINDS:
            plant(command.mirror / "Album" / f"stranger-{kind}.jpg", kind)
            plant(command.mirror / f"stranger-{kind}", kind)
            plant(command.mirror / ".smugsync" / "tmp" / f"{kind}.part", kind)
        command.sync("--full")
        for kind in KINDS:
            plant(command.mirror / "Album" / f"{kind}.jpg", kind)
        result = command.run("sync", "--full")
        assert result.code == 3, result
        for kind in KINDS:
            assert f"Album/{kind}.jpg: {kind}.jpg is not a regular file" in result.out
        assert (command.mirror / "Album" / "good.jpg").read_bytes() == b"good"
        for kind in KINDS:
            plant(command.mirror / ".smugsync" / "mirror.json", kind)
            result = command.run("sync")
            assert result.code == 5, result
            assert "mirror.json is " in result.err


@pytest.mark.parametrize("kind", ["pipe", "file-beside-a-pipe", "hard-link", "symbolic-link"])
def test_a_download_is_not_resumed_into_a(tmp_path: Path, kind: str) -> None:
    world, outside = World(tmp_path / "world"), tmp_path / "outside"
    part = suspended_download(world)
    note, size = part.with_suffix(".resume"), part.stat().st_size
    part.rename(outside)
    match kind:
        case "pipe":
            note.unlink()
            os.mkfifo(part)
            os.mkfifo(note)
        case "file-beside-a-pipe":
            shutil.copy(outside, part)
            note.unlink()
            os.mkfifo(note)
        case "hard-link":
            part.hardlink_to(outside)
        case "symbolic-link":
            part.symlink_to(outside)
    codes: list[int] = []
    run = threading.Thread(target=lambda: codes.append(world.sync().exit_code), daemon=True)
    run.start()
    run.join(20)
    assert codes == [3 if kind == "symbolic-link" else 0]
    assert outside.stat().st_size == size


def suspended_download(world: World) -> Path:
    """What an earlier run has left of a download that the next one may continue: its part."""
    data = os.urandom(RESUMABLE + 50_000)
    encoded = base64.b64encode(data).decode()
    world.edit("add-photo", album=world.album("Album"), file_name="a.jpg", data=encoded)
    world.fault("503@/photos/*")
    assert world.sync().exit_code == 3
    world.calm()
    with contextlib.closing(Catalogue.open(world.root / "state" / "catalogue.db")) as catalogue:
        ((album, row),) = catalogue.troubled(limit=1)
    with world.open_mirror(world.path) as mirror:
        part = PartFile.create(mirror.root, part_name(album.key, row.key, row.version))
        part.write(data[: RESUMABLE + 100])
        part.validator = '"of an earlier run"'
        assert part.suspend(row.version)
    (left,) = (world.path / ".smugsync" / "tmp").glob("*.part")
    return left
