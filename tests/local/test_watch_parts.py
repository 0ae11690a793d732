"""The watcher's parts: the list of what waits, the looks, the limits, and which way is taken."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from smugsync.errors import Interrupted
from smugsync.local.handles import Root
from smugsync.local.mounts import Mount
from smugsync.local.probe.place import Kind, Place
from smugsync.local.watching.limits import explain_limit
from smugsync.local.watching.polling import Poller
from smugsync.local.watching.waiting import Touched, Waiting
from smugsync.local.watching.ways import Way, choose, label_of, probe


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def waiting(clock: Clock) -> Waiting:
    return Waiting(5, clock=clock, most=3, patience=60)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    found = Root(tmp_path)
    yield found
    found.close()


# What waits


def test_path_is_due_when_nothing_happened_for_long_enough(waiting: Waiting, clock: Clock) -> None:
    waiting.touch("a.jpg")
    clock.time = 4
    waiting.touch("a.jpg")
    clock.time = 8
    assert waiting.due() == []
    clock.time = 9
    assert waiting.due() == [Touched("a.jpg")]
    assert waiting.due() == []


def test_soonest_is_known(waiting: Waiting, clock: Clock) -> None:
    assert waiting.soonest() is None
    waiting.touch("a.jpg")
    clock.time = 2
    waiting.touch("b.jpg")
    assert waiting.soonest() == 5


def test_deferred_path_comes_again(waiting: Waiting, clock: Clock) -> None:
    waiting.defer("a.jpg", 3, None)
    clock.time = 3
    assert waiting.due() == [Touched("a.jpg")]


def test_deferring_does_not_hurry_what_was_touched_since(waiting: Waiting, clock: Clock) -> None:
    waiting.touch("a.jpg")
    waiting.defer("a.jpg", 1, None)
    clock.time = 1
    assert waiting.due() == []


def test_too_many_paths_become_everything(waiting: Waiting, clock: Clock) -> None:
    for number in range(4):
        waiting.touch(f"{number}.jpg")
    clock.time = 5
    assert waiting.due() == []
    assert waiting.due_everything() == "more than 3 files changed at once"
    assert waiting.due_everything() == ""


def test_everything_waits_for_quiet(waiting: Waiting, clock: Clock) -> None:
    waiting.touch_everything("why")
    clock.time = 4
    waiting.touch("a.jpg")
    clock.time = 8
    assert waiting.due_everything() == ""
    clock.time = 9
    assert waiting.due_everything() == "why"
    clock.time = 1000
    assert waiting.due_everything() == ""


def test_everything_does_not_wait_for_ever_and_comes_once_more(waiting: Waiting, clock: Clock) -> None:
    waiting.touch_everything("why")
    for second in range(61):
        clock.time = second
        waiting.touch("a.jpg")
    assert waiting.due_everything() == "why"
    assert waiting.due_everything() == ""
    clock.time = 65
    assert waiting.due_everything() == "why"


def test_afterwards_paths_are_kept_again(waiting: Waiting, clock: Clock) -> None:
    waiting.touch_everything("why")
    clock.time = 5
    waiting.due_everything()
    waiting.touch("a.jpg")
    clock.time = 10
    assert waiting.due() == [Touched("a.jpg")]


# Looking


class Looking:
    """A poller and what it told; a second look counts the directories that were read."""

    def __init__(self, root: Root, clock: Clock, *, every: float = 60) -> None:
        self.root = root
        self.poller = Poller(ignored=lambda path: "ignored" in path, every=every, clock=clock)

    def look(self, *tops: str) -> set[str]:
        found: set[str] = set()
        self.poller.look(self.root, lambda path, look: found.add(path), tops=tops or ("",))
        return found


@pytest.fixture
def looking(root: Root, clock: Clock) -> Looking:
    return Looking(root, clock)


def test_first_look_tells_everything_and_the_next_nothing(looking: Looking, tmp_path: Path) -> None:
    (tmp_path / "x/y").mkdir(parents=True)
    (tmp_path / "x/y/a.jpg").write_bytes(b"a")
    (tmp_path / "b.jpg").write_bytes(b"b")
    assert looking.look() == {"x/y/a.jpg", "b.jpg"}
    assert looking.look() == set()
    assert looking.poller.directories == 3


def test_new_and_changed_files_are_told(looking: Looking, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    looking.look()
    (tmp_path / "a.jpg").write_bytes(b"longer")
    (tmp_path / "b.jpg").write_bytes(b"b")
    assert looking.look() == {"a.jpg", "b.jpg"}


def test_file_that_vanished_and_came_back_is_told(looking: Looking, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    looking.look()
    (tmp_path / "a.jpg").rename(tmp_path.parent / "a.jpg")
    assert looking.look() == set()
    (tmp_path.parent / "a.jpg").rename(tmp_path / "a.jpg")
    assert looking.look() == {"a.jpg"}


def test_ignored_files_and_directories_are_passed_by(looking: Looking, tmp_path: Path) -> None:
    for path in ("ignored", ".smugsync/tmp", "x/.smugsync/tmp"):
        (tmp_path / path).mkdir(parents=True)
        (tmp_path / path / "a.jpg").write_bytes(b"a")
    (tmp_path / "ignored.jpg").write_bytes(b"a")
    assert looking.look() == set()


def test_only_what_is_below_the_tops_is_looked_at(looking: Looking, tmp_path: Path) -> None:
    for path in ("x/y", "z"):
        (tmp_path / path).mkdir(parents=True)
        (tmp_path / path / "a.jpg").write_bytes(b"a")
    assert looking.look("x", "x/y", "none") == {"x/y/a.jpg"}


def test_link_to_a_directory_is_not_entered(looking: Looking, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/round").symlink_to(tmp_path)
    assert looking.look() == set()


def slow(root: Root, clock: Clock) -> Looking:
    """On a disk where every directory takes a second."""
    found = Looking(root, clock)

    def check() -> None:
        clock.time += 1

    found.poller = Poller(ignored=lambda path: False, every=10, check=check, clock=clock)
    return found


def test_on_a_slow_disk_a_new_name_is_still_seen_at_once(root: Root, clock: Clock, tmp_path: Path) -> None:
    looking = slow(root, clock)
    (tmp_path / "x").mkdir()
    for _ in range(4):
        looking.look()
    (tmp_path / "x/a.jpg").write_bytes(b"a")
    assert looking.look() == {"x/a.jpg"}


def test_on_a_slow_disk_changed_bytes_are_seen_within_ten_looks(
    root: Root, clock: Clock, tmp_path: Path
) -> None:
    looking = slow(root, clock)
    (tmp_path / "a.jpg").write_bytes(b"a")
    for _ in range(4):
        looking.look()
    with (tmp_path / "a.jpg").open("ab") as file:
        file.write(b"more")
    seen = [looking.look() for _ in range(10)]
    assert seen.count({"a.jpg"}) == 1


def test_name_that_is_made_while_its_directory_was_just_read_is_seen(
    root: Root, clock: Clock, tmp_path: Path
) -> None:
    """The directory's clock may be too coarse to show the second change: its time is set back here."""
    looking = slow(root, clock)
    looking.look()
    (tmp_path / "a.jpg").write_bytes(b"a")
    before = tmp_path.stat()
    looking.look()
    (tmp_path / "b.jpg").write_bytes(b"b")
    os.utime(tmp_path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert looking.look() == {"b.jpg"}


def test_look_may_be_stopped(root: Root) -> None:
    def stop() -> None:
        raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        Poller(ignored=lambda path: False, every=60, check=stop).look(root, lambda path, look: None)


# The kernel's limits


@pytest.fixture
def limits(tmp_path: Path) -> Path:
    (tmp_path / "max_user_watches").write_text("8192\n")
    (tmp_path / "max_user_instances").write_text("128\n")
    return tmp_path


def test_limit_of_watches_is_explained_with_the_line_to_set(limits: Path) -> None:
    assert explain_limit(errno.ENOSPC, directories=10_000, limits=limits) == (
        "the kernel's limit of 8,192 watched directories for each user is reached; to raise it, put "
        "`fs.inotify.max_user_watches=524288` into /etc/sysctl.d/60-smugsync.conf and run "
        "`sudo sysctl --system`"
    )


def test_proposed_limit_has_room_for_all_directories(limits: Path) -> None:
    assert "max_user_watches=2000000`" in explain_limit(errno.ENOSPC, directories=1_000_000, limits=limits)


def test_limit_of_programs_is_explained(limits: Path) -> None:
    sentence = explain_limit(errno.EMFILE, limits=limits)
    assert "limit of 128 watching programs" in sentence
    assert "`fs.inotify.max_user_instances=1024`" in sentence


def test_limit_that_is_not_told_is_explained_without_a_number(tmp_path: Path) -> None:
    assert "limit of watched directories" in explain_limit(errno.ENOSPC, limits=tmp_path / "none")


def test_other_refusals_are_named(limits: Path) -> None:
    assert explain_limit(errno.ENOSYS, limits=limits) == "the kernel refuses to watch (ENOSYS)"


# Which way


def placed(kind: Kind, driver: str = "") -> Place:
    return Place(kind, Mount("/m", driver, "source") if driver else None)


@pytest.mark.parametrize(
    ("place", "way"),
    [
        (placed(Kind.LOCAL, "ext4"), Way(kernel=True)),
        (placed(Kind.MEMORY, "tmpfs"), Way(kernel=True)),
        (placed(Kind.OVERLAY, "overlay"), Way(kernel=True)),
        (
            placed(Kind.NETWORK, "nfs4"),
            Way(kernel=False, polled=("",), label="NFS", why="NFS shows no changes made by other machines"),
        ),
        (
            placed(Kind.NETWORK, "cifs"),
            Way(kernel=False, polled=("",), label="SMB", why="SMB shows no changes made by other machines"),
        ),
        (
            placed(Kind.FUSE, "fuse.sshfs"),
            Way(
                kernel=False,
                polled=("",),
                label="FUSE (sshfs)",
                why="FUSE (sshfs) need not show changes that are made behind it",
            ),
        ),
    ],
)
def test_way_goes_by_the_kind_of_disk(root: Root, place: Place, way: Way) -> None:
    assert choose(root, "auto", place_at=lambda path: place, heard=lambda root, check: "") == way


def test_silent_kernel_means_polling(root: Root) -> None:
    way = choose(
        root, "auto", place_at=lambda path: placed(Kind.LOCAL), heard=lambda root, check: "it was silent"
    )
    assert way == Way(
        kernel=False, polled=("",), label="inotify is silent here", why="it was silent", final=False
    )


def test_share_that_is_mounted_inside_is_polled(root: Root) -> None:
    def place_at(path: Path) -> Place:
        if path.name == "gone":
            raise FileNotFoundError(path)
        return placed(Kind.NETWORK, "nfs") if path.name == "nas" else placed(Kind.LOCAL, "ext4")

    way = choose(
        root,
        "auto",
        place_at=place_at,
        disks_in=lambda path: ["usb", "in/nas", "gone"],
        heard=lambda root, check: "",
    )
    assert way == Way(
        kernel=True, polled=("in/nas",), label="NFS", why="NFS shows no changes made by other machines"
    )


def test_person_may_demand_either_way(root: Root) -> None:
    def nfs(path: Path) -> Place:
        return placed(Kind.NETWORK, "nfs")

    assert choose(root, "inotify", place_at=nfs) == Way(kernel=True)
    assert choose(root, "poll", place_at=nfs) == Way(
        kernel=False, polled=("",), why="the configuration says so"
    )


@pytest.mark.parametrize(
    ("place", "label"),
    [
        (placed(Kind.NETWORK, "9p"), "9p"),
        (placed(Kind.NETWORK), "a network share"),
        (placed(Kind.FUSE, "virtiofs"), "FUSE"),
    ],
)
def test_disk_is_called_what_people_call_it(place: Place, label: str) -> None:
    assert label_of(place) == label


def test_kernel_is_asked_by_writing_a_file_that_is_gone_afterwards(root: Root, tmp_path: Path) -> None:
    (tmp_path / ".smugsync").mkdir()
    assert probe(root) == ""
    assert list((tmp_path / ".smugsync").iterdir()) == []


def test_nothing_is_written_where_nothing_of_ours_is(root: Root, tmp_path: Path) -> None:
    assert probe(root) == ""
    assert list(tmp_path.iterdir()) == []
