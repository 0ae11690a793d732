"""OAuth of the older APIs: its methods, and the addresses that end in `.mg`.

As in OAuth 1.0, before its revision: neither a callback nor a verifier has to be named; one that is named has
to be right.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from smugsync.emulator.account.model import Node
from smugsync.emulator.api.containers import full_name
from smugsync.emulator.legacy.calls import FILE_SIZE_LIMIT, Call, Payload, Shared
from smugsync.emulator.legacy.failures import INVALID_TOKEN, MISSING_PARAMETER, Failure
from smugsync.emulator.legacy.signin import by_signature, read_any_claim, signed_origins
from smugsync.emulator.messages import Request, Response
from smugsync.emulator.signin.gatekeeper import Known
from smugsync.emulator.signin.pending import RequestToken, draw
from smugsync.emulator.signin.proof import Claim, Refused
from smugsync.emulator.signin.registry import Grant, Token
from smugsync.emulator.signin.sign_in import AUTHORIZE

PREFIX: Final = "/services/oauth/"
_FORM: Final = (("Content-Type", "application/x-www-form-urlencoded"),)
ADDRESSES: Final = frozenset(
    PREFIX + name for name in ("getRequestToken.mg", "authorize.mg", "getAccessToken.mg")
)


def get_request_token(call: Call) -> Payload:
    token = _begin(call.shared, call.request)
    return {"Auth": {"Token": {"id": token.token, "Secret": token.secret}}}


def get_access_token(call: Call) -> Payload:
    token, grant = _finish(call.shared, call.request)
    shown = {"id": token.token, "Secret": token.secret, **_level(grant)}
    return {"Auth": {"Token": shown, "User": _user(call, grant.user)}}


def check_access_token(call: Call) -> Payload:
    claim = _claim(call.request)
    by_signature(call.shared, call.request, claim)
    found = call.shared.gatekeeper.registry.find(claim.oauth.get("oauth_token", ""))
    if found is None:
        raise Failure(MISSING_PARAMETER, "oauth_token")
    token, grant = found
    return {"Auth": {"Token": {"id": token.token, **_level(grant)}, "User": _user(call, grant.user)}}


def answer_address(shared: Shared, request: Request) -> Response:
    """One of `ADDRESSES`. A person is led to the page that asks them; clients are answered with a form, and
    refused with 401 and the failure's message."""
    name = request.path.removeprefix(PREFIX)
    if name == "authorize.mg":
        return Response(302, (("Location", f"{AUTHORIZE}?{request.query}"), ("Cache-Control", "no-store")))
    try:
        if name == "getRequestToken.mg":
            begun = _begin(shared, request)
            values = {"oauth_token": begun.token, "oauth_token_secret": begun.secret}
            values["oauth_callback_confirmed"] = "true"
        else:
            token, _ = _finish(shared, request)
            values = {"oauth_token": token.token, "oauth_token_secret": token.secret}
    except Failure as failure:
        return Response(401, (("Content-Type", "text/plain; charset=utf-8"),), f"{failure}\n".encode())
    return Response(200, _FORM, urlencode(values).encode())


def _claim(request: Request) -> Claim:
    claim = read_any_claim(request)
    if claim is None:
        raise Failure(MISSING_PARAMETER, "oauth_consumer_key")
    return claim


def _begin(shared: Shared, request: Request) -> RequestToken:
    claim = _claim(request)
    try:
        application = shared.gatekeeper.prove(
            request, claim, origins=signed_origins(shared, request), token=None
        )
    except Refused as refused:
        raise Failure.of_refusal(refused) from None
    callback = claim.oauth.get("oauth_callback") or "oob"
    if callback != "oob" and not callback.startswith(("http://", "https://")):
        raise Failure(16, "oauth_callback")
    return shared.pending.begin(application.key, callback)


def _finish(shared: Shared, request: Request) -> tuple[Token, Grant]:
    claim = _claim(request)
    name = claim.oauth.get("oauth_token", "")
    begun = shared.pending.find(name)
    known = None if begun is None else Known(begun.application, begun.secret)
    try:
        shared.gatekeeper.prove(
            request, claim, origins=signed_origins(shared, request), token=known, needs=["oauth_token"]
        )
        grant = shared.pending.use(name, claim.oauth.get("oauth_verifier") or begun.verifier if begun else "")
    except Refused as refused:
        raise Failure.of_refusal(refused) from None
    token = Token(draw(32), draw(64), grant.id)
    if not shared.gatekeeper.registry.add_token(token):  # revoked in the meantime
        raise Failure(INVALID_TOKEN)
    return token, grant


def _level(grant: Grant) -> dict[str, str]:
    return {"Access": grant.access, "Permissions": grant.permissions}


def _user(call: Call, nickname: str) -> dict[str, Any]:
    root = call.shared.account.root_of(nickname)
    if root is None:
        raise Failure(INVALID_TOKEN)
    return show_user(call, root)


def show_user(call: Call, root: Node) -> dict[str, Any]:
    """The user of an access token."""
    return {
        "id": call.numbers.of_user(root),
        "NickName": root.owner,
        "Name": full_name(root),
        "AccountType": "Pro",
        "AccountStatus": "Active",
        "FileSizeLimit": FILE_SIZE_LIMIT,
        "SmugVault": False,
        "URL": f"http://{root.owner}.smugmug.com",
    }
