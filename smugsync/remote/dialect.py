"""What every dialect must answer, as pure functions: build a request, read a reply.

A dialect never touches a socket, a clock or a file. It turns questions into `Call`s and `Reply`s into
values of `smugsync.core.model`; it knows what a reply *means* and raises the matching error of
`smugsync.errors`. Who sends, signs, waits and retries is the session's business (`session.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, Protocol, TypeVar

from smugsync.core.model import Account, Album, RemoteFile

T = TypeVar("T")


class Auth(Enum):
    """What a call is signed with."""

    NONE = "none"  #: media: anyone who knows the address may read it
    ACCOUNT = "account"  #: the account's credentials: OAuth, or the API key when anonymous


@dataclass(frozen=True, slots=True)
class Call:
    """One request, not yet signed. `url` is absolute and already encoded, query included."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    auth: Auth = Auth.ACCOUNT
    idempotent: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """One complete answer. Header names are lower-case; `body` is decoded of any content-encoding."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing. `total` is None when the service did not say; `next` is None at the end."""

    items: tuple[T, ...]
    total: int | None = None
    next: Call | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder's address and its human name, for `layout = "names"`."""

    url_path: str
    name: str
    node_id: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes of one file are to be had now; see `Dialect.look`."""

    file: RemoteFile
    then: Call | None = field(default=None)  #: one more question to ask before `file.source` is known


class Dialect(Protocol):
    """A read-only remote. `count` is a wish; the service may clamp it."""

    @property
    def name(self) -> str: ...

    def account(self) -> Call:
        """Who are we, or whose public albums do we read?"""

    def read_account(self, reply: Reply) -> Account: ...

    def albums(self, account: Account, *, count: int) -> Call:
        """First page of the account's flat album list."""

    def read_albums(self, reply: Reply, call: Call) -> Page[Album]: ...

    def album(self, key: str) -> Call:
        """One album by its key; 404 is the proof that it is gone."""

    def read_album(self, reply: Reply) -> Album: ...

    def folders(self, account: Account, *, count: int) -> Call | None:
        """First page of the folders below the root, None where the dialect has none."""

    def read_folders(self, reply: Reply, call: Call) -> tuple[Page[Folder], tuple[Call, ...]]:
        """The folders of a page, and the calls that list the folders below each of them."""

    def files(self, album: Album, *, count: int) -> Call:
        """First page of an album's photos and videos."""

    def read_files(self, reply: Reply, call: Call, album: Album) -> Page[RemoteFile]: ...

    def resized(self, call: Call, count: int) -> Call:
        """The same page position asked for with another page size (slow pages are shrunk)."""

    def look(self, file: RemoteFile) -> Call:
        """Read one file again, at the address whose 404 proves that it left *this album*."""

    def read_look(self, reply: Reply, file: RemoteFile) -> Source: ...

    def read_source(self, reply: Reply, file: RemoteFile) -> RemoteFile:
        """Read the answer to `Source.then`: the file with its media address and promise."""

    def media(self, url: str) -> Call:
        """The bytes themselves."""

    def failure(self, reply: Reply, call: Call) -> Exception | None:
        """What the status, the content type and the envelope mean, None if the call succeeded."""
