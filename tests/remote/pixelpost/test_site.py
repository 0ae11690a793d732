"""A question means the same in both of its forms, and what proves it stands where the service looks."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.remote.dialect import Auth, Call
from smugsync.remote.pixelpost.site import Form, Request, Site, asking, carrying, question_of, read_query
from tests.remote.pixelpost.small_pixelpost import SmallPixelpost

URL = "https://photos.example.org/~ana"
#: Names as the API has them; PHP changes others.
NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
REQUESTS = st.dictionaries(
    NAMES,
    st.recursive(
        TEXTS,
        lambda inner: (
            st.lists(TEXTS, min_size=1, max_size=4) | st.dictionaries(NAMES, inner, min_size=1, max_size=4)
        ),
        max_leaves=8,
    ),
    min_size=1,
    max_size=5,
)
FORMS = pytest.mark.parametrize("form", ["json", "get"])


def numbered(value: object) -> object:
    """Lists as PHP has them: arrays whose keys are their numbers."""
    if isinstance(value, list):
        return {str(number): numbered(one) for number, one in enumerate(value)}
    return {key: numbered(one) for key, one in value.items()} if isinstance(value, dict) else value


@given(REQUESTS)
def test_an_address_is_read_back_as_it_was_meant_in_its_order(request: Request) -> None:
    call = Site(URL, "get").ask("photo.list", request)
    method, read = question_of(call)
    assert method == "photo.list"
    assert json.dumps(read) == json.dumps(numbered(request))


@given(REQUESTS)
def test_a_second_hand_reads_the_same(request: Request) -> None:
    query = urlsplit(Site(URL, "get").ask("photo.list", request).url).query
    assert SmallPixelpost.php(query) == read_query(query)


@given(REQUESTS)
def test_an_address_stays_as_it_is_on_its_way(request: Request) -> None:
    """What is signed is what is sent: our client's library writes no letter of it differently."""
    url = Site(URL, "get").ask("photo.list", request).url
    assert question_of(Call("GET", str(httpx.URL(url)))).request == read_query(urlsplit(url).query)


@given(REQUESTS)
def test_json_is_read_back_as_it_was_meant(request: Request) -> None:
    method, read = question_of(Site(URL).ask("photo.list", request))
    assert (method, json.dumps(read)) == ("photo.list", json.dumps(request))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "1"),
        (False, "0"),
        (7, "7"),
        (None, ""),
        ("2011-05-01T00:00:00+00:00", "2011-05-01T00:00:00%2B00:00"),
        ("a b&c=d/e", "a%20b%26c%3Dd%2Fe"),
    ],
)
def test_values_of_every_kind_stand_in_an_address(value: str | int | bool | None, text: str) -> None:
    assert Site(URL, "get").ask("x", {"a": {"b": value}}).url.endswith(f"?a[b]={text}")


@pytest.mark.parametrize(
    "query", ["", "&", "=", "[]=1", "a[=1", "a]b=1", "&&a=1&", "a[b][c]=1&a[b]=2&a[b][c]=3"]
)
def test_a_senseless_query_is_no_crash(query: str) -> None:
    assert isinstance(read_query(query), dict)


def test_a_plus_is_read_as_a_blank() -> None:
    assert read_query("a[start]=2011-05-01T00:00:00+00:00") == {"a": {"start": "2011-05-01T00:00:00 00:00"}}


@FORMS
def test_a_proof_stands_beside_the_method_and_only_once(form: Form) -> None:
    call = Site(URL, form).ask("photo.count", {"filter": {"visible": True}})
    url, body = carrying(call, call.url, token="t" * 32, hmac="first")
    again, body = carrying(Call(call.method, url, body=body), url, token="t" * 32, hmac="second")
    service = SmallPixelpost()
    asked, _ = service.read(call.method, urlsplit(again).path, urlsplit(again).query, body or b"")
    assert (asked["token"], asked["hmac"], asked["method"]) == ("t" * 32, "second", "photo.count")
    assert again.count("hmac:") == (form == "get")
    assert question_of(Call(call.method, again, body=body)) == question_of(call)


@FORMS
def test_a_step_is_filled_in_without_a_trace_in_the_call(form: Form) -> None:
    call = Site(URL, form).ask("auth.request", {}, Auth.SIGN_IN)
    url, body = asking(call, call.url, {"public_key": "k", "session": "s"})
    assert question_of(Call(call.method, url, body=body)).request == {"public_key": "k", "session": "s"}
    assert "public_key" not in repr(call)
