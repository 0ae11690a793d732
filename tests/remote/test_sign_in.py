"""The three-legged sign-in: what is asked, how it is signed, and what every answer means."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from smugsync.errors import (
    ClockSkew,
    Garbled,
    NotAuthorised,
    SmugsyncError,
    Transient,
    Unreachable,
)
from smugsync.remote.dialect import Call, Reply
from smugsync.remote.hosts import Hosts
from smugsync.remote.session import Manners, Session
from smugsync.remote.sign_in import SignIn, Token, WrongCode, problem
from smugsync.remote.signing import OAuth1Signer
from smugsync.stop import Stop

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about an unrelated module of its own
    from authlib.oauth1 import ClientAuth  # type: ignore[import-untyped]  # it ships no types

ORIGIN = "https://api.smugmug.com"
BASE = f"{ORIGIN}/services/oauth/1.0a"
PROTOCOL = SignIn(ORIGIN)
ASKED = Token("request-token", "request-secret")
TOKEN = b"oauth_token=request-token&oauth_token_secret=request-secret&oauth_callback_confirmed=true"
NOON = 1_700_000_000.0
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"  # NOON


def reply(status: int, body: bytes, **headers: str) -> Reply:
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def refused(status: int, body: bytes, **headers: str) -> SmugsyncError:
    found = PROTOCOL.failure(reply(status, body, **headers), PROTOCOL.access_token())
    assert found is not None
    return found


# -- what is asked ---------------------------------------------------------------------------------


def test_the_three_addresses_are_the_documented_ones() -> None:
    assert PROTOCOL.request_token().url == f"{BASE}/getRequestToken"
    assert PROTOCOL.access_token().url == f"{BASE}/getAccessToken"
    page = PROTOCOL.page(ASKED, access="Full", permissions="Read")
    assert page.startswith(f"{BASE}/authorize?")


def test_the_page_says_what_is_wished_for() -> None:
    page = urlsplit(PROTOCOL.page(Token("a&b c", "s"), access="Full", permissions="Modify"))
    wishes = parse_qs(page.query, strict_parsing=True)
    assert wishes["oauth_token"] == ["a&b c"]
    assert (wishes["Access"], wishes["Permissions"]) == (["Full"], ["Modify"])


def test_the_request_tokens_secret_is_not_in_the_address() -> None:
    assert ASKED.secret not in PROTOCOL.page(ASKED, access="Full", permissions="Read")


def test_only_the_exchange_is_never_repeated() -> None:
    """Its answer may be lost after the verifier was used up."""
    assert PROTOCOL.request_token().idempotent
    assert not PROTOCOL.access_token().idempotent


@pytest.mark.parametrize(
    ("call", "signer", "extra"),
    [
        (
            PROTOCOL.request_token(),
            OAuth1Signer("key", "secret", callback="http://localhost:8000/a?b=c d"),
            {"redirect_uri": "http://localhost:8000/a?b=c d"},
        ),
        (PROTOCOL.request_token(), OAuth1Signer("key", "secret", callback="oob"), {"redirect_uri": "oob"}),
        (
            PROTOCOL.access_token(),
            OAuth1Signer("key", "secret", ASKED.key, ASKED.secret, verifier="012345"),
            {"token": ASKED.key, "token_secret": ASKED.secret, "verifier": "012345"},
        ),
    ],
    ids=["callback", "oob", "verifier"],
)
def test_an_independent_implementation_signs_both_calls_alike(
    call: Call, signer: OAuth1Signer, extra: dict[str, str]
) -> None:
    authorization = dict(signer.sign(call, call.url).headers)["Authorization"]
    pairs = (part.strip().split("=", 1) for part in authorization.removeprefix("OAuth ").split(","))
    given = {name: unquote(value.strip('"')) for name, value in pairs}
    other = ClientAuth("key", "secret", **extra)
    theirs = other.get_oauth_signature(call.method, call.url, {"Authorization": authorization}, "")
    assert given["oauth_signature"] == theirs
    assert given.get("oauth_callback", "") == extra.get("redirect_uri", "")
    assert given.get("oauth_verifier", "") == extra.get("verifier", "")


# -- tokens ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "text/html"])
def test_a_token_is_read_whatever_type_it_claims_to_have(kind: str) -> None:
    answer = reply(200, TOKEN, content_type=kind)
    assert PROTOCOL.failure(answer, PROTOCOL.request_token()) is None
    assert PROTOCOL.read_token(answer) == ASKED


def test_a_token_is_decoded() -> None:
    found = PROTOCOL.read_token(reply(200, b"oauth_token=a%2Fb%2B&oauth_token_secret=c+d\n"))
    assert found == Token("a/b+", "c d")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"oauth_token=only",
        b"oauth_token=&oauth_token_secret=x",
        b"oauth_token=%00&oauth_token_secret=x",
        "oauth_token=ü&oauth_token_secret=x".encode(),
        b"<!DOCTYPE html><title>Sign in to the hotel</title>",
        b"a&" * 100,
    ],
)
def test_what_is_no_token_is_refused(body: bytes) -> None:
    assert isinstance(refused(200, body), Garbled)
    with pytest.raises(Garbled):
        PROTOCOL.read_token(reply(200, body))


def test_no_token_is_shown() -> None:
    assert "request" not in repr(ASKED)
    assert "012345" not in repr(OAuth1Signer("key", "secret", "t", "s", verifier="012345"))


# -- the browser comes back ------------------------------------------------------------------------


def test_the_verifier_comes_with_the_browser() -> None:
    fields = {"oauth_token": "request-token", "oauth_verifier": "v"}
    assert PROTOCOL.read_callback(fields, ASKED) == "v"


@pytest.mark.parametrize(
    "fields",
    [
        {"oauth_token": "another", "oauth_verifier": "v"},
        {"oauth_token": "another", "oauth_problem": "permission_denied"},
        {"denied": "another"},
    ],
)
def test_the_answer_to_another_sign_in_is_not_ours(fields: dict[str, str]) -> None:
    assert PROTOCOL.read_callback(fields, ASKED) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"oauth_token": "request-token", "oauth_problem": "permission_denied"},
        {"oauth_token": "request-token", "oauth_problem": "user_refused"},
        {"oauth_problem": "user_refused"},
        {"denied": "request-token"},
        {},
    ],
)
def test_a_refusal_is_told_as_one(fields: dict[str, str]) -> None:
    with pytest.raises(NotAuthorised, match="access was refused on SmugMug's page"):
        PROTOCOL.read_callback(fields, ASKED)


# -- refusals --------------------------------------------------------------------------------------

FORMS: list[Callable[[str], bytes]] = [
    lambda name: f"oauth_problem={name}".encode(),
    lambda name: f"oauth_problem={name}&oauth_problem_advice=none".encode(),
    lambda name: json.dumps({"Code": 401, "Message": f"oauth_problem={name}"}).encode(),
]


@pytest.mark.parametrize("form", FORMS, ids=["form", "advice", "json"])
@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("consumer_key_unknown", NotAuthorised, "SmugMug does not know this API key"),
        ("consumer_key_rejected", NotAuthorised, "SmugMug has blocked this API key"),
        ("signature_invalid", NotAuthorised, "the API secret is not that of this API key"),
        ("token_expired", NotAuthorised, "took longer than five minutes"),
        ("token_rejected", NotAuthorised, "run `smugsync auth login` again"),
        ("token_used", NotAuthorised, "was used already"),
        ("permission_denied", NotAuthorised, "access was refused on SmugMug's page"),
        ("verifier_invalid", WrongCode, "does not accept this code"),
        ("permission_unknown", WrongCode, "nobody has pressed a button"),
        ("parameter_rejected", NotAuthorised, "`smugsync auth login --oob`"),
        ("timestamp_refused", ClockSkew, "clock"),
        ("nonce_used", Transient, "nonce"),
        ("never_heard_of", NotAuthorised, "never_heard_of"),
    ],
)
def test_every_problem_says_what_to_do(
    name: str, kind: type[SmugsyncError], words: str, form: Callable[[str], bytes]
) -> None:
    for status in (401, 400, 200):
        found = refused(status, form(name))
        assert type(found) is kind
        assert words in str(found)


def test_a_problem_is_a_name_and_nothing_else() -> None:
    assert problem(b"oauth_problem=token_expired<script>") == "token_expired"
    assert problem(b"oauth_problem=" + b"x" * 100) == "x" * 40
    assert problem(b"all is well") == ""


def test_terms_that_were_not_accepted() -> None:
    body = b'{"Code":401,"Message":"API key lacks v2 access; please accept the terms of service at ..."}'
    assert "https://api.smugmug.com/api/developer/accept" in str(refused(401, body))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, NotAuthorised), (403, NotAuthorised), (404, Garbled), (429, Transient), (503, Transient)],
)
def test_each_status_without_a_word(status: int, kind: type[SmugsyncError]) -> None:
    found = refused(status, b"", retry_after="7")
    assert type(found) is kind
    if isinstance(found, Transient):
        assert found.retry_after == 7


# -- by way of a session ---------------------------------------------------------------------------


class Scene:
    """A session on a scripted network; waiting takes no time."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.warnings: list[str] = []
        self.session = Session(
            httpx.MockTransport(self.answer),
            Hosts([ORIGIN]),
            OAuth1Signer("key", "secret", callback="oob", clock=lambda: NOON - 7200),
            Stop(),
            warn=self.warnings.append,
            manners=Manners(tries=3, clock=lambda: NOON - 7200, sleep=lambda _: None),
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask(self, call: Call) -> Token:
        return PROTOCOL.read_token(self.session.ask(call, PROTOCOL))


def said(status: int, body: bytes, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


def stamp(request: httpx.Request) -> str:
    return request.headers["authorization"].partition('oauth_timestamp="')[2].partition('"')[0]


def test_a_wrong_clock_is_corrected_by_the_services() -> None:
    late = said(401, b"oauth_problem=timestamp_refused", date=DATE)
    scene = Scene(late, said(200, TOKEN), said(200, TOKEN))
    assert scene.ask(PROTOCOL.request_token()) == ASKED
    assert [stamp(request) for request in scene.requests] == [str(int(NOON) - 7200), str(int(NOON))]
    scene.session.sign_with(OAuth1Signer("key", "secret", "t", "s", clock=lambda: NOON - 7200))
    assert scene.ask(PROTOCOL.access_token()) == ASKED
    assert stamp(scene.requests[-1]) == str(int(NOON)), "forgotten with the old signer"
    assert len(scene.warnings) == 1
    assert "2 hours behind" in scene.warnings[0]


def test_an_empty_body_has_a_length() -> None:
    """Some servers answer a POST without one with 411."""
    scene = Scene(said(200, TOKEN))
    scene.ask(PROTOCOL.request_token())
    assert scene.requests[0].headers["content-length"] == "0"


def test_a_broken_line_is_tried_again_before_the_page_only() -> None:
    scene = Scene(httpx.ConnectError("gone"), said(200, TOKEN))
    assert scene.ask(PROTOCOL.request_token()) == ASKED
    scene = Scene(httpx.ReadError("gone"), said(200, TOKEN))
    with pytest.raises(Transient):
        scene.ask(PROTOCOL.access_token())
    assert len(scene.requests) == 1


def test_a_captive_portal_is_named() -> None:
    pages = [said(200, b"<html>hotel") for _ in range(3)]
    with pytest.raises(Unreachable, match="captive portal"):
        Scene(*pages).ask(PROTOCOL.request_token())
