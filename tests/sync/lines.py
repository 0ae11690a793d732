"""A line to the service as a model: connections that share a link, each with a rate and a round trip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smugsync.sync.cycle.throttle import Throttle

#: Nothing is as short, in seconds: less is a rounding error.
_TINY = 1e-9


@dataclass(frozen=True)
class Line:
    """`link` and `rate` (of one connection) in bytes per second, `round_trip` in seconds."""

    link: float
    rate: float
    round_trip: float = 0.05

    def best(self, size: float, ceiling: int = 32) -> float:
        """The most bytes per second that any number of connections brings, for files of `size`."""
        return min(self.link, ceiling * size / (self.round_trip + size / self.rate))


@dataclass
class _Flow:
    size: int
    left: float
    wait: float


@dataclass(frozen=True)
class Course:
    """What a run came to: bytes per second in its second half, and the limits that were in force then."""

    rate: float
    limits: tuple[int, ...]


def drive(throttle: Throttle, line: Line, sizes: Iterator[int], *, seconds: float) -> Course:
    """Download files of `sizes` over `line`, as many at once as the throttle allows."""
    flows: list[_Flow] = []
    now, arrived, measured = 0.0, 0.0, 0.0
    limits: list[int] = []
    while now < seconds:
        while len(flows) < throttle.limit:
            size = next(sizes)
            flows.append(_Flow(size, size, line.round_trip))
        moving = [flow for flow in flows if flow.wait <= _TINY]
        waiting = [flow for flow in flows if flow.wait > _TINY]
        rate = min(line.rate, line.link / max(len(moving), 1))
        step = min([flow.left / rate for flow in moving] + [flow.wait for flow in waiting])
        for flow in waiting:
            flow.wait -= step
        for flow in moving:
            flow.left -= rate * step
        now += step
        if now >= seconds / 2:
            measured += step
            arrived += rate * step * len(moving)
            limits.append(throttle.limit)
        for flow in [flow for flow in moving if flow.left <= _TINY * rate]:
            flows.remove(flow)
            throttle.moved(flow.size, now)
    return Course(arrived / measured, tuple(limits))
