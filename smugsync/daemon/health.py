"""Is all well? Whoever asks may restart what is not, or call a person: so only what one of them could change
says no. `status --healthy` and the page's `/healthz` both go by this."""

from __future__ import annotations

from smugsync.daemon.standing import Standing
from smugsync.errors import Busy, ItemError, Unreachable, UsageError

#: What a daemon may be held by without anybody having to do anything.
_PASSING = frozenset({"offline", "busy"})
#: Ends of a run that call for nobody: single files, a slip of the hand, what passes by itself, a signal.
_HARMLESS = frozenset(
    {None, 0, UsageError.exit_code, ItemError.exit_code, Busy.exit_code, Unreachable.exit_code, 130, 143}
)


def is_held_up(standing: Standing) -> bool:
    """Does something hold it that will not pass by itself?"""
    return standing.held is not None and standing.held.cause not in _PASSING


def has_failed(exit_code: int | None) -> bool:
    """Did a run that ended so fail as a whole? None = there was none: what is only beginning is well."""
    return exit_code not in _HARMLESS


def is_healthy(standing: Standing) -> bool:
    """As the daemon itself sees it; how old its last good run is counts for nothing here."""
    if standing.held is not None:
        return not is_held_up(standing)
    return not has_failed(standing.last_exit_code)
