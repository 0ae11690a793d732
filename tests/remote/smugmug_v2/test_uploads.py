"""What is asked of SmugMug to change an account, and what its answers mean: against what is known of it."""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.model import Account, Outgoing, Privacy, Sent
from smugsync.errors import (
    ClockSkew,
    Doubtful,
    Garbled,
    NotAuthorised,
    Rejected,
    SmugsyncError,
    Transient,
)
from smugsync.remote.dialect import Auth, Call, Node, Reply, Span, UploadDialect, UploadLimit
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.remote.smugmug_v2.uploads import content_type, file_name, keywords
from tests.remote.contract import BODIES, HTML
from tests.remote.doubles import Bytes

API = "https://api.smugmug.com"
UPLOAD = "https://upload.smugmug.com/"
RECORDED = Path(__file__).parents[3].parent / "shared" / "recorded" / "smugmug-v2" / "bzimmer"
V2 = SmugMugV2(API)


PICTURE = Bytes(b"\xff\xd8\xff picture")
OUTGOING = Outgoing("7dFHSm", "a.jpg", hashlib.md5(PICTURE.data).hexdigest(), PICTURE.size)


def upload(**changes: Any) -> Call:
    return V2.upload(replace(OUTGOING, **changes), PICTURE)


def headers(call: Call) -> dict[str, str]:
    found = dict(call.headers)
    assert len(found) == len(call.headers)
    return found


def answered(status: int, body: object = None, **fields: str) -> Reply:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in fields.items()}, text)


def recorded(name: str) -> bytes:
    path = RECORDED / name
    if not path.exists():
        pytest.skip("no recorded answers here")
    return path.read_bytes()


def test_it_is_a_dialect_that_can_be_written_to() -> None:
    assert isinstance(V2, UploadDialect)


