"""Trials: a fault at a place, what it left, and whether plain runs bring everything back."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import SubprocessError

from tests.e2e.command import Result
from tests.e2e.emulated import SMUGSYNC
from tests.faults import judge
from tests.faults.bench import Bench, open_bench
from tests.faults.ground import prepare_to_mount
from tests.faults.judge import Truth
from tests.faults.matrix import Fault
from tests.faults.means import Struck, Where
from tests.faults.operations import Operation

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
    """What was tried of one fault in one operation. `steps` counts trials by where the fault struck."""

    fault: str
    operation: str
    available: int = 0
    trials: int = 0
    unreached: list[str] = field(
        default_factory=list
    )  #: where the run was over before the fault could strike
    runs: int = 0  #: of the command, those that mend what a fault has left included
    steps: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    seconds: float = 0.0
    skipped: str = ""

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
    elif result.code == 0 and not fault.hidden:
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


# -- many trials -----------------------------------------------------------------------------------


class Benches:
    """Benches that are ready, by operation and ground; made when first asked for, `width` of each.

    A fault that edits the account has benches of its own.
    """

    def __init__(self, root: Path, stack: ExitStack, *, width: int = 2, program: Path = SMUGSYNC) -> None:
        self._root, self._stack, self._program = root, stack, program
        self._width = width
        self._ready: dict[tuple[str, str, str], list[Bench]] = {}
        self._made = 0

    def get(self, fault: Fault, operation: Operation) -> Sequence[Bench]:
        kind = fault.means.ground
        key = operation.name, kind, fault.name if fault.edits else ""
        if key not in self._ready:
            prepare_to_mount(kind)  # here, before there are other threads
            self._made += 1
            places = [self._root / f"{operation.name}-{self._made}-{number}" for number in range(self._width)]
            with ThreadPoolExecutor() as pool:
                opening = [pool.submit(self._open, place, operation, kind) for place in places]
            self._ready[key] = [one.result() for one in opening]
        return self._ready[key]

    def _open(self, place: Path, operation: Operation, kind: str) -> Bench:
        return self._stack.enter_context(open_bench(place, operation, kind, program=self._program))


Wanted = Callable[[Where], bool]


def sweep(
    benches: Benches,
    fault: Fault,
    operation: Operation,
    *,
    most: int | None = None,
    wanted: Wanted = lambda where: True,
    hunting: bool = False,
) -> Tally:
    """Try a fault at every place that is `wanted`, or at `most` of them.

    `hunting` begins with the last place, by which most has been done, and ends with a violation.
    """
    began = time.monotonic()
    tally = Tally(fault.name, operation.name)
    tally.skipped = fault.means.lacks()
    if not tally.skipped:
        ready = benches.get(fault, operation)
        places = [one for one in fault.means.places(ready[0]) if wanted(one)]
        tally.available = len(places)
        chosen = places if most is None else spread(places, most)
        chosen = chosen[::-1] if hunting else chosen
        _share_out(ready, fault, chosen, tally, hunting=hunting)
    tally.seconds = time.monotonic() - began
    return tally


def spread(places: Sequence[Where], most: int) -> list[Where]:
    """At most `most` places, as different from each other as can be: of every kind, or of every n-th kind
    in the order of the run, first the one in its middle."""
    kinds: dict[str, list[Where]] = {}
    for place in places:
        kinds.setdefault(place.kind, []).append(place)
    waiting = [_from_the_middle(kind) for kind in kinds.values()]
    if most < len(waiting):
        waiting = [waiting[(2 * number + 1) * len(waiting) // (2 * most)] for number in range(most)]
    chosen: list[Where] = []
    while waiting and len(chosen) < most:
        kind = waiting.pop(0)
        chosen.append(kind.pop(0))
        if kind:
            waiting.append(kind)
    return chosen


def _from_the_middle(places: Sequence[Where]) -> list[Where]:
    order = sorted(range(len(places)), key=lambda number: abs(number - len(places) // 2))
    return [places[number] for number in order]


def _share_out(
    ready: Sequence[Bench], fault: Fault, places: Sequence[Where], tally: Tally, *, hunting: bool
) -> None:
    """Each bench works in a thread of its own, until no place is left."""
    waiting: queue.SimpleQueue[Where] = queue.SimpleQueue()
    for place in places:
        waiting.put(place)
    lock = threading.Lock()
    broken: list[BaseException] = []

    def work(bench: Bench) -> None:
        own = Tally(tally.fault, tally.operation)
        try:
            while not broken and not (hunting and tally.violations):
                where = waiting.get_nowait()
                wrong = try_once(bench, fault, where, own)
                if wrong:
                    violation = Violation(fault.name, tally.operation, str(where), tuple(wrong))
                    tally.violations.append(violation)
        except queue.Empty:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            broken.append(error)
        with lock:
            tally.add(own)

    threads = [threading.Thread(target=work, args=(bench,), name=str(bench.root)) for bench in ready]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]
