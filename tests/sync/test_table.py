"""The decision table's effects: one situation each, in an archive and in a mirror, with the real engine.

`tests/core/test_reconcile.py` has the decisions. Every situation begins with a.jpg and b.jpg mirrored in the
album One, and ends with nothing left to do.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from smugsync.sync.report import What
from tests.sync.world import DELTA, EVERYTHING, World, content, md5

A, B = md5(1), md5(2)
ROTTEN = content(1).replace(b"\xff\xd8", b"\xff\xd7")
KEPT = {"One/a.jpg": A, "One/b.jpg": B}
MODES = pytest.mark.parametrize("archive", [True, False], ids=["archive", "mirror"])


class Scene:
    """The world and the keys of what is in it."""

    def __init__(self, root: Path, *, archive: bool) -> None:
        self.world = World(root)
        self.world.options = replace(self.world.options, archive=archive)
        self.album = self.world.album("One")
        self.key = self.world.photo(self.album, "a.jpg", 1)
        self.world.photo(self.album, "b.jpg", 2)
        assert self.world.sync().exit_code == 0

    @property
    def a(self) -> Path:
        return self.world.path / "One" / "a.jpg"

    def put(self, name: str, seed: int) -> None:
        self.world.write(f"One/{name}", seed)

    def delete(self) -> None:
        self.world.edit("delete-photo", image=self.key)

    def rot(self) -> None:
        before = self.a.stat()
        self.a.write_bytes(ROTTEN)
        os.utime(self.a, ns=(before.st_atime_ns, before.st_mtime_ns))


@dataclass(frozen=True)
class Situation:
    """`act` leads to it. `counts`: what the next full cycle tells; `files`: what is visible then.

    `downloads` is how many files it fetches; `aside`: what lies among the versions.
    """

    name: str
    act: Callable[[Scene], object]
    counts: dict[What, int]
    files: dict[str, str]
    downloads: int = 0
    aside: list[str] = field(default_factory=list)


def both(scene: Scene) -> None:
    scene.put("a.jpg", 7)
    scene.world.replace(scene.key, 3)


def to_the_same(scene: Scene) -> None:
    scene.put("a.jpg", 3)
    scene.world.replace(scene.key, 3)


def lost_and_replaced(scene: Scene) -> None:
    scene.a.unlink()
    scene.world.replace(scene.key, 3)


def new_and_here(seed: int) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        scene.put("c.jpg", seed)
        scene.world.photo(scene.album, "c.jpg", 4)

    return act


def gone_and_deleted(scene: Scene) -> None:
    scene.a.unlink()
    scene.delete()


TABLE = [
    Situation("only here", lambda s: s.put("mine.jpg", 9), {}, KEPT | {"One/mine.jpg": md5(9)}),
    Situation(
        "new online",
        lambda s: s.world.photo(s.album, "c.jpg", 4),
        {What.NEW: 1},
        KEPT | {"One/c.jpg": md5(4)},
        downloads=1,
    ),
    Situation("both new, the same", new_and_here(4), {What.ADOPTED: 1}, KEPT | {"One/c.jpg": md5(4)}),
    Situation(
        "both new, other bytes",
        new_and_here(9),
        {What.CONFLICT: 1, What.NEW: 1},
        KEPT | {"One/c.jpg": md5(9), "One/c (online": md5(4)},
        downloads=1,
    ),
    Situation("gone on both sides", gone_and_deleted, {What.FORGOTTEN: 1}, {"One/b.jpg": B}),
    Situation("missing here", lambda s: s.a.unlink(), {What.RESTORED: 1}, KEPT, downloads=1),
    Situation(
        "missing here, replaced online",
        lost_and_replaced,
        {What.REPLACED: 1},
        KEPT | {"One/a.jpg": md5(3)},
        downloads=1,
    ),
    Situation("as it was", lambda s: None, {}, KEPT),
    Situation("touched here", lambda s: os.utime(s.a, (1, 1)), {}, KEPT),
    Situation(
        "replaced online",
        lambda s: s.world.replace(s.key, 3),
        {What.REPLACED: 1},
        KEPT | {"One/a.jpg": md5(3)},
        downloads=1,
        aside=[A],
    ),
    Situation("edited here", lambda s: s.put("a.jpg", 7), {What.EDITED: 1}, KEPT | {"One/a.jpg": md5(7)}),
    Situation(
        "changed on both sides",
        both,
        {What.CONFLICT: 1, What.REPLACED: 1},
        KEPT | {"One/a.jpg": md5(7), "One/a (online": md5(3)},
        downloads=1,
    ),
    Situation(
        "changed on both sides to the same", to_the_same, {What.ADOPTED: 1}, KEPT | {"One/a.jpg": md5(3)}
    ),
    Situation(
        "rotten: only `verify` looks",
        Scene.rot,
        {},
        KEPT | {"One/a.jpg": hashlib.md5(ROTTEN).hexdigest()},
    ),
]


@MODES
@pytest.mark.parametrize("situation", TABLE, ids=lambda situation: situation.name.replace(" ", "-"))
def test_effect(tmp_path: Path, situation: Situation, archive: bool) -> None:
    scene = Scene(tmp_path, archive=archive)
    situation.act(scene)
    report = scene.world.sync(EVERYTHING)
    assert (report.exit_code, report.counts) == (0, situation.counts)
    assert (report.files_downloaded, scene.world.set_aside()) == (situation.downloads, situation.aside)
    assert {_stem(path): found for path, found in scene.world.files().items()} == situation.files
    assert scene.world.set_aside("trash") == []
    for scope in (DELTA, EVERYTHING):
        quiet = scene.world.sync(scope)
        assert (quiet.exit_code, quiet.counts, quiet.files_downloaded) == (0, {}, 0)


def _stem(path: str) -> str:
    """Without the time of a conflict."""
    before, mark, _ = path.partition(" (online")
    return before + mark


@pytest.mark.parametrize(
    ("archive", "after_one", "after_two"),
    [
        (True, ({What.GONE: 1}, KEPT, []), ({}, KEPT, [])),
        (False, ({What.GONE: 1}, KEPT, []), ({What.TRASHED: 1}, {"One/b.jpg": B}, [A])),
    ],
    ids=["archive", "mirror"],
)
def test_effect_of_gone_online(
    tmp_path: Path,
    archive: bool,
    after_one: tuple[dict[What, int], dict[str, str], list[str]],
    after_two: tuple[dict[What, int], dict[str, str], list[str]],
) -> None:
    scene = Scene(tmp_path, archive=archive)
    scene.delete()
    for expected in (after_one, after_two, ({}, *after_two[1:])):
        report = scene.world.sync(EVERYTHING)
        assert report.exit_code == 0
        assert (report.counts, scene.world.files(), scene.world.set_aside("trash")) == expected


# -- how many copies -------------------------------------------------------------------------------------


def test_eleventh_conflict_of_one_photo_is_a_persons_to_settle(tmp_path: Path) -> None:
    world = Scene(tmp_path, archive=True).world
    key = world.photo(next(iter(world.emulator.account.albums)), "c.jpg", 4)
    world.sync()
    ours = "One/c.jpg"
    for number in range(10):
        world.write(ours, 100 + number)
        world.replace(key, 200 + number)
        report = world.sync(EVERYTHING)
        assert (report.exit_code, report.counts[What.CONFLICT]) == (0, 1)
        (ours,) = [path for path, found in world.files().items() if found == md5(200 + number)]
    before = world.files()
    world.write(ours, 300)
    world.replace(key, 301)
    for _ in range(2):
        report = world.sync(EVERYTHING)
        assert (report.exit_code, report.counts[What.CONFLICT], report.files_failed) == (3, 0, 1)
        assert "10 files have diverged from it already" in report.troubles[0].reason
        assert world.files() == before | {ours: md5(300)}
