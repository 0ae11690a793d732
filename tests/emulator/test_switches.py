"""How switches are written, and that turning one turns the service."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import Any

import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Settings
from smugsync.emulator.switches import HELP, Switches
from tests.emulator.ask import Client, Clock


@pytest.mark.parametrize("name", [one.name.replace("_", "-") for one in fields(Switches)])
def test_the_help_names_every_switch_and_its_default(name: str) -> None:
    default = Switches().describe()[name]
    lines = HELP.splitlines()
    [at] = [number for number, line in enumerate(lines) if line.startswith(f"  {name}=")]
    paragraph = lines[at]
    for line in lines[at + 1 :]:
        if not line.startswith(" " * 20):
            break
        paragraph += line
    assert (
        f"default {default:g}" in paragraph
        if isinstance(default, float)
        else f"default {default}" in paragraph
    )


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("max-count=100", "max_count", 100),
        ("grant-status=401", "grant_status", 401),
        ("access=public", "access", "Public"),
        (" permissions = Add ", "permissions", "Add"),
        ("processing=2.5", "processing", 2.5),
        ("images_updated_lag=30", "images_updated_lag", 30.0),
    ],
)
def test_a_switch_is_read(text: str, name: str, value: object) -> None:
    assert getattr(Switches().set(text), name) == value


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("speed=9", "there is no switch 'speed=9': NAME=VALUE, where NAME is one of max-count, "),
        ("max-count", "there is no switch 'max-count'"),
        ("access=Some", "access is Full or Public, not 'Some'"),
        ("max-count=0", "max-count is a whole number from 1, not '0'"),
        ("mismatch-code=5.5", "mismatch-code is a whole number from 1, not '5.5'"),
        ("processing=soon", "processing is a number of seconds, not 'soon'"),
        ("processing=-1", "processing is a number of seconds, not '-1'"),
        ("image-lag=inf", "image-lag is a number of seconds, not 'inf'"),
        ("image-lag=nan", "image-lag is a number of seconds, not 'nan'"),
    ],
)
def test_nonsense_is_explained(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        Switches().set(text)


def call(emulator: Emulator, method: str, **body: Any) -> tuple[int, Any]:
    response = emulator.handle(Request(method, "/_emulator/switches", body=json.dumps(body).encode()))
    return response.status, response.json()


def test_switches_are_shown_and_turned_while_it_runs() -> None:
    emulator = Emulator(Settings(switches=Switches(max_count=5)))
    status, shown = call(emulator, "GET")
    assert (status, shown) == (200, {**Switches().describe(), "max-count": 5})
    client = Client(emulator)
    target = "/api/v2/user/demo!albums?count=100"
    assert client.get(target)["Response"]["Pages"]["RequestedCount"] == 5
    status, shown = call(emulator, "POST", **{"max-count": 3, "grant-status": 401})
    assert (status, shown["max-count"], shown["grant-status"]) == (200, 3, 401)
    assert client.get(target)["Response"]["Pages"]["RequestedCount"] == 3


def test_half_a_turn_is_none() -> None:
    emulator = Emulator(Settings(albums=0))
    assert call(emulator, "POST", **{"max-count": 3, "grant-status": 500})[0] == 400
    assert call(emulator, "GET")[1]["max-count"] == 1000


def test_a_lag_stays_whatever_faults_come_and_go() -> None:
    clock = Clock(1_600_000_000)
    emulator = Emulator(Settings(albums=1, switches=Switches(images_updated_lag=60)), clock=clock)
    [album] = emulator.account.albums.values()

    def lag_of_an_upload() -> float:
        begin = clock.now
        emulator.account.add_photo(album, "a.jpg", b"")
        before = album.images_updated_at(clock.now)
        while album.images_updated_at(clock.now) == before:
            clock.now += 10
        return clock.now - begin

    assert lag_of_an_upload() == 60
    fault = emulator.faults.add("late:seconds=20")
    assert lag_of_an_upload() == 20
    emulator.faults.clear(fault.id)
    assert lag_of_an_upload() == 60
