from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.errors import Garbled
from smugsync.remote.dialect import Reply
from smugsync.remote.wire import Fields, excerpt, is_html, parse, retry_after

ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)
)


def fields(value: object) -> Fields:
    return Fields({"F": value}, "the album")


@pytest.mark.parametrize(
    ("value", "expected"), [(3, 3), ("3", 3), (0, 0), (None, None), ("", None), (2**63 - 1, 2**63 - 1)]
)
def test_whole_numbers(value: object, expected: int | None) -> None:
    assert fields(value).whole("F") == expected


@pytest.mark.parametrize("value", [True, -1, 1.5, "1.5", "three", "٣", 2**63, "9" * 30, [], {}])
def test_no_whole_numbers(value: object) -> None:
    with pytest.raises(Garbled, match=r"F of the album is .* and not a whole number"):
        fields(value).whole("F")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (1, True),
        ("1", True),
        ("True", True),
        (False, False),
        (0, False),
        ("", False),
        (None, False),
    ],
)
def test_flags(value: object, expected: bool) -> None:
    assert fields(value).flag("F") is expected


@pytest.mark.parametrize("value", [2, "perhaps", [], {}, 0.5])
def test_no_flags(value: object) -> None:
    with pytest.raises(Garbled):
        fields(value).flag("F")


@pytest.mark.parametrize("value", ["", None, "a\nb", "a\x00", "\ud800", True, []])
def test_no_keys(value: object) -> None:
    with pytest.raises(Garbled):
        fields(value).key("F")


def test_php_writes_an_empty_object_as_a_list() -> None:
    assert "X" not in fields([]).child("F")
    with pytest.raises(Garbled):
        fields([1]).child("F")


def test_php_writes_a_list_with_holes_as_an_object() -> None:
    assert list(fields({"0": "a", "7": "b"}).entries("F")) == ["a", "b"]
    assert list(fields(None).entries("F")) == []
    with pytest.raises(Garbled):
        fields({"Uri": "a"}).entries("F")


@given(ANYTHING)
def test_whatever_comes_is_a_value_or_garbled(value: object) -> None:
    read = fields(value)
    for method in (read.text, read.key, read.whole, read.flag, read.md5, read.child, read.entries):
        try:
            method("F")
        except Garbled:
            continue
    assert read.prose("F").encode() is not None
    for word in read.words("F") or ():
        assert word.encode()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe{", b"[" * 100_000, b"[1]", b"3", b"1" * 5000])
def test_parse_raises_garbled_only(body: bytes) -> None:
    with pytest.raises(Garbled):
        parse(Reply(200, {}, body), "the album")


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"content-type": "text/html; charset=utf-8"}, b"", True),
        ({}, b"\xef\xbb\xbf\n <html>", True),
        ({"content-type": "application/json"}, b'{"a": "<b>"}', False),
        ({}, b"", False),
    ],
)
def test_web_pages_are_recognised(headers: dict[str, str], body: bytes, expected: bool) -> None:
    assert is_html(Reply(200, headers, body)) is expected


@given(st.binary(max_size=2000), st.integers(1, 200))
def test_excerpt_is_short_and_printable(body: bytes, length: int) -> None:
    shown = excerpt(body, length)
    assert len(shown) <= length
    assert shown.isprintable() or not shown


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 10:01:30 GMT"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 10:01:30 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 90.0),
        ({"retry-after": "Sat, 21 Nov 2026 09:00:00 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 0.0),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
