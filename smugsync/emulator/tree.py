"""The account's places: folders, albums and pages in one tree."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Sequence
from itertools import count
from typing import Any, Final

from smugsync.emulator.model import Album, Node, NodeType, Privacy
from smugsync.emulator.names import derive_url_name, make_key, make_unique

MAX_DEPTH: Final = 5  #: levels of folders (facts 7)


class EditError(ValueError):
    """The edit is impossible: no such object, no such place, a name that is taken."""


class Tree:
    """One user's nodes and albums, and the empty root of a visiting user beside them.

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
        self.root = self._add_root(nickname)
        self.visitor_root = self._add_root(self.visitor)

    def node(self, node_id: str) -> Node | None:
        return self.nodes.get(node_id)

    def album(self, key: str) -> Album | None:
        return self.albums.get(key)

    def root_of(self, nickname: str) -> Node | None:
        """The root of the account with that nickname, in any case."""
        roots = {self.nickname.casefold(): self.root, self.visitor.casefold(): self.visitor_root}
        return roots.get(nickname.casefold())

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

    def set_privacy(self, node: Node, privacy: Privacy, *, password: str | None = None) -> None:
        """`password` "" takes a password away, None leaves it as it is."""
        with self.lock:
            node.privacy = privacy
            if password is not None:
                node.password, node.security = password, "Password" if password else "None"
            node.modified = self.now()

    def move_node(self, node: Node, parent: Node) -> None:
        with self.lock:
            if parent in node.walk() or node.parent is None or not parent.is_folder:
                raise EditError("a folder cannot be moved there")
            if any(child.url_name.casefold() == node.url_name.casefold() for child in parent.children):
                raise EditError(f"{node.url_name} exists there already")
            node.parent.children.remove(node)
            parent.children.append(node)
            node.parent, node.modified = parent, self.now()

    def _add_root(self, nickname: str) -> Node:
        now = self.now()
        node = Node(self._fresh("root", 6, self.nodes, nickname), "Folder", "", "", nickname, now, now)
        self.nodes[node.id] = node
        return node

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
        return node

    def _fresh(self, kind: str, length: int, taken: Container[str], identity: str | None = None) -> str:
        """A key nothing has yet: made from `identity` if that is free, else from the next number."""
        while True:
            what = identity or str(next(self._numbers))
            key = make_key(f"{self.seed}/{self.nickname}/{kind}/{what}", length)
            if key not in taken:
                return key
            identity = None
