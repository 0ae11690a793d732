"""What a person does with the shelves: look through them, take something back, empty them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from smugsync.catalogue import Catalogue, join
from smugsync.errors import ItemError, SuspiciousPlan, UsageError
from smugsync.local.shelves import Entry, Removed, Shelves, Stamp
from smugsync.local.versions import Shelf
from smugsync.progress import size
from smugsync.records import dataclass
from smugsync.sync.context import Context
from smugsync.sync.report import What, words
from smugsync.sync.second_thoughts.restoring import Back, Restorer, Wish, name_for

#: Why something lies on a shelf, where the history does not say.
WHY = {
    Shelf.VERSIONS: "replaced by other bytes",
    Shelf.TRASH: "gone online",
    Shelf.DAMAGED: What.REPAIRED.value,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A file on a shelf, why it is there, and the run that put it there (None: the history forgot)."""

    entry: Entry
    why: str
    run: int | None


def look_through(
    catalogue: Catalogue | None, shelves: Shelves, chosen: Iterable[Shelf] = tuple(Shelf)
) -> list[Kept]:
    """Everything on the chosen shelves, the longest there first. Raises as `Shelves` does."""
    known = {} if catalogue is None else catalogue.set_aside()
    found = []
    for entry in sorted(
        (entry for shelf in chosen for entry in shelves.entries(shelf)),
        key=lambda entry: (entry.at, entry.shelf, entry.path),
    ):
        change = known.get(entry.where)
        why = WHY[entry.shelf]
        if change is not None and entry.shelf is Shelf.VERSIONS:
            why = words(change.what)
        found.append(Kept(entry, why, None if change is None else change.run))
    return found


def named(kept: Sequence[Kept], path: str, *, at: str = "") -> list[Kept]:
    """What `path` means: a place on a shelf, or a former name (of that, the newest), or a former directory.

    `at` (a stamp) chooses among several.
    """
    fitting = [one for one in kept if not at or one.entry.stamp == at]
    placed = [one for one in fitting if one.entry.where == path]
    if placed:
        return placed
    same = [one for one in fitting if one.entry.path == path]
    if same:
        return [same[-1]]
    newest = {one.entry.path: one for one in fitting if one.entry.path.startswith(path + "/")}
    return list(newest.values())


def restore(context: Context, chosen: Sequence[Kept]) -> list[Back]:
    """Give each its name again. What does not work is told, and the rest is done.

    Raises MirrorUnusable, Interrupted.
    """
    restorer = Restorer(context, Shelves(context.mirror.root, homes=()))
    changes = context.catalogue.set_aside()
    back = []
    context.progress.start("putting back")
    context.progress.plan(len(chosen), 0)
    for one in chosen:
        context.stop.check()
        entry, change = one.entry, changes.get(one.entry.where)
        target = entry.path if change is None else name_for(context.catalogue, change, entry.path)
        wish = Wish(
            entry,
            target,
            displace=entry.shelf is Shelf.VERSIONS,
            undoes=None if change is None else change.id,
        )
        try:
            back.append(restorer.put_back(wish))
        except ItemError as error:
            context.report.trouble(entry.path, str(error))
        context.progress.end(entry.path, ok=True)
        context.progress.refresh()
    return back


def empty(context: Context, shelves: Shelves, stamps: Sequence[Stamp]) -> Removed:
    """Delete what lies in `stamps` for good.

    Raises SuspiciousPlan if the good bytes of a damaged file are among it; MirrorUnusable, Interrupted.
    """
    _check_damaged(context, [entry for stamp in stamps for entry in shelves.within(stamp)])
    total = Removed()
    removed: dict[Shelf, Removed] = {}
    try:
        for stamp in stamps:
            try:
                gone = shelves.delete(stamp, context.stop)
            except ItemError as error:
                context.report.trouble(stamp.directory, str(error))
                continue
            removed[stamp.shelf] = removed.get(stamp.shelf, Removed()) + gone
            total += gone
    finally:
        for shelf, gone in removed.items():
            files = f"{gone.files:,} file{'' if gone.files == 1 else 's'}, {size(gone.bytes)}"
            context.note(What.EMPTIED, f".smugsync/{shelf}", files)
    return total


def _check_damaged(context: Context, entries: Collection[Entry]) -> None:
    """Nothing is deleted that could mend a file that is known to be damaged."""
    catalogue = context.catalogue
    for row in catalogue.damaged():
        for entry in entries:
            if entry.fingerprint.size != row.held_size:
                continue
            try:
                good = context.mirror.hash(entry.where, context.stop).md5 == row.held_md5
            except ItemError:  # it cannot be read, and mends nothing
                continue
            if good:
                path = join(catalogue.album(row.album_id).directory, row.name)
                raise SuspiciousPlan(
                    f"{path} is damaged, and {entry.where} holds its good bytes: nothing was deleted. "
                    f"`smugsync trash restore {entry.where}` puts them back"
                )


def of_run(catalogue: Catalogue, kept: Sequence[Kept], run: int) -> list[Kept]:
    """What `run` set aside. Raises UsageError if there is no such run, or nothing of it is left."""
    if catalogue.run(run) is None:
        raise UsageError(f"there is no run {run} in the history: `smugsync history` lists them")
    return [one for one in kept if one.run == run]
