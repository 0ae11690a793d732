from __future__ import annotations

import contextlib
import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smugsync.core.model import Fingerprint
from smugsync.errors import ConfigError, Interrupted, SuspiciousPlan, Transient
from smugsync.local.handles import Root
from smugsync.local.marker import Marker
from smugsync.local.moves import temporary_name
from smugsync.local.syscalls import Features
from smugsync.local.tree import Mirror
from smugsync.local.versions import Shelf
from smugsync.stop import Stop

from .mirrors import EVERY_PLATFORM, everything, platform_name, received

OURS = Marker("7f3a", "node-1", "nick", "2024-05-01T12:00:00+00:00")


@pytest.fixture(params=EVERY_PLATFORM, ids=platform_name)
def mirror(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mirror]:
    with Mirror(Root(tmp_path, features=request.param)) as mirror:
        yield mirror


def put(mirror: Mirror, *paths: str) -> None:
    for path in paths:
        (mirror.root.path / path).parent.mkdir(parents=True, exist_ok=True)
        (mirror.root.path / path).write_bytes(path.encode())


def tree(mirror: Mirror) -> dict[str, str]:
    return {path: content.decode() for path, content in everything(mirror.root.path).items()}


# The marker


def test_a_new_mirror_is_marked(tmp_path: Path) -> None:
    with Mirror.create(tmp_path / "not/yet/there", OURS) as mirror:
        assert mirror.read_marker() == OURS
        assert mirror.check_marker(Marker("7f3a", "node-1", "renamed since")) == OURS
        assert [path.name for path in (mirror.root.path / ".smugsync").iterdir()] == ["mirror.json"]


def test_a_folder_with_files_is_taken_over_untouched(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    Mirror.create(tmp_path, OURS).close()
    with Mirror.create(tmp_path, OURS) as mirror:  # asked for twice
        assert [file.path for file in mirror.scan()] == ["a.jpg"]


def test_a_mirror_is_not_taken_from_another_account(tmp_path: Path) -> None:
    Mirror.create(tmp_path, OURS).close()
    with pytest.raises(SuspiciousPlan, match="mirror of nick already"):
        Mirror.create(tmp_path, Marker("other", "node-2"))


def test_a_disk_that_is_not_mounted_shows_no_marker(tmp_path: Path) -> None:
    with Mirror.open(tmp_path) as mirror:
        assert mirror.read_marker() is None
        with pytest.raises(SuspiciousPlan, match="is the right disk mounted"):
            mirror.check_marker(OURS)


@pytest.mark.parametrize(
    ("mirror_id", "account", "said"), [("x", "node-1", "another mirror"), ("7f3a", "x", "another account")]
)
def test_a_foreign_marker(tmp_path: Path, mirror_id: str, account: str, said: str) -> None:
    with Mirror.create(tmp_path, OURS) as mirror, pytest.raises(SuspiciousPlan, match=said):
        mirror.check_marker(Marker(mirror_id, account))


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "7", '{"mirror": "7f3a"}', '{"mirror": null, "account": {}}', "[" * 60_000, "\udce9"],
    ids=["empty", "broken", "list", "number", "no-account", "no-names", "nested", "no-text"],
)
def test_a_damaged_marker_is_not_a_missing_one(tmp_path: Path, content: str) -> None:
    with Mirror.create(tmp_path, OURS) as mirror:
        (tmp_path / ".smugsync/mirror.json").write_bytes(os.fsencode(content))
        with pytest.raises(SuspiciousPlan, match="is damaged"):
            mirror.read_marker()


def _bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener, contextlib.chdir(path.parent):
        listener.bind(path.name)


@pytest.mark.parametrize(
    ("put", "what"),
    [
        (_bind, "a socket or a device"),
        (Path.mkdir, "a directory"),
        (lambda path: path.symlink_to("elsewhere"), "a symbolic link"),
    ],
    ids=["socket", "directory", "link"],
)
def test_a_marker_that_is_no_plain_file_is_named_as_what_it_is(
    tmp_path: Path, put: Callable[[Path], object], what: str
) -> None:
    with Mirror.create(tmp_path, OURS) as mirror:
        marker = tmp_path / ".smugsync/mirror.json"
        marker.rename(marker.with_name("elsewhere"))
        put(marker)
        with pytest.raises(SuspiciousPlan, match=f"mirror.json is {what} where a plain file should be"):
            mirror.read_marker()


