"""A client of the older APIs, for the tests; it asks the core directly."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import urlencode

from authlib.oauth1 import ClientAuth  # type: ignore[import-untyped]  # it ships no types

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.content import Bytes
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_picture, make_video
from smugsync.emulator.messages import Request, Response
from smugsync.emulator.settings import Settings, Switches, Viewer, make_login
from tests.emulator.ask import HOST, ORIGIN, Clock

VERSIONS = ("1.2.0", "1.2.1", "1.2.2", "1.3.0")
WITH_SESSIONS = VERSIONS[:3]
PASSWORD = "open sesame"


@dataclass(frozen=True)
class Older:
    """Calls of one version, by a session, a signature (`signs`) or an API key alone."""

    emulator: Emulator
    version: str = "1.2.0"
    session: str = ""
    signs: Viewer | None = None
    host: str = HOST

    @property
    def path(self) -> str:
        return f"/services/api/json/{self.version}/"

    @property
    def api_key(self) -> str:
        return self.emulator.credentials.api_key

    def send(self, method: str, *, path: str = "", verb: str = "GET", **arguments: object) -> Response:
        """`method` without `smugmug.`"""
        given = {"method": f"smugmug.{method}", **{k: str(v) for k, v in arguments.items()}}
        if self.session:
            given.setdefault("SessionID", self.session)
        elif self.signs is None:
            given.setdefault("APIKey", self.api_key)
        headers, body = {"host": self.host}, urlencode(given).encode()
        if verb == "POST":
            headers["content-type"] = "application/x-www-form-urlencoded"
        path = path or self.path
        if self.signs is not None:
            keys = self.emulator.credentials_of(self.signs)
            auth = ClientAuth(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
            scheme = "http" if self.host == HOST else "https"
            url = f"{scheme}://{self.host}{path}" + ("" if verb == "POST" else f"?{urlencode(given)}")
            signed = dict(headers)
            if verb == "POST":
                signed["Content-Type"] = headers["content-type"]
            _, out, _ = auth.prepare(verb, url, signed, body if verb == "POST" else b"")
            headers["authorization"] = str(out["Authorization"])
        if verb == "POST":
            return self.emulator.handle(Request(verb, path, "", headers, body))
        return self.emulator.handle(Request(verb, path, urlencode(given), headers))

    def ask(self, method: str, **arguments: Any) -> Any:
        response = self.send(method, **arguments)
        assert response.status == 200
        return json.loads(response.content())

    def ok(self, method: str, **arguments: Any) -> Any:
        answer = self.ask(method, **arguments)
        assert answer["stat"] == "ok", answer
        assert answer["method"] == f"smugmug.{method}"
        return answer

    def code(self, method: str, **arguments: Any) -> int:
        """The code of a failure."""
        answer = self.ask(method, **arguments)
        assert answer["stat"] == "fail", answer
        code: int = answer["code"]
        return code

    def anonymous(self) -> Older:
        return replace(self, session="", signs=None)

    def at(self, version: str) -> Older:
        """The same caller by another version: sessions up to 1.2.2, then signatures."""
        if version == "1.3.0":
            return replace(self, version=version, session="", signs="owner" if self.session else self.signs)
        return replace(self, version=version)

    # -- what is there, through the account --------------------------------------------------------

    def album(self, name: str) -> Album:
        albums = self.emulator.account.albums.values()
        return next(album for album in albums if album.node.name == name)

    def id_of(self, thing: Album | Image) -> int:
        """As the API tells it."""
        if isinstance(thing, Album):
            listed = self.ok("albums.get", NickName=thing.node.owner)["Albums"]
            return next(int(one["id"]) for one in listed if one["Key"] == thing.key)
        home = self.emulator.account.albums[thing.home]
        return next(int(one["id"]) for one in self.images(home) if one["Key"] == thing.key)

    def images(self, album: Album, **arguments: Any) -> list[dict[str, Any]]:
        answer = self.ok("images.get", AlbumID=self.id_of(album), AlbumKey=album.key, **arguments)
        images: list[dict[str, Any]] = (answer if "Images" in answer else answer["Album"])["Images"]
        return images

    def names(self, album: Album) -> list[str]:
        return [one["FileName"] for one in self.images(album, Heavy=1)]

    def fetch(self, url: str, **headers: str) -> Response:
        path = "/" + url.split("/", 3)[3]
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.emulator.handle(Request("GET", path, "", {"host": self.host, **sent}))

    # -- uploads -----------------------------------------------------------------------------------

    def put(
        self, data: bytes, path: str = "/new.jpg", *, verb: str = "PUT", **headers: str | None
    ) -> Response:
        """`headers` with `_` for `-`, and without `x_smug_`; None leaves out one that is usual."""
        usual: dict[str, str | None] = {
            "host": self.host,
            "content-length": str(len(data)),
            "content-md5": hashlib.md5(data).hexdigest(),
            "x-smug-version": self.version,
            "x-smug-responsetype": "JSON",
        }
        if self.session:
            usual["x-smug-sessionid"] = self.session
        if self.signs is not None:
            keys = self.emulator.credentials_of(self.signs)
            auth = ClientAuth(keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret)
            _, signed, _ = auth.prepare(verb, f"http://{self.host}{path}", {}, b"")
            usual["authorization"] = str(signed["Authorization"])
        for name, value in headers.items():
            dashed = name.replace("_", "-")
            plain = dashed.startswith(("host", "content", "authorization"))
            usual[dashed if plain else f"x-smug-{dashed}"] = value
        sent = {name: value for name, value in usual.items() if value is not None}
        return self.emulator.handle(Request(verb, path, "", sent, data))

    def upload(self, data: bytes, path: str = "/new.jpg", **headers: Any) -> Any:
        response = self.put(data, path, **headers)
        assert response.status == 200
        return json.loads(response.content())


def login(emulator: Emulator, version: str = "1.2.0", nickname: str = "") -> Older:
    """Whoever logs in, the owner if nobody is named."""
    nickname = nickname or emulator.account.nickname
    secret = make_login(emulator.settings, nickname)
    client = Older(emulator, version if version != "1.3.0" else "1.2.2")
    answer = client.ok(
        "login.withPassword", APIKey=client.api_key, EmailAddress=secret.email, Password=secret.password
    )
    return replace(client, session=answer["Login"]["Session"]["id"]).at(version)


@cache
def picture(seed: int) -> bytes:
    return make_picture(seed, taken=f"2019-08-0{seed}T11:28:12")


@cache
def film() -> bytes:
    return make_video(9, taken="2020-05-02T22:01:00", at_least=60_000)


def fill(account: Account) -> None:
    """Something of everything, with few pictures."""
    travel = account.add_folder("Travel")
    iceland = account.add_folder("Iceland 2019", parent=travel)
    ring = account.add_album("Ring Road", parent=iceland, keywords=("iceland", "road"))
    for number in (1, 2, 3):
        account.add_photo(ring, f"DSC_420{number}.JPG", picture(number), caption=f"Kilometre {number}")
    deep = account.add_folder("Day 1", parent=iceland)
    account.add_photo(account.add_album("Deep", parent=deep), "deep.jpg", picture(4))
    family = account.add_folder("Family")
    birthday = account.add_album("Zoë's birthday 🎂", parent=family)
    account.add_photo(birthday, "Candles.MOV", film(), rendition=Bytes(film() + b"rendition"))
    account.add_photo(birthday, "a & b <c>.jpg", picture(5), title="Cake", keywords=("cake", "two words"))
    letters = account.add_album("Letters", parent=family, privacy="Private")
    account.add_photo(letters, "page-1.jpg", picture(6))
    work = account.add_folder("Work")
    wedding = account.add_album("Wedding M + J", parent=work)
    account.set_privacy(wedding.node, "Public", password=PASSWORD)
    account.add_photo(wedding, "MJ-1.jpg", picture(7))
    proofs = account.add_album("Proofs", parent=work)
    proofs.largest_size = "X3Large"
    account.add_photo(proofs, "proof.jpg", picture(8))
    drafts = account.add_album("Drafts", parent=work, privacy="Unlisted")
    account.add_photo(drafts, "draft.jpg", picture(9))
    best = account.add_album("Best of")
    account.collect(ring.photos[0], best)
    account.add_album("Nothing yet")
    account.add_page("About me")


def owner(version: str = "1.2.0", *, clock: Clock | None = None, **switches: Any) -> Older:
    """The owner of an account with something of everything. By a session up to 1.2.2, then by signatures."""
    client = small(version, clock=clock, **switches)
    fill(client.emulator.account)
    return client


def small(version: str = "1.2.0", *, clock: Clock | None = None, **switches: Any) -> Older:
    """The owner of an account without anything in it."""
    settings = Settings(albums=0, switches=Switches(**switches))
    emulator = Emulator(settings, clock=clock) if clock else Emulator(settings)
    return login(emulator, version)


def new_album(client: Older, name: str = "New", **arguments: Any) -> int:
    answer = client.ok("albums.create", Title=name, **arguments)
    return int(answer["Album"]["id"])


__all__ = ["HOST", "ORIGIN", "PASSWORD", "VERSIONS", "WITH_SESSIONS", "Clock", "Older", "fill", "film"]
__all__ += ["login", "new_album", "owner", "picture", "small"]
