from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings
from tests.emulator.ask import Client, Clock, demo


@pytest.fixture(scope="module")
def owner() -> Client:
    return demo()


def key_of(client: Client, name: str) -> str:
    return next(a.key for a in client.emulator.account.albums.values() if a.node.name == name)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/api/v2/album/nope", 404),
        ("/api/v2/album/nope!images", 404),
        ("/api/v2/nonsense", 404),
        ("/api/v2/user/nobody", 404),
        ("/api/v2/image/XXXXXXX-0", 404),
        ("/api/v2/user", 200),
        ("/api/v2", 200),
    ],
)
def test_status(owner: Client, target: str, status: int) -> None:
    response = owner.send(target)
    assert response.status == status
    body = response.json()
    assert isinstance(body, dict)
    assert body["Code"] == status


def test_children_are_sorted_and_typed(owner: Client) -> None:
    root = owner.emulator.account.root.id
    target = f"/api/v2/node/{root}!children?count=100"
    types = [node["Type"] for node in owner.get(target)["Response"]["Node"]]
    assert types == sorted(types, key=lambda kind: kind != "Folder")
    albums = owner.get(f"{target}&Type=Album&SortMethod=Name&SortDirection=Descending")["Response"]["Node"]
    assert [node["Name"] for node in albums] == ["Twins", "Nothing yet", "Best of"]
    assert len(owner.get(f"/api/v2/node/{root}!children")["Response"]["Node"]) <= 10


def test_folders_are_the_same_tree(owner: Client) -> None:
    folder = owner.get("/api/v2/folder/user/demo/Travel/Iceland-2019")["Response"]["Folder"]
    assert folder["UrlPath"] == "/Travel/Iceland-2019"
    by_id = owner.get(f"/api/v2/folder/id/{folder['NodeID']}")["Response"]
    assert by_id["Folder"]["Uri"] == folder["Uri"]
    assert owner.get("/api/v2/folder/user/demo")["Response"]["Folder"]["UrlPath"] == ""
    albums = owner.get("/api/v2/folder/user/demo/Travel/Iceland-2019!albums")["Response"]["Album"]
    assert [album["Name"] for album in albums] == ["Ring Road", "Þingvellir & Geysir"]
    assert owner.get(albums[1]["Uris"]["Folder"]["Uri"])
    parents = owner.get(albums[1]["Uris"]["ParentFolders"]["Uri"])["Response"]["Folder"]
    assert [parent["UrlPath"] for parent in parents] == ["/Travel/Iceland-2019", "/Travel", ""]
    assert len(owner.get("/api/v2/folder/user/demo!albumlist")["Response"]["AlbumList"]) == 11


def test_url_path_lookup(owner: Client) -> None:
    response = owner.get("/api/v2/user/demo!urlpathlookup?urlpath=/Travel")["Response"]
    assert (response["Locator"], response["Folder"]["Name"]) == ("Folder", "Travel")
    response = owner.get("/api/v2/user/demo!urlpathlookup?urlpath=/Twins")["Response"]
    assert response["Locator"] == "Album"


def test_file_names_choose_images(owner: Client) -> None:
    target = f"/api/v2/album/{key_of(owner, 'Twins')}!images?FileNames=IMG_0001.JPG"
    assert len(owner.get(target)["Response"]["AlbumImage"]) == 2


def test_all_links_lead_somewhere(owner: Client) -> None:
    """Reading what is offered never ends in an address that the router does not know."""
    key = key_of(owner, "Ring Road")
    image = owner.get(f"/api/v2/album/{key}!images?count=1")["Response"]["AlbumImage"][0]
    album = owner.get(f"/api/v2/album/{key}")["Response"]["Album"]
    node = owner.get(album["Uris"]["Node"]["Uri"])["Response"]["Node"]
    for uris, names in (
        (
            image["Uris"],
            ("LargestImage", "ImageSizes", "ImageSizeDetails", "Album", "Image", "ImageMetadata"),
        ),
        (album["Uris"], ("AlbumImages", "User", "Folder", "HighlightImage", "AlbumHighlightImage")),
        (node["Uris"], ("Album", "ParentNode", "ParentNodes", "HighlightImage", "NodeCoverImage")),
    ):
        for name in names:
            assert owner.get(uris[name]["Uri"])


