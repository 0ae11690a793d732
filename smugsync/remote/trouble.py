"""One sentence for what went wrong between us and a host, for people who must mend it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx

#: OpenSSL's verify codes for a chain that ends in an authority we do not know.
_UNKNOWN_CA = frozenset({2, 18, 19, 20, 21})
_NOT_YET_VALID = 9
_EXPIRED = 10


def explain(exc: BaseException, host: str) -> str:
    """Name the host and the cause; end with what to do where we know it."""
    if isinstance(exc, httpx.ProxyError):
        return f"the proxy on the way to {host} failed ({exc})"
    for cause in chain(exc):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate(cause, host)
        if isinstance(cause, socket.gaierror):
            return f"{host} cannot be found: the name look-up failed ({cause.strerror or 'no answer'})"
        if isinstance(cause, ConnectionRefusedError):
            return f"{host} refuses the connection"
    if isinstance(exc, httpx.ConnectTimeout):
        return f"{host} cannot be reached: no connection within the time-out"
    if isinstance(exc, httpx.TimeoutException):
        return f"{host} has stopped answering"
    if isinstance(exc, httpx.ConnectError):
        return f"{host} cannot be reached ({_detail(exc)})"
    return f"the connection to {host} broke ({_detail(exc)})"


def is_untrusted(exc: BaseException) -> bool:
    """Whether a certificate was refused: asking again will not help."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in chain(exc))


def _certificate(exc: ssl.SSLCertVerificationError, host: str) -> str:
    if exc.verify_code in _UNKNOWN_CA:
        return (
            f"{host} shows a certificate of an unknown authority; if it is your own, name its file in "
            f"remote.ca_file"
        )
    if exc.verify_code in {_EXPIRED, _NOT_YET_VALID}:
        state = "has expired" if exc.verify_code == _EXPIRED else "is not valid yet"
        return f"the certificate of {host} {state} (or this computer's clock is wrong)"
    return f"{host} shows a certificate that is not to be trusted: {exc.verify_message}"


def _detail(exc: BaseException) -> str:
    return str(exc).strip().rstrip(".") or type(exc).__name__


def chain(exc: BaseException | None) -> Iterator[BaseException]:
    """An exception and what led to it."""
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__
