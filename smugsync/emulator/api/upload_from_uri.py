"""`!uploadfromuri`: an image from an address on the web, into an album.

A test server must not fetch whatever address it is given, so only originals on this server itself are
taken; any other address is a bad parameter.
"""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import unquote, urlsplit

from smugsync.emulator.account.content import Bytes, Content
from smugsync.emulator.account.look import inspect_content
from smugsync.emulator.api.album_changes import my_album
from smugsync.emulator.api.node_changes import editing
from smugsync.emulator.api.routes import ApiError, Ask
from smugsync.emulator.api.shape import Answer
from smugsync.emulator.api.sizes import original_extension
from smugsync.emulator.api.words import split_keywords
from smugsync.emulator.media import host
from smugsync.emulator.messages import Request, Span
from smugsync.emulator.upload.request import clean_name


def upload_from_uri(ask: Ask) -> Answer:
    album, values, account = my_album(ask), ask.values, ask.view.account
    content = _find(ask, values["Uri"])
    if values.get("ByteCount") not in (None, content.size):
        raise ApiError(400, problems={"ByteCount": ["The file has another size"]})
    if values.get("MD5Sum", content.md5).lower() != content.md5:
        raise ApiError(400, problems={"MD5Sum": ["The file has another MD5"]})
    name = clean_name(values.get("FileName") or unquote(urlsplit(values["Uri"]).path))
    info = inspect_content(content, name)
    settings: dict[str, Any] = {
        "title": values.get("Title", ""),
        "caption": values.get("Caption", ""),
        "keywords": split_keywords(values.get("Keywords")),
        "hidden": values.get("Hidden", False),
        "format": "MP4" if info.is_video else info.format,
    }
    if info.is_video and ask.view.switches.processing:
        settings["ready_at"] = math.ceil(account.clock() + ask.view.switches.processing)
    with editing():
        image = account.add_photo(album, name, content, **settings)
    if not name:
        extension = "mp4" if image.is_video else original_extension(image)
        account.edit(image, file_name=f"i-{image.key}.{extension}")
    return ask.answer(None)


def _find(ask: Ask, uri: str) -> Content:
    """The file at an address of this server's media host."""
    try:
        whole, here = urlsplit(uri), urlsplit(ask.view.origin)
    except ValueError:
        raise _nothing() from None
    if (whole.scheme, whole.netloc) == (here.scheme, here.netloc) and host.is_quick(whole.path):
        response = host.serve_media(Request("GET", whole.path), ask.view)
        if response.status == 200:
            body = response.body
            return body.content if isinstance(body, Span) else Bytes(body)
    raise _nothing()


def _nothing() -> ApiError:
    return ApiError(400, problems={"Uri": ["Only files on this server itself are taken, and there is none"]})
