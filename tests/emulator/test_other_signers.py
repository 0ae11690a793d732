"""Signing in, and then asking, with libraries that other people's clients use, over a real socket.

requests_oauthlib signs by oauthlib, as the emulator checks by oauthlib: a mistake of oauthlib's own would
stay unseen there. authlib and the shell with openssl share no code with the emulator.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode

import httpx
import pytest
import requests_oauthlib  # type: ignore[import-untyped]  # it ships no types
from authlib.integrations import requests_client  # type: ignore[import-untyped]  # it ships no types

from smugsync.emulator.media.pictures import make_png
from smugsync.emulator.serve import Running, running
from smugsync.emulator.settings import Settings, Switches
from tests.emulator.ask import sign

CALLBACK = "http://localhost:8910/callback?from=test"
JSON = {"Accept": "application/json"}
TIMEOUT = 20

Keys = tuple[str, str]


@dataclass(frozen=True)
class Library:
    """How one library makes a session; `options` are its own names of what it is told."""

    name: str
    make: Callable[..., Any]
    token: str
    token_secret: str
    callback: str
    places: dict[str, str]

    def session(self, keys: Keys, *, where: str = "HEADER", **options: Any) -> Any:
        session = self.make(keys[0], client_secret=keys[1], signature_type=self.places[where], **options)
        session.headers.update(JSON)
        session.trust_env = False
        return session

    def with_token(self, keys: Keys, token: dict[str, str], **options: Any) -> Any:
        held = {self.token: token["oauth_token"], self.token_secret: token["oauth_token_secret"]}
        return self.session(keys, **held, **options)


REQUESTS = Library(
    "requests_oauthlib",
    requests_oauthlib.OAuth1Session,
    "resource_owner_key",
    "resource_owner_secret",
    "callback_uri",
    {"HEADER": "AUTH_HEADER", "QUERY": "QUERY", "BODY": "BODY"},
)
AUTHLIB = Library(
    "authlib",
    requests_client.OAuth1Session,
    "token",
    "token_secret",
    "redirect_uri",
    {"HEADER": "HEADER", "QUERY": "QUERY", "BODY": "BODY"},
)
LIBRARIES = pytest.mark.parametrize("library", [REQUESTS, AUTHLIB], ids=lambda library: library.name)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    switches = Switches(plaintext="always")
    with running(Settings(albums=2, images=3, switches=switches)) as server:
        yield server


@pytest.fixture(scope="module", params=[REQUESTS, AUTHLIB], ids=lambda library: library.name)
def signed_in(request: pytest.FixtureRequest, server: Running) -> Any:
    """A session with a token of all rights, gained by signing in."""
    keys = register(server)
    token = sign_in(request.param, server, keys, "oob", Access="Full", Permissions="Modify")
    return request.param.with_token(keys, token)


@pytest.fixture(name="keys")
def make_keys(server: Running) -> Keys:
    """An application that nobody has granted anything yet."""
    return register(server)


def register(server: Running) -> Keys:
    keys = secrets.token_hex(16), secrets.token_hex(32)
    server.emulator.gatekeeper.register("Printer", *keys)
    return keys


def endpoint(server: Running, name: str) -> str:
    return f"{server.ready['oauth_url']}/services/oauth/1.0a/{name}"


def press(address: str) -> httpx.Response:
    """What a person does in a browser: load the page, press *Allow*."""
    with httpx.Client(trust_env=False, timeout=TIMEOUT) as browser:
        page = browser.get(address)
        assert page.status_code == 200, page.text
        fields = {
            piece.split('"')[0]: unescape(piece.split('value="')[1].split('"')[0])
            for piece in page.text.split('type="hidden" name="')[1:]
        }
        return browser.post(page.url.join("authorize"), data={**fields, "decision": "approve"})


def code_of(response: httpx.Response) -> str:
    return response.text.split("<output>")[1].split("</output>")[0]


def sign_in(library: Library, server: Running, keys: Keys, callback: str, **wishes: str) -> dict[str, str]:
    """As the library's documentation has it: POST, signed in the header."""
    session = library.session(keys, **{library.callback: callback})
    begun = session.fetch_request_token(endpoint(server, "getRequestToken"))
    assert begun["oauth_callback_confirmed"] == "true"
    page = endpoint(server, "authorize") + "?" + urlencode(wishes)
    addresses = session.authorization_url if library is REQUESTS else session.create_authorization_url
    answer = press(addresses(page))
    verifier = {}
    if callback == "oob":
        verifier["verifier"] = code_of(answer)
    else:
        assert answer.status_code == 302
        session.parse_authorization_response(answer.headers["location"])
    token = session.fetch_access_token(endpoint(server, "getAccessToken"), **verifier)
    return {name: token[name] for name in ("oauth_token", "oauth_token_secret")}


@LIBRARIES
@pytest.mark.parametrize("callback", ["oob", CALLBACK])
def test_a_library_signs_in(library: Library, server: Running, keys: Keys, callback: str) -> None:
    session = library.with_token(keys, sign_in(library, server, keys, callback, Access="Full"))
    user = session.get(f"{server.url}/api/v2!authuser", timeout=TIMEOUT).json()["Response"]["User"]
    assert (user["NickName"], user["ResponseLevel"]) == ("demo", "Full")


