"""Read and tidy the mirror: what is there, is it intact, and where does it have to go."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

from smugsync.core.model import Fingerprint, LocalFile
from smugsync.errors import MirrorUnusable, SmugsyncError, SuspiciousPlan, Transient
from smugsync.local import marker, mounts, moves, part, reading, trouble
from smugsync.local.handles import NODE, READ, Root, exists, list_names, split
from smugsync.local.marker import Marker
from smugsync.local.reading import Ahead
from smugsync.local.scan import Skipped, Unreadable, scan
from smugsync.local.versions import Shelf, alternatives, shelf_path
from smugsync.stop import Stop


class Mirror:
    """The mirror on disk. All paths are '/'-joined and relative to its root; threads may share it."""

    def __init__(self, root: Root) -> None:
        self.root = root

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an existing mirror; its marker is not looked at.

        Raises ConfigError if `path` is a file, SuspiciousPlan if it is missing (a disk that is not
        mounted yet), MirrorUnusable if it may not be read.
        """
        return cls(Root(path))

    @classmethod
    def create(cls, path: Path, new: Marker) -> Self:
        """Make `path` a mirror. An existing directory is taken over with what is in it, untouched.

        Raises SuspiciousPlan if it is another mirror already, else like `open`.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            pass  # Root says it better
        except OSError as error:
            raise MirrorUnusable(f"the mirror {path} cannot be created: {error.strerror}") from error
        mirror = cls(Root(path))
        try:
            found = mirror.read_marker()
            if found is None:
                marker.write(mirror.root, new)
            elif (found.mirror, found.account) != (new.mirror, new.account):
                raise SuspiciousPlan(
                    f"{path} is the mirror of {found.nickname or found.account} already; choose another path"
                )
        except BaseException:
            mirror.close()
            raise
        return mirror

    def close(self) -> None:
        self.root.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Whose mirror

    def read_marker(self) -> Marker | None:
        """The marker, None if there is none. Raises SuspiciousPlan for a damaged one, MirrorUnusable."""
        return marker.read(self.root)

    def check_marker(self, expected: Marker) -> Marker:
        """The marker found. Raises SuspiciousPlan if it is missing, or of another mirror or account."""
        return marker.check(self.root, expected)

    def check_in_place(self) -> None:
        """Is the directory that was opened still the one that its path names?

        Raises SuspiciousPlan if its disk was unmounted, or another one mounted over it, meanwhile.
        """
        opened = os.fstat(self.root.fd)
        try:
            named = self.root.path.stat()
        except OSError:
            named = None
        if named is None or (named.st_dev, named.st_ino) != (opened.st_dev, opened.st_ino):
            raise SuspiciousPlan(
                f"{self.root.path} is not the directory any more that it was when this run began: its disk "
                "was unmounted, or another one mounted over it; mount the right one, then run smugsync again"
            )

    # What is there

    def mounts(self) -> set[str]:
        """Where other disks are mounted inside the mirror; empty where the system does not tell."""
        return mounts.beneath(self.root.path, mounts.read_mounts())

    def is_bare(self, directory: str) -> bool:
        """Is there such a directory, with nothing in it? Raises Transient when that cannot be known."""
        try:
            fd = self.root.open_directory(directory)
        except FileNotFoundError:
            return False
        try:
            return not list_names(fd)
        finally:
            os.close(fd)

    def scan(
        self,
        directory: str = "",
        *,
        recursive: bool = True,
        skipped: Skipped | None = None,
        unreadable: Unreadable | None = None,
        passing_by: Callable[[str], bool] = lambda name: False,
    ) -> Iterator[LocalFile]:
        """Every regular file below `directory`; see `smugsync.local.scan.scan`."""
        return scan(
            self.root,
            directory,
            recursive=recursive,
            skipped=skipped,
            unreadable=unreadable,
            passing_by=passing_by,
        )

    def fingerprint(self, path: str) -> Fingerprint | None:
        """What `stat` says of a file, None if there is none.

        Raises Transient when that cannot be known (permission, a link on the way, not a regular
        file), MirrorUnusable: neither is absence.
        """
        directory, name = split(path)
        try:
            if self.root.features.openat2:
                with contextlib.suppress(OSError):  # which is explained below
                    return self._fingerprint_at_once(path, name)
            if not directory:
                return self.root.look(self.root.fd, name)
            fd = self.root.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                return self.root.look(fd, name)
            finally:
                os.close(fd)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self.root.explain(error, f"looking for {path}") from error

    def _fingerprint_at_once(self, path: str, name: str) -> Fingerprint | None:
        """Mostly there is nothing yet, and then one call of the kernel says so."""
        try:
            fd = self.root.open(path, NODE)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            return self.root.look_at(fd, name)
        finally:
            os.close(fd)

    def same_file(self, one: str, other: str) -> bool:
        """Are these two names of one file? Raises Transient when that cannot be known, MirrorUnusable."""
        found = []
        for path in (one, other):
            try:
                fd = self.root.open(path, READ)
            except OSError as error:
                raise self.root.explain(error, f"looking at {path}") from error
            found.append(os.fstat(fd))
            os.close(fd)
        return os.path.samestat(*found)

    def has_directory(self, path: str) -> bool:
        """Is there a directory of this name? Raises Transient when that cannot be known, MirrorUnusable."""
        return moves.is_there(self.root, path)

    def ahead(self, paths: Iterable[str]) -> Ahead:
        """For `hash`, of these files in this order: the disk is asked for them before their turn."""
        return Ahead(self.root, paths)

    def hash(self, path: str, stop: Stop, ahead: Ahead | None = None) -> LocalFile:
        """Read a file whole. Raises Transient if it vanished, changed meanwhile or cannot be read
        back (a bad sector is this file's trouble, not the mirror's); MirrorUnusable; Interrupted.
        """
        if ahead is None:
            with self.ahead((path,)) as alone:
                return self._hash(path, stop, alone)
        return self._hash(path, stop, ahead)

    def _hash(self, path: str, stop: Stop, ahead: Ahead) -> LocalFile:
        try:
            fd = ahead.open(path)
        except OSError as error:
            raise self.root.explain(error, f"opening {path}") from error
        md5 = hashlib.md5(usedforsecurity=False)
        try:
            before = self.root.look_at(fd, path)
            reading.feed(fd, (md5,), stop, ahead.buffer)
            after = self.root.look_at(fd, path)
        except OSError as error:
            if error.errno == errno.EIO:
                raise Transient(f"{path} cannot be read back: the disk reports an I/O error") from error
            raise self.root.explain(error, f"reading {path}") from error
        finally:
            os.close(fd)
        if before != after:
            raise Transient(f"{path} changed while it was read")
        return LocalFile(path, after, md5.hexdigest())

    def free_bytes(self) -> int:
        """Bytes that may still be written. Raises MirrorUnusable."""
        try:
            return trouble.free_bytes(self.root.fd)
        except OSError as error:
            raise self.root.explain(error, "measuring free space") from error

    # Tidying

    def move(self, old: str, new: str) -> None:
        """Move a file, durably and never over another; see `smugsync.local.moves.move`.

        Raises Transient (`new` is taken, `old` has vanished), MirrorUnusable.
        """
        moves.move(self.root, old, new)

    def move_files(
        self, old_directory: str, new_directory: str, names: Sequence[tuple[str, str]]
    ) -> list[SmugsyncError | None]:
        """Move files to another directory under new names; see `smugsync.local.moves.move_files`."""
        return moves.move_files(self.root, old_directory, new_directory, names)

    def move_directory(self, old: str, new: str) -> None:
        """Move an album's directory with all that is in it, also into its own child or over its empty
        parent. Asked for again after a crash, it finishes, or sees that it is done.

        Raises Transient (`new` is taken, `old` has vanished), MirrorUnusable.
        """
        moves.move_directory(self.root, old, new)

    def make_directory(self, path: str) -> None:
        """Make a directory and its parents, durably. Raises Transient, MirrorUnusable."""
        os.close(self.root.open_directory(path, create=True))

    def remove_empty(self, directory: str) -> None:
        """Remove `directory` and its parents as long as they are empty; never the root, never ours."""
        moves.remove_empty(self.root, directory)

    def keep_version(self, path: str, stamp: str, shelf: Shelf = Shelf.VERSIONS) -> str:
        """Move a file's bytes out of sight but not out of reach; returns where they are now.

        Raises Transient, MirrorUnusable.
        """
        directory, name = split(shelf_path(path, stamp, shelf))
        home = self.root.home(split(path)[0])
        directory = f"{home}/{directory}" if home else directory
        fd = self.root.open_directory(directory, create=True)
        try:
            kept = next(candidate for candidate in alternatives(name) if not exists(fd, candidate))
        except OSError as error:
            raise self.root.explain(error, f"setting {path} aside") from error
        finally:
            os.close(fd)
        try:
            self.move(path, f"{directory}/{kept}")
        except SmugsyncError:
            self.remove_empty(directory)
            raise
        return f"{directory}/{kept}"

    def touch(self, path: str, mtime_ns: int) -> Fingerprint:
        """Give a file another time; what `stat` says of it then. Raises Transient, MirrorUnusable."""
        try:
            fd = self.root.open(path, READ)
            try:
                os.utime(fd, ns=(mtime_ns, mtime_ns))
                return self.root.look_at(fd, path)
            finally:
                os.close(fd)
        except OSError as error:
            raise self.root.explain(error, f"setting the time of {path}") from error

    def sweep_parts(self, keep: Container[str]) -> int:
        """Delete what earlier processes left in staging, except suspended parts named in `keep`."""
        return part.sweep(self.root, keep)
