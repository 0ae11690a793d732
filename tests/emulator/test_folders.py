"""Folders by their path, the older interface to the tree of nodes."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest

from smugsync.emulator.account.account import Account
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings, Switches, Viewer
from tests.emulator.ask import Client, Clock, demo

ROOT = "/api/v2/folder/user/demo"


@pytest.fixture
def clock() -> Clock:
    return Clock(int(time.time()))


@pytest.fixture
def owner(clock: Clock) -> Client:
    """Of an account with nothing in it."""
    return Client(Emulator(Settings(albums=0), clock=clock))


@pytest.fixture(scope="module")
def reader() -> Client:
    """Of the demo account, for tests that change nothing."""
    return demo()


def account_of(client: Client) -> Account:
    return client.emulator.account


def create(client: Client, parent: str = ROOT, **fields: Any) -> dict[str, Any]:
    """The new folder."""
    response = client.write(f"{parent}!folders", fields)
    body: Any = response.json()
    assert (response.status, body["Message"]) == (201, "Created"), body
    folder: dict[str, Any] = body["Response"]["Folder"]
    assert body["Response"]["Uri"] == folder["Uri"]
    return folder


def create_album(client: Client, parent: str = ROOT, **fields: Any) -> dict[str, Any]:
    response = client.write(f"{parent}!albums", fields)
    body: Any = response.json()
    assert (response.status, body["Message"]) == (201, "Created"), body
    album: dict[str, Any] = body["Response"]["Album"]
    assert body["Response"]["Uri"] == album["Uri"]
    return album


def folder(client: Client, uri: str) -> dict[str, Any]:
    shown: dict[str, Any] = client.get(uri)["Response"]["Folder"]
    return shown


def refused(client: Client, uri: str, method: str = "POST", **fields: Any) -> tuple[int, set[str]]:
    """Status and names of the fields that are wrong."""
    response = client.write(uri, fields, method)
    body: Any = response.json()
    table = body["Options"]["Parameters"][method]
    return response.status, {entry["Name"] for entry in table if "Problems" in entry}


# -- creating --------------------------------------------------------------------------------------------


def test_a_folder_is_created(owner: Client) -> None:
    shown = create(owner, Name="Far away", UrlName="Far", Description="d", Keywords="a; b", SortMethod="Name")
    assert (shown["Name"], shown["UrlName"], shown["UrlPath"]) == ("Far away", "Far", "/Far")
    assert (shown["Description"], shown["Keywords"], shown["SortMethod"]) == ("d", "a; b", "Name")
    assert (shown["Privacy"], shown["IsEmpty"], shown["ResponseLevel"]) == ("Unlisted", True, "Full")
    node = owner.get(shown["Uris"]["Node"]["Uri"])["Response"]["Node"]
    assert (node["Keywords"], node["NodeID"]) == (["a", "b"], shown["NodeID"])
    assert create(owner, shown["Uri"], Name="Deeper", UrlName="Deeper")["UrlPath"] == "/Far/Deeper"
    assert folder(owner, shown["Uri"])["IsEmpty"] is False


def test_an_album_is_created(owner: Client) -> None:
    parent = create(owner, Name="F", UrlName="F")
    album = create_album(
        owner,
        parent["Uri"],
        Name="Summer",
        UrlName="Summer-2020",
        Privacy="Public",
        SortMethod="Date Uploaded",
        SortDirection="Descending",
        Keywords="sea; sun",
        AllowDownloads=False,
        LargestSize="X3Large",
        WorldSearchable=False,
        Header="SmugMug",
    )
    assert album == owner.get(album["Uri"])["Response"]["Album"]
    assert (album["Name"], album["UrlPath"], album["Privacy"]) == ("Summer", "/F/Summer-2020", "Public")
    assert (album["SortMethod"], album["SortDirection"]) == ("Date Uploaded", "Descending")
    assert (album["Keywords"], album["AllowDownloads"], album["LargestSize"]) == (
        "sea; sun",
        False,
        "X3Large",
    )
    assert (album["WorldSearchable"], album["Header"], album["ImageCount"]) == (False, "SmugMug", 0)
    node = owner.get(album["Uris"]["Node"]["Uri"])["Response"]["Node"]
    assert (node["Type"], node["WorldSearchable"], node["Keywords"]) == ("Album", "No", ["sea", "sun"])


def test_an_album_has_the_defaults_of_one_made_as_a_node(owner: Client) -> None:
    ours = create_album(owner, Name="A", UrlName="A")
    target = f"/api/v2/node/{account_of(owner).root.id}!children"
    body: Any = owner.write(target, {"Name": "B", "Type": "Album"}).json()
    theirs = owner.get(body["Response"]["Node"]["Uris"]["Album"]["Uri"])["Response"]["Album"]
    own = {"AlbumKey", "NodeID", "Name", "Title", "UrlName", "NiceName", "UrlPath", "Uri", "WebUri", "Uris"}
    assert {n: v for n, v in ours.items() if n not in own} == {
        n: v for n, v in theirs.items() if n not in own
    }


@pytest.mark.parametrize("action", ["folders", "albums"])
def test_older_names_of_fields_are_taken(owner: Client, action: str) -> None:
    response = owner.write(f"{ROOT}!{action}", {"Title": "A title", "NiceName": "Nice"})
    assert response.status == 201
    node = account_of(owner).root.children[0]
    assert (node.name, node.url_name) == ("A title", "Nice")


@pytest.mark.parametrize("action", ["folders", "albums"])
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"Name": "N"}, "UrlName"),
        ({"UrlName": "N"}, "Name"),
        ({"Name": "N", "UrlName": "lower"}, "UrlName"),
        ({"Name": "N", "NiceName": "lower"}, "UrlName"),
        ({"Name": "N", "UrlName": "A b"}, "UrlName"),
        ({"Name": "N", "UrlName": ""}, "UrlName"),
        ({"Name": "", "UrlName": "N"}, "Name"),
        ({"Name": "N", "UrlName": "N", "Privacy": "?"}, "Privacy"),
    ],
)
def test_a_valid_url_name_is_required(owner: Client, action: str, fields: dict[str, str], wrong: str) -> None:
    assert refused(owner, f"{ROOT}!{action}", **fields) == (400, {wrong})
    assert account_of(owner).root.children == []


def test_a_refusal_at_verbosity_one_is_as_recorded(owner: Client) -> None:
    create(owner, Name="F", UrlName="F")
    target = f"{ROOT}/F!albums?_verbosity=1"
    assert owner.write(target, {"Name": "x", "UrlName": "x"}).json() == {
        "Response": {"Uri": target, "Locator": "Album", "LocatorType": "Objects"},
        "Code": 400,
        "Message": "Bad Request",
    }


def test_a_taken_address_is_a_conflict(owner: Client) -> None:
    create(owner, Name="F", UrlName="F")
    assert refused(owner, f"{ROOT}!folders", Name="G", UrlName="F") == (409, {"UrlName"})
    assert refused(owner, f"{ROOT}!albums", Name="G", UrlName="f", AutoRename=False)[0] == 400
    assert refused(owner, f"{ROOT}!albums", Name="G", UrlName="F") == (409, {"UrlName"})
    assert create(owner, Name="G", UrlName="F", AutoRename=True)["UrlName"] == "F-1"


def test_folders_have_five_levels(owner: Client) -> None:
    uri = ROOT
    for level in range(1, 6):
        uri = create(owner, uri, Name=f"{level}", UrlName=f"{level}")["Uri"]
    assert owner.write(f"{uri}!folders", {"Name": "6", "UrlName": "6"}).status == 400
    assert create_album(owner, uri, Name="A", UrlName="A")["UrlPath"] == "/1/2/3/4/5/A"
    parents = owner.all(f"{uri}!parents", "Folder")
    assert [parent["UrlPath"] for parent in parents][-2:] == ["/1", ""]


@pytest.mark.parametrize(("viewer", "status"), [("other", 403), ("anonymous", 401)])
def test_others_create_nothing(reader: Client, viewer: Viewer, status: int) -> None:
    client = Client(reader.emulator, viewer)
    fields = {"Name": "Mine", "UrlName": "Mine"}
    for action in ("folders", "albums"):
        target = f"{ROOT}!{action}"
        answer = client.send(target, "POST") if viewer == "anonymous" else client.write(target, fields)
        assert answer.status == status


def test_adding_is_enough_to_create() -> None:
    client = Client(Emulator(Settings(albums=0, switches=Switches(permissions="Add"))))
    uri = create(client, Name="F", UrlName="F")["Uri"]
    create_album(client, uri, Name="A", UrlName="A")
    assert client.send(uri, "DELETE").status == 403


# -- changing and deleting -------------------------------------------------------------------------------


def test_a_folder_is_changed_under_both_addresses(owner: Client, clock: Clock) -> None:
    made = create(owner, Name="F", UrlName="F")
    clock.now += 100
    for uri, name in ((made["Uri"], "G"), (made["Uris"]["FolderByID"]["Uri"], "H")):
        response = owner.write(uri, {"Name": name, "Description": name, "Keywords": "x, y"}, "PATCH")
        body: Any = response.json()
        shown = body["Response"]["Folder"]
        assert (response.status, shown["Name"], shown["Keywords"]) == (200, name, "x; y")
    assert shown == folder(owner, made["Uri"])
    assert shown["DateModified"] > made["DateModified"]


def test_a_new_address_takes_effect_at_once(owner: Client) -> None:
    made = create(owner, Name="F", UrlName="F")
    create(owner, Name="Taken", UrlName="Taken")
    assert refused(owner, made["Uri"], "PATCH", UrlName="Taken") == (409, {"UrlName"})
    body: Any = owner.write(made["Uri"], {"NiceName": "G"}, "PATCH").json()
    assert body["Response"]["Folder"]["Uri"] == f"{ROOT}/G"
    assert owner.status(made["Uri"]) == 404
    assert owner.status(f"{ROOT}/G") == 200


def test_a_folder_is_deleted_with_everything_in_it(owner: Client) -> None:
    outer = create(owner, Name="F", UrlName="F")
    inner = create(owner, outer["Uri"], Name="G", UrlName="G")
    album = create_album(owner, inner["Uri"], Name="A", UrlName="A")
    body: Any = owner.send(outer["Uri"], "DELETE").json()
    assert body["Options"] == {"Methods": ["DELETE"], "Parameters": {"DELETE": []}}
    assert "Folder" not in body["Response"]
    for uri in (outer["Uri"], inner["Uri"], album["Uri"], inner["Uris"]["FolderByID"]["Uri"]):
        assert owner.status(uri) == 404
    assert len(owner.all("/api/v2/user/demo!deletedfolders", "DeletedFolder")) == 1


def test_the_root_folder_stays(owner: Client) -> None:
    assert owner.send(ROOT, "DELETE").status == 403
    assert refused(owner, ROOT, "PATCH", Name="Me") == (400, {"Name"})
    assert owner.write(ROOT, {"SortMethod": "Name"}, "PATCH").status == 200


# -- listing ---------------------------------------------------------------------------------------------


def test_the_root_has_an_empty_path(reader: Client) -> None:
    """Recorded; the path of the root's node is a slash."""
    root = folder(reader, ROOT)
    assert (root["Name"], root["UrlName"], root["UrlPath"]) == ("", "", "")
    assert root["WebUri"] == "https://demo.smugmug.com"
    assert {"ParentFolder", "ParentFolders"}.isdisjoint(root["Uris"])
    assert reader.status(f"{ROOT}!parent") == 404


