from __future__ import annotations

from typing import Any

import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings, Viewer
from tests.emulator.ask import Client

ALBUMS = "/api/v2/user/demo!albums"


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return Emulator(Settings())


def album(emulator: Emulator, name: str) -> Any:
    return next(a for a in emulator.account.albums.values() if a.node.name == name)


def names(client: Client) -> set[str]:
    return {shown["Name"] for shown in client.all(ALBUMS, "Album")}


def test_the_owner_sees_everything(emulator: Emulator) -> None:
    client = Client(emulator)
    assert {"Letters", "Drafts", "Wedding M + J", "Proofs"} <= names(client)
    for shown in client.all(ALBUMS, "Album"):
        assert shown["ResponseLevel"] == "Full"
        images = client.all(shown["Uris"]["AlbumImages"]["Uri"], "AlbumImage")
        assert len(images) == shown["ImageCount"]
        assert all("ArchivedMD5" in image for image in images)


@pytest.mark.parametrize("viewer", ["other", "anonymous"])
def test_others_see_what_is_public(emulator: Emulator, viewer: Viewer) -> None:
    client = Client(emulator, viewer)
    assert names(client) == names(Client(emulator)) - {"Letters", "Drafts"}
    letters, drafts = album(emulator, "Letters"), album(emulator, "Drafts")
    assert client.status(f"/api/v2/album/{letters.key}") == 404
    assert client.status(f"/api/v2/node/{letters.node.id}") == 404
    assert client.status(f"/api/v2/image/{letters.photos[0].id}") == 404
    assert client.status(f"/api/v2/album/{drafts.key}!images") == 200
    work = client.get(f"/api/v2/node/{drafts.node.parent.id}!children")["Response"]["Node"]
    assert [node["Name"] for node in work] == ["Wedding M + J", "Proofs"]


@pytest.mark.parametrize("viewer", ["other", "anonymous"])
def test_a_password_hides_what_is_inside(emulator: Emulator, viewer: Viewer) -> None:
    client, locked = Client(emulator, viewer), album(emulator, "Wedding M + J")
    shown = client.get(f"/api/v2/album/{locked.key}")["Response"]["Album"]
    assert shown["ResponseLevel"] == "Password"
    told = ("AllowDownloads", "CanShare", "HasDownloadPassword")
    assert [shown[name] for name in told] == [False, False, False]  # recorded so
    assert {"ImageCount", "LastUpdated", "ImagesLastUpdated"}.isdisjoint(shown)
    assert shown["Uris"].keys() == {
        "AlbumShareUris",
        "Node",
        "NodeCoverImage",
        "HighlightImage",
        "UnlockAlbum",
    }
    assert client.status(f"/api/v2/album/{locked.key}!images") == 403
    assert client.status(f"/api/v2/image/{locked.photos[0].id}") == 404
    assert client.status(f"/api/v2/highlight/node/{locked.node.id}") == 404


def test_originals_may_be_the_owners_alone(emulator: Emulator) -> None:
    proofs = album(emulator, "Proofs")
    target = f"/api/v2/album/{proofs.key}!images"
    for client, allowed in ((Client(emulator), True), (Client(emulator, "other"), False)):
        for image in client.get(target)["Response"]["AlbumImage"]:
            trio = {"ArchivedUri", "ArchivedSize", "ArchivedMD5"}
            assert trio <= image.keys() if allowed else trio.isdisjoint(image)
            largest = client.get(image["Uris"]["LargestImage"]["Uri"])["Response"]["LargestImage"]
            assert ("MD5" in largest) is allowed


def test_the_other_user_has_an_account_too(emulator: Emulator) -> None:
    client = Client(emulator, "other")
    user = client.get("/api/v2!authuser")["Response"]["User"]
    assert user["NickName"] == "demo-visitor"
    assert user["ResponseLevel"] == "Full"
    assert client.get(user["Uris"]["UserAlbums"]["Uri"])["Response"]["Pages"]["Total"] == 2
    assert client.get(user["Uris"]["Node"]["Uri"])["Response"]["Node"]["IsRoot"] is True


def test_hidden_images_are_the_owners_alone() -> None:
    emulator = Emulator(Settings())
    twins = album(emulator, "Twins")
    emulator.account.edit(twins.photos[0], hidden=True)
    target = f"/api/v2/album/{twins.key}!images"
    assert Client(emulator).get(target)["Response"]["Pages"]["Total"] == 4
    assert Client(emulator, "other").get(target)["Response"]["Pages"]["Total"] == 3


@pytest.mark.parametrize("viewer", ["owner", "other", "anonymous"])
def test_counts_are_those_of_the_lists(viewer: Viewer) -> None:
    emulator = Emulator(Settings())
    twins = album(emulator, "Twins")
    emulator.account.edit(twins.photos[0], hidden=True)
    client, left = Client(emulator, viewer), 4 if viewer == "owner" else 3
    for shown in client.all(ALBUMS, "Album"):
        if "AlbumImages" in shown["Uris"]:
            pages = client.get(shown["Uris"]["AlbumImages"]["Uri"])["Response"]["Pages"]
            assert shown["ImageCount"] == pages["Total"]
            assert shown["Name"] != "Twins" or shown["ImageCount"] == left
    large = {shown["Name"] for shown in client.all(f"{ALBUMS}?MinimumImages=4", "Album")}
    assert ("Twins" in large) is (viewer == "owner")


def test_web_addresses_are_on_the_owners_site(emulator: Emulator) -> None:
    shown = {a["Name"]: a["WebUri"] for a in Client(emulator).all(ALBUMS, "Album")}
    assert shown["Twins"] == "https://demo.smugmug.com/Twins"
    drafts = album(emulator, "Drafts").node.id
    assert shown["Drafts"] == f"https://demo.smugmug.com/Work/Drafts/n-{drafts}"
