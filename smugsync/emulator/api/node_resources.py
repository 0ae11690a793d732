"""The read side of the API: nodes, and the older folders, which are the same tree."""

from __future__ import annotations

from typing import Any

from smugsync.emulator.account.look import in_album_order
from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.api.albums import draw_album
from smugsync.emulator.api.containers import album_uri, draw_folder, draw_node, folder_uri, web_uri
from smugsync.emulator.api.finding import (
    ALL_FIELDS,
    each,
    nothing_listed,
    root_of,
    several,
    visible_node,
)
from smugsync.emulator.api.photos import draw_image
from smugsync.emulator.api.routes import ApiError, Ask, Route, route
from smugsync.emulator.api.shape import Answer, Entity
from smugsync.emulator.api.view import View


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


def _nodes(ask: Ask) -> Answer:
    account = ask.view.account
    found = [account.node(node_id) for node_id in ask.names[0].split(",")]
    return several(ask, [draw_node(ask.view, n, ALL_FIELDS) for n in found if n and ask.view.sees(n)])


def _children(ask: Ask) -> Answer:
    """Folders come before albums, whatever their SortIndex (recorded)."""
    node = visible_node(ask, ask.names[0])
    if ask.view.locked(node):
        raise ApiError(403)
    wanted = ask.params.get("Type", "All")
    if wanted not in ("", "All"):
        types = {"System Album"} if wanted == "System Album" else set(wanted.replace(",", " ").split())
    else:
        types = None
    children = [c for c in node.children if ask.view.lists(c) and (types is None or c.type in types)]
    method = ask.params.get("SortMethod", "Organizer")
    descending = ask.params.get("SortDirection", "Ascending") == "Descending"
    if method == "Organizer":
        method = {"SortIndex": "SortIndex"}.get(node.sort_method, node.sort_method)
        descending = descending != (node.sort_direction == "Descending")
    keys = {
        "DateAdded": lambda child: child.added,
        "DateModified": lambda child: child.modified,
        "Name": lambda child: child.name.casefold(),
    }
    children.sort(key=lambda child: child.sort_index)
    children.sort(key=keys.get(method, lambda child: child.sort_index), reverse=descending)
    children.sort(key=lambda child: not child.is_folder)
    return ask.answer(each(children, draw_node, ask))


def _parent(ask: Ask) -> Answer:
    parent = visible_node(ask, ask.names[0]).parent
    if parent is None:
        raise ApiError(404)
    return ask.answer(draw_node(ask.view, parent, ALL_FIELDS))


def _parents(ask: Ask) -> Answer:
    return ask.answer(each(list(visible_node(ask, ask.names[0]).ancestry), draw_node, ask))


def first_image(view: View, node: Node) -> tuple[Album, Image] | None:
    """The highlight: the first image anywhere below the node that this viewer may see."""
    for below in node.walk():
        if below.album is None or not view.sees(below) or view.locked(below):
            continue
        if not view.owns(below) and below is not node and not view.lists_everywhere(below):
            continue
        if len(below.album.photos) == 0:
            continue
        image = next((i for i in in_album_order(below.album) if view.shows(i, below)), None)
        if image is not None:
            return below.album, image
    return None


def _highlight(ask: Ask) -> Answer:
    return _highlight_of(ask, visible_node(ask, ask.names[0]))


def _folder_highlight(ask: Ask) -> Answer:
    return _highlight_of(ask, _folder(ask))


def _highlight_of(ask: Ask, node: Node) -> Answer:
    found = first_image(ask.view, node)
    if found is None:
        raise ApiError(404)
    return ask.answer(draw_image(ask.view, found[1], ALL_FIELDS))


# -- folders (the older interface to the same tree) ------------------------------------------------------


def _the_folder(ask: Ask) -> Answer:
    return ask.answer(draw_folder(ask.view, _folder(ask), ALL_FIELDS))


def _folder_parent(ask: Ask) -> Answer:
    parent = _folder(ask).parent
    if parent is None:
        raise ApiError(404)
    return ask.answer(draw_folder(ask.view, parent, ALL_FIELDS))


