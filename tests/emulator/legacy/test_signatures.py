"""OAuth in the older APIs: who signs what, and which code tells what is wrong."""

from __future__ import annotations

import time
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, quote, urlencode

import pytest
from authlib.oauth1 import ClientAuth  # type: ignore[import-untyped]  # it ships no types

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Settings, Switches
from smugsync.emulator.signin.gatekeeper import Gatekeeper
from tests.emulator.ask import HOST, ORIGIN, sign
from tests.emulator.legacy.asking import Older, fill, new_album, owner, small

BOTH = ("1.2.2", "1.3.0")


def signed(version: str = "1.3.0") -> Older:
    return replace(owner(version), session="", signs="owner")


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_signature_opens_the_account(version: str, verb: str) -> None:
    client = signed(version)
    titles = [album["Title"] for album in client.ok("albums.get", verb=verb)["Albums"]]
    assert "Letters" in titles


@pytest.mark.parametrize("version", ["1.2.0", "1.2.1"])
def test_before_1_2_2_signatures_count_for_nothing(version: str) -> None:
    assert signed(version).code("albums.get") == 3


@pytest.mark.parametrize("place", ["query", "form", "header"])
@pytest.mark.parametrize("secret", ["right", "wrong"])
def test_the_parameters_may_stand_anywhere(place: str, secret: str) -> None:
    """And every argument is signed, letters that are often forgotten included."""
    client = signed()
    keys = client.emulator.credentials
    token_secret = keys.access_token_secret if secret == "right" else "wrong"
    arguments = {"method": "smugmug.albums.create", "Title": "It's (new) * ünd ~so"}
    where = {"query": "QUERY", "form": "BODY", "header": "HEADER"}[place]
    auth = ClientAuth(keys.api_key, keys.api_secret, keys.access_token, token_secret, signature_type=where)
    if place == "query":
        url, headers, _ = auth.prepare("GET", f"{ORIGIN}{client.path}?{urlencode(arguments)}", {}, b"")
        request = Request("GET", client.path, url.partition("?")[2], {"host": HOST})
    else:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        _, headers, body = auth.prepare("POST", ORIGIN + client.path, kind, urlencode(arguments).encode())
        sent = {"host": HOST, **{name.lower(): str(value) for name, value in headers.items()}}
        body = body if isinstance(body, bytes) else str(body).encode()
        request = Request("POST", client.path, "", sent, body or urlencode(arguments).encode())
    answer = client.emulator.handle(request).json()
    assert isinstance(answer, dict)
    assert answer.get("code") == (None if secret == "right" else 35), answer


