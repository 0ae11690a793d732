"""By which names clients know this server, and what that says about a request."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from smugsync.emulator.messages import Request

#: The service's host for the bytes of photos. Its addresses need not begin with `/photos`.
MEDIA_HOST: Final = "photos.smugmug.com"
MEDIA_PREFIX: Final = "/photos/"

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
