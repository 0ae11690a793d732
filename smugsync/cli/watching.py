"""What a daemon watches where new files are sent: the mirror, and the drop folders beside it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from smugsync.cli.ledger import ledger
from smugsync.config import Config, ignorer
from smugsync.daemon.profile import Watcher
from smugsync.errors import SmugsyncError
from smugsync.local.tree import Mirror
from smugsync.local.watching import watcher as watching
from smugsync.local.watching.reports import Changed, Lost, Rescan, WatchReport
from smugsync.sync.context import Scope
from smugsync.sync.sending.finding import unsettled

_log = logging.getLogger("smugsync.daemon")


class Watchers:
    """One that watches a mirror, and those of drop folders, as if they were one."""

    def __init__(self, mirror: Watcher, drops: Mapping[Path, Watcher]) -> None:
        self._mirror, self._drops = mirror, drops

    @property
    def standing(self) -> str:
        return "; ".join(
            [self._mirror.standing, *(f"{folder}: {one.standing}" for folder, one in self._drops.items())]
        )

    def start(self) -> None:
        for one in (self._mirror, *self._drops.values()):
            one.start()

    def close(self) -> None:
        for one in (self._mirror, *self._drops.values()):
            one.close()


def watchers(config: Config, ask: Callable[[Scope], None]) -> Watchers:
    """Of a profile's mirror and its drop folders. `ask` hears from their threads what is to be looked at."""

    def in_mirror(report: WatchReport) -> None:
        match report:
            case Changed():
                if paths := _unsettled(config, report.paths):
                    ask(Scope("paths", paths=paths))
            case Rescan():
                _log.debug(f"{config.profile}: looking at everything here: {report.why}")
                ask(Scope("delta"))
            case Lost():
                _log.warning(f"{config.profile}: {report.why}")
                ask(Scope("delta"))  # which is held if the disk is gone, and says so

    def in_drop_folder(report: WatchReport) -> None:
        match report:
            case Changed() | Rescan():
                ask(Scope("delta"))  # every run that sends collects what lies there, and this one always runs
            case Lost():
                _log.warning(f"{config.profile}: a drop folder is not watched for now: {report.why}")

    def watcher(
        path: Path, deliver: Callable[[WatchReport], None], *, is_mirror: bool = False
    ) -> watching.Watcher:
        return watching.Watcher(
            path,
            deliver=deliver,
            ignored=ignorer(config.upload.ignore),
            mode=config.watch.mode,
            poll=config.watch.poll,
            scan=config.watch.scan,
            stable=config.upload.stable,
            marked=is_mirror,
        )

    folders = dict.fromkeys(route.folder for route in config.upload.routes)
    drops = {folder: watcher(folder, in_drop_folder) for folder in folders}
    return Watchers(watcher(config.mirror, in_mirror, is_mirror=True), drops)


def _unsettled(config: Config, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `paths` that are not as they are recorded: what we have just fetched waits for nobody."""
    try:
        with ledger(config) as catalogue, closing(Mirror.open(config.mirror)) as mirror:
            if catalogue is None:
                return paths
            return unsettled(catalogue, mirror, paths)
    except SmugsyncError:  # what is wrong is for the run to say
        return paths
