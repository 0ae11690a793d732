"""What proves who we are: OAuth 1.0a for an account, the API key alone for public albums."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import field
from typing import Any, Protocol, cast, runtime_checkable
from urllib.parse import quote

from oauthlib import oauth1

from smugsync.errors import SessionOver
from smugsync.records import dataclass
from smugsync.remote.dialect import Call, Reply

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """What a signature adds: the address to ask, and the header lines to send with it. All of it may open the
    account, so nothing of it is shown.

    `body` takes the place of the call's own, None = that stays.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


class Signer(Protocol):
    """Signs one hop of one try. Every hop and every retry is signed anew."""

    def sign(self, call: Call, url: str, *, skew: float = 0.0) -> Signed:
        """Sign `call` as sent to `url`. `skew` (seconds) is added to our clock."""


@runtime_checkable
class FileSigner(Signer, Protocol):
    """A signer whose signature also opens files (`Auth.FILE`) at the service's hosts that are no configured
    origin: it tells nothing that could be used for another request."""

    opens_files: bool


@runtime_checkable
class Negotiator(Signer, Protocol):
    """A signer whose proof has to be agreed on with the service first, and may come to an end there.

    Used by one thread at a time; with `serial`, from signing a question until its answer was heard, because
    each proof follows from the answer before.
    """

    serial: bool

    def opening(self) -> Call | None:
        """The next step of signing in (`Auth.SIGN_IN`), None when questions may be asked.

        Nothing secret is in it: that is added by `sign`."""

    def heard(self, call: Call, reply: Reply) -> None:
        """Told every answer that the dialect takes for good. Raises NotAuthorised, Garbled."""

    def over(self, error: SessionOver) -> None:
        """The service says that the proof is worth nothing any more."""

    def closing(self) -> Call | None:
        """What to say when no more will be asked, None = nothing."""


def _nonce() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class OAuth1Signer:
    """HMAC-SHA1 in the Authorization header (RFC 5849), which the upload host insists on as well.

    With `opens_files` files are signed, too: legacy addresses of private photos ask for it (two clients).

    A form-encoded body is part of the signature; JSON and raw bodies are not, and no
    `oauth_body_hash` is sent: SmugMug takes the protocol's own parameters only.
    `callback` and `verifier` are what the two requests of a sign-in carry besides.
    """

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    token: str = field(default="", repr=False)
    token_secret: str = field(default="", repr=False)
    callback: str = field(default="", repr=False)
    verifier: str = field(default="", repr=False)
    opens_files: bool = False
    clock: Callable[[], float] = field(default=time.time, repr=False)
    nonce: Callable[[], str] = field(default=_nonce, repr=False)

    def sign(self, call: Call, url: str, *, skew: float = 0.0) -> Signed:
        client = oauth1.Client(
            self.api_key,
            client_secret=self.api_secret,
            resource_owner_key=self.token or None,
            resource_owner_secret=self.token_secret or None,
            callback_uri=self.callback or None,
            verifier=self.verifier or None,
            nonce=self.nonce(),
            timestamp=str(int(self.clock() + skew)),
        )
        form = call.body if _is_form(call) and isinstance(call.body, bytes) else None
        _, headers, _ = client.sign(
            url,
            http_method=cast(Any, call.method),  # the stub lists the methods one by one
            body=form.decode("ascii") if form else None,
            headers={"Content-Type": _FORM} if form else {},
        )
        return Signed(url, (("Authorization", headers["Authorization"]),))


@dataclass(frozen=True, slots=True)
class KeySigner:
    """Anonymous access: the application's key as the `APIKey` parameter."""

    api_key: str = field(repr=False)

    def sign(self, call: Call, url: str, *, skew: float = 0.0) -> Signed:
        # Textually: the rest of the query must stay as the dialect wrote it.
        address, _, query = url.partition("#")[0].partition("?")
        kept = [part for part in query.split("&") if part and not part.startswith("APIKey=")]
        kept.append("APIKey=" + quote(self.api_key, safe=""))
        return Signed(f"{address}?{'&'.join(kept)}")


def _is_form(call: Call) -> bool:
    kinds = [value for name, value in call.headers if name.lower() == "content-type"]
    return bool(kinds) and kinds[0].partition(";")[0].strip().lower() == _FORM
