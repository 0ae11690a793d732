"""The token of a pair of keys, and the chain of proofs that hangs on it.

`auth.request` gives a challenge; of that, the keys and the time both sides compute the token. `auth.token`
exchanges signatures for the first nonce. Every question then carries an hmac that was made with the nonce
of the answer before, and every answer an hmac of its own: that proves the answer's values (photos are
plain files and have none). The private key never travels. When the window of time is over, `auth.refresh`
makes a new token of the old one; `auth.destroy` ends it. Recorded, and computed again, step by step.

Questions are asked one at a time: see `signing.Negotiator.serial`. An answer that is lost takes the nonce
with it, and the whole sign-in is made anew.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import field
from email.utils import parsedate_to_datetime

from smugsync.errors import Garbled, NotAuthorised, SessionOver
from smugsync.records import dataclass
from smugsync.remote.dialect import Auth, Call, Reply
from smugsync.remote.pixelpost import proof
from smugsync.remote.pixelpost.envelope import envelope_of, refusal_of, response_of, values_of
from smugsync.remote.pixelpost.site import Form, Request, asking, carrying, question_of, site_at
from smugsync.remote.signing import Signed
from smugsync.remote.wire import Fields

_REQUEST, _TOKEN, _REFRESH, _DESTROY = "auth.request", "auth.token", "auth.refresh", "auth.destroy"
_STEPS = frozenset({_REQUEST, _TOKEN, _REFRESH})
_HEX = re.compile(r"[0-9a-f]{32}")
#: A login whose window ended on its way is refused, and made once more; the second refusal means the keys.
_TRIES = 2


@dataclass(frozen=True, slots=True)
class _Challenge:
    text: str = field(repr=False)
    lifetime: int  #: seconds


@dataclass(frozen=True, slots=True)
class _Token:
    """Good until `window` (epoch seconds) by the service's clock; `nonce` is for the next question."""

    text: str = field(repr=False)
    window: int
    nonce: str = field(default="", repr=False)


