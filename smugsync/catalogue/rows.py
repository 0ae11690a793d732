"""The rows of the ledger as frozen values: they come out whole and go back whole, no column forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from smugsync.core.lifecycle import Event, State, advance
from smugsync.core.model import Album, Base, Details, Evidence, Fingerprint, Kind, Promise, RemoteFile
from smugsync.errors import CatalogueError
from smugsync.records import dataclass, replace

E = TypeVar("E", bound=Enum)

#: Word for word as in the index `file_unsettled`: a question that says so does not read the files at rest,
#: and those are nearly all of them.
UNSETTLED = "state <> 'committed'"


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
    instead_of: str = ""

    def album(self) -> Album:
        return Album(
            self.key, self.node_id, self.name, self.url_path, self.cursor, image_count=self.image_count
        )


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as recorded; `finished_at` None = it still runs, or was killed. Times are epoch seconds."""

    id: int
    scope: str
    started_at: int
    finished_at: int | None
    exit_code: int | None
    summary: str | None


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What one run did to one file or album; columns of `change` in schema.sql. `id` 0 = not stored yet."""

    id: int
    run: int
    at: int
    what: str
    path: str
    was: str = ""
    detail: str = ""
    album_id: int | None = None
    key: str = ""
    undoes: int | None = None


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
    source_files: str = ""
    original_size: int | None = None
    held_version: str | None = None
    held_md5: str | None = None
    held_size: int | None = None
    mtime_ns: int | None = None
    held_sha256: str | None = None
    inspected: str = ""
    validator: str = ""
    looked_at: int | None = None
    evidence: str | None = None
    local_md5: str | None = None
    local_size: int | None = None
    local_mtime_ns: int | None = None
    kept_md5: str | None = None
    verified_at: int | None = None
    damaged_at: int | None = None
    reason: str = ""
    attempts: int = 0
    retry_at: int | None = None
    retired_at: int | None = None
    strikes: int = 0

    def on(self, event: Event, **changes: Any) -> FileRow:
        """The row after `event`. A reason or time to retry lasts only as long as the state it explains."""
        return self.through(event, **changes)

    def through(self, *events: Event, **changes: Any) -> FileRow:
        """The row after `events`, one after the other."""
        state, left = self.state, False
        for event in events:
            before, state = state, advance(state, event)
            left = left or state is not before
        if left:
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
            evidence=one_of(Evidence, self.evidence or Evidence.UNPROVEN),
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
            kind=one_of(Kind, self.kind),
            version=self.version,
            revision=self.revision,
            serial=self.serial,
            promised=Promise(self.promised_md5, self.promised_size),
            source=self.source if self.source_run == run else None,
            taken=self.taken,
            uploaded=self.uploaded,
            details=read_details(self.details),
            source_files=self.source_files,
            original_size=self.original_size,
        )


class AtRest(NamedTuple):
    """What is compared of a committed file, most of which are as they were; fields as those of FileRow."""

    key: str
    name: str
    held_size: int
    mtime_ns: int
    version: str
    held_md5: str
    evidence: str
    revision: str
    serial: int
    source_files: str


def upsert(table: str, columns: tuple[str, ...]) -> tuple[str, str]:
    """The INSERT and the UPDATE (by id) of a whole row; `columns` begin with the id."""
    names = columns[1:]
    insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    update = f"UPDATE {table} SET {', '.join(f'{n} = ?' for n in names)} WHERE id = ?"
    return insert, update


@cache
def _getter(columns: tuple[str, ...]) -> Callable[[object], tuple[Any, ...]]:
    return attrgetter(*columns[1:])


def values_of(row: object, columns: tuple[str, ...]) -> tuple[Any, ...]:
    """A row as SQLite takes it, without its id."""
    return _getter(columns)(row)


def join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


def write_details(details: Details) -> str:
    # By hand: `astuple` copies deeply, which is a quarter of what listing a photo costs.
    columns = (
        details.title,
        details.caption,
        details.keywords,
        details.latitude,
        details.longitude,
        details.hidden,
    )
    return json.dumps(columns, ensure_ascii=False, separators=(",", ":"))


def read_details(text: str) -> Details:
    """Raises CatalogueError for what `write_details` never wrote."""
    if text == _NOTHING:
        return Details()
    try:
        title, caption, keywords, latitude, longitude, hidden = json.loads(text)
        return Details(title, caption, tuple(keywords), latitude, longitude, hidden)
    except (ValueError, TypeError, RecursionError) as error:
        raise nonsense("details", text) from error


#: What most photos have.
_NOTHING = write_details(Details())


def one_of(kind: type[E], value: str) -> E:
    """The member of an enum that a column names. Raises CatalogueError for one that it never had."""
    try:
        return kind(value)
    except ValueError as error:
        raise nonsense(kind.__name__.lower(), value) from error


def nonsense(column: str, value: object) -> CatalogueError:
    """A column holds what nobody wrote there."""
    return CatalogueError(
        f"the catalogue is damaged: a file's {column} cannot be {str(value)[:40]!r}; `smugsync fsck` looks "
        "through it, and can make a new one"
    )


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
        "source_files": remote.source_files,
        "original_size": remote.original_size,
    }
