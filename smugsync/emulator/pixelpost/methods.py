"""Every method: what it may not lack, the grant it takes, and what it answers.

photo.config.set, auth.user.*, auth.grant.*, auth.config.* and what else is only known by its name is
answered as a method that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from smugsync.emulator.account.account import EditError
from smugsync.emulator.account.content import Content
from smugsync.emulator.pixelpost import reading
from smugsync.emulator.pixelpost.chance import Fresh
from smugsync.emulator.pixelpost.entities import GRANTS, Entities, Entity, Grant
from smugsync.emulator.pixelpost.envelope import Failed, Oops
from smugsync.emulator.pixelpost.php import Value, int_of, is_empty, text_of
from smugsync.emulator.pixelpost.sessions import Session, Sessions
from smugsync.emulator.pixelpost.site import Photo, Site
from smugsync.emulator.pixelpost.uploading import MAX_SIZE, QUALITY, RESIZED, THUMB, Uploads, make_original

VERSION: Final = "0.0.1"
SIZES: Final[Mapping[str, Value]] = {
    "resized": {"type": "larger-border", "size": RESIZED},
    "thumb": {"type": "square", "size": THUMB},
}
_CONFIGURATION: Final[Mapping[str, Value]] = {
    "directory": "photos",
    "original": "original",
    "resized": "resized",
    "thumb": "thumb",
    "quality": QUALITY,
    "sizes": SIZES,
}
_EDITABLE: Final = ("title", "description", "publish-date", "visible")
_FILES: Final = "/srv/pixelpost/public/photos"
Request = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Context:
    """What methods work on. `keep` makes a content of bytes, `site_url` ends with a slash.

    `session` is that of the caller, None for an anonymous one and for the administration.
    """

    site: Site
    sessions: Sessions
    entities: Entities
    uploads: Uploads
    fresh: Fresh
    keep: Callable[[bytes], Content]
    bugs: frozenset[str]
    site_url: str
    session: Session | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """`grant` is what the caller needs, None if anybody may; `required` are the fields of its request.

    A `configuration` is an object of another kind than answers usually are.
    """

    answer: Callable[[Context, Request], Value]
    grant: Grant | None = None
    required: tuple[str, ...] = ()
    configuration: bool = False


def check_required(name: str, method: Method, request: Request) -> None:
    """Raises Failed for the first field that is missing or empty."""
    for field in method.required:
        if request.get(field) is None:
            raise Failed("bad_request", f"`{name}` method requires a `{field}` field.")
        if is_empty(request[field]):
            raise Failed("bad_request", f"The field `{field}` is empty.")


def _find(context: Context, number: Value) -> Photo:
    photo = None if isinstance(number, (list, dict)) else context.site.find(int_of(number))
    if photo is None:
        shown = "" if isinstance(number, (list, dict)) else text_of(number)
        raise Failed("bad_data", f"The specified `id` with value `{shown}` does not exist.")
    return photo


# -- reading ---------------------------------------------------------------------------------------------


def _version(context: Context, request: Request) -> Value:
    return {"version": VERSION}


def _list(context: Context, request: Request) -> Value:
    fields = reading.wanted_fields(request["fields"])
    chosen = reading.choose(context.site.photos(), request, context.bugs)
    arranged = reading.arrange(chosen, request.get("sort"), context.bugs)
    page = reading.page_of(arranged, request.get("pager"), "photo.list")
    return {"photo": [reading.show(photo, fields, context.site_url) for photo in page]}


def _get(context: Context, request: Request) -> Value:
    fields = reading.wanted_fields(request["fields"])
    return reading.show(_find(context, request["id"]), fields, context.site_url)


def _count(context: Context, request: Request) -> Value:
    return {"total": len(reading.choose(context.site.photos(), request, context.bugs))}


def _path(context: Context, request: Request) -> Value:
    """Nobody has seen it work: what it answers once mended is a guess."""
    if "path" in context.bugs:
        raise reading.unknown()
    if request["size"] not in ("original", *SIZES):
        raise Failed("bad_data", "The specified `size` is not valid.")
    return {"path": f"{_FILES}/{request['size']}/{_find(context, request['id']).filename}"}


def _size(context: Context, request: Request) -> Value:
    return dict(SIZES)


def _configuration(context: Context, request: Request) -> Value:
    return dict(_CONFIGURATION)


# -- writing ---------------------------------------------------------------------------------------------


def _set(context: Context, request: Request) -> Value:
    photo, fields = _find(context, request["id"]), request["fields"]
    given = fields if isinstance(fields, dict) else {}
    given = {name: value for name, value in given.items() if name in _EDITABLE}
    if not given:
        raise reading.unknown()
    changes: dict[str, Value] = {
        name: text_of(given[name]) for name in ("title", "description") if name in given
    }
    if "visible" in given:
        changes["visible"] = bool(int_of(given["visible"]))
    if "publish-date" in given:
        changes["published"] = reading.check_date(given["publish-date"], "publish-date", context.bugs)
    context.site.edit(photo, **changes)
    return {"message": "photo updated"}


def _delete(context: Context, request: Request) -> Value:
    context.site.delete(_find(context, request["id"]))
    return {"message": "photo deleted"}


def _add(context: Context, request: Request) -> Value:
    data = make_original(context.uploads.take(request["file"]))
    return {"id": context.site.add(context.keep(data)).id}


def _max_size(context: Context, request: Request) -> Value:
    return {"max_size": MAX_SIZE}


def _upload_init(context: Context, request: Request) -> Value:
    return {"id": context.uploads.begin(request["size"], request["type"], request["chunks"])}


def _upload_send(context: Context, request: Request) -> Value:
    context.uploads.send(request["id"], request["chunk"], request["data"])
    return {"message": "uploaded"}


def _upload_end(context: Context, request: Request) -> Value:
    return {"file": context.uploads.end(request["id"])}


# -- signing in ------------------------------------------------------------------------------------------


def _auth_request(context: Context, request: Request) -> Value:
    return context.sessions.request(text_of(request["public_key"]))


def _auth_token(context: Context, request: Request) -> Value:
    return context.sessions.sign_in(text_of(request["challenge"]), text_of(request["signature"]))


def _auth_refresh(context: Context, request: Request) -> Value:
    return context.sessions.refresh(text_of(request["token"]), text_of(request["signature"]))


def _auth_destroy(context: Context, request: Request) -> Value:
    if context.session is None:
        raise unauthorized("auth.destroy")
    context.sessions.destroy(context.session)
    return {"message": "disconnected"}


def _entity_add(context: Context, request: Request) -> Value:
    keys = context.fresh("key"), context.fresh("key")
    entity = Entity(*keys, name=text_of(request["name"]), user=text_of(request["user"]))
    context.entities.add(entity)
    return {"entity": entity.public_key}


def _entity_get(context: Context, request: Request) -> Value:
    """The names of the two keys are those of the sheet; nobody recorded the answer."""
    entity = _entity(context, request)
    return {"public_key": entity.public_key, "private_key": entity.private_key}


def _entity_grant(context: Context, request: Request) -> Value:
    entity, grant = _entity(context, request), text_of(request["grant"])
    for known in GRANTS:
        if known == grant:
            context.entities.grant(entity, known)
            return {"message": "grant added"}
    raise Failed("bad_data", "The specified `grant` is not valid.")


def _entity(context: Context, request: Request) -> Entity:
    key = text_of(request["entity"])
    entity = context.entities.find(key)
    if entity is None:
        raise Failed("bad_data", f"The specified `entity` with value `{key}` does not exist.")
    return entity


def unauthorized(name: str) -> Failed:
    return Failed("unauthorized", f"You do not have the necessary rights to use the `{name}` method.")


METHODS: Final[Mapping[str, Method]] = {
    "photo.version": Method(_version),
    "photo.list": Method(_list, "read", ("fields",)),
    "photo.get": Method(_get, "read", ("id", "fields")),
    "photo.count": Method(_count, "read"),
    "photo.path": Method(_path, "read", ("id", "size")),
    "photo.size": Method(_size, "read", configuration=True),
    "photo.config.get": Method(_configuration, "read", configuration=True),
    "photo.add": Method(_add, "write", ("file",)),
    "photo.set": Method(_set, "write", ("id", "fields")),
    "photo.del": Method(_delete, "delete", ("id",)),
    "upload.max-size": Method(_max_size, "write"),
    "upload.init": Method(_upload_init, "write", ("name", "size", "type", "chunks")),
    "upload.send": Method(_upload_send, "write", ("id", "chunk", "data")),
    "upload.end": Method(_upload_end, "write", ("id",)),
    "auth.version": Method(_version),
    "auth.request": Method(_auth_request, None, ("public_key", "session")),
    "auth.token": Method(_auth_token, None, ("challenge", "signature")),
    "auth.refresh": Method(_auth_refresh, None, ("token", "signature")),
    "auth.destroy": Method(_auth_destroy),
    "auth.entity.add": Method(_entity_add, "admin", ("user", "name")),
    "auth.entity.get": Method(_entity_get, "admin", ("entity",)),
    "auth.entity.grant.add": Method(_entity_grant, "admin", ("entity", "grant")),
}


def run(context: Context, name: str, method: Method, request: Request) -> Value:
    """Raises Failed, and Oops for an answer that cannot be signed."""
    check_required(name, method, request)
    try:
        answer = method.answer(context, request)
    except (EditError, OSError) as error:  # it was deleted elsewhere in this moment, or the disk is full
        raise Failed("internal_error", f"can't work on the photo: {error}.") from error
    if method.configuration and context.session is not None and "config" in context.bugs:
        raise Oops
    return answer
