from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smugsync.core.model import Fingerprint
from smugsync.errors import Transient
from smugsync.local.handles import Root
from smugsync.local.part import sweep
from smugsync.local.placement import Durability, Placed, Placement, place
from smugsync.local.syscalls import Features

from .mirrors import EVERY_PLATFORM, everything, platform_name, received, visible

KEEP = ".smugsync/versions/2024-05-01 120000/album/old.jpg"


@pytest.fixture(params=EVERY_PLATFORM, ids=platform_name)
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Root]:
    root = Root(tmp_path, features=request.param)
    yield root
    root.close()


def fingerprint(path: Path) -> Fingerprint:
    found = path.stat()
    return Fingerprint(found.st_size, found.st_mtime_ns)


def write(path: Path, content: bytes) -> Fingerprint:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))
    return fingerprint(path)


def replacing(root: Root, *, keep: str | None = KEEP) -> Placement:
    """A new version of `album/old.jpg`, which shows b"old"."""
    expected = write(root.path / "album/old.jpg", b"old")
    return Placement(received(root, "r", b"new version"), "album/old.jpg", expected, keep)


@pytest.mark.parametrize("durability", ["file", "batch", "none"])
def test_new_files_become_visible_with_their_times(root: Root, durability: Durability) -> None:
    parts = [received(root, f"k{n}", b"%d" % n, mtime_ns=10**18 + n) for n in range(5)]
    placements = [Placement(part, f"a{n % 2}/b/{n}.jpg") for n, part in enumerate(parts)]
    results = place(root, placements, durability=durability)
    assert results == [Placed(one.path, fingerprint(root.path / one.path)) for one in placements]
    assert [(root.path / one.path).stat().st_mtime_ns for one in placements] == [10**18 + n for n in range(5)]
    assert everything(root.path) == {one.path: b"%d" % n for n, one in enumerate(placements)}


def test_nothing_to_place(root: Root) -> None:
    assert place(root, []) == []


def test_a_replaced_file_is_kept(root: Root) -> None:
    [result] = place(root, [replacing(root)])
    assert result == Placed("album/old.jpg", fingerprint(root.path / "album/old.jpg"), KEEP)
    assert everything(root.path) == {"album/old.jpg": b"new version", KEEP: b"old"}
    assert (root.path / KEEP).stat().st_mtime_ns == 1


def test_a_kept_version_replaces_no_other(root: Root) -> None:
    write(root.path / KEEP, b"older")
    second = KEEP.replace("old.jpg", "old (2).jpg")
    [result] = place(root, [replacing(root)])
    assert isinstance(result, Placed)
    assert result.kept == second
    assert everything(root.path) == {"album/old.jpg": b"new version", KEEP: b"older", second: b"old"}


def test_a_file_may_be_replaced_for_good(root: Root) -> None:
    [result] = place(root, [replacing(root, keep=None)])
    assert isinstance(result, Placed)
    assert everything(root.path) == {"album/old.jpg": b"new version"}


def test_a_name_that_was_taken_meanwhile_stays_as_it_is(root: Root) -> None:
    write(root.path / "album/a.jpg", b"mine")
    [result] = place(root, [Placement(received(root, "k", b"theirs"), "album/a.jpg")])
    assert isinstance(result, Transient)
    assert everything(root.path) == {"album/a.jpg": b"mine"}


@pytest.mark.parametrize("keep", [KEEP, None])
def test_a_file_that_was_edited_meanwhile_stays_as_it_is(root: Root, keep: str | None) -> None:
    placement = replacing(root, keep=keep)
    write(root.path / "album/old.jpg", b"edited")
    [result] = place(root, [placement])
    assert isinstance(result, Transient)
    assert "changed on disk meanwhile" in str(result)
    assert everything(root.path) == {"album/old.jpg": b"edited"}


@pytest.mark.parametrize("keep", [KEEP, None])
def test_a_file_that_vanished_meanwhile_does_not_come_back(root: Root, keep: str | None) -> None:
    placement = replacing(root, keep=keep)
    (root.path / "album/old.jpg").unlink()
    [result] = place(root, [placement])
    assert isinstance(result, Transient)
    assert everything(root.path) == {}


@pytest.mark.parametrize("features", [Features(), Features(openat2=False)], ids=platform_name)
@pytest.mark.parametrize("moment", ["linked", "looked at"])
def test_an_editor_saving_between_two_looks_loses_nothing(
    tmp_path: Path, features: Features, moment: str
) -> None:
    root = Root(tmp_path, features=features)

    def save(step: str) -> None:
        if step.startswith(moment):
            write(tmp_path / "saving", b"just edited")
            (tmp_path / "saving").rename(tmp_path / "album/old.jpg")

    [result] = place(root, [replacing(root)], step=save)
    assert isinstance(result, Transient)
    assert everything(tmp_path) == {"album/old.jpg": b"just edited", KEEP: b"old"}
    root.close()


def test_an_editor_saving_at_the_last_moment_loses_nothing_without_links(tmp_path: Path) -> None:
    root = Root(tmp_path, features=Features(links=False))

    def save(step: str) -> None:
        if step.startswith("looked at"):
            write(tmp_path / "album/old.jpg", b"just edited")

    [result] = place(root, [replacing(root)], step=save)
    assert isinstance(result, Transient)
    assert everything(tmp_path) == {"album/old.jpg": b"just edited"}
    root.close()


@pytest.mark.parametrize("obstacle", ["directory", "link"])
def test_what_is_no_file_is_left_alone(root: Root, obstacle: str) -> None:
    placement = replacing(root)
    target = root.path / "album/old.jpg"
    target.unlink()
    if obstacle == "directory":
        target.mkdir()
    else:
        target.symlink_to("elsewhere")
    [result] = place(root, [placement])
    assert isinstance(result, Transient)
    assert target.is_dir() if obstacle == "directory" else target.is_symlink()
    assert everything(root.path) == {}


