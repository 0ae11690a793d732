from __future__ import annotations

import base64
import hashlib
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request, Response
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
        ("POST", "/faults", {"spec": "skew:seconds=1e15"}, 400),
        ("DELETE", "/faults/one", None, 400),
        ("GET", "/account/a/b", None, 400),
    ],
)
def test_nonsense_is_told(emulator: Emulator, method: str, path: str, body: Any, status: int) -> None:
    found, answer = call(emulator, method, path, body)
    assert found == status
    assert answer["error"]


@pytest.mark.parametrize(
    "body",
    [
        rb'{"name": "caf\udce9"}',
        b'{"name": "caf\xed\xb3\xa9"}',
        b'{"name": "caf\xe9"}',
        b'{"name": NaN}',
        b'{"name": ' + b"[" * 500 + b"]" * 500 + b"}",
        b"[" * 100_000,
        b"{",
    ],
)
def test_json_that_cannot_be_repeated_is_told(emulator: Emulator, body: bytes) -> None:
    before = call(emulator, "GET", "/account")
    response = emulator.handle(Request("POST", "/_emulator/edits/add-album", body=body))
    assert response.status == 400
    assert call(emulator, "GET", "/account") == before


#: What each edit is told besides its kind; `IMAGE`, `ALBUM`, `NODE` stand for the keys of what is there.
NONSENSE: list[tuple[str, dict[str, Any]]] = [
    ("add-album", {"name": "X", "privacy": "public"}),
    ("add-album", {"name": "X", "privacy": ["Public"]}),
    ("add-album", {"name": "X", "privacy": None}),
    ("add-album", {"name": "X", "url_name": 5}),
    ("add-album", {"name": "X", "url_name": "a/b"}),
    ("add-album", {"name": "X", "url_name": ""}),
    ("add-album", {"name": None}),
    ("add-album", {"name": "X", "parent": "NODE"}),
    ("add-folder", {"name": "X", "privacy": "public"}),
    ("add-folder", {"name": ["X"]}),
    ("add-folder", {"name": "X", "url_name": 5}),
    ("add-photo", {"album": "ALBUM", "file_name": 7}),
    ("add-photo", {"album": "ALBUM", "file_name": "a.jpg", "caption": None}),
    ("add-photo", {"album": "ALBUM", "file_name": "a.jpg", "keywords": [1, None]}),
    ("add-photo", {"album": "ALBUM", "file_name": "a.jpg", "keywords": "a; b"}),
    ("add-photo", {"album": "ALBUM", "file_name": "a.jpg", "seed": "one"}),
    ("add-photo", {"album": "ALBUM", "file_name": "a.jpg", "taken": 2019}),
    ("add-photo", {"album": "ALBUM", "file_name": "a.jpg", "data": "not base64"}),
    ("add-photo", {"album": "ALBUM", "file_name": "a.jpg", "data": 5}),
    ("replace-photo", {"image": "IMAGE", "data": []}),
    ("edit-photo", {"image": "IMAGE", "file_name": 7}),
    ("edit-photo", {"image": "IMAGE", "title": {"a": 1}}),
    ("edit-photo", {"image": "IMAGE", "hidden": "yes"}),
    ("edit-photo", {"image": "IMAGE", "processing": 1}),
    ("edit-photo", {"image": "IMAGE", "latitude": "north"}),
    ("edit-photo", {"image": "IMAGE", "latitude": "nan"}),
    ("edit-photo", {"image": "IMAGE", "longitude": "181"}),
    ("edit-photo", {"image": "IMAGE", "longitude": 18}),
    ("reorder", {"album": "ALBUM", "images": "IMAGE"}),
    ("reorder", {"album": "ALBUM", "images": [1]}),
    ("rename", {"album": "ALBUM", "name": 5}),
    ("rename", {"album": "ALBUM", "url_name": None}),
    ("set-privacy", {"album": "ALBUM", "privacy": "PRIVATE"}),
    ("set-privacy", {"album": "ALBUM", "password": 5}),
    ("set-largest-size", {"album": "ALBUM", "largest_size": None}),
]


