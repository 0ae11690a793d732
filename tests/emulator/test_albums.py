"""Albums: what they take, and what everything that their addresses offer answers."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from smugsync.emulator.account.account import MAX_IMAGES
from smugsync.emulator.account.model import Album
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Settings, Viewer
from smugsync.emulator.switches import Switches
from tests.emulator.ask import HOST, ORIGIN, Client, demo
from tests.emulator.places import (
    act,
    album_named,
    file_names,
    new_album,
    patch,
    refused,
    shown,
    uri,
    uris,
)

RECORDED = Path(__file__).parents[3] / "shared" / "recorded" / "smugmug-v2"
PASSWORD = "open sesame"
FIELDS: dict[str, Any] = {
    "AllowDownloads": False,
    "Backprinting": "© me",
    "BoutiquePackaging": "No",
    "CanRank": False,
    "Clean": True,
    "Comments": False,
    "Description": "Ein <b>schöner</b> Tag\nund noch einer",
    "DownloadPassword": "psst",
    "EXIF": False,
    "External": False,
    "FamilyEdit": True,
    "Filenames": True,
    "FriendEdit": True,
    "Geography": False,
    "Header": "SmugMug",
    "HideOwner": True,
    "InterceptShipping": "Yes",
    "Keywords": "sea; snow",
    "LargestSize": "X3Large",
    "MaxPhotoDownloadSize": "X2Large",
    "Name": "Winter & sea",
    "NiceName": "Winter-Sea",
    "PackagingBranding": False,
    "Password": "geheim",
    "PasswordHint": "the usual",
    "Printable": False,
    "Privacy": "Private",
    "ProofDays": 7,
    "ProofDigital": True,
    "Protected": True,
    "Share": False,
    "Slideshow": False,
    "SmugSearchable": "No",
    "SortDirection": "Descending",
    "SortMethod": "Filename",
    "SquareThumbs": False,
    "TemplateUri": "/api/v2/template/3",
    "Title": "Winter",
    "UploadKey": "guests",
    "UrlName": "Winter-Sea",
    "Watermark": True,
    "WatermarkUri": "/api/v2/watermark/12",
    "WorldSearchable": False,
}


@pytest.fixture
def owner() -> Client:
    """Of an account with nothing in it."""
    return Client(Emulator(Settings(albums=0)))


@pytest.fixture(scope="module")
def full() -> Client:
    """Of an account to be looked at only."""
    return demo()


@pytest.fixture
def album(owner: Client) -> Album:
    return new_album(owner, "Sea", "b.jpg", "a.jpg", "c.jpg")


def other(client: Client, viewer: Viewer = "other") -> Client:
    return Client(client.emulator, viewer)


# -- PATCH and DELETE ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIELDS)
def test_what_is_set_is_shown(owner: Client, album: Album, name: str) -> None:
    before = shown(owner, album)
    assert before.get(name) != FIELDS[name]
    assert patch(owner, uri(album), **{name: FIELDS[name]})[name] == FIELDS[name]
    after = shown(owner, album)
    assert after[name] == FIELDS[name]
    same = {"Name": {"Title"}, "Title": {"Name"}, "UrlName": {"NiceName"}, "NiceName": {"UrlName"}}
    follow = {"Uris", "UrlPath", "WebUri", "CanShare", "HasDownloadPassword", "LastUpdated"}
    changed = {key for key in before | after if before.get(key) != after.get(key)}
    assert changed - follow == {name} | same.get(name, set())


def test_all_settings_may_come_at_once(owner: Client, album: Album) -> None:
    fields = {name: value for name, value in FIELDS.items() if name not in ("NiceName", "Title")}
    after = patch(owner, uri(album), **fields)
    assert {name: after[name] for name in fields} == fields


def test_a_form_is_taken_too(owner: Client, album: Album) -> None:
    form = {"SortMethod": "Filename", "EXIF": "0", "Keywords": "a, b"}
    kind = "application/x-www-form-urlencoded"
    assert owner.write(uri(album), form, "PATCH", content_type=kind).status == 200
    after = shown(owner, album)
    assert (after["SortMethod"], after["EXIF"], after["Keywords"]) == ("Filename", False, "a; b")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("DateTimeOriginal", "Date Taken"),
        ("Date Taken", "Date Taken"),
        ("FileName", "Filename"),
        ("DateTimeUploaded", "Date Uploaded"),
        ("DateUploaded", "Date Uploaded"),
        ("DateModified", "Date Modified"),
        ("LastUpdated", "Date Modified"),
        ("Caption", "Caption"),
        ("Position", "Position"),
    ],
)
def test_sort_methods_have_aliases(owner: Client, album: Album, given: str, meant: str) -> None:
    assert patch(owner, uri(album), SortMethod=given)["SortMethod"] == meant


def test_a_new_album_takes_an_alias_at_once(owner: Client) -> None:
    """What one client does after each creation."""
    account = owner.emulator.account
    form = {"Name": "New", "Privacy": "Unlisted", "Type": "Album", "SortMethod": "Name"}
    kind = "application/x-www-form-urlencoded"
    target = f"/api/v2/node/{account.root.id}!children"
    created = owner.write(target, form, content_type=kind).json()
    assert isinstance(created, dict)
    place = created["Response"]["Node"]["Uris"]["Album"]["Uri"]
    assert patch(owner, place, SortMethod="DateTimeOriginal")["SortMethod"] == "Date Taken"


def test_what_is_unknown_is_refused_with_the_table(owner: Client, album: Album) -> None:
    before = shown(owner, album)
    response = owner.write(uri(album), {"SortMethod": "Colour", "EXIF": "maybe", "Name": "New"}, "PATCH")
    body = response.json()
    assert isinstance(body, dict)
    assert (response.status, body["Code"]) == (400, 400)
    table = {entry["Name"]: entry for entry in body["Options"]["Parameters"]["PATCH"]}
    assert "one of Position, Caption" in table["SortMethod"]["Problems"][0]
    assert table["EXIF"]["Problems"]
    assert "Problems" not in table["Name"]
    assert "Album" not in body["Response"]
    assert shown(owner, album) == before


@pytest.mark.parametrize("given", ["inf", "-inf", "nan", "1e999", 10**400])
def test_a_number_has_an_end(owner: Client, album: Album, given: object) -> None:
    assert refused(owner, uri(album), "PATCH", ProofDays=given) == (400, {"ProofDays"})
    assert shown(owner, album)["ProofDays"] == 0


def test_where_a_template_would_be_is_nothing(owner: Client, album: Album) -> None:
    assert owner.status(shown(owner, album)["TemplateUri"]) == 404


def test_the_name_is_the_nodes_too(owner: Client, album: Album) -> None:
    patch(owner, uri(album), Name="Ocean", Keywords=["a", "b"], Privacy="Unlisted", Description="deep")
    node = owner.get(f"/api/v2/node/{album.node.id}")["Response"]["Node"]
    assert (node["Name"], node["Keywords"], node["Privacy"]) == ("Ocean", ["a", "b"], "Unlisted")
    assert (node["Description"], node["UrlName"]) == ("deep", "Sea")
    assert node["DateModified"] == shown(owner, album)["LastUpdated"]


@pytest.mark.parametrize("given", ["a; b", "a, b", ["a", "b"], "a;b;", '"a"; b', " a ,b"])
def test_keywords_are_text_or_array(owner: Client, album: Album, given: object) -> None:
    assert patch(owner, uri(album), Keywords=given)["Keywords"] == "a; b"


def test_a_keyword_may_hold_a_comma(owner: Client, album: Album) -> None:
    patch(owner, uri(album), Keywords="Paris, France; night")
    assert owner.get(f"/api/v2/node/{album.node.id}")["Response"]["Node"]["Keywords"] == [
        "Paris, France",
        "night",
    ]


def test_an_address_that_is_taken_is_a_conflict(owner: Client, album: Album) -> None:
    new_album(owner, "Land")
    status, problems = refused(owner, uri(album), "PATCH", UrlName="LAND", EXIF=False)
    assert (status, problems) == (409, {"UrlName"})
    assert (shown(owner, album)["UrlName"], shown(owner, album)["EXIF"]) == ("Sea", True)


@pytest.mark.parametrize("name", ["sea", "Sea side", "Sea/side", "-Sea", "S" * 61, ""])
def test_an_address_has_its_form(owner: Client, album: Album, name: str) -> None:
    assert refused(owner, uri(album), "PATCH", UrlName=name) == (400, {"UrlName"})


def test_the_address_moves_with_its_images(owner: Client, album: Album) -> None:
    first = owner.get(f"{uri(album)}!images")["Response"]["AlbumImage"][0]
    after = patch(owner, uri(album), UrlName="Ocean")
    assert (after["UrlPath"], after["WebUri"]) == ("/Ocean", "https://demo.smugmug.com/Ocean")
    now = owner.get(f"{uri(album)}!images")["Response"]["AlbumImage"][0]
    assert now["ArchivedUri"] != first["ArchivedUri"]
    assert owner.media(now["ArchivedUri"]).status == 200


def test_position_is_ascending(owner: Client, album: Album) -> None:
    """Recorded in the notes of the endpoint."""
    patch(owner, uri(album), SortDirection="Descending", SortMethod="Filename")
    assert patch(owner, uri(album), SortMethod="Position")["SortDirection"] == "Ascending"


@pytest.mark.parametrize(
    ("method", "direction", "names"),
    [
        ("Filename", "Ascending", ["a.jpg", "b.jpg", "c.jpg"]),
        ("Filename", "Descending", ["c.jpg", "b.jpg", "a.jpg"]),
        ("Position", "Ascending", ["b.jpg", "a.jpg", "c.jpg"]),
        ("Date Taken", "Descending", ["c.jpg", "a.jpg", "b.jpg"]),
        ("Date Uploaded", "Ascending", ["b.jpg", "a.jpg", "c.jpg"]),
        ("Caption", "Ascending", ["c.jpg", "a.jpg", "b.jpg"]),
    ],
)
def test_images_come_in_the_albums_order(
    owner: Client, album: Album, method: str, direction: str, names: list[str]
) -> None:
    for image, caption in zip(album.photos, "zyx", strict=True):
        patch(owner, uri(album, image), Caption=caption)
    patch(owner, uri(album), SortMethod=method, SortDirection=direction)
    assert file_names(owner, album) == names


def test_a_deleted_album_can_be_recovered(owner: Client, album: Album) -> None:
    response = owner.send(uri(album), "DELETE").json()
    assert response == {
        "Options": {"Methods": ["DELETE"], "Parameters": {"DELETE": []}},
        "Response": {
            "Uri": uri(album),
            "Locator": "Album",
            "LocatorType": "Object",
            "UriDescription": "Album by key",
            "EndpointType": "Album",
            "DocUri": "https://api.smugmug.com/api/v2/doc/reference/album.html",
        },
        "Code": 200,
        "Message": "Ok",
    }
    assert owner.status(uri(album)) == 404
    assert owner.status(f"/api/v2/node/{album.node.id}") == 404
    deleted = owner.get("/api/v2/user/demo!deletedalbums")["Response"]["DeletedAlbum"]
    assert [entry["Name"] for entry in deleted] == ["Sea"]
    owner.emulator.account.recover(album.node)
    assert file_names(owner, album) == ["b.jpg", "a.jpg", "c.jpg"]


# -- who may, and who sees what ----------------------------------------------------------------------------


def test_other_peoples_albums_cannot_be_changed(owner: Client, album: Album) -> None:
    stranger, before = other(owner), shown(owner, album)
    assert refused(stranger, uri(album), "PATCH", Name="Mine") == (403, set())
    assert stranger.send(uri(album), "DELETE").status == 403
    for action, field in (("move", "MoveUris"), ("collect", "CollectUris"), ("delete", "DeleteUris")):
        fields: dict[str, Any] = {field: uris(album)}
        assert refused(stranger, f"{uri(album)}!{action}images", **fields)[0] == 403
    assert stranger.status(f"{uri(album)}!grants") == 403
    assert shown(owner, album) == before


def test_what_others_do_not_see_does_not_exist_for_their_writes(owner: Client) -> None:
    letters = new_album(owner, "Letters")
    patch(owner, uri(letters), Privacy="Private")
    assert refused(other(owner), uri(letters), "PATCH", Name="Mine")[0] == 404
    assert other(owner).send(uri(letters), "DELETE").status == 404


def test_nobody_in_particular_writes_nothing(owner: Client, album: Album) -> None:
    assert other(owner, "anonymous").send(uri(album), "DELETE").status == 401
    assert owner.status(uri(album)) == 200


@pytest.mark.parametrize(("permissions", "status"), [("Read", 403), ("Add", 403), ("Modify", 200)])
def test_changes_need_modify(permissions: Any, status: int) -> None:
    client = Client(Emulator(Settings(albums=0, switches=Switches(permissions=permissions))))
    target = uri(new_album(client, "Sea"))
    response = client.write(target, {"EXIF": True}, "PATCH")
    assert response.status == status
    if status == 403:
        assert "has not granted the required permissions" in response.content().decode()


def test_some_actions_need_less() -> None:
    """Uploads need Add (measured); what changes nothing is free to all."""
    reader = Client(Emulator(Settings(albums=0, switches=Switches(permissions="Read"))))
    target = uri(new_album(reader, "Sea", "a.jpg"))
    assert reader.write(f"{target}!unlock", {"Password": ""}).status == 200
    assert reader.write(f"{target}!download", {}).status == 200
    adder = Client(Emulator(Settings(albums=0, switches=Switches(permissions="Add"))))
    target = uri(new_album(adder, "Sea", "a.jpg"))
    source = adder.get(f"{target}!images")["Response"]["AlbumImage"][0]["ArchivedUri"]
    for client, status in ((adder, 200), (reader, 403)):
        place = uri(album_named(client, "Sea"))
        assert client.write(f"{place}!uploadfromuri", {"Uri": source}).status == status
    assert adder.write(f"{target}!moveimages", {"MoveUris": []}).status == 403


def test_camera_data_may_be_the_owners_alone(owner: Client, album: Album) -> None:
    """Recorded: where EXIF is hidden, neither the links to metadata nor DateTimeOriginal are there."""
    patch(owner, uri(album), EXIF=False)
    for client, allowed in ((owner, True), (other(owner), False)):
        image = client.get(f"{uri(album)}!images")["Response"]["AlbumImage"][0]
        assert ({"ImageMetadata", "AlbumImageMetadata"} <= image["Uris"].keys()) is allowed
        assert ("DateTimeOriginal" in image) is allowed
        alone = client.get(image["Uris"]["Image"]["Uri"])["Response"]["Image"]
        assert ("ImageMetadata" in alone["Uris"]) is allowed
        status = 200 if allowed else 403
        assert client.status(f"{image['Uris']['Image']['Uri']}!metadata") == status
        assert client.status(f"{image['Uri']}!metadata") == status


def test_positions_may_be_the_owners_alone(owner: Client, album: Album) -> None:
    image = album.photos[0]
    patch(owner, uri(album, image), Latitude="46.5", Longitude="-121.75", Altitude=428)
    patch(owner, uri(album), Geography=False)
    mine, theirs = (
        client.get(uri(album, image))["Response"]["AlbumImage"] for client in (owner, other(owner))
    )
    assert (mine["Latitude"], mine["Altitude"]) == ("46.50000000000000", 428)
    assert (theirs["Latitude"], theirs["Longitude"]) == ("0.00000000000000", "0.00000000000000")
    assert theirs["Altitude"] == 0
    assert "AlbumGeoMedia" not in shown(other(owner), album)["Uris"]
    assert other(owner).get(f"{uri(album)}!geomedia")["Response"]["Pages"]["Total"] == 0
    assert owner.get(f"{uri(album)}!geomedia")["Response"]["Pages"]["Total"] == 1


@pytest.mark.parametrize(
    ("setting", "allowed"),
    [
        ({}, True),
        ({"LargestSize": "5K"}, False),
        ({"AllowDownloads": False}, False),
        ({"Protected": True}, False),
    ],
)
def test_originals_may_be_the_owners_alone(
    owner: Client, album: Album, setting: dict[str, Any], allowed: bool
) -> None:
    patch(owner, uri(album), **setting)
    trio = {"ArchivedUri", "ArchivedSize", "ArchivedMD5"}
    mine, theirs = (
        client.get(f"{uri(album)}!images")["Response"]["AlbumImage"][0] for client in (owner, other(owner))
    )
    assert trio <= mine.keys()
    assert (trio <= theirs.keys()) is allowed
    assert allowed or trio.isdisjoint(theirs)
    assert theirs["Protected"] is setting.get("Protected", False)


def test_the_download_link_follows_the_setting(owner: Client, album: Album) -> None:
    """Recorded: the owner has it in any case."""
    patch(owner, uri(album), AllowDownloads=False)
    assert "AlbumDownload" in shown(owner, album)["Uris"]
    assert "AlbumDownload" not in shown(other(owner), album)["Uris"]
    assert other(owner).status(f"{uri(album)}!download") == 403


def test_an_owner_may_be_hidden(owner: Client, album: Album) -> None:
    patch(owner, uri(album), HideOwner=True)
    mine, theirs = shown(owner, album), shown(other(owner), album)
    assert {"User", "Folder", "ParentFolders"} <= mine["Uris"].keys()
    assert {"User", "Folder", "ParentFolders"}.isdisjoint(theirs["Uris"])
    assert theirs["WebUri"] == f"https://www.smugmug.com/gallery/n-{album.node.id}"


def test_comments_and_sharing_follow_their_settings(owner: Client, album: Album) -> None:
    patch(owner, uri(album), Comments=False, Share=False)
    seen = shown(other(owner), album)
    assert "AlbumComments" not in seen["Uris"]
    assert seen["CanShare"] is False
    image = other(owner).get(f"{uri(album)}!images")["Response"]["AlbumImage"][0]
    assert (image["CanShare"], image["Comments"], image["Collectable"]) == (False, False, False)


def test_the_highlight_may_be_chosen(owner: Client, album: Album) -> None:
    target = f"{uri(album)}!highlightimage"
    assert owner.get(target)["Response"]["AlbumImage"]["FileName"] == "b.jpg"
    chosen = uri(album, album.photos[2])
    assert patch(owner, uri(album), HighlightAlbumImageUri=chosen)["HighlightAlbumImageUri"] == chosen
    assert owner.get(target)["Response"]["AlbumImage"]["FileName"] == "c.jpg"
    elsewhere = uris(new_album(owner, "Land", "x.jpg"))[0]
    assert refused(owner, uri(album), "PATCH", HighlightAlbumImageUri=elsewhere)[0] == 400


def recorded_albums() -> list[dict[str, Any]]:
    """Every album in the recorded answers that was seen by somebody who is not its owner."""
    found: dict[str, dict[str, Any]] = {}

    def collect(value: Any) -> None:
        if isinstance(value, list):
            for inside in value:
                collect(inside)
        elif isinstance(value, dict):
            if value.get("ResponseLevel") == "Public" and "AlbumKey" in value:
                found.setdefault(value["AlbumKey"], value)
            for inside in value.values():
                collect(inside)

    for path in sorted(RECORDED.rglob("*.json")):
        collect(json.loads(path.read_text()))
    return list(found.values())


#: Of a print service's that only one of them has.
UNKNOWN_LINKS = {"Printmark"}


@pytest.mark.parametrize("theirs", recorded_albums(), ids=lambda theirs: theirs["AlbumKey"])
def test_links_depend_on_settings_as_recorded(owner: Client, album: Album, theirs: dict[str, Any]) -> None:
    names = ("AllowDownloads", "EXIF", "Filenames", "Geography", "Protected", "SortMethod", "SortDirection")
    fields = {name: theirs[name] for name in names}
    fields |= {"Share": theirs["CanShare"], "Comments": "AlbumComments" in theirs["Uris"]}
    fields |= {"HideOwner": "User" not in theirs["Uris"], "Keywords": theirs["Keywords"]}
    patch(owner, uri(album), **fields)
    ours = shown(other(owner), album)
    assert list(ours["Uris"]) == [name for name in theirs["Uris"] if name not in UNKNOWN_LINKS]
    for name in (*names, "CanShare", "Keywords", "SecurityType", "HasDownloadPassword", "Packages"):
        assert ours[name] == theirs[name], name
    assert ("/gallery/n-" in ours["WebUri"]) == ("/gallery/n-" in theirs["WebUri"])


def test_what_is_told_without_the_password_is_as_recorded(owner: Client, album: Album) -> None:
    """Whatever the album's own settings are."""
    recorded = RECORDED / "seed" / "album_7NnPHZ_password_level.json"
    if not recorded.exists():
        pytest.skip("there are no recorded answers")
    theirs = json.loads(recorded.read_text())["Response"]["Album"]
    for allowed in (True, False):
        fields: dict[str, Any] = {
            "AllowDownloads": allowed,
            "Share": allowed,
            "DownloadPassword": "x" * allowed,
        }
        patch(owner, uri(album), SecurityType="Password", Password=PASSWORD, **fields)
        ours = shown(other(owner), album)
        assert ours.keys() == theirs.keys()
        for name in ("AllowDownloads", "CanShare", "HasDownloadPassword", "SecurityType", "ResponseLevel"):
            assert ours[name] == theirs[name], name


