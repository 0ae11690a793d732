from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.errors import ConfigError, SuspiciousPlan, Transient
from smugsync.local.handles import Root, check_relative
from smugsync.local.syscalls import Features

from .mirrors import EVERY_PLATFORM, can_mount, platform_name, run


@pytest.fixture(params=EVERY_PLATFORM, ids=platform_name)
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Root]:
    (tmp_path / "mirror").mkdir()
    root = Root(tmp_path / "mirror", features=request.param)
    yield root
    root.close()


@pytest.mark.parametrize("path", ["/etc", "..", "a/../b", "a//b", "a/", "/", ".", "a/./b", "a\0b"])
def test_hostile_paths_are_refused_as_the_bugs_they_are(root: Root, path: str) -> None:
    with pytest.raises(ValueError, match="not a path beneath the mirror"):
        root.open_directory(path, create=True)


@given(st.text(st.sampled_from("ab./\\\0~ é\u202e")))
def test_an_accepted_path_has_only_plain_components(path: str) -> None:
    try:
        parts = check_relative(path)
    except ValueError:
        return
    assert "/".join(parts) == path
    assert not any(part in ("", ".", "..") or "\0" in part or "/" in part for part in parts)


def test_directories_are_made_level_by_level(root: Root) -> None:
    os.close(root.open_directory("Travel/Iceland/2019", create=True))
    os.close(root.open_directory("Travel/Iceland/2019", create=True))
    assert (root.path / "Travel/Iceland/2019").is_dir()


def test_a_missing_directory_is_told_apart_from_trouble(root: Root) -> None:
    with pytest.raises(FileNotFoundError):
        root.open_directory("Travel/Iceland")


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("tail", ["", "/inside", "/inside/deeper"])
def test_a_link_is_never_followed(root: Root, tmp_path: Path, tail: str, *, create: bool) -> None:
    (tmp_path / "outside" / "inside" / "deeper").mkdir(parents=True)
    (root.path / "Travel").mkdir()
    (root.path / "Travel/album").symlink_to(tmp_path / "outside")
    with pytest.raises(Transient, match="Travel/album is a symbolic link"):
        root.open_directory("Travel/album" + tail, create=create)


def test_a_link_that_stays_inside_is_not_followed_either(root: Root) -> None:
    (root.path / "real").mkdir()
    (root.path / "alias").symlink_to("real")
    with pytest.raises(Transient, match="alias is a symbolic link"):
        root.open_directory("alias/new", create=True)
    assert not list((root.path / "real").iterdir())


@pytest.mark.parametrize("tail", ["", "/inside"])
def test_a_file_in_the_way_is_named(root: Root, tail: str) -> None:
    (root.path / "album").write_bytes(b"")
    with pytest.raises(Transient, match="album is a file where a directory should be"):
        root.open_directory("album" + tail, create=True)


def test_renaming_never_replaces(root: Root) -> None:
    (root.path / "new").write_bytes(b"new")
    (root.path / "taken").write_bytes(b"taken")
    with pytest.raises(FileExistsError):
        root.rename_noreplace(root.fd, "new", root.fd, "taken")
    root.rename_noreplace(root.fd, "new", root.fd, "free")
    assert sorted(path.name for path in root.path.iterdir()) == ["free", "taken"]
    assert (root.path / "taken").read_bytes() == b"taken"


def test_renaming_a_directory_never_replaces_an_empty_one(root: Root) -> None:
    (root.path / "new").mkdir()
    (root.path / "taken").mkdir()
    with pytest.raises(FileExistsError):
        root.rename_noreplace(root.fd, "new", root.fd, "taken")
    root.rename_noreplace(root.fd, "new", root.fd, "free")
    assert sorted(path.name for path in root.path.iterdir()) == ["free", "taken"]


SWAPPING = """
import os, sys
album, aside, outside = sys.argv[1:]
print("swapping", flush=True)
while True:
    os.rename(album, aside)
    os.symlink(outside, album)
    os.unlink(album)
    os.rename(aside, album)
"""


