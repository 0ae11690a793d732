"""The ledger: what both sides agreed on, in one SQLite file that only the engine's thread touches.

`schema.sql` beside this module states the invariants; the database refuses rows that break them. Rows
come out as frozen values and go back whole, so no caller can forget a column.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

from smugsync.core.lifecycle import Event, State, advance
from smugsync.core.model import Album, Base, Details, Evidence, Fingerprint, Kind, Promise, RemoteFile
from smugsync.errors import Busy, CatalogueError, SmugsyncError

SCHEMA_VERSION = 1

#: SQLite's primary result codes that speak of another process, of the disk and of the file's own bytes;
#: all others are bugs of ours.
_IN_USE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DISK = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
#: What SQLite raises; its messages quote damaged bytes, which Python then cannot decode.
_FAULTS = (sqlite3.Error, UnicodeDecodeError)

#: MIGRATIONS[n] turns schema n into n + 1; each runs in one transaction together with its version number.
MIGRATIONS: Mapping[int, str] = {}


@dataclass(frozen=True, slots=True)
class AlbumRow:
    """An album as recorded; columns of `album` in schema.sql."""

    id: int
    key: str
    node_id: str
    name: str
    url_path: str
    directory: str
    directory_folded: str
    cursor: str = ""
    image_count: int | None = None
    state: str = "listed"
    reason: str = ""

    def album(self) -> Album:
        return Album(
            self.key, self.node_id, self.name, self.url_path, self.cursor, image_count=self.image_count
        )


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as recorded; `finished_at` None = it still runs, or was killed. Times are epoch seconds."""

    scope: str
    started_at: int
    finished_at: int | None
    exit_code: int | None
    summary: str | None


@dataclass(frozen=True, slots=True)
class FileRow:
    """A photo or video as recorded; columns of `file` in schema.sql. `id` 0 = not stored yet."""

    id: int
    album_id: int
    key: str
    name: str
    name_folded: str
    state: State
    remote_name: str
    format: str
    kind: str
    serial: int
    version: str
    revision: str
    promised_md5: str | None
    promised_size: int | None
    source: str | None
    source_run: int | None
    taken: str
    uploaded: str
    details: str
    held_version: str | None = None
    held_md5: str | None = None
    held_size: int | None = None
    mtime_ns: int | None = None
    evidence: str | None = None
    local_md5: str | None = None
    local_size: int | None = None
    local_mtime_ns: int | None = None
    reason: str = ""
    attempts: int = 0
    retry_at: int | None = None
    retired_at: int | None = None

    def on(self, event: Event, **changes: Any) -> FileRow:
        """The row after `event`. A reason or time to retry lasts only as long as the state it explains."""
        state = advance(self.state, event)
        if state is not self.state:
            changes = {"reason": "", "retry_at": None, "retired_at": None} | changes
        return replace(self, state=state, **changes)

    def base(self, directory: str) -> Base | None:
        """What was agreed on, None if nothing ever was. The file lies in `directory`."""
        if self.held_md5 is None or self.held_size is None or self.mtime_ns is None:
            return None
        return Base(
            path=join(directory, self.name),
            version=self.held_version or "",
            held_md5=self.held_md5,
            fingerprint=Fingerprint(self.held_size, self.mtime_ns),
            evidence=Evidence(self.evidence or Evidence.UNPROVEN),
            retired=self.state is State.RETIRED,
        )

    def edited(self) -> Fingerprint | None:
        """The fingerprint of a person's edit that was hashed and recorded, None if there is none."""
        if self.local_size is None or self.local_mtime_ns is None:
            return None
        return Fingerprint(self.local_size, self.local_mtime_ns)

    def remote(self, album_key: str, run: int) -> RemoteFile:
        """What the service showed last; its media address only if it was read in this `run`."""
        return RemoteFile(
            album_key=album_key,
            key=self.key,
            name=self.remote_name,
            format=self.format,
            kind=Kind(self.kind),
            version=self.version,
            revision=self.revision,
            serial=self.serial,
            promised=Promise(self.promised_md5, self.promised_size),
            source=self.source if self.source_run == run else None,
            taken=self.taken,
            uploaded=self.uploaded,
            details=read_details(self.details),
        )


_FILE_COLUMNS = tuple(f.name for f in fields(FileRow))
_ALBUM_COLUMNS = tuple(f.name for f in fields(AlbumRow))
_SELECT_FILE = f"SELECT {', '.join('file.' + c for c in _FILE_COLUMNS)} FROM file"
_SELECT_ALBUM = f"SELECT {', '.join(_ALBUM_COLUMNS)} FROM album"