# -- moving, collecting, deleting, sorting -----------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "array", "absolute"])
def test_images_move_and_keep_their_keys(owner: Client, album: Album, form: str) -> None:
    target, keys = new_album(owner, "Target", "t.jpg"), [image.key for image in album.photos]
    given: object = uris(album)[:2]
    if form == "text":
        given = ",".join(uris(album)[:2])
    elif form == "absolute":
        given = [f"https://api.smugmug.com{one}" for one in uris(album)[:2]]
    act(owner, f"{uri(target)}!moveimages", MoveUris=given)
    assert file_names(owner, target) == ["b.jpg", "t.jpg", "a.jpg"]
    assert (shown(owner, album)["ImageCount"], shown(owner, target)["ImageCount"]) == (1, 3)
    moved = owner.get(f"/api/v2/image/{keys[0]}-0")["Response"]["Image"]
    assert moved["Uris"]["ImageAlbum"]["Uri"] == uri(target)
    assert owner.status(f"{uri(album)}/image/{keys[0]}-0") == 404


def test_a_form_moves_images_too(owner: Client, album: Album) -> None:
    target = new_album(owner, "Target")
    form = {"MoveUris": ",".join(uris(album))}
    kind = "application/x-www-form-urlencoded"
    assert owner.write(f"{uri(target)}!moveimages", form, content_type=kind).status == 200
    assert shown(owner, target)["ImageCount"] == 3


