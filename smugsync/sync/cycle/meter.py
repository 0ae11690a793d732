"""What the downloads bring, while they bring it: counted beside the workers, read by the engine's thread."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import field
from functools import partial

from smugsync.core.model import RemoteFile
from smugsync.records import dataclass
from smugsync.remote.gallery import Sink
from smugsync.stop import Stop
from smugsync.sync.cycle.throttle import LATELY, Count
from smugsync.sync.cycle.transfer import Downloads


@dataclass(slots=True)
class _Tally:
    """One thread's own, which no other writes to."""

    size: int = 0
    files: int = 0
    active: bool = False


@dataclass(frozen=True, slots=True)
class Metered:
    """The downloads of `source`, counted; every thread has a tally of its own, and none waits for another."""

    source: Downloads
    _tallies: dict[int, _Tally] = field(default_factory=dict)
    #: of the files begun last, by all threads: to add one and to copy it are single steps of the interpreter
    _scales: deque[float] = field(default_factory=partial(deque[float], maxlen=LATELY))

    def count(self) -> Count:
        """From any thread. A file counts once it was brought in full."""
        tallies = list(self._tallies.values())
        return Count(
            size=sum(tally.size for tally in tallies),
            files=sum(tally.files for tally in tallies),
            active=sum(tally.active for tally in tallies),
            scales=tuple(self._scales.copy()),
        )

    @property
    def only_whole(self) -> bool:
        return self.source.only_whole

    def look(self, file: RemoteFile) -> RemoteFile:
        return self.source.look(file)

    def download(
        self, file: RemoteFile, sink: Sink, *, stop: Stop, progress: Callable[[int], None] | None = None
    ) -> object:
        tally = self._tallies.setdefault(threading.get_ident(), _Tally())

        def arrived(size: int) -> None:
            tally.size += size
            if progress is not None:
                progress(size)

        if size := file.promised.size:
            self._scales.append(math.log2(size))
        tally.active = True
        try:
            result = self.source.download(file, sink, stop=stop, progress=arrived)
            tally.files += 1
        finally:
            tally.active = False
        return result
