"""The three-legged sign-in (OAuth 1.0a): what is asked of the service, and what its answers mean.

A *request token* is fetched, a person authorises it on a page of the service's, and it is exchanged for
the *access token*. Addresses, options and lifetime are the documentation's (authorization tutorial); both
tokens come as a form, `oauth_token=…&oauth_token_secret=…`, as every OAuth library expects it. The names
of refusals are those of the OAuth problem reporting extension, which SmugMug is known to use. They are
looked for in any body, a form as well as the API's `{"Code":401,"Message":"oauth_problem=…"}`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import field
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from smugsync.errors import ClockSkew, Garbled, NotAuthorised, SmugsyncError, Transient
from smugsync.records import dataclass
from smugsync.remote.dialect import Call, Reply
from smugsync.remote.smugmug_v2.failures import KEY_PROBLEMS, TERMS
from smugsync.remote.wire import excerpt, retry_after

Access = Literal["Full", "Public"]
Permissions = Literal["Read", "Add", "Modify"]

#: How long a person has, in seconds: then the request token is void (documentation: authorization).
LIFETIME = 300.0
#: The callback of those who have no browser here: the service shows a six-digit code instead.
OUT_OF_BAND = "oob"

_AGAIN = "run `smugsync auth login` again"
_STALE = f"the sign-in took longer than five minutes, or was used already; {_AGAIN}"
_DENIED = f"access was refused on SmugMug's page; to allow it after all, {_AGAIN}"
_PROBLEMS = KEY_PROBLEMS | {
    "signature_invalid": (
        "SmugMug does not accept our signature: the API secret is not that of this API key; "
        "`smugsync auth status` says where both are from"
    ),
    "parameter_rejected": (
        "SmugMug does not accept the address that its answer is to go to; "
        "run `smugsync auth login --oob`, which needs none"
    ),
    "token_rejected": _STALE,
    "token_expired": _STALE,
    "token_used": _STALE,
    "token_revoked": _STALE,
    "permission_denied": _DENIED,
    "user_refused": _DENIED,
}


class WrongCode(NotAuthorised):
    """The service does not accept this code now; the request token may still be good for another try."""


@dataclass(frozen=True, slots=True)
class Token:
    """A request token or an access token, with its secret."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


class SignIn:
    """The sign-in at `oauth_url`, a bare origin such as `https://api.smugmug.com`.

    The two calls are signed with more than usual: the first with a `callback`, the second with the
    request token and the `verifier` that came of it (see `OAuth1Signer`).
    """

    def __init__(self, oauth_url: str) -> None:
        self._base = f"{oauth_url.rstrip('/')}/services/oauth/1.0a"

    def request_token(self) -> Call:
        return Call("POST", f"{self._base}/getRequestToken")

    def access_token(self) -> Call:
        """May be asked only once: the verifier is used up by it."""
        return Call("POST", f"{self._base}/getAccessToken", idempotent=False)

    def page(self, token: Token, *, access: Access, permissions: Permissions) -> str:
        """The address of the page where a person authorises `token`.

        It also lets in those who sign in to SmugMug by another company's account.
        """
        wishes = {
            "oauth_token": token.key,
            "Access": access,
            "Permissions": permissions,
            "allowThirdPartyLogin": "1",
        }
        return f"{self._base}/authorize?{urlencode(wishes)}"

    def read_callback(self, fields: Mapping[str, str], token: Token) -> str | None:
        """The verifier that a browser brings back from the page; None if it comes from another sign-in.

        Raises NotAuthorised when the person refused. How the service says so is not documented; what is
        common is `oauth_problem=…` or `denied=TOKEN`.
        """
        ours = fields.get("oauth_token") or fields.get("denied") or token.key
        if not secrets.compare_digest(ours.encode(), token.key.encode()):
            return None
        if fields.get("oauth_verifier"):
            return fields["oauth_verifier"]
        raise refusal(fields.get("oauth_problem") or "permission_denied")

    def read_token(self, reply: Reply) -> Token:
        """The token of either call. Raises Garbled."""
        token = _token(reply)
        if token is None:
            raise Garbled("SmugMug's answer to the sign-in holds no token", excerpt(reply.body))
        return token

    def failure(self, reply: Reply, call: Call) -> SmugsyncError | None:
        """What the answer to one of the two calls means, None if it is a token."""
        del call
        if 200 <= reply.status < 300:
            if _token(reply) is not None:
                return None
            if not (named := problem(reply.body)):
                return Garbled("SmugMug's answer to the sign-in holds no token", excerpt(reply.body))
            return refusal(named)
        if reply.status in (408, 429) or reply.status >= 500:
            return Transient(f"SmugMug answered {reply.status} to the sign-in", retry_after(reply.headers))
        if named := problem(reply.body):
            return refusal(named)
        if b"v2 access" in reply.body:
            return NotAuthorised(TERMS)
        if reply.status in (401, 403):
            return NotAuthorised(f"SmugMug refuses the sign-in (status {reply.status}); {_AGAIN}")
        return Garbled(f"SmugMug answered {reply.status} to the sign-in; check `remote.oauth_url`")


def problem(body: bytes) -> str:
    """The `oauth_problem` that an answer names, "" if it names none."""
    rest = body[:4096].decode("utf-8", "replace").partition("oauth_problem=")[2]
    name = rest[:40].lstrip()
    length = next((at for at, char in enumerate(name) if not (char.isalnum() or char == "_")), len(name))
    return name[:length]


def refusal(named: str) -> SmugsyncError:
    """What an `oauth_problem` means here, and what to do."""
    if named == "timestamp_refused":
        return ClockSkew("SmugMug refuses our time stamp: this computer's clock is wrong")
    if named == "nonce_used":
        # Also without any fault of ours: SmugMug's front end repeats requests that run for a minute.
        return Transient("SmugMug has seen this request's nonce before")
    if named == "verifier_invalid":
        return WrongCode(f"SmugMug does not accept this code; {_AGAIN}")
    if named == "permission_unknown":
        return WrongCode(f"nobody has pressed a button on SmugMug's page yet; {_AGAIN}")
    if named in _PROBLEMS:
        return NotAuthorised(_PROBLEMS[named])
    return NotAuthorised(f"SmugMug refuses the sign-in ({named}); {_AGAIN}")


def _token(reply: Reply) -> Token | None:
    """Whatever type the answer claims to have: the services of those years said text/html or text/plain."""
    try:
        fields = dict(parse_qsl(reply.body[:4096].decode("ascii").strip(), max_num_fields=50))
    except ValueError:
        return None
    key, secret = fields.get("oauth_token", ""), fields.get("oauth_token_secret", "")
    if not (key and secret and key.isprintable() and secret.isprintable()):
        return None
    return Token(key, secret)
