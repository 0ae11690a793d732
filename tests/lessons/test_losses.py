"""What other tools lost, spoiled or wrongly deleted, and this one must not."""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from smugsync.cli import COMMANDS
from smugsync.core.model import Account, Album, RemoteFile
from smugsync.remote.dialect import Page, Reply, Span
from smugsync.remote.gallery import Gallery
from smugsync.remote.session import Session
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.sync.context import Scope
from smugsync.sync.report import What
from tests.e2e.command import Command, until
from tests.e2e.conftest import Emulator, ledger
from tests.e2e.test_auth import control, prepare, remote, sign_in
from tests.sync.world import DELTA, EVERYTHING, ORIGIN, World, content, md5

# -- bytes that are not the photo's ----------------------------------------------------------------


def half(seed: int) -> bytes:
    return content(seed)[: len(content(seed)) // 2]


def equally_long(seed: int) -> bytes:
    return bytes(len(content(seed)))


@pytest.mark.parametrize("wrong", [half, equally_long])
def test_file_of_the_right_name_is_not_taken_for_the_photo(
    world: World, wrong: Callable[[int], bytes]
) -> None:
    """What another tool left half is no proof and is not overwritten: the photo comes beside it, once."""
    world.photo(world.album("One"), "a.jpg", 1)
    target = world.path / "One" / "a.jpg"
    target.parent.mkdir()
    target.write_bytes(wrong(1))
    report = world.sync()
    assert (report.files_adopted, report.files_downloaded, report.counts[What.CONFLICT]) == (0, 1, 1)
    assert target.read_bytes() == wrong(1)
    files = world.files()
    assert len(files) == 2
    assert md5(1) in files.values()
    assert not world.sync().counts
    assert world.files() == files


@pytest.mark.parametrize("fault", ["truncate", "reset:at=40", "corrupt", "empty@/photos/*", "html@/photos/*"])
def test_replacement_that_breaks_off_leaves_the_good_file(world: World, fault: str) -> None:
    key = world.photo(world.album("One"), "a.jpg", 1)
    world.sync()
    world.replace(key, 2)
    world.fault(fault)
    assert world.sync().exit_code == 3
    assert (world.files(), world.set_aside()) == ({"One/a.jpg": md5(1)}, [])
    world.calm()
    assert world.sync().exit_code == 0
    assert (world.files(), world.set_aside()) == ({"One/a.jpg": md5(2)}, [md5(1)])


@pytest.mark.parametrize("fault", ["truncate", "reset:at=40"])
def test_video_that_breaks_off_leaves_no_file_of_any_name(world: World, fault: str) -> None:
    """Neither the half under its name, nor a second copy with a suffix once the whole has come."""
    album = world.album("One")
    world.edit("add-photo", album=album, file_name="film.mp4", seed=3)
    world.fault(fault)
    assert world.sync().exit_code == 3
    assert world.files() == {}
    world.calm()
    assert world.sync().exit_code == 0
    assert list(world.files()) == ["One/film.mp4"]
    assert list(world.files().values()) == world.online()


# -- what is not there, and what is not shown ------------------------------------------------------


class Muzzled(World):
    """A world whose service, once `quiet`, shows each album as empty, by a whole listing and by its count."""

    quiet = False

    def open_gallery(self, session: Session) -> Gallery:
        return Gallery(_Muzzle(ORIGIN) if self.quiet else SmugMugV2(ORIGIN), session)


class _Muzzle(SmugMugV2):
    def read_albums(self, reply: Reply, span: Span, account: Account) -> Page[Album]:
        page = super().read_albums(reply, span, account)
        return replace(page, items=tuple(replace(album, image_count=0) for album in page.items))

    def read_files(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]:
        return Page((), 0)


@pytest.mark.parametrize("archive", [True, False])
def test_album_that_only_seems_empty_loses_nothing(tmp_path: Path, *, archive: bool) -> None:
    """Nothing contradicts it but the photos' own addresses, and these are asked."""
    world = Muzzled(tmp_path)
    for seed in (1, 2):
        world.photo(world.album(f"Album {seed}"), "a.jpg", seed)
    world.sync()
    before = world.files()
    world.quiet = True
    for _ in range(3):
        report = world.sync(archive=archive)
        assert (report.exit_code, dict(report.counts)) == (3, {})
        assert {trouble.reason for trouble in report.troubles} == {
            "1 file is no longer listed, but not proven gone"
        }
    assert world.files() == before
    world.quiet = False
    report = world.sync(archive=archive)
    assert (report.exit_code, report.files_downloaded, dict(report.counts)) == (0, 0, {})


@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.parametrize("scope", [EVERYTHING, DELTA])
def test_what_is_excluded_for_a_while_is_not_fetched_again(
    world: World, scope: Scope, *, archive: bool
) -> None:
    """Another filter ends the updates of an album, and nothing else."""
    for name in ("One", "Two"):
        world.photo(world.album(name), "a.jpg", 1)
    world.sync()
    before = world.files()
    for selects in (lambda path: path == "/Two", lambda path: False, lambda path: True):
        report = world.sync(scope, selects=selects, archive=archive)
        assert (report.exit_code, report.files_downloaded, dict(report.counts)) == (0, 0, {})
    assert world.files() == before


def test_local_loss_is_nothing_the_service_hears_of(emulator: Emulator, command: Command) -> None:
    """Files and whole directories that vanish here are fetched again; nothing but GET is ever sent."""
    online = emulator()
    command.init(online)
    command.sync()
    before = command.files()
    for path in sorted(before)[::2]:
        (command.mirror / path).unlink()
    for directory in sorted(command.mirror.rglob("Twins"), reverse=True):
        for file in directory.iterdir():
            file.unlink()
        directory.rmdir()
    account = online.md5s()
    command.sync("--full")
    assert command.files() == before
    assert online.md5s() == account
    assert {row["method"] for row in online.counters()["requests"]} == {"GET"}


# -- edits, renames and times ----------------------------------------------------------------------


def test_edit_here_survives_a_rename_online(world: World) -> None:
    album = world.album("One")
    world.photo(album, "a.jpg", 1)
    world.photo(album, "b.jpg", 2)
    world.sync()
    world.write("One/a.jpg", 7)
    world.edit("rename", album=album, name="Uno", url_name="Uno")
    assert world.sync(DELTA).exit_code == 0
    assert world.files() == {"Uno/a.jpg": md5(7), "Uno/b.jpg": md5(2)}


def test_edit_here_survives_a_rename_and_a_replacement_online(world: World) -> None:
    album = world.album("One")
    key = world.photo(album, "a.jpg", 1)
    world.sync()
    world.write("One/a.jpg", 7)
    world.edit("rename", album=album, name="Uno", url_name="Uno")
    world.replace(key, 2)
    assert world.sync(DELTA).counts[What.CONFLICT] == 1
    files = world.files()
    assert files.pop("Uno/a.jpg") == md5(7)
    assert list(files.values()) == [md5(2)]


@pytest.mark.parametrize("seconds", [0, 1, 4_000_000_000])
def test_times_decide_nothing(world: World, seconds: int) -> None:
    """A file that looks newer or older than anything is replaced by what is online, and is not fetched
    again for its looks."""
    key = world.photo(world.album("One"), "a.jpg", 1)
    world.sync()
    os.utime(world.path / "One" / "a.jpg", (seconds, seconds))
    report = world.sync()
    assert (report.exit_code, report.files_downloaded, dict(report.counts)) == (0, 0, {})
    os.utime(world.path / "One" / "a.jpg", (seconds + 2, seconds + 2))
    world.replace(key, 2)
    report = world.sync()
    assert (report.exit_code, report.counts[What.REPLACED]) == (0, 1)
    assert (world.files(), world.set_aside()) == ({"One/a.jpg": md5(2)}, [md5(1)])


# -- signing in again in the middle ----------------------------------------------------------------

FILM = 24_000_000


def test_half_a_video_is_still_half_of_it_after_signing_in_again(
    emulator: Emulator, command: Command, tmp_path: Path
) -> None:
    """The line breaks, the address no longer holds and the token is revoked: nothing is there then. After a
    new sign-in, the same video is there, once, under its name."""
    film = tmp_path / "library" / "Films" / "film.mp4"
    film.parent.mkdir(parents=True)
    film.write_bytes(hashlib.shake_128(b"a film").digest(FILM))
    online = emulator(str(tmp_path / "library"), "--switch", "authorize=approve")
    prepare(online.ready, command)
    sign_in(command)
    broken = online.fault(f"truncate@/photos/*:at={FILM // 2},times=1")
    online.fault("html@/photos/*:status=403,after=1")
    with command.start("sync") as running:
        until(lambda: online.struck(broken) == 1)
        control(online, "DELETE", f"tokens/{remote(command)['access_token']}")
        sentence = running.finish().error(77)
    assert sentence == "the access token was revoked; run `smugsync auth login`"
    assert command.files() == {}

    online.calm()
    sign_in(command)
    assert command.sync()["files_downloaded"] == 1
    assert command.files() == {"Films/film.mp4": hashlib.md5(film.read_bytes()).hexdigest()}
    assert command.parts() == []
    assert online.counters()["media_bytes"] < 1.2 * FILM, "what had come was not fetched again"


# -- dry runs --------------------------------------------------------------------------------------


def test_every_dry_run_changes_nothing(emulator: Emulator, command: Command) -> None:
    """A command that has `--dry-run` and is not tried here fails this test."""
    online = emulator()
    command.init(online)
    command.sync()
    online.edit("replace-photo", image=online.photo("Ring Road", "DSC_4205.JPG"), seed=100)
    command.sync()
    last = command.run("history", "--json").json["runs"][0]["run"]
    online.edit("replace-photo", image=online.photo("Ring Road", "DSC_4205.JPG"), seed=101)
    online.edit("delete-photo", image=online.photo("Ring Road", "DSC_4203.JPG"))
    online.edit("rename", album=online.album("Twins"), name="Doubles", url_name="Doubles")
    other = command.root / "other"
    shutil.copytree(command.mirror / "Twins", other)
    (next(other.iterdir())).write_bytes(b"something else")
    tried = {
        "sync": [],
        "adopt": [str(other)],
        "undo": [str(last)],
        "upload": ["--existing"],
        "trash empty": ["--shelf", "all", "--yes"],
        "trash restore": ["--shelf", "all", "--all"],
        "remote migrate": [],
    }
    assert set(having_dry_run()) == tried.keys()
    before, rows = everything_but_the_state(command), ledger(command)
    for name, arguments in tried.items():
        result = command.run(*name.split(), *arguments, "--dry-run", SMUGSYNC_UPLOAD__ENABLED="true")
        assert result.code in (0, 3, 5), result  # 5: there is nowhere to move to
        assert everything_but_the_state(command) == before, name
        assert ledger(command) == rows, name
    assert command.sync()["counts"] == {"replaced": 1, "gone": 1, "album_moved": 1}


def everything_but_the_state(command: Command) -> dict[str, str]:
    found = command.everything().items()
    return {path: md5 for path, md5 in found if not path.startswith("default/")}


def having_dry_run() -> Iterator[str]:
    """All commands with such an option, `trash empty` for the one below another."""

    def walk(found: click.Command, path: str) -> Iterator[str]:
        if isinstance(found, click.Group):
            context = click.Context(found)
            for name in found.list_commands(context):
                below = found.get_command(context, name)
                assert below is not None
                yield from walk(below, f"{path} {name}")
        elif any("--dry-run" in option.opts for option in found.params):
            yield path

    for name, (place, _) in COMMANDS.items():
        module, _, attribute = place.partition(":")
        yield from walk(getattr(importlib.import_module(module), attribute), name)
