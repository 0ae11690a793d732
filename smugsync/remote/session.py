"""One polite request: sign, send, retry, wait, and say in one sentence what failed.

What an answer means is the dialect's knowledge; who asks again, and when, is decided here and nowhere
else. Every try is signed anew. Only idempotent calls are repeated. Media are not: `transfer.py`
repeats them as a whole, from where they stopped. What changes something is sent once (`changes.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import httpx
import tenacity

from smugsync.errors import ClockSkew, Displaced, Garbled, SessionOver, Transient, Unreachable
from smugsync.remote.accord import Renewal
from smugsync.remote.body import Body, validator_of
from smugsync.remote.changes import Changes
from smugsync.remote.conversation import Judge, Manners, Offline, Silent
from smugsync.remote.decoding import LIMIT, read_body
from smugsync.remote.dialect import Call, Reply
from smugsync.remote.sending import host_of
from smugsync.remote.wire import is_markup

__all__ = ["Judge", "Manners", "Session"]

_BACKOFF, _LONGEST_BACKOFF = 1.0, 60.0
_ERROR_BODY = 64 * 1024


#: Nothing is gained by packing a photo, and then its bytes could not be counted.
_AS_IT_IS: tuple[tuple[str, str], ...] = (("Accept-Encoding", "identity"),)


class _Streaming(AbstractContextManager[Body]):
    """A body for as long as it is read. A class, since a generator for each file costs more."""

    __slots__ = ("_begin", "_body", "_broken")

    def __init__(
        self, begin: Callable[[], Body], broken: Callable[[httpx.TransportError], Exception]
    ) -> None:
        self._begin = begin
        self._broken = broken

    def __enter__(self) -> Body:
        self._body = self._begin()
        return self._body

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._body.close()
        if isinstance(error, httpx.TransportError):
            raise self._broken(error) from error


class Session(Changes):
    """Shared by all threads: `ask` for what is known, `stream` for files, `send_once` for what is changed."""

    # -- questions -----------------------------------------------------------------------------------

    def ask(self, call: Call, dialect: Judge) -> Reply:
        """The answer to a JSON-sized question (16 MB at most), asked again while that may help.

        Raises what `dialect.failure` makes of the answer, Unreachable (no connection, a captive portal,
        a rate limit beyond our patience, an untrusted certificate), Garbled (too large, circular),
        Rejected (a host that is not allowed), Interrupted. Time-outs of a host that answers other
        questions stay Transient. A call that is not idempotent is sent once, and a broken connection
        stays Transient: it may have been applied.
        """
        wait = self._patiently(call)
        renewal = Renewal()

        def attempt() -> Reply:
            if delay := self.budget.delay():
                wait(delay)
            with renewal.granted():
                return self._attempt(call, dialect)

        def is_worth_another_try(exc: BaseException) -> bool:
            # A time stamp, or a sign-in that is over, was refused before anything was done.
            return isinstance(exc, ClockSkew | SessionOver) or (
                call.idempotent and isinstance(exc, Transient)
            )

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._manners.tries),
            wait=self._pause,
            retry=tenacity.retry_if_exception(is_worth_another_try),
            sleep=wait,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except (Offline, Displaced) as exc:
            # A host that answers other questions is there: this one was too much for it (a large page).
            if not call.idempotent or (isinstance(exc, Silent) and host_of(call) in self._answered):
                raise
            raise Unreachable(str(exc)) from exc
        except ClockSkew as exc:
            raise Unreachable(f"{host_of(call)} refuses our time stamps, also by its own clock") from exc

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """Seconds until the next try: what the service named, else exponential with jitter."""
        failed = state.outcome.exception() if state.outcome else None
        if isinstance(failed, ClockSkew | SessionOver):
            return 0.0
        backoff = min(_BACKOFF * 2.0 ** (state.attempt_number - 1), _LONGEST_BACKOFF)
        jittered = backoff * (0.5 + self._manners.random() / 2)
        asked = failed.retry_after if isinstance(failed, Transient) else None
        return max(jittered, asked or 0.0)

    def _attempt(self, call: Call, dialect: Judge) -> Reply:
        with self._accord.turn(call, lambda step: self._exchange(step, dialect)):
            reply = self._exchange(call, dialect)
            self._accord.heard(call, reply)
            return reply

    def _exchange(self, call: Call, dialect: Judge) -> Reply:
        self._stop.check()
        try:
            with self._sender.send(call, (("Accept-Encoding", "gzip"),)) as response:
                reply = read_body(response, call.url, limit=call.most or LIMIT, clock=self._manners.ticks)
                self._accord.answered()
        except httpx.TransportError as exc:
            raise self._broken(exc, host_of(call)) from exc
        failed = self._weigh(reply, call, dialect)
        if failed is None:
            return reply
        if reply.status == 200 and isinstance(failed, Garbled) and is_markup(reply):
            raise Displaced(
                f"{host_of(call)} answers with a web page instead of data: a captive portal or sign-in page "
                f"may be in the way"
            ) from failed
        raise failed

    # -- media ---------------------------------------------------------------------------------------

    def stream(
        self, call: Call, dialect: Judge, *, offset: int = 0, validator: str | None = None
    ) -> AbstractContextManager[Body]:
        """A file's bytes, from `offset` on if `validator` still holds; see `Body.resumed`.

        Entering raises what `dialect.failure` makes of an error answer, Garbled for a web page in place of
        the file, Transient for an empty file or a broken connection, Unreachable for an untrusted
        certificate, Rejected for a host that is not allowed, Interrupted.
        """
        return _Streaming(
            lambda: self._open(call, dialect, offset, validator),
            lambda exc: self._broken(exc, host_of(call)),
        )

    def is_unchanged(self, call: Call, dialect: Judge, validator: str) -> bool:
        """Does the server still name the file `validator` (a strong ETag, else a Last-Modified)?

        Asked once; nothing is read of its body. Raises as `stream` does; Transient where the server names
        nothing any more.
        """
        self._stop.check()
        name = "If-None-Match" if validator.startswith('"') else "If-Modified-Since"
        headers = (*_AS_IT_IS, (name, validator))
        try:
            with self._sender.send(call, headers) as response:
                if response.status_code == 304:
                    return True
                if response.status_code != 200:
                    raise self._media_failure(response, call, dialect)
                found = validator_of(response.headers)
        except httpx.TransportError as exc:
            raise self._broken(exc, host_of(call)) from exc
        if found is None:
            raise Transient(f"{host_of(call)} does not name the versions of its files any more")
        return found == validator

    def _open(self, call: Call, dialect: Judge, offset: int, validator: str | None) -> Body:
        if offset and validator:
            body = self._range(call, dialect, (offset, validator))
            if body is not None:
                return body
        # Nothing is held, or what is held is no beginning of what is there now.
        body = self._range(call, dialect, None)
        if body is None:
            raise Garbled(f"{host_of(call)} sent a part of the file where all of it was asked for")
        return body

    def _range(self, call: Call, dialect: Judge, held: tuple[int, str] | None) -> Body | None:
        """The body, None if it is not the range that was asked for. `held`: offset and validator."""
        self._stop.check()
        headers = _AS_IT_IS
        if held:
            headers += (("Range", f"bytes={held[0]}-"), ("If-Range", held[1]))
        try:
            response = self._sender.open(call, headers)
            body: Body | None = None
            try:
                body = self._begin(response, call, dialect, held)
            finally:
                if body is None:
                    response.close()
        except httpx.TransportError as exc:
            raise self._broken(exc, host_of(call)) from exc
        return body

    def _begin(
        self, response: httpx.Response, call: Call, dialect: Judge, held: tuple[int, str] | None
    ) -> Body | None:
        if response.status_code == 416 and held:
            return None
        if response.status_code not in {200, 206}:
            raise self._media_failure(response, call, dialect)
        body = Body(
            response,
            held[0] if held else 0,
            lambda exc: self._broken(exc, host_of(call)),
            clock=self._manners.ticks,
            pace=self._down,
        )
        validator = held[1] if held else ""
        if response.status_code == 206 and not (body.resumed and body.validator in {None, validator}):
            return None
        body.open()
        return body

    def _media_failure(self, response: httpx.Response, call: Call, dialect: Judge) -> Exception:
        reply = read_body(response, call.url, limit=_ERROR_BODY, cut=True, clock=self._manners.ticks)
        return dialect.failure(reply, call) or Transient(f"{host_of(call)} answered {reply.status}")
