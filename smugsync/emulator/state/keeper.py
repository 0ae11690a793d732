"""Where the bytes of uploads are kept."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.content import Bytes, Content, File
from smugsync.stop import Stop

#: Bytes of an upload that are held in memory.
IN_MEMORY: Final = 256 << 10


class Tokens(Protocol):
    """Who may do what. `changes` moves with everything that `dump` would tell differently."""

    @property
    def changes(self) -> int: ...

    def dump(self) -> dict[str, Any]: ...


class Keeper(Protocol):
    """Keeps uploads for as long as something shows them, and perhaps the account."""

    def keep(self, upload: bytes | Path) -> Content:
        """Take over the bytes, or the file at a path, which is moved away. Raises OSError if it cannot."""

    def drop(self, content: Content) -> None:
        """Let go of what was kept, unless an image shows it."""

    def save(self, account: Account, tokens: Tokens) -> None:
        """Write down what has changed since the last call. Raises SmugsyncError if it cannot."""

    def read_note(self, name: str) -> str | None:
        """What an earlier run wrote down under that name. Raises SmugsyncError."""

    def write_note(self, name: str, value: str) -> None:
        """For a later run, readable for nobody else. Raises SmugsyncError."""

    def close(self) -> None:
        """Let go of everything."""


class Fleeting:
    """Keeps a few bytes in memory and more of them in files of a private directory, which is removed at the
    end. No file is hashed any more after the `stop`."""

    def __init__(self, stop: Stop | None = None) -> None:
        self._stop = stop
        self._lock = threading.Lock()
        self._directory: Path | None = None
        self._number = 0
        self._clear: Callable[[], object] = lambda: None

    def keep(self, upload: bytes | Path) -> Content:
        if isinstance(upload, bytes) and len(upload) <= IN_MEMORY:
            return Bytes(upload)
        with self._lock:
            self._number += 1
            place = self._home() / str(self._number)
        kept = _Kept(place, self._stop)
        if isinstance(upload, bytes):
            place.write_bytes(upload)
        else:
            shutil.move(upload, place)
        return kept

    def drop(self, content: Content) -> None:
        """It goes by itself."""

    def save(self, account: Account, tokens: Tokens) -> None:
        """There is nothing to write it to."""

    def read_note(self, name: str) -> str | None:
        return None

    def write_note(self, name: str, value: str) -> None:
        """There is no later run."""

    def close(self) -> None:
        self._clear()

    def _home(self) -> Path:
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="smugsync-emulator-"))
            self._clear = weakref.finalize(self, shutil.rmtree, self._directory, ignore_errors=True)
        return self._directory


class _Kept(File):
    """A file that goes with the last image that shows it."""

    def __init__(self, path: Path, stop: Stop | None) -> None:
        super().__init__(path, stop)
        weakref.finalize(self, _unlink, path)


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
