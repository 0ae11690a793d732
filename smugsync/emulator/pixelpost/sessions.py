"""Challenges, tokens and the chain of nonces: who sent a request.

Nothing of this survives a restart: a client then meets `bad_token`, and signs in again.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from smugsync.emulator.pixelpost.chance import Fresh
from smugsync.emulator.pixelpost.entities import Entities, Entity
from smugsync.emulator.pixelpost.envelope import Call, Failed
from smugsync.emulator.pixelpost.php import Value
from smugsync.emulator.pixelpost.signing import answer_hmac, digest, request_hmac, token_of, window_of

#: How long a token lives unless the site says otherwise, in seconds; also what an unknown key is told.
LIFETIME: Final = 300
#: How long an old token can be refreshed, in seconds. How long the application remembers it is not known.
_REMEMBERED: Final = 86400


@dataclass(slots=True)
class _Challenge:
    entity: Entity
    made: int


@dataclass(slots=True)
class Session:
    """One sign-in. `window` is the epoch second until which its token is good."""

    entity: Entity
    challenge: str = field(repr=False)
    token: str = field(repr=False)
    nonce: str = field(repr=False)
    window: int = 0


class Sessions:
    """`clock` gives epoch seconds, `lifetime` the seconds that tokens live at the moment."""

    def __init__(
        self,
        entities: Entities,
        *,
        clock: Callable[[], float],
        lifetime: Callable[[], int],
        fresh: Fresh,
    ) -> None:
        self._entities = entities
        self._clock = clock
        self._lifetime = lifetime
        self._fresh = fresh
        self._challenges: dict[str, _Challenge] = {}
        self._sessions: dict[str, Session] = {}

    # -- signing in --------------------------------------------------------------------------------

    def request(self, public_key: str) -> dict[str, Value]:
        """A challenge. A key that nobody has gets one as well, which is good for nothing, and is told the
        usual lifetime (recorded)."""
        challenge, entity, now = self._fresh("challenge"), self._entities.find(public_key), int(self._clock())
        if entity is None:
            return {"challenge": challenge, "lifetime": LIFETIME}
        lifetime = self._lifetime()
        fresh = {key: one for key, one in self._challenges.items() if now <= one.made + lifetime}
        self._challenges = {**fresh, challenge: _Challenge(entity, now)}
        return {"challenge": challenge, "lifetime": lifetime}

    def sign_in(self, challenge: str, signature: str) -> dict[str, Value]:
        """Raises Failed. A wrong signature does not use the challenge up: it may have come a moment after
        its window."""
        known = self._challenges.get(challenge)
        if known is None or int(self._clock()) > known.made + self._lifetime():
            raise _not_valid("challenge")
        secret, window = known.entity.secret, self._window()
        token = token_of(challenge, secret, window)
        if not _equal(signature, digest(token, challenge, secret)):
            raise _not_valid("signature")
        del self._challenges[challenge]
        return self._open(Session(known.entity, challenge, token, self._fresh("nonce"), window))

    def refresh(self, token: str, signature: str) -> dict[str, Value]:
        """A token of the present window for one that may be old. Raises Failed."""
        session = self._sessions.get(token)
        if session is None:
            raise _not_valid("token")
        secret, window = session.entity.secret, self._window()
        renewed = token_of(session.challenge, secret, window)
        if not _equal(signature, digest(renewed, token, secret)):
            raise _not_valid("signature")
        del self._sessions[token]
        return self._open(Session(session.entity, session.challenge, renewed, self._fresh("nonce"), window))

    def _open(self, session: Session) -> dict[str, Value]:
        now = self._clock()
        known = {key: one for key, one in self._sessions.items() if now <= one.window + _REMEMBERED}
        self._sessions = {**known, session.token: session}
        signature = digest(session.token, session.nonce, session.entity.secret)
        return {"nonce": session.nonce, "signature": signature}

    def destroy(self, session: Session) -> None:
        self._sessions.pop(session.token, None)

    def forget(self) -> None:
        """Every challenge and every token: what clients find after the application lost them."""
        self._challenges.clear()
        self._sessions.clear()

    # -- a signed call -----------------------------------------------------------------------------

    def identify(self, call: Call) -> Session | None:
        """The session of a signed call, None for an anonymous one. Raises Failed."""
        if not call.is_signed:
            return None
        session = self._sessions.get(call.token)
        if session is None:
            raise Failed("bad_token", "The token is not valid.")
        if self._window() > session.window:
            raise Failed("old_token", "The token has expired.")
        expected = request_hmac(session.nonce, call.method, call.request, session.entity.secret)
        if not _equal(call.hmac, expected):
            raise Failed("bad_hmac", "The hmac is not valid.")
        return session

    def countersign(self, session: Session, response: Value) -> dict[str, Value]:
        """The `nonce` and `hmac` of an answer; the nonce is that of the next request."""
        used, session.nonce = session.nonce, self._fresh("nonce")
        hmac = answer_hmac(used, session.nonce, response, session.entity.secret)
        return {"nonce": session.nonce, "hmac": hmac}

    def _window(self) -> int:
        return window_of(self._clock(), self._lifetime())


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _not_valid(name: str) -> Failed:
    return Failed("bad_data", f"The specified `{name}` is not valid.")