def test_names_in_an_address_may_be_written_in_any_case(reader: Client) -> None:
    """Uncertain of the service."""
    assert folder(reader, f"{ROOT}/travel/ICELAND-2019")["UrlPath"] == "/Travel/Iceland-2019"


def test_an_album_is_no_folder(reader: Client) -> None:
    assert reader.status(f"{ROOT}/Twins") == 404
    assert reader.status(f"/api/v2/folder/id/{account_of(reader).albums.copy().popitem()[1].node.id}") == 404


def test_children_come_by_kind(reader: Client) -> None:
    def names(action: str, locator: str) -> list[str]:
        return [item["Name"] for item in reader.all(f"{ROOT}!{action}", locator)]

    assert names("folders", "Folder") == ["Travel", "Family", "Work"]
    assert names("albums", "Album") == ["Twins", "Best of", "Nothing yet"]
    assert names("pages", "Page") == ["About me"]


def test_recursive_lists_have_everything_below(reader: Client) -> None:
    albums = reader.get(f"{ROOT}/Travel!albumlist")["Response"]["AlbumList"]
    assert [album["Name"] for album in albums] == [
        "Ring Road",
        "Þingvellir & Geysir",
        "Activity Albums 活动影集",
    ]
    for album in albums:
        assert reader.get(album["AlbumUri"])["Response"]["Album"]["NodeID"] == album["NodeID"]
    folders = reader.get(f"{ROOT}!folderlist")["Response"]["FolderList"]
    assert [entry["UrlPath"] for entry in folders] == [
        "",
        "/Travel",
        "/Travel/Iceland-2019",
        "/Family",
        "/Work",
    ]
    for entry in folders:
        assert folder(reader, entry["FolderUri"])["NodeID"] == entry["NodeID"]


