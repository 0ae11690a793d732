"""By which names clients know this server, and what that says about a request."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from smugsync.emulator.messages import Request

#: The service's host for the bytes of photos. Its addresses need not begin with `/photos`.
MEDIA_HOST: Final = "photos.smugmug.com"
MEDIA_PREFIX: Final = "/photos/"
#: Below it, every host is the service's or one of its users' sites.
DOMAIN: Final = "smugmug.com"

_PORTS: Final = {"http": "80", "https": "443"}


def split_host(host: str, scheme: str) -> tuple[str, str]:
    """The name in lower case and the port of a `Host` header."""
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdigit():
        name, port = host, _PORTS.get(scheme, "")
    return name.strip("[]").casefold(), port


def by_host(request: Request) -> Request:
    """The request as the paths of this server have it: at the media host, every address is one of media.

    There, the addresses of this server are understood beside those of the service, whose own `/photos/`
    stands before the images of albums that show no address.
    """
    name, _ = split_host(request.headers.get("host", ""), request.scheme)
    path = request.path
    if name != MEDIA_HOST or (path.startswith(MEDIA_PREFIX) and not path.startswith(f"{MEDIA_PREFIX}i-")):
        return request
    return replace(request, path=MEDIA_PREFIX + request.path.removeprefix("/"))


def media_origin(request: Request, origin: str | None) -> str:
    """Where media addresses start: at the host name the client used, as long as it leads here."""
    host = request.headers.get("host", "")
    if origin is None:
        return f"{request.scheme}://{host or 'localhost'}"
    scheme, _, here = origin.partition("://")
    leads_here = split_host(host, request.scheme)[1] == split_host(here, scheme)[1]
    return f"{request.scheme}://{host}" if host and leads_here else origin


def signed_origins(request: Request, origin: str | None) -> list[str]:
    """What a client may have signed instead of this server's address.

    A client may be sent here by a proxy or a hosts file, and may well name the real service.
    """
    host = request.headers.get("host", "localhost")
    addresses = [f"{request.scheme}://{host}", f"https://{host}", f"http://{host}"]
    if origin:
        addresses.append(origin)
    return list(dict.fromkeys([*addresses, "https://api.smugmug.com"]))


def is_from_a_page_elsewhere(request: Request, own: str = "") -> bool:
    """Whether a page of the web has a browser send this, which may read and do what its reader may.

    Browsers say so by the `Origin` of another server, or by a `Host` under which nobody finds this one but
    who was led here by it (DNS rebinding). `own` is one more name of this server.
    """
    host = request.headers.get("host")
    if host is None:  # no browser leaves it out
        return "origin" in request.headers
    here = split_host(host, request.scheme)
    if not _is_own(here[0], own):
        return True
    origin = request.headers.get("origin")
    if origin is None:
        return False
    try:
        scheme, netloc = urlsplit(origin)[:2]
    except ValueError:
        return True
    return (scheme, *split_host(netloc, scheme)) != (request.scheme, *here)


def _is_own(name: str, own: str) -> bool:
    """Whether clients may know this server by that name: an address, or a name that no stranger can have
    registered, because it has no dot or is this machine's or, by a hosts file, the service's."""
    name = name.removesuffix(".")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        machine = socket.gethostname().casefold()
        known = (machine, f"{machine.partition('.')[0]}.local", own.casefold())
        return "." not in name or name in known or f".{name}".endswith((f".{DOMAIN}", ".localhost"))
    return True
