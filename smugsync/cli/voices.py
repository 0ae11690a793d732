"""Who hears of runs: those who are notified, the figures for Prometheus, and those who look at the page."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from smugsync.cli.healthy import Past, past_of
from smugsync.cli.heard import Audience, is_heard
from smugsync.cli.ledger import ledger
from smugsync.config import Config
from smugsync.daemon.profile import Profile
from smugsync.daemon.standing import Standing
from smugsync.errors import Busy, Interrupted, SmugsyncError, UsageError
from smugsync.notify.channels import channels
from smugsync.notify.events import Event, RunEnded, RunStarted, Stale
from smugsync.notify.freshness import stale
from smugsync.notify.herald import Herald
from smugsync.notify.told import Memory
from smugsync.page.facts import Subject
from smugsync.page.looking import Look
from smugsync.page.textfile import Recorder
from smugsync.remote.proxy import build_transport
from smugsync.remote.tls import tls_context
from smugsync.sync.report import Report

_log = logging.getLogger("smugsync.daemon")

#: What is under way at a stop is given so many seconds: the process is to be gone within one.
_DRAINING = 0.3
#: That a run begins is told within so many seconds, or not at all.
_SOON = 5.0
#: That it ended is worth waiting for.
_LATE = 10.0


def herald_of(
    config: Config,
    environ: Mapping[str, str],
    standing: Callable[[], Standing],
) -> Herald | None:
    """Who tells of a profile's runs; None where nobody is to be told.

    Raises ConfigError for a package that is missing.
    """
    notify, textfile = config.notify, config.status.textfile
    if not is_heard(config):
        return None
    found = channels(
        build_transport(tls_context(config.remote.ca_file)),
        ping=notify.ping,
        command=notify.command,
        ntfy=notify.ntfy,
        ntfy_token=notify.ntfy_token,
        apprise=notify.apprise,
        environ=environ,
    )
    recorder = Recorder(Look(subject_of(config)), standing, textfile=textfile)
    return Herald(found, Memory(config.state_dir / "told.json"), listeners=[recorder], draining=_DRAINING)


def subject_of(config: Config) -> Subject:
    """What the page and the figures are about."""
    return Subject(config.profile, config.mirror, config.catalogue, config.state_dir / "counters.json")


class Announced(Audience):
    """The run of a command that runs once: its start and its end are told while it waits, for some seconds at
    most, and hardly any once a signal came; and that none was good for days."""

    def __init__(self, config: Config, environ: Mapping[str, str]) -> None:
        self._config = config
        self._profile = config.profile
        self._herald = herald_of(config, environ, lambda: Standing(config.profile))
        self._scope = "sync"

    def begin(self, scope: str) -> None:
        self._scope = scope
        if self._herald is not None:
            self._herald.tell(RunStarted(self._profile, scope, time.time()), patience=_SOON)

    def end(self, report: Report, lines: Sequence[str]) -> None:
        if self._herald is not None:
            code, words = report.exit_code, "\n".join(lines)
            event = RunEnded(self._profile, report.scope, time.time(), code, words, report.as_json())
            if isinstance(report.stopped, Interrupted):
                self._herald.tell(event, patience=_DRAINING)
            else:
                self._tell_at_last(self._herald, event)

    def fail(self, error: SmugsyncError) -> None:
        """That somebody else is at work is no failure, unless it lasts."""
        if self._herald is not None and not isinstance(error, UsageError | Interrupted):
            code = error.exit_code
            event = RunEnded(self._profile, self._scope, time.time(), code, str(error))
            self._tell_at_last(self._herald, None if isinstance(error, Busy) else event)

    def _tell_at_last(self, herald: Herald, event: RunEnded | None) -> None:
        """How it ended, and that none was good for long, in `_LATE` seconds."""
        due = time.monotonic() + _LATE
        if event is not None:
            herald.tell(event, patience=_LATE)
        if (alarm := _alarm(self._config)) is not None:
            herald.tell(alarm, patience=max(0.0, due - time.monotonic()))


def _alarm(config: Config) -> Stale | None:
    """That no run over the whole account was good for `notify.stale_days`."""
    try:
        with ledger(config) as catalogue:
            past = Past() if catalogue is None else past_of(catalogue)
    except SmugsyncError:
        return None
    now = time.time()
    since = now if past.began is None else past.began
    return stale(config.profile, past.last_good, since=since, now=now, days=config.notify.stale_days)


class Voices:
    """For a daemon. Called with events from any thread; `follow` hears which profiles there are, in the main
    thread. `configs` are those that are in force, by profile."""

    def __init__(self, configs: Mapping[str, Config], environ: Mapping[str, str]) -> None:
        self._configs, self._environ = configs, environ
        self._standings: Callable[[], Sequence[Standing]] = tuple
        self._heralds: dict[str, tuple[object, Herald]] = {}
        #: What is shown where, and how that ends; nothing before there is anything to show.
        self._shown: object = None
        self._page = ExitStack()

    def __call__(self, event: Event) -> None:
        found = self._heralds.get(event.profile)
        if found is not None:
            found[1](event)

    def follow(self, profiles: Sequence[Profile]) -> None:
        names = {profile.name for profile in profiles}
        for name in set(self._heralds) - names:
            self._silence([name])
        for name in names:
            config = self._configs[name]
            wanted = config.notify, config.status
            if name in self._heralds and self._heralds[name][0] != wanted:
                self._silence([name])
            if name not in self._heralds:
                herald = herald_of(config, self._environ, partial(self._standing, name))
                if herald is not None:
                    self._heralds[name] = wanted, herald.__enter__()
        self._show([self._configs[profile.name] for profile in profiles])

    @contextmanager
    def beside(self, standings: Callable[[], Sequence[Standing]]) -> Iterator[None]:
        """Whoever wants to look may, while the block runs; at its end nobody is told any more."""
        self._standings = standings
        try:
            with self._page:
                yield
        finally:
            self._silence(list(self._heralds))

    def _show(self, configs: Sequence[Config]) -> None:
        """One page for all profiles, where the first that names a place says; made anew if that changes."""
        listening = [config for config in configs if config.status.listen is not None]
        status = listening[0].status if listening else None
        subjects = tuple(map(subject_of, configs))
        wanted = None if status is None else (status.listen, status.token, subjects)
        if wanted == self._shown:
            return
        self._page.close()
        self._shown = wanted
        if status is None:
            return
        for other in listening[1:]:
            if (other.status.listen, other.status.token) != (status.listen, status.token):
                _log.warning(
                    f"the page shows all profiles at {status.listen}: what the profile {other.profile} says "
                    "in its own [status] about listen and token counts for nothing"
                )
        from smugsync.page.server import shown  # noqa: PLC0415 - uvicorn, 20 MB that few need

        self._page.enter_context(shown(str(status.listen), subjects, self._standings, token=status.token))

    def _standing(self, name: str) -> Standing:
        return next((one for one in self._standings() if one.profile == name), Standing(name))

    def _silence(self, names: Sequence[str]) -> None:
        """All at once: each may take a moment to say its last word."""
        ending = [
            threading.Thread(target=herald.__exit__, args=(None, None, None), daemon=True)
            for _, herald in (self._heralds.pop(name) for name in names)
        ]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join(2 * _DRAINING)
