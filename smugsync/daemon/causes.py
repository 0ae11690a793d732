"""Which cause an error has: what cannot be told from the error is found out by looking at the disk."""

from __future__ import annotations

import errno
from pathlib import Path

from smugsync.daemon.holding import Cause
from smugsync.errors import (
    Busy,
    CatalogueError,
    ConfigError,
    MirrorUnusable,
    NotAuthorised,
    SmugsyncError,
    SuspiciousPlan,
    Unreachable,
)
from smugsync.local.tree import Mirror
from smugsync.local.trouble import free_bytes
from smugsync.records import dataclass

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
#: The service takes no file of more than 3 GB: where there is less than that beside the reserve, it was room
#: for the next one that was short.
_LARGEST = 3 << 30


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a profile's mirror lies. `known` is its id by the catalogue, None before the first run; `reserve`
    is in bytes."""

    mirror: Path
    reserve: int = 0
    known: str | None = None


def cause_of(error: SmugsyncError, ground: Ground) -> Cause:
    """The cause for which a run ended early, or did not begin."""
    match error:
        case NotAuthorised():
            return "unauthorised"
        case Unreachable():
            return "offline"
        case ConfigError():
            return "misconfigured"
        case Busy():
            return "busy"
        case CatalogueError():
            return "broken"
        case SuspiciousPlan():
            return _look(ground)
        case MirrorUnusable():
            cause = error.__cause__
            return "full" if isinstance(cause, OSError) and cause.errno in _NO_ROOM else "broken"
        case _:
            return "broken"


def _look(ground: Ground) -> Cause:
    """What is wrong with the mirror's place; `guarded` if nothing is."""
    try:
        with Mirror.open(ground.mirror) as mirror:
            found = mirror.read_marker()
            if found is None:
                return "unmounted"
            if ground.known is not None and found.mirror != ground.known:
                return "foreign"
            room = free_bytes(mirror.root.fd)
    except SuspiciousPlan:
        return "guarded" if ground.mirror.is_dir() else "unmounted"
    except (SmugsyncError, OSError):
        return "broken"
    return "full" if room < ground.reserve + _LARGEST else "guarded"
