"""A small account behind the older API, answering from memory in the shapes of each version.

It is no emulator and knows no rules: it follows the recorded answers and the tables of the documentation,
and its habits that clients have to cope with are switches.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from smugsync.remote.dialect import Call, Reply

Json = dict[str, Any]

API = "https://api.smugmug.com"
PHOTOS = "http://nick.smugmug.com/photos"
LOGIN_ANSWER: Json = {
    "stat": "ok",
    "method": "smugmug.login.withPassword",
    "Login": {
        "User": {"id": 303189, "NickName": "nick", "DisplayName": "Display"},
        "PasswordHash": "$1$Ou3SzvBQ$hash",
        "AccountType": "Standard",
        "FileSizeLimit": 12582912,
        "SmugVault": False,
        "Session": {"id": "02f3ad2fcd0a3839e7249374278b096e"},
    },
}
CHECKED_TOKEN: Json = {
    "stat": "ok",
    "method": "smugmug.auth.checkAccessToken",
    "Auth": {
        "Token": {"id": "t0ken", "Secret": "s3cret", "Access": "Full", "Permissions": "Modify"},
        "User": {"id": 303189, "NickName": "nick", "Name": "Display", "FileSizeLimit": 25165824},
    },
}


def reply(body: object, status: int = 200, url: str = "", **headers: str) -> Reply:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, data, url)


def ok(call: Call, **payload: object) -> Reply:
    return reply({"stat": "ok", "method": "smugmug.x", **payload}, url=call.url)


def fail(code: object, message: str = "words of the service", status: int = 200, url: str = "") -> Reply:
    return reply({"stat": "fail", "code": code, "message": message}, status, url)


def image(number: int = 1970029991, key: str = "rnSfAak", data: bytes = b"a photo", **changes: Any) -> Json:
    """A photo with all its fields, as 1.3.0 shows it; a change of None removes a field."""
    base = f"{PHOTOS}/{number}_{key}"
    fields: Json = {
        "id": number,
        "Key": key,
        "Altitude": 0,
        "Caption": "",
        "Date": "2012-07-18 13:11:02",
        "FileName": f"{key}.jpg",
        "Format": "JPG",
        "Height": 2304,
        "Hidden": False,
        "Keywords": "",
        "LargeURL": f"{base}-L.jpg",
        "LastUpdated": "2012-07-18 13:12:40",
        "Latitude": 0,
        "Longitude": 0,
        "MD5Sum": hashlib.md5(data).hexdigest(),
        "MediumURL": f"{base}-M.jpg",
        "OriginalURL": f"{base}-O.jpg",
        "Position": 1,
        "Serial": 0,
        "Size": len(data),
        "SmallURL": f"{base}-S.jpg",
        "URL": f"http://nick.smugmug.com/Other/Foo/1234_xCXXu#{number}_{key}",
        "Watermark": False,
        "Width": 3072,
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def video(number: int = 7, key: str = "vvvvv", **changes: Any) -> Json:
    """A video, whose MD5 and size are those of what was uploaded."""
    base = f"{PHOTOS}/{number}_{key}"
    renditions = {f"Video{width}URL": f"{base}-{width}.mp4" for width in (320, 640, 1280)}
    beside = {"Format": "MP4", "FileName": f"{key}.mov", "OriginalURL": None, "Duration": 12.5}
    return image(number, key, **{**beside, **renditions, **changes})


def arguments(call: Call) -> dict[str, str]:
    """What a call asks with, wherever it stands."""
    form = call.body.decode() if isinstance(call.body, bytes) else ""
    given = parse_qs(f"{urlsplit(call.url).query}&{form}", keep_blank_values=True)
    assert all(len(values) == 1 for values in given.values())
    return {name: values[0] for name, values in given.items()}


@dataclass
class SmallLegacy:
    """`albums` by their numbers, with their images; `locked` ones need a password."""

    version: str
    albums: dict[int, list[Json]] = field(default_factory=dict)
    locked: set[int] = field(default_factory=set)
    keyed: bool = True
    strict: bool = False
    bytes_of: dict[str, bytes] = field(default_factory=dict)

    def add(self, album: int, number: int, data: bytes, **changes: Any) -> None:
        item = image(number, f"k{number}", data, **changes)
        self.albums.setdefault(album, []).append(item)
        if "OriginalURL" in item:
            self.bytes_of[item["OriginalURL"].replace("http:", "https:")] = data

    def add_video(self, album: int, number: int, data: bytes) -> None:
        item = video(number, f"k{number}")
        self.albums.setdefault(album, []).append(item)
        self.bytes_of[item["Video1280URL"].replace("http:", "https:")] = data

    def __call__(self, call: Call) -> Reply:
        if call.auth.is_media:
            data = self.bytes_of.get(call.url)
            return reply(b"", 404) if data is None else reply(data, content_type="image/jpeg")
        asked = arguments(call)
        answer = self._answer(asked.pop("method"), asked)
        return reply(answer, url=call.url)

    def _answer(self, method: str, asked: dict[str, str]) -> Json:
        noun = method.removeprefix("smugmug.")
        if noun == "login.withPassword":
            return LOGIN_ANSWER
        if noun == "auth.checkAccessToken":
            return CHECKED_TOKEN
        if noun == "users.getTree":
            tops = [self._shown(number) for number in self.albums]
            return self._ok(method, Categories=[{"id": 0, "Name": "Other", "Albums": tops}])
        if noun == "albums.get":
            return self._ok(method, Albums=[self._shown(number) for number in self.albums])
        if noun == "images.getInfo":
            return self._info(method, asked)
        return self._of_album(method, noun, int(asked["AlbumID"]) if asked["AlbumID"].isdigit() else 0)

    def _info(self, method: str, asked: dict[str, str]) -> Json:
        for number, images in self.albums.items():
            for item in images:
                if str(item["id"]) == asked["ImageID"]:
                    beside = {"Album": self._ref(number)}
                    return self._ok(method, Image={**self._drawn(item), **beside})
        return self._fail(method, 4, "invalid user (wrong key)")

    def _of_album(self, method: str, noun: str, number: int) -> Json:
        if number not in self.albums:
            return self._fail(method, 4, "invalid user")
        if noun == "albums.getInfo":
            return self._ok(method, Album=self._shown(number))
        if number in self.locked:
            return self._fail(method, 4, "invalid user (wrong album password)")
        images = [self._drawn(item) for item in self.albums[number]]
        if not images and (self.version != "1.3.0" or self.strict):
            return self._fail(method, 15, "empty set - no images found")
        if self.version in ("1.2.0", "1.2.1"):
            return self._ok(method, Images=images)
        return self._ok(method, Album={**self._ref(number), "ImageCount": len(images), "Images": images})

    def _ref(self, number: int) -> Json:
        return {"id": number, "Key": f"a{number}"} if self.keyed else {"id": number}

    def _drawn(self, item: Json) -> Json:
        return item if self.keyed else {name: value for name, value in item.items() if name != "Key"}

    def _shown(self, number: int) -> Json:
        album: Json = {
            **self._ref(number),
            "Title": f"Album {number}",
            "Category": {"id": 0, "Name": "Other"},
            "ImageCount": len(self.albums[number]),
            "LastUpdated": "2007-09-24 16:40:10",
            "Password": "",
            "Originals": True,
        }
        if self.version in ("1.2.2", "1.3.0"):
            album |= {"NiceName": f"Album-{number}", "Passworded": number in self.locked}
        return album

    def _ok(self, method: str, **payload: object) -> Json:
        return {"stat": "ok", "method": method, **payload}

    def _fail(self, method: str, code: int, message: str) -> Json:
        beside = {} if self.version == "1.2.0" else {"method": method}
        return {"stat": "fail", **beside, "code": code, "message": message}
