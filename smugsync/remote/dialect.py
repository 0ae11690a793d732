"""What every dialect must answer, as pure functions: build a request, read a reply.

A dialect never touches a socket, a clock or a file. It turns questions into `Call`s and `Reply`s into
values of `smugsync.core.model`; it knows what a reply *means* and raises the matching error of
`smugsync.errors`. Who sends, signs, waits and retries is the session's business (`session.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Generic, Literal, Protocol, TypeVar, runtime_checkable

from smugsync.core.model import Account, Album, Outgoing, Privacy, RemoteFile, Sent
from smugsync.errors import SmugsyncError
from smugsync.records import dataclass

T = TypeVar("T")


class Auth(Enum):
    """What a call is signed with."""

    NONE = "none"  #: media: anyone who knows the address may read it
    FILE = "file"  #: media that may be the owner's alone: signed wherever it lies, if requests are signed
    ACCOUNT = "account"  #: the account's credentials: OAuth, a session, or the API key when anonymous
    SIGN_IN = "sign-in"  #: a step of a sign-in itself; see `signing.Negotiator`

    @property
    def is_media(self) -> bool:
        return self in (Auth.NONE, Auth.FILE)


class Content(Protocol):
    """A body that is read while it is sent: a file's bytes, never all of them in memory."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def chunks(self) -> Iterator[bytes | memoryview]:
        """The bytes from the first on, anew each time it is called; a chunk is valid until the next.

        What it raises ends the request before it is whole, and comes out of it unchanged.
        """


@dataclass(frozen=True, slots=True)
class Call:
    """One request, not yet signed. `url` is absolute and already encoded, query included.

    What is not `idempotent` must not be sent twice: see `Session.send_once`. `most` is how many bytes its
    answer may have, None = as many as a page's.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Content | None = None
    auth: Auth = Auth.ACCOUNT
    idempotent: bool = True
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One complete answer. Header names are lower-case; `body` is decoded of any content-encoding."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a listing: `count` entries from `start` on, counted from 1. `count` is a wish.

    0 entries: a question about the listing as a whole, for a dialect that asks one after the last page.
    """

    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing.

    `total` is the number of entries the service promises for the whole listing, None where the
    service never says. `next` is where to go on, with the page size the service really grants; None
    at the end. `faults` holds a sentence for everything that could not be read: a page that has any
    proves the absence of nothing.
    """

    items: tuple[T, ...]
    total: int | None = None
    next: Span | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder's address and its human name, for `layout = "names"`."""

    url_path: str
    name: str
    node_id: str = ""
    has_children: bool = True


class Proof(Enum):
    """What proves, beside a second complete listing, that something left its album or the account."""

    ADDRESS = "address"  #: it has an address of its own there, which answers 404
    COUNT = "count"  #: nothing has; the number that the album counts is the number that is listed


#: What can be made in a folder.
Makeable = Literal["folder", "album"]


@dataclass(frozen=True, slots=True)
class Node:
    """What lies in a folder. `album_key` is an album's, "" for everything else.

    "other": a page, or what belongs to the website itself; nothing is ever put there.
    """

    kind: Literal["folder", "album", "other"]
    node_id: str
    name: str
    url_name: str = ""
    url_path: str = ""
    album_key: str = ""


