"""One trial: a fault at a place, what it left, and whether plain runs bring everything back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from subprocess import SubprocessError

from tests.e2e.command import Result
from tests.faults import judge
from tests.faults.bench import Bench
from tests.faults.judge import Truth
from tests.faults.matrix import Fault
from tests.faults.means import Struck, Where

#: Plain runs that may be needed after a fault.
RUNS = 2


@dataclass(frozen=True, slots=True)
class Violation:
    """What went wrong in one trial, and what to type to see it again."""

    fault: str
    operation: str
    where: str
    what: tuple[str, ...]

    def __str__(self) -> str:
        again = (
            f'.venv/bin/python -m tests.faults --fault "{self.fault}" --operation "{self.operation}"'
            f' --point "{self.where}"'
        )
        return "\n    ".join(
            [f"{self.fault}, {self.operation}, at {self.where}:", *self.what, f"again: {again}"]
        )


@dataclass
class Tally:
    """What was tried of one fault in one operation. `steps` counts trials by where the fault struck,
    `unreached` are the places before which a run was over, `runs` those that mend what a fault has left
    included.
    """

    fault: str
    operation: str
    available: int = 0
    trials: int = 0
    unreached: list[str] = field(default_factory=list)
    runs: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    seconds: float = 0.0
    skipped: str = ""

    def tells(self, words: str) -> bool:
        """Is there a violation of this kind?"""
        return any(words in sentence for one in self.violations for sentence in one.what)

    def add(self, other: Tally) -> None:
        """Count another one's trials as well."""
        self.trials += other.trials
        self.unreached += other.unreached
        self.runs += other.runs
        self.steps += other.steps
        self.codes += other.codes


def try_once(bench: Bench, fault: Fault, where: Where, tally: Tally) -> list[str]:
    """One trial; what was wrong. Counts into `tally`."""
    bench.restore()
    tally.trials += 1
    wrong: list[str] = []
    try:
        struck = fault.means.strike(bench, where)
    except (AssertionError, SubprocessError) as error:
        return [f"the run with the fault: {error}"]
    tally.runs += 1
    tally.codes[struck.result.code] += 1
    if struck.reached:
        tally.steps[where.step] += 1
    else:
        tally.unreached.append(str(where))
    truth = struck.truth or bench.truth
    wrong += struck.wrong
    wrong += judge.at_rest(bench.ground.mirror, bench.state, truth)
    wrong += bench.touched_beside()
    wrong += _words(bench, fault, struck, truth)
    return [*wrong, *_recovery(bench, fault, truth, tally)]


def _words(bench: Bench, fault: Fault, struck: Struck, truth: Truth) -> Iterator[str]:
    """Was the run right about itself?"""
    result = struck.result
    if result.code not in (fault.codes if struck.reached else {0}):
        yield f"exit code {result.code}: {_last_words(result)}"
    elif result.code == 0 and not (fault.hidden or fault.edits):
        for sentence in judge.unsettled(bench.ground.mirror, bench.state, truth, tidy=False):
            yield f"it said 0, and {sentence}"
    elif result.code > 0 and not (result.err + result.out).strip():
        yield f"exit code {result.code} without a word"


def _recovery(bench: Bench, fault: Fault, truth: Truth, tally: Tally) -> Iterator[str]:
    """The fault is over: do plain runs mend everything, and fetch only what is missing?"""
    bench.online.reset_counters()
    missing = judge.missing(bench.ground.mirror, truth)
    result, left = Result(0, "", ""), ["nothing was run"]
    for _ in range(RUNS):
        for arguments in fault.mend or bench.operation.mend:
            try:
                result = bench.command.run(*arguments)
            except (AssertionError, SubprocessError) as error:
                yield f"{' '.join(arguments)} afterwards: {error}"
                return
            tally.runs += 1
        left = judge.unsettled(bench.ground.mirror, bench.state, truth)
        if result.code == 0 and not left:
            break
    if result.code:
        yield f"mended {RUNS} times: exit code {result.code}: {_last_words(result)}"
    yield from (f"mended {RUNS} times: {sentence}" for sentence in left)
    fetched = bench.online.counters()["media_requests"]
    if fetched > missing:
        yield f"{fetched} photos were fetched afterwards, and {missing} were missing"


def _last_words(result: Result) -> str:
    return (result.err.strip() or result.out.strip() or "not a word").splitlines()[-1]
