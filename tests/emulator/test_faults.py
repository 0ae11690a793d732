from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.faults.faults import HELP, KINDS
from smugsync.emulator.settings import Settings
from tests.emulator.ask import ORIGIN, Client, Clock, sign

USER = "/api/v2/user/demo"


def client(*faults: str) -> Client:
    return Client(Emulator(Settings(albums=2, images=3, bytes_each=5000, faults=faults)), "anonymous")


def images(asker: Client) -> str:
    return f"/api/v2/album/{next(iter(asker.emulator.account.albums))}!images"


def test_every_kind_is_explained() -> None:
    explained = {word for line in HELP.splitlines() if line.startswith("  ") for word in line[:16].split()}
    assert explained == KINDS


@pytest.mark.parametrize(
    "spec",
    [
        "nonsense",
        "429:times",
        "429:speed=3",
        "429:retry=soon",
        "500:times=x",
        "500:times=1.5",
        "edit:do=this",
        "html:status=99999",
        "html:status=199",
        "html:status=204",
        "html:status=403.5",
        "skew:seconds=1e15",
        "skew:seconds=-1e15",
        "503:retry=1e300",
        "429:window=1e300",
        "@/api/*",
        "",
    ],
)
def test_what_cannot_be_read_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        client(spec)


@pytest.mark.parametrize(
    ("spec", "status", "kind"),
    [
        ("429", 429, "application/json"),
        ("500", 500, "text/html"),
        ("502", 502, "text/html"),
        ("503", 503, "text/html"),
        ("504", 504, "text/html"),
        ("html", 200, "text/html"),
        ("html:status=503", 503, "text/html"),
        ("html403", 403, "text/html"),
        ("portal", 200, "text/html"),
        ("nonce_used", 401, "application/json"),
        ("empty", 200, "application/json"),
    ],
)
def test_answers_instead(spec: str, status: int, kind: str) -> None:
    asker = client(spec)
    response = asker.send(USER)
    assert response.status == status
    assert (response.header("Content-Type") or "").startswith(kind)
    if spec == "empty":
        assert response.content() == b""


def test_a_refusal_says_what_would_be_taken() -> None:
    with pytest.raises(ValueError, match="status is one of 200 to 599"):
        client("html:status=99999")


def test_of_two_faults_that_answer_one_does() -> None:
    asker = client("503:times=1", "429:times=1", "html403:after=2,times=1")
    assert [asker.status(USER) for _ in range(4)] == [503, 429, 403, 200]


