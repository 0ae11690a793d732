"""Worlds whose engine has one deliberate fault each: what the law must notice, or it is no law.

Each fault is brought in through something the engine is given anyway: its catalogue, its mirror, its
gallery, its `place`. A few that were wished for are missing. `reconcile` that compares no MD5 could only be
patched in; a lying `Mirror.hash` stands for it. A directory rename that is not announced is no fault any
more: the next cycle finds the old directory gone and goes on, so the announcement only saves the time
until then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from smugsync.catalogue import Catalogue, FileRow
from smugsync.core.lifecycle import State
from smugsync.core.model import Account, Album, Fingerprint, LocalFile, RemoteFile
from smugsync.errors import Gone, ItemError
from smugsync.local.handles import Root
from smugsync.local.placement import Placed, Placement, place
from smugsync.local.reading import Ahead
from smugsync.remote.gallery import Gallery
from smugsync.remote.listing import Listing
from smugsync.remote.session import Session
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.stop import Stop
from smugsync.sync.context import Durability, Scope
from smugsync.sync.cycle.loop import Place
from smugsync.sync.report import Report
from tests.sync.crashes import Moments, WatchedCatalogue, WatchedMirror, WatchedWorld
from tests.sync.law import read_ledger
from tests.sync.world import EVERYTHING, ORIGIN

Results = list[Placed | Exception]


class WithoutVersions(WatchedWorld):
    """What is replaced is not kept."""

    def place_at(self, moments: Moments) -> Place:
        def forgetful(root: Root, placements: Sequence[Placement], /, *, durability: Durability) -> Results:
            return place(
                root, [replace(p, keep=None) for p in placements], durability=durability, step=moments
            )

        return forgetful


class WithoutLastLook(WatchedWorld):
    """A file is replaced by whatever was planned, whoever has written it since."""

    def place_at(self, moments: Moments) -> Place:
        def blind(root: Root, placements: Sequence[Placement], /, *, durability: Durability) -> Results:
            for one in placements:
                target = root.path / one.path
                if target.exists() and one.expected is None:
                    target.unlink()
            return place(root, placements, durability=durability, step=moments)

        return blind


class WrittenInPlace(WatchedWorld):
    """Bytes go to their name piece by piece."""

    def place_at(self, moments: Moments) -> Place:
        def slow(root: Root, placements: Sequence[Placement], /, *, durability: Durability) -> Results:
            return [self._write(root, one, moments) for one in placements]

        return slow

    def _write(self, root: Root, one: Placement, moments: Moments) -> Placed:
        found = one.part.finish(durable=False)
        source, target = _part_of(root, one), root.path / one.path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = source.read_bytes()
        with target.open("wb") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            moments("half written")
            file.write(data[len(data) // 2 :])
        os.utime(target, ns=(found.mtime_ns, found.mtime_ns))
        one.part.discard()
        return Placed(one.path, found)


class RecordedFirst(WatchedWorld):
    """A row says committed before its file has its name."""

    def place_at(self, moments: Moments) -> Place:
        late: list[Callable[[], object]] = []

        def hasty(root: Root, placements: Sequence[Placement], /, *, durability: Durability) -> Results:
            while late:
                late.pop()()
            results: Results = []
            for one in placements:
                found = _part_of(root, one).stat()
                results.append(Placed(one.path, Fingerprint(found.st_size, found.st_mtime_ns)))
            late.append(partial(place, root, placements, durability=durability))
            return results

        return hasty


def _part_of(root: Root, one: Placement) -> Path:
    home = root.path / one.part.staging.home if one.part.staging.home else root.path
    return home / ".smugsync" / "tmp" / one.part.file_name


class TrustingHash(WatchedMirror):
    """Takes a file for the one that its name promises."""

    promised: Callable[[str], tuple[str, int] | None] = staticmethod(lambda path: None)

    def hash(self, path: str, stop: Stop, ahead: Ahead | None = None) -> LocalFile:
        local = super().hash(path, stop, ahead)
        promise = self.promised(path)
        if promise is None:
            return local
        return LocalFile(path, replace(local.fingerprint, size=promise[1]), promise[0])


class AdoptedByName(WatchedWorld):
    """What another tool has left is taken over unread."""

    def open_mirror(self, path: Path) -> TrustingHash:
        mirror = TrustingHash.open(path)
        mirror.moments = self.moments
        mirror.promised = self._promise
        return mirror

    def _promise(self, path: str) -> tuple[str, int] | None:
        for album in self.emulator.account.albums.values():
            for image in album.photos:
                if f"{album.node.url_path}/{image.file_name}" == f"/{path}":
                    return image.content.md5, image.content.size
        return None


class _Passed(Listing[Album]):
    """A listing of albums, each as `change` returns it."""

    def __init__(self, listing: Listing[Album], change: Callable[[Album], Album]) -> None:
        self._listing, self._change = listing, change
        self.complete, self.why, self.total = False, "", None

    def __iter__(self) -> Iterator[tuple[Album, ...]]:
        for page in self._listing:
            self.total = self._listing.total
            yield tuple(map(self._change, page))
        self.complete, self.why = self._listing.complete, self._listing.why


class OneListing(Gallery):
    """Believes the first listing: it is whole where it broke off, whatever the album counts, and no address
    is looked at."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._first: dict[str, list[tuple[RemoteFile, ...]]] = {}

    def albums(self, account: Account) -> Listing[Album]:
        return _Passed(super().albums(account), lambda album: replace(album, image_count=None))

    def files(self, album: Album) -> Listing[RemoteFile]:
        listing = super().files(album)
        pages = self._first.get(album.key)
        if pages is None:
            pages = self._first[album.key] = []
            with suppress(ItemError):
                pages.extend(listing)
        return _Replayed(pages)

    def look(self, file: RemoteFile) -> RemoteFile:
        shown = {f.key for pages in self._first.get(file.album_key, []) for f in pages}
        if file.album_key in self._first and file.key not in shown:
            raise Gone(file.key)
        return super().look(file)


