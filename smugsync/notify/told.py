"""What was told already: kept across restarts, so that nothing is told twice."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import field, fields
from pathlib import Path

from smugsync.records import dataclass

#: So many troubles are remembered of a group of runs; more of them count as known.
REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class Failing:
    """Runs of one group have been ending badly: `count` files failed at most, `known` troubles were told."""

    count: int = 0
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Told:
    """Times are epoch seconds.

    `cause` is what was told as holding the profile, "" if nothing does. `code` is the exit code of the run
    that told it; 0 = a hold did, which lasts until `Recovered`. `stale_at`: when a reminder went out.
    """

    cause: str = ""
    code: int = 0
    since: float = 0.0
    failing: Mapping[str, Failing] = field(default_factory=dict)
    damaged: int = 0
    stale_at: float | None = None


class Memory:
    """One small JSON file. If it cannot be read nothing was told; if it cannot be written the log says so."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._complained = False

    def load(self) -> Told:
        try:
            return _read(self._path.read_bytes())
        except FileNotFoundError:
            return Told()
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            logging.getLogger(__name__).info("what was told before cannot be read from %s", self._path)
            return Told()

    def save(self, told: Told) -> None:
        part = self._path.with_name(f"{self._path.name}.part")
        try:
            handle = os.open(
                part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
            with os.fdopen(handle, "wb") as file:
                file.write(_written(told))
            part.replace(self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            if not self._complained:
                self._complained = True
                logging.getLogger(__name__).warning(
                    "what was told cannot be noted in %s (%s): after a restart it may be told again",
                    self._path,
                    error.strerror,
                )


def _written(told: Told) -> bytes:
    failing = {
        group: {"count": one.count, "known": sorted(one.known)} for group, one in sorted(told.failing.items())
    }
    plain = {one.name: getattr(told, one.name) for one in fields(told)}
    return json.dumps({"schema": 1, **plain, "failing": failing}).encode()


def _read(data: bytes) -> Told:
    """Raises ValueError, TypeError, KeyError or AttributeError for what `_written` never wrote."""
    found = json.loads(data)
    if found["schema"] != 1:
        raise ValueError("another version")
    failing = {
        str(group): Failing(int(one["count"]), frozenset(map(str, one["known"])))
        for group, one in found["failing"].items()
    }
    stale = found["stale_at"]
    return Told(
        cause=str(found["cause"]),
        code=int(found["code"]),
        since=float(found["since"]),
        failing=failing,
        damaged=int(found["damaged"]),
        stale_at=None if stale is None else float(stale),
    )
