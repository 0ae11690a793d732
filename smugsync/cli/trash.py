"""`smugsync trash`: what was set aside, taking it back, and deleting it for good."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, TypeVar

import click

from smugsync.catalogue import Catalogue
from smugsync.cli.amounts import length, moment
from smugsync.cli.assembly import workshop
from smugsync.cli.ending import close, number
from smugsync.cli.frame import Group
from smugsync.cli.invocation import Invocation
from smugsync.cli.ledger import ledger
from smugsync.cli.paths import in_mirror
from smugsync.cli.summary import plural
from smugsync.config import Config
from smugsync.core.printable import printable
from smugsync.errors import SuspiciousPlan, UsageError
from smugsync.local.marker import MARKER
from smugsync.local.shelves import Shelves, Stamp, moment_of
from smugsync.local.tree import Mirror
from smugsync.local.versions import Shelf
from smugsync.progress import size
from smugsync.sync import recovery
from smugsync.sync.context import Context, Scope
from smugsync.sync.second_thoughts.restoring import Back, Came
from smugsync.sync.second_thoughts.shelving import Kept, look_through, named, of_run
from smugsync.sync.second_thoughts.shelving import empty as delete
from smugsync.sync.second_thoughts.shelving import restore as put_back

_EVERY = "all"


F = TypeVar("F", bound=Callable[..., Any])


def _shelf_option(default: str, words: str) -> Callable[[F], F]:
    return click.option(
        "--shelf",
        type=click.Choice([*(shelf.value for shelf in Shelf), _EVERY]),
        default=default or None,
        metavar="SHELF",
        help=f"{words}: versions, trash, damaged or all." + (f" [default: {default}]" if default else ""),
    )


@click.group(cls=Group)
def trash() -> None:
    """Look through what was set aside in .smugsync, take it back, or delete it for good.

    \b
    versions  bytes that were replaced online, or that you decided against
    trash     files that are gone online (with mode = "mirror")
    damaged   bytes that had rotted and were fetched again

    They are plain files below the mirror, .smugsync/SHELF/TIME/PATH: any program can look at them.
    """


# -- list ------------------------------------------------------------------------------------------


@trash.command(name="list", short_help="List what was set aside, and why.")
@_shelf_option(_EVERY, "Only this shelf")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_(invocation: Invocation, /, *, shelf: str, as_json: bool) -> None:
    """List what was set aside, the longest there first: where it lies, what it was called, and why."""
    config = invocation.load()
    with ledger(config) as catalogue, _looking(config, catalogue) as mirror:
        unreadable: list[str] = []
        shelves = Shelves(mirror.root, unreadable=lambda path, error: unreadable.append(f"{path}: {error}"))
        kept = look_through(catalogue, shelves, _shelves(shelf))
    if as_json:
        facts = {"schema": 1, "files": [_kept_json(one) for one in kept], "unreadable": unreadable}
        print(printable(json.dumps(facts, ensure_ascii=False)))
        return
    for line in (*_kept_lines(kept), *unreadable):
        print(invocation.clean(line))
    if kept:
        invocation.say(f"`{invocation.command('trash restore PATH')}` puts one back.")


@contextmanager
def _looking(config: Config, catalogue: Catalogue | None) -> Iterator[Mirror]:
    """The mirror, to be read beside a run. Raises SuspiciousPlan if it is another one, or not mounted."""
    with Mirror.open(config.mirror) as mirror:
        if catalogue is not None:
            recovery.check_marker(catalogue, mirror)
        elif mirror.read_marker() is None:
            raise SuspiciousPlan(f"{config.mirror} has no marker ({MARKER}): is the mirror's disk mounted?")
        yield mirror


def _shelves(chosen: str) -> list[Shelf]:
    return list(Shelf) if chosen == _EVERY else [Shelf(chosen)]


def _kept_lines(kept: Sequence[Kept]) -> Iterator[str]:
    if not kept:
        yield "Nothing lies there."
        return
    for _, group in groupby(kept, key=lambda one: (one.entry.stamp, _place(one))):
        together = list(group)
        first = together[0]
        run = f", run {first.run}" if first.run else ""
        yield f"{_place(first)} ({moment(first.entry.at)}{run})"
        for one in together:
            yield f"  {size(one.entry.fingerprint.size):>8}  {one.entry.path} ({one.why})"
    yield f"{plural(len(kept), 'file')}, {size(_bytes(kept))}"


def _place(one: Kept) -> str:
    """The directory that the paths are relative to."""
    return one.entry.where[: -len(one.entry.path) - 1]


def _bytes(kept: Sequence[Kept]) -> int:
    return sum(one.entry.fingerprint.size for one in kept)


def _kept_json(one: Kept) -> dict[str, Any]:
    entry = one.entry
    return {
        "at": entry.at,
        "stamp": entry.stamp,
        "shelf": entry.shelf.value,
        "path": entry.path,
        "where": entry.where,
        "size": entry.fingerprint.size,
        "why": one.why,
        "run": one.run,
    }


# -- restore ---------------------------------------------------------------------------------------


@trash.command(short_help="Put files back under their names.")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--run", type=click.IntRange(min=1), metavar="N", help="What run N set aside.")
@click.option("--all", "everything", is_flag=True, help="All that lies on the shelf.")
@click.option("--at", metavar="TIME", help="Not the newest, but the one of this TIME: 20261121T214700Z.")
@_shelf_option("", "Only from this shelf")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing; say what would be done.")
@click.pass_obj
def restore(
    invocation: Invocation,
    /,
    *,
    paths: tuple[str, ...],
    run: int | None,
    everything: bool,
    at: str | None,
    shelf: str | None,
    dry_run: bool,
) -> int:
    """Put files back under their names, or beside them where the name is taken by something of yours.

    PATH is a name that the file (or a directory of files) had in the mirror, of which the newest comes back,
    or the place where `smugsync trash list` shows it.

    Without --shelf it looks among versions and trash; with --all in the trash alone.
    """
    if (bool(paths), run is not None, everything).count(True) != 1:
        raise UsageError("say what is to come back: PATH..., --run N or --all")
    if at is not None and (moment_of(at) is None or not paths):
        raise UsageError("--at goes with PATH, and is a time as `smugsync trash list` shows it")
    config = invocation.load()
    for path in paths:
        in_mirror(config.mirror, path)  # what is none is refused before anything is opened
    asked = "--all" if run is None else f"--run {run}"
    if paths:
        asked = paths[0] if len(paths) == 1 else f"{len(paths):,} paths"
    chosen = _shelves(shelf) if shelf else [Shelf.TRASH] if everything else [Shelf.VERSIONS, Shelf.TRASH]
    with workshop(invocation, config, offline=True, dry_run=dry_run) as shop:
        back: list[Back] = []

        def body(context: Context) -> None:
            kept = look_through(
                context.catalogue,
                Shelves(context.mirror.root, unreadable=lambda path, e: context.report.trouble(path, str(e))),
                chosen,
            )
            wanted = kept
            if paths:
                wanted = _named(config, kept, paths, at or "")
            elif run is not None:
                wanted = of_run(context.catalogue, kept, run)
            if not wanted:
                raise UsageError("nothing of that lies there: `smugsync trash list` shows what does")
            back.extend(put_back(context, wanted))

        report = shop.work(Scope("trash", detail=f"restore {asked}"), body)
        this = number(shop)
    return close(invocation, report, run=this, head=_there(back), dry_run=dry_run)


def _named(config: Config, kept: Sequence[Kept], paths: Sequence[str], at: str) -> list[Kept]:
    chosen: dict[str, Kept] = {}
    for text in paths:
        relative = in_mirror(config.mirror, text, known=lambda path: bool(named(kept, path, at=at)))
        found = named(kept, relative, at=at)
        if not found:
            raise UsageError(f"nothing called {relative} was set aside: `smugsync trash list` shows what was")
        chosen |= {one.entry.where: one for one in found}
    return list(chosen.values())


def _there(back: Sequence[Back]) -> Iterator[str]:
    there = [one for one in back if one.how is Came.THERE]
    if there:
        yield f"{plural(len(there), 'file')} already as they were: nothing to put back there"


# -- empty -----------------------------------------------------------------------------------------


@trash.command()
@_shelf_option(Shelf.TRASH.value, "What to empty")
@click.option("--older-than", metavar="AGE", help="Only what was set aside longer ago: 30d.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing; say what would be deleted.")
@click.pass_obj
def empty(invocation: Invocation, /, *, shelf: str, older_than: str | None, yes: bool, dry_run: bool) -> int:
    """Delete what was set aside, for good.

    What [keep] in the configuration says expires by itself; nobody has to do this. It is refused while a
    file of the mirror is known to be damaged whose good bytes lie there.
    """
    age = None if older_than is None else length(older_than, "--older-than")
    config = invocation.load()
    with ledger(config) as catalogue, _looking(config, catalogue) as mirror:
        stamps, what = _full(Shelves(mirror.root), _shelves(shelf), age)
    if not stamps:
        invocation.say("Nothing lies there that could be deleted.")
        return 0
    if dry_run:
        print(f"{what}: would be deleted for good.")
        return 0
    if not (yes or _agreed(what)):
        invocation.say("Nothing was deleted.")
        return 0

    def body(context: Context) -> None:
        delete(context, Shelves(context.mirror.root), stamps)

    asked = f"empty --shelf {shelf}" + (f" --older-than {older_than}" if older_than else "")
    with workshop(invocation, config, offline=True) as shop:
        report = shop.work(Scope("trash", detail=asked), body)
        this = number(shop)
    return close(invocation, report, run=this)


def _full(shelves: Shelves, chosen: Sequence[Shelf], age: int | None) -> tuple[list[Stamp], str]:
    """What has lain there for more than `age` seconds, and that in words."""
    before = None if age is None else time.time() - age
    stamps = [one for shelf in chosen for one in shelves.stamps(shelf) if before is None or one.at <= before]
    sizes = [entry.fingerprint.size for stamp in stamps for entry in shelves.within(stamp)]
    places = ", ".join(f".smugsync/{shelf}" for shelf in dict.fromkeys(one.shelf.value for one in stamps))
    return stamps, f"{plural(len(sizes), 'file')}, {size(sum(sizes))}, in {places}"


def _agreed(what: str) -> bool:
    """Raises UsageError where nobody can be asked, click.Abort for Ctrl-C."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{what}: give --yes to delete them for good")
    return click.confirm(f"{what}: delete them for good?", err=True)
