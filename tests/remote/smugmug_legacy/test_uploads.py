"""Files on their way: what every client of the older API was found to send."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.model import Account, Sent
from smugsync.errors import Garbled, Rejected
from smugsync.remote.dialect import Auth, Call, UploadLimit
from smugsync.remote.smugmug_legacy.dialect import SmugMugLegacy
from tests.remote.smugmug_legacy.small_legacy import API, CHECKED_TOKEN, LOGIN_ANSWER, arguments, reply
from tests.remote.smugmug_legacy.test_failures import OUTGOING, PICTURE

V120, V130 = SmugMugLegacy("1.2.0", API), SmugMugLegacy("1.3.0", API)
VERSIONS: tuple[Literal["1.2.0", "1.2.1", "1.2.2", "1.3.0"], ...] = ("1.2.0", "1.2.1", "1.2.2", "1.3.0")


def headers(call: Call) -> dict[str, str]:
    found = dict(call.headers)
    assert len(found) == len(call.headers)
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_the_request_is_that_of_every_client(version: Literal["1.2.0", "1.2.1", "1.2.2", "1.3.0"]) -> None:
    call = SmugMugLegacy(version, API).upload(OUTGOING, PICTURE)
    assert (call.method, call.url, call.auth) == ("PUT", "https://upload.smugmug.com/a.jpg", Auth.ACCOUNT)
    assert call.body is PICTURE
    assert not call.idempotent
    assert headers(call) == {
        "Content-Type": "image/jpeg",
        "Content-MD5": OUTGOING.md5,
        "X-Smug-Version": version,
        "X-Smug-ResponseType": "JSON",
        "X-Smug-AlbumID": "1234",
        "X-Smug-FileName": "a.jpg",
    }
    assert len(OUTGOING.md5) == 32


def test_the_upload_host_is_a_setting() -> None:
    for address in ("http://127.0.0.1:1/up/", "http://127.0.0.1:1/up"):
        there = SmugMugLegacy("1.2.0", API, upload_url=address)
        assert there.upload(OUTGOING, PICTURE).url == "http://127.0.0.1:1/up/a.jpg"


@given(st.text(min_size=1, max_size=20))
def test_a_name_is_one_part_of_the_address(name: str) -> None:
    call = V120.upload(replace(OUTGOING, name=name), PICTURE)
    assert call.url.isascii()
    path = urlsplit(call.url).path
    assert path.count("/") == 1
    assert unquote(path[1:]) == name
    told = headers(call).get("X-Smug-FileName")
    assert told == name if name.isascii() and name.isalnum() else told in (None, name)


def test_a_replacement_names_the_photo_and_from_1_3_0_on_its_album_too() -> None:
    replacing = replace(OUTGOING, replaces="5_kkkkk", serial=3)
    for version in VERSIONS:
        found = headers(SmugMugLegacy(version, API).upload(replacing, PICTURE))
        assert found["X-Smug-ImageID"] == "5"
        assert ("X-Smug-AlbumID" in found) == (version == "1.3.0")


def test_keywords_are_separated_by_semicolons() -> None:
    call = V120.upload(replace(OUTGOING, keywords=("a", "b c")), PICTURE)
    assert headers(call)["X-Smug-Keywords"] == "a; b c"


class TestAnswers:
    def read(self, image: object, **changes: Any) -> Sent:
        return V130.read_upload(reply({"stat": "ok", "Image": image}), replace(OUTGOING, **changes))

    def test_a_replacement_keeps_its_key_also_where_only_its_number_is_said(self) -> None:
        assert self.read({"id": 5}, replaces="5_kkkkk") == Sent("5_kkkkk")
        assert self.read({"id": "5", "Key": "kkkkk", "Serial": 2}, replaces="5_kkkkk") == Sent("5_kkkkk", 2)

    @pytest.mark.parametrize("image", [{"id": 6}, {"id": 5, "Key": "other"}])
    def test_an_answer_that_names_another_photo_is_refused(self, image: object) -> None:
        with pytest.raises(Garbled, match="another photo"):
            self.read(image, replaces="5_kkkkk")

    @pytest.mark.parametrize("image", [None, True, {}, {"id": ""}, {"id": None}, []])
    def test_an_answer_that_names_no_photo_is_refused(self, image: object) -> None:
        with pytest.raises(Garbled):
            self.read(image)


class TestForms:
    @pytest.mark.parametrize(
        ("version", "path"),
        [
            ("1.2.0", "/hack/json/1.2.0/"),
            ("1.2.1", "/services/api/json/1.2.1/"),
            ("1.2.2", "/services/api/json/1.2.2/"),
        ],
    )
    def test_a_file_inside_a_form_goes_to_the_upload_host(
        self, version: Literal["1.2.0", "1.2.1", "1.2.2"], path: str
    ) -> None:
        call = SmugMugLegacy(version, API).upload_base64(replace(OUTGOING, keywords=("a", "b")), PICTURE.data)
        assert (call.method, call.url) == ("POST", f"https://upload.smugmug.com{path}")
        assert not call.idempotent
        asked = arguments(call)
        assert base64.b64decode(asked.pop("Data")) == PICTURE.data
        assert asked == {
            "method": "smugmug.images.upload",
            "AlbumID": "1234",
            "FileName": "a.jpg",
            "ByteCount": str(PICTURE.size),
            "MD5Sum": OUTGOING.md5,
            "Keywords": "a; b",
        }

    def test_not_in_1_3_0_and_not_in_the_place_of_another(self) -> None:
        for dialect, outgoing in ((V130, OUTGOING), (V120, replace(OUTGOING, replaces="5"))):
            with pytest.raises(Rejected):
                dialect.upload_base64(outgoing, PICTURE.data)


class TestLimits:
    def test_whoever_signs_in_is_told_the_largest_photo(self) -> None:
        me = Account("nick", "user/1")
        assert V120.limits(me) == V120.account()
        assert V120.read_limits(reply(LOGIN_ANSWER)) == (UploadLimit("Image", (), 12582912),)
        assert V130.read_limits(reply(CHECKED_TOKEN)) == (UploadLimit("Image", (), 25165824),)

    def test_nobody_says_anything_of_a_named_user(self) -> None:
        assert V130.read_limits(reply({"stat": "ok", "Albums": []})) == ()
