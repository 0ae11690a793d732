"""The account's objects as JSON and back, field by field, whatever fields they have.

A field that is new in the program takes its default from an older file; a field that the program no longer
has is left out. Objects name each other by their keys, and files are named by whatever `Files` makes of
them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import ModuleType
from typing import Any, Final, Protocol

from smugsync.emulator.account import account, model, tree
from smugsync.emulator.account.content import Content
from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.media import information

Thing = Node | Album | Image
KINDS: Final[Mapping[str, type[Thing]]] = {"node": Node, "album": Album, "image": Image}
#: What is worked out anew when it is needed.
_CACHES: Final = frozenset({"in_order"})


class Unreadable(ValueError):
    """The JSON does not describe what it should."""


class Files(Protocol):
    """Names for the bytes of images."""

    def describe(self, content: Content) -> dict[str, Any]: ...

    def find(self, described: Mapping[str, Any]) -> Content: ...


def kind_of(thing: Thing) -> str:
    return type(thing).__name__.lower()


def key_of(thing: Thing) -> str:
    return thing.id if isinstance(thing, Node) else thing.key


def _records(*modules: ModuleType) -> dict[str, type]:
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and is_dataclass(value) and value not in KINDS.values()
    }


#: The smaller dataclasses that may stand in a field, by name.
_RECORDS: Final = _records(account, model, tree, information)


class Encoder:
    """Values to JSON. `named` collects the nodes, albums and images that were named on the way."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.named: dict[tuple[str, str], Thing] = {}

    def thing(self, thing: Thing) -> dict[str, Any]:
        """All fields of a node, album or image."""
        return {name: self.value(value) for name, value in _values(thing) if name not in _CACHES}

    def value(self, value: Any) -> Any:
        """Raises TypeError for what cannot be kept."""
        match value:
            case None | bool() | int() | float() | str():
                return value
            case Node() | Album() | Image():
                kind, key = kind_of(value), key_of(value)
                self.named[kind, key] = value
                return {kind: key}
            case list():
                return [self.value(one) for one in value]
            case tuple():
                return {"tuple": [self.value(one) for one in value]}
            case set() | frozenset():
                kept = sorted((self.value(one) for one in value), key=json.dumps)
                return {type(value).__name__: kept}
            case Mapping():
                return {"dict": [[self.value(name), self.value(one)] for name, one in value.items()]}
        if is_dataclass(value) and type(value) is _RECORDS.get(type(value).__name__):
            shown = {name: self.value(one) for name, one in _values(value)}
            return {"record": type(value).__name__, "fields": shown}
        if hasattr(type(value), "read"):
            return {"file": self._files.describe(value)}
        raise TypeError(f"a {type(value).__name__} cannot be kept in a state file")


class Decoder:
    """The opposite. `find` gives the node, album or image of a kind and key, empty as it may be yet."""

    def __init__(self, files: Files, find: Callable[[str, str], Thing | None]) -> None:
        self._files = files
        self._find = find

    def fill(self, thing: Thing, shown: Mapping[str, Any]) -> None:
        """Set every field of a new, empty object."""
        for name, value in self._fields(type(thing), shown).items():
            setattr(thing, name, value)

    def value(self, shown: Any) -> Any:
        """Raises Unreadable."""
        match shown:
            case list():
                return [one for one in map(self.value, shown) if one is not _MISSING]
            case {"tuple": [*parts]}:
                return tuple(one for one in map(self.value, parts) if one is not _MISSING)
            case {"set": [*parts]}:
                return set(map(self.value, parts))
            case {"frozenset": [*parts]}:
                return frozenset(map(self.value, parts))
            case {"dict": [*pairs]}:
                read = ((self.value(name), self.value(one)) for name, one in pairs)
                return {name: one for name, one in read if one is not _MISSING}
            case {"record": str(name), "fields": dict(values)}:
                if name not in _RECORDS:
                    raise Unreadable(f"there is no {name}")
                return _RECORDS[name](**self._fields(_RECORDS[name], values))
            case {"file": dict(described)}:
                return self._files.find(described)
            case {"node": str(key)}:
                return self._find("node", key) or _MISSING
            case {"album": str(key)}:
                return self._find("album", key) or _MISSING
            case {"image": str(key)}:
                return self._find("image", key) or _MISSING
            case None | bool() | int() | float() | str():
                return shown
        raise Unreadable(f"{str(shown)[:40]!r} is nothing that is kept")

    def _fields(self, kind: type, shown: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in fields(kind):
            value = self.value(shown[field.name]) if field.name in shown else _MISSING
            if value is not _MISSING:
                found[field.name] = value
            elif field.default is not MISSING:
                found[field.name] = field.default
            elif field.default_factory is not MISSING:
                found[field.name] = field.default_factory()
            else:
                raise Unreadable(f"a {kind.__name__} has no {field.name}")
        return found


_MISSING: Any = object()


def _values(instance: Any) -> Iterator[tuple[str, Any]]:
    for field in fields(instance):
        yield field.name, getattr(instance, field.name)