def test_paths_that_can_be_no_mirror(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(ConfigError, match="is a file"):
            Mirror.create(path, OURS)
    with pytest.raises(ConfigError, match="is a file"):
        Mirror.open(tmp_path / "file")
    with pytest.raises(SuspiciousPlan, match="is the disk mounted"):
        Mirror.open(tmp_path / "absent")


# Looking and hashing


def test_a_fingerprint_is_known_absent_or_trouble(mirror: Mirror) -> None:
    put(mirror, "album/a.jpg", "top.jpg")
    os.utime(mirror.root.path / "album/a.jpg", ns=(1, 2))
    (mirror.root.path / "alias").symlink_to("album")
    (mirror.root.path / "album/alias.jpg").symlink_to("a.jpg")
    assert mirror.fingerprint("album/a.jpg") == Fingerprint(11, 2)
    assert mirror.fingerprint("top.jpg") is not None
    for absent in ("none.jpg", "album/none.jpg", "none/a.jpg", "album/a.jpg/below.jpg"):
        assert mirror.fingerprint(absent) is None
    for trouble in ("alias/a.jpg", "album/alias.jpg", "album"):
        with pytest.raises(Transient):
            mirror.fingerprint(trouble)


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 1_000_000])
def test_a_hash_is_of_the_whole_file(mirror: Mirror, size: int) -> None:
    content = os.urandom(size)
    (mirror.root.path / "a.jpg").write_bytes(content)
    file = mirror.hash("a.jpg", Stop())
    assert (file.path, file.fingerprint, file.md5) == (
        "a.jpg",
        mirror.fingerprint("a.jpg"),
        hashlib.md5(content).hexdigest(),
    )


class Meddler(Stop):
    """A stop that is never asked for, but edits the file when it is first looked at."""

    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def check(self) -> None:
        if self.path.stat().st_size == 1_000_000:
            with self.path.open("ab") as file:
                file.write(b"more")


def test_a_file_that_changes_while_it_is_read(mirror: Mirror) -> None:
    path = mirror.root.path / "a.jpg"
    path.write_bytes(bytes(1_000_000))
    with pytest.raises(Transient, match="changed while it was read"):
        mirror.hash("a.jpg", Meddler(path))


def test_hashing_stops_at_once(mirror: Mirror) -> None:
    put(mirror, "a.jpg")
    stop = Stop()
    stop.set()
    with pytest.raises(Interrupted):
        mirror.hash("a.jpg", stop)


def test_only_files_are_hashed(mirror: Mirror) -> None:
    put(mirror, "album/a.jpg")
    os.mkfifo(mirror.root.path / "pipe")
    (mirror.root.path / "alias.jpg").symlink_to("album/a.jpg")
    for path in ("album", "pipe", "alias.jpg", "none.jpg"):
        with pytest.raises(Transient):
            mirror.hash(path, Stop())


def test_hostile_paths_are_bugs(mirror: Mirror) -> None:
    for path in ("", "/etc/passwd", "../a", "a/../../b", "a\0"):
        with pytest.raises(ValueError, match="mirror"):
            mirror.fingerprint(path)
        with pytest.raises(ValueError, match="mirror"):
            mirror.move(path or "", "x")
        with pytest.raises(ValueError, match="mirror"):
            mirror.move("x", path or "")


# Moving

MOVES = [
    ("a/1.jpg", "b/c/2.jpg"),
    ("a/1.jpg", "a/2.jpg"),
    ("a/1.jpg", "1.jpg"),
    ("a/1.jpg", "a/1.JPG"),
    ("a/é.jpg", "a/e\u0301.jpg"),
]


@pytest.mark.parametrize(("old", "new"), MOVES)
def test_a_file_moves(mirror: Mirror, old: str, new: str) -> None:
    put(mirror, old)
    mirror.move(old, new)
    assert tree(mirror) == {new: old}


DIRECTORY_MOVES = [
    ("Travel", "Trips"),
    ("Travel", "2019/Travel"),
    ("Travel", "travel"),
    ("Travel", "Travel/Iceland"),
    ("Travel", "Travel/a/b"),
    ("Travel/Iceland", "Travel"),
    ("Travel/a/b", "Travel"),
    ("x/Travel", "x/travel/Iceland"),
]


@pytest.mark.parametrize(("old", "new"), DIRECTORY_MOVES)
def test_a_directory_moves_with_all_that_is_in_it(mirror: Mirror, old: str, new: str) -> None:
    put(mirror, f"{old}/1.jpg", f"{old}/deep/2.jpg")
    mirror.move_directory(old, new)
    assert tree(mirror) == {f"{new}/1.jpg": f"{old}/1.jpg", f"{new}/deep/2.jpg": f"{old}/deep/2.jpg"}


@pytest.mark.parametrize(("old", "new"), [move for move in DIRECTORY_MOVES if move[1].lower() != "trips"])
def test_a_move_stopped_half_way_is_finished_when_asked_again(mirror: Mirror, old: str, new: str) -> None:
    put(mirror, f"{old}/1.jpg")
    between = temporary_name(old, new)
    if old.lower() == new.lower() or new.startswith(f"{old}/") or old.startswith(f"{new}/"):
        (mirror.root.path / old).rename(mirror.root.path / between)
        assert list(mirror.scan()) == []
    mirror.move_directory(old, new)
    assert tree(mirror) == {f"{new}/1.jpg": f"{old}/1.jpg"}


@pytest.mark.parametrize(("old", "new"), DIRECTORY_MOVES)
def test_a_move_that_was_done_before_the_crash_is_not_done_twice(mirror: Mirror, old: str, new: str) -> None:
    put(mirror, f"{old}/1.jpg", f"{old}/deep/2.jpg")
    mirror.move_directory(old, new)
    moved = tree(mirror)
    mirror.move_directory(old, new)
    assert tree(mirror) == moved


