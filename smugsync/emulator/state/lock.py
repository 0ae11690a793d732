"""One process at a time: a file beside the one that is worked with, as long as it is locked, and that one
itself, which may have several names.

The lock on the file itself is not enough: somebody may remove it and begin another of its name, while what
SQLite keeps beside it is in use. Both are of the kind (flock) that SQLite's own locks do not meet.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Lock:
    """Held from the beginning to `release`, or to the end of the process."""

    def __init__(self, file: Path) -> None:
        """Lock an existing file. Raises BlockingIOError while another process holds it, OSError if it or
        the one beside it cannot be opened."""
        file = file.resolve()
        self._path = file.with_name(f"{file.name}.lock")
        self._descriptor = self._take()
        try:
            self._file = os.open(file, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BaseException:
                os.close(self._file)
                raise
        except BaseException:
            self._release()
            raise

    def release(self) -> None:
        """To be called once SQLite is through: closing the file ends this process's other locks on it."""
        os.close(self._file)
        self._release()

    def _release(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _take(self) -> int:
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Whoever had it before may have removed the file after we opened it.
                if self._path.exists() and os.path.samestat(os.fstat(descriptor), self._path.stat()):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
