"""Events as a daemon or a command makes them."""

from __future__ import annotations

from typing import Any

from smugsync.notify.events import Held, Recovered, RunEnded, RunStarted
from smugsync.notify.messages import Notice

NOW = 1_800_000_000.0
DAY = 86_400.0


def began(scope: str = "delta", *, profile: str = "default", asked: bool = True) -> RunStarted:
    return RunStarted(profile, scope, NOW, asked)


def ended(
    code: int = 0,
    scope: str = "delta",
    *,
    failed: int = 0,
    damaged: int = 0,
    troubles: tuple[str, ...] = (),
    error: str | None = None,
    profile: str = "default",
    asked: bool = True,
    at: float = NOW,
) -> RunEnded:
    report: dict[str, Any] = {
        "schema": 1,
        "files_failed": failed,
        "files_damaged": damaged,
        "error": error,
        "troubles": [{"path": path, "reason": "the connection broke off"} for path in troubles],
        "files_downloaded": 7,
        "bytes_downloaded": 700,
        "requests": 5,
        "seconds": 1.5,
    }
    return RunEnded(profile, scope, at, code, f"the summary of a run that ended with {code}", report, asked)


def held(cause: str = "guarded", *, profile: str = "default") -> Held:
    return Held(profile, cause, "213 photos are gone: look, then `smugsync sync --accept-loss`", NOW)


def recovered(cause: str = "guarded") -> Recovered:
    return Recovered("default", cause, NOW - 7_500, NOW)


NOTICE = Notice(
    "default", "failed", "failed", "smugsync: 3 photos failed", "they broke off", NOW, command="x y"
)
