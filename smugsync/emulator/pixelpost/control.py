"""`/_emulator/pixelpost`: the site behind the scenes, for tests.

================================ ==================================================================
GET  /pixelpost                  the photos with their files' MD5 and size, the keys, the login
POST /pixelpost/add              data (base64) or seed; title, description, visible, publish-date
POST /pixelpost/edit             id; title, description, visible, publish-date, filename, modified
POST /pixelpost/delete           id
POST /pixelpost/entities         name, grants; public_key, private_key -> one more key pair
POST /pixelpost/login            key, if it shall be that -> the Cookie header of the administration
POST /pixelpost/chance           challenge, nonce, key, form, upload: texts that come next, in place
                                 of random ones
DELETE /pixelpost/tokens         every client is signed out
================================ ==================================================================

A publish-date is an RFC 3339 text or epoch seconds; `modified` is the time of the picture file, in
microseconds since the epoch.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from smugsync.emulator.account.arguments import flag_of, text_of, texts_of
from smugsync.emulator.account.content import Bytes
from smugsync.emulator.media.pictures import make_picture
from smugsync.emulator.pixelpost.chance import PURPOSES
from smugsync.emulator.pixelpost.entities import Entity, read_grants
from smugsync.emulator.pixelpost.reading import read_date, show_date
from smugsync.emulator.pixelpost.site import Photo

if TYPE_CHECKING:
    from smugsync.emulator.pixelpost.service import Pixelpost

_TEXTS: Final = ("title", "description", "filename")


def control(pixelpost: Pixelpost, method: str, parts: list[str], body: dict[str, Any]) -> object:
    """Raises LookupError for an unknown address, photo or argument, ValueError for a wrong argument."""
    site = pixelpost.site
    with pixelpost.lock:
        match method, parts:
            case "GET", []:
                return _describe(pixelpost)
            case "POST", ["add"]:
                return _show(_add(pixelpost, body))
            case "POST", ["edit"]:
                photo, changes = _find(pixelpost, body), _changes(body)
                site.edit(photo, **changes)
                return _show(_find(pixelpost, body))
            case "POST", ["delete"]:
                photo = _find(pixelpost, body)
                site.delete(photo)
                return {"id": photo.id, "filename": photo.filename}
            case "POST", ["entities"]:
                return _add_entity(pixelpost, body)
            case "POST", ["login"]:
                key = text_of(body, "key") if "key" in body else ""
                return {"cookie": pixelpost.bridge.open(key)}
            case "POST", ["chance"]:
                return _plan(pixelpost, body)
            case "DELETE", ["tokens"]:
                pixelpost.sessions.forget()
                return {}
    raise LookupError("/".join(["", "pixelpost", *parts]))


def _describe(pixelpost: Pixelpost) -> dict[str, Any]:
    account, announced = pixelpost.bridge.account, pixelpost.entities.announced
    return {
        "photos": [_show(photo) for photo in pixelpost.site.photos()],
        "public_key": announced.public_key,
        "private_key": announced.private_key,
        "user": account.user,
        "password": account.password,
    }


def _show(photo: Photo) -> dict[str, Any]:
    """`md5` is None if the file is gone and nobody ever hashed it."""
    try:
        md5: str | None = photo.image.content.md5
    except OSError:
        md5 = None
    return {
        "id": photo.id,
        "filename": photo.filename,
        "image": photo.image.key,
        "title": photo.title,
        "description": photo.description,
        "publish-date": show_date(photo.published),
        "visible": photo.visible,
        "md5": md5,
        "size": photo.image.content.size,
    }


def _find(pixelpost: Pixelpost, body: dict[str, Any]) -> Photo:
    number = body["id"]
    if not isinstance(number, int):
        raise ValueError("id is a whole number")
    photo = pixelpost.site.find(number)
    if photo is None:
        raise LookupError(f"photo {number}")
    return photo


def _changes(body: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {name: text_of(body, name) for name in _TEXTS if name in body}
    if "visible" in body:
        changes["visible"] = flag_of(body, "visible")
    if "publish-date" in body:
        date = body["publish-date"]
        published = date if isinstance(date, int) else read_date(date)
        if published is None:
            raise ValueError("publish-date is an RFC 3339 date or a number of seconds")
        show_date(published)
        changes["published"] = published
    if "modified" in body:
        if not isinstance(body["modified"], int):
            raise ValueError("modified is a whole number of microseconds")
        changes["modified"] = body["modified"]
    return changes


def _add(pixelpost: Pixelpost, body: dict[str, Any]) -> Photo:
    changes = _changes(body)
    if "data" in body:
        data = base64.b64decode(text_of(body, "data"), validate=True)
    else:
        seed = body.get("seed", 1)
        if not isinstance(seed, int):
            raise ValueError("seed is a whole number")
        data = make_picture(seed, taken=None)
    photo = pixelpost.site.add(Bytes(data))
    pixelpost.site.edit(photo, **{"visible": True, **changes})
    found = pixelpost.site.find(photo.id)
    if found is None:
        raise LookupError(f"photo {photo.id}")
    return found


def _add_entity(pixelpost: Pixelpost, body: dict[str, Any]) -> dict[str, Any]:
    public, private = (
        text_of(body, name) if name in body else pixelpost.chance("key")
        for name in ("public_key", "private_key")
    )
    grants = read_grants(texts_of(body, "grants"))
    entity = Entity(public, private, text_of(body, "name"), pixelpost.bridge.account.user, grants)
    pixelpost.entities.add(entity)
    return {"public_key": entity.public_key, "private_key": entity.private_key}


def _plan(pixelpost: Pixelpost, body: dict[str, Any]) -> dict[str, Any]:
    planned = {purpose: texts_of(body, purpose) for purpose in PURPOSES if purpose in body}
    if unknown := sorted(body.keys() - planned.keys()):
        raise ValueError(f"{unknown[0]} is none of {', '.join(PURPOSES)}")
    for purpose, texts in planned.items():
        pixelpost.chance.plan(purpose, texts)
    return {}
