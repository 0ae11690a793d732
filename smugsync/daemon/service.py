"""What the service manager hears of us (sd_notify), and when its watchdog is fed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from sdnotify import SystemdNotifier

#: systemd cuts lines for `systemctl status` off anyway.
_LONGEST = 500


def notifier(environ: Mapping[str, str]) -> Callable[[str], None]:
    """Sends to $NOTIFY_SOCKET; nothing where there is none. Never raises, never blocks."""
    if not environ.get("NOTIFY_SOCKET"):
        return lambda text: None
    make: Any = SystemdNotifier
    to = make()
    if to.socket is not None:
        to.socket.setblocking(False)

    def send(text: str) -> None:
        # sdnotify writes Latin-1 and swallows what is not: our bytes are UTF-8.
        to.notify(text.encode().decode("latin-1"))

    return send


def watchdog_interval(environ: Mapping[str, str], pid: int) -> float | None:
    """Every so many seconds the watchdog is to be fed, None if there is none (sd_watchdog_enabled(3))."""
    usec, whose = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not usec.isdecimal() or not int(usec) or (whose and whose != str(pid)):
        return None
    return int(usec) / 2_000_000


class ServiceManager:
    """`watchdog`: every so many seconds it is to be fed, None = there is none."""

    def __init__(
        self,
        send: Callable[[str], None],
        *,
        watchdog: float | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.watchdog = watchdog
        self._send, self._ticks = send, ticks
        self._fed = ticks()
        self._status = ""

    @classmethod
    def found(cls, environ: Mapping[str, str] = os.environ) -> ServiceManager:
        return cls(notifier(environ), watchdog=watchdog_interval(environ, os.getpid()))

    def ready(self) -> None:
        self._send("READY=1")

    def reloading(self) -> None:
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        self._send("STOPPING=1\nSTATUS=stopping")

    def status(self, text: str) -> None:
        """One line; told if it is another one than before."""
        text = " ".join(text.split())[:_LONGEST]
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def feed(self, *, well: bool) -> None:
        """To be called all the time: the watchdog is fed when it is due, and only if all is well."""
        now = self._ticks()
        if well and self.watchdog is not None and now - self._fed >= self.watchdog:
            self._fed = now
            self._send("WATCHDOG=1")
