from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from authlib.oauth1 import ClientAuth  # type: ignore[import-untyped]  # it ships no types
from oauthlib import oauth1

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Credentials, Settings, Switches
from smugsync.emulator.signin.gatekeeper import PATIENCE, Gatekeeper, Known
from smugsync.emulator.signin.proof import Refused, base_string, read_claim
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


def test_plaintext_is_for_https(emulator: Emulator) -> None:
    auth = signer(emulator, signature_method="PLAINTEXT")
    assert problem(emulator, authorization(auth)) == "signature_method_rejected"
    assert send(emulator, authorization(auth), scheme="https")[0] == 200


def test_plaintext_may_be_switched_on_everywhere(emulator: Emulator) -> None:
    emulator.turn(Switches(plaintext="always"))
    assert send(emulator, authorization(signer(emulator, signature_method="PLAINTEXT")))[0] == 200


def test_plaintext_needs_neither_time_stamp_nor_nonce(emulator: Emulator) -> None:
    keys = emulator.credentials
    header = (
        f'OAuth oauth_consumer_key="{keys.api_key}", oauth_token="{keys.access_token}",'
        f' oauth_signature_method="PLAINTEXT", oauth_signature="{keys.api_secret}%26'
        f'{keys.access_token_secret}"'
    )
    assert send(emulator, header, scheme="https")[0] == 200
    assert send(emulator, header, scheme="https")[0] == 200


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
    assert send(emulator, signed["Authorization"], body=body, **asked)[0] == 201


@pytest.mark.parametrize("method", ["HMAC-SHA1", "PLAINTEXT"])
def test_another_secret_is_refused(emulator: Emulator, method: str) -> None:
    auth = signer(emulator, signature_method=method, client_secret="wrong")
    assert send(emulator, authorization(auth), scheme="https") == (
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


def test_a_redirect_followed_with_the_old_header_is_a_nonce_used_twice() -> None:
    emulator = Emulator(Settings(albums=1, images=1))
    image = next(emulator.account.all_images())
    target = f"/api/v2/image/{image.key}"
    header = authorization(signer(emulator), target)
    sent = {"host": HOST, "accept": "application/json", "authorization": header}
    moved = emulator.handle(Request("GET", target, "", sent))
    assert moved.status == 301
    location = str(moved.header("Location"))
    assert location == f"{ORIGIN}/api/v2/image/{image.key}-0"
    followed = location.removeprefix(ORIGIN)
    used = {"Code": 401, "Message": "oauth_problem=nonce_used"}
    assert send(emulator, header, followed) == (401, used)
    assert send(emulator, authorization(signer(emulator), followed), followed)[0] == 200


def test_a_nonce_may_come_again_with_another_token() -> None:
    emulator = Emulator(Settings(albums=0))
    stamp, statuses = str(int(time.time())), []
    for viewer in ("owner", "other"):
        keys = emulator.credentials_of(viewer)
        client = oauth1.Client(
            keys.api_key,
            client_secret=keys.api_secret,
            resource_owner_key=keys.access_token,
            resource_owner_secret=keys.access_token_secret,
            nonce="the same",
            timestamp=stamp,
        )
        _, headers, _ = client.sign(ORIGIN + "/api/v2!authuser")
        statuses.append(send(emulator, headers["Authorization"], "/api/v2!authuser")[0])
    assert statuses == [200, 200]


def test_of_two_equal_requests_at_once_one_is_refused(emulator: Emulator) -> None:
    """Neither nonce is used when the other is looked at, for both wait before their signatures count."""
    path, _, query = TARGET.partition("?")
    request = Request("GET", path, query, {"authorization": authorization(signer(emulator))})
    both = threading.Barrier(2)

    def origins() -> Iterator[str]:
        both.wait(20)
        yield ORIGIN

    def identify(_: int) -> str:
        try:
            return str(emulator.gatekeeper.identify(request, origins=origins()).user)
        except Refused as refused:
            return refused.message

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(identify, range(2))) == ["demo", "oauth_problem=nonce_used"]


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


def test_a_parameter_given_twice_is_rejected(emulator: Emulator) -> None:
    target = TARGET + "&oauth_nonce=x"
    status, body = send(emulator, authorization(signer(emulator)), target)
    assert (status, body["Message"]) == (401, "oauth_problem=parameter_rejected")


@pytest.mark.parametrize("off", [-86400, -PATIENCE - 60, PATIENCE + 60, 86400])
def test_a_time_stamp_too_far_off_is_refused(off: float) -> None:
    emulator = Emulator(Settings(albums=0), clock=Clock(time.time() + off))
    assert problem(emulator, authorization(signer(emulator))) == "timestamp_refused"


@pytest.mark.parametrize("off", [-PATIENCE + 60, PATIENCE - 60])
def test_clocks_may_differ_a_little(off: float) -> None:
    emulator = Emulator(Settings(albums=0), clock=Clock(time.time() + off))
    assert send(emulator, authorization(signer(emulator)))[0] == 200


