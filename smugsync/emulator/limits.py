"""How many requests are left (documentation: rate limits).

A window opens with the first request of a user through an application, or of an application that asks for
nobody in particular, and ends an hour later. How long the service's windows are is not known.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from smugsync.emulator.messages import Request, Response, json_response

#: The length of a window, in seconds.
WINDOW: Final = 3600

_NAMES: Final = ("oauth_token", "APIKey", "oauth_consumer_key")
_IN_HEADER: Final = re.compile(r'\b(oauth_token|oauth_consumer_key)="([^"]+)"')


@dataclass(slots=True)
class _Window:
    end: float
    used: int = 0


class Windows:
    """One for each token, and for each application without one. `clock` gives epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[str, _Window] = {}

    def headers(self, request: Request, allowance: int) -> list[tuple[str, str]]:
        """Count the request; what its answer says about the rest."""
        with self._lock:
            window = self._window(request)
            window.used += 1
            left, end = max(0, allowance - window.used), int(window.end)
        return [("X-RateLimit-Remaining", str(left)), ("X-RateLimit-Reset", str(end))]

    def refuse(self, request: Request, allowance: int) -> Response | None:
        """429 if nothing is left; this one is not counted yet."""
        with self._lock:
            window = self._window(request)
            if window.used < allowance:
                return None
            wait = max(1, round(window.end - self._clock()))
        refused = json_response(429, {"Code": 429, "Message": "Too Many Requests"})
        return Response(429, (*refused.headers, ("Retry-After", str(wait))), refused.body)

    def _window(self, request: Request) -> _Window:
        now, who = self._clock(), _who(request)
        window = self._windows.get(who)
        if window is None or window.end <= now:
            self._windows = {key: one for key, one in self._windows.items() if one.end > now}
            window = self._windows[who] = _Window(now + WINDOW)
        return window


def _who(request: Request) -> str:
    """The token, else the application's key; whether they are genuine does not matter here."""
    found = dict(_IN_HEADER.findall(request.headers.get("authorization", ""))) | dict(request.params)
    return next((f"{name}={found[name]}" for name in _NAMES if found.get(name)), "")
