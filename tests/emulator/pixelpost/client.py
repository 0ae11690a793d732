"""A client of Pixelpost for the tests, by the protocol's description; it shares no code with the emulator."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from typing import Any

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_picture
from smugsync.emulator.messages import Request, Response
from smugsync.emulator.settings import Settings, Switches
from tests.emulator.ask import Clock

HOST = "127.0.0.1:8080"
#: A moment, in epoch seconds: 73 seconds after a window of 300 began.
NOON = 1_795_262_473.0


def md5(*texts: object) -> str:
    return hashlib.md5("".join(map(str, texts)).encode(), usedforsecurity=False).hexdigest()


def ser(value: Any) -> str:
    if isinstance(value, list):
        value = {str(at): one for at, one in enumerate(value)}
    if isinstance(value, dict):
        return "{" + "".join(f"{key}:{ser(one)}," for key, one in value.items()) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "{}" if value is None else str(value)


@dataclass
class Client:
    """Asks the core directly. Every signed answer is checked."""

    emulator: Emulator
    keys: tuple[str, str] = ("", "")
    token: str = ""
    nonce: str = ""
    challenge: str = ""
    lifetime: int = 300
    checked: int = field(default=0)

    def __post_init__(self) -> None:
        if not self.keys[0]:
            announced = self.emulator.pixelpost.entities.announced
            self.keys = announced.public_key, announced.private_key

    @property
    def secret(self) -> str:
        return md5(*self.keys)

    def send(self, method: str, target: str, body: bytes = b"", **headers: str) -> Response:
        path, _, query = target.partition("?")
        sent = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.emulator.handle(Request(method, path, query, sent, body))

    def post(self, call: object) -> Any:
        """The whole answer; None for a page."""
        body = call if isinstance(call, bytes) else json.dumps(call).encode()
        return read(self.send("POST", "/api/json/", body))

    def anonymous(self, method: str, **request: Any) -> Any:
        return self.post({"method": method, "request": request})

    def window(self) -> int:
        return math.ceil(int(self.emulator.clock()) / self.lifetime) * self.lifetime

    def sign_in(self) -> Client:
        given = self.anonymous("auth.request", public_key=self.keys[0], session="tests")["response"]
        self.challenge, self.lifetime = given["challenge"], given["lifetime"]
        self.token = md5(self.challenge, self.secret, self.window())
        signature = md5(self.token, self.challenge, self.secret)
        answer = self.anonymous("auth.token", challenge=self.challenge, signature=signature)
        return self._take(answer["response"])

    def refresh(self) -> Client:
        new = md5(self.challenge, self.secret, self.window())
        signature = md5(new, self.token, self.secret)
        answer = self.anonymous("auth.refresh", token=self.token, signature=signature)
        self.token = new
        return self._take(answer["response"])

    def _take(self, given: dict[str, str]) -> Client:
        self.nonce = given["nonce"]
        assert given["signature"] == md5(self.token, self.nonce, self.secret)
        return self

    def sign(self, method: str, request: Any) -> dict[str, Any]:
        hmac = md5(self.nonce, method, ser(request), self.secret)
        return {"method": method, "request": request, "token": self.token, "hmac": hmac}

    def ask(self, method: str, **request: Any) -> Any:
        """The whole answer; names have `_` for `-`."""
        return self.check(self.post(self.sign(method, {n.replace("_", "-"): v for n, v in request.items()})))

    def check(self, answer: Any) -> Any:
        if answer is not None and answer["status"] == "valid":
            expected = md5(self.nonce, answer["nonce"], ser(answer["response"]), self.secret)
            assert answer["hmac"] == expected
            self.nonce = answer["nonce"]
            self.checked += 1
        return answer

    def get(self, method: str, query: str = "", request: Any = None, form: str = "json") -> Response:
        """The documented request by GET; `request` is what the query says."""
        hmac = md5(self.nonce, method, ser(request or {}), self.secret)
        return self.send("GET", f"/api/get/{method}/{form}/token:{self.token}/hmac:{hmac}/?{query}")

    def list(self, *fields: str, **options: Any) -> list[Any]:
        answer = self.ask("photo.list", fields=list(fields or ("id",)), **options)
        assert answer["status"] == "valid", answer
        photos: list[Any] = answer["response"]["photo"]
        return photos

    def control(self, place: str, **body: Any) -> Any:
        return self._control("POST", place, body)

    def look(self, place: str) -> Any:
        return self._control("GET", place, {})

    def drop(self, place: str) -> Any:
        return self._control("DELETE", place, {})

    def _control(self, method: str, place: str, body: Any) -> Any:
        response = self.send(method, f"/_emulator/{place}", json.dumps(body).encode())
        assert response.status == 200, response.content()
        return response.json()


def read(response: Response) -> Any:
    """JSON, or None for a page of HTML; the status says nothing."""
    assert response.status == 200
    assert response.header("Content-Type") == "text/html; charset=UTF-8"
    text = response.content().decode()
    return None if text.startswith("<!DOCTYPE html>") else json.loads(text)


def site(*titles: str, **switches: Any) -> Client:
    """A client, not signed in yet, of a site with photos of these titles, one second after the other."""
    clock = Clock(NOON)
    emulator = Emulator(Settings(albums=0, switches=Switches(**switches)), clock=clock)
    album = emulator.account.add_album("All")
    for number, title in enumerate(titles):
        emulator.account.add_photo(album, f"{number}.jpg", make_picture(number, taken=None), title=title)
        clock.now += 1
    clock.now = NOON + 100
    return Client(emulator)


def tick(client: Client, seconds: float) -> None:
    clock = client.emulator.clock
    assert isinstance(clock, Clock)
    clock.now += seconds


def error(code: str, message: str) -> dict[str, str]:
    return {"status": "error", "code": code, "message": message}
