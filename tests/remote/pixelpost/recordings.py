"""The recorded answers of the real application, read where they lie."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from smugsync.remote.dialect import Auth, Call, Reply

FOLDER = Path(__file__).parents[3].parent / "shared" / "recorded" / "pixelpost"
NAMES = sorted(path.name for path in FOLDER.glob("*.txt"))
#: Throw-away keys of the recorded runs, and what is computed of them.
PUBLIC, PRIVATE = "6e0e1af43b6f9d3a29b3b655290239fe", "b21d48f42be29f2a7fedddb1c606697c"

present = pytest.mark.skipif(not NAMES, reason="the recorded answers are not here")


@dataclass(frozen=True)
class Recorded:
    """`payload` is the body of a POST, None of a GET."""

    verb: str
    path: str
    payload: str | None
    reply: Reply

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:18093{self.path}"

    @property
    def call(self) -> Call:
        body = None if self.payload is None else self.payload.encode()
        is_file = self.path.startswith("/photos/")
        return Call(self.verb, self.url, body=body, auth=Auth.NONE if is_file else Auth.ACCOUNT)

    @property
    def answer(self) -> dict[str, Any]:
        found = json.loads(self.reply.body)
        assert isinstance(found, dict)
        return found


def load(name: str) -> Recorded:
    text = (FOLDER / name).read_bytes().decode().replace("\r\n", "\n")
    command, rest = text.split("--- request head sent\n", 1)
    sent, answered = rest.split("--- response\n", 1)
    verb, target, _ = sent.split(" ", 2)
    head, _, body = answered.partition("\n\n")
    status, *lines = head.splitlines()
    headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    payload = re.search(r"(?:--data-binary|-d) '(.*)'\n", command, re.DOTALL)
    data = body.removesuffix("\n").encode()
    return Recorded(
        verb,
        urlsplit(target)._replace(scheme="", netloc="").geturl(),
        payload[1] if payload else None,
        Reply(int(status.split()[1]), headers, data),
    )