def test_what_was_moved_away_is_refused(owner: Client, album: Album) -> None:
    """Measured: a repeated request, because the first one seemed to fail, is a bad one."""
    target, given = new_album(owner, "Target"), uris(album)
    act(owner, f"{uri(target)}!moveimages", MoveUris=given)
    assert refused(owner, f"{uri(target)}!moveimages", MoveUris=given) == (400, {"MoveUris"})
    assert shown(owner, target)["ImageCount"] == 3


def test_a_time_out_may_come_after_the_move(owner: Client, album: Album) -> None:
    """Measured: a 504, everything moved, and 400 for the same request once more."""
    target, given = new_album(owner, "Target"), {"MoveUris": uris(album)}
    owner.emulator.faults.add("504@/api/v2/album/*!moveimages:times=1")
    assert owner.write(f"{uri(target)}!moveimages", given).status == 504
    assert shown(owner, target)["ImageCount"] == 3
    assert owner.write(f"{uri(target)}!moveimages", given).status == 400


def test_nothing_moves_where_one_is_wrong(owner: Client, album: Album) -> None:
    target = new_album(owner, "Target")
    for wrong in (f"/api/v2/image/{album.photos[0].id}", uri(album), "nonsense", "/api/v2/album/x/image/y-0"):
        given = [uris(album)[1], wrong]
        assert refused(owner, f"{uri(target)}!moveimages", MoveUris=given) == (400, {"MoveUris"})
    assert refused(owner, f"{uri(target)}!moveimages", MoveUris=[]) == (400, {"MoveUris"})
    assert refused(owner, f"{uri(target)}!moveimages") == (400, {"MoveUris"})
    assert shown(owner, album)["ImageCount"] == 3


