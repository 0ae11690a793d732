"""A process that dies at any moment of an upload: in the end both sides are equal, nothing is there twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import smugsync.emulator
from smugsync.catalogue import Catalogue
from smugsync.emulator.settings import Settings, Switches
from smugsync.sync.context import Route
from tests.sync.crashes import WatchedWorld
from tests.sync.test_sending import SENDING
from tests.sync.world import DELTA, content

ASSETS = Path(smugsync.emulator.__file__).parent / "media" / "assets"


def begin(root: Path) -> WatchedWorld:
    """An account of one album and one photo, mirrored with uploads and replacements on."""
    world = WatchedWorld(root, settings=Settings(albums=0, switches=Switches(small_videos="accept")))
    world.options = replace(world.options, sending=replace(SENDING, replace=True, parallel=1))
    world.photo(world.album("Rome"), "old.jpg", 1)
    assert world.sync().exit_code == 0
    return world


def new_files(world: WatchedWorld) -> int:
    for seed in (2, 3, 4):
        world.write(f"Rome/{seed}.jpg", seed)
    return 4


def edit(world: WatchedWorld) -> int:
    world.write("Rome/old.jpg", 5)
    return 1


def rewritten(world: WatchedWorld) -> int:
    for name in ("still.heic", "clip.mp4"):
        shutil.copy(ASSETS / name, world.path / "Rome" / name)
    return 3


def new_album(world: WatchedWorld) -> int:
    world.write("Travel/Lima/a.jpg", 6)
    return 2


def dropped(world: WatchedWorld) -> int:
    drop = world.root.parent / "drop"
    drop.mkdir(exist_ok=True)
    (drop / "a.jpg").write_bytes(content(7))
    sending = world.options.sending
    assert sending is not None
    world.options = replace(world.options, sending=replace(sending, routes=(Route(drop, "/Inbox", ("a",)),)))
    return 2


def judge(world: WatchedWorld, photos: int, label: str) -> None:
    """After some calm runs: so many photos, each once, on both sides; and nothing is done any more."""
    for _ in range(4):
        world.sync(DELTA)
    last = world.sync()
    assert (last.exit_code, last.files_sent, last.files_downloaded) == (0, 0, 0), (label, last)
    assert len(world.online()) == len(set(world.online())) == photos, label
    assert len(world.files()) == len(set(world.files().values())) == photos, label
    catalogue = Catalogue.open(world.state / "catalogue.db")
    try:
        assert catalogue.uploads() == [], label
        assert catalogue.count_local() == {}, label
    finally:
        catalogue.close()
    names = [child["name"] for child in world.tree()["children"]]
    assert len(names) == len(set(names)), (label, names)


@pytest.mark.parametrize("scene", [new_files, edit, rewritten, new_album, dropped])
def test_at_every_moment(tmp_path: Path, scene: Callable[[WatchedWorld], int]) -> None:
    whole = begin(tmp_path / "whole")
    photos = scene(whole)
    report = whole.watch(DELTA)
    assert report is not None
    assert report.exit_code == 0, report
    moments = list(whole.moments.labels)
    judge(whole, photos, "never killed")
    assert any("about to send" in label for label in moments)
    for number, label in enumerate(moments, 1):
        world = begin(tmp_path / str(number))
        scene(world)
        assert world.watch(DELTA, killed_at=number) is None
        judge(world, photos, f"killed at {number} of {len(moments)}: {label}")
        shutil.rmtree(tmp_path / str(number))
