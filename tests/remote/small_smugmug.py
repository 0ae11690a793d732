"""A SmugMug of a few albums that answers read calls from memory, in the shapes that were recorded.

It is no emulator: it checks no signatures and knows no rules, and each of its habits that clients
have to cope with is a switch.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from smugsync.remote.dialect import Call, Reply

MEDIA = "https://photos.smugmug.com"
Json = dict[str, Any]


def ordinal(number: int) -> str:
    return f"{number:032x}"


def photo(key: str, body: bytes = b"\xff\xd8 a photo", **changes: Any) -> Json:
    """An AlbumImage as recorded, its original `body`; a change of None removes the field."""
    serial = changes.get("Serial", 0)
    fields: Json = {
        "Title": "",
        "Caption": "",
        "Keywords": "",
        "KeywordArray": [],
        "Latitude": "0",
        "Longitude": "0",
        "Hidden": False,
        "FileName": f"{key}.JPG",
        "Processing": False,
        "UploadKey": "8501959156",
        "Date": "2019-08-05T09:16:35+00:00",
        "DateTimeUploaded": "2019-08-05T09:16:35+00:00",
        "DateTimeOriginal": "2019-08-04T18:28:12+00:00",
        "Format": "JPG",
        "LastUpdated": "2019-08-05T09:16:39+00:00",
        "IsVideo": False,
        "ComponentFileTypes": [],
        "ImageKey": key,
        "Serial": 0,
        "ArchivedUri": f"{MEDIA}/Trip/i-{key}/{serial}/b2bccf20/D/{key}-D.jpg",
        "ArchivedSize": len(body),
        "ArchivedMD5": hashlib.md5(body).hexdigest(),
        "Status": "Open",
        "SubStatus": "NFS",
        "Uris": {},
    }
    fields.update(changes)
    return {name: value for name, value in fields.items() if value is not None}


def video(key: str, **changes: Any) -> Json:
    link = f"/api/v2/image/{key}-{changes.get('Serial', 0)}!largestvideo"
    return photo(
        key,
        **{
            "FileName": f"{key}.MOV",
            "Format": "MP4",
            "IsVideo": True,
            "ArchivedMD5": ordinal(7),
            "ArchivedSize": 7,
            "Uris": {"LargestVideo": link},
            **changes,
        },
    )


@dataclass
class SmallSmugMug:
    """`images` by album key. `bodies` by media path, the photos' and videos' alike."""

    images: dict[str, list[Json]] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    folders: dict[str, list[Json]] = field(default_factory=dict)
    renditions: dict[str, Json] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    expands: bool = True
    long_links: bool = False  #: links as objects, as without `_verbosity=1`
    largest_page: int = 1000

    def add(self, album: str, key: str, body: bytes, **changes: Any) -> Json:
        item = photo(key, body, **changes)
        if "ArchivedUri" in item:
            self.bodies[item["ArchivedUri"]] = body
        self.images.setdefault(album, []).append(item)
        return item

    def add_video(self, album: str, key: str, body: bytes, **changes: Any) -> Json:
        item = video(key, **changes)
        url = f"{MEDIA}/Trip/i-{key}/0/token/1920/{key}-1920.mp4"
        self.bodies[url] = body
        self.renditions[key] = {"Url": url, "Size": len(body), "MD5": hashlib.md5(body).hexdigest()}
        self.images.setdefault(album, []).append(item)
        return item

    def __call__(self, call: Call) -> Reply:
        if call.url in self.bodies:
            return Reply(200, {"content-type": "image/jpeg"}, self.bodies[call.url])
        parts = urlsplit(call.url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        for pattern, route in self._routes():
            if match := re.fullmatch("/api/v2" + pattern, unquote(parts.path)):
                return self._in_its_form(route(query, *match.groups()))
        return error(404, "Not Found")

    def _routes(self) -> tuple[tuple[str, Callable[..., Reply]], ...]:
        return (
            ("!authuser", self._user),
            ("/user/nick", self._user),
            ("/user/nick!albums", self._albums),
            ("/album/([^/!]+)", self._one_album),
            ("/album/([^/!]+)!images", self._images),
            ("/album/([^/!]+)/image/([^/!-]+)-([0-9]+)", self._album_image),
            ("/album/([^/!]+)/image/([^/!-]+)", self._bare_album_image),
            ("/image/([^/!-]+)-[0-9]+!largestvideo", self._largest_video),
            ("/node/([^/!]+)!children", self._children),
        )

    def _user(self, query: dict[str, str]) -> Reply:
        user = {"NickName": "nick", "Name": "Nick Name", "Uris": {"Node": "/api/v2/node/zx4Fx"}}
        return answer("/api/v2!authuser", "User", user)

    def _albums(self, query: dict[str, str]) -> Reply:
        return self._page(
            "/api/v2/user/nick!albums", "Album", [self._album(key) for key in self.images], query
        )

    def _one_album(self, query: dict[str, str], key: str) -> Reply:
        if key not in self.images:
            return error(404, "Not Found")
        return answer(f"/api/v2/album/{key}", "Album", self._album(key))

    def _album(self, key: str) -> Json:
        shown: Json = {
            "AlbumKey": key,
            "NodeID": f"n{key}",
            "Name": f"Album {key}",
            "UrlPath": f"/Trip/{key}",
        }
        if key in self.locked:
            return {**shown, "SecurityType": "Password", "ResponseLevel": "Password", "Uris": {}}
        return {
            **shown,
            "ResponseLevel": "Full",
            "ImageCount": len(self.images[key]),
            "LastUpdated": "2020-09-06T10:00:00+00:00",
            "ImagesLastUpdated": "2020-09-06T10:00:40+00:00",
            "Uris": {"AlbumImages": f"/api/v2/album/{key}!images"},
        }

    def _images(self, query: dict[str, str], key: str) -> Reply:
        if key not in self.images:
            return error(404, "Not Found")
        return self._page(f"/api/v2/album/{key}!images", "AlbumImage", self.images[key], query)

    def _album_image(self, query: dict[str, str], album: str, key: str, serial: str) -> Reply:
        for item in self.images.get(album, ()):
            if (item["ImageKey"], str(item["Serial"])) == (key, serial):
                path = f"/api/v2/album/{album}/image/{key}-{serial}"
                return answer(path, "AlbumImage", item, **self._expansions([item], query))
        return error(404, "Not Found")

    def _bare_album_image(self, query: dict[str, str], album: str, key: str) -> Reply:
        for item in self.images.get(album, ()):
            if item["ImageKey"] == key:
                target = f"/api/v2/album/{album}/image/{key}-{item['Serial']}"
                return Reply(301, {"location": target}, b"")
        return error(404, "Not Found")

    def _largest_video(self, query: dict[str, str], key: str) -> Reply:
        if key not in self.renditions:
            return error(404, "Not Found")
        return answer(f"/api/v2/image/{key}-0!largestvideo", "LargestVideo", self.renditions[key])

    def _children(self, query: dict[str, str], node: str) -> Reply:
        return self._page(f"/api/v2/node/{node}!children", "Node", self.folders.get(node, []), query)

    def _page(self, uri: str, locator: str, items: list[Json], query: dict[str, str]) -> Reply:
        start, count = int(query["start"]), min(int(query["count"]), self.largest_page)
        shown = items[start - 1 : start - 1 + count]
        pages: Json = {"Total": len(items), "Start": start, "Count": len(shown), "RequestedCount": count}
        if start + count <= len(items):
            pages["NextPage"] = f"{uri}?start={start + count}&count={count}"
        return answer(uri, locator, shown or None, pages, **self._expansions(shown, query))

    def _expansions(self, items: list[Json], query: dict[str, str]) -> Json:
        if not self.expands or query.get("_expand") != "LargestVideo":
            return {}
        links = {
            str(uris["LargestVideo"]): str(item["ImageKey"])
            for item in items
            if isinstance(uris := item["Uris"], dict) and "LargestVideo" in uris
        }
        found = {
            link: {"Uri": link, "Locator": "LargestVideo", "LargestVideo": self.renditions[key]}
            for link, key in links.items()
            if key in self.renditions
        }
        return {"Expansions": found or []}

    def _in_its_form(self, reply: Reply) -> Reply:
        if not self.long_links:
            return reply

        def lengthen(value: Json) -> Json:
            links = value.get("Uris")
            if isinstance(links, dict):
                value["Uris"] = {
                    name: {"Uri": uri, "EndpointType": name} for name, uri in links.items()
                } or []
            return value

        return Reply(
            reply.status, reply.headers, json.dumps(json.loads(reply.body, object_hook=lengthen)).encode()
        )


def answer(uri: str, locator: str, value: object, pages: Json | None = None, **beside: Any) -> Reply:
    response: Json = {"Uri": uri, "Locator": locator}
    if value is not None:
        response[locator] = value
    if pages is not None:
        response["Pages"] = pages
    return reply_json(200, {"Response": response, "Code": 200, "Message": "Ok", **beside})


def error(code: int, message: str) -> Reply:
    return reply_json(code, {"Code": code, "Message": message})


def reply_json(status: int, document: Json) -> Reply:
    return Reply(status, {"content-type": "application/json"}, json.dumps(document).encode())
