"""What `status` says of proofs and damage, and of when the service's wrong bytes are tried again."""

from __future__ import annotations

from typing import Any

from smugsync.catalogue import Catalogue, join
from smugsync.cli.amounts import ago, moment
from smugsync.cli.summary import plural, told

#: So many damaged files are named.
_NAMED = 20
#: The facts of a mirror that does not exist yet.
NO_PROOFS: dict[str, Any] = {"oldest_proof": None, "never_proven": 0, "files_damaged": 0, "damaged": []}


def proof_facts(catalogue: Catalogue) -> dict[str, Any]:
    """For `status --json`: times are epoch seconds."""
    oldest, never = catalogue.oldest_proof()
    return {
        "oldest_proof": oldest,
        "never_proven": never,
        "files_damaged": catalogue.count_damaged(),
        "damaged": [
            {
                "path": join(catalogue.album(row.album_id).directory, row.name),
                "since": row.damaged_at,
                "last_good": row.verified_at,
            }
            for row in catalogue.damaged(limit=_NAMED)
        ],
    }


def proof_lines(facts: dict[str, Any], now: float) -> list[str]:
    """The lines of `status`, from what `proof_facts` gave."""
    lines = []
    if facts["oldest_proof"] is not None:
        never = facts["never_proven"]
        tail = f"; {plural(never, 'file')} never proven" if never else ""
        lines.append(f"  oldest proof {ago(facts['oldest_proof'], now)}{tail}")
    for item in facts["damaged"]:
        good = f", right on {moment(item['last_good'])}" if item["last_good"] else ""
        lines += told(f"damaged: {item['path']}", f"known since {moment(item['since'])}{good}")
    if facts["files_damaged"]:
        more = facts["files_damaged"] - len(facts["damaged"])
        lines.append(
            (f"  and {more:,} more damaged; " if more else "  ")
            + "`smugsync verify --repair` mends what is damaged, or says why it cannot"
        )
    return lines


def patience(state: str, retry_at: int | None, now: float) -> str:
    """When the wrong bytes of a quarantined file are asked for again; "" for other states."""
    if state != "quarantined" or retry_at is None:
        return ""
    when = f"after {moment(retry_at)}, or now" if retry_at > now else "at the next run, or now"
    return f" (tried again {when} by `smugsync sync --full`)"
