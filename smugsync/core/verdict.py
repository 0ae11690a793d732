"""Is a held file still what was accepted? What was read is held against what is recorded.

A person's edit moves the time stamp; decay does not. So other bytes under an unchanged time are damage,
also where the size changed with them (a program that edits and puts the old time back is told so, and its
file is kept all the same; `touch` turns it into an edit).
"""

from __future__ import annotations

from enum import StrEnum

from smugsync.core.model import Base, LocalFile
from smugsync.core.reconcile import is_damage


class Verdict(StrEnum):
    """What became of a held file; the values are the words a person reads."""

    RIGHT = "right"
    TOUCHED = "touched"  #: the right bytes under another time
    EDITED = "edited"  #: other bytes under another time
    DAMAGED = "damaged"  #: other bytes under the same time, or none that can be read back
    SPOILT = "edit damaged"  #: likewise, of an edit that was made here
    MISSING = "missing"
    UNREADABLE = "unreadable"  #: not allowed, or no regular file
    BUSY = "being changed"  #: it changed while it was read: to be asked again another time


def judge(base: Base, edit: LocalFile | None, local: LocalFile) -> Verdict:
    """The verdict on `local`, which was read whole; `edit` is a person's edit as recorded, with its MD5."""
    if local.md5 == base.held_md5:
        return Verdict.RIGHT if local.fingerprint == base.fingerprint else Verdict.TOUCHED
    if is_damage(base, local):
        return Verdict.DAMAGED
    if edit is not None and edit.md5 != local.md5 and edit.fingerprint.mtime_ns == local.fingerprint.mtime_ns:
        return Verdict.SPOILT
    return Verdict.EDITED
