"""Sessions: the sign-in of 1.2.0 to 1.2.2, by e-mail address and password, or as nobody.

A session's lifetime is not documented: it is used until the service does not know it any more (code 3). The
first login also gives a hash that can stand for the password from then on. It is as good as the password for
ever, so it is kept in memory alone; where the service takes it no longer (code 1), the password is used
again.
"""

from __future__ import annotations

import re
from dataclasses import field
from urllib.parse import urlsplit, urlunsplit

from smugsync.errors import Garbled, NotAuthorised, SessionOver
from smugsync.records import dataclass
from smugsync.remote.dialect import Auth, Call, Reply
from smugsync.remote.signing import Signed
from smugsync.remote.smugmug_legacy.calls import (
    LOGIN,
    LOGIN_AGAIN,
    LOGIN_AS_NOBODY,
    LOGOUT,
    Endpoint,
    Form,
    encode,
    form,
    method_of,
)
from smugsync.remote.smugmug_legacy.envelope import answer, child
from smugsync.remote.smugmug_legacy.versions import VERSIONS

#: 32 hex digits so far; whatever it is, it has to fit into a header.
_SESSION = re.compile(r"[\x21-\x7e]{1,256}")


@dataclass(slots=True)
class LegacySession:
    """A `Negotiator` for one `version` at `api_url`, a bare origin.

    Without `email`, an anonymous session, which sees public albums. A nickname will do for an e-mail address.
    `file_size_limit`: bytes that a photo may have, as the last login said, None = it did not.
    """

    version: str
    api_url: str
    api_key: str = field(repr=False)
    email: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    file_size_limit: int | None = field(default=None, init=False)
    serial: bool = field(default=False, init=False)
    _session: str = field(default="", init=False, repr=False)
    _is_over: bool = field(default=False, init=False)
    _user_id: str = field(default="", init=False, repr=False)
    _hash: str = field(default="", init=False, repr=False)

    def opening(self) -> Call | None:
        if self._session and not self._is_over:
            return None
        if not self.email:
            return self._endpoint.login(LOGIN_AS_NOBODY)
        return self._endpoint.login(LOGIN_AGAIN if self._hash and self._user_id else LOGIN)

    def sign(self, call: Call, url: str, *, skew: float = 0.0) -> Signed:
        """The session goes into the query of a question, the form of a change, the head of an upload."""
        del skew
        if call.auth is Auth.SIGN_IN:
            return Signed(url, body=_with(call, self._credentials(method_of(call))))
        if self._endpoint.is_upload(call):
            return Signed(url, (("X-Smug-SessionID", self._session),))
        own = {"SessionID": self._session, "APIKey": self.api_key}
        if call.method == "POST":
            return Signed(url, body=_with(call, own))
        return Signed(_asked_with(url, own))

    def heard(self, call: Call, reply: Reply) -> None:
        method = method_of(call)
        if call.auth is Auth.SIGN_IN:
            self._take(reply, method)
        elif method == LOGOUT:
            self._session = ""

    def over(self, error: SessionOver) -> None:
        """The session stays as it is until there is another: a question that another thread is about to send
        has to be refused for it, and never be taken for one without a session, by a stranger."""
        del error
        self._is_over = True

    def closing(self) -> Call | None:
        """Sign out; nothing where nobody is signed in."""
        return (
            form(self._endpoint.address, {"method": LOGOUT}) if self._session and not self._is_over else None
        )

    @property
    def _endpoint(self) -> Endpoint:
        return Endpoint(VERSIONS[self.version], self.api_url, "", sessions=True)

    def _credentials(self, method: str) -> dict[str, str]:
        """What proves who we are, in a login of this kind."""
        if method == LOGIN_AS_NOBODY:
            return {"APIKey": self.api_key}
        if method == LOGIN_AGAIN:
            return {"APIKey": self.api_key, "UserID": self._user_id, "PasswordHash": self._hash}
        if not self.email:
            raise NotAuthorised(
                "an anonymous session has no account of its own: name one as `remote.user`, or sign in with "
                "`remote.email` and `remote.password`"
            )
        return {"APIKey": self.api_key, "EmailAddress": self.email, "Password": self.password}

    def _take(self, reply: Reply, method: str) -> None:
        """The session of a login. A hash that is not accepted is the one failure that comes here."""
        document = answer(reply, "the sign-in")
        if document.text("stat") != "ok":
            if method != LOGIN_AGAIN:
                raise Garbled("SmugMug's answer to the sign-in says neither yes nor no")
            self._hash = ""
            return
        login = child(document, "Login")
        session = child(login, "Session").text("id")
        if not _SESSION.fullmatch(session):
            raise Garbled("SmugMug's answer to the sign-in holds no session")
        if method == LOGIN:  # a login by hash repeats neither
            user = child(login, "User").whole("id")
            self._hash, self._user_id = login.text("PasswordHash"), "" if user is None else str(user)
        self.file_size_limit = login.whole("FileSizeLimit") or self.file_size_limit
        self._session, self._is_over = session, False


def _with(call: Call, own: dict[str, str]) -> Form:
    """A form with our own fields at its end."""
    body = call.body if isinstance(call.body, bytes) else b""
    return Form(b"&".join(filter(None, (body, encode(own).encode("ascii")))))


def _asked_with(url: str, own: dict[str, str]) -> str:
    """Textually: the rest of the query must stay as the dialect wrote it."""
    parts = urlsplit(url)
    kept = [one for one in parts.query.split("&") if one and one.partition("=")[0] not in own]
    return urlunsplit(parts._replace(query="&".join([*kept, encode(own)])))
