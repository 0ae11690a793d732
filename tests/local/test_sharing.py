"""Bytes that are here already get a second name: by reflink, by hard link, or copied and hashed again."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from smugsync.core.model import Fingerprint
from smugsync.errors import IntegrityError, Interrupted, Transient
from smugsync.local.handles import Root
from smugsync.local.placement import Placed, Placement, place
from smugsync.local.sharing import How, Links, Shared, Source, share
from smugsync.local.syscalls import Features
from smugsync.stop import Stop

BYTES = b"\xff\xd8" + bytes(range(256)) * 2000
MD5 = hashlib.md5(BYTES).hexdigest()


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    yield from opened(tmp_path / "mirror")


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Root]:
    """On a file system without hard links."""
    yield from opened(tmp_path / "mirror", Features(links=False))


def opened(path: Path, features: Features | None = None) -> Iterator[Root]:
    path.mkdir(exist_ok=True)
    root = Root(path, features=features)
    yield root
    root.close()


def source(root: Root, path: str = "Rome/a.jpg", data: bytes = BYTES) -> Source:
    target = root.path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    os.utime(target, ns=(1, 86_400 * 10**9))
    return Source(root, path, Fingerprint(len(data), 86_400 * 10**9), hashlib.md5(data).hexdigest())


def take(root: Root, found: Source, links: Links = "auto") -> Shared:
    return share(root, "part", found, directory="Best", links=links, stop=Stop())


def show(root: Root, shared: Shared) -> Placed:
    """The part under its name, as a cycle would place it."""
    assert shared.part.seal(5 * 10**9).md5 == MD5
    (placed,) = place(root, [Placement(shared.part, "Best/a.jpg")])
    assert isinstance(placed, Placed), placed
    assert (root.path / "Best/a.jpg").read_bytes() == BYTES
    assert list((root.path / ".smugsync/tmp").iterdir()) == []
    return placed


def inode(root: Root, path: str) -> int:
    return (root.path / path).stat().st_ino


def test_hard_link_is_the_same_file_and_keeps_its_mode_and_time(root: Root) -> None:
    found = source(root)
    (root.path / found.path).chmod(0o640)
    shared = take(root, found)
    if shared.how is How.REFLINK:
        pytest.skip("this file system has reflinks")
    assert shared.how is How.HARD_LINK
    placed = show(root, shared)
    assert inode(root, "Best/a.jpg") == inode(root, "Rome/a.jpg")
    assert placed.fingerprint == found.fingerprint
    assert (root.path / found.path).stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("links", ["reflink", "none"])
def test_copy_is_a_file_of_its_own_with_the_time_it_is_given(root: Root, links: Links) -> None:
    placed = show(root, take(root, source(root), links))
    assert inode(root, "Best/a.jpg") != inode(root, "Rome/a.jpg")
    assert placed.fingerprint.mtime_ns == 5 * 10**9


def test_without_hard_links_it_is_copied(bare: Root) -> None:
    shared = take(bare, source(bare))
    assert shared.how in (How.COPY, How.REFLINK)
    show(bare, shared)


def test_from_another_directory_that_is_no_mirror(root: Root, tmp_path: Path) -> None:
    for other in opened(tmp_path / "photos"):
        show(root, take(root, source(other)))
        assert (tmp_path / "photos/Rome/a.jpg").read_bytes() == BYTES


@pytest.mark.parametrize("links", ["auto", "none"])
def test_source_with_another_time_is_refused(root: Root, links: Links) -> None:
    found = source(root)
    os.utime(root.path / found.path, ns=(1, 2))
    with pytest.raises(Transient, match=r"Rome/a\.jpg is not what it was"):
        take(root, found, links)
    assert list((root.path / ".smugsync").glob("tmp/*")) == []


def test_copy_of_a_source_that_rotted_is_refused(root: Root) -> None:
    found = source(root)
    path = root.path / found.path
    path.write_bytes(BYTES[:-1] + b"?")
    os.utime(path, ns=(1, found.fingerprint.mtime_ns))
    with pytest.raises(IntegrityError, match="has other bytes than when it was recorded"):
        take(root, found, "none")
    assert list((root.path / ".smugsync/tmp").iterdir()) == []


def test_source_that_is_gone_or_a_link_is_refused(root: Root, tmp_path: Path) -> None:
    found = source(root)
    path = root.path / found.path
    path.rename(tmp_path / "elsewhere.jpg")
    with pytest.raises(Transient, match="vanished"):
        take(root, found)
    path.symlink_to(tmp_path / "elsewhere.jpg")
    with pytest.raises(Transient, match="symbolic link"):
        take(root, found)


def test_stop_ends_a_copy_and_leaves_no_part(root: Root) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Interrupted):
        share(root, "part", source(root), directory="Best", links="none", stop=stop)
    assert list((root.path / ".smugsync/tmp").iterdir()) == []


@pytest.fixture
def btrfs(tmp_path: Path) -> Iterator[Path]:
    """A small file system that has reflinks."""
    mkfs = shutil.which("mkfs.btrfs", path=f"{os.environ['PATH']}:/sbin:/usr/sbin")
    if os.geteuid() != 0 or mkfs is None:
        pytest.skip("needs root and btrfs-progs")
    image, mount = tmp_path / "image", tmp_path / "mount"
    mount.mkdir()
    with image.open("wb") as file:
        file.truncate(128 << 20)
    subprocess.run([mkfs, "-q", image], check=True, timeout=60)
    if subprocess.run(["mount", "-o", "loop", image, mount], check=False, timeout=60).returncode:
        pytest.skip("no btrfs, or no loop devices, in this kernel")
    try:
        yield mount
    finally:
        subprocess.run(["umount", mount], check=True, timeout=60)


def test_reflink_shares_blocks_until_one_is_written_to(btrfs: Path) -> None:
    for root in opened(btrfs / "mirror"):
        shared = take(root, source(root))
        assert shared.how is How.REFLINK
        placed = show(root, shared)
        assert inode(root, "Best/a.jpg") != inode(root, "Rome/a.jpg")
        assert placed.fingerprint.mtime_ns == 5 * 10**9
        (root.path / "Best/a.jpg").write_bytes(b"edited")
        assert (root.path / "Rome/a.jpg").read_bytes() == BYTES
