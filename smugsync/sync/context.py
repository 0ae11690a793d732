"""What the parts of one cycle share: the engine's tools, the person's wishes, and this run's findings."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Literal, Protocol

from smugsync.catalogue import AlbumRow, Catalogue, ChangeRow, FileRow
from smugsync.core.guard import MaxLoss
from smugsync.core.lifecycle import State
from smugsync.core.model import Album, LocalFile, RemoteFile
from smugsync.local.sharing import Links, Source
from smugsync.local.tree import Mirror
from smugsync.progress import Progress
from smugsync.remote.gallery import Gallery
from smugsync.stop import Stop
from smugsync.sync.report import Report, What

Durability = Literal["file", "batch", "none"]
Layout = Literal["url-path", "names"]


#: The first three ask what the account has; the others work on what is recorded and on the disk.
Kind = Literal["everything", "delta", "albums", "verify", "repair", "resolve", "undo", "trash", "fsck"]


@dataclass(frozen=True, slots=True)
class Scope:
    """How much a cycle looks at. `albums`: keys, UrlPaths or names as a person typed them."""

    kind: Kind
    albums: tuple[str, ...] = ()
    detail: str = ""  #: what else a person said, for the history

    def __str__(self) -> str:
        return " ".join(filter(None, (self.kind, ", ".join(self.albums), self.detail)))

    @property
    def lists(self) -> bool:
        """Does it ask the service what there is?"""
        return self.kind in ("everything", "delta", "albums")


@dataclass(frozen=True, slots=True)
class Retention:
    """For how many days what was set aside, and the history of runs, are kept; None = for good."""

    versions: int | None = 365
    trash: int | None = 30
    damaged: int | None = 90
    history: int | None = 730


@dataclass(frozen=True, slots=True)
class Options:
    """A person's wishes, as values: inner code never sees a configuration.

    `downloads` None = adaptive. `pauses`: seconds between attempts at one download. `reserve` is in bytes.
    `zone` None = this machine's. `impatient`: a person asked for this run, so what failed is tried again
    whether or not its time has come.
    """

    layout: Layout = "url-path"
    selects: Callable[[str], bool] = lambda url_path: True
    downloads: int | None = None
    lanes: int = 4
    pauses: tuple[float, ...] = (1.0, 4.0)
    durability: Durability = "batch"
    reserve: int = 1 << 30
    zone: tzinfo | None = None
    links: Links = "auto"
    archive: bool = True
    retention: Retention = Retention()
    max_loss: MaxLoss = field(default_factory=MaxLoss)
    accept_loss: bool = False
    dry_run: bool = False
    impatient: bool = False


class Stock(Protocol):
    """Files that are here and may spare a download: what `adopt` was pointed at."""

    def md5(self, local: LocalFile) -> str | None:
        """The MD5 of a file of the mirror, if it was hashed already and is as it was then."""

    def source(self, remote: RemoteFile) -> Source | None:
        """A file with the bytes of `remote`."""


class NoStock:
    """Nothing lies about."""

    def md5(self, local: LocalFile) -> str | None:
        return None

    def source(self, remote: RemoteFile) -> Source | None:
        return None


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
    #: what lies about here and need not be fetched
    stock: Stock = field(default_factory=NoStock)

    def note(
        self, what: What, path: str, detail: str = "", *, was: str = "", of: FileRow | AlbumRow | None = None
    ) -> None:
        """Something became of the file or album `of`: it goes into the report, and into the journal with
        the transaction that is open, or the next one.

        `path` is where it is now; `was` what it was called, or where its former bytes were set aside.
        """
        moved = what in (What.MOVED, What.ALBUM_MOVED)
        self.report.note(what, was if moved else path, f"now {path}" if moved else detail)
        album_id, key = (of.album_id, of.key) if isinstance(of, FileRow) else (of.id if of else None, "")
        self.catalogue.note(
            ChangeRow(
                0, self.run, int(self.now()), what.name.lower(), path, was, detail, album_id or None, key
            )
        )

    def due(self, row: FileRow) -> bool:
        """Is it time to try a failed or quarantined file again?"""
        if self.scope.kind == "everything" and self.options.impatient:
            return True
        patience = 0 if row.retry_at is None else row.retry_at
        return patience <= self.now() or (self.options.impatient and row.state is State.FAILED)


def album_label(album: Album) -> str:
    """How an album is called in messages."""
    return album.url_path or album.name or album.key
