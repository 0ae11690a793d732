"""How the older API is asked: one address, the method and its arguments in the query or in a form.

What belongs to the account (SessionID, APIKey, oauth_…) is added by the signer. An answer does not repeat
what was asked, and sometimes only the question tells what an answer means: such a note is kept in the
fragment of the address, which is never sent and comes back with the answer (`Reply.url`).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from smugsync.errors import Garbled
from smugsync.records import dataclass
from smugsync.remote.dialect import Auth, Call, Reply
from smugsync.remote.smugmug_legacy.versions import Version, login_origin

FORM = ("Content-Type", "application/x-www-form-urlencoded")
#: What a file's upload always says, and nothing else does.
UPLOAD_VERSION = "X-Smug-Version"

#: Bytes an answer may have, which is a whole list: 40,000 albums of 1.5 kB each, or 5,000 images of 12 kB.
_MOST = 64 * 1024 * 1024

LOGIN = "smugmug.login.withPassword"
LOGIN_AGAIN = "smugmug.login.withHash"
LOGIN_AS_NOBODY = "smugmug.login.anonymously"
LOGOUT = "smugmug.logout"


class Form(bytes):
    """A form's bytes, which may hold passwords: its `repr` does not show them."""

    def __repr__(self) -> str:
        return f"Form({len(self)} bytes)"


class Address(str):
    """Where a question is asked. Its query may hold the passwords of albums: its `repr` does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        address, mark, _ = self.partition("?")
        return repr(address + (mark and "?…"))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One version of the API at `api_url` (a bare origin); files go to `upload_url`.

    `sessions`: who asks is proven by a session, else by OAuth or by the key alone. `user`: whose albums are
    read; "" = those of the account that the credentials belong to.
    """

    version: Version
    api_url: str
    upload_url: str
    sessions: bool
    user: str = ""

    @property
    def address(self) -> str:
        return f"{self.api_url.rstrip('/')}{self.version.path}"

    def get(self, method: str, arguments: Mapping[str, str], note: Mapping[str, str] | None = None) -> Call:
        """A question."""
        url = _noted(f"{self.address}?{encode({'method': method, **arguments})}", note)
        return Call("GET", url, most=_MOST)

    def post(self, method: str, arguments: Mapping[str, str], note: Mapping[str, str] | None = None) -> Call:
        """A change."""
        return form(_noted(self.address, note), {"method": method, **arguments}, idempotent=False)

    def login(self, method: str = LOGIN) -> Call:
        """A sign-in, without what is secret about it."""
        address = f"{login_origin(self.version, self.api_url)}{self.version.path}"
        return form(address, {"method": method}, auth=Auth.SIGN_IN)

    def is_upload(self, call: Call) -> bool:
        return any(name == UPLOAD_VERSION for name, _ in call.headers)


def form(
    address: str, fields: Mapping[str, str], *, auth: Auth = Auth.ACCOUNT, idempotent: bool = True
) -> Call:
    return Call("POST", address, (FORM,), Form(encode(fields).encode("ascii")), auth, idempotent)


def encode(fields: Mapping[str, str]) -> str:
    """With nothing bare but `A-Za-z0-9-._~`: other characters spoil signatures (code 35)."""
    return urlencode(fields, safe="", quote_via=quote, errors="replace")


def method_of(call: Call) -> str:
    """The `method` that a call asks for, "" if it names none (an upload's raw bytes)."""
    return _fields(call).get("method", "")


def note_of(reply: Reply) -> dict[str, str]:
    """What the question noted in its address. Raises Garbled where nothing is."""
    try:
        noted = dict(parse_qsl(urlsplit(reply.url).fragment, keep_blank_values=True))
    except ValueError:
        noted = {}
    if not noted:
        raise Garbled("an answer came to a question that was never asked")
    return noted


def _fields(call: Call) -> dict[str, str]:
    if call.method == "GET":
        return dict(parse_qsl(urlsplit(call.url).query, keep_blank_values=True))
    if FORM in call.headers and isinstance(call.body, bytes):
        head = call.body[:4096].decode("ascii", "replace")  # a file may follow
        return dict(parse_qsl(head, keep_blank_values=True))
    return {}


def _noted(url: str, note: Mapping[str, str] | None) -> Address:
    return Address(f"{url}#{encode(note)}" if note else url)
