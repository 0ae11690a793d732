"""Is all well? For probes that restart or alarm: only what a restart or a person could change says no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smugsync.daemon.standing import Standing

#: Ends of a run that are none of the daemon's fault: single files, and a person who ended it.
_HARMLESS = frozenset({None, 0, 3, 130, 143})


def is_healthy(standing: Standing) -> bool:
    """Not held, and the last run did not fail as a whole. Before the first run: healthy, or a probe would end
    what is only beginning."""
    return standing.held is None and standing.last_exit_code in _HARMLESS


def health(standings: Sequence[Standing]) -> dict[str, Any]:
    """The whole answer of `/healthz`."""
    return {
        "schema": 1,
        "healthy": all(is_healthy(one) for one in standings),
        "profiles": {
            one.profile: {
                "healthy": is_healthy(one),
                "held": None if one.held is None else one.held.cause,
                "why": None if one.held is None else one.held.why,
                "last_exit_code": one.last_exit_code,
                "last_good": one.last_good,
            }
            for one in standings
        },
    }