def test_camera_times_are_taken_for_pacific(owner: Client) -> None:
    image = owner.emulator.account.albums[key_of(owner, "Ring Road")].photos[2]
    shown = owner.get(f"/api/v2/image/{image.id}")["Response"]["Image"]
    assert shown["DateTimeOriginal"] == "2019-08-04T18:28:12+00:00"
    assert shown["Date"] == shown["DateTimeUploaded"]
    metadata = owner.get(f"/api/v2/image/{image.key}!metadata")["Response"]["ImageMetadata"]
    assert metadata["DateTimeCreated"] == "2019-08-04T11:28:12"


def test_the_root_is_nobodys_child(owner: Client) -> None:
    root = owner.get(f"/api/v2/node/{owner.emulator.account.root.id}")["Response"]["Node"]
    assert (root["IsRoot"], root["Name"], root["UrlName"], root["UrlPath"]) == (True, "", "", "/")
    assert "SortIndex" not in root
    assert {"ParentNode"}.isdisjoint(root["Uris"])


def test_an_album_has_no_children_whatever_it_holds(owner: Client) -> None:
    album = owner.emulator.account.albums[key_of(owner, "Twins")]
    assert len(album.photos) == 4
    assert owner.get(f"/api/v2/node/{album.node.id}")["Response"]["Node"]["HasChildren"] is False
    assert album.node.parent is not None
    assert owner.get(f"/api/v2/node/{album.node.parent.id}")["Response"]["Node"]["HasChildren"] is True


def test_time_stamps_are_in_utc_to_the_second(owner: Client) -> None:
    album = owner.emulator.account.albums[key_of(owner, "Ring Road")]
    for target, locator, names in (
        (f"/api/v2/node/{album.node.id}", "Node", ("DateAdded", "DateModified")),
        (f"/api/v2/album/{album.key}", "Album", ("Date", "LastUpdated", "ImagesLastUpdated")),
        (
            f"/api/v2/image/{album.photos[0].id}",
            "Image",
            ("Date", "DateTimeUploaded", "DateTimeOriginal", "LastUpdated"),
        ),
    ):
        shown = owner.get(target)["Response"][locator]
        for name in names:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", shown[name])


def test_a_node_says_when_it_was_made() -> None:
    clock = Clock(1_700_000_000.0)
    client = Client(Emulator(Settings(), clock=clock), "anonymous")
    node = client.emulator.account.add_folder("New")
    clock.now += 100
    client.emulator.account.rename(node, name="Newer")
    shown = client.get(f"/api/v2/node/{node.id}")["Response"]["Node"]
    assert shown["DateAdded"] == "2023-11-14T22:13:20+00:00"
    assert shown["DateModified"] == "2023-11-14T22:15:00+00:00"


def test_an_original_says_its_place_in_its_address(owner: Client) -> None:
    album = owner.emulator.account.albums[key_of(owner, "Þingvellir & Geysir")]
    photo = next(image for image in album.photos if "#" in image.file_name)
    shown = owner.get(f"/api/v2/image/{photo.id}")["Response"]["Image"]
    place = quote(album.node.url_path)
    name = re.escape(quote("Geysir #3-D.jpg"))
    assert re.fullmatch(
        rf"http://[^/]+/photos{place}/i-{photo.key}/0/\w{{8,}}/D/{name}", shown["ArchivedUri"]
    )


def test_a_file_name_may_be_empty(owner: Client) -> None:
    images = owner.get(f"/api/v2/album/{key_of(owner, 'Twins')}!images")["Response"]["AlbumImage"]
    assert "" in [image["FileName"] for image in images]


def test_a_photos_two_sizes_are_one(owner: Client) -> None:
    images = owner.get(f"/api/v2/album/{key_of(owner, 'Ring Road')}!images")["Response"]["AlbumImage"]
    assert all(image["OriginalSize"] == image["ArchivedSize"] > 10_000 for image in images)
