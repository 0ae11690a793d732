"""What the service shows: a few listing lanes that turn questions into observations.

Lanes know nothing of the catalogue. Pages are delivered as they arrive, so that downloading starts with
the first of them; `pages` bounds how many wait for the engine.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from smugsync.core.model import Account, Album, RemoteFile
from smugsync.errors import Gone, ItemError, Rejected, Transient, Unreachable
from smugsync.records import dataclass
from smugsync.remote.dialect import Folder, Proof
from smugsync.remote.gallery import Gallery
from smugsync.remote.listing import Listing
from smugsync.remote.uploads import Uploads
from smugsync.stop import Stop
from smugsync.sync.sending.limits import Limits, read_limits
from smugsync.sync.sending.making import AlbumsMade, MakeAlbums, Maker


@dataclass(frozen=True, slots=True)
class ListFolders:
    """Ask for all folders, for their human names."""

    account: Account


@dataclass(frozen=True, slots=True)
class ListAlbums:
    """All albums, or, with `keys`, only these, each asked for singly."""

    account: Account
    keys: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ListFiles:
    """List an album: all of it, or what changed `since` its cursor was that, where the service can tell."""

    id: int
    album: Album
    since: str = ""


@dataclass(frozen=True, slots=True)
class Confirm:
    """List an album again and look at the address of each of `files`, which the first listing lacked."""

    id: int
    album: Album
    files: tuple[RemoteFile, ...]


@dataclass(frozen=True, slots=True)
class ConfirmAlbums:
    """List the albums a second time and look at each of `keys`, which the first listing lacked."""

    account: Account
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Knock:
    """Many downloads break off: is the service there at all?"""


@dataclass(frozen=True, slots=True)
class AskLimits:
    """What may be sent at all?"""

    account: Account


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Is what lies at the address of each still what its validator (the last of three) names? By row."""

    files: tuple[tuple[int, RemoteFile, str], ...]


Question = (
    ListFolders
    | ListAlbums
    | ListFiles
    | Confirm
    | ConfirmAlbums
    | Knock
    | AskLimits
    | MakeAlbums
    | LookAgain
)


@dataclass(frozen=True, slots=True)
class FoldersListed:
    """`why`: what is missing of them, "" if nothing is."""

    folders: tuple[Folder, ...]
    why: str


@dataclass(frozen=True, slots=True)
class AlbumsPage:
    albums: tuple[Album, ...]


@dataclass(frozen=True, slots=True)
class AlbumsListed:
    complete: bool
    why: str


@dataclass(frozen=True, slots=True)
class FilesPage:
    id: int
    files: tuple[RemoteFile, ...]


@dataclass(frozen=True, slots=True)
class FilesListed:
    """`whole`: nothing was left out for not having changed."""

    id: int
    complete: bool
    why: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class ListingFailed:
    """`id` 0: the album list itself."""

    id: int
    error: ItemError


@dataclass(frozen=True, slots=True)
class Confirmed:
    """`absent`: keys the second, complete listing lacks too; `proven`: those that answered 404 besides."""

    id: int
    absent: frozenset[str]
    proven: frozenset[str]


@dataclass(frozen=True, slots=True)
class AlbumsConfirmed:
    gone: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answered:
    """It is."""


@dataclass(frozen=True, slots=True)
class LimitsTold:
    limits: Limits


@dataclass(frozen=True, slots=True)
class LookedAgain:
    """Rows of which the same, or something else, is there; of the rest nothing could be found out."""

    same: frozenset[tuple[int, RemoteFile]]
    other: frozenset[tuple[int, RemoteFile]]


Listed = FoldersListed | AlbumsListed | FilesListed | ListingFailed
Answer = Listed | Confirmed | AlbumsConfirmed | Answered | LimitsTold | AlbumsMade | LookedAgain