def test_what_would_spoil_an_answer_waits_for_one() -> None:
    asker = client("429:times=1", "truncate@/api/*:times=1")
    first = asker.send(USER)
    assert (first.status, b"".join(first.pieces())) == (429, first.content())
    assert [fault["struck"] for fault in asker.emulator.faults.describe()] == [1, 0]
    second = asker.send(USER)
    assert (second.status, len(b"".join(second.pieces()))) == (200, len(second.content()) // 2)
    assert asker.send(USER).delivery.limit is None
    assert [fault["left"] for fault in asker.emulator.faults.describe()] == [0, 0]


def test_one_answer_may_be_spoiled_in_two_ways() -> None:
    asker = client("slow:min=0,seconds=9", "truncate@/api/*:at=10")
    delivery = asker.send(USER).delivery
    assert (delivery.delay, delivery.limit) == (9, 10)


def test_requests_that_pass_first_may_be_answered_by_another_fault() -> None:
    asker = client("429:times=1", "504:after=1,times=1")
    assert [asker.status(USER) for _ in range(3)] == [429, 504, 200]


def test_route_count_and_delay() -> None:
    asker = client("503@/api/v2/album/*:times=2,after=1")
    assert asker.status(USER) == 200
    assert [asker.status(images(asker)) for _ in range(5)] == [200, 503, 503, 200, 200]
    assert asker.emulator.faults.describe()[0]["struck"] == 2


def test_a_window_refuses_until_it_ends() -> None:
    clock = Clock(1_700_000_000.0)
    emulator = Emulator(Settings(albums=0, faults=("429:times=1,window=10",)), clock=clock)
    asker = Client(emulator, "anonymous")
    first = asker.send(USER)
    assert (first.status, first.header("Retry-After")) == (429, "10")
    clock.now += 6.5
    second = asker.send(USER)
    assert (second.status, second.header("Retry-After")) == (429, "4")
    assert second.header("X-RateLimit-Remaining") == "0"
    clock.now += 4
    assert asker.status(USER) == 200


def test_faults_can_be_switched_off() -> None:
    asker = client("500", "html")
    faults = asker.emulator.faults
    assert asker.status(USER) == 500
    faults.clear(1)
    assert (asker.send(USER).header("Content-Type") or "").startswith("text/html")
    faults.clear()
    assert asker.get(USER)


def shown(asker: Client, target: str | None = None) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = asker.get(target or images(asker))["Response"]["AlbumImage"]
    return listed


def test_bodies_are_spoiled() -> None:
    asker = client()
    image = shown(asker)[0]
    for spec, length in (("truncate", 2500), ("truncate:at=10", 10), ("stall:at=7", 7), ("stall", 2500)):
        asker.emulator.faults.add(f"{spec}")
        response = asker.media(image["ArchivedUri"])
        assert len(response.body) == 5000
        assert len(b"".join(response.pieces())) == length
        asker.emulator.faults.clear()
    asker.emulator.faults.add("corrupt:times=1")
    spoiled = b"".join(asker.media(image["ArchivedUri"]).pieces())
    whole = b"".join(asker.media(image["ArchivedUri"]).pieces())
    assert sum(a != b for a, b in zip(spoiled, whole, strict=True)) == 1
    assert hashlib.md5(whole).hexdigest() == image["ArchivedMD5"] != hashlib.md5(spoiled).hexdigest()


def test_a_large_body_is_flipped_once_and_cut_exactly() -> None:
    asker = Client(Emulator(Settings(albums=1, images=1, bytes_each=700_000)), "anonymous")
    image = shown(asker)[0]
    whole = asker.media(image["ArchivedUri"]).content()
    assert hashlib.md5(whole).hexdigest() == image["ArchivedMD5"]
    asker.emulator.faults.add("corrupt:at=699999")
    spoiled = b"".join(asker.media(image["ArchivedUri"]).pieces())
    assert [at for at in range(700_000) if spoiled[at] != whole[at]] == [699_999]
    asker.emulator.faults.clear()
    asker.emulator.faults.add("truncate:at=300001")
    assert b"".join(asker.media(image["ArchivedUri"]).pieces()) == whole[:300_001]


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ("truncate", httpx.RemoteProtocolError),
        ("stall", httpx.ReadTimeout),
        ("stall:at=-1", httpx.ReadTimeout),
        ("reset", httpx.ReadError),
        ("reset:at=3", httpx.ReadError),
    ],
)
def test_the_transport_for_unit_tests_fails_likewise(spec: str, error: type[Exception]) -> None:
    asker = client()
    url = shown(asker)[0]["ArchivedUri"]
    asker.emulator.faults.add(spec)
    with httpx.Client(transport=asker.emulator.transport()) as http, pytest.raises(error):
        http.get(url)


def test_the_transport_for_unit_tests_answers() -> None:
    asker = client()
    with httpx.Client(transport=asker.emulator.transport(), base_url=ORIGIN) as http:
        header = sign(asker.emulator, "owner", "GET", f"{ORIGIN}/api/v2!authuser?_verbosity=1")
        headers = {"Accept": "application/json", "Authorization": header}
        assert http.get("/api/v2!authuser?_verbosity=1", headers=headers).json()["Code"] == 200


def test_listings_are_altered() -> None:
    asker = client("no-archived:times=1", "duplicates:after=1,times=1", "total:after=2,by=5")
    assert all("ArchivedMD5" not in image for image in shown(asker))
    assert len({image["FileName"] for image in shown(asker)}) == 1
    pages = asker.get(images(asker))["Response"]["Pages"]
    assert (pages["Total"], pages["Count"]) == (8, 3)


def test_videos_get_stuck() -> None:
    asker = Client(Emulator(Settings(faults=("stuck-video",))), "anonymous")
    recent = asker.get(f"{USER}!recentimages?count=100&_expand=LargestVideo")
    video = next(image for image in recent["Response"]["Image"] if image["IsVideo"])
    assert video["Processing"] is True
    assert "ArchivedMD5" not in video
    assert "Expansions" not in recent or not recent["Expansions"]


