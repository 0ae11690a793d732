"""What disks, other programs and the account can put in the way: one sentence and one exit code each.

Every test shares one mirrored account, and at the end of each nothing of it may be lost: no file, no
version, no row of the catalogue.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from smugsync.catalogue.database import SCHEMA_VERSION
from tests.e2e.command import Command, until
from tests.e2e.emulated import Emulated

# -- the mirror: 5 and 1 ---------------------------------------------------------------------------


@pytest.fixture
def marker(mirrored: Command) -> Iterator[Path]:
    """The marker's file, put back before the rest is compared."""
    path = mirrored.mirror / ".smugsync" / "mirror.json"
    text = path.read_text()
    yield path
    path.write_text(text)


def test_missing_marker(mirrored: Command, marker: Path) -> None:
    marker.unlink()
    sentence = mirrored.refused("sync", code=5)
    assert f"{mirrored.mirror} has no marker" in sentence
    assert "is it mounted?" in sentence
    assert not marker.exists()


def test_foreign_marker(mirrored: Command, marker: Path) -> None:
    marker.write_text(marker.read_text().replace('"mirror": "', '"mirror": "another'))
    assert "holds another mirror than this account's" in mirrored.refused("sync", code=5)
    marker.write_text("{}")
    assert "is damaged; nothing is touched until it is restored" in mirrored.refused("sync", code=5)


def test_mirror_of_another_account(mirrored: Command, marker: Path) -> None:
    """The right disk for the wrong account: a second profile that was pointed at the same directory."""
    text = marker.read_text()
    account = text.split('"account": "')[1].split('"')[0]
    marker.write_text(text.replace(account, "other1").replace('"demo"', '"somebody"'))
    assert "is the mirror of somebody, not of demo" in mirrored.refused("sync", code=5)


def test_mirror_that_is_not_there(mirrored: Command) -> None:
    """A disk that is not mounted: nothing is created in its place."""
    absent = mirrored.root / "not-mounted"
    sentence = mirrored.refused("sync", code=5, SMUGSYNC_MIRROR=str(absent))
    assert sentence == f"the mirror {absent} does not exist: is the disk mounted?"
    assert not absent.exists()


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this machine does not let us mount: {done.stderr.strip()}")


