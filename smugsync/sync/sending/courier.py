"""One local file across, upward: is it finished, what is in it, take it there, and see what became of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field
from typing import Final, Protocol

from smugsync.core.integrity import Found, prove
from smugsync.core.model import Fingerprint, LocalFile, Outgoing, RemoteFile, Sent
from smugsync.errors import (
    Doubtful,
    Garbled,
    Gone,
    Interrupted,
    ItemError,
    NotAuthorised,
    SmugsyncError,
    Transient,
    Unreachable,
)
from smugsync.local.handles import READ
from smugsync.local.part import PartFile
from smugsync.local.placement import Placement, place
from smugsync.local.tree import Mirror
from smugsync.progress import Progress
from smugsync.records import dataclass, replace
from smugsync.stop import Stop
from smugsync.sync.context import Readiness, Sending
from smugsync.sync.cycle.transfer import Downloads, mtime_ns, part_name

_CHUNK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Checking:
    """Is the file at `path` finished, and what is its MD5? `ticket` is the outbox's own, `wait` how many
    seconds to let pass first."""

    ticket: int
    path: str
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Posting:
    """Send the file at `path`, which must still be as `fingerprint` says.

    `instead_of`: the photo that it replaces, as it was when that was decided. It is fetched first, to `keep`.
    """

    ticket: int
    path: str
    fingerprint: Fingerprint
    outgoing: Outgoing
    instead_of: RemoteFile | None = None
    keep: str = ""


Job = Checking | Posting


@dataclass(frozen=True, slots=True)
class Checked:
    """`local` is hashed; None: `readiness` says why it is not to be sent now."""

    job: Checking
    local: LocalFile | None
    readiness: Readiness = field(default_factory=Readiness)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The service took it. `shown` is how it shows it, None if it does not yet; and it may go on changing."""

    job: Posting
    sent: Sent
    shown: RemoteFile | None
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """It was not taken, for sure, unless the error is Doubtful. `error` may be the whole run's trouble."""

    job: Posting
    error: SmugsyncError


@dataclass(frozen=True, slots=True)
class Unchecked:
    """The file could not be looked at or read."""

    job: Checking
    error: ItemError


@dataclass(frozen=True, slots=True)
class Left:
    """Told to stop."""

    job: Job


Outcome = Checked | Unchecked | Delivered | Undelivered | Left


class Content(Protocol):
    """A body that is read while it is sent; `size` in bytes."""

    @property
    def size(self) -> int: ...

    def chunks(self) -> Iterator[bytes | memoryview]: ...


class Outlet(Protocol):
    """What of the service an upload needs."""

    def send(
        self,
        outgoing: Outgoing,
        content: Content,
        *,
        stop: Stop,
        progress: Callable[[int], None] | None = None,
    ) -> Sent: ...


class _Changed(ItemError):
    """The file is not what it was when its MD5 was taken."""


@dataclass(slots=True)
class _Bytes:
    """An open file of `size` bytes."""

    fd: int
    size: int

    def chunks(self) -> Iterator[bytes | memoryview]:
        at = 0
        while at < self.size:
            chunk = os.pread(self.fd, min(_CHUNK, self.size - at), at)
            if not chunk:
                raise _Changed("it became shorter while it was sent")
            at += len(chunk)
            yield chunk


@dataclass(frozen=True, slots=True)
class Courier:
    """Runs jobs in worker threads; everything in it may be shared by them."""

    outlet: Outlet
    gallery: Downloads
    mirror: Mirror
    sending: Sending
    progress: Progress
    stop: Stop

    def __call__(self, job: Job) -> Outcome:
        try:
            if isinstance(job, Checking):
                return self._check(job)
            return self._post(job)
        except Interrupted:
            return Left(job)

    def _check(self, job: Checking) -> Checked | Unchecked:
        try:
            if job.wait > 0:
                self.stop.wait(job.wait)
            readiness = self.sending.settled(self.mirror.root, job.path)
            if readiness.fingerprint is None:
                return Checked(job, None, readiness)
            local = self.mirror.hash(job.path, self.stop)
        except ItemError as error:
            return Unchecked(job, error)
        if local.fingerprint != readiness.fingerprint:
            return Checked(job, None, Readiness(why="it changed while it was read", later=True))
        return Checked(job, local)

    def _post(self, job: Posting) -> Delivered | Undelivered:
        self.stop.check()
        try:
            kept = "" if job.instead_of is None else self._set_aside(job.instead_of, job.keep)
            sent = self._send(job)
        except (Doubtful, ItemError, NotAuthorised, Unreachable) as error:
            return Undelivered(job, error)
        return Delivered(job, sent, self._look(job, sent), kept)

    def _set_aside(self, photo: RemoteFile, keep: str) -> str:
        """What is about to be replaced, fetched to the shelf `keep`: an editor has left nothing of it here.

        Raises Transient and the like: then nothing is replaced.
        """
        now = self.gallery.look(photo)
        if now.version != photo.version:
            raise _Changed("it was changed online as well; the next run compares the two")
        root, directory = self.mirror.root, keep.rpartition("/")[0]
        part = PartFile.create(root, part_name("kept", photo.key, photo.version), directory=directory)
        try:
            self.gallery.download(now, part, stop=self.stop)
            sealed = part.seal(mtime_ns(now, None))
            prove(now.promised, Found(sealed.md5, sealed.size))
            (placed,) = place(root, [Placement(part, keep)])
        except BaseException:
            part.discard()
            raise
        if isinstance(placed, Exception):
            raise placed
        return keep

    def _send(self, job: Posting) -> Sent:
        self.progress.begin(job.path, job.outgoing.size)
        ok = False
        try:
            with self._opened(job) as content:
                sent = self.outlet.send(
                    job.outgoing,
                    content,
                    stop=self.stop,
                    progress=lambda n: self.progress.advance(job.path, n),
                )
            ok = True
            return sent
        finally:
            self.progress.end(job.path, ok=ok)

    @contextmanager
    def _opened(self, job: Posting) -> Iterator[Content]:
        root = self.mirror.root
        try:
            fd = root.open(job.path, READ)
        except OSError as error:
            raise root.explain(error, f"opening {job.path}") from error
        try:
            if root.look_at(fd, job.path) != job.fingerprint:
                raise _Changed("it was changed after it was read; the next run looks again")
            yield _Bytes(fd, job.fingerprint.size)
        except OSError as error:
            raise root.explain(error, f"reading {job.path}") from error
        finally:
            os.close(fd)

    def _look(self, job: Posting, sent: Sent) -> RemoteFile | None:
        """As the service shows it now. A listing, and this address too, may lag behind an upload."""
        stub = RemoteFile(job.outgoing.album_key, sent.key, job.outgoing.name, serial=sent.serial)
        try:
            shown = self.gallery.look(stub)
        except (Gone, Transient, Garbled, Unreachable):
            return None
        except ItemError:
            return None
        return replace(shown, name=shown.name or job.outgoing.name)
