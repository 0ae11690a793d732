"""`/_emulator/pixelpost`, the switches, the faults and the counters, as far as they concern the site."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.pixelpost.bugs import BUGS, read_bugs
from smugsync.emulator.settings import Settings
from smugsync.emulator.switches import HELP, Switches
from tests.emulator.pixelpost.client import Client, error, read, site

ADDED = {"title": "New", "description": "", "publish-date": "2011-05-12T09:12:54+00:00", "visible": True}


def refuse(client: Client, place: str, method: str = "POST", **body: Any) -> tuple[int, str]:
    response = client.send(method, f"/_emulator/pixelpost{place}", json.dumps(body).encode())
    shown: Any = response.json()
    return response.status, shown["error"]


def test_a_site_can_be_changed_under_way() -> None:
    client = site("One").sign_in()
    date: dict[str, Any] = {"publish-date": "2011-05-12T11:12:54+02:00"}
    added = client.control("pixelpost/add", seed=3, title="New", **date)
    assert {name: added[name] for name in ADDED} == ADDED
    changed = client.control("pixelpost/edit", id=2, title="Newer", visible=False, **{"publish-date": 86400})
    assert (changed["title"], changed["visible"], changed["publish-date"]) == (
        "Newer",
        False,
        "1970-01-02T00:00:00+00:00",
    )
    assert client.control("pixelpost/delete", id=1)["id"] == 1
    assert client.list("id", "title") == [{"id": 2, "title": "Newer"}]


def test_the_keys_are_told() -> None:
    client = site()
    told = client.look("pixelpost")
    assert (told["public_key"], told["private_key"]) == client.keys
    assert told["photos"] == []


def test_everybody_can_be_signed_out() -> None:
    client = site("One").sign_in()
    client.drop("pixelpost/tokens")
    assert client.ask("photo.count") == error("bad_token", "The token is not valid.")


def test_what_is_made_up_can_be_planned() -> None:
    client = site("One").sign_in()
    client.control("pixelpost/chance", nonce=["1" * 32, "2" * 32])
    nonces = []
    for _ in range(3):
        client.ask("photo.count")
        nonces.append(client.nonce)
    assert nonces[:2] == ["1" * 32, "2" * 32]
    assert nonces[2] not in nonces[:2]


@pytest.mark.parametrize(
    ("place", "body", "answer"),
    [
        ("/edit", {"id": 9}, (404, "there is no photo 9")),
        ("/edit", {"id": "1"}, (400, "id is a whole number")),
        ("/edit", {"title": "x"}, (404, "there is no 'id'")),
        ("/edit", {"id": 1, "visible": 1}, (400, "visible is true or false")),
        ("/edit", {"id": 1, "title": 1}, (400, "title is a text")),
        (
            "/edit",
            {"id": 1, "publish-date": "soon"},
            (400, "publish-date is an RFC 3339 date or a number of seconds"),
        ),
        ("/edit", {"id": 1, "modified": "x"}, (400, "modified is a whole number of microseconds")),
        ("/add", {"data": "eA=="}, (400, "only a JPEG can be a photo here")),
        ("/add", {"seed": "x"}, (400, "seed is a whole number")),
        (
            "/entities",
            {"name": "x", "grants": ["fly"]},
            (400, "grants are a list of read, write, delete, config, admin, not 'fly'"),
        ),
        ("/chance", {"luck": []}, (400, "luck is none of challenge, nonce, key, form, upload")),
        ("/chance", {"nonce": "x"}, (400, "nonce is an array of texts")),
        ("/nonsense", {}, (404, "there is no /pixelpost/nonsense")),
    ],
)
def test_nonsense_is_explained(place: str, body: dict[str, Any], answer: tuple[int, str]) -> None:
    client = site("One")
    assert refuse(client, place, **body) == answer
    assert client.look("pixelpost")["photos"][0]["title"] == "One"
    assert len(list(client.emulator.account.all_images())) == 1


# -- switches --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("on", set(BUGS)),
        ("off", set()),
        ("mended", set(BUGS) - {"interval", "xml-requests", "signed-get"}),
        ("interval", {"interval"}),
        ("on,-digits", set(BUGS) - {"digits"}),
        ("off, ids ,sort", {"ids", "sort"}),
        ("ON", set(BUGS)),
        ("", set()),
    ],
)
def test_bugs_are_turned_together_or_one_by_one(text: str, found: set[str]) -> None:
    assert read_bugs(text) == found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("upstream-bugs=some", "upstream-bugs is a list of on, off, mended, interval,"),
        ("upstream-bugs=-on", "upstream-bugs is a list of on, off, mended, interval,"),
        ("pixelpost-grants=fly", "grants are a list of read, write, delete, config, admin, not 'fly'"),
        ("pixelpost-lifetime=0", "pixelpost-lifetime is a whole number from 1, not '0'"),
        ("anonymous-read=maybe", "anonymous-read is off or on, not 'maybe'"),
    ],
)
def test_a_switch_that_cannot_be_is_explained(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        Switches().set(text)


def test_the_help_names_every_bug() -> None:
    paragraph = HELP.partition("upstream-bugs=")[2].partition("pixelpost-lifetime")[0]
    assert all(re.search(rf"\b{name}\b", paragraph) for name in BUGS)


def test_switches_are_turned_while_it_runs() -> None:
    client = site("One").sign_in()
    client.control("switches", **{"upstream-bugs": "off", "pixelpost-grants": "read"})
    assert client.ask("photo.size")["status"] == "valid"
    assert client.ask("photo.del", id=1)["code"] == "unauthorized"


# -- faults and counters ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["500", "502", "503", "504", "html403"])
def test_the_servers_in_front_fail_here_too(kind: str) -> None:
    client = site("One").sign_in()
    client.control("faults", spec=f"{kind}:times=1")
    call = json.dumps(client.sign("photo.count", {})).encode()
    answer = client.send("POST", "/api/json/", call)
    assert answer.status == int(kind.removeprefix("html"))
    assert (answer.header("Content-Type") or "").startswith("text/html")


def test_after_a_504_the_nonce_has_moved_on() -> None:
    client = site("One").sign_in()
    client.control("faults", spec="504:times=1")
    client.send("POST", "/api/json/", json.dumps(client.sign("photo.count", {})).encode())
    assert client.ask("photo.count") == error("bad_hmac", "The hmac is not valid.")
    client.refresh()
    assert client.ask("photo.count")["response"] == {"total": 1}


def test_the_application_can_break_down() -> None:
    client = site("One").sign_in()
    client.control("faults", spec="oops@/api/json/*:times=1")
    before = client.nonce
    assert client.ask("photo.count") is None
    assert client.nonce == before
    assert client.ask("photo.count")["response"] == {"total": 1}


@pytest.mark.parametrize("code", ["internal_error", "unknown"])
def test_the_application_can_fail_by_its_own_codes(code: str) -> None:
    client = site("One").sign_in()
    client.control("faults", spec=f"{code.replace('_', '-')}:times=1")
    assert client.ask("photo.count")["code"] == code
    assert client.ask("photo.count")["response"] == {"total": 1}


def test_answers_are_late_if_they_are_told_to_be() -> None:
    client = Client(Emulator(Settings(latency_ms=250)))
    assert client.send("GET", "/api/get/photo.version/json").delivery.delay == 0.25
    name = client.look("pixelpost")["photos"][0]["filename"]
    assert client.send("GET", f"/photos/original/{name}").delivery.delay == 0


def test_files_are_cut_and_spoiled() -> None:
    client = site("One").sign_in()
    url = client.list("original-url")[0]["original-url"]
    path = "/" + url.split("/", 3)[3]
    whole = b"".join(client.send("GET", path).pieces())
    for spec in ("truncate", "corrupt", "stall"):
        client.control("faults", spec=f"{spec}@/photos/original/*:times=1")
    spoiled = b"".join(client.send("GET", path).pieces())
    assert spoiled != whole
    assert len(spoiled) < len(whole)
    assert b"".join(client.send("GET", path).pieces()) == whole


def test_counters_tell_no_tokens() -> None:
    client = site("One").sign_in()
    read(client.get("photo.count"))
    routes = {row["route"] for row in client.look("counters")["requests"]}
    assert routes == {"/api/json/", "/api/get/photo.count/json/*"}
