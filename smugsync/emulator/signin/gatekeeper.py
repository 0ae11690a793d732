"""Who is asking? A signature and a token that somebody granted, or an API key alone for public data."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Access, Credentials, Permissions, Switches
from smugsync.emulator.signin.proof import (
    Claim,
    Refused,
    check_form,
    check_signature,
    problem,
    read_claim,
)
from smugsync.emulator.signin.registry import Application, Grant, Registry, Token

#: How far a client's clock may be off, in seconds, and how long nonces are remembered for it.
PATIENCE: Final = 300

#: What a key that accepted no terms is told (captured at the service, facts 1.4).
TERMS_PENDING: Final = (
    "API key lacks v2 access; please accept the terms of service at"
    " https://api.smugmug.com/api/developer/accept"
)

_STAMP: Final = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request (a nickname; None is nobody in particular), by which application, and what the
    user granted it. `token` is the access token, "" if there was none."""

    user: str | None
    api_key: str
    access: Access = "Public"
    permissions: Permissions = "Read"
    token: str = ""


class Known(NamedTuple):
    """What is known of a token: the key of the application it belongs to, and its secret."""

    application: str
    secret: str


class Gatekeeper:
    """Tells who sent a request, and remembers every nonce that was used.

    `registry` holds what survives a restart. `switches` says how the service behaves at the moment.
    """

    def __init__(self, *, clock: Callable[[], float], switches: Callable[[], Switches] = Switches) -> None:
        self.registry = Registry()
        self._clock = clock
        self._switches = switches
        self._lock = threading.Lock()
        self._nonces: dict[tuple[str, str, str, str], int] = {}
        self._tidied: float = 0

    # -- what is known -----------------------------------------------------------------------------

    def admit(self, keys: Credentials, user: str | None, access: Access, permissions: Permissions) -> None:
        """Know an application that is announced, and its token if there is one."""
        self.registry.register(Application("Test Application", keys.api_key, keys.api_secret))
        if keys.access_token and user is not None:
            grant = Grant(
                f"announced-{keys.access_token[:8]}",
                user,
                keys.api_key,
                access,
                permissions,
                self._clock(),
                announced=True,
            )
            self.registry.announce(grant, Token(keys.access_token, keys.access_token_secret, grant.id))

    def register(self, name: str, key: str, secret: str) -> None:
        """Know one more application. Raises ValueError without a name, a key or a secret."""
        if not (name and key and secret):
            raise ValueError("an application has a name, a key and a secret")
        self.registry.register(Application(name, key, secret))

    def tokens(self) -> list[dict[str, Any]]:
        """Every access token and what it may do, for JSON."""
        names = {application.key: application.name for application in self.registry.applications}
        return [
            {
                "token": token.token,
                "secret": token.secret,
                "user": grant.user,
                "application": names.get(grant.application, ""),
                "api_key": grant.application,
                "access": grant.access,
                "permissions": grant.permissions,
                "granted": datetime.fromtimestamp(grant.granted, UTC).isoformat(timespec="seconds"),
                "announced": grant.announced,
                "revoked": grant.revoked,
            }
            for grant, tokens in self.registry.grants
            for token in tokens
        ]

    def revoke(self, token: str) -> None:
        """End the grant an access token comes from. Raises LookupError for an unknown one."""
        found = self.registry.find(token)
        if found is None:
            raise LookupError(f"token {token}")
        self.registry.revoke(found[1].id)

    @property
    def changes(self) -> int:
        """Moves with everything that `dump` would tell differently."""
        return self.registry.changes

    def dump(self) -> dict[str, Any]:
        """Applications, grants and access tokens, for JSON; request tokens and nonces are forgotten."""
        return self.registry.dump()

    def load(self, kept: Mapping[str, Any]) -> None:
        """What `dump` told, beside what was announced already."""
        self.registry.load(kept)

    # -- who asks ----------------------------------------------------------------------------------

    def identify(self, request: Request, *, origins: Iterable[str], header_only: bool = False) -> Caller:
        """The caller, or Refused.

        `origins` are the addresses the client may know this server by. `header_only` is for the upload
        host, which reads the protocol's parameters nowhere else.
        """
        claim = read_claim(request, header_only=header_only)
        if not claim.oauth:
            caller = self._anonymous("" if header_only else dict(request.params).get("APIKey", ""))
        else:
            caller = self._authorised(request, claim, origins)
        if self._switches().terms == "pending":
            raise Refused(TERMS_PENDING)
        return caller

    def _anonymous(self, api_key: str) -> Caller:
        if not api_key:
            raise problem("parameter_absent")
        if self.registry.application(api_key) is None:
            raise problem("consumer_key_unknown")
        return Caller(None, api_key)

    def _authorised(self, request: Request, claim: Claim, origins: Iterable[str]) -> Caller:
        found = self.registry.find(claim.oauth.get("oauth_token", ""))
        known = None if found is None else Known(found[1].application, found[0].secret)
        application = self.prove(request, claim, origins=origins, token=known)
        if found is None:
            return Caller(None, application.key)
        token, grant = found
        if grant.revoked:
            raise problem("token_revoked")
        return Caller(grant.user, application.key, grant.access, grant.permissions, token.token)

    def prove(
        self,
        request: Request,
        claim: Claim,
        *,
        origins: Iterable[str],
        token: Known | None,
        needs: Iterable[str] = (),
    ) -> Application:
        """The application that signed the request, or Refused.

        `origins` are the addresses the client may know this server by. `token` is what is known of the
        token that the claim names, if it names one; `needs` are parameters this request cannot do without.

        A nonce that was used is refused as such before the signature is looked at: a client that follows
        a redirect with its old header is told `nonce_used` (facts 0.4). Only a request that proved
        itself uses up a nonce.
        """
        oauth = claim.oauth
        plaintext = request.scheme == "https" or self._switches().plaintext == "always"
        check_form(claim, needs=needs, plaintext=plaintext)
        application = self.registry.application(oauth["oauth_consumer_key"])
        if application is None:
            raise problem("consumer_key_unknown")
        secret = ""
        if oauth.get("oauth_token"):
            if token is None or token.application != application.key:
                raise problem("token_rejected")
            secret = token.secret
        used = self._check_time(oauth)
        check_signature(claim, request, (application.secret, secret), origins=origins)
        if used is not None:
            self._use(used)
        return application

    def _check_time(self, oauth: Mapping[str, str]) -> tuple[str, str, str, str] | None:
        """What must not come again; None for PLAINTEXT, which may leave time stamp and nonce out."""
        stamp, nonce = oauth.get("oauth_timestamp"), oauth.get("oauth_nonce")
        if stamp is None or nonce is None:
            return None
        if not _STAMP.fullmatch(stamp) or abs(int(stamp) - self._clock()) > PATIENCE:
            raise problem("timestamp_refused")
        used = (oauth["oauth_consumer_key"], oauth.get("oauth_token", ""), stamp, nonce)
        if used in self._nonces:
            raise problem("nonce_used")
        return used

    def _use(self, used: tuple[str, str, str, str]) -> None:
        with self._lock:
            if used in self._nonces:  # by another thread, since it was checked
                raise problem("nonce_used")
            self._nonces[used] = int(used[2])
            now = self._clock()
            if abs(now - self._tidied) > PATIENCE:
                self._tidied = now
                self._nonces = {k: at for k, at in self._nonces.items() if abs(at - now) <= PATIENCE}
