"""Put a configuration file in its place: private from its first byte, whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from smugsync.errors import ConfigError, UsageError


def make_private_directory(path: Path) -> None:
    """Make a directory and the parents it lacks, mode 0700, whatever the umask. Raises OSError."""
    missing = [one for one in (path, *path.parents) if not os.path.lexists(one)]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)  # raises where it is no directory


def check_replaceable(path: Path) -> None:
    """Raise ConfigError unless `replace_private` will be able to write `path`."""
    target = Path(os.path.realpath(path))
    probe = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        if target.exists() and os.path.ismount(target):
            raise ConfigError(f"{path}: is mounted by itself, so it cannot be replaced: mount its directory")
        make_private_directory(target.parent)
        try:
            os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        finally:
            with contextlib.suppress(OSError):
                probe.unlink()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


def replace_private(path: Path, text: str) -> None:
    """Put `text` in the place of `path`, mode 0600, durably and at once: nobody ever finds half of it.

    Nothing is kept of what was there. A symbolic link stays one, and its target is replaced; whose file it
    is stays as well, as far as we may. Raises ConfigError when it cannot be written.
    """
    target = Path(os.path.realpath(path))
    try:
        make_private_directory(target.parent)
        with _written(target, text) as temporary:
            if target.exists():
                before = target.stat()
                with contextlib.suppress(OSError):  # only root may give files away
                    os.chown(temporary, before.st_uid, before.st_gid)
            temporary.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


def write_private(path: Path, text: str, *, replace: bool) -> None:
    """Write `text` to `path`, mode 0600, durably. What `replace` displaces is kept as `PATH.bak`.

    Raises UsageError when the file is there already and `replace` is False, ConfigError when it cannot be
    written.
    """
    try:
        if path.exists() and not replace:
            raise UsageError(f"{path} exists already: edit it, or overwrite it with --force")
        make_private_directory(path.parent)
        with _written(path, text) as temporary:
            if path.exists():
                _keep(path)
            temporary.rename(path)
        _sync(path.parent)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def _written(path: Path, text: str) -> Iterator[Path]:
    """A private file beside `path` that holds `text` durably; gone at the end unless it was renamed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    temporary.unlink(missing_ok=True)  # a killed process of the same number may have left one
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


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
