"""Which profiles a daemon keeps, and what of their configurations its keepers are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from smugsync.cli.invocation import Invocation
from smugsync.cli.profiles import Profiles
from smugsync.config.listing import profiles
from smugsync.errors import ConfigError

KEY = '[remote]\napi_key = "abc"\nuser = "demo"\n'


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def loader(path: Path, tmp_path: Path, only: str | None = None) -> Profiles:
    environ = {"HOME": str(tmp_path), "SMUGSYNC_STATE_DIR": str(tmp_path / "state")}
    return Profiles(Invocation(environ=environ, config_path=path), only)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ("default",)),
        ('mirror = "/a"', ("default",)),
        ('mirror = "/a"\n[profile.lab]\nmirror = "/b"', ("default", "lab")),
        ('[profile.lab]\nmirror = "/b"\n[profile.dad]\nmirror = "/c"', ("lab", "dad")),
        ('mirror = "/a"\n[profile.lab]\nmode = "mirror"', ("default",)),
        ('[profile.default]\nmirror = "/a"', ("default",)),
    ],
)
def test_profiles_with_a_mirror_of_their_own(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    assert profiles(write(tmp_path, text), {}) == names


def test_the_environment_may_give_the_default_profile_its_mirror(tmp_path: Path) -> None:
    path = write(tmp_path, '[profile.lab]\nmirror = "/b"')
    assert profiles(path, {"SMUGSYNC_MIRROR": "/a"}) == ("default", "lab")
    assert profiles(tmp_path / "none.toml", {}) == ("default",)


@pytest.mark.parametrize("text", ["mirror = ", "profile = 1"])
def test_a_file_that_cannot_be_read_is_told_of(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"TOML|tables"):
        profiles(write(tmp_path, text), {})


def test_a_profile_that_is_wrong_stands_beside_those_that_are_right(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f'mirror = "{tmp_path}/a"\n{KEY}[profile.lab]\nmirror = "{tmp_path}/b"\nmode = "mirorr"\n',
    )
    loaded = loader(path, tmp_path).load()
    assert [one.name for one in loaded.profiles] == ["default"]
    assert list(loaded.unusable) == ["lab"]


def test_if_every_profile_is_wrong_all_is_told_once(tmp_path: Path) -> None:
    path = write(tmp_path, f'mode = "mirorr"\nmirror = "{tmp_path}/a"\n{KEY}')
    with pytest.raises(ConfigError) as caught:
        loader(path, tmp_path).load()
    assert len(caught.value.problems) == 1


def test_the_one_that_was_named_is_read_alone(tmp_path: Path) -> None:
    path = write(tmp_path, f'mirror = "{tmp_path}/a"\n{KEY}[profile.lab]\nmirror = "{tmp_path}/b"\n')
    loaded = loader(path, tmp_path, "lab").load()
    assert [one.name for one in loaded.profiles] == ["lab"]


def test_what_was_not_changed_is_equal_and_what_was_is_not(tmp_path: Path) -> None:
    text = f'mirror = "{tmp_path}/a"\n{KEY}'
    path = write(tmp_path, text)
    found = loader(path, tmp_path)
    before, stamp = found.load().profiles[0], found.stamp()
    assert found.load().profiles[0].settings == before.settings
    assert found.stamp() == stamp
    write(tmp_path, f'mode = "mirror"\n{text}')
    assert found.load().profiles[0].settings != before.settings
    assert found.stamp() != stamp


def test_nothing_is_watched_where_nothing_is_sent(tmp_path: Path) -> None:
    path = write(tmp_path, f'mirror = "{tmp_path}/a"\n{KEY}')
    assert loader(path, tmp_path).load().profiles[0].watch is None
