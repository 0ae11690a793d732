"""Bytes on their way in: write -> seal -> place | discard.

A part file lies in a staging directory until `smugsync.local.placement.place` makes it visible under
its name. It counts and hashes what it is given, so nothing has to be read a second time.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
from collections.abc import Container
from typing import Final

from smugsync.core.model import Fingerprint
from smugsync.local.handles import READ, Root, Staging, check_relative, list_names, print_of
from smugsync.local.syscalls import fsync_data
from smugsync.records import dataclass

#: Below this, fetching again is cheaper than remembering how far we came.
RESUMABLE: Final = 8_000_000
_CHUNK: Final = 256 * 1024
#: So much is written at a time. From 256 kB on, a kernel with large folios takes half as long again for each
#: byte (measured on ext4, Linux 6.18); and what was written is still in the processor's cache to be hashed.
_PIECE: Final = 128 * 1024
_PART, _RESUME = ".part", ".resume"
_CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
#: For what lies there already: somebody else may have put a link or a pipe in its place.
_REWRITE: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: Somebody has removed the directory; on a network share another machine has.
_REMOVED: Final = frozenset({errno.ENOENT, errno.ESTALE})
#: Filesystems that keep no modes or foreign owners' times refuse these; the bytes are no worse for it.
_NO_METADATA: Final = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP})


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was received: MD5 as 32 lower-case hex digits, size in bytes."""

    md5: str
    size: int


