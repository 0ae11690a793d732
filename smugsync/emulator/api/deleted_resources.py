"""What was deleted and can be recovered. Listed is what was deleted itself, not what lay in it."""

from __future__ import annotations

from typing import Final, Literal

from smugsync.emulator.account.look import iso
from smugsync.emulator.account.model import Node
from smugsync.emulator.api.finding import ALL_FIELDS, each
from smugsync.emulator.api.node_changes import editing, my_root
from smugsync.emulator.api.routes import ApiError, Ask, Handler, Route, route
from smugsync.emulator.api.shape import Answer, Entity, Selection
from smugsync.emulator.api.view import View

Kind = Literal["Album", "Folder", "Page"]
_KINDS: Final[tuple[Kind, ...]] = ("Album", "Folder", "Page")


def draw_deleted(view: View, node: Node, _: Selection) -> Entity:
    """An album is named by its key, the others by their id."""
    kind = _kind(node)
    name = node.id if node.album is None else node.album.key
    data = {
        "UrlPath": node.url_path,
        "Name": node.name,
        "DateAdded": iso(node.added),
        "DateModified": iso(node.modified),
        "DateDeleted": iso(node.deleted),
    }
    return Entity(f"/api/v2/deleted/{kind.lower()}/{name}", f"Deleted {kind.lower()}", data)


def _kind(node: Node) -> Kind:
    return next(kind for kind in _KINDS if node.type.endswith(kind))


def _listed(kind: Kind) -> Handler:
    """The user's own, the last deleted first."""

    def handle(ask: Ask) -> Answer:
        root = my_root(ask)
        gone = [n for n in ask.view.account.bin.nodes.values() if n.deleted and n.owner == root.owner]
        found = [node for node in gone if _kind(node) == kind]
        found.sort(key=lambda node: node.deleted, reverse=True)
        return ask.answer(each(found, draw_deleted, ask))

    return handle


def _find(ask: Ask, kind: Kind) -> Node:
    gone, name = ask.view.account.bin, ask.names[0]
    album = gone.albums.get(name)
    node = gone.nodes.get(name) if album is None else album.node
    if node is None or not node.deleted or _kind(node) != kind or not ask.view.owns(node):
        raise ApiError(404)
    return node


def _deleted(kind: Kind) -> Handler:
    return lambda ask: ask.answer(draw_deleted(ask.view, _find(ask, kind), ALL_FIELDS))


def _recover(kind: Kind) -> Handler:
    """With everything in it; its UrlName is made unique if it was taken meanwhile."""

    def handle(ask: Ask) -> Answer:
        node = _find(ask, kind)
        with editing("Name"):
            ask.view.account.recover(node)
        return ask.answer(None)

    return handle


DELETED_ROUTES: tuple[Route, ...] = (
    *(route(f"/user/{{}}!deleted{kind.lower()}s", f"UserDeleted{kind}s", _listed(kind)) for kind in _KINDS),
    *(route(f"/deleted/{kind.lower()}/{{}}", f"Deleted{kind}", _deleted(kind)) for kind in _KINDS),
    *(
        route(f"/deleted/{kind.lower()}/{{}}!recover", f"RecoverDeleted{kind}", post=_recover(kind))
        for kind in _KINDS
    ),
)