@pytest.mark.parametrize("stamp", ["yesterday", "-1", "1.5", "²", "9" * 5000])
def test_a_time_stamp_that_is_none_is_refused(emulator: Emulator, stamp: str) -> None:
    header = authorization(signer(emulator))
    spoiled = re.sub(r'oauth_timestamp="\d+"', f'oauth_timestamp="{quote(stamp)}"', header)
    assert problem(emulator, spoiled) == "timestamp_refused"


def test_the_body_of_a_refusal_does_not_depend_on_what_is_accepted(emulator: Emulator) -> None:
    status, body = send(emulator, headers={"accept": "text/html"})
    assert (status, body) == (401, {"Code": 401, "Message": "oauth_problem=parameter_absent"})


def test_a_key_that_accepted_no_terms_is_told_so(emulator: Emulator) -> None:
    emulator.turn(Switches(terms="pending"))
    told = {
        "Code": 401,
        "Message": "API key lacks v2 access; please accept the terms of service at"
        " https://api.smugmug.com/api/developer/accept",
    }
    assert send(emulator, target=f"/api/v2/user/demo?APIKey={emulator.credentials.api_key}") == (401, told)
    assert send(emulator, authorization(signer(emulator))) == (401, told)


def test_a_token_belongs_to_one_application(emulator: Emulator) -> None:
    emulator.gatekeeper.register("Another", "another-key", "another-secret")
    stolen = signer(emulator, client_id="another-key", client_secret="another-secret")
    assert problem(emulator, authorization(stolen)) == "token_rejected"


def test_a_revoked_token_is_told_so(emulator: Emulator) -> None:
    emulator.gatekeeper.revoke(emulator.credentials.access_token)
    assert problem(emulator, authorization(signer(emulator))) == "token_revoked"


def test_a_signature_without_a_token_shows_what_is_public(emulator: Emulator) -> None:
    auth, target = signer(emulator, token=None, token_secret=None), "/api/v2/user/demo"
    assert send(emulator, authorization(auth, target), target)[0] == 200
    assert send(emulator, authorization(auth))[0] == 401


def test_another_application_may_be_registered(emulator: Emulator) -> None:
    target = "/api/v2/user/demo?APIKey=another-key"
    assert send(emulator, target=target)[0] == 401
    emulator.gatekeeper.register("Another", "another-key", "another-secret")
    assert send(emulator, target=target)[0] == 200


@pytest.mark.parametrize("parts", [("", "key", "secret"), ("Name", "", "secret"), ("Name", "key", "")])
def test_an_application_has_a_name_a_key_and_a_secret(
    emulator: Emulator, parts: tuple[str, str, str]
) -> None:
    with pytest.raises(ValueError, match="a name, a key and a secret"):
        emulator.gatekeeper.register(*parts)


def identify(emulator: Emulator, request: Request) -> str:
    """As the upload host does: who it is, or what is wrong."""
    try:
        return str(emulator.gatekeeper.identify(request, origins=[ORIGIN], header_only=True).user)
    except Refused as refused:
        return refused.message


def test_the_upload_host_reads_the_header_alone(emulator: Emulator) -> None:
    target = "/upload/?a=1"
    kind = {"content-type": "application/x-www-form-urlencoded"}
    header = {"authorization": authorization(signer(emulator), target, "POST")}
    in_header = Request("POST", "/upload/", "a=1", header | kind, b"oauth_nonce=not+a+form")
    assert identify(emulator, in_header) == "demo"
    url = signer(emulator, signature_type="QUERY").prepare("POST", ORIGIN + target, {}, b"")[0]
    in_query = Request("POST", "/upload/", str(url).partition("?")[2])
    assert identify(emulator, in_query) == "oauth_problem=parameter_absent"
    key = Request("POST", "/upload/", f"APIKey={emulator.credentials.api_key}")
    assert identify(emulator, key) == "oauth_problem=parameter_absent"


RFC_KEYS = ("dpf43f3p2l4k3l03", "kd94hf93k423kf44")


def rfc_header(**parameters: str) -> str:
    said = {"oauth_consumer_key": RFC_KEYS[0], "oauth_signature_method": "HMAC-SHA1", **parameters}
    return 'OAuth realm="Photos", ' + ",\n    ".join(f'{n}="{quote(v, safe="")}"' for n, v in said.items())


