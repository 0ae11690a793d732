"""Did the sender of a request know the secrets? OAuth 1.0a signatures (RFC 5849).

The signatures themselves are oauthlib's. What is decided here is where parameters may stand, which of them
are needed, and what a refusal is called: the names of the OAuth problem reporting extension, of which
`nonce_used` and `parameter_absent` were seen at the service (facts 1.5); the others are likely.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote

from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature

from smugsync.emulator.messages import Request

Problem = Literal[
    "consumer_key_unknown",
    "nonce_used",
    "parameter_absent",
    "parameter_rejected",
    "permission_denied",
    "permission_unknown",
    "signature_invalid",
    "signature_method_rejected",
    "timestamp_refused",
    "token_expired",
    "token_rejected",
    "token_revoked",
    "token_used",
    "verifier_invalid",
    "version_rejected",
]

_PAIR: Final = re.compile(r'\s*([\w\-.~%]+)\s*=\s*"([^"]*)"\s*(?:,|$)')


class Refused(Exception):
    """401; `message` is what the service says (`oauth_problem=nonce_used`)."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


def problem(name: Problem) -> Refused:
    return Refused(f"oauth_problem={name}")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says about its sender.

    `oauth` are the protocol's parameters; `covered` is every parameter a signature speaks for.
    """

    oauth: dict[str, str]
    covered: tuple[tuple[str, str], ...]

    @property
    def method(self) -> str:
        return self.oauth.get("oauth_signature_method", "")


def read_claim(request: Request, *, header_only: bool = False) -> Claim:
    """The protocol's parameters may stand in the header, the query or a form; with `header_only`, as on
    the upload host (documentation: upload), in the header alone, and the body is never signed.

    Raises Refused if one of them is given twice.
    """
    header = _authorization(request.headers.get("authorization", ""))
    query = request.params
    if header_only:
        given, params = header, [*header, *query]
    else:
        given = params = [*header, *query, *request.form]
    pairs = [(name, value) for name, value in given if name.startswith("oauth_")]
    if len(dict(pairs)) != len(pairs):
        raise problem("parameter_rejected")
    return Claim(dict(pairs), tuple((n, v) for n, v in params if n != "oauth_signature"))


def check_form(claim: Claim, *, needs: Iterable[str] = (), plaintext: bool) -> None:
    """Whether everything is there that the protocol wants; `needs` names what this request wants besides.

    HMAC-SHA1 is taken always, PLAINTEXT if `plaintext` says so, RSA never (documentation: authorization).
    """
    wanted = {"oauth_consumer_key", "oauth_signature_method", "oauth_signature", *needs}
    if claim.method != "PLAINTEXT":
        wanted |= {"oauth_timestamp", "oauth_nonce"}
    if not wanted <= {name for name, value in claim.oauth.items() if value}:
        raise problem("parameter_absent")
    if claim.oauth.get("oauth_version", "1.0") != "1.0":
        raise problem("version_rejected")
    if claim.method not in ("HMAC-SHA1", "PLAINTEXT") or (claim.method == "PLAINTEXT" and not plaintext):
        raise problem("signature_method_rejected")


def check_signature(
    claim: Claim, request: Request, secrets: tuple[str, str], *, origins: Iterable[str]
) -> None:
    """Whether the sender knows the `secrets` of the application and of the token ("" if there is none).

    The signature covers the address as the client wrote it, and a client may well send the host name
    of the real service to a test server: `origins` are the addresses it may know this server by.
    """
    given = claim.oauth["oauth_signature"].encode()
    if claim.method == "PLAINTEXT":
        right = signature.sign_plaintext(*secrets)
        if hmac.compare_digest(right.encode(), given):
            return
        raise problem("signature_invalid")
    signer = Client("", client_secret=secrets[0], resource_owner_secret=secrets[1])
    for origin in origins:
        try:
            base = base_string(claim, request.method, f"{origin}{request.path}")
        except ValueError:  # a Host that is none
            continue
        if hmac.compare_digest(signature.sign_hmac_sha1_with_client(base, signer).encode(), given):
            return
    raise problem("signature_invalid")


def base_string(claim: Claim, method: str, address: str) -> str:
    """What is signed (RFC 5849, 3.4.1). `address` has no query: its parameters are in the claim.

    Raises ValueError for an address that is none.
    """
    # The stubs are narrower than the functions: parameters may repeat, methods are any token.
    covered = signature.normalize_parameters(list(claim.covered))  # type: ignore[arg-type]
    return signature.signature_base_string(method, signature.base_string_uri(address), covered)  # type: ignore[arg-type]


def _authorization(header: str) -> list[tuple[str, str]]:
    """The parameters of an `Authorization: OAuth ...` header, decoded, without the realm."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "oauth":
        return []
    return [(unquote(name), unquote(value)) for name, value in _PAIR.findall(rest) if name.lower() != "realm"]