@dataclass(frozen=True, slots=True)
class UploadLimit:
    """What the account may upload of one `type` ("Image", "Video"), as the service calls it.

    `mime_types` in lower case, empty = it does not say; `max_size` in bytes, `max_pixels` of a picture,
    None = no limit that it knows of.
    """

    type: str
    mime_types: tuple[str, ...] = ()
    max_size: int | None = None
    max_pixels: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes of one file are to be had now; see `Dialect.look`."""

    file: RemoteFile
    then: Call | None = None  #: one more question to ask before `file.source` is known


class Dialect(Protocol):
    """A read-only remote.

    Every `read_…` raises `Garbled` when the answer as a whole makes no sense; one senseless entry of
    a page is left out and named in `Page.faults`.
    """

    @property
    def name(self) -> str: ...

    @property
    def proof(self) -> Proof: ...

    @property
    def only_whole(self) -> bool:
        """Is a picture that cannot be decoded one that has not come whole? So it is where the service made it
        itself; where photographers' own files are served, it may be theirs that are broken."""

    def account(self) -> Call:
        """Who are we, or whose public albums do we read?"""

    def read_account(self, reply: Reply) -> Account: ...

    def albums(self, account: Account, span: Span) -> Call:
        """A stretch of the account's flat album list."""

    def read_albums(self, reply: Reply, span: Span, account: Account) -> Page[Album]: ...

    def album(self, key: str) -> Call:
        """One album by its key; 404 is the proof that it is gone."""

    def read_album(self, reply: Reply) -> Album: ...

    def files(self, album: Album, span: Span) -> Call:
        """A stretch of an album's photos and videos."""

    def read_files(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]: ...

    def look(self, file: RemoteFile) -> tuple[Call, ...]:
        """The addresses of one file *in its album*, to be asked in turn until one does not answer 404.

        Only when the last of them answers 404 has the file left this album.
        """

    def read_look(self, reply: Reply, file: RemoteFile) -> Source: ...

    def read_source(self, reply: Reply, file: RemoteFile) -> RemoteFile:
        """Read the answer to `Source.then`: the file with its media address and promise."""

    def media(self, url: str) -> Call:
        """The bytes themselves."""

    def failure(self, reply: Reply, call: Call) -> SmugsyncError | None:
        """What the status, the content type and the envelope mean, None if the call succeeded.

        For a media call only the head counts: its `Reply.body` may be empty.
        """


@runtime_checkable
class HeadStartDialect(Protocol):
    """A dialect that can ask for the account and for some of its albums at once."""

    def account_and_albums(self, count: int) -> Call:
        """The question that `account` asks, and up to `count` albums; `read_account` reads the answer, which
        may hold none."""


@runtime_checkable
class ChangesDialect(Protocol):
    """A dialect that can leave out of a listing what has not changed."""

    def changes(self, album: Album, since: str, span: Span) -> Call | None:
        """What is new or changed in the album since its cursor was `since`, and more where that is not sure.

        None: only the whole listing will do. Deleted photos never show in it, so it proves no absence.
        """

    def read_changes(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]: ...


@runtime_checkable
class FolderDialect(Protocol):
    """A dialect whose albums lie in named folders: what `layout = "names"` needs."""

    def folders(self, node_id: str, span: Span) -> Call:
        """The folders right below a folder, the account's `root` at first."""

    def read_folders(self, reply: Reply, span: Span) -> Page[Folder]: ...


@runtime_checkable
class UploadDialect(Protocol):
    """A dialect that can be written to.

    `upload` and `make` give calls that must not be sent twice. `failure` says of their answers what was
    *not* done (Transient, Rejected, NotAuthorised) and what may have been (Doubtful).
    """

    def limits(self, account: Account) -> Call:
        """Which files may be uploaded?"""

    def read_limits(self, reply: Reply) -> tuple[UploadLimit, ...]: ...

    def upload(self, outgoing: Outgoing, content: Content) -> Call:
        """Send one file to its album, or in the place of a photo in it."""

    def read_upload(self, reply: Reply, outgoing: Outgoing) -> Sent: ...

    def children(self, node_id: str, span: Span) -> Call:
        """What lies right in a folder."""

    def read_children(self, reply: Reply, span: Span) -> Page[Node]: ...

    def make(self, parent_node_id: str, kind: Makeable, name: str, privacy: Privacy) -> Call:
        """Make a folder or an album in a folder."""

    def read_made(self, reply: Reply) -> Node: ...

    def failure(self, reply: Reply, call: Call) -> SmugsyncError | None:
        """As `Dialect.failure`."""