@LIBRARIES
@pytest.mark.parametrize("signs", ["HMAC-SHA1", "PLAINTEXT"])
@pytest.mark.parametrize("way", [("GET", "QUERY"), ("POST", "HEADER"), ("POST", "BODY")], ids=" ".join)
def test_each_way_to_send_the_parameters(
    library: Library, server: Running, keys: Keys, way: tuple[str, str], signs: str
) -> None:
    """rauth sends GET with a query, Go and requests_oauthlib POST with a header."""
    method, where = way

    def ask(name: str, **options: Any) -> dict[str, str]:
        session = library.session(keys, where=where, signature_method=signs, **options)
        # An empty form, as a client has to send for its library to put the parameters into the body.
        body = {"data": {"empty": ""}} if where == "BODY" else {}
        answer = session.request(method, endpoint(server, name), timeout=TIMEOUT, **body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/x-www-form-urlencoded"
        return {name: values[0] for name, values in parse_qs(answer.text, strict_parsing=True).items()}

    begun = ask("getRequestToken", **{library.callback: "oob"})
    code = code_of(press(f"{endpoint(server, 'authorize')}?oauth_token={begun['oauth_token']}"))
    held = {
        library.token: begun["oauth_token"],
        library.token_secret: begun["oauth_token_secret"],
        "verifier": code,
    }
    token = ask("getAccessToken", **held)
    session = library.with_token(keys, token, signature_method=signs)
    assert session.get(f"{server.url}/api/v2!authuser", timeout=TIMEOUT).status_code == 200


def test_plaintext_is_for_https() -> None:
    """As the documentation has it, without any switch."""
    with running(Settings(albums=0, tls=True)) as server:
        keys = register(server)
        session = REQUESTS.session(keys, callback_uri="oob", signature_method="PLAINTEXT")
        session.verify = server.ready["ca_file"]
        begun = session.fetch_request_token(endpoint(server, "getRequestToken"))
        assert begun["oauth_callback_confirmed"] == "true"


def test_a_query_is_signed(server: Running, signed_in: Any) -> None:
    root = server.emulator.account.root.id
    asked = {"count": "2", "start": "1", "SortMethod": "Name", "_filter": "Name,UrlName", "_expand": "Album"}
    answer = signed_in.get(f"{server.url}/api/v2/node/{root}!children", params=asked, timeout=TIMEOUT)
    assert answer.status_code == 200, answer.text
    assert answer.json()["Response"]["Pages"]["RequestedCount"] == 2


@pytest.mark.parametrize("text", ["a b", "ä/ö", "1+1=2&3", "100%", "~!*'()", "活动 🎂"])
def test_a_query_may_hold_any_letters(server: Running, signed_in: Any, text: str) -> None:
    user = "/api/v2/user/demo"
    asked = f"Scope={quote(user, safe='')}&Text={quote(text, safe='')}"
    answer = signed_in.get(f"{server.url}/api/v2/album!search?{asked}", timeout=TIMEOUT)
    assert answer.status_code == 200, answer.text


def test_a_form_is_signed(server: Running, signed_in: Any) -> None:
    """One client creates nodes by forms, whose fields its library signs."""
    root = server.emulator.account.root.id
    fields = [("Name", "Zoë & Ünal's day"), ("Privacy", "Private"), ("Type", "Folder"), ("AutoRename", "1")]
    answer = signed_in.post(f"{server.url}/api/v2/node/{root}!children", data=fields, timeout=TIMEOUT)
    assert answer.status_code == 201, answer.text
    assert answer.json()["Response"]["Node"]["Name"] == "Zoë & Ünal's day"


def test_json_is_not_signed(server: Running, signed_in: Any) -> None:
    key = next(iter(server.emulator.account.albums))
    change = {"Description": "äöü & more"}
    answer = signed_in.patch(f"{server.url}/api/v2/album/{key}", json=change, timeout=TIMEOUT)
    assert answer.status_code == 200, answer.text
    shown = signed_in.get(f"{server.url}/api/v2/album/{key}", timeout=TIMEOUT).json()
    assert shown["Response"]["Album"]["Description"] == "äöü & more"


def test_an_upload_is_signed_without_its_body(server: Running, signed_in: Any) -> None:
    key, picture = next(iter(server.emulator.account.albums)), make_png(time.time_ns() % 10**6)
    headers = {
        "X-Smug-AlbumUri": f"/api/v2/album/{key}",
        "X-Smug-ResponseType": "JSON",
        "X-Smug-Version": "v2",
        "X-Smug-FileName": "signed.png",
        "Content-MD5": hashlib.md5(picture).hexdigest(),
        "Content-Type": "image/png",
    }
    answer = signed_in.post(server.ready["upload_url"], data=picture, headers=headers, timeout=TIMEOUT)
    assert answer.json()["stat"] == "ok", answer.text
    image = signed_in.get(server.url + answer.json()["Image"]["ImageUri"], timeout=TIMEOUT).json()
    assert image["Response"]["Image"]["ArchivedMD5"] == hashlib.md5(picture).hexdigest()


def test_a_redirect_signed_anew_is_followed(server: Running, signed_in: Any) -> None:
    """Both libraries sign each hop."""
    image = next(server.emulator.account.all_images())
    answer = signed_in.get(f"{server.url}/api/v2/image/{image.key}", timeout=TIMEOUT)
    assert [one.status_code for one in answer.history] == [301]
    assert answer.json()["Response"]["Image"]["ImageKey"] == image.key


def test_a_redirect_followed_with_the_old_header_is_refused(server: Running) -> None:
    """httpx takes the header along, as other clients do: a nonce used twice (facts 0.4)."""
    image = next(server.emulator.account.all_images())
    url = f"{server.url}/api/v2/image/{image.key}"
    signed = {**JSON, "Authorization": sign(server.emulator, "owner", "GET", url)}
    with httpx.Client(trust_env=False, timeout=TIMEOUT, follow_redirects=True) as client:
        answer = client.get(url, headers=signed)
    assert [one.status_code for one in answer.history] == [301]
    assert (answer.status_code, answer.json()) == (401, {"Code": 401, "Message": "oauth_problem=nonce_used"})


@pytest.mark.parametrize("change", ["secret", "token_secret", "token"])
def test_who_does_not_know_the_secrets_is_refused(server: Running, change: str) -> None:
    ready, wrong = server.ready, "x" * 32
    session = requests_client.OAuth1Session(
        ready["api_key"],
        wrong if change == "secret" else ready["api_secret"],
        token=wrong if change == "token" else ready["access_token"],
        token_secret=wrong if change == "token_secret" else ready["access_token_secret"],
    )
    answer = session.get(f"{server.url}/api/v2!authuser", headers=JSON, timeout=TIMEOUT)
    name = "token_rejected" if change == "token" else "signature_invalid"
    assert (answer.status_code, answer.json()) == (401, {"Code": 401, "Message": f"oauth_problem={name}"})


@LIBRARIES
def test_a_library_tells_its_user_that_it_was_refused(library: Library, server: Running, keys: Keys) -> None:
    """Their own exceptions: both quote the answer, `oauth_problem=permission_unknown`."""
    session = library.session(keys, **{library.callback: "oob"})
    session.fetch_request_token(endpoint(server, "getRequestToken"))
    with pytest.raises(Exception, match="permission_unknown"):
        session.fetch_access_token(endpoint(server, "getAccessToken"), verifier="123456")


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="no curl or no openssl")
def test_a_shell_signs_in_with_openssl_and_curl(server: Running, keys: Keys) -> None:
    """Written out by hand: base string, HMAC-SHA1, and the person's part as well."""

    def run(*command: str, told: str = "") -> bytes:
        return subprocess.run(
            command, input=told.encode(), capture_output=True, check=True, timeout=TIMEOUT
        ).stdout

    def ask(method: str, address: str, token: tuple[str, str] = ("", ""), **more: str) -> str:
        said = {
            "oauth_consumer_key": keys[0],
            "oauth_nonce": secrets.token_hex(8),
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(time.time())),
            **({"oauth_token": token[0]} if token[0] else {}),
            **more,
        }
        pairs = "&".join(f"{name}={said[name]}" for name in sorted(said))
        base = f"{method}&{quote(address, safe='')}&{quote(pairs, safe='')}"
        digest = run("openssl", "dgst", "-sha1", "-hmac", f"{keys[1]}&{token[1]}", "-binary", told=base)
        signature = quote(base64.b64encode(digest), safe="")
        header = "OAuth " + ", ".join(f'{name}="{value}"' for name, value in said.items())
        return run(
            *("curl", "-sS", "--fail", "-X", method, "-H", "Accept: application/json"),
            *("-H", f'Authorization: {header}, oauth_signature="{signature}"', address),
        ).decode()

    def read(answer: str) -> tuple[str, str]:
        values = dict(parse_qsl(answer, strict_parsing=True))
        return values["oauth_token"], values["oauth_token_secret"]

    begun = read(ask("POST", endpoint(server, "getRequestToken"), oauth_callback="oob"))
    page = run("curl", "-sS", "--fail", f"{endpoint(server, 'authorize')}?oauth_token={begun[0]}").decode()
    proof = page.split('name="proof" value="')[1].split('"')[0]
    done = run(
        *("curl", "-sS", "--fail", "-d", f"oauth_token={begun[0]}", "-d", f"proof={proof}"),
        *("-d", "decision=approve", endpoint(server, "authorize")),
    ).decode()
    code = done.split("<output>")[1].split("</output>")[0]
    token = read(ask("GET", endpoint(server, "getAccessToken"), begun, oauth_verifier=code))
    user = json.loads(ask("GET", f"{server.url}/api/v2!authuser", token))
    assert user["Response"]["User"]["NickName"] == "demo"
