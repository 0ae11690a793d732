"""A call that changes something: sent once, and what became of it told apart: not done, or nobody knows."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from smugsync.errors import ClockSkew, Doubtful, ItemError, SessionOver, Transient, Unreachable
from smugsync.records import replace
from smugsync.remote.accord import Renewal
from smugsync.remote.conversation import Conversation, Judge, Offline
from smugsync.remote.decoding import read_body
from smugsync.remote.dialect import Call, Reply
from smugsync.remote.outflow import Metered
from smugsync.remote.sending import host_of
from smugsync.stop import Stop

#: What a transport raises while there is no connection yet, or where it would make none.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


#: Only their bodies tell a refusal of our credentials from a request that was made twice on the way.
_NEED_WORDS = (401, 403)


class Changes(Conversation):
    """See `Session`."""

    def send_once(
        self,
        call: Call,
        dialect: Judge,
        *,
        stop: Stop | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Reply:
        """The answer to a call that changes something. It is sent once, and again only where the first was
        refused for its time stamp, or for a sign-in that is over, before anything was done.

        `stop` is looked at between two pieces of the body, beside the session's own; `progress` is told how
        many bytes have left. Raises what `dialect.failure` makes of the answer, and

        - Transient: no connection came about, so nothing was done;
        - Doubtful: the connection broke, or no answer came that can be read, after the request was begun;
        - Interrupted: after the request was begun this leaves as open what was done as Doubtful does;
        - Unreachable: an untrusted certificate, a rate limit beyond our patience, a clock that cannot be set;
        - Rejected: a host that is not allowed;
        - what the body itself raises while it is read: the request was never whole, and nothing was done.
        """
        wait = self._patiently(call)
        if delay := self.budget.delay():
            wait(delay)
        sent = self._metered(call, stop, progress)
        renewal, skewed = Renewal(), False
        while True:
            try:
                with renewal.granted():
                    return self._change(sent, dialect)
            except ClockSkew as exc:
                if skewed:
                    raise Unreachable(
                        f"{host_of(call)} refuses our time stamps, also by its own clock"
                    ) from exc
                skewed = True  # signed by the service's clock from now on
            except SessionOver:
                continue  # a second one is another error

    def _metered(self, call: Call, stop: Stop | None, progress: Callable[[int], None] | None) -> Call:
        body = call.body
        if body is None or isinstance(body, bytes):
            return call

        def passed(size: int) -> None:
            self._sender.sent(size)
            if progress is not None:
                progress(size)
            self._stop.check()
            if stop is not None:
                stop.check()
            if self._up is not None:
                self._up(size)

        return replace(call, body=Metered(body, passed, paced=self._up is not None))

    def _change(self, call: Call, dialect: Judge) -> Reply:
        with self._accord.turn(call, lambda step: self._sign_in(step, dialect)):
            reply = self._sent(call, dialect)
            self._accord.heard(call, reply)
            return reply

    def _sign_in(self, step: Call, dialect: Judge) -> Reply:
        """A step before the change. Whatever becomes of it, nothing was changed."""
        try:
            return self._sent(step, dialect)
        except Doubtful as exc:
            raise Transient(str(exc)) from exc

    def _sent(self, call: Call, dialect: Judge) -> Reply:
        self._stop.check()
        host = host_of(call)
        try:
            headers = (("Accept-Encoding", "gzip"),)
            with self._sender.send(call, headers, answer=self._manners.answer) as response:
                reply = self._read(response, call)
                self._accord.answered()
        except _NEVER_SENT as exc:
            raise self._broken(exc, host) from exc
        except httpx.TransportError as exc:
            trouble = self._broken(exc, host)
            if isinstance(trouble, Offline):
                trouble = Doubtful(f"{trouble}; what was sent may have arrived")
            raise trouble from exc
        failed = self._weigh(reply, call, dialect)
        if failed is not None:
            raise failed
        return reply

    def _read(self, response: httpx.Response, call: Call) -> Reply:
        """The whole answer; of one that breaks off, its head where that alone says that nothing was done."""
        cause: Exception
        try:
            return read_body(response, call.url, clock=self._manners.ticks)
        except httpx.TransportError as exc:
            cause, trouble = exc, self._broken(exc, host_of(call))
            if not isinstance(trouble, Offline):
                raise trouble from exc
        except ItemError as exc:
            cause = trouble = exc
        if 400 <= response.status_code < 500 and response.status_code not in _NEED_WORDS:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, headers, b"", call.url)
        raise Doubtful(f"{trouble}; what it answers may have been done") from cause
