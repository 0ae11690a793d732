"""Nodes: folders, albums and pages as one tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from smugsync.emulator.account.look import in_album_order
from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.api.addresses import named_node, scope_of
from smugsync.emulator.api.containers import draw_node, hides_owner
from smugsync.emulator.api.finding import ALL_FIELDS, each, nothing_listed, several, visible_node
from smugsync.emulator.api.node_changes import (
    check_room,
    create_node,
    editing,
    mine,
    my_node,
    read_changes,
)
from smugsync.emulator.api.node_fields import NODE_POST, complete
from smugsync.emulator.api.photos import draw_image
from smugsync.emulator.api.routes import ApiError, Ask, Route, route
from smugsync.emulator.api.searching import findable_nodes, search
from smugsync.emulator.api.shape import Answer
from smugsync.emulator.api.view import View

_SYSTEM: Final = ("System Folder", "System Album", "System Page")


def _nodes(ask: Ask) -> Answer:
    account = ask.view.account
    found = [account.node(node_id) for node_id in ask.names[0].split(",")]
    return several(ask, [draw_node(ask.view, n, ALL_FIELDS) for n in found if n and ask.view.sees(n)])


def _patch(ask: Ask) -> Answer:
    node = my_node(ask, ask.names[0])
    changes = read_changes(ask, ask.values, node)
    with editing("Name"):
        if changes:
            ask.view.account.edit_node(node, **changes)
    return ask.answer(draw_node(ask.view, node, ALL_FIELDS))


def _delete(ask: Ask) -> Answer:
    """With everything in it (a client deletes folders that are not empty by one request)."""
    delete_place(ask, my_node(ask, ask.names[0]))
    return ask.answer(None)


def delete_place(ask: Ask, node: Node) -> None:
    """Raises ApiError 403 for the root, which is the account."""
    if node.parent is None:
        raise ApiError(403)
    ask.view.account.delete_node(node)


def _children(ask: Ask) -> Answer:
    """Folders come before albums, whatever their SortIndex (recorded)."""
    node = visible_node(ask, ask.names[0])
    if ask.view.locked(node):
        raise ApiError(403)
    wanted = kinds(ask.params.get("Type", ""))
    children = [c for c in node.children if ask.view.lists(c) and (wanted is None or c.type in wanted)]
    return ask.answer(each(in_order(children, node, ask.params), draw_node, ask))


def kinds(text: str) -> set[str] | None:
    """The node types of a `Type`: one, or several with blanks or commas between them. None is all."""
    found, rest = set(), text.replace(",", " ")
    for system in _SYSTEM:
        if system in rest:
            found.add(system)
            rest = rest.replace(system, " ")
    found |= set(rest.split())
    return None if not found or "All" in found else found


def in_order(children: Iterable[Node], parent: Node, params: Mapping[str, str]) -> list[Node]:
    """As `SortMethod` and `SortDirection` say; `Organizer` is the order the folder itself has (likely)."""
    method = params.get("SortMethod", "Organizer")
    descending = params.get("SortDirection", "Ascending") == "Descending"
    if method == "Organizer":
        method = parent.sort_method
        descending = descending != (parent.sort_direction == "Descending")
    ordered = sorted(children, key=lambda child: child.sort_index)
    match method:
        case "DateAdded":
            ordered.sort(key=lambda child: child.added, reverse=descending)
        case "DateModified":
            ordered.sort(key=lambda child: child.modified, reverse=descending)
        case "Name":
            ordered.sort(key=lambda child: child.name.casefold(), reverse=descending)
        case _:
            ordered.sort(key=lambda child: child.sort_index, reverse=descending)
    ordered.sort(key=lambda child: not child.is_folder)
    return ordered


def _create(ask: Ask) -> Answer:
    """201 with the new node, which has no SortIndex yet (recorded)."""
    parent = my_node(ask, ask.names[0])
    values = complete(NODE_POST, ask.values)
    if "ShowCoverImage" not in ask.values:
        del values["ShowCoverImage"]  # recorded: true for albums, false for folders
    node = create_node(ask, parent, values["Type"], values)
    if node.album is not None and "SortDirection" in ask.values:
        ask.view.account.edit_album(node.album, sort_direction=ask.values["SortDirection"])
    drawn = draw_node(ask.view, node, ALL_FIELDS)
    drawn.data.pop("SortIndex", None)
    return ask.created("Node", drawn)


def _move(ask: Ask) -> Answer:
    """All of them or none. 200 without an object, as other actions that move things (measured)."""
    parent = my_node(ask, ask.names[0])
    moved: list[Node] = []
    for uri in ask.values["MoveUris"]:
        node = named_node(ask, uri)
        if node is None:
            raise ApiError(400, problems={"MoveUris": [f"There is no {uri}"]})
        moved.append(mine(ask, node))
    if not moved:
        raise ApiError(400, problems={"MoveUris": ["Nothing to move"]})
    check_room(parent, len([node for node in moved if node.parent is not parent]))
    with editing("MoveUris", name="MoveUris"):
        ask.view.account.move_nodes(moved, parent)
    return ask.answer(None)


def _parent(ask: Ask) -> Answer:
    node = visible_node(ask, ask.names[0])
    if node.parent is None or hides_owner(ask.view, node):
        raise ApiError(404)
    return ask.answer(draw_node(ask.view, node.parent, ALL_FIELDS))


def _parents(ask: Ask) -> Answer:
    """Itself first, the root last (recorded)."""
    node = visible_node(ask, ask.names[0])
    if hides_owner(ask.view, node):
        raise ApiError(404)
    return ask.answer(each(list(node.ancestry), draw_node, ask))


def first_image(view: View, node: Node) -> tuple[Album, Image] | None:
    """The first image anywhere below the node that this viewer may see."""
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
    return highlight_of(ask, visible_node(ask, ask.names[0]))


def highlight_of(ask: Ask, node: Node) -> Answer:
    """The image that was chosen to stand for the node, else the first one; 404 where there is none."""
    return _image(ask, node, ask.view.account.image(node.highlight) if node.highlight else None)


def _cover(ask: Ask) -> Answer:
    node = visible_node(ask, ask.names[0])
    key = node.cover or node.highlight
    return _image(ask, node, ask.view.account.image(key) if key else None)


def _image(ask: Ask, node: Node, chosen: Image | None) -> Answer:
    if chosen is None or not ask.view.sees_image(chosen):
        found = first_image(ask.view, node)
        chosen = None if found is None else found[1]
    if chosen is None:
        raise ApiError(404)
    return ask.answer(draw_image(ask.view, chosen, ALL_FIELDS))


def _comments(ask: Ask) -> Answer:
    visible_node(ask, ask.names[0])
    return nothing_listed(ask)


def _grants(ask: Ask) -> Answer:
    """Of the owner alone."""
    my_node(ask, ask.names[0])
    return nothing_listed(ask)


def _search(ask: Ask) -> Answer:
    found = search(findable_nodes(ask.view, scope_of(ask)), ask.params)
    return ask.answer(each(found, draw_node, ask))


NODE_ROUTES: tuple[Route, ...] = (
    route("/node!search", "NodeSearch", _search),
    route("/node/{}", "Node", _nodes, patch=_patch, delete=_delete),
    route("/node/{}!children", "ChildNodes", _children, post=_create),
    route("/node/{}!movenodes", "MoveNodes", post=_move),
    route("/node/{}!parent", "ParentNode", _parent),
    route("/node/{}!parents", "ParentNodes", _parents),
    route("/node/{}!cover", "NodeCoverImage", _cover),
    route("/node/{}!comments", "NodeComments", _comments),
    route("/node/{}!grants", "NodeGrants", _grants),
    route("/highlight/node/{}", "HighlightImage", _highlight),
)