def test_what_is_processing_stays_without_an_error(owner: Client, album: Album) -> None:
    """Measured."""
    target, account = new_album(owner, "Target"), owner.emulator.account
    account.edit(album.photos[0], processing=True)
    act(owner, f"{uri(target)}!moveimages", MoveUris=uris(album))
    assert file_names(owner, album) == ["b.jpg"]
    assert file_names(owner, target) == ["a.jpg", "c.jpg"]


def test_a_task_is_accepted(owner: Client, album: Album) -> None:
    target = new_album(owner, "Target")
    response = owner.write(f"{uri(target)}!moveimages", {"MoveUris": uris(album), "Async": True})
    body = response.json()
    assert isinstance(body, dict)
    assert (response.status, body["Code"], body["Message"]) == (202, 202, "Accepted")
    assert shown(owner, target)["ImageCount"] == 3


def test_a_full_album_takes_no_more(owner: Client, album: Album) -> None:
    target, account = new_album(owner, "Target", "x.jpg"), owner.emulator.account
    land = new_album(owner, "Land", "y.jpg")
    target.photos = [account.add_photo(target, f"{n}.jpg", b"") for n in range(MAX_IMAGES - 1)]
    act(owner, f"{uri(target)}!moveimages", MoveUris=uris(album)[:1])
    assert refused(owner, f"{uri(target)}!moveimages", MoveUris=uris(album))[0] == 400
    assert refused(owner, f"{uri(target)}!collectimages", CollectUris=uris(land))[0] == 400
    assert (len(album.photos), len(target.photos)) == (2, MAX_IMAGES)


