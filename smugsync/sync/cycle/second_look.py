"""Files of which the service promises nothing: has what lies online under an address become something else?

A version cannot tell, since the service has none to show. Where its server names what it sends (ETag or
Last-Modified), it is asked now and then, without fetching anything, whether that is still the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from smugsync.catalogue import FileRow
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import RemoteFile
from smugsync.records import replace
from smugsync.sync.context import Context
from smugsync.sync.cycle.survey import LookAgain, LookedAgain

#: A file is asked after once in so many seconds, at the soonest, and so many of them by one cycle.
EVERY = 30 * 86_400
MOST = 1000
#: So many in one question to a lane.
_BATCH = 20


def is_due(context: Context, row: FileRow) -> bool:
    """Is a held file to be asked after? Only cycles over everything do so."""
    return (
        context.scope.kind == "everything"
        and row.state is State.COMMITTED
        and bool(row.validator)
        and (row.looked_at or 0) + EVERY <= context.now()
        and len(context.to_look_at) < MOST
    )


def questions(context: Context) -> Iterator[LookAgain]:
    """What the listings have brought up; each once."""
    waiting, context.to_look_at = context.to_look_at, []
    for start in range(0, len(waiting), _BATCH):
        yield LookAgain(tuple(waiting[start : start + _BATCH]))


def settle(context: Context, answer: LookedAgain) -> None:
    """What is the same rests for a while; what is not is planned, as if its version had changed."""
    catalogue, now = context.catalogue, int(context.now())
    changed: list[FileRow] = []
    for row_id, remote in answer.same | answer.other:
        row = catalogue.file(row_id)
        if row is None or row.state is not State.COMMITTED:
            continue
        if (row_id, remote) in answer.other:
            context.planned = True
            context.progress.plan(1, 0)
            row = row.on(Event.CHANGE, held_version="", source=remote.source, source_run=context.run)
        changed.append(replace(row, looked_at=now))
    with catalogue.transaction():
        catalogue.put(changed)


def pending(row: FileRow, remote: RemoteFile) -> tuple[int, RemoteFile, str]:
    """One file to be asked after."""
    return row.id, remote, row.validator
