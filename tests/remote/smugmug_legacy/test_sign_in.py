"""Sessions that begin, end and begin again; and OAuth as the older API has it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from smugsync.core.model import Account, Album, Privacy, RemoteFile
from smugsync.errors import Garbled, NotAuthorised, SessionOver, SmugsyncError
from smugsync.remote.dialect import Auth, Call, Reply, Span
from smugsync.remote.hosts import Hosts
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import FileSigner, KeySigner, Negotiator, OAuth1Signer
from smugsync.remote.smugmug_legacy.calls import FORM, form
from smugsync.remote.smugmug_legacy.dialect import SmugMugLegacy
from smugsync.remote.smugmug_legacy.sign_in import LegacySession
from smugsync.remote.smugmug_legacy.versions import VERSIONS, login_origin
from smugsync.stop import Stop
from tests.remote.smugmug_legacy.small_legacy import API, Json, arguments, fail, image, reply
from tests.remote.smugmug_legacy.test_failures import FILE, OUTGOING, PICTURE

UPLOAD, SECURE = "https://upload.smugmug.com/", "https://secure.smugmug.com"
EMAIL, PASSWORD, KEY, HASH = "e+f@example.com", "p&ss w=rd ü", "the-api-key", "$1$Ou3SzvBQ$ha/sh."
SPAN = Span(1, 100)
OWNER = Account("nick", "user/303189")
ALBUM = Album("1234_xCXXu", "album:1234", "Foo", "/Foo", image_count=1)


@dataclass
class Service:
    """Knows one account, and each session for so many questions."""

    good_for: int = 1000
    takes_hash: bool = True
    password: str = PASSWORD
    asked: list[tuple[str, str]] = field(default_factory=list)  #: host and method
    requests: list[httpx.Request] = field(default_factory=list)
    issued: int = 0
    left: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            body = self._answer(request)
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(body).encode()))

    def _answer(self, request: httpx.Request) -> Json:
        self.requests.append(request)
        if request.method == "PUT":
            request.read()
            self.asked.append((request.url.host, "PUT"))
            return self._of_session(request.headers.get("X-Smug-SessionID", ""), {"Image": {"id": 7}})
        call = Call(request.method, str(request.url), (FORM,), request.read())
        asked = arguments(call)
        method = asked["method"].removeprefix("smugmug.")
        self.asked.append((request.url.host, method))
        if asked.get("APIKey") != KEY:
            return {"stat": "fail", "code": 18, "message": "invalid API key"}
        if method.startswith("login."):
            return self._login(method, asked)
        return self._of_session(asked.get("SessionID", ""), {"Albums": [], "Images": [image()], "Logout": {}})

    def _login(self, method: str, asked: dict[str, str]) -> Json:
        user: Json = {"NickName": "nick", "DisplayName": "Display"}
        more: Json = {"FileSizeLimit": 12582912}
        if method == "login.withPassword":
            good = (asked["EmailAddress"], asked["Password"]) == (EMAIL, self.password)
            user["id"], more["PasswordHash"] = 303189, HASH
        elif method == "login.withHash":
            good = self.takes_hash and (asked["UserID"], asked["PasswordHash"]) == ("303189", HASH)
        else:
            good, more = True, {}
        if not good:
            return {"stat": "fail", "code": 1, "message": "invalid login"}
        self.issued, self.left = self.issued + 1, self.good_for
        return {"stat": "ok", "Login": {"User": user, **more, "Session": {"id": f"{self.issued:032x}"}}}

    def _of_session(self, session: str, payload: Json) -> Json:
        self.left -= 1
        if session != f"{self.issued:032x}" or self.left < 0:
            return {"stat": "fail", "code": 3, "message": "invalid session"}
        return {"stat": "ok", **payload}

    @property
    def methods(self) -> list[str]:
        return [method for _, method in self.asked]


def line(service: Callable[[httpx.Request], httpx.Response], signer: Any) -> Session:
    manners = Manners(tries=3, clock=lambda: 0.0, ticks=lambda: 0.0, random=lambda: 0.0, sleep=lambda _: None)
    hosts = Hosts([API, UPLOAD, SECURE])
    return Session(httpx.MockTransport(service), hosts, signer, Stop(), manners=manners)


def owners(version: Any = "1.2.0") -> LegacySession:
    return LegacySession(version, API, KEY, EMAIL, PASSWORD)


V120 = SmugMugLegacy("1.2.0", API)


class TestSessions:
    def test_it_is_a_signer_that_agrees_on_something_first(self) -> None:
        assert isinstance(owners(), Negotiator)
        assert not isinstance(owners(), FileSigner)

    def test_one_login_does_for_all_questions(self) -> None:
        service = Service()
        asked = line(service, owners())
        for _ in range(3):
            asked.ask(V120.albums(OWNER, SPAN), V120)
        assert service.methods == ["login.withPassword", *["albums.get"] * 3]

    def test_the_account_is_asked_for_by_signing_in(self) -> None:
        service, signer = Service(), owners()
        asked = line(service, signer)
        account = V120.read_account(asked.ask(V120.account(), V120))
        assert account == Account("nick", "user/303189", "Display", whole=True)
        asked.ask(V120.albums(account, SPAN), V120)
        assert service.methods == ["login.withPassword", "albums.get"]
        assert signer.file_size_limit == 12582912

    def test_a_session_that_is_over_is_made_anew_by_the_hash(self) -> None:
        service = Service(good_for=2)
        asked = line(service, owners())
        for _ in range(4):
            asked.ask(V120.albums(OWNER, SPAN), V120)
        assert service.methods == [
            *["login.withPassword", "albums.get", "albums.get", "albums.get"],
            *["login.withHash", "albums.get", "albums.get"],
        ]

    def test_where_the_hash_is_not_taken_the_password_is_used_once_more(self) -> None:
        service = Service(good_for=1, takes_hash=False)
        asked = line(service, owners())
        for _ in range(2):
            asked.ask(V120.albums(OWNER, SPAN), V120)
        assert service.methods[2:] == ["albums.get", "login.withHash", "login.withPassword", "albums.get"]

    def test_a_password_that_was_changed_is_told(self) -> None:
        service = Service(good_for=1)
        asked = line(service, owners())
        asked.ask(V120.albums(OWNER, SPAN), V120)
        service.password, service.takes_hash = "another", False
        with pytest.raises(NotAuthorised, match=r"remote\.password"):
            asked.ask(V120.albums(OWNER, SPAN), V120)

    def test_it_never_loops(self) -> None:
        service = Service(good_for=0)
        with pytest.raises(NotAuthorised, match="also right after a new sign-in"):
            line(service, owners()).ask(V120.albums(OWNER, SPAN), V120)
        assert len(service.asked) == 4

    def test_a_session_that_ends_between_two_steps_is_never_left_out(self) -> None:
        """Without one, public albums would be shown to us as to a stranger."""
        signer = owners()
        line(Service(), signer).ask(V120.albums(OWNER, SPAN), V120)
        before = signer.sign(V120.albums(OWNER, SPAN), API)
        signer.over(SessionOver("another thread was told"))
        assert signer.sign(V120.albums(OWNER, SPAN), API) == before
        assert signer.opening() is not None
        assert signer.closing() is None

    def test_an_upload_is_sent_again_after_a_new_sign_in(self) -> None:
        service = Service(good_for=1)
        asked = line(service, owners())
        asked.ask(V120.albums(OWNER, SPAN), V120)
        asked.send_once(V120.upload(OUTGOING, PICTURE), V120)
        assert service.methods == ["login.withPassword", "albums.get", "PUT", "login.withHash", "PUT"]
        sent = service.requests[-1]
        assert sent.headers["X-Smug-SessionID"] == f"{2:032x}"
        assert sent.content == PICTURE.data
        assert str(sent.url) == f"{UPLOAD}a.jpg"
        assert sent.headers["Content-Length"] == str(PICTURE.size)

    def test_nobody_signs_in_as_nobody(self) -> None:
        service = Service()
        signer = LegacySession("1.2.1", API, KEY)
        dialect = SmugMugLegacy("1.2.1", API, user="nick")
        asked = line(service, signer)
        assert dialect.read_account(asked.ask(dialect.account(), dialect)).root == "user/nick"
        asked.ask(dialect.albums(OWNER, SPAN), dialect)
        assert service.methods == ["login.anonymously", "albums.get", "albums.get"]
        assert signer.file_size_limit is None

    def test_nobody_has_no_account(self) -> None:
        service = Service()
        with pytest.raises(NotAuthorised, match=r"remote\.user"):
            line(service, LegacySession("1.2.0", API, KEY)).ask(V120.account(), V120)
        assert service.asked == []

    def test_an_answer_that_is_no_session_is_not_asked_for_again_and_again(self) -> None:
        asked: list[httpx.Request] = []

        def service(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return httpx.Response(200, stream=httpx.ByteStream(b'{"stat": "fail", "code": 21}'))

        with pytest.raises(Garbled, match="neither yes nor no"):
            line(service, owners()).ask(V120.albums(OWNER, SPAN), V120)
        assert len(asked) == 1

    def test_signing_out_ends_it(self) -> None:
        service, signer = Service(), owners()
        asked = line(service, signer)
        assert signer.closing() is None
        asked.ask(V120.albums(OWNER, SPAN), V120)
        closing = signer.closing()
        assert closing is not None
        asked.ask(closing, V120)
        assert service.methods[-1] == "logout"
        assert signer.closing() is None

    def test_logins_of_1_2_2_go_to_the_secure_host(self) -> None:
        service, dialect = Service(), SmugMugLegacy("1.2.2", API)
        asked = line(service, owners("1.2.2"))
        asked.ask(dialect.albums(OWNER, SPAN), dialect)
        assert service.asked == [
            ("secure.smugmug.com", "login.withPassword"),
            ("api.smugmug.com", "albums.get"),
        ]
        assert service.requests[0].method == "POST"

    def test_at_another_address_nothing_leaves_it(self) -> None:
        assert login_origin(VERSIONS["1.2.2"], API) == SECURE
        for version in VERSIONS.values():
            assert login_origin(version, "http://127.0.0.1:8000/") == "http://127.0.0.1:8000"

    def test_threads_share_one_session(self) -> None:
        service = Service(good_for=30)
        asked = line(service, owners())
        failed: list[BaseException] = []

        def ask() -> None:
            try:
                for _ in range(20):
                    asked.ask(V120.albums(OWNER, SPAN), V120)
            except SmugsyncError as error:
                failed.append(error)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        assert service.methods.count("login.withPassword") == 1

    @pytest.mark.parametrize("session", [None, "", 5.5, {}, "with blank ", "ünicode", "line\r\nX-Evil: 1"])
    def test_what_is_no_session_is_refused(self, session: object) -> None:
        signer = owners()
        login = signer.opening()
        assert login is not None
        with pytest.raises(Garbled):
            signer.heard(login, reply({"stat": "ok", "Login": {"Session": {"id": session}}}))
        assert signer.opening() is not None


class TestWhatIsSigned:
    def signed_in(self) -> LegacySession:
        signer = owners()
        login = signer.opening()
        assert login is not None
        signer.heard(
            login, reply({"stat": "ok", "Login": {"Session": {"id": "s3ssion"}, "PasswordHash": HASH}})
        )
        return signer

    def test_a_question_in_its_query(self) -> None:
        call = V120.albums(OWNER, SPAN)
        signed = self.signed_in().sign(call, call.url)
        assert signed.url == f"{call.url}&SessionID=s3ssion&APIKey=the-api-key"
        assert (signed.headers, signed.body) == ((), None)

    def test_twice_as_once(self) -> None:
        call, signer = V120.albums(OWNER, SPAN), self.signed_in()
        once = signer.sign(call, call.url).url
        assert signer.sign(call, once).url == once

    def test_a_change_in_its_form(self) -> None:
        call = V120.make("0", "album", "a&b=c", Privacy.PUBLIC)
        signed = self.signed_in().sign(call, call.url)
        assert signed.url == call.url
        assert signed.body is not None
        asked = arguments(Call("POST", f"{API}/", (FORM,), signed.body))
        assert (asked["SessionID"], asked["APIKey"], asked["Title"]) == ("s3ssion", KEY, "a&b=c")

    def test_the_note_in_an_address_stays_at_home(self) -> None:
        service = Service()
        asked = line(service, owners())
        call = V120.children("category:33", Span(2, 100))
        answer = asked.ask(call, V120)
        assert answer.url == call.url
        assert V120.read_children(answer, Span(2, 100)).items == ()
        assert "category" not in str(service.requests[-1].url.raw_path)
        made = asked.send_once(V120.make("0", "album", "x", Privacy.PUBLIC), V120)
        assert made.url.endswith("#in=0&name=x")

    def test_no_secret_is_ever_shown(self) -> None:
        signer = self.signed_in()
        album = V120.make("0", "album", "x", Privacy.PRIVATE)
        login = V120.account()
        shown = [repr(signer), str(signer), repr(login), repr(signer.sign(login, login.url).body)]
        shown += [repr(signer.sign(album, album.url).body), repr(signer.opening()), repr(signer.closing())]
        shown.append(repr(SmugMugLegacy("1.2.0", API, site_password="s1te", album_passwords={"a": "op3n"})))
        for secret in (PASSWORD, HASH, KEY, EMAIL, "s3ssion", "s1te", "op3n", arguments(album)["Password"]):
            assert not any(secret in text or unquote(secret) in text for text in shown)

    def test_no_question_shows_the_passwords_of_albums(self) -> None:
        dialect = SmugMugLegacy(
            "1.3.0", API, user="nick", site_password="s1te", album_passwords={"xCXXu": "open sesame"}
        )
        file = RemoteFile(ALBUM.key, "5_kkkkk", "a.jpg")
        for call in (dialect.albums(OWNER, SPAN), dialect.files(ALBUM, SPAN), *dialect.look(file)):
            assert "s1te" in call.url
            shown = repr(call) + repr(reply({"stat": "ok"}, url=call.url))
            assert not [word for word in ("s1te", "sesame") if word in shown]

    def test_nothing_secret_is_in_a_call_before_it_is_signed(self) -> None:
        signer = self.signed_in()
        for call in (V120.account(), signer.closing()):
            assert call is not None
            assert isinstance(call.body, bytes)
            assert set(arguments(call)) == {"method"}


class TestOAuth:
    def vector(self) -> OAuth1Signer:
        return OAuth1Signer(
            "X" * 25,
            "Y" * 24,
            clock=lambda: 1341423551.0,
            nonce=lambda: "b7cdabcabc3c4f7f91508da3bca9798f",
        )

    def test_a_form_is_part_of_the_signature(self) -> None:
        """The vector of another client's tests (smugpy): a POST of two arguments, no token."""
        url = "http://api.smugmug.com/services/api/json/"
        call = Call("POST", url, (FORM,), b"method=smugmug.albums.get&NickName=williams")
        ((name, value),) = self.vector().sign(call, url).headers
        assert name == "Authorization"
        assert 'oauth_signature="f%2B%2BGOXf9BhSVhGy1dxGSbmaA0ng%3D"' in value

    def test_our_own_forms_are_forms(self) -> None:
        """The same arguments out of our own builder, in whichever order, have that signature as well."""
        url = "http://api.smugmug.com/services/api/json/"
        call = form(url, {"NickName": "williams", "method": "smugmug.albums.get"})
        ((_, value),) = self.vector().sign(call, url).headers
        assert "f%2B%2BGOXf9BhSVhGy1dxGSbmaA0ng%3D" in value

    def test_of_an_upload_only_the_address_is_signed(self) -> None:
        dialect = SmugMugLegacy("1.3.0", API)
        signer = OAuth1Signer("k", "s", "t", "ts", clock=lambda: 1.0, nonce=lambda: "n")
        one, other = dialect.upload(OUTGOING, PICTURE), dialect.upload(OUTGOING, type(PICTURE)(b"x"))
        assert signer.sign(one, one.url) == signer.sign(other, other.url)
        assert one.url == signer.sign(one, one.url).url

    def test_a_note_in_an_address_is_not_signed(self) -> None:
        dialect = SmugMugLegacy("1.3.0", API)
        signer = OAuth1Signer("k", "s", "t", "ts", clock=lambda: 1.0, nonce=lambda: "n")
        call = dialect.children("category:33", Span(2, 100))
        plain = call.url.partition("#")[0]
        assert signer.sign(call, call.url).headers == signer.sign(call, plain).headers

    def test_a_token_says_whose_it_is(self) -> None:
        for dialect in (SmugMugLegacy("1.2.2", API, session=False), SmugMugLegacy("1.3.0", API)):
            assert arguments(dialect.account()) == {"method": "smugmug.auth.checkAccessToken"}

    @pytest.mark.parametrize(("access", "whole"), [("Full", True), ("Public", False), ("", None)])
    def test_and_how_much_it_shows(self, access: str, *, whole: bool | None) -> None:
        auth = {
            "Token": {"id": "t", "Access": access},
            "User": {"id": 5, "NickName": "nick", "DisplayName": "D"},
        }
        account = SmugMugLegacy("1.3.0", API).read_account(reply({"stat": "ok", "Auth": auth}))
        assert account == Account("nick", "user/5", "D", whole=whole)

    def test_the_key_alone_shows_a_users_public_albums(self) -> None:
        dialect = SmugMugLegacy("1.3.0", API, user="Nick")
        call = dialect.account()
        signed = KeySigner(KEY).sign(call, call.url)
        asked = arguments(Call("GET", signed.url))
        assert asked == {"method": "smugmug.albums.get", "NickName": "Nick", "APIKey": KEY}
        answer = reply({"stat": "ok", "Albums": []})
        assert dialect.read_account(answer) == Account("Nick", "user/nick")
        empty = fail(15, "empty set - no albums found")
        assert dialect.failure(empty, call) is None
        assert dialect.read_account(empty).nickname == "Nick"

    def test_what_the_key_alone_may_ask_has_no_note_in_its_address(self) -> None:
        """It is added to the end of an address."""
        dialect = SmugMugLegacy("1.3.0", API, user="nick")
        changes = dialect.changes(ALBUM, "2012-07-18 13:12:40|1", SPAN)
        assert changes is not None
        calls = [dialect.account(), dialect.albums(OWNER, SPAN), dialect.album(ALBUM.key), changes]
        calls += [dialect.files(ALBUM, SPAN), dialect.folders("", SPAN), *dialect.look(FILE)]
        for call in calls:
            signed = KeySigner(KEY).sign(call, call.url)
            assert arguments(Call("GET", signed.url))["APIKey"] == KEY
            assert "#" not in signed.url

    def test_a_version_has_only_the_sign_ins_it_knows(self) -> None:
        for wrong in (("1.2.0", False), ("1.2.1", False), ("1.3.0", True)):
            version: Any = wrong[0]
            with pytest.raises(ValueError, match="knows no"):
                SmugMugLegacy(version, API, session=wrong[1])

    def test_pictures_are_signed_where_the_signer_opens_files(self) -> None:
        seen: list[httpx.Request] = []

        def host(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(200, stream=httpx.ByteStream(b"bytes"))

        dialect = SmugMugLegacy("1.3.0", API)
        for opens in (True, False):
            signer = OAuth1Signer("k", "s", "t", "ts", opens_files=opens)
            with line(host, signer).stream(dialect.media("https://nick.smugmug.com/a.jpg"), dialect) as body:
                list(body)
        with line(host, owners()).stream(dialect.media("https://nick.smugmug.com/a.jpg"), dialect) as body:
            list(body)
        assert ["Authorization" in request.headers for request in seen] == [True, False, False]
        assert all("SessionID" not in str(request.url) for request in seen)


def test_of_other_questions_a_signer_reads_nothing() -> None:
    signer = owners()
    call = Call("GET", f"{API}/?method=smugmug.albums.get", auth=Auth.ACCOUNT)
    signer.heard(call, Reply(200, {}, b"nonsense"))
    assert signer.opening() is not None
