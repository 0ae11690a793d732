"""Answers that were recorded, with their masked values replaced, and ours of the same kind."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from smugsync.emulator.media.pictures import make_picture
from smugsync.emulator.settings import make_login
from tests.emulator.legacy.asking import Older, new_album, owner, small

JPEG = make_picture(1, taken="2019-08-04T11:28:12")

RECORDED_ALBUM = json.loads(
    '{"id":3517,"Category":{"id":0,"Name":"Other"},"SubCategory":{"id":77,"Name":"Sub"},"Highlight":{"id":0},'
    '"Community":{"id":0},"Position":17,"ImageCount":24,"Title":"Album","Description":"","Keywords":"",'
    '"Public":true,"Password":"","PasswordHint":"","Printable":true,"Filenames":false,"Comments":true,'
    '"External":true,"Originals":true,"EXIF":true,"Share":true,"SortMethod":"Position","SortDirection":false,'
    '"LastUpdated":"2007-09-24 16:40:10","FamilyEdit":false,"FriendEdit":false,"HideOwner":false,'
    '"CanRank":true,"Clean":false,"Geography":true,"SmugSearchable":true,"WorldSearchable":true,'
    '"Larges":true,"Protected":false,"Watermarking":false,"Watermark":{"id":0},"DefaultColor":false,'
    '"ProofDays":0,"Backprinting":"","XLarges":true,"X2Larges":true,"X3Larges":true,"Header":false,'
    '"Template":{"id":0},"UnsharpRadius":1,"UnsharpSigma":1,"UnsharpAmount":0.2,"UnsharpThreshold":0.05}'
)
URL = "http://nick.smugmug.com/photos/222910058-"
RECORDED_IMAGE = json.loads(
    '{"id":222910058,"FileName":"IMG_0001.JPG","Caption":"","Keywords":"","Position":1,'
    '"Date":"2007-09-24 16:38:02","Format":"JPG","Serial":1,"Watermark":"0","Size":4293593,"Width":3072,'
    '"Height":2304,"MD5Sum":"0123456789abcdef0123456789abcdef","LastUpdated":"2007-09-24 16:40:10",'
    '"AlbumURL":"http://nick.smugmug.com/gallery/3517#222910058",'
    f'"TinyURL":"{URL}Ti-1.jpg","ThumbURL":"{URL}Th-1.jpg","SmallURL":"{URL}S-1.jpg",'
    f'"MediumURL":"{URL}M-1.jpg","OriginalURL":"{URL}O-1.jpg","Album":{{"id":3517}}}}'
)


def kinds(value: Any) -> Any:
    """What a value is of, all the way down; lists by their first item."""
    if isinstance(value, dict):
        return {name: kinds(item) for name, item in value.items()}
    if isinstance(value, list):
        return [kinds(item) for item in value[:1]]
    return float if isinstance(value, float) else type(value)


def test_an_anonymous_login() -> None:
    client = owner().anonymous()
    answer = client.ask("login.anonymously")
    session = answer["Login"]["Session"].pop("id")
    assert answer == {"stat": "ok", "method": "smugmug.login.anonymously", "Login": {"Session": {}}}
    assert re.fullmatch("[0-9a-f]{32}", session)


def test_a_login_by_password_and_then_by_hash() -> None:
    client = owner().anonymous()
    recorded = (
        '{"stat":"ok","method":"smugmug.login.withPassword","Login":{"User":{"id":303189,"NickName":"nick",'
        '"DisplayName":"Display"},"PasswordHash":"$1$Ou3SzvBQ$x","AccountType":"Standard",'
        '"FileSizeLimit":12582912,"SmugVault":false,"Session":{"id":"02f3ad2fcd0a3839e7249374278b096e"}}}'
    )
    secret = make_login(client.emulator.settings, "demo")
    answer = client.ok("login.withPassword", EmailAddress="demo", Password=secret.password)
    assert kinds(answer) == kinds(json.loads(recorded))
    assert list(answer["Login"]) == list(json.loads(recorded)["Login"])
    assert re.fullmatch(r"\$1\$[./0-9A-Za-z]{8}\$[./0-9A-Za-z]{22}", answer["Login"]["PasswordHash"])
    again = client.ok(
        "login.withHash", UserID=answer["Login"]["User"]["id"], PasswordHash=answer["Login"]["PasswordHash"]
    )
    assert set(again["Login"]["User"]) == {"NickName", "DisplayName"}
    assert "PasswordHash" not in again["Login"]


def test_failures_of_1_2_0_name_no_method() -> None:
    client = owner()
    assert client.ask("subcategories.get", CategoryID=0) == {
        "stat": "fail",
        "code": 15,
        "message": "empty set - no subcategories found",
    }
    stranger = replace(client, session="0" * 32)
    assert stranger.ask("albums.get") == {"stat": "fail", "code": 3, "message": "invalid session"}


def test_failures_of_1_2_2_name_it() -> None:
    """Recorded of 1.2.2: code 36, `invalid/expired token`."""
    client = replace(owner("1.2.2"), session="", signs="owner")
    [token] = [one["token"] for one in client.emulator.gatekeeper.tokens() if one["user"] == "demo"]
    client.emulator.gatekeeper.revoke(token)
    assert client.ask("albums.get") == {
        "stat": "fail",
        "method": "smugmug.albums.get",
        "code": 36,
        "message": "invalid/expired token",
    }


def test_a_light_list_of_albums() -> None:
    client = small(legacy_keys="absent")
    new_album(client, "Album")
    shown = client.ok("albums.get")["Albums"]
    recorded = [{"id": 3517, "Title": "Album", "Category": {"id": 0, "Name": "Other"}}]
    assert kinds(shown) == kinds(recorded)
    assert shown[0]["Category"] == {"id": 0, "Name": "Other"}
    later = small("1.2.2")
    new_album(later, "Fabulous me!", CategoryID=33)
    recorded = [
        {"id": 5298215, "Key": "9VoYf", "Category": {"id": 33, "Name": "Vacation"}, "Title": "Fabulous me!"}
    ]
    shown = later.ok("albums.get")["Albums"]
    assert kinds(shown) == kinds(recorded)
    assert shown[0]["Category"] == {"id": 33, "Name": "Vacation"}


def test_a_heavy_list_of_albums() -> None:
    client = small(legacy_keys="absent")
    category = client.ok("categories.create", Name="Cat")["Category"]["id"]
    sub = client.ok("subcategories.create", CategoryID=category, Name="Sub")["SubCategory"]["id"]
    new_album(client, "Album", CategoryID=category, SubCategoryID=sub, SortMethod="Position", Header=0)
    [shown] = client.ok("albums.get", Heavy=1)["Albums"]
    assert list(shown) == list(RECORDED_ALBUM)
    assert kinds(shown) == kinds(RECORDED_ALBUM)
    same = ("LastUpdated", "id", "Category", "SubCategory", "Position", "ImageCount")
    assert {k: v for k, v in shown.items() if k not in same} == {
        k: v for k, v in RECORDED_ALBUM.items() if k not in same
    }


def test_a_strangers_album() -> None:
    client = owner(legacy_keys="absent").anonymous()
    session = client.ok("login.anonymously")["Login"]["Session"]["id"]
    stranger = replace(client, session=session)
    number = stranger.ok("albums.get", NickName="demo")["Albums"][0]["id"]
    recorded = json.loads(
        '{"id":3517,"Position":7,"ImageCount":30,"Title":"T","Description":"D",'
        '"LastUpdated":"2001-01-01 01:01:01","Highlight":{"id":99},"Category":{"id":37},'
        '"SubCategory":{"id":0}}'
    )
    shown = stranger.ok("albums.getInfo", AlbumID=number)["Album"]
    assert kinds(shown) == kinds(recorded)


def test_a_light_tree() -> None:
    client = small(legacy_keys="absent")
    category = client.ok("categories.create", Name="Cat")["Category"]["id"]
    sub = client.ok("subcategories.create", CategoryID=category, Name="Sub")["SubCategory"]["id"]
    inside = new_album(client, "A", CategoryID=category, SubCategoryID=sub)
    beside = new_album(client, "B", CategoryID=category)
    other = new_album(client, "C")
    assert client.ok("users.getTree")["Categories"] == [
        {"id": 0, "Name": "Other", "Albums": [{"id": other, "Title": "C"}]},
        {
            "id": category,
            "Name": "Cat",
            "SubCategories": [{"id": sub, "Name": "Sub", "Albums": [{"id": inside, "Title": "A"}]}],
            "Albums": [{"id": beside, "Title": "B"}],
        },
    ]


def _with_a_picture(client: Older) -> tuple[int, int]:
    album = new_album(client)
    return album, client.upload(JPEG, albumid=str(album))["Image"]["id"]


def test_a_light_list_of_images() -> None:
    client = small(legacy_keys="absent")
    album, image = _with_a_picture(client)
    assert client.ask("images.get", AlbumID=album) == {
        "stat": "ok",
        "method": "smugmug.images.get",
        "Images": [{"id": image}],
    }


def test_a_heavy_list_of_images() -> None:
    client = small(legacy_keys="absent")
    album, _ = _with_a_picture(client)
    [shown] = client.ok("images.get", AlbumID=album, Heavy=1)["Images"]
    assert list(shown) == list(RECORDED_IMAGE)
    assert kinds(shown) == kinds(RECORDED_IMAGE)


def test_since_keys_came_an_entry_has_them() -> None:
    client = small()
    album, image = _with_a_picture(client)
    [shown] = client.ok("images.get", AlbumID=album, Heavy=1)["Images"]
    assert shown.keys() - RECORDED_IMAGE.keys() == {"Key", "Hidden"}
    [key] = [one.key for one in client.album("New").photos]
    assert (shown["id"], shown["Key"]) == (image, key)
    assert shown["Album"] == {"id": album, "Key": client.album("New").key}


def test_one_image() -> None:
    client = small(legacy_keys="absent")
    album, image = _with_a_picture(client)
    shown = client.ok("images.getInfo", ImageID=image)["Image"]
    assert list(shown) == ["id", "Album", *(n for n in RECORDED_IMAGE if n not in ("id", "Album"))]
    assert shown["Album"] == {"id": album}


def test_its_addresses() -> None:
    client = small(legacy_keys="absent")
    _, image = _with_a_picture(client)
    shown = client.ok("images.getURLs", ImageID=image)["Image"]
    assert list(shown) == ["id", *(name for name in RECORDED_IMAGE if name.endswith("URL"))]


def test_what_the_camera_wrote() -> None:
    client = small()
    album = new_album(client)
    image = client.upload(JPEG, albumid=str(album))["Image"]["id"]
    shown = client.ok("images.getEXIF", ImageID=image)["Image"]
    recorded = json.loads(
        '{"id":222910058,"DateTime":"2001-01-01 01:01:01","DateTimeOriginal":"2001-01-01 01:01:01",'
        '"DateTimeDigitized":"2001-01-01 01:01:01","Make":"M","Model":"N","ExposureTime":"1/60",'
        '"Aperture":"f/2.8","FocalLength":"4600/1000","CCDWidth":"5mm","CompressedBitsPerPixel":"5/1",'
        '"Flash":89,"ExposureBiasValue":"0/3","ExposureMode":0,"WhiteBalance":0,"DigitalZoomRatio":"3072/3072",'
        '"SensingMethod":2,"ColorSpace":"1"}'
    )
    assert shown["DateTimeOriginal"] == "2019-08-04 11:28:12"
    assert kinds({k: v for k, v in shown.items() if k in recorded}) == {
        k: v for k, v in kinds(recorded).items() if k in shown
    }
    assert shown.keys() - recorded.keys() <= {"ISO", "Metering", "Brightness"}


@pytest.mark.parametrize(
    ("version", "fields"),
    [("1.2.0", {"id"}), ("1.2.1", {"id", "Key"}), ("1.2.2", {"id", "Key"}), ("1.3.0", {"id", "Key", "URL"})],
)
def test_an_upload(version: str, fields: set[str]) -> None:
    client = small(version)
    album = new_album(client)
    answer = client.upload(JPEG, albumid=str(album))
    assert (answer["stat"], answer["method"]) == ("ok", "smugmug.images.upload")
    assert set(answer["Image"]) == fields
    if version == "1.3.0":
        key = client.album("New").photos[0].key
        own = client.album("New").key
        assert answer["Image"]["URL"] == (
            f"http://demo.smugmug.com/Other/New/{album}_{own}#{answer['Image']['id']}_{key}"
        )


def test_a_new_album() -> None:
    assert set(small("1.2.0").ok("albums.create", Title="T")["Album"]) == {"id"}
    assert set(small("1.2.2").ok("albums.create", Title="T")["Album"]) == {"id", "Key"}
    assert set(small("1.3.0").ok("albums.create", Title="T")["Album"]) == {"id", "Key", "URL"}


def test_categories() -> None:
    client = small()
    assert client.ok("categories.get")["Categories"][0] == {"id": 0, "Title": "Other"}
    category = client.ok("categories.create", Name="Cat")["Category"]["id"]
    sub = client.ok("subcategories.create", CategoryID=category, Name="Sub")["SubCategory"]["id"]
    assert client.ok("subcategories.getAll")["SubCategories"] == [
        {"id": sub, "Title": "Sub", "Category": {"id": category}}
    ]


def test_what_has_nothing_to_say_says_stat_and_method() -> None:
    client = small()
    _, image = _with_a_picture(client)
    assert client.ask("images.delete", ImageID=image) == {"stat": "ok", "method": "smugmug.images.delete"}
    assert client.ask("logout") == {
        "stat": "ok",
        "method": "smugmug.logout",
        "Logout": {"Successful": ""},
    }


def test_1_3_0_light_and_heavy() -> None:
    """The older page of this method, and what was put together from lists of fields."""
    client = small("1.3.0")
    album, image = _with_a_picture(client)
    key, shown = client.album("New").key, client.album("New").photos[0].key
    answer = client.ok("images.get", AlbumID=album, AlbumKey=key)["Album"]
    assert answer == {
        "id": album,
        "Key": key,
        "ImageCount": 1,
        "Images": [{"id": image, "Key": shown}],
        "URL": f"http://demo.smugmug.com/Other/New/{album}_{key}",
    }
    [heavy] = client.ok("images.get", AlbumID=album, AlbumKey=key, Heavy=1)["Album"]["Images"]
    needed = (
        "id Key Caption Date FileName Format Height Hidden Keywords LastUpdated LightboxURL MD5Sum MediumURL"
        " OriginalURL Position Serial Size SmallURL ThumbURL TinyURL URL Watermark Width"
    )
    assert set(needed.split()) <= heavy.keys()
    assert heavy["Watermark"] is False
    assert heavy["URL"] == f"{answer['URL']}#{image}_{shown}"
    assert heavy["LightboxURL"] == f"{heavy['URL']}-A-LB"
