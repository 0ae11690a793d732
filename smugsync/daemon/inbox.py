"""Where wishes wait for their keeper. Anybody may ask, from any thread; only the keeper takes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from smugsync.daemon.wishes import Listener, Wish, first, merge


class Inbox:
    """Wishes that wait, merged. `ask` and `wake` return at once and never raise."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[Wish] = []
        self._woken = False

    def ask(self, wish: Wish) -> None:
        with self._changed:
            self._waiting = merge(self._waiting, wish)
            self._wake()

    def take(self, may: Callable[[Wish], bool]) -> Wish | None:
        """The wish whose turn it is, of those that `may` be done now; it waits no longer."""
        with self._changed:
            wish = first([one for one in self._waiting if may(one)])
            if wish is not None:
                self._waiting.remove(wish)
            return wish

    def drop(self, listener: Listener) -> None:
        """Whoever listened does so no longer. What he asked for is done all the same."""
        with self._changed:
            self._waiting = [
                Wish(
                    wish.scope,
                    wish.asker,
                    wish.exact,
                    tuple(one for one in wish.listeners if one is not listener),
                )
                for wish in self._waiting
            ]

    def waiting(self) -> tuple[Wish, ...]:
        with self._changed:
            return tuple(self._waiting)

    def wait(self, seconds: float) -> None:
        """Until somebody asks or wakes, `seconds` at most."""
        with self._changed:
            self._changed.wait_for(lambda: self._woken, timeout=seconds)
            self._woken = False

    def wake(self) -> None:
        """Something else has changed that the keeper should look at."""
        with self._changed:
            self._wake()

    def _wake(self) -> None:
        self._woken = True
        self._changed.notify_all()
