"""A sign-in that has to be agreed on: its steps before the first question, a turn for each, its renewal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from smugsync.errors import NotAuthorised, Rejected, SessionOver
from smugsync.remote.dialect import Auth, Call, Reply
from smugsync.remote.signing import Negotiator, Signer

#: A sign-in has two or three steps.
_MOST_STEPS = 8


class Accord:
    """Between a session and its signer; nothing happens where that is no `Negotiator`. Shared by all threads.

    `step` sends one call and gives the answer that the dialect takes for good, or raises.
    """

    def __init__(self, signer: Signer | None) -> None:
        self._negotiator = signer if isinstance(signer, Negotiator) else None
        self._lock = threading.RLock()
        self._is_answered = False  #: since the last question of a chain was signed
        self._age = 0  #: counts what ended or began, so that an old end is not taken for one of what is new
        self._served_at = -1  #: the age at which a question was answered last

    @contextmanager
    def turn(self, call: Call, step: Callable[[Call], Reply]) -> Iterator[None]:
        """`call` may be signed and sent while the block runs. What it raises tells whether the accord holds.

        Raises what `step` raises, and NotAuthorised if the sign-in comes to no end.
        """
        negotiator = self._negotiator
        if negotiator is None or call.auth.is_media:
            yield
        elif call.auth is Auth.SIGN_IN or negotiator.serial:
            with self._lock:
                if call.auth is not Auth.SIGN_IN:
                    self._open(negotiator, step)
                with self._watched(negotiator):
                    yield
        else:
            with self._lock:
                self._open(negotiator, step)
            with self._watched(negotiator):
                yield

    def answered(self) -> None:
        """A whole answer came, good or bad: nothing of a chain of proofs was lost on the way."""
        if self._negotiator is not None and self._negotiator.serial:
            self._is_answered = True

    def heard(self, call: Call, reply: Reply) -> None:
        """A good answer came. Raises NotAuthorised, Garbled."""
        if self._negotiator is not None and not call.auth.is_media:
            with self._lock:
                self._negotiator.heard(call, reply)
                if call.auth is Auth.SIGN_IN:
                    self._age += 1
                else:
                    self._served_at = self._age

    def closing(self) -> Call | None:
        return None if self._negotiator is None else self._negotiator.closing()

    def _open(self, negotiator: Negotiator, step: Callable[[Call], Reply]) -> None:
        for _ in range(_MOST_STEPS):
            call = negotiator.opening()
            if call is None:
                return
            with self._watched(negotiator):
                self.heard(call, step(call))
        raise NotAuthorised("the sign-in comes to no end: the service asks for more and more")

    @contextmanager
    def _watched(self, negotiator: Negotiator) -> Iterator[None]:
        """Forget what was agreed on where the block tells that it is over, or that it may be."""
        age, self._is_answered = self._age, False
        try:
            yield
        except SessionOver as error:
            error.served = self._served_at >= age
            self._end(negotiator, error, age)
            raise
        except BaseException as error:
            if negotiator.serial and not self._is_answered:
                self._end(negotiator, SessionOver(f"no answer came: {type(error).__name__}"), age)
            raise

    def _end(self, negotiator: Negotiator, error: SessionOver, age: int) -> None:
        with self._lock:
            if age == self._age:
                self._age += 1
                negotiator.over(error)


class Renewal:
    """One question's right to one new sign-in, and to another if threads have used that one up before it."""

    def __init__(self) -> None:
        self._used = False

    @contextmanager
    def granted(self) -> Iterator[None]:
        """Lets the first SessionOver pass, for another try; one of a new session that has served nobody is
        NotAuthorised, or Rejected where it may be about this question alone."""
        try:
            yield
        except SessionOver as error:
            if self._used and (error.of_one or not error.served):
                kind = Rejected if error.of_one else NotAuthorised
                raise kind(f"{error}, also right after a new sign-in") from error
            self._used = True
            raise
