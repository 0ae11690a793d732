"""Which hosts may be asked at all, and which of them may see credentials.

Addresses come from the service's answers, so they are not to be trusted: one that points at this
machine, into the local network or at `file:` must never be followed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import httpx

from smugsync.errors import ConfigError, Rejected

#: The service's own hosts: the API, the photo and video CDN, the upload and web servers.
SERVICE_DOMAIN = "smugmug.com"
#: Its names are plain: no punycode, no `%` that a resolver might read as an interface, no empty label.
_SERVICE_HOST = re.compile(
    r"(?:(?!xn--)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*" + re.escape(SERVICE_DOMAIN)
)
_HOST_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+)(?::(\d{1,5}))?")
_PORTS = {"http": 80, "https": 443}


class _Place(NamedTuple):
    host: str
    port: int


class Hosts:
    """The allow-list.

    `origins` are the configured API, upload and OAuth addresses, the API's first: only they see
    credentials. `media_hosts` are `HOST` (the scheme's usual port) or `HOST:PORT`. Loopback and plain
    http are refused unless the API itself is on loopback or `allow_http`. Raises ConfigError.
    """

    def __init__(
        self, origins: Iterable[str], *, media_hosts: Iterable[str] = (), allow_http: bool = False
    ) -> None:
        urls = [_origin(origin) for origin in origins]
        self._origins = {(url.scheme, _place(url)) for url in urls}
        self._lenient = allow_http or (bool(urls) and is_loopback(_place(urls[0]).host))
        self._media = {_media_host(text) for text in media_hosts}

    def check(self, url: httpx.URL) -> None:
        """Raise Rejected, with a sentence naming the host, unless `url` may be asked."""
        place = _place(url)
        host = place.host
        if url.scheme not in _PORTS or not host:
            raise Rejected(f"refused to open a {url.scheme or 'relative'}: address; only https is read")
        if url.userinfo:
            raise Rejected(f"refused to contact {host}: the address holds credentials")
        if not self._is_listed(url.scheme, place):
            raise Rejected(
                f"refused to contact {place.host}:{place.port}: it is neither a {SERVICE_DOMAIN} host nor "
                f"listed in remote.media_hosts"
            )
        if self._lenient:
            return
        if url.scheme == "http":
            raise Rejected(f"refused to contact {host} over plain http (see remote.allow_http)")
        if is_loopback(host):
            raise Rejected(f"refused to contact {host}: it is this computer")

    def is_trusted(self, url: httpx.URL) -> bool:
        """Whether credentials may go to `url`: its scheme, host and port are those of a configured origin."""
        return (url.scheme, _place(url)) in self._origins

    def is_service(self, url: httpx.URL) -> bool:
        """Whether `url` leads to the service itself or to a configured origin."""
        return self.is_trusted(url) or self._is_service(url.scheme, _place(url))

    def _is_listed(self, scheme: str, place: _Place) -> bool:
        if (scheme, place) in self._origins or place in self._media:
            return True
        if place.port == _PORTS[scheme] and _Place(place.host, 0) in self._media:
            return True
        return self._is_service(scheme, place)

    def _is_service(self, scheme: str, place: _Place) -> bool:
        if place.port != _PORTS.get(scheme) or len(place.host) > 253:
            return False
        return _SERVICE_HOST.fullmatch(place.host) is not None


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a host, by its name or address, is this computer."""
    name = host.rstrip(".").lower().strip("[]")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_unspecified


def _place(url: httpx.URL) -> _Place:
    # The host as it goes over the wire: decoding one that only claims to be IDNA raises.
    host = url.raw_host.decode("ascii").rstrip(".").lower()
    return _Place(host, url.port or _PORTS.get(url.scheme, 0))


def _origin(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
        _ = url.host  # decodes IDNA
    except (httpx.InvalidURL, UnicodeError):
        raise ConfigError(f"{text!r} is not a web address: its host makes no sense.") from None
    return url


def _media_host(text: str) -> _Place:
    """`HOST`, `HOST:PORT` or `[IPV6]:PORT`; port 0 stands for the scheme's usual one."""
    match = _HOST_PORT.fullmatch(text.strip())
    try:
        if match and int(match[1] or 0) < 65_536:
            return _Place(_place(_origin(f"https://{text.strip()}")).host, int(match[1] or 0))
    except ConfigError:
        pass
    raise ConfigError(f"remote.media_hosts: {text!r} is not HOST or HOST:PORT.")
