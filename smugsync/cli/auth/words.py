"""How a sign-in is told to people."""

from __future__ import annotations

from smugsync.cli.auth.record import Record
from smugsync.remote.smugmug_v2_viewer import Viewer, Writing


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