class PixelpostToken:
    """A `signing.Negotiator` for the API of the site at `site_url`; `form` and `api` as `Pixelpost` has them.

    `session` is any text by which the service tells our sign-ins apart. `clock` gives epoch seconds,
    `ticks` counts seconds monotonically: the time is the service's, by the `Date` of its last answer.
    """

    serial = True

    def __init__(
        self,
        site_url: str,
        public_key: str,
        private_key: str,
        *,
        form: Form = "json",
        api: str = "api",
        session: str = "",
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._site = site_at(site_url, form, api)
        self._public_key = public_key
        self._secret = proof.secret_of(public_key, private_key)
        self._session = session or f"smugsync-{secrets.token_hex(4)}"
        self._clock, self._ticks = clock, ticks
        self._ahead: float | None = None  #: the service's time minus our ticks
        self._refusals = 0
        self._challenge: _Challenge | None = None
        self._token: _Token | None = None
        self._coming: _Token | None = None  #: computed, and not yet accepted
        self._is_over = False  #: the service says that the token's time has passed

    # What a session asks of it

    def opening(self) -> Call | None:
        token, challenge = self._token, self._challenge
        if token is None or challenge is None:
            return self._step(_REQUEST if challenge is None else _TOKEN)
        if not self._is_old(token):
            return None
        if self._now() > token.window + challenge.lifetime:  # nobody says how long an old one is remembered
            self._forget()
            return self._step(_REQUEST)
        return self._step(_REFRESH)

    def sign(self, call: Call, url: str, *, skew: float = 0.0) -> Signed:
        del skew  # it mends time stamps of a service that refuses ours; here there are none
        asked = question_of(call, url)
        if call.auth is Auth.SIGN_IN and asked.method in _STEPS:
            address, body = asking(call, url, self._filled(asked.method))
            return Signed(address, body=body)
        if self._token is None:
            raise SessionOver("nobody has signed in yet")
        token = self._token
        made = proof.request_hmac(token.nonce, asked.method, asked.request, self._secret)
        address, body = carrying(call, url, token=token.text, hmac=made)
        return Signed(address, body=body)

    def heard(self, call: Call, reply: Reply) -> None:
        """What cannot be read, or was changed on its way, ends the chain: nobody knows the next nonce."""
        self._note_time(reply)
        method = question_of(call).method
        try:
            if refusal_of(reply, method) is None:
                self._take(reply, method)
            else:
                self._refused(method)
        except Garbled:
            self._forget()
            raise

    def over(self, error: SessionOver) -> None:
        if error.code == "old_token" and self._token is not None:
            self._is_over = True
        else:
            self._forget()

    def closing(self) -> Call | None:
        """Ends the token, so that nobody finds it alive on the service; None where there is none to end."""
        is_alive = self._token is not None and not self._is_old(self._token)
        return self._step(_DESTROY) if is_alive else None

    # Its state

    def _take(self, reply: Reply, method: str) -> None:
        """What a good answer brings. Raises Garbled."""
        response = response_of(reply, method)
        if method == _REQUEST:
            self._challenge = _read_challenge(response)
        elif method in (_TOKEN, _REFRESH):
            self._token = self._read_token(response, method)
            self._is_over, self._refusals = False, 0
        else:
            self._follow(reply, method)
            if method == _DESTROY:
                self._forget()

    def _forget(self) -> None:
        self._challenge = self._token = self._coming = None
        self._is_over = False

    def _is_old(self, token: _Token) -> bool:
        return self._is_over or int(self._now()) > token.window

    def _refused(self, method: str) -> None:
        """A refused refresh leads to a login, a refused login to one more."""
        self._forget()
        if method == _REFRESH:
            return
        self._refusals += 1
        if self._refusals >= _TRIES:
            self._refusals = 0
            unsure = (
                "" if self._ahead is not None else ", and set this computer's clock (the site tells no time)"
            )
            raise NotAuthorised(
                "the site does not accept this pair of keys: compare the public and the private key with "
                f"those on its admin page{unsure}"
            )

    # Its steps

    def _step(self, method: str) -> Call:
        return self._site.ask(method, {}, Auth.SIGN_IN)

    def _filled(self, method: str) -> Request:
        challenge = self._challenge
        if method == _REQUEST:
            return {"public_key": self._public_key, "session": self._session}
        if challenge is None:
            raise SessionOver("there is no challenge to answer")
        # A service that calls the token old is beyond its window, whatever we think the time is.
        moment = max(self._now(), self._token.window + 1 if self._token else 0)
        window = proof.window_of(moment, challenge.lifetime)
        coming = _Token(proof.token_of(challenge.text, self._secret, window), window)
        self._coming = coming
        if method == _TOKEN or self._token is None:
            return {
                "challenge": challenge.text,
                "signature": proof.digest(coming.text, challenge.text, self._secret),
            }
        old = self._token.text
        return {"token": old, "signature": proof.digest(coming.text, old, self._secret)}

    def _read_token(self, response: Fields, method: str) -> _Token:
        nonce, coming = _hex(response, "nonce"), self._coming
        if coming is None:
            raise Garbled(f"{method} was answered, and not asked")
        if not _equal(response.text("signature"), proof.digest(coming.text, nonce, self._secret)):
            raise _changed(method, "its signature is wrong")
        return _Token(coming.text, coming.window, nonce)

    def _follow(self, reply: Reply, method: str) -> None:
        """Check an answer's hmac, and take its nonce for the next question."""
        token = self._token
        if token is None:
            raise Garbled(f"{method} was answered without a token")
        envelope = envelope_of(reply, method)
        if "nonce" not in envelope or "hmac" not in envelope:
            raise _changed(method, "it comes without the proof that every answer to us carries")
        nonce = _hex(envelope, "nonce")
        try:
            made = proof.answer_hmac(token.nonce, nonce, values_of(reply), self._secret)
        except RecursionError:
            raise Garbled(f"the answer to {method} is nested deeper than any photo") from None
        if not _equal(envelope.text("hmac"), made):
            raise _changed(method, "its hmac is wrong")
        self._token = _Token(token.text, token.window, nonce)

    # Time

    def _now(self) -> float:
        """The service's clock, in epoch seconds; ours until it has told its own."""
        return self._clock() if self._ahead is None else self._ticks() + self._ahead

    def _note_time(self, reply: Reply) -> None:
        try:
            theirs = parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
        except (ValueError, OverflowError):
            return
        self._ahead = theirs - self._ticks()


def _read_challenge(response: Fields) -> _Challenge:
    lifetime = response.whole("lifetime")
    if not lifetime:
        raise Garbled(f"{_REQUEST} was answered without a lifetime")
    return _Challenge(_hex(response, "challenge"), lifetime)


def _hex(fields: Fields, name: str) -> str:
    text = fields.text(name)
    if not _HEX.fullmatch(text):
        raise Garbled(f"{name} of {fields.what} is not 32 hex digits")
    return text


def _equal(given: str, made: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), made.encode())


def _changed(method: str, why: str) -> Garbled:
    return Garbled(f"the answer to {method} may have been changed on its way: {why}")
