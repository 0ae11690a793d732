"""Who calls: by a session, by an OAuth signature, or by an API key alone."""

from __future__ import annotations

import hashlib

from smugsync.emulator.legacy.addresses import HOSTS
from smugsync.emulator.legacy.arguments import Arguments
from smugsync.emulator.legacy.calls import Shared
from smugsync.emulator.legacy.failures import (
    INVALID_API_KEY,
    INVALID_SESSION,
    INVALID_SIGNATURE,
    INVALID_TOKEN,
    Failure,
)
from smugsync.emulator.legacy.versions import Version
from smugsync.emulator.messages import Request
from smugsync.emulator.signin.gatekeeper import Caller, Known
from smugsync.emulator.signin.proof import Claim, Refused, problem, read_claim


def check_api_key(shared: Shared, key: str) -> None:
    """Raises Failure 18 for one that nobody registered."""
    if shared.gatekeeper.registry.application(key) is None:
        raise Failure(INVALID_API_KEY)


def identify(shared: Shared, request: Request, arguments: Arguments, version: Version) -> Caller:
    """The caller. Raises Failure: 18 for the key, 30 to 38 for the signature, 3 for the session.

    A session goes before a signature: nobody sends both.
    """
    if "APIKey" in arguments:
        check_api_key(shared, arguments.text("APIKey"))
    name = arguments.text("SessionID").strip()
    if name:
        return by_session(shared, name)
    claim = read_any_claim(request) if version.has_oauth else None
    if claim is not None:
        if request.body and not request.form:  # arguments that no signature speaks for
            raise Failure(INVALID_SIGNATURE)
        return by_signature(shared, request, claim)
    if version.takes_bare_keys:
        check_api_key(shared, arguments.text("APIKey"))
        return Caller(None, arguments.text("APIKey"))
    raise Failure(INVALID_SESSION)


def by_session(shared: Shared, name: str) -> Caller:
    """Whoever logged in may see and do everything that is theirs."""
    session = shared.sessions.use(name)
    if session is None:
        raise Failure(INVALID_SESSION)
    name = hashlib.sha256(session.id.encode()).hexdigest()[:16]  # the id itself opens the account
    return Caller(session.user, f"session {name}", "Full", "Modify")


def read_any_claim(request: Request, *, header_only: bool = False) -> Claim | None:
    """What the request says of its sender in OAuth's terms; None if it says nothing."""
    try:
        claim = read_claim(request, header_only=header_only)
    except Refused as refused:
        raise Failure.of_refusal(refused) from None
    return claim if claim.oauth else None


def by_signature(shared: Shared, request: Request, claim: Claim, *, plaintext: bool = True) -> Caller:
    """Raises Failure 30 to 38; `plaintext` says whether that method is taken at all."""
    try:
        if claim.method == "PLAINTEXT" and not plaintext:
            raise problem("signature_method_rejected")
        found = shared.gatekeeper.registry.find(claim.oauth.get("oauth_token", ""))
        known = None if found is None else Known(found[1].application, found[0].secret)
        application = shared.gatekeeper.prove(
            request, claim, origins=signed_origins(shared, request), token=known
        )
    except Refused as refused:
        raise Failure.of_refusal(refused) from None
    if found is None:
        return Caller(None, application.key)
    token, grant = found
    if grant.revoked:
        raise Failure(INVALID_TOKEN)
    return Caller(grant.user, application.key, grant.access, grant.permissions, token.token)


def signed_origins(shared: Shared, request: Request) -> list[str]:
    """With every host of the service that a client may have signed, by http and by https."""
    own = [f"{scheme}://{host}" for host in HOSTS for scheme in ("http", "https")]
    return list(dict.fromkeys([*shared.origins(request), *own]))