@pytest.mark.parametrize("form", ["album image", "image", "text"])
def test_collected_images_stay_where_they_are(owner: Client, album: Album, form: str) -> None:
    target, image = new_album(owner, "Target"), album.photos[0]
    given: object = [uri(album, image)]
    if form != "album image":
        given = f"/api/v2/image/{image.id}" if form == "image" else uri(album, image)
    act(owner, f"{uri(target)}!collectimages", CollectUris=given)
    assert (shown(owner, album)["ImageCount"], shown(owner, target)["ImageCount"]) == (3, 1)
    collected = owner.get(f"{uri(target)}!images")["Response"]["AlbumImage"][0]
    assert collected["Uri"] == uri(target, image)
    assert collected["ImageKey"] == image.key
    assert collected["Uris"]["ImageAlbum"]["Uri"] == uri(album)
    assert collected["Uris"]["Album"]["Uri"] == uri(target)
    assert collected["WebUri"] == f"https://demo.smugmug.com/Sea/i-{image.key}"
    albums = owner.get(f"/api/v2/image/{image.id}!albums")["Response"]["Album"]
    assert [entry["Name"] for entry in albums] == ["Sea", "Target"]
    act(owner, f"{uri(target)}!collectimages", CollectUris=given)
    assert shown(owner, target)["ImageCount"] == 1


