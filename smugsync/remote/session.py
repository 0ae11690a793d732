"""One polite request: sign, send, retry, wait, and say in one sentence what failed.

What an answer means is the dialect's knowledge; who asks again, and when, is decided here and nowhere
else. Every try is signed anew. Only idempotent calls are repeated. Media are not: `transfer.py`
repeats them as a whole, from where they stopped.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Protocol

import httpx
import tenacity

from smugsync.errors import ClockSkew, Garbled, Interrupted, ItemError, Transient, Unreachable
from smugsync.remote.body import Body
from smugsync.remote.budget import Budget
from smugsync.remote.decoding import read_body
from smugsync.remote.dialect import Call, Reply
from smugsync.remote.hosts import Hosts
from smugsync.remote.sending import Counts, Sender, host_of
from smugsync.remote.signing import Signer
from smugsync.remote.transport import CONNECT_SECONDS, STALL_SECONDS, TransportAborted
from smugsync.remote.trouble import explain, is_untrusted
from smugsync.remote.wire import is_html, retry_after
from smugsync.stop import Stop

TRIES = 5
PATIENCE = 900.0
_BACKOFF, _LONGEST_BACKOFF = 1.0, 60.0
_ERROR_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Manners:
    """How long we wait, in seconds, and how often we ask; where time and chance come from.

    `patience` is the most that one question may wait in all; `stall` is silence, not a total. `clock`
    is epoch seconds, `ticks` monotonic, `random` gives [0, 1); `sleep` None means `Stop.wait`.
    """

    tries: int = TRIES
    patience: float = PATIENCE
    connect: float = CONNECT_SECONDS
    stall: float = STALL_SECONDS
    clock: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    sleep: Callable[[float], None] | None = None


class Judge(Protocol):
    """What a session needs of a dialect: the meaning of an answer."""

    def failure(self, reply: Reply, call: Call) -> Exception | None: ...


class _Offline(Transient):
    """The host could not be reached, or the connection to it broke."""


class _Silent(_Offline):
    """The host took the question and did not answer it in time."""


class _WebPage(Transient):
    """A web page came where data was asked for: maintenance, or a captive portal."""


class Session:
    """Shared by all threads. `warn` is told, once, what a person should know (a wrong clock)."""

    def __init__(
        self,
        transport: httpx.BaseTransport,
        hosts: Hosts,
        signer: Signer | None,
        stop: Stop,
        *,
        warn: Callable[[str], None] = lambda _: None,
        manners: Manners = Manners(),
    ) -> None:
        timeout = httpx.Timeout(manners.stall, connect=manners.connect)
        self._sender = Sender(transport, hosts, signer, timeout)
        self._stop = stop
        self._warn = warn
        self._manners = manners
        self._sleep = manners.sleep or stop.wait
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

    def abort(self) -> None:
        """End every request at once, from any thread or signal handler. Never undone."""
        self._sender.abort()

    def close(self) -> None:
        """Close the idle connections."""
        self._sender.close()

    # -- questions -----------------------------------------------------------------------------------

    def ask(self, call: Call, dialect: Judge) -> Reply:
        """The answer to a JSON-sized question (16 MB at most), asked again while that may help.

        Raises what `dialect.failure` makes of the answer, Unreachable (no connection, a captive portal,
        a rate limit beyond our patience, an untrusted certificate), Garbled (too large, circular),
        Rejected (a host that is not allowed), Interrupted. Time-outs of a host that answers other
        questions stay Transient. A call that is not idempotent is sent once, and a broken connection
        stays Transient: it may have been applied.
        """
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

        def attempt() -> Reply:
            if delay := self.budget.delay():
                wait(delay)
            return self._attempt(call, dialect)

        def is_worth_another_try(exc: BaseException) -> bool:
            # A refused time stamp was refused before anything was done.
            return isinstance(exc, ClockSkew) or (call.idempotent and isinstance(exc, Transient))

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._manners.tries),
            wait=self._pause,
            retry=tenacity.retry_if_exception(is_worth_another_try),
            sleep=wait,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except (_Offline, _WebPage) as exc:
            # A host that answers other questions is there: this one was too much for it (a large page).
            if not call.idempotent or (isinstance(exc, _Silent) and host_of(call) in self._answered):
                raise
            raise Unreachable(str(exc)) from exc
        except ClockSkew as exc:
            raise Unreachable(f"{host_of(call)} refuses our time stamps, also by its own clock") from exc

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """Seconds until the next try: what the service named, else exponential with jitter."""
        failed = state.outcome.exception() if state.outcome else None
        if isinstance(failed, ClockSkew):
            return 0.0
        backoff = min(_BACKOFF * 2.0 ** (state.attempt_number - 1), _LONGEST_BACKOFF)
        jittered = backoff * (0.5 + self._manners.random() / 2)
        asked = failed.retry_after if isinstance(failed, Transient) else None
        return max(jittered, asked or 0.0)

    def _attempt(self, call: Call, dialect: Judge) -> Reply:
        self._stop.check()
        try:
            with self._sender.send(call, (("Accept-Encoding", "gzip"),)) as response:
                reply = read_body(response, call.url, clock=self._manners.ticks)
        except httpx.TransportError as exc:
            raise self._broken(exc, host_of(call)) from exc
        self._answered.add(host_of(call))
        self._read_budget(reply)
        failed = dialect.failure(reply, call)
        if failed is None:
            theirs = _date(reply)
            self._ahead = None if theirs is None else theirs - self._manners.ticks()
            return reply
        if isinstance(failed, ClockSkew):
            self._correct_clock(reply, call)
        if reply.status == 200 and isinstance(failed, ItemError) and is_html(reply):
            raise _WebPage(
                f"{host_of(call)} answers with a web page instead of data: a captive portal or sign-in page "
                f"may be in the way"
            ) from failed
        raise failed

    def _read_budget(self, reply: Reply) -> None:
        self.budget.read(reply.headers, _date(reply) or self._manners.clock())
        asked = retry_after(reply.headers) if reply.status == 429 else None
        if asked is not None:
            self.budget.hold(asked)

    # -- media ---------------------------------------------------------------------------------------

    @contextmanager
    def stream(
        self, call: Call, dialect: Judge, *, offset: int = 0, validator: str | None = None
    ) -> Iterator[Body]:
        """A file's bytes, from `offset` on if `validator` still holds; see `Body.resumed`.

        Raises what `dialect.failure` makes of an error answer, Garbled for a web page in place of the
        file, Transient for an empty file or a broken connection, Unreachable for an untrusted
        certificate, Rejected for a host that is not allowed, Interrupted.
        """
        if offset and validator:
            with self._range(call, dialect, (offset, validator)) as body:
                if body is not None:
                    yield body
                    return
        # Nothing is held, or what is held is no beginning of what is there now.
        with self._range(call, dialect, None) as body:
            if body is None:
                raise Garbled(f"{host_of(call)} sent a part of the file where all of it was asked for")
            yield body

    @contextmanager
    def _range(self, call: Call, dialect: Judge, held: tuple[int, str] | None) -> Iterator[Body | None]:
        """The body, None if it is not the range that was asked for. `held`: offset and validator."""
        self._stop.check()
        headers = [("Accept-Encoding", "identity")]
        offset, validator = held or (0, "")
        if held:
            headers += [("Range", f"bytes={offset}-"), ("If-Range", validator)]
        try:
            with self._sender.send(call, tuple(headers)) as response:
                if response.status_code == 416 and held:
                    yield None
                    return
                if response.status_code not in {200, 206}:
                    raise self._media_failure(response, call, dialect)
                body = Body(
                    response,
                    offset,
                    lambda exc: self._broken(exc, host_of(call)),
                    clock=self._manners.ticks,
                    received=self._sender.received,
                )
                if response.status_code == 206 and not (body.resumed and body.validator in {None, validator}):
                    yield None
                    return
                body.open()
                yield body
        except httpx.TransportError as exc:
            raise self._broken(exc, host_of(call)) from exc

    # -- what goes wrong on the way ------------------------------------------------------------------

    def _media_failure(self, response: httpx.Response, call: Call, dialect: Judge) -> Exception:
        reply = read_body(response, call.url, limit=_ERROR_BODY, cut=True, clock=self._manners.ticks)
        return dialect.failure(reply, call) or Transient(f"{host_of(call)} answered {reply.status}")

    def _broken(self, exc: httpx.TransportError, host: str) -> Exception:
        if isinstance(exc, TransportAborted) or self._stop:
            return Interrupted("stopped on request")
        if is_untrusted(exc):
            return Unreachable(explain(exc, host))
        kind = _Silent if isinstance(exc, httpx.ReadTimeout) else _Offline
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
