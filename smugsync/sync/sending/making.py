"""New directories become folders and albums: an existing one of that name is taken, else one is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from typing import Literal, Protocol

from smugsync.core import naming
from smugsync.core.model import Album, Privacy
from smugsync.errors import (
    Doubtful,
    Gone,
    ItemError,
    NotAuthorised,
    Rejected,
    SmugsyncError,
    Transient,
)
from smugsync.records import dataclass
from smugsync.remote.dialect import Node
from smugsync.stop import Stop
from smugsync.sync.sending.limits import MOST_FOLDERS

#: An album that was just made may not be there yet for the next question; asked again after so many seconds.
PAUSES = (0.5, 1.0, 2.0)


class Places(Protocol):
    """What of the service is needed to make an album."""

    def children(self, node_id: str) -> Iterable[Iterable[Node]]: ...

    def make(
        self, parent_node_id: str, kind: Literal["folder", "album"], name: str, privacy: Privacy
    ) -> Node: ...


@dataclass(frozen=True, slots=True)
class MakeAlbums:
    """Find or make an album for each of `wanted` (directory, privacy; None = only if it is there). `root` is
    the account's root node, `known` the keys of albums that have a directory of their own already."""

    root: str
    wanted: tuple[tuple[str, Privacy | None], ...]
    known: frozenset[str]


@dataclass(frozen=True, slots=True)
class Made:
    """The album of a directory, or why there is none. `new`: it was not there before."""

    directory: str
    album: Album | None = None
    new: bool = False
    error: SmugsyncError | None = None


@dataclass(frozen=True, slots=True)
class AlbumsMade:
    made: tuple[Made, ...]


@dataclass(slots=True)
class Maker:
    """One walk down from the root for each directory. Runs in a listing lane, one question at a time."""

    places: Places
    album: Callable[[str], Album]
    stop: Stop
    pauses: tuple[float, ...] = PAUSES
    _children: dict[str, list[Node]] = field(default_factory=dict)

    def __call__(self, question: MakeAlbums) -> AlbumsMade:
        self._children = {}
        return AlbumsMade(tuple(self._make(question, *wanted) for wanted in question.wanted))

    def _make(self, question: MakeAlbums, directory: str, privacy: Privacy | None) -> Made:
        self.stop.check()
        *folders, last = directory.split("/")
        try:
            if len(folders) > MOST_FOLDERS:
                raise Rejected(f"it lies {len(folders)} folders deep, and SmugMug has {MOST_FOLDERS} levels")
            parent = question.root
            for name in folders:
                parent = self._folder(parent, name, privacy)
            return self._album(question, directory, parent, last, privacy)
        except (ItemError, NotAuthorised) as error:
            return Made(directory, error=error)

    def _folder(self, parent: str, name: str, privacy: Privacy | None) -> str:
        """The node of the folder called `name`."""
        for node in self._below(parent):
            if node.kind == "folder" and is_called(node, name):
                return node.node_id
        if any(node.kind == "album" and is_called(node, name) for node in self._below(parent)):
            raise Rejected(f"it lies in {name}, which is an album online, and albums hold no others")
        return self._new(parent, "folder", name, privacy).node_id

    def _album(
        self, question: MakeAlbums, directory: str, parent: str, name: str, privacy: Privacy | None
    ) -> Made:
        for node in self._below(parent):
            if node.kind == "album" and node.album_key not in question.known and is_called(node, name):
                return Made(directory, self.album(node.album_key))
        if any(node.kind == "folder" and is_called(node, name) for node in self._below(parent)):
            raise Rejected("it is a folder online, which holds no photos: move them into a folder in it")
        return Made(directory, self._shown(self._new(parent, "album", name, privacy)), new=True)

    def _shown(self, node: Node) -> Album:
        for pause in self.pauses:
            try:
                return self.album(node.album_key)
            except (Gone, Transient):
                self.stop.wait(pause)
        return self.album(node.album_key)

    def _below(self, node_id: str) -> list[Node]:
        if node_id not in self._children:
            listing = self.places.children(node_id)
            self._children[node_id] = [node for page in listing for node in page]
            if not getattr(listing, "complete", True):
                del self._children[node_id]
                raise Transient("the list of folders came incomplete")
        return self._children[node_id]

    def _new(self, parent: str, kind: Literal["folder", "album"], name: str, privacy: Privacy | None) -> Node:
        if privacy is None:
            raise Rejected("it is no album's folder, and by `upload.create` none is made")
        try:
            node = self.places.make(parent, kind, name, privacy)
        except Doubtful:
            self._children.pop(parent, None)  # it may be there now
            raise
        self._children[parent].append(node)
        return node


def is_called(node: Node, name: str) -> bool:
    """Is this the folder or album that a directory `name` stands for, by address or by title?"""
    names = (naming.component(text, node.node_id) for text in (node.url_name, node.name) if text)
    return naming.fold(name) in {naming.fold(one) for one in names}