def test_a_directory_swapped_for_a_link_again_and_again_lets_nothing_out(root: Root, tmp_path: Path) -> None:
    album, aside, outside = root.path / "album", root.path / "aside", tmp_path / "outside"
    album.mkdir()
    outside.mkdir()
    command = [sys.executable, "-S", "-c", SWAPPING, str(album), str(aside), str(outside)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as attacker:
        assert attacker.stdout is not None
        assert attacker.stdout.readline() == b"swapping\n"
        written = 0
        for number in range(200_000):
            if number > 2000 and written > 100:
                break
            try:
                fd = root.open_directory("album")
            except (Transient, FileNotFoundError):
                continue
            os.close(os.open(f"{number}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, dir_fd=fd))
            os.close(fd)
            written += 1
        attacker.kill()
    assert written
    assert not list(outside.iterdir())


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "mirror").symlink_to("disk")
    root = Root(tmp_path / "mirror")
    os.close(root.open_directory("album", create=True))
    root.close()
    assert (tmp_path / "disk/album").is_dir()


def test_a_missing_root_asks_for_the_disk(tmp_path: Path) -> None:
    with pytest.raises(SuspiciousPlan, match="is the disk mounted"):
        Root(tmp_path / "mirror")


def test_a_file_as_root_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "mirror").write_bytes(b"")
    with pytest.raises(ConfigError, match="is a file"):
        Root(tmp_path / "mirror")


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    root = Root(tmp_path)
    root.staging()
    root.close()
    root.close()


def test_staging_comes_back_when_somebody_removes_it(tmp_path: Path) -> None:
    root = Root(tmp_path)
    root.staging()
    (tmp_path / ".smugsync/tmp").rmdir()
    assert os.fstat(root.staging().fd).st_nlink
    assert (tmp_path / ".smugsync/tmp").is_dir()
    root.close()


def test_linux_of_today_has_everything(tmp_path: Path) -> None:
    if os.uname().sysname != "Linux":
        pytest.skip("openat2 and renameat2 are Linux's")
    root = Root(tmp_path)
    assert root.features == Features()
    root.close()


MOUNTED_ALBUM = """
import os, subprocess, sys
from pathlib import Path
from smugsync.errors import Transient
from smugsync.local.part import PartFile
from smugsync.local.placement import Placed, Placement, place
from smugsync.local.tree import Mirror

path = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "none", str(path / "Travel")], check=True)
(path / "Travel/.smugsync/tmp").mkdir(parents=True)
(path / "Travel/.smugsync/tmp/stale.part").write_bytes(b"stale")
mirror = Mirror.open(path)

def receive(content):
    part = PartFile.create(mirror.root, "k", directory="Travel/Iceland")
    assert part.staging.home == "Travel", part.staging
    part.write(content)
    part.seal(None)
    return part

[placed] = place(mirror.root, [Placement(receive(b"old"), "Travel/Iceland/a.jpg")])
assert isinstance(placed, Placed), placed
keep = ".smugsync/versions/now/Travel/Iceland/a.jpg"
[placed] = place(mirror.root, [Placement(receive(b"new"), placed.path, placed.fingerprint, keep)])
assert isinstance(placed, Placed), placed
assert (path / placed.path).read_bytes() == b"new"
assert placed.kept == "Travel/" + keep, placed.kept
assert (path / placed.kept).read_bytes() == b"old"
assert not os.listdir(path / "Travel/.smugsync/tmp")
assert [file.path for file in mirror.scan()] == ["Travel/Iceland/a.jpg"]
try:
    mirror.move("Travel/Iceland/a.jpg", "elsewhere/a.jpg")
except Transient as error:
    assert "another disk" in str(error), error
else:
    raise AssertionError("moved to another disk")
kept = mirror.keep_version("Travel/Iceland/a.jpg", "later")
assert kept == "Travel/.smugsync/versions/later/Travel/Iceland/a.jpg", kept
"""


def test_an_album_on_another_disk_has_its_own_staging(tmp_path: Path) -> None:
    if not can_mount():
        pytest.skip("no private mounts here")
    (tmp_path / "Travel").mkdir()
    result = run(MOUNTED_ALBUM, str(tmp_path), prefix=["unshare", "-rm"])
    assert result.returncode == 0, result.stderr


MOUNTED_AGAIN = """
import subprocess, sys
from pathlib import Path
from smugsync.local.part import PartFile
from smugsync.local.placement import Placed, Placement, place
from smugsync.local.shelves import Shelves
from smugsync.local.tree import Mirror
from smugsync.local.versions import Shelf

path = Path(sys.argv[1])
subprocess.run(["mount", "--bind", str(path / "other"), str(path / "mirror/Travel")], check=True)
mirror = Mirror.open(path / "mirror")
part = PartFile.create(mirror.root, "k", directory="Travel")
part.write(b"new")
part.seal(None)
[placed] = place(mirror.root, [Placement(part, "Travel/a.jpg")])
assert isinstance(placed, Placed), placed
kept = mirror.keep_version("Travel/a.jpg", "20261121T214700Z")
assert kept == "Travel/.smugsync/versions/20261121T214700Z/Travel/a.jpg", kept
assert [entry.where for entry in Shelves(mirror.root).entries(Shelf.VERSIONS)] == [kept]
"""


def test_a_second_mount_of_the_same_disk_has_its_own_staging(tmp_path: Path) -> None:
    if not can_mount():
        pytest.skip("no private mounts here")
    (tmp_path / "mirror" / "Travel").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    result = run(MOUNTED_AGAIN, str(tmp_path), prefix=["unshare", "-rm"])
    assert result.returncode == 0, result.stderr
