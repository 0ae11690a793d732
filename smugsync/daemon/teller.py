"""Who is told what of a profile's runs and holds: the log, whoever asked, and those who are notified."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from smugsync.daemon import messages
from smugsync.daemon.gauge import Gauge
from smugsync.daemon.holding import Cause, Hold
from smugsync.daemon.standing import Way
from smugsync.daemon.wishes import Asker, Wish
from smugsync.errors import Interrupted, SmugsyncError
from smugsync.notify.events import Event, Held, Recovered, RunEnded, RunStarted
from smugsync.notify.words import advised
from smugsync.sync.report import Report, scope_words

#: So many troubles of one run are named in the log.
_NAMED = 5

_log = logging.getLogger("smugsync.daemon")


class Teller:
    """Of one profile. `emit` hears the events, `clock` gives epoch seconds. In the keeper's thread alone."""

    def __init__(self, name: str, emit: Callable[[Event], None], clock: Callable[[], float]) -> None:
        self._name, self._emit, self._clock = name, emit, clock
        self._told: set[tuple[str, str]] = set()  #: troubles that the log has named, by path and reason
        self._code = 0  #: of the last run whose end says how the whole mirror is
        self._started = False

    def gauge(self, wish: Wish, ticks: Callable[[], float]) -> Gauge:
        """The progress of a run, shown to whoever asked for it."""

        def note(line: str) -> None:
            _log.info(f"{self._name}: {line}")
            for listener in wish.listeners:
                listener(messages.note(line))

        def told(way: Way) -> None:
            for listener in wish.listeners:
                listener(messages.way(way))

        return Gauge(note=note, told=told, ticks=ticks)

    def started(self, wish: Wish) -> None:
        self._started = True
        self._emit(RunStarted(self._name, str(wish.scope), self._clock(), _is_asked(wish)))

    def ended(self, wish: Wish, report: Report, lines: Sequence[str]) -> None:
        self._end(wish, report.exit_code, "\n".join(lines), report)
        for listener in wish.listeners:
            listener(messages.done(report, lines))
        self._log_run(wish, report)

    def refused(self, wish: Wish, error: SmugsyncError) -> None:
        """The run did not begin, or came to no end of its own."""
        if self._started:
            self._end(wish, error.exit_code, str(error), Report(scope=str(wish.scope)))
        for listener in wish.listeners:
            listener(messages.refused(error))

    def held(self, cause: Cause, why: str, *, is_news: bool) -> None:
        if is_news:
            _log.warning(f"{self._name}: held ({cause}): {advised(why, self._name)}")
            self._emit(Held(self._name, cause, why, self._clock()))
        else:
            _log.debug(f"{self._name}: still held ({cause}): {advised(why, self._name)}")

    def recovered(self, hold: Hold | None) -> None:
        if hold is not None and hold.is_told:
            cause = hold.told[-1]
            _log.info(f"{self._name}: goes on, no longer held ({cause})")
            self._emit(Recovered(self._name, cause, hold.since, self._clock()))

    def _end(self, wish: Wish, code: int, summary: str, report: Report) -> None:
        self._started = False
        told = report.as_json()
        self._emit(RunEnded(self._name, str(wish.scope), self._clock(), code, summary, told, _is_asked(wish)))

    def _log_run(self, wish: Wish, report: Report) -> None:
        """One line for a run that did something; the same trouble is told once, until all is well again."""
        line = messages.sentence(report)
        news = [one for one in report.troubles if (one.path, one.reason) not in self._told]
        is_news = bool(news)
        if wish.scope.is_whole and report.stopped is None:  # a look at a part says nothing of the rest
            is_news = is_news or report.exit_code != self._code
            self._code = report.exit_code
            if not report.exit_code:
                self._told.clear()
        if isinstance(report.stopped, Interrupted):
            _log.info(f"{self._name}: {scope_words(report.scope)} was stopped; what was recorded stands")
        elif report.exit_code and report.stopped is None and is_news:
            _log.warning(f"{self._name}: {line}")
            for trouble in news[:_NAMED]:
                _log.warning(f"{self._name}: {trouble.path}: {trouble.reason}")
            self._told.update((one.path, one.reason) for one in news)
        elif messages.did_something(report):
            _log.info(f"{self._name}: {line}")
        else:
            _log.debug(f"{self._name}: {line}")


def _is_asked(wish: Wish) -> bool:
    """Did a schedule or a person ask for it?"""
    return wish.asker is not Asker.WATCHER
