"""`smugsync status` and `smugsync ls`: what the catalogue knows, without asking the service."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from smugsync.catalogue import AlbumRow, Catalogue, RunRow, join
from smugsync.cli.frame import Command
from smugsync.cli.healthy import told
from smugsync.cli.invocation import Invocation
from smugsync.cli.ledger import ledger
from smugsync.cli.status.daemon import daemon_facts, daemon_lines
from smugsync.cli.status.proofs import NO_PROOFS, patience, proof_facts, proof_lines
from smugsync.cli.status.waiting import NOTHING_WAITS, waiting_facts, waiting_lines
from smugsync.cli.summary import plural
from smugsync.config import Config
from smugsync.core.lifecycle import State
from smugsync.core.printable import printable
from smugsync.daemon.client import standing_of
from smugsync.errors import UsageError
from smugsync.progress import duration, size
from smugsync.sync.cycle.choosing import choose
from smugsync.sync.report import scope_words

_WORDS = {
    State.COMMITTED: "mirrored and proven",
    State.PLANNED: "to be fetched",
    State.FAILED: "failed, tried again",
    State.QUARANTINED: "quarantined",
    State.WITHHELD: "withheld by the service",
    State.RETIRED: "gone online, kept here",
    State.SENDING: "being sent",
    State.IN_DOUBT: "sent, not confirmed",
}
_NAMED = 20


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--healthy", is_flag=True, help="Print one line, and exit with 1 if all is not well.")
@click.pass_obj
def status(invocation: Invocation, *, as_json: bool, healthy: bool) -> int:
    """Show what is mirrored, what is missing and why, how the last run went, and what the daemon does.

    --healthy is for monitors and for Docker's HEALTHCHECK: it speaks of all profiles, unless one is chosen.
    """
    if healthy:
        return told(invocation)
    config = invocation.load()
    standing = standing_of(config.socket)
    with ledger(config) as catalogue:
        facts = _facts(config, catalogue) | daemon_facts(standing)
    if as_json:
        print(printable(json.dumps(facts, ensure_ascii=False)))
        return 0
    daemon = daemon_lines(invocation, standing, time.time())
    for line in (*_words(config, facts), *waiting_lines(invocation, facts), *daemon):
        print(invocation.told(line))
    return 0


def _facts(config: Config, catalogue: Catalogue | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "schema": 1,
        "profile": config.profile,
        "mirror": str(config.mirror),
        "nickname": None,
        "albums": 0,
        "albums_unreadable": 0,
        "files": {},
        "bytes": 0,
        "unproven": 0,
        "unpromised": 0,
        "local_files": {},
        "last_run": None,
        "last_full": None,
        "attention": [],
        "uploads": {},
        "unsent": [],
        **NO_PROOFS,
        **NOTHING_WAITS,
    }
    if catalogue is None:
        return facts
    albums, counts = catalogue.count_albums(), catalogue.count()
    last_full = catalogue.recall("last_full")
    facts |= {
        "nickname": catalogue.recall("nickname"),
        "albums": sum(n for state, n in albums.items() if state != "gone"),
        "albums_unreadable": albums.get("frozen", 0),
        "files": {state.value: n for state, (n, _) in sorted(counts.items())},
        "bytes": sum(s for state, (_, s) in counts.items() if state in (State.COMMITTED, State.RETIRED)),
        "unproven": catalogue.count_unproven(),
        "unpromised": catalogue.count_unpromised(),
        "local_files": catalogue.count_local(),
        "last_run": _run(catalogue.last_look()),
        "last_full": None if last_full is None else int(last_full),
        "attention": [
            {
                "path": join(album.directory, row.name),
                "state": row.state.value,
                "reason": row.reason,
                "retry_at": row.retry_at,
            }
            for album, row in catalogue.troubled(limit=_NAMED)
        ],
        "uploads": {state.value: n for state, n in sorted(catalogue.count_uploads().items())},
        "unsent": [
            {"path": path, "state": state.value, "reason": reason, "retry_at": due}
            for path, state, reason, due in catalogue.unsent(limit=_NAMED)
        ],
    }
    return facts | proof_facts(catalogue) | waiting_facts(config, catalogue)


def _run(run: RunRow | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "scope": run.scope,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "exit_code": run.exit_code,
    }


def _words(config: Config, facts: dict[str, Any]) -> list[str]:
    who = facts["nickname"] or "no account yet"
    lines = [f"{config.mirror}: mirror of {who}, profile {config.profile}"]
    if facts["last_run"] is None:
        return [*lines, "Nothing was mirrored yet: run `smugsync sync`."]
    unreadable = facts["albums_unreadable"]
    tail = f", {unreadable:,} of them not readable for this viewer" if unreadable else ""
    lines.append(f"  {plural(facts['albums'], 'album')}{tail}; {size(facts['bytes'])} on disk")
    words = _WORDS | ({State.COMMITTED: "mirrored"} if facts["unpromised"] else {})
    lines += [f"  {n:>9,}  {words[State(state)]}" for state, n in facts["files"].items()]
    if facts["unpromised"]:
        lines.append(f"  {facts['unpromised']:>9,}  of them by our own digest alone: the service gives none")
    if facts["unproven"]:
        lines.append(f"  {facts['unproven']:>9,}  of them unproven: videos and HEIC adopted by name and time")
    local = facts["local_files"]
    if local.get("local"):
        lines.append(f"  {local['local']:>9,}  only here, not in the account")
    if local.get("diverged"):
        lines.append(
            f"  {local['diverged']:>9,}  local half of a conflict, the online version lies beside it"
        )
    if local.get("kept"):
        lines.append(f"  {local['kept']:>9,}  kept here, though not in the account any more")
    lines.append(_last_run(facts["last_run"]))
    now = time.time()
    lines += proof_lines(facts, now)
    lines += [
        f"  {item['state']}: {item['path']}: {item['reason']}"
        + patience(item["state"], item["retry_at"], now)
        for item in facts["attention"]
    ]
    troubled = sum(facts["files"].get(s, 0) for s in ("failed", "quarantined", "withheld"))
    if troubled > len(facts["attention"]):
        lines.append(f"  and {troubled - len(facts['attention']):,} more: `smugsync ls ALBUM` names them")
    return lines + _unsent(facts, now)


def _unsent(facts: dict[str, Any], now: float) -> list[str]:
    """What did not get to the account, or may not have."""
    uploads, named = facts["uploads"], facts["unsent"]
    lines = [f"  not sent: {item['path']}: {item['reason']}" + _again(item, now) for item in named]
    rest = uploads.get("failed", 0) + uploads.get("quarantined", 0) - len(named)
    if rest:
        lines.append(f"  and {rest:,} more that were not sent")
    doubtful = uploads.get("in_doubt", 0) + uploads.get("sending", 0)
    if doubtful:
        lines.append(f"  {plural(doubtful, 'file')} sent, and not seen online yet: the next runs look for it")
    return lines


def _again(item: dict[str, Any], now: float) -> str:
    if item["state"] == "quarantined":
        return "; it is tried again when it is changed, or by `smugsync upload --existing`"
    return patience(item["state"], item["retry_at"], now)


def _last_run(run: dict[str, Any]) -> str:
    ago = duration(max(0, time.time() - run["started_at"]))
    if run["finished_at"] is None:
        return f"  a run began {ago} ago and has not ended: it goes on, or was killed"
    how = "all good" if run["exit_code"] == 0 else f"exit code {run['exit_code']}"
    return f"  last run {ago} ago ({scope_words(run['scope'])}): {how}"


@click.command(cls=Command)
@click.argument("album", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@click.pass_obj
def ls(invocation: Invocation, album: str | None, *, as_json: bool) -> None:
    """List the albums that are mirrored, or the files of one ALBUM (key, path or unique name)."""
    with ledger(invocation.load()) as catalogue:
        if catalogue is None:
            raise UsageError("nothing was mirrored yet: run `smugsync sync` first")
        rows = _list_albums(catalogue) if album is None else _list_files(catalogue, album)
        for row in rows:
            print(printable(json.dumps(row, ensure_ascii=False)) if as_json else invocation.clean(_line(row)))


def _list_albums(catalogue: Catalogue) -> list[dict[str, Any]]:
    counts = catalogue.count_by_album()
    return [
        {
            "key": album.key,
            "path": album.directory,
            "name": album.name,
            "url_path": album.url_path,
            "state": album.state,
            "files": {state.value: n for state, n in counts.get(album.id, {}).items()},
        }
        for album in catalogue.albums()
    ]


def _list_files(catalogue: Catalogue, wanted: str) -> list[dict[str, Any]]:
    by_key: dict[str, AlbumRow] = {album.key: album for album in catalogue.albums()}
    chosen = choose((wanted,), [row.album() for row in by_key.values()])
    album = by_key[chosen[0].key]
    return [
        {
            "key": row.key,
            "path": join(album.directory, row.name),
            "state": row.state.value,
            "size": row.held_size if row.held_size is not None else row.promised_size,
            "md5": row.held_md5,
            "evidence": row.evidence,
            "reason": row.reason,
            "retired_at": row.retired_at,
        }
        for row in sorted(catalogue.files(album.id).values(), key=lambda row: row.name_folded)
    ]


def _line(row: dict[str, Any]) -> str:
    if "files" in row:
        files = ", ".join(f"{n:,} {state}" for state, n in row["files"].items()) or "empty"
        note = "" if row["state"] == "listed" else f" [{row['state']}]"
        return f"{row['path']}{note}: {files}"
    shown = "-" if row["size"] is None else size(row["size"])
    reason = f" ({row['reason']})" if row["reason"] else ""
    doubt = " [unproven]" if row["evidence"] == "unproven" else ""
    return f"{row['state']:<11} {shown:>8}  {row['path']}{doubt}{reason}"
