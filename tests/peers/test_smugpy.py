"""A library by somebody else for the older APIs: sessions, signatures and bare keys, calls and uploads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from smugsync.emulator.media.pictures import make_picture
from smugsync.emulator.settings import Settings
from smugsync.emulator.switches import Switches
from tests.peers.conftest import Peer

pytestmark = pytest.mark.peers

WAYS = [
    ("1.2.0", "session"),
    ("1.2.1", "session"),
    ("1.2.2", "session"),
    ("1.2.2", "oauth"),
    ("1.3.0", "oauth"),
]


def ask(client: Peer, version: str, way: str, *steps: tuple[str, dict[str, Any]]) -> list[Any]:
    answers: list[Any] = json.loads(client(version, way, json.dumps(steps)))
    return answers


@pytest.mark.parametrize(("version", "way"), WAYS)
def test_albums_and_pictures(peer: Callable[[str], Peer], version: str, way: str) -> None:
    client = peer("smugpy")
    data = make_picture(1, taken=None)
    (client.directory / "a photo.jpg").write_bytes(data)
    [made] = ask(client, version, way, ("albums_create", {"Title": "It's (ü) *new*"}))
    album = {"AlbumID": made["Album"]["id"]}
    sent = {"File": str(client.directory / "a photo.jpg"), **album}
    [listed, uploaded] = ask(client, version, way, ("albums_get", {}), ("images_upload", sent))
    [shown] = listed["Albums"]
    assert shown["Title"] == "It's (ü) *new*"
    album["AlbumKey"] = shown["Key"]
    [answer] = ask(client, version, way, ("images_get", {**album, "Heavy": True}))
    [image] = (answer if version < "1.2.2" else answer["Album"])["Images"]
    assert (image["id"], image["FileName"]) == (uploaded["Image"]["id"], "a photo.jpg")
    assert (image["MD5Sum"], image["Size"]) == (hashlib.md5(data).hexdigest(), len(data))
    assert httpx.get(image["OriginalURL"]).content == data

    one = {"ImageID": image["id"], "ImageKey": image["Key"]}
    changed = ("images_changeSettings", {"ImageID": image["id"], "Caption": "That's (it)"})
    [_, info] = ask(client, version, way, changed, ("images_getInfo", one))
    assert info["Image"]["Caption"] == "That's (it)"
    (client.directory / "a photo.jpg").write_bytes(make_picture(2, taken=None))
    replaced = {"File": sent["File"], "ImageID": image["id"], **album}
    [_, info] = ask(client, version, way, ("images_upload", replaced), ("images_getInfo", one))
    assert info["Image"]["Serial"] == 1
    ask(client, version, way, ("albums_delete", {"AlbumID": album["AlbumID"]}))
    assert not client.emulator.account.albums


@pytest.mark.parametrize("peer", [Settings()], indirect=True)
def test_what_is_public(peer: Callable[[str], Peer]) -> None:
    client = peer("smugpy")
    [listed] = ask(client, "1.3.0", "key", ("albums_get", {"NickName": "demo"}))
    titles = [album["Title"] for album in listed["Albums"]]
    assert "Ring Road" in titles
    assert "Letters" not in titles


@pytest.mark.parametrize("peer", [Settings()], indirect=True)
def test_a_tree(peer: Callable[[str], Peer]) -> None:
    client = peer("smugpy")
    [tree] = ask(client, "1.2.2", "session", ("users_getTree", {}))
    names = [category["Name"] for category in tree["Categories"]]
    assert names == ["Other", "Travel", "Family", "Work"]


def test_a_failure_is_told(peer: Callable[[str], Peer]) -> None:
    said = peer("smugpy")("1.2.2", "session", '[["albums_getInfo", {"AlbumID": 1}]]', expect=1)
    assert "SmugMug API Error for method smugmug.albums.getInfo: (9) invalid album" in said


@pytest.mark.parametrize("peer", [Settings(switches=Switches(authorize="approve"))], indirect=True)
@pytest.mark.parametrize("version", ["1.2.2", "1.3.0"])
def test_signing_in(peer: Callable[[str], Peer], version: str) -> None:
    client = peer("smugpy")
    answers = ask(
        client,
        version,
        "signing in",
        ("auth_getRequestToken", {}),
        ("approve", {"access": "Full", "perm": "Modify"}),
        ("auth_getAccessToken", {}),
        ("auth_checkAccessToken", {}),
        ("albums_get", {}),
    )
    assert answers[3]["Auth"]["Token"]["Permissions"] == "Modify"
    assert "Letters" in [album["Title"] for album in answers[4]["Albums"]]