@pytest.mark.parametrize(("what", "arguments"), NONSENSE)
def test_an_edit_that_makes_no_sense_changes_nothing(what: str, arguments: dict[str, Any]) -> None:
    emulator = Emulator(Settings(albums=1, images=1))
    before = call(emulator, "GET", "/account")
    album = next(iter(emulator.account.albums.values()))
    keys = {"ALBUM": album.key, "IMAGE": album.photos[0].key, "NODE": album.node.id}
    named = {
        name: keys.get(value, value) if isinstance(value, str) else value for name, value in arguments.items()
    }
    status, answer = call(emulator, "POST", f"/edits/{what}", named)
    assert (status, list(answer)) == (400, ["error"])
    assert call(emulator, "GET", "/account") == before
    client = Client(emulator)
    assert len(client.all("/api/v2/user/demo!albums", "Album")) == 1
    assert len(client.all(f"/api/v2/node/{emulator.account.root.id}!children", "Node")) == 1


def test_positions_may_be_given_and_taken_away(emulator: Emulator) -> None:
    key = next(emulator.account.all_images()).key
    edit(emulator, "edit-photo", image=key, latitude="-90", longitude="18.5")
    image = emulator.account.image(key)
    assert image is not None
    assert (image.latitude, image.longitude) == ("-90", "18.5")
    edit(emulator, "edit-photo", image=key, latitude="", longitude="")
    assert (image.latitude, image.longitude) == ("", "")


def visit(host: str | None, origin: str | None, *, scheme: str = "http", listening: str = "127.0.0.1") -> int:
    """The status of an edit sent like that, which is done if and only if it is 200."""
    emulator = Emulator(Settings(albums=0, host=listening))
    headers = {"host": host, "origin": origin, "content-type": "text/plain"}
    sent = {name: value for name, value in headers.items() if value is not None}
    response = emulator.handle(
        Request("POST", "/_emulator/edits/add-album", "", sent, b'{"name": "X"}', scheme)
    )
    assert bool(emulator.account.albums) is (response.status == 200)
    told = emulator.handle(Request("GET", "/_emulator/tokens", "", sent, b"", scheme))
    assert told.status == response.status
    if told.status == 403:
        assert list(call_body(told)) == ["error"]
    return response.status


def call_body(response: Response) -> dict[str, Any]:
    body = response.json()
    assert isinstance(body, dict)
    return body


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8080",
        "[::1]:8080",
        "192.168.1.7",
        "localhost",
        "LOCALHOST:8080",
        "localhost.",
        "emulator.localhost:80",
        "emulator:8080",
        "api.smugmug.com",
        "demo.smugmug.com:443",
        "smugmug.com",
        socket.gethostname(),
        "",
        None,
    ],
)
def test_it_is_asked_by_names_of_its_own(host: str | None) -> None:
    assert visit(host, None) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "smugmug.com.evil.example", "notsmugmug.com", "127.0.0.1.nip.io"],
)
def test_a_name_that_leads_here_by_a_trick_is_refused(host: str) -> None:
    """A page of a stranger's server reads what comes from that server, and its name may come to mean this
    machine (DNS rebinding)."""
    assert visit(host, None) == 403
    assert visit(host, f"http://{host}") == 403


def test_the_name_that_is_listened_on_is_its_own() -> None:
    assert visit("box.example.org:8080", None, listening="box.example.org") == 200
    assert visit("box.example.org:8080", None) == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8080", 200),
        ("http://evil.example", 403),
        ("http://127.0.0.1:8081", 403),
        ("http://127.0.0.1", 403),
        ("https://127.0.0.1:8080", 403),
        ("http://localhost:8080", 403),
        ("null", 403),
        ("http://[", 403),
        ("", 403),
    ],
)
def test_pages_of_other_sites_may_not_ask(origin: str, status: int) -> None:
    assert visit("127.0.0.1:8080", origin) == status


def test_a_usual_port_may_be_left_out() -> None:
    assert visit("api.smugmug.com:443", "https://api.smugmug.com", scheme="https") == 200
    assert visit("api.smugmug.com", "https://api.smugmug.com:443", scheme="https") == 200


def test_the_api_itself_is_for_every_host() -> None:
    """It has signatures. A proxy or a hosts file may call it anything."""
    emulator = Emulator(Settings(albums=0))
    client = Client(emulator, "anonymous")
    assert (
        client.send("/api/v2/user/demo", host="nas.example.org", origin="https://app.example").status == 200
    )