def test_sizes_are_those_of_the_files(reader: Client) -> None:
    """Of the folder's own children, or with `depth` MAX of all that lies below."""
    travel = account_of(reader).find(account_of(reader).root, ["Travel"])
    assert travel is not None
    albums = [node.album for node in travel.walk() if node.album]
    uploaded = [image for album in albums for image in album.photos]
    fields = {"FolderCount", "AlbumCount", "PageCount", "MediaCount", "MediaSize"}
    fields |= {"DynamicMediaCount", "DynamicMediaSize"}
    whole = reader.get(f"{ROOT}/Travel!size?depth=MAX")["Response"]["Size"]
    assert fields <= whole.keys()
    assert (whole["FolderCount"], whole["AlbumCount"], whole["PageCount"]) == (1, 3, 0)
    assert (whole["MediaCount"], whole["MediaSize"]) == (18, sum(image.content.size for image in uploaded))
    for query in ("", "?depth=1"):
        direct = reader.get(f"{ROOT}/Travel!size{query}")["Response"]["Size"]
        assert (direct["FolderCount"], direct["AlbumCount"], direct["MediaCount"]) == (1, 1, 4)
    assert reader.status(f"{ROOT}/Travel!size?depth=3") == 400


def test_what_was_collected_counts_apart(reader: Client) -> None:
    size = reader.get(f"{ROOT}!size?depth=1")["Response"]["Size"]
    assert (size["AlbumCount"], size["PageCount"]) == (4, 1)  # with the site's own
    assert (size["MediaCount"], size["DynamicMediaCount"]) == (6, 3)
    assert size["DynamicMediaSize"] > 0