class _Replayed(Listing[RemoteFile]):
    def __init__(self, pages: list[tuple[RemoteFile, ...]]) -> None:
        self._pages = pages
        self.complete, self.why, self.total = True, "", None

    def __iter__(self) -> Iterator[tuple[RemoteFile, ...]]:
        yield from self._pages


class AbsentAtOnce(WatchedWorld):
    """What one listing lacks is gone."""

    def open_gallery(self, session: Session) -> Gallery:
        user = "" if self.emulator.settings.viewer == "owner" else self.emulator.settings.nickname
        return OneListing(SmugMugV2(ORIGIN, user=user), session, page_size=2)


class HastyCursors(WatchedWorld):
    """The cursor is stored whatever became of the listing."""

    class Hasty(WatchedCatalogue):
        shown: dict[str, str]

        def end_run(self, run: int, *, now: int, exit_code: int, summary: str) -> None:
            for row in list(self.albums()):
                if row.key in self.shown and row.state == "listed":
                    self.put_album(replace(row, cursor=self.shown[row.key]))
            super().end_run(run, now=now, exit_code=exit_code, summary=summary)

    class Watching(Gallery):
        shown: dict[str, str]

        def albums(self, account: Account) -> Listing[Album]:
            return _Passed(super().albums(account), self._note)

        def _note(self, album: Album) -> Album:
            self.shown[album.key] = album.cursor
            return album

    catalogue_type = Hasty

    def open_catalogue(self, path: Path) -> Catalogue:
        self.shown: dict[str, str] = {}
        catalogue = super().open_catalogue(path)
        assert isinstance(catalogue, self.Hasty)
        catalogue.shown = self.shown
        return catalogue

    def open_gallery(self, session: Session) -> Gallery:
        user = "" if self.emulator.settings.viewer == "owner" else self.emulator.settings.nickname
        gallery = self.Watching(SmugMugV2(ORIGIN, user=user), session, page_size=2)
        gallery.shown = self.shown
        return gallery


class TrashedAtOnce(WatchedWorld):
    """A file that was marked as gone may leave without another ten minutes."""

    class Backdating(WatchedCatalogue):
        def put(self, rows: Iterable[FileRow]) -> None:
            super().put(replace(row, retired_at=1) if row.state is State.RETIRED else row for row in rows)

    catalogue_type = Backdating


class TrashedUnproven(AbsentAtOnce):
    """What one listing lacks leaves the mirror."""

    def sync(self, scope: Scope = EVERYTHING, **changes: Any) -> Report:
        return super().sync(scope, **changes | {"archive": False})


class Unguarded(WatchedWorld):
    """However much is lost, it is let go."""

    def sync(self, scope: Scope = EVERYTHING, **changes: Any) -> Report:
        return super().sync(scope, **changes | {"accept_loss": True})


class Hiding(Gallery):
    """Shows no album that the configuration leaves out, not even at its own address."""

    selects: Callable[[str], bool] = staticmethod(lambda path: True)

    def albums(self, account: Account) -> Listing[Album]:
        return _Chosen(super().albums(account), self.selects)

    def album(self, key: str) -> Album:
        album = super().album(key)
        if not self.selects(album.url_path):
            raise Gone(key)
        return album


class _Chosen(_Passed):
    def __init__(self, listing: Listing[Album], selects: Callable[[str], bool]) -> None:
        super().__init__(listing, lambda album: album)
        self._selects = selects

    def __iter__(self) -> Iterator[tuple[Album, ...]]:
        for page in super().__iter__():
            yield tuple(album for album in page if self._selects(album.url_path))


class ExcludedIsDeleted(WatchedWorld):
    """What the configuration leaves out is taken for what was deleted online."""

    def sync(self, scope: Scope = EVERYTHING, **changes: Any) -> Report:
        return super().sync(scope, **changes | {"selects": lambda path: True})

    def open_gallery(self, session: Session) -> Gallery:
        user = "" if self.emulator.settings.viewer == "owner" else self.emulator.settings.nickname
        gallery = Hiding(SmugMugV2(ORIGIN, user=user), session, page_size=2)
        gallery.selects = self.options.selects
        return gallery


class EditsTrashed(WatchedWorld):
    """A file whose photo is gone is what it was, whatever a person made of it."""

    class Believing(WatchedMirror):
        held: Callable[[str], str | None] = staticmethod(lambda path: None)

        def hash(self, path: str, stop: Stop, ahead: Ahead | None = None) -> LocalFile:
            local = super().hash(path, stop, ahead)
            return replace(local, md5=self.held(path) or local.md5)

    def open_mirror(self, path: Path) -> WatchedMirror:
        mirror = self.Believing.open(path)
        mirror.moments = self.moments
        mirror.held = self._held
        return mirror

    def _held(self, path: str) -> str | None:
        rows = read_ledger(self.state).rows
        return next((row.held for row in rows if row.path == path and row.state == "retired"), None)


#: Those that one soak test each must find.
MUTANTS: tuple[type[WatchedWorld], ...] = (
    WithoutVersions,
    WithoutLastLook,
    WrittenInPlace,
    RecordedFirst,
    AdoptedByName,
    AbsentAtOnce,
    HastyCursors,
    TrashedAtOnce,
    TrashedUnproven,
    Unguarded,
    ExcludedIsDeleted,
    EditsTrashed,
)
