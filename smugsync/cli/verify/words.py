"""What a verification found, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from smugsync.cli.amounts import ago, moment
from smugsync.cli.summary import SHOWN, UNPROVEN, plural, told
from smugsync.core.verdict import Verdict
from smugsync.progress import duration, size
from smugsync.records import dataclass
from smugsync.sync.proving.verification import Verification
from smugsync.sync.report import Report, What

_GROUPS = (Verdict.DAMAGED, Verdict.SPOILT, Verdict.MISSING, Verdict.UNREADABLE, Verdict.BUSY)
_MENDED = (What.REPAIRED, What.RESTORED, What.MOVED)
_OTHERS = (What.REPLACED,)
_MENDABLE = (Verdict.DAMAGED, Verdict.MISSING)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verification that has ended. `oldest` (epoch s) and `never` are as `Proofs.oldest_proof` says."""

    work: Verification
    report: Report
    mirror: Path
    oldest: int | None
    never: int
    now: float

    def as_json(self) -> dict[str, Any]:
        """The report, and what only a verification knows."""
        return self.report.as_json() | {
            "verdicts": {verdict.name.lower(): n for verdict, n in sorted(self._verdicts.items()) if n},
            "findings": [
                {
                    "path": finding.path,
                    "verdict": finding.verdict.name.lower(),
                    "reason": finding.reason,
                    "last_good": finding.last_good,
                    "not_mended": self._helpless.get(finding.row),
                }
                for finding in self._wrong.values()
            ],
            "mended": self._mended,
            "replaced": self._replaced,
            "oldest_proof": self.oldest,
            "never_proven": self.never,
        }

    def lines(self, repair_command: str) -> Iterator[str]:
        """For people; the first line alone says how it went."""
        yield self._headline()
        yield f"  proven    {self._proven()}"
        if self.never:
            yield f"  never     {plural(self.never, 'file')} not proven since they came here"
        if self.report.files_unproven:
            some = plural(self.report.files_unproven, *UNPROVEN)
            yield f"  unproven  {some}: held against what was adopted, not the account"
        if self.oldest is not None:
            yield f"  oldest    proof from {ago(self.oldest, self.now)}"
        elsewhere = self.report.files_damaged - self._count(Verdict.DAMAGED) - self._count(Verdict.SPOILT)
        if elsewhere > 0:
            yield f"  elsewhere {plural(elsewhere, 'file')} known to be damaged: `smugsync status` names them"
        yield from self._findings()
        yield from self._listed("mended:", _MENDED)
        yield from self._listed("other bytes are online than were held here, and are here now:", _OTHERS)
        if self.work.mending is None and any(f.verdict in _MENDABLE for f in self._wrong.values()):
            yield f"`{repair_command}` fetches again what is damaged or missing."
        if any(f.verdict is not Verdict.MISSING and f.row in self._lost for f in self._wrong.values()):
            yield "What the account cannot mend is kept; `touch` it, and the next verify calls it your edit."

    @property
    def _verdicts(self) -> dict[Verdict, int]:
        return {} if self.work.audit is None else self.work.audit.found.verdicts

    @property
    def _wrong(self) -> dict[int, Any]:
        return {} if self.work.audit is None else self.work.audit.found.wrong

    @property
    def _helpless(self) -> dict[int, str]:
        return {} if self.work.mending is None else self.work.mending.helpless

    @property
    def _lost(self) -> set[int]:
        return set() if self.work.mending is None else self.work.mending.lost

    @property
    def _mended(self) -> int:
        return 0 if self.work.mending is None else self.work.mending.mended

    @property
    def _replaced(self) -> int:
        return 0 if self.work.mending is None else self.work.mending.replaced

    def _headline(self) -> str:
        if self.report.stopped is not None:
            return f"Stopped early: what was proven of {self.mirror} stands, and the next one goes on there."
        left = [f for f in self._wrong.values() if f.verdict is not Verdict.BUSY]
        if left:
            words = ", ".join(f"{n:,} {verdict}" for verdict in _GROUPS if (n := self._count(verdict)))
            return f"{self.mirror} is NOT all right: {words}."
        if self._replaced:
            mended = f"{plural(self._mended, 'file was', 'files were')} mended; " if self._mended else ""
            other = plural(self._replaced, "file is", "files are")
            return f"{self.mirror}: {mended}{other} what lies online now, and not what was held; see below."
        if self._mended:
            return (
                f"{self.mirror}: {plural(self._mended, 'file was', 'files were')} mended; all is right now."
            )
        if not self.report.files_proven and not self._wrong:
            return f"{self.mirror}: nothing was due."
        return f"{self.mirror}: every file that was read is right."

    def _count(self, verdict: Verdict) -> int:
        return sum(1 for finding in self._wrong.values() if finding.verdict is verdict)

    def _proven(self) -> str:
        report = self.report
        if not report.files_proven:
            return "nothing"
        spent = duration(report.seconds) if report.seconds >= 1 else "under a second"
        text = f"{plural(report.files_proven, 'file')}, {size(report.bytes_proven)} in {spent}"
        if edited := self._verdicts.get(Verdict.EDITED, 0):
            text += f"; {edited:,} of them as edited here"
        return text

    def _findings(self) -> Iterator[str]:
        for verdict in _GROUPS:
            found = [finding for finding in self._wrong.values() if finding.verdict is verdict]
            if found:
                yield f"{verdict.value}:"
            for finding in sorted(found, key=lambda finding: finding.path):
                good = finding.last_good
                detail = f"{finding.reason}; " + (f"right on {moment(good)}" if good else "never proven")
                if (why := self._helpless.get(finding.row)) is not None:
                    detail += f"; not mended: {why}"
                yield from told(finding.path, detail)

    def _listed(self, title: str, kinds: tuple[What, ...]) -> Iterator[str]:
        changes = [change for change in self.report.changes if change.what in kinds]
        total = sum(self.report.counts[what] for what in kinds)
        if total:
            yield title
        for change in changes[:SHOWN]:
            yield from told(change.path, change.detail)
        if total > len(changes[:SHOWN]):
            yield f"  and {total - len(changes[:SHOWN]):,} more"
