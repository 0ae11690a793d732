"""One file across: the bytes received, proven, and sealed, ready to be placed; or the reason why not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import field
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from smugsync.core.integrity import Found, prove
from smugsync.core.model import Evidence, Fingerprint, Kind, LocalFile, RemoteFile
from smugsync.errors import (
    Garbled,
    Gone,
    IntegrityError,
    Interrupted,
    ItemError,
    MirrorUnusable,
    Rejected,
    SmugsyncError,
    Transient,
)
from smugsync.local.decoding import Decoder, find_decoder
from smugsync.local.inspection import Inspected, inspect
from smugsync.local.part import PartFile
from smugsync.local.sharing import How, Links, Source, share
from smugsync.local.tree import Mirror
from smugsync.progress import Progress
from smugsync.records import dataclass, replace
from smugsync.remote.gallery import Sink
from smugsync.stop import Stop
from smugsync.sync.adoption.originals import is_original

#: How often one download is begun anew within one run, and how long we wait in between, in seconds.
PAUSES = (1.0, 4.0)
#: The times that every file system of the day can hold and that fit an integer of nanoseconds (1901 to
#: 2242); a clock that was never set shows others.
EARLIEST, LATEST = -(1 << 31), 1 << 33
#: The longest that one download waits because the media host asks for it, in seconds.
LONGEST_WAIT = 60.0
#: So many bytes of a file that promised no size, and the room that is left is looked at, in bytes.
ROOM_STEP = 16 << 20


@dataclass(frozen=True, slots=True)
class Fetching:
    """Download `file` to `path`. `expected` is what the plan saw under that name, None = nothing.

    `keep`: where the old bytes go first, below the mirror's versions; None when there are none to keep.
    `source`: the same bytes are here already; they are only downloaded if those turn out not to do.
    `compare`: the MD5 of a person's file at `path`, which may be the very same: nothing was promised to tell.
    """

    row: int
    file: RemoteFile
    path: str
    expected: Fingerprint | None = None
    keep: str | None = None
    source: Source | None = None
    compare: str | None = None


@dataclass(frozen=True, slots=True)
class Examining:
    """Hash the file at `path`, so that a decision can be made about `row`.

    `mending`: it is known to be damaged, so that its not being readable is an answer, not a failure.
    """

    row: int
    path: str
    mending: bool = False


Job = Fetching | Examining


@dataclass(frozen=True, slots=True)
class Received:
    """Proven bytes in a sealed part. `file` is what they were promised as, possibly read anew."""

    job: Fetching
    file: RemoteFile
    part: PartFile
    found: Found
    evidence: Evidence
    how: How | None = None  #: None = downloaded
    inspected: Inspected | None = None  #: where nothing was promised


@dataclass(frozen=True, slots=True)
class Examined:
    """`local` None: the file went away meanwhile. Its MD5 is "" if a damaged file could not be read."""

    job: Examining
    local: LocalFile | None


@dataclass(frozen=True, slots=True)
class Faltered:
    """Did not work. `repeats`: how often the very same wrong bytes came; `file`: what was shown last."""

    job: Job
    error: ItemError
    file: RemoteFile | None = None
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class Abandoned:
    """Told to stop."""

    job: Job


Outcome = Received | Examined | Faltered | Abandoned


class Downloads(Protocol):
    """What of a gallery a transfer needs."""

    @property
    def only_whole(self) -> bool: ...

    def look(self, file: RemoteFile) -> RemoteFile: ...

    def download(
        self, file: RemoteFile, sink: Sink, *, stop: Stop, progress: Callable[[int], None] | None = None
    ) -> object: ...


@dataclass(frozen=True, slots=True)
class Transfer:
    """Runs jobs in worker threads; everything in it may be shared by them."""

    gallery: Downloads
    mirror: Mirror
    progress: Progress
    stop: Stop
    pauses: tuple[float, ...] = PAUSES
    zone: tzinfo | None = None  #: where the camera's wall-clock time is taken to be; None = this machine's
    links: Links = "auto"
    fetch: bool = True  #: False: nothing is downloaded
    reserve: int = 0  #: bytes to leave free on the disk, also by a file that promises no size
    decoder: Decoder | None = field(default_factory=find_decoder)

    def __call__(self, job: Job) -> Outcome:
        try:
            if isinstance(job, Examining):
                return self._examine(job)
            return self._fetch(job)
        except Interrupted:
            return Abandoned(job)
        except ItemError as error:
            return Faltered(job, error)

    def _examine(self, job: Examining) -> Examined:
        fingerprint = self.mirror.fingerprint(job.path)
        if fingerprint is None:
            return Examined(job, None)
        try:
            return Examined(job, self.mirror.hash(job.path, self.stop))
        except Transient:
            if not job.mending:
                raise
            return Examined(job, LocalFile(job.path, fingerprint, ""))

    def _take_over(self, job: Fetching, source: Source) -> Outcome:
        """The bytes are here already; what they are worth is the source's worth."""
        file = job.file
        name = part_name(file.album_key, file.key, file.version)
        directory = job.path.rpartition("/")[0]
        shared = share(self.mirror.root, name, source, directory=directory, links=self.links, stop=self.stop)
        try:
            sealed = shared.part.seal(mtime_ns(file, self.zone))
            found = Found(sealed.md5, sealed.size)
            evidence = source.evidence
            if evidence in (Evidence.PROMISED, Evidence.SELF):
                evidence = prove(file.promised, found)
        except BaseException:
            shared.part.discard()
            raise
        return Received(job, file, shared.part, found, evidence, shared.how)

    def _fetch(self, job: Fetching) -> Outcome:
        if job.source is not None:
            self.progress.begin(job.path, job.source.fingerprint.size)
            ok = False
            try:
                outcome = self._take_over(job, job.source)
                self.progress.advance(job.path, job.source.fingerprint.size)
                ok = True
                return outcome
            except ItemError:  # the source is not what it was: then the bytes come from the service
                if not self.fetch or is_original(job.source):  # for those this may be the wrong name
                    raise
            finally:
                self.progress.end(job.path, ok=ok)
        file = job.file
        wrong: list[str] = []
        attempt = 0
        while True:
            try:
                if file.source is None or wrong:
                    file = self.gallery.look(file)
                if file.withheld:
                    return Faltered(job, ItemError(file.withheld), file)
                return self._receive(job, file)
            except IntegrityError as error:
                wrong.append(error.found)
                trouble: ItemError = error
            except Gone as error:
                if file.source is None:  # it was the look that said so: gone from this album
                    return Faltered(job, error, file)
                trouble, file = error, replace(file, source=None)
            except (Transient, Garbled) as error:
                trouble = error
            if attempt == len(self.pauses):
                return Faltered(job, trouble, file, repeats=wrong.count(wrong[-1]) if wrong else 0)
            asked = trouble.retry_after if isinstance(trouble, Transient) else None
            self.stop.wait(max(self.pauses[attempt], min(asked or 0.0, LONGEST_WAIT)))
            attempt += 1

    def _receive(self, job: Fetching, file: RemoteFile) -> Received:
        name = part_name(file.album_key, file.key, file.version)
        directory = job.path.rpartition("/")[0]
        root = self.mirror.root
        part = PartFile.reopen(root, name, version=file.version, directory=directory) or PartFile.create(
            root, name, directory=directory
        )
        self.progress.begin(job.path, file.promised.size)
        ok = False
        try:
            self.gallery.download(
                file, part, stop=self.stop, progress=lambda n: self._arrived(job, file, part, n)
            )
            sealed = part.seal(mtime_ns(file, self.zone))
            found = Found(sealed.md5, sealed.size)
            evidence = prove(file.promised, found)
            inspected = self._inspect(part, file, found) if evidence is Evidence.SELF else None
            ok = True
        except (IntegrityError, MirrorUnusable):
            part.discard()
            raise
        except SmugsyncError:  # the line, the service or a person broke it off, not these bytes
            part.suspend(file.version)  # keeps a large part for a later Range request, discards others
            raise
        except BaseException:
            part.discard()
            raise
        finally:
            self.progress.end(job.path, ok=ok)
        return Received(job, file, part, found, evidence, inspected=inspected)

    def _inspect(self, part: PartFile, file: RemoteFile, found: Found) -> Inspected:
        is_picture = file.kind is Kind.PHOTO
        refuse = self.gallery.only_whole
        try:
            return inspect(
                part.fd,
                file.name,
                found.md5,
                self.stop,
                decoder=self.decoder,
                is_picture=is_picture,
                refuse=refuse,
            )
        except OSError as error:
            raise self.mirror.root.explain(error, f"reading back the part file of {file.name}") from error

    def _arrived(self, job: Fetching, file: RemoteFile, part: PartFile, size: int) -> None:
        """`size` more bytes are in `part`. Raises Rejected if they have no end and the disk has."""
        self.progress.advance(job.path, size)
        if file.promised.size is not None or part.size // ROOM_STEP == (part.size - size) // ROOM_STEP:
            return
        if self.mirror.free_bytes() < self.reserve:
            came = part.size
            part.restart()  # gives the room back
            raise Rejected(f"no size was promised, and after {came:,} bytes the disk has no room for more")


def part_name(album_key: str, key: str, version: str) -> str:
    """A name of our own for the part: nothing the service says reaches the file system here."""
    return hashlib.sha256(f"{album_key}\0{key}\0{version}".encode()).hexdigest()[:32]


def mtime_ns(file: RemoteFile, zone: tzinfo | None) -> int | None:
    """The time stamp for a file's mtime, in ns since the epoch, None when the service knows no time.

    The camera's wall-clock time is taken to be in `zone` (the first of two where a clock was set back);
    where there is none, or one that no clock ever showed, the time of the upload counts.
    """
    for text, naive_in in ((file.taken, zone), (file.uploaded, UTC)):
        seconds = seconds_of(text, naive_in)
        if seconds is not None:
            return seconds * 1_000_000_000
    return None


def seconds_of(text: str, naive_in: tzinfo | None = UTC) -> int | None:
    """Epoch seconds of a time stamp, None where it is none, or one that no clock ever showed."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None and naive_in is not None:
            moment = moment.replace(tzinfo=naive_in)
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError, OSError):
        return None
    return seconds if EARLIEST <= seconds <= LATEST else None
