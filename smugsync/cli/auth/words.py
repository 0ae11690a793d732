"""How a sign-in is told to people."""

from __future__ import annotations

from smugsync.cli.auth.record import Record
from smugsync.remote.smugmug_v2.viewer import Viewer, Writing

#: A second authorisation cannot widen a grant (SmugMug's OAuth FAQ).
_WIDEN = (
    "revoke the grant on SmugMug under Account Settings, Privacy, Authorized Services, then run "
    "`smugsync auth login`"
)


def describe(viewer: Viewer) -> str:
    """Nickname, name and address, as far as they are known."""
    named = f" ({viewer.name})" if viewer.name.casefold() not in ("", viewer.nickname.casefold()) else ""
    return f"{viewer.nickname}{named}" + (f", {viewer.url}" if viewer.url else "")


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


def may_upload(record: Record | None) -> bool | None:
    """Whether a token may send files and make albums, None where nobody knows.

    Making albums takes Modify: what `!children` says of its POST.
    """
    if record is None:
        return None
    if record.permissions != "Modify":
        return False
    return True if record.writing is Writing.ALLOWED else None


def describe_uploads(record: Record | None) -> str:
    """The same for a person who has switched uploads on."""
    match may_upload(record):
        case True:
            return "the grant reaches for them"
        case False:
            return f"the grant does not reach for them: {_WIDEN}"
        case None:
            return f"whether the grant reaches for them, the first will show; if it does not, {_WIDEN}"
