"""One thread per profile: it alone opens the profile's workshop, and does there what is asked of it.

The workshop (lock, catalogue, session) is open while a run is under way and no longer. Other commands that
need it ask to be alone for a while: `standing_aside`.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from smugsync.core.timetable import is_quiet
from smugsync.daemon.clocks import CLOCKS, Clocks
from smugsync.daemon.control import Control
from smugsync.daemon.gauge import Gauge
from smugsync.daemon.hindrances import Hindrances
from smugsync.daemon.inbox import Inbox
from smugsync.daemon.leave import Leave
from smugsync.daemon.pausing import PauseNote
from smugsync.daemon.profile import Profile, Shop, Watcher, wished
from smugsync.daemon.schedule import shown_due
from smugsync.daemon.standing import Standing, Way
from smugsync.daemon.teller import Teller
from smugsync.daemon.vitals import Vitals
from smugsync.daemon.wishes import Asker, Listener, Wish
from smugsync.errors import Busy, Interrupted, SmugsyncError, UsageError
from smugsync.notify.events import Event
from smugsync.records import dataclass, replace
from smugsync.stop import Stop
from smugsync.sync.context import Scope
from smugsync.sync.report import Report

#: The keeper looks around at least this often, in seconds.
TICK = 1.0
#: A look at everything that came to no good end is not begun again by itself for so long.
AGAIN = 6 * 3600.0

_log = logging.getLogger("smugsync.daemon")


@dataclass(frozen=True, slots=True)
class _Run:
    """What is under way. `shop` is None until it is open."""

    wish: Wish
    gauge: Gauge
    stop: Stop
    since: float
    shop: Shop | None = None


class Keeper:
    """Does what its inbox asks for. `emit` and `due` may be called by its thread at any time; they must not
    block for long."""

    def __init__(
        self,
        profile: Profile,
        *,
        emit: Callable[[Event], None],
        due: Callable[[], dict[str, float]] = dict,
        clocks: Clocks = CLOCKS,
    ) -> None:
        self.profile = profile
        self.inbox = Inbox()
        self.stop = Stop()
        self._due, self._clocks = due, clocks
        note = PauseNote(profile.state_dir / "paused.json")
        self._leave = Leave(note, wall=clocks.wall, ticks=clocks.ticks)
        self._teller = Teller(profile.name, emit, clocks.wall)
        self._hindrances = Hindrances(clocks, self._teller)
        self._lock = threading.RLock()  #: guards what follows, for the threads that look and ask
        self._run: _Run | None = None
        self._next: Profile | None = None
        self._since = clocks.wall()
        self.wanted_since = clocks.wall()  #: when somebody first wanted a run (epoch s)
        self._last_good: float | None = None
        self._last_code: int | None = None
        self._watcher: Watcher | None = None
        # Of the keeper's thread alone:
        self._delay: Callable[[], float] = lambda: 0.0
        self._full_at = -math.inf
        self._alive = False  #: it is this profile's daemon, and may do things
        self._beat = clocks.ticks()
        self._vitals = Vitals(self._beat)
        self._thread = threading.Thread(target=self._live, name=f"smugsync-keep-{profile.name}", daemon=True)
        self.settled = threading.Event()  #: it has found out whether it may begin
        self.refused: Busy | None = None  #: another daemon keeps this profile

    # -- for everybody: any thread ------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def end(self, signal: int) -> None:
        """Stop what is under way, and the thread: at once. Waits for nothing."""
        self.stop.set(signal)
        self._cut()
        self._hindrances.end()
        self.inbox.wake()

    def join(self, seconds: float) -> bool:
        """True if the thread has ended within so many seconds."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, seconds))
        return not self._thread.is_alive()

    def ask(self, wish: Wish) -> None:
        self.inbox.ask(wish)

    def drop(self, listener: Listener) -> None:
        self.inbox.drop(listener)

    def due(self, kind: str) -> None:
        """The schedule's voice."""
        self.inbox.ask(wished(kind))

    def saw(self, scope: Scope) -> None:
        """The watcher's voice."""
        self.inbox.ask(Wish(scope, Asker.WATCHER))

    def adopt(self, profile: Profile) -> None:
        """Go by other settings from the next run on. What was held for the former ones is tried again."""
        with self._lock:
            self._next = profile
        self.inbox.wake()

    def pause(self, until: float) -> None:
        """Do nothing by itself until then (epoch seconds, infinity = until `resume`), also after a restart.
        What is under way is ended; what was recorded of it stands. Raises OSError."""
        self._leave.pause(until)
        self._cut()
        self.inbox.wake()

    def resume(self) -> None:
        """Go on. Raises OSError."""
        self._leave.resume()
        self.inbox.wake()

    @contextmanager
    def standing_aside(self, tell: Callable[[str], None], stop: Stop) -> Iterator[None]:
        """Begin nothing while the block runs; it is entered when nothing is under way. `tell` hears, once,
        what is waited for. Raises Interrupted."""
        try:
            with self._leave.alone(self._is_busy, lambda: tell(self.standing().scope), stop):
                yield
        finally:
            self.inbox.wake()

    def _is_busy(self) -> bool:
        with self._lock:
            return self._run is not None

    @property
    def hold_cause(self) -> str:
        return self._hindrances.cause

    def standing(self) -> Standing:
        with self._lock:
            run = self._run
            watcher = self._watcher
        return Standing(
            profile=self.profile.name,
            scope=str(run.wish.scope) if run else "",
            since=run.since if run else self._since,
            paused=self._leave.paused,
            held=self._hindrances.shown(),
            way=run.gauge.way() if run else Way(),
            due=self._shown_due(),
            last_exit_code=self._last_code,
            last_good=self._last_good,
            watching=watcher.standing if watcher is not None else "",
            waiting=sum(len(wish.scope.paths) for wish in self.inbox.waiting()),
            paused_until=self._leave.paused_until,
            aside=self._leave.aside and run is None,
        )

    def _shown_due(self) -> dict[str, float]:
        waiting = [wish.scope.kind for wish in self.inbox.waiting()]
        return shown_due(self._due(), waiting, self.profile.timing.quiet, self._clocks.wall())

    @property
    def last_good(self) -> float | None:
        return self._last_good

    def is_well(self) -> bool:
        """Does its thread still get somewhere? Asked by the one who feeds the watchdog."""
        run = self._run
        moves: object = None
        beat = self._beat
        if run is not None:
            moves = (id(run), run.gauge.moves, run.shop.moved() if run.shop is not None else None)
            beat = max(beat, run.gauge.beat)
        return self._vitals.is_well(self._clocks.ticks(), beat=beat, moves=moves)

    def _cut(self) -> None:
        """End what is under way."""
        with self._lock:
            run = self._run
        if run is not None:
            run.stop.set(self.stop.signal)
            if run.shop is not None:
                run.shop.abort()

    # -- the thread ---------------------------------------------------------------------------------

    def _live(self) -> None:
        while not self.stop:
            try:
                self._keep()
            except Exception as error:  # noqa: BLE001 - as in `_do`: nobody else would notice
                _log.exception(f"{self.profile.name}: unexpected {type(error).__name__}")
                self._trip(SmugsyncError(f"unexpected {type(error).__name__}: {error}"))
                self.settled.set()
                self._sit_out()

    def _keep(self) -> None:
        """As this profile's daemon, until the stop."""
        with ExitStack() as stack:
            if not self._begin(stack):
                return
            self._leave.remember()
            self._remember()
            self._listen(stack)
            self.settled.set()
            stack.callback(self._close_watcher)
            self._watch()
            if self.profile.timing.poll is not None:
                self.inbox.ask(wished("poll"))
            self._alive = True
            while not self.stop:
                if not self.turn():
                    self._rest()

    def _begin(self, stack: ExitStack) -> bool:
        """Become this profile's daemon; False if the keeper was ended before. Where the state directory
        cannot be used, or another daemon keeps the profile, that is held like everything else."""
        while not self.stop:
            try:
                stack.enter_context(self.profile.claim())
            except SmugsyncError as error:
                self.refused = error if isinstance(error, Busy) else None
                self._trip(error)
                self.settled.set()
                self._sit_out()
            else:
                self.refused = None
                self._hindrances.over()
                return True
        return False

    def _sit_out(self) -> None:
        """Until the next try is due."""
        while not self.stop and not self._hindrances.may(offline=False):
            self._look()
            self._rest()

    def _listen(self, stack: ExitStack) -> None:
        path = self.profile.socket
        try:
            stack.callback(Control(path, self, clock=self._clocks.wall).close)
        except OSError as error:
            _log.warning(
                f"{self.profile.name}: other commands cannot ask this daemon: {path}: {error.strerror}"
            )

    def turn(self) -> bool:
        """Look around, and do what is to be done next; False if that was nothing."""
        self._look()
        with self._lock:  # so that nobody is granted to be alone in between
            wish = self.inbox.take(self._may)
            run = None if wish is None else self._open_run(wish)
        if run is None:
            return False
        self._do(run)
        return True

    def _rest(self) -> None:
        self._beat = self._clocks.ticks()
        self.inbox.wait(TICK)
        self._beat = self._clocks.ticks()

    def _look(self) -> None:
        """What changed without anybody asking for anything?"""
        self._beat = self._clocks.ticks()
        with self._lock:
            fresh, self._next = self._next, None
        if fresh is not None:
            self._change(fresh)
        self._hindrances.look(self.profile)

    def _change(self, fresh: Profile) -> None:
        was, self.profile = self.profile, fresh
        self._hindrances.hurry()
        if self._alive and was.settings != fresh.settings:
            self._close_watcher()
            self._watch()

    def _may(self, wish: Wish) -> bool:
        """May this be begun now?"""
        if not self._leave.may_begin(by_person=wish.by_person):
            return False
        if wish.by_person:
            return True
        if is_quiet(self.profile.timing.quiet, self._clocks.local()):
            return False
        if not wish.is_done_offline and self._delay() > 0:
            return False
        return self._hindrances.may(offline=wish.is_done_offline)

    # -- a run --------------------------------------------------------------------------------------

    def _do(self, run: _Run) -> None:
        wish = run.wish
        try:
            by_person, offline = wish.by_person, wish.is_done_offline
            with self.profile.open(run.stop, run.gauge, impatient=by_person, offline=offline) as shop:
                self._delay = shop.delay
                run = replace(run, shop=shop)
                with self._lock:
                    self._run = run
                if run.stop:
                    shop.abort()
                shop.check()
                if shop.is_settled(wish.scope):
                    return
                wish = self._upgraded(wish, shop)
                with self._lock:
                    self._run = replace(run, wish=wish)
                self._teller.started(wish)
                report = shop.run(wish.scope)
            self._done(wish, report)
        except SmugsyncError as error:
            self._refuse(wish, error)
        except Exception as error:  # noqa: BLE001 - a daemon outlives its bugs, and tells of them
            _log.exception(f"{self.profile.name}: unexpected {type(error).__name__}")
            self._refuse(wish, SmugsyncError(f"unexpected {type(error).__name__}: {error}"))
        finally:
            with self._lock:
                self._run = None
                self._since = self._clocks.wall()

    def _open_run(self, wish: Wish) -> _Run:
        gauge = self._teller.gauge(wish, self._clocks.ticks)
        self._run = _Run(wish, gauge, self.stop.child(), self._clocks.wall())
        return self._run

    def _upgraded(self, wish: Wish, shop: Shop) -> Wish:
        """A poll looks at everything when that was not done for too long."""
        now = self._clocks.ticks()
        is_time = wish.by_person or now >= self._full_at + AGAIN
        if wish.scope.kind == "delta" and not wish.exact and is_time and shop.is_overdue():
            wish = replace(wish, scope=Scope("everything"))
        if wish.scope.kind == "everything":
            self._full_at = now
        return wish

    def _done(self, wish: Wish, report: Report) -> None:
        error = report.stopped
        self._last_code = report.exit_code
        if not report.exit_code and report.complete and wish.scope.is_whole:
            self._last_good = self._clocks.wall()
        self._teller.ended(wish, report, self.profile.words(report))
        if isinstance(error, Interrupted):
            if not wish.by_person:
                self.inbox.ask(replace(wish, listeners=()))  # for when the pause is over
            return
        if error is None or isinstance(error, UsageError):
            offline = wish.is_done_offline
            self._hindrances.passed(offline=offline)
            if offline and report.seconds >= self.profile.timing.verify_slice * 0.9:
                self.inbox.ask(wished("verify"))  # there may be more to read
            return
        self._trip(error)
        self._again(wish)

    def _refuse(self, wish: Wish, error: SmugsyncError) -> None:
        """The run did not begin, or came to no end of its own."""
        self._teller.refused(wish, error)
        if isinstance(error, Interrupted):
            self._again(wish)
        elif not isinstance(error, UsageError):
            self._trip(error)
            self._again(wish)

    def _again(self, wish: Wish) -> None:
        """It is tried again, for nobody in particular: whoever waited was told."""
        asker = Asker.SCHEDULE if wish.by_person else wish.asker
        if wish.scope.kind in ("everything", "delta", "paths", "verify"):
            self.inbox.ask(Wish(wish.scope, asker, wish.exact))

    def _trip(self, error: SmugsyncError) -> None:
        self._hindrances.meet(error, self.profile, patience=self._delay())

    def _remember(self) -> None:
        known = self.profile.known()
        self._last_good, self._last_code = known.last_good, known.last_exit_code
        self._hindrances.remember(known.mirror)
        self.wanted_since = min(self.wanted_since, known.since or self.wanted_since)

    # -- new local files ----------------------------------------------------------------------------

    def _watch(self) -> None:
        if self.profile.watch is None:
            return
        watcher = self.profile.watch(self.saw)
        watcher.start()
        with self._lock:
            self._watcher = watcher

    def _close_watcher(self) -> None:
        with self._lock:
            watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.close()
