"""Where the daemon's time and chance come from."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime

from smugsync.records import dataclass


@dataclass(frozen=True, slots=True)
class Clocks:
    """Epoch seconds, monotonic ones, and chance in [0, 1)."""

    wall: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random

    def local(self) -> datetime:
        """What the clock on the wall shows."""
        return datetime.fromtimestamp(self.wall())


CLOCKS = Clocks()
