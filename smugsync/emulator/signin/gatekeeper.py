"""Who is asking? OAuth 1.0a signatures, or an API key alone for public data.

The signature functions are oauthlib's; what is decided here is where parameters may stand (header, query,
form body), which applications and tokens exist, how old a time stamp may be and that a nonce is used
once. Problem names are those of the OAuth problem reporting extension; `nonce_used` and
`parameter_absent` were seen at the service, the others are likely.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature

from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Access, Credentials, Permissions

#: How far a client's clock may be off, in seconds, and how long nonces are remembered for it.
PATIENCE = 300

_PAIR = re.compile(r'\s*([\w\-.~%]+)\s*=\s*"([^"]*)"\s*(?:,|$)')


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request (a nickname; None is nobody in particular), by which application, and what the
    user granted it."""

    user: str | None
    api_key: str
    access: Access = "Public"
    permissions: Permissions = "Read"


class Refused(Exception):
    """401; `message` is what the service says (`oauth_problem=nonce_used`)."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


def _problem(name: str) -> Refused:
    return Refused(f"oauth_problem={name}")


class Gatekeeper:
    """Knows one application, its tokens, and the nonces it has seen."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._secrets: dict[str, str] = {}
        self._tokens: dict[str, tuple[Caller, str]] = {}
        self._nonces: dict[tuple[str, str, str, str], int] = {}
        self._tidied: float = 0

    def admit(self, keys: Credentials, user: str | None, access: Access, permissions: Permissions) -> None:
        """Know an application, and its token if there is one."""
        self._secrets[keys.api_key] = keys.api_secret
        if keys.access_token:
            caller = Caller(user, keys.api_key, access, permissions)
            self._tokens[keys.access_token] = caller, keys.access_token_secret

    def identify(self, request: Request, *, origins: Iterable[str]) -> Caller:
        """The caller, or Refused. `origins` are the addresses the client may know this server by.

        The signature covers the address as the client wrote it, and a client may well send the host name
        of the real service to a test server: whatever it signed, it proved to know the secrets.
        """
        given = _authorization(request.headers.get("authorization", ""))
        asked = request.params
        params = [*given, *asked, *request.form]
        oauth = {name: value for name, value in params if name.startswith("oauth_")}
        if not oauth:
            return self._anonymous(dict(asked).get("APIKey"))
        if len(oauth) != sum(name.startswith("oauth_") for name, _ in params):
            raise _problem("parameter_rejected")
        method = self._check_parameters(oauth)
        caller, token_secret = self._look_up(oauth)
        self._check_signature(request, oauth, params, (method, token_secret, tuple(origins)))
        self._use_nonce(oauth)
        return caller

    def _anonymous(self, api_key: str | None) -> Caller:
        if api_key is None:
            raise _problem("parameter_absent")
        if api_key not in self._secrets:
            raise _problem("consumer_key_unknown")
        return Caller(None, api_key)

    def _check_parameters(self, oauth: dict[str, str]) -> str:
        method = oauth.get("oauth_signature_method", "")
        needed = {"oauth_consumer_key", "oauth_signature_method", "oauth_signature"}
        if method != "PLAINTEXT":
            needed |= {"oauth_timestamp", "oauth_nonce"}
        if not needed <= {name for name, value in oauth.items() if value}:
            raise _problem("parameter_absent")
        if oauth.get("oauth_version", "1.0") != "1.0":
            raise _problem("version_rejected")
        if method not in ("HMAC-SHA1", "PLAINTEXT"):
            raise _problem("signature_method_rejected")
        return method

    def _look_up(self, oauth: dict[str, str]) -> tuple[Caller, str]:
        if oauth["oauth_consumer_key"] not in self._secrets:
            raise _problem("consumer_key_unknown")
        token = oauth.get("oauth_token", "")
        if not token:
            return Caller(None, oauth["oauth_consumer_key"]), ""
        if token not in self._tokens:
            raise _problem("token_rejected")
        return self._tokens[token]

    def _check_signature(
        self,
        request: Request,
        oauth: dict[str, str],
        params: list[tuple[str, str]],
        expected: tuple[str, str, tuple[str, ...]],
    ) -> None:
        method, token_secret, origins = expected
        secret = self._secrets[oauth["oauth_consumer_key"]]
        signer = Client("", client_secret=secret, resource_owner_secret=token_secret)
        # The stubs are narrower than the functions: parameters may repeat, methods are any token.
        covered = signature.normalize_parameters([(n, v) for n, v in params if n != "oauth_signature"])  # type: ignore[arg-type]
        for origin in origins:
            if method == "PLAINTEXT":
                right = signature.sign_plaintext(secret, token_secret)
            else:
                address = signature.base_string_uri(f"{origin}{request.path}")
                base = signature.signature_base_string(request.method, address, covered)  # type: ignore[arg-type]
                right = signature.sign_hmac_sha1_with_client(base, signer)
            if hmac.compare_digest(right.encode(), oauth["oauth_signature"].encode()):
                return
        raise _problem("signature_invalid")

    def _use_nonce(self, oauth: dict[str, str]) -> None:
        """Only a request that proved itself may use up a nonce."""
        stamp, nonce = oauth.get("oauth_timestamp"), oauth.get("oauth_nonce")
        if stamp is None or nonce is None:
            return  # PLAINTEXT may leave them out
        if not stamp.isdigit() or abs(int(stamp) - self._clock()) > PATIENCE:
            raise _problem("timestamp_refused")
        used = (oauth["oauth_consumer_key"], oauth.get("oauth_token", ""), stamp, nonce)
        if used in self._nonces:
            raise _problem("nonce_used")
        self._nonces[used] = int(stamp)
        self._tidy()

    def _tidy(self) -> None:
        now = self._clock()
        if abs(now - self._tidied) > PATIENCE:
            self._tidied = now
            self._nonces = {k: at for k, at in self._nonces.items() if abs(at - now) <= PATIENCE}


def _authorization(header: str) -> list[tuple[str, str]]:
    """The parameters of an `Authorization: OAuth ...` header, decoded, without the realm."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "oauth":
        return []
    return [(unquote(name), unquote(value)) for name, value in _PAIR.findall(rest) if name.lower() != "realm"]
