"""The installed command takes back what it did: history, undo, trash and resolve, from the outside."""

from __future__ import annotations

import base64
import hashlib
import os
import pty
import select
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.command import Command, until
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import SMUGSYNC, Emulated

INTERRUPT = b"\x03"
HOUR = 3600


@pytest.fixture
def account(emulator: Emulator, tmp_path: Path) -> Emulated:
    """Two albums of two photos each."""
    library = tmp_path / "library"
    for name in ("Rome/a.jpg", "Rome/b.jpg", "Best/c.jpg", "Best/d.jpg"):
        (library / name).parent.mkdir(parents=True, exist_ok=True)
        (library / name).write_bytes(f"the first {name} ".encode() * 100)
    return emulator(str(library))


@pytest.fixture
def photos(account: Emulated, command: Command) -> Command:
    """That account, mirrored."""
    command.init(account)
    command.sync()
    return command


def replace(account: Emulated, album: str, name: str, text: str) -> str:
    """New bytes online; their MD5, by another program."""
    data = text.encode() * 100
    account.edit("replace-photo", image=account.photo(album, name), data=base64.b64encode(data).decode())
    summed = subprocess.run(["md5sum"], input=data, capture_output=True, check=True)
    return summed.stdout.split()[0].decode()


def last_run(command: Command) -> str:
    return str(command.run("history", "--json", "--limit", "1").json["runs"][0]["run"])


def wait_for_the_trash(command: Command) -> None:
    """As if what was marked had been marked an hour ago."""
    with closing(sqlite3.connect(command.catalogue)) as database, database:
        database.execute("UPDATE file SET retired_at = retired_at - ?", (HOUR,))


def good(command: Command, *arguments: str) -> str:
    result = command.run(*arguments)
    assert result.code == 0, result
    return result.out


def quiet(command: Command, expected: dict[str, str]) -> None:
    """A look at everything fetches nothing and leaves every file as it is."""
    assert command.sync("--full")["files_downloaded"] == 0
    assert command.files() == expected


def test_replaced_photo_comes_back_and_goes_again(account: Emulated, photos: Command) -> None:
    before = photos.files()
    new = replace(account, "Rome", "a.jpg", "the second")
    photos.sync()
    replaced = {**before, "Rome/a.jpg": new}
    assert photos.files() == replaced
    run = last_run(photos)
    dry = photos.everything()
    assert "would be put back" in good(photos, "undo", run, "--dry-run")
    assert photos.everything() == dry
    assert "1 file was put back" in good(photos, "undo", run)
    quiet(photos, before)
    good(photos, "resolve", "Rome/a.jpg", "--keep", "online")
    account.reset_counters()
    quiet(photos, replaced)
    assert account.counters()["media_requests"] == 0


def test_trashed_photo_comes_back_and_stays(account: Emulated, photos: Command) -> None:
    photos.set('mode = "mirror"')
    before = photos.files()
    account.edit("delete-photo", image=account.photo("Rome", "a.jpg"))
    photos.sync()
    wait_for_the_trash(photos)
    photos.sync()
    assert photos.files() == {path: md5 for path, md5 in before.items() if path != "Rome/a.jpg"}
    (listed,) = photos.run("trash", "list", "--json").json["files"]
    assert (listed["path"], listed["shelf"], listed["run"]) == ("Rome/a.jpg", "trash", int(last_run(photos)))
    good(photos, "trash", "restore", "Rome/a.jpg")
    quiet(photos, before)
    wait_for_the_trash(photos)
    quiet(photos, before)


