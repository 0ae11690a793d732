"""`smugsync emulator` as a person starts it: over https, with an account that stays, and with mistakes."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.command import Command
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import Emulated


def test_a_mirror_over_https(emulator: Emulator, command: Command) -> None:
    online = emulator("--tls")
    assert online.origin.startswith("https://")
    command.init(online)
    assert command.sync()["files_downloaded"] > 0
    assert command.sync()["files_downloaded"] == 0


def test_https_is_refused_unless_the_authority_is_named(emulator: Emulator, command: Command) -> None:
    command.init(emulator("--tls"), ca_file="")
    assert "remote.ca_file" in command.refused("sync", code=75)


def test_a_mirror_still_fits_after_the_emulator_was_killed(tmp_path: Path, command: Command) -> None:
    """The account, its tokens and its certificate authority are those of before."""
    arguments = ["--tls", "--state", str(tmp_path / "account")]
    with Emulated(arguments, home=tmp_path) as online:
        port = online.origin.rpartition(":")[2]
        command.init(online)
        command.sync()
        album = online.edit("add-album", name="New")["album"]
        online.edit("add-photo", album=album, file_name="new.jpg", seed=1)
        online.process.send_signal(signal.SIGKILL)
        online.process.wait()
    with Emulated([*arguments, "--port", port], home=tmp_path):
        assert command.sync()["files_downloaded"] == 1
        assert "New/new.jpg" in command.files()
        assert command.sync("--full")["files_downloaded"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (
            ["--switch", "speed=9"],
            2,
            "there is no switch 'speed=9': NAME=VALUE, where NAME is one of max-count,",
        ),
        (["--switch", "max-count=many"], 2, "max-count is a whole number from 1, not 'many'"),
        (["--fault", "nonsense"], 2, "there is no fault 'nonsense'"),
        (["--user", "a/b"], 2, "'a/b' is no nickname"),
        (["--user", "bob=/no/where"], 2, "'/no/where' is no directory"),
        (["--user", "demo"], 2, "--user demo: there is a user demo already"),
        (["--albums", "3", "--state", "x"], 2, "leave out --state"),
        (
            ["--state", "/no/where/x"],
            1,
            "the state file /no/where/x cannot be opened: No such file or directory",
        ),
        (["--state", "/dev/null/x"], 1, "the state file /dev/null/x cannot be opened: Not a directory"),
        (["--state", __file__], 2, "is not a state file of `smugsync emulator`"),
        (["--listen", "203.0.113.7", "-q"], 1, "the emulator cannot serve 203.0.113.7 port 0: "),
        (["/no/where"], 2, "'/no/where' does not exist"),
    ],
)
def test_mistakes_are_one_sentence(command: Command, arguments: list[str], code: int, sentence: str) -> None:
    assert sentence in command.refused("emulator", *arguments, code=code)


def test_a_state_file_of_another_account_is_refused(tmp_path: Path, command: Command) -> None:
    state = str(tmp_path / "account")
    with Emulated(["--state", state, "--nickname", "zoe"], home=tmp_path):
        assert "another emulator works with" in command.refused("emulator", "--state", state, code=11)
    with Emulated(["--state", state], home=tmp_path) as online:
        assert online.ready["nickname"] == "zoe"
    for again in ("demo", "bob"):
        sentence = command.refused("emulator", "--state", state, "--nickname", again, code=2)
        assert f"was filled with --nickname zoe, not --nickname {again}" in sentence


def test_who_listens_everywhere_is_warned(command: Command) -> None:
    with command.start("emulator", "--listen", "0.0.0.0") as running:
        assert running.process.stdout is not None
        assert '"http://127.0.0.1:' in running.process.stdout.readline()
        result = running.signal(signal.SIGTERM)
    assert result.code == 0
    assert "Listening on 0.0.0.0: whoever reaches this address may read and change the account" in result.err
    assert result.seconds < 1.5


def test_the_help_explains_switches_and_faults(command: Command) -> None:
    shown = command.run("emulator", "--help").out
    for part in ("--state FILE", "--tls", "--user NICK[=DIR]", "duplicates=accept|refuse", "KIND[@ROUTE]"):
        assert part in shown
