"""Files that lie about here and may be the account's: found, and read once where reading can tell."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from smugsync.catalogue import Hashed
from smugsync.core.matching import Label, is_archive, is_litter, label_of_original
from smugsync.core.model import Fingerprint, LocalFile
from smugsync.errors import Interrupted, ItemError
from smugsync.local.reading import Ahead
from smugsync.local.sharing import Source, has_to_copy
from smugsync.local.tree import Mirror
from smugsync.records import dataclass
from smugsync.sync.context import Context, Lying, Read, Reading
from smugsync.sync.strangers import note_strangers

#: What was read is remembered after so many files or seconds: no more is read twice if we are killed.
FLUSH_FILES, FLUSH_SECONDS = 256, 5.0
#: A reader is handed up to so many files at once, and no more of them once they make up so many bytes.
FILES, BYTES = 32, 4 << 20
#: From so many files on, looking through their directory is quicker than looking at each.
MANY = 16
#: So many files are tried to see whether they can be linked, until one can be opened.
SAMPLES = 64


@dataclass(frozen=True, slots=True)
class Place:
    """What a person pointed at; `reader` reads it, and nothing else in it is ever done through it.

    `within`: its path in the mirror ("" = all of the mirror), for files that are registered where they
    stand; None: it lies elsewhere, and its files are linked or copied in.
    """

    reader: Mirror
    within: str | None

    def absolute(self, path: str) -> str:
        return f"{self.reader.root.path}/{path}"


@dataclass(slots=True)
class Candidate:
    """A file that may be the account's. `path` is relative to the reader's root; `md5` "" = not read.

    `read_at`: when its bytes were read (epoch seconds); None = its size alone speaks for it so far.
    """

    path: str
    fingerprint: Fingerprint
    md5: str = ""
    read_at: int | None = None
    taken: bool = False  #: it is some photo's by now

    @property
    def directory(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


#: Which original each photo (its row's id) was converted from.
Pairs = dict[int, Candidate]


class Search:
    """Finds candidates; hands out which to read, and takes what came of it."""

    def __init__(self, context: Context, place: Place, *, exact: bool) -> None:
        """`exact`: nothing but bytes counts."""
        self.place = place
        self.files = 0  #: how many files lie there, those of a NAS's own left out
        self.by_md5: dict[str, list[Candidate]] = {}
        self.originals: dict[Label, list[Candidate]] = {}
        self._ctx, self._exact = context, exact
        self._candidates: list[Candidate] = []
        self._to_read: deque[int] = deque()
        self._fresh: list[Hashed] = []
        self._flushed = time.monotonic()
        self._links: list[str] = []
        self._archives: list[str] = []

    def gather(self) -> None:
        """Look at what is there. Only what has a size that the account promises is worth reading."""
        sizes = array("q", (size for size, _ in self._ctx.catalogue.wanted_sizes(self._ctx.run)))
        of_size: list[Candidate] = []
        for local in self._files():
            self.files += 1
            if self.files % 1024 == 0:
                self._ctx.stop.check()
                self._ctx.progress.refresh()
            size, name = local.fingerprint.size, local.path.rpartition("/")[2]
            at = bisect_left(sizes, size)
            label = None if self._exact else label_of_original(name)
            if is_archive(name):
                self._archives.append(local.path)
            if at < len(sizes) and sizes[at] == size:
                of_size.append(Candidate(local.path, local.fingerprint))
            if label is None:
                continue
            is_listed = bool(of_size) and of_size[-1].path == local.path
            original = of_size[-1] if is_listed else Candidate(local.path, local.fingerprint)
            self.originals.setdefault(label, []).append(original)
        self._tell(self._links, "symbolic links", "they are not followed: adopt the folders they lead to")
        self._tell(self._archives, "archives", "their photos are only seen once they are unpacked")
        of_size.sort(key=lambda candidate: candidate.path)
        self.ask(of_size)
        if self._to_read and self._has_to_copy(of_size):
            self._trust_sizes()

    def ask(self, candidates: Iterable[Candidate]) -> None:
        """Have these read, unless it is known already what is in them."""
        remembers = self._ctx.catalogue.remembers_hashes()
        for candidate in candidates:
            self._candidates.append(candidate)
            if candidate.md5:
                continue
            if remembers:
                path = self.place.absolute(candidate.path)
                known = self._ctx.catalogue.known_md5(path, candidate.fingerprint)
                if known is not None:
                    self._know(candidate, *known)
                    continue
            self._to_read.append(len(self._candidates) - 1)
            self._ctx.progress.plan(1, candidate.fingerprint.size)

    def next(self) -> Reading | None:
        files: list[Lying] = []
        size = 0
        while self._to_read and len(files) < FILES and size < BYTES:
            number = self._to_read.popleft()
            candidate = self._candidates[number]
            files.append(Lying(number, candidate.path, candidate.fingerprint.size))
            size += candidate.fingerprint.size
        return Reading(tuple(files)) if files else None

    def read(self, reading: Reading) -> Read:
        """In a thread of its own. Raises MirrorUnusable, and Interrupted if nothing was read by then."""
        found: list[tuple[int, LocalFile | str]] = []
        with self.place.reader.ahead(file.path for file in reading.files) as ahead:
            try:
                for file in reading.files:
                    found.append((file.number, self._look(file, ahead)))  # noqa: PERF401 - kept if it ends here
            except Interrupted:
                if not found:
                    raise
        return Read(tuple(found))

    def _look(self, file: Lying, ahead: Ahead) -> LocalFile | str:
        progress = self._ctx.progress
        progress.begin(file.path, file.size)
        try:
            return self.place.reader.hash(file.path, self._ctx.stop, ahead)
        except ItemError as error:
            return str(error)
        finally:
            progress.advance(file.path, file.size)
            progress.end(file.path, ok=True)

    def take(self, read: Read) -> None:
        now = int(self._ctx.now())
        for number, found in read.found:
            candidate = self._candidates[number]
            path = self.place.absolute(candidate.path)
            if isinstance(found, str):
                self._ctx.report.trouble(path, f"left alone: {found}", code=0)
                continue
            candidate.fingerprint = found.fingerprint
            self._know(candidate, found.md5 or "", now)
            self._fresh.append(Hashed(path, candidate.fingerprint, candidate.md5, now))
        if len(self._fresh) >= FLUSH_FILES or time.monotonic() - self._flushed >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Remember what was read since the last time."""
        if self._fresh:
            with self._ctx.catalogue.transaction():
                self._ctx.catalogue.put_hashed(self._fresh)
            self._fresh.clear()
        self._flushed = time.monotonic()

    def fresh(self, candidate: Candidate) -> bool:
        """Is it still there as it was when it was read?"""
        try:
            return self.place.reader.fingerprint(candidate.path) == candidate.fingerprint
        except ItemError:
            return False

    def still_there(self, candidates: Sequence[Candidate]) -> list[bool]:
        """As `fresh`, of each of them: a directory in which many of them stand is looked at once."""
        directories = Counter(candidate.directory for candidate in candidates)
        found: dict[str, Fingerprint] = {}
        for directory, number in directories.items():
            if number >= MANY:
                with suppress(ItemError):
                    files = self.place.reader.scan(directory, recursive=False)
                    found.update((local.path, local.fingerprint) for local in files)
        return [found.get(one.path) == one.fingerprint or self.fresh(one) for one in candidates]

    def known(self, md5: str | None) -> list[Candidate]:
        """The candidates that have these bytes."""
        return [] if md5 is None else self.by_md5.get(md5, [])

    def count_left(self) -> int:
        """How many files nobody wanted. In the mirror, some were fetched besides and are the same."""
        if self.place.within is not None and not self._ctx.options.dry_run:
            return sum(1 for _ in self._files())
        taken = {
            id(one) for some in (self._candidates, *self.originals.values()) for one in some if one.taken
        }
        return self.files - len(taken)

    # -- what is there -----------------------------------------------------------------------------

    def _files(self) -> Iterator[LocalFile]:
        if self.place.within is None:
            found = self.place.reader.scan(
                skipped=self._skip, unreadable=self._cannot_enter, passing_by=is_litter
            )
        else:
            if self._ctx.options.dry_run:
                note_strangers(self._ctx)  # in a copy of the catalogue: a dry run leaves them out else
            found = (
                local
                for local in self._ctx.catalogue.strangers(self.place.within)
                if not any(map(is_litter, local.path.split("/")))
            )
        return (local for local in found if local.fingerprint.size)

    def _skip(self, path: str, why: str) -> None:
        if "UTF-8" in why:  # a photo, perhaps; pipes and sockets are none
            self._ctx.report.trouble(self.place.absolute(path), f"left alone: {why}", code=0)
        elif "symbolic link" in why:
            self._links.append(path)

    def _tell(self, paths: list[str], what: str, why: str) -> None:
        """Say it once, by the first of `paths`: behind them may lie photos that are fetched all the same."""
        if paths:
            reason = (
                f"left alone, the first of {len(paths):,} {what}: {why}"
                if paths[1:]
                else f"left alone: {why}"
            )
            self._ctx.report.trouble(self.place.absolute(min(paths)), reason, code=0)

    def _cannot_enter(self, directory: str, error: ItemError) -> None:
        self._ctx.report.trouble(self.place.absolute(directory), f"left alone: {error}", code=0)

    def _know(self, candidate: Candidate, md5: str, read_at: int | None) -> None:
        candidate.md5, candidate.read_at = md5, read_at
        self.by_md5.setdefault(md5, []).append(candidate)

    # -- where bytes have to be copied ---------------------------------------------------------------

    def _has_to_copy(self, candidates: Iterable[Candidate]) -> bool:
        """What the first of them says that can be opened."""
        if self.place.within is not None or self._ctx.options.dry_run:
            return False
        for sample in islice(candidates, SAMPLES):
            source = Source(self.place.reader.root, sample.path, sample.fingerprint, sample.md5)
            try:
                return has_to_copy(self._ctx.mirror.root, source, links=self._ctx.options.links)
            except ItemError:
                continue
        return False

    def _trust_sizes(self) -> None:
        """A copy is read, and hashed on its way: where only one file here and one photo online have a size,
        reading it before would be reading it twice. If it is another file, the copy is given up."""
        waiting = [self._candidates[number] for number in self._to_read]
        here = Counter(candidate.fingerprint.size for candidate in self._candidates)
        alone = {one.fingerprint.size: one for one in waiting if here[one.fingerprint.size] == 1}
        for size, md5 in self._ctx.catalogue.wanted_sizes(self._ctx.run):
            if md5 is not None and size in alone:
                self._know(alone[size], md5, None)
        self._to_read = deque(number for number in self._to_read if not self._candidates[number].md5)