class TestUploads:
    def test_the_request_is_that_of_the_documentation(self) -> None:
        call = upload()
        assert (call.method, call.url, call.auth) == ("POST", UPLOAD, Auth.ACCOUNT)
        assert not call.idempotent
        assert call.body is PICTURE
        assert headers(call) == {
            "Accept": "application/json",
            "Content-Type": "image/jpeg",
            "Content-MD5": base64.b64encode(hashlib.md5(PICTURE.data).digest()).decode(),
            "X-Smug-Version": "v2",
            "X-Smug-ResponseType": "JSON",
            "X-Smug-AlbumUri": "/api/v2/album/7dFHSm",
            "X-Smug-FileName": "a.jpg",
        }

    def test_the_upload_host_is_a_setting(self) -> None:
        there = SmugMugV2(API, upload_url="http://127.0.0.1:1/upload/")
        assert there.upload(OUTGOING, PICTURE).url == "http://127.0.0.1:1/upload/"

    def test_a_replacement_names_album_and_photo(self) -> None:
        found = headers(upload(replaces="CVvj69L", serial=3))
        assert found["X-Smug-ImageUri"] == "/api/v2/image/CVvj69L-3"
        assert found["X-Smug-AlbumUri"] == "/api/v2/album/7dFHSm"

    @pytest.mark.parametrize(
        ("name", "line"),
        [
            ("IMG_1234 (2) & more.JPG", "IMG_1234 (2) & more.JPG"),
            ("100%.jpg", "100%25.jpg"),
            ("Grüße 日本.jpg", "Gr%C3%BC%C3%9Fe %E6%97%A5%E6%9C%AC.jpg"),
            (" a .jpg ", "%20a .jpg%20"),
            ("a\r\nX-Smug-AlbumUri: b", "a%0D%0AX-Smug-AlbumUri: b"),
            ("\udcff.jpg", "%FF.jpg"),
        ],
    )
    def test_names_travel_as_ascii(self, name: str, line: str) -> None:
        assert headers(upload(name=name))["X-Smug-FileName"] == line

    @given(st.text(min_size=1, max_size=30))
    def test_names_come_out_as_they_went_in(self, name: str) -> None:
        line = file_name(name)
        assert line.isascii()
        assert line.isprintable()
        assert line == line.strip()
        assert unquote(line) == name

    @pytest.mark.parametrize(
        ("words", "line"),
        [
            (("a", "b c"), "a; b c"),
            (("Paris, France",), "Paris, France;"),
            (("Paris, France", "b"), "Paris, France; b"),
            (("a;b", "  ", "c\r\nX: y"), "a b; c X: y"),
            (("Café", "\udcff"), "Café; ?"),
        ],
    )
    def test_keywords_are_separated_by_semicolons(self, words: tuple[str, ...], line: str) -> None:
        assert keywords(words) == line
        assert headers(upload(keywords=words))["X-Smug-Keywords"] == line

    def test_without_keywords_there_is_no_line_of_them(self) -> None:
        assert "X-Smug-Keywords" not in headers(upload(keywords=("", ";")))

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("a.JPEG", "image/jpeg"),
            ("a.heic", "image/heic"),
            ("a.b.mov", "video/quicktime"),
            ("a", "application/octet-stream"),
            (".jpg", "application/octet-stream"),
        ],
    )
    def test_the_type_is_that_of_the_name(self, name: str, kind: str) -> None:
        assert content_type(name) == kind

    def test_the_recorded_answer(self) -> None:
        reply = answered(200, recorded("upload_CVvj69L.json"))
        assert V2.failure(reply, upload()) is None
        assert V2.read_upload(reply, OUTGOING) == Sent("CVvj69L", 0)

    def test_a_replacement_has_another_serial(self) -> None:
        reply = answered(200, {"stat": "ok", "Image": {"ImageUri": "/api/v2/image/CVvj69L-4"}})
        assert V2.read_upload(reply, replace(OUTGOING, replaces="CVvj69L")) == Sent("CVvj69L", 4)

    @pytest.mark.parametrize("uri", [None, "", "/api/v2/image/", "/api/v2/album/x", 5, []])
    def test_an_answer_that_names_no_photo_is_refused(self, uri: object) -> None:
        with pytest.raises(Garbled):
            V2.read_upload(answered(200, {"stat": "ok", "Image": {"ImageUri": uri}}), OUTGOING)

    def test_an_answer_that_names_another_photo_is_refused(self) -> None:
        reply = answered(200, {"stat": "ok", "Image": {"ImageUri": "/api/v2/image/other-1"}})
        with pytest.raises(Garbled, match="another photo"):
            V2.read_upload(reply, replace(OUTGOING, replaces="CVvj69L"))


def fail(code: object, message: str = "words of the service") -> Reply:
    return answered(200, {"stat": "fail", "method": "x", "code": code, "message": message})


def oauth(problem: str) -> dict[str, object]:
    return {"Code": 401, "Message": f"oauth_problem={problem}"}


