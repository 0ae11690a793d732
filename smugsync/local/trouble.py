"""What a refusal of the disk means: the whole mirror is unusable, or one file has to wait."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

from smugsync.errors import MirrorUnusable, SmugsyncError, Transient

_FULL: Final = "no space is left"
_WHOLE_MIRROR: Final[dict[int, tuple[str, str]]] = {
    errno.ENOSPC: (_FULL, "make room, or move the mirror to a larger disk"),
    errno.EDQUOT: ("the disk quota is used up", "make room, or have the quota raised"),
    errno.EROFS: ("the disk is read-only", "check its health, then mount it writable"),
    errno.EIO: ("the disk reports an I/O error", "check the disk and its cable before the next run"),
    errno.EMFILE: ("too many files are open", "raise the limit (ulimit -n, LimitNOFILE=)"),
    errno.ENFILE: ("too many files are open on this machine", "raise fs.file-max"),
    errno.ENOMEM: ("the kernel is out of memory", "free some memory"),
} | dict.fromkeys(
    # What a disk or share answers once it is unplugged, unmounted or its server is gone.
    (errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ETIMEDOUT),
    ("the disk went away", "check that it is connected and mounted"),
)
_ONE_ITEM: Final[dict[int, str]] = {
    errno.EACCES: "permission denied",
    errno.EPERM: "the operation is not permitted",
    errno.ELOOP: "a symbolic link is in the way, and links are never followed",
    errno.ENOTDIR: "a file is where a directory should be",
    errno.EISDIR: "a directory is where a file should be",
    errno.EEXIST: "something else has taken that name meanwhile",
    errno.ENOTEMPTY: "something else has taken that name meanwhile",
    errno.ENOENT: "it has vanished meanwhile",
    errno.EFBIG: "it is larger than this filesystem, or a limit on this process, allows",
    errno.ENAMETOOLONG: "the name is too long for this filesystem",
    errno.EXDEV: "it lies on another disk than the place it should go to",
}


def explain(
    error: OSError, doing: str, *, mirror: Path, mirror_fd: int, called: str = "mirror"
) -> SmugsyncError:
    """The error to raise for `error`, met while `doing` ("writing Travel/a.jpg"). `called`: what it is.

    MirrorUnusable when every further file would meet the same; Transient when only this one does.
    """
    code = error.errno or 0
    if code in _WHOLE_MIRROR:
        cause, advice = _WHOLE_MIRROR[code]
        return MirrorUnusable(
            f"the {called} {mirror} cannot be used: {cause} ({doing}; {_free(mirror_fd)}); {advice}"
        )
    return Transient(f"{doing}: {_ONE_ITEM.get(code) or error.strerror or error}")


def free_bytes(fd: int) -> int:
    """Bytes an unprivileged writer may still use on the filesystem of `fd`. Raises OSError."""
    space = os.fstatvfs(fd)
    return space.f_bavail * space.f_frsize


def _free(fd: int) -> str:
    try:
        amount = float(free_bytes(fd))
    except OSError:
        return "free space unknown"
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} bytes free" if unit == "bytes" else f"{amount:.1f} {unit} free"
        amount /= 1000
    return f"{amount:.1f} TB free"
