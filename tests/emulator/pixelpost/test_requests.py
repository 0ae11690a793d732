"""The three codecs, the envelope, and what is answered to requests that make no sense."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from smugsync.emulator.messages import Response
from tests.emulator.pixelpost.client import HOST, Client, error, read, site

OOPS = "<title>Oops!</title>"
VERSION = {"status": "valid", "response": {"version": "0.0.1"}}


@pytest.fixture(scope="module")
def nobody() -> Client:
    return site("One")


def text(response: Response) -> str:
    assert (response.status, response.header("Content-Type")) == (200, "text/html; charset=UTF-8")
    return response.content().decode()


@pytest.mark.parametrize("method", ["photo.version", "auth.version"])
def test_everybody_may_ask_for_the_version(nobody: Client, method: str) -> None:
    assert nobody.anonymous(method) == VERSION


@pytest.mark.parametrize(
    "target",
    [
        "/api/get/photo.version/json",
        "/api/get/photo.version/json/",
        "/api/get/photo.version/json/?",
        "/api/get/photo%2Eversion/json",
        "/api/get/photo.version/json/token:x",
    ],
)
def test_get_takes_a_slash_and_parts_that_do_not_matter(nobody: Client, target: str) -> None:
    assert read(nobody.send("GET", target)) == VERSION


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_the_content_type_of_json_does_not_matter(nobody: Client, kind: str) -> None:
    body = b'{"method": "photo.version", "request": {}}'
    assert read(nobody.send("POST", "/api/json/", body, content_type=kind)) == VERSION


def test_a_form_stands_for_the_query() -> None:
    client = site("One", "Two", anonymous_read="on")
    kind = {"content_type": "application/x-www-form-urlencoded"}
    answer = client.send("POST", "/api/get/photo.get/json/", b"id=2&fields[]=title", **kind)
    assert read(answer)["response"] == {"title": "Two"}


@pytest.mark.parametrize("target", ["/api", "/api/", "/api/soap/", "/api/get/", "/api/get/photo.version"])
def test_other_formats_are_told_the_addresses(nobody: Client, target: str) -> None:
    assert text(nobody.send("GET", target)) == (
        "ERROR: Bad url format, please use:\n"
        f"- http://{HOST}/api/json/\n- http://{HOST}/api/xml/\n- http://{HOST}/api/get/\n"
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", error("no_request", "Your request is empty.")),
        (b'{"method":', error("bad_encoding", "The JSON request seems invalid format.")),
        (b"[1]", error("bad_encoding", "The JSON request seems invalid format.")),
        (b"\xff\xfe", error("bad_encoding", "The JSON request seems invalid format.")),
        (b"[" * 5000, error("bad_encoding", "The JSON request seems invalid format.")),
        (b"{}", error("no_method", "The request need to provide a 'method' property")),
        (b'{"method": " "}', error("empty_method", "The 'method' property of the request is empty")),
        (b'{"method": ["a"]}', error("empty_method", "The 'method' property of the request is empty")),
        (
            b'{"method": "photo.nope", "request": {}}',
            error("bad_method", "The requested method 'photo.nope' is unsupported."),
        ),
    ],
)
def test_nonsense_has_its_code(nobody: Client, body: bytes, expected: Any) -> None:
    assert nobody.post(body) == expected


def test_what_follows_a_codec_does_not_matter(nobody: Client) -> None:
    body = b'{"method": "photo.version", "request": {}}'
    assert read(nobody.send("POST", "/api/json/any/xml", body)) == VERSION
    assert read(nobody.send("POST", "/api/json", body)) == VERSION


@pytest.mark.parametrize("method", ["photo.config.set", "auth.user.add", "auth.grant.list", "api.version"])
def test_what_is_only_known_by_name_does_not_exist(nobody: Client, method: str) -> None:
    expected = error("bad_method", f"The requested method '{method}' is unsupported.")
    assert nobody.anonymous(method) == expected


def test_letters_beyond_ascii_and_slashes_are_escaped() -> None:
    client = site('"é"/', anonymous_read="on")
    response = client.send("GET", "/api/get/photo.get/json/?id=1&fields[]=title")
    assert response.content() == rb'{"status":"valid","response":{"title":"\u0022\u00e9\u0022\/"}}'


@pytest.mark.parametrize("request_", [{}, {"request": None}, {"request": []}])
def test_a_request_without_its_request_breaks_the_application(request_: dict[str, Any]) -> None:
    client = site("One")
    call = {"method": "photo.version", **request_}
    assert OOPS in text(client.send("POST", "/api/json/", json.dumps(call).encode()))
    mended = site("One", upstream_bugs="mended,-page")
    assert mended.post(call) == VERSION


# -- by GET ----------------------------------------------------------------------------------------------

INTERVAL = (
    "filter[publish-date-interval][start]=2026-01-01T00:00:00{0}00:00"
    "&filter[publish-date-interval][end]=2027-01-01T00:00:00{0}00:00"
)


def test_a_plus_in_a_query_is_a_space() -> None:
    client = site("One", anonymous_read="on", upstream_bugs="on,-signed-get")
    target = "/api/get/photo.count/json/?" + INTERVAL
    assert read(client.send("GET", target.format("+"))) == error("unknown", "Unknown error.")
    mended = site("One", anonymous_read="on")
    bad = error("bad_data", "The specified `start` is not valid : invalid RFC3339 date.")
    assert read(mended.send("GET", target.format("+"))) == bad
    assert read(mended.send("GET", target.format("%2B")))["response"] == {"total": 1}


def test_a_signature_by_get_is_over_texts_in_the_order_of_the_query() -> None:
    client = site("One", "Two").sign_in()
    query = "pager[page]=2&pager[max-per-page]=1&fields[]=title"
    said = {"pager": {"page": "2", "max-per-page": "1"}, "fields": ["title"]}
    answer = client.check(read(client.get("photo.list", query, said)))
    assert answer["response"] == {"photo": [{"title": "Two"}]}
    turned = {"fields": ["title"], "pager": said["pager"]}
    assert read(client.get("photo.list", query, turned)) == error("bad_hmac", "The hmac is not valid.")


def test_a_signature_by_get_breaks_the_application_as_it_was_published() -> None:
    client = site("One", upstream_bugs="on").sign_in()
    assert OOPS in text(client.get("photo.count"))
    assert client.ask("photo.count")["response"] == {"total": 1}


# -- XML -------------------------------------------------------------------------------------------------


def test_xml_is_read_and_written() -> None:
    client = site("A & B", "Two", upstream_bugs="off", anonymous_read="on")
    body = (
        b"<?xml version='1.0'?><xml><method>photo.list</method><request><fields>id</fields>"
        b"<fields>title</fields><fields>visible</fields></request></xml>"
    )
    answer = text(client.send("POST", "/api/xml/", body))
    assert answer == (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?><xml><status>valid</status><response>'
        "<photo><id>1</id><title><![CDATA[A & B]]></title><visible>1</visible></photo>"
        "<photo><id>2</id><title>Two</title><visible>1</visible></photo></response></xml>"
    )
    photos = ElementTree.fromstring(answer).findall("response/photo")
    assert [photo.findtext("title") for photo in photos] == ["A & B", "Two"]


def test_lists_have_digits_as_elements_upstream() -> None:
    client = site("One", anonymous_read="on")
    answer = text(client.send("GET", "/api/get/photo.list/xml/?fields[]=id"))
    assert "<photo><0><id>1</id></0></photo>" in answer
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring(answer)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("a<b", "<![CDATA[a<b]]>"),
        ("a\nb", "<![CDATA[a\nb]]>"),
        ("a\rb", "<![CDATA[a\rb]]>"),
        ('"quoted"', '"quoted"'),
        ("]]>", "<![CDATA[]]]]><![CDATA[>]]>"),
        ("", ""),
    ],
)
def test_what_needs_it_is_put_in_cdata(value: str, written: str) -> None:
    client = site(value, anonymous_read="on")
    answer = text(client.send("GET", "/api/get/photo.get/xml/?id=1&fields[]=title"))
    assert f"<title>{written}</title>" in answer


def test_a_failure_is_xml_too() -> None:
    answer = text(site().send("GET", "/api/get/photo.nope/xml"))
    assert answer == (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?><xml><status>error</status>'
        "<code>bad_method</code><message>The requested method 'photo.nope' is unsupported.</message></xml>"
    )


def test_requests_in_xml_break_the_application_as_it_was_published() -> None:
    body = b"<xml><method>photo.version</method><request/></xml>"
    assert OOPS in text(site(upstream_bugs="on").send("POST", "/api/xml/", body))
    assert "<version>0.0.1</version>" in text(site().send("POST", "/api/xml/", body))


def test_a_single_element_is_a_text_and_no_list() -> None:
    client = site("One", anonymous_read="on")
    body = b"<xml><method>photo.list</method><request><fields>id</fields></request></xml>"
    assert "<code>unknown</code>" in text(client.send("POST", "/api/xml/", body))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "no_request"),
        (b"<xml>", "bad_encoding"),
        (b"method", "bad_encoding"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]><xml><method>&a;</method></xml>', "bad_encoding"),
        (b"<a>" * 5000 + b"</a>" * 5000, "bad_encoding"),
        (b"<xml></xml>", "no_method"),
        (b"<xml><method></method></xml>", "empty_method"),
    ],
)
def test_nonsense_in_xml_has_its_code(nobody: Client, body: bytes, code: str) -> None:
    assert f"<code>{code}</code>" in text(nobody.send("POST", "/api/xml/", body))


# -- hostile ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        {"fields": {"a": "id"}},
        {"fields": [["id"], {"x": 1}, None, "id"]},
        {"fields": ["id"], "filter": "x", "sort": "y"},
        {"fields": ["id"], "filter": {"visible": {"a": 1}}},
        {"fields": ["id"], "filter": {"publish-date-interval": ["a"]}},
        {"fields": ["id"], "filter": {"publish-date-interval": {"start": [1], "end": {}}}},
        {"fields": ["id"], "sort": {"title": ["asc"], "publish-date": None}},
        {"fields": ["id"], "pager": {"page": [1], "max-per-page": "1e400"}},
        {"fields": ["id"], "pager": {"page": 10**30, "max-per-page": 10**30}},
        {"fields": ["id"], "pager": "x"},
        {"fields": 5},
        {"fields": "id"},
        {"fields": True},
    ],
)
def test_any_request_has_an_answer_of_the_api(request_: dict[str, Any]) -> None:
    client = site("One", anonymous_read="on")
    answer = client.anonymous("photo.list", **request_)
    assert answer["status"] in ("valid", "error")


@pytest.mark.parametrize("number", [None, [], {}, [1], {"a": 1}, "x", 10**40, -1, True, 1.5, "1e999"])
def test_any_id_has_an_answer_of_the_api(number: Any) -> None:
    client = site("One", anonymous_read="on")
    answer = client.anonymous("photo.get", id=number, fields=["id"])
    assert answer["status"] in ("valid", "error")
