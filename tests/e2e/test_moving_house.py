"""`smugsync remote migrate`, by the installed command."""

from __future__ import annotations

import pytest

from tests.e2e.command import Command, sha256sums
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import Emulated


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Emulated:
    return emulator("--albums", "2", "--images", "3", "--bytes", "4000")


def set_up(command: Command, account: Emulated, *options: str, **names: str) -> None:
    command.secrets = list(account.secrets)
    given = [f"--{option.replace('_', '-')}={account.ready[name]}" for option, name in names.items()]
    done = command.run("init", "--no-input", f"--mirror={command.mirror}", *options, *given)
    assert done.code == 0, done


KEYS = {name: name for name in ("api_key", "api_secret", "access_token", "access_token_secret")}


def test_a_mirror_of_the_older_api_goes_on_through_v2(account: Emulated, command: Command) -> None:
    set_up(command, account, "--remote=smugmug-1.3.0", api_url="legacy_url", **KEYS)
    command.sync()
    before = sha256sums(command.mirror)
    assert len(before) == 6
    set_up(
        command,
        account,
        "--force",
        **KEYS,
        **{name: name for name in ("api_url", "upload_url", "oauth_url")},
    )
    assert "`smugsync remote migrate` has it go on through this one" in command.run("sync").error(5)
    trial = command.run("remote", "migrate", "--dry-run")
    assert (trial.code, trial.err) == (0, "")
    assert trial.out.splitlines()[0] == (
        "2 albums with 6 photos would be recognised: 6 by their key, 0 by their MD5, 0 by name and size."
    )
    assert command.run("sync").code == 5
    moved = command.run("remote", "migrate", "--json")
    assert (moved.code, moved.json["by_key"], moved.json["left"]) == (0, 6, 0)
    assert command.sync("--full")["files_downloaded"] == 0
    assert sha256sums(command.mirror) == before
    again = command.run("remote", "migrate")
    assert "there is nothing to move" in again.error(5)