@pytest.mark.parametrize(
    "address",
    [
        "!largestvideo",
        "!largestvideo?_verbosity=1",
        "!largestvideo?_verbosity=3",
        "!download",
        "!download?_verbosity=1",
        "!sizedetails",
        "?_expand=LargestVideo,ImageDownload,ImageSizeDetails&_filter=IsVideo,Processing,Status,ArchivedUri",
    ],
)
def test_a_stuck_video_looks_like_one_that_is_processing(address: str) -> None:
    asker = Client(Emulator(Settings()))
    account = asker.emulator.account
    video = next(image for image in account.all_images() if image.is_video)
    target = f"/api/v2/image/{video.id}{address}"
    assert asker.status(target) == 200
    asker.emulator.faults.add("stuck-video")
    stuck = asker.send(target)
    asker.emulator.faults.clear()
    account.edit(video, processing=True)
    processing = asker.send(target)
    assert (stuck.status, stuck.json()) == (processing.status, processing.json())
    assert stuck.status == (200 if "size" in address or address[0] == "?" else 404)


def test_photos_are_downloaded_beside_a_stuck_video() -> None:
    asker = Client(Emulator(Settings(faults=("stuck-video",))))
    photo = next(image for image in asker.emulator.account.all_images() if not image.is_video)
    assert asker.get(f"/api/v2/image/{photo.id}!download")["Response"]["ImageDownload"]["Url"]


def test_an_altered_answer_keeps_its_headers() -> None:
    asker = client("total")
    key = next(asker.emulator.account.all_images()).key
    response = asker.send(f"/api/v2/image/{key}")
    assert response.status == 301
    assert f"/image/{key}-0" in (response.header("Location") or "")


def test_order_and_metadata_cannot_be_relied_on() -> None:
    asker = Client(Emulator(Settings(faults=("unstable-order", "stale-metadata"))))
    twins = next(a for a in asker.emulator.account.albums.values() if a.node.name == "Twins")
    target = f"/api/v2/album/{twins.key}!images?_expand=ImageMetadata"
    one, two, three = (asker.get(target) for _ in range(3))
    orders = [[image["ImageKey"] for image in body["Response"]["AlbumImage"]] for body in (one, two, three)]
    assert orders[0] == orders[2] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])
    expanded = next(iter(one["Expansions"].values()))["ImageMetadata"]
    assert (expanded["DateTimeCreated"], expanded["Uri"][:8]) == ("", "/api/v2/")


def test_cursors_move_without_a_cause_or_late() -> None:
    asker = client()
    album = next(iter(asker.emulator.account.albums.values()))

    def cursor() -> Any:
        return asker.get(f"/api/v2/album/{album.key}")["Response"]["Album"]["ImagesLastUpdated"]

    before = cursor()
    asker.emulator.faults.add("spurious:times=1")
    moved = cursor()
    assert moved != before
    asker.emulator.faults.add("late:seconds=1000")
    asker.emulator.account.add_photo(album, "new.jpg", b"x")
    assert cursor() == moved


@pytest.mark.parametrize(("what", "total"), [("delete", 2), ("add", 4)])
def test_the_album_changes_while_it_is_read(what: str, total: int) -> None:
    asker = client(f"edit@*!images:after=1,times=1,do={what}")
    target = f"{images(asker)}?count=2"
    assert asker.get(target)["Response"]["Pages"]["Total"] == 3
    assert asker.get(target)["Response"]["Pages"]["Total"] == total


def test_the_clock_is_off() -> None:
    clock = Clock(1_700_000_000.0)
    asker = Client(Emulator(Settings(albums=0), clock=clock), "anonymous")
    before = asker.send(USER).header("Date")
    asker.emulator.faults.add("skew:seconds=86400")
    assert (before, asker.send(USER).header("Date")) == (
        "Tue, 14 Nov 2023 22:13:20 GMT",
        "Wed, 15 Nov 2023 22:13:20 GMT",
    )


def test_the_clock_is_off_by_a_century_at_most() -> None:
    clock = Clock(1_700_000_000.0)
    for far, year in (("3200000000", "2125"), ("-3200000000", "1922")):
        asker = Client(Emulator(Settings(albums=0), clock=clock), "anonymous")
        for _ in range(100):
            asker.emulator.faults.add(f"skew:seconds={far}")
        response = asker.send(USER)
        assert (response.status, str(response.header("Date"))[12:16]) == (200, year)


def test_answers_are_slow() -> None:
    asker = client("slow:seconds=9")
    target = images(asker)
    assert asker.send(f"{target}?count=100").delivery.delay == 0
    assert asker.send(f"{target}?count=500").delivery.delay == 9
    late = Client(Emulator(Settings(albums=0, latency_ms=250)), "anonymous")
    assert late.send(USER).delivery.delay == 0.25
    assert late.media("http://host/photos/x").delivery.delay == 0
