"""ntfy (https://docs.ntfy.sh/publish/): one POST to a topic; title, priority and tags are headers."""

from __future__ import annotations

import base64
from typing import Final

import httpx

from smugsync.notify.channel import PATIENCE
from smugsync.notify.messages import Kind, Message, Notice, Urgency
from smugsync.notify.ping import cut
from smugsync.notify.posting import post
from smugsync.secret import Secret

#: Of a message, in bytes; a longer one would arrive as an attachment.
LONGEST: Final = 4_000
_PRIORITY: dict[Urgency, str] = {"low": "low", "normal": "default", "high": "high"}
#: Names of emoji, which apps show before the title.
_TAGS: dict[Kind, str] = {
    "held": "pause_button",
    "failed": "warning",
    "damaged": "rotating_light",
    "stale": "alarm_clock",
    "recovered": "white_check_mark",
}


class Ntfy:
    """To one topic. `token` is sent as a bearer's."""

    name = "notify.ntfy"

    def __init__(self, topic: Secret, transport: httpx.BaseTransport, *, token: Secret | None = None) -> None:
        self._topic = topic
        self._transport = transport
        self._token = token

    def takes(self, message: Message) -> bool:
        return isinstance(message, Notice)

    def send(self, message: Message, *, patience: float = PATIENCE) -> None:
        if not isinstance(message, Notice):
            return
        headers: dict[str, str] = {
            "Title": _header(message.title),
            "Priority": _PRIORITY[message.urgency],
            "Tags": _TAGS[message.kind],
            "Content-Type": "text/plain; charset=utf-8",
        }
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.reveal()}"
        body = cut(message.body, LONGEST)
        post(self._transport, self._topic.reveal(), body, headers=headers, patience=patience)


def _header(text: str) -> str:
    """A header is one line of ASCII; ntfy reads RFC 2047 where that does not do."""
    line = " ".join(text.split())
    if line.isascii() and line.isprintable():
        return line
    return f"=?UTF-8?B?{base64.b64encode(line.encode('utf-8', 'replace')).decode()}?="
