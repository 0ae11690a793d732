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
    ],
)
def test_places_that_carry_secrets_are_emptied(line: str, left: str) -> None:
    cleaned = Redactor()(line)
    assert "abc" not in cleaned
    assert "x%3D" not in cleaned
    assert left in cleaned


def test_ordinary_text_is_left_alone() -> None:
    redact = Redactor()
    redact.add(Secret("abc"))  # too short to be a key
    redact.add(None)
    assert redact("abc: the album /Travel is listed, authorised by its owner") == (
        "abc: the album /Travel is listed, authorised by its owner"
    )


@given(st.text(min_size=4), st.text(), st.text())
def test_no_text_keeps_a_known_value(value: str, before: str, after: str) -> None:
    redact = Redactor()
    redact.add(Secret(value))
    if value not in MASK and not set(value) <= set("*"):
        left = redact(before + value + after).replace(MASK, "")
        assert value not in left or value in (before + after)
