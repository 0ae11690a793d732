"""A request and its response as plain values, so that the core never touches a socket.

A response may ask its mouth to misbehave (`Delivery`): the core decides *what* goes wrong, the mouth
knows *how* that is done on its kind of connection.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

from smugsync.emulator.account.content import Content

#: How many arrays and objects of JSON may lie in each other.
DEEPEST: Final = 64


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `path` and `query` are as sent, still encoded; header names are lower-case.

    A body that is too large for memory lies in the file `upload` instead of in `body`.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    scheme: str = "http"
    upload: Path | None = None

    @property
    def params(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def form(self) -> list[tuple[str, str]]:
        """The body's fields if it is a form, else nothing: only a form is part of a signature."""
        if not self.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
            return []
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    @property
    def fields(self) -> dict[str, Any]:
        """What a write says: a JSON object, or a form, whose repeated fields become a list.

        Raises ValueError for a body that is neither, and for JSON that `read_json` does not take.
        """
        if not self.body.strip():
            return {}
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind.endswith("json") or (not self.form and self.body.lstrip()[:1] == b"{"):
            value = read_json(self.body)
            if value is None:
                return {}
            if not isinstance(value, dict):
                raise ValueError("the body is not a JSON object")
            return value
        found: dict[str, Any] = {}
        for name, value in self.form:
            key = name.removesuffix("[]")
            if key in found or name != key:
                earlier = found.get(key, [])
                found[key] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
            else:
                found[key] = value
        if not found:
            raise ValueError("the body is neither JSON nor a form")
        return found


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes `start` to `stop` (exclusive) of a stored file, read while they are sent."""

    content: Content
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def chunks(self) -> Iterator[bytes]:
        return self.content.read(self.start, self.stop)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a response goes out. The default is: at once and whole.

    `delay` is in seconds before the first byte. After `limit` body bytes the connection does what
    `then` says: `close` ends it early, `reset` drops it, `stall` says nothing more but stays open.
    `limit` -1 means not even the headers. `flip` is the offset of a byte whose lowest bit is wrong.
    """

    delay: float = 0
    limit: int | None = None
    then: Literal["close", "reset", "stall"] = "close"
    flip: int | None = None


WHOLE = Delivery()


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Span = b""
    delivery: Delivery = WHOLE

    def header(self, name: str) -> str | None:
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)

    def json(self) -> object:
        """The body as JSON; for tests that call the core directly."""
        return json.loads(self.content())

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else b"".join(self.body.chunks())

    def pieces(self) -> Iterator[bytes]:
        """The body as it leaves the house: flipped and cut short as `delivery` says."""
        chunks = iter((self.body,)) if isinstance(self.body, bytes) else self.body.chunks()
        limit, offset = self.delivery.limit, 0
        for whole in chunks:
            chunk = whole
            if limit is not None:
                chunk = chunk[: max(0, limit - offset)]
            flip = self.delivery.flip
            if flip is not None and offset <= flip < offset + len(chunk):
                at = flip - offset
                chunk = chunk[:at] + bytes([chunk[at] ^ 1]) + chunk[at + 1 :]
            offset += len(chunk)
            if chunk:
                yield chunk
            if limit is not None and offset >= limit:
                return


def read_json(text: str | bytes) -> Any:
    """JSON that an answer can repeat.

    Raises ValueError for what is no JSON, for text with half a surrogate pair, which no UTF-8 can say, for
    numbers beyond a float, and for what is nested more than `DEEPEST` deep.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise _too_deep() from None
    _check(value, DEEPEST)
    return value


def _check(value: Any, room: int) -> None:
    match value:
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise ValueError("the JSON has text that is not Unicode: half a surrogate pair") from None
        case float() if not math.isfinite(value):
            raise ValueError("the JSON has a number that is none")
        case list() | dict():
            if room == 0:
                raise _too_deep()
            for item in value:
                _check(item, room - 1)
            if isinstance(value, dict):
                for item in value.values():
                    _check(item, room - 1)


def _too_deep() -> ValueError:
    return ValueError(f"the JSON is nested more than {DEEPEST} deep")


def json_response(status: int, value: object, *, pretty: bool = False) -> Response:
    """UTF-8. What that cannot say (file names may hold it) becomes a question mark."""
    text = json.dumps(value, ensure_ascii=False, indent=4) if pretty else _dumps(value)
    kind = (("Content-Type", "application/json; charset=utf-8"),)
    return Response(status, kind, text.encode("utf-8", "replace"))


def html_response(status: int, title: str, text: str) -> Response:
    """What the servers in front of the API answer when it is not reached."""
    page = (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>"
        f"<body><h1>{title}</h1><p>{text}</p></body></html>\n"
    )
    return Response(status, (("Content-Type", "text/html; charset=utf-8"),), page.encode())


_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