def test_conflict_is_shown_and_decided_by_its_absolute_path(account: Emulated, photos: Command) -> None:
    mine = photos.mirror / "Rome/a.jpg"
    mine.write_bytes(b"what I made of it")
    new = replace(account, "Rome", "a.jpg", "the second")
    photos.sync()
    (open_,) = photos.run("resolve", "--json").json["conflicts"]
    assert open_["path"] == "Rome/a.jpg"
    assert "1 conflict waits for your decision" in good(photos, "status")
    said = good(photos, "resolve", str(mine), "--keep", "local")
    assert photos.files()["Rome/a.jpg"] == hashlib.md5(b"what I made of it").hexdigest()
    assert open_["online"] not in photos.files()
    where = photos.mirror / ".smugsync" / "versions"
    (kept,) = (path for path in where.rglob("a (online*") if path.is_file())
    assert hashlib.md5(kept.read_bytes()).hexdigest() == new
    assert kept.name.split(" ")[0] in said
    assert "decision" not in good(photos, "status")
    assert "Nothing waits" in photos.run("resolve").err
    quiet(photos, photos.files())


def test_history_is_read_beside_a_running_sync(account: Emulated, command: Command) -> None:
    command.init(account)
    account.fault("slow@/photos/*:seconds=60,min=0")
    with command.start("sync") as running:
        until(lambda: command.run("history").out.count("goes on") == 1)
        assert command.run("resolve").code == command.run("trash", "list").code == 0
        assert "already" in command.refused("undo", "1", code=11)
        running.signal(signal.SIGKILL)
    account.calm()
    assert "killed before its end" in good(command, "history")


@pytest.mark.skipif(shutil.which("strace") is None, reason="there is no strace to kill it with")
def test_killed_between_two_renames_the_undo_is_finished_by_another(
    account: Emulated, photos: Command
) -> None:
    before = photos.files()
    replaced = {name: replace(account, "Rome", name, f"the second {name}") for name in ("a.jpg", "b.jpg")}
    photos.sync()
    run = last_run(photos)
    photos.prefix = [
        "strace",
        "-qqf",
        "-o",
        "/dev/null",
        "-e",
        "inject=renameat2:signal=KILL:when=2",
    ]
    assert photos.run("undo", run).code in {-signal.SIGKILL, 128 + signal.SIGKILL}
    photos.prefix = ()
    kept = (photos.mirror / ".smugsync" / "versions").rglob("*.jpg")
    there = {*photos.files().values(), *(hashlib.md5(path.read_bytes()).hexdigest() for path in kept)}
    assert there >= {*before.values(), *replaced.values()}
    good(photos, "undo", run)
    quiet(photos, before)


def test_emptying_asks_on_a_terminal(photos: Command) -> None:
    lost = photos.mirror / ".smugsync/trash/20250101T000000Z/Rome/a.jpg"
    lost.parent.mkdir(parents=True)
    lost.write_bytes(b"x" * 2000)
    assert "give --yes" in photos.refused("trash", "empty", code=2)
    assert ask(photos, b"n\n") == (0, "Nothing was deleted.")
    assert lost.exists()
    assert ask(photos, INTERRUPT)[0] == 130
    assert lost.exists()
    assert ask(photos, b"y\n")[0] == 0
    assert not lost.exists()


def ask(command: Command, answer: bytes) -> tuple[int, str]:
    """`trash empty` on a terminal that answers; the exit code, and the last line shown."""
    ours, theirs = pty.openpty()
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(command.home), "LANG": "C.UTF-8", "TERM": "xterm"}
    with subprocess.Popen(
        ["setsid", "--ctty", "--wait", SMUGSYNC, "trash", "empty"],  # a terminal of its own
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        while not shown.endswith(b"]: "):
            shown += os.read(ours, 1024)
        assert b"1 file, 2.0 kB, in .smugsync/trash: delete them for good?" in shown
        os.write(ours, answer)
        try:
            while True:
                # Between showing a prompt and reading on Python may miss an interrupt: it is repeated.
                while answer == INTERRUPT and not select.select([ours], [], [], 0.5)[0]:
                    os.write(ours, answer)
                if not (part := os.read(ours, 1024)):
                    break
                shown += part
        except OSError:  # the other end was closed
            pass
        os.close(ours)
        return process.wait(20), shown.decode().splitlines()[-1]
