"""A library of 2008 for the older APIs, by curl: sessions of every kind, batches that run together."""

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

Step = tuple[str, Any]

#: 1.2.2 as it was in May 2008, when later clients had not seen it yet.
OF_2008 = Switches(legacy_images="top", legacy_empty="list", legacy_gone=5)
WAYS = [("1.2.0", "password"), ("1.2.1", "hash"), ("1.2.2", "password"), ("1.2.2", "hash")]


def ask(client: Peer, version: str, way: str, *steps: Step) -> list[Any]:
    answers: list[Any] = json.loads(client(version, way, json.dumps(steps)))
    return answers


def picture(client: Peer, seed: int) -> tuple[str, bytes]:
    """Where it lies, and its bytes."""
    data = make_picture(seed, taken="2008-05-13T10:00:00")
    file = client.directory / f"photo-{seed}.jpg"
    file.write_bytes(data)
    return str(file), data


@pytest.mark.parametrize("peer", [Settings(tls=True, switches=OF_2008)], indirect=True)
def test_its_own_tests_pass(peer: Callable[[str], Peer]) -> None:
    passed = peer("pysmug")("tests").split()
    assert len(passed) == 9
    assert "test_image_upload" in passed


@pytest.mark.parametrize(("version", "way"), WAYS)
def test_albums_and_pictures(peer: Callable[[str], Peer], version: str, way: str) -> None:
    client = peer("pysmug")
    (one, data), (other, changed) = picture(client, 1), picture(client, 2)
    [made] = ask(client, version, way, ("albums_create", {"title": "It's (ü) *new*", "public": False}))
    album = {"albumId": made["Album"]["id"]}
    [listed, info, uploaded] = ask(
        client,
        version,
        way,
        ("albums_get", {}),
        ("albums_getInfo", album),
        ("images_upload", {**album, "filename": one, "Caption": "A caption", "Keywords": "a;b"}),
    )
    assert listed["Albums"][0]["Title"] == "It's (ü) *new*"
    assert info["Album"]["Public"] is False
    [answer] = ask(client, version, way, ("images_get", {**album, "heavy": True}))
    [image] = (answer if version < "1.2.2" else answer["Album"])["Images"]
    assert (image["id"], image["FileName"]) == (uploaded["Image"]["id"], "photo-1.jpg")
    assert (image["Caption"], image["Keywords"]) == ("A caption", "a; b")
    assert (image["MD5Sum"], image["Size"]) == (hashlib.md5(data).hexdigest(), len(data))
    assert httpx.get(image["OriginalURL"]).content == data

    named = {"imageId": image["id"], "imageKey": image["Key"]}
    [_, _, exif, told] = ask(
        client,
        version,
        way,
        ("images_changeSettings", {"imageId": image["id"], "caption": "That's (it)"}),
        ("images_upload", {"imageId": image["id"], "filename": other}),
        ("images_getEXIF", named),
        ("images_getInfo", named),
    )
    assert exif["Image"]["DateTimeOriginal"] == "2008-05-13 10:00:00"
    assert (told["Image"]["Caption"], told["Image"]["Serial"]) == ("That's (it)", 1)
    assert told["Image"]["MD5Sum"] == hashlib.md5(changed).hexdigest()
    ask(client, version, way, ("images_delete", named), ("albums_delete", album))
    assert not client.emulator.account.albums


def test_a_batch_runs_together(peer: Callable[[str], Peer]) -> None:
    """Twice as many uploads as it makes at once, and one that fails among them."""
    client = peer("pysmug")
    file, data = picture(client, 1)
    [made] = ask(client, "1.2.2", "password", ("albums_create", {"title": "Batch"}))
    album = {"albumId": made["Album"]["id"]}
    uploads = [("images_upload", {**album, "filename": file})] * 20
    wrong = ("images_upload", {"albumId": 1, "filename": file})
    [answers] = ask(client, "1.2.2", "password", ("batch", [*uploads, wrong]))
    assert sorted(answer["stat"] for _, answer in answers) == ["fail"] + ["ok"] * 20
    [failed] = [answer["exception"] for _, answer in answers if answer["stat"] == "fail"]
    assert failed == "system error (invalid album id) (code=5)"
    assert {photo.content.md5 for photo in client.album("Batch").photos} == {hashlib.md5(data).hexdigest()}
    assert len(client.album("Batch").photos) == 20


