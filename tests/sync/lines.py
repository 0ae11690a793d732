"""A line to the service as a model: connections that share a link, each with a rate and a round trip."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from smugsync.sync.cycle.throttle import LATELY, Count, Throttle

#: So often the engine has a look, in seconds.
_LOOK = 0.1


@dataclass(frozen=True)
class Line:
    """`link` and `rate` (of one connection) in bytes per second, `round_trip` in seconds.

    Every connection more costs the share `drag` of the link, and every file takes as much of it as `toll`
    bytes more: what threads and files cost where the processor is the limit.
    `noise`: by how much of it the link is better or worse from one second to the next; `stalls`: in how many
    of these it all but stands still for half a second, as where a disk writes what it owes.
    """

    link: float
    rate: float
    round_trip: float = 0.05
    drag: float = 0.0
    noise: float = 0.0
    toll: float = 0.0
    stalls: float = 0.0

    def shared_by(self, connections: int) -> float:
        return self.link / (1 + self.drag * max(connections - 1, 0))

    def best(self, size: float, ceiling: int = 32) -> float:
        """The most bytes per second that any number of connections brings, for files of `size`."""
        each = size / (self.round_trip + size / self.rate)
        return max(min(self.shared_by(n), n * each) for n in range(1, ceiling + 1))


@dataclass(frozen=True)
class Course:
    """What a run came to: bytes per second from `since` on, and the limits that were in force then."""

    rate: float
    limits: tuple[int, ...]


class _Clock:
    """Flows that are served alike: what each has had since the beginning, and when whose turn is over."""

    def __init__(self) -> None:
        self.had = 0.0
        self._ends: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, size: float, flow: int) -> None:
        heapq.heappush(self._ends, (self.had + size, flow))

    def left(self) -> float:
        """Until the next is over; infinite if there is none."""
        return self._ends[0][0] - self.had if self._ends else math.inf

    def over(self) -> Iterator[int]:
        """Those that are, in turn; what is left of a rounding error is nothing."""
        while self._ends and self._ends[0][0] <= self.had + 1e-9 * max(1.0, self.had):
            yield heapq.heappop(self._ends)[1]


def drive(
    throttle: Throttle,
    line: Line,
    sizes: Iterable[int],
    *,
    seconds: float = math.inf,
    since: float | None = None,
    seed: int = 3,
) -> Course:
    """Download files of `sizes` over `line`, as many at once as the throttle allows.

    Until all are here, or for so many `seconds`. `since`: where measuring begins, in seconds; without it, in
    the middle of `seconds`, or at the beginning if all are to come.
    """
    if since is None:
        since = 0.0 if math.isinf(seconds) else seconds / 2
    weather, numbers, coming = random.Random(seed), itertools.count(), iter(sizes)
    asking, paying, moving = _Clock(), _Clock(), _Clock()
    flows: dict[int, int] = {}
    now, look, arrived, files, measured, before = 0.0, 0.0, 0.0, 0, 0.0, 0.0
    scales: deque[float] = deque(maxlen=LATELY)
    limits: list[int] = []
    luck, change, more = 1.0, 0.0, True
    while now < seconds:
        while more and len(flows) < throttle.limit:
            size = next(coming, None)
            if size is None:
                more = False
                break
            number = next(numbers)
            flows[number] = size
            scales.append(math.log2(size))
            asking.add(line.round_trip, number)
        if not flows:
            break
        if now >= change:
            stands = weather.random() < line.stalls
            luck = 0.1 if stands else 1 + line.noise * weather.uniform(-1, 1)
            change += 0.5 if stands else 1.0
        share = luck * line.shared_by(len(flows)) / max(len(moving) + len(paying), 1)
        rate = min(line.rate, share)
        step = min(asking.left(), paying.left() / share, moving.left() / rate, look - now, change - now)
        step = max(0.0, step)
        now += step
        asking.had += step
        paying.had += share * step
        moving.had += rate * step
        arrived += rate * step * len(moving)
        if now - step < since:
            before = arrived
        else:
            measured += step
        for number in moving.over():
            del flows[number]
            files += 1
        for number in paying.over():
            moving.add(flows[number], number)
        for number in asking.over():
            paying.add(line.toll, number)
        if now >= look:
            look += _LOOK
            throttle.watch(partial(Count, int(arrived), files, len(flows), tuple(scales)), now)
            if now >= since:
                limits.append(throttle.limit)
    return Course((arrived - before) / measured, tuple(limits))
