"""The kernel's limits of inotify(7), and what to do about them."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

_LIMITS: Final = Path("/proc/sys/fs/inotify")
#: What distributions with large limits set.
_WATCHES, _INSTANCES = 524_288, 1_024
#: What `inotify_add_watch` answers at a limit: of the user, or of the kernel's memory.
USED_UP: Final = frozenset({errno.ENOSPC, errno.ENOMEM})
#: What says that a limit is reached, and not that something is wrong.
LIMITS: Final = USED_UP | {errno.EMFILE, errno.ENFILE}


def explain_limit(code: int, *, directories: int = 0, limits: Path = _LIMITS) -> str:
    """Why the kernel refused to watch, with the line to set, as a clause. `code` is its errno."""
    if code in USED_UP:
        limit = _read(limits / "max_user_watches")
        known = f" of {limit:,}" if limit else " of"
        wanted = _line("max_user_watches", max(_WATCHES, 2 * directories, 2 * (limit or 0)))
        return f"the kernel's limit{known} watched directories for each user is reached; {wanted}"
    if code in (errno.EMFILE, errno.ENFILE):
        limit = _read(limits / "max_user_instances")
        known = f" of {limit:,}" if limit else " of"
        wanted = _line("max_user_instances", max(_INSTANCES, 2 * (limit or 0)))
        return f"the kernel's limit{known} watching programs for each user is reached; {wanted}"
    return f"the kernel refuses to watch ({errno.errorcode.get(code, code)})"


def _line(name: str, value: int) -> str:
    return (
        f"to raise it, put `fs.inotify.{name}={value}` into /etc/sysctl.d/60-smugsync.conf and run "
        "`sudo sysctl --system`"
    )


def _read(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
