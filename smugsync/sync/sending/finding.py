"""Which local files are to be sent: those that appeared while uploads were on, and whose turn it is.

The first time, everything that is here already is recorded as old: what lay about before, and what was
deleted online and kept here, is never published by itself. So is what came while uploads were off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from smugsync.catalogue import AlbumRow, Catalogue
from smugsync.core.model import Fingerprint
from smugsync.errors import ItemError
from smugsync.local.tree import Mirror
from smugsync.records import dataclass
from smugsync.sync.context import Context
from smugsync.sync.strangers import note_directory, note_strangers

#: Where the catalogue remembers since when new files are sent (epoch seconds).
BASELINE = "upload_baseline"
#: And that there were runs without uploads since the last one with them: "1", else "".
_PAUSED = "upload_paused"
#: Photos and videos that SmugMug takes, by their extensions. RAW files need its add-on "Source".
SENDABLE = frozenset(
    "jpg jpeg jpe png gif heic heif mp4 m4v mov qt avi mpg mpeg mpe wmv 3gp 3g2 mts m2ts mkv webm".split()
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A local file that may be sent. `md5` None = not read yet. `replaces`: the row of the photo it edits."""

    path: str
    fingerprint: Fingerprint
    md5: str | None = None
    replaces: int | None = None


@dataclass(slots=True)
class Finder:
    """One cycle's look at the disk. The engine's thread only."""

    context: Context
    by_album: dict[int, list[Candidate]] = field(default_factory=dict)
    #: directories that are no album's, with what lies in them
    homeless: dict[str, list[Candidate]] = field(default_factory=dict)

    def look(self) -> None:
        """Record what is here, and sort what is to be sent by its album. After `take_baseline`."""
        context = self.context
        context.sends = True
        if context.scope.kind == "paths":
            self._note(context.scope.paths)
        else:
            note_strangers(context)
        self._sort(self._chosen())
        context.sending_to |= self.by_album.keys() | context.catalogue.open_uploads().keys()
        sending = context.options.sending
        if context.scope.kind == "upload" and sending is not None and sending.replace:
            context.sending_to.update(album.id for album, _ in context.catalogue.open_edits())

    def take_baseline(self) -> bool:
        """Is it known what was here before? If not, look. What cannot be read may not pass as new later."""
        catalogue, missed = self.context.catalogue, list[str]()
        known = catalogue.recall(BASELINE) is not None
        if known and not catalogue.recall(_PAUSED):
            return True
        note_strangers(self.context, missed=missed.append)
        if missed:
            self.context.report.trouble(
                missed[0], "cannot be read, so that nothing is sent before it is known what was here already"
            )
            return False
        with catalogue.transaction(durable=True):
            if known:
                catalogue.remember(_PAUSED, "")
            else:
                start_anew(catalogue, self.context.now())
        return True

    def _note(self, paths: Iterable[str]) -> None:
        """Look at the directories of single files."""
        catalogue, mirror = self.context.catalogue, self.context.mirror
        for directory in sorted({path.rpartition("/")[0] for path in paths}):
            album = catalogue.album_at(directory)
            try:
                here = {
                    file.path.rpartition("/")[2]: file.fingerprint
                    for file in mirror.scan(directory, recursive=False)
                }
            except ItemError as error:
                self.context.report.trouble(directory, str(error))
                continue
            with catalogue.transaction():
                note_directory(self.context, directory, None if album is None else album.id, here)

    def _chosen(self) -> Iterable[Candidate]:
        catalogue, scope = self.context.catalogue, self.context.scope
        found = catalogue.older_files("") if scope.kind == "upload" else catalogue.fresh_files()
        here = {path.rpartition("/")[0] for path in scope.paths}
        for path, fingerprint, md5 in found:
            directory, _, name = path.rpartition("/")
            if scope.kind == "paths" and directory not in here:
                continue
            if self._is_sendable(path, name):
                yield Candidate(path, fingerprint, md5)

    def _is_sendable(self, path: str, name: str) -> bool:
        sending = self.context.options.sending
        extension = name.rpartition(".")[2].lower()
        return sending is not None and extension in SENDABLE and not sending.ignores(path)

    def _sort(self, candidates: Iterable[Candidate]) -> None:
        albums: dict[str, AlbumRow | None] = {}
        for candidate in candidates:
            directory = candidate.path.rpartition("/")[0]
            if directory not in albums:
                albums[directory] = self.context.catalogue.album_at(directory)
            album = albums[directory]
            if album is None:
                self.homeless.setdefault(directory, []).append(candidate)
            elif album.state == "listed":
                if self.context.options.selects(album.url_path):
                    self.by_album.setdefault(album.id, []).append(candidate)
            else:
                why = "is gone online" if album.state == "gone" else "cannot be read by this viewer"
                self.context.report.trouble(candidate.path, f"is not sent: its album {why}")

    def settle(self, directory: str, album: AlbumRow) -> None:
        """`directory` has become an album's."""
        for candidate in self.homeless.pop(directory, ()):
            self.by_album.setdefault(album.id, []).append(candidate)
        self.context.sending_to.add(album.id)

    def resettle(self) -> None:
        """The album list has come: directories that were nobody's may be new albums'."""
        for directory in list(self.homeless):
            album = self.context.catalogue.album_at(directory)
            if album is not None:
                self.settle(directory, album)


def start_anew(catalogue: Catalogue, now: float) -> None:
    """All that is recorded is old (inside a transaction)."""
    catalogue.forget_freshness()
    catalogue.remember(BASELINE, str(int(now)))
    catalogue.remember(_PAUSED, "")


def pause(context: Context) -> None:
    """Nothing is sent by this run: what has come by the next that sends is old, seen or not.

    Uploads whose end is unknown are looked for all the same.
    """
    catalogue = context.catalogue
    context.sending_to |= catalogue.open_uploads().keys()
    if context.options.dry_run or catalogue.recall(BASELINE) is None or catalogue.recall(_PAUSED):
        return
    with catalogue.transaction():
        catalogue.remember(_PAUSED, "1")


def unsettled(catalogue: Catalogue, mirror: Mirror, paths: Iterable[str]) -> tuple[str, ...]:
    """Those of `paths` (relative to the mirror) that are not as they are recorded: worth a run. Our own
    downloads are not."""
    return tuple(path for path in paths if not _is_settled(catalogue, mirror, path))


def _is_settled(catalogue: Catalogue, mirror: Mirror, path: str) -> bool:
    row = catalogue.file_at(path)
    try:
        found = mirror.fingerprint(path)
    except ItemError:
        return False
    if found is None:
        return True
    if row is None or row.held_md5 is None:
        return False
    base = row.base("")
    return base is not None and found in (base.fingerprint, row.edited())
