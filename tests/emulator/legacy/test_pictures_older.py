"""The addresses of pictures, and the bytes behind them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from smugsync.emulator.account.content import Bytes
from smugsync.emulator.media.scaling import find_scaler
from smugsync.emulator.messages import Request
from tests.emulator.ask import HOST, sign
from tests.emulator.legacy.asking import VERSIONS, Older, owner, picture
from tests.emulator.legacy.test_albums_older import guest
from tests.emulator.legacy.test_images_older import heavy, named

SIZES = ("Tiny", "Thumb", "Small", "Medium", "Large", "XLarge", "X2Large", "X3Large")
needs_pillow = pytest.mark.skipif(find_scaler() is None, reason="Pillow is not installed")


def urls(client: Older, album: str = "Ring Road", at: int = 0) -> Any:
    return client.ok("images.getURLs", **named(client, album, at))["Image"]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_original_is_what_the_newer_api_gives(version: str) -> None:
    client = owner(version)
    for number in (0, 1, 2):
        got = client.fetch(urls(client, at=number)["OriginalURL"])
        assert (got.status, got.content()) == (200, picture(number + 1))
        assert got.header("content-type") == "image/jpeg"


@pytest.mark.parametrize(
    ("version", "switch", "form"),
    [
        ("1.2.0", "version", "{id}-O-{serial}"),
        ("1.2.1", "version", "{id}-O-{serial}"),
        ("1.2.2", "version", "{id}_{key}-O"),
        ("1.3.0", "version", "{id}_{key}-O"),
        ("1.2.0", "plain", "{id}-O"),
        ("1.2.0", "keyed", "{id}_{key}-O"),
        ("1.3.0", "serial", "{id}-O-{serial}"),
    ],
)
def test_addresses_have_the_form_of_their_time(version: str, switch: str, form: str) -> None:
    client = owner(version, legacy_urls=switch)
    image = client.album("Ring Road").photos[0]
    path = form.format(id=client.id_of(image), key=image.key, serial=image.serial)
    shown = urls(client)["OriginalURL"]
    assert shown == f"http://{HOST}/photos/{path}.jpg"
    assert client.fetch(shown).content() == picture(1)


@pytest.mark.parametrize(
    "path", ["{id}_xxxxxxx-O", "{id}-O-7", "1-O", "{id}-Q", "{id}_{key}-1920", "{id}-O-"]
)
def test_an_address_of_nothing_leads_nowhere(path: str) -> None:
    client = owner()
    image = client.album("Ring Road").photos[0]
    filled = path.format(id=client.id_of(image), key=image.key)
    assert client.fetch(f"http://{HOST}/photos/{filled}.jpg").status == 404


def test_after_a_replacement_the_address_with_the_old_serial_is_gone() -> None:
    client = owner()
    old = urls(client)["OriginalURL"]
    client.emulator.account.replace(client.album("Ring Road").photos[0], picture(5))
    assert client.fetch(old).status == 404
    assert client.fetch(urls(client)["OriginalURL"]).content() == picture(5)


@needs_pillow
def test_every_size_is_a_picture_of_its_size() -> None:
    from PIL import Image  # noqa: PLC0415 - an extra

    client = owner("1.3.0")
    out = BytesIO()
    Image.effect_noise((1700, 1000), 50).convert("RGB").save(out, "JPEG")
    client.emulator.account.replace(client.album("Ring Road").photos[0], out.getvalue())
    shown = urls(client)
    edges = (100, 150, 400, 600, 800, 1024, 1280, 1600)
    for name, edge in zip(SIZES, edges, strict=True):
        got = client.fetch(shown[f"{name}URL"])
        with Image.open(BytesIO(got.content())) as picture_of_size:
            assert max(picture_of_size.size) == edge, name


def test_sizes_that_a_picture_has_not_are_missing_but_for_the_smallest_four() -> None:
    client = owner()
    shown = urls(client)  # of 640 x 427
    assert {f"{name}URL" for name in SIZES} & shown.keys() == {f"{name}URL" for name in SIZES[:4]}
    for name in SIZES[:4]:
        got = client.fetch(shown[f"{name}URL"])
        assert got.status == 200
        assert str(got.header("content-type")).startswith("image/")


def test_who_knows_an_address_gets_the_picture() -> None:
    client = owner()
    assert client.fetch(urls(client, "Letters")["OriginalURL"]).content() == picture(6)


class TestWithheld:
    def test_by_the_owner_from_others(self) -> None:
        client = owner()
        assert "OriginalURL" in urls(client, "Proofs")
        assert "OriginalURL" not in urls(guest(client), "Proofs")

    def test_by_the_setting_external_too(self) -> None:
        client = owner()
        number = client.id_of(client.album("Ring Road"))
        client.ok("albums.changeSettings", AlbumID=number, External=0)
        assert "OriginalURL" in urls(client)
        assert "OriginalURL" not in urls(guest(client))

    def test_by_the_switch_from_everybody(self) -> None:
        assert "OriginalURL" not in urls(owner(legacy_originals="withheld"))

    @pytest.mark.parametrize(("how", "value"), [("empty", ""), ("null", None)])
    def test_shows_in_several_ways(self, how: str, value: object) -> None:
        client = owner(legacy_originals="withheld", legacy_absent=how)
        assert urls(client)["OriginalURL"] == value


class TestSigned:
    """With `media-auth=signed`, what is private has to be asked for by its owner."""

    def get(self, client: Older, url: str, viewer: str = "") -> int:
        headers = {"host": HOST}
        if viewer:
            headers["authorization"] = sign(client.emulator, viewer, "GET", url)  # type: ignore[arg-type]
        path = "/" + url.split("/", 3)[3]
        return client.emulator.handle(Request("GET", path, "", headers)).status

    def test_private_pictures_are_for_their_owner(self) -> None:
        client = owner("1.3.0", media_auth="signed")
        url = urls(client, "Letters")["OriginalURL"]
        assert self.get(client, url) == 403
        assert self.get(client, url, "other") == 403
        assert self.get(client, url, "owner") == 200

    def test_public_ones_are_for_all(self) -> None:
        client = owner("1.3.0", media_auth="signed")
        assert self.get(client, urls(client)["OriginalURL"]) == 200

    def test_a_wrong_signature_is_refused(self) -> None:
        client = owner("1.3.0", media_auth="signed")
        url = urls(client, "Letters")["OriginalURL"]
        path = "/" + url.split("/", 3)[3]
        signed_elsewhere = sign(client.emulator, "owner", "GET", f"{url}x")
        request = Request("GET", path, "", {"host": HOST, "authorization": signed_elsewhere})
        assert client.emulator.handle(request).status == 403


class TestFilms:
    def test_are_under_their_width(self) -> None:
        client = owner()
        shown = urls(client, "Zoë's birthday 🎂")
        films = [name for name in shown if name.startswith("Video")]
        assert len(films) == 1
        assert films[0] in {f"Video{width}URL" for width in (320, 640, 960, 1280, 1920)}
        got = client.fetch(shown[films[0]])
        assert got.header("content-type") == "video/mp4"

    @pytest.mark.parametrize("what", ["processing", "broken"])
    def test_that_cannot_be_shown_have_none(self, what: str) -> None:
        client = owner()
        client.emulator.account.edit(client.album("Zoë's birthday 🎂").photos[0], **{what: True})
        shown = heavy(client, "Zoë's birthday 🎂")["Candles.MOV"]
        assert not [name for name in shown if name.startswith("Video")]

    def test_have_small_pictures(self) -> None:
        client = owner()
        assert client.fetch(urls(client, "Zoë's birthday 🎂")["ThumbURL"]).status == 200


class TestBytes:
    def test_come_in_parts(self) -> None:
        client = owner()
        got = client.fetch(urls(client)["OriginalURL"], range="bytes=10-19")
        assert (got.status, got.content()) == (206, picture(1)[10:20])
        assert got.header("content-range") == f"bytes 10-19/{len(picture(1))}"

    def test_are_not_sent_again(self) -> None:
        client = owner()
        url = urls(client)["OriginalURL"]
        etag = str(client.fetch(url).header("etag"))
        assert client.fetch(url, if_none_match=etag).status == 304

    def test_are_read_and_nothing_else(self) -> None:
        client = owner()
        path = "/" + urls(client)["OriginalURL"].split("/", 3)[3]
        assert client.emulator.handle(Request("POST", path, "", {"host": HOST})).status == 405

    def test_that_are_gone_are_not_found(self) -> None:
        client = owner()
        url = urls(client)["OriginalURL"]

        class Gone(Bytes):
            def read(self, start: int, stop: int) -> Any:
                raise FileNotFoundError

            @property
            def size(self) -> int:
                raise FileNotFoundError

        client.album("Ring Road").photos[0].content = Gone(b"")
        assert client.fetch(url).status == 404


def test_other_peoples_pages_do_not_tell_hidden_owners() -> None:
    client = owner("1.3.0")
    client.emulator.account.edit_node(client.album("Ring Road").node, hide_owner=True)
    stranger = replace(client.anonymous(), version="1.3.0")
    [shown] = [
        one for one in stranger.ok("albums.get", NickName="demo")["Albums"] if one["Title"] == "Ring Road"
    ]
    assert shown["URL"] == f"http://www.smugmug.com/gallery/{shown['id']}_{shown['Key']}"


def test_a_whole_account_is_the_same_through_every_version() -> None:
    """What can be downloaded, by its digests."""
    found = []
    for version in VERSIONS:
        client = owner(version)
        digests = []
        for album in client.emulator.account.albums.values():
            if album.photos:
                for shown in client.images(album, Heavy=1):
                    films = sorted(name for name in shown if name.startswith("Video"))
                    url = shown.get("OriginalURL") or shown[films[-1]]
                    digests.append(hashlib.sha256(client.fetch(url).content()).hexdigest())
        found.append(sorted(digests))
    assert found[0] == found[1] == found[2] == found[3]
    assert len(found[0]) == 11
