"""`smugsync install-units`: files that are put in their places, and known again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smugsync.cli.units.placing import place, signed
from smugsync.cli.units.templates import UNITS
from tests.e2e.command import Command
from tests.e2e.emulated import SMUGSYNC

TEXTS = {"a.service": signed("[Unit]\n", "x"), "a.service.d/10.conf": signed("[Service]\n", "x")}


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    assert [one.what for one in place(tmp_path, TEXTS, force=False)] == ["written", "written"]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert [one.what for one in place(tmp_path, TEXTS, force=False)] == ["unchanged", "unchanged"]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_what_we_wrote_is_brought_up_to_date(tmp_path: Path) -> None:
    place(tmp_path, TEXTS, force=False)
    newer = {"a.service": signed("[Unit]\nDescription=newer\n", "y")}
    assert [one.what for one in place(tmp_path, newer, force=False)] == ["replaced"]
    assert (tmp_path / "a.service").read_text() == newer["a.service"]


@pytest.mark.parametrize(
    "theirs", ["[Unit]\nDescription=mine\n", TEXTS["a.service"] + "# and a line of mine\n"]
)
def test_what_a_person_wrote_or_changed_is_kept(tmp_path: Path, theirs: str) -> None:
    (tmp_path / "a.service").write_text(theirs)
    newer = {"a.service": signed("[Unit]\nDescription=newer\n", "y")}
    assert [one.what for one in place(tmp_path, newer, force=False)] == ["kept"]
    assert (tmp_path / "a.service").read_text() == theirs
    assert [one.what for one in place(tmp_path, newer, force=True)] == ["replaced"]
    assert (tmp_path / "a.service").read_text() == newer["a.service"]
    assert (tmp_path / "a.service.orig").read_text() == theirs


def test_everybody_may_read_a_unit_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        place(tmp_path, TEXTS, force=False)
    finally:
        os.umask(before)
    assert (tmp_path / "a.service").stat().st_mode & 0o777 == 0o644


@pytest.fixture
def set_up(command: Command) -> Command:
    """A configuration, and no account behind it."""
    command.secrets = ["key-of-nobody", "secret-of-nobody"]
    words = ("--api-key", "key-of-nobody", "--api-secret", "secret-of-nobody")
    assert command.run("init", "--no-input", "--mirror", str(command.mirror), *words).code == 0
    return command


def test_printing_a_user_s_units_needs_nothing(set_up: Command) -> None:
    result = set_up.run("install-units", "--user", "--print")
    assert result.code == 0, result
    assert f"ExecStart={SMUGSYNC} run --profile %i" in result.out
    assert str(set_up.home / ".config/systemd/user/smugsync@.service") in result.out
    assert not (set_up.home / ".config/systemd").exists()


def test_units_for_another_machine_go_into_a_directory(set_up: Command, tmp_path: Path) -> None:
    result = set_up.run("install-units", "--user", "--dir", str(tmp_path / "units"))
    assert result.code == 0, result
    assert {path.name for path in (tmp_path / "units").iterdir()} == set(UNITS)
    assert set_up.run("install-units", "--user", "--dir", str(tmp_path / "units")).out.count(
        "unchanged"
    ) == len(UNITS)


def test_another_configuration_is_named_in_a_drop_in(set_up: Command, tmp_path: Path) -> None:
    where = ("--config", str(set_up.config), "--user", "--dir", str(tmp_path / "units"))
    assert set_up.run("install-units", *where).code == 0
    drop_in = tmp_path / "units/smugsync@default.service.d/10-smugsync.conf"
    assert f"Environment=SMUGSYNC_CONFIG={set_up.config}" in drop_in.read_text()


def test_what_a_person_changed_is_told_and_kept(set_up: Command, tmp_path: Path) -> None:
    where = ("install-units", "--user", "--dir", str(tmp_path / "units"))
    set_up.run(*where)
    unit = tmp_path / "units/smugsync@.service"
    unit.write_text(unit.read_text() + "# mine\n")
    told = set_up.run(*where).error(3)
    assert "was changed" in told
    assert "--force" in told


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--print", "--dir", "x"), 2, "--print and --dir contradict each other"),
        (("--user", "--as", "root"), 2, "--as is for services of the system"),
        (("--as", "no-such-person", "--print"), 2, 'there is no user "no-such-person"'),
        (("--user", "--print", "--profile", "nobody"), 78, 'has no profile "nobody"'),
        (("--user", "--print", "--config", "/nowhere.toml"), 78, "no configuration at /nowhere.toml"),
    ],
)
def test_a_wrong_use_is_one_sentence(set_up: Command, words: tuple[str, ...], code: int, says: str) -> None:
    assert says in set_up.refused("install-units", *words, code=code)


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="systemd runs this machine")
def test_a_machine_without_systemd_is_told_of_scheduled_jobs(set_up: Command) -> None:
    assert "scheduled job" in set_up.refused("install-units", "--user", code=2)


def test_no_secret_stands_in_a_unit(set_up: Command) -> None:
    """`Command` looks for them in all that is printed."""
    assert set_up.run("install-units", "--user", "--print").code == 0
