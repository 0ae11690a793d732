"""A file that lies here already becomes its row's, a person's edit, or a conflict; nothing is transferred.

Called with what `reconcile` has decided. The engine's thread only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from smugsync.catalogue import FileRow, join
from smugsync.core import naming
from smugsync.core.integrity import Found, prove
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Base, Evidence, LocalFile, RemoteFile
from smugsync.core.reconcile import Action, Adopt, Conflict, Diverge, Side, is_damage
from smugsync.errors import IntegrityError, ItemError, Rejected
from smugsync.local.sharing import Source
from smugsync.records import replace
from smugsync.sync.adoption.originals import is_original
from smugsync.sync.context import Context
from smugsync.sync.cycle.relocating import settled
from smugsync.sync.report import What

#: So many files may lie beside a photo because they diverged from it; then a person has to choose.
CONFLICTS = 10
#: Nothing is known of an edit of it.
_UNTOUCHED: dict[str, Any] = {"local_md5": None, "local_size": None, "local_mtime_ns": None}


def record(
    context: Context,
    row: FileRow,
    remote: RemoteFile,
    local: LocalFile | Side,
    *,
    action: Action | None,
    directory: str,
) -> None:
    """Write down what `action` makes of the row; `directory` is its album's. To adopt, `local` was hashed."""
    if row.state is State.PLANNED and not isinstance(action, Conflict):
        context.progress.plan(-1, -(remote.promised.size or 0))
    path = join(directory, row.name)
    # Lost in a power cut, it is found out again; but a name with a time in it would be another one.
    with context.catalogue.transaction(durable=isinstance(action, Conflict)):
        match action:
            case Adopt() if isinstance(local, LocalFile):
                _adopt(context, row, remote, local, path)
            case Conflict() if isinstance(local, LocalFile):
                _step_aside(context, row, local, directory)
            case Diverge() if isinstance(local, LocalFile):
                _diverge(context, row, local, path)
            case _ if row.state is not State.COMMITTED:
                context.catalogue.put([_as_found(context, settled(row), local)])


def original(context: Context, remote: RemoteFile) -> Source | None:
    """What the service has converted `remote` from, if it is to be taken over."""
    source = context.stock.source(remote)
    return source if is_original(source) else None


def is_original_of(context: Context, remote: RemoteFile, local: LocalFile | Side) -> bool:
    """Does the original lie in its place already? A run that was killed has not recorded it."""
    source = original(context, remote)
    return source is not None and isinstance(local, LocalFile) and local.md5 == source.md5


def is_damaged(base: Base | None, local: LocalFile | Side) -> bool:
    """Was `local` read, and found to have rotted?"""
    if base is None or not isinstance(local, LocalFile) or local.md5 is None:
        return False
    return is_damage(base, local)


def note_damage(context: Context, row: FileRow, local: LocalFile | Side, path: str) -> None:
    """Met while looking for edits: it is recorded and told; to mend it is for a person to ask."""
    if row.damaged_at is not None or not is_damaged(row.base(""), local):
        return
    context.note(What.DAMAGED, path, "other bytes under an unchanged time", of=row)
    with context.catalogue.transaction():
        context.catalogue.put([replace(row, damaged_at=int(context.now()))])


def fail(context: Context, row: FileRow, error: ItemError, path: str) -> None:
    """A planned row that cannot even be begun (inside a transaction)."""
    claimed = row.on(Event.CLAIM_FETCH)
    failed = claimed.on(
        Event.FALTER,
        reason=str(error),
        attempts=row.attempts + 1,
        retry_at=retry_at(row.attempts, context.now()),
    )
    context.catalogue.put([failed])
    context.report.trouble(path, str(error))


def retry_at(attempts: int, now: float) -> int:
    """When a file that failed `attempts` times before is due again: 5 minutes, doubling up to a day."""
    return int(now) + min(300 << min(attempts, 9), 86_400)


def _as_found(context: Context, row: FileRow, local: LocalFile | Side) -> FileRow:
    """The row of a file that was read, if it was, and found right."""
    if isinstance(local, LocalFile) and local.md5 == row.held_md5:
        return replace(row, verified_at=int(context.now()), damaged_at=None)
    return row


def _adopt(context: Context, row: FileRow, remote: RemoteFile, local: LocalFile, path: str) -> None:
    size, mtime_ns = local.fingerprint.size, local.fingerprint.mtime_ns
    if row.held_md5 is not None and local.md5 in (None, row.held_md5):  # touched, or online again
        row = _as_found(context, row if row.state is State.COMMITTED else settled(row), local)
        context.catalogue.put([replace(row, mtime_ns=mtime_ns, **_UNTOUCHED)])
        return
    if local.md5 is None:
        raise ValueError("only a hashed file can be adopted")
    evidence = Evidence.UNPROVEN
    if not is_original_of(context, remote, local):
        try:
            evidence = prove(remote.promised, Found(local.md5, size))
        except IntegrityError as error:
            fail(context, row, error, path)
            return
    held: dict[str, Any] = {
        "held_version": row.version,
        "held_md5": local.md5,
        "held_size": size,
        "mtime_ns": mtime_ns,
        "evidence": evidence.value,
        "held_sha256": None,
        "inspected": "",
        "validator": "",
        "verified_at": int(context.now()),
        "damaged_at": None,
        "strikes": 0,
    }
    context.catalogue.put([replace(settled(replace(row, **held)), **_UNTOUCHED)])
    context.catalogue.drop_local([path])
    context.report.files_adopted += 1
    context.report.bytes_adopted += size
    context.report.files_verified += evidence not in (Evidence.UNPROVEN, Evidence.SELF)
    context.note(What.ADOPTED, path, of=row)


def _diverge(context: Context, row: FileRow, local: LocalFile, path: str) -> None:
    context.note(What.EDITED, path, "kept as it is", of=row)
    edited = replace(
        row if row.state is State.COMMITTED else settled(row),
        local_md5=local.md5,
        local_size=local.fingerprint.size,
        local_mtime_ns=local.fingerprint.mtime_ns,
        verified_at=int(context.now()),
        damaged_at=None,
    )
    context.catalogue.put([edited])


def _step_aside(context: Context, row: FileRow, local: LocalFile, directory: str) -> None:
    """The local file keeps its name; the online one gets another and is fetched there."""
    catalogue, path = context.catalogue, join(directory, row.name)
    if catalogue.count_halves(row.id) >= CONFLICTS:
        why = f"{CONFLICTS} files have diverged from it already: choose by `smugsync resolve`"
        fail(context, row, Rejected(why), path)
        return
    when = datetime.fromtimestamp(context.now(), UTC).strftime("%Y-%m-%d %H%M%S")
    name = naming.assign(
        naming.beside(row.name, f"online {when}"),
        row.key,
        lambda folded: catalogue.name_taken(row.album_id, folded),
    )
    catalogue.drop_local([path])  # whatever it was taken for until now
    catalogue.put_local(path, local.fingerprint, md5=local.md5, why="diverged", of=row.id)
    catalogue.put([replace(row, name=name, name_folded=naming.fold(name), **_UNTOUCHED)])
    context.planned = True
    context.note(What.CONFLICT, path, f"the online version goes to {join(directory, name)}", of=row)
