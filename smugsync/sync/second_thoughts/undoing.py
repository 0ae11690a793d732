"""Takes back what a run set aside: the former bytes get their names again.

What a run fetched stays, and renames follow the account; neither is a loss. A file put back differs from what
the account has: it is recorded as a person's decision, so that no sync reverts it, trashes it or sends it by
itself; `resolve PATH --keep online` takes that back. An undo is a run like any other and can be undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from smugsync.catalogue import Catalogue, ChangeRow, FileRow, RunRow, join
from smugsync.catalogue.questions import LocalRow
from smugsync.core.model import LocalFile
from smugsync.errors import ItemError
from smugsync.local.shelves import Entry, Shelves, parse
from smugsync.local.versions import Shelf
from smugsync.records import dataclass, replace
from smugsync.sync.context import Context
from smugsync.sync.report import What
from smugsync.sync.second_thoughts.resolving import reopen
from smugsync.sync.second_thoughts.restoring import (
    Came,
    Restorer,
    Wish,
    goes_to,
    missing,
    name_for,
    photo_of,
    shelve,
)

_PUT_BACK, _RESOLVED = What.PUT_BACK.name.lower(), What.RESOLVED.name.lower()


@dataclass(slots=True)
class Undone:
    """What an undo came to, beside what its report says. Counts of files."""

    back: int = 0  #: have their name again
    before: int = 0  #: had been taken back earlier
    removed: int = 0  #: had been put back by that run, and are set aside again
    asked: int = 0  #: decisions that had moved nothing: they are open again
    damaged: int = 0  #: damaged bytes, which stay on their shelf
    lost: list[str] = field(default_factory=list)  #: whose bytes are on no shelf any more


def undo(context: Context, run: RunRow) -> Undone:
    """Take back what `run` set aside, the newest change first. What does not work is told; the rest is done.

    Raises MirrorUnusable, Interrupted; asked for again, it goes on.
    """
    work = _Undo(context, run)
    changes, progress = list(reversible(context.catalogue, run.id)), context.progress
    progress.start("putting back")
    progress.plan(len(changes), 0)
    for change in changes:
        context.stop.check()
        try:
            work.take_back(change)
        except ItemError as error:
            context.report.trouble(change.path, str(error))
        progress.end(change.path, ok=True)
        progress.refresh()
    return work.done


def reversible(catalogue: Catalogue, run: int) -> Iterator[ChangeRow]:
    """The changes of `run` that an undo can do something about, the newest first."""
    for change in catalogue.changes(run=run):
        decided = change.what == _RESOLVED and _standing(catalogue, change) is not None
        if parse(change.was) is not None or change.what == _PUT_BACK or decided:
            yield change


def _standing(catalogue: Catalogue, change: ChangeRow) -> LocalRow | FileRow | None:
    """What a decision left where it was, if it still holds: a person's half of a conflict, or their edit."""
    row = photo_of(catalogue, change)
    local = catalogue.local_file(name_for(catalogue, change, change.path))
    if row is None:
        return None
    if local is not None and local.why == "kept":
        return local
    return row if row.kept_md5 is not None and row.kept_md5 == row.local_md5 else None