@pytest.mark.parametrize("peer", [Settings(switches=OF_2008)], indirect=True)
@pytest.mark.parametrize("version", ["1.2.0", "1.2.2"])
def test_its_tools(peer: Callable[[str], Peer], version: str) -> None:
    client = peer("pysmug")
    [listed] = ask(client, version, "hash", ("albums_get", {}))
    [album] = [one for one in listed["Albums"] if one["Title"] == "Ring Road"]
    [tree, empty, unused, details] = ask(
        client,
        version,
        "hash",
        ("categories_getTree", {}),
        ("unused_albums", {}),
        ("unused_categories", {}),
        ("albums_details", {"albumId": album["id"], "albumKey": album["Key"], "exif": True}),
    )
    label = "Title" if version == "1.2.0" else "Name"
    below = {one[label]: [sub[label] for sub in one["SubCategories"]] for one in tree["Categories"]}
    assert below["Travel"] == ["Iceland 2019"]
    assert [one["Title"] for one in empty] == ["Nothing yet"]
    assert {"Airplanes", "Vacation"} <= {one[label] for one in unused}
    assert not {"Travel", "Family", "Iceland 2019"} & {one[label] for one in unused}
    images = details["Album"]["Images"]
    assert {one["FileName"] for one in images} == {one.file_name for one in client.album("Ring Road").photos}
    assert all("DateTimeOriginal" in one["EXIF"] for one in images)


@pytest.mark.parametrize("version", ["1.2.0", "1.2.2"])
def test_categories(peer: Callable[[str], Peer], version: str) -> None:
    client = peer("pysmug")
    [made] = ask(client, version, "password", ("categories_create", {"name": "Trips"}))
    category = {"categoryId": made["Category"]["id"]}
    [made] = ask(client, version, "password", ("subcategories_create", {**category, "name": "Near"}))
    sub = {"SubCategoryID": made["SubCategory"]["id"]}
    [_, tree, *_] = ask(
        client,
        version,
        "password",
        ("albums_create", {"title": "Walk", **category, **sub}),
        ("users_getTree", {}),
        ("subcategories_rename", {**sub, "name": "Far"}),
        ("categories_rename", {**category, "name": "Journeys"}),
    )
    [shown] = [one for one in tree["Categories"] if one["Name"] == "Trips"]
    assert shown["SubCategories"][0]["Albums"][0]["Title"] == "Walk"
    assert [above.name for above in client.album("Walk").node.ancestry][1:3] == ["Far", "Journeys"]


@pytest.mark.parametrize("peer", [Settings()], indirect=True)
@pytest.mark.parametrize("version", ["1.2.0", "1.2.1", "1.2.2"])
def test_a_guest(peer: Callable[[str], Peer], version: str) -> None:
    client = peer("pysmug")
    [listed, mine, made] = ask(
        client,
        version,
        "anonymously",
        ("albums_get", {"NickName": "demo"}),
        ("albums_get", {}),
        ("albums_create", {"title": "No"}),
    )
    titles = [album["Title"] for album in listed["Albums"]]
    assert "Ring Road" in titles
    assert "Letters" not in titles
    assert (mine["code"], made["code"]) == (4, 3)


LISTS = ("albumtemplates_get", "communities_getAvailable", "sharegroups_get", "themes_get", "watermarks_get")


def test_what_there_is_none_of_is_an_empty_list(peer: Callable[[str], Peer]) -> None:
    client = peer("pysmug")
    answers = ask(
        client, "1.2.2", "password", *((name, {}) for name in (*LISTS, "family_get", "friends_get"))
    )
    assert {answer["code"] for answer in answers} == {15}
    [styles] = ask(client, "1.2.2", "password", ("styles_getTemplates", {}))
    assert {"id": 9, "Name": "Journal"} in styles["Templates"]
