"""Sessions of those who logged in. They end with the process, and clients have to expect that."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from smugsync.emulator.switches import Switches

#: Sessions that are remembered; a client that logs in before every call ends the oldest.
_MOST: Final = 10_000


@dataclass(slots=True)
class Session:
    """`id` is 32 lower-case hex digits (recorded). `user` is a nickname, None for an anonymous one."""

    id: str = field(repr=False)
    user: str | None
    begun: float
    calls: int = 0


class Sessions:
    """Safe to use from several threads. How long a session lasts is not known: the switches decide."""

    def __init__(self, clock: Callable[[], float], switches: Callable[[], Switches]) -> None:
        self._clock = clock
        self._switches = switches
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def begin(self, user: str | None) -> Session:
        session = Session(secrets.token_hex(16), user, self._clock())
        with self._lock:
            while len(self._sessions) >= _MOST:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[session.id] = session
        return session

    def use(self, name: str) -> Session | None:
        """The session, one call older; None if it is over or never was."""
        switches = self._switches()
        with self._lock:
            session = self._sessions.get(name)
            if session is None:
                return None
            session.calls += 1
            age, lifetime = self._clock() - session.begun, switches.session_lifetime
            if session.calls > switches.session_calls or (lifetime and age >= lifetime):
                del self._sessions[name]
                return None
            return session

    def end_all(self) -> int:
        """How many there were."""
        with self._lock:
            number = len(self._sessions)
            self._sessions.clear()
            return number

    def end(self, name: str) -> None:
        with self._lock:
            self._sessions.pop(name, None)
