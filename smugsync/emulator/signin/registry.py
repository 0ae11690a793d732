"""Which applications are known, who granted them what, and by which tokens do they say so?

All of it survives a restart: `dump` and `load`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from smugsync.emulator.switches import Access, Permissions


@dataclass(frozen=True, slots=True)
class Application:
    """A client that has an API key. `name` is for people."""

    name: str
    key: str
    secret: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user lets an application do, from `granted` (epoch seconds) until it is revoked.

    `announced` are those of the tokens the emulator itself hands out: nobody was asked for them, and
    they do not decide what a person may grant the same application.
    """

    id: str
    user: str
    application: str  #: its key
    access: Access
    permissions: Permissions
    granted: float
    announced: bool = False
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; it never expires (facts 1.3), but its grant may be revoked."""

    token: str
    secret: str
    grant: str  #: its id


class Registry:
    """Applications, grants and access tokens. Safe to use from several threads.

    `changes` counts what happened that a restart must not lose.
    """

    def __init__(self) -> None:
        self.changes = 0
        self._lock = threading.Lock()
        self._applications: dict[str, Application] = {}
        self._grants: dict[str, Grant] = {}
        self._tokens: dict[str, Token] = {}

    def register(self, application: Application) -> None:
        """Know an application; one of the same key takes the place of the earlier."""
        with self._lock:
            self._applications[application.key] = application
            self.changes += 1

    def application(self, key: str) -> Application | None:
        return self._applications.get(key)

    @property
    def applications(self) -> tuple[Application, ...]:
        return tuple(self._applications.values())

    def announce(self, grant: Grant, token: Token) -> None:
        """A token of the emulator's own; what was revoked of it stays revoked."""
        with self._lock:
            known = self._grants.get(grant.id)
            self._grants[grant.id] = replace(grant, revoked=known is not None and known.revoked)
            self._tokens[token.token] = token
            self.changes += 1

    def standing(self, user: str, application: str) -> Grant | None:
        """What the user has granted the application and not revoked."""
        return next(
            (
                grant
                for grant in tuple(self._grants.values())
                if (grant.user, grant.application) == (user, application)
                and not (grant.announced or grant.revoked)
            ),
            None,
        )

    def grant(self, wish: Grant) -> Grant:
        """What stands after a user agreed to `wish`.

        Once granted, a second authorisation cannot change the level (documentation: OAuth FAQ), so an
        earlier grant of the same user to the same application comes back as it is.
        """
        with self._lock:
            earlier = self.standing(wish.user, wish.application)
            if earlier is not None:
                return earlier
            self._grants[wish.id] = wish
            self.changes += 1
            return wish

    def add_token(self, token: Token) -> bool:
        """Whether its grant still stands; then the token is good from now on."""
        with self._lock:
            if self._grants[token.grant].revoked:
                return False
            self._tokens[token.token] = token
            self.changes += 1
            return True

    def find(self, token: str) -> tuple[Token, Grant] | None:
        """The access token and the grant it says, which may be revoked."""
        found = self._tokens.get(token)
        return None if found is None else (found, self._grants[found.grant])

    def revoke(self, grant: str) -> None:
        """End a grant, and with it every token of it. Raises LookupError if there is none of that id."""
        with self._lock:
            if grant not in self._grants:
                raise LookupError(f"grant {grant}")
            if not self._grants[grant].revoked:
                self._grants[grant] = replace(self._grants[grant], revoked=True)
                self.changes += 1

    @property
    def grants(self) -> tuple[tuple[Grant, tuple[Token, ...]], ...]:
        """All of them with their tokens, in the order they were granted."""
        tokens = tuple(self._tokens.values())
        return tuple(
            (grant, tuple(token for token in tokens if token.grant == grant.id))
            for grant in tuple(self._grants.values())
        )

    def dump(self) -> dict[str, Any]:
        """Everything, for JSON."""
        with self._lock:
            return {
                "applications": [asdict(one) for one in self._applications.values()],
                "grants": [asdict(one) for one in self._grants.values()],
                "tokens": [asdict(one) for one in self._tokens.values()],
            }

    def load(self, kept: Mapping[str, Any]) -> None:
        """What an earlier run had, beside what this one announced already.

        What an announced token may do, this run decides.
        """
        with self._lock:
            for item in kept["applications"]:
                self._applications.setdefault(item["key"], Application(**item))
            for item in kept["grants"]:
                grant = Grant(**item)
                announced = self._grants.get(grant.id)
                if announced is not None:
                    grant = replace(grant, access=announced.access, permissions=announced.permissions)
                self._grants[grant.id] = grant
            for item in kept["tokens"]:
                self._tokens.setdefault(item["token"], Token(**item))
