"""The account as JSON, and edits of it as JSON: what `/_emulator/` offers to tests.

Every edit takes an object of arguments and answers with what it touched. Albums are named by `album`
(key), images by `image` (key), folders and pages by `node` (id). An argument that is not there is a
LookupError, one of another kind than it should be a ValueError; then nothing was done.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.arguments import (
    Arguments,
    degrees_of,
    flag_of,
    optional_text_of,
    privacy_of,
    text_of,
    texts_of,
    url_name_of,
)
from smugsync.emulator.account.look import iso
from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.media.pictures import make_picture, make_png, make_video

_TEXTS: Final = ("title", "caption", "file_name")
_DEGREES: Final = ("latitude", "longitude")
_FLAGS: Final = ("hidden", "processing", "broken")


def describe_tree(account: Account, nickname: str | None = None) -> dict[str, Any]:
    """Everything a test needs to compare a mirror with the account, or with that of another user.

    Hashes what was not hashed yet. Raises LookupError if there is no such user.
    """
    root = account.root if nickname is None else account.root_of(nickname)
    if root is None:
        raise LookupError(f"user {nickname}")
    return {"nickname": root.owner, "root": _describe_node(root)}


def _describe_node(node: Node) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "node": node.id,
        "type": node.type,
        "name": node.name,
        "url_name": node.url_name,
        "url_path": node.url_path,
        "privacy": node.effective_privacy,
        "security": node.effective_security,
    }
    if node.album is not None:
        shown |= _describe_album(node.album)
        shown["images"] = [_describe_image(image) for image in node.album.photos]
    if node.is_folder:
        shown["children"] = [_describe_node(child) for child in node.children]
    return shown


def _describe_album(album: Album) -> dict[str, Any]:
    return {
        "album": album.key,
        "node": album.node.id,
        "name": album.node.name,
        "url_path": album.node.url_path,
        "image_count": len(album.photos),
        "last_updated": iso(album.node.modified),
        "images_last_updated": iso(album.images_updated),
    }


def _describe_image(image: Image) -> dict[str, Any]:
    """`md5` and `size` are those of what can be downloaded: of a video, the rendition's.

    `md5` is None if the file is gone and nobody ever hashed it.
    """
    content = image.rendition or image.content
    try:
        md5: str | None = content.md5
    except OSError:
        md5 = None
    return {
        "image": image.key,
        "serial": image.serial,
        "home": image.home,
        "file_name": image.file_name,
        "format": image.format,
        "is_video": image.is_video,
        "md5": md5,
        "size": content.size,
        "title": image.title,
        "caption": image.caption,
        "keywords": list(image.keywords),
        "hidden": image.hidden,
        "processing": image.processing,
        "broken": image.broken,
    }


def _album(account: Account, arguments: Arguments, name: str = "album") -> Album:
    album = account.album(str(arguments[name]))
    if album is None:
        raise LookupError(f"album {arguments[name]}")
    return album


def _image(account: Account, arguments: Arguments) -> Image:
    image = account.image(str(arguments["image"]).partition("-")[0])
    if image is None:
        raise LookupError(f"image {arguments['image']}")
    return image


def _node(account: Account, arguments: Arguments) -> Node:
    """By `node`, or the node of `album`."""
    if "album" in arguments:
        return _album(account, arguments).node
    node = account.node(str(arguments["node"]))
    if node is None:
        raise LookupError(f"node {arguments['node']}")
    return node


def _parent(account: Account, arguments: Arguments) -> Node:
    parent = account.root if "parent" not in arguments else _node(account, {"node": arguments["parent"]})
    if not parent.is_folder:
        raise ValueError("parent is a folder")
    return parent


def _bytes(arguments: Arguments) -> bytes:
    """`data` in base64, or a picture made from `seed` (by the extension of `file_name`)."""
    if "data" in arguments:
        return base64.b64decode(text_of(arguments, "data"), validate=True)
    seed, name = arguments.get("seed", 1), str(arguments.get("file_name", "")).lower()
    if not isinstance(seed, int):
        raise ValueError("seed is a whole number")
    taken = None if arguments.get("taken") is None else text_of(arguments, "taken")
    if name.endswith(".png"):
        return make_png(seed, taken=taken)
    if name.endswith((".mp4", ".mov")):
        return make_video(seed, taken=taken)
    return make_picture(seed, taken=taken)


def _changes(arguments: Arguments) -> dict[str, Any]:
    """Fields of Image that are given anew."""
    changes: dict[str, Any] = {name: text_of(arguments, name) for name in _TEXTS if name in arguments}
    changes |= {name: flag_of(arguments, name) for name in _FLAGS if name in arguments}
    changes |= {name: degrees_of(arguments, name) for name in _DEGREES if name in arguments}
    if "keywords" in arguments:
        changes["keywords"] = tuple(texts_of(arguments, "keywords"))
    return changes


def _settings(arguments: Arguments) -> dict[str, Any]:
    """Fields of Node that a new one may be given."""
    settings: dict[str, Any] = {}
    if "url_name" in arguments:
        settings["url_name"] = url_name_of(arguments)
    if "privacy" in arguments:
        settings["privacy"] = privacy_of(arguments)
    return settings


def _add_photo(account: Account, arguments: Arguments) -> object:
    """album, file_name, data or seed; title, caption, keywords ... as wished"""
    changes = _changes(arguments)
    name = changes.pop("file_name")
    image = account.add_photo(_album(account, arguments), name, _bytes(arguments), **changes)
    return _describe_image(image)


def _replace_photo(account: Account, arguments: Arguments) -> object:
    """image, data or seed"""
    image = _image(account, arguments)
    return _describe_image(account.replace(image, _bytes({"file_name": image.file_name, **arguments})))


def _edit_photo(account: Account, arguments: Arguments) -> object:
    """image; title, caption, keywords, hidden, latitude, longitude, processing, broken"""
    return _describe_image(account.edit(_image(account, arguments), **_changes(arguments)))


def _delete_photo(account: Account, arguments: Arguments) -> object:
    """image; album to remove it from one album that collected it"""
    album = _album(account, arguments) if "album" in arguments else None
    image = _image(account, arguments)
    account.delete(image, album)
    return _describe_image(image)


def _move_photo(account: Account, arguments: Arguments) -> object:
    """image, to"""
    image = _image(account, arguments)
    account.move(image, _album(account, arguments, "to"))
    return _describe_image(account.image(image.key) or image)


def _collect_photo(account: Account, arguments: Arguments) -> object:
    """image, to"""
    image = _image(account, arguments)
    account.collect(image, _album(account, arguments, "to"))
    return _describe_image(image)


def _reorder(account: Account, arguments: Arguments) -> object:
    """album, images"""
    album = _album(account, arguments)
    account.reorder(album, texts_of(arguments, "images"))
    return _describe_album(album)


def _add_album(account: Account, arguments: Arguments) -> object:
    """name; parent (a node), url_name, privacy"""
    name, settings, parent = text_of(arguments, "name"), _settings(arguments), _parent(account, arguments)
    return _describe_album(account.add_album(name, parent=parent, **settings))


def _add_folder(account: Account, arguments: Arguments) -> object:
    """name; parent (a node), url_name, privacy"""
    name, settings, parent = text_of(arguments, "name"), _settings(arguments), _parent(account, arguments)
    return _describe_node(account.add_folder(name, parent=parent, **settings))


def _rename(account: Account, arguments: Arguments) -> object:
    """album or node; name, url_name or both"""
    node = _node(account, arguments)
    url_name = url_name_of(arguments) if "url_name" in arguments else None
    account.rename(node, name=optional_text_of(arguments, "name"), url_name=url_name)
    return _describe_album(node.album) if node.album else {"node": node.id, "url_path": node.url_path}


def _move_node(account: Account, arguments: Arguments) -> object:
    """album or node; parent (a node)"""
    node = _node(account, arguments)
    account.move_node(node, _parent(account, arguments))
    return {"node": node.id, "url_path": node.url_path}


def _delete_node(account: Account, arguments: Arguments) -> object:
    """album or node"""
    node = _node(account, arguments)
    account.delete_node(node)
    return {"node": node.id}


def _set_privacy(account: Account, arguments: Arguments) -> object:
    """album or node; privacy, password ("" takes it away)"""
    node = _node(account, arguments)
    privacy = privacy_of(arguments) if "privacy" in arguments else node.privacy
    account.set_privacy(node, privacy, password=optional_text_of(arguments, "password"))
    return {"node": node.id, "privacy": node.privacy, "security": node.security}


def _set_largest_size(account: Account, arguments: Arguments) -> object:
    """album, largest_size: anything but Original keeps originals from others than the owner"""
    album = _album(account, arguments)
    account.edit_album(album, largest_size=text_of(arguments, "largest_size"))
    return _describe_album(album)


def _bump(account: Account, arguments: Arguments) -> object:
    """album: move ImagesLastUpdated without a cause"""
    album = _album(account, arguments)
    account.bump(album)
    return _describe_album(album)


EDITS: Final[Mapping[str, Callable[[Account, Arguments], object]]] = {
    "add-photo": _add_photo,
    "replace-photo": _replace_photo,
    "edit-photo": _edit_photo,
    "delete-photo": _delete_photo,
    "move-photo": _move_photo,
    "collect-photo": _collect_photo,
    "reorder": _reorder,
    "add-album": _add_album,
    "add-folder": _add_folder,
    "rename": _rename,
    "move-node": _move_node,
    "delete-node": _delete_node,
    "set-privacy": _set_privacy,
    "set-largest-size": _set_largest_size,
    "bump": _bump,
}
