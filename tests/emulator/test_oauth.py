from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from authlib.oauth1 import ClientAuth  # type: ignore[import-untyped]  # it ships no types

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Settings
from tests.emulator.ask import HOST, ORIGIN, Client, Clock

TARGET = "/api/v2!authuser?_filter=NickName&_filteruri="


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(Settings(albums=0))


def signer(emulator: Emulator, **changes: Any) -> ClientAuth:
    keys = emulator.credentials
    auth = ClientAuth(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
    for name, value in changes.items():
        setattr(auth, name, value)
    return auth


def authorization(auth: ClientAuth, target: str = TARGET, method: str = "GET") -> str:
    return str(auth.prepare(method, ORIGIN + target, {}, b"")[1]["Authorization"])


def send(emulator: Emulator, header: str = "", target: str = TARGET, **rest: Any) -> tuple[int, Any]:
    path, _, query = target.partition("?")
    headers = {"host": HOST, "accept": "application/json", **rest.pop("headers", {})}
    if header:
        headers["authorization"] = header
    response = emulator.handle(Request(rest.pop("method", "GET"), path, query, headers, **rest))
    return response.status, response.json()


def test_a_signature_in_the_header_is_accepted(emulator: Emulator) -> None:
    status, body = send(emulator, authorization(signer(emulator)))
    assert status == 200
    assert body["Response"]["User"]["NickName"] == "demo"


def test_plaintext_is_accepted(emulator: Emulator) -> None:
    assert send(emulator, authorization(signer(emulator, signature_method="PLAINTEXT")))[0] == 200


def test_a_signature_in_the_query_is_accepted(emulator: Emulator) -> None:
    auth = signer(emulator, signature_type="QUERY")
    url = str(auth.prepare("GET", ORIGIN + TARGET, {}, b"")[0])
    assert send(emulator, target=url.removeprefix(ORIGIN))[0] == 200


def test_form_fields_are_part_of_the_signature(emulator: Emulator) -> None:
    target, form = f"/api/v2/node/{emulator.account.root.id}!children", {"Name": "A b&c", "Type": "Folder"}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(form).encode()
    _, signed, _ = signer(emulator).prepare("POST", ORIGIN + target, headers, body)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    asked: dict[str, Any] = {"target": target, "method": "POST", "headers": kind}
    assert send(emulator, signed["Authorization"], body=body + b"x", **asked)[0] == 401
    asked["headers"] = dict(kind)
    assert send(emulator, signed["Authorization"], body=body, **asked)[0] == 405  # signed well; not built


@pytest.mark.parametrize("method", ["HMAC-SHA1", "PLAINTEXT"])
def test_another_secret_is_refused(emulator: Emulator, method: str) -> None:
    auth = signer(emulator, signature_method=method, client_secret="wrong")
    assert send(emulator, authorization(auth)) == (
        401,
        {"Code": 401, "Message": "oauth_problem=signature_invalid"},
    )


@pytest.mark.parametrize(
    "target", ["/api/v2!authuser?_filter=Name&_filteruri=", "/api/v2!authuser", "/api/v2/user/demo"]
)
def test_a_signature_of_another_address_is_refused(emulator: Emulator, target: str) -> None:
    assert send(emulator, authorization(signer(emulator)), target)[0] == 401


def test_a_nonce_is_good_once(emulator: Emulator) -> None:
    header = authorization(signer(emulator))
    assert send(emulator, header)[0] == 200
    assert send(emulator, header) == (401, {"Code": 401, "Message": "oauth_problem=nonce_used"})


def test_a_refused_request_uses_up_no_nonce(emulator: Emulator) -> None:
    header = authorization(signer(emulator))
    assert send(emulator, header, "/api/v2/user/demo")[0] == 401
    assert send(emulator, header)[0] == 200


def problem(emulator: Emulator, header: str) -> str:
    status, body = send(emulator, header)
    assert status == 401
    assert "Response" not in body
    return str(body["Message"]).removeprefix("oauth_problem=")


def test_every_problem_has_its_name(emulator: Emulator) -> None:
    assert problem(emulator, "") == "parameter_absent"
    good = authorization(signer(emulator))
    assert problem(emulator, good.replace("oauth_nonce", "oauth_once")) == "parameter_absent"
    assert problem(emulator, good.replace("HMAC-SHA1", "RSA-SHA1")) == "signature_method_rejected"
    assert problem(emulator, good.replace('oauth_version="1.0"', 'oauth_version="2.0"')) == "version_rejected"
    assert problem(emulator, authorization(signer(emulator, client_id="x"))) == "consumer_key_unknown"
    assert problem(emulator, authorization(signer(emulator, token="x"))) == "token_rejected"


def test_an_old_time_stamp_is_refused() -> None:
    clock = Clock(time.time() - 86400)
    emulator = Emulator(Settings(albums=0), clock=clock)
    assert problem(emulator, authorization(signer(emulator))) == "timestamp_refused"


def test_an_api_key_alone_shows_what_is_public(emulator: Emulator) -> None:
    client = Client(emulator, "anonymous")
    assert client.status("/api/v2/user/demo") == 200
    assert client.status("/api/v2!authuser") == 401
    assert send(emulator, target="/api/v2/user/demo?APIKey=wrong")[0] == 401


def test_addresses_may_hold_anything_a_client_signs(emulator: Emulator) -> None:
    for value in ("a b", "ä/ö", "1,2", "{}", "100%", "~!*'()"):
        target = f"/api/v2/user/demo!urlpathlookup?urlpath=/{quote(value)}"
        assert send(emulator, authorization(signer(emulator), target), target)[0] == 404


def test_secrets_are_not_shown(emulator: Emulator) -> None:
    assert emulator.credentials.api_secret not in repr(emulator.credentials)
