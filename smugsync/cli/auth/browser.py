"""The browser's part in a sign-in: opened for the person, and received again at an address of our own."""

from __future__ import annotations

import contextlib
import html
import queue
import secrets
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Mapping
from dataclasses import field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from smugsync.errors import SmugsyncError
from smugsync.records import dataclass

#: How long a visitor is kept waiting for its page, and a finished page for being sent, in seconds.
_HELD, _SENT = 60.0, 2.0

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>smugsync: {title}</title>
<style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem }}
</style>
</head>
<body><main><h1>{title}</h1><p>{text}</p><p>You may close this window.</p></main></body>
</html>
"""


def has_browser(environ: Mapping[str, str]) -> bool:
    """Whether a browser of the person's can be expected to open from here, and to reach us again.

    Over SSH the person sits elsewhere. Without a display only text browsers would be found, and these
    take the terminal.
    """
    if environ.get("BROWSER"):
        return True
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return False
    return sys.platform == "darwin" or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def open_browser(address: str) -> bool:
    """Show a page; False if no browser could be started."""
    try:
        return webbrowser.open(address)
    except (OSError, webbrowser.Error):
        return False


@dataclass(slots=True)
class Visit:
    """A browser that came to our address, and waits for a page. `fields` are those of the query."""

    fields: Mapping[str, str]
    _page: str = ""
    _decided: threading.Event = field(default_factory=threading.Event)
    _sent: threading.Event = field(default_factory=threading.Event)

    def answer(self, title: str, text: str) -> None:
        """Show this, and wait until it is on its way."""
        self._page = _PAGE.format(title=html.escape(title), text=html.escape(text))
        self._decided.set()
        self._sent.wait(_SENT)


class Callback:
    """Listens on the loopback interface, at a path that nobody can guess, as long as the `with` lasts.

    Nothing is ever logged: the addresses hold codes.
    """

    def __init__(self) -> None:
        self._visits: queue.Queue[Visit] = queue.Queue()
        self._path = f"/signed-in/{secrets.token_urlsafe(9)}"
        handler = _handler(self._path, self._visits)
        try:
            first = _Server(("127.0.0.1", 0), handler)
        except OSError as error:
            raise SmugsyncError(
                f"no port can be listened on for the browser's answer ({error.strerror}): "
                "run `smugsync auth login --oob`"
            ) from error
        self._servers: list[ThreadingHTTPServer] = [first]
        #: `localhost`, because that is what is known to be taken as a callback (smugcli uses it).
        self.address = f"http://localhost:{first.server_port}{self._path}"
        with contextlib.suppress(OSError):  # to some browsers localhost is ::1 first
            self._servers.append(_Server6(("::1", first.server_port), handler))

    def __enter__(self) -> Callback:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), name="callback", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def wait(self, deadline: float) -> Visit:
        """The next visit. Raises TimeoutError at `deadline` (monotonic seconds)."""
        try:
            return self._visits.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a browser may keep connections open that it never uses
    allow_reuse_address = False

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        TCPServer.server_bind(self)  # HTTPServer's own asks the name service who we are
        self.server_name, self.server_port = "localhost", self.socket.getsockname()[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no news."""


class _Server6(_Server):
    address_family = socket.AF_INET6


def _handler(path: str, visits: queue.Queue[Visit]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10.0
        server_version, sys_version = "smugsync", ""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if not secrets.compare_digest(parts.path.encode(), path.encode()):
                self._send(404, _PAGE.format(title="Not found", text="There is nothing at this address."))
                return
            visit = Visit(dict(parse_qsl(parts.query, max_num_fields=20)))
            visits.put(visit)
            visit._decided.wait(_HELD)
            self._send(200, visit._page or _PAGE.format(title="Not answered", text="The sign-in is over."))
            visit._sent.set()

        def _send(self, status: int, page: str) -> None:
            body = page.encode()
            self.send_response(status)
            for name, value in (
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
                ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
                ("Connection", "close"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has there
            """Nothing: an address holds the code."""

    return Handler
