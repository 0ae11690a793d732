"""What must be true of a mirror at every moment, and what must be true of it in the end.

`Truth` remembers what the machine cannot: which bytes the service ever had under which photo's key,
which bytes a person wrote, and which bytes are *owed*, because they lay on the disk once and no person
took them away. All bytes are known by their MD5.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smugsync.catalogue import join
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.api.view import View
from tests.sync.crashes import WatchedWorld
from tests.sync.world import ORIGIN


@dataclass(frozen=True)
class Disk:
    """`visible`: path -> MD5; `kept`: the MD5s of what was set aside; `stray`: what is neither.

    `trash`: path below the trash -> MD5, of those among what was set aside.
    """

    visible: dict[str, str]
    kept: frozenset[str]
    trash: dict[str, str]
    stray: tuple[str, ...]

    @property
    def everything(self) -> set[str]:
        return {*self.visible.values(), *self.kept}


def read_disk(root: Path) -> Disk:
    visible: dict[str, str] = {}
    kept: set[str] = set()
    trash: dict[str, str] = {}
    stray: list[str] = []
    for path in root.rglob("*"):
        if not path.is_file():
            continue
        name = path.relative_to(root).as_posix()
        if not name.startswith(".smugsync/"):
            visible[name] = hash_file(path)
        elif name.startswith(".smugsync/versions/"):
            kept.add(hash_file(path))
        elif name.startswith(".smugsync/trash/"):
            trash[name.removeprefix(".smugsync/trash/")] = hash_file(path)
        elif name != ".smugsync/mirror.json":
            stray.append(name)
    return Disk(visible, frozenset(kept | set(trash.values())), trash, tuple(stray))


def hash_file(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


# -- what the service has --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """One photo in one album, as this world's viewer may see it. `md5` None: it cannot be had now.

    `chosen`: the configuration includes its album.
    """

    album: str
    key: str
    md5: str | None
    chosen: bool = True


def content_of(image: Image) -> str:
    return (image.rendition or image.content).md5


def read_account(world: WatchedWorld) -> tuple[dict[tuple[str, str], Shown], set[str], set[str]]:
    """What can be seen, the keys of the albums that are open, and of those that are listed but locked."""
    account = world.emulator.account
    user = account.nickname if world.emulator.settings.viewer == "owner" else account.visitor
    view = View(account, user, ORIGIN)
    shown: dict[tuple[str, str], Shown] = {}
    opened: set[str] = set()
    locked: set[str] = set()
    for album in account.albums.values():
        if not view.lists_everywhere(album.node):
            continue
        if view.locked(album.node):
            locked.add(album.key)
            continue
        opened.add(album.key)
        chosen = world.options.selects(album.node.url_path)
        for image in _visible_images(view, album):
            offered = not image.processing and view.may_have_original(image)
            md5 = content_of(image) if offered else None
            shown[album.key, image.key] = Shown(album.key, image.key, md5, chosen)
    return shown, opened, locked


def _visible_images(view: View, album: Album) -> Iterator[Image]:
    for image in album.photos:
        if view.shows(image, album.node):
            yield image


# -- what the catalogue says -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    album: str
    key: str
    state: str
    path: str
    held: str | None
    edited: str | None
    evidence: str | None


@dataclass(frozen=True)
class Ledger:
    rows: tuple[Row, ...]
    albums: dict[str, str]  #: key -> state
    addresses: dict[str, str]  #: key -> the web path that was recorded last
    local: dict[str, tuple[int, int]]
    moving: tuple[str, ...]


def read_ledger(state: Path) -> Ledger:
    """The catalogue as another process would read it."""
    with closing(sqlite3.connect(state / "catalogue.db")) as db:
        rows = db.execute(
            "SELECT album.key, file.key, file.state, directory, file.name, held_md5, local_md5, evidence"
            " FROM file JOIN album ON album.id = album_id ORDER BY file.id"
        )
        return Ledger(
            tuple(Row(a, k, s, join(d, n), h, e, v) for a, k, s, d, n, h, e, v in rows),
            dict(db.execute("SELECT key, state FROM album")),
            dict(db.execute("SELECT key, url_path FROM album")),
            {
                path: (size, mtime)
                for path, size, mtime in db.execute("SELECT path, size, mtime_ns FROM local_file")
            },
            tuple(new for (new,) in db.execute("SELECT new FROM directory_move")),
        )


def dump(state: Path) -> dict[str, list[Any]]:
    """Everything that a cycle in which nothing happened must leave as it was."""
    queries = {
        "album": "SELECT * FROM album ORDER BY id",
        "local_file": "SELECT * FROM local_file ORDER BY path",
        "directory_move": "SELECT * FROM directory_move",
        "file": "SELECT id, album_id, key, name, state, version, held_version, held_md5, held_size, mtime_ns,"
        " evidence, local_md5, local_size, local_mtime_ns, reason, retired_at FROM file ORDER BY id",
    }
    with closing(sqlite3.connect(state / "catalogue.db")) as db:
        return {name: list(db.execute(query)) for name, query in queries.items()}


def left_out(world: WatchedWorld, ledger: Ledger) -> set[str]:
    """The albums (keys) that the configuration excludes: by where they are now, else where they were."""
    now = {album.key: album.node.url_path for album in world.emulator.account.albums.values()}
    return {key for key, address in {**ledger.addresses, **now}.items() if not world.options.selects(address)}


# -- the law ---------------------------------------------------------------------------------------------


@dataclass
class Truth:
    history: dict[str, set[str]] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    owed: set[str] = field(default_factory=set)

    def note_account(self, world: WatchedWorld) -> None:
        for album in list(world.emulator.account.albums.values()):
            for image in list(album.photos):
                self.history.setdefault(image.key, set()).add(content_of(image))

    def wrote(self, md5: str) -> None:
        self.written.add(md5)
        self.owed.add(md5)

    def took_away(self, md5: str, disk: Disk) -> None:
        """A person removed, renamed or overwrote a file of these bytes; `disk` is what is left."""
        self.removed.add(md5)
        if md5 not in disk.everything:
            self.owed.discard(md5)

    def check_moment(self, world: WatchedWorld) -> Disk:
        """Holds at any instant, also in the middle of a cycle."""
        self.note_account(world)
        disk = read_disk(world.path)
        known = self.written.union(*self.history.values())
        for path, md5 in disk.visible.items():
            assert md5 in known, f"{path} shows bytes that nobody ever had"
        self.owed |= disk.everything
        lost = self.owed - disk.everything
        assert not lost, f"bytes that no person removed are gone: {sorted(lost)}"
        return disk

    def check_rest(self, world: WatchedWorld) -> None:
        """Holds whenever no process runs: after a cycle, and after one was killed."""
        disk = self.check_moment(world)
        ledger = read_ledger(world.state)
        there = set(disk.visible.values())
        theirs = self.written.difference(*self.history.values()).intersection(disk.trash.values())
        assert not theirs, f"a person's own work lies in the trash: {theirs}"
        for row in ledger.rows:
            found = disk.visible.get(row.path)
            mine = self.history.get(row.key, set())
            assert found is None or found in mine or found in self.written, (
                f"{row.path} shows bytes that {row.key} never had"
            )
            if row.state == "committed" and row.held not in there:
                assert row.held in self.removed, f"{row.path} is recorded and not on disk"


def differences(world: WatchedWorld) -> list[str]:
    """What keeps the mirror from being what it must be once the faults have stopped."""
    disk, ledger = read_disk(world.path), read_ledger(world.state)
    shown, opened, _ = read_account(world)
    excluded = left_out(world, ledger)
    rows = {(row.album, row.key): row for row in ledger.rows}
    faults = [f"{name} was left over" for name in disk.stray]
    faults += [f"{new} is still being moved to" for new in ledger.moving]
    for (album, key), photo in shown.items():
        if photo.chosen:
            faults += _photo_faults(photo, rows.get((album, key)), disk)
    for row in ledger.rows:
        told = row.album in opened or ledger.albums[row.album] == "gone"  # else frozen: it stands still
        if not told or row.album in excluded or (row.album, row.key) in shown:
            continue
        if row.state != "retired":
            faults.append(f"{row.path} is {row.state} and not online")
        elif not world.options.archive:
            faults.append(f"{row.path} is still here and not online")
    if not world.options.archive:
        gone = [key for key, state in ledger.albums.items() if state == "gone" and key not in excluded]
        faults += [f"album {key} is still recorded and not online" for key in gone]
    faults += _unknown_files(world.path, disk, ledger)
    return faults


def _photo_faults(photo: Shown, row: Row | None, disk: Disk) -> Iterator[str]:
    name = f"{photo.album}/{photo.key}"
    if photo.md5 is None:
        return
    if row is None:
        yield f"{name} is not recorded"
        return
    if row.state != "committed" or row.held != photo.md5:
        yield f"{row.path} ({name}) is {row.state} with {row.held}, online is {photo.md5}"
    if row.evidence not in ("promised", "self"):
        yield f"{row.path} has no evidence"
    found = disk.visible.get(row.path)
    if found != (row.edited or row.held):
        yield f"{row.path} shows {found}, recorded is {row.edited or row.held}"


def _unknown_files(root: Path, disk: Disk, ledger: Ledger) -> Iterator[str]:
    accounted = {row.path for row in ledger.rows if row.held is not None}
    for path in disk.visible:
        if path in accounted:
            continue
        stat = (root / path).stat()
        if path not in ledger.local:
            yield f"{path} is not known"
        elif ledger.local[path] != (stat.st_size, stat.st_mtime_ns):
            yield f"{path} is not known as it is now"
    for path in ledger.local:
        if path not in disk.visible:
            yield f"{path} is recorded as a local file and not there"
