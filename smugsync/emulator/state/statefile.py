"""One account in a state file: written down edit by edit, read back as a whole."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.content import Content, File, Noise, open_content
from smugsync.emulator.account.model import Image
from smugsync.emulator.account.tree import Bin, Changes
from smugsync.emulator.state.codec import KINDS, Decoder, Encoder, Thing, Unreadable, key_of, kind_of
from smugsync.emulator.state.connection import StateError
from smugsync.emulator.state.database import Database, StoredContent
from smugsync.emulator.state.keeper import Tokens
from smugsync.stop import Stop

#: Attributes of the account that are kept as rows of their own, or that each run sets anew.
_NOT_KEPT: Final = frozenset(
    {"nodes", "albums", "_images", "bin"}
    | {"clock", "lock", "changes", "_lazily", "_unlocked"}
    | {"images_updated_delay", "updated_throttle", "image_lag", "images_move_albums"}
)
Name = tuple[str, str]  #: a kind and a key
#: Where things are: in the account, in its bin, or only named by something else.
_LIVING, _BINNED, _NAMED = "living", "binned", "named"
#: The shelves of each kind.
Places = Mapping[str, tuple[tuple[str, dict[str, Any]], ...]]


class StateFile:
    """Keeps an account and its uploads in one file.

    Files below `directories` stay where they are and are kept by their paths; all others are copied in.
    """

    def __init__(
        self, database: Database, directories: Iterable[Path] = (), *, stop: Stop | None = None
    ) -> None:
        self._database = database
        self._stop = stop
        self._directories = tuple(directories)
        self._shelves: dict[Name, str] = {}  #: as the file has them
        self._moved: dict[Name, str | None] = {}  #: as the transaction under way has them, None for struck
        self._attributes = ""
        self._tokens: int | None = None

    def keep(self, upload: bytes | Path) -> Content:
        try:
            if isinstance(upload, bytes):
                return self._database.store(io.BytesIO(upload), self._stop)
            with upload.open("rb") as file:
                content = self._database.store(file, self._stop)
        except StateError as error:
            raise OSError(str(error)) from error
        upload.unlink()
        return content

    def drop(self, content: Content) -> None:
        if isinstance(content, StoredContent):
            self._database.drop(content.id)

    def read_note(self, name: str) -> str | None:
        return self._database.read_about(name)

    def write_note(self, name: str, value: str) -> None:
        self._database.write_about(name, value)

    def close(self) -> None:
        self._database.close()

    # -- writing -------------------------------------------------------------------------------------

    def begin(self, account: Account, note: Callable[[Database], None]) -> None:
        """Before the first `save`: everything, or what has changed since `load`, and what `note` writes
        beside it. Raises StateError."""
        with account.lock:
            due = account.changes
            if due is None:
                due = Changes(
                    {*account.nodes, *account.bin.nodes},
                    {*account.albums, *account.bin.albums},
                    {*account._images, *account.bin.images},
                )
            self._take_over(account, due.images)
            self._commit(account, due, note)

    def save(self, account: Account, tokens: Tokens) -> None:
        """What has changed since the last time, in one transaction. Raises StateError; then it stays due."""
        if not account.changes and tokens.changes == self._tokens:
            return
        with account.lock:
            due = account.changes or Changes()
            self._take_over(account, due.images)
            number = tokens.changes
            self._commit(account, due, lambda file: file.write_about("tokens", json.dumps(tokens.dump())))
            self._tokens = number

    def _commit(self, account: Account, changes: Changes, note: Callable[[Database], None]) -> None:
        self._moved = {}
        with self._database.transaction():
            attributes = self._write(account, changes)
            note(self._database)
            self._database.sweep()
        for name, shelf in self._moved.items():
            if shelf is None:
                self._shelves.pop(name, None)
            else:
                self._shelves[name] = shelf
        self._attributes, self._moved = attributes, {}
        account.changes = Changes()

    def _shelf(self, name: Name) -> str | None:
        return self._moved[name] if name in self._moved else self._shelves.get(name)

    def _take_over(self, account: Account, keys: Iterable[str]) -> None:
        """Copy the bytes of images into the file, unless they are kept otherwise."""
        for key in keys:
            image = account._images.get(key) or account.bin.images.get(key)
            if image is None:
                continue
            taken: dict[int, Content] = {}
            for name, content in _contents(image):
                if not self._is_kept(content):
                    if id(content) not in taken:
                        with open_content(content) as source:
                            taken[id(content)] = self._database.store(source)
                    setattr(image, name, taken[id(content)])

    def _is_kept(self, content: Content) -> bool:
        match content:
            case StoredContent() | Noise():
                return True
            case File(path=Path() as path):
                return any(path.is_relative_to(directory) for directory in self._directories)
        return False

    def _write(self, account: Account, changes: Changes) -> str:
        """Every change, and the account's own attributes, which come back as they were written."""
        encoder = Encoder(self)
        text = json.dumps(
            {name: encoder.value(value) for name, value in vars(account).items() if name not in _NOT_KEPT}
        )
        places = _places(account)
        due = [("node", key) for key in changes.nodes]
        due += [("album", key) for key in changes.albums]
        due += [("image", key) for key in changes.images]
        found: dict[Name, tuple[str, Thing]] = {}
        for kind, key in due:
            at = _find(places[kind], key)
            if at is not None:
                found[kind, key] = at
            elif (kind, key) in encoder.named:
                found[kind, key] = _NAMED, encoder.named[kind, key]
            else:
                self._strike(kind, key)
        while found:
            for shelf, thing in self._in_order(found, places):
                self._write_thing(encoder, shelf, thing)
            found = {
                name: _find(places[name[0]], name[1]) or (_NAMED, thing)
                for name, thing in encoder.named.items()
                if self._shelf(name) is None
            }
        if text != self._attributes:
            self._database.write_about("account", text)
        return text

    def _in_order(self, found: Mapping[Name, tuple[str, Thing]], places: Places) -> list[tuple[str, Thing]]:
        """What is new on its shelf comes last, and in the order it came there."""
        rank: dict[Name, int] = {}
        for kind, shelves in places.items():
            for shelf, things in shelves:
                new = {key for (k, key), (s, _) in found.items() if (k, s) == (kind, shelf)}
                new = {key for key in new if self._shelf((kind, key)) != shelf}
                for place, key in zip(count(len(things), -1), reversed(things), strict=False):
                    if not new:
                        break
                    if key in new:
                        new.remove(key)
                        rank[kind, key] = place
        return [found[name] for name in sorted(found, key=lambda name: rank.get(name, -1))]

    def _write_thing(self, encoder: Encoder, shelf: str, thing: Thing) -> None:
        kind, key = kind_of(thing), key_of(thing)
        value = json.dumps(encoder.thing(thing), separators=(",", ":"))  # ASCII: paths may not be UTF-8
        moves = self._shelf((kind, key)) != shelf
        self._database.write_thing(kind, key, shelf, value, moves=moves)
        self._moved[kind, key] = shelf
        if isinstance(thing, Image):
            kept = {content.id for _, content in _contents(thing) if isinstance(content, StoredContent)}
            self._database.show(key, kept)

    def _strike(self, kind: str, key: str) -> None:
        self._database.strike_thing(kind, key)
        if kind == "image":
            self._database.show(key, set())
        self._moved[kind, key] = None

    # -- reading -------------------------------------------------------------------------------------

    def load(self, account: Account) -> None:
        """Make `account` what it was when it was last saved. Raises StateError."""
        try:
            with self._database.explained():
                self._load(account)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise self._database.damaged() from error

    def _load(self, account: Account) -> None:
        rows = self._database.read_things()
        things: dict[Name, Thing] = {}
        for kind, key, _, _ in rows:
            things[kind, key] = object.__new__(KINDS[kind])
        decoder = Decoder(self, lambda kind, key: things.get((kind, key)))
        shelved: dict[tuple[str, str], dict[str, Any]] = {}
        for kind, key, shelf, value in rows:
            decoder.fill(things[kind, key], json.loads(value))
            shelved.setdefault((kind, shelf), {})[key] = things[kind, key]
            self._shelves[kind, key] = shelf
        with account.lock:
            account.nodes = shelved.get(("node", _LIVING), {})
            account.albums = shelved.get(("album", _LIVING), {})
            account._images = shelved.get(("image", _LIVING), {})
            account.bin = Bin(*(shelved.get((kind, _BINNED), {}) for kind in ("node", "album", "image")))
            self._attributes = self._database.read_about("account") or ""
            for name, shown in json.loads(self._attributes).items():
                if hasattr(account, name):
                    setattr(account, name, decoder.value(shown))
            account.changes = Changes()

    def load_tokens(self) -> Mapping[str, Any] | None:
        """What `Tokens.dump` told; None before the first save."""
        text = self._database.read_about("tokens")
        return None if text is None else json.loads(text)

    # -- names for contents, as the codec asks for them ----------------------------------------------

    def describe(self, content: Content) -> dict[str, Any]:
        match content:
            case StoredContent():
                return {"content": content.id}
            case Noise():
                return {"noise": content.seed, "size": content.size}
            case File(path=Path() as path):
                size, md5 = content.last_known
                return {"path": str(path), "size": size, "md5": md5}
        raise TypeError(f"a {type(content).__name__} was not taken over")

    def find(self, described: Mapping[str, Any]) -> Content:
        match described:
            case {"content": int(number)}:
                stored = self._database.find(number)
                if stored is None:
                    raise Unreadable(f"there is no content {number}")
                return stored
            case {"noise": str(seed), "size": int(size)}:
                return Noise(seed, size)
            case {"path": str(path), "size": int(size), "md5": str(md5)}:
                return File(Path(path), self._stop, size=size, md5=md5)
            case {"path": str(path)}:
                return File(Path(path), self._stop)
        raise Unreadable("there is a file of an unknown kind")


def _places(account: Account) -> Places:
    return {
        "node": ((_LIVING, account.nodes), (_BINNED, account.bin.nodes)),
        "album": ((_LIVING, account.albums), (_BINNED, account.bin.albums)),
        "image": ((_LIVING, account._images), (_BINNED, account.bin.images)),
    }


def _find(shelves: Iterable[tuple[str, Mapping[str, Thing]]], key: str) -> tuple[str, Thing] | None:
    return next(((shelf, things[key]) for shelf, things in shelves if key in things), None)


def _contents(image: Image) -> list[tuple[str, Content]]:
    """The fields of an image that hold bytes."""
    held = ((name, getattr(image, name)) for name in Image.__dataclass_fields__)
    return [(name, value) for name, value in held if hasattr(type(value), "read")]