def test_a_directory_does_not_move_into_a_child_that_exists(mirror: Mirror) -> None:
    put(mirror, "Travel/1.jpg", "Travel/Iceland/2.jpg")
    before = tree(mirror)
    with pytest.raises(Transient, match="exists already"):
        mirror.move_directory("Travel", "Travel/Iceland")
    assert tree(mirror) == before


def test_nothing_is_moved_over_something(mirror: Mirror) -> None:
    put(mirror, "a/1.jpg", "b/1.jpg", "c/d/1.jpg")
    before = tree(mirror)
    for old, new in [
        ("a/1.jpg", "b/1.jpg"),
        ("a", "b"),
        ("a/1.jpg", "b"),
        ("a", "b/1.jpg"),
        ("a", "b/1.jpg/x"),
    ]:
        with pytest.raises(Transient):
            mirror.move(old, new)
        assert tree(mirror) == before


def test_a_refused_move_through_a_temporary_name_leaves_things_as_they_were(mirror: Mirror) -> None:
    put(mirror, "Travel/1.jpg", "Travel/Iceland/2.jpg")
    before = tree(mirror)
    with pytest.raises(Transient, match="taken that name"):
        mirror.move_directory("Travel/Iceland", "Travel")
    assert tree(mirror) == before


def test_a_name_that_is_too_long_leaves_things_as_they_were(mirror: Mirror) -> None:
    put(mirror, "x/Travel/1.jpg")
    before = tree(mirror)
    for new in ("x/" + "y" * 300, "x/Travel/" + "y" * 300, "x/Travel/a/" + "y" * 300):
        with pytest.raises(Transient, match="too long"):
            mirror.move_directory("x/Travel", new)
        assert tree(mirror) == before


def test_what_is_gone_cannot_be_moved(mirror: Mirror) -> None:
    for old, new in [("a/1.jpg", "b/1.jpg"), ("a", "A"), ("a", "a/b")]:
        with pytest.raises(Transient, match="not there any more"):
            mirror.move(old, new)
        with pytest.raises(Transient, match="not there any more"):
            mirror.move_directory(old, new)


def test_moving_to_the_same_place_is_nothing(mirror: Mirror) -> None:
    put(mirror, "a/1.jpg")
    mirror.move("a/1.jpg", "a/1.jpg")
    assert tree(mirror) == {"a/1.jpg": "a/1.jpg"}


# Tidying


def test_empty_parents_go_and_full_ones_stay(mirror: Mirror) -> None:
    put(mirror, "a/keep.jpg")
    mirror.make_directory("a/b/c/d")
    mirror.remove_empty("a/b/c/d")
    assert sorted(path.name for path in (mirror.root.path / "a").iterdir()) == ["keep.jpg"]
    mirror.remove_empty("a")
    mirror.remove_empty("gone/before")
    mirror.remove_empty("")
    assert tree(mirror) == {"a/keep.jpg": "a/keep.jpg"}


def test_our_own_directory_is_never_removed(mirror: Mirror) -> None:
    mirror.root.staging()
    mirror.remove_empty(".smugsync")
    mirror.make_directory(".smugsync/versions/now")
    mirror.remove_empty(".smugsync/versions/now")
    assert sorted(path.name for path in (mirror.root.path / ".smugsync").iterdir()) == ["tmp"]


def test_an_old_version_is_set_aside_and_never_over_another(mirror: Mirror) -> None:
    stamp = "2024-05-01 120000"
    for number in range(3):
        (mirror.root.path / "album").mkdir(exist_ok=True)
        (mirror.root.path / "album/a.jpg").write_text(f"version {number}")
        kept = mirror.keep_version("album/a.jpg", stamp)
        assert (mirror.root.path / kept).read_text() == f"version {number}"
    shelf = f".smugsync/versions/{stamp}/album"
    assert tree(mirror) == {
        f"{shelf}/a.jpg": "version 0",
        f"{shelf}/a (2).jpg": "version 1",
        f"{shelf}/a (3).jpg": "version 2",
    }


def test_what_is_gone_cannot_be_set_aside(mirror: Mirror) -> None:
    mirror.root.staging()
    with pytest.raises(Transient, match="not there any more"):
        mirror.keep_version("album/a.jpg", "now")
    assert sorted(path.name for path in (mirror.root.path / ".smugsync").iterdir()) == ["tmp"]


def test_each_reason_has_its_shelf(mirror: Mirror) -> None:
    put(mirror, "a.jpg")
    assert mirror.keep_version("a.jpg", "now", Shelf.TRASH) == ".smugsync/trash/now/a.jpg"
    for stamp in ("", "..", "a/b"):
        with pytest.raises(ValueError, match="not "):
            mirror.keep_version("a.jpg", stamp)


def test_sweeping_and_space(tmp_path: Path) -> None:
    with Mirror(Root(tmp_path, features=Features())) as mirror:
        received(mirror.root, "k", b"x")
        assert mirror.sweep_parts(()) == 1
        assert mirror.free_bytes() > 0