@contextlib.contextmanager
def mounted(place: Path, *arguments: str) -> Iterator[Path]:
    if os.geteuid() or shutil.which("mount") is None:
        pytest.skip("mounting takes root and mount(8)")
    mount(*arguments, str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_disk_of_its_own_inside_the_mirror(demo: Emulated, command: Command) -> None:
    """Not mounted one day, its photos are neither lost nor fetched below its mount point."""
    command.init(demo)
    travel = command.mirror / "Travel"
    travel.mkdir()
    with mounted(travel, "-t", "tmpfs", "tmpfs"):
        command.sync()
        before = command.files()
        assert any(path.is_file() for path in travel.rglob("*"))
    for refused in (["sync", "--full"], ["verify", "--repair"]):
        assert "at Travel in the mirror, but is not now: mount it" in command.refused(*refused, code=5)
    assert list(travel.iterdir()) == []
    travel.rmdir()  # by a person who has read that
    command.sync("--full")
    assert command.files() == before


def test_read_only_mirror(demo: Emulated, mirrored: Command) -> None:
    with mounted(mirrored.mirror, "--bind", str(mirrored.mirror)):
        mount("-o", "remount,bind,ro", str(mirrored.mirror))
        assert mirrored.sync()["files_downloaded"] == 0, "a run with nothing to write needs no writable disk"
        key = demo.edit("add-photo", album=demo.album("Drafts"), file_name="late.jpg", seed=5)["image"]
        sentence = mirrored.refused("sync", code=1)
        assert f"the mirror {mirrored.mirror} cannot be used: the disk is read-only" in sentence
        demo.edit("delete-photo", image=key)
    mirrored.sync("--full")


def test_too_little_room(demo: Emulated, command: Command) -> None:
    """512 kB for an account of 900 kB: refused as long as the reserve, or the next photo, does not fit."""
    command.mirror.mkdir()
    with mounted(command.mirror, "-t", "tmpfs", "-o", "size=512k", "tmpfs"):
        command.init(demo)
        for reserve in ("1GiB", "0"):
            sentence = command.refused("sync", code=5, SMUGSYNC_RESERVE=reserve)
            assert f"the disk of {command.mirror} has " in sentence
            assert "make room, or lower `reserve`" in sentence
            assert set(command.md5s()) <= set(demo.md5s()), "something half is visible"
        grow(command, demo, "size=64m")


def test_full_disk(demo: Emulated, command: Command) -> None:
    """The disk is full although there seemed to be room: here, no file can be created any more."""
    command.mirror.mkdir()
    with mounted(command.mirror, "-t", "tmpfs", "-o", "size=64m,nr_inodes=40", "tmpfs"):
        command.init(demo)
        sentence = command.refused("sync", code=1, SMUGSYNC_RESERVE="0")
        assert f"the mirror {command.mirror} cannot be used: no space is left" in sentence
        assert "make room, or move the mirror to a larger disk" in sentence
        assert command.parts() == []
        assert set(command.md5s()) <= set(demo.md5s()), "something half is visible"
        grow(command, demo, "nr_inodes=1000")


def grow(command: Command, demo: Emulated, size: str) -> None:
    """There is room now: the mirror is completed, and nothing that was there is fetched again."""
    here = command.files()
    mount("-o", f"remount,{size}", str(command.mirror))
    report = command.sync(SMUGSYNC_RESERVE="0")
    assert command.md5s() == demo.md5s()
    assert report["files_downloaded"] + report["files_shared"] == len(demo.md5s()) - len(here)
    assert here.items() <= command.files().items()


# -- the catalogue: 11 and 1 -----------------------------------------------------------------------


def test_locked_catalogue(demo: Emulated, mirrored: Command) -> None:
    """One process per catalogue; those that only read go on."""
    fault = demo.fault("stall@/api/v2/*:at=-1")
    with mirrored.start("sync") as first:
        until(lambda: demo.struck(fault) == 1)
        sentence = mirrored.refused("sync", code=11)
        assert sentence.startswith(f"process {first.process.pid} is working on profile 'default' already")
        assert mirrored.run("status").code == 0
        assert mirrored.run("ls").code == 0
    demo.calm()


def test_busy_database(mirrored: Command) -> None:
    """Somebody else's tool holds the database: a backup, a browser for SQLite."""
    with contextlib.closing(sqlite3.connect(mirrored.catalogue)) as other:
        other.execute("BEGIN EXCLUSIVE")
        sentence = mirrored.refused("sync", code=11)
    assert (
        sentence == f"another program is writing to the catalogue {mirrored.catalogue}; wait until it is done"
    )


def test_newer_catalogue(mirrored: Command) -> None:
    stamp(mirrored.catalogue, 99)
    try:
        for command in ("sync", "plan", "status", "ls"):
            sentence = mirrored.refused(command, code=1)
            assert f"{mirrored.catalogue} was written by a newer smugsync (schema 99" in sentence
    finally:
        stamp(mirrored.catalogue, SCHEMA_VERSION)


def stamp(catalogue: Path, version: int) -> None:
    with contextlib.closing(sqlite3.connect(catalogue)) as database:
        database.execute(f"PRAGMA user_version = {version}")


def test_damaged_catalogue(mirrored: Command) -> None:
    """A file that is no database is left as it is, and said to be so."""
    kept = mirrored.catalogue.read_bytes()
    for name in ("catalogue.db-wal", "catalogue.db-shm"):
        (mirrored.state / name).unlink(missing_ok=True)
    mirrored.catalogue.write_bytes(b"this is no database at all, but somebody's shopping list" * 100)
    try:
        sentence = mirrored.refused("sync", code=1)
        assert str(mirrored.catalogue) in sentence
        assert mirrored.catalogue.read_bytes().startswith(b"this is no database")
    finally:
        mirrored.catalogue.write_bytes(kept)


def test_state_directory_that_is_a_file(mirrored: Command) -> None:
    sentence = mirrored.refused("sync", SMUGSYNC_STATE_DIR=str(mirrored.config))
    assert f"is {mirrored.config}, which is a file: name a directory" in sentence


# -- the account -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("api_key", "SmugMug does not know this API key"),
        ("api_secret", "SmugMug does not accept our signature: a secret is wrong"),
        ("access_token", "SmugMug does not accept the access token"),
        ("access_token_secret", "SmugMug does not accept our signature: a secret is wrong"),
    ],
)
def test_wrong_credentials(mirrored: Command, wrong: str, sentence: str) -> None:
    mirrored.secrets.append("not-the-right-one")
    environ = {f"SMUGSYNC_REMOTE__{wrong.upper()}": "not-the-right-one"}
    assert mirrored.refused("sync", code=77, **environ).startswith(sentence)


def test_a_clock_a_day_off(demo: Emulated, mirrored: Command) -> None:
    """Signed by the service's clock, with one warning."""
    demo.fault("skew")
    done = mirrored.run("sync", "--full", "--json")
    assert done.code == 0, done
    warnings = done.err.splitlines()
    assert len(warnings) == 1
    assert " warning: this computer's clock is 24 hours behind the time of 127.0.0.1" in warnings[0]
    quiet = mirrored.run("sync", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
