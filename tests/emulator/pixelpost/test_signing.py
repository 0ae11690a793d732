"""The arithmetic of the sign-in, held to a recorded conversation."""

from __future__ import annotations

from typing import Any

import pytest

from smugsync.emulator.pixelpost.signing import (
    answer_hmac,
    digest,
    request_hmac,
    secret_of,
    serialize,
    token_of,
    window_of,
)

PUBLIC, PRIVATE = "6e0e1af43b6f9d3a29b3b655290239fe", "b21d48f42be29f2a7fedddb1c606697c"
SECRET = "0b02bf9d7fc264813b25f96c57013d80"
CHALLENGE, TOKEN = "e51db8782b0bc9f4ab7919fe41140690", "6ab617190bd6ecf9aa79dc7dc9806d97"
NONCE, NEXT = "f9245e57a5cfa117bd9e8f94d39c3ce0", "416856d212ce6d678abf1d69936cc815"
THUMBS = "http://127.0.0.1:18093/photos/thumb"
REQUEST = {
    "fields": ["id", "title", "publish-date", "thumb-url"],
    "pager": {"page": "1", "max-per-page": "10"},
    "sort": {"publish-date": "desc", "title": "asc"},
    "filter": {
        "visible": "1",
        "publish-date-interval": {
            "start": "2011-05-01T00:00:00+00:00",
            "end": "2011-05-31T00:00:00+00:00",
        },
    },
}
RESPONSE = {
    "photo": [
        {
            "id": 1,
            "title": "Winter evening",
            "publish-date": "2011-05-12T09:12:54+00:00",
            "thumb-url": f"{THUMBS}/05995850eba6a9a71db24843e06583da.jpg",
        },
        {
            "id": 2,
            "title": "John & Giles <1987>",
            "publish-date": "2011-05-03T16:38:12+00:00",
            "thumb-url": f"{THUMBS}/ffd96c8cea0f1a71952893ec4e4cd4a7.jpg",
        },
    ]
}


def test_the_recorded_conversation_adds_up() -> None:
    assert secret_of(PUBLIC, PRIVATE) == SECRET
    window = window_of(1795289472, 300)
    assert window == 1795289700
    assert token_of(CHALLENGE, SECRET, window) == TOKEN
    assert digest(TOKEN, CHALLENGE, SECRET) == "51e20b43816c971c6ef6f631c4ddeea0"
    assert digest(TOKEN, NONCE, SECRET) == "c3fa7139fc911259a37f0df53876671b"
    assert request_hmac(NONCE, "photo.list", REQUEST, SECRET) == "4153e89f549db66bec297d4f5ab5491e"
    assert answer_hmac(NONCE, NEXT, RESPONSE, SECRET) == "9a841da82d8c96c2fa68736301ab8503"


def test_the_documented_request_is_spelt_so() -> None:
    assert serialize(REQUEST) == (
        "{fields:{0:id,1:title,2:publish-date,3:thumb-url,},pager:{page:1,max-per-page:10,},"
        "sort:{publish-date:desc,title:asc,},filter:{visible:1,publish-date-interval:{"
        "start:2011-05-01T00:00:00+00:00,end:2011-05-31T00:00:00+00:00,},},}"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ([], "{}"),
        (None, "{}"),
        ([1.0, 1.5, -2], "{0:1,1:1.5,2:-2,}"),
        ({"a": None, "b": True, "c": False}, "{a:{},b:true,c:false,}"),
        ({"id": 1, "deep": [["x"]]}, "{id:1,deep:{0:{0:x,},},}"),
    ],
)
def test_values_are_spelt_so(value: Any, text: str) -> None:
    assert serialize(value) == text


@pytest.mark.parametrize(
    ("now", "window"), [(0.0, 0), (1, 300), (300, 300), (300.9, 300), (301, 600), (599.99, 600)]
)
def test_a_window_ends_at_a_multiple_of_the_lifetime(now: float, window: int) -> None:
    assert window_of(now, 300) == window
