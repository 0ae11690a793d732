"""Sees what a person puts into a directory, and reports it when it has come to rest.

A hint and never the truth: whatever may have escaped is told as a `Rescan`. One thread of its own decides,
the library's threads hand paths over. What was touched is not interpreted; content and the catalogue decide,
so that our own downloads are reported like anything else.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from smugsync.errors import Interrupted, ItemError, SmugsyncError, SuspiciousPlan
from smugsync.local import marker
from smugsync.local.handles import Root
from smugsync.local.watching.reports import Changed, Lost, Rescan, WatchReport
from smugsync.local.watching.settling import BeingWritten, Fresh, Quiet, rest
from smugsync.local.watching.waiting import Touched, Waiting
from smugsync.local.watching.watch import Watch, is_ours
from smugsync.local.watching.ways import Mode, Way, choose
from smugsync.stop import Stop

#: How often it is made sure that the directory is still there and watched; in seconds, as all here. A watch
#: that breaks is not built anew more often either, lest a storm of messages does so all the time.
CHECK: Final = 5.0
#: After so long it is tried again whether the kernel tells after all.
TRY_AGAIN: Final = 600.0
#: Reports are no closer together than this, so that a thousand files come as few.
GATHER: Final = 2.0
#: The longest that the thread sleeps. What was touched does not wake it.
_SLICE: Final = 0.5

_log = logging.getLogger("smugsync.local.watching")


class Watcher:
    """Watches the directory at `path` and all below it. `start` and `close` are called once each.

    `deliver` gets the reports, in the watcher's thread, and must not block. `ignored` is asked about paths
    relative to `path`; that of a directory ends with `/`. `mode`: as `watch.mode` in the configuration;
    `poll`, `scan` and `stable` in seconds. With `marked`, a directory without a mirror's marker is a disk
    that is not mounted. `clock` only goes forward; `now` gives epoch seconds. `way` replaces the choice
    between the kernel's messages and looking.
    """

    def __init__(
        self,
        path: Path,
        *,
        deliver: Callable[[WatchReport], object],
        ignored: Callable[[str], bool] = lambda path: False,
        mode: Mode = "auto",
        poll: float = 60,
        scan: float = 21_600,
        stable: float = 5,
        stop: Stop | None = None,
        marked: bool = True,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        way: Callable[[Root], Way] | None = None,
        check: float = CHECK,
    ) -> None:
        self._path = path
        self._deliver = deliver
        self._ignored = ignored
        self._mode: Mode = mode
        self._poll, self._scan, self._stable, self._every = poll, scan, stable, check
        self._stop = stop if stop is not None else Stop()
        self._marked = marked
        self._clock, self._now = clock, now
        self._choose = way or self._find_way
        self._waiting = Waiting(stable, clock=clock)
        self._watch: Watch | None = None
        self._lost = ""
        self._next_check = self._next_scan = self._next_report = self._mend_from = self._next_try = clock()
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"watch {path.name}", daemon=True)

    # Its life

    def start(self) -> None:
        if self._mode != "off":
            self._thread.start()

    def close(self) -> None:
        """End all threads, and wait for them."""
        self._closing = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._let_go()

    @property
    def alive(self) -> bool:
        """False when its thread has ended: by `close`, by the stop, or by a defect."""
        return self._mode == "off" or self._thread.is_alive()

    @property
    def standing(self) -> str:
        """A few words: `inotify`, `polling every 60 s (NFS)`, `lost`, `off`."""
        watch = self._watch
        if self._mode == "off":
            return "off"
        if watch is None:
            return "lost" if self._lost else "starting"
        return watch.standing

    def describe(self) -> str:
        """One sentence, without its full stop: how new files are seen, and why in this way."""
        watch = self._watch
        if self._mode == "off":
            return "new local files are not watched for: the configuration says so"
        if watch is None:
            return self._lost or "the watch is about to begin"
        return watch.describe()

    # What it does

    def step(self) -> float:
        """Do all that is due; how many seconds until there is more. Raises Interrupted."""
        self._check_stop()
        now = self._clock()
        try:
            if now >= self._next_check or (self._watch is not None and self._watch.broken()):
                self._next_check = now + self._every
                self._check(now)
            if self._watch is not None:
                self._work(self._watch, now)
        except Interrupted:
            raise
        except SmugsyncError as error:
            self._lose(str(error))
        except OSError as error:
            self._lose(f"{self._path} cannot be watched: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 - nobody else would notice that nobody watches any more
            _log.exception(f"{self._path}: unexpected {type(error).__name__}")
            self._lose(f"{self._path} cannot be watched: unexpected {type(error).__name__}: {error}")
        return max(self._soonest() - self._clock(), 0.0)

    def _run(self) -> None:
        with contextlib.suppress(Interrupted):
            while not self._closing:
                pause = self.step()
                self._wake.wait(min(pause, _SLICE))
                self._wake.clear()
        self._let_go()

    def _check_stop(self) -> None:
        self._stop.check()
        if self._closing:
            raise Interrupted("the watch is being closed")

    def _work(self, watch: Watch, now: float) -> None:
        if now >= self._next_scan:
            self._next_scan = now + self._scan
            if not watch.complete:
                watch = self._begin()
            self._waiting.touch_everything("it is time to look at everything")
        if watch.due is not None and now >= watch.due:
            with self._opened() as root:
                watch.look(root)
        if now >= self._next_report:
            self._report()

    def _soonest(self) -> float:
        if (watch := self._watch) is None:
            return self._next_check
        moments = [self._next_check, self._next_scan]
        if watch.due is not None:
            moments.append(watch.due)
        if (due := self._waiting.soonest()) is not None:
            moments.append(max(due, self._next_report))
        return min(moments)

    # Reporting

    def _report(self) -> None:
        if why := self._waiting.due_everything():
            self._deliver(Rescan(why))
        touched = self._waiting.due()
        if not touched:
            return
        self._next_report = self._clock() + min(GATHER, self._stable)
        with self._opened() as root:
            settled = tuple(each.path for each in touched if self._has_settled(root, each))
        if settled:
            self._deliver(Changed(settled))

    def _has_settled(self, root: Root, touched: Touched) -> bool:
        """Whether it may be told; else it waits on, or there is nothing to tell."""
        self._check_stop()
        try:
            found = rest(root, touched.path, now=self._now(), stable=self._stable, before=touched.look)
        except ItemError:  # permission, a link: for whoever reads it to say
            return True
        if isinstance(found, Fresh):
            self._waiting.defer(touched.path, found.again, found.look)
        elif isinstance(found, BeingWritten):
            self._waiting.defer(touched.path, self._stable, None)
        return isinstance(found, Quiet)

    # Beginning, mending, losing

    def _check(self, now: float) -> None:
        """Is what is watched there, and is it watched? Raises what the watch does when it cannot begin."""
        if (watch := self._watch) is None:
            self._begin()
            why = f"{self._path} is back" if self._lost else "the watch begins"
            self._lost, self._next_scan = "", self._clock() + self._scan
            self._waiting.forget()
            self._waiting.touch_everything(why)
            return
        with self._opened() as root:
            if not watch.is_of(root):
                self._lose(
                    f"{self._path} is not the directory any more that was watched: its disk was unmounted, "
                    "or another one mounted over it"
                )
                self._next_check = now  # what is there now may be the right one
                return
            better = self._is_worth_trying(watch, now) and self._choose(root).kernel
        if better:
            self._begin()
            self._waiting.touch_everything("the kernel tells of changes now")
        elif why := watch.broken() or watch.outdated(self._path):
            if now < self._mend_from:
                self._next_check = min(self._next_check, self._mend_from)
            else:
                self._mend_from = now + self._every
                self._begin()
                self._waiting.touch_everything(why)

    def _is_worth_trying(self, watch: Watch, now: float) -> bool:
        """The kernel would not tell of anything. May that have changed?"""
        if watch.way.final or now < self._next_try:
            return False
        self._next_try = now + TRY_AGAIN
        return True

    def _begin(self) -> Watch:
        """Build the watch, instead of the one there is. Raises SmugsyncError, OSError."""
        self._let_go()
        with self._opened() as root:
            if self._marked and marker.read(root) is None:
                raise SuspiciousPlan(
                    f"{self._path} holds no {marker.MARKER}: it is no mirror, or its disk is not mounted"
                )
            watch = Watch(
                self._choose(root),
                every=self._poll,
                touched=self._waiting.touch,
                ignored=self._passes_by,
                alarm=self._wake.set,
                check=self._check_stop,
                clock=self._clock,
            )
            try:
                watch.begin(root)
            except BaseException:
                watch.close()
                raise
        self._watch, self._next_try = watch, self._clock() + TRY_AGAIN
        return watch

    def _lose(self, why: str) -> None:
        """It is not there: told once, and looked for at every check."""
        self._let_go()
        if not self._lost:
            self._deliver(Lost(why))
        self._lost = why

    def _let_go(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()

    def _find_way(self, root: Root) -> Way:
        return choose(root, self._mode, writable=self._marked, check=self._check_stop)

    def _passes_by(self, path: str) -> bool:
        return is_ours(path) or self._ignored(path)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Root]:
        """For a moment only: a handle that is kept would hold the disk back from being unmounted."""
        root = Root(self._path)
        try:
            yield root
        finally:
            root.close()
