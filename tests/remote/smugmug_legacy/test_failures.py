"""Every fault code has its meaning: for a question, for a change, for an upload."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.model import Account, Album, Outgoing, Privacy, RemoteFile
from smugsync.errors import (
    ClockSkew,
    Doubtful,
    Garbled,
    Gone,
    NotAuthorised,
    Rejected,
    SessionOver,
    SmugsyncError,
    Transient,
)
from smugsync.remote.dialect import Auth, Call, Reply, Span
from smugsync.remote.smugmug_legacy.calls import LOGIN_AGAIN, form
from smugsync.remote.smugmug_legacy.dialect import SmugMugLegacy
from smugsync.remote.smugmug_legacy.sign_in import LegacySession
from tests.remote.contract import HTML
from tests.remote.doubles import Bytes
from tests.remote.smugmug_legacy.small_legacy import API, fail, reply

V120, V122, V130 = SmugMugLegacy("1.2.0", API), SmugMugLegacy("1.2.2", API), SmugMugLegacy("1.3.0", API)
SPAN = Span(1, 100)
OWNER = Account("nick", "user/1")
ALBUM = Album("1234_xCXXu", "album:1234", "Foo", "/Foo", image_count=1)
FILE = RemoteFile(ALBUM.key, "5_kkkkk", "a.jpg")


PICTURE = Bytes(b"\xff\xd8\xff picture")
OUTGOING = Outgoing(ALBUM.key, "a.jpg", hashlib.md5(PICTURE.data).hexdigest(), PICTURE.size)


def photos() -> Call:
    return V130.files(ALBUM, SPAN)


def upload() -> Call:
    return V130.upload(OUTGOING, PICTURE)


def made() -> Call:
    return V130.make("0", "album", "Foo", Privacy.PUBLIC)


#: The table of the documentation and of client authors: what a mirror does about each.
MEANINGS: list[tuple[int, str, type[SmugsyncError] | None]] = [
    (1, "invalid login", NotAuthorised),
    (4, "invalid user", Rejected),
    (5, "system error", Transient),
    (6, "wrong format", Rejected),
    (9, "invalid album", Rejected),
    (11, "ancient version", Rejected),
    (12, "invalid sort method", Rejected),
    (13, "invalid sort direction", Rejected),
    (15, "empty set - no images found", None),
    (16, "invalid data (name taken)", Rejected),
    (17, "invalid method", Rejected),
    (18, "invalid API key", NotAuthorised),
    (21, "data not changed", None),
    (22, "missing required parameter", Rejected),
    (30, "expired timestamp", ClockSkew),
    (31, "invalid consumer key", NotAuthorised),
    (32, "invalid consumer key", NotAuthorised),
    (33, "invalid/used nonce", Transient),
    (34, "invalid permissions", NotAuthorised),
    (35, "invalid signature", NotAuthorised),
    (36, "invalid/expired token", NotAuthorised),
    (37, "unsupported signature method", Rejected),
    (38, "unsupported version", Rejected),
    (98, "service unavailable", Transient),
    (99, "read-only mode", Transient),
    (12345, "never heard of", Rejected),
]


class TestQuestions:
    @pytest.mark.parametrize(("code", "message", "kind"), MEANINGS)
    @pytest.mark.parametrize("with_method", [True, False])
    def test_each_code_has_its_meaning(
        self, code: int, message: str, kind: type[SmugsyncError] | None, *, with_method: bool
    ) -> None:
        beside = {"method": "smugmug.images.get"} if with_method else {}
        for shown in (code, str(code)):
            answer = reply({"stat": "fail", **beside, "code": shown, "message": message})
            found = V130.failure(answer, photos())
            assert type(found) is (kind or type(None))
            assert not isinstance(found, Gone)

    def test_each_known_code_has_a_sentence_of_its_own(self) -> None:
        known = {code: V130.failure(fail(code), photos()) for code, _, kind in MEANINGS if kind}
        assert "(code 12345)" in str(known.pop(12345))
        assert not [
            code for code, found in known.items() if f"refuses smugmug.images.get (code {code})" in str(found)
        ]

    @pytest.mark.parametrize("code", [4, 5, 9, 11, 16, 17, 98, 99, 12345])
    def test_the_services_own_words_are_passed_on(self, code: int) -> None:
        assert "it says: words of the service" in str(V130.failure(fail(code), photos()))

    def test_what_is_for_people_says_what_to_do(self) -> None:
        told = {
            1: "smugsync auth login",
            11: "remote.kind",
            18: "remote.api_key",
            34: "smugsync auth login",
            36: "smugsync auth login",
        }
        for code, words in told.items():
            assert words in str(V130.failure(fail(code), photos()))
        for code in (1, 4):
            assert "remote.password" in str(V120.failure(fail(code), V120.account()))

    def test_a_session_that_is_over_is_made_anew_where_there_are_sessions(self) -> None:
        over = V120.failure(fail(3), V120.files(ALBUM, SPAN))
        assert isinstance(over, SessionOver)
        assert over.code == 3
        for dialect in (V130, SmugMugLegacy("1.2.2", API, session=False)):
            assert type(dialect.failure(fail(3), dialect.files(ALBUM, SPAN))) is Rejected
            assert type(dialect.failure(fail(3), dialect.albums(OWNER, SPAN))) is NotAuthorised
        assert type(V120.failure(fail(3), V120.account())) is NotAuthorised

    @pytest.mark.parametrize("dialect", [V120, V122, V130], ids=lambda dialect: dialect.name)
    def test_only_a_list_can_be_empty(self, dialect: SmugMugLegacy) -> None:
        empty = fail(15, "empty set - no images found")
        lists = [dialect.albums(OWNER, SPAN), dialect.files(ALBUM, SPAN), dialect.folders("0", SPAN)]
        for call in (*lists, dialect.children("0", SPAN), dialect.children("category:33", SPAN)):
            assert dialect.failure(empty, call) is None
        for call in (dialect.account(), *dialect.look(FILE)):
            assert type(dialect.failure(empty, call)) is Rejected

    def test_a_failure_without_a_code_says_no_code(self) -> None:
        assert "refuses smugmug.images.get without saying why" in str(V130.failure(fail(None), photos()))

    def test_what_makes_no_sense_is_named_by_what_was_asked(self) -> None:
        for body in (b"[1, 2", b"[]", b"null"):
            assert "smugmug.images.get" in str(V120.failure(reply(body), photos()))

    def test_an_unknown_user_is_a_matter_of_configuration(self) -> None:
        dialect = SmugMugLegacy("1.3.0", API, user="nobody")
        for call in (dialect.account(), dialect.albums(OWNER, SPAN), dialect.folders("0", SPAN)):
            found = dialect.failure(fail(4, "invalid user"), call)
            assert isinstance(found, NotAuthorised)
            assert "remote.user" in str(found)

    def test_a_wrong_password_is_that_albums_alone(self) -> None:
        for call in (photos(), V130.album(ALBUM.key), V130.look(FILE)[0]):
            found = V130.failure(fail(4, "invalid user (wrong password)"), call)
            assert isinstance(found, Rejected)
            assert "remote.album_passwords" in str(found)

    def test_a_service_without_categories_has_those_of_its_albums(self) -> None:
        for node in ("0", "category:33"):
            assert V130.failure(fail(17), V130.children(node, SPAN)) is None
        assert isinstance(V130.failure(fail(17), V130.children("0", Span(2, 100))), Rejected)
        assert isinstance(V120.failure(fail(17), V120.folders("0", SPAN)), Rejected)

    @pytest.mark.parametrize("code", [4, 16, 17, 22])
    def test_nor_is_one_that_is_refused_in_another_way_the_end(self, code: int) -> None:
        assert V120.failure(fail(code), form(API, {"method": LOGIN_AGAIN}, auth=Auth.SIGN_IN)) is None

    def test_a_hash_that_is_not_taken_is_the_signers_business(self) -> None:
        call = form(f"{API}/", {"method": LOGIN_AGAIN}, auth=Auth.SIGN_IN)
        assert V120.failure(fail(1), call) is None
        assert isinstance(V120.failure(fail(18), call), NotAuthorised)
        assert isinstance(V120.failure(fail(1), V120.account()), NotAuthorised)

    def test_a_session_that_was_over_before_it_was_ended(self) -> None:
        session = LegacySession("1.2.0", API, "key")
        login = session.opening()
        assert login is not None
        session.heard(login, reply({"stat": "ok", "Login": {"Session": {"id": "x"}}}))
        closing = session.closing()
        assert closing is not None
        assert V120.failure(fail(3), closing) is None

    @pytest.mark.parametrize(
        "body", [b"{}", b'{"stat":"maybe"}', b'{"stat":1}', b"[]", b'"ok"', b"\xff", b"{"]
    )
    def test_what_says_neither_ok_nor_fail_is_no_answer(self, body: bytes) -> None:
        assert isinstance(V130.failure(reply(body), photos()), Garbled)

    @pytest.mark.parametrize(
        "kind", ["text/html; charset=utf-8", "text/plain", "text/javascript", "image/png"]
    )
    def test_whatever_type_an_answer_claims_to_have_it_is_read(self, kind: str) -> None:
        assert V130.failure(reply({"stat": "ok"}, content_type=kind), photos()) is None
        assert V130.failure(reply({"stat": "ok"}, content_type=kind), upload()) is None
        refused = {"stat": "fail", "code": 9, "message": "invalid album"}
        assert isinstance(V130.failure(reply(refused, content_type=kind), photos()), Rejected)

    @pytest.mark.parametrize("body", [b"", b" \n"])
    def test_an_empty_answer_is_asked_again(self, body: bytes) -> None:
        for status in (200, 204):
            assert isinstance(V130.failure(reply(body, status), photos()), Transient)

    @pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 410])
    @pytest.mark.parametrize("body", [b"", b"{}", HTML, b'{"stat":"fail","code":9}'])
    def test_no_status_says_that_something_is_gone(self, status: int, body: bytes) -> None:
        found = V130.failure(reply(body, status), photos())
        assert found is not None
        assert not isinstance(found, Gone)

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            *((status, NotAuthorised) for status in (401, 402, 403)),
            *((status, Transient) for status in (408, 429, 500, 502, 503, 504)),
            *((status, Rejected) for status in (400, 404, 405, 410, 414)),
        ],
    )
    def test_every_other_status_is_trouble_on_the_way(self, status: int, kind: type[SmugsyncError]) -> None:
        found = V130.failure(reply({"Code": status}, status, retry_after="17"), photos())
        assert type(found) is kind
        if isinstance(found, Transient):
            assert found.retry_after == 17

    def test_no_message_repeats_a_query(self) -> None:
        page = b'<a href="https://api.smugmug.com/x?SessionID=s3cret&Password=w0rd">login</a>'
        told = json.dumps({"stat": "fail", "code": 16, "message": "see ?Password=w0rd&SessionID=s3cret"})
        dialect = SmugMugLegacy("1.3.0", API, site_password="w0rd")
        for status in (200, 401, 403, 404, 500):
            for body in (page, told.encode()):
                found = dialect.failure(reply(body, status), dialect.albums(OWNER, SPAN))
                shown = f"{found} {found!r} {getattr(found, 'excerpt', '')}"
                assert "s3cret" not in shown
                assert "w0rd" not in shown


class TestChanges:
    @pytest.mark.parametrize("call", [upload, made], ids=["upload", "album"])
    @pytest.mark.parametrize(("code", "message", "kind"), MEANINGS)
    def test_a_fault_code_says_that_nothing_was_done(
        self, code: int, message: str, kind: type[SmugsyncError] | None, call: Callable[[], Call]
    ) -> None:
        asked = call()
        found = V130.failure(fail(code, message), asked)
        if code in (15, 21, 33):  # no refusals; or the first of two requests may have been taken
            assert type(found) is Doubtful
        elif code == 4 and asked.method == "POST":
            assert type(found) is NotAuthorised
        else:
            assert type(found) is kind

    def test_a_session_that_is_over_took_nothing(self) -> None:
        for call in (V120.upload(OUTGOING, PICTURE), V120.make("0", "folder", "x", Privacy.PUBLIC)):
            assert isinstance(V120.failure(fail(3), call), SessionOver)

    @pytest.mark.parametrize("call", [upload, made], ids=["upload", "album"])
    @pytest.mark.parametrize("body", [HTML, b"", b"[]", b'{"stat":"maybe"}', b"{}", b"\xff\x00", b'"ok"'])
    def test_an_answer_that_makes_no_sense_may_mean_success(
        self, body: bytes, call: Callable[[], Call]
    ) -> None:
        assert isinstance(V130.failure(reply(body), call()), Doubtful)

    @pytest.mark.parametrize("call", [upload, made], ids=["upload", "album"])
    @pytest.mark.parametrize("body", [HTML, b"", b"{}", b'{"stat":"fail","code":6}', b'{"stat":"ok"}'])
    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_what_may_have_arrived(self, status: int, body: bytes, call: Callable[[], Call]) -> None:
        assert isinstance(V130.failure(reply(body, status), call()), Doubtful)

    @pytest.mark.parametrize("call", [upload, made], ids=["upload", "album"])
    @pytest.mark.parametrize("status", [301, 302, 307, 308, 408, 409])
    def test_what_was_not_answered_may_have_arrived(self, status: int, call: Callable[[], Call]) -> None:
        assert isinstance(V130.failure(reply(b"", status), call()), Doubtful)

    @pytest.mark.parametrize("body", [HTML, b"", b"{}"])
    def test_too_many_requests(self, body: bytes) -> None:
        for call in (upload(), made()):
            found = V130.failure(reply(body, 429, retry_after="17"), call)
            assert type(found) is Transient
            assert found.retry_after == 17

    def test_success(self) -> None:
        assert V130.failure(reply({"stat": "ok", "Image": {"id": 1}}), upload()) is None
        assert V130.failure(reply({"stat": "ok", "Album": {"id": 1}}, 201), made()) is None


class TestUploads:
    @pytest.mark.parametrize("code", [63, 64, 72])
    def test_what_the_upload_host_never_takes(self, code: int) -> None:
        found = V130.failure(fail(code), upload())
        assert isinstance(found, Rejected)
        assert found.code == code

    @pytest.mark.parametrize("code", [4, 5, 9])
    def test_an_album_that_is_not_there(self, code: int) -> None:
        message = "system error (invalid album id)" if code == 5 else "invalid album"
        found = V130.failure(fail(code, message), upload())
        assert isinstance(found, Rejected)
        assert "no such album" in str(found)

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            (None, "incomplete file (ByteCount given: 100"),
            (64, "incomplete file (ByteCount given: 100, ByteCount received: 60)"),
            (
                6,
                "wrong format (ByteCount given: 100, ByteCount received: 60, MD5Sum given: a)",
            ),
            (
                6,
                "wrong format (ByteCount given: 9, received: 9, MD5Sum given: a, MD5Sum received: b)",
            ),
        ],
    )
    def test_a_file_that_did_not_arrive_whole_may_be_sent_again(self, code: int | None, message: str) -> None:
        assert type(V130.failure(fail(code, message), upload())) is Transient

    @pytest.mark.parametrize(
        "message",
        ["wrong format", "wrong format (ByteCount given: 100, ByteCount received: 100, MD5Sum given: A)"],
    )
    def test_a_file_that_is_no_picture_is_refused_for_good(self, message: str) -> None:
        assert isinstance(V130.failure(fail(6, message), upload()), Rejected)

    def test_a_failure_without_a_code_took_nothing(self) -> None:
        assert type(V130.failure(reply({"stat": "fail"}), upload())) is Transient

    @pytest.mark.parametrize("status", [404, 405, 407, 411])
    def test_trouble_on_the_way_is_no_verdict_on_the_file(self, status: int) -> None:
        assert type(V130.failure(reply(HTML, status), upload())) is Transient

    def test_a_form_is_judged_as_an_upload_too(self) -> None:
        call = V120.upload_base64(OUTGOING, PICTURE.data)
        assert isinstance(V120.failure(fail(5, "system error (invalid album id)"), call), Rejected)
        assert isinstance(V120.failure(reply(b"", 504), call), Doubtful)


class TestMedia:
    @pytest.mark.parametrize("status", [401, 403, 404, 410])
    def test_a_stale_address_is_to_be_asked_for_again(self, status: int) -> None:
        assert isinstance(V120.failure(reply(b"", status), V120.media("https://nick.smugmug.com/x")), Gone)


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "stat code message Albums Album Images Image Categories SubCategories Category SubCategory "
                "id Key Title Name NiceName ImageCount LastUpdated Passworded FileName Serial Size MD5Sum "
                "OriginalURL Video640URL Login Session User NickName Auth Token Access FileSizeLimit "
                "Duration Keywords".split()
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)
ENVELOPES = SHAPES.map(lambda value: {"stat": "ok", **value} if isinstance(value, dict) else value)
BODIES = st.binary(max_size=40) | ENVELOPES.map(lambda value: json.dumps(value).encode())
URLS = st.sampled_from(
    ["", f"{API}#in=0&name=x", f"{API}#in=category:33", f"{API}#in=subcategory:3/7", f"{API}#album=5_x"]
)


@given(BODIES, st.sampled_from([200, 201, 302, 400, 401, 403, 404, 409, 429, 500]), URLS)
def test_nonsense_is_refused_in_our_own_words(body: bytes, status: int, url: str) -> None:
    answer = reply(body, status, url)
    for dialect in (V120, V130, SmugMugLegacy("1.2.2", API, user="nick")):
        for call in (dialect.account(), dialect.albums(OWNER, SPAN), dialect.files(ALBUM, SPAN)):
            assert not isinstance(dialect.failure(answer, call), Gone)
        for call in (dialect.upload(OUTGOING, PICTURE), dialect.make("0", "album", "x", Privacy.PRIVATE)):
            found = dialect.failure(answer, call)
            assert found is None or isinstance(found, Doubtful | Transient | Rejected | NotAuthorised)
            assert found is not None or status < 300
        read_all(dialect, answer)
    session = LegacySession("1.2.0", API, "key", "e@example.com", "w")
    login = session.opening()
    assert login is not None
    with suppress(SmugsyncError):
        session.heard(login, answer)


def read_all(dialect: SmugMugLegacy, answer: Reply) -> None:
    for read in (
        lambda: dialect.read_account(answer),
        lambda: dialect.read_albums(answer, SPAN, OWNER),
        lambda: dialect.read_album(answer),
        lambda: dialect.read_files(answer, SPAN, ALBUM),
        lambda: dialect.read_changes(answer, SPAN, ALBUM),
        lambda: dialect.read_look(answer, FILE),
        lambda: dialect.read_source(answer, FILE),
        lambda: dialect.read_folders(answer, SPAN),
        lambda: dialect.read_children(answer, SPAN),
        lambda: dialect.read_children(answer, Span(2, 100)),
        lambda: dialect.read_made(answer),
        lambda: dialect.read_limits(answer),
        lambda: dialect.read_upload(answer, OUTGOING),
    ):
        with suppress(SmugsyncError):
            read()
