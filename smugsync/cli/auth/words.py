"""How a sign-in is told to people."""

from __future__ import annotations

from smugsync.cli.auth.record import Record
from smugsync.cli.auth.seen import Seen
from smugsync.cli.summary import plural
from smugsync.config import RemoteConfig
from smugsync.config.remotes import Way
from smugsync.remote.sign_in import Permissions
from smugsync.remote.smugmug_v2.viewer import Writing

#: A second authorisation cannot widen a grant (SmugMug's OAuth FAQ).
_WIDEN = (
    "revoke the grant on SmugMug under Account Settings, Privacy, Authorized Services, then run "
    "`smugsync auth login`"
)


_SHOWN = {
    "Full": "Full: everything, private albums too",
    "Public": "Public: only what everybody sees",
}


def describe(viewer: Seen) -> str:
    """Nickname, name and address, as far as they are known."""
    named = f" ({viewer.name})" if viewer.name.casefold() not in ("", viewer.nickname.casefold()) else ""
    return f"{viewer.nickname}{named}" + (f", {viewer.url}" if viewer.url else "")


def describe_access(viewer: Seen) -> str:
    """How much of the account is shown."""
    if viewer.access == "Full" and viewer.size is not None:
        return f"Full: everything, {plural(viewer.size, 'photo')}"
    if viewer.access is not None:
        return _SHOWN[viewer.access]
    return "the service does not say whether it shows everything"


def describe_way(remote: RemoteConfig) -> str:
    """What may be done by a way on which nothing is granted to anybody; "" where there are grants."""
    match remote.way:
        case Way.KEY:
            return "none: the API key alone, without a sign-in"
        case Way.PASSWORD:
            return "all that the account's owner has: the sign-in is by password"
        case Way.PAIR:
            return "to read; whatever else the keys may do is not used"
        case Way.NOBODY:
            return "none: without keys, what the site shows to everybody"
        case Way.OAUTH:
            return ""


def describe_permissions(record: Record, *, when: str = "") -> str:
    """What was asked for and what is known of the answer."""
    asked = f"{record.permissions} was asked for{when}"
    match record.writing:
        case None:
            return f"{asked}; SmugMug does not say what it granted"
        case Writing.ALLOWED:
            return f"{asked}, and a trial was not refused"
        case _:
            return f"{asked}; whether it was granted, the first write will show"


def may_upload(record: Record | None, granted: Permissions | None = None) -> bool | None:
    """Whether a token may send files and make albums, None where nobody knows; `granted` is what the service
    says of it, if anything.

    Making albums takes Modify: what `!children` says of its POST.
    """
    if granted is not None:
        return granted == "Modify"
    if record is None:
        return None
    if record.permissions != "Modify":
        return False
    return True if record.writing is Writing.ALLOWED else None


def describe_uploads(allowed: bool | None) -> str:
    """The same for a person who has switched uploads on."""
    match allowed:
        case True:
            return "the grant reaches for them"
        case False:
            return f"the grant does not reach for them: {_WIDEN}"
        case None:
            return f"whether the grant reaches for them, the first will show; if it does not, {_WIDEN}"
