"""Where adopted files stand: registered there, or brought to the directory of their album.

Files inside the mirror are registered under the names they have. An album whose photos stand together in a
directory of their own has that directory from now on; what stands elsewhere is renamed into its album's,
or, if that would take it out of the directory that is adopted, linked or copied. Files beside the mirror are
only read, when their turn to be fetched comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field

from smugsync.catalogue import AlbumRow, FileRow, Hashed, join
from smugsync.core import naming
from smugsync.core.integrity import Found, prove
from smugsync.core.lifecycle import State
from smugsync.core.model import Evidence, Promise
from smugsync.errors import IntegrityError, ItemError
from smugsync.records import dataclass, replace
from smugsync.sync.adoption.candidates import Candidate, Pairs, Search
from smugsync.sync.adoption.claiming import claim_directories
from smugsync.sync.context import Context
from smugsync.sync.cycle.relocating import settled
from smugsync.sync.report import What


@dataclass(frozen=True, slots=True)
class _Match:
    row: FileRow
    candidate: Candidate
    evidence: Evidence


@dataclass(slots=True)
class Standing:
    """Settles what was found; `pairs` are known by name and time alone."""

    context: Context
    search: Search
    pairs: Pairs
    _here: dict[str, list[Candidate]] = field(default_factory=dict)  #: by directory, in the mirror alone
    _paths: set[str] = field(default_factory=set)  #: of all these

    def settle(self) -> None:
        catalogue, run = self.context.catalogue, self.context.run
        if self.search.place.within is not None:
            for some in self.search.by_md5.values():
                for candidate in some:
                    self._here.setdefault(candidate.directory, []).append(candidate)
                    self._paths.add(candidate.path)
            claim_directories(self.context, self.search, self.pairs, self._is_missing)
            for album_id in catalogue.wanted_albums(run):
                self._pause()
                self._register_where_they_stand(catalogue.album(album_id))
        for album_id in catalogue.wanted_albums(run):
            self._pause()
            self._bring(catalogue.album(album_id))

    def _pause(self) -> None:
        self.context.stop.check()
        self.context.progress.refresh()

    def _free(self, album: AlbumRow, rows: Iterable[FileRow]) -> list[FileRow]:
        """Those that are to be fetched and of which nothing lies in its place: their names are still open."""
        run = self.context.run
        return [
            row
            for row in rows
            if row.state is State.PLANNED
            and row.source_run == run
            and (row.held_md5 is None or self._is_missing(album, row))
        ]

    def _is_missing(self, album: AlbumRow, row: FileRow) -> bool:
        """What lies there may be a candidate: no row accounted for it, so it is not what this one held."""
        path = join(album.directory, row.name)
        try:
            return path in self._paths or self.context.mirror.fingerprint(path) is None
        except ItemError:
            return False

    # -- in place ------------------------------------------------------------------------------------

    def _register_where_they_stand(self, album: AlbumRow) -> None:
        rows = list(self.context.catalogue.files(album.id).values())
        free = self._free(album, rows)
        matches = self._match_here(free, self._here.get(album.directory, []))
        if not matches:
            return
        names = {row.name_folded for row in rows} - {row.name_folded for row in free}
        keeping = []
        for match in matches:
            name = match.candidate.name
            if naming.fold(name) in names:
                match.candidate.taken = False  # two names that some disks take for one
                continue
            names.add(naming.fold(name))
            keeping.append(replace(match, row=_named(match.row, name)))
        registered = {match.row.id for match in keeping}
        renamed = self._make_way([row for row in free if row.id not in registered], names)
        with self.context.catalogue.transaction():
            # All at once, since names may be traded; what cannot be registered has its new name all the same.
            self._put(keeping, besides=renamed)

    def _put(self, matches: Sequence[_Match], *, besides: Sequence[FileRow] = ()) -> None:
        """Register `matches` (inside a transaction)."""
        rows = self._registered(matches)
        self.context.catalogue.put([*besides, *rows])
        self.context.catalogue.drop_local(
            match.candidate.path
            for match, row in zip(matches, rows, strict=True)
            if row.state is State.COMMITTED
        )

    def _match_here(self, free: list[FileRow], here: list[Candidate]) -> list[_Match]:
        """The files of one directory that are an album's; those under the very name come first."""
        open_here = [candidate for candidate in here if not candidate.taken]
        named = {naming.fold(candidate.name): candidate for candidate in open_here}
        matches, others = [], []
        for row in free:
            candidate = named.get(row.name_folded)
            if candidate is not None and row.promised_md5 == candidate.md5 and not candidate.taken:
                candidate.taken = True
                matches.append(_Match(row, candidate, Evidence.PROMISED))
            else:
                others.append(row)
        by_md5: dict[str, list[Candidate]] = {}
        for candidate in sorted(open_here, key=lambda one: one.path, reverse=True):
            if not candidate.taken:
                by_md5.setdefault(candidate.md5, []).append(candidate)
        for row in others:
            if row.promised_md5 is not None and by_md5.get(row.promised_md5):
                candidate = by_md5[row.promised_md5].pop()
                candidate.taken = True
                matches.append(_Match(row, candidate, Evidence.PROMISED))
        matched = {match.row.id for match in matches}
        for row in others:  # what is known by its bytes comes first
            original = self.pairs.get(row.id)
            if row.id in matched or original is None or original.taken or original not in open_here:
                continue
            original.taken = True
            matches.append(_Match(row, original, Evidence.UNPROVEN))
        return matches

    def _make_way(self, rows: list[FileRow], names: set[str]) -> list[FileRow]:
        """Other names for those of `rows` whose own are taken in `names`, which takes all of them up."""
        blocked = [row for row in rows if row.name_folded in names]
        names |= {row.name_folded for row in rows}
        renamed = []
        for row in blocked:
            preferred = naming.file_name(row.remote_name, row.format, row.key)
            name = naming.assign(preferred, row.key, names.__contains__)
            names.add(naming.fold(name))
            renamed.append(_named(row, name))
        return renamed

    def _registered(self, matches: Sequence[_Match]) -> list[FileRow]:
        """Their rows as ones that hold the candidates' bytes; as they were where a file is not as it was."""
        there = self.search.still_there([match.candidate for match in matches])
        return [
            self._register(match) if is_there else match.row
            for match, is_there in zip(matches, there, strict=True)
        ]

    def _register(self, match: _Match) -> FileRow:
        """The row as one that holds the candidate's bytes; as it was if those are not the promised ones."""
        row, candidate, evidence = match.row, match.candidate, match.evidence
        report, size = self.context.report, candidate.fingerprint.size
        if evidence is Evidence.PROMISED:
            try:
                evidence = prove(Promise(row.promised_md5, row.promised_size), Found(candidate.md5, size))
            except IntegrityError:  # the size is not the promised one: the feeder says what is wrong
                return row
        after = settled(
            row,
            held_version=row.version,
            held_md5=candidate.md5,
            held_size=size,
            held_sha256=None,
            inspected="",
            validator="",
            mtime_ns=candidate.fingerprint.mtime_ns,
            evidence=evidence.value,
            verified_at=candidate.read_at,
            local_md5=None,
            local_size=None,
            local_mtime_ns=None,
            kept_md5=None,
            damaged_at=None,
        )
        report.files_adopted += 1
        report.bytes_adopted += size
        report.files_verified += evidence is not Evidence.UNPROVEN
        self.context.progress.plan(-1, -(row.promised_size or 0))
        detail = "by name and time, not proven" if evidence is Evidence.UNPROVEN else ""
        self.context.note(What.ADOPTED, candidate.path, detail, of=row)
        return after

    # -- from elsewhere ------------------------------------------------------------------------------

    def _bring(self, album: AlbumRow) -> None:
        """What stands in other directories is renamed into this one, or waits to be linked or copied."""
        rows = list(self.context.catalogue.files(album.id).values())
        names = {row.name_folded for row in rows}
        names |= {naming.fold(name) for name in self.context.catalogue.local_files(album.directory)}
        moves: dict[str, list[_Match]] = {}
        renamed: list[FileRow] = []
        counted: list[_Match] = []
        for row in self._free(album, rows):
            match = self._elsewhere(row)
            if match is None:
                continue
            if match.evidence is Evidence.UNPROVEN:  # under the name of the original, not of the conversion
                match = replace(match, row=self._as_original(match, names))
            if self.context.options.dry_run:
                match.candidate.taken = True
                counted.append(match)
            elif self._may_move(album, match.candidate):
                match.candidate.taken = True
                moves.setdefault(match.candidate.directory, []).append(match)
            elif match.row is not row:
                renamed.append(match.row)
        if renamed or counted:
            with self.context.catalogue.transaction():
                self.context.catalogue.put([*renamed, *self._registered(counted)])
        for directory, matches in moves.items():
            self._move(album, directory, matches)

    def _elsewhere(self, row: FileRow) -> _Match | None:
        """A file that is nobody's yet, if there is one; else one that serves another photo too."""
        same = self.search.known(row.promised_md5)
        if same:
            best = next((candidate for candidate in same if not candidate.taken), same[0])
            return _Match(row, best, Evidence.PROMISED)
        original = self.pairs.get(row.id)
        return None if original is None else _Match(row, original, Evidence.UNPROVEN)

    def _as_original(self, match: _Match, names: set[str]) -> FileRow:
        row = match.row
        wanted = naming.file_name(match.candidate.name, "", row.key)
        if naming.fold(wanted) == row.name_folded:
            return row
        name = naming.assign(wanted, row.key, names.__contains__)
        names.add(naming.fold(name))
        return _named(row, name)

    def _may_move(self, album: AlbumRow, candidate: Candidate) -> bool:
        """Only inside the mirror, not out of what is adopted, and not if it stands where another needs it."""
        within = self.search.place.within
        if within is None or candidate.taken:
            return False
        return not within or f"{album.directory}/".startswith(f"{within}/")

    def _move(self, album: AlbumRow, directory: str, matches: list[_Match]) -> None:
        """Renamed first, then recorded; a run that is killed in between finds them by what it remembers."""
        catalogue, place = self.context.catalogue, self.search.place
        targets = [join(album.directory, match.row.name) for match in matches]
        with catalogue.transaction():
            catalogue.put_hashed(
                Hashed(place.absolute(target), match.candidate.fingerprint, match.candidate.md5, read_at)
                for match, target in zip(matches, targets, strict=True)
                if (read_at := match.candidate.read_at) is not None
            )
        names = [(match.candidate.name, match.row.name) for match in matches]
        try:
            failures = self.context.mirror.move_files(directory, album.directory, names)
        except ItemError:
            return  # looked at again one by one, when their turn comes
        moved = []
        for match, target, failure in zip(matches, targets, failures, strict=True):
            if failure is not None:
                match.candidate.taken = False
                continue
            self.context.note(What.MOVED, target, was=match.candidate.path, of=match.row)
            moved.append(match.candidate.path)
            match.candidate.path = target
        with catalogue.transaction():
            catalogue.drop_local(moved)
            self._put([match for match in matches if match.candidate.taken])


def _named(row: FileRow, name: str) -> FileRow:
    if row.name == name:
        return row
    return replace(row, name=name, name_folded=naming.fold(name))
