"""Files are hashed while nobody waits but those who ask for them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smugsync.emulator.account.content import File
from smugsync.emulator.account.model import Image
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_video
from smugsync.emulator.settings import Settings
from smugsync.stop import Stop
from tests.emulator.ask import Client
from tests.emulator.places import new_album, uri

PATIENCE = 10  # seconds for what should take none


class Watched(File):
    """A file that says when it is about to be hashed."""

    def __init__(self, path: Path, see: Callable[[], object]) -> None:
        super().__init__(path)
        self._see = see

    @property
    def md5(self) -> str:
        if not self.is_hashed:
            self._see()
        return super().md5


class Beside:
    """Does something in another thread, and counts how often that ended."""

    def __init__(self, what: Callable[[], object]) -> None:
        self.what = what
        self.done = self.begun = 0

    def __call__(self) -> None:
        self.begun += 1
        thread = threading.Thread(target=self._do, daemon=True)
        thread.start()
        thread.join(PATIENCE)

    def _do(self) -> None:
        self.what()
        self.done += 1


@pytest.fixture
def owner() -> Client:
    """Of an account with nothing in it."""
    return Client(Emulator(Settings(albums=0)))


def put(owner: Client, path: Path, see: Callable[[], object], **settings: Any) -> Image:
    path.write_bytes(b"something")
    album = new_album(owner, "Sea")
    return owner.emulator.account.add_photo(album, path.name, Watched(path, see), **settings)


MD5 = hashlib.md5(b"something").hexdigest()


@pytest.mark.parametrize("where", ["!images", "image", "!highlightimage"])
def test_others_are_answered_while_a_file_is_hashed(owner: Client, tmp_path: Path, where: str) -> None:
    ask = Beside(lambda: owner.get("/api/v2!authuser"))
    image = put(owner, tmp_path / "a.jpg", ask)
    home = owner.emulator.account.albums[image.home]
    target = f"/api/v2/image/{image.id}" if where == "image" else uri(home) + where
    response = owner.get(target)["Response"]
    found = response[response["Locator"]]
    assert (found[0] if where == "!images" else found)["ArchivedMD5"] == MD5
    assert (ask.begun, ask.done) == (1, 1)


def test_a_film_is_hashed_while_others_are_answered(owner: Client, tmp_path: Path) -> None:
    ask = Beside(lambda: owner.get("/api/v2!authuser"))
    path = tmp_path / "a.mp4"
    image = put(owner, path, ask)
    path.write_bytes(make_video(1))
    shown = owner.get(f"/api/v2/image/{image.id}!largestvideo")["Response"]["LargestVideo"]
    assert shown["MD5"] == hashlib.md5(path.read_bytes()).hexdigest()
    assert (ask.begun, ask.done) == (1, 1)


def test_an_edit_meanwhile_is_shown(owner: Client, tmp_path: Path) -> None:
    account = owner.emulator.account
    edit = Beside(lambda: account.edit(next(account.all_images()), caption="meanwhile"))
    image = put(owner, tmp_path / "a.jpg", edit)
    shown = owner.get(f"/api/v2/image/{image.id}")["Response"]["Image"]
    assert (shown["Caption"], shown["ArchivedMD5"]) == ("meanwhile", MD5)


def test_what_was_hashed_is_not_hashed_again(owner: Client, tmp_path: Path) -> None:
    seen: list[str] = []
    image = put(owner, tmp_path / "a.jpg", lambda: seen.append("hashed"))
    for _ in range(2):
        assert owner.get(f"/api/v2/image/{image.id}")["Response"]["Image"]["ArchivedMD5"] == MD5
        assert owner.get(f"/api/v2/image/{image.id}!largestimage")["Response"]["LargestImage"]["MD5"] == MD5
    assert seen == ["hashed"]


def test_a_write_answers_with_the_digest_too(owner: Client, tmp_path: Path) -> None:
    image = put(owner, tmp_path / "a.jpg", lambda: None)
    response: Any = owner.write(f"/api/v2/image/{image.id}", {"Caption": "x"}, "PATCH").json()
    assert response["Response"]["Image"]["ArchivedMD5"] == MD5


def test_two_who_ask_at_once_have_one_hash_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"something")
    begun: list[threading.Thread] = []
    found: list[str] = []

    class Watching(Stop):
        """Looked at with every piece of a file that is read."""

        def check(self) -> None:
            thread = threading.Thread(target=lambda: found.append(file.md5), daemon=True)
            begun.append(thread)
            if len(begun) == 1:
                thread.start()
                thread.join(0.1)  # it has to wait; were it to hash the file itself, this would be plenty

    file = File(tmp_path / "a", Watching())
    assert file.md5 == MD5
    begun[0].join(PATIENCE)
    assert found == [MD5]
    assert len(begun) == 1
