"""The arithmetic of the sign-in, held to what the real application accepted and sent."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.remote.pixelpost import proof
from smugsync.remote.pixelpost.site import question_of
from tests.remote.pixelpost.recordings import NAMES, PRIVATE, PUBLIC, Recorded, load, present
from tests.remote.pixelpost.small_pixelpost import flat

CHALLENGE = "e51db8782b0bc9f4ab7919fe41140690"
NONCE, NEXT = "f9245e57a5cfa117bd9e8f94d39c3ce0", "416856d212ce6d678abf1d69936cc815"
SECRET = "0b02bf9d7fc264813b25f96c57013d80"
ASKED = {
    "fields": ["id", "title", "publish-date", "thumb-url"],
    "pager": {"page": "1", "max-per-page": "10"},
    "sort": {"publish-date": "desc", "title": "asc"},
    "filter": {
        "visible": "1",
        "publish-date-interval": {"start": "2011-05-01T00:00:00+00:00", "end": "2011-05-31T00:00:00+00:00"},
    },
}


def test_a_verified_login_byte_for_byte() -> None:
    secret = proof.secret_of(PUBLIC, PRIVATE)
    window = proof.window_of(1795289472, 300)
    token = proof.token_of(CHALLENGE, secret, window)
    assert (secret, window, token) == (SECRET, 1795289700, "6ab617190bd6ecf9aa79dc7dc9806d97")
    assert proof.digest(token, CHALLENGE, secret) == "51e20b43816c971c6ef6f631c4ddeea0"
    assert proof.digest(token, NONCE, secret) == "c3fa7139fc911259a37f0df53876671b"


def test_a_verified_question_byte_for_byte() -> None:
    assert proof.serialise(ASKED) == (
        "{fields:{0:id,1:title,2:publish-date,3:thumb-url,},pager:{page:1,max-per-page:10,},"
        "sort:{publish-date:desc,title:asc,},filter:{visible:1,publish-date-interval:"
        "{start:2011-05-01T00:00:00+00:00,end:2011-05-31T00:00:00+00:00,},},}"
    )
    assert proof.request_hmac(NONCE, "photo.list", ASKED, SECRET) == "4153e89f549db66bec297d4f5ab5491e"


@present
def test_a_verified_answer_byte_for_byte() -> None:
    answer = load("209-apache-photo.list-documented-get.txt").answer
    assert answer["nonce"] == NEXT
    assert proof.answer_hmac(NONCE, NEXT, answer["response"], SECRET) == "9a841da82d8c96c2fa68736301ab8503"


@pytest.mark.parametrize(
    ("moment", "window"), [(299.9, 300), (300, 300), (300.9, 300), (301, 600), (0, 0), (1, 300)]
)
def test_a_window_ends_with_its_last_second(moment: float, window: int) -> None:
    assert proof.window_of(moment, 300) == window


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ([], "{}"),
        (None, "{}"),
        ({"a": None}, "{a:{},}"),
        ({"a": True, "b": False}, "{a:true,b:false,}"),
        ({"a": ["x", {"b": 2}]}, "{a:{0:x,1:{b:2,},},}"),
        ({"a": 1.5}, "{a:1.5,}"),
    ],
)
def test_values_are_written_as_the_service_writes_them(value: object, text: str) -> None:
    assert proof.serialise(value) == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_every_value_is_written_as_a_second_hand_writes_it(value: object) -> None:
    assert proof.serialise(value) == flat(value)


def runs() -> dict[str, tuple[Recorded, Recorded]]:
    """Recorded questions with a token, each with the answer whose nonce its hmac was made with."""
    recorded = [load(name) for name in sorted(NAMES, key=lambda name: int(re.split(r"\D", name)[0]))]
    with_hmac = [one for one in recorded if '"nonce"' in one.reply.body.decode("utf-8", "replace")]
    found: dict[str, tuple[Recorded, Recorded]] = {}
    for one in with_hmac:
        if "hmac" not in one.answer:
            continue
        for former in with_hmac:
            nonce = former.answer.get("nonce") or former.answer["response"]["nonce"]
            if (
                proof.answer_hmac(nonce, one.answer["nonce"], one.answer["response"], SECRET)
                == one.answer["hmac"]
            ):
                found[f"{one.verb} {one.path[:40]} {one.answer['nonce']}"] = (former, one)
    return found


@present
def test_the_hmacs_of_recorded_runs_are_those_that_we_compute() -> None:
    chains = runs()
    assert len(chains) >= 40
    for former, one in chains.values():
        nonce = former.answer.get("nonce") or former.answer["response"]["nonce"]
        asked = question_of(one.call)
        made = proof.request_hmac(nonce, asked.method, asked.request, SECRET)
        assert made in (one.payload or one.path)