def test_folders_are_found(reader: Client) -> None:
    def found(uri: str) -> list[str]:
        return [item["Name"] for item in reader.all(uri, "FolderByID")]

    assert found(f"{ROOT}!search?Text=iceland") == ["Iceland 2019"]
    assert found(f"{ROOT}/Family!search?Text=iceland") == []
    assert set(found(f"{ROOT}/Travel!search")) == {"Iceland 2019"}


def test_others_see_what_is_public(reader: Client) -> None:
    anyone = Client(reader.emulator, "anonymous")
    family = folder(anyone, f"{ROOT}/Family")
    assert family["ResponseLevel"] == "Public"
    assert {"Privacy", "Password", "SmugSearchable", "WorldSearchable"}.isdisjoint(family)
    albums = anyone.all(f"{ROOT}/Family!albums", "Album")
    assert [album["Name"] for album in albums] == ["Zoë's birthday 🎂"]
    work = anyone.get(f"{ROOT}/Work!size")["Response"]["Size"]
    assert work["AlbumCount"] == reader.get(f"{ROOT}/Work!size")["Response"]["Size"]["AlbumCount"] - 1


def test_a_folder_behind_a_password_is_closed(owner: Client) -> None:
    secret = create(
        owner, Name="F", UrlName="F", Privacy="Public", SecurityType="Password", Password="open sesame"
    )
    anyone = Client(owner.emulator, "anonymous")
    assert folder(anyone, secret["Uri"])["ResponseLevel"] == "Password"
    for action in ("folders", "albums", "pages", "folderlist", "albumlist", "size", "search"):
        assert anyone.status(f"{secret['Uri']}!{action}") == 403
        assert owner.status(f"{secret['Uri']}!{action}") == 200


@pytest.mark.parametrize("viewer", ["owner", "other", "anonymous"])
def test_every_link_of_every_folder_answers(reader: Client, viewer: Viewer) -> None:
    """True to its locator; only an image that does not exist may be missing. All links are there, also that
    to the folders of a folder that has none (recorded)."""
    client = Client(reader.emulator, viewer)
    expected = {
        "FolderByID",
        "Node",
        "User",
        "HighlightImage",
        "FolderHighlightImage",
        "Folders",
        "FolderList",
        "FolderAlbums",
        "AlbumList",
        "FolderSearch",
        "FolderPages",
        "Size",
    }
    for node in account_of(reader).root.walk():
        if not node.is_folder:
            continue
        for place in (f"/api/v2/folder/id/{node.id}", ROOT + quote(node.url_path)):
            shown = folder(client, place)
            assert expected <= shown["Uris"].keys()
            for name, link in shown["Uris"].items():
                answer = client.send(link["Uri"])
                if name.endswith("HighlightImage") and answer.status == 404:
                    continue
                body: Any = answer.json()
                assert answer.status == 200, (name, link)
                assert body["Response"]["Locator"] == link["Locator"]
                assert body["Response"]["LocatorType"] == link["LocatorType"]


def test_a_password_alone_protects(owner: Client) -> None:
    album = create_album(owner, Name="Secret", UrlName="Secret", Password="geheim")
    assert album["SecurityType"] == "Password"
    theirs = Client(owner.emulator, "anonymous").get(album["Uri"])["Response"]["Album"]
    assert theirs["ResponseLevel"] == "Password"
