"""What all that is asked of a service has in common: patience, credentials, clocks, what a broken line means.

What an answer means is the dialect's knowledge; who asks again, and when, is decided by the session.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Protocol

import httpx

from smugsync.errors import ClockSkew, Interrupted, SmugsyncError, Transient, Unreachable
from smugsync.records import dataclass
from smugsync.remote.accord import Accord
from smugsync.remote.budget import Budget
from smugsync.remote.dialect import Call, Reply
from smugsync.remote.hosts import Hosts
from smugsync.remote.sending import Counts, Sender, host_of
from smugsync.remote.signing import Signer
from smugsync.remote.transport import CONNECT_SECONDS, STALL_SECONDS, TransportAborted
from smugsync.remote.trouble import explain, is_untrusted
from smugsync.remote.wire import retry_after
from smugsync.stop import Stop

TRIES = 5
PATIENCE = 900.0
#: A video of gigabytes is looked at before its upload is answered; how long that may take is not documented.
ANSWER_SECONDS = 600.0
#: Nobody waits longer for the answer to a farewell.
FAREWELL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Manners:
    """How long we wait, in seconds, and how often we ask; where time and chance come from.

    `patience` is the most that one question may wait in all; `stall` is silence, not a total, and `answer`
    that between the last byte of a change and the first of its answer. `clock` is epoch seconds, `ticks`
    monotonic, `random` gives [0, 1); `sleep` None means `Stop.wait`.
    """

    tries: int = TRIES
    patience: float = PATIENCE
    connect: float = CONNECT_SECONDS
    stall: float = STALL_SECONDS
    answer: float = ANSWER_SECONDS
    clock: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    sleep: Callable[[float], None] | None = None


class Judge(Protocol):
    """What a session needs of a dialect: the meaning of an answer."""

    def failure(self, reply: Reply, call: Call) -> Exception | None: ...


class Offline(Transient):
    """The host could not be reached, or the connection to it broke."""


class Silent(Offline):
    """The host took the question and did not answer it in time."""


class Conversation:
    """Shared by all threads. `warn` is told, once, what a person should know (a wrong clock).

    `down` and `up` keep a speed limit: told how many bytes of a file have come or gone, they return when more
    may (see `smugsync.pace`), or raise Interrupted.
    """

    def __init__(
        self,
        transport: httpx.BaseTransport,
        hosts: Hosts,
        signer: Signer | None,
        stop: Stop,
        *,
        warn: Callable[[str], None] = lambda _: None,
        manners: Manners = Manners(),
        down: Callable[[int], None] | None = None,
        up: Callable[[int], None] | None = None,
    ) -> None:
        timeout = httpx.Timeout(manners.stall, connect=manners.connect)
        self._sender = Sender(transport, hosts, signer, timeout)
        self._accord = Accord(signer)
        self._stop = stop
        self._warn = warn
        self._manners = manners
        self._sleep = manners.sleep or stop.wait
        self._down, self._up = down, up
        self._clock_lock = threading.Lock()
        self._answered: set[str] = set()
        #: the service's time minus our monotonic clock, by the last answer that told it, in seconds
        self._ahead: float | None = None
        self.budget = Budget(clock=manners.ticks)

    @property
    def counts(self) -> Counts:
        """Requests sent and bytes received so far."""
        return self._sender.counts

    def service_time(self) -> float | None:
        """What the service's clock shows now (epoch seconds), by its last good answer; None = unknown.

        Our own clock, which may have jumped since that answer, has no part in it.
        """
        return None if self._ahead is None else self._manners.ticks() + self._ahead

    def sign_with(self, signer: Signer) -> None:
        """Other credentials from the next question on; what is known of the service's clock stays."""
        self._sender.signer = signer
        self._accord = Accord(signer)

    def abort(self) -> None:
        """End every request at once, from any thread or signal handler. Never undone."""
        self._sender.abort()

    def close(self) -> None:
        """Sign out, where there is a session, and close the idle connections. Raises nothing."""
        call = None if self._stop else self._accord.closing()
        if call is not None and host_of(call) in self._answered:
            with (
                suppress(httpx.HTTPError, SmugsyncError),
                self._sender.send(call, (), answer=FAREWELL_SECONDS),
            ):
                pass  # whatever it answers: the session ends by itself some time
        self._sender.close()

    def _patiently(self, call: Call) -> Callable[[float], None]:
        """Waits, so many seconds each time, until patience is at its end: Unreachable."""
        waited = 0.0

        def wait(seconds: float) -> None:
            nonlocal waited
            waited += seconds
            if waited > self._manners.patience:
                raise Unreachable(
                    f"rate limit: {host_of(call)} wants us to wait for {_span(waited)}, and we wait for "
                    f"{_span(self._manners.patience)} at most"
                )
            self._sleep(seconds)

        return wait

    def _weigh(self, reply: Reply, call: Call, dialect: Judge) -> Exception | None:
        """What an answer means, None = success. Whatever it tells us about clocks and limits is taken in."""
        self._answered.add(host_of(call))
        self._read_budget(reply)
        failed = dialect.failure(reply, call)
        if failed is None:
            theirs = _date(reply)
            self._ahead = None if theirs is None else theirs - self._manners.ticks()
        elif isinstance(failed, ClockSkew):
            self._correct_clock(reply, call)
        return failed

    def _read_budget(self, reply: Reply) -> None:
        self.budget.read(reply.headers, _date(reply) or self._manners.clock())
        asked = retry_after(reply.headers) if reply.status == 429 else None
        if asked is not None:
            self.budget.hold(asked)

    def _broken(self, exc: httpx.TransportError, host: str) -> Exception:
        if isinstance(exc, TransportAborted) or self._stop:
            return Interrupted("stopped on request")
        if is_untrusted(exc):
            return Unreachable(explain(exc, host))
        kind = Silent if isinstance(exc, httpx.ReadTimeout) else Offline
        return kind(explain(exc, host))

    def _correct_clock(self, reply: Reply, call: Call) -> None:
        """Sign by the service's clock from now on. Raises Unreachable if its answer names no time."""
        theirs = _date(reply)
        if theirs is None:
            raise Unreachable(
                f"{host_of(call)} refuses our time stamp and does not say the time: set this computer's clock"
            )
        skew = theirs - self._manners.clock()
        with self._clock_lock:
            is_news, self._sender.skew = not self._sender.skew, skew
        if is_news:
            direction = "behind" if skew > 0 else "ahead of"
            self._warn(
                f"this computer's clock is {_span(abs(skew))} {direction} the time of {host_of(call)}; "
                f"requests are signed by the service's time until it is set right"
            )


def _date(reply: Reply) -> float | None:
    """The service's clock, epoch seconds (RFC 9110, 6.6.1); None where the answer does not say."""
    try:
        return parsedate_to_datetime(reply.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return None


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
