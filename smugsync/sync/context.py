"""What the parts of one cycle share: the engine's tools, the person's wishes, and this run's findings."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import field
from datetime import tzinfo
from pathlib import Path
from typing import Literal, Protocol

from smugsync.catalogue import AlbumRow, Catalogue, ChangeRow, FileRow
from smugsync.core.guard import MaxLoss
from smugsync.core.lifecycle import State
from smugsync.core.model import Album, Fingerprint, LocalFile, Privacy, RemoteFile
from smugsync.core.printable import printable
from smugsync.local.handles import Root
from smugsync.local.sharing import Links, Source
from smugsync.local.tree import Mirror
from smugsync.progress import Progress
from smugsync.records import dataclass
from smugsync.remote.gallery import Gallery
from smugsync.remote.uploads import Uploads
from smugsync.stop import Stop
from smugsync.sync.report import Report, What

#: How long a photo must have been marked as gone before a second cycle's proof takes its file away, in s.
AGREEMENT = 600
#: Two changes within so many seconds may show the same time: its resolution, and what we know of the clock.
RECENT = 2

Durability = Literal["file", "batch", "none"]
Layout = Literal["url-path", "names"]


#: The first five ask what the account has; the others work on what is recorded and on the disk.
Kind = Literal[
    "everything",
    "delta",
    "albums",
    "paths",
    "upload",
    "verify",
    "repair",
    "resolve",
    "undo",
    "trash",
    "fsck",
    "migrate",
]


@dataclass(frozen=True, slots=True)
class Scope:
    """How much a cycle looks at. `albums`: keys, UrlPaths or names as a person typed them.

    `paths` (of files, relative to the mirror) are those that a watcher saw: only the albums that they lie in
    are asked for. `upload` sends what is here and not there, however old, of `albums`, or of all.
    """

    kind: Kind
    albums: tuple[str, ...] = ()
    detail: str = ""  #: what else a person said, for the history
    paths: tuple[str, ...] = ()

    def __str__(self) -> str:
        seen = f"{len(self.paths):,}" if self.paths else ""
        return " ".join(filter(None, (self.kind, ", ".join(self.albums), seen, self.detail)))

    @property
    def lists(self) -> bool:
        """Does it ask the service what there is?"""
        return self.kind in ("everything", "delta", "albums", "paths", "upload")

    @property
    def is_whole(self) -> bool:
        """Does it ask for all albums, so that one that is not shown is missing?"""
        return self.kind in ("everything", "delta")

    @property
    def judges(self) -> bool:
        """Does its end say how the whole mirror is, or only how one wish of a person's came out?"""
        return self.kind not in ("resolve", "undo", "trash", "paths")


@dataclass(frozen=True, slots=True)
class Retention:
    """For how many days what was set aside, and the history of runs, are kept; None = for good."""

    versions: int | None = 365
    trash: int | None = 30
    damaged: int | None = 90
    history: int | None = 730


@dataclass(frozen=True, slots=True)
class Route:
    """What lies in `folder` (absolute) goes to the album at the UrlPath `album`, with `keywords`.

    The album is made with `privacy` (None = as for any other) if there is none.
    """

    folder: Path
    album: str
    keywords: tuple[str, ...] = ()
    privacy: Privacy | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """Can a local file be sent as it lies there? With a `fingerprint` it can. If not, `why`; and with `later`
    it may be when it is looked at again: somebody still writes it; `again`: in so many seconds, if that is
    known. Nothing of these: it has vanished."""

    fingerprint: Fingerprint | None = None
    why: str = ""
    later: bool = False
    again: float | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """What may be sent. `create`: how an album is made for a new directory; None = not at all.

    `ignores` is asked with paths relative to the mirror, `settled` whether a file is finished (in worker
    threads, with the time). `parallel`: how many at once. `replace`: edits, in place of what is online.
    """

    settled: Callable[[Root, str], Readiness]
    ignores: Callable[[str], bool] = lambda path: False
    replace: bool = False
    create: Privacy | None = Privacy.PRIVATE
    parallel: int = 3
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """A person's wishes, as values: inner code never sees a configuration.

    `downloads` None = adaptive. `pauses`: seconds between attempts at one download. `reserve` is in bytes.
    `owns`: the account is the viewer's own, so that nothing of it is hidden.
    `zone` None = this machine's. Without `fetch` only what is here already is taken over. `impatient`: a
    person asked for this run, so what failed is tried again whether or not its time has come. `sending`
    None = nothing is ever sent.
    """

    owns: bool = True
    layout: Layout = "url-path"
    selects: Callable[[str], bool] = lambda url_path: True
    downloads: int | None = None
    lanes: int = 4
    pauses: tuple[float, ...] = (1.0, 4.0)
    durability: Durability = "batch"
    reserve: int = 1 << 30
    zone: tzinfo | None = None
    links: Links = "auto"
    fetch: bool = True
    archive: bool = True
    retention: Retention = Retention()
    max_loss: MaxLoss = field(default_factory=MaxLoss)
    accept_loss: bool = False
    dry_run: bool = False
    impatient: bool = False
    sending: Sending | None = None


@dataclass(frozen=True, slots=True)
class Lying:
    """A file that lies about; `number` is the stock's own."""

    number: int
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Files that are to be read one after the other: a job for a thread."""

    files: tuple[Lying, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What was found, by number; or why a file could not be read."""

    found: tuple[tuple[int, LocalFile | str], ...]


