"""ntfy: one POST, headers of ASCII, a token that only it sees."""

from __future__ import annotations

from dataclasses import replace
from email.header import decode_header, make_header

import httpx

from smugsync.notify.messages import Beat
from smugsync.notify.ntfy import LONGEST, Ntfy
from smugsync.secret import Secret
from tests.notify.listening import Listener
from tests.notify.samples import NOTICE


def test_a_notice_is_posted_with_title_priority_and_tags(
    listener: Listener, transport: httpx.BaseTransport
) -> None:
    ntfy = Ntfy(Secret(f"{listener.url}/topic"), transport, token=Secret("tk_abc"))
    ntfy.send(replace(NOTICE, urgency="high"))
    (heard,) = listener.heard
    assert heard.path == "/topic"
    assert heard.body == "they broke off\nNext: x y"
    shown = {key: heard.headers[key] for key in ("title", "priority", "tags", "authorization")}
    assert shown == {
        "title": "smugsync: 3 photos failed",
        "priority": "high",
        "tags": "warning",
        "authorization": "Bearer tk_abc",
    }


def test_without_a_token_there_is_no_authorization(
    listener: Listener, transport: httpx.BaseTransport
) -> None:
    Ntfy(Secret(f"{listener.url}/topic"), transport).send(NOTICE)
    assert "authorization" not in listener.heard[0].headers


def test_a_title_in_any_script_arrives_and_adds_no_header(
    listener: Listener, transport: httpx.BaseTransport
) -> None:
    title = "smugsync Zoë: 夏\r\nX-Planted: 1"
    Ntfy(Secret(f"{listener.url}/topic"), transport).send(replace(NOTICE, title=title))
    (heard,) = listener.heard
    assert str(make_header(decode_header(heard.headers["title"]))) == "smugsync Zoë: 夏 X-Planted: 1"
    assert "x-planted" not in heard.headers


def test_a_long_text_is_cut(listener: Listener, transport: httpx.BaseTransport) -> None:
    Ntfy(Secret(f"{listener.url}/topic"), transport).send(replace(NOTICE, text="ü" * 9_000))
    assert len(listener.heard[0].body.encode()) <= LONGEST


def test_beats_are_none_of_its_business(transport: httpx.BaseTransport) -> None:
    assert not Ntfy(Secret("http://127.0.0.1/t"), transport).takes(Beat("default", "start"))
