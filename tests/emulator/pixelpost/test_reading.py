"""photo.list, photo.get and photo.count: fields, pages, order and filters."""

from __future__ import annotations

from typing import Any

import pytest

from smugsync.emulator.pixelpost.reading import read_date
from tests.emulator.pixelpost.client import HOST, Client, error, site

NOT_A_DATE = "The specified `{}` is not valid : invalid RFC3339 date."
EVERY = ["id", "filename", "title", "description", "publish-date", "visible"]
URLS = ["original-url", "resized-url", "thumb-url"]


@pytest.fixture(scope="module")
def client() -> Client:
    """Three photos, of which the third is hidden; their dates run against their ids."""
    client = site("b", "C", "a").sign_in()
    dates = ("2011-05-12T09:12:54+00:00", "2011-05-03T16:38:12+00:00", "2011-05-03T16:38:12+00:00")
    for number, date in enumerate(dates, 1):
        client.control("pixelpost/edit", id=number, **{"publish-date": date, "visible": number < 3})
    return client


def ids(client: Client, **options: Any) -> list[int]:
    return [photo["id"] for photo in client.list("id", **options)]


def test_a_photo_has_these_fields(client: Client) -> None:
    photo = client.list(*EVERY, *URLS)[0]
    assert list(photo) == [*EVERY, *URLS]
    assert [type(photo[name]) for name in EVERY] == [int, str, str, str, str, bool]
    name = photo["filename"]
    assert (len(name), name[-4:]) == (36, ".jpg")
    for field, size in zip(URLS, ("original", "resized", "thumb"), strict=True):
        assert photo[field] == f"http://{HOST}/photos/{size}/{name}"


def test_addresses_come_last_and_in_their_own_order(client: Client) -> None:
    photo = client.list("thumb-url", "visible", "original-url", "id", "resized-url")[0]
    assert list(photo) == ["visible", "id", *URLS]


def test_unknown_fields_are_dropped(client: Client) -> None:
    assert client.list("id", "md5sum", "size") == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_nothing_but_unknown_fields_fails(client: Client) -> None:
    assert client.ask("photo.list", fields=["md5sum"]) == error("unknown", "Unknown error.")
    assert client.ask("photo.get", id=1, fields=["md5sum"]) == error("unknown", "Unknown error.")


@pytest.mark.parametrize(
    ("method", "request_", "message"),
    [
        ("photo.list", {}, "`photo.list` method requires a `fields` field."),
        ("photo.list", {"fields": []}, "The field `fields` is empty."),
        ("photo.list", {"fields": None}, "`photo.list` method requires a `fields` field."),
        ("photo.get", {"fields": ["id"]}, "`photo.get` method requires a `id` field."),
        ("photo.get", {"id": 1}, "`photo.get` method requires a `fields` field."),
        (
            "photo.list",
            {"fields": ["id"], "pager": {"page": 1}},
            "`photo.list` method requires a `pager::max-per-page` field.",
        ),
        (
            "photo.list",
            {"fields": ["id"], "pager": {"max-per-page": 1}},
            "`photo.list` method requires a `pager::page` field.",
        ),
    ],
)
def test_a_missing_field_is_a_bad_request(client: Client, method: str, request_: Any, message: str) -> None:
    assert client.ask(method, **request_) == error("bad_request", message)


@pytest.mark.parametrize(
    ("page", "size", "found"),
    [
        (1, 2, [1, 2]),
        (2, 2, [3]),
        (3, 2, []),
        (9, 2, []),
        (0, 2, [1, 2]),
        (-4, 2, [1, 2]),
        ("2", "1", [2]),
        (1, 1_000_000, [1, 2, 3]),
        (1, 0, []),
    ],
)
def test_pages_count_from_one_and_may_be_of_any_size(
    client: Client, page: Any, size: Any, found: list[int]
) -> None:
    assert ids(client, pager={"page": page, "max-per-page": size}) == found


def test_a_page_past_the_end_is_an_empty_list(client: Client) -> None:
    answer = client.ask("photo.list", fields=["id"], pager={"page": 9, "max-per-page": 5})
    assert answer["response"] == {"photo": []}


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (None, [1, 2, 3]),
        ({}, [1, 2, 3]),
        ({"title": "asc"}, [2, 3, 1]),
        ({"title": "desc"}, [1, 3, 2]),
        ({"title": "ASC"}, [1, 3, 2]),
        ({"publish-date": "asc", "title": "asc"}, [2, 3, 1]),
        ({"publish-date": "asc", "title": "desc"}, [3, 2, 1]),
        ({"title": "desc", "publish-date": "asc"}, [1, 3, 2]),
        ({"id": "desc"}, [1, 2, 3]),
        ({"visible": "asc"}, [1, 2, 3]),
        ({"nonsense": "asc"}, [1, 2, 3]),
    ],
)
def test_two_keys_sort_in_the_order_given(client: Client, sort: Any, found: list[int]) -> None:
    assert ids(client, sort=sort) == found


def test_every_documented_key_sorts_once_that_is_mended() -> None:
    client = site("b", "C", "a", upstream_bugs="mended,-sort").sign_in()
    assert ids(client, sort={"id": "desc"}) == [3, 2, 1]
    names = [photo["filename"] for photo in client.list("filename", sort={"filename": "asc"})]
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("visible", "found"),
    [
        (True, [1, 2]),
        (1, [1, 2]),
        ("1", [1, 2]),
        (False, [3]),
        (0, [3]),
        ("true", [3]),
        ("false", [3]),
        (2, []),
        (None, [1, 2, 3]),
    ],
)
def test_visible_is_a_number(client: Client, visible: Any, found: list[int]) -> None:
    assert ids(client, filter={"visible": visible}) == found
    assert client.ask("photo.count", filter={"visible": visible})["response"] == {"total": len(found)}


