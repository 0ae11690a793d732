"""A pause that outlives the process: who paused it would be surprised by a restart that goes on."""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
from pathlib import Path


class PauseNote:
    """The file that says until when (epoch seconds; infinity = until somebody resumes) nothing is done."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> float | None:
        """None = not paused; so is a file that makes no sense."""
        try:
            found = json.loads(self._path.read_bytes()[:4096])["until"]
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        if found is None:
            return math.inf
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None

    def write(self, until: float) -> None:
        """Raises OSError."""
        text = json.dumps({"until": None if math.isinf(until) else until})
        handle, name = tempfile.mkstemp(prefix=".paused-", dir=self._path.parent)  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(text)
            Path(name).replace(self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise

    def forget(self) -> None:
        """Raises OSError."""
        self._path.unlink(missing_ok=True)
