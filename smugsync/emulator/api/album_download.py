"""An album as archives to download: which parts it has, and their bytes.

The parts are made of what the album holds when they are listed, and their addresses are only good for
that: the service packs once and keeps it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from smugsync.emulator.account.look import in_album_order, iso
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.api.finding import open_album
from smugsync.emulator.api.routes import ApiError, Ask
from smugsync.emulator.api.shape import Answer, Entity, Listing
from smugsync.emulator.api.sizes import original_extension
from smugsync.emulator.api.view import View
from smugsync.emulator.media.archive import Archive, Member, unique_names
from smugsync.emulator.messages import Request, Response, Span, html_response

PREFIX: Final = "/photos/zip/"
#: Of a part in bytes; a larger file is a part of its own.
MAX_PART: Final = 2 * 1024**3
#: Larger files than the service takes would need another form of archive.
MAX_FILE: Final = 3 * 1024**3
_ADDRESS: Final = re.compile(r"/photos/zip/(\w+)/(all|open)/([0-9a-f]{40})/(\d+)/[^/]+\.zip")


@dataclass(frozen=True, slots=True)
class _Part:
    """`scope` says whose it is: `all` is the owner's, `open` what anybody gets."""

    album: Album
    scope: str
    number: int
    members: tuple[Member, ...]
    token: str

    @property
    def file_name(self) -> str:
        return f"{self.album.node.url_name}-{self.number}.zip"

    @property
    def path(self) -> str:
        place = f"{PREFIX}{self.album.key}/{self.scope}/{self.token}/{self.number}/"
        return quote(place + self.file_name)


def _parts(view: View, album: Album, scope: str) -> list[_Part]:
    now, others = view.account.clock(), replace(view, user=None)

    def is_packed(image: Image) -> bool:
        if image.is_processing(now) or image.broken or image.content.size > MAX_FILE:
            return False
        return scope == "all" or (not image.hidden and others.may_have_original(image))

    images = [image for image in in_album_order(album) if is_packed(image)]
    names = unique_names(image.file_name or f"i-{image.key}.{original_extension(image)}" for image in images)
    members = [
        Member(name, image.rendition or image.content, image.uploaded)
        for name, image in zip(names, images, strict=True)
    ]
    what = f"{view.account.seed}/{album.key}/{album.packed}/{scope}/{[image.id for image in images]}"
    token = hashlib.blake2b(what.encode(), digest_size=20).hexdigest()
    packs = enumerate(_packs(members), start=1)
    return [_Part(album, scope, number, tuple(pack), token) for number, pack in packs]


def _packs(members: Sequence[Member]) -> list[list[Member]]:
    packs: list[list[Member]] = []
    filled = 0
    for member in members:
        if not packs or filled + member.content.size > MAX_PART:
            packs.append([])
            filled = 0
        packs[-1].append(member)
        filled += member.content.size
    return packs


def _album(ask: Ask) -> Album:
    """Where the viewer may download: it is theirs, or its owner allows it (recorded: then the link to this
    is there)."""
    album = open_album(ask, ask.names[0])
    if not ask.view.owns(album.node) and not album.allow_downloads:
        raise ApiError(403)
    return album


def show_download(ask: Ask) -> Answer:
    """The parts, once somebody has asked for them."""
    album, view = _album(ask), ask.view
    parts = _parts(view, album, "all" if view.owns(album.node) else "open") if album.packed else []
    return ask.answer(Listing(parts, lambda part, _: _draw(ask, part)))


def start_download(ask: Ask) -> Answer:
    """Ready at once. A download password is asked for by the field `Password` (its name is uncertain)."""
    album, view = _album(ask), ask.view
    own = view.owns(album.node)
    if not own and album.download_password not in ("", ask.values.get("Password")):
        raise ApiError(403, problems={"Password": ["The password is wrong"]})
    if not _parts(view, album, "all" if own else "open"):
        raise ApiError(403)
    view.account.pack(album)
    return show_download(ask)


def _draw(ask: Ask, part: _Part) -> Entity:
    data: dict[str, Any] = {
        "Part": part.number,
        "FileName": part.file_name,
        "Status": "Complete",
        "DateAdded": iso(part.album.packed),
        "DateModified": iso(part.album.packed),
        "DownloadUrl": ask.view.origin + part.path,
        "ByteCount": Archive(part.members).size,
    }
    return Entity(ask.uri, ask.endpoint.description, data)


def serve_download(request: Request, view: View) -> Response:
    """A part, whole. As with other media, the address is all it takes."""
    if request.method not in ("GET", "HEAD"):
        return html_response(405, "Method Not Allowed", "Only GET and HEAD.")
    if found := _ADDRESS.fullmatch(request.path):
        with view.account.lock:
            album = view.account.album(found[1])
            parts = _parts(view, album, found[2]) if album else []
        part = next((p for p in parts if (p.token, str(p.number)) == (found[3], found[4])), None)
        if part is not None:
            archive = Archive(part.members)
            kind = (("Content-Type", "application/zip"), ("Accept-Ranges", "none"))
            return Response(200, kind, Span(archive, 0, archive.size))
    return html_response(404, "Not Found", "The requested file was not found on this server.")