class PartFile:
    """One file being received. One thread at a time; it may change hands.

    `size` is what was written so far, `validator` what the server named the version by (a strong
    ETag, for `If-Range`). Whoever holds it ends with exactly one of `place`, `discard`, `suspend`.
    """

    __slots__ = (
        "_fd",
        "_md5",
        "_root",
        "_sealed",
        "_settled",
        "_shared",
        "_torn",
        "_vouched",
        "name",
        "size",
        "staging",
        "validator",
    )

    def __init__(self, root: Root, name: str, staging: Staging, fd: int) -> None:
        """Not for callers: `create` and `reopen` are."""
        self.name = name
        self.staging = staging
        self.size = 0
        self.validator: str | None = None
        self._root = root
        self._fd = fd
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._torn = False  # a write failed half-way: size and MD5 no longer speak for the file
        self._vouched: Sealed | None = None
        self._shared = False  # a hard link: mode and times belong to the other names too
        self._sealed = False
        self._settled = False

    @classmethod
    def create(cls, root: Root, name: str, *, directory: str = "") -> PartFile:
        """A new, empty part for a file that will go to `directory`; `name` is unique among all parts.

        Raises Transient if a part of that name exists, MirrorUnusable if the disk refuses.
        """
        staging, file_name = root.staging(directory, lately=True), _part_name(name)
        try:
            try:
                fd = os.open(file_name, _CREATE, 0o600, dir_fd=staging.fd)
            except OSError as error:
                if error.errno not in _REMOVED:
                    raise
                staging = root.staging(directory)
                fd = os.open(file_name, _CREATE, 0o600, dir_fd=staging.fd)
        except OSError as error:
            if error.errno == errno.EEXIST:
                root.leave(file_name)
            raise root.explain(error, f"creating a part file for {name}") from error
        return cls(root, name, staging, fd)

    @classmethod
    def reopen(cls, root: Root, name: str, *, version: str, directory: str = "") -> PartFile | None:
        """The part that an earlier `suspend(version)` left, hashed up to where it ends; else None.

        What is there but cannot be used (another version, no validator) is deleted, so that `create`
        succeeds. Raises MirrorUnusable; a part that cannot be read back counts as none.
        """
        file_name = _part_name(name)
        if not root.is_left(file_name):
            return None
        staging = root.staging(directory)
        try:
            fd = os.open(file_name, _REWRITE, dir_fd=staging.fd)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise root.explain(error, f"opening the part file of {name}") from error
        part = cls(root, name, staging, fd)
        try:
            part.validator = _read_validator(staging.fd, name, version) if _is_plain(fd) else None
            if part.validator is not None:
                part._hash_what_is_there()
        except OSError:
            part.validator = None
        if part.validator is None:
            part.discard()
            return None
        # From here on the note would promise more than we know; a crash means starting over.
        _unlink(staging.fd, name + _RESUME)
        return part

    @staticmethod
    def link_name(name: str) -> str:
        """The name in staging of a part that is made by linking; to be taken over by `adopt_link`."""
        return _part_name(f"{name}-link")

    @classmethod
    def adopt_link(cls, root: Root, name: str, staging: Staging) -> PartFile:
        """The part that was linked into `staging` under `link_name`. Raises Transient, MirrorUnusable."""
        own = f"{name}-link"
        try:
            fd = os.open(_part_name(own), READ, dir_fd=staging.fd)
        except OSError as error:
            raise root.explain(error, f"opening the part file of {name}") from error
        return cls(root, own, staging, fd)

    def write(self, view: memoryview | bytes | bytearray) -> None:
        """Append `view`. Raises MirrorUnusable or Transient; then only restart or discard is left."""
        whole, begin = memoryview(view), 0
        while begin < len(whole):
            piece = whole[begin : begin + _PIECE]
            try:
                written = os.write(self._fd, piece)
            except OSError as error:
                self._torn = True
                raise self._root.explain(error, f"writing the part file of {self.name}") from error
            self._take(piece[:written])
            begin += written

    @property
    def fd(self) -> int:
        """The open file, for those that bring its bytes by other ways than `write`."""
        return self._fd

    @property
    def md5(self) -> str:
        """The MD5 of what was written so far, in hex."""
        return self._md5.hexdigest()

    def vouch(self, known: Sealed, *, shared: bool = False) -> None:
        """The file's bytes came without `write` and are known; `shared`: it is a hard link."""
        self._vouched, self.size, self._shared = known, known.size, shared

    def restart(self) -> None:
        """Forget everything received so far (the server sends the whole file again)."""
        try:
            os.lseek(self._fd, 0, os.SEEK_SET)
            os.ftruncate(self._fd, 0)
        except OSError as error:
            raise self._root.explain(error, f"emptying the part file of {self.name}") from error
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.size, self.validator = 0, None
        self._sealed = self._torn = False

    def seal(self, mtime_ns: int | None) -> Sealed:
        """Give the file its final mode and time (nanoseconds since 1970; None: now) and tell what came.

        Raises MirrorUnusable or Transient; ValueError after a failed write (a bug: see `write`).
        """
        if self._torn:
            raise ValueError(f"the part file of {self.name} lost a write")
        if not self._shared:
            try:
                self._dress(mtime_ns)
            except OSError as error:
                raise self._root.explain(error, f"sealing the part file of {self.name}") from error
        self._sealed = True
        return self._vouched or Sealed(self._md5.hexdigest(), self.size)

    def suspend(self, version: str) -> bool:
        """Keep a large download for a later process; True if it was kept, False if it was discarded.

        `version` is the remote file's, compared by `reopen`. Nothing is synced: what a crash does to
        these bytes the final MD5 finds out. Never raises.
        """
        if self._torn or self.validator is None or self.size < RESUMABLE:
            self.discard()
            return False
        note = json.dumps({"version": version, "validator": self.validator}).encode()
        try:
            fd = os.open(self.name + _RESUME, _CREATE, 0o600, dir_fd=self.staging.fd)
            try:
                os.write(fd, note)
            finally:
                os.close(fd)
        except OSError:
            self.discard()
            return False
        self._close()
        self._root.leave(self.file_name)
        self._settled = True
        return True

    def discard(self) -> None:
        """Delete the part. Harmless when it is placed, suspended or discarded already; never raises."""
        self._close()
        if not self._settled:
            self._settled = True
            if not _unlink(self.staging.fd, self.file_name):
                self._root.leave(self.file_name)
            _unlink(self.staging.fd, self.name + _RESUME)

    # For placement

    @property
    def file_name(self) -> str:
        """The name it lies under in its staging directory."""
        return self.name + _PART

    def finish(self, *, durable: bool) -> Fingerprint:
        """Sync and close; what `stat` says of it then (some filesystems round times). Raises OSError.

        The stat is taken before anybody else can reach the file: an edit right after it became
        visible shows as a difference. After an error the part can only be discarded.
        """
        if not self._sealed:
            raise ValueError(f"the part file of {self.name} is not sealed")
        if durable:
            fsync_data(self._fd)
        found = os.fstat(self._fd)
        if found.st_size != self.size and not self._shared:
            raise OSError(errno.EIO, "fewer bytes are there than were written")
        fd, self._fd = self._fd, -1
        os.close(fd)  # NFS and SMB report a failed write here when it was not synced
        return print_of(found.st_size, found.st_mtime_ns)

    def release(self) -> None:
        """The bytes have gone to their final name; from here on `discard` does nothing."""
        self._settled = True

    def reclaim(self) -> None:
        """Undo `release`: the bytes are back in staging."""
        self._settled = False

    def _dress(self, mtime_ns: int | None) -> None:
        try:
            os.fchmod(self._fd, self._root.file_mode)
        except OSError as error:
            if error.errno not in _NO_METADATA:
                raise
        if mtime_ns is None:
            return
        try:
            os.utime(self._fd, ns=(mtime_ns, mtime_ns))
        except OSError as error:
            if error.errno not in _NO_METADATA:
                raise

    def _take(self, view: memoryview) -> None:
        self._md5.update(view)
        self.size += len(view)

    def _hash_what_is_there(self) -> None:
        buffer = bytearray(_CHUNK)
        view = memoryview(buffer)
        while count := os.readv(self._fd, [view]):
            self._take(view[:count])

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.close(fd)


