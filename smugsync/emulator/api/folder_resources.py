"""Folders by their path: the older interface to the same tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from smugsync.emulator.account.model import INHERITED, Node
from smugsync.emulator.account.usage import usage_of
from smugsync.emulator.api.album_changes import change_album
from smugsync.emulator.api.album_fields import NODE_FIELDS
from smugsync.emulator.api.albums import draw_album
from smugsync.emulator.api.containers import album_uri, draw_folder, draw_node, folder_uri, web_uri
from smugsync.emulator.api.finding import ALL_FIELDS, each, root_of, visible_node
from smugsync.emulator.api.node_changes import (
    create_node,
    editing,
    mine,
    read_changes,
    with_present_names,
)
from smugsync.emulator.api.node_fields import FOLDER_ALBUM_POST, FOLDER_POST, complete
from smugsync.emulator.api.node_resources import delete_place, highlight_of, in_order
from smugsync.emulator.api.routes import ApiError, Ask, Handler, Route, route
from smugsync.emulator.api.searching import search
from smugsync.emulator.api.shape import Answer, Entity


def _folder(ask: Ask) -> Node:
    """The folder of `folder/user/NICK/Path` or `folder/id/ID`."""
    if len(ask.names) == 1:
        node: Node | None = visible_node(ask, ask.names[0])
    else:
        names = [part for part in ask.names[1].split("/") if part]
        node = ask.view.account.find(root_of(ask, ask.names[0]), names)
    if node is None or not node.is_folder or not ask.view.sees(node):
        raise ApiError(404)
    return node


def _open_folder(ask: Ask) -> Node:
    """For what is inside: behind a password that is not known, it is forbidden."""
    node = _folder(ask)
    if ask.view.locked(node):
        raise ApiError(403)
    return node


def _the_folder(ask: Ask) -> Answer:
    return ask.answer(draw_folder(ask.view, _folder(ask), ALL_FIELDS))


def _patch(ask: Ask) -> Answer:
    node = mine(ask, _folder(ask))
    changes = read_changes(ask, ask.values, node)
    with editing("Name"):
        if changes:
            ask.view.account.edit_node(node, **changes)
    return ask.answer(draw_folder(ask.view, node, ALL_FIELDS))


def _delete(ask: Ask) -> Answer:
    delete_place(ask, mine(ask, _folder(ask)))
    return ask.answer(None)


def _parent(ask: Ask) -> Answer:
    parent = _folder(ask).parent
    if parent is None:
        raise ApiError(404)
    return ask.answer(draw_folder(ask.view, parent, ALL_FIELDS))


def _parents(ask: Ask) -> Answer:
    return ask.answer(each(list(_folder(ask).ancestry), draw_folder, ask))


def _children(ask: Ask, kind: str) -> list[Node]:
    folder = _open_folder(ask)
    children = [child for child in folder.children if child.type == kind and ask.view.lists(child)]
    return in_order(children, folder, ask.params)


def _folders(ask: Ask) -> Answer:
    return ask.answer(each(_children(ask, "Folder"), draw_folder, ask))


def _albums(ask: Ask) -> Answer:
    return ask.answer(each([node.album for node in _children(ask, "Album")], draw_album, ask))


def _pages(ask: Ask) -> Answer:
    return ask.answer(each(_children(ask, "Page"), draw_node, ask))


def _new(ask: Ask, kind: str, values: Mapping[str, Any]) -> Node:
    """Unlike a node, a folder or an album made here needs a valid UrlName: 400 without it (seen)."""
    parent = mine(ask, _folder(ask))
    values = with_present_names(values)
    missing = {name: ["Required parameter is missing"] for name in ("Name", "UrlName") if name not in values}
    if missing:
        raise ApiError(400, problems=missing)
    return create_node(ask, parent, kind, values)


def _create_folder(ask: Ask) -> Answer:
    node = _new(ask, "Folder", complete(FOLDER_POST, ask.values))
    return ask.created("Folder", draw_folder(ask.view, node, ALL_FIELDS))


def _create_album(ask: Ask) -> Answer:
    """Here the fields are the album's own: its SortMethod is not the node's, its WorldSearchable no text."""
    values = complete(FOLDER_ALBUM_POST, ask.values)
    of_node = {name: value for name, value in values.items() if name in (*NODE_FIELDS, "AutoRename")}
    of_node["WorldSearchable"] = INHERITED if values["WorldSearchable"] else "No"
    album = _new(ask, "Album", of_node).album
    if album is None:
        raise ApiError(500)
    change_album(ask, album, {name: value for name, value in values.items() if name not in NODE_FIELDS})
    return ask.created("Album", draw_album(ask.view, album, ALL_FIELDS))


def _below(ask: Ask, kind: str) -> Iterator[Node]:
    """Everything of one kind in the folder and further down, as far as it is listed."""
    for node in _open_folder(ask).walk():
        if node.type == kind and ask.view.lists_everywhere(node):
            yield node


def _folder_list(ask: Ask) -> Answer:
    return ask.answer([_entry(ask, node, "FolderUri", folder_uri(node)) for node in _below(ask, "Folder")])


def _album_list(ask: Ask) -> Answer:
    below = _below(ask, "Album")
    return ask.answer([_entry(ask, n, "AlbumUri", album_uri(n.album)) for n in below if n.album])


def _entry(ask: Ask, node: Node, name: str, uri: str) -> dict[str, Any]:
    place = {"Name": node.name, "UrlName": node.url_name, "UrlPath": node.url_path, "NodeID": node.id}
    return {**place, "WebUri": web_uri(ask.view, node), name: uri, "Uri": uri}


def _size(ask: Ask) -> Answer:
    """`depth` 1, the default, counts what is directly in the folder; MAX all that is below it."""
    folder = _open_folder(ask)
    depth = ask.params.get("depth", "1").upper()
    if depth not in ("1", "MAX"):
        raise ApiError(400, problems={"depth": ["Invalid value; one of 1, MAX is accepted"]})
    below = folder.children if depth == "1" else [node for node in folder.walk() if node is not folder]
    usage = usage_of(node for node in below if ask.view.lists_everywhere(node))
    data = {
        "FolderCount": usage.folders,
        "AlbumCount": usage.albums,
        "PageCount": usage.pages,
        "MediaCount": usage.media,
        "MediaSize": usage.size,
        "DynamicMediaCount": usage.dynamic,
        "DynamicMediaSize": usage.dynamic_size,
    }
    return ask.answer(Entity(ask.uri, ask.endpoint.description, data))


def _search(ask: Ask) -> Answer:
    """Folders below this one."""
    folder = _open_folder(ask)
    found = [node for node in _below(ask, "Folder") if node is not folder]
    return ask.answer(each(search(found, ask.params), draw_folder, ask))


def _highlight(ask: Ask) -> Answer:
    return highlight_of(ask, _folder(ask))


def _routes(place: str, endpoint: str) -> Iterator[Route]:
    """All actions of a folder, however its address names it."""
    yield route(place, endpoint, _the_folder, patch=_patch, delete=_delete)
    yield route(f"{place}!folders", "Folders", _folders, post=_create_folder)
    yield route(f"{place}!albums", "FolderAlbums", _albums, post=_create_album)
    listed: tuple[tuple[str, str, Handler], ...] = (
        ("!parent", "ParentFolder", _parent),
        ("!parents", "ParentFolders", _parents),
        ("!pages", "FolderPages", _pages),
        ("!folderlist", "FolderList", _folder_list),
        ("!albumlist", "AlbumList", _album_list),
        ("!size", "Size", _size),
        ("!search", "FolderSearch", _search),
        ("!highlightimage", "FolderHighlightImage", _highlight),
    )
    for action, name, handler in listed:
        yield route(place + action, name, handler)


FOLDER_ROUTES: tuple[Route, ...] = (
    *_routes("/folder/id/{}", "FolderByID"),
    *_routes("/folder/user/{}{*}", "Folder"),
)
