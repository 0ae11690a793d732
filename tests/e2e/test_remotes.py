"""Every kind of remote by the installed command: set up, looked at, mirrored; and no secret is said."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from smugsync.config.remotes import KINDS, REMOTES, Way
from smugsync.emulator.media.pictures import make_picture
from tests.e2e.command import Command
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import Emulated
from tests.e2e.record import RECORD, files_that_hold
from tests.e2e.test_auth import by_code, code_at

#: What the emulator announces for each way.
NAMES = {
    Way.OAUTH: ("api_key", "api_secret", "access_token", "access_token_secret"),
    Way.PASSWORD: ("api_key", "email", "password"),
    Way.PAIR: ("public_key", "private_key"),
}
HIDDEN = {name for names in NAMES.values() for name in names} - {"email"}


@pytest.fixture(scope="module")
def online(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Emulated:
    """One small library for all of them, and people who let everybody in."""
    library = tmp_path_factory.mktemp("library")
    for number, name in enumerate(("Travel/Iceland/a.jpg", "Travel/Iceland/b.jpg", "Sea/c.jpg")):
        (library / name).parent.mkdir(parents=True, exist_ok=True)
        (library / name).write_bytes(make_picture(number, taken=None))
    started = emulator(str(library), "--switch", "authorize=approve")
    RECORD.hand_out(*(started.ready[name] for name in HIDDEN))
    return started


def places(online: Emulated, kind: str) -> dict[str, str]:
    if kind == "pixelpost":
        return {"site_url": online.ready["pixelpost_url"]}
    if kind == "smugmug-v2":
        return {name: online.ready[name] for name in REMOTES[kind].places}
    return {"api_url": online.ready["legacy_url"]}


def set_up(command: Command, online: Emulated, kind: str, *names: str) -> None:
    command.secrets = [online.ready[name] for name in names if name in HIDDEN]
    given = places(online, kind) | {name: online.ready[name] for name in names}
    options = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
    done = command.run("init", "--no-input", f"--remote={kind}", f"--mirror={command.mirror}", *options)
    assert (done.code, done.err) == (0, ""), done


def sha256s(mirror: Path) -> list[str]:
    files = [path for path in mirror.rglob("*") if path.is_file() and ".smugsync" not in path.parts]
    return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)


@pytest.fixture(scope="module")
def photos(online: Emulated, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The account's photos, as API v2 gives them."""
    command = Command(tmp_path_factory.mktemp("v2"))
    set_up(command, online, "smugmug-v2", *NAMES[Way.OAUTH])
    command.sync()
    return sha256s(command.mirror)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_each_kind_mirrors_the_same_account(
    online: Emulated, photos: list[str], command: Command, kind: str
) -> None:
    way = REMOTES[kind].ways[0]
    set_up(command, online, kind, *NAMES[way])
    done = command.run("-vv", "--log-format", "json", "sync")
    assert done.code == 0, done
    assert sha256s(command.mirror) == photos
    assert list(files_that_hold(command.secrets, command.root)) == [command.config]


def test_a_sign_in_by_a_browser_serves_the_older_api(online: Emulated, command: Command) -> None:
    """The three steps are the same; whose it is, and what was granted, the older API says itself."""
    set_up(command, online, "smugmug-1.3.0", "api_key", "api_secret")
    signed = by_code(command, code_at)
    assert signed.code == 0, signed
    assert signed.out.splitlines()[:2] == ["Signed in as demo", "Access: Full, private albums too"]
    found = command.run("auth", "status", "--json").json
    assert (found["remote"], found["access"], found["permissions"]) == ("smugmug-1.3.0", "Full", "Read")
