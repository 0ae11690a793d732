"""What an access token was granted, by the answer about it: `Auth{Token{Access, Permissions}, User{…}}`."""

from __future__ import annotations

from typing import get_args

from smugsync.remote.dialect import Reply
from smugsync.remote.sign_in import Permissions
from smugsync.remote.smugmug_legacy.envelope import answer, child


def read_permissions(reply: Reply) -> Permissions | None:
    """What smugmug.auth.checkAccessToken says (two clients), None where it says nothing. Raises Garbled."""
    said = child(child(answer(reply, "the access token"), "Auth"), "Token").prose("Permissions")
    return next((one for one in get_args(Permissions) if one == said), None)
