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


def test_answers_are_slow() -> None:
    asker = client("slow:seconds=9")
    target = images(asker)
    assert asker.send(f"{target}?count=100").delivery.delay == 0
    assert asker.send(f"{target}?count=500").delivery.delay == 9
    late = Client(Emulator(Settings(albums=0, latency_ms=250)), "anonymous")
    assert late.send(USER).delivery.delay == 0.25
    assert late.media("http://host/photos/x").delivery.delay == 0
