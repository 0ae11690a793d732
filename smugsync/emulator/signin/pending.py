"""Request tokens: sign-ins that somebody began and nobody has finished yet."""

from __future__ import annotations

import secrets
import string
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from smugsync.emulator.signin.proof import problem
from smugsync.emulator.signin.registry import Grant

#: Seconds that a request token lives (documentation: authorization).
LIFETIME: Final = 300
#: Seconds after which a request token is no longer told from one that never was.
_MEMORY: Final = 3600

_CHARACTERS: Final = string.ascii_letters + string.digits


def draw(length: int) -> str:
    """A random token or secret."""
    return "".join(secrets.choice(_CHARACTERS) for _ in range(length))


@dataclass(slots=True)
class RequestToken:
    """One sign-in under way. `callback` is `oob` or an address; `begun` is in epoch seconds.

    `proof` is what the page shows and its form sends back. Once somebody decided, `refused` is true or
    `grant` is there, and the verifier with it.
    """

    token: str
    secret: str
    application: str  #: its key
    callback: str
    begun: float
    proof: str = field(default_factory=lambda: draw(32))
    grant: Grant | None = None
    verifier: str = ""
    refused: bool = False
    used: bool = False

    @property
    def decided(self) -> bool:
        return self.refused or self.grant is not None

    def refuse(self) -> None:
        self.refused = True

    def approve(self, grant: Grant) -> None:
        """A code of six digits (facts 1.2) proves that whoever goes on has seen the answer."""
        self.grant = grant
        self.verifier = f"{secrets.randbelow(10**6):06}"


class Pending:
    """The request tokens of the last hour. Safe to use from several threads."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, RequestToken] = {}

    def begin(self, application: str, callback: str) -> RequestToken:
        now = self._clock()
        with self._lock:
            self._tokens = {
                name: one for name, one in self._tokens.items() if abs(now - one.begun) <= _MEMORY
            }
            token = RequestToken(draw(32), draw(64), application, callback, now)
            self._tokens[token.token] = token
            return token

    def find(self, token: str) -> RequestToken | None:
        """Also one that is expired or used."""
        return self._tokens.get(token)

    def is_expired(self, token: RequestToken) -> bool:
        return self._clock() - token.begun > LIFETIME

    def use(self, name: str, verifier: str) -> Grant:
        """The grant behind a request token, which is good for that once.

        A wrong verifier does not use it up: people mistype. Raises Refused.
        """
        with self._lock:
            token = self._tokens.get(name)
            if token is None:
                raise problem("token_rejected")
            if token.used:
                raise problem("token_used")
            if self.is_expired(token):
                raise problem("token_expired")
            if token.refused:
                raise problem("permission_denied")
            if token.grant is None:
                raise problem("permission_unknown")
            if not secrets.compare_digest(verifier.encode(), token.verifier.encode()):
                raise problem("verifier_invalid")
            token.used = True
            return token.grant
