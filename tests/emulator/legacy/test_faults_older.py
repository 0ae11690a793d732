"""What goes wrong in the older APIs, and how the service says that it is being worked on."""

from __future__ import annotations

import json

import pytest

from tests.emulator.ask import Client
from tests.emulator.legacy.asking import VERSIONS, new_album, owner, picture, small


@pytest.mark.parametrize("code", [5, 98, 99])
@pytest.mark.parametrize("version", VERSIONS)
def test_calls_fail_with_any_code_for_some_time(version: str, code: int) -> None:
    client = owner(version)
    client.emulator.faults.add(f"stat-fail@/services/api/*:code={code},times=2")
    assert [client.ask("albums.get").get("code") for _ in range(3)] == [code, code, None]


def test_a_fault_may_strike_one_method() -> None:
    client = owner()
    album = client.album("Ring Road")
    number = client.id_of(album)
    client.emulator.faults.add("stat-fail@*/smugmug.images.get:code=98")
    assert client.ok("albums.get")
    answer = client.ask("images.get", AlbumID=number)
    assert answer == {"stat": "fail", "code": 98, "message": "service unavailable"}
    assert client.code("images.get", path="/hack/json/1.2.0/", AlbumID=number) == 98


def test_the_newer_api_is_spared() -> None:
    client = owner()
    client.emulator.faults.add("stat-fail@/services/api/*:code=98")
    assert Client(client.emulator).status("/api/v2!authuser") == 200


def test_a_used_nonce_has_a_code() -> None:
    client = owner("1.3.0")
    client.emulator.faults.add("nonce_used@/services/api/*:times=1")
    assert client.code("albums.get") == 33


@pytest.mark.parametrize(("kind", "status"), [("502", 502), ("html", 200), ("empty", 200), ("429", 429)])
def test_the_servers_in_front_may_answer(kind: str, status: int) -> None:
    client = owner()
    client.emulator.faults.add(f"{kind}@/services/api/json/*:times=1")
    assert client.send("albums.get").status == status
    assert client.ok("albums.get")


def test_a_write_may_be_applied_and_reported_as_failed() -> None:
    client = small()
    client.emulator.faults.add("504@*/smugmug.albums.create:times=1")
    assert client.send("albums.create", Title="Made").status == 504
    assert client.ok("albums.get")["Albums"][0]["Title"] == "Made"


@pytest.mark.parametrize("path", ["/new.jpg", "/photos/xmlrawadd.mg"])
def test_uploads_fail_as_the_newer_ones_do(path: str) -> None:
    client = small()
    album = str(new_album(client))
    client.emulator.faults.add("stat-fail:code=5,times=1")
    answer = client.upload(picture(1), path, albumid=album, filename="a.jpg")
    assert (answer["stat"], answer["code"]) == ("fail", 5)
    assert client.upload(picture(1), path, albumid=album, filename="a.jpg")["stat"] == "ok"


@pytest.mark.parametrize("kind", ["truncate", "corrupt"])
def test_pictures_are_cut_and_spoiled(kind: str) -> None:
    client = owner()
    url = client.images(client.album("Ring Road"), Heavy=1)[0]["OriginalURL"]
    client.emulator.faults.add(f"{kind}:times=1")
    assert b"".join(client.fetch(url).pieces()) != picture(1)
    assert b"".join(client.fetch(url).pieces()) == picture(1)


def test_counters_tell_calls_by_their_method_and_uploads_apart() -> None:
    client = small()
    album = str(new_album(client))
    client.upload(picture(1), "/photos/xmlrawadd.mg", albumid=album, filename="a.jpg")
    [shown] = client.images(client.album("New"), Heavy=1)
    client.fetch(shown["OriginalURL"])
    report = client.emulator.counters.report()
    routes = {row["route"] for row in report["requests"]}
    assert routes >= {
        "/services/api/json/1.2.0/smugmug.images.get",
        "/upload/*",
        "/photos/*",
    }
    assert report["media_requests"] == 1


class TestReadOnly:
    def test_writes_fail_and_reads_say_why(self) -> None:
        client = owner(legacy_mode="read-only")
        number = client.id_of(client.album("Ring Road"))
        assert client.ok("albums.get")["mode"] == "read-only"
        answer = client.ask("albums.changeSettings", AlbumID=number, Title="x")
        assert (answer["code"], answer["message"]) == (99, "read-only mode")
        assert client.upload(picture(1), albumid=str(number))["code"] == 99

    def test_a_login_does_not(self) -> None:
        client = owner(legacy_mode="read-only").anonymous()
        assert "mode" not in client.ok("login.anonymously")

    def test_usually_nothing_says_so(self) -> None:
        assert "mode" not in owner().ok("albums.get")


@pytest.mark.parametrize(
    ("version", "switch", "says"),
    [
        ("1.2.0", "version", False),
        ("1.2.1", "version", False),
        ("1.2.2", "version", True),
        ("1.3.0", "version", True),
        ("1.2.0", "method", True),
        ("1.3.0", "bare", False),
    ],
)
def test_failures_may_name_their_method(version: str, switch: str, says: bool) -> None:
    answer = small(version, legacy_failures=switch).ask("albums.getInfo")
    assert answer["code"] == 22
    assert ("method" in answer) == says


def test_unknown_bytes_in_a_call_make_no_error_of_the_server() -> None:
    client = small()
    response = client.send("albums.create", verb="POST", Title="\x00\x1f\ufffe")
    assert json.loads(response.content())["stat"] == "ok"
    assert client.send("albums.get", path="/services/api/rest/1.2.0/").status == 200
