from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Settings
from tests.emulator.ask import Client


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(Settings())


def call(emulator: Emulator, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    data = b"" if body is None else json.dumps(body).encode()
    response = emulator.handle(Request(method, f"/_emulator{path}", body=data))
    return response.status, response.json()


def edit(emulator: Emulator, what: str, /, **arguments: Any) -> Any:
    status, body = call(emulator, "POST", f"/edits/{what}", arguments)
    assert status == 200, body
    return body


def albums(tree: dict[str, Any]) -> dict[str, Any]:
    found = {tree["name"]: tree} if "album" in tree else {}
    for child in tree.get("children", []):
        found |= albums(child)
    return found


def test_the_tree_is_what_clients_see(emulator: Emulator) -> None:
    status, tree = call(emulator, "GET", "/account")
    assert status == 200
    found = albums(tree["root"])
    client = Client(emulator)
    for shown in client.all("/api/v2/user/demo!albums", "Album"):
        told = found[shown["Name"]]
        assert (told["album"], told["url_path"]) == (shown["AlbumKey"], shown["UrlPath"])
        images = client.all(f"/api/v2/album/{shown['AlbumKey']}!images", "AlbumImage")
        promised = {i["ImageKey"]: i["ArchivedMD5"] for i in images if not i["IsVideo"]}
        assert promised == {i["image"]: i["md5"] for i in told["images"] if not i["is_video"]}


def test_counters_count_and_start_again(emulator: Emulator) -> None:
    client = Client(emulator)
    image = client.get("/api/v2/user/demo!recentimages?count=1")["Response"]["Image"][0]
    client.status("/api/v2/album/nope")
    body = client.media(image["ArchivedUri"]).content()
    _, report = call(emulator, "GET", "/counters")
    assert (report["api_requests"], report["media_requests"]) == (2, 1)
    assert report["media_bytes"] == len(body)
    rows = {(row["route"], row["status"]): row["count"] for row in report["requests"]}
    assert rows["/api/v2/user/*!recentimages", 200] == 1
    assert rows["/api/v2/album/*", 404] == 1
    assert call(emulator, "POST", "/counters/reset")[1]["api_requests"] == 0


def test_faults_come_and_go(emulator: Emulator) -> None:
    status, fault = call(emulator, "POST", "/faults", {"spec": "503@/api/*:times=2,retry=7"})
    assert (status, fault["kind"], fault["left"]) == (200, "503", 2)
    assert Client(emulator).send("/api/v2!authuser").header("Retry-After") == "7"
    assert len(call(emulator, "GET", "/faults")[1]["faults"]) == 1
    assert call(emulator, "DELETE", f"/faults/{fault['id']}")[1]["faults"] == []
    assert call(emulator, "POST", "/faults", {"spec": "nonsense"})[0] == 400


def test_a_day_of_edits(emulator: Emulator) -> None:
    folder = edit(emulator, "add-folder", name="New")
    album = edit(emulator, "add-album", name="Fresh", parent=folder["node"])["album"]
    data = base64.b64encode(b"bytes").decode()
    photo = edit(emulator, "add-photo", album=album, file_name="a.jpg", data=data, keywords=["x", "y"])
    assert photo["md5"] == hashlib.md5(b"bytes").hexdigest()
    key = photo["image"]
    made = edit(emulator, "add-photo", album=album, file_name="b.png", seed=5)
    video = edit(emulator, "add-photo", album=album, file_name="c.mp4", seed=6, processing=True)
    assert (made["format"], video["is_video"], video["processing"]) == ("PNG", True, True)
    assert edit(emulator, "edit-photo", image=video["image"], processing=False)["processing"] is False
    assert edit(emulator, "edit-photo", image=key, caption="c", title="t")["caption"] == "c"
    assert edit(emulator, "replace-photo", image=key, seed=9)["serial"] == 1
    twins = albums(call(emulator, "GET", "/account")[1]["root"])["Twins"]["album"]
    edit(emulator, "collect-photo", image=made["image"], to=twins)
    assert edit(emulator, "move-photo", image=key, to=twins)["home"] == twins
    edit(emulator, "delete-photo", image=made["image"], album=twins)
    assert edit(emulator, "rename", album=album, url_name="Other", name="Öther")["url_path"] == "/New/Other"
    assert (
        edit(emulator, "set-privacy", album=album, privacy="Private", password="x")["security"] == "Password"
    )
    edit(emulator, "bump", album=album)
    edit(emulator, "reorder", album=album, images=[video["image"]])
    edit(emulator, "set-largest-size", album=album, largest_size="Large")
    edit(emulator, "move-node", album=album, parent=call(emulator, "GET", "/account")[1]["root"]["node"])
    found = albums(call(emulator, "GET", "/account")[1]["root"])
    assert {image["image"] for image in found["Öther"]["images"]} == {made["image"], video["image"]}
    assert key in {image["image"] for image in found["Twins"]["images"]}
    edit(emulator, "delete-photo", image=key)
    edit(emulator, "delete-node", album=album)
    assert "Öther" not in albums(call(emulator, "GET", "/account")[1]["root"])


def test_every_user_is_there_to_look_at_and_to_edit(tmp_path: Path) -> None:
    (tmp_path / "Hills").mkdir()
    (tmp_path / "Hills" / "one.jpg").write_bytes(b"one")
    emulator = Emulator(Settings(people=(("bob", tmp_path), ("eve", None))))
    assert call(emulator, "GET", "/users")[1]["users"] == ["demo", "demo-visitor", "bob", "eve"]
    status, tree = call(emulator, "GET", "/account/BOB")
    assert (status, tree["nickname"]) == (200, "bob")
    assert list(albums(tree["root"])) == ["Hills"]
    album = edit(emulator, "add-album", name="Of Bob", parent=tree["root"]["node"])["album"]
    edit(emulator, "add-photo", album=album, file_name="a.jpg", seed=1)
    assert list(albums(call(emulator, "GET", "/account/bob")[1]["root"])) == ["Hills", "Of Bob"]
    assert "Of Bob" not in albums(call(emulator, "GET", "/account")[1]["root"])
    shown = Client(emulator).all("/api/v2/user/bob!albums", "Album")
    assert {album["Name"] for album in shown} == {"Hills", "Of Bob"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("GET", "/", None, 404),
        ("GET", "/account/nobody", None, 404),
        ("DELETE", "/account", None, 404),
        ("DELETE", "/switches", None, 404),
        ("POST", "/switches", {"nonsense": 1}, 400),
        ("DELETE", "/tokens/nope", None, 404),
        ("POST", "/edits/nothing", {}, 404),
        ("POST", "/edits/delete-photo", {"image": "nope"}, 404),
        ("POST", "/edits/add-photo", {}, 404),
        ("POST", "/edits/add-album", [], 400),
        ("POST", "/edits/set-privacy", {"node": "?", "privacy": "Secret"}, 404),
    ],
)
def test_nonsense_is_told(emulator: Emulator, method: str, path: str, body: Any, status: int) -> None:
    found, answer = call(emulator, method, path, body)
    assert found == status
    assert answer["error"]
