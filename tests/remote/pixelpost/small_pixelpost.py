"""A small Pixelpost site in memory, written from what is known of the service and from nothing of ours.

It issues challenges and nonces, checks every signature and hmac, keeps time, and answers as the recorded
application does: status 200 and `text/html` whatever happens.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import formatdate
from hashlib import md5
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx

from smugsync.remote.dialect import Call, Reply

Json = dict[str, Any]

SITE = "https://photos.example.org"
PUBLIC, PRIVATE = "aa" * 16, "bb" * 16
NOON = 1_600_000_000.0
OOPS = "<!DOCTYPE html>\n<html><head><title>Oops!</title></head><body><h1>Oops!</h1></body></html>"


class Refused(Exception):
    def __init__(self, code: str, message: str = "") -> None:
        self.code, self.message = code, message


def h(text: str) -> str:
    return md5(text.encode()).hexdigest()


def flat(value: object) -> str:
    """The text an hmac is made over."""
    if value is None:
        return "{}"
    if value is True or value is False:
        return str(value).lower()
    if isinstance(value, list):
        value = {str(number): one for number, one in enumerate(value)}
    if isinstance(value, dict):
        return "{" + "".join(f"{key}:{flat(one)}," for key, one in value.items()) + "}"
    return str(value)


def photo(number: int, **fields: Any) -> Json:
    name = h(f"photo {number}") + ".jpg"
    day = f"2019-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"
    made: Json = {
        "id": number,
        "filename": name,
        "title": f"Title {number}",
        "description": "",
        "publish-date": f"{day}T12:00:00+00:00",
        "visible": True,
        "original-url": f"{SITE}/photos/original/{name}",
    }
    return made | {key.replace("_", "-"): value for key, value in fields.items()}


@dataclass
class Token:
    challenge: str
    window: int
    nonce: str


@dataclass
class SmallPixelpost:
    """`anonymous`: whoever asks may read. `interval_works`: without the published versions' bug.

    `lose`: so many answers are worked out and never sent. `spoil` changes a body on its way.
    """

    photos: list[Json] = field(default_factory=list)
    anonymous: bool = False
    grants: bool = True
    interval_works: bool = True
    lifetime: int = 300
    now: float = NOON
    tells_time: bool = True
    content_type: str = "text/html; charset=UTF-8"
    lose: int = 0
    spoil: Callable[[str], str] = lambda body: body
    before: Callable[[str], None] = lambda method: None
    asked: list[str] = field(default_factory=list)
    seen: list[httpx.Request] = field(default_factory=list)
    challenges: dict[str, float] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    made: int = 0

    secret = h(PUBLIC + PRIVATE)

    # As the two kinds of test ask

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        reply = self.reply(request.method, str(request.url), request.read())
        if self.lose:
            self.lose -= 1
            raise httpx.ReadError("the line broke", request=request)
        return httpx.Response(reply.status, headers=dict(reply.headers), stream=httpx.ByteStream(reply.body))

    def answer(self, call: Call) -> Reply:
        return self.reply(call.method, call.url, call.body if isinstance(call.body, bytes) else b"")

    def reply(self, method: str, url: str, body: bytes) -> Reply:
        parts = urlsplit(url)
        date = {"date": formatdate(self.now, usegmt=True)} if self.tells_time else {}
        if "/photos/" in parts.path:
            known = any(one["original-url"].endswith(parts.path) for one in self.photos)
            if not known:
                return Reply(404, date | {"content-type": "text/html"}, b"<h1>Not Found</h1>")
            return Reply(200, date | {"content-type": "image/jpeg"}, b"bytes of " + parts.path.encode())
        text = self.spoil(self.envelope(*self.read(method, parts.path, parts.query, body)))
        return Reply(200, date | {"content-type": self.content_type}, text.encode())

    # The codecs

    def read(self, verb: str, path: str, query: str, body: bytes) -> tuple[Json, bool]:
        if verb == "POST":
            assert path.endswith("/api/json/"), path
            return json.loads(body), True
        match = re.fullmatch(r".*/api/get/([a-z.]+)/json((?:/[a-z]+:[^/]*)*)/?", path)
        assert match, path
        asked: Json = {"method": match[1]}
        for one in filter(None, match[2].split("/")):
            key, _, value = unquote(one).partition(":")
            asked[key] = value
        if query:
            asked["request"] = self.php(query)
        return asked, False

    @staticmethod
    def php(query: str) -> Json:
        root: Json = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            keys = name.replace("]", "").split("[")
            at: Json = root
            for key in keys[:-1]:
                at = at.setdefault(key, {})
            at[keys[-1] or str(len(at))] = value
        return root

    def envelope(self, asked: Json, _is_json: bool) -> str:
        method, request = asked["method"], asked.get("request")
        self.asked.append(method)
        self.before(method)
        if request is None and "token" not in asked:
            return OOPS
        token: Token | None = None
        try:
            if "token" in asked and "hmac" in asked and request is not None:
                token = self.check(asked)
            response = getattr(self, "do_" + method.replace(".", "_"))(request, token, asked.get("token"))
        except Refused as error:
            return json.dumps({"status": "error", "code": error.code, "message": error.message})
        answer = {"status": "valid", "response": response}
        if token is not None:
            fresh = self.random()
            answer |= {"nonce": fresh, "hmac": h(token.nonce + fresh + flat(response) + self.secret)}
            token.nonce = fresh
        return json.dumps(answer).replace("/", "\\/")

    # Tokens

    def random(self) -> str:
        self.made += 1
        return h(f"random {self.made}")

    def window(self) -> int:
        return math.ceil(int(self.now) / self.lifetime) * self.lifetime

    def check(self, asked: Json) -> Token:
        token = self.tokens.get(asked["token"])
        if token is None:
            raise Refused("bad_token", "The token is not valid.")
        if token.window != self.window():
            raise Refused("old_token", "The token has expired.")
        if asked["hmac"] != h(token.nonce + asked["method"] + flat(asked["request"]) + self.secret):
            raise Refused("bad_hmac", "The hmac is not valid.")
        return token

    def do_auth_request(self, request: Json, token: Token | None, text: str | None) -> Json:
        assert set(request) == {"public_key", "session"}
        challenge = self.random()
        if request["public_key"] == PUBLIC:
            self.challenges[challenge] = self.now
        return {"challenge": challenge, "lifetime": self.lifetime}

    def do_auth_token(self, request: Json, token: Token | None, text: str | None) -> Json:
        challenge = request["challenge"]
        if self.now - self.challenges.pop(challenge, -math.inf) > self.lifetime:
            raise Refused("bad_data", "The specified `challenge` is not valid.")
        made = h(challenge + self.secret + str(self.window()))
        if request["signature"] != h(made + challenge + self.secret):
            raise Refused("bad_data", "The specified `signature` is not valid.")
        return self.issue(made, challenge)

    def do_auth_refresh(self, request: Json, token: Token | None, text: str | None) -> Json:
        old = self.tokens.get(request["token"])
        if old is None:
            raise Refused("bad_token", "The token is not valid.")
        made = h(old.challenge + self.secret + str(self.window()))
        if request["signature"] != h(made + request["token"] + self.secret):
            raise Refused("bad_data", "The specified `signature` is not valid.")
        del self.tokens[request["token"]]
        return self.issue(made, old.challenge)

    def issue(self, made: str, challenge: str) -> Json:
        nonce = self.random()
        self.tokens[made] = Token(challenge, self.window(), nonce)
        return {"nonce": nonce, "signature": h(made + nonce + self.secret)}

    def do_auth_destroy(self, request: Json, token: Token | None, text: str | None) -> Json:
        if token is None or text is None:
            raise Refused("unauthorized")
        del self.tokens[text]
        return {"message": "disconnected"}

    # Photos

    def may_read(self, token: Token | None, method: str) -> None:
        if not (self.anonymous or (token is not None and self.grants)):
            raise Refused(
                "unauthorized", f"You do not have the necessary rights to use the `{method}` method."
            )

    def do_photo_list(self, request: Json, token: Token | None, text: str | None) -> Json:
        self.may_read(token, "photo.list")
        fields = request.get("fields")
        if not fields:
            raise Refused("bad_request", "The field `fields` is empty.")
        names = [*(fields.values() if isinstance(fields, dict) else fields)]
        found = self.filtered(request.get("filter") or {})
        for key, way in reversed((request.get("sort") or {}).items()):
            if key in ("publish-date", "title"):
                found = sorted(found, key=lambda one: str(one[key]), reverse=way != "asc")
        if "pager" in request:
            page, size = (int(request["pager"][key]) for key in ("page", "max-per-page"))
            found = found[(max(page, 1) - 1) * size :][:size]
        return {"photo": [self.shown(one, names) for one in found]}

    def do_photo_count(self, request: Json, token: Token | None, text: str | None) -> Json:
        self.may_read(token, "photo.count")
        return {"total": len(self.filtered(request.get("filter") or {}))}

    def do_photo_get(self, request: Json, token: Token | None, text: str | None) -> Json:
        self.may_read(token, "photo.get")
        fields = request["fields"]
        names = [*(fields.values() if isinstance(fields, dict) else fields)]
        for one in self.photos:
            if one["id"] == int(request["id"]):
                return self.shown(one, names)
        raise Refused("bad_data", f"The specified `id` with value `{request['id']}` does not exist.")

    @staticmethod
    def shown(one: Json, names: list[str]) -> Json:
        return {key: value for key, value in one.items() if key in names}

    def filtered(self, narrowed: Json) -> list[Json]:
        interval = narrowed.get("publish-date-interval")
        if interval is None:
            return list(self.photos)
        if not self.interval_works or " " in interval["start"]:
            raise Refused("bad_data", "The specified `start` is not valid : invalid RFC3339 date.")
        start, end = (datetime.fromisoformat(interval[key]) for key in ("start", "end"))
        return [one for one in self.photos if start <= datetime.fromisoformat(one["publish-date"]) <= end]
