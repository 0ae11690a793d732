"""Bytes come off a shelf and get a name again: what `undo`, `trash restore` and `resolve` have in common.

Nothing is ever overwritten. What is about to happen is announced in the catalogue, in a way that is harmless
if it never does; then the bytes move, one rename each; what became of them is recorded last. Asked for again
after a crash, the same call finds out how far the first one came, and finishes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from smugsync.catalogue import Catalogue, ChangeRow, FileRow, join
from smugsync.core import naming
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Fingerprint, LocalFile
from smugsync.errors import Transient
from smugsync.local.shelves import Entry, Shelves, parse
from smugsync.local.versions import Shelf, alternatives, shelf_path
from smugsync.records import dataclass, replace
from smugsync.sync.context import Context
from smugsync.sync.cycle.relocating import settled
from smugsync.sync.report import What

#: How far times are moved apart, in nanoseconds: less is not seen on every file system.
STEP = 2_000_000_000

UNEDITED: dict[str, Any] = {"local_md5": None, "local_size": None, "local_mtime_ns": None}


class Came(StrEnum):
    """How bytes came back."""

    AS_EDIT = "as an edit"  #: under the name of a photo that has other bytes online
    AS_HELD = "as the account's"  #: they are what the photo has online
    AS_OWN = "as a person's own"
    BESIDE = "beside"  #: the name is taken by other bytes
    THERE = "there already"


@dataclass(frozen=True, slots=True)
class Back:
    """Where the bytes are now, how they came there, and where those lie that had the name before."""

    path: str
    how: Came
    was: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """Give the bytes of `entry` the name `target` again.

    `displace`: the account's bytes under that name may go to the versions, and so may what a person put back
    there; a person's own never do. `undoes` is the change (its id) that is taken back by it.
    """

    entry: Entry
    target: str
    displace: bool = True
    undoes: int | None = None


@dataclass(slots=True)
class Restorer:
    """Puts files back under names, for one run."""

    context: Context
    shelves: Shelves

    def put_back(self, wish: Wish) -> Back:
        """Do it, or find a name beside it if it is taken. In a dry run only the answer is given.

        Raises Transient (something changed meanwhile, or cannot be read), MirrorUnusable, Interrupted.
        """
        context = self.context
        row = context.catalogue.file_at(wish.target)
        if row is not None and row.held_md5 is None:
            row = None  # it accounts for nothing here: what lies under its name is a person's
        here = context.mirror.fingerprint(wish.target)
        if here is None and row is None:
            return self._as_own(wish, Came.AS_OWN)
        found = context.mirror.hash(wish.entry.where, context.stop)
        if here is None and row is not None:
            return self._to_photo(wish, found, row, "")
        present = context.mirror.hash(wish.target, context.stop)
        if found.md5 == present.md5:
            return self._there_already(present, row)
        if wish.displace and row is not None and (shelf := goes_to(row, present)) is not None:
            announce(context, row, found.md5)
            return self._to_photo(wish, found, row, shelve(context, present, shelf))
        beside = replace(wish, target=free_name(context, wish.target, "restored"))
        return self._as_own(beside, Came.BESIDE)

    def finish(self, target: str, undoes: int | None) -> Back | None:
        """An earlier call moved the bytes and was killed before it recorded that: say so now, if it did."""
        context = self.context
        here = context.mirror.fingerprint(target)
        if here is None:
            return None
        row, mine = context.catalogue.file_at(target), context.catalogue.local_file(target)
        if mine is not None and mine.why == "kept" and mine.fingerprint == here:
            present = LocalFile(target, here)
        elif row is not None and row.kept_md5 is not None:
            present = context.mirror.hash(target, context.stop)
            if present.md5 != row.kept_md5:
                return None
        else:
            return None
        context.note(What.PUT_BACK, target, "by a run that was killed", of=row, undoes=undoes)
        return self._there_already(present, row)

    # -- the ways back -----------------------------------------------------------------------------

    def _to_photo(self, wish: Wish, found: LocalFile, row: FileRow, was: str) -> Back:
        """The name is free, and a photo's: the bytes are its own, or an edit that a person wants there."""
        context = self.context
        how = Came.AS_HELD if found.md5 == row.held_md5 else Came.AS_EDIT
        back = Back(wish.target, how, was)
        if context.options.dry_run:
            self._note(back, wish, row)
            return back
        announce(context, row, found.md5)
        found = apart(context, row, found)
        context.mirror.move(wish.entry.where, wish.target)
        self._note(back, wish, row)
        record(context, row, replace(found, path=wish.target))
        self.shelves.tidy(wish.entry)
        return back

    def _as_own(self, wish: Wish, how: Came) -> Back:
        context, back = self.context, Back(wish.target, how)
        if context.options.dry_run:
            self._note(back, wish, None)
            return back
        with context.catalogue.transaction(durable=True):
            context.catalogue.put_local(wish.target, wish.entry.fingerprint, why="kept")
        context.mirror.move(wish.entry.where, wish.target)
        with context.catalogue.transaction(durable=True):
            self._note(back, wish, None)
        self.shelves.tidy(wish.entry)
        return back

    def _there_already(self, present: LocalFile, row: FileRow | None) -> Back:
        known = row is None or present.fingerprint in (accepted(row), row.edited())
        if row is not None and not known and not self.context.options.dry_run:
            record(self.context, row, present)
        return Back(present.path, Came.THERE)

    def _note(self, back: Back, wish: Wish, row: FileRow | None) -> None:
        detail = f"from {_pile(wish.entry.where)}"
        if back.how is Came.BESIDE:
            detail += "; its name is taken by other bytes"
        elif back.was:
            detail += f"; what was there is in {_pile(back.was)}"
        of = row or self.context.catalogue.album_at(back.path.rpartition("/")[0])
        self.context.note(What.PUT_BACK, back.path, detail, was=back.was, of=of, undoes=wish.undoes)


