"""What `/healthz` answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smugsync.daemon.health import is_healthy
from smugsync.daemon.standing import Standing


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
