"""What an audit found becomes rows: proofs, damage, a person's edits; and a list of what is wrong."""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import Any

from smugsync.catalogue import FileRow
from smugsync.core.model import LocalFile
from smugsync.core.verdict import Verdict, judge
from smugsync.errors import MirrorUnusable, Transient
from smugsync.local.reading import Obstacle, Reading, Unread
from smugsync.records import dataclass, replace
from smugsync.sync.context import Context
from smugsync.sync.report import What

#: So many files in a row that the disk cannot read back, and it is the disk, not the files.
BROKEN_IN_A_ROW = 8

SOUND = (Verdict.RIGHT, Verdict.TOUCHED, Verdict.EDITED)
_OBSTACLES = {
    Obstacle.MISSING: Verdict.MISSING,
    Obstacle.CHANGED: Verdict.BUSY,
    Obstacle.BROKEN: Verdict.DAMAGED,
    Obstacle.REFUSED: Verdict.UNREADABLE,
}
_UNEDITED: dict[str, Any] = {"local_md5": None, "local_size": None, "local_mtime_ns": None}


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that is not as it should be. `last_good` (epoch s) is when it last was, None = nobody knows."""

    row: int
    verdict: Verdict
    path: str
    reason: str
    last_good: int | None = None


class Findings:
    """Judges readings in the engine's thread. What it wants recorded waits for `write`.

    `verdicts` counts files, `bytes_proven` are those of the sound ones, `wrong` names by row id what is not
    as it should be, `sums` holds (path, SHA-256) of what is sound, if they are wanted.
    """

    def __init__(self, context: Context, *, sums: bool = False) -> None:
        self._ctx, self._wants_sums = context, sums
        self.verdicts: Counter[Verdict] = Counter()
        self.bytes_proven = 0
        self.wrong: dict[int, Finding] = {}
        self.sums: list[tuple[str, str]] = []
        self._unreadable: list[tuple[int, FileRow, str, str]] = []
        self._changed: list[FileRow] = []
        self._proven: list[int] = []  #: rows of which nothing else is to be recorded

    @property
    def waiting(self) -> int:
        """So many rows wait for `write`."""
        return len(self._changed) + len(self._proven)

    def write(self) -> None:
        changed, self._changed = self._changed, []
        proven, self._proven = self._proven, []
        with self._ctx.catalogue.transaction():  # what a power cut takes is found again
            self._ctx.catalogue.put(changed)
            if proven:
                self._ctx.catalogue.prove(proven, now=int(self._ctx.now()))

    def take(self, row: FileRow, path: str, found: Reading | Unread, *, moment: int) -> Verdict:
        """Judge what reading the file at `path` gave. `moment` is when the disk was asked for what could be
        read, and when it was clear of anything else that it could not: they count up over all readers.

        Raises MirrorUnusable and SuspiciousPlan when it is the disk that is gone.
        """
        if isinstance(found, Unread):
            return self._unread(row, path, found, moment)
        self.settle(before=moment)
        base = row.base(path.rpartition("/")[0])
        if base is None:
            raise ValueError("only a held file can be judged")
        edited = row.edited()
        edit = None if edited is None else LocalFile(path, edited, row.local_md5)
        local = LocalFile(path, found.fingerprint, found.md5)
        verdict = judge(base, edit, local)
        unedited = verdict in (Verdict.RIGHT, Verdict.TOUCHED)
        if unedited and found.sha256 and row.held_sha256 not in (None, found.sha256):
            verdict = Verdict.DAMAGED
        if verdict in SOUND:
            self.bytes_proven += found.fingerprint.size
            self._sound(row, path, verdict, local)
            if self._wants_sums:
                self.sums.append((path, found.sha256))
            return verdict
        if not self._stands(local):
            return self.find(row, path, Verdict.BUSY, "it was replaced while it was read")
        return self._damaged(row, path, verdict, _difference(row, verdict, local))

    def find(self, row: FileRow, path: str, verdict: Verdict, reason: str) -> Verdict:
        """Something is not as it should be; this takes the place of an earlier finding about the file."""
        former = self.wrong.get(row.id)
        if former is not None:
            self.verdicts[former.verdict] -= 1
        self.verdicts[verdict] += 1
        self.wrong[row.id] = Finding(row.id, verdict, path, reason, row.verified_at)
        return verdict

    def settle(self, before: float = inf) -> None:
        """What failed before the disk was asked for another file, and gave that: so it was not the disk,
        these files are damaged. What it gave, but was asked for earlier, may have lain in memory by then.
        """
        waiting, self._unreadable = self._unreadable, []
        for moment, row, path, reason in waiting:
            if moment < before:
                self._damaged(row, path, Verdict.DAMAGED, reason)
            else:
                self._unreadable.append((moment, row, path, reason))

    # -- one file ----------------------------------------------------------------------------------

    def _unread(self, row: FileRow, path: str, found: Unread, moment: int) -> Verdict:
        verdict = _OBSTACLES[found.obstacle]
        if verdict is Verdict.DAMAGED:
            self._unreadable.append((moment, row, path, found.reason))
            if len(self._unreadable) >= BROKEN_IN_A_ROW:
                raise MirrorUnusable(
                    f"{len(self._unreadable)} files in a row cannot be read back, the last is {path}: that "
                    "is the disk, not the files; nothing was recorded of them; check the disk and its cable"
                )
            return verdict
        if verdict is Verdict.MISSING:
            self._ctx.mirror.check_in_place()
            self._ctx.note(What.MISSING, path, of=row)
        return self.find(row, path, verdict, found.reason)

    def _sound(self, row: FileRow, path: str, verdict: Verdict, local: LocalFile) -> None:
        former = self.wrong.pop(row.id, None)
        if former is not None:
            self.verdicts[former.verdict] -= 1
        self.verdicts[verdict] += 1
        if verdict is Verdict.RIGHT and row.damaged_at is None and row.edited() is None:
            self._proven.append(row.id)
            return
        proven: dict[str, Any] = {"verified_at": int(self._ctx.now()), "damaged_at": None}
        size, mtime_ns = local.fingerprint.size, local.fingerprint.mtime_ns
        if verdict is Verdict.EDITED:
            if local.md5 != row.local_md5:
                self._ctx.note(What.EDITED, path, "kept as it is", of=row)
            after = replace(row, local_md5=local.md5, local_size=size, local_mtime_ns=mtime_ns, **proven)
        else:
            if row.damaged_at is not None:
                self._ctx.note(What.SOUND, path, of=row)
            after = replace(row, mtime_ns=mtime_ns, **proven, **_UNEDITED)
        self._changed.append(after)

    def _damaged(self, row: FileRow, path: str, verdict: Verdict, reason: str) -> Verdict:
        if row.damaged_at is None:
            self._ctx.note(What.DAMAGED, path, reason, of=row)
            self._changed.append(replace(row, damaged_at=int(self._ctx.now())))
        return self.find(row, path, verdict, reason)

    def _stands(self, local: LocalFile) -> bool:
        """Is what was read still what the name shows?"""
        try:
            return self._ctx.mirror.fingerprint(local.path) == local.fingerprint
        except Transient:
            return False


def _difference(row: FileRow, verdict: Verdict, local: LocalFile) -> str:
    expected, size = row.held_size or 0, local.fingerprint.size
    what = "other bytes"
    if verdict is Verdict.SPOILT:
        what += " than the edit that was made here"
    elif size != expected:
        what = f"{size:,} bytes instead of {expected:,}"
    return f"{what} under an unchanged time"
