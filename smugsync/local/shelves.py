"""What was set aside lies on shelves: `.smugsync/versions|trash|damaged/STAMP/PATH`.

The disk alone says what is there: the directory `STAMP` is the time of the run that set it aside, what
follows is the path it had in the mirror. What is mounted inside the mirror has shelves of its own at its top,
because a rename cannot cross devices or mounts. Whatever is not named like this is nobody's, and left alone.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from smugsync.core.model import Fingerprint
from smugsync.errors import ItemError
from smugsync.local.handles import OURS, Root, split
from smugsync.local.moves import remove_empty
from smugsync.local.scan import Unreadable, scan
from smugsync.local.syscalls import Device, device_of, fsync_directory
from smugsync.local.versions import Shelf
from smugsync.records import dataclass
from smugsync.stop import Stop

_STAMP: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def stamp_of(moment: float) -> str:
    """The name on the shelves of a run that began at `moment` (epoch seconds): `20261121T214700Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime(_FORMAT)


def moment_of(stamp: str) -> int | None:
    """The time that `stamp` names, in epoch seconds; None if it is no stamp of ours."""
    if _STAMP.fullmatch(stamp) is None:
        return None
    try:
        return int(datetime.strptime(stamp, _FORMAT).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Stamp:
    """What one run set aside on one shelf of one device: `directory`, relative to the mirror.

    `at` is the time of that run in epoch seconds, `name` the same as the directory shows it.
    """

    shelf: Shelf
    name: str
    at: int
    directory: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file on a shelf: it lies at `where`, and had the name `path`; both are relative to the mirror."""

    shelf: Shelf
    stamp: str
    at: int
    path: str
    where: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Weight:
    """What lies on a shelf: files, their bytes, and the time (epoch s) of the oldest stamp with any."""

    files: int
    bytes: int
    oldest: int | None


@dataclass(frozen=True, slots=True)
class Removed:
    """How many files were deleted, and their bytes."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: Removed) -> Removed:
        return Removed(self.files + other.files, self.bytes + other.bytes)


class Shelves:
    """The shelves of a mirror. Which devices have some is looked up once, when it is first needed.

    `homes`: only those of these directories (see `Root.home`), which spares that look. What cannot be read is
    told to `unreadable`; without it, it raises Transient. A broken disk is MirrorUnusable.
    """

    def __init__(
        self, root: Root, *, homes: Iterable[str] | None = None, unreadable: Unreadable | None = None
    ) -> None:
        self._root = root
        self._chosen = None if homes is None else tuple(homes)
        self._unreadable = unreadable

    @cached_property
    def homes(self) -> tuple[str, ...]:
        """The directories that hold a `.smugsync`: "" and the top of each other device in the mirror."""
        return ("", *self._other_devices()) if self._chosen is None else self._chosen

    def stamps(self, shelf: Shelf) -> list[Stamp]:
        """What lies on `shelf`, the oldest first."""
        found = []
        for home in self.homes:
            directory = f"{home}/{OURS}/{shelf}" if home else f"{OURS}/{shelf}"
            for name in self._directories(directory):
                at = moment_of(name)
                if at is not None:
                    found.append(Stamp(shelf, name, at, f"{directory}/{name}"))
        return sorted(found, key=lambda stamp: (stamp.name, stamp.directory))

    def entries(self, shelf: Shelf) -> Iterator[Entry]:
        """Every file on `shelf`, the longest there first."""
        for stamp in self.stamps(shelf):
            yield from self.within(stamp)

    def weigh(self, shelf: Shelf) -> Weight:
        """How much lies on `shelf`, and since when."""
        files = total = 0
        oldest = None
        for stamp in self.stamps(shelf):
            before = files
            for file in scan(self._root, stamp.directory, unreadable=self._unreadable):
                files, total = files + 1, total + file.fingerprint.size
            if oldest is None and files > before:
                oldest = stamp.at
        return Weight(files, total, oldest)

    def within(self, stamp: Stamp) -> Iterator[Entry]:
        """The files of one stamp, by their paths."""
        beginning = len(stamp.directory) + 1
        for file in sorted(
            scan(self._root, stamp.directory, unreadable=self._unreadable), key=lambda file: file.path
        ):
            path = file.path[beginning:]
            yield Entry(stamp.shelf, stamp.name, stamp.at, path, file.path, file.fingerprint)

    def entry(self, where: str) -> Entry | None:
        """The file on a shelf that lies at `where`, None if there is none. Raises Transient."""
        place = parse(where)
        if place is None:
            return None
        shelf, stamp, path = place
        directory, name = split(where)
        try:
            fd = self._root.open_directory(directory)
        except FileNotFoundError:
            return None
        try:
            found = self._root.look(fd, name)
        except OSError as error:
            raise self._root.explain(error, f"looking for {where}") from error
        finally:
            os.close(fd)
        if found is None:
            return None
        return Entry(shelf, stamp, moment_of(stamp) or 0, path, where, found)

    def delete(self, stamp: Stamp, stop: Stop) -> Removed:
        """Delete the files of `stamp` for good, and then the directories that are empty.

        No link is followed; what `within` does not show stays, with its directories. Interrupted, it is
        finished by the next call. Raises Transient, MirrorUnusable, Interrupted.
        """
        parent, name = split(stamp.directory)
        try:
            fd = self._root.open_directory(parent)
        except FileNotFoundError:
            return Removed()
        try:
            removed = _delete(fd, name, stop)
            fsync_directory(fd)
        except OSError as error:
            raise self._root.explain(error, f"deleting {stamp.directory}") from error
        finally:
            os.close(fd)
        return removed

    def discard(self, entry: Entry) -> None:
        """Delete one file for good, and the directories above it that are empty then.

        Raises Transient, MirrorUnusable.
        """
        directory, name = split(entry.where)
        try:
            fd = self._root.open_directory(directory)
        except FileNotFoundError:
            return
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=fd)
            fsync_directory(fd)
        except OSError as error:
            raise self._root.explain(error, f"deleting {entry.where}") from error
        finally:
            os.close(fd)
        self.tidy(entry)

    def tidy(self, entry: Entry) -> None:
        """Remove the directories above `entry` that are empty. Raises Transient, MirrorUnusable."""
        remove_empty(self._root, split(entry.where)[0])

    # -- looking around --------------------------------------------------------------------------------

    def _directories(self, path: str) -> list[str]:
        """The names of the directories in `path`; none if it does not exist."""
        try:
            fd = self._root.open_directory(path)
        except FileNotFoundError:
            return []
        except ItemError as error:
            self._tell(path, error)
            return []
        try:
            with os.scandir(fd) as found:
                return [one.name for one in found if one.is_dir(follow_symlinks=False)]
        except OSError as error:
            raise self._root.explain(error, f"reading the directory {path or self._root.path}") from error
        finally:
            os.close(fd)

    def _other_devices(self) -> Iterator[str]:
        pending = [("", self._root.device)]
        while pending:
            here, above = pending.pop()
            try:
                found = self._enter(here)
            except ItemError as error:
                self._tell(here, error)
                continue
            if found is None:
                continue
            device, names = found
            if device not in (above, self._root.device) and OURS in names:
                yield here
            prefix = f"{here}/" if here else ""
            pending += [(prefix + name, device) for name in names if not name.startswith(OURS)]

    def _enter(self, directory: str) -> tuple[Device, list[str]] | None:
        """Where `directory` lies, and the directories in it that may hold others; None if it is not there."""
        try:
            fd = self._root.open_directory(directory)
        except FileNotFoundError:
            return None
        try:
            return device_of(fd), _branches(fd)
        except OSError as error:
            what = f"reading the directory {directory or self._root.path}"
            raise self._root.explain(error, what) from error
        finally:
            os.close(fd)

    def _tell(self, path: str, error: ItemError) -> None:
        if self._unreadable is None:
            raise error
        self._unreadable(path, error)


def _branches(fd: int) -> list[str]:
    """The directories in a directory that are not known to hold none.

    Many file systems count a directory's own directories in its links: two, and one for each. Where that is
    seen to be so, one of two links is a leaf, and its thousands of photos need not be looked through. Some
    make the number up; it does not fit their directories then.
    """
    here = os.fstat(fd)
    with os.scandir(fd) as found:
        inside = [one for one in found if one.is_dir(follow_symlinks=False)]
    counts = here.st_nlink == 2 + len(inside)
    return [one.name for one in inside if not (counts and _is_leaf(one, here.st_dev))]


def _is_leaf(entry: os.DirEntry[str], device: int) -> bool:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:  # whoever opens it is told why
        return False
    return status.st_nlink == 2 and status.st_dev == device


def parse(where: str) -> tuple[Shelf, str, str] | None:
    """Shelf, stamp and former path of what lies at `where`; None if that is no place on a shelf."""
    parts = where.split("/")
    if OURS not in parts:
        return None
    place = parts.index(OURS)
    rest = parts[place + 1 :]
    if len(rest) < 3 or rest[0] not in tuple(Shelf) or moment_of(rest[1]) is None:
        return None
    return Shelf(rest[0]), rest[1], "/".join(rest[2:])


def _is_listed(name: str) -> bool:
    """Would `within` show a file of this name? What nobody is shown is not deleted either."""
    return not name.startswith(OURS) and not any("\ud800" <= one <= "\udfff" for one in name)


def _delete(parent_fd: int, name: str, stop: Stop) -> Removed:
    """Empty the directory `name` and remove it; a directory that cannot be emptied stays."""
    try:
        fd = os.open(name, _DIRECTORY, dir_fd=parent_fd)
    except FileNotFoundError:
        return Removed()
    removed = Removed()
    try:
        if device_of(fd) != device_of(parent_fd):  # somebody mounted something there
            return removed
        with os.scandir(fd) as found:
            names = [one.name for one in found if _is_listed(one.name)]
        for one in names:
            stop.check()
            status = os.stat(one, dir_fd=fd, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                removed += _delete(fd, one, stop)
            elif stat.S_ISREG(status.st_mode):
                os.unlink(one, dir_fd=fd)
                removed += Removed(1, status.st_size)
    finally:
        os.close(fd)
    try:
        os.rmdir(name, dir_fd=parent_fd)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise
    return removed
