"""Signatures against RFC 5849 and against an independent implementation."""

from __future__ import annotations

import base64
import hashlib
import hmac
import warnings
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.remote.dialect import Auth, Call
from smugsync.remote.signing import KeySigner, OAuth1Signer, Signed

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about an unrelated module of its own
    from authlib.oauth1 import ClientAuth  # type: ignore[import-untyped]  # it ships no types

FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/json")


def signer(nonce: str = "chapoH", now: float = 137131202.0) -> OAuth1Signer:
    return OAuth1Signer(
        "dpf43f3p2l4k3l03",
        "kd94hf93k423kf44",
        "nnch734d00sl2jdk",
        "pfkkdhi9sl3r4s00",
        clock=lambda: now,
        nonce=lambda: nonce,
    )


def parameters(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    ((name, value),) = headers
    assert name == "Authorization"
    kind, _, rest = value.partition(" ")
    assert kind == "OAuth"
    pairs = (part.strip().split("=", 1) for part in rest.split(","))
    return {key: unquote(quoted.strip('"')) for key, quoted in pairs}


def test_the_example_of_rfc_5849_section_1_2() -> None:
    """The signed request for the photo: its nonce, time stamp and signature are printed in the RFC.

    The RFC's request omits the optional oauth_version, so the signature is recomputed with it by hand.
    """
    url = "http://photos.example.net/photos?file=vacation.jpg&size=original"
    found = parameters(signer().sign(Call("GET", url), url).headers)
    without = (
        "file=vacation.jpg&oauth_consumer_key=dpf43f3p2l4k3l03&oauth_nonce=chapoH"
        "&oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131202&oauth_token=nnch734d00sl2jdk"
    )

    def by_hand(normalized: str) -> str:
        base = "&".join(
            ["GET", quote("http://photos.example.net/photos", safe=""), quote(normalized, safe="")]
        )
        mac = hmac.new(b"kd94hf93k423kf44&pfkkdhi9sl3r4s00", base.encode(), hashlib.sha1)
        return base64.b64encode(mac.digest()).decode()

    assert by_hand(without + "&size=original") == "MdpQcU8iPSUjWoN/UDMsK2sui9I="
    assert found["oauth_signature"] == by_hand(without + "&oauth_version=1.0&size=original")
    assert found["oauth_timestamp"] == "137131202"
    assert found["oauth_nonce"] == "chapoH"


WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=12)
#: Names that begin with `oauth_` are the protocol's own, in one place of a request only.
NAMES = WORDS.filter(lambda name: name and not name.startswith("oauth_"))


def theirs(call: Call, authorization: str) -> str:
    """The signature that another library computes for the request as it would be received."""
    other = ClientAuth("dpf43f3p2l4k3l03", "kd94hf93k423kf44", "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00")
    headers = {**dict(call.headers), "Authorization": authorization}
    body = call.body.decode() if FORM in call.headers and isinstance(call.body, bytes) else ""
    return str(other.get_oauth_signature(call.method, call.url, headers, body))


def assert_agreed(call: Call) -> None:
    signed = signer().sign(call, call.url)
    assert signed.url == call.url
    found = parameters(signed.headers)
    assert found["oauth_signature"] == theirs(call, signed.headers[0][1])
    assert "oauth_body_hash" not in found


@settings(max_examples=50, deadline=None)
@given(path=WORDS, query=st.lists(st.tuples(NAMES, WORDS), max_size=4))
def test_an_independent_implementation_agrees(path: str, query: list[tuple[str, str]]) -> None:
    pairs = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
    assert_agreed(Call("GET", f"https://api.smugmug.com/api/v2/album/{quote(path, safe='!')}!images?{pairs}"))


@pytest.mark.parametrize(
    "call",
    [
        Call(
            "POST",
            "https://api.smugmug.com/api/v2/node/x!children",
            (FORM,),
            b"Name=A+b%26c&Type=Album&Name=",
        ),
        Call("POST", "https://api.smugmug.com/api/v2/node/x!children", (JSON,), b'{"Name": "A"}'),
        Call("POST", "https://upload.smugmug.com/", (("Content-Type", "image/jpeg"),), b"\xff\xd8"),
        Call("PATCH", "https://api.smugmug.com:443/api/v2/album/x?_pretty", (JSON,), b"{}"),
        Call("GET", "http://127.0.0.1:8080/api/v2!authuser?_verbosity=1&a=%20&a=b"),
    ],
    ids=lambda call: call.url,
)
def test_bodies_are_signed_only_if_they_are_forms(call: Call) -> None:
    assert_agreed(call)


def test_a_form_may_name_its_charset() -> None:
    url = "https://api.smugmug.com/api/v2/node/x!children"
    kind = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    assert signer().sign(Call("POST", url, (kind,), b"a=b"), url) == signer().sign(
        Call("POST", url, (FORM,), b"a=b"), url
    )


def test_every_signature_is_fresh() -> None:
    own = OAuth1Signer("key", "secret", "token", "token secret")
    call = Call("GET", "https://api.smugmug.com/api/v2!authuser")
    nonces = {parameters(own.sign(call, call.url).headers)["oauth_nonce"] for _ in range(20)}
    assert len(nonces) == 20


def test_the_services_clock_is_signed_by() -> None:
    call = Call("GET", "https://api.smugmug.com/api/v2!authuser")
    found = parameters(signer(now=1000.9).sign(call, call.url, skew=-86_400.0).headers)
    assert found["oauth_timestamp"] == "-85399"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/api/v2/album/x", "https://h/api/v2/album/x?APIKey=k%26y"),
        ("https://h/a!b?_pretty&c=%2f", "https://h/a!b?_pretty&c=%2f&APIKey=k%26y"),
        ("https://h/a?APIKey=old&b=1", "https://h/a?b=1&APIKey=k%26y"),
        ("https://h/a?b=1#a=note", "https://h/a?b=1&APIKey=k%26y"),
    ],
)
def test_a_key_alone_is_a_parameter(url: str, expected: str) -> None:
    signed = KeySigner("k&y").sign(Call("GET", url, auth=Auth.ACCOUNT), url)
    assert signed == Signed(expected)


def test_nobody_prints_a_secret() -> None:
    shown = repr(OAuth1Signer("key", "SECRET-A", "token", "SECRET-B")) + repr(KeySigner("SECRET-C"))
    shown += repr(Signed("https://h/?SessionID=SECRET-D", (("Authorization", "SECRET-E"),), b"SECRET-F"))
    assert "SECRET" not in shown
