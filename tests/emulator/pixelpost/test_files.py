"""`/photos/`: what is there, for whom, and with which validators."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest

from smugsync.emulator.account.content import File
from smugsync.emulator.media.pictures import make_picture
from smugsync.emulator.messages import Response
from tests.emulator.ask import Clock
from tests.emulator.pixelpost.client import NOON, Client, site

#: 21 November 2026, 19:25:51 and a bit, in microseconds.
MADE = 1795289151_965841


def path_of(client: Client, number: int = 1, size: str = "original") -> str:
    photos = client.look("pixelpost")["photos"]
    name = next(photo["filename"] for photo in photos if photo["id"] == number)
    return f"/photos/{size}/{name}"


@pytest.fixture
def stage(tmp_path: Path) -> Client:
    """A site with one photo, that lies in a file."""
    client = site()
    place = tmp_path / "one.jpg"
    place.write_bytes(make_picture(1, taken=None))
    os.utime(place, ns=(MADE * 1000, MADE * 1000))
    client.emulator.account.add_photo(client.emulator.account.add_album("All"), "one.jpg", File(place))
    return client


def get(client: Client, path: str, method: str = "GET", **headers: str) -> Response:
    return client.send(method, path, b"", **headers)


def test_an_original_is_the_file_itself(stage: Client, tmp_path: Path) -> None:
    answer = get(stage, path_of(stage))
    assert (answer.status, answer.header("Content-Type")) == (200, "image/jpeg")
    assert answer.content() == (tmp_path / "one.jpg").read_bytes()


def test_apache_sends_validators(stage: Client) -> None:
    answer = get(stage, path_of(stage))
    assert {name: value for name, value in answer.headers if name not in ("Content-Type", "Date")} == {
        "Last-Modified": "Sat, 21 Nov 2026 19:25:51 GMT",
        "ETag": f'"{len(answer.body):x}-{MADE:x}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "max-age=3600",
        "Expires": "Sat, 21 Nov 2026 13:02:53 GMT",
    }
    assert stage.emulator.clock() == NOON + 100


def test_the_servers_time_counts_from_its_own_clock(stage: Client) -> None:
    stage.control("faults", spec="skew:seconds=60")
    assert get(stage, path_of(stage)).header("Expires") == "Sat, 21 Nov 2026 13:03:53 GMT"


def test_phps_server_sends_none(stage: Client) -> None:
    stage.control("switches", **{"pixelpost-validators": "off"})
    answer = get(stage, path_of(stage), range="bytes=0-9", if_none_match="*")
    assert answer.status == 200
    assert [name for name, _ in answer.headers] == ["Content-Type", "Date"]


LATER, EARLIER = "Sat, 21 Nov 2026 19:25:52 GMT", "Sat, 21 Nov 2026 19:25:50 GMT"
EXACT = "Sat, 21 Nov 2026 19:25:51 GMT"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if_none_match": "ETAG"}, 304),
        ({"if_none_match": "W/ETAG"}, 304),
        ({"if_none_match": '"x", ETAG'}, 304),
        ({"if_none_match": "*"}, 304),
        ({"if_none_match": '"x"'}, 200),
        ({"if_modified_since": EXACT}, 304),
        ({"if_modified_since": LATER}, 304),
        ({"if_modified_since": EARLIER}, 200),
        ({"if_modified_since": "yesterday"}, 200),
        ({"if_none_match": '"x"', "if_modified_since": EXACT}, 200),
        ({"range": "bytes=0-99"}, 206),
        ({"range": "bytes=0-99", "if_range": "ETAG"}, 206),
        ({"range": "bytes=0-99", "if_range": "W/ETAG"}, 200),
        ({"range": "bytes=0-99", "if_range": '"x"'}, 200),
        ({"range": "bytes=0-99", "if_range": EXACT}, 206),
        ({"range": "bytes=0-99", "if_range": EARLIER}, 200),
        ({"range": "bytes=99999999-"}, 416),
        ({"range": "lines=1-2"}, 200),
    ],
)
def test_conditions_are_kept(stage: Client, headers: dict[str, str], status: int) -> None:
    path = path_of(stage)
    etag = get(stage, path).header("ETag") or ""
    answer = get(stage, path, **{name: value.replace("ETAG", etag) for name, value in headers.items()})
    assert answer.status == status
    assert answer.header("ETag") == etag
    if status == 304:
        assert answer.content() == b""


@pytest.mark.parametrize(
    ("asked", "start", "stop"), [("bytes=0-99", 0, 100), ("bytes=100-", 100, None), ("bytes=-7", -7, None)]
)
def test_a_part_is_a_part(stage: Client, asked: str, start: int, stop: int | None) -> None:
    whole = get(stage, path_of(stage)).content()
    answer = get(stage, path_of(stage), range=asked)
    assert answer.content() == whole[start:stop]
    first = start % len(whole)
    last = first + len(answer.body) - 1
    assert answer.header("Content-Range") == f"bytes {first}-{last}/{len(whole)}"


def test_hidden_photos_are_there_for_everybody(stage: Client) -> None:
    stage.control("pixelpost/edit", id=1, visible=False)
    assert get(stage, path_of(stage)).status == 200


@pytest.mark.parametrize("validators", ["on", "off"])
def test_what_is_not_there_is_404(stage: Client, validators: str) -> None:
    stage.control("switches", **{"pixelpost-validators": validators})
    for path in ("/photos/original/nope.jpg", "/photos/thumb/", "/photos/resized/00.jpg"):
        answer = get(stage, path)
        assert answer.status == 404
        assert (answer.header("Content-Type") or "").startswith("text/html")


def test_a_file_that_vanished_is_404(stage: Client, tmp_path: Path) -> None:
    path = path_of(stage)
    (tmp_path / "one.jpg").unlink()
    assert get(stage, path).status == 404


def test_a_file_that_was_changed_in_its_place_has_another_tag(stage: Client, tmp_path: Path) -> None:
    path = path_of(stage)
    etag = get(stage, path).header("ETag") or ""
    (tmp_path / "one.jpg").write_bytes(make_picture(2, taken=None))
    answer = get(stage, path, if_none_match=etag)
    assert (answer.status, answer.content()) == (200, make_picture(2, taken=None))


def test_files_are_read_and_nothing_else(stage: Client) -> None:
    answer = get(stage, path_of(stage), "DELETE")
    assert (answer.status, answer.header("Allow")) == (405, "GET, HEAD")
    head, whole = get(stage, path_of(stage), "HEAD"), get(stage, path_of(stage))
    assert head.headers == whole.headers


@pytest.mark.parametrize(("size", "fits"), [("resized", (500, 334)), ("thumb", (150, 150))])
def test_smaller_sizes_are_made(stage: Client, size: str, fits: tuple[int, int]) -> None:
    images = pytest.importorskip("PIL.Image")
    answer = get(stage, path_of(stage, size=size))
    with images.open(io.BytesIO(answer.content())) as picture:
        assert (picture.format, picture.size) == ("JPEG", fits)


def test_the_other_sites_addresses_are_its_own(stage: Client) -> None:
    """An album of SmugMug may be called `original`."""
    account = stage.emulator.account
    album = account.add_album("original", url_name="original")
    image = account.add_photo(album, "x.jpg", make_picture(3, taken=None))
    assert get(stage, f"/photos/original/i-{image.key}/0/x/D/x-D.jpg").status == 404
    assert get(stage, path_of(stage, 2)).content() == make_picture(3, taken=None)


def test_what_lies_in_memory_was_made_when_it_came() -> None:
    client = site("One")
    answer = get(client, path_of(client))
    assert answer.header("Last-Modified") == "Sat, 21 Nov 2026 12:01:13 GMT"
    clock: Any = client.emulator.clock
    assert isinstance(clock, Clock)
    clock.now += 5000
    assert get(client, path_of(client)).header("ETag") == answer.header("ETag")