def photo_of(catalogue: Catalogue, change: ChangeRow) -> FileRow | None:
    """The photo that a change was about, if it still is in that album."""
    if change.album_id is None or not change.key:
        return None
    return catalogue.file_in(change.album_id, change.key)


def name_for(catalogue: Catalogue, change: ChangeRow, former: str) -> str:
    """The name that bytes set aside by `change` are to have: the one that their photo has by now.

    `former` is the one they had; of two halves of a conflict each has its own.
    """
    row, decided = photo_of(catalogue, change), change.what == What.RESOLVED.name.lower()
    if row is not None and row.held_md5 is not None and not decided:
        return join(catalogue.album(row.album_id).directory, row.name)
    path = former if decided else change.path
    if change.album_id is not None:  # its directory may have another name by now
        return join(catalogue.album(change.album_id).directory, path.rpartition("/")[2])
    return path


def _pile(where: str) -> str:
    """The directory on a shelf in which a place has the shape of the mirror."""
    place = parse(where)
    return where if place is None else where[: -len(place[2]) - 1]


def goes_to(row: FileRow, present: LocalFile) -> Shelf | None:
    """Where bytes under a photo's name may go to make room; None if they may be somebody's unsaved work.

    The account's own may, and those that a person put back there; damaged ones go to their own shelf.
    """
    if present.md5 == row.held_md5 or (row.local_md5 and present.md5 == row.local_md5 == row.kept_md5):
        return Shelf.VERSIONS
    damaged = row.damaged_at is not None and present.fingerprint.mtime_ns == row.mtime_ns
    return Shelf.DAMAGED if damaged else None


def announce(context: Context, row: FileRow, wanted: str | None = None) -> None:
    """A photo's file is about to leave its name, perhaps for the bytes `wanted` (an MD5).

    Should the process die before it can say how that ended, the next sync looks there.
    """
    if not context.options.dry_run:
        with context.catalogue.transaction(durable=True):
            context.catalogue.put([replace(missing(row), kept_md5=wanted)])


def shelve(context: Context, file: LocalFile, shelf: Shelf = Shelf.VERSIONS) -> str:
    """Move a file to a shelf, if it still is what was seen; where it lies now.

    Raises Transient if somebody saved it meanwhile: then it is under its name again.
    """
    if context.options.dry_run:
        return shelf_path(file.path, context.stamp, shelf)
    where = context.mirror.keep_version(file.path, context.stamp, shelf)
    if context.mirror.fingerprint(where) != file.fingerprint:
        context.mirror.move(where, file.path)
        context.mirror.remove_empty(where.rpartition("/")[0])
        raise Transient(f"{file.path} was changed on disk meanwhile; ask again")
    return where


def record(context: Context, row: FileRow, present: LocalFile) -> None:
    """What lies under the photo's name now: its own bytes, or an edit that a person decided to keep."""
    present = apart(context, row, present)
    with context.catalogue.transaction(durable=True):
        context.catalogue.drop_local([present.path])
        context.catalogue.put([described(row, present)])


def apart(context: Context, row: FileRow, present: LocalFile) -> LocalFile:
    """Other bytes with the very time of the photo's own would pass for damage: theirs is moved a little."""
    if present.md5 == row.held_md5 or present.fingerprint.mtime_ns != row.mtime_ns:
        return present
    other = present.fingerprint.mtime_ns + STEP
    return replace(present, fingerprint=context.mirror.touch(present.path, other))


def described(row: FileRow, present: LocalFile) -> FileRow:
    """The row of a photo under whose name these bytes lie, by a person's decision."""
    size, mtime_ns = present.fingerprint.size, present.fingerprint.mtime_ns
    if present.md5 == row.held_md5:
        row = replace(row, mtime_ns=mtime_ns, damaged_at=None, kept_md5=None, **UNEDITED)
        return _at_rest(row)
    return replace(
        _at_rest(row),
        local_md5=present.md5,
        local_size=size,
        local_mtime_ns=mtime_ns,
        kept_md5=present.md5,
        damaged_at=None,
    )


def _at_rest(row: FileRow) -> FileRow:
    """A row that is planned only because its bytes were not here need not be fetched for them any more."""
    promised = row.promised_md5 in (None, row.held_md5) and row.promised_size in (None, row.held_size)
    if row.state is State.PLANNED and row.version == row.held_version and promised:
        return settled(row)
    return row


def missing(row: FileRow) -> FileRow:
    """The row of a photo whose bytes have left its name: the next sync fetches them again."""
    row = replace(row, damaged_at=None, kept_md5=None, **UNEDITED)
    if row.state is State.COMMITTED:
        row = row.on(Event.LOSE, source=None, source_run=None)
    return row


def free_name(context: Context, path: str, label: str) -> str:
    """A name beside `path` that nobody has: `STEM (label DATE).EXT`."""
    directory, _, name = path.rpartition("/")
    when = datetime.fromtimestamp(context.now(), UTC).strftime("%Y-%m-%d %H%M%S")
    for candidate in alternatives(naming.beside(name, f"{label} {when}")):
        target = join(directory, candidate)
        if context.mirror.fingerprint(target) is None and context.catalogue.file_at(target) is None:
            return target
    raise AssertionError("there are infinitely many names")


def accepted(row: FileRow) -> Fingerprint | None:
    if row.held_size is None or row.mtime_ns is None:
        return None
    return Fingerprint(row.held_size, row.mtime_ns)