def sweep(root: Root, keep: Container[str]) -> int:
    """Delete what earlier processes left in staging, except suspended parts whose name is in `keep`.

    Returns how many parts went. To be called before the first `create`. Raises MirrorUnusable.
    """
    staging = root.staging()
    try:
        present = list_names(staging.fd)
        swept = 0
        for entry in present:
            name = entry.removesuffix(_PART).removesuffix(_RESUME)
            resumable = {name + _PART, name + _RESUME} <= present
            if resumable and name in keep:
                continue
            with contextlib.suppress(IsADirectoryError):  # not made by us
                os.unlink(entry, dir_fd=staging.fd)
                swept += entry.endswith(_PART)
    except OSError as error:
        raise root.explain(error, "clearing away old part files") from error
    return swept


def _part_name(name: str) -> str:
    if len(check_relative(name)) != 1:
        raise ValueError(f"not a part's name: {name!r}")
    return name + _PART


def _is_plain(fd: int) -> bool:
    """Whether this is a file, and of one name only: what is appended to it appears nowhere else."""
    found = os.fstat(fd)
    return stat.S_ISREG(found.st_mode) and found.st_nlink <= 1


def _read_validator(staging_fd: int, name: str, version: str) -> str | None:
    """The validator in a part's note, None if there is no usable note for `version`. Raises OSError."""
    try:
        fd = os.open(name + _RESUME, READ, dir_fd=staging_fd)
    except FileNotFoundError:
        return None
    with os.fdopen(fd, "rb") as file:
        try:
            note = json.loads(file.read(65_536)) if _is_plain(fd) else None
        except (ValueError, RecursionError):
            return None
    if not isinstance(note, dict) or note.get("version") != version:
        return None
    validator = note.get("validator")
    return validator if isinstance(validator, str) else None


def _unlink(directory_fd: int, name: str) -> bool:
    """Whether it is gone. What cannot be deleted now is swept at the next start; it is nobody's trouble."""
    try:
        os.unlink(name, dir_fd=directory_fd)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
