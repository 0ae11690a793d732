"""How much of the processors went to others while something was measured."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")


class Others:
    """From its making on: what was neither idle nor ours. Time that a host took from this machine counts."""

    def __init__(self, proc: Path = PROC, pid: int | None = None) -> None:
        self._proc, self._pid = proc, os.getpid() if pid is None else pid
        self._all, self._idle = self._processors()
        self._own = self._tree(self._pid)

    def share(self) -> float:
        """From 0 to 1, of all processors."""
        every, idle = self._processors()
        if every <= self._all:
            return 0.0
        busy = (every - self._all) - (idle - self._idle) - (self._tree(self._pid) - self._own)
        return min(1.0, max(0.0, busy / (every - self._all)))

    def _processors(self) -> tuple[int, int]:
        """Ticks so far, and those of them without work; see /proc/stat in proc(5)."""
        user, nice, system, idle, waiting, *interrupts = (
            int(field) for field in (self._proc / "stat").read_text().split("\n", 1)[0].split()[1:9]
        )
        return user + nice + system + idle + waiting + sum(interrupts), idle + waiting

    def _tree(self, pid: int) -> int:
        """Ticks of a process, of those it waited for, and of its living descendants."""
        try:
            fields = (self._proc / f"{pid}/stat").read_text().rpartition(")")[2].split()
            threads = sorted((self._proc / f"{pid}/task").iterdir())
            children = [child for one in threads for child in (one / "children").read_text().split()]
        except OSError:  # it has ended since it was named: its parent's count has it, once waited for
            return 0
        return sum(map(int, fields[11:15])) + sum(self._tree(int(child)) for child in children)