class Survey:
    """Answers questions in a lane's thread."""

    def __init__(
        self,
        gallery: Gallery,
        deliver: Callable[[object], None],
        stop: Stop,
        *,
        uploads: Uploads | None = None,
        pages: int = 16,
    ) -> None:
        self._gallery, self._uploads = gallery, uploads
        self._deliver = deliver
        self._stop = stop
        self._room = threading.Semaphore(pages)

    def taken(self) -> None:
        """The engine has dealt with one page."""
        self._room.release()

    def __call__(self, question: Question) -> Answer:
        number = question.id if isinstance(question, ListFiles | Confirm) else 0
        try:
            match question:
                case ListFolders():
                    folders = self._gallery.folders(question.account)
                    return FoldersListed(folders.items, folders.why)
                case ListAlbums():
                    return self._list_albums(question)
                case ListFiles():
                    return self._list_files(question)
                case Confirm():
                    return self._confirm(question)
                case ConfirmAlbums():
                    return self._confirm_albums(question)
                case Knock():
                    self._gallery.account()
                    return Answered()
                case AskLimits():
                    return self._ask_limits(question)
                case MakeAlbums():
                    return self._make_albums(question)
                case LookAgain():
                    return self._look_again(question)
        except ItemError as error:
            if isinstance(question, Knock):
                raise Unreachable(str(error)) from error
            return ListingFailed(number, error)

    def _ask_limits(self, question: AskLimits) -> LimitsTold:
        """The account's own limits; the usual ones if it does not say."""
        try:
            told = () if self._uploads is None else self._uploads.limits(question.account)
        except ItemError:
            told = ()
        return LimitsTold(read_limits(told))

    def _make_albums(self, question: MakeAlbums) -> AlbumsMade:
        if self._uploads is None:
            raise TypeError("albums are only made where uploads are possible")
        return Maker(self._uploads, self._gallery.album, self._stop)(question)

    def _look_again(self, question: LookAgain) -> LookedAgain:
        found: dict[bool, set[tuple[int, RemoteFile]]] = {True: set(), False: set()}
        for row_id, file, validator in question.files:
            self._stop.check()
            try:
                found[self._gallery.is_unchanged(file, validator)].add((row_id, file))
            except ItemError:
                continue
        return LookedAgain(frozenset(found[True]), frozenset(found[False]))

    def _look_at_albums(self, keys: tuple[str, ...]) -> AlbumsListed:
        why = ""
        for key in keys:
            try:
                self._hand_over(AlbumsPage((self._gallery.album(key),)))
            except ItemError as error:
                why = str(error)
        return AlbumsListed(not why, why)

    def _list_albums(self, question: ListAlbums) -> AlbumsListed:
        if question.keys is not None:
            return self._look_at_albums(question.keys)
        listing = self._gallery.albums(question.account)
        early = {album.key for album in question.account.albums}
        if early:
            self._hand_over(AlbumsPage(question.account.albums))
        try:
            for page in listing:
                self._hand_over(AlbumsPage(tuple(album for album in page if album.key not in early)))
        except ItemError as error:  # what came before it is known all the same
            return AlbumsListed(False, str(error))
        return AlbumsListed(listing.complete, listing.why)

    def _list_files(self, question: ListFiles) -> FilesListed:
        changes = self._gallery.changes(question.album, question.since) if question.since else None
        if changes is not None:
            with contextlib.suppress(Rejected):
                return self._read_files(question.id, changes, whole=False)
        return self._read_files(question.id, self._gallery.files(question.album), whole=True)

    def _read_files(self, number: int, listing: Listing[RemoteFile], *, whole: bool) -> FilesListed:
        for page in listing:
            self._hand_over(FilesPage(number, tuple(page)))
        return FilesListed(number, listing.complete, listing.why, whole)

    def _hand_over(self, page: AlbumsPage | FilesPage) -> None:
        while not self._room.acquire(timeout=0.2):
            self._stop.check()
        self._stop.check()
        self._deliver(page)

    def _confirm(self, question: Confirm) -> Confirmed:
        listing = self._gallery.files(question.album)
        seen = {file.key for page in listing for file in page}
        if not listing.complete:
            raise Transient(listing.why)
        absent = [file for file in question.files if file.key not in seen]
        if self._gallery.proof is Proof.COUNT:
            is_proven = bool(absent) and self._is_counted(question.album, len(seen))
            proven = frozenset(file.key for file in absent) if is_proven else frozenset()
        else:
            proven = frozenset(file.key for file in absent if self._is_gone(file))
        return Confirmed(question.id, frozenset(file.key for file in absent), proven)

    def _is_counted(self, album: Album, listed: int) -> bool:
        """Does the album, asked once more, count what was listed?"""
        self._stop.check()
        try:
            size = self._gallery.account().size  # of a service that is one album: its number is one question
            if size is not None:
                return size == listed
            return self._gallery.album(album.key).image_count == listed
        except ItemError:
            return False

    def _is_gone(self, file: RemoteFile) -> bool:
        self._stop.check()
        try:
            self._gallery.look(file)
        except Gone:
            return True
        except ItemError:
            return False
        return False

    def _confirm_albums(self, question: ConfirmAlbums) -> AlbumsConfirmed:
        listing = self._gallery.albums(question.account)
        seen = {album.key for page in listing for album in page}
        if not listing.complete:
            raise Transient(listing.why)
        gone = set()
        for key in question.keys:
            self._stop.check()
            if key in seen:
                continue
            try:
                self._gallery.album(key)
            except Gone:
                gone.add(key)
            except Rejected:  # where albums have no address, being asked in vain is all there is
                if self._gallery.proof is Proof.COUNT:
                    gone.add(key)
            except ItemError:
                continue
        return AlbumsConfirmed(frozenset(gone))
