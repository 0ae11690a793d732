"""Names from the service: whatever a photo, an album or a folder is called, it lies inside the mirror under
a name that harms nobody."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.emulator.messages import Request, Response
from smugsync.emulator.serve import running
from tests.e2e.command import Command
from tests.security.liar import Liar, Lie, LyingWorld, renaming, telling
from tests.security.names import MARKS, NAMES, TWINS, alike, assert_harmless
from tests.security.tour import set_up

FAMILIES = pytest.mark.parametrize("family", NAMES)
#: What web servers, desktops and shells run or obey, if a file is called so.
PROGRAMS = (
    "php phtml exe scr com bat cmd ps1 vbs js jar lnk url desktop sh py html svg htaccess reg appref-ms"
).split()
#: Control characters, line ends of every kind, and marks that turn the direction of what follows.
STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture
def world(tmp_path: Path) -> LyingWorld:
    return LyingWorld(tmp_path)


def photos_called(world: LyingWorld, names: Iterable[str]) -> None:
    """An album with a photo of each name."""
    album = world.album("Album")
    named = {world.photo(album, "a.jpg", seed): name for seed, name in enumerate(names)}
    world.liar.lies.append(renaming("AlbumImage", "ImageKey", "FileName", named))


def albums_with(world: LyingWorld, field: str, values: Iterable[str]) -> None:
    """An album for each value, with a photo in it."""
    named = {}
    for seed, value in enumerate(values):
        album = world.album(f"Album {seed}")
        world.photo(album, "a.jpg", seed)
        named[album] = value
    world.liar.lies.append(renaming("Album", "AlbumKey", field, named))


def assert_all_inside(world: LyingWorld, *, layout: str = "url-path") -> None:
    """Every photo is in the mirror with its own bytes, and nothing is beside it."""
    report = world.sync(layout=layout)
    assert (report.exit_code, report.troubles) == (0, [])
    assert sorted(world.files().values()) == world.online()
    assert_nothing_outside(world)
    assert not world.sync(layout=layout).counts, "names are stable"


def assert_nothing_outside(world: LyingWorld) -> None:
    assert sorted(path.name for path in world.root.iterdir()) == ["mirror", "state"]
    assert {path.name.partition("-")[0] for path in (world.root / "state").iterdir()} == {"catalogue.db"}
    assert_harmless(world.path)


@FAMILIES
def test_a_photo_stays_inside_though_its_name_is(world: LyingWorld, family: str) -> None:
    photos_called(world, NAMES[family])
    assert_all_inside(world)
    assert {Path(path).parent for path in world.files()} == {Path("Album")}


@FAMILIES
def test_an_album_stays_inside_though_its_title_is(world: LyingWorld, family: str) -> None:
    albums_with(world, "Name", NAMES[family])
    assert_all_inside(world, layout="names")
    assert all(path.count("/") == 1 for path in world.files())


@FAMILIES
def test_a_folder_stays_inside_though_its_name_is(world: LyingWorld, family: str) -> None:
    named = {}
    for seed, name in enumerate(NAMES[family]):
        folder = world.edit("add-folder", name=f"Folder {seed}")["node"]
        world.photo(world.album("Album", parent=folder), "a.jpg", seed)
        named[folder] = name
    world.liar.lies.append(renaming("Node", "NodeID", "Name", named))
    assert_all_inside(world, layout="names")


@FAMILIES
def test_an_album_stays_inside_though_its_address_is(world: LyingWorld, family: str) -> None:
    albums_with(world, "UrlPath", [f"/{name[:2000]}" for name in NAMES[family]])
    assert_all_inside(world)


@pytest.mark.parametrize(
    "address", ["", "/", "//", "/../../../x", "x", "../x", "/a/./b", "/a//b/", "/.smugsync/tmp", "/a/" * 30]
)
def test_an_album_stays_inside_at_the_address(world: LyingWorld, address: str) -> None:
    albums_with(world, "UrlPath", [address])
    assert_all_inside(world)


def test_an_address_without_end_is_refused_and_the_others_are_mirrored(world: LyingWorld) -> None:
    albums_with(world, "UrlPath", ["/" + "a/" * 20_000, "/Good"])
    report = world.sync()
    assert (report.exit_code, list(world.files())) == (3, ["Good/a.jpg"])
    assert "is 40,001 characters long" in report.troubles[0].reason


def test_a_path_longer_than_the_system_takes_is_one_albums_trouble(world: LyingWorld) -> None:
    albums_with(world, "UrlPath", ["/" + "/".join(["é" * 100] * 22), "/Good"])
    report = world.sync()
    assert (report.exit_code, list(world.files())) == (3, ["Good/a.jpg"])


@pytest.mark.parametrize("extension", PROGRAMS)
def test_a_photo_never_gets_the_extension(world: LyingWorld, extension: str) -> None:
    album = world.album("Album")
    full = f"photo.{extension}"
    pairs = [("photo", extension), (full, extension), (full, "JPG"), (full, "")]
    for seed, (name, declared) in enumerate(pairs):
        key = world.photo(album, "a.jpg", seed)
        world.liar.lies += [
            renaming("AlbumImage", "ImageKey", "FileName", {key: name}),
            renaming("AlbumImage", "ImageKey", "Format", {key: declared}),
        ]
    assert_all_inside(world)
    assert not [path for path in world.files() if path.lower().endswith(f".{extension}")]


def test_names_that_some_file_system_takes_for_one_are_told_apart(world: LyingWorld) -> None:
    photos_called(world, TWINS)
    assert_all_inside(world)
    assert len({alike(path) for path in world.files()}) == len(TWINS)


def test_albums_that_some_file_system_takes_for_one_are_told_apart(world: LyingWorld) -> None:
    albums_with(world, "Name", TWINS)
    assert_all_inside(world, layout="names")
    assert len({alike(path) for path in world.files()}) == len(TWINS)


def test_names_of_nothing_but_marks_cost_no_time(world: LyingWorld) -> None:
    photos_called(world, [MARKS * 30_000 + f"{i}.jpg" for i in range(5)])
    began = time.process_time()
    assert_all_inside(world)
    assert time.process_time() - began < 5  # 15 s, were they put in order


LETTERS = (
    st.characters()
    | st.sampled_from("./\\\0\n-:~ \u202e\u0301\ud800")
    | st.sampled_from(["..", "CON", ".exe"])
)
RANDOM = st.lists(LETTERS, max_size=12).map("".join)


@settings(max_examples=15)
@given(st.lists(RANDOM, min_size=1, max_size=6), st.lists(RANDOM, min_size=1, max_size=4))
def test_random_names_stay_inside(photos: list[str], albums: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        world = LyingWorld(Path(place))
        photos_called(world, photos)
        albums_with(world, "Name", albums)
        assert_all_inside(world, layout="names")


def test_no_name_steers_a_terminal_or_forges_a_line(tmp_path: Path) -> None:
    liar, command = Liar(), Command(tmp_path)
    steering = [*NAMES["control-characters"], *NAMES["bidirectional-marks"], *NAMES["halves-of-characters"]]
    forged = "/\x1b[2J\x9b1m\nsmugsync: error: \u202elocked"
    with running(liar.settings, emulator=liar) as service:
        set_up(command, service)
        command.set('layout = "names"')
        photos, titles = {}, {}
        for seed, name in enumerate(steering):
            album = liar.account.add_album(f"A{seed}", parent=liar.account.root)
            titles[album.key] = name
            photos[liar.account.add_photo(album, "a.jpg", b"photo %d" % seed).key] = name
        locked = liar.account.add_album("Locked", parent=liar.account.root)
        liar.lies = [
            renaming("Album", "AlbumKey", "Name", {**titles, locked.key: forged}),
            renaming("Album", "AlbumKey", "UrlPath", {locked.key: forged}),
            renaming("Album", "AlbumKey", "ResponseLevel", {locked.key: "Password"}),
            renaming("AlbumImage", "ImageKey", "FileName", photos),
            telling("AlbumImage", Caption=forged, Title=forged),
        ]
        shown = [command.run(*words.split()) for words in ("plan", "-vv sync", "status", "ls", "sync --json")]
        liar.lies.append(telling("AlbumImage", ArchivedUri="https://\x1b[2Jevil\u202e.example/", Serial=7))
        liar.lies.append(saying(("Content-Encoding", forged.replace("\n", "").replace("\u202e", ""))))
        again = ("sync --full", "-v --log-format json sync --full", "status --json", "ls --json", "sync x")
        shown += [command.run(*words.split()) for words in again]
        keys = [json.loads(line)["key"] for line in command.run("ls", "--json").out.splitlines()]
        shown += [command.run("ls", key) for key in keys[::8]]
    for result in shown:
        for line in (result.out + result.err).split("\n"):
            assert not STEERING.search(line), repr(line)
            assert "locked" not in line or not line.startswith("smugsync"), line
    assert_harmless(command.mirror)


def saying(*headers: tuple[str, str]) -> Lie:
    """Every answer has these header lines besides."""

    def lie(_: Request, response: Response) -> Response:
        return replace(response, headers=(*response.headers, *headers))

    return lie