def test_an_argument_that_was_not_signed_is_noticed() -> None:
    client = signed()
    keys = client.emulator.credentials
    auth = ClientAuth(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
    _, headers, _ = auth.prepare("GET", f"{ORIGIN}{client.path}?method=smugmug.albums.get", {}, b"")
    sent = {"host": HOST, "authorization": str(headers["Authorization"])}
    for query, code in (("method=smugmug.albums.get&Heavy=1", 35), ("method=smugmug.albums.get", None)):
        answer = client.emulator.handle(Request("GET", client.path, query, sent)).json()
        assert isinstance(answer, dict)
        assert answer.get("code") == code


def test_arguments_in_a_body_that_is_never_signed_are_refused() -> None:
    client, query = signed(), "method=smugmug.albums.get"
    for body, code in ((b"", None), (b"Heavy=1", 35)):
        header = sign(client.emulator, "owner", "POST", f"{ORIGIN}{client.path}?{query}")
        request = Request("POST", client.path, query, {"host": HOST, "authorization": header}, body)
        answer = client.emulator.handle(request).json()
        assert isinstance(answer, dict)
        assert answer.get("code") == code


def test_the_verified_signature_is_accepted() -> None:
    """Of a public client's own tests: a method's arguments are signed with the protocol's."""
    gatekeeper = Gatekeeper(clock=lambda: 1341423551, switches=Switches)
    gatekeeper.register("Test", "X" * 25, "Y" * 24)
    fields = {
        "NickName": "williams",
        "method": "smugmug.albums.get",
        "oauth_consumer_key": "X" * 25,
        "oauth_nonce": "b7cdabcabc3c4f7f91508da3bca9798f",
        "oauth_signature": "f++GOXf9BhSVhGy1dxGSbmaA0ng=",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1341423551",
        "oauth_version": "1.0",
    }
    headers = {"host": "api.smugmug.com", "content-type": "application/x-www-form-urlencoded"}
    path = "/services/api/json/"
    request = Request("POST", path, "", headers, urlencode(fields).encode())
    caller = gatekeeper.identify(request, origins=["http://api.smugmug.com"])
    assert (caller.user, caller.api_key) == (None, "X" * 25)


def oauth(client: Older, **changes: str) -> dict[str, str]:
    keys = client.emulator.credentials
    return {
        "oauth_consumer_key": keys.api_key,
        "oauth_token": keys.access_token,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_signature": "x",
        "oauth_timestamp": str(int(time.time())),
        "oauth_nonce": "n",
        "oauth_version": "1.0",
    } | changes


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"oauth_timestamp": "1"}, 30),
        ({"oauth_consumer_key": "nobody"}, 32),
        ({}, 35),
        ({"oauth_token": "gone"}, 36),
        ({"oauth_signature_method": "RSA-SHA1"}, 37),
        ({"oauth_version": "2.0"}, 38),
        ({"oauth_signature": ""}, 22),
    ],
)
@pytest.mark.parametrize("version", BOTH)
def test_each_problem_has_its_code(version: str, changes: dict[str, str], code: int) -> None:
    client = replace(owner(version), session="")
    fields = oauth(client, **changes)
    query = urlencode({"method": "smugmug.albums.get", **fields})
    answer = client.emulator.handle(Request("GET", client.path, query, {"host": HOST})).json()
    assert isinstance(answer, dict)
    assert answer["code"] == code


