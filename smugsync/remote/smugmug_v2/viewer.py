"""Who our credentials belong to at SmugMug, what they show us, and whether they would let us write.

The service tells nobody what a token was granted. What can be found out: an account that shows itself to
its owner with `ResponseLevel` "Full" shows everything (`Access=Full`), with another level only what
everybody sees. Whether writing is allowed is only told by a write, so a trial is made of one that can
succeed nowhere: a new node without `Name`, which is a required field (recorded), and of no known `Type`.
A refusal for want of a grant is certain, by its text. Any complaint about the fields means that the grant
was looked at before and found to be more than Read; that the service looks in this order is likely, not
known. A trial that would tell Add from Modify would have to change something.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from urllib.parse import quote, urlencode

from smugsync.errors import Garbled, SmugsyncError
from smugsync.records import dataclass
from smugsync.remote.dialect import Call, Reply
from smugsync.remote.sign_in import Access
from smugsync.remote.smugmug_v2 import failures
from smugsync.remote.smugmug_v2.objects import link
from smugsync.remote.wire import Fields, parse

_ACCEPT = ("Accept", "application/json")


@dataclass(frozen=True, slots=True)
class Viewer:
    """An account as these credentials see it. `url` is its site, `root` the id of its root node."""

    nickname: str
    name: str
    url: str
    root: str
    access: Access


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many requests may still be sent before the window ends, at `resets` (epoch seconds)."""

    remaining: int
    resets: int


class Writing(Enum):
    """What a trial says about the grant."""

    ALLOWED = "allowed"  #: likely: see above
    REFUSED = "refused"
    UNKNOWN = "unknown"


class ViewerQuestions:
    """What to ask at `api_url`, a bare origin, and what the answers say."""

    def __init__(self, api_url: str) -> None:
        self._origin = api_url.rstrip("/")

    def viewer(self, user: str = "") -> Call:
        """The account of `user` as everybody may see it; without, our own, as far as the token goes."""
        path = f"/api/v2/user/{quote(user, safe='')}" if user else "/api/v2!authuser"
        switches = {"_filter": "NickName,Name,WebUri,ResponseLevel", "_filteruri": "Node", "_verbosity": "1"}
        return Call("GET", f"{self._origin}{path}?{urlencode(switches, safe=',')}", (_ACCEPT,))

    def read_viewer(self, reply: Reply) -> Viewer:
        """Raises Garbled."""
        response = parse(reply, "the account").child("Response")
        user = response.child("User")
        root = link(user, "Node").rpartition("/")[2]
        if not root:
            raise Garbled("SmugMug's answer about the account names no root node")
        return Viewer(
            nickname=user.key("NickName"),
            name=_shown(user, "Name"),
            url=_shown(user, "WebUri"),
            root=root,
            access="Full" if user.prose("ResponseLevel") == "Full" else "Public",
        )

    def failure(self, reply: Reply, call: Call) -> SmugsyncError | None:
        return failures.failure(reply, call)

    def trial(self, viewer: Viewer) -> Call:
        """A write that cannot succeed; see `Trial`."""
        url = f"{self._origin}/api/v2/node/{quote(viewer.root, safe='')}!children?_verbosity=1"
        headers = (_ACCEPT, ("Content-Type", "application/json"))
        return Call("POST", url, headers, b'{"Type":"none: may this application write?"}', idempotent=False)


class Trial:
    """The judge of a trial: every answer to it is one."""

    def failure(self, reply: Reply, call: Call) -> None:
        del reply, call

    def read(self, reply: Reply) -> Writing:
        if reply.status in (401, 403):
            refused = failures.is_narrow(reply.body.decode("utf-8", "replace"))
            return Writing.REFUSED if refused else Writing.UNKNOWN
        return Writing.ALLOWED if reply.status in (400, 409, 422) else Writing.UNKNOWN


def read_allowance(headers: Mapping[str, str]) -> Allowance | None:
    """What an answer's head (lower-case names) says is left; None where it does not say."""
    remaining, resets = headers.get("x-ratelimit-remaining", ""), headers.get("x-ratelimit-reset", "")
    if not all(text.isascii() and text.isdigit() and len(text) < 16 for text in (remaining, resets)):
        return None
    return Allowance(int(remaining), int(resets))


def _shown(user: Fields, name: str) -> str:
    """For a terminal: no control characters, whatever the service sends."""
    return "".join(char for char in user.prose(name) if char.isprintable())
