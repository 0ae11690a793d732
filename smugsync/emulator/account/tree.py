"""The account's places: folders, albums and pages in one tree."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from smugsync.emulator.account.model import Album, Image, Node, NodeType, Privacy
from smugsync.emulator.account.names import derive_url_name, make_key, make_unique

MAX_DEPTH: Final = 5  #: levels of folders (facts 7)


class EditError(ValueError):
    """The edit is impossible: no such object, no such place, a name that is taken."""


@dataclass(slots=True)
class Changes:
    """What edits have touched, by key: to be written down if it is still there, else to be struck out."""

    nodes: set[str] = field(default_factory=set)
    albums: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.nodes or self.albums or self.images)


class Tree:
    """One user's nodes and albums, and those of a few other people beside them.

    Threads: hold `lock` while reading several things that must fit together; edits take it themselves.
    """

    def __init__(self, nickname: str, *, clock: Callable[[], float], seed: int = 0) -> None:
        self.nickname = nickname
        self.visitor = f"{nickname}-visitor"
        self.seed = seed
        self.clock = clock
        self.lock = threading.RLock()
        self.nodes: dict[str, Node] = {}
        self.albums: dict[str, Album] = {}
        self._numbers = count(1)
        self.changes: Changes | None = None  #: collected once somebody wants to keep them
        self._roots: dict[str, Node] = {}
        self.root = self.add_user(nickname)
        self.add_user(self.visitor)

    def mark(self, *touched: Node | Album | Image) -> None:
        """Every edit says what it touched."""
        if self.changes is None:
            return
        for one in touched:
            match one:
                case Node():
                    self.changes.nodes.add(one.id)
                case Album():
                    self.changes.albums.add(one.key)
                case Image():
                    self.changes.images.add(one.key)

    def node(self, node_id: str) -> Node | None:
        return self.nodes.get(node_id)

    def album(self, key: str) -> Album | None:
        return self.albums.get(key)

    def root_of(self, nickname: str) -> Node | None:
        """The root of the account with that nickname, in any case."""
        return self._roots.get(nickname.casefold())

    @property
    def roots(self) -> tuple[Node, ...]:
        """Of all users; the account's own first."""
        return tuple(self._roots.values())

    def find(self, root: Node, names: Sequence[str]) -> Node | None:
        """The node at that path of UrlNames."""
        node: Node | None = root
        for name in names:
            if node is None:
                return None
            node = next((c for c in node.children if c.url_name.casefold() == name.casefold()), None)
        return node

    def now(self) -> int:
        return int(self.clock())

    def add_user(self, nickname: str) -> Node:
        """Another account, empty; its root. Raises EditError if there is one of that nickname."""
        with self.lock:
            if nickname.casefold() in self._roots:
                raise EditError(f"there is a user {nickname} already")
            now = self.now()
            node = Node(self._fresh("root", 6, self.nodes, nickname), "Folder", "", "", nickname, now, now)
            self.nodes[node.id] = self._roots[nickname.casefold()] = node
            self.mark(node)
            return node

    def add_folder(self, name: str, *, parent: Node | None = None, **settings: Any) -> Node:
        """A new folder, in the root unless `parent` says otherwise. `settings` are fields of Node.

        Keys are numbered, unless the setting `identity` names something they shall depend on instead.
        Raises EditError below the fifth level (facts: five levels of folders).
        """
        with self.lock:
            parent = parent or self.root
            if parent.depth >= MAX_DEPTH:
                raise EditError(f"folders are nested at most {MAX_DEPTH} deep")
            return self._add_node("Folder", name, parent, settings)

    def add_page(self, name: str, *, parent: Node | None = None, system: bool = False) -> Node:
        with self.lock:
            return self._add_node("System Page" if system else "Page", name, parent or self.root, {})

    def add_album(
        self, name: str, *, parent: Node | None = None, node_type: NodeType = "Album", **settings: Any
    ) -> Album:
        """A new, empty album, in the root unless `parent` says otherwise. `settings` are fields of Node."""
        with self.lock:
            settings = {"sort_method": "DateModified", "sort_direction": "Descending", **settings}
            identity = settings.get("identity")
            node = self._add_node(node_type, name, parent or self.root, settings)
            album = Album(self._fresh("album", 6, self.albums, identity), node, [], images_updated=node.added)
            node.album = album
            self.albums[album.key] = album
            self.mark(album)
            return album

    def rename(self, node: Node, *, name: str | None = None, url_name: str | None = None) -> None:
        """Another name, another address or both. The address does not follow the name by itself.

        Raises EditError if a sibling has that UrlName.
        """
        with self.lock:
            if url_name is not None and node.parent is not None:
                siblings = {child.url_name.casefold() for child in node.parent.children if child is not node}
                if url_name.casefold() in siblings:
                    raise EditError(f"a sibling is called {url_name} already")
                node.url_name = url_name
            node.name = node.name if name is None else name
            node.modified = self.now()
            self.mark(node)

    def set_privacy(self, node: Node, privacy: Privacy, *, password: str | None = None) -> None:
        """`password` "" takes a password away, None leaves it as it is."""
        with self.lock:
            node.privacy = privacy
            if password is not None:
                node.password, node.security = password, "Password" if password else "None"
            node.modified = self.now()
            self.mark(node)

    def move_node(self, node: Node, parent: Node) -> None:
        with self.lock:
            if parent in node.walk() or node.parent is None or not parent.is_folder:
                raise EditError("a folder cannot be moved there")
            if any(child.url_name.casefold() == node.url_name.casefold() for child in parent.children):
                raise EditError(f"{node.url_name} exists there already")
            node.parent.children.remove(node)
            parent.children.append(node)
            self.mark(node, node.parent, parent)
            node.parent, node.modified = parent, self.now()

    def _add_node(self, node_type: NodeType, name: str, parent: Node, settings: dict[str, Any]) -> Node:
        now, number = self.now(), next(self._numbers)
        taken = {child.url_name.casefold() for child in parent.children}
        url_name = settings.pop("url_name", None) or derive_url_name(name)
        node = Node(
            id=self._fresh("node", 6, self.nodes, settings.pop("identity", None)),
            type=node_type,
            name=name,
            url_name=make_unique(url_name, taken),
            owner=parent.owner,
            added=now,
            modified=now,
            parent=parent,
            sort_index=number,
            **settings,
        )
        parent.children.append(node)
        self.nodes[node.id] = node
        self.mark(node, parent)
        return node

    def _fresh(self, kind: str, length: int, taken: Container[str], identity: str | None = None) -> str:
        """A key nothing has yet: made from `identity` if that is free, else from the next number."""
        while True:
            what = identity or str(next(self._numbers))
            key = make_key(f"{self.seed}/{self.nickname}/{kind}/{what}", length)
            if key not in taken:
                return key
            identity = None
