"""What there is in an account, found by key, nickname or path, and what was touched of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field

from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.account.names import make_key


class EditError(ValueError):
    """The edit is impossible: no such object, no such place, a name that is taken."""


class NameTaken(EditError):
    """A sibling has that UrlName, in this or another case."""


@dataclass(slots=True)
class Bin:
    """What was deleted and can be recovered, by key, with everything that was in it.

    The nodes that were deleted themselves say when (`Node.deleted`); the others lay in one of those. A
    node's `parent` is still the one it had.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    albums: dict[str, Album] = field(default_factory=dict)
    images: dict[str, Image] = field(default_factory=dict)


@dataclass(slots=True)
class Changes:
    """What edits have touched, by key: to be written down if it is still there (in the account or in its
    bin), else to be struck out."""

    nodes: set[str] = field(default_factory=set)
    albums: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.nodes or self.albums or self.images)


@dataclass(frozen=True, slots=True)
class Either:
    """The keys of what exists and of what may exist again."""

    living: Container[str]
    deleted: Container[str]

    def __contains__(self, key: object) -> bool:
        return key in self.living or key in self.deleted


def names_in(parent: Node, *, without: Container[Node] = ()) -> set[str]:
    """The UrlNames that are taken in a folder, case-folded."""
    return {child.url_name.casefold() for child in parent.children if child not in without}


class Places:
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
        self.bin = Bin()
        self._number = 0  #: the last that a key was made of
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
            node = Node(
                self._fresh("root", 6, self.nodes, nickname),
                "Folder",
                name="",
                url_name="",
                owner=nickname,
                added=now,
                modified=now,
                show_cover=False,
                smug_searchable="Yes",
                world_searchable="Yes",
            )
            self.nodes[node.id] = self._roots[nickname.casefold()] = node
            self.mark(node)
            return node

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _fresh(self, kind: str, length: int, taken: Container[str], identity: str | None = None) -> str:
        """A key nothing has yet: made from `identity` if that is free, else from the next number."""
        while True:
            what = identity or str(self._next_number())
            key = make_key(f"{self.seed}/{self.nickname}/{kind}/{what}", length)
            if key not in taken:
                return key
            identity = None
