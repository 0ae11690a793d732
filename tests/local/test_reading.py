"""Files are read one after the other, and asked of the disk before their turn."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from smugsync.errors import Interrupted, Transient
from smugsync.local.handles import HostilePath, Root
from smugsync.local.reading import Ahead, Obstacle, Reading, Unread, read
from smugsync.local.tree import Mirror
from smugsync.stop import Stop

NAMES = [f"{n}.jpg" for n in range(6)]


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    for name in NAMES:
        (tmp_path / name).write_bytes(name.encode() * 100_000)
    root = Root(tmp_path)
    yield root
    root.close()


def md5_of(name: str) -> str:
    return hashlib.md5(name.encode() * 100_000).hexdigest()


def handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_each_file_is_read_as_it_is_alone(root: Root) -> None:
    with Ahead(root, NAMES) as ahead:
        together = [read(root, name, Stop(), sha256=True, ahead=ahead) for name in NAMES]
    assert together == [read(root, name, Stop(), sha256=True) for name in NAMES]
    assert [found.md5 for found in together if isinstance(found, Reading)] == list(map(md5_of, NAMES))


def test_no_more_than_a_few_are_open_at_once(root: Root) -> None:
    before, most = handles(), 0
    with Ahead(root, NAMES) as ahead:
        for name in NAMES:
            fd = ahead.open(name)
            most = max(most, handles() - before)
            os.close(fd)
    assert most == 3
    assert handles() == before


def test_what_nobody_asked_for_is_closed(root: Root) -> None:
    before = handles()
    with Ahead(root, NAMES) as ahead:
        os.close(ahead.open(NAMES[0]))
        assert handles() > before
    assert handles() == before


def test_an_obstacle_is_told_when_it_is_its_turn(root: Root) -> None:
    (root.path / "1.jpg").unlink()
    (root.path / "2.jpg").unlink()
    os.mkfifo(root.path / "2.jpg")
    (root.path / "3.jpg").unlink()
    (root.path / "3.jpg").symlink_to("0.jpg")
    with Ahead(root, NAMES) as ahead:
        found = [read(root, name, Stop(), ahead=ahead) for name in NAMES]
    obstacles = [each.obstacle if isinstance(each, Unread) else None for each in found]
    assert obstacles == [None, Obstacle.MISSING, Obstacle.REFUSED, Obstacle.REFUSED, None, None]


def test_a_file_that_is_written_to_before_its_turn_is_read_as_it_is_then(root: Root) -> None:
    with Ahead(root, NAMES) as ahead:
        read(root, NAMES[0], Stop(), ahead=ahead)
        (root.path / NAMES[1]).write_bytes(b"another")
        found = read(root, NAMES[1], Stop(), ahead=ahead)
    assert isinstance(found, Reading)
    assert (found.md5, found.fingerprint.size) == (hashlib.md5(b"another").hexdigest(), 7)


def test_what_is_another_file_by_its_turn_is_read_as_that(root: Root) -> None:
    with Ahead(root, NAMES) as ahead:
        read(root, NAMES[0], Stop(), ahead=ahead)
        (root.path / "new").write_bytes(b"another")
        (root.path / "new").rename(root.path / NAMES[1])
        found = read(root, NAMES[1], Stop(), ahead=ahead)
    assert found == read(root, NAMES[1], Stop())


def test_what_is_gone_by_its_turn_is_missing(root: Root) -> None:
    before = handles()
    with Ahead(root, NAMES) as ahead:
        read(root, NAMES[0], Stop(), ahead=ahead)
        (root.path / NAMES[1]).unlink()
        os.link(root.path / NAMES[2], root.path / "another name")
        (root.path / NAMES[2]).unlink()
        found = [read(root, name, Stop(), ahead=ahead) for name in NAMES[1:4]]
    obstacles = [each.obstacle if isinstance(each, Unread) else None for each in found]
    assert obstacles == [Obstacle.MISSING, Obstacle.MISSING, None]
    assert handles() == before


def test_what_was_not_there_before_its_turn_is_looked_for_again(root: Root) -> None:
    (root.path / NAMES[1]).rename(root.path / "away")
    (root.path / NAMES[2]).unlink()
    (root.path / NAMES[2]).symlink_to(NAMES[0])
    with Ahead(root, NAMES) as ahead:
        read(root, NAMES[0], Stop(), ahead=ahead)
        (root.path / "away").rename(root.path / NAMES[1])
        (root.path / NAMES[2]).unlink()
        (root.path / NAMES[2]).write_bytes(b"a file now")
        found = [read(root, name, Stop(), ahead=ahead) for name in NAMES[1:3]]
    assert found == [read(root, name, Stop()) for name in NAMES[1:3]]
    assert all(isinstance(each, Reading) for each in found)


def test_a_path_that_cannot_be_is_told_when_it_is_its_turn(root: Root) -> None:
    with Ahead(root, [NAMES[0], "../secret"]) as ahead:
        assert isinstance(read(root, NAMES[0], Stop(), ahead=ahead), Reading)
        with pytest.raises(HostilePath):
            read(root, "../secret", Stop(), ahead=ahead)


def test_it_is_known_when_the_disk_was_asked(root: Root) -> None:
    """What was asked for early may come from memory, and says nothing of the disk when its turn comes."""
    moments = count()
    with Ahead(root, NAMES, moments) as ahead:
        asked = []
        for name in NAMES:
            began = next(moments)
            read(root, name, Stop(), ahead=ahead)
            asked.append(ahead.asked < began)
    assert asked == [False] + [True] * 5


def test_another_order_than_was_announced_is_a_bug(root: Root) -> None:
    with Ahead(root, NAMES) as ahead, pytest.raises(ValueError, match="order"):
        ahead.open(NAMES[1])


def test_a_stop_ends_it_and_leaves_nothing_open(root: Root) -> None:
    before, stop = handles(), Stop()
    stop.set()
    with pytest.raises(Interrupted), Ahead(root, NAMES) as ahead:
        read(root, NAMES[0], stop, ahead=ahead)
    assert handles() == before


def test_a_mirror_hashes_files_in_their_order(root: Root) -> None:
    (root.path / NAMES[2]).unlink()
    mirror, found = Mirror(root), list[str | None]()
    with mirror.ahead(NAMES) as ahead:
        for name in NAMES:
            try:
                found.append(mirror.hash(name, Stop(), ahead).md5)
            except Transient:
                found.append(None)
    assert found == [None if name == NAMES[2] else md5_of(name) for name in NAMES]
