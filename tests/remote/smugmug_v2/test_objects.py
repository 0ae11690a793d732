"""Objects of SmugMug's, field by field: the short ways lead where the long ones do."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.model import Kind, Promise
from smugsync.errors import Garbled
from smugsync.remote.smugmug_v2 import objects
from smugsync.remote.wire import Fields

PHOTO: dict[str, Any] = {
    "ImageKey": "k1",
    "Serial": 2,
    "FileName": "a.JPG",
    "Format": "JPG",
    "ArchivedUri": "https://photos.smugmug.com/a/i-k1/0/abc/D/a-D.jpg",
    "ArchivedMD5": "A" * 32,
    "ArchivedSize": 7,
    "LastUpdated": "2020-04-28T23:38:55+00:00",
}


def read(**changes: Any) -> Any:
    return objects.read_file(Fields({**PHOTO, **changes}, "entry 1"), "alb", Fields({}, "Expansions"))


@given(address=st.from_regex(objects.PLAIN_ADDRESS, fullmatch=True))
def test_a_plain_address_needs_no_encoding_and_names_a_host(address: str) -> None:
    parts = urlsplit(address)
    assert quote(address, safe=":/?#[]@!$&'()*+,;=%~") == address
    assert parts.scheme in ("http", "https")
    assert parts.hostname
    assert parts.port != 0


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ("https://x.test/a b.jpg", "https://x.test/a%20b.jpg"),
        ("https://x.test/ü.jpg", "https://x.test/%C3%BC.jpg"),
        ("https://x.test/50%.jpg", "https://x.test/50%25.jpg"),
        ("https://x.test/a%20b.jpg?x=1#y", "https://x.test/a%20b.jpg?x=1#y"),
        ("https://x.test:8443/a.jpg", "https://x.test:8443/a.jpg"),
        ("https://x.test:65535/a.jpg", "https://x.test:65535/a.jpg"),
        ("http://[::1]:80/a.jpg", "http://[::1]:80/a.jpg"),
    ],
)
def test_others_are_encoded(told: str, asked: str) -> None:
    assert read(ArchivedUri=told).source == asked


@pytest.mark.parametrize(
    "nonsense",
    ["https://", "ftp://x.test/a", "//x.test/a", "https://x.test:0/a", "https://x.test:65536/a", "a.jpg"],
)
def test_nonsense_is_none(nonsense: str) -> None:
    with pytest.raises(Garbled, match="ArchivedUri of entry 1 is not an address"):
        read(ArchivedUri=nonsense)


def test_a_photo_offers_its_original() -> None:
    file = read(ComponentFileTypes={"Image": ["CR2", "jpg"]})
    assert (file.kind, file.version, file.promised) == (Kind.PHOTO, f"2|{'a' * 32}|7", Promise("a" * 32, 7))
    assert (file.source, file.withheld, file.source_files) == (PHOTO["ArchivedUri"], "", "cr2")


def test_one_that_is_processed_is_withheld_with_its_address() -> None:
    file = read(Processing=True)
    assert (file.withheld, file.processing, file.source) == (objects.PROCESSING, True, PHOTO["ArchivedUri"])


def test_one_without_an_address_is_restricted() -> None:
    assert read(ArchivedUri=None).withheld == objects.RESTRICTED


def test_a_video_is_not_told_by_its_archive() -> None:
    file = read(IsVideo=True)
    assert (file.kind, file.version, file.promised, file.source) == (Kind.VIDEO, "2", Promise(), None)
    assert (file.withheld, file.source_files) == ("", "")
