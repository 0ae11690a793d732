"""What the scenarios of local files measure with: it has to count right, and take what it says it takes."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.programs import listening, walks
from benchmarks.scenarios.disk import FILES
from benchmarks.scenarios.peers import binary_of
from benchmarks.scenarios.sending import _jpeg
from benchmarks.stage.needs import Skip, need_disk


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for number in range(4):
        home = tmp_path / "tree" / f"{number // 2}" / f"{number % 2}"
        home.mkdir(parents=True)
        for name in range(3):
            (home / f"{name}.jpg").write_bytes(b"a photo")
    return tmp_path / "tree"


@pytest.mark.parametrize("contestant", sorted(walks.CONTESTANTS))
def test_every_walk_finds_every_file_and_no_directory(contestant: str, tree: Path) -> None:
    assert walks.CONTESTANTS[contestant](tree) == 12


def test_word_of_closed_files_is_awaited_and_the_tree_left_as_it_was(tree: Path) -> None:
    before = sorted(tree.rglob("*"))
    milliseconds, watched = listening.seen(tree)
    assert 0 < milliseconds < 10_000
    assert watched == 7
    assert sorted(tree.rglob("*")) == before


def test_a_place_in_memory_is_no_disk(tmp_path: Path) -> None:
    disk, memory = "1 1 0:1 / / rw - ext4 /dev/vda rw\n", "2 1 0:2 / /mnt/quick rw - tmpfs tmpfs rw\n"
    need_disk(tmp_path, disk + memory)
    with pytest.raises(Skip, match="/mnt/quick is tmpfs, which is memory and no disk"):
        need_disk(Path("/mnt/quick/smugsync-bench-1"), disk + memory)


def test_only_the_files_of_the_burst_are_counted(tree: Path) -> None:
    before = sorted(tree.rglob("*"))
    assert listening.burst(tree, 20) == (20.0, 7)
    assert sorted(tree.rglob("*")) == before


def test_files_to_prove_are_five_gigabytes() -> None:
    assert (len(FILES), round(sum(FILES) / 1e9, 1)) == (20_005, 5.0)


@pytest.mark.parametrize("size", [150_000, 150_001, 200_000, 249_900])
def test_made_up_pictures_are_whole_and_of_the_size_that_is_said(size: int) -> None:
    data = _jpeg(3, size)
    assert len(data) == size
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()  # raises OSError if it is cut short


def test_pictures_differ() -> None:
    assert _jpeg(3, 150_000) != _jpeg(3, 150_000)


class TestBinaries:
    def test_without_one_the_variable_is_named(self) -> None:
        with pytest.raises(Skip, match="set RCLONE to the path"):
            binary_of("RCLONE", {})

    def test_what_cannot_be_run_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "rclone").touch(0o600)
        with pytest.raises(Skip, match="rclone is no program"):
            binary_of("RCLONE", {"RCLONE": str(tmp_path / "rclone")})
        with pytest.raises(Skip, match="gone is no program"):
            binary_of("RCLONE", {"RCLONE": str(tmp_path / "gone")})

    def test_one_that_is_there_is_taken_wherever_it_is_run(self, tmp_path: Path) -> None:
        (tmp_path / "rclone").touch(0o700)
        relative = os.path.relpath(tmp_path / "rclone")
        assert binary_of("RCLONE", {"RCLONE": relative}) == str((tmp_path / "rclone").resolve())
