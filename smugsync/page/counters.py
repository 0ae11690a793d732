"""Sums over all runs, kept across restarts: a counter that starts anew at every run would count nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

from smugsync.notify.events import RunEnded
from smugsync.page.writing import replaced
from smugsync.records import dataclass, replace

#: What a run's exit code counts as; every other one is `failed`.
RESULTS: Final = ("good", "incomplete", "guarded", "interrupted", "failed")
_RESULT = {0: "good", 3: "incomplete", 5: "guarded", 130: "interrupted", 143: "interrupted"}

#: Which keys of `Report.as_json()` are summed up.
_SUMMED = {
    "files_downloaded": "files_downloaded",
    "bytes_downloaded": "bytes_downloaded",
    "files_uploaded": "files_sent",
    "bytes_uploaded": "bytes_sent",
    "requests": "requests",
}


@dataclass(frozen=True, slots=True)
class Counters:
    """`runs` by their result; `last_*` are of the run that ended last, times in epoch seconds."""

    runs: Mapping[str, int] = field(default_factory=dict)
    files_downloaded: int = 0
    bytes_downloaded: int = 0
    files_uploaded: int = 0
    bytes_uploaded: int = 0
    requests: int = 0
    last_at: float | None = None
    last_seconds: float | None = None
    last_exit_code: int | None = None

    def after(self, event: RunEnded) -> Counters:
        """With the run that just ended."""
        result = _RESULT.get(event.exit_code, "failed")
        sums = {name: getattr(self, name) + _count(event.report, key) for name, key in _SUMMED.items()}
        return replace(
            self,
            runs={**self.runs, result: self.runs.get(result, 0) + 1},
            last_at=event.at,
            last_seconds=float(event.report.get("seconds") or 0.0),
            last_exit_code=event.exit_code,
            **sums,
        )


def read(path: Path) -> Counters:
    """All zero, if there is nothing or nothing to make sense of."""
    try:
        found = json.loads(path.read_bytes())
        runs = {str(result): int(n) for result, n in found.pop("runs").items()}
        if found.pop("schema") != 1:
            return Counters()
        return Counters(runs=runs, **found)
    except FileNotFoundError:
        return Counters()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        logging.getLogger(__name__).info("the figures of former runs cannot be read from %s", path)
        return Counters()


def write(path: Path, counters: Counters) -> None:
    """Raises OSError."""
    plain = {name: getattr(counters, name) for name in Counters.__slots__}
    replaced(path, json.dumps({"schema": 1, **plain}).encode(), mode=0o600)


def _count(report: Mapping[str, object], key: str) -> int:
    value = report.get(key)
    return value if isinstance(value, int) else 0
