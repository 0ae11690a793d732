"""The recorded conversations with the real application, as requests and answers."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

from smugsync.emulator.messages import Request

RECORDED = Path(__file__).parents[4] / "shared" / "recorded" / "pixelpost"
_BINARY = re.compile(r"<([0-9]+) bytes binary, md5 ([0-9a-f]{32})>\Z")


@dataclass(frozen=True)
class Recording:
    """One file. `now` is the time of its answer; `binary` the length of a body that was left out."""

    name: str
    request: Request
    status: int
    headers: dict[str, str]
    body: str
    now: int
    binary: int | None = None

    @property
    def number(self) -> int:
        return int(self.name.partition("-")[0])


def read(path: Path) -> Recording:
    text = path.read_text("utf-8")
    command, _, rest = text.partition("\n--- request head sent\n")
    sent, _, received = rest.partition("\n--- response\n")
    head, _, body = received.partition("\n\n")
    status, *lines = head.split("\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if line)}
    body = body.removesuffix("\n")  # the recorder's own
    binary = _BINARY.match(body)
    return Recording(
        path.stem,
        _request(command, sent),
        int(status.split()[1]),
        headers,
        body,
        int(parsedate_to_datetime(headers["date"]).timestamp()),
        int(binary[1]) if binary else None,
    )


def _request(command: str, head: str) -> Request:
    """What curl sent: its head, and the body from its command line."""
    first, *lines = head.strip().split("\n")
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if line)}
    line = next(line for line in command.split("\n") if line.startswith("$ "))
    words = shlex.split(line)
    bodies = [words[at + 1] for at, word in enumerate(words) if word in ("-d", "--data-binary")]
    return Request(method, path, query, headers, "".join(bodies).encode())


def read_all() -> list[Recording]:
    """In the order in which they were made."""
    found = [read(path) for path in RECORDED.glob("*.txt")] if RECORDED.is_dir() else []
    return sorted(found, key=lambda recording: recording.number)
