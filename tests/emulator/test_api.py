from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings
from tests.emulator.ask import Client, demo

ALBUMS = "/api/v2/user/demo!albums"


@pytest.fixture(scope="module")
def owner() -> Client:
    return demo()


@pytest.fixture(scope="module")
def many() -> Client:
    return Client(Emulator(Settings(albums=120, images=230, bytes_each=100)))


def key_of(client: Client, name: str) -> str:
    return next(a.key for a in client.emulator.account.albums.values() if a.node.name == name)


def test_pages_are_linked(many: Client) -> None:
    key = next(iter(many.emulator.account.albums))
    target = f"/api/v2/album/{key}!images"
    response = many.get(target)["Response"]
    assert response["Uri"] == target
    assert response["Pages"] == {
        "Total": 230,
        "Start": 1,
        "Count": 100,
        "RequestedCount": 100,
        "FirstPage": f"{target}?start=1&count=100",
        "LastPage": f"{target}?start=201&count=100",
        "NextPage": f"{target}?start=101&count=100",
    }
    last = many.get(response["Pages"]["LastPage"])["Response"]
    assert last["Uri"] == f"{target}?start=201&count=100"
    assert last["Pages"]["PrevPage"] == f"{target}?start=101&count=100"
    assert "NextPage" not in last["Pages"]
    assert len(many.all(target, "AlbumImage")) == 230


def test_links_keep_the_order_of_explicit_parameters(many: Client) -> None:
    pages = many.get(f"{ALBUMS}?count=7&start=8&_verbosity=1&_filter=Name")["Response"]["Pages"]
    assert pages["NextPage"] == f"{ALBUMS}?count=7&start=15&_filter=Name"
    assert pages["PrevPage"] == f"{ALBUMS}?count=7&start=1&_filter=Name"
    assert "Misaligned" not in pages
    assert many.get(f"{ALBUMS}?start=3&count=7")["Response"]["Pages"]["Misaligned"] is True


@pytest.mark.parametrize(("count", "shown"), [("0", 50), ("x", 50), ("-3", 50), ("20", 20), ("99999", 120)])
def test_page_sizes_are_clamped(many: Client, count: str, shown: int) -> None:
    pages = many.get(f"{ALBUMS}?count={count}")["Response"]["Pages"]
    assert pages["Count"] == shown
    assert pages["RequestedCount"] <= 1000


def test_an_empty_list_has_no_key(owner: Client) -> None:
    response = owner.get(f"/api/v2/album/{key_of(owner, 'Nothing yet')}!images")["Response"]
    assert "AlbumImage" not in response
    assert (response["Pages"]["Total"], response["Pages"]["Count"]) == (0, 0)


def test_verbosity_one_is_terse(owner: Client) -> None:
    body = owner.get("/api/v2!authuser?_verbosity=1")
    assert body.keys() == {"Response", "Code", "Message"}
    assert body["Response"]["User"]["Uris"]["UserAlbums"] == ALBUMS
    assert "UriDescription" not in body["Response"]


def test_filters_choose_fields_and_links(owner: Client) -> None:
    user = owner.get("/api/v2!authuser?_filter=NickName&_filteruri=Node")["Response"]["User"]
    assert user.keys() == {"NickName", "Uri", "WebUri", "UriDescription", "Uris", "ResponseLevel"}
    assert user["Uris"].keys() == {"Node"}
    assert "Uris" not in owner.get("/api/v2!authuser?_filteruri=")["Response"]["User"]
    short = owner.get("/api/v2!authuser?_shorturis=")["Response"]["User"]
    assert short["Uris"]["UserAlbums"] == ALBUMS


def test_expansions_are_keyed_by_address(owner: Client) -> None:
    key = key_of(owner, "Zoë's birthday 🎂")
    target = f"/api/v2/album/{key}!images?_expand=LargestVideo,Album&_filter=FileName,IsVideo"
    body = owner.get(target)
    video = next(i for i in body["Response"]["AlbumImage"] if i["IsVideo"])
    expansion = body["Expansions"][video["Uris"]["LargestVideo"]["Uri"]]
    assert expansion["LargestVideo"]["MD5"]
    assert {"Code", "Message"}.isdisjoint(expansion)
    assert len(body["Expansions"]) == 2  # one video, one album: what repeats is there once


def test_config_filters_what_is_expanded(owner: Client) -> None:
    config = json.dumps(
        {
            "expand": {
                "Node": {
                    "filter": ["NodeID"],
                    "filteruri": [],
                    "expand": {"ChildNodes": {"args": {"count": 2}}},
                }
            }
        }
    )

    body = owner.get(f"/api/v2!authuser?_config={quote(config)}")
    root = owner.emulator.account.root.id
    node = body["Expansions"][f"/api/v2/node/{root}"]["Node"]
    assert "Name" not in node
    assert len(body["Expansions"][f"/api/v2/node/{root}!children"]["Node"]) == 2


def test_what_cannot_be_expanded_is_left_out(owner: Client) -> None:
    node = owner.emulator.account.albums[key_of(owner, "Nothing yet")].node
    body = owner.get(f"/api/v2/node/{node.id}?_expand=HighlightImage,Nonsense")
    assert "Expansions" not in body


def test_an_image_without_its_serial_is_redirected(owner: Client) -> None:
    image = owner.emulator.account.albums[key_of(owner, "Twins")].photos[0]
    for target in (f"/api/v2/image/{image.key}", f"/api/v2/album/{image.home}/image/{image.key}"):
        response = owner.send(f"{target}?_verbosity=1")
        assert response.status == 301
        assert (response.header("Location") or "").endswith(f"{target}-0?_verbosity=1")
    for action in ("metadata", "largestimage", "sizes", "download", "albums"):
        assert owner.status(f"/api/v2/image/{image.key}!{action}") == 200
        assert owner.status(f"/api/v2/image/{image.id}!{action}") == 200


def test_several_at_once(owner: Client) -> None:
    keys = list(owner.emulator.account.albums)[:3]
    response = owner.get(f"/api/v2/album/{','.join(keys)}")["Response"]
    assert [album["AlbumKey"] for album in response["Album"]] == keys
    assert owner.status("/api/v2/album/" + ",".join(f"key{n:05d}" for n in range(900))) == 403


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


def test_error_bodies_are_envelopes(owner: Client) -> None:
    assert owner.send("/api/v2/album/nope!images?_verbosity=1").json() == {
        "Response": {
            "Uri": "/api/v2/album/nope!images?_verbosity=1",
            "Locator": "AlbumImage",
            "LocatorType": "Objects",
        },
        "Code": 404,
        "Message": "Not Found",
    }


def test_methods_and_types(owner: Client) -> None:
    assert owner.send("/api/v2!authuser", "PUT").status == 405
    assert owner.send("/api/v2!authuser", accept="image/png").status == 406
    people = owner.send("/api/v2!authuser", accept="*/*")
    assert (people.header("Content-Type") or "").startswith("text/html")
    assert owner.send("/api/v2!authuser?_accept=application%2Fjson", accept="*/*").json()
    options = owner.send("/api/v2!authuser", "OPTIONS").json()
    assert isinstance(options, dict)
    assert "Response" not in options
    assert options["Options"]["Methods"] == ["OPTIONS", "GET"]


def test_rate_limits_are_told(owner: Client) -> None:
    first, second = owner.send("/api/v2!authuser"), owner.send("/api/v2!authuser")
    remaining = [int(r.header("X-RateLimit-Remaining") or 0) for r in (first, second)]
    assert remaining[0] == remaining[1] + 1
    assert int(first.header("X-RateLimit-Reset") or 0) > owner.emulator.clock()


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
