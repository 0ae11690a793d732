"""What a person is asked to decide, and what becomes of their answer.

Two things are open until somebody decides. A *conflict*: both sides changed; the local file kept its name,
and the online version lies beside it. An *edit*: the file was changed here, and the account still has what
it had. A decision is remembered (`file.kept_md5`, `local_file.why = 'kept'`), so that nobody is asked twice;
it holds for the bytes it was made about, and a later edit is open again.

The bytes move before their row is written; the row is only announced to be in doubt. Whatever is killed in
between leaves both files under a name or on a shelf, and the next sync, or the same command again, goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from smugsync.catalogue import Catalogue, FileRow, join
from smugsync.catalogue.questions import LocalRow
from smugsync.core import naming
from smugsync.core.lifecycle import State
from smugsync.core.model import LocalFile
from smugsync.errors import UsageError
from smugsync.local.shelves import Entry, Shelves
from smugsync.local.versions import Shelf
from smugsync.records import dataclass, replace
from smugsync.sync.context import Context
from smugsync.sync.report import What
from smugsync.sync.second_thoughts.restoring import (
    UNEDITED,
    announce,
    described,
    free_name,
    missing,
    record,
    shelve,
)


class Keep(StrEnum):
    LOCAL = "local"
    ONLINE = "online"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Conflict:
    """`local` is a person's, `online` what the account has; None if that lies nowhere any more."""

    local: str
    online: str | None
    file: int | None


@dataclass(frozen=True, slots=True)
class Edit:
    """`path` was edited here; `file` is its row."""

    path: str
    file: int


Question = Conflict | Edit


def conflicts(catalogue: Catalogue, *, limit: int = -1) -> Iterator[Conflict]:
    """The open conflicts, by the local file's path."""
    for local in catalogue.diverged(limit=limit):
        yield _conflict(catalogue, local)


def edits(catalogue: Catalogue, *, limit: int = -1) -> Iterator[Edit]:
    """The edits that nobody has decided about."""
    for album, row in catalogue.open_edits(limit=limit):
        yield Edit(join(album.directory, row.name), row.id)


def find(catalogue: Catalogue, path: str) -> Question | None:
    """What may be decided about `path`: the conflict it is either half of, or the photo it may be an edit of.

    None where there is nothing to decide. Raises UsageError if several conflicts share it.
    """
    local = catalogue.local_file(path)
    if local is not None and local.why == "diverged":
        return _conflict(catalogue, local)
    row = catalogue.file_at(path)
    if row is None or row.held_md5 is None:
        return None
    halves = catalogue.diverged_from(row.id)
    if len(halves) > 1:
        named = ", ".join(half.path for half in halves)
        raise UsageError(f"{path} is the online version of several files: name one of them ({named})")
    return _conflict(catalogue, halves[0]) if halves else Edit(path, row.id)


def resolve(context: Context, question: Question, keep: Keep) -> None:
    """Do what a person decided.

    Raises UsageError when there is nothing (left) to decide or when the wish cannot be met, Transient when a
    file changed in the very moment; MirrorUnusable; Interrupted.
    """
    row = None if question.file is None else context.catalogue.file(question.file)
    if isinstance(question, Conflict):
        _resolve_conflict(context, question, row, keep)
    elif row is not None:
        _resolve_edit(context, question, row, keep)
    else:
        raise UsageError(f"{question.path} is not of the account any more: there is nothing to decide")


def reopen(context: Context, row: FileRow, local: LocalFile, online: LocalFile) -> None:
    """Take a decision for the local file back: the conflict is open again, both files under their names."""
    name = online.path.rpartition("/")[2]
    row = replace(
        row,
        name=name,
        name_folded=naming.fold(name),
        mtime_ns=online.fingerprint.mtime_ns,
        kept_md5=None,
        **UNEDITED,
    )
    with context.catalogue.transaction(durable=True):
        context.catalogue.drop_local([online.path])
        context.catalogue.put_local(local.path, local.fingerprint, md5=local.md5, why="diverged", of=row.id)
        context.catalogue.put([row])


