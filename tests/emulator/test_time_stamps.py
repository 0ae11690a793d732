"""Which action moves which time stamp, as the API shows them.

Every action happens in a second of its own; what is looked at is what changed by it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_picture
from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Settings
from smugsync.emulator.switches import Switches
from tests.emulator.ask import HOST, ORIGIN, Client, Clock, sign
from tests.emulator.places import act, new_album, patch, uri

STEP = 10  # seconds between two actions


@dataclass
class Stage:
    """Two albums: `source` has three photos, `target` one of them as a link."""

    client: Client
    clock: Clock
    source: Album
    target: Album

    @property
    def image(self) -> Image:
        return self.source.photos[0]

    def stamps(self) -> dict[str, Any]:
        """Every stamp and count of both albums and of the image, as the API gives them."""
        seen: dict[str, Any] = {}
        for name, album in (("source", self.source), ("target", self.target)):
            shown = self.client.get(uri(album))["Response"]["Album"]
            node = self.client.get(shown["Uris"]["Node"]["Uri"])["Response"]["Node"]
            assert node["DateModified"] == shown["LastUpdated"]  # recorded: always the same
            seen[f"{name} ILU"], seen[f"{name} LU"] = shown["ImagesLastUpdated"], shown["LastUpdated"]
            seen[f"{name} count"] = shown["ImageCount"]
        image = self.client.emulator.account.image(self._key)
        if image is not None:
            shown = self.client.get(f"/api/v2/image/{image.id}")["Response"]["Image"]
            assert shown["Date"] == shown["DateTimeUploaded"]
            seen["image LU"], seen["image uploaded"] = shown["LastUpdated"], shown["Date"]
            seen["image serial"] = shown["Serial"]
        return seen

    def __post_init__(self) -> None:
        self._key = self.image.key

    def changed_by(self, action: Callable[[Stage], object]) -> set[str]:
        """Which stamps the action moved; those that did show the time of the action."""
        before = self.stamps()
        self.clock.now += STEP
        action(self)
        after = self.stamps()
        changed = {name for name in before.keys() & after.keys() if before[name] != after[name]}
        for name in changed:
            if name.endswith("LU"):
                assert seconds(after[name]) == int(self.clock.now), name
        return changed


def seconds(stamp: str) -> int:
    assert len(stamp) == 25
    assert stamp.endswith("+00:00")
    return int(datetime.fromisoformat(stamp).timestamp())


def make_stage(switches: Switches = Switches()) -> Stage:  # noqa: B008 - it cannot be changed
    clock = Clock(float(int(time.time()) - 100))
    client = Client(Emulator(Settings(albums=0, switches=switches), clock=clock))
    source, target = new_album(client, "Source", *"abc"), new_album(client, "Target")
    client.emulator.account.collect(source.photos[1], target)
    clock.now += STEP * 6  # whatever lags behind arrives
    return Stage(client, clock, source, target)


@pytest.fixture
def stage() -> Stage:
    return make_stage()


def upload(stage: Stage, **headers: str) -> None:
    """A photo to the upload address: new, or in the place of another."""
    address = f"{ORIGIN}/upload/new.jpg"
    sent = {
        "host": HOST,
        "authorization": sign(stage.client.emulator, "owner", "POST", address),
        "x-smug-responsetype": "JSON",
        "x-smug-version": "v2",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    picture = make_picture(7, taken="2021-01-01T00:00:00")
    response = stage.client.emulator.handle(Request("POST", "/upload/new.jpg", "", sent, picture))
    assert json.loads(response.content())["stat"] == "ok"


def upload_new(stage: Stage) -> None:
    upload(stage, x_smug_albumuri=uri(stage.source))


def replace(stage: Stage) -> None:
    upload(stage, x_smug_albumuri=uri(stage.source), x_smug_imageuri=f"/api/v2/image/{stage.image.id}")


def edit(**fields: Any) -> Callable[[Stage], object]:
    return lambda stage: patch(stage.client, f"/api/v2/image/{stage.image.id}", **fields)


def settle(**fields: Any) -> Callable[[Stage], object]:
    return lambda stage: patch(stage.client, uri(stage.source), **fields)


def rename_node(stage: Stage) -> None:
    patch(stage.client, f"/api/v2/node/{stage.source.node.id}", Name="Renamed")


def turn(stage: Stage) -> None:
    act(stage.client, f"/api/v2/image/{stage.image.id}!rotate", Degrees=90)


def move(stage: Stage) -> None:
    act(stage.client, f"{uri(stage.target)}!moveimages", MoveUris=uri(stage.source, stage.image))


def collect(stage: Stage) -> None:
    act(stage.client, f"{uri(stage.target)}!collectimages", CollectUris=uri(stage.source, stage.image))


def sort(stage: Stage) -> None:
    act(stage.client, f"{uri(stage.source)}!sortimages", Uris=uri(stage.source, stage.source.photos[2]))


def delete_one(at: int, album: str) -> Callable[[Stage], object]:
    def run(stage: Stage) -> None:
        place = uri(getattr(stage, album), stage.source.photos[at])
        assert stage.client.send(place, "DELETE").status == 200

    return run


def copy(stage: Stage) -> None:
    act(stage.client, f"/api/v2/image/{stage.image.id}!copy", AlbumUri=uri(stage.target))


def from_uri(stage: Stage) -> None:
    shown = stage.client.get(f"/api/v2/image/{stage.image.id}")["Response"]["Image"]
    act(stage.client, f"{uri(stage.target)}!uploadfromuri", Uri=shown["ArchivedUri"])


def look(stage: Stage) -> None:
    for action in ("", "!images", "!highlightimage", "!geomedia"):
        stage.client.get(uri(stage.source) + action)
    stage.client.get(f"/api/v2/image/{stage.image.id}!metadata")


def download(stage: Stage) -> None:
    assert stage.client.write(f"{uri(stage.source)}!download", {}).status == 200


SOURCE, TARGET = {"source ILU", "source count"}, {"target ILU", "target count"}

#: What is measured, recorded or official; where it is neither, the album's LastUpdated stands still.
TABLE: list[tuple[str, Callable[[Stage], object], set[str]]] = [
    ("upload", upload_new, {*SOURCE, "source LU"}),
    ("upload from an address", from_uri, {*TARGET, "target LU"}),
    ("copy", copy, {*TARGET, "target LU"}),
    ("replace", replace, {"source ILU", "image LU", "image serial"}),
    ("rotate", turn, {"source ILU", "image LU", "image serial"}),
    ("caption", edit(Caption="new"), {"image LU"}),
    ("title", edit(Title="new"), {"image LU"}),
    ("keywords", edit(Keywords="new"), {"image LU"}),
    ("hidden", edit(Hidden=True), {"image LU"}),
    ("position", edit(Latitude="1"), {"image LU"}),
    ("an edit that is ignored", edit(FileName="new.jpg"), set()),
    ("move", move, SOURCE | TARGET),
    ("collect", collect, TARGET),
    ("delete", delete_one(2, "source"), SOURCE),
    ("delete what is shown twice", delete_one(1, "source"), SOURCE | TARGET),
    ("delete a link", delete_one(1, "target"), TARGET),
    ("sort", sort, {"source ILU"}),
    ("rename", settle(Name="Renamed"), {"source LU"}),
    ("rename the node", rename_node, {"source LU"}),
    ("settings", settle(EXIF=False, SortMethod="Filename"), {"source LU"}),
    ("settings that are none", settle(Colour="red"), set()),
    ("reading", look, set()),
    ("download", download, set()),
]


@pytest.mark.parametrize(("action", "moves"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_actions_move_stamps(stage: Stage, action: Callable[[Stage], object], moves: set[str]) -> None:
    assert stage.changed_by(action) == moves


@pytest.mark.parametrize("address", ["node/{id}", "folder/id/{id}", "folder/user/demo/Land"])
@pytest.mark.parametrize("fields", [{}, {"Colour": "red"}])
def test_an_edit_of_nothing_moves_nothing(stage: Stage, address: str, fields: dict[str, Any]) -> None:
    folder = stage.client.emulator.account.add_folder("Land")
    target = "/api/v2/" + address.format(id=folder.id)
    before = patch(stage.client, target, Description="known")["DateModified"]
    stage.clock.now += STEP
    assert patch(stage.client, target, **fields)["DateModified"] == before
    assert patch(stage.client, target, Description="new")["DateModified"] != before


@pytest.mark.parametrize("action", [edit(AlbumUri="/api/v2/album/nope"), settle(SortMethod="Colour")])
def test_what_is_refused_moves_nothing(stage: Stage, action: Callable[[Stage], object]) -> None:
    def run(stage: Stage) -> None:
        with pytest.raises(AssertionError):
            action(stage)

    assert stage.changed_by(run) == set()


def test_a_new_image_was_updated_when_it_was_uploaded(stage: Stage) -> None:
    stage.clock.now += 1
    upload_new(stage)
    listed = stage.client.get(f"{uri(stage.source)}!images")["Response"]["AlbumImage"]
    new = max(listed, key=lambda image: str(image["Date"]))
    assert seconds(new["LastUpdated"]) == seconds(new["Date"]) == int(stage.clock.now)


def test_two_actions_in_one_second_leave_equal_stamps(stage: Stage) -> None:
    upload_new(stage)
    before = stage.stamps()
    stage.clock.now += 0.5
    upload_new(stage)
    after = stage.stamps()
    assert {name for name in before if before[name] != after[name]} == {"source count"}


@pytest.mark.parametrize("action", [upload_new, move, sort, delete_one(2, "source"), replace])
def test_images_updated_may_come_late(action: Callable[[Stage], object]) -> None:
    """Recorded: 5 to 60 seconds after the upload. The count moves at once (measured)."""
    stage = make_stage(Switches(images_updated_lag=40))
    before = stage.stamps()
    stage.clock.now += STEP
    done = int(stage.clock.now)
    action(stage)
    for seconds_later, moved in ((0, False), (39, False), (40, True)):
        stage.clock.now = done + seconds_later
        after = stage.stamps()
        assert (after["source ILU"] != before["source ILU"]) is moved
        assert after["source count"] == len(stage.source.photos)
    assert seconds(after["source ILU"]) == done + 40


@pytest.mark.parametrize("action", [upload_new, replace])
def test_an_image_may_be_updated_after_its_upload(action: Callable[[Stage], object]) -> None:
    """Recorded: 1 to 12 seconds, when processing is over."""
    stage = make_stage(Switches(image_lag=4))
    stage.clock.now += STEP
    done = int(stage.clock.now)
    action(stage)

    def newest() -> int:
        listed = stage.client.get(f"{uri(stage.source)}!images")["Response"]["AlbumImage"]
        return max(seconds(image["LastUpdated"]) for image in listed)

    assert newest() == done
    stage.clock.now = done + 3
    assert newest() == done
    stage.clock.now = done + 4
    assert newest() == done + 4
    stage.clock.now = done + 50
    assert newest() == done + 4


def test_uploads_may_move_the_album_rarely() -> None:
    """Recorded: an album's LastUpdated from before its newest upload."""
    stage = make_stage(Switches(updated_throttle=25))
    stage.clock.now += 30
    moved = ["source LU" in stage.changed_by(upload_new) for _ in range(6)]
    assert moved == [True, False, False, True, False, False]
    assert "source LU" in stage.changed_by(settle(EXIF=False))


