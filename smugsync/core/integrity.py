"""What "verified" means for each kind of promise: the bytes found are held against it, or refused."""

from __future__ import annotations

from smugsync.core.model import Evidence, Promise
from smugsync.errors import IntegrityError
from smugsync.records import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """What was really received or read: MD5 in lower-case hex, size in bytes."""

    md5: str
    size: int


def prove(promised: Promise, found: Found) -> Evidence:
    """The evidence that `found` is what was promised; raises IntegrityError when it is not.

    No bytes at all are never proof, unless exactly none were promised: an empty body with status 200
    is how a media host turns a client away.
    """
    if promised.size is not None and promised.size != found.size:
        raise IntegrityError(
            f"{promised.size:,} bytes were promised and {found.size:,} arrived",
            promised=str(promised.size),
            found=str(found.size),
        )
    if found.size == 0 and promised.size is None and promised.md5 is None:
        raise IntegrityError("the service sent no bytes", promised="some bytes", found="0")
    if promised.md5 is not None and promised.md5 != found.md5:
        raise IntegrityError(
            f"the MD5 should be {promised.md5} and is {found.md5}", promised=promised.md5, found=found.md5
        )
    if promised.md5 is None and promised.size is None:
        return Evidence.SELF
    return Evidence.PROMISED


def same(promised: Promise, found: Found) -> bool:
    """Is a file that another tool left here the very file the service promises?

    Only an MD5 can say so; a size alone never makes two files the same.
    """
    return promised.md5 == found.md5 and promised.size in (None, found.size)