def test_the_text_true_is_true_once_that_is_mended() -> None:
    client = site("One", "Two", upstream_bugs="mended,-true").sign_in()
    client.control("pixelpost/edit", id=2, visible=False)
    assert ids(client, filter={"visible": "true"}) == [1]
    assert ids(client, filter={"visible": "false"}) == [2]


def interval(start: Any, end: Any) -> dict[str, Any]:
    ends = {"start": start, "end": end}
    return {"publish-date-interval": {name: value for name, value in ends.items() if value is not None}}


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2011-05-01T00:00:00+00:00", "2011-05-31T23:59:59+00:00", [1, 2, 3]),
        ("2011-05-12T11:12:54+02:00", "2011-05-12T11:12:54+02:00", [1]),
        ("2011-05-12T09:12:54Z", "2011-05-12T09:12:54Z", [1]),
        ("2011-05-12T09:12:55Z", "2011-06-12T09:12:54Z", []),
        ("1999-01-01T00:00:00+00:00", "1999-12-31T00:00:00+00:00", []),
    ],
)
def test_an_interval_takes_in_both_its_ends(client: Client, start: str, end: str, found: list[int]) -> None:
    assert ids(client, filter=interval(start, end)) == found
    assert client.ask("photo.count", filter=interval(start, end))["response"] == {"total": len(found)}


@pytest.mark.parametrize(
    ("start", "end", "named"),
    [
        ("yesterdayish", "x", "start"),
        ("2011-05-01T00:00:00+00:00", None, "start"),
        (None, "2011-05-01T00:00:00+00:00", "start"),
        ("2011-05-01T00:00:00+00:00", "x", "end"),
        ("2011-05-01", "2011-05-02", "start"),
        (5, 6, "start"),
    ],
)
def test_an_interval_needs_two_dates(client: Client, start: Any, end: Any, named: str) -> None:
    answer = client.ask("photo.list", fields=["id"], filter=interval(start, end))
    assert answer == error("bad_data", NOT_A_DATE.format(named))


@pytest.mark.parametrize("method", ["photo.list", "photo.count"])
def test_a_valid_interval_is_refused_as_it_was_published(method: str) -> None:
    client = site("One", upstream_bugs="mended,interval").sign_in()
    valid = interval("2011-05-01T00:00:00+00:00", "2011-05-31T23:59:59+00:00")
    assert client.ask(method, fields=["id"], filter=valid) == error("bad_data", NOT_A_DATE.format("start"))
    invalid = interval("2011-05-01T00:00:00 00:00", "2011-05-31T23:59:59 00:00")
    assert client.ask(method, fields=["id"], filter=invalid) == error("unknown", "Unknown error.")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2011-02-30T00:00:00+00:00", "2011-03-02T00:00:00Z"),
        ("2011-05-01T24:00:00+00:00", "2011-05-02T00:00:00Z"),
        ("2011-05-01T00:00:00-07:30", "2011-05-01T07:30:00Z"),
    ],
)
def test_a_date_runs_over_as_php_has_it(text: str, shown: str) -> None:
    assert read_date(text) == read_date(shown)


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "2011-05-01", "2011-05-01T00:00:00", "2011-05-01T00:00:00.5Z", "2011-13-01T00:00:00Z"),
        *("0000-05-01T00:00:00Z", "9999-12-31T24:00:00Z", "2011-05-01T00:00:00Z ", "٢٠١١-05-01T00:00:00Z"),
        *(5, None),
    ],
)
def test_anything_else_is_no_date(text: Any) -> None:
    assert read_date(text) is None


def test_one_photo_stands_in_the_response_itself(client: Client) -> None:
    assert client.ask("photo.get", id=2, fields=["id", "title"])["response"] == {"id": 2, "title": "C"}
    assert client.ask("photo.get", id="2", fields=["id"])["response"] == {"id": 2}


def test_an_unknown_id_is_bad_data(client: Client) -> None:
    answer = client.ask("photo.get", id=99, fields=["id"])
    assert answer == error("bad_data", "The specified `id` with value `99` does not exist.")


def test_sizes_and_configuration_cannot_be_signed_upstream(client: Client) -> None:
    before = client.nonce
    assert client.ask("photo.size") is None
    assert client.ask("photo.config.get") is None
    assert client.nonce == before
    assert client.ask("photo.path", id=1, size="original") == error("unknown", "Unknown error.")


def test_sizes_and_configuration_are_told_once_that_is_mended() -> None:
    client = site("One", upstream_bugs="off").sign_in()
    sizes = {"resized": {"type": "larger-border", "size": 500}, "thumb": {"type": "square", "size": 150}}
    assert client.ask("photo.size")["response"] == sizes
    configuration = client.ask("photo.config.get")["response"]
    assert (configuration["quality"], configuration["sizes"]) == (90, sizes)
    path = client.ask("photo.path", id=1, size="thumb")["response"]["path"]
    assert path.endswith("/photos/thumb/" + client.list("filename")[0]["filename"])
    refused = client.ask("photo.path", id=1, size="large")
    assert refused == error("bad_data", "The specified `size` is not valid.")