def test_other_peoples_images_can_be_collected_if_they_are_shared(owner: Client, album: Album) -> None:
    stranger = other(owner)
    root = owner.emulator.account.root_of("demo-visitor")
    theirs = owner.emulator.account.add_album("Found", parent=root)
    act(stranger, f"{uri(theirs)}!collectimages", CollectUris=uris(album)[:1])
    assert file_names(stranger, theirs) == ["b.jpg"]
    assert owner.get(f"{uri(theirs)}!images")["Response"]["AlbumImage"][0]["Uris"]["ImageOwner"]["Uri"] == (
        "/api/v2/user/demo"
    )
    patch(owner, uri(album), Share=False)
    assert refused(stranger, f"{uri(theirs)}!collectimages", CollectUris=uris(album)[1:])[0] == 403
    assert stranger.send(uri(theirs, album.photos[0]), "DELETE").status == 200
    assert len(album.photos) == 3


def test_other_peoples_images_cannot_be_taken(owner: Client, album: Album) -> None:
    stranger = other(owner)
    root = owner.emulator.account.root_of("demo-visitor")
    theirs = owner.emulator.account.add_album("Theirs", parent=root)
    assert refused(stranger, f"{uri(theirs)}!moveimages", MoveUris=uris(album))[0] == 403
    assert refused(stranger, f"/api/v2/image/{album.photos[0].id}", "PATCH", AlbumUri=uri(theirs))[0] == 403
    assert refused(owner, uri(album, album.photos[0]), "PATCH", AlbumUri=uri(theirs))[0] == 403
    assert (len(album.photos), len(theirs.photos)) == (3, 0)


@pytest.mark.parametrize(("action", "field"), [("collectimages", "CollectUris"), ("moveimages", "MoveUris")])
def test_what_is_behind_a_password_cannot_be_named(
    owner: Client, album: Album, action: str, field: str
) -> None:
    """As if it were not there; other people's images could be seen otherwise, and so refused with 403."""
    stranger = other(owner)
    root = owner.emulator.account.root_of("demo-visitor")
    theirs = owner.emulator.account.add_album("Theirs", parent=root)
    patch(owner, uri(album), SecurityType="Password", Password=PASSWORD)
    target = f"{uri(theirs)}!{action}"
    assert refused(stranger, target, **{field: uris(album)[0]}) == (400, {field})
    assert theirs.photos == []
    assert stranger.write(f"{uri(album)}!unlock", {"Password": PASSWORD}).status == 200
    assert stranger.write(target, {field: uris(album)[0]}).status == (
        200 if action == "collectimages" else 403
    )


def test_a_link_can_be_moved(owner: Client, album: Album) -> None:
    first, second, image = new_album(owner, "First"), new_album(owner, "Second"), album.photos[0]
    act(owner, f"{uri(first)}!collectimages", CollectUris=uri(album, image))
    act(owner, f"{uri(second)}!moveimages", MoveUris=uri(first, image))
    assert [len(each.photos) for each in (album, first, second)] == [3, 0, 1]
    assert image.home == album.key
    act(owner, f"{uri(second)}!moveimages", MoveUris=uri(album, image))  # the link becomes its home
    assert [len(each.photos) for each in (album, second)] == [2, 1]
    assert (image.home, image.collected) == (second.key, [])


def test_deleting_from_an_album(owner: Client, album: Album) -> None:
    target, (first, second, _) = new_album(owner, "Target"), album.photos
    act(owner, f"{uri(target)}!collectimages", CollectUris=uris(album)[:2])
    act(owner, f"{uri(target)}!deleteimages", DeleteUris=[uri(target, first)])
    assert (len(album.photos), len(target.photos)) == (3, 1)
    act(owner, f"{uri(album)}!deleteimages", DeleteUris=uri(album, second))
    assert (len(album.photos), len(target.photos)) == (2, 0)
    assert owner.status(f"/api/v2/image/{second.id}") == 404
    elsewhere = uris(new_album(owner, "Land", "x.jpg"))
    assert refused(owner, f"{uri(album)}!deleteimages", DeleteUris=elsewhere) == (400, {"DeleteUris"})


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"Uris": [2, 0]}, ["c.jpg", "b.jpg", "a.jpg"]),
        ({"MoveUris": [1]}, ["a.jpg", "b.jpg", "c.jpg"]),
        ({"MoveUris": [0], "Uri": 2}, ["a.jpg", "c.jpg", "b.jpg"]),
        ({"MoveUris": [2], "Uri": 1, "MoveLocation": "Before"}, ["b.jpg", "c.jpg", "a.jpg"]),
    ],
)
def test_images_are_sorted_by_hand(
    owner: Client, album: Album, fields: dict[str, Any], names: list[str]
) -> None:
    def address(value: Any) -> Any:
        if isinstance(value, list):
            return [uris(album)[at] for at in value]
        return uris(album)[value] if isinstance(value, int) else value

    given = {name: address(value) for name, value in fields.items()}
    act(owner, f"{uri(album)}!sortimages", **given)
    assert file_names(owner, album) == names
    assert shown(owner, album)["SortMethod"] == "Position"


def test_only_what_is_in_the_album_is_sorted(owner: Client, album: Album) -> None:
    elsewhere = uris(new_album(owner, "Land", "x.jpg"))
    target = f"{uri(album)}!sortimages"
    assert refused(owner, target, MoveUris=elsewhere) == (400, {"MoveUris"})
    assert refused(owner, target, MoveUris=uris(album)[:1], Uri=uris(album)[0]) == (400, {"Uri"})
    assert refused(owner, target) == (400, {"MoveUris"})


