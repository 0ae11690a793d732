"""`smugsync resolve`: what waits for a decision, and the decisions."""

from __future__ import annotations

import difflib
import json
from typing import Any

import click

from smugsync.catalogue import Catalogue
from smugsync.cli.assembly import workshop
from smugsync.cli.ending import close, number
from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.cli.ledger import ledger
from smugsync.cli.paths import in_mirror
from smugsync.cli.summary import plural
from smugsync.config import Config
from smugsync.core.printable import printable
from smugsync.errors import UsageError
from smugsync.sync.context import Context, Scope
from smugsync.sync.second_thoughts.resolving import Conflict, Edit, Keep, Question, conflicts, edits, find
from smugsync.sync.second_thoughts.resolving import resolve as decide


@click.command(cls=Command)
@click.argument("path", required=False)
@click.option("--keep", type=click.Choice([keep.value for keep in Keep]), help="What is to stay.")
@click.option("--json", "as_json", is_flag=True, help="Print what is open as one JSON object.")
@click.pass_obj
def resolve(invocation: Invocation, path: str | None, *, keep: str | None, as_json: bool) -> int:
    """List the files that wait for your decision, or decide about one.

    \b
    A conflict (changed on both sides; the online version lies beside your file):
      local   your file stays; the online version goes to .smugsync/versions
      online  the online version gets the name; yours goes to .smugsync/versions
      both    both stay; yours is your own from now on
    An edit (changed here only):
      local   it stays
      online  it goes to .smugsync/versions; the next sync fetches the photo again
      both    it stays under another name; the next sync fetches the photo again

    PATH is either half of a conflict: absolute, or relative to the mirror. A decision is remembered for the
    bytes it was made about. `smugsync undo` takes it back; an edit that got another name keeps it.
    """
    if path is None:
        if keep is not None:
            raise UsageError("say which file: smugsync resolve PATH --keep local|online|both")
        _list(invocation, as_json=as_json)
        return 0
    if keep is None:
        raise UsageError(f"say what is to stay of {path}: --keep local, online or both")
    config = invocation.load()
    with workshop(invocation, config, offline=True) as shop:
        question = _find(shop.catalogue, config, path)
        name = question.local if isinstance(question, Conflict) else question.path

        def body(context: Context) -> None:
            decide(context, question, Keep(keep))

        report = shop.work(Scope("resolve", detail=f"{name} --keep {keep}"), body)
        run = number(shop)
    return close(invocation, report, run=run)


def _find(catalogue: Catalogue, config: Config, path: str) -> Question:
    """What PATH asks. Raises UsageError, with what was perhaps meant."""

    def known(relative: str) -> bool:
        return find(catalogue, relative) is not None

    relative = in_mirror(config.mirror, path, known=known)
    question = find(catalogue, relative)
    if question is not None:
        return question
    waiting = [one.local if isinstance(one, Conflict) else one.path for one in _open(catalogue)]
    near = difflib.get_close_matches(relative, waiting, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    if catalogue.local_file(relative) is not None:
        raise UsageError(f"{relative} is a file of your own: there is nothing to decide{hint}")
    raise UsageError(f"there is no {relative} in this mirror that waits for a decision{hint}")


def _open(catalogue: Catalogue) -> list[Question]:
    return [*conflicts(catalogue), *edits(catalogue)]


def _list(invocation: Invocation, *, as_json: bool) -> None:
    with ledger(invocation.load()) as catalogue:
        waiting = [] if catalogue is None else _open(catalogue)
    halves = [one for one in waiting if isinstance(one, Conflict)]
    edited = [one for one in waiting if isinstance(one, Edit)]
    if as_json:
        facts: dict[str, Any] = {
            "schema": 1,
            "conflicts": [{"path": one.local, "online": one.online} for one in halves],
            "edits": [{"path": one.path} for one in edited],
        }
        print(printable(json.dumps(facts, ensure_ascii=False)))
        return
    if not waiting:
        invocation.say("Nothing waits for a decision.")
        return
    if halves:
        print(f"{plural(len(halves), 'conflict')}: changed on both sides")
    for one in halves:
        print(invocation.clean(f"  {one.local}"))
        print(invocation.clean(f"    online: {one.online or 'moved away, or gone'}"))
    if edited:
        print(f"{plural(len(edited), 'edit')}: changed here, as before online")
    for edit in edited:
        print(invocation.clean(f"  {edit.path}"))
    print(f"Decide by `{invocation.command('resolve PATH --keep local|online|both')}`.")
