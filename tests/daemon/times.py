"""Clocks that only a test moves."""

from __future__ import annotations

from smugsync.daemon.clocks import Clocks


class Hands:
    """Both clocks: `pass_by` moves them together, `jump` the one on the wall alone."""

    def __init__(self, wall: float = 1_795_000_000.0) -> None:
        self.wall, self.ticks = wall, 1000.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds

    def jump(self, seconds: float) -> None:
        self.wall += seconds

    def clocks(self) -> Clocks:
        return Clocks(wall=lambda: self.wall, ticks=lambda: self.ticks, chance=lambda: 0.0)
