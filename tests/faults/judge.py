"""What must be true of a mirror after any fault, and what must be true of it in the end.

Everything is looked at from outside: bytes by md5sum, rows by SQL on a copy of the catalogue, and the account
as the emulator describes it. The command itself is not asked.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

OURS = ".smugsync"


@dataclass(frozen=True, slots=True)
class Truth:
    """What the judge knows beforehand; all bytes by their MD5.

    `online` is the account: (album key, image key) -> MD5. `owed` lay in the mirror before the run: none
    of it may ever be lost, wherever it goes. `own` is what a person wrote, and what may therefore stand in
    a photo's place. `past` is what the account had and has no more. `rotten` are bytes that a bad disk has
    made of others, and `removed` the paths of what a person has deleted: both may be found as they are
    until they are mended. `moving`: the run renames what is there, so that in between a row may be behind.
    """

    online: Mapping[tuple[str, str], str]
    owed: frozenset[str]
    own: frozenset[str] = frozenset()
    past: frozenset[str] = frozenset()
    rotten: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    moving: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A photo's row: where its file is to be, what is held, and what a person has made of it since."""

    album: str
    key: str
    state: str
    path: str
    held: str | None
    edited: str | None


@dataclass(frozen=True, slots=True)
class Ledger:
    rows: tuple[Row, ...] = ()
    local: frozenset[str] = frozenset()
    moves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Disk:
    """`visible`: path -> MD5. `elsewhere`: the MD5s on the shelves, and in directories that are just being
    renamed. `passing`: what must not stay."""

    visible: Mapping[str, str]
    elsewhere: frozenset[str]
    passing: tuple[str, ...]

    @property
    def kept(self) -> set[str]:
        """All bytes that are not lost."""
        return {*self.visible.values(), *self.elsewhere}


def read_disk(mirror: Path) -> Disk:
    sums = md5sums(mirror)
    visible = {path: md5 for path, md5 in sums.items() if f"/{OURS}" not in f"/{path}"}
    staging, marker = f"{OURS}/tmp/", f"{OURS}/mirror.json"
    elsewhere = {
        p: md5 for p, md5 in sums.items() if p not in visible and not p.startswith((staging, marker))
    }
    passing = [p for p in sums if p.startswith((staging, f"{marker}.")) or f"/{OURS}-" in f"/{p}"]
    return Disk(visible, frozenset(elsewhere.values()), tuple(passing))


def md5sums(root: Path) -> dict[str, str]:
    """Every file below `root`, by md5sum: relative path -> MD5."""
    paths = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    if not paths:
        return {}
    listed = subprocess.run(
        ["md5sum", "--zero", "--", *paths], cwd=root, capture_output=True, text=True, check=True
    )
    lines = [line for line in listed.stdout.split("\0") if line]
    return {line[34:]: line[:32] for line in lines}


def read_ledger(state: Path) -> Ledger:
    """The catalogue as it would be after a crash, read from a copy; empty if it was not made yet.

    Raises sqlite3.DatabaseError if it is damaged.
    """
    source = state / "catalogue.db"
    with tempfile.TemporaryDirectory() as place:
        for name in ("catalogue.db", "catalogue.db-wal", "catalogue.db-journal"):
            if (state / name).exists():
                shutil.copy(state / name, place)
        if not source.exists():
            return Ledger()
        with closing(sqlite3.connect(Path(place, "catalogue.db"))) as db:
            if db.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("integrity_check finds damage")
            if db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
                return Ledger()
            rows = db.execute(
                "SELECT album.key, file.key, file.state, directory || '/' || file.name, held_md5, local_md5"
                " FROM file JOIN album ON album.id = album_id"
            )
            return Ledger(
                tuple(Row(*row) for row in rows),
                frozenset(path for (path,) in db.execute("SELECT path FROM local_file")),
                tuple(new for (new,) in db.execute("SELECT new FROM directory_move")),
            )


def at_rest(mirror: Path, state: Path, truth: Truth) -> list[str]:
    """What is wrong although it may never be, however a run ended; one sentence each."""
    disk, found = read_disk(mirror), []
    known = {*truth.online.values(), *truth.owed, *truth.own, *truth.past, *truth.rotten}
    found += [
        f"{path} shows bytes that nobody ever had" for path, md5 in disk.visible.items() if md5 not in known
    ]
    found += [f"bytes are lost: {md5}" for md5 in truth.owed - disk.kept]
    try:
        ledger = read_ledger(state)
    except sqlite3.DatabaseError as error:
        return [*found, f"the catalogue is damaged: {error}"]
    return found + list(_lies(ledger, disk, truth))


def _lies(ledger: Ledger, disk: Disk, truth: Truth) -> Iterator[str]:
    """Rows that promise a file that is not there: the catalogue may be behind the disk, never ahead."""
    behind = truth.moving or ledger.moves
    for row in ledger.rows:
        if row.state not in ("committed", "retired"):
            continue
        wanted = {row.held, row.edited} - {None}
        shown = disk.visible.get(row.path)
        if shown in wanted | truth.own | truth.rotten or (shown is None and row.path in truth.removed):
            continue
        if behind and not wanted.isdisjoint(disk.kept):
            continue
        yield f"{row.path} is recorded as {row.state} and shows {shown}"


def missing(mirror: Path, truth: Truth) -> int:
    """How many photos of the account are not to be seen in the mirror; one in two albums counts twice."""
    return (Counter(truth.online.values()) - Counter(read_disk(mirror).visible.values())).total()


def unsettled(mirror: Path, state: Path, truth: Truth, *, tidy: bool = True) -> list[str]:
    """What is missing to a mirror that is whole, proven, recorded and (`tidy`) cleaned up, in sentences."""
    found = at_rest(mirror, state, truth)
    disk = read_disk(mirror)
    try:
        ledger = read_ledger(state)
    except sqlite3.DatabaseError:
        return found
    rows = {(row.album, row.key): row for row in ledger.rows}
    for key, md5 in truth.online.items():
        row = rows.get(key)
        if row is None or row.state != "committed" or row.held != md5:
            found.append(f"{'/'.join(key)} is {row.state if row else 'not recorded'}: {row}")
        elif disk.visible.get(row.path) not in {md5, row.edited, *truth.own}:
            found.append(f"{row.path} shows {disk.visible.get(row.path)}, not {md5}")
    for row in ledger.rows:
        if (row.album, row.key) not in truth.online and row.state != "retired":
            found.append(f"{row.path} is {row.state} and not online")
    known = {*(row.path for row in ledger.rows), *ledger.local}
    found += [f"{path} is there and nobody knows why" for path in disk.visible if path not in known]
    found += [f"{path} was left behind" for path in disk.passing if tidy]
    return found + [f"{new} is still being moved to" for new in ledger.moves]
