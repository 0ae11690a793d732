"""Drives any UploadDialect: files on their way to the account, folders and albums that are made there.

Nothing here is done twice, and nothing is decided: what became of a change whose end is Doubtful, a listing
has to tell. May be used by several threads at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from smugsync.core.model import Account, Outgoing, Privacy, Sent
from smugsync.errors import Doubtful, Garbled
from smugsync.remote.dialect import (
    Call,
    Content,
    Makeable,
    Node,
    Page,
    Reply,
    Span,
    UploadDialect,
    UploadLimit,
)
from smugsync.remote.listing import Listing
from smugsync.stop import Stop


class Line(Protocol):
    """What Uploads need of the session: see `session.py`."""

    def ask(self, call: Call, dialect: UploadDialect, /) -> Reply: ...

    def send_once(
        self,
        call: Call,
        dialect: UploadDialect,
        /,
        *,
        stop: Stop | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Reply: ...


class Uploads:
    """A remote account as something that takes files.

    `send` and `make` raise exactly

    - Doubtful: it may have been done; only a listing can tell;
    - Transient: it was not done, and may be tried again (after `retry_after` seconds, where that is known);
    - Rejected: it was not done and never will be, with the service's own code;
    - NotAuthorised, Unreachable: it was not done, and neither would others be;
    - Interrupted: a stop was asked for. If the request had been begun, it is as open as a Doubtful one;
    - what `content` itself raises while it is read: the file was not whole, and so did not arrive.
    """

    def __init__(self, dialect: UploadDialect, session: Line, *, page_size: int = 100) -> None:
        self._dialect = dialect
        self._session = session
        self._page_size = page_size

    def limits(self, account: Account) -> tuple[UploadLimit, ...]:
        """What the account takes. Raises what `Session.ask` raises."""
        return self._dialect.read_limits(self._session.ask(self._dialect.limits(account), self._dialect))

    def send(
        self,
        outgoing: Outgoing,
        content: Content,
        *,
        stop: Stop | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Sent:
        """Send one file. `progress` is told how many bytes have left."""
        if content.size != outgoing.size:
            raise ValueError(f"{outgoing.size} bytes were announced, and {content.size} are there")
        call = self._dialect.upload(outgoing, content)
        reply = self._session.send_once(call, self._dialect, stop=stop, progress=progress)
        try:
            return self._dialect.read_upload(reply, outgoing)
        except Garbled as error:
            raise Doubtful(f"{error}; it may have arrived") from error

    def children(self, node_id: str) -> Listing[Node]:
        """The folders and albums right in a folder. Raises what `Session.ask` raises: Gone for no folder."""

        def read(span: Span) -> Page[Node]:
            reply = self._session.ask(self._dialect.children(node_id, span), self._dialect)
            return self._dialect.read_children(reply, span)

        return Listing(
            read,
            Span(1, self._page_size),
            lambda node: node.node_id,
            wanted=lambda node: node.kind != "other",
        )

    def make(self, parent_node_id: str, kind: Makeable, name: str, privacy: Privacy) -> Node:
        """Make a folder or an album. Its address may differ from its name; both may be there twice."""
        call = self._dialect.make(parent_node_id, kind, name, privacy)
        reply = self._session.send_once(call, self._dialect)
        try:
            return self._dialect.read_made(reply)
        except Garbled as error:
            raise Doubtful(f"{error}; it may have been made") from error
