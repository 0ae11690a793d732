"""The account as JSON, and edits of it as JSON: what `/_emulator/` offers to tests.

Every edit takes an object of arguments and answers with what it touched. Albums are named by `album`
(key), images by `image` (key), folders and pages by `node` (id).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.look import iso
from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.media.pictures import make_picture, make_png, make_video

Arguments = Mapping[str, Any]
_TEXTS: Final = ("title", "caption", "hidden", "latitude", "longitude", "processing", "broken", "file_name")


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
    """`md5` and `size` are those of what can be downloaded: of a video, the rendition's."""
    content = image.rendition or image.content
    return {
        "image": image.key,
        "serial": image.serial,
        "home": image.home,
        "file_name": image.file_name,
        "format": image.format,
        "is_video": image.is_video,
        "md5": content.md5,
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
    return account.root if "parent" not in arguments else _node(account, {"node": arguments["parent"]})


def _bytes(arguments: Arguments) -> bytes:
    """`data` in base64, or a picture made from `seed` (by the extension of `file_name`)."""
    if "data" in arguments:
        return base64.b64decode(arguments["data"], validate=True)
    seed, name = int(arguments.get("seed", 1)), str(arguments.get("file_name", "")).lower()
    taken = arguments.get("taken")
    if name.endswith(".png"):
        return make_png(seed, taken=taken)
    if name.endswith((".mp4", ".mov")):
        return make_video(seed, taken=taken)
    return make_picture(seed, taken=taken)


def _changes(arguments: Arguments) -> dict[str, Any]:
    changes = {name: arguments[name] for name in _TEXTS if name in arguments}
    if "keywords" in arguments:
        changes["keywords"] = tuple(arguments["keywords"])
    return changes


def _add_photo(account: Account, arguments: Arguments) -> object:
    """album, file_name, data or seed; title, caption, keywords ... as wished"""
    changes = _changes(arguments)
    name = str(changes.pop("file_name"))
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
    account.reorder(album, [str(key) for key in arguments["images"]])
    return _describe_album(album)


def _add_album(account: Account, arguments: Arguments) -> object:
    """name; parent (a node), url_name, privacy"""
    settings = {name: arguments[name] for name in ("url_name", "privacy") if name in arguments}
    parent = _parent(account, arguments)
    return _describe_album(account.add_album(str(arguments["name"]), parent=parent, **settings))


def _add_folder(account: Account, arguments: Arguments) -> object:
    """name; parent (a node), url_name, privacy"""
    settings = {name: arguments[name] for name in ("url_name", "privacy") if name in arguments}
    parent = _parent(account, arguments)
    return _describe_node(account.add_folder(str(arguments["name"]), parent=parent, **settings))


def _rename(account: Account, arguments: Arguments) -> object:
    """album or node; name, url_name or both"""
    node = _node(account, arguments)
    account.rename(node, name=arguments.get("name"), url_name=arguments.get("url_name"))
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
    privacy = arguments.get("privacy", node.privacy)
    if privacy not in ("Public", "Unlisted", "Private"):
        raise ValueError("privacy is Public, Unlisted or Private")
    account.set_privacy(node, privacy, password=arguments.get("password"))
    return {"node": node.id, "privacy": node.privacy, "security": node.security}


def _set_largest_size(account: Account, arguments: Arguments) -> object:
    """album, largest_size: anything but Original keeps originals from others than the owner"""
    album = _album(account, arguments)
    account.edit_album(album, largest_size=str(arguments["largest_size"]))
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
