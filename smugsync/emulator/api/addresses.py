"""What the addresses in a request's fields name: `MoveUris`, `AlbumUri`, `Scope` and the like.

They may be relative or absolute; the host does not matter, as it does not elsewhere.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.api.routes import PREFIX, ApiError, Ask

_ALBUM: Final = re.compile(r"/album/([^/!]+)")
_ALBUM_IMAGE: Final = re.compile(r"/album/([^/!]+)/image/([^/!-]+)(?:-\d+)?")
_IMAGE: Final = re.compile(r"/image/([^/!-]+)(?:-\d+)?")
_NODE: Final = re.compile(r"/(?:node|folder/id|highlight/node)/([^/!]+)")
_OF_USER: Final = re.compile(r"/(?:user|folder/user)/([^/!]+)((?:/[^/!]+)*)/?")


def _below_prefix(uri: str) -> str:
    path = urlsplit(uri.strip()).path
    return unquote(path.removeprefix(PREFIX)) if path.startswith(PREFIX + "/") else ""


def named_album(ask: Ask, uri: str) -> Album | None:
    found = _ALBUM.fullmatch(_below_prefix(uri))
    album = ask.view.account.album(found[1]) if found else None
    return album if album and ask.view.sees(album.node) else None


def named_album_image(ask: Ask, uri: str) -> tuple[Album, Image] | None:
    """An image in an album that shows it; any revision of it, or none."""
    found = _ALBUM_IMAGE.fullmatch(_below_prefix(uri))
    if found is None:
        return None
    account, view = ask.view.account, ask.view
    album, image = account.album(found[1]), account.image(found[2])
    if album is None or image is None or album.key not in (image.home, *image.collected):
        return None
    visible = view.sees(album.node) and not view.locked(album.node) and view.shows(image, album.node)
    return (album, image) if visible else None


def named_image(ask: Ask, uri: str) -> Image | None:
    """An image by its own address or by that in an album."""
    if found := named_album_image(ask, uri):
        return found[1]
    alone = _IMAGE.fullmatch(_below_prefix(uri))
    image = ask.view.account.image(alone[1]) if alone else None
    return image if image and ask.view.sees_image(image) else None


def named_node(ask: Ask, uri: str) -> Node | None:
    """The node of a node's, folder's, user's or album's address."""
    account, path = ask.view.account, _below_prefix(uri)
    node: Node | None = None
    if found := _NODE.fullmatch(path):
        node = account.node(found[1])
    elif found := _OF_USER.fullmatch(path):
        root = account.root_of(found[1])
        node = account.find(root, [part for part in found[2].split("/") if part]) if root else None
    elif album := named_album(ask, uri):
        node = album.node
    return node if node is not None and ask.view.sees(node) else None


def scope_of(ask: Ask) -> tuple[Node, ...]:
    """Below which nodes a search looks: the user, node, folder or album that `Scope` names, else everywhere.

    A Scope that names nothing is a bad parameter.
    """
    uri = ask.params.get("Scope", "")
    if not uri.strip():
        return ask.view.account.roots
    node = named_node(ask, uri)
    if node is None:
        raise ApiError(400, problems={"Scope": ["There is no such user, node or folder"]})
    return (node,)