class Stock(Protocol):
    """Files that are here and may spare a download: what `adopt` was pointed at.

    Once everything is listed it is asked for what to read, and `advance`d when that was read, until it is
    `ready`; nothing is fetched before.
    """

    @property
    def ready(self) -> bool: ...

    def advance(self) -> None: ...

    def next(self) -> Reading | None:
        """What is to be read next, None if there is nothing for now."""

    def read(self, reading: Reading, /) -> Read:
        """Read them, in any thread."""

    def take(self, read: Read, /) -> None: ...

    def md5(self, local: LocalFile) -> str | None:
        """The MD5 of a file of the mirror, if it was hashed already and is as it was then."""

    def source(self, remote: RemoteFile) -> Source | None:
        """A file with the bytes of `remote`."""


class NoStock:
    """Nothing lies about."""

    ready = True

    def advance(self) -> None:
        raise ValueError("it is ready")

    def next(self) -> None:
        return None

    def read(self, reading: Reading, /) -> Read:
        raise ValueError("there is nothing to read")

    def take(self, read: Read, /) -> None:
        raise ValueError("nothing was read")

    def md5(self, local: LocalFile) -> str | None:
        return None

    def source(self, remote: RemoteFile) -> Source | None:
        return None


@dataclass(slots=True)
class Vanished:
    """What was recorded in directories that are not here any more, by name and `stat`."""

    #: a person's own files: where they lay
    local: dict[tuple[str, Fingerprint], str] = field(default_factory=dict)
    #: photos: the directory of their album
    photos: dict[tuple[str, Fingerprint], str] = field(default_factory=dict)


@dataclass(slots=True)
class Context:
    """One run's shared state; only the engine's thread touches it."""

    catalogue: Catalogue
    gallery: Gallery
    mirror: Mirror
    options: Options
    progress: Progress
    stop: Stop
    now: Callable[[], float]
    scope: Scope
    run: int
    report: Report
    #: this run's name among kept versions, from its start: `20261121T214700Z`
    stamp: str
    #: committed rows whose file was touched and must be hashed before anything can be said
    to_examine: deque[int] = field(default_factory=deque)
    to_look_at: list[tuple[int, RemoteFile, str]] = field(default_factory=list)  #: see `second_look`
    #: the way up, None where there is none
    uploads: Uploads | None = None
    #: what the service's clock shows now (ours, where it did not say), in epoch seconds
    service_now: Callable[[], float] = time.time
    #: what the service's clock showed before it was asked for the albums (ours, where it did not say)
    asked_at: float = 0.0
    #: albums in which a new file appeared, by its key, if another album holds it too: moved, perhaps
    movers: dict[str, list[int]] = field(default_factory=dict)
    #: dry run: where a directory lies that would be renamed, by album id
    unmoved: dict[int, str] = field(default_factory=dict)
    #: albums whose photos were asked for in this run
    listed: set[int] = field(default_factory=set)
    #: row ids with a worker or waiting to be committed, and the bytes promised for them
    in_flight: dict[int, int] = field(default_factory=dict)
    #: something was planned since the feeder last looked
    planned: bool = True
    #: edited files (row id, what lies there) that are to take the place of what is online
    edits: deque[tuple[int, LocalFile]] = field(default_factory=deque)
    #: new local files are sent by themselves: uploads are on, and what was here before is recorded
    sends: bool = False
    #: albums (ids) in whose directories something else lies than was recorded
    touched: set[int] = field(default_factory=set)
    #: albums (ids) in which something is on its way out: what is new in them may be that
    sending_to: set[int] = field(default_factory=set)
    #: what was recorded in directories that are not here any more; None = nobody has looked yet
    vanished: Vanished | None = None
    #: what lies about here and need not be fetched
    stock: Stock = field(default_factory=NoStock)

    def may_change_unseen(self, album: Album) -> bool:
        """It changed so lately that one more change may show the same time: its cursor proves nothing yet."""
        return album.changed_at is not None and album.changed_at > self.asked_at - RECENT

    def note(
        self,
        what: What,
        path: str,
        detail: str = "",
        *,
        was: str = "",
        of: FileRow | AlbumRow | None = None,
        undoes: int | None = None,
    ) -> None:
        """Something became of the file or album `of`: it goes into the report, and into the journal with
        the transaction that is open, or the next one.

        `path` is where it is now; `was` what it was called, or where its former bytes were set aside;
        `undoes` the change (its id) that is taken back by it.
        """
        moved = what in (What.MOVED, What.ALBUM_MOVED)
        self.report.note(what, was if moved else path, f"now {path}" if moved else detail)
        album_id, key = (of.album_id, of.key) if isinstance(of, FileRow) else (of.id if of else None, "")
        self.catalogue.note(
            ChangeRow(
                0,
                self.run,
                int(self.now()),
                what.name.lower(),
                path,
                was,
                detail,
                album_id or None,
                key,
                undoes,
            )
        )

    @property
    def marked_by(self) -> int | None:
        """What was marked as gone by then (epoch seconds) may leave the mirror, once it is proven again;
        None where nothing ever leaves."""
        return None if self.options.archive else int(self.now()) - AGREEMENT

    def may_leave(self, row: FileRow) -> bool:
        """Was this file marked as gone long enough ago, and does the mirror follow?"""
        by = self.marked_by
        return by is not None and row.state is State.RETIRED and (row.retired_at or 0) <= by

    def due(self, row: FileRow) -> bool:
        """Is it time to try a failed or quarantined file again?"""
        if self.scope.kind in ("everything", "albums", "upload") and self.options.impatient:
            return True
        patience = 0 if row.retry_at is None else row.retry_at
        return patience <= self.now() or (self.options.impatient and row.state is State.FAILED)


def album_label(album: Album) -> str:
    """How an album is called in messages."""
    return printable(album.url_path or album.name or album.key)
