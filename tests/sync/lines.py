"""A line to the service as a model: connections that share a link, each with a rate and a round trip."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from smugsync.sync.cycle.throttle import Count, Throttle

#: Nothing is as short, in seconds: less is a rounding error.
_TINY = 1e-9
#: So often the engine has a look, in seconds.
_LOOK = 0.1


@dataclass(frozen=True)
class Line:
    """`link` and `rate` (of one connection) in bytes per second, `round_trip` in seconds.

    Every connection more costs the share `drag` of the link: what threads cost where the processor is the
    limit.
    `noise`: by how much of it the link is better or worse from one second to the next.
    """

    link: float
    rate: float
    round_trip: float = 0.05
    drag: float = 0.0
    noise: float = 0.0

    def shared_by(self, connections: int) -> float:
        return self.link / (1 + self.drag * max(connections - 1, 0))

    def best(self, size: float, ceiling: int = 32) -> float:
        """The most bytes per second that any number of connections brings, for files of `size`."""
        each = size / (self.round_trip + size / self.rate)
        return max(min(self.shared_by(n), n * each) for n in range(1, ceiling + 1))


@dataclass
class _Flow:
    size: float
    left: float
    wait: float


@dataclass(frozen=True)
class Course:
    """What a run came to: bytes per second from `since` on, and the limits that were in force then."""

    rate: float
    limits: tuple[int, ...]


def drive(
    throttle: Throttle, line: Line, sizes: Iterator[int], *, seconds: float, since: float | None = None
) -> Course:
    """Download files of `sizes` over `line`, as many at once as the throttle allows.

    `since`: where measuring begins, in seconds; the second half unless told otherwise.
    """
    since = seconds / 2 if since is None else since
    weather = random.Random(3)
    flows: list[_Flow] = []
    now, look, arrived, files, measured, before = 0.0, 0.0, 0.0, 0, 0.0, 0.0
    limits: list[int] = []
    luck, change = 1.0, 1.0
    while now < seconds:
        while len(flows) < throttle.limit:
            size = next(sizes)
            flows.append(_Flow(size, size, line.round_trip))
        moving = [flow for flow in flows if flow.wait <= _TINY]
        waiting = [flow for flow in flows if flow.wait > _TINY]
        rate = min(line.rate, luck * line.shared_by(len(flows)) / max(len(moving), 1))
        step = min([flow.left / rate for flow in moving] + [flow.wait for flow in waiting] + [look - now])
        for flow in waiting:
            flow.wait -= step
        for flow in moving:
            flow.left -= rate * step
        now += step
        arrived += rate * step * len(moving)
        if now - step < since:
            before = arrived
        else:
            measured += step
        done = [flow for flow in moving if flow.left <= _TINY * rate]
        files += len(done)
        flows = [flow for flow in flows if flow.left > _TINY * rate]
        if now >= look - _TINY:
            look += _LOOK
            scale = sum(math.log2(flow.size) for flow in flows) / max(len(flows), 1)
            throttle.watch(partial(Count, int(arrived), files, len(flows), scale), now)
            if now >= since:
                limits.append(throttle.limit)
        if now >= change:
            change += 1.0
            luck = 1 + line.noise * weather.uniform(-1, 1)
    return Course((arrived - before) / measured, tuple(limits))
