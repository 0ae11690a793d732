"""Bytes for which nothing was promised: what can be found out about them here, to be recorded with them."""

from __future__ import annotations

import hashlib
import os
from typing import Final, Literal

from smugsync.core.media import HEAD, Family, media_of
from smugsync.errors import IntegrityError
from smugsync.local.decoding import Broken, Decoder, How, Unjudged, Whole, examine
from smugsync.local.reading import digest
from smugsync.records import dataclass
from smugsync.stop import Stop

#: How a picture was found to be whole; "" = it is none, or nobody can tell.
Inspection = Literal["decoded", "structure", ""]
_HOW: Final[dict[How, Inspection]] = {How.DECODED: "decoded", How.STRUCTURE: "structure"}


@dataclass(frozen=True, slots=True)
class Inspected:
    """Our own SHA-256, in lower-case hex, and `how` the picture was looked at."""

    sha256: str
    how: Inspection = ""


def inspect(
    fd: int,
    name: str,
    md5: str,
    stop: Stop,
    *,
    decoder: Decoder | None,
    is_picture: bool,
    refuse: bool,
) -> Inspected:
    """Look at an open file whose bytes have come as they were announced, and have this `md5`.

    Raises IntegrityError for a picture that is not whole, or is none, if such are to be `refuse`d; OSError,
    Interrupted.
    """
    how: Inspection = ""
    if is_picture:
        verdict = examine(fd, decoder, name=name)
        if isinstance(verdict, Broken) and refuse:
            why = f"the picture is not whole: it {verdict.why}"
            raise IntegrityError(why, promised="a whole picture", found=md5)
        if isinstance(verdict, Unjudged) and refuse and not _is_picture(fd):
            raise IntegrityError("what came is no picture", promised="a whole picture", found=md5)
        if isinstance(verdict, Whole):
            how = _HOW[verdict.how]
    sha256 = hashlib.sha256()
    os.lseek(fd, 0, os.SEEK_SET)
    digest(fd, (sha256,), stop)
    return Inspected(sha256.hexdigest(), how)


def _is_picture(fd: int) -> bool:
    """By its first bytes, of any format that is known; what ends it may be unknown."""
    found = media_of(os.pread(fd, HEAD, 0))
    return found is not None and found.family is Family.PICTURE
