"""What became of an upload is written down: there, refused for now, refused for good, or nobody knows."""

from __future__ import annotations

from smugsync.catalogue import UploadRow
from smugsync.core.lifecycle import Event
from smugsync.errors import Doubtful, ItemError, Rejected, SmugsyncError
from smugsync.records import replace
from smugsync.sync.context import Context
from smugsync.sync.cycle.holding import retry_at
from smugsync.sync.report import What
from smugsync.sync.sending.arrival import arrive, is_complete
from smugsync.sync.sending.courier import Delivered

#: For how long a file that the service will never take is left alone, in seconds; or until it is changed.
REFUSED_PATIENCE = 30 * 86_400


def delivered(context: Context, upload: UploadRow, outcome: Delivered) -> None:
    """The service has it. What it does not show yet as it will be, a later listing settles."""
    with context.catalogue.transaction():
        if outcome.shown is not None and is_complete(upload, outcome.shown):
            arrive(context, upload, outcome.shown, kept=outcome.kept)
            return
        key = outcome.sent.key if outcome.sent.listed else ""  # then it is found by its bytes
        context.catalogue.put_upload(upload.on(Event.FALTER, key=key))
        context.report.files_sent += 1
        context.report.bytes_sent += upload.size
        context.note(What.SENT, upload.path, "the service still works on it")


def undelivered(context: Context, upload: UploadRow, error: SmugsyncError) -> None:
    """It was not taken, unless the error is Doubtful (inside a transaction)."""
    now, put, told = context.now(), context.catalogue.put_upload, ""
    if isinstance(error, Doubtful):
        put(upload.on(Event.FALTER))
        told = f"was sent, but {error}; a later run sees what became of it"
    elif isinstance(error, Rejected):
        put(upload.on(Event.REFUSE, reason=str(error), retry_at=int(now) + REFUSED_PATIENCE))
        told = f"is not sent: {error}"
    else:
        declined = upload.on(Event.DECLINE, reason=str(error), attempts=upload.attempts + 1)
        put(replace(declined, retry_at=retry_at(upload.attempts, now)))
        told = f"is not sent yet: {error}" if isinstance(error, ItemError) else ""
    if told:
        context.report.trouble(upload.path, told)
