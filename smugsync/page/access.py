"""Who may ask, and under which name: against other people's pages in the same browser, and other people.

Without a token only names of this very machine are answered: a page from elsewhere that has its own name lead
here (DNS rebinding) asks under that name. With one, every name will do, since a browser gives the token to no
other; so a reverse proxy may stand in front. The token comes as a bearer's (Prometheus, scripts), or as the
password of Basic authentication with any user name (browsers ask for it themselves). It never stands in an
address, where histories and logs would keep it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from ipaddress import ip_address

from smugsync.secret import Secret


class Access:
    """`host` is the one that is listened on."""

    def __init__(self, host: str, token: Secret | None) -> None:
        self._host = host.strip("[]").lower()
        self._token = token

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Is this a name under which we may be asked?"""
        asked = headers.get("host", "")
        if any(not 33 <= ord(one) < 127 or one in "/\\@?#" for one in asked):
            return False
        if self._token is not None:
            return True
        name = _without_port(asked)
        return bool(name) and (name == self._host or _is_own(name))

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Does the request carry the token, if one is wanted?"""
        if self._token is None:
            return True
        given = _token(headers.get("authorization", ""))
        return hmac.compare_digest(given, self._token.reveal().encode("utf-8", "surrogateescape"))


def _without_port(host: str) -> str:
    if host.startswith("["):
        name, bracket, _ = host[1:].partition("]")
        return name.lower() if bracket else ""
    return host.partition(":")[0].lower()


def _is_own(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _token(authorization: str) -> bytes:
    """What stands in the header, b"" if nothing that we understand."""
    scheme, _, value = authorization.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value.encode("utf-8", "surrogateescape")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""