# -- the other actions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("viewer", ["other", "anonymous"])
def test_the_right_password_opens_an_album(owner: Client, viewer: Viewer) -> None:
    locked = new_album(owner, "Wedding", *"123")
    patch(owner, uri(locked), SecurityType="Password", Password=PASSWORD)
    client = other(owner, viewer)

    def unlock(password: str) -> int:
        if viewer == "other":
            return client.write(f"{uri(locked)}!unlock", {"Password": password}).status
        key = owner.emulator.credentials_of("anonymous").api_key
        body = f"Password={quote(password)}".encode()
        sent = {
            "host": HOST,
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
        }
        request = Request("POST", f"{uri(locked)}!unlock", f"APIKey={key}", sent, body)
        return owner.emulator.handle(request).status

    assert unlock("wrong") == 403
    assert client.status(f"{uri(locked)}!images") == 403
    assert unlock(PASSWORD) == 200
    assert len(client.all(f"{uri(locked)}!images", "AlbumImage")) == 3
    opened = shown(client, locked)
    assert (opened["ResponseLevel"], opened["SecurityType"]) == ("Public", "Password")
    assert client.status(f"/api/v2/image/{locked.photos[0].id}") == 200
    somebody = other(owner, "anonymous" if viewer == "other" else "other")
    assert somebody.status(f"{uri(locked)}!images") == 403
    patch(owner, uri(locked), Password="another")
    assert client.status(f"{uri(locked)}!images") == 403


def test_an_image_comes_from_an_address_here(owner: Client, album: Album) -> None:
    source = owner.get(f"{uri(album)}!images")["Response"]["AlbumImage"][0]
    target = new_album(owner, "Target")
    fields = {"Uri": source["ArchivedUri"], "FileName": "new.jpg", "Title": "T", "Caption": "C", "Hidden": 1}
    fields |= {"Keywords": "a; b", "MD5Sum": source["ArchivedMD5"], "ByteCount": source["ArchivedSize"]}
    act(owner, f"{uri(target)}!uploadfromuri", **fields)
    image = owner.get(f"{uri(target)}!images")["Response"]["AlbumImage"][0]
    assert (image["FileName"], image["Title"], image["Caption"]) == ("new.jpg", "T", "C")
    assert (image["KeywordArray"], image["Hidden"]) == (["a", "b"], True)
    assert image["ImageKey"] != source["ImageKey"]
    assert image["ArchivedMD5"] == source["ArchivedMD5"]
    assert image["DateTimeOriginal"] == source["DateTimeOriginal"]


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://example.com/a.jpg",
        "file:///etc/passwd",
        "data:image/png;base64,AA",
        f"{ORIGIN}/api/v2!authuser",
        f"{ORIGIN}/photos/Sea/i-XXXXXXX/0/{'0' * 40}/D/a-D.jpg",
        "/etc/passwd",
        "",
    ],
)
def test_nothing_is_fetched_from_elsewhere(owner: Client, album: Album, address: str) -> None:
    assert refused(owner, f"{uri(album)}!uploadfromuri", Uri=address) == (400, {"Uri"})
    assert len(album.photos) == 3


def test_another_host_is_elsewhere(owner: Client, album: Album) -> None:
    source = owner.get(f"{uri(album)}!images")["Response"]["AlbumImage"][0]["ArchivedUri"]
    address = source.replace(ORIGIN, "http://example.com")
    assert address != source
    assert refused(owner, f"{uri(album)}!uploadfromuri", Uri=address) == (400, {"Uri"})


def test_what_was_promised_must_come(owner: Client, album: Album) -> None:
    source = owner.get(f"{uri(album)}!images")["Response"]["AlbumImage"][0]["ArchivedUri"]
    target = f"{uri(album)}!uploadfromuri"
    assert refused(owner, target, Uri=source, MD5Sum="0" * 32) == (400, {"MD5Sum"})
    assert refused(owner, target, Uri=source, ByteCount=1) == (400, {"ByteCount"})
    assert len(album.photos) == 3


def test_there_are_no_templates_nor_sample_photos(owner: Client, album: Album) -> None:
    template = {"AlbumTemplateUri": "/api/v2/albumtemplate/1"}
    assert refused(owner, f"{uri(album)}!applyalbumtemplate", **template) == (400, {"AlbumTemplateUri"})
    assert refused(other(owner), f"{uri(album)}!addsamplephotos")[0] == 403
    assert refused(owner, f"{uri(album)}!images")[0] == 400


def test_a_whole_album_is_downloaded(owner: Client) -> None:
    album = new_album(owner, "Ferien 😀", "a.jpg", "a.jpg", "A.JPG", "Ночь.jpg")
    target = f"{uri(album)}!download"
    assert owner.get(target)["Response"]["Pages"]["Total"] == 0
    started = owner.write(target, {}).json()
    assert isinstance(started, dict)
    (part,) = owner.get(target)["Response"]["Download"]
    assert started["Response"]["Download"] == [part]
    assert (part["Part"], part["Status"]) == (1, "Complete")
    response = owner.media(part["DownloadUrl"])
    assert (response.status, response.header("Content-Type")) == (200, "application/zip")
    data = response.content()
    assert len(data) == part["ByteCount"]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == sorted(["a.jpg", "a (2).jpg", "A (3).JPG", "Ночь.jpg"])
        stored = sorted(hashlib.md5(archive.read(name)).hexdigest() for name in archive.namelist())
    assert stored == sorted(image.content.md5 for image in album.photos)