# -- conflicts -------------------------------------------------------------------------------------


def _conflict(catalogue: Catalogue, local: LocalRow) -> Conflict:
    row = None if local.file_id is None else catalogue.file(local.file_id)
    directory = None if row is None else catalogue.album(row.album_id).directory
    if row is None or directory != local.path.rpartition("/")[0]:
        return Conflict(local.path, None, None)
    return Conflict(local.path, join(directory, row.name), row.id)


def _resolve_conflict(context: Context, asked: Conflict, row: FileRow | None, keep: Keep) -> None:
    if keep is Keep.BOTH or (row is None and keep is Keep.LOCAL):
        _keep_both(context, asked, row)
    elif row is None or asked.online is None:
        raise UsageError(
            f"the online version of {asked.local} is not beside it any more: it moved, or is gone online; "
            "keep the local file"
        )
    else:
        _check_name(context, asked.local, row)
        if keep is Keep.LOCAL:
            _keep_local(context, asked.local, asked.online, row)
        else:
            _keep_online(context, asked.local, asked.online, row)


def _check_name(context: Context, path: str, row: FileRow) -> None:
    other = context.catalogue.file_at(path)
    if other is not None and other.id != row.id:
        raise UsageError(
            f"another photo of the account has the name {path} now: run `smugsync sync`, then decide again"
        )


def _keep_both(context: Context, asked: Conflict, row: FileRow | None) -> None:
    here = context.mirror.fingerprint(asked.local)
    if here is None:
        raise _vanished(asked)
    context.note(What.RESOLVED, asked.local, "it stays, as a file of your own", of=row)
    with context.catalogue.transaction(durable=True):
        context.catalogue.put_local(asked.local, here, why="kept")


def _keep_local(context: Context, local: str, online: str, row: FileRow) -> None:
    """The online copy goes to the versions, its row takes the name and calls the local file an edit."""
    if row.held_md5 is None:
        raise _not_fetched(local)
    if context.mirror.fingerprint(local) is None:
        raise _vanished(Conflict(local, online, row.id))
    mine = context.mirror.hash(local, context.stop)
    theirs = _read(context, online)
    if theirs is None and row.version != row.held_version:
        raise _not_fetched(local)
    was, detail = "", "your file stays"
    edited_too = theirs is not None and theirs.md5 != row.held_md5
    announce(context, row)
    if theirs is not None and edited_too:
        detail += f", and so does {online}, which was edited as well"
    elif theirs is not None:
        was = shelve(context, theirs)
        detail += f"; the online version lies in {was}"
    name = local.rpartition("/")[2]
    context.note(What.RESOLVED, local, detail, was=was, of=row)
    if theirs is not None and edited_too:
        with context.catalogue.transaction(durable=True):
            context.catalogue.put_local(online, theirs.fingerprint, md5=theirs.md5, why="kept")
    _settle_others(context, row, local)
    record(context, replace(row, name=name, name_folded=naming.fold(name), **UNEDITED), mine)


def _keep_online(context: Context, local: str, online: str, row: FileRow) -> None:
    """The local file goes to the versions, the online copy takes its name."""
    mine = _read(context, local)
    fetched = context.mirror.fingerprint(online) is not None
    announce(context, row)
    was = "" if mine is None else shelve(context, mine)
    detail = "the online version gets the name" if fetched else "the next sync fetches the online version"
    if was:
        detail += f"; your file lies in {was}"
    name = local.rpartition("/")[2]
    row = replace(row, name=name, name_folded=naming.fold(name))
    context.note(What.RESOLVED, local, detail, was=was, of=row)
    if fetched:
        context.mirror.move(online, local)
    with context.catalogue.transaction(durable=True):
        context.catalogue.drop_local([local])
        context.catalogue.put([row if fetched or row.held_md5 is None else missing(row)])
    _settle_others(context, row, local)