def _folder_parents(ask: Ask) -> Answer:
    return ask.answer(each(list(_folder(ask).ancestry), draw_folder, ask))


def _folder_folders(ask: Ask) -> Answer:
    folders = [c for c in _folder(ask).children if c.type == "Folder" and ask.view.lists(c)]
    return ask.answer(each(folders, draw_folder, ask))


def _folder_albums(ask: Ask) -> Answer:
    children = _folder(ask).children
    albums = [c.album for c in children if c.type == "Album" and ask.view.lists(c)]
    return ask.answer(each(albums, draw_album, ask))


def _folder_pages(ask: Ask) -> Answer:
    pages = [c for c in _folder(ask).children if c.type == "Page" and ask.view.lists(c)]
    return ask.answer(each(pages, draw_node, ask))


def _folder_list(ask: Ask) -> Answer:
    below = [n for n in _folder(ask).walk() if n.type == "Folder" and ask.view.lists_everywhere(n)]
    return ask.answer([_entry(ask, node, "FolderUri", folder_uri(node)) for node in below])


def _album_list(ask: Ask) -> Answer:
    below = [n for n in _folder(ask).walk() if n.type == "Album" and ask.view.lists_everywhere(n)]
    return ask.answer([_entry(ask, n, "AlbumUri", album_uri(n.album)) for n in below if n.album])


def _entry(ask: Ask, node: Node, name: str, uri: str) -> dict[str, Any]:
    place = {"Name": node.name, "UrlName": node.url_name, "UrlPath": node.url_path, "NodeID": node.id}
    return {**place, "WebUri": web_uri(ask.view, node), name: uri, "Uri": uri}


def _folder_size(ask: Ask) -> Answer:
    below = [n for n in _folder(ask).walk() if ask.view.lists_everywhere(n)]
    albums = [n.album for n in below if n.album]
    data = {
        "FolderCount": sum(n.type == "Folder" for n in below) - 1,
        "AlbumCount": len(albums),
        "PageCount": sum(n.type == "Page" for n in below),
        "MediaCount": sum(len(album.photos) for album in albums),
        "MediaSize": 0,
        "DynamicMediaCount": 0,
        "DynamicMediaSize": 0,
    }
    return ask.answer(Entity(ask.uri, ask.endpoint.description, data))


def _node_search(ask: Ask) -> Answer:
    text = ask.params.get("Text", "").casefold()
    nodes = [n for n in ask.view.account.root.walk() if n.parent and ask.view.lists_everywhere(n)]
    found = [n for n in nodes if text in f"{n.name} {n.description}".casefold()]
    return ask.answer(each(found, draw_node, ask))


_FOLDER_ACTIONS = (
    ("", "", _the_folder),
    ("!parent", "ParentFolder", _folder_parent),
    ("!parents", "ParentFolders", _folder_parents),
    ("!folders", "Folders", _folder_folders),
    ("!albums", "FolderAlbums", _folder_albums),
    ("!pages", "FolderPages", _folder_pages),
    ("!folderlist", "FolderList", _folder_list),
    ("!albumlist", "AlbumList", _album_list),
    ("!size", "Size", _folder_size),
    ("!search", "FolderSearch", nothing_listed),
    ("!highlightimage", "FolderHighlightImage", _folder_highlight),
)

NODE_ROUTES: tuple[Route, ...] = (
    route("/node!search", "NodeSearch", _node_search),
    route("/node/{}", "Node", _nodes),
    route("/node/{}!children", "ChildNodes", _children),
    route("/node/{}!parent", "ParentNode", _parent),
    route("/node/{}!parents", "ParentNodes", _parents),
    route("/node/{}!cover", "NodeCoverImage", _highlight),
    route("/node/{}!comments", "NodeComments", nothing_listed),
    route("/node/{}!grants", "NodeGrants", nothing_listed),
    route("/highlight/node/{}", "HighlightImage", _highlight),
    *(route(f"/folder/id/{{}}{a}", e or "FolderByID", h) for a, e, h in _FOLDER_ACTIONS),
    *(route(f"/folder/user/{{}}{{*}}{a}", e or "Folder", h) for a, e, h in _FOLDER_ACTIONS),
)