def test_an_archive_can_be_read_in_pieces(owner: Client, album: Album) -> None:
    (part,) = owner.write(f"{uri(album)}!download", {}).json()["Response"]["Download"]  # type: ignore[index]
    body = owner.media(part["DownloadUrl"]).body
    assert not isinstance(body, bytes)
    whole, content = body.content.read, body.content
    data = b"".join(whole(0, content.size))
    for start, stop in ((0, 1), (3, 40), (30, 31), (100, 5000), (len(data) - 30, len(data))):
        assert b"".join(whole(start, stop)) == data[start:stop]
    assert content.md5 == hashlib.md5(data).hexdigest()


def test_others_download_what_they_may_have(owner: Client, album: Album) -> None:
    stranger, target = other(owner), f"{uri(album)}!download"
    patch(owner, uri(album, album.photos[0]), Hidden=True)
    patch(owner, uri(album), DownloadPassword="psst")
    assert refused(stranger, target) == (403, {"Password"})
    assert stranger.write(target, {"Password": "psst"}).status == 200
    (part,) = stranger.get(target)["Response"]["Download"]
    with zipfile.ZipFile(io.BytesIO(stranger.media(part["DownloadUrl"]).content())) as archive:
        assert archive.namelist() == ["a.jpg", "c.jpg"]
    patch(owner, uri(album), LargestSize="Large")
    assert refused(stranger, target, Password="psst")[0] == 403
    assert owner.media(part["DownloadUrl"]).status == 404


# -- reading -----------------------------------------------------------------------------------------------


def names_found(client: Client, query: str) -> list[str]:
    return [found["Name"] for found in client.all(f"/api/v2/album!search?{query}", "Album")]


def test_an_empty_search_lists_a_users_albums(full: Client) -> None:
    everything = {shown["Name"] for shown in full.all("/api/v2/user/demo!albums", "Album")}
    assert set(names_found(full, "Scope=/api/v2/user/demo&Text=&count=1000")) == everything


def test_a_search_has_a_scope(full: Client) -> None:
    account = full.emulator.account
    travel = account.find(account.root, ["Travel"])
    assert travel is not None
    within = {"Ring Road", "Þingvellir & Geysir", "Activity Albums 活动影集"}
    assert set(names_found(full, f"Scope=/api/v2/node/{travel.id}&Text=")) == within
    assert set(names_found(full, "Scope=/api/v2/folder/user/demo/Travel&Text=")) == within
    assert names_found(full, "Scope=/api/v2/folder/user/demo/Travel/Iceland-2019&Text=road") == ["Ring Road"]
    assert "Letters" not in names_found(other(full), "Scope=/api/v2/user/demo&Text=&count=1000")
    assert full.status("/api/v2/album!search?Scope=/api/v2/user/nobody&Text=") == 400


def test_a_search_has_an_order(owner: Client) -> None:
    for number, (name, description) in enumerate((("Alps", "snow"), ("Snow", "snow"), ("Snow II", ""))):
        found = new_album(owner, name)
        patch(owner, uri(found), Description=description)
        found.node.modified += number
    scope = "Scope=/api/v2/user/demo&Text=snow"
    assert names_found(owner, scope) == ["Snow", "Snow II", "Alps"]
    assert names_found(owner, f"{scope}&SortMethod=LastUpdated") == ["Snow II", "Snow", "Alps"]
    assert names_found(owner, f"{scope}&SortMethod=LastUpdated&SortDirection=Ascending") == [
        "Alps",
        "Snow",
        "Snow II",
    ]


@pytest.mark.parametrize("name", ["a,b.jpg", "100%.jpg", "Ночь.jpg"])
def test_file_names_are_matched_exactly(owner: Client, name: str) -> None:
    album = new_album(owner, "Names", name, "a", "other.jpg")
    target = f"{uri(album)}!images?FileNames={quote(quote(name, safe=''), safe='')}"
    assert [image["FileName"] for image in owner.get(target)["Response"]["AlbumImage"]] == [name]
    assert "AlbumImage" not in owner.get(f"{uri(album)}!images?FileNames=OTHER.JPG")["Response"]


def test_several_images_of_an_album_at_once(owner: Client, album: Album) -> None:
    keys = ",".join(image.id for image in album.photos[:2]) + ",XXXXXXX-0"
    response = owner.get(f"{uri(album)}/image/{keys}")["Response"]
    assert [image["FileName"] for image in response["AlbumImage"]] == ["b.jpg", "a.jpg"]
    assert response["LocatorType"] == "Objects"


#: What an address answers instead of an object: there is none, or it takes only POST.
NONE_THERE = {"AlbumHighlightImage", "HighlightImage", "NodeCoverImage"}


@pytest.mark.parametrize("viewer", ["owner", "other", "anonymous"])
@pytest.mark.parametrize("name", ["Ring Road", "Nothing yet", "Wedding M + J", "Proofs", "Best of", "Drafts"])
def test_every_link_of_an_album_leads_somewhere(full: Client, name: str, viewer: Viewer) -> None:
    client = other(full, viewer)
    locked = name == "Wedding M + J" and viewer != "owner"
    for link_name, link in shown(client, album_named(full, name))["Uris"].items():
        response = client.send(link["Uri"])
        body = response.json()
        assert isinstance(body, dict)
        if response.status == 405:
            assert "POST" in (response.header("Allow") or ""), link_name
        elif response.status == 404:
            assert link_name in NONE_THERE, link_name
            assert name == "Nothing yet" or locked
        else:
            assert response.status == 200, link_name
            for word in ("Locator", "LocatorType", "EndpointType", "UriDescription"):
                assert body["Response"].get(word) == link.get(word), link_name
            payload = body["Response"].get(link["Locator"])
            if link["LocatorType"] == "Object":
                assert isinstance(payload, dict), link_name
            else:
                assert payload is None or isinstance(payload, list)
