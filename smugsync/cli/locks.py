"""Who may work on a profile: one process at a time, and one daemon, which stands aside for the others."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from smugsync.config import Config
from smugsync.config.writing import make_private_directory
from smugsync.daemon.client import alone
from smugsync.errors import Busy, MirrorUnusable
from smugsync.local.probe.place import Kind, place_of

#: A daemon that has granted the lock may still be closing what it had open, for so many seconds.
_HANDOVER = 5.0


@contextmanager
def locked(config: Config) -> Iterator[None]:
    """One process per catalogue; a daemon that keeps the profile begins nothing meanwhile.

    Raises Busy, MirrorUnusable.
    """

    def waiting(scope: str) -> None:
        from smugsync.notify.words import advised  # noqa: PLC0415 - 5 ms that few need to wait for

        said = f"the daemon is in the middle of a run ({scope}): this waits until that is done; "
        said += advised("`smugsync pause` ends it sooner", config.profile)
        logging.getLogger("smugsync").warning(said)

    with alone(config.socket, waiting) as is_kept, run_lock(config, patience=_HANDOVER if is_kept else 0.0):
        yield


@contextmanager
def claimed(config: Config) -> Iterator[None]:
    """One daemon per profile, for as long as it lives; whoever works on the profile takes the other lock.

    Raises Busy, MirrorUnusable.
    """
    with _held(
        config,
        config.state_dir / "daemon.lock",
        config.state_dir / "daemon.pid",
        lambda who: f"a daemon, {who}, keeps profile {config.profile!r} already; stop it, or use it",
    ):
        warn_of_share(config.state_dir)
        yield


def run_lock(config: Config, *, patience: float = 0.0) -> AbstractContextManager[None]:
    """The lock alone, for `patience` seconds at most: what a daemon takes for each of its runs."""
    return _held(
        config,
        config.lock,
        config.state_dir / "pid",
        lambda who: f"{who} is working on profile {config.profile!r} already; wait until it is done",
        patience=patience,
    )


@contextmanager
def _held(
    config: Config, path: Path, holder: Path, busy: Callable[[str], str], *, patience: float = 0.0
) -> Iterator[None]:
    """The lock at `path`. The holder's process id lies beside it, for the message."""
    try:
        make_private_directory(config.state_dir)
        lock = FileLock(path)
        lock.acquire(timeout=patience)
    except Timeout:
        try:
            who = f"process {int(holder.read_text())}"
        except (OSError, ValueError):
            who = "another process"
        raise Busy(busy(who)) from None
    except OSError as error:
        owner = isinstance(error, PermissionError) and os.path.lexists(config.state_dir)
        which = f" ({error.filename})" if owner and error.filename else ""
        give = "give it to the user that smugsync runs as, or " if owner else ""
        raise MirrorUnusable(
            f"the state directory {config.state_dir} cannot be used: {error.strerror or error}{which}; "
            f"{give}set SMUGSYNC_STATE_DIR to a local directory you may write to"
        ) from error
    try:
        with suppress(OSError):  # it is only for the message; a full disk is told of where it matters
            holder.write_text(f"{os.getpid()}\n")
        yield
    finally:
        with suppress(OSError):
            holder.unlink()
        lock.release()


def warn_of_share(state_dir: Path) -> None:
    """Not refused: where SQLite's log cannot be kept, opening the catalogue fails anyway."""
    if place_of(state_dir).kind is Kind.NETWORK:
        logging.getLogger("smugsync").warning(
            f"the state directory {state_dir} is on a network share, where locks may fail: two runs at once "
            "could spoil the catalogue; set SMUGSYNC_STATE_DIR to a local directory"
        )