def _settle_others(context: Context, row: FileRow, local: str) -> None:
    """Other files that were in conflict with the same photo stay, as a person's own."""
    with context.catalogue.transaction(durable=True):
        for other in context.catalogue.diverged_from(row.id):
            if other.path != local:
                context.note(What.RESOLVED, other.path, "it stays, as a file of your own", of=row)
                context.catalogue.put_local(other.path, other.fingerprint, md5=other.md5, why="kept")


# -- edits -----------------------------------------------------------------------------------------


def _resolve_edit(context: Context, asked: Edit, row: FileRow, keep: Keep) -> None:
    mine = _read(context, asked.path)
    if mine is None:
        raise UsageError(f"{asked.path} is not here any more: the next `smugsync sync` fetches it again")
    if mine.md5 == row.held_md5:
        raise UsageError(f"{asked.path} is as it is online: there is nothing to decide")
    if mine.fingerprint.mtime_ns == row.mtime_ns and mine.fingerprint != row.edited():
        raise UsageError(
            f"{asked.path} was not edited, it is damaged: `smugsync verify --repair` mends it, "
            "or says why it cannot"
        )
    if keep is Keep.LOCAL:
        context.note(What.RESOLVED, asked.path, "your edit stays", of=row)
        record(context, row, mine)
        return
    home = context.mirror.root.home(asked.path.rpartition("/")[0])
    shelves = Shelves(context.mirror.root, homes=[home])
    good = _on_a_shelf(context, shelves, asked.path, row)
    if good is None and row.state is State.RETIRED:
        raise UsageError(
            f"{asked.path} is gone online, and its former bytes lie nowhere here: the edit is all there is"
        )
    announce(context, row)
    if keep is Keep.ONLINE:
        was = shelve(context, mine)
        detail = f"your edit lies in {was}"
    else:
        was, target = "", free_name(context, asked.path, "edited")
        with context.catalogue.transaction(durable=True):
            context.catalogue.put_local(target, mine.fingerprint, md5=mine.md5, why="kept")
        context.mirror.move(asked.path, target)
        detail = f"your edit is {target} now"
    if good is not None:
        context.mirror.move(good.where, asked.path)
        after = described(row, LocalFile(asked.path, good.fingerprint, row.held_md5))
        context.note(What.RESOLVED, asked.path, f"as it is online again; {detail}", was=was, of=row)
    else:
        after = missing(row)
        context.note(What.RESOLVED, asked.path, f"the next sync fetches it; {detail}", was=was, of=row)
    with context.catalogue.transaction(durable=True):
        context.catalogue.put([after])
    if good is not None:
        shelves.tidy(good)


def _on_a_shelf(context: Context, shelves: Shelves, path: str, row: FileRow) -> Entry | None:
    """The photo's own bytes among the versions, the newest, and best under its name: of two that were set
    aside within a second, the later one has another."""
    name = path.rpartition("/")[2]
    found = [entry for entry in shelves.entries(Shelf.VERSIONS) if entry.fingerprint.size == row.held_size]
    found.sort(key=lambda entry: entry.path.rpartition("/")[2] == name)
    for entry in reversed(found):
        if context.mirror.hash(entry.where, context.stop).md5 == row.held_md5:
            return entry
    return None


def _read(context: Context, path: str) -> LocalFile | None:
    """The file with its MD5, None if there is none. Raises Transient, MirrorUnusable, Interrupted."""
    if context.mirror.fingerprint(path) is None:
        return None
    return context.mirror.hash(path, context.stop)


def _not_fetched(local: str) -> UsageError:
    return UsageError(
        f"the online version of {local} was not fetched yet: run `smugsync sync` first, or keep both"
    )


def _vanished(asked: Conflict) -> UsageError:
    return UsageError(
        f"{asked.local} is not here any more: with `--keep online` the online version takes its name"
    )