class TestWhatAnswersMean:
    @pytest.mark.parametrize("code", [6, 9, 63, 64, 72, "6", 12345])
    def test_what_will_never_be_taken(self, code: int | str) -> None:
        verdict = V2.failure(fail(code), upload())
        assert isinstance(verdict, Rejected)
        assert verdict.code == int(code)
        assert str(verdict).endswith("(it says: words of the service)")

    @pytest.mark.parametrize("code", [5, 90, 98, 99, None])
    def test_what_may_be_taken_later_was_not_taken(self, code: int | None) -> None:
        verdict = V2.failure(fail(code), upload())
        assert type(verdict) is Transient

    @pytest.mark.parametrize("code", [31, 35, 36])
    def test_what_is_wrong_with_the_credentials(self, code: int) -> None:
        assert isinstance(V2.failure(fail(code), upload()), NotAuthorised)

    def test_an_expired_time_stamp_is_our_clocks(self) -> None:
        assert isinstance(V2.failure(fail(30), upload()), ClockSkew)
        assert isinstance(V2.failure(answered(401, oauth("timestamp_refused")), upload()), ClockSkew)

    @pytest.mark.parametrize("reply", [fail(33), answered(401, oauth("nonce_used"))])
    def test_a_nonce_that_was_seen_may_have_been_seen_with_the_file(self, reply: Reply) -> None:
        assert isinstance(V2.failure(reply, upload()), Doubtful)

    @pytest.mark.parametrize(
        "reply",
        [
            answered(403, {"Code": 403, "Message": "The user has not granted the required permissions"}),
            answered(401, {"Code": 401, "Message": "The user has not granted the required permissions"}),
            answered(403, {"stat": "fail", "message": "The user has not granted the required permissions"}),
            fail(1, "The user has not granted the required permissions"),
        ],
    )
    def test_a_grant_that_does_not_reach(self, reply: Reply) -> None:
        verdict = V2.failure(reply, upload())
        assert isinstance(verdict, NotAuthorised)
        assert "auth login --write" in str(verdict)

    @pytest.mark.parametrize("problem", ["token_rejected", "signature_invalid", "parameter_absent", "x"])
    def test_credentials_that_are_not_accepted(self, problem: str) -> None:
        assert isinstance(V2.failure(answered(401, oauth(problem)), upload()), NotAuthorised)

    def test_a_refusal_as_on_the_api_host(self) -> None:
        verdict = V2.failure(answered(403, {"Code": 403, "Message": "Forbidden"}), upload())
        assert isinstance(verdict, Rejected)
        assert verdict.code == 403

    @pytest.mark.parametrize("body", [HTML, b"", b"{}"], ids=["page", "nothing", "object"])
    def test_too_many_requests(self, body: bytes) -> None:
        verdict = V2.failure(answered(429, body, retry_after="17"), upload())
        assert type(verdict) is Transient
        assert verdict.retry_after == 17

    @pytest.mark.parametrize("body", [HTML, b"", b"{}", b'{"stat":"fail","code":6}'])
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 408, 409, 500, 502, 503, 504])
    def test_what_may_have_arrived(self, status: int, body: bytes) -> None:
        for call in (upload(), made()):
            assert isinstance(V2.failure(answered(status, body), call), Doubtful)

    @pytest.mark.parametrize("body", [HTML, b"", b"[]", b'{"stat":"maybe"}', b"\xff\x00", b'"ok"'])
    def test_an_answer_that_makes_no_sense_may_mean_success(self, body: bytes) -> None:
        assert isinstance(V2.failure(answered(200, body), upload()), Doubtful)

    @pytest.mark.parametrize("status", [400, 404, 413, 415, 422])
    def test_statuses_that_are_final(self, status: int) -> None:
        verdict = V2.failure(answered(status, {"Code": status, "Message": "words"}), upload())
        assert isinstance(verdict, Rejected)
        assert verdict.code == status
        assert str(verdict).endswith("(it says: words)")

    @pytest.mark.parametrize("status", [404, 405, 407, 411])
    def test_trouble_on_the_way_is_no_verdict_on_the_file(self, status: int) -> None:
        assert type(V2.failure(answered(status, HTML), upload())) is Transient

    @pytest.mark.parametrize(("code", "kind"), [(409, Doubtful), (401, NotAuthorised), (400, Rejected)])
    def test_the_apis_envelope_speaks_for_itself(self, code: int, kind: type[SmugsyncError]) -> None:
        verdict = V2.failure(answered(200, {"Code": code, "Message": "no"}), upload())
        assert isinstance(verdict, kind)

    def test_nonsense_is_refused_in_our_own_words(self) -> None:
        span = Span(1, 100)

        @given(BODIES, st.sampled_from([200, 201, 302, 400, 401, 403, 404, 409, 429, 500]))
        def law(body: bytes, status: int) -> None:
            reply = answered(status, body)
            for call in (upload(), made()):
                verdict = V2.failure(reply, call)
                kinds = (Doubtful, Transient, Rejected, NotAuthorised)
                assert verdict is None or isinstance(verdict, kinds), verdict
                assert verdict is not None or status < 300
            for read in (
                lambda: V2.read_upload(reply, OUTGOING),
                lambda: V2.read_made(reply),
                lambda: V2.read_children(reply, span),
                lambda: V2.read_limits(reply),
            ):
                with suppress(Garbled):
                    read()

        law()


def made() -> Call:
    return V2.make("zx4Fx", "album", "Café & more", Privacy.PRIVATE)


