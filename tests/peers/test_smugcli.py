"""A command-line client by somebody else: lists, makes, uploads, syncs, removes, signs in."""

from __future__ import annotations

import hashlib
import html
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from smugsync.emulator.media.pictures import make_gif, make_heic, make_picture, make_png, make_video
from tests.e2e.command import until
from tests.peers.conftest import Peer

pytestmark = pytest.mark.peers


@pytest.fixture
def smugcli(peer: Callable[[str], Peer]) -> Peer:
    client = peer("smugcli")
    keys = client.emulator.credentials
    signed_in = {
        "api_key": [keys.api_key, keys.api_secret],
        "access_token": [keys.access_token, keys.access_token_secret],
    }
    (client.directory / ".smugcli").write_text(json.dumps(signed_in))
    return client


def write(file: Path, data: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def shown(client: Peer, album: str) -> dict[str, tuple[str, int]]:
    """Key and serial of the album's images, by name."""
    return {image.file_name: (image.key, image.serial) for image in client.album(album).photos}


def test_folders_and_albums(smugcli: Peer) -> None:
    assert 'Creating folder "A"' in smugcli("mkdir", "/A")
    assert "already exists" in smugcli("mkdir", "/A")
    assert "not found" in smugcli("mkdir", "/A/x/y")
    smugcli("mkdir", "-p", "/A/1/2/3/4")
    assert "5 level deep" in smugcli("mkdir", "/A/1/2/3/4/5")
    smugcli("mkalbum", "/A/1/2/3/4/below")
    for name in ("  blanks  ", "ünïcödé 活动 🎂", "R&D #1, 50 % (new)"):
        smugcli("mkdir", f"/A/{name}")
    assert smugcli("ls", "/A").splitlines() == ["1", "blanks", "R&D #1, 50 % (new)", "ünïcödé 活动 🎂"]
    assert [node["Type"] for node in json.loads(smugcli("ls", "-l", "/A/1/2/3/4"))] == ["Album"]


@pytest.mark.parametrize("privacy", ["public", "unlisted", "private"])
def test_privacy(smugcli: Peer, privacy: str) -> None:
    smugcli("mkalbum", "-p", "--privacy", privacy, "/Foo/bar")
    node = json.loads(smugcli("ls", "-l", "/Foo"))[0]
    assert (node["Privacy"], node["Name"], node["UrlName"]) == (privacy.title(), "bar", "Bar")
    public = "https://demo.smugmug.com/Foo/Bar"
    assert (
        node["WebUri"].startswith(public) if privacy == "public" else node["WebUri"].endswith(node["NodeID"])
    )


def test_uploads(smugcli: Peer) -> None:
    files = {
        "a photo.jpg": make_picture(1, taken="2019-08-04T11:28:12"),
        "café.png": make_png(2),
        "g.gif": make_gif(3),
        "v.mov": make_video(4, taken="2020-05-02T22:01:00", at_least=60_000),
    }
    for name, data in files.items():
        write(smugcli.directory / name, data)
    assert "not found" in smugcli("upload", *files, "/Trip")
    smugcli("upload", "-p", *files, "/Trip")
    assert "already exists" in smugcli("upload", "g.gif", "/Trip")
    listed = {image["FileName"]: image for image in json.loads(smugcli("ls", "-l", "/Trip"))}
    assert set(listed) == set(files)
    for name, data in files.items():
        if not listed[name]["IsVideo"]:
            assert listed[name]["ArchivedMD5"] == hashlib.md5(data).hexdigest()
            assert httpx.get(listed[name]["ArchivedUri"]).content == data


def test_a_sync_sends_what_is_new_or_changed(smugcli: Peer) -> None:
    source = smugcli.directory / "source"
    write(source / "Dir" / "a.jpg", make_picture(1, taken=None))
    write(source / "Dir" / "b.jpg", make_picture(2, taken=None))
    write(source / "Dir" / "v.mp4", make_video(3, taken="2020-05-02T22:01:00", at_least=60_000))
    write(source / "Dir" / "Sub" / " led by a blank.jpg", make_picture(4, taken=None))
    write(source / "Dir" / "Sub" / "IMG_1.heic", make_heic(5))
    smugcli("mkdir", "/S")
    assert smugcli("sync", "-f", "source/", "/S").count("Uploaded") == 5
    album = "Images from folder Dir"
    before = shown(smugcli, album)
    assert set(before) == {"a.jpg", "b.jpg", "v.mp4"}
    assert set(shown(smugcli, "Sub")) == {"led by a blank.jpg", "IMG_1.JPG"}
    assert "ploaded" not in smugcli("sync", "-f", "source/", "/S")

    write(source / "Dir" / "a.jpg", make_picture(6, taken=None))
    assert "Re-uploaded" in smugcli("sync", "-f", "--in_place", "source/", "/S")
    in_place = shown(smugcli, album)
    assert in_place == before | {"a.jpg": (before["a.jpg"][0], 1)}
    write(source / "Dir" / "a.jpg", make_picture(7, taken=None))
    assert "Re-uploaded" in smugcli("sync", "-f", "source/", "/S")
    anew = shown(smugcli, album)
    assert anew["a.jpg"][0] != before["a.jpg"][0]
    assert len(anew) == 3


def test_a_sync_of_several_sources(smugcli: Peer) -> None:
    for folder in ("One", "Two"):
        write(smugcli.directory / folder / f"{folder}.jpg", make_picture(len(folder), taken=None))
    smugcli("mkdir", "/S")
    smugcli("sync", "-f", "One", "Two", "/S")
    assert smugcli("ls", "/S").splitlines() == ["One", "Two"]
    smugcli("sync", "-f", "One/One.jpg", "Two/Two.jpg", "/S/One")
    assert set(shown(smugcli, "One")) == {"One.jpg", "Two.jpg"}


def test_removals(smugcli: Peer) -> None:
    write(smugcli.directory / "a.jpg", make_picture(1, taken=None))
    smugcli("upload", "-p", "a.jpg", "/F/Album")
    assert "Cannot remove" in smugcli("rm", "-f", "/F/Album")
    assert "not empty" in smugcli("rmdir", "/F/Album")
    smugcli("rm", "-f", "/F/Album/a.jpg")
    assert smugcli("ls", "/F/Album") == ""
    smugcli("rmdir", "-p", "/F/Album")
    assert "not found" in smugcli("ls", "/F")
    smugcli("upload", "-p", "a.jpg", "/F/Album")
    smugcli("rm", "-r", "-f", "/F")
    assert smugcli("ls", "/") == ""
    assert not smugcli.emulator.account.albums


def test_other_people(smugcli: Peer) -> None:
    account = smugcli.emulator.account
    theirs = account.root_of(account.visitor)
    assert theirs is not None
    account.add_photo(account.add_album("Coast", parent=theirs), "sea.jpg", make_picture(1, taken=None))
    account.add_album("Secret", parent=theirs, privacy="Private")
    assert smugcli("ls", "-u", account.visitor, "/").splitlines() == ["Coast"]
    assert smugcli("ls", "-u", account.visitor, "/Coast").splitlines() == ["sea.jpg"]


def test_signing_in(peer: Callable[[str], Peer]) -> None:
    smugcli = peer("smugcli")
    keys = smugcli.emulator.credentials
    command = smugcli.command("login", "--key", keys.api_key, "--secret", keys.api_secret)
    said = smugcli.directory / "said"
    environment = {**smugcli.environment, "PYTHONUNBUFFERED": "1"}
    with said.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        address = re.compile(r"http://localhost:\d+/")
        until(lambda: address.search(said.read_text()) is not None)
        page = address.findall(said.read_text())[0]
        with httpx.Client(
            follow_redirects=True, transport=httpx.HTTPTransport(retries=5), timeout=20
        ) as person:
            asked = person.get(page)
            fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
            fields = {name: html.unescape(value) for name, value in fields.items()}
            authorize = smugcli.ready["oauth_url"] + "/services/oauth/1.0a/authorize"
            answer = person.post(authorize, data={**fields, "username": "demo", "decision": "approve"})
        assert "Login successful" in answer.text
        assert process.wait(20) == 0
    finally:
        process.kill()  # it takes no milder signal
        process.wait(20)
    smugcli("mkdir", "/After")
    assert smugcli("ls", "/").splitlines() == ["After"]
