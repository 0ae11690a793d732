"""An upload from its first check to the image that it becomes.

Every rule is the service's (facts 6); where that is not known, what is done here is a guess:

* Add is enough to upload (measured); to replace an image, Modify is asked for, because it changes one;
* an image to be replaced that is not there, or somebody else's, is a system error (code 5);
* an image that is replaced keeps its `FileName` unless the switch `replaced-name` says otherwise;
* a film without an index is taken, and can never be processed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any, Final

from smugsync.emulator.account.account import MAX_IMAGES, EditError
from smugsync.emulator.account.content import Content
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.api.containers import album_uri, web_uri
from smugsync.emulator.api.photos import image_uri
from smugsync.emulator.api.service import NOT_GRANTED
from smugsync.emulator.api.view import View
from smugsync.emulator.messages import Request, Response, json_response
from smugsync.emulator.upload.body import Payload, discard, read_payload
from smugsync.emulator.upload.conversion import convert_heic, make_rendition
from smugsync.emulator.upload.formats import ISO_FILMS, Limits, judge
from smugsync.emulator.upload.replies import (
    ALBUM_FULL,
    CONFLICT,
    INVALID_ALBUM,
    SYSTEM_ERROR,
    UploadRefused,
)
from smugsync.emulator.upload.request import Asked, read_form, read_request
from smugsync.errors import Interrupted
from smugsync.stop import Stop

Keep = Callable[[bytes | Path], Content]
Drop = Callable[[Content], None]
_EXTENSIONS: Final[Mapping[str, str]] = {"JPG": "jpg", "PNG": "png", "GIF": "gif", "MP4": "mp4"}


@dataclass(frozen=True, slots=True)
class _Ready:
    """What is to be stored: fields of `Image`; `name` is "" where nobody gave one."""

    name: str
    content: Content
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Takes uploads. `keep` is where their bytes stay, `drop` lets go of those that no image got. With the
    `stop`, what is under way ends."""

    keep: Keep
    drop: Drop = lambda content: None
    limits: Limits = field(default_factory=Limits)
    stop: Stop | None = None

    def receive(self, request: Request, view: View) -> Response:
        """The answer to an upload whose sender is known. The files of the request are taken or removed.

        Raises Interrupted after the stop.
        """
        if view.user is None:
            return json_response(401, {"Code": 401, "Message": "oauth_problem=parameter_absent"})
        form = read_form(request.headers)
        try:
            replacing = bool(request.headers.get("x-smug-imageuri", "").strip())
            if not view.may("Modify" if replacing else "Add"):
                status = view.switches.grant_status
                return json_response(status, {"Code": status, "Message": NOT_GRANTED})
            return form.success(self._store(request, view))
        except UploadRefused as refused:
            return form.failure(refused)
        except OSError:
            return form.failure(UploadRefused(SYSTEM_ERROR))
        finally:
            discard(request, None)

    def _store(self, request: Request, view: View) -> dict[str, Any]:
        """The recorded `Image` of the answer."""
        asked = read_request(request)
        with view.account.lock:  # what is refused for its target is not even looked at
            _find_target(view, asked)
        payload: Payload | None = None
        kept: list[Content] = []
        try:
            payload = read_payload(request, self.stop)
            if payload.size == 0:
                raise UploadRefused(SYSTEM_ERROR)
            if asked.digest and asked.digest != payload.md5:
                raise UploadRefused(view.switches.mismatch_code)
            return self._show(view, asked, self._prepare(asked, payload, view, kept))
        except Interrupted:
            raise  # what was kept goes at the next start, without anybody waiting for it now
        except BaseException:
            for content in kept:
                self.drop(content)
            raise
        finally:
            discard(request, payload)

    def _show(self, view: View, asked: Asked, ready: _Ready) -> dict[str, Any]:
        with view.account.lock:
            album, old = _find_target(view, asked)
            if old is None:
                image = _add(view, album, ready, asked.details)
            else:
                image = _replace(view, old, ready, asked.details)
            return {
                "AlbumImageUri": f"{album_uri(album)}/image/{image.id}",
                "ImageUri": image_uri(image),
                "StatusImageReplaceUri": None if old is None else "",  # both were seen; None is recorded
                "URL": f"{web_uri(view, album.node)}/i-{image.key}",
            }

    def _prepare(self, asked: Asked, payload: Payload, view: View, kept: list[Content]) -> _Ready:
        """Look at the file, convert it and keep it. Slow for large ones: the account is not locked.

        What is kept is noted in `kept`, whatever happens then.
        """
        with payload.window() as window:
            small = view.switches.small_videos == "accept"
            info = judge(window, replace(self.limits, small=small))
        name = asked.name or payload.name
        if info.format == "HEIC":
            stem = PurePath(name).stem
            name = f"{stem}.JPG" if stem else ""
        with view.account.lock:  # what is refused for its name takes no room
            album, old = _find_target(view, asked)
            if old is None:
                _check_name(view, album, name)
        if info.is_video:
            seed = int(payload.md5[:8], 16)
            rendition = make_rendition(payload.source, info.format, seed=seed, stop=self.stop)
            try:
                settings = {
                    "format": "MP4",
                    "rendition": self._keep(rendition, kept),
                    "broken": info.format in ISO_FILMS and not info.width,
                    "ready_at": _ready_at(view),
                }
            finally:
                if isinstance(rendition, Path):
                    rendition.unlink(missing_ok=True)
            return _Ready(name, self._keep(payload.source, kept), settings)
        if info.format == "HEIC":
            picture = convert_heic(payload.source)
            return _Ready(name, self._keep(picture, kept), {"format": "JPG"})
        return _Ready(name, self._keep(payload.source, kept), {"format": info.format})

    def _keep(self, source: bytes | Path, kept: list[Content]) -> Content:
        """Hashed at once: the first listing would do so while the account is locked."""
        content = self.keep(source)
        kept.append(content)
        _ = content.md5
        return content


