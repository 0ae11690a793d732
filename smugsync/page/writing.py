"""Small files that others read while we write them."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def replaced(path: Path, data: bytes, *, mode: int) -> None:
    """Put `data` in the place of `path`: whoever reads it sees the old or the new, whole. Raises OSError.

    `mode` holds whatever the umask.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
