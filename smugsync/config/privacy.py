"""Files with secrets belong to their owner alone, wherever the file system can keep them so."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

#: What the owner may do with a file, and nobody else.
_OTHERS, _WRITABLE_BY_ALL = 0o077, 0o002


def keeps_modes(directory: Path) -> bool:
    """Whether what is made private in `directory` stays private; FAT, exFAT and many shares forget it.

    True as well where nothing can be made.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=".smugsync-", dir=directory)
    except OSError:
        return True
    try:
        return not os.fstat(handle).st_mode & _OTHERS
    finally:
        os.close(handle)
        os.unlink(name)  # noqa: PTH108 - it is what mkstemp calls it


class Guard:
    """Asked about each file that was read. `problems` and `warnings` take a sentence for what is wrong.

    A file system that keeps no modes is told of once, and its files are taken as they are.
    """

    def __init__(self, warnings: list[str], *, keeps_modes: Callable[[Path], bool] = keeps_modes) -> None:
        self._warnings = warnings
        self._keeps_modes = keeps_modes
        self._told = False

    def exposure(self, path: Path, status: os.stat_result, *, secret: bool = True) -> str:
        """What is wrong with the mode of `path`, "" if nothing is.

        A file without a `secret` may be read by others; but who can change it can have our requests
        signed for a server of his own.
        """
        mode = stat.S_IMODE(status.st_mode)
        if not mode & (_OTHERS if secret else _WRITABLE_BY_ALL):
            return ""
        if not self._keeps_modes(path.parent):
            if not self._told:
                self._told = True
                self._warnings.append(
                    f"{path.parent} lies on a file system that keeps no access rights: whoever may read the "
                    f"disk may read the secrets there"
                )
            return ""
        what = "read by others" if secret and mode & 0o044 else "changed by others"
        return f"can be {what} (mode {mode:04o}): chmod 600 it"
