"""The facts as JSON, for `/api/status.json` and scripts; `schema` counts up when a key changes or goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from smugsync import __version__
from smugsync.daemon.health import is_healthy
from smugsync.page.facts import Facts
from smugsync.page.figures import ITEMS


def as_json(profiles: Sequence[Facts], *, now: float) -> dict[str, Any]:
    """Times are epoch seconds, sizes bytes."""
    return {"schema": 1, "version": __version__, "at": now, "profiles": [_profile(one) for one in profiles]}


def _profile(facts: Facts) -> dict[str, Any]:
    standing, totals, albums = facts.standing, facts.totals, facts.albums
    return {
        "profile": facts.subject.profile,
        "mirror": str(facts.subject.mirror),
        "healthy": is_healthy(standing),
        "running": standing.scope or None,
        "paused": standing.paused,
        "held": None if standing.held is None else asdict(standing.held),
        "progress": asdict(standing.way) if standing.scope else None,
        "due": dict(standing.due),
        "watching": standing.watching or None,
        "waiting": standing.waiting,
        "last_exit_code": standing.last_exit_code,
        "last_good": facts.last_good,
        "unknown": facts.unknown or None,
        "nickname": totals.nickname or None if totals else None,
        "albums": totals.albums if totals else 0,
        "albums_unreadable": totals.albums_unreadable if totals else 0,
        "files": {word: totals.files(state) for state, word in ITEMS.items()} if totals else {},
        "bytes": {word: totals.bytes(state) for state, word in ITEMS.items()} if totals else {},
        "sending": {state.value: n for state, n in totals.sending.items()} if totals else {},
        "damaged": totals.damaged if totals else 0,
        "conflicts": totals.conflicts if totals else 0,
        "edits": totals.edits if totals else 0,
        "oldest_proof": totals.oldest_proof if totals else None,
        "runs": [asdict(run) for run in facts.runs],
        "attention": [asdict(one) for one in facts.troubles],
        "album_page": {
            "total": albums.total,
            "page": albums.number,
            "pages": albums.pages,
            "query": albums.query,
            "albums": [asdict(line) for line in albums.lines],
        },
    }
