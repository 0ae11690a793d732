"""Pings: a service that expects one after every run sounds the alarm when none comes.

healthchecks.io and what speaks like it: `URL/start`, `URL`, `URL/fail`, the summary as the body
(https://healthchecks.io/docs/http_api/: any method, the first 100 kB of the body are kept).
Uptime Kuma's push monitors: GET `…/api/push/TOKEN?status=up|down&msg=…`; they know no start, and up to
version 1 no other method.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx

from smugsync.notify.channel import PATIENCE, Undelivered
from smugsync.notify.messages import Beat, Message, Signal
from smugsync.notify.posting import post
from smugsync.secret import Secret

#: Of the body, in bytes.
LONGEST: Final = 100_000
#: Of a message that goes into an address, in characters.
_LINE = 200
_KUMA = "/api/push/"
_SUFFIX: dict[Signal, str] = {"start": "/start", "success": "", "fail": "/fail"}


class Ping:
    """To one address. A service without `/start` is not bothered with it again."""

    name = "notify.ping"

    def __init__(self, address: Secret, transport: httpx.BaseTransport) -> None:
        self._address = address
        self._transport = transport
        self._is_kuma = self._no_start = _KUMA in address.reveal()

    def takes(self, message: Message) -> bool:
        return isinstance(message, Beat) and not (self._no_start and message.signal == "start")

    def send(self, message: Message, *, patience: float = PATIENCE) -> None:
        if not isinstance(message, Beat):
            return
        try:
            address = target(self._address.reveal(), message)
        except ValueError:
            raise Undelivered("its address cannot be used", again=False) from None
        method, body = ("GET", b"") if self._is_kuma else ("POST", cut(message.body, LONGEST))
        try:
            post(self._transport, address, body, method=method, patience=patience)
        except Undelivered as error:
            if message.signal == "start" and not error.again:
                self._no_start = True
            raise


def target(address: str, beat: Beat) -> str:
    """Where `beat` goes. What the address holds after a `?` stays there."""
    parts = urlsplit(address)
    if _KUMA in parts.path:
        first = beat.body.strip().split("\n", 1)[0][:_LINE] or "OK"
        known = [
            (key, value) for key, value in parse_qsl(parts.query) if key not in ("status", "msg", "ping")
        ]
        status = "down" if beat.signal == "fail" else "up"
        query = urlencode([*known, ("status", status), ("msg", first)], quote_via=quote, errors="replace")
        return parts._replace(query=query, fragment="").geturl()
    path = parts.path.rstrip("/") + _SUFFIX[beat.signal]
    return parts._replace(path=path, fragment="").geturl()


def cut(text: str, room: int) -> bytes:
    """`text` in at most `room` bytes of UTF-8, no character torn."""
    data = text.encode("utf-8", "replace")
    return data if len(data) <= room else data[:room].decode("utf-8", "ignore").encode()