def test_one_failure_spoils_no_other(root: Root) -> None:
    (root.path / "link").symlink_to("/")
    write(root.path / "album/taken.jpg", b"mine")
    paths = ["album/a.jpg", "link/b.jpg", "album/taken.jpg", "album/taken.jpg/x.jpg", "album/c.jpg"]
    results = place(root, [Placement(received(root, f"k{n}", b"x"), path) for n, path in enumerate(paths)])
    assert [isinstance(result, Placed) for result in results] == [True, False, False, False, True]
    assert all(isinstance(result, Transient) for result in results if not isinstance(result, Placed))
    assert everything(root.path) == {"album/a.jpg": b"x", "album/taken.jpg": b"mine", "album/c.jpg": b"x"}


def test_two_parts_for_one_name(root: Root) -> None:
    parts = [received(root, "1", b"first"), received(root, "2", b"second")]
    first, second = place(root, [Placement(part, "album/a.jpg") for part in parts])
    assert isinstance(first, Placed)
    assert isinstance(second, Transient)
    assert everything(root.path) == {"album/a.jpg": b"first"}


def test_long_names_leave_room_for_a_number(root: Root) -> None:
    name = "é" * 125 + ".jpeg"
    keep = f".smugsync/versions/now/{name}"
    write(root.path / keep, b"older")
    expected = write(root.path / name, b"old")
    [result] = place(root, [Placement(received(root, "k", b"new"), name, expected, keep)])
    assert isinstance(result, Placed)
    assert result.kept is not None
    assert result.kept.endswith(" (2).jpeg")
    assert (root.path / result.kept).read_bytes() == b"old"


@pytest.mark.parametrize("path", ["", "/a.jpg", "../a.jpg", "a//b.jpg", "album/"])
def test_hostile_names_are_bugs(root: Root, path: str) -> None:
    part = received(root, "k", b"x")
    with pytest.raises(ValueError, match=r"mirror"):
        place(root, [Placement(part, path)])
    part.discard()


class Crash(BaseException):
    """The process ends here: nothing that follows is run."""


def crashing_at(number: int) -> Callable[[str], None]:
    """A `step` that lets `number` steps pass."""
    passed: list[str] = []

    def step(name: str) -> None:
        passed.append(name)
        if len(passed) > number:
            raise Crash(name)

    return step


def group(root: Root) -> list[Placement]:
    """Two new files and two replacements; the state on disk decides what is still to be done."""
    wanted = [("new/a.jpg", b"a"), ("album/x.jpg", b"x2"), ("new/b.jpg", b"b"), ("album/y.jpg", b"y2")]
    placements = []
    for number, (path, content) in enumerate(wanted):
        target = root.path / path
        if target.exists() and target.read_bytes() == content:
            continue
        expected = fingerprint(target) if target.exists() else None
        keep = f".smugsync/versions/now/{path}" if expected else None
        placements.append(Placement(received(root, f"k{number}", content), path, expected, keep))
    return placements


@pytest.mark.parametrize("features", EVERY_PLATFORM, ids=platform_name)
@pytest.mark.parametrize("durability", ["batch", "file"])
def test_stopped_after_any_step_every_name_shows_whole_bytes(
    features: Features, durability: Durability
) -> None:
    allowed = {
        "new/a.jpg": {b"a"},
        "new/b.jpg": {b"b"},
        "album/x.jpg": {b"x1", b"x2"},
        "album/y.jpg": {b"y1", b"y2"},
    }
    for number in range(100):
        with (
            tempfile.TemporaryDirectory() as directory,
            contextlib.closing(Root(Path(directory), features=features)) as root,
        ):
            write(root.path / "album/x.jpg", b"x1")
            write(root.path / "album/y.jpg", b"y1")
            try:
                place(root, group(root), durability=durability, step=crashing_at(number))
            except Crash:
                crashed = True
            else:
                crashed = False
            shown = visible(root.path)
            assert all(content in allowed[path] for path, content in shown.items())
            assert {b"x1", b"y1"} <= set(everything(root.path).values())
            # A new process clears up and finishes.
            sweep(root, ())
            assert {b"x1", b"y1"} <= set(everything(root.path).values())
            results = place(root, group(root), durability=durability)
            assert all(isinstance(result, Placed) for result in results)
            assert {path: {content} for path, content in visible(root.path).items()} == {
                "new/a.jpg": {b"a"},
                "new/b.jpg": {b"b"},
                "album/x.jpg": {b"x2"},
                "album/y.jpg": {b"y2"},
            }
            if not crashed:
                assert number >= 12
                return
    raise AssertionError("never got through")


def test_the_steps_come_in_the_order_that_durability_needs(tmp_path: Path) -> None:
    root = Root(tmp_path)
    write(root.path / "album/x.jpg", b"x1")
    write(root.path / "album/y.jpg", b"y1")
    steps: list[str] = []
    place(root, group(root), step=steps.append)
    assert steps == [
        *(f"synced {path}" for path in ("new/a.jpg", "album/x.jpg", "new/b.jpg", "album/y.jpg")),
        "linked .smugsync/versions/now/album/x.jpg",
        "linked .smugsync/versions/now/album/y.jpg",
        "synced directory .smugsync/versions/now/album",
        "placed new/a.jpg",
        "looked at album/x.jpg",
        "placed album/x.jpg",
        "placed new/b.jpg",
        "looked at album/y.jpg",
        "placed album/y.jpg",
        "synced directory new",
        "synced directory album",
    ]
    root.close()
