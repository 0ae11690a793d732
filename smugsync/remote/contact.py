"""Can a host be reached at all: found by name, connected to, trusted? And what time does it say it is?

Nothing is signed here and nothing is asked of the service: what is found out is about the way to it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from smugsync.errors import Unreachable
from smugsync.records import dataclass
from smugsync.remote.proxy import ProxyTransport
from smugsync.remote.sending import USER_AGENT
from smugsync.remote.sockets import Address, Sockets
from smugsync.remote.transport import CONNECT_SECONDS, DirectTransport
from smugsync.remote.trouble import explain

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Contact:
    """A connection that was made and closed again. `seconds` is how long it took in all.

    `protocol` is that of TLS, "" where nothing is encrypted; `issuer` signed the certificate, which holds
    until `expires`.
    """

    host: str
    seconds: float
    protocol: str = ""
    issuer: str = ""
    expires: datetime | None = None


def reach(
    url: str,
    tls: ssl.SSLContext,
    transport: DirectTransport | ProxyTransport,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Contact:
    """Connect to the host of `url`, through its proxy if it has one, and part again.

    Raises Unreachable, with a sentence that says why not.
    """
    if proxy_for(transport, url) is not None:
        return _reach_through(transport, url, clock)
    address = _address(httpx.URL(url))
    sockets = Sockets(tls)
    began = clock()
    try:
        sock = sockets.open(address, CONNECT_SECONDS)
    except OSError as exc:
        raise Unreachable(explain(_translated(exc), address.host)) from exc
    try:
        return _contact(address.host, clock() - began, sock)
    finally:
        sockets.close(sock)


def proxy_for(transport: DirectTransport | ProxyTransport, url: str) -> str | None:
    """The address of the proxy on the way to `url`, without credentials; None if there is none."""
    address = transport.proxy_for(httpx.URL(url)) if isinstance(transport, ProxyTransport) else None
    if address is None:
        return None
    parsed = httpx.URL(address if "://" in address else f"http://{address}")
    return str(parsed.copy_with(username=None, password=None))


def skew(transport: httpx.BaseTransport, url: str, *, clock: Callable[[], float] = time.time) -> float | None:
    """Seconds by which our `clock` is ahead of the host's, give or take one; None where it does not say.

    Raises Unreachable.
    """
    sent = clock()
    with closing(_head(transport, url)) as response:
        received = clock()
    try:
        theirs = parsedate_to_datetime(response.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return None
    # The header is cut to whole seconds, and was written somewhere between our two looks.
    return (sent + received) / 2 - (theirs + 0.5)


def _reach_through(transport: httpx.BaseTransport, url: str, clock: Callable[[], float]) -> Contact:
    """A proxy connects where a request makes it; any answer to the smallest one will do."""
    began = clock()
    with closing(_head(transport, url)) as response:
        network = response.extensions.get("network_stream")
        told = [network.get_extra_info(what) for what in ("ssl_object", "socket")] if network else []
        # Inside a proxy's own TLS it is the object, else the socket that speaks for the host.
        secured = next((one for one in told if isinstance(one, ssl.SSLSocket | ssl.SSLObject)), None)
        return _contact(httpx.URL(url).host, clock() - began, secured)


def _head(transport: httpx.BaseTransport, url: str) -> httpx.Response:
    request = httpx.Request("HEAD", url, headers={"User-Agent": USER_AGENT})
    request.extensions["timeout"] = httpx.Timeout(CONNECT_SECONDS).as_dict()
    try:
        return transport.handle_request(request)
    except httpx.TransportError as exc:
        raise Unreachable(explain(exc, request.url.host)) from exc


def _address(url: httpx.URL) -> Address:
    return Address(url.scheme, url.raw_host.decode("ascii").strip("[]"), url.port or _PORTS[url.scheme])


def _translated(exc: OSError) -> httpx.TransportError:
    kind = httpx.ConnectTimeout if isinstance(exc, TimeoutError) else httpx.ConnectError
    translated = kind(str(exc))
    translated.__cause__ = exc
    return translated


def _contact(host: str, seconds: float, secured: Any) -> Contact:
    if not isinstance(secured, ssl.SSLSocket | ssl.SSLObject):
        return Contact(host, seconds)
    shown = secured.getpeercert() or {}
    expires = shown.get("notAfter")
    ends = ssl.cert_time_to_seconds(expires) if isinstance(expires, str) else None
    return Contact(
        host,
        seconds,
        protocol=secured.version() or "",
        issuer=_issuer(shown),
        expires=None if ends is None else datetime.fromtimestamp(ends, UTC),
    )


def _issuer(certificate: Any) -> str:
    """The organisation that signed, else its common name."""
    fields = {key: value for part in certificate.get("issuer", ()) for key, value in part}
    return str(fields.get("organizationName") or fields.get("commonName") or "")
