"""What the watching daemon sends by itself. It polls once, at its start: what comes later was seen here."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import Command, until
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import Emulated
from tests.e2e.test_daemon import daemon, state, stop
from tests.e2e.test_uploading import UPLOADS, albums, md5_of
from tests.sync.world import content

#: Polls of the tree come soon, should this machine have no inotify to spare.
WATCHING = {**UPLOADS, "SMUGSYNC_SCHEDULE__POLL": "6h", "SMUGSYNC_WATCH__POLL": "5s"}


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Emulated:
    return emulator("--albums", "2", "--images", "3", "--bytes", "4000")


@pytest.fixture
def owner(account: Emulated, tmp_path: Path) -> Command:
    """Mirrored, with uploads on."""
    command = Command(tmp_path)
    command.init(account)
    command.environ = dict(WATCHING)
    command.sync()
    return command


def drop(path: Path, data: bytes) -> str:
    """A file as a camera's card leaves it; its MD5."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return md5_of(data)


def is_online(account: Emulated, *md5s: str) -> bool:
    return set(md5s) <= set(account.md5s())


def is_watching(command: Command) -> bool:
    """Its watch stands, and what it asked for at its beginning is done."""
    found = state(command)
    is_idle = bool(found) and not found["scope"] and "poll" in found["due"]
    return is_idle and stands(found) and found["due"]["poll"] > found["since"] + 60


def stands(found: dict[str, Any]) -> bool:
    """All is watched that is to be, in whatever way."""
    ways = [way.rpartition(": ")[2] for way in found["watching"].split("; ")]
    return not {"", "starting", "lost"} & set(ways)


@pytest.mark.parametrize(("mode", "poll"), [("auto", "1m"), ("poll", "5s")])
def test_a_photo_that_is_dropped_into_an_album_goes_up_by_itself(
    account: Emulated, owner: Command, mode: str, poll: str
) -> None:
    with daemon(owner, SMUGSYNC_WATCH__MODE=mode, SMUGSYNC_WATCH__POLL=poll) as running:
        until(lambda: is_watching(owner))
        for n in (1, 2):  # the first may still be found by the look at everything with which a watch begins
            path = owner.mirror / albums(owner)[0] / f"{n} seen by {mode}.jpg"
            md5 = drop(path, content(n) + mode.encode())
            until(partial(is_online, account, md5))
        stop(running)


def test_a_thousand_files_in_new_folders_go_up_once_each(account: Emulated, owner: Command) -> None:
    with daemon(owner) as running:
        until(lambda: is_watching(owner))
        written = [
            drop(owner.mirror / f"Poured {n % 3}" / f"{n:04}.jpg", content(n) + n.to_bytes(4, "big"))
            for n in range(1000)
        ]
        until(partial(is_online, account, *written), seconds=120)
        stop(running)
    online = Counter(account.md5s())
    assert [online[one] for one in written] == [1] * 1000
    assert owner.sync()["files_sent"] == 0


def test_what_is_put_into_a_drop_folder_goes_up_at_once(account: Emulated, owner: Command) -> None:
    folder = owner.root / "drop"
    folder.mkdir()
    text = owner.config.read_text()
    owner.config.write_text(f'{text}\n[[upload.routes]]\nfolder = "{folder}"\nalbum = "/Inbox"\n')
    with daemon(owner) as running:
        until(lambda: is_watching(owner), shown=lambda: state(owner))
        assert f"; {folder}: " in state(owner)["watching"]
        first = drop(folder / "first.jpg", content(90))
        until(lambda: first in account.md5s())
        second = drop(folder / "below" / "second.jpg", content(91))
        until(lambda: second in account.md5s())
        stop(running)
    assert not list(folder.rglob("*.jpg"))


def test_a_drop_folder_that_comes_late_is_watched_from_then_on(account: Emulated, owner: Command) -> None:
    folder = owner.root / "late"
    text = owner.config.read_text()
    owner.config.write_text(f'{text}\n[[upload.routes]]\nfolder = "{folder}"\nalbum = "/Inbox"\n')
    with daemon(owner) as running:
        until(lambda: state(owner)["watching"].endswith(f"; {folder}: lost"))
        md5 = drop(folder / "late.jpg", content(95))
        until(lambda: md5 in account.md5s())
        result = stop(running)
    assert result.err.count("a drop folder is not watched") == 1


def test_a_disk_that_goes_away_is_noticed_though_nothing_is_due(account: Emulated, owner: Command) -> None:
    away = owner.mirror.with_name("away")
    with daemon(owner) as running:
        until(lambda: is_watching(owner))
        owner.mirror.rename(away)
        until(lambda: bool(state(owner)["held"]))
        assert state(owner)["held"]["cause"] == "unmounted"
        assert not owner.mirror.exists()
        away.rename(owner.mirror)
        owner.run("sync-now")
        until(lambda: state(owner)["held"] is None)
        until(lambda: stands(state(owner)), shown=lambda: state(owner))
        md5 = drop(owner.mirror / albums(owner)[0] / "back.jpg", content(97))
        until(partial(is_online, account, md5))
        stop(running)


def test_what_it_fetches_itself_does_not_wait_to_be_sent(account: Emulated, owner: Command) -> None:
    album = next(str(node["album"]) for node in account.nodes() if "album" in node)
    with daemon(owner) as running:
        until(lambda: is_watching(owner))
        before = set(owner.files())
        for name in ("one.jpg", "other.jpg"):
            account.edit("add-photo", album=album, file_name=name)
        fault = account.fault("stall@/photos/*:at=100,after=1")
        owner.run("sync-now")
        until(lambda: account.struck(fault) >= 1 and len(owner.files()) > len(before))
        (fetched,) = set(owner.files()) - before
        folder = (owner.mirror / fetched).parent
        sent = [drop(folder / f"{n} of my own.jpg", content(98 + n)) for n in (1, 2)]
        until(lambda: state(owner)["waiting"] >= 2)
        assert state(owner)["waiting"] == 2
        account.calm()
        assert owner.run("pause").code == owner.run("resume").code == 0
        until(partial(is_online, account, *sent))
        stop(running)