class TestFoldersAndAlbums:
    def test_they_are_made_in_a_folder(self) -> None:
        call = made()
        address = urlsplit(call.url)
        assert (call.method, f"{address.scheme}://{address.netloc}{address.path}") == (
            "POST",
            f"{API}/api/v2/node/zx4Fx!children",
        )
        assert headers(call)["Content-Type"] == "application/json"
        assert not call.idempotent
        assert isinstance(call.body, bytes)
        assert json.loads(call.body) == {
            "Type": "Album",
            "Name": "Café & more",
            "Privacy": "Private",
            "AutoRename": True,
        }

    def test_the_recorded_album(self) -> None:
        reply = answered(201, recorded("node_create_xmQnCV_.json"))
        assert V2.failure(reply, made()) is None
        assert V2.read_made(reply) == Node("album", "xmQnCV", "C", "C", "/Blogging/C", "nkm9b5")

    def test_a_recorded_page_of_folders_and_albums(self) -> None:
        page = V2.read_children(answered(200, recorded("node_children_zx4Fx_page_1.json")), Span(1, 10))
        assert not page.faults
        assert {node.kind for node in page.items} <= {"folder", "album"}
        assert all(bool(node.album_key) == (node.kind == "album") for node in page.items)
        assert page.total is not None
        assert page.total > len(page.items) > 0

    def test_a_page_is_neither(self) -> None:
        nodes = [{"NodeID": "p", "Type": "Page", "Name": "x"}, {"NodeID": "s", "Type": "System Album"}]
        body = {"Response": {"Node": nodes, "Pages": {"Total": 2, "Start": 1, "Count": 2}}}
        page = V2.read_children(answered(200, body), Span(1, 100))
        assert [node.kind for node in page.items] == ["other", "other"]
        assert page.total == 2

    def test_an_album_without_its_key_is_a_fault(self) -> None:
        nodes = [{"NodeID": "a", "Type": "Album", "Name": "x", "Uris": {}}]
        body = {"Response": {"Node": nodes, "Pages": {"Total": 1, "Start": 1, "Count": 1}}}
        assert V2.read_children(answered(200, body), Span(1, 100)).faults
        with pytest.raises(Garbled, match="without its key"):
            V2.read_made(answered(201, {"Response": {"Node": nodes[0]}}))

    def test_a_parent_that_is_gone_is_a_refusal(self) -> None:
        verdict = V2.failure(answered(404, {"Code": 404, "Message": "Not Found"}), made())
        assert isinstance(verdict, Rejected)
        assert verdict.code == 404

    @pytest.mark.parametrize("body", [HTML, b"", b"{}"])
    def test_an_answer_that_makes_no_sense_may_mean_success(self, body: bytes) -> None:
        assert isinstance(V2.failure(answered(201, body), made()), Doubtful)

    def test_a_bad_name_is_refused(self) -> None:
        verdict = V2.failure(answered(400, {"Code": 400, "Message": "Bad Request"}), made())
        assert isinstance(verdict, Rejected)


class TestLimits:
    def test_they_are_asked_of_the_account(self) -> None:
        url = V2.limits(Account("ni ck", "root")).url
        assert url.startswith(f"{API}/api/v2/user/ni%20ck!uploadlimits?")

    def test_what_they_say(self) -> None:
        items = [
            {"Type": "Image", "MimeTypes": ["image/JPEG", "image/gif"], "MaxSize": 100, "MaxPixels": 7},
            {"Type": "Video", "MimeTypes": "video/mp4, video/x-m4v", "MaxSize": "200"},
            {"Type": "New", "MaxSize": 0},
        ]
        assert V2.read_limits(answered(200, {"Response": {"UserUploadLimits": items}})) == (
            UploadLimit("Image", ("image/gif", "image/jpeg"), 100, 7),
            UploadLimit("Video", ("video/mp4", "video/x-m4v"), 200, None),
            UploadLimit("New"),
        )

    def test_none_are_none(self) -> None:
        assert V2.read_limits(answered(200, {"Response": {}})) == ()
