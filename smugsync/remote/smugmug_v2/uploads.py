"""SmugMug API v2, what changes the account: files are sent, folders and albums made.

Files go to a host of their own (documentation: `/api/v2/doc/reference/upload.html`), with everything about
them in headers and nothing but their bytes in the body. That host reads OAuth parameters in the
`Authorization` header alone; the body and the headers are not signed, and `Content-MD5` guards the bytes.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from pathlib import PurePath
from typing import Literal
from urllib.parse import quote

from smugsync.core.model import Account, Outgoing, Privacy, Sent
from smugsync.errors import Garbled, SmugsyncError
from smugsync.remote.dialect import Call, Content, Makeable, Node, Page, Reply, Span, UploadLimit
from smugsync.remote.smugmug_v2 import objects
from smugsync.remote.smugmug_v2.envelope import JSON, address, get, only, part, read_page, response_of
from smugsync.remote.smugmug_v2.failures import failure
from smugsync.remote.smugmug_v2.refusals import change_failure, upload_failure
from smugsync.remote.wire import Fields, parse

UPLOAD_URL = "https://upload.smugmug.com/"

_NODE_SWITCHES = {"_filter": "NodeID,Name,UrlName,UrlPath,Type", "_filteruri": "Album"}
_KINDS: dict[str, Makeable] = {"Folder": "folder", "Album": "album"}
_TYPES = {kind: name for name, kind in _KINDS.items()}

#: What the service says a file is. It looks at the bytes itself; this is a courtesy, so a table will do,
#: and it is the same on every system.
_CONTENT_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "webp": "image/webp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "bmp": "image/bmp",
    "mp4": "video/mp4",
    "m4v": "video/x-m4v",
    "mov": "video/quicktime",
    "3gp": "video/3gpp",
    "avi": "video/x-msvideo",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "wmv": "video/x-ms-wmv",
    "mpg": "video/mpeg",
    "mpeg": "video/mpeg",
    "mts": "video/mp2t",
    "m2ts": "video/mp2t",
}
_UNKNOWN_TYPE = "application/octet-stream"

#: Everything that can be typed, but for the `%` that begins an escape.
_PLAIN = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")
_NOT_WORDS = re.compile(r"[\x00-\x1f\x7f;]+")
#: The answer names the photo by both its key and its serial: `/api/v2/image/CVvj69L-0`.
_IMAGE_URI = re.compile(r"/image/([^/!?-]+)(?:-([0-9]{1,9}))?\Z")
_ALBUM_URI = re.compile(r"/album/([^/!?]+)\Z")


class UploadQuestions:
    """What a SmugMug account is asked to change, at `api_url` (a bare origin) and `upload_url`."""

    def __init__(self, api_url: str, upload_url: str = UPLOAD_URL) -> None:
        self._origin = api_url.rstrip("/")
        self._upload_url = upload_url

    # Files

    def limits(self, account: Account) -> Call:
        return get(self._origin, f"/api/v2/user/{part(account.nickname)}!uploadlimits", {})

    def read_limits(self, reply: Reply) -> tuple[UploadLimit, ...]:
        """Type, MimeTypes, MaxSize and MaxPixels of each (a list, by the API's own description of 2015)."""
        entries = response_of(reply, "the upload limits").entries("UserUploadLimits")
        return tuple(_read_limit(Fields.of(entry, "an upload limit")) for entry in entries)

    def upload(self, outgoing: Outgoing, content: Content) -> Call:
        """The album is named when a photo is replaced, too: most clients do so, and it is a check more."""
        headers = [
            JSON,
            ("Content-Type", content_type(outgoing.name)),
            ("Content-MD5", b64encode(bytes.fromhex(outgoing.md5)).decode("ascii")),
            ("X-Smug-Version", "v2"),
            ("X-Smug-ResponseType", "JSON"),
            ("X-Smug-AlbumUri", f"/api/v2/album/{part(outgoing.album_key)}"),
            ("X-Smug-FileName", file_name(outgoing.name)),
        ]
        if outgoing.replaces:
            image = f"/api/v2/image/{part(outgoing.replaces)}-{outgoing.serial}"
            headers.append(("X-Smug-ImageUri", image))
        if line := keywords(outgoing.keywords):
            headers.append(("X-Smug-Keywords", line))
        return Call("POST", self._upload_url, tuple(headers), content, idempotent=False)

    def read_upload(self, reply: Reply, outgoing: Outgoing) -> Sent:
        image = parse(reply, "the upload").child("Image")
        found = _IMAGE_URI.search(image.text("ImageUri"))
        if found is None:
            raise Garbled("SmugMug's answer to the upload names no photo")
        if outgoing.replaces and found[1] != outgoing.replaces:
            raise Garbled("SmugMug's answer to the upload names another photo than the one to be replaced")
        return Sent(found[1], int(found[2] or 0))

    # Folders and albums

    def children(self, node_id: str, span: Span) -> Call:
        """Everything in a folder: what is asked for by `Type` could not be counted against `Total`."""
        return get(self._origin, f"/api/v2/node/{part(node_id)}!children", _NODE_SWITCHES, span)

    def read_children(self, reply: Reply, span: Span) -> Page[Node]:
        return read_page(response_of(reply, "the folder"), "Node", span, _read_node)

    def make(self, parent_node_id: str, kind: Makeable, name: str, privacy: Privacy) -> Call:
        """`UrlName` is left to the service, which makes it of the name, and unique (`AutoRename`)."""
        fields = {"Type": _TYPES[kind], "Name": name, "Privacy": privacy.value, "AutoRename": True}
        return Call(
            "POST",
            address(self._origin, f"/api/v2/node/{part(parent_node_id)}!children", _NODE_SWITCHES),
            (JSON, ("Content-Type", "application/json")),
            json.dumps(fields).encode("ascii"),
            idempotent=False,
        )

    def read_made(self, reply: Reply) -> Node:
        node = _read_node(only(reply, "Node", "what was made"))
        if node.kind == "other":
            raise Garbled("SmugMug's answer tells of neither a folder nor an album")
        return node

    def failure(self, reply: Reply, call: Call) -> SmugsyncError | None:
        if call.idempotent:
            return failure(reply, call)
        return upload_failure(reply, call) if call.url == self._upload_url else change_failure(reply, call)


def content_type(name: str) -> str:
    return _CONTENT_TYPES.get(PurePath(name).suffix[1:].lower(), _UNKNOWN_TYPE)


def file_name(name: str) -> str:
    """A name for `X-Smug-FileName`: UTF-8, percent-encoded where it is not plain ASCII.

    A header carries ASCII for certain and nothing else (RFC 9110, 5.5): what is between us and the service
    may spoil other bytes. Clients that encode and clients that do not both see their names arrive whole, so
    the service decodes; a `%` of the name's own is encoded for that reason. The rest of ASCII stays as it is.
    """
    inner = name.strip(" ")
    before, _, after = name.partition(inner) if inner else (name, "", "")
    encoded = quote(inner, safe=_PLAIN, errors="surrogateescape")
    return "%20" * len(before) + encoded + "%20" * len(after)  # a header's own outer blanks are dropped


def keywords(words: tuple[str, ...]) -> str:
    """A line for `X-Smug-Keywords`: separated by semicolons, with one at the end of a single word that has a
    comma in it, or else the comma would separate."""
    legible = (given.encode("utf-8", "replace").decode() for given in words)
    kept = [word for given in legible if (word := " ".join(_NOT_WORDS.sub(" ", given).split()))]
    line = "; ".join(kept)
    return f"{line};" if len(kept) == 1 and "," in line else line


def _read_limit(item: Fields) -> UploadLimit:
    types = item.words("MimeTypes")
    if types is None:
        types = tuple(re.split(r"[\s,;]+", item.prose("MimeTypes").strip()))
    return UploadLimit(
        item.prose("Type"),
        tuple(sorted(one.lower() for one in types if one)),
        item.whole("MaxSize") or None,
        item.whole("MaxPixels") or None,
    )


def _read_node(item: Fields) -> Node:
    """A node of a listing, or one that was just made. A new album's key is in its link alone."""
    kind: Makeable | Literal["other"] = _KINDS.get(item.text("Type"), "other")
    node = Node(
        kind,
        item.key("NodeID"),
        item.prose("Name"),
        item.prose("UrlName"),
        objects.url_path(item),
    )
    if kind != "album":
        return node
    found = _ALBUM_URI.search(objects.link(item, "Album"))
    if found is None:
        raise Garbled(f"the album {node.name!r} comes without its key")
    return Node(kind, node.node_id, node.name, node.url_name, node.url_path, found[1])
