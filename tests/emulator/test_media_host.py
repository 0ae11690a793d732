from __future__ import annotations

import hashlib

import pytest

from smugsync.emulator.account.account import Account
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings
from tests.emulator.ask import Client


@pytest.fixture
def client() -> Client:
    return Client(Emulator(Settings()))


def account(client: Client) -> Account:
    return client.emulator.account


def shown(client: Client, album: str, place: int = 0) -> dict[str, object]:
    key = next(a.key for a in account(client).albums.values() if a.node.name == album)
    image: dict[str, object] = client.get(f"/api/v2/album/{key}!images")["Response"]["AlbumImage"][place]
    return image


def test_originals_are_what_was_promised(client: Client) -> None:
    for image in client.all("/api/v2/user/demo!recentimages?count=100", "Image"):
        if not image["IsVideo"]:
            response = client.media(image["ArchivedUri"])
            assert response.status == 200
            assert len(response.content()) == image["ArchivedSize"]
            assert hashlib.md5(response.content()).hexdigest() == image["ArchivedMD5"]


def test_a_video_is_had_by_its_rendition_only(client: Client) -> None:
    videos = [i for i in client.all("/api/v2/user/demo!recentimages?count=100", "Image") if i["IsVideo"]]
    assert len(videos) == 1
    image = videos[0]
    assert image["Format"] == "MP4"
    assert image["FileName"] == "Candles.MOV"
    assert client.media(image["ArchivedUri"]).status == 403
    video = client.get(image["Uris"]["LargestVideo"]["Uri"])["Response"]["LargestVideo"]
    body = client.media(video["Url"]).content()
    assert (len(body), hashlib.md5(body).hexdigest()) == (video["Size"], video["MD5"])
    assert image["ArchivedMD5"] != video["MD5"]
    assert float(video["Duration"]) > 0
    found = account(client).image(image["ImageKey"])
    assert found is not None
    for trouble in ({"processing": True}, {"processing": False, "broken": True}):
        account(client).edit(found, **trouble)
        assert client.status(image["Uris"]["LargestVideo"]["Uri"]) == 404


def test_ranges(client: Client) -> None:
    url = str(shown(client, "Twins")["ArchivedUri"])
    whole = client.media(url)
    body, size = whole.content(), len(whole.body)
    assert whole.header("Accept-Ranges") == "bytes"
    etag, modified = whole.header("ETag") or "", whole.header("Last-Modified") or ""
    for wanted, start, stop in (
        ("0-0", 0, 1),
        ("10-19", 10, 20),
        ("100-", 100, size),
        ("-7", size - 7, size),
    ):
        part = client.media(url, range=f"bytes={wanted}")
        assert part.status == 206
        assert part.header("Content-Range") == f"bytes {start}-{stop - 1}/{size}"
        assert part.content() == body[start:stop]
    assert client.media(url, range="bytes=5-9", if_range=etag).status == 206
    assert client.media(url, range="bytes=5-9", if_range=modified).status == 206
    for stale in ('"another"', "Mon, 01 Jan 2001 00:00:00 GMT", "nonsense"):
        assert client.media(url, range="bytes=5-9", if_range=stale).content() == body
    beyond = client.media(url, range=f"bytes={size}-")
    assert (beyond.status, beyond.header("Content-Range")) == (416, f"bytes */{size}")
    assert client.media(url, range="lines=1-2").status == 200
    assert client.media(url, if_none_match=etag).status == 304


@pytest.mark.parametrize(
    "wanted", ["bytes=5-2", "bytes=-", "bytes=", "bytes=0-1,5-6", "bytes=a-b", "bytes=²-"]
)
def test_a_range_that_is_none_is_ignored(client: Client, wanted: str) -> None:
    url = str(shown(client, "Twins")["ArchivedUri"])
    response = client.media(url, range=wanted)
    assert (response.status, response.header("Content-Range")) == (200, None)
    assert response.content() == client.media(url).content()


@pytest.mark.parametrize(
    ("wanted", "status", "left"),
    [
        ("bytes=0-{many}", 206, 0),
        ("bytes={zeros}7-", 206, 7),
        ("bytes=-{many}", 206, 0),
        ("bytes={many}-", 416, None),
        ("bytes={many}-{many}", 416, None),
        ("bytes=-0", 416, None),
    ],
)
def test_a_range_may_have_any_number_of_digits(
    client: Client, wanted: str, status: int, left: int | None
) -> None:
    url = str(shown(client, "Twins")["ArchivedUri"])
    whole = client.media(url).content()
    response = client.media(url, range=wanted.format(many="9" * 5000, zeros="0" * 5000))
    assert response.status == status
    assert response.content() == (b"" if left is None else whole[left:])


def test_addresses_change_with_rename_and_replacement(client: Client) -> None:
    before = shown(client, "Twins")
    album = account(client).albums[str(before["AlbumKey"])]
    account(client).rename(album.node, url_name="Zwillinge")
    renamed = shown(client, "Twins")
    assert renamed["ArchivedUri"] != before["ArchivedUri"]
    assert client.media(str(before["ArchivedUri"])).status == 404
    account(client).replace(album.photos[0], b"other bytes")
    image = account(client).image(album.photos[0].key)
    assert image is not None
    assert image.serial == 1
    after = client.get(f"/api/v2/image/{image.id}")["Response"]["Image"]
    assert client.media(after["ArchivedUri"]).content() == b"other bytes"
    assert client.status(f"/api/v2/image/{image.key}-0") == 301


def test_the_address_of_a_photo_names_no_album_that_is_not_public(client: Client) -> None:
    for album, named in (("Twins", True), ("Drafts", False), ("Letters", False)):
        image = shown(client, album)
        url = str(image["ArchivedUri"])
        assert (f"/{album}/" in url) is named
        if not named:
            key, tail = image["ImageKey"], f"/D/i-{image['ImageKey']}-D.jpg"
            assert f"/photos/photos/i-{key}/0/" in url
            assert url.endswith(tail)
        assert hashlib.md5(client.media(url).content()).hexdigest() == image["ArchivedMD5"]


def test_nonsense_is_not_found(client: Client) -> None:
    for path in ("/photos/", "/photos/x/i-ABC/0/token/D/x.jpg", "/photos/../etc/passwd"):
        assert client.media(f"http://host{path}").status == 404
