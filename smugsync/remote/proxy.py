"""Which way out: straight, or through the proxy that the environment names.

`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are read as other programs read them. A host that
needs a proxy is asked through httpx's own transport, which speaks CONNECT; everything else goes through
`DirectTransport`. This computer itself is never asked through a proxy, whose loopback is another machine.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import threading
import urllib.request
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from smugsync.errors import ConfigError
from smugsync.remote.hosts import is_loopback
from smugsync.remote.transport import DirectTransport, TransportAborted
from smugsync.remote.trouble import chain, explain

_SCHEMES = ("http", "https")


def build_transport(
    tls: ssl.SSLContext, *, proxies: Mapping[str, str] | None = None
) -> DirectTransport | ProxyTransport:
    """The transport to use here. `proxies` maps a scheme (or "all", "no") to an address.

    None asks the environment. Raises ConfigError for a proxy that cannot be used.
    """
    known = dict(urllib.request.getproxies() if proxies is None else proxies)
    direct = DirectTransport(tls=tls)
    return ProxyTransport(direct, known, tls) if {*_SCHEMES, "all"} & known.keys() else direct


class ProxyTransport(httpx.BaseTransport):
    """Sends each request the way `proxies` says.

    `abort()` is certain for direct connections, and for proxied ones from the moment that the proxy has taken
    them: what is being sent, waited for or received ends. Until then they end with their time-out.
    """

    def __init__(self, direct: DirectTransport, proxies: Mapping[str, str], tls: ssl.SSLContext) -> None:
        self._direct = direct
        self._proxies = dict(proxies)
        self._lock = threading.RLock()
        #: every connection through a proxy that somebody still holds
        self._known: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._aborted = False
        self._through: dict[str, httpx.HTTPTransport] = {}
        for scheme in _SCHEMES:
            # "all" stands in for a scheme without one: desktops name a SOCKS proxy there, beside the others.
            name = scheme if self._proxies.get(scheme) else "all"
            address = self._proxies.get(name)
            if not address or address in self._through:
                continue
            try:
                self._through[address] = _through(name, address, tls)
            except ConfigError:
                if name == "all" and self._proxies.get("https"):
                    continue  # nothing is asked by plain http, as a rule; whatever is will fail
                raise

    @property
    def round_trip(self) -> float | None:
        """That of direct connections; None through a proxy, whose distance says nothing."""
        return self._direct.round_trip

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        address = self.proxy_for(request.url)
        if address is None:
            return self._direct.handle_request(request)
        if self._aborted:
            raise TransportAborted("stopped on request", request=request)
        if address not in self._through:
            raise httpx.ProxyError("its address cannot be used", request=request)
        request.extensions = {**request.extensions, "trace": self._note}
        try:
            response = self._through[address].handle_request(request)
        except httpx.TransportError as exc:
            if self._aborted:
                raise TransportAborted("stopped on request", request=request) from exc
            if not (isinstance(exc, httpx.ConnectError) and _is_out_of_reach(exc)):
                raise
            host = httpx.URL(_with_scheme(address)).host
            raise httpx.ProxyError(explain(exc, host), request=request) from exc
        assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 - what a sync transport returns
        response.stream = _Watched(response.stream, self)
        return response

    def abort(self) -> None:
        """End every direct request, and every proxied one whose connection was made."""
        self._direct.abort()
        with self._lock:
            self._aborted = True
            known = list(self._known)
        for sock in known:
            _shut_down(sock)

    @property
    def aborted(self) -> bool:
        return self._aborted

    def _note(self, event: str, info: Mapping[str, Any]) -> None:
        """httpcore tells what it does: a connection was made, or was secured: then it has another socket."""
        if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            return
        sock = info["return_value"].get_extra_info("socket")
        if isinstance(sock, socket.socket):
            with self._lock:
                self._known.add(sock)
                aborted = self._aborted
            if aborted:
                _shut_down(sock)

    def close(self) -> None:
        self._direct.close()
        for transport in self._through.values():
            transport.close()

    def proxy_for(self, url: httpx.URL) -> str | None:
        """The address of the proxy that `url` is asked through, None if it is asked straight."""
        address = self._proxies.get(url.scheme) or self._proxies.get("all")
        if address is None or is_loopback(url.host):
            return None
        place = f"{url.host}:{url.port}" if url.port else url.host
        bypass = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]  # missing in its stub
        return None if bypass(place, self._proxies) else address


class _Watched(httpx.SyncByteStream):
    """A proxied body that says so when `abort` has ended it."""

    def __init__(self, inner: httpx.SyncByteStream, owner: ProxyTransport) -> None:
        self._inner = inner
        self._owner = owner

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._inner
        except httpx.TransportError as exc:
            if self._owner.aborted:
                raise TransportAborted("stopped on request") from exc
            raise

    def close(self) -> None:
        self._inner.close()


def _through(name: str, address: str, tls: ssl.SSLContext) -> httpx.HTTPTransport:
    variable = f"the environment variable {name.upper()}_PROXY (or {name}_proxy)"
    try:
        proxy = httpx.Proxy(_with_scheme(address))
        return httpx.HTTPTransport(verify=tls, proxy=proxy, trust_env=False)
    except ImportError as exc:
        raise ConfigError(f"{variable} names a SOCKS proxy, which needs the package socksio.") from exc
    except (httpx.InvalidURL, ValueError) as exc:
        raise ConfigError(f"{variable} names a proxy whose address makes no sense.") from exc


def _shut_down(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has ended already
        # The base method: SSLSocket.shutdown would also drop its TLS object under the reader's feet.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _with_scheme(address: str) -> str:
    return address if "://" in address else f"http://{address}"


def _is_out_of_reach(exc: httpx.ConnectError) -> bool:
    """Whether no connection to the proxy came about; what fails inside one is the host's affair."""
    return any(
        isinstance(one, socket.gaierror | ConnectionRefusedError)
        or (isinstance(one, OSError) and one.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH))
        for one in chain(exc)
    )
