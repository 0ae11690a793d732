"""Who is it, and what may we do? Read from answers, and asked of the emulated service."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings
from smugsync.emulator.switches import Access, Permissions, Switches
from smugsync.errors import Garbled, NotAuthorised
from smugsync.remote.dialect import Call, Reply
from smugsync.remote.hosts import Hosts
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import KeySigner, OAuth1Signer, Signer
from smugsync.remote.smugmug_v2.viewer import (
    Allowance,
    Trial,
    Viewer,
    ViewerQuestions,
    Writing,
    read_allowance,
)
from smugsync.stop import Stop

ORIGIN = "http://127.0.0.1:8000"
QUESTIONS = ViewerQuestions(ORIGIN)


def answer(user: dict[str, Any], status: int = 200) -> Reply:
    body = {"Response": {"User": user}, "Code": status, "Message": "Ok"}
    return Reply(status, {}, json.dumps(body).encode())


def user(**fields: Any) -> dict[str, Any]:
    plain = {
        "NickName": "nick",
        "Name": "Nick",
        "WebUri": "https://nick.smugmug.com",
        "ResponseLevel": "Full",
    }
    return {**plain, "Uris": {"Node": "/api/v2/node/abc12"}, **fields}


def test_a_viewer_is_read() -> None:
    expected = Viewer("nick", "Nick", "https://nick.smugmug.com", "abc12", "Full")
    assert QUESTIONS.read_viewer(answer(user())) == expected


@pytest.mark.parametrize("level", ["Public", "Password", "", None, 3])
def test_any_level_but_full_is_what_everybody_sees(level: object) -> None:
    assert QUESTIONS.read_viewer(answer(user(ResponseLevel=level))).access == "Public"


def test_a_name_cannot_drive_the_terminal() -> None:
    assert QUESTIONS.read_viewer(answer(user(Name="\x1b[2Jx\n"))).name == "[2Jx"


@pytest.mark.parametrize("spoiled", [{"NickName": ""}, {"NickName": None}, {"Uris": {}}])
def test_half_an_account_is_none(spoiled: dict[str, Any]) -> None:
    with pytest.raises(Garbled):
        QUESTIONS.read_viewer(answer(user(**spoiled)))


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (403, "The user has not granted the required permissions", Writing.REFUSED),
        (401, "The user has not granted the required permissions", Writing.REFUSED),
        (401, "oauth_problem=nonce_used", Writing.UNKNOWN),
        (403, "Forbidden", Writing.UNKNOWN),
        (400, "Bad Request", Writing.ALLOWED),
        (404, "Not Found", Writing.UNKNOWN),
        (503, "Service Unavailable", Writing.UNKNOWN),
        (201, "Created", Writing.UNKNOWN),
    ],
)
def test_what_a_trial_proves(status: int, message: str, expected: Writing) -> None:
    reply = Reply(status, {}, json.dumps({"Code": status, "Message": message}).encode())
    assert Trial().read(reply) is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-ratelimit-remaining": "99", "x-ratelimit-reset": "1700000000"}, Allowance(99, 1_700_000_000)),
        ({"x-ratelimit-remaining": "99"}, None),
        ({"x-ratelimit-remaining": "-1", "x-ratelimit-reset": "1"}, None),
        ({}, None),
    ],
)
def test_what_is_left_is_read(headers: dict[str, str], expected: Allowance | None) -> None:
    assert read_allowance(headers) == expected


# -- the emulated service --------------------------------------------------------------------------


class Scene:
    """A session with an emulator, signed in as its owner with such a grant."""

    def __init__(
        self, access: Access = "Full", permissions: Permissions = "Modify", signer: Signer | None = None
    ) -> None:
        self.emulator = Emulator(Settings(switches=Switches(access=access, permissions=permissions)))
        keys = self.emulator.credentials
        signer = signer or OAuth1Signer(
            keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret
        )
        if isinstance(signer, KeySigner):
            signer = KeySigner(keys.api_key)
        manners = Manners(tries=1, sleep=lambda _: None)
        self.session = Session(self.emulator.transport(), Hosts([ORIGIN]), signer, Stop(), manners=manners)

    def viewer(self, nickname: str = "") -> Viewer:
        return QUESTIONS.read_viewer(self.session.ask(QUESTIONS.viewer(nickname), QUESTIONS))

    def account(self) -> bytes:
        """Everything there is, as tests look behind the scenes."""
        request = httpx.Request("GET", f"{ORIGIN}/_emulator/account")
        answer = self.emulator.transport().handle_request(request)
        assert answer.status_code == 200
        return answer.read()


@pytest.mark.parametrize("access", ["Full", "Public"])
def test_the_level_tells_the_access(access: Access) -> None:
    found = Scene(access).viewer()
    assert (found.nickname, found.access) == ("demo", access)
    assert found.url == "https://demo.smugmug.com"


def test_without_a_token_nobody_is_signed_in() -> None:
    scene = Scene(signer=KeySigner(""))
    with pytest.raises(NotAuthorised):
        scene.viewer()
    assert scene.viewer("demo").access == "Public"


def test_an_account_that_is_not_there() -> None:
    with pytest.raises(NotAuthorised, match=r"no account of this name; check `remote\.user`"):
        Scene().viewer("nobody-at-all")


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [("Read", Writing.REFUSED), ("Add", Writing.ALLOWED), ("Modify", Writing.ALLOWED)],
)
def test_a_trial_tells_the_grant_and_changes_nothing(permissions: Permissions, expected: Writing) -> None:
    scene = Scene(permissions=permissions)
    before = scene.account()
    trial = Trial()
    call: Call = QUESTIONS.trial(scene.viewer())
    assert trial.read(scene.session.ask(call, trial)) is expected
    assert scene.account() == before