@pytest.mark.parametrize("action", [move, collect, sort, replace, turn, delete_one(1, "source"), upload_new])
def test_every_change_of_images_may_move_the_album(action: Callable[[Stage], object]) -> None:
    """Uncertain, so it can be switched on. Edits of a single image still do not."""
    stage = make_stage(Switches(album_updated="images"))
    changed = stage.changed_by(action)
    assert {"LU", "ILU"} <= {name.partition(" ")[2] for name in changed}
    for album in ("source", "target"):
        assert (f"{album} ILU" in changed) == (f"{album} LU" in changed)
    assert stage.changed_by(settle(EXIF=False)) == {"source LU"}


def test_a_spurious_move_has_no_cause(stage: Stage) -> None:
    before = stage.stamps()
    stage.client.emulator.faults.add("spurious@/api/v2/user/*:times=1")
    stage.client.get("/api/v2/user/demo!albums")
    after = stage.stamps()
    assert {name for name in before if before[name] != after[name]} == {"source ILU", "target ILU"}


def order(client: Client, query: str) -> list[str]:
    listed: Iterable[dict[str, Any]] = client.all(f"/api/v2/user/demo!albums?{query}", "Album")
    return [album["Name"] for album in listed]


def test_lists_are_sorted_by_what_moved(stage: Stage) -> None:
    """Both orders follow LastUpdated, not ImagesLastUpdated (likely)."""
    latest = "Order=Last%20Updated%20(Descending)"
    settings = settle(Description="x")
    stage.changed_by(settings)
    assert order(stage.client, latest) == ["Source", "Target"]
    stage.changed_by(from_uri)
    assert order(stage.client, latest) == ["Target", "Source"]
    stage.changed_by(sort)
    assert order(stage.client, latest) == ["Target", "Source"]
    root = stage.client.emulator.account.root.id
    children = f"/api/v2/node/{root}!children?SortMethod=DateModified&SortDirection=Descending"
    assert [node["Name"] for node in stage.client.get(children)["Response"]["Node"]] == ["Target", "Source"]
