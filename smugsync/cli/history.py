"""`smugsync history`: what every run did, and what became of single files."""

from __future__ import annotations

import json
import os
import textwrap
import time
from collections.abc import Iterator
from itertools import groupby, islice
from typing import Any

import click

from smugsync.catalogue import AlbumRow, Catalogue, ChangeRow, RunRow
from smugsync.cli.amounts import moment
from smugsync.cli.amounts import since as since_when
from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.cli.ledger import ledger
from smugsync.cli.paths import in_mirror
from smugsync.cli.summary import told
from smugsync.config import Config
from smugsync.core.printable import printable
from smugsync.errors import UsageError
from smugsync.sync.cycle.choosing import choose
from smugsync.sync.report import What, scope_words, words

_RUNS, _CHANGES = 20, 200
_COLUMNS = 80
_ORDER = {what.name.lower(): place for place, what in enumerate(What)}
#: Noted once for a whole shelf: their number says nothing.
_WHOLE_SHELVES = (What.EXPIRED, What.EMPTIED)
_ENDS = {
    0: "all good",
    2: "refused",
    3: "incomplete",
    5: "a guard withheld something",
    75: "no network",
    77: "not authorised",
    130: "interrupted",
    143: "interrupted",
}


@click.command(cls=Command)
@click.option("--album", metavar="ALBUM", help="The changes in this album: its key, path or unique name.")
@click.option("--path", metavar="PATH", help="The changes of this file, under all its names, or below it.")
@click.option("--run", type=click.IntRange(min=1), metavar="N", help="The changes of run N.")
@click.option("--since", metavar="WHEN", help="The changes since: 7d, 2026-11-01, 2026-11-01T04:10.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="So many, the newest. [20 or 200]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def history(
    invocation: Invocation,
    /,
    *,
    album: str | None,
    path: str | None,
    run: int | None,
    since: str | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """List the last runs, the newest first; or single changes, if you say which.

    A run's number is what `smugsync undo` takes.
    """
    config = invocation.load()
    start = 0 if since is None else since_when(since, time.time())
    single = not (album is None and path is None and run is None and since is None)
    with ledger(config) as catalogue:
        if catalogue is None:
            facts: dict[str, Any] = {"schema": 1, "changes" if single else "runs": []}
            lines = ["Nothing was mirrored yet: run `smugsync sync`."]
        elif single:
            found = _changes(catalogue, config, album=album, path=path, run=run, since=start)
            changes = list(islice(found, (limit or _CHANGES) + 1))
            facts, lines = _tell_changes(changes, limit or _CHANGES)
        else:
            facts, lines = _tell_runs(config, catalogue, limit or _RUNS)
    if as_json:
        print(printable(json.dumps(facts, ensure_ascii=False)))
        return
    for line in lines:
        print(invocation.clean(line))


def _more(found: int, limit: int) -> list[str]:
    return [f"There are older ones: --limit {limit * 5}"] if found > limit else []


# -- runs ------------------------------------------------------------------------------------------


def _tell_runs(config: Config, catalogue: Catalogue, limit: int) -> tuple[dict[str, Any], list[str]]:
    runs = catalogue.runs(limit=limit + 1)
    counts = catalogue.count_changes([run.id for run in runs])
    goes_on = _goes_on(config, catalogue)
    facts, lines = [], []
    for run in runs[:limit]:
        undone = catalogue.taken_back(run.id)
        facts.append(
            {
                "run": run.id,
                "scope": run.scope,
                "started_at": run.started_at,
                "finished_at": run.finished_at,
                "exit_code": run.exit_code,
                "running": run.id == goes_on,
                "counts": counts[run.id],
                "undone_by": sorted(set(undone.values())),
            }
        )
        text = f"{scope_words(run.scope)}: {_how(run, running=run.id == goes_on)}; {_did(counts[run.id])}"
        if undone:
            text += f"; {len(undone):,} taken back by run {max(undone.values())}"
        lines += _wrap(f"{run.id:>5}  {moment(run.started_at)}  ", text)
    return {"schema": 1, "runs": facts}, lines + _more(len(runs), limit)


def _goes_on(config: Config, catalogue: Catalogue) -> int | None:
    """The run that another process is doing right now. Its process id lies beside the catalogue."""
    last = catalogue.last_run()
    if last is None or last.finished_at is not None:
        return None
    try:
        os.kill(int((config.state_dir / "pid").read_text()), 0)
    except PermissionError:
        return last.id  # there is such a process, somebody else's
    except (OSError, ValueError, OverflowError):
        return None
    return last.id


def _how(run: RunRow, *, running: bool) -> str:
    if running:
        return "goes on"
    if run.finished_at is None:
        return "killed before its end"
    code = run.exit_code or 0
    how = _ENDS.get(code, "failed")
    return how if code == 0 else f"{how} ({code})"


def _did(counts: dict[str, int]) -> str:
    """`12 new, 3 gone online`, in the order of `What`."""
    done = []
    for what in What:
        n = counts.get(what.name.lower(), 0)
        if n and what in _WHOLE_SHELVES:
            done.append(what.value)
        elif n:
            done.append(f"{n:,} {what.value if n == 1 else what.value.replace('album', 'albums')}")
    return ", ".join(done) or "nothing changed"


def _wrap(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _COLUMNS,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )


# -- changes ---------------------------------------------------------------------------------------


def _changes(
    catalogue: Catalogue, config: Config, *, album: str | None, path: str | None, run: int | None, since: int
) -> Iterator[ChangeRow]:
    if run is not None and catalogue.run(run) is None:
        raise UsageError(f"there is no run {run} in the history: `smugsync history` lists them")
    chosen = None if album is None else _album(catalogue, album).id
    where = key = None
    if path is not None:
        where = in_mirror(config.mirror, path, known=lambda one: catalogue.file_at(one) is not None)
        row = catalogue.file_at(where)
        key = None if row is None else row.key
    return catalogue.changes(run=run, album_id=chosen, path=where, key=key, since=since)


def _album(catalogue: Catalogue, wanted: str) -> AlbumRow:
    by_key = {row.key: row for row in catalogue.albums()}
    chosen = choose((wanted,), [row.album() for row in by_key.values()])
    return by_key[chosen[0].key]


def _tell_changes(changes: list[ChangeRow], limit: int) -> tuple[dict[str, Any], list[str]]:
    lines = [] if changes else ["No changes."]
    for _, of_run in groupby(changes[:limit], key=lambda change: change.run):
        ordered = sorted(of_run, key=lambda change: _ORDER.get(change.what, 0))
        lines.append(f"run {ordered[0].run}, {moment(ordered[0].at)}")
        for what, alike in groupby(ordered, key=lambda change: change.what):
            lines.append(f" {words(what)}:")
            for change in alike:
                lines += told(change.path, _detail(change))
    facts = {"schema": 1, "changes": [_change_json(change) for change in changes[:limit]]}
    return facts, lines + _more(len(changes), limit)


def _detail(change: ChangeRow) -> str:
    if change.what in ("moved", "album_moved"):
        return f"was {change.was}" + (f"; {change.detail}" if change.detail else "")
    return change.detail


def _change_json(change: ChangeRow) -> dict[str, Any]:
    return {
        "run": change.run,
        "at": change.at,
        "what": change.what,
        "path": change.path,
        "was": change.was or None,
        "detail": change.detail,
        "undoes": change.undoes,
    }
