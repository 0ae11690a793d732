"""Taking over what other tools, or a person, have brought here: matched to the account, not fetched again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from smugsync.catalogue import AlbumRow, FileRow
from smugsync.core import matching
from smugsync.core.containers import is_whole
from smugsync.core.matching import Family, Label, Original, Wanted
from smugsync.core.model import Evidence, Kind, LocalFile, RemoteFile
from smugsync.errors import ItemError
from smugsync.local.folder import glimpse
from smugsync.local.sharing import Source
from smugsync.records import replace
from smugsync.sync.adoption.candidates import Candidate, Pairs, Place, Search
from smugsync.sync.adoption.standing import Standing
from smugsync.sync.context import Context, Read, Reading
from smugsync.sync.sending.finding import start_anew


def adopt(
    context: Context,
    cycle: Callable[[Context], None],
    place: Place,
    *,
    exact: bool = False,
    fetch: bool = True,
    copy: bool = False,
) -> None:
    """A cycle over everything that fetches only what `place` lacks.

    `exact`: what the service has converted is not matched by name and time; without `fetch` nothing is
    downloaded; `copy`: neither reflinks nor hard links.
    """
    links = "none" if copy else context.options.links
    context.options = replace(context.options, fetch=fetch, links=links)
    adoption = Adoption(context, place, exact=exact)
    context.stock = adoption
    context.options = replace(context.options, sending=None)  # nothing goes up while this is found out
    try:
        cycle(context)
    finally:
        adoption.close()
    if context.options.dry_run:
        return
    with context.catalogue.transaction():
        # What lies here now is not new, and is never sent by itself.
        start_anew(context.catalogue, context.now())
        if context.report.complete:
            context.catalogue.drop_hashed()
    if not fetch:
        context.report.files_waiting, context.report.bytes_waiting = context.catalogue.planned_totals()


class Adoption:
    """The stock that a person pointed at: see `smugsync.sync.context.Stock`."""

    def __init__(self, context: Context, place: Place, *, exact: bool) -> None:
        self.ready = False
        self._ctx, self._place = context, place
        self._search = Search(context, place, exact=exact)
        self._pairs: Pairs = {}
        self._originals: dict[tuple[str, str], Candidate] = {}
        self._offered: set[str] = set()  #: MD5s of what is to be fetched
        self._steps = [self._settle, self._pair, self._search.gather]

    def close(self) -> None:
        """Whatever ended the run: what was read is remembered, what was left alone is counted."""
        self._search.flush()
        self._ctx.report.files_left = self._search.count_left()

    # -- what a cycle asks ---------------------------------------------------------------------------

    def advance(self) -> None:
        """Everything is listed, or everything was read that was to be read: the next step."""
        self._steps.pop()()
        self.ready = not self._steps

    def next(self) -> Reading | None:
        return self._search.next()

    def read(self, reading: Reading) -> Read:
        return self._search.read(reading)

    def take(self, read: Read) -> None:
        self._search.take(read)

    def md5(self, local: LocalFile) -> str | None:
        if self._place.within is None:
            return None
        known = self._ctx.catalogue.known_md5(self._place.absolute(local.path), local.fingerprint)
        return None if known is None else known[0]

    def source(self, remote: RemoteFile) -> Source | None:
        original = self._originals.get((remote.album_key, remote.key))
        if original is not None and self._search.fresh(original):
            return self._source(original, Evidence.UNPROVEN)
        for candidate in self._search.known(remote.promised.md5):
            if self._search.fresh(candidate):
                return self._source(candidate, Evidence.PROMISED)
        return None

    def _source(self, candidate: Candidate, evidence: Evidence) -> Source:
        candidate.taken = True
        root, fingerprint = self._place.reader.root, candidate.fingerprint
        return Source(root, candidate.path, fingerprint, candidate.md5, evidence, candidate.read_at)

    # -- step by step --------------------------------------------------------------------------------

    def _pair(self) -> None:
        """Originals that the service has converted: which photo or video is which file here?"""
        self._search.flush()
        groups: dict[Label, list[FileRow]] = {}
        if self._search.originals:
            self._offered = {md5 for _, md5 in self._ctx.catalogue.wanted_bytes(self._ctx.run)}
            for row in self._ctx.catalogue.wanted_conversions(self._ctx.run):
                label = matching.label_of_remote(row.remote_name, Kind(row.kind))
                if label in self._search.originals and not self._search.known(row.promised_md5):
                    groups.setdefault(label, []).append(row)
        albums: dict[int, AlbumRow] = {}
        for label, rows in groups.items():
            self._ctx.stop.check()
            for row in rows:
                if row.album_id not in albums:
                    albums[row.album_id] = self._ctx.catalogue.album(row.album_id)
            self._pairs |= self._pair_group(label[0], rows, self._search.originals[label], albums)
        self._offered.clear()
        self._search.ask({id(one): one for one in self._pairs.values()}.values())

    def _pair_group(
        self, family: Family, rows: list[FileRow], here: list[Candidate], albums: dict[int, AlbumRow]
    ) -> Pairs:
        # A file that is offered byte by byte was not converted.
        open_here = [one for one in here if not one.taken and one.md5 not in self._offered]
        whole = [one for one in open_here if self._is_whole(family, one)]
        originals = [self._original(number, one) for number, one in enumerate(whole)]
        wanted = [_wanted(family, row) for row in rows]

        def belongs(original: Original, one: Wanted) -> bool:
            album = albums[one.album]
            return matching.suggests(original.directory, album.name, album.url_path, album.directory)

        pairs = matching.pair(wanted, originals, belongs)
        return {row: whole[number] for row, number in pairs.items()}

    def _original(self, number: int, candidate: Candidate) -> Original:
        size, mtime_ns = candidate.fingerprint.size, candidate.fingerprint.mtime_ns
        moments = []
        for zone in (self._ctx.options.zone, UTC):
            try:
                moments.append(datetime.fromtimestamp(mtime_ns // 10**9, zone).replace(tzinfo=None))
            except (ValueError, OverflowError, OSError):  # a clock that was never set
                continue
        directory = f"{self._place.reader.root.path.name}/{candidate.directory}".rstrip("/")
        return Original(number, directory, size, mtime_ns, tuple(moments))

    def _is_whole(self, family: Family, candidate: Candidate) -> bool:
        """A download that another tool broke off is no original. Of pictures their container must say so."""
        look = partial(is_whole, size=candidate.fingerprint.size)
        try:
            verdict = glimpse(self._place.reader.root, candidate.path, look)
        except ItemError:
            return False
        return bool(verdict) or (verdict is None and family is Family.FILM)

    def _settle(self) -> None:
        self._search.flush()
        pairs = {row: one for row, one in self._pairs.items() if one.md5}
        albums: dict[int, str] = {}
        for row_id, original in pairs.items():
            row = self._ctx.catalogue.file(row_id)
            if row is None:
                continue
            if row.album_id not in albums:
                albums[row.album_id] = self._ctx.catalogue.album(row.album_id).key
            self._originals[albums[row.album_id], row.key] = original
        Standing(self._ctx, self._search, pairs).settle()


def _wanted(family: Family, row: FileRow) -> Wanted:
    """Of a picture the service only tells the size of the conversion."""
    try:
        taken = datetime.fromisoformat(row.taken) if row.taken else None
    except ValueError:
        taken = None
    size = row.original_size if family is Family.FILM else None
    return Wanted(row.id, row.key, row.album_id, None if taken is None else taken.replace(tzinfo=None), size)
