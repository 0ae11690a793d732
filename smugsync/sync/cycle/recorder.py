"""What transfers did becomes rows: the last step of every one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smugsync.catalogue import FileRow, join, shown
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Evidence, LocalFile, RemoteFile
from smugsync.core.reconcile import Adopt, Conflict
from smugsync.errors import IntegrityError, ItemError, MirrorUnusable
from smugsync.local.placement import Placed
from smugsync.local.sharing import How, Source
from smugsync.records import replace
from smugsync.sync.context import Context
from smugsync.sync.cycle.feeder import Feeder
from smugsync.sync.cycle.holding import record, retry_at
from smugsync.sync.cycle.planning import PROCESSING_PATIENCE
from smugsync.sync.cycle.transfer import Faltered, Fetching, Received
from smugsync.sync.report import What

#: The same wrong bytes so many times are no accident of the line.
SAME_WRONG_BYTES = 3


class Recorder:
    """Writes outcomes down and gives their rows' places in flight back."""

    def __init__(self, context: Context, feeder: Feeder) -> None:
        self._ctx, self._feeder = context, feeder

    def commit(self, received: Sequence[Received], results: Sequence[Placed | Exception]) -> None:
        """Files that are visible under their names get their rows, in one transaction as durable as they.

        Raises MirrorUnusable if that is why some of them could not be placed.
        """
        broken: MirrorUnusable | None = None
        catalogue = self._ctx.catalogue
        before = catalogue.generation
        with catalogue.transaction(durable=self._ctx.options.durability != "none"):
            rows, placed = catalogue.files_by_id(one.job.row for one in received), list[FileRow]()
            for one, result in zip(received, results, strict=True):
                self._feeder.release(one.job.row)
                row = rows.get(one.job.row)
                if row is None:
                    continue  # the album went meanwhile; the next scan finds the file and says so
                if isinstance(result, Placed):
                    placed.append(self._committed(row, one, result))
                elif isinstance(result, ItemError):
                    self._fail(row, one.job, result)
                elif isinstance(result, MirrorUnusable):
                    broken = result
                else:
                    raise result
            catalogue.put(placed)
        ids = (one.job.row for one in received)
        self._feeder.recorded(ids, placed=(row.key for row in placed), since=before)
        if broken is not None:
            raise broken

    def falter(self, outcome: Faltered) -> None:
        self._feeder.release(outcome.job.row)
        catalogue = self._ctx.catalogue
        row = catalogue.file(outcome.job.row)
        if row is None:
            return
        if isinstance(outcome.job, Fetching):
            with catalogue.transaction():
                self._fail(row, outcome.job, outcome.error, outcome.file, repeats=outcome.repeats)
        elif row.state is State.PLANNED:
            with catalogue.transaction():
                self._feeder.fail(row, outcome.error)
        else:  # could not be read just now; its row stands
            self._ctx.report.trouble(outcome.job.path, str(outcome.error))

    def to_place(self, one: Received) -> Received | None:
        """What is to be placed of a photo that has come, None if nothing is."""
        if one.job.compare is not None:
            return self._compare(one)
        if one.how is not None or one.job.expected is None:
            return one  # nothing lies there
        row = self._ctx.catalogue.file(one.job.row)
        if row is None or row.state is not State.PLANNED or row.damaged_at is not None:
            return one
        held = row.base("")
        if held is None or held.held_md5 != one.found.md5 or held.fingerprint != one.job.expected:
            return one
        self._keep(row, one)
        return None

    def _keep(self, row: FileRow, one: Received) -> None:
        """The very bytes came that lie here, under another version: they stay where they are."""
        row = replace(row, **shown(one.file, self._ctx.run))
        row = row.on(Event.CLAIM_FETCH).on(Event.RECEIVE)
        held: dict[str, Any] = {
            "held_version": one.file.version,
            "evidence": one.evidence.value,
            "verified_at": int(self._ctx.now()),
            "attempts": 0,
            "strikes": 0,
        }
        with self._ctx.catalogue.transaction():
            self._ctx.catalogue.put(
                [row.on(Event.PLACE, source=None, source_run=None, **held, **self._found_out(one))]
            )
        report = self._ctx.report
        report.files_downloaded += 1
        report.bytes_downloaded += one.found.size
        report.files_verified += one.evidence not in (Evidence.UNPROVEN, Evidence.SELF)
        one.part.discard()
        self._feeder.release(row.id)

    def _compare(self, one: Received) -> Received | None:
        """A photo has come whose place a person's file has; what is to be placed of it, and where.

        If the two are the very same, the file is adopted, and nothing is placed. Else it is a conflict, and
        the photo goes beside it. None also if the file was changed meanwhile: the next run looks again.
        """
        catalogue, path = self._ctx.catalogue, one.job.path
        row, directory = catalogue.file(one.job.row), path.rpartition("/")[0]
        if row is not None and (local := self._compared(one)) is not None:
            same = one.found.md5 == local.md5
            action = Adopt() if same else Conflict()
            record(self._ctx, row, one.file, local, action=action, directory=directory)
            row = catalogue.file(row.id)
            if row is not None and same and row.state is State.COMMITTED:
                self._adopted(row, one)
            elif row is not None and row.state is State.PLANNED:
                beside = join(directory, row.name)
                return replace(one, job=replace(one.job, path=beside, expected=None, keep=None, compare=None))
        one.part.discard()
        self._feeder.release(one.job.row)
        return None

    def _adopted(self, row: FileRow, one: Received) -> None:
        """What was found out of the bytes that came holds for the very same that lie here.

        They were fetched to be compared, so that nothing was spared by it.
        """
        with self._ctx.catalogue.transaction():
            self._ctx.catalogue.put([replace(row, **self._found_out(one))])
        report = self._ctx.report
        report.files_adopted -= 1
        report.bytes_adopted -= one.found.size
        report.files_downloaded += 1
        report.bytes_downloaded += one.found.size

    def _found_out(self, one: Received) -> dict[str, Any]:
        """Columns of what nobody promised."""
        return {
            "held_sha256": one.inspected.sha256 if one.inspected else None,
            "inspected": one.inspected.how if one.inspected else "",
            "validator": (one.part.validator or "") if one.evidence is Evidence.SELF else "",
            "looked_at": int(self._ctx.now()),
        }

    def _compared(self, one: Received) -> LocalFile | None:
        """The person's file, if it is still as it was when its MD5 was taken."""
        job = one.job
        try:
            fingerprint = self._ctx.mirror.fingerprint(job.path)
        except ItemError:
            return None
        if fingerprint is None or fingerprint != job.expected:
            return None
        return LocalFile(job.path, fingerprint, job.compare)

    def _committed(self, row: FileRow, one: Received, placed: Placed) -> FileRow:
        report, source = self._ctx.report, one.job.source
        report.files_verified += one.evidence not in (Evidence.UNPROVEN, Evidence.SELF)
        if one.how is None or source is None:
            report.files_downloaded += 1
            report.bytes_downloaded += one.found.size
            verified_at: int | None = int(self._ctx.now())
        else:
            self._count_taken_over(source, one.found.size)
            verified_at = int(self._ctx.now()) if one.how is How.COPY else source.verified_at
        if row.held_md5 is None:
            what = What.NEW
        elif row.damaged_at is not None and (
            row.held_md5 == one.found.md5 or row.version != row.held_version
        ):
            what = What.REPAIRED
        elif row.held_md5 != one.found.md5:
            what = What.REPLACED
        else:
            what = What.RESTORED
        detail = f"the old one is kept in {placed.kept}" if placed.kept else ""
        if one.how is not None and source is not None:
            path = source.path if self._is_ours(source) else f"{source.root.path}/{source.path}"
            detail = f"{one.how} of {path}" + (f"; {detail}" if detail else "")
        self._ctx.note(what, one.job.path, detail, was=placed.kept or "", of=row)
        held: dict[str, Any] = {
            "held_version": one.file.version,
            "held_md5": one.found.md5,
            "held_size": one.found.size,
            **self._found_out(one),
            "mtime_ns": placed.fingerprint.mtime_ns,
            "evidence": one.evidence.value,
            "local_md5": None,
            "local_size": None,
            "local_mtime_ns": None,
            "verified_at": verified_at,
            "damaged_at": None,
            "attempts": 0,
            "strikes": 0,
        }
        if row.state is not State.PLANNED:
            return replace(row, **held)
        arrived = {**shown(one.file, self._ctx.run), "source": None, "source_run": None}
        return row.through(Event.CLAIM_FETCH, Event.RECEIVE, Event.PLACE, **arrived, **held)

    def _is_ours(self, source: Source) -> bool:
        return source.root is self._ctx.mirror.root

    def _count_taken_over(self, source: Source, size: int) -> None:
        report = self._ctx.report
        if self._is_ours(source):
            report.files_shared += 1
        else:
            report.files_adopted += 1
            report.bytes_adopted += size

    def _fail(
        self,
        row: FileRow,
        job: Fetching,
        error: ItemError,
        file: RemoteFile | None = None,
        *,
        repeats: int = 0,
    ) -> None:
        if row.state is not State.PLANNED:
            return
        claimed = row.on(Event.CLAIM_FETCH)
        if file is not None and file.withheld:
            again = int(self._ctx.now()) + PROCESSING_PATIENCE if file.processing else None
            self._ctx.catalogue.put([claimed.on(Event.WITHHOLD, reason=file.withheld, retry_at=again)])
            return
        event = Event.FALTER
        if isinstance(error, IntegrityError):
            event = Event.GIVE_UP if repeats >= SAME_WRONG_BYTES else Event.MISMATCH
        self._ctx.catalogue.put(
            [
                claimed.on(
                    event,
                    reason=str(error),
                    attempts=row.attempts + 1,
                    **self._patience(row, event),
                )
            ]
        )
        self._ctx.report.trouble(job.path, str(error))

    def _patience(self, row: FileRow, event: Event) -> dict[str, int]:
        """When it is tried again: a quarantine lasts a day, and twice as long each time, up to 32 days."""
        if event is not Event.GIVE_UP:
            return {"retry_at": retry_at(row.attempts, self._ctx.now())}
        return {
            "strikes": row.strikes + 1,
            "retry_at": int(self._ctx.now()) + 86_400 * (1 << min(row.strikes, 5)),
        }
