"""Put a configuration file in its place: private from its first byte, whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from smugsync.errors import ConfigError, UsageError


def write_private(path: Path, text: str, *, replace: bool) -> None:
    """Write `text` to `path`, mode 0600, durably. What `replace` displaces is kept as `PATH.bak`.

    Raises UsageError when the file is there already and `replace` is False, ConfigError when it cannot be
    written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        if path.exists() and not replace:
            raise UsageError(f"{path} exists already: edit it, or overwrite it with --force")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(temporary, flags, 0o600), "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            if path.exists():
                _keep(path)
            temporary.rename(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        _sync(path.parent)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _keep(path: Path) -> None:
    backup = path.with_name(f"{path.name}.bak")
    path.rename(backup)
    backup.chmod(0o600)
