"""The figures in a file, for the textfile collector of node_exporter: also where nothing listens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from smugsync.daemon.standing import Standing
from smugsync.notify.events import Event, RunEnded, RunStarted
from smugsync.page import counters
from smugsync.page.figures import figures
from smugsync.page.looking import Look
from smugsync.page.writing import replaced
from smugsync.records import replace

_LOG = logging.getLogger(__name__)


def textfile_of(path: Path, profile: str) -> Path:
    """Each profile has a file of its own, so that two commands never lose each other's figures: the one that
    is configured for `default`, `NAME.PROFILE.prom` beside it for any other."""
    return path if profile == "default" else path.with_name(f"{path.stem}.{profile}{path.suffix}")


class Recorder:
    """Hears every event of one profile: sums up the runs, and writes the `textfile`, if there is one, when
    a run ended and when a hold begins or is over.

    `standing` says how the profile stands now. What cannot be written is logged once, and fails nothing.
    """

    def __init__(self, look: Look, standing: Callable[[], Standing], *, textfile: Path | None = None) -> None:
        self._look = look
        self._standing = standing
        self._textfile = None if textfile is None else textfile_of(textfile, look.subject.profile)
        self._complained: set[Path] = set()

    def __call__(self, event: Event) -> None:
        path = self._look.subject.counters
        sums = counters.read(path)
        if isinstance(event, RunEnded):
            sums = sums.after(event)
            self._write(path, lambda: counters.write(path, sums))
        target = self._textfile
        if target is not None and not isinstance(event, RunStarted):
            # Nobody may ever come back to a file that says that a run is under way.
            facts = self._look.facts(replace(self._standing(), scope=""), albums=0)
            text = figures([(facts, sums)]).encode()
            self._write(target, lambda: replaced(target, text, mode=0o644))

    def _write(self, path: Path, write: Callable[[], None]) -> None:
        try:
            write()
            self._complained.discard(path)
        except OSError as error:
            if path not in self._complained:
                self._complained.add(path)
                _LOG.warning("the figures cannot be written to %s: %s", path, error.strerror)
