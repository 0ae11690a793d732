"""A client for the tests: signs with authlib, which shares no code with the emulator's oauthlib."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from authlib.oauth1 import ClientAuth  # type: ignore[import-untyped]  # it ships no types

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request, Response
from smugsync.emulator.settings import Settings, Viewer

HOST = "127.0.0.1:8080"
ORIGIN = f"http://{HOST}"


class Clock:
    """Stands still until told otherwise. Epoch seconds; authlib signs with the real time."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def sign(emulator: Emulator, viewer: Viewer, method: str, url: str) -> str:
    """The Authorization header."""
    keys = emulator.credentials_of(viewer)
    auth = ClientAuth(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
    _, headers, _ = auth.prepare(method, url, {}, b"")
    return str(headers["Authorization"])


@dataclass(frozen=True)
class Client:
    """Asks the core directly, as one viewer."""

    emulator: Emulator
    viewer: Viewer = "owner"

    def send(self, target: str, method: str = "GET", **headers: str) -> Response:
        """`target` is path and query; `headers` with `_` for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"host": HOST, "accept": "application/json", **sent}
        if self.viewer == "anonymous":
            key = self.emulator.credentials_of("anonymous").api_key
            target += ("&" if "?" in target else "?") + f"APIKey={key}"
        else:
            sent.setdefault("authorization", sign(self.emulator, self.viewer, method, ORIGIN + target))
        path, _, query = target.partition("?")
        return self.emulator.handle(Request(method, path, query, sent))

    def write(self, target: str, data: Mapping[str, Any], method: str = "POST", **headers: str) -> Response:
        """A JSON body, or a form if `content_type` says so."""
        kind = headers.setdefault("content_type", "application/json")
        body = (json.dumps(data) if kind == "application/json" else urlencode(data)).encode()
        sent = {"host": HOST, "accept": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        keys = self.emulator.credentials_of(self.viewer)
        auth = ClientAuth(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
        _, signed, _ = auth.prepare(method, ORIGIN + target, {"Content-Type": kind}, body)
        path, _, query = target.partition("?")
        sent["authorization"] = str(signed["Authorization"])
        return self.emulator.handle(Request(method, path, query, sent, body))

    def get(self, target: str) -> Any:
        """The body of a success."""
        response = self.send(target)
        body = json.loads(response.content())
        assert response.status == 200, body
        assert body["Code"] == 200
        return body

    def status(self, target: str) -> int:
        return self.send(target).status

    def all(self, target: str, locator: str) -> list[dict[str, Any]]:
        """Every item of a listing, page by page."""
        items: list[dict[str, Any]] = []
        following: str | None = target
        while following:
            response = self.get(following)["Response"]
            items += response.get(locator, [])
            following = response["Pages"].get("NextPage")
        return items

    def media(self, url: str, **headers: str) -> Response:
        """A media address, unsigned."""
        path = "/" + url.split("/", 3)[3]
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.emulator.handle(Request("GET", path, "", {"host": HOST, **sent}))


def demo(viewer: Viewer = "owner") -> Client:
    return Client(Emulator(Settings()), viewer)
