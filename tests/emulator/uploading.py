"""A client that uploads, for the tests; it asks the core directly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smugsync.emulator.account.model import Album
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request, Response
from smugsync.emulator.settings import Settings, Switches, Viewer
from tests.emulator.ask import HOST, ORIGIN, Client, Clock, sign


@dataclass(frozen=True)
class Uploader:
    """Uploads into one album, as one viewer."""

    emulator: Emulator
    album: Album
    viewer: Viewer = "owner"

    @property
    def client(self) -> Client:
        return Client(self.emulator)

    @property
    def uri(self) -> str:
        return f"/api/v2/album/{self.album.key}"

    def send(
        self, data: bytes | Path, target: str | None = None, method: str | None = None, **headers: str | None
    ) -> Response:
        """`headers` with `_` for `-` and without `x_smug_`; None leaves out one that is usual."""
        target, method = target or "/upload/", method or "POST"
        usual: dict[str, str | None] = {
            "host": HOST,
            "x-smug-albumuri": self.uri,
            "x-smug-version": "v2",
            "x-smug-responsetype": "JSON",
        }
        plain = ("host", "authorization", "content")
        for name, value in headers.items():
            dashed = name.replace("_", "-")
            usual[dashed if dashed.startswith(plain) else f"x-smug-{dashed}"] = value
        sent = {name: value for name, value in usual.items() if value is not None}
        if "authorization" not in usual:
            sent["authorization"] = sign(self.emulator, self.viewer, method, ORIGIN + target)
        path, _, query = target.partition("?")
        if isinstance(data, Path):
            return self.emulator.handle(Request(method, path, query, sent, upload=data))
        return self.emulator.handle(Request(method, path, query, sent, data))

    def put(self, data: bytes | Path, **headers: str | None) -> dict[str, Any]:
        """A success: the image as the album lists it then."""
        answer = json.loads(self.send(data, **headers).content())
        assert answer["stat"] == "ok", answer
        image: dict[str, Any] = self.client.get(answer["Image"]["AlbumImageUri"])["Response"]["AlbumImage"]
        return image

    def fail(self, data: bytes | Path, **headers: str | None) -> tuple[int, str]:
        """Code and message of a failure, which left nothing behind."""
        before = self._state()
        response = self.send(data, **headers)
        answer = json.loads(response.content())
        assert (answer["stat"], answer["method"]) == ("fail", "smugmug.images.upload")
        assert self._state() == before
        assert response.status == (409 if answer["code"] == 409 else 200)
        return answer["code"], answer["message"]

    def _state(self) -> list[tuple[object, ...]]:
        return [
            (album.node.modified, album.images_updated, *((i.id, i.updated) for i in album.photos[-9:]))
            for album in self.emulator.account.albums.values()
        ]


def uploader(*, viewer: Viewer = "owner", clock: Clock | None = None, **switches: Any) -> Uploader:
    """Into an empty album of a small account."""
    settings = Settings(albums=1, images=1, switches=Switches(**switches))
    emulator = Emulator(settings, clock=clock) if clock else Emulator(settings)
    return Uploader(emulator, emulator.account.add_album("New"), viewer)