def join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


def write_details(details: Details) -> str:
    return json.dumps(astuple(details), ensure_ascii=False, separators=(",", ":"))


def read_details(text: str) -> Details:
    title, caption, keywords, latitude, longitude, hidden = json.loads(text)
    return Details(title, caption, tuple(keywords), latitude, longitude, hidden)


def shown(remote: RemoteFile, run: int) -> dict[str, Any]:
    """The columns that say what the service shows of `remote` in this `run`."""
    return {
        "remote_name": remote.name,
        "format": remote.format,
        "kind": remote.kind.value,
        "serial": remote.serial,
        "version": remote.version,
        "revision": remote.revision,
        "promised_md5": remote.promised.md5,
        "promised_size": remote.promised.size,
        "source": remote.source,
        "source_run": run,
        "taken": remote.taken,
        "uploaded": remote.uploaded,
        "details": write_details(remote.details),
    }


def _upsert(table: str, columns: tuple[str, ...]) -> tuple[str, str]:
    names = columns[1:]
    insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    update = f"UPDATE {table} SET {', '.join(f'{n} = ?' for n in names)} WHERE id = ?"
    return insert, update


_INSERT_FILE, _UPDATE_FILE = _upsert("file", _FILE_COLUMNS)
_INSERT_ALBUM, _UPDATE_ALBUM = _upsert("album", _ALBUM_COLUMNS)


def _values(row: AlbumRow | FileRow, columns: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in columns[1:])


def _file_row(values: tuple[Any, ...]) -> FileRow:
    row = list(values)
    row[5] = State(row[5])
    return FileRow(*row)


