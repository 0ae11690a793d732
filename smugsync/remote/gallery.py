"""Drives any dialect: whole listings with the proof that they are whole, single files, their bytes.

A Gallery decides nothing about files and keeps nothing but the page size the service can bear. It
may be used by several threads at once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from smugsync.core.model import Account, Album, Kind, RemoteFile
from smugsync.errors import Garbled, Gone, IntegrityError, Rejected, Transient, Unreachable
from smugsync.records import dataclass, replace
from smugsync.remote.conversation import Offline
from smugsync.remote.dialect import (
    Call,
    ChangesDialect,
    Dialect,
    Folder,
    FolderDialect,
    HeadStartDialect,
    Page,
    Proof,
    Reply,
    Span,
)
from smugsync.remote.listing import Listing, Pace
from smugsync.remote.wire import is_picture
from smugsync.stop import Stop

#: SmugMug has five levels of folders; a tree that goes on beyond these was made to.
_DEEPEST, _MOST_FOLDERS = 32, 100_000


class Body(Protocol):
    """The bytes of one answer on their way in: `length` of them, of a file of `total`, None if unknown.

    `resumed`: they go on from the offset that was asked for; otherwise they start at the file's first.
    """

    @property
    def length(self) -> int | None: ...
    @property
    def total(self) -> int | None: ...
    @property
    def resumed(self) -> bool: ...
    @property
    def validator(self) -> str | None: ...
    def __iter__(self) -> Iterator[memoryview]: ...


class Line(Protocol):
    """What a Gallery needs of the session: see `session.py`.

    Both raise what the dialect makes of a refusal. `ask` has tried again already where that may help.
    `stream` answers with the whole file if it cannot go on from `offset`; an empty file is Transient.
    """

    def ask(self, call: Call, dialect: Dialect, /) -> Reply: ...

    def stream(
        self, call: Call, dialect: Dialect, /, *, offset: int = 0, validator: str | None = None
    ) -> AbstractContextManager[Body]: ...

    def is_unchanged(self, call: Call, dialect: Dialect, validator: str, /) -> bool: ...


class Sink(Protocol):
    """Where bytes go. `size`: those already there; `validator`: what identifies the version they are of."""

    validator: str | None

    @property
    def size(self) -> int: ...

    def write(self, view: memoryview, /) -> None: ...

    def restart(self) -> None:
        """Drop what is there: it cannot be continued."""


@dataclass(frozen=True, slots=True)
class Received:
    """A download that came to its proper end. `size`: bytes now in the sink; `transferred`: of this time."""

    size: int
    transferred: int


@dataclass(frozen=True, slots=True)
class Folders:
    """All folders of an account; with names missing when not `complete`, and `why`."""

    items: tuple[Folder, ...]
    complete: bool
    why: str = ""


class Gallery:
    """A remote account as the rest of the program sees it. `clock` counts seconds, monotonically."""

    def __init__(
        self,
        dialect: Dialect,
        session: Line,
        *,
        page_size: int = 100,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dialect = dialect
        self._session = session
        self._pace = Pace(page_size)
        self._clock = clock
        self._tells_changes = True

    @property
    def proof(self) -> Proof:
        """What proves that something is gone."""
        return self._dialect.proof

    @property
    def only_whole(self) -> bool:
        """Are pictures taken only whole? See `Dialect.only_whole`."""
        return self._dialect.only_whole

    def account(self, *, albums: int = 0) -> Account:
        """Whose photos these are, and up to so many of the albums, where they can come along.

        Where that question is refused, fails, or has an answer that makes no sense, the account is asked for
        alone. A line that is slow or broken would be so again, and a service that says when, means it.
        """
        dialect = self._dialect
        if albums and isinstance(dialect, HeadStartDialect):
            # A refusal may be 403: so SmugMug's web server answers an address that is too long for it.
            try:
                found = dialect.read_account(self._session.ask(dialect.account_and_albums(albums), dialect))
                return replace(found, albums=_each_once(found.albums)[:albums])
            except (Garbled, Gone, Rejected):
                pass
            except Transient as error:
                if isinstance(error, Offline) or error.retry_after is not None:
                    raise
        return dialect.read_account(self._session.ask(dialect.account(), dialect))

    def albums(self, account: Account) -> Listing[Album]:
        def read(span: Span) -> Page[Album]:
            reply, asked = self._ask_page(lambda span: self._dialect.albums(account, span), span)
            return self._dialect.read_albums(reply, asked, account)

        return Listing(read, self._pace.first, lambda album: album.key)

    def album(self, key: str) -> Album:
        """One album by its key. Raises Gone when the service has it no more."""
        return self._dialect.read_album(self._ask(self._dialect.album(key)))

    def files(self, album: Album) -> Listing[RemoteFile]:
        def read(span: Span) -> Page[RemoteFile]:
            reply, asked = self._ask_page(lambda span: self._dialect.files(album, span), span)
            return self._dialect.read_files(reply, asked, album)

        return Listing(read, self._pace.first, lambda file: file.key)

    def changes(self, album: Album, since: str) -> Listing[RemoteFile] | None:
        """What is new or changed in the album since its cursor was `since`, and maybe more: it proves no
        absence. None where only the whole listing will do.

        Where the service refuses to leave anything out, reading it raises Rejected, and it is not asked for
        such a listing again.
        """
        dialect = self._dialect
        if not isinstance(dialect, ChangesDialect) or not self._tells_changes:
            return None
        if dialect.changes(album, since, self._pace.first) is None:
            return None

        def build(span: Span) -> Call:
            call = dialect.changes(album, since, span)
            if call is None:
                raise TypeError("a dialect that tells changes tells all of them")
            return call

        def read(span: Span) -> Page[RemoteFile]:
            try:
                reply, asked = self._ask_page(build, span)
            except Rejected:
                self._tells_changes = False
                raise
            return dialect.read_changes(reply, asked, album)

        return Listing(read, self._pace.first, lambda file: file.key)

    def folders(self, account: Account) -> Folders:
        """Every folder below the root, parents first; nothing where the dialect knows no folders."""
        dialect = self._dialect
        if not isinstance(dialect, FolderDialect):
            return Folders((), complete=True)
        found: dict[str, Folder] = {}
        faults: list[str] = []
        parents = deque([(account.root, 1)])
        while parents:
            if parents[0][1] > _DEEPEST or len(found) > _MOST_FOLDERS:
                faults.append(f"after {len(found):,} folders there was still no end of them")
                break
            parent, depth = parents.popleft()
            listing = self._folders_below(dialect, parent)
            for folder in (folder for page in listing for folder in page):
                if folder.node_id in found:  # a tree has no second way to a node: this one would never end
                    continue
                found[folder.node_id] = folder
                if folder.has_children:
                    parents.append((folder.node_id, depth + 1))
            if not listing.complete:
                faults.append(listing.why)
        return Folders(tuple(found.values()), not faults, "; ".join(faults))

    def look(self, file: RemoteFile) -> RemoteFile:
        """Read one file again, with the address of its bytes. Raises Gone when it left its album."""
        source = self._dialect.read_look(self._ask_in_turn(self._dialect.look(file)), file)
        if source.then is None:
            return source.file
        try:
            return self._dialect.read_source(self._ask(source.then), source.file)
        except (Gone, Rejected) as error:
            return replace(source.file, withheld=str(error))

    def download(
        self,
        file: RemoteFile,
        sink: Sink,
        *,
        stop: Stop,
        progress: Callable[[int], None] | None = None,
    ) -> Received:
        """Bring the bytes of `file` into `sink`, going on where a former attempt ended if possible.

        The size is checked against the promise and the answer's own length; the MD5 is the sink's
        business. `progress` is told the bytes that arrive. Raises Gone when the *address* is stale
        (403 or 404; `look` tells what became of the file), Transient when the line broke (what came
        stays in the sink), IntegrityError when the size cannot be the promised one, Garbled for a picture
        in place of a video of which no MD5 is promised.
        """
        if file.source is None:
            raise ValueError("a file without an address cannot be downloaded: look() first")
        if sink.size and not _resumable(sink, file):
            sink.restart()
        if sink.size and sink.size == file.promised.size:
            return Received(sink.size, 0)
        offset, promised, promised_md5 = sink.size, file.promised.size, file.promised.md5
        validator = sink.validator if offset else None
        call = self._dialect.media(file.source)
        with self._session.stream(call, self._dialect, offset=offset, validator=validator) as body:
            if offset and not body.resumed:
                sink.restart()
            if promised is not None and body.total not in (None, promised):
                raise _wrong_size(file, f"{body.total:,} bytes")
            if not body.resumed:  # a resumed answer was bound to the validator we have
                sink.validator = body.validator
            transferred = 0
            for view in body:
                stop.check()
                if not sink.size and file.kind is Kind.VIDEO and promised_md5 is None and is_picture(view):
                    raise Garbled(f"a picture came in place of the video {file.name!r}")
                if promised is not None and sink.size + view.nbytes > promised:
                    raise _wrong_size(file, "more")
                sink.write(view)
                transferred += view.nbytes
                if progress:
                    progress(view.nbytes)
            if body.length not in (None, transferred):
                raise Transient(f"the line broke after {transferred:,} of {body.length:,} bytes")
        if promised not in (None, sink.size):
            raise _wrong_size(file, f"{sink.size:,} bytes")
        return Received(sink.size, transferred)

    def is_unchanged(self, file: RemoteFile, validator: str) -> bool:
        """Is what lies at the address of `file` still what was named `validator` (an ETag or Last-Modified)?

        Nothing is fetched. Raises what `Session.stream` raises.
        """
        if file.source is None:
            raise ValueError("a file without an address cannot be asked after: look() first")
        return self._session.is_unchanged(self._dialect.media(file.source), self._dialect, validator)

    def _folders_below(self, dialect: FolderDialect, node_id: str) -> Listing[Folder]:
        def read(span: Span) -> Page[Folder]:
            reply, asked = self._ask_page(lambda span: dialect.folders(node_id, span), span)
            return dialect.read_folders(reply, asked)

        return Listing(read, self._pace.first, lambda folder: folder.node_id)

    def _ask(self, call: Call) -> Reply:
        """Where one question is not answered and others are, the service is there: Transient."""
        try:
            return self._session.ask(call, self._dialect)
        except Unreachable as error:
            if not isinstance(error.__cause__, Transient):  # a rate limit, a certificate
                raise
            self.account()  # raises Unreachable if nothing is answered
            raise Transient(f"{error}, although other questions are answered") from error

    def _ask_in_turn(self, calls: tuple[Call, ...]) -> Reply:
        *before, last = calls
        for call in before:
            try:
                return self._ask(call)
            except Gone:
                continue
        return self._ask(last)

    def _ask_page(self, build: Callable[[Span], Call], span: Span) -> tuple[Reply, Span]:
        """The answer, and the span it was asked for: a page that is too much is asked for in halves, where
        the service has pages.

        The time taken includes the session's own waiting; pages shrunk for that grow again by and by.
        """
        while True:
            asked = self._pace.fit(span)
            call = build(asked)
            began = self._clock()
            try:
                reply = self._ask(call)
            except (Transient, Garbled, Gone) as error:
                if isinstance(error, Transient) and error.retry_after is not None:
                    raise  # we ask too often, not too much
                if isinstance(error, Gone) and asked.start == 1:
                    raise  # what has a first page is there
                if build(Span(asked.start, max(asked.count // 2, 1))) == call:
                    raise
                if not self._pace.shrink(asked.count):
                    raise
            else:
                self._pace.note(asked.count, self._clock() - began)
                return reply, asked


def _each_once(albums: tuple[Album, ...]) -> tuple[Album, ...]:
    """As a listing hands them out."""
    return tuple({album.key: album for album in albums}.values())


def _resumable(sink: Sink, file: RemoteFile) -> bool:
    """A part can be continued if something proves that it is of this version, and if it is not too long.

    As long as promised needs an MD5 that will tell: the service has no more bytes to answer with.
    """
    promised = file.promised
    if promised.size is not None and sink.size >= promised.size:
        return sink.size == promised.size and promised.md5 is not None
    return sink.validator is not None


def _wrong_size(file: RemoteFile, found: str) -> IntegrityError:
    promised = f"{file.promised.size:,} bytes"
    return IntegrityError(
        f"{promised} were promised for {file.name!r}, and {found} came", promised=promised, found=found
    )