class _Undo:
    def __init__(self, context: Context, run: RunRow) -> None:
        self.done = Undone()
        self._ctx = context
        self._shelves = Shelves(context.mirror.root, homes=())
        self._restorer = Restorer(context, self._shelves)
        self._taken_back = context.catalogue.taken_back(run.id)
        #: an undo of this run was killed: it may have moved what it did not record
        self._killed = context.catalogue.was_killed(f"undo {run.id}", besides=context.run)

    def take_back(self, change: ChangeRow) -> None:
        place = parse(change.was)
        if place is None and change.id in self._taken_back:
            self.done.before += 1
            return
        if place is None:
            self._ask_again(change) if change.what == _RESOLVED else self._remove(change)
            return
        shelf = place[0]
        if shelf is Shelf.DAMAGED:
            self.done.damaged += 1
            return
        target = name_for(self._ctx.catalogue, change, place[2])
        entry = self._bytes_of(change)
        if entry is None:
            self._gone(change, target)
            return
        back = self._restorer.put_back(
            Wish(entry, target, displace=shelf is Shelf.VERSIONS, undoes=change.id)
        )
        self.done.before += back.how is Came.THERE
        self.done.back += back.how is not Came.THERE
        if change.what == _RESOLVED and back.how is Came.AS_OWN:
            self._reopen(change, back.path)

    def _bytes_of(self, change: ChangeRow) -> Entry | None:
        """What `change` set aside: where it put it, or where it lies since that was undone and done again."""
        entry = self._shelves.entry(change.was)
        if entry is not None:
            return entry
        back = self._ctx.catalogue.taken_back_by(change.id)
        again = None if back is None else self._ctx.catalogue.taken_back_by(back.id)
        return None if again is None else self._bytes_of(again)

    def _gone(self, change: ChangeRow, target: str) -> None:
        """The bytes are on the shelf no more: because somebody was here before, or because they expired."""
        if change.id in self._taken_back:
            self.done.before += 1
        elif self._killed and self._restorer.finish(target, change.id) is not None:
            self.done.back += 1
        else:
            self.done.lost.append(change.path)
            self._ctx.report.trouble(
                change.path, f"its former bytes are no longer in {change.was}: expired, or deleted"
            )

    # -- what an earlier decision had brought about ------------------------------------------------

    def _reopen(self, change: ChangeRow, online: str) -> None:
        """The online half of a conflict is back under its name: the conflict is open again."""
        context, row = self._ctx, photo_of(self._ctx.catalogue, change)
        if row is None or row.local_md5 is None or row.local_md5 != row.kept_md5 or context.options.dry_run:
            return
        local = join(context.catalogue.album(row.album_id).directory, row.name)
        theirs = context.mirror.hash(online, context.stop)
        mine = context.mirror.hash(local, context.stop)
        if theirs.md5 == row.held_md5 and mine.md5 == row.local_md5:
            reopen(context, row, mine, theirs)

    def _ask_again(self, change: ChangeRow) -> None:
        """A decision to leave things as they are is open again."""
        context, catalogue = self._ctx, self._ctx.catalogue
        row, kept = photo_of(catalogue, change), _standing(catalogue, change)
        if row is None or kept is None:
            return
        self.done.asked += 1
        with catalogue.transaction(durable=True):
            if isinstance(kept, LocalRow):
                catalogue.put_local(kept.path, kept.fingerprint, md5=kept.md5, why="diverged", of=row.id)
            else:
                catalogue.put([replace(kept, kept_md5=None)])
            context.note(
                What.RESOLVED,
                name_for(catalogue, change, change.path),
                "open again",
                of=row,
                undoes=change.id,
            )

    def _remove(self, change: ChangeRow) -> None:
        """That run gave a name that was free: what lies there goes back to a shelf, if it still is that."""
        context, path = self._ctx, name_for(self._ctx.catalogue, change, change.path)
        here = context.mirror.fingerprint(path)
        own, row = context.catalogue.local_file(path), context.catalogue.file_at(path)
        if here is None:
            context.report.trouble(path, "is not here any more")
        elif own is not None and own.why == "kept" and own.fingerprint == here:
            self._set_aside(change, LocalFile(path, here), Shelf.TRASH, None)
        elif row is not None and here == row.edited():
            present = context.mirror.hash(path, context.stop)
            if goes_to(row, present) is None:
                context.report.trouble(path, "was edited since; it stays")
            else:
                self._set_aside(change, present, Shelf.VERSIONS, row)
        elif row is None:
            context.report.trouble(path, "was changed since; it stays")

    def _set_aside(self, change: ChangeRow, present: LocalFile, shelf: Shelf, row: FileRow | None) -> None:
        context, catalogue = self._ctx, self._ctx.catalogue
        was = shelve(context, present, shelf)
        detail = f"it lies in {was}" + ("; the next sync fetches the photo" if row else "")
        context.note(What.SET_ASIDE, present.path, detail, was=was, of=row, undoes=change.id)
        with catalogue.transaction(durable=True):
            if row is None:
                catalogue.drop_local([present.path])
            else:
                catalogue.put([missing(row)])
        self.done.removed += 1
