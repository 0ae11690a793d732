"""What `status` says of open decisions, and of what lies on the shelves."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from smugsync.catalogue import Catalogue, join
from smugsync.cli.amounts import moment
from smugsync.cli.invocation import Invocation
from smugsync.cli.summary import plural
from smugsync.config import Config
from smugsync.errors import SmugsyncError
from smugsync.local.shelves import Shelves
from smugsync.local.tree import Mirror
from smugsync.local.versions import Shelf
from smugsync.progress import size
from smugsync.sync import recovery

#: So many files that wait for a decision are named.
_NAMED = 3
#: The facts of a mirror that does not exist yet.
NOTHING_WAITS: dict[str, Any] = {"conflicts": 0, "edits": 0, "waiting": [], "shelves": None}


def waiting_facts(config: Config, catalogue: Catalogue) -> dict[str, Any]:
    """For `status --json`. `shelves` is None if the mirror is not there; times are epoch seconds."""
    named = [one.path for one in catalogue.diverged(limit=_NAMED)]
    named += [join(album.directory, row.name) for album, row in catalogue.open_edits(limit=_NAMED)]
    return {
        "conflicts": catalogue.count_local().get("diverged", 0),
        "edits": catalogue.count_open_edits(),
        "waiting": named[:_NAMED],
        "shelves": _shelves(config, catalogue),
    }


def _shelves(config: Config, catalogue: Catalogue) -> dict[str, Any] | None:
    try:
        with Mirror.open(config.mirror) as mirror:
            recovery.check_marker(catalogue, mirror)
            shelves = Shelves(mirror.root, unreadable=lambda path, error: None)
            return {shelf.value: asdict(shelves.weigh(shelf)) for shelf in Shelf}
    except SmugsyncError:  # what is wrong with it is for the commands that need it to say
        return None


def waiting_lines(invocation: Invocation, facts: dict[str, Any]) -> list[str]:
    """The lines of `status`, from what `waiting_facts` gave."""
    lines = []
    asked = facts["conflicts"] + facts["edits"]
    if asked:
        kinds = [("conflicts", "conflict"), ("edits", "edit")]
        counts = " and ".join(plural(facts[key], word) for key, word in kinds if facts[key])
        verb = "waits" if asked == 1 else "wait"
        lines.append(f"  {counts} {verb} for your decision: `{invocation.command('resolve')}`")
        lines += [f"    {path}" for path in facts["waiting"]]
        if asked > len(facts["waiting"]):
            lines.append(f"    and {asked - len(facts['waiting']):,} more")
    for shelf, found in (facts["shelves"] or {}).items():
        if found["files"]:
            lines.append(
                f"  .smugsync/{shelf}: {plural(found['files'], 'file')}, {size(found['bytes'])}, "
                f"the oldest since {moment(found['oldest'])}"
            )
    return lines