def test_the_signatures_of_the_rfcs_own_conversation_hold() -> None:
    """RFC 5849, 1.2: the redirection-based authorization of the printing service."""
    gatekeeper = Gatekeeper(clock=Clock(137131200))
    gatekeeper.admit(Credentials(*RFC_KEYS, "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"), "jane", "Full", "Read")
    host = {"host": "photos.example.net"}
    begin = rfc_header(
        oauth_timestamp="137131200",
        oauth_nonce="wIjqoS",
        oauth_callback="http://printer.example.com/ready",
        oauth_signature="74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
    )
    request = Request("POST", "/initiate", "", host | {"authorization": begin}, b"", "https")
    origins = ["https://photos.example.net"]
    assert gatekeeper.identify(request, origins=origins).api_key == RFC_KEYS[0]

    finish = rfc_header(
        oauth_token="hh5s93j4hdidpola",
        oauth_timestamp="137131201",
        oauth_nonce="walatlh",
        oauth_verifier="hfdp7dh39dks9884",
        oauth_signature="gKgrFCywp7rO0OXSjdot/IHF7IU=",
    )
    request = Request("POST", "/token", "", host | {"authorization": finish}, b"", "https")
    known = Known(RFC_KEYS[0], "hdhd0244k9j7ao03")
    application = gatekeeper.prove(request, read_claim(request), origins=origins, token=known)
    assert application.key == RFC_KEYS[0]

    use = rfc_header(
        oauth_token="nnch734d00sl2jdk",
        oauth_timestamp="137131202",
        oauth_nonce="chapoH",
        oauth_signature="MdpQcU8iPSUjWoN/UDMsK2sui9I=",
    )
    photo = ("/photos", "file=vacation.jpg&size=original", host | {"authorization": use})
    origins = ["http://photos.example.net"]
    assert gatekeeper.identify(Request("GET", *photo), origins=origins).user == "jane"
    with pytest.raises(Refused, match="nonce_used"):
        gatekeeper.identify(Request("GET", *photo), origins=origins)


def test_the_base_string_is_that_of_the_rfc() -> None:
    """RFC 5849, 3.4.1.1: query, header and form together, each decoded and encoded anew."""
    header = (
        'OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7",'
        ' oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a",'
        ' oauth_signature="bYT5CMsGcbgUdFHObYMEfcx6bsw%3D"'
    )
    kind = {"content-type": "application/x-www-form-urlencoded", "authorization": header}
    request = Request("POST", "/request", "b5=%3D%253D&a3=a&c%40=&a2=r%20b", kind, b"c2&a3=2+q")
    assert base_string(read_claim(request), "POST", "http://example.com/request") == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q"
        "%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_"
        "key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_m"
        "ethod%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk"
        "9d7dh3k39sjv7"
    )


@pytest.mark.parametrize(
    ("address", "signed"),
    [
        ("http://EXAMPLE.COM:80/r%20v/X", "http%3A%2F%2Fexample.com%2Fr%2520v%2FX"),
        ("https://www.example.net:8080/", "https%3A%2F%2Fwww.example.net%3A8080%2F"),
        (
            "https://api.smugmug.com/api/v2/album/K!images",
            "https%3A%2F%2Fapi.smugmug.com%2Fapi%2Fv2%2Falbum%2FK%21images",
        ),
    ],
)
def test_the_address_is_signed_as_the_rfc_says(address: str, signed: str) -> None:
    """RFC 5849, 3.4.1.2 and 3.6; an exclamation mark is not one of the letters that stay."""
    assert base_string(read_claim(Request("GET", "/")), "GET", address) == f"GET&{signed}&"


def test_a_host_that_is_none_is_a_refusal(emulator: Emulator) -> None:
    header = authorization(signer(emulator))
    status, body = send(emulator, header, headers={"host": "["})
    assert (status, body["Message"]) == (401, "oauth_problem=signature_invalid")


def test_what_a_restart_must_keep_is_counted(emulator: Emulator) -> None:
    gatekeeper = emulator.gatekeeper
    before = gatekeeper.changes
    assert send(emulator, authorization(signer(emulator)))[0] == 200
    assert gatekeeper.changes == before
    gatekeeper.register("Another", "another-key", "another-secret")
    registered = gatekeeper.changes
    gatekeeper.revoke(emulator.credentials.access_token)
    revoked = gatekeeper.changes
    gatekeeper.revoke(emulator.credentials.access_token)
    assert before < registered < revoked == gatekeeper.changes


def test_applications_and_revocations_survive_a_restart(emulator: Emulator) -> None:
    emulator.gatekeeper.register("Another", "another-key", "another-secret")
    emulator.gatekeeper.revoke(emulator.credentials.access_token)
    kept = json.loads(json.dumps(emulator.gatekeeper.dump()))
    restarted = Emulator(Settings(albums=0))
    assert send(restarted, authorization(signer(restarted)))[0] == 200
    restarted.gatekeeper.load(kept)
    assert restarted.gatekeeper.dump() == kept
    assert problem(restarted, authorization(signer(restarted))) == "token_revoked"
    assert send(restarted, target="/api/v2/user/demo?APIKey=another-key")[0] == 200


def test_an_announced_token_may_do_what_this_run_announces(emulator: Emulator) -> None:
    kept = emulator.gatekeeper.dump()
    restarted = Emulator(Settings(albums=0, switches=Switches(access="Public", permissions="Read")))
    restarted.gatekeeper.load(kept)
    levels = {(one["access"], one["permissions"]) for one in restarted.gatekeeper.tokens()}
    assert levels == {("Public", "Read")}


def test_tokens_announced_by_another_run_stay_good(emulator: Emulator) -> None:
    restarted = Emulator(Settings(albums=0, seed=1))
    assert problem(restarted, authorization(signer(emulator))) == "consumer_key_unknown"
    restarted.gatekeeper.load(emulator.gatekeeper.dump())
    assert send(restarted, authorization(signer(emulator)))[0] == 200
    assert send(restarted, authorization(signer(restarted)))[0] == 200


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