def test_a_nonce_is_good_once() -> None:
    client = signed()
    keys = client.emulator.credentials
    auth = ClientAuth(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
    _, headers, _ = auth.prepare("GET", f"{ORIGIN}{client.path}?method=smugmug.albums.get", {}, b"")
    sent = {"host": HOST, "authorization": str(headers["Authorization"])}
    request = Request("GET", client.path, "method=smugmug.albums.get", sent)
    codes = [dict(client.emulator.handle(request).json()).get("code") for _ in range(2)]  # type: ignore[call-overload]
    assert codes == [None, 33]


@pytest.mark.parametrize(("scheme", "code"), [("https", None), ("http", 37)])
def test_plaintext_is_for_https(scheme: str, code: int | None) -> None:
    client = signed()
    keys = client.emulator.credentials
    fields = oauth(
        client,
        oauth_signature_method="PLAINTEXT",
        oauth_signature=f"{quote(keys.api_secret)}&{quote(keys.access_token_secret)}",
    )
    query = urlencode({"method": "smugmug.albums.get", **fields})
    request = Request("GET", client.path, query, {"host": HOST}, scheme=scheme)
    answer = client.emulator.handle(request).json()
    assert isinstance(answer, dict)
    assert answer.get("code") == code


@pytest.mark.parametrize(
    ("permissions", "codes"), [("Read", (34, 34)), ("Add", (None, 34)), ("Modify", (None, None))]
)
def test_a_grant_reaches_so_far(permissions: str, codes: tuple[int | None, int | None]) -> None:
    emulator = Emulator(Settings(albums=1, switches=Switches().set(f"permissions={permissions}")))
    client = Older(emulator, "1.3.0", signs="owner")
    album = client.ok("albums.get")["Albums"][0]["id"]
    made = client.ask("albums.create", Title="T").get("code")
    changed = client.ask("albums.changeSettings", AlbumID=album, Title="T").get("code")
    assert (made, changed) == codes


def test_access_to_the_public_part_shows_what_all_see() -> None:
    emulator = Emulator(Settings(albums=0, switches=Switches(access="Public")))
    fill(emulator.account)
    client = Older(emulator, "1.3.0", signs="owner")
    assert "Letters" not in [album["Title"] for album in client.ok("albums.get")["Albums"]]


class TestBareKeys:
    def test_open_what_is_public(self) -> None:
        client = owner("1.3.0").anonymous()
        titles = [album["Title"] for album in client.ok("albums.get", NickName="demo")["Albums"]]
        assert "Ring Road" in titles
        assert "Letters" not in titles

    def test_have_to_be_known(self) -> None:
        client = owner("1.3.0").anonymous()
        assert client.code("albums.get", NickName="demo", APIKey="wrong") == 18
        assert client.code("albums.get", NickName="demo", APIKey="") == 18

    def test_write_nothing(self) -> None:
        assert owner("1.3.0").anonymous().code("albums.create", Title="T") == 3

    def test_are_not_enough_before_1_3_0(self) -> None:
        assert owner("1.2.2").anonymous().code("albums.get", NickName="demo") == 3


def test_1_3_0_takes_sessions_that_were_made_elsewhere() -> None:
    client = replace(owner("1.2.2"), version="1.3.0")
    assert "Letters" in [album["Title"] for album in client.ok("albums.get")["Albums"]]


def approving() -> Emulator:
    """An emulator whose sign-in page says yes by itself."""
    emulator = Emulator(Settings(albums=0, switches=Switches(authorize="approve")))
    fill(emulator.account)
    return emulator


class Application:
    """Signs in as an older client does, with neither callback nor verifier unless it is told to."""

    def __init__(self, emulator: Emulator, version: str) -> None:
        self.emulator = emulator
        self.path = f"/services/api/json/{version}/"
        self.keys = emulator.credentials
        self.token = self.secret = ""

    def send(self, path: str, **more: str) -> Request:
        query = urlencode(more)
        callback, verifier = more.pop("callback", None), more.pop("verifier", None)
        query = urlencode(more)
        auth = ClientAuth(
            self.keys.api_key,
            self.keys.api_secret,
            self.token or None,
            self.secret or None,
            redirect_uri=callback,
            verifier=verifier,
        )
        url = f"{ORIGIN}{path}" + (f"?{query}" if query else "")
        _, headers, _ = auth.prepare("GET", url, {}, b"")
        return Request("GET", path, query, {"host": HOST, "authorization": str(headers["Authorization"])})

    def call(self, method: str, **more: str) -> dict[str, object]:
        answer = self.emulator.handle(self.send(self.path, method=f"smugmug.{method}", **more)).json()
        assert isinstance(answer, dict)
        return answer

    def take(self, method: str, **more: str) -> dict[str, dict[str, str]]:
        answer = self.call(method, **more)
        assert answer["stat"] == "ok", answer
        auth = answer["Auth"]
        assert isinstance(auth, dict)
        self.token, self.secret = auth["Token"]["id"], auth["Token"]["Secret"]
        return auth

    def approve(self, address: str = "/services/oauth/authorize.mg", **wish: str) -> None:
        """As a browser does, for somebody who says yes."""
        query = urlencode({"oauth_token": self.token, **wish})
        led = self.emulator.handle(Request("GET", address, query, {"host": HOST}))
        assert led.status == 302
        place, _, query = str(led.header("location")).partition("?")
        assert self.emulator.handle(Request("GET", place, query, {"host": HOST})).status == 200


@pytest.mark.parametrize("version", BOTH)
def test_signing_in_by_methods(version: str) -> None:
    emulator = approving()
    application = Application(emulator, version)
    assert set(application.take("auth.getRequestToken")["Token"]) == {"id", "Secret"}
    application.approve(Access="Full", Permissions="Modify")
    told = application.take("auth.getAccessToken")
    assert set(told["Token"]) == {"id", "Secret", "Access", "Permissions"}
    assert told["User"]["NickName"] == "demo"
    checked = application.call("auth.checkAccessToken")["Auth"]
    assert isinstance(checked, dict)
    assert checked["Token"] == {"id": application.token, "Access": "Full", "Permissions": "Modify"}
    shown = application.call("albums.get")["Albums"]
    assert isinstance(shown, list)
    assert "Letters" in [album["Title"] for album in shown]


def test_the_defaults_are_public_and_read() -> None:
    emulator = approving()
    application = Application(emulator, "1.3.0")
    application.take("auth.getRequestToken")
    application.approve()
    token = application.take("auth.getAccessToken")["Token"]
    assert (token["Access"], token["Permissions"]) == ("Public", "Read")


def test_signing_in_by_the_older_addresses() -> None:
    emulator = approving()
    application = Application(emulator, "1.3.0")

    def take(name: str) -> None:
        answer = emulator.handle(application.send(f"/services/oauth/{name}.mg"))
        assert answer.status == 200
        told = dict(parse_qsl(answer.content().decode()))
        application.token, application.secret = told["oauth_token"], told["oauth_token_secret"]

    take("getRequestToken")
    application.approve(Access="Full")
    take("getAccessToken")
    assert application.call("albums.get")["stat"] == "ok"


def test_a_request_token_that_nobody_approved_opens_nothing() -> None:
    application = Application(Emulator(Settings(albums=0)), "1.3.0")
    application.take("auth.getRequestToken")
    assert application.call("auth.getAccessToken")["code"] == 36
    assert application.call("albums.get")["code"] == 36
    answer = application.emulator.handle(application.send("/services/oauth/getAccessToken.mg"))
    assert answer.status == 401


def test_a_request_token_is_good_once() -> None:
    emulator = approving()
    application = Application(emulator, "1.3.0")
    application.take("auth.getRequestToken")
    application.approve()
    request = application.token, application.secret
    application.take("auth.getAccessToken")
    application.token, application.secret = request
    assert application.call("auth.getAccessToken")["code"] == 36


def test_a_verifier_that_is_named_has_to_be_right() -> None:
    emulator = approving()
    application = Application(emulator, "1.3.0")
    application.take("auth.getRequestToken", callback="http://localhost:9/back")
    query = urlencode({"oauth_token": application.token})
    led = emulator.handle(Request("GET", "/services/oauth/1.0a/authorize", query, {"host": HOST}))
    verifier = parse_qs(str(led.header("location")).partition("?")[2])["oauth_verifier"][0]
    assert application.call("auth.getAccessToken", verifier="000000x")["code"] == 36
    assert application.take("auth.getAccessToken", verifier=verifier)["User"]["NickName"] == "demo"


def test_what_was_signed_in_here_is_good_for_the_newer_api_too() -> None:
    emulator = approving()
    application = Application(emulator, "1.3.0")
    application.take("auth.getRequestToken")
    application.approve(Access="Full", Permissions="Modify")
    application.take("auth.getAccessToken")
    assert emulator.handle(application.send("/api/v2!authuser", _accept="application/json")).status == 200


def test_an_upload_is_signed_without_its_body_and_not_in_plaintext() -> None:
    client = small("1.3.0")
    album = new_album(client)
    keys = client.emulator.credentials
    plain = (
        f'OAuth oauth_consumer_key="{keys.api_key}", oauth_token="{keys.access_token}",'
        f' oauth_signature_method="PLAINTEXT",'
        f' oauth_signature="{keys.api_secret}%26{keys.access_token_secret}"'
    )
    client.emulator.turn(Switches(plaintext="always"))
    assert client.upload(b"x", albumid=str(album), authorization=plain)["code"] == 37
