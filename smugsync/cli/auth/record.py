"""What was asked for when somebody signed in: a note in the profile's state directory.

The service tells nobody what a token was granted, so this is all there is to know. The note names its
token by a fingerprint and says nothing about any other.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from smugsync.config.writing import replace_private
from smugsync.errors import ConfigError
from smugsync.records import dataclass
from smugsync.remote.sign_in import Access, Permissions
from smugsync.remote.smugmug_v2.viewer import Writing
from smugsync.secret import Secret


@dataclass(frozen=True, slots=True)
class Record:
    """`at` is an ISO 8601 time with its offset; `writing` is None where no write was tried."""

    access: Access
    permissions: Permissions
    at: str
    writing: Writing | None = None

    def keep(self, state_dir: Path, token: Secret) -> bool:
        """Write the note; False where that is impossible, which spoils nothing but `auth status`."""
        fields = asdict(self) | {"writing": self.writing and self.writing.value}
        text = json.dumps({"schema": 1, "token": _fingerprint(token), **fields}, indent=2)
        try:
            replace_private(_path(state_dir), f"{text}\n")
        except ConfigError:
            return False
        return True


def recall(state_dir: Path, token: Secret) -> Record | None:
    """The note about this very token, None if there is none that makes sense."""
    try:
        found = json.loads(_path(state_dir).read_text(encoding="utf-8"))
        writing = None if found["writing"] is None else Writing(found["writing"])
        record = Record(found["access"], found["permissions"], found["at"], writing)
        known = (
            record.access in get_args(Access)
            and record.permissions in get_args(Permissions)
            and isinstance(record.at, str)
        )
        return record if known and found["token"] == _fingerprint(token) else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def forget(state_dir: Path) -> None:
    """Remove the note, if there is one."""
    try:
        _path(state_dir).unlink(missing_ok=True)
    except OSError:
        return  # it is about a token that is gone, and will not be believed again


def _path(state_dir: Path) -> Path:
    return state_dir / "sign-in.json"


def _fingerprint(token: Secret) -> str:
    return hashlib.sha256(b"smugsync " + token.reveal().encode("utf-8", "surrogateescape")).hexdigest()[:16]
