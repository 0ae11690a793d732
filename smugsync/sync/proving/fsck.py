"""The catalogue against its own laws, and against the disk by `stat`: found and told, nothing is changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import groupby
from pathlib import Path

from smugsync.catalogue import AlbumRow, Catalogue, FileRow, join, read_details
from smugsync.catalogue.database import NewerSchema
from smugsync.catalogue.inspection import inspected
from smugsync.core import naming
from smugsync.core.lifecycle import State
from smugsync.core.model import Fingerprint
from smugsync.errors import CatalogueError, ItemError
from smugsync.local.handles import OURS, STAGING, check_relative, list_names
from smugsync.local.tree import Mirror
from smugsync.records import dataclass
from smugsync.stop import Stop
from smugsync.sync.report import Report, What

_MD5, _SHA256 = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{64}")
#: So far ahead a clock may be, in seconds: what was proven later than that was proven by no clock.
_AHEAD = 86_400
_VERIFY = "`smugsync verify` reads it and says what it is"
_REBUILD = "`smugsync fsck --rebuild` keeps the catalogue aside and makes a new one of what is here"


class Level(StrEnum):
    WRONG = "wrong"
    NOTE = "note"  #: worth knowing, no reason for an exit code


@dataclass(frozen=True, slots=True)
class Flaw:
    """`id` is stable, for programs; `where` is a path, "" = the whole; `advice` says what to do."""

    id: str
    level: Level
    where: str
    what: str
    advice: str = ""


def check_catalogue(path: Path, *, now: float, stop: Stop) -> list[Flaw]:
    """The catalogue at `path`, its pages, its schema's laws and those that a schema cannot say. Flaws of the
    id `catalogue` mean that nothing in it can be relied on. Raises NewerSchema, Busy, Interrupted.
    """
    if not path.stat().st_size:
        return [Flaw("catalogue", Level.WRONG, str(path), "is empty", _REBUILD)]
    try:
        with inspected(path) as catalogue:
            found = catalogue.integrity()
            if found:
                return [Flaw("catalogue", Level.WRONG, str(path), line, _REBUILD) for line in found]
            if catalogue.is_old:
                what = "was written by an earlier version, and is looked through once a newer one has run"
                return [Flaw("old", Level.NOTE, str(path), what, "run `smugsync sync`")]
            catalogue.read_through()
            return list(check_laws(catalogue, now=now, stop=stop))
    except NewerSchema:
        raise
    except CatalogueError as error:
        return [Flaw("catalogue", Level.WRONG, str(path), str(error))]


def check_laws(catalogue: Catalogue, *, now: float, stop: Stop) -> Iterator[Flaw]:
    """What the schema cannot say. Raises CatalogueError for rows that make no sense at all, Interrupted."""
    for fact in ("last_full", "upload_baseline", "shelves_looked_at"):
        told = catalogue.recall(fact)
        if told is not None and not (told.isdecimal() and int(told) < now + _AHEAD):
            yield Flaw("law", Level.WRONG, fact, f"is a time that no clock showed ({told})", _REBUILD)
    albums = list(catalogue.albums())
    yield from _check_albums(albums)
    for album in albums:
        for row in catalogue.files(album.id).values():
            stop.check()
            for what in _broken_laws(row, now):
                yield Flaw("law", Level.WRONG, join(album.directory, row.name), what, _REBUILD)
    for path in catalogue.local_paths():
        if not _is_path(path):
            yield Flaw("law", Level.WRONG, path, "is recorded as a file of its own, and is no path", _REBUILD)
    for path in catalogue.outgoing_paths():
        if not _is_path(path):
            yield Flaw("law", Level.WRONG, path, "is recorded as a file to be sent, and is no path", _REBUILD)
    for album_id, old, new in catalogue.announced_moves():
        if not (_is_path(old) and _is_path(new)):
            what = f"is being renamed to {new}, and not both are paths"
            yield Flaw("law", Level.WRONG, old, what, _REBUILD)
            continue
        what = f"is being renamed to {new} since a run that was killed"
        yield Flaw("move", Level.NOTE, old, what, f"the next run settles it (album {album_id})")


def _check_albums(albums: Iterable[AlbumRow]) -> Iterator[Flaw]:
    around: list[str] | None = None
    for parts in sorted(naming.fold(album.directory).split("/") for album in albums):
        if around is not None and parts[: len(around)] == around:
            what = f"lies in another album's directory, {'/'.join(around)}"
            yield Flaw("law", Level.WRONG, "/".join(parts), what, _REBUILD)
        else:
            around = parts
    for album in albums:
        if not _is_path(album.directory):
            what = "is an album's directory, and does not lie in the mirror"
            yield Flaw("law", Level.WRONG, album.directory, what, _REBUILD)
        elif naming.fold(album.directory) != album.directory_folded:
            yield Flaw("law", Level.WRONG, album.directory, "is folded wrongly", _REBUILD)


def _is_path(path: str) -> bool:
    """Does it name something beneath the mirror that is not ours?"""
    try:
        return bool(parts := check_relative(path)) and not parts[0].startswith(OURS)
    except ValueError:
        return False


def _broken_laws(row: FileRow, now: float) -> Iterator[str]:
    if "/" in row.name or not _is_path(row.name):
        yield "has a name that is none"
    elif naming.fold(row.name) != row.name_folded:
        yield "is folded wrongly"
    for digest in (row.held_md5, row.promised_md5, row.local_md5):
        if digest is not None and not _MD5.fullmatch(digest):
            yield f"has an MD5 that is none ({digest})"
    if row.held_sha256 is not None and not _SHA256.fullmatch(row.held_sha256):
        yield f"has a SHA-256 that is none ({row.held_sha256})"
    for moment in (row.verified_at, row.damaged_at, row.retired_at):
        if moment is not None and not 0 < moment < now + _AHEAD:
            yield f"was proven, damaged or marked at a time that no clock showed ({moment})"
    try:
        read_details(row.details)
    except CatalogueError:
        yield "has details that make no sense"


# -- against the disk --------------------------------------------------------------------------------


def check_disk(catalogue: Catalogue, mirror: Mirror, stop: Stop) -> Iterator[Flaw]:
    """What `stat` says of the mirror. Raises MirrorUnusable, SuspiciousPlan, Interrupted."""
    albums = {album.directory: album for album in catalogue.albums()}
    troubles: list[Flaw] = []
    strangers = 0

    def unreadable(directory: str, error: ItemError) -> None:
        unseen.add(directory)
        troubles.append(Flaw("unreadable", Level.WRONG, directory, str(error), "let this user read it"))

    def skipped(path: str, reason: str) -> None:
        troubles.append(Flaw("skipped", Level.NOTE, path, reason))

    seen: set[str] = set()
    unseen: set[str] = set()
    files = mirror.scan(unreadable=unreadable, skipped=skipped)
    for directory, group in groupby(files, key=lambda file: file.path.rpartition("/")[0]):
        stop.check()
        here = {file.path.rpartition("/")[2]: file.fingerprint for file in group}
        album = albums.get(directory)
        if album is None:
            what = f"is no album's directory; files in it that are not the account's: {len(here):,}"
            yield Flaw("directory", Level.NOTE, directory or ".", what)
            continue
        seen.add(directory)
        held = catalogue.held_names(album.id)
        strangers += sum(1 for name in here if name not in held)
        yield from _check_album(catalogue, mirror, album, here)
    for directory, album in albums.items():
        if directory not in seen and not any(directory == d or directory.startswith(f"{d}/") for d in unseen):
            yield from _check_album(catalogue, mirror, album, {})
    yield from troubles
    if strangers:
        what = f"files in albums' directories that are only here, and left as they are: {strangers:,}"
        yield Flaw("local", Level.NOTE, "", what)
    if parts := _parts(mirror):
        what = f"holds downloads that were broken off, in so many files: {parts:,}"
        yield Flaw("parts", Level.NOTE, STAGING, what, "the next run goes on with them or removes them")


def _parts(mirror: Mirror) -> int:
    try:
        fd = mirror.root.open_directory(STAGING)
    except (FileNotFoundError, ItemError):
        return 0
    try:
        return len(list_names(fd))
    finally:
        os.close(fd)


def _check_album(
    catalogue: Catalogue, mirror: Mirror, album: AlbumRow, here: dict[str, Fingerprint]
) -> Iterator[Flaw]:
    for row in catalogue.files(album.id).values():
        base = row.base(album.directory)
        if base is None:
            continue
        found = here.get(row.name)
        try:
            # Absent, or spelt in the file system's own way.
            found = mirror.fingerprint(base.path) if found is None else found
        except ItemError as error:
            yield Flaw("unreadable", Level.WRONG, base.path, str(error), "let this user read it")
            continue
        if found is None:
            yield _missing(row, base.path)
        elif row.damaged_at is not None:
            advice = "`smugsync verify --repair` mends it, or says why it cannot"
            yield Flaw("damaged", Level.WRONG, base.path, "is known to be damaged", advice)
        elif found not in (base.fingerprint, row.edited()):
            yield _differs(base.path, base.fingerprint, found)


def _missing(row: FileRow, path: str) -> Flaw:
    if row.state is State.RETIRED:
        what, advice = "is missing here, and gone online", "the next `smugsync sync --full` forgets it"
    else:
        what, advice = "is missing here", "`smugsync verify --repair` or `smugsync sync --full` fetches it"
    return Flaw("missing", Level.WRONG, path, what, advice)


def _differs(path: str, recorded: Fingerprint, found: Fingerprint) -> Flaw:
    if recorded.mtime_ns == found.mtime_ns:
        what = f"has {found.size:,} bytes instead of {recorded.size:,} under an unchanged time"
        return Flaw("size", Level.WRONG, path, what, _VERIFY)
    what = "was changed here since it was last looked at"
    return Flaw("changed", Level.NOTE, path, what, f"the next sync looks at it; {_VERIFY}")


# -- against the account -----------------------------------------------------------------------------


def check_account(report: Report, catalogue: Catalogue) -> Iterator[Flaw]:
    """What a dry run over everything came to; `catalogue` is the copy that it planned on."""
    sync = "`smugsync sync --full` brings it up to date"
    if report.files_planned:
        what = f"photos that would be fetched: {report.files_planned:,} ({report.bytes_planned:,} bytes)"
        yield Flaw("fetch", Level.WRONG, "", what, sync)
    for change in report.changes:
        if change.what not in (What.NEW, What.EDITED, What.ADOPTED):
            what = change.what.value + (f", {change.detail}" if change.detail else "")
            yield Flaw("account", Level.WRONG, change.path, what, sync)
    counts = catalogue.count_by_album()
    for album in catalogue.albums():
        states = counts.get(album.id, {})
        held, withheld = states.get(State.COMMITTED, 0), states.get(State.WITHHELD, 0)
        if album.state == "listed" and album.image_count not in (None, held):
            others = [f"{n:,} {state}" for state, n in states.items() if state is not State.COMMITTED]
            what = f"counts {album.image_count:,} photos online; {held:,} are here as they are there"
            all_said = album.image_count == held + withheld  # no sync brings what the service keeps back
            level, advice = (Level.NOTE, "") if all_said else (Level.WRONG, sync)
            yield Flaw("count", level, album.directory, ", ".join([what, *others]), advice)
    for trouble in report.troubles:
        level = Level.WRONG if trouble.code else Level.NOTE
        yield Flaw("trouble", level, trouble.path, trouble.reason)