def _find_target(view: View, asked: Asked) -> tuple[Album, Image | None]:
    """The album, and the image to be replaced if one is. Raises UploadRefused."""
    account, image = view.account, None
    if asked.image:
        image = account.image(asked.image)
        home = account.album(image.home) if image else None
        if image is None or home is None or not view.is_mine(home.node):
            raise UploadRefused(SYSTEM_ERROR)
        album = account.album(asked.album or image.home)
        if album is None or album.key not in (image.home, *image.collected):
            raise UploadRefused(INVALID_ALBUM)
        return album, image
    album = account.album(asked.album)
    if album is None or not view.is_mine(album.node):
        raise UploadRefused(INVALID_ALBUM)
    if len(album.photos) >= MAX_IMAGES:
        raise UploadRefused(ALBUM_FULL)
    return album, None


def _check_name(view: View, album: Album, name: str) -> None:
    """Raises UploadRefused for a name that is there already, where that is not wanted."""
    if view.switches.duplicates == "refuse" and any(name == image.file_name for image in album.photos):
        raise UploadRefused(CONFLICT)


def _ready_at(view: View) -> int:
    """When a film that comes now will have been processed; 0 is at once."""
    seconds = view.switches.processing
    return math.ceil(view.account.clock() + seconds) if seconds else 0


def _add(view: View, album: Album, ready: _Ready, details: Mapping[str, Any]) -> Image:
    """A new image; of one name and of the same bytes as another, if that is wanted (facts 6.2)."""
    _check_name(view, album, ready.name)
    account = view.account
    try:
        image = account.add_photo(album, ready.name, ready.content, **ready.settings, **details)
    except EditError:
        raise UploadRefused(ALBUM_FULL) from None
    if ready.name:
        return image
    return account.edit(image, file_name=f"i-{image.key}.{_EXTENSIONS[image.format]}")


def _replace(view: View, image: Image, ready: _Ready, details: Mapping[str, Any]) -> Image:
    settings = {"broken": False, **ready.settings, **details}
    if ready.name and view.switches.replaced_name == "take":
        settings["file_name"] = ready.name
    return view.account.replace(image, ready.content, **settings)
