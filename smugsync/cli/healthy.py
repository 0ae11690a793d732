"""`smugsync status --healthy`: one line and an exit code, for Docker's HEALTHCHECK and for monitors.

Whoever asks may end what is not healthy and start it again. So what only waits for a person's first steps
counts as healthy: no restart would bring them about. What needs a person later, and what has gone quiet,
does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from smugsync.catalogue import Catalogue
from smugsync.cli.invocation import Invocation
from smugsync.cli.ledger import ledger
from smugsync.config import Config
from smugsync.config.listing import profiles as listed
from smugsync.config.places import config_file
from smugsync.daemon.client import asked
from smugsync.daemon.health import has_failed, is_held_up
from smugsync.daemon.standing import Standing
from smugsync.errors import ConfigError, NotAuthorised, SmugsyncError, SuspiciousPlan
from smugsync.progress import duration
from smugsync.records import dataclass

#: Asks the daemon of a profile how it stands; None if there is none.
Ask = Callable[[Config], Standing | None]

DAY = 86_400

#: Runs that ask the service what there is; the history writes what was asked for behind the word.
_LOOKS = ("everything", "delta")
#: How far back the history is read: some fifty days of a poll every quarter of an hour.
_RUNS = 5000
_FAILED = {
    SuspiciousPlan.exit_code: "a guard withheld something in the last run: `smugsync status` says what",
    NotAuthorised.exit_code: "the account was not accepted in the last run: `smugsync auth status` says why",
    ConfigError.exit_code: "the last run could not use the configuration: run `smugsync config check`",
}


@dataclass(frozen=True, slots=True)
class Health:
    ok: bool
    why: str  #: one sentence


@dataclass(frozen=True, slots=True)
class Past:
    """What the catalogue tells: when a run was good last (epoch seconds), and how the last one ended.

    `began`: when the oldest run began that we know of; None before the first. `exit_code` None: it has not
    ended.
    """

    began: float | None = None
    last_good: float | None = None
    exit_code: int | None = None


def judge(standing: Standing | None, past: Past, *, now: float, stale_days: int) -> Health:
    """The health of a profile that is signed in. `standing`: what its daemon answers, None if none does.

    `stale_days`: for how long no run need be good; 0 = for ever.
    """
    good = max((at for at in (past.last_good, standing and standing.last_good) if at), default=None)
    since = good if good is not None else past.began
    stale = bool(stale_days) and since is not None and now - since > stale_days * DAY
    news = f"the last good run was {duration(max(0.0, now - good))} ago" if good else "no run was good yet"
    if standing is not None and (held := standing.held) is not None:
        ok = not is_held_up(standing) and not stale
        return Health(ok, f"the daemon waits: {held.why}" + (f"; {news}" if stale else ""))
    code = past.exit_code if standing is None else standing.last_exit_code
    if code is not None and has_failed(code):
        return Health(False, _FAILED.get(code, "the last run failed as a whole: `smugsync status` says why"))
    if standing is not None:
        return Health(True, f"the daemon {'is paused' if standing.paused else 'is at work'}; {news}")
    if past.began is None:
        return Health(True, "nothing was mirrored yet, and no daemon runs")
    return Health(not stale, f"no daemon runs; {news}")


def told(invocation: Invocation, *, ask: Ask | None = None, now: float | None = None) -> int:
    """Print the line, and return the exit code: 0, or 1 if anything is not as it should be.

    It speaks of all profiles, unless one was chosen. `ask` asks the daemon of a profile, if there is one.
    """
    ask = ask or (lambda config: asked(config.socket))
    moment = time.time() if now is None else now
    try:
        profiles = (
            (invocation.profile,) if invocation.chosen else listed(invocation.config_path, invocation.environ)
        )
        found = [(one, _health(invocation, one, ask, moment)) for one in profiles]
    except ConfigError as error:
        found = [(invocation.profile, Health(False, "; ".join(error.problems)))]
    bad = [(name, health) for name, health in found if not health.ok]
    line = "; ".join(
        f"{name}: {health.why}" if len(found) > 1 else health.why for name, health in bad or found
    )
    with _speaking_of(invocation, bad[0][0] if bad else invocation.profile):
        print(invocation.words(f"{'unhealthy' if bad else 'healthy'}: {line}"))
    return 1 if bad else 0


@contextmanager
def _speaking_of(invocation: Invocation, profile: str) -> Iterator[None]:
    """What is loaded, and the commands that are advised, are for this profile."""
    before, invocation.profile = invocation.profile, profile
    try:
        yield
    finally:
        invocation.profile = before


def _health(invocation: Invocation, profile: str, ask: Ask, now: float) -> Health:
    try:
        with _speaking_of(invocation, profile):
            config = invocation.load()
        if config.remote.signed_out:
            return Health(True, "nobody is signed in yet: run `smugsync auth login`")
        standing = ask(config)
        with ledger(config) as catalogue:
            past = Past() if catalogue is None else past_of(catalogue)
        return judge(standing, past, now=now, stale_days=config.notify.stale_days)
    except ConfigError as error:
        if not config_file(invocation.config_path, invocation.environ).exists():
            return Health(True, "nothing is set up yet: run `smugsync init`")
        return Health(False, "; ".join(error.problems))
    except SmugsyncError as error:
        return Health(False, str(error))


def past_of(catalogue: Catalogue) -> Past:
    runs = catalogue.runs(limit=_RUNS)
    looks = [run for run in runs if run.scope.split(" ", 1)[0] in _LOOKS]
    if not looks:
        return Past(began=runs[-1].started_at if runs else None)
    good = next((run for run in looks if run.exit_code == 0), None)
    ended = next((run for run in looks if run.finished_at is not None), None)
    return Past(
        began=looks[-1].started_at,
        last_good=None if good is None else good.finished_at,
        exit_code=None if ended is None else ended.exit_code,
    )
