"""Secrets stay out of text."""

from __future__ import annotations

import base64
import copy
import pickle
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.secret import MASK, Redactor, Secret

CANARY = "c4n4ry+/=%&secret"


@pytest.mark.parametrize(
    "show", [str, repr, "{}".format, "{:>3}".format, lambda one: f"{one!r:20}", lambda one: f"{[one]}"]
)
def test_a_secret_shows_nothing(show: object) -> None:
    assert callable(show)
    assert CANARY not in show(Secret(CANARY))


@pytest.mark.parametrize("escape", [pickle.dumps, copy.deepcopy])
def test_a_secret_is_not_written_anywhere(escape: object) -> None:
    assert callable(escape)
    with pytest.raises(TypeError):
        escape(Secret(CANARY))


def test_a_secret_is_revealed_on_purpose() -> None:
    assert Secret(CANARY).reveal() == CANARY
    assert Secret(CANARY) == Secret(CANARY) != Secret("other")
    assert not Secret("")


@pytest.mark.parametrize(
    "line",
    [
        f"token {CANARY} refused",
        f"https://x/?k={quote(CANARY, safe='')}&n=1",
        base64.b64encode(CANARY.encode()).decode(),
    ],
)
def test_known_values_are_found_in_every_encoding(line: str) -> None:
    redact = Redactor()
    redact.add(Secret(CANARY))
    assert MASK in redact(line)
    assert CANARY not in redact(line)
    assert quote(CANARY, safe="") not in redact(line)


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ('Authorization: OAuth realm="", oauth_token="abc", oauth_signature="x%3D"', "Authorization"),
        ("GET /api/v2/x?APIKey=abc123&count=100", "count=100"),
        ("https://u/?oauth_signature=abc123%3D&oauth_nonce=abc1234&start=1", "start=1"),
        ("{'authorization': 'OAuth abc123', 'accept': 'json'}", "accept"),
        ("/services/api/json/1.2.2/?method=smugmug.albums.get&SessionID=abc123&Heavy=1", "Heavy=1"),
        ("APIKey=abc1&EmailAddress=abc%40x&Password=abc+2&method=smugmug.login.withPassword", "login.with"),
        ("b'UserID=1&PasswordHash=%241%24abc&SitePassword=abc'", "UserID=1"),
        ("X-Smug-SessionID: abc123\nX-Smug-AlbumID: 7", "X-Smug-AlbumID: 7"),
        ('{"PasswordHash":"$1$abcabcab$abcabcabcabcabcabcabca","AccountType":"Power"}', "AccountType"),
        ("the hash $1$abcabcab$abcabcabcabcabcabcabca of the login", "of the login"),
        ("/api/get/photo.list/json/token:abc123/hmac:abc456/?fields[]=id", "fields[]=id"),
        ('{"status":"valid","nonce":"abc123","hmac":"abc456"}', "valid"),
        ('{"method": "photo.count", "token": "abc123", "hmac": "abc456"}', "photo.count"),
        ('"{\\"challenge\\":\\"abc123\\",\\"lifetime\\":300}"', "lifetime"),
    ],
)
def test_places_that_carry_secrets_are_emptied(line: str, left: str) -> None:
    cleaned = Redactor()(line)
    assert "abc" not in cleaned
    assert "x%3D" not in cleaned
    assert left in cleaned


def test_the_beginning_of_a_value_that_was_cut_off_is_found() -> None:
    redact = Redactor()
    redact.add(Secret("open sesame"))
    assert redact("it says: you sent open ses… and open…") == f"it says: you sent {MASK}… and {MASK}…"
    assert redact("it is open, and the o… of it") == "it is open, and the o… of it"


def test_ordinary_text_is_left_alone() -> None:
    redact = Redactor()
    redact.add(Secret("abc"))  # too short to be a key
    redact.add(None)
    for line in (
        "abc: the album /Travel is listed, authorised by its owner",
        "remote.password is missing: write password (or password_file) below [remote]",
        "the token: run `smugsync auth login`; a photo costs $1$ and more",
        "write album_passwords = [...], or site_password = ... into it",
    ):
        assert redact(line) == line


@given(st.text(min_size=4), st.text(), st.text())
def test_no_text_keeps_a_known_value(value: str, before: str, after: str) -> None:
    redact = Redactor()
    redact.add(Secret(value))
    if value not in MASK and not set(value) <= set("*"):
        left = redact(before + value + after).replace(MASK, "")
        assert value not in left or value in (before + after)
