"""The emulator on a real socket.

Under uvicorn, whose HTTP is h11's: a well-kept server is what a 300 MB download with Range, a client that
disconnects and a hundred idle connections want.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

import uvicorn

from smugsync.emulator.application import Application
from smugsync.emulator.certificates import Certified, certify
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings, make_login
from smugsync.stop import Stop

#: How long running answers may take to end after the stop, in seconds.
GRACE: Final = 0.7
#: In which connections that were hung up on come to their end.
_MOMENT: Final = 0.02


def serve(settings: Settings, *, announce: Callable[[Mapping[str, str]], None]) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP. `announce` gets address and credentials once the socket listens.

    Raises OSError if the port is taken or a directory cannot be read, and whatever `Emulator` and
    `certify` raise.
    """
    stop = Stop()
    emulator = Emulator(settings, stop=stop)
    with contextlib.closing(emulator), _serving(emulator, settings, announce) as server:
        server.on_stop = stop.set
        server.run_until_stopped()


@dataclass(frozen=True, slots=True)
class Running:
    """A server in a thread of this process, and the emulator behind it."""

    emulator: Emulator
    ready: Mapping[str, str]

    @property
    def url(self) -> str:
        """The origin, without a slash at its end."""
        return self.ready["api_url"]


@contextlib.contextmanager
def running(settings: Settings, *, emulator: Emulator | None = None) -> Iterator[Running]:
    """For tests: serve from a thread on a free loopback port as long as the block runs.

    An `emulator` that is given stays open.
    """
    with contextlib.ExitStack() as stack:
        if emulator is None:
            emulator = stack.enter_context(contextlib.closing(Emulator(settings)))
        yield stack.enter_context(_in_thread(emulator, settings))


@contextlib.contextmanager
def _in_thread(emulator: Emulator, settings: Settings) -> Iterator[Running]:
    listening = threading.Event()
    ready: dict[str, str] = {}

    def announce(values: Mapping[str, str]) -> None:
        ready.update(values)
        listening.set()

    with _serving(emulator, settings, announce) as server:
        thread = threading.Thread(target=server.run_until_stopped, name="emulator", daemon=True)
        thread.start()
        try:
            if not listening.wait(10):
                raise TimeoutError("the emulator does not listen")
            yield Running(emulator, ready)
        finally:
            server.should_exit = True
            thread.join(10)


def describe_ready(emulator: Emulator, origin: str, ca_file: Path | None = None) -> dict[str, str]:
    """What a client is configured with: the line `smugsync emulator` prints."""
    credentials = emulator.credentials
    ready = {
        "api_url": origin,
        "oauth_url": origin,
        "upload_url": f"{origin}/upload/",
        "nickname": emulator.settings.nickname,
        "api_key": credentials.api_key,
        "api_secret": credentials.api_secret,
        "access_token": credentials.access_token,
        "access_token_secret": credentials.access_token_secret,
        "legacy_url": origin,
        **_describe_login(emulator),
        "pixelpost_url": f"{origin}/",
        "public_key": emulator.pixelpost.entities.announced.public_key,
        "private_key": emulator.pixelpost.entities.announced.private_key,
    }
    return ready if ca_file is None else {**ready, "ca_file": str(ca_file)}


def _describe_login(emulator: Emulator) -> dict[str, str]:
    """How the viewer logs in to the older APIs; nobody in particular does not."""
    viewers = {"owner": emulator.account.nickname, "other": emulator.account.visitor}
    nickname = viewers.get(emulator.settings.viewer)
    login = make_login(emulator.settings, nickname) if nickname is not None else None
    return {"email": login.email if login else "", "password": login.password if login else ""}


@contextlib.contextmanager
def _serving(
    emulator: Emulator, settings: Settings, announce: Callable[[Mapping[str, str]], None]
) -> Iterator[_Server]:
    """A server that listens already."""
    with contextlib.ExitStack() as stack:
        certified = None
        if settings.tls:
            certified = stack.enter_context(certify(emulator.keeper, settings.host, settings.state))
        listener = stack.enter_context(contextlib.closing(_listen(settings)))
        yield _Server(emulator, listener, announce, certified)


class _Listener(socket.socket):
    """Knows every connection, also those that have not come to speak HTTP."""

    def __init__(self, fileno: int) -> None:
        super().__init__(fileno=fileno)
        self._accepted: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def accept(self) -> tuple[socket.socket, Any]:
        line, address = super().accept()
        self._accepted.add(line)
        return line, address

    def hang_up(self) -> None:
        """End every connection that is left, whatever is under way on it."""
        for line in list(self._accepted):
            with contextlib.suppress(OSError):  # it has ended already
                line.shutdown(socket.SHUT_RDWR)


def _listen(settings: Settings) -> _Listener:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    address = (settings.host, settings.port)
    return _Listener(socket.create_server(address, family=family, backlog=1024).detach())


def _reachable(host: str) -> str:
    """How a client on this machine names the address that is listened on."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"[{host}]" if ":" in host else host


def _signals() -> list[signal.Signals]:
    """Those that ask to stop; not the terminal's end where somebody wants to outlive it (nohup)."""
    stays = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM] + ([] if stays else [signal.SIGHUP])


class _Server(uvicorn.Server):
    """Uvicorn, told where to listen, to whom to say so, and to leave without raising the signal again."""

    def __init__(
        self,
        emulator: Emulator,
        listener: _Listener,
        announce: Callable[[Mapping[str, str]], None],
        certified: Certified | None,
    ) -> None:
        self._emulator = emulator
        self._listener = listener
        self._announce = announce
        self._certified = certified
        self._application = Application(emulator)
        self.on_stop: Callable[[], None] = lambda: None
        config = uvicorn.Config(
            self._application,
            http=self._application.protocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="critical",  # broken deliveries are intended, and stdout belongs to the announcement
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)

    def run_until_stopped(self) -> None:
        self.config.load()
        self.config.ssl = None if self._certified is None else self._certified.context
        try:
            self.run(sockets=[self._listener])
        finally:
            self._application.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        host, port = self._listener.getsockname()[:2]
        scheme, usual = ("http", 80) if self._certified is None else ("https", 443)
        origin = f"{scheme}://{_reachable(host)}" + (f":{port}" if port != usual else "")
        self._emulator.origin = origin
        ca_file = None if self._certified is None else self._certified.ca_file
        self._announce(describe_ready(self._emulator, origin, ca_file))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.on_stop()
        self._application.closing.set()
        asyncio.get_running_loop().call_later(GRACE, self._listener.hang_up)
        await super().shutdown(sockets=sockets)
        self._listener.hang_up()
        await asyncio.sleep(_MOMENT)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            self.should_exit = True

        before = {number: signal.signal(number, stop) for number in _signals()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
