"""The methods by which one logs in and out, up to 1.2.2."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from smugsync.emulator.account.model import Node
from smugsync.emulator.api.containers import full_name
from smugsync.emulator.legacy.calls import FILE_SIZE_LIMIT, Call, Payload, Shared
from smugsync.emulator.legacy.failures import INVALID_LOGIN, Failure
from smugsync.emulator.legacy.passwords import md5_crypt
from smugsync.emulator.legacy.signin import check_api_key


def anonymously(call: Call) -> Payload:
    check_api_key(call.shared, call.arguments.text("APIKey"))
    return {"Login": {"Session": {"id": call.shared.sessions.begin(None).id}}}


def with_password(call: Call) -> Payload:
    """By email or nickname, in any case; the password by its letters."""
    check_api_key(call.shared, call.arguments.text("APIKey"))
    given = call.arguments.needed("EmailAddress").casefold()
    password = call.arguments.needed("Password")
    for root in call.shared.account.roots:
        login = call.shared.login_of(root.owner)
        if given in (login.email.casefold(), root.owner.casefold()):
            if not hmac.compare_digest(login.password.encode(), password.encode()):
                break
            user = {"id": call.numbers.of_user(root), "NickName": root.owner, "DisplayName": full_name(root)}
            return _login(call, root, user, {"PasswordHash": _hash_of(call.shared, root)})
    raise Failure(INVALID_LOGIN)


def with_hash(call: Call) -> Payload:
    """The answer has neither the id nor the hash (recorded)."""
    check_api_key(call.shared, call.arguments.text("APIKey"))
    number, given = call.arguments.needed("UserID"), call.arguments.needed("PasswordHash")
    root = call.numbers.user(int(number)) if number.isascii() and number.isdecimal() else None
    if root is None or not hmac.compare_digest(_hash_of(call.shared, root).encode(), given.encode()):
        raise Failure(INVALID_LOGIN)
    return _login(call, root, {"NickName": root.owner, "DisplayName": full_name(root)}, {})


def logout(call: Call) -> Payload:
    call.shared.sessions.end(call.arguments.text("SessionID").strip())
    return {"Logout": {"Successful": ""}}


def _login(call: Call, root: Node, user: dict[str, Any], secrets: dict[str, str]) -> Payload:
    session = call.shared.sessions.begin(root.owner)
    account = {"AccountType": "Pro", "FileSizeLimit": FILE_SIZE_LIMIT, "SmugVault": False}
    return {"Login": {"User": user, **secrets, **account, "Session": {"id": session.id}}}


def _hash_of(shared: Shared, root: Node) -> str:
    """The same as long as the password is."""
    login = shared.login_of(root.owner)
    salt = base64.b64encode(hashlib.sha256(f"salt of {login.email}".encode()).digest(), b"./").decode()[:8]
    return md5_crypt(login.password, salt)