class Catalogue:
    """Open with `Catalogue.open`. Every write stands inside `with catalogue.transaction(...)`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self.path = path

    # -- opening and closing ---------------------------------------------------------------------

    @classmethod
    def open(cls, path: Path, *, check: bool = False) -> Catalogue:
        """Open or create the catalogue at `path`; `check` reads it through first (after a crash).

        Raises CatalogueError for a file that is damaged, not a catalogue, written by a newer version or
        not to be used on this disk, Busy while another program writes to it.
        """
        try:
            db = sqlite3.connect(path, isolation_level=None, timeout=5)
        except sqlite3.Error as error:
            raise CatalogueError(f"the catalogue {path} cannot be opened: {error}") from error
        catalogue = cls(db, path)
        try:
            catalogue._prepare(check=check)
        except _FAULTS as error:
            db.close()
            raise catalogue._explain(error) or catalogue._damaged(error) from error
        except BaseException:
            db.close()
            raise
        return catalogue

    def _prepare(self, *, check: bool) -> None:
        db = self._db
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version < 0 or (version == 0 and db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]):
            raise self._damaged("it belongs to another program")
        if version > SCHEMA_VERSION:
            raise CatalogueError(
                f"the catalogue {self.path} was written by a newer smugsync (schema {version}, this version "
                f"knows {SCHEMA_VERSION}); upgrade smugsync"
            )
        # An I/O error while switching is not raised: the answer is the old mode.
        mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode not in ("wal", "memory"):
            raise CatalogueError(
                f"the catalogue {self.path} cannot use a write-ahead log (its file system says {mode!r}); "
                "keep the state directory on a local disk"
            )
        for pragma in ("foreign_keys = ON", "trusted_schema = OFF", "cache_size = -8192", "temp_store = 2"):
            db.execute(f"PRAGMA {pragma}")
        if check:
            self.check()
        if version == 0:
            script = resources.files("smugsync").joinpath("schema.sql").read_text(encoding="utf-8")
            self._script(script, SCHEMA_VERSION)
        else:
            for step in range(version, SCHEMA_VERSION):
                self._script(MIGRATIONS[step], step + 1)

    def _script(self, script: str, version: int) -> None:
        self._db.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {version};\nCOMMIT;")

    def copy(self, path: Path) -> Catalogue:
        """A throw-away copy at `path`, for a dry run: planned on like the original, then discarded."""
        with closing(sqlite3.connect(path)) as target:
            self._db.backup(target)
        copy = Catalogue.open(path)
        copy._db.execute("PRAGMA synchronous = OFF")
        return copy

    def check(self) -> None:
        """Read the whole file through; raises CatalogueError if it is damaged."""
        try:
            verdict = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        except _FAULTS as error:
            raise self._explain(error) or self._damaged(error) from error
        if verdict != "ok":
            raise self._damaged(verdict)

    def _explain(self, error: BaseException) -> SmugsyncError | None:
        """`error` in a person's words, None if it is none of SQLite's or a bug of ours."""
        if isinstance(error, UnicodeDecodeError):
            return self._damaged("it holds bytes that are no text")
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if primary in _IN_USE:
            return Busy(f"another program is writing to the catalogue {self.path}; wait until it is done")
        if primary in _DISK:
            return CatalogueError(f"the catalogue {self.path} cannot be used: {error}")
        return self._damaged(error) if primary in _DAMAGE else None

    def _damaged(self, why: object) -> CatalogueError:
        return CatalogueError(
            f"the catalogue {self.path} is damaged or no catalogue ({why}); move it aside and run "
            "`smugsync sync --full`: files that are already there are recognised, not fetched again"
        )

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        """One transaction. `durable` survives a power cut from here on; without it the write may be lost
        by one, but never torn: fit for listings, which can be read again.

        Raises CatalogueError when the disk refuses or the file turns out to be damaged, Busy when another
        program keeps it; a row that the schema refuses is a bug and stays sqlite3.IntegrityError.
        """
        try:
            self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            explained = self._explain(error)
            if explained is not None:
                raise explained from error
            raise

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[Any]:
        """The rows that `query` finds. Raises as `transaction` does."""
        try:
            # Not `yield from`: a reader that is given up would close the cursor after its database.
            for row in self._db.execute(query, values):  # noqa: UP028 -- see above
                yield row
        except _FAULTS as error:
            explained = self._explain(error)
            if explained is not None:
                raise explained from error
            raise

    def _first(self, query: str, values: tuple[Any, ...] = ()) -> Any:
        """The first row that `query` finds, None if there is none."""
        return next(self._read(query, values), None)

    # -- facts -----------------------------------------------------------------------------------

    def recall(self, key: str) -> str | None:
        row = self._first("SELECT value FROM meta WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    def remember(self, key: str, value: str) -> None:
        self._db.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    # -- albums ----------------------------------------------------------------------------------

    def albums(self) -> Iterator[AlbumRow]:
        """Every album, by its directory."""
        for values in self._read(f"{_SELECT_ALBUM} ORDER BY directory"):
            yield AlbumRow(*values)

    def album(self, album_id: int) -> AlbumRow:
        return AlbumRow(*self._first(f"{_SELECT_ALBUM} WHERE id = ?", (album_id,)))

    def albums_by_key(self, keys: Iterable[str]) -> dict[str, AlbumRow]:
        wanted = json.dumps(list(keys))
        rows = self._read(f"{_SELECT_ALBUM} WHERE key IN (SELECT value FROM json_each(?))", (wanted,))
        return {row[1]: AlbumRow(*row) for row in rows}

    def directory_taken(self, folded: str, *, besides: int = 0) -> bool:
        """Is `folded` another album's directory than that of `besides`, inside one, or around one?"""
        parts = folded.split("/")
        around = json.dumps(["/".join(parts[:n]) for n in range(1, len(parts) + 1)])
        row = self._first(
            "SELECT 1 FROM album WHERE id <> ? AND (directory_folded IN (SELECT value FROM json_each(?))"
            " OR (directory_folded > ? AND directory_folded < ?)) LIMIT 1",
            (besides, around, folded + "/", folded + "0"),  # "0" is what follows "/"
        )
        return row is not None

    def put_album(self, row: AlbumRow) -> AlbumRow:
        """Store `row`; a new one (id 0) comes back with its id."""
        values = _values(row, _ALBUM_COLUMNS)
        if row.id:
            self._db.execute(_UPDATE_ALBUM, (*values, row.id))
            return row
        cursor = self._db.execute(_INSERT_ALBUM, values)
        return replace(row, id=cursor.lastrowid or 0)

    def unsettled_albums(self, *, due: int) -> set[int]:
        """Albums with files to transfer, or whose time to be looked at again has come by `due` (epoch s)."""
        rows = self._read(
            "SELECT DISTINCT album_id FROM file WHERE state IN ('planned', 'sending', 'in_doubt')"
            " OR (state IN ('failed', 'quarantined', 'withheld') AND retry_at <= ?)",
            (due,),
        )
        return {int(row[0]) for row in rows}

    # -- files -----------------------------------------------------------------------------------

    def files(self, album_id: int) -> dict[str, FileRow]:
        """All files of one album (the service holds at most 5,000), by key."""
        rows = self._read(f"{_SELECT_FILE} WHERE album_id = ?", (album_id,))
        return {values[2]: _file_row(values) for values in rows}

    def files_by_key(self, album_id: int, keys: Iterable[str]) -> dict[str, FileRow]:
        rows = self._read(
            f"{_SELECT_FILE} WHERE album_id = ? AND key IN (SELECT value FROM json_each(?))",
            (album_id, json.dumps(list(keys))),
        )
        return {values[2]: _file_row(values) for values in rows}

    def name_taken(self, album_id: int, folded: str) -> bool:
        query = "SELECT 1 FROM file WHERE album_id = ? AND name_folded = ?"
        return self._first(query, (album_id, folded)) is not None

    def held_names(self, album_id: int) -> set[str]:
        """The names in one album's directory under which we hold something."""
        rows = self._read("SELECT name FROM file WHERE album_id = ? AND held_md5 IS NOT NULL", (album_id,))
        return {name for (name,) in rows}

    def file(self, file_id: int) -> FileRow | None:
        values = self._first(f"{_SELECT_FILE} WHERE id = ?", (file_id,))
        return None if values is None else _file_row(values)

    def file_in(self, album_id: int, key: str) -> FileRow | None:
        values = self._first(f"{_SELECT_FILE} WHERE album_id = ? AND key = ?", (album_id, key))
        return None if values is None else _file_row(values)

    def twins(self, key: str, *, besides: int) -> list[FileRow]:
        """Files of the same key that are held in another album."""
        rows = self._read(
            f"{_SELECT_FILE} WHERE key = ? AND album_id <> ? AND held_md5 IS NOT NULL", (key, besides)
        )
        return [_file_row(values) for values in rows]

    def planned(self, run: int, *, after: int, limit: int) -> list[tuple[int, int]]:
        """Up to `limit` files that `run` has listed and planned, with an id greater than `after`.

        Each is (id, bytes promised).
        """
        rows = self._read(
            "SELECT id, coalesce(promised_size, 0) FROM file"
            " WHERE state = 'planned' AND source_run = ? AND id > ? ORDER BY id LIMIT ?",
            (run, after, limit),
        )
        return [(int(row_id), int(size)) for row_id, size in rows]

    def release(self, run: int) -> None:
        """Files that `run` held back, because they might only have moved, are to be fetched after all."""
        self._db.execute(
            "UPDATE file SET source_run = ? WHERE state = 'planned' AND source_run = ?", (run, -run)
        )

    def unfinished(self, *, least: int) -> Iterator[tuple[str, str, str]]:
        """Files of which a part may lie about, if they have `least` bytes: album key, key, version."""
        yield from self._read(
            "SELECT album.key, file.key, version FROM file JOIN album ON album.id = album_id"
            " WHERE file.state IN ('planned', 'failed') AND (promised_size IS NULL OR promised_size >= ?)",
            (least,),
        )

    def put(self, rows: Iterable[FileRow]) -> None:
        """Store `rows`, new (id 0) or known."""
        new: list[tuple[Any, ...]] = []
        known: list[tuple[Any, ...]] = []
        for row in rows:
            values = _values(row, _FILE_COLUMNS)
            if row.id:
                known.append((*values, row.id))
            else:
                new.append(values)
        # Known ones first: one of them may give up the name that a new one takes.
        if known:
            self._db.executemany(_UPDATE_FILE, known)
        if new:
            self._db.executemany(_INSERT_FILE, new)

    def forget(self, file_ids: Iterable[int]) -> None:
        self._db.executemany("DELETE FROM file WHERE id = ?", [(i,) for i in file_ids])

    def count(self) -> dict[State, tuple[int, int]]:
        """For each state: how many files, and their size in bytes (held, else promised)."""
        rows = self._read(
            "SELECT state, count(*), total(coalesce(held_size, promised_size, 0)) FROM file GROUP BY state"
        )
        return {State(state): (int(n), int(size)) for state, n, size in rows}

    def count_withheld(self) -> dict[str, int]:
        """Why the service withholds files, and how many for each reason."""
        rows = self._read(
            "SELECT reason, count(*) FROM file WHERE state = 'withheld' GROUP BY reason ORDER BY 2 DESC"
        )
        return {str(reason): int(n) for reason, n in rows}

    def count_by_album(self) -> dict[int, dict[State, int]]:
        counts: dict[int, dict[State, int]] = {}
        rows = self._read("SELECT album_id, state, count(*) FROM file GROUP BY album_id, state")
        for album_id, state, n in rows:
            counts.setdefault(int(album_id), {})[State(state)] = int(n)
        return counts

    def count_failed(self) -> dict[int, int]:
        """How many files failed or are quarantined, by album id."""
        rows = self._read(
            "SELECT album_id, count(*) FROM file WHERE state IN ('failed', 'quarantined') GROUP BY album_id"
        )
        return {int(album_id): int(n) for album_id, n in rows}

    def planned_totals(self) -> tuple[int, int]:
        """How many files are planned, and the bytes promised for them."""
        n, size = self._first("SELECT count(*), total(promised_size) FROM file WHERE state = 'planned'")
        return int(n), int(size)

    def held(self) -> int:
        """How many files the mirror holds that are not marked as gone."""
        row = self._first("SELECT count(*) FROM file WHERE held_md5 IS NOT NULL AND state <> 'retired'")
        return int(row[0])

    def troubled(self, *, limit: int) -> Iterator[tuple[AlbumRow, FileRow]]:
        """Files that are failed, quarantined or withheld, with their albums, up to `limit`."""
        rows = list(
            self._read(
                f"{_SELECT_FILE} WHERE state IN ('failed', 'quarantined', 'withheld') ORDER BY id LIMIT ?",
                (limit,),
            )
        )
        for values in rows:
            row = _file_row(values)
            yield self.album(row.album_id), row

    # -- local files, directory moves, runs ---------------------------------------------------------

    def local_files(self, directory: str) -> dict[str, tuple[Fingerprint, str]]:
        """Files of our own record that belong to nobody online, in one directory: name -> (stat, why)."""
        prefix = directory + "/" if directory else ""
        rows = self._read(
            "SELECT path, size, mtime_ns, why FROM local_file WHERE path >= ? AND path < ?",
            (prefix, directory + "0" if directory else "\U0010ffff" * 2),  # "0" is what follows "/"
        )
        return {
            path[len(prefix) :]: (Fingerprint(size, mtime_ns), why)
            for path, size, mtime_ns, why in rows
            if "/" not in path[len(prefix) :]
        }

    def put_local(
        self, path: str, fingerprint: Fingerprint, *, md5: str | None = None, why: str = "local"
    ) -> None:
        """Record a file that belongs to nobody online. What has diverged stays so until it is dropped."""
        self._db.execute(
            "INSERT INTO local_file VALUES (?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
            " size = excluded.size, mtime_ns = excluded.mtime_ns, md5 = excluded.md5,"
            " why = CASE WHEN excluded.why = 'diverged' THEN excluded.why ELSE why END",
            (path, fingerprint.size, fingerprint.mtime_ns, md5, why),
        )

    def drop_local(self, paths: Iterable[str]) -> None:
        self._db.executemany("DELETE FROM local_file WHERE path = ?", [(p,) for p in paths])

    def local_paths(self) -> list[str]:
        return [str(row[0]) for row in self._read("SELECT path FROM local_file")]

    def count_local(self) -> dict[str, int]:
        rows = self._read("SELECT why, count(*) FROM local_file GROUP BY why")
        return {str(why): int(n) for why, n in rows}

    def rename_local(self, old: str, new: str) -> None:
        """Local files follow the directory they lie in."""
        self._db.execute(
            "UPDATE OR REPLACE local_file SET path = ? || substr(path, ?) WHERE path >= ? AND path < ?",
            (new, len(old) + 1, old + "/", old + "0"),
        )

    def announce_move(self, album_id: int, old: str, new: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO directory_move VALUES (?, ?, ?)", (album_id, old, new))

    def announced_moves(self) -> list[tuple[int, str, str]]:
        return [(int(i), o, n) for i, o, n in self._read("SELECT album_id, old, new FROM directory_move")]

    def settle_move(self, album_id: int) -> None:
        self._db.execute("DELETE FROM directory_move WHERE album_id = ?", (album_id,))

    def begin_run(self, scope: str, now: int) -> int:
        cursor = self._db.execute("INSERT INTO run (scope, started_at) VALUES (?, ?)", (scope, now))
        return cursor.lastrowid or 0

    def end_run(self, run: int, *, now: int, exit_code: int, summary: str) -> None:
        self._db.execute(
            "UPDATE run SET finished_at = ?, exit_code = ?, summary = ? WHERE id = ?",
            (now, exit_code, summary, run),
        )

    def last_run(self) -> RunRow | None:
        """The newest run, None if there is none."""
        row = self._first(
            "SELECT scope, started_at, finished_at, exit_code, summary FROM run ORDER BY id DESC LIMIT 1"
        )
        return None if row is None else RunRow(*row)
