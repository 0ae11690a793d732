"""Which directories may be adopted, and what is said of those that may not."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from smugsync.cli.adopt import choose
from smugsync.config import Config
from smugsync.config.values import RemoteConfig
from smugsync.errors import UsageError
from smugsync.secret import Secret


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A mirror and a state directory, both empty."""
    home = tmp_path / "home"
    config = Config(
        profile="default",
        path=None,
        state_dir=home / "state",
        mirror=home / "photos" / "mirror",
        remote=RemoteConfig(api_key=Secret("key")),
    )
    config.mirror.mkdir(parents=True)
    config.state_dir.mkdir()
    return config


def photo(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"photo")
    return path


def refusal(config: Config, directory: str | Path) -> str:
    with pytest.raises(UsageError) as caught:
        choose(config, str(directory))
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_folder_beside_the_mirror(config: Config, tmp_path: Path) -> None:
    photo(tmp_path / "old" / "a.jpg")
    assert choose(config, str(tmp_path / "old")).within is None


@pytest.mark.parametrize(("inside", "within"), [("", ""), ("old", "old"), ("a/b", "a/b")])
def test_directory_in_the_mirror(config: Config, inside: str, within: str) -> None:
    photo(config.mirror / inside / "a.jpg")
    assert choose(config, str(config.mirror / inside)).within == within


def test_link_is_what_it_leads_to(config: Config, tmp_path: Path) -> None:
    photo(config.mirror / "old" / "a.jpg")
    (tmp_path / "link").symlink_to(config.mirror)
    assert choose(config, str(tmp_path / "link")).within == ""
    assert choose(config, str(tmp_path / "link" / "old" / ".." / "old")).within == "old"


def test_mirror_that_is_a_link_itself(config: Config, tmp_path: Path) -> None:
    real = tmp_path / "disk"
    config.mirror.rename(real)
    config.mirror.symlink_to(real)
    photo(real / "old" / "a.jpg")
    assert choose(config, str(real / "old")).within == "old"


def test_relative_path_begins_here(config: Config, tmp_path: Path) -> None:
    photo(tmp_path / "old" / "a.jpg")
    with contextlib.chdir(tmp_path):
        assert choose(config, "old").path == tmp_path / "old"


def test_mirror_that_is_not_mounted_is_no_obstacle(config: Config, tmp_path: Path) -> None:
    config.mirror.rmdir()
    photo(tmp_path / "old" / "a.jpg")
    assert choose(config, str(tmp_path / "old")).within is None  # the run itself says what is wrong


def test_what_is_not_there_is_refused(config: Config, tmp_path: Path) -> None:
    told = refusal(config, tmp_path / "nowhere")
    assert told == f"{tmp_path}/nowhere does not exist: name the folder that the photos are in"


def test_file_is_refused(config: Config, tmp_path: Path) -> None:
    assert "a.zip is a file: name the folder" in refusal(config, photo(tmp_path / "a.zip"))


@pytest.mark.parametrize("litter", [[], [".DS_Store"], ["@eaDir", "Thumbs.db"]])
def test_empty_folder_is_refused(config: Config, tmp_path: Path, litter: list[str]) -> None:
    (tmp_path / "empty").mkdir()
    for name in litter:
        (tmp_path / "empty" / name).mkdir()
    assert refusal(config, tmp_path / "empty").endswith("is empty: there is nothing to adopt")


def test_folder_of_archives_is_refused(config: Config, tmp_path: Path) -> None:
    photo(tmp_path / "old" / "Rome-part1.zip")
    photo(tmp_path / "old" / "._Rome-part1.zip")
    assert "unpack them first" in refusal(config, tmp_path / "old")


def test_folder_of_links_is_refused(config: Config, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "2019").symlink_to(photo(tmp_path / "disk" / "a.jpg").parent)
    assert "name the folders they lead to" in refusal(config, tmp_path / "old")


def test_empty_mirror_is_refused(config: Config) -> None:
    photo(config.mirror / ".smugsync" / "mirror.json")
    assert refusal(config, config.mirror).endswith("is empty: there is nothing to adopt")


def test_folder_around_the_mirror_is_refused(config: Config, tmp_path: Path) -> None:
    for directory in (tmp_path, config.mirror.parent):
        assert f"holds the mirror {config.mirror}" in refusal(config, directory)


def test_state_directory_is_refused(config: Config) -> None:
    photo(config.state_dir / "inner" / "x")
    for directory in (config.state_dir, config.state_dir / "inner"):
        assert "is smugsync's own state directory" in refusal(config, directory)


def test_smugsyncs_own_corner_of_the_mirror_is_refused(config: Config) -> None:
    photo(config.mirror / ".smugsync" / "trash" / "a.jpg")
    for path in (".smugsync", ".smugsync/trash"):
        assert "is smugsync's own" in refusal(config, config.mirror / path)


def test_folder_that_may_not_be_read_is_refused(config: Config, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is forbidden to root")
    (tmp_path / "private").mkdir(mode=0)
    assert "cannot be read: Permission denied" in refusal(config, tmp_path / "private")


def test_name_that_is_no_text_is_refused(config: Config, tmp_path: Path) -> None:
    for name in (os.fsdecode(b"caf\xe9"), "nul\0"):
        assert "its name is not valid UTF-8" in refusal(config, f"{tmp_path}/{name}")
