"""The short way to read a photo: it says what the long one says, or nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smugsync.core.model import RemoteFile
from smugsync.errors import Garbled
from smugsync.remote.smugmug_v2 import usual
from smugsync.remote.smugmug_v2.objects import FILE_FIELDS, LARGEST_FILE, camera_time, read_file
from smugsync.remote.wire import LARGEST, LONGEST_TEXT, Fields
from tests.remote.small_smugmug import photo, video

Json = dict[str, Any]
PHOTO: Json = {
    **photo("k1", b"12345"),
    "LastUpdated": "2020-04-28T23:38:55+00:00",
    "DateTimeUploaded": "2020-04-28T23:38:55+00:00",
    "DateTimeOriginal": "2019-08-04T18:28:12+00:00",
    "OriginalSize": 5,
    "Title": "",
    "Caption": "",
    "Keywords": "",
    "KeywordArray": [],
    "Latitude": "0.00000000000000",
    "Longitude": "0.00000000000000",
    "Hidden": False,
    "ComponentFileTypes": [],
}
TIMES = [
    "2019-08-04T18:28:12+00:00",
    "2019-08-04 18:28:12+00:00",
    "2019-08-04T18:28:12",
    "2019-08-04T18:28:12Z",
    "2019-08-04T18:28:12+02:00",
    "2019-08-04T18:28:60+00:00",
    "2019-02-30T18:28:12+00:00",
    "2019-08-04T24:28:12+00:00",
    "1850-08-04T18:28:12+00:00",
    "0001-01-01T07:52:57+00:00",
    "0001-01-01T07:52:59+00:00",
    "9999-12-31T23:59:59+00:00",
    "0000-00-00T00:00:00+00:00",
    "٢٠١٩-08-04T18:28:12+00:00",
    "2019-08-04T18:28:12+00:00\n",
]
ODD: list[Any] = [
    *(
        None,
        "",
        [],
        {},
        True,
        False,
        0,
        1,
        -1,
        7,
        2.5,
        "7",
        "0",
        "true",
        "text",
        "Ä",
        "\ud800",
        "a\ufffd",
        "\n",
    ),
    *(LARGEST_FILE, LARGEST_FILE + 1, LARGEST, LARGEST + 1, "x" * LONGEST_TEXT, "x" * (LONGEST_TEXT + 1)),
    *(
        "a" * 32,
        "A" * 32,
        "a" * 31,
        "https://x.test/a b",
        "https://x.test/a",
        "ftp://x.test/a",
        "a; b",
        *TIMES,
    ),
    *(["a", ""], ["a", 7], ["\ud800"], ["Ä", "b"], {"Image": ["CR2"]}, {"Image": "cr2"}, ["cr2"]),
    *({"LargestVideo": "/v"}, {"LargestVideo": None}, {"LargestVideo": 7}, {"ImageSizes": "/s"}),
]
NAMES = [*FILE_FIELDS.split(","), "Uris"]


def long_way(item: Json) -> RemoteFile | None:
    try:
        return read_file(Fields(item, "entry 1"), "alb", Fields({}, "Expansions"))
    except Garbled:
        return None


@given(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(ODD), max_size=4), st.sets(st.sampled_from(NAMES))
)
@example({"Uris": {"LargestVideo": None}}, set())
@example({"Title": "\ud83d", "Caption": "\ude00"}, set())
def test_both_ways_lead_to_the_same(changes: Json, missing: set[str]) -> None:
    item = {name: value for name, value in (PHOTO | changes).items() if name not in missing}
    found = usual.read_photo(item, "alb")
    assert found is None or found == long_way(item)


@pytest.mark.parametrize("name", NAMES)
def test_a_field_of_any_kind_leads_to_the_same(name: str) -> None:
    for value in ODD:
        found = usual.read_photo(PHOTO | {name: value}, "alb")
        assert found is None or found == long_way(PHOTO | {name: value})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"DateTimeOriginal": None},
        {"ArchivedUri": None, "ArchivedMD5": None, "ArchivedSize": None},
        {"OriginalSize": None, "DateTimeUploaded": None},
        {"Caption": "Über den Wolken \U0001f600", "KeywordArray": ["Ä", "b"]},
        {"Processing": True},
        {"ComponentFileTypes": {"Image": ["jpg"], "Raw": ["CR2"]}},
        {"Uris": {"ImageSizes": "/api/v2/image/k1-0!sizes"}},
        {"Uris": []},
    ],
)
def test_the_usual_photo_takes_the_short_way(changes: Json) -> None:
    found = usual.read_photo(PHOTO | changes, "alb")
    assert found is not None
    assert found == long_way(PHOTO | changes)


@pytest.mark.parametrize("item", [None, [], "photo", 7, video("v0"), {**PHOTO, "ImageKey": "k\n"}, {}])
def test_others_do_not(item: object) -> None:
    assert usual.read_photo(item, "alb") is None


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)))
def test_the_hour_tells_the_cameras_time(moment: datetime) -> None:
    stamp = f"{moment.isoformat(timespec='seconds')}+00:00"
    assert usual.read_photo(PHOTO | {"DateTimeOriginal": stamp}, "alb") == long_way(
        PHOTO | {"DateTimeOriginal": stamp}
    )


@pytest.mark.parametrize(
    "stamp",
    [
        "1883-11-18T19:59:59+00:00",
        "1883-11-18T20:00:00+00:00",
        "1948-03-14T10:00:30+00:00",
        "1948-03-14T10:01:00+00:00",
        "1949-01-01T09:00:00+00:00",
        "2019-03-10T09:59:59+00:00",
        "2019-03-10T10:00:00+00:00",
        "2019-11-03T08:59:59+00:00",
        "2019-11-03T09:00:00+00:00",
    ],
)
def test_when_california_moves_its_clocks(stamp: str) -> None:
    for _ in range(2):  # the second time as it was remembered
        found = usual.read_photo(PHOTO | {"DateTimeOriginal": stamp}, "alb")
        assert found is not None
        assert found.taken == camera_time(stamp)
