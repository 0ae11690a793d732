"""Many trials: benches that are used again and again, and the places that are tried."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.e2e.emulated import SMUGSYNC
from tests.faults.bench import Bench, open_bench
from tests.faults.ground import prepare_to_mount
from tests.faults.matrix import Fault
from tests.faults.means import Where
from tests.faults.operations import Operation
from tests.faults.trial import Tally, Violation, try_once


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
    hunted: str = "",
) -> Tally:
    """Try a fault at every place that is `wanted`, or at `most` of them.

    `hunted`: words of a violation. Then it begins with the last place, by which most has been done, and ends
    as soon as one of that kind is found.
    """
    began = time.monotonic()
    tally = Tally(fault.name, operation.name)
    tally.skipped = fault.means.lacks()
    if not tally.skipped:
        ready = benches.get(fault, operation)
        places = [one for one in fault.means.places(ready[0]) if wanted(one)]
        tally.available = len(places)
        chosen = places if most is None else spread(places, most)
        chosen = chosen[::-1] if hunted else chosen
        _share_out(ready, fault, chosen, tally, hunted=hunted)
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
    ready: Sequence[Bench], fault: Fault, places: Sequence[Where], tally: Tally, *, hunted: str
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
            while not broken and not (hunted and tally.tells(hunted)):
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
