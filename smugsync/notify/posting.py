"""One HTTP request to somebody who is to be told; what goes wrong is said without the address."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from smugsync import __version__
from smugsync.notify.channel import Undelivered


def post(
    transport: httpx.BaseTransport,
    address: str,
    body: bytes = b"",
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    patience: float,
) -> None:
    """Send `body`. Redirections are not followed: a token must not end up with somebody else.

    The transport is used directly, for `httpx.Client` logs every address. Raises Undelivered.
    """
    limits = httpx.Timeout(patience).as_dict()
    try:
        request = httpx.Request(
            method,
            address,
            content=body,
            headers={
                "User-Agent": f"smugsync/{__version__}",
                "Connection": "close",  # the next message may be hours away
                **(headers or {}),
            },
            extensions={"timeout": limits},
        )
    except (httpx.InvalidURL, ValueError, TypeError):
        raise Undelivered("its address cannot be used", again=False) from None
    try:
        response = transport.handle_request(request)
    except httpx.TimeoutException:
        raise Undelivered(f"no answer within {patience:.0f} s") from None
    except httpx.UnsupportedProtocol:
        raise Undelivered("its address must begin with http:// or https://", again=False) from None
    except (httpx.HTTPError, OSError) as error:
        raise Undelivered(f"cannot be reached ({_reason(error)})") from None
    response.close()
    _judge(response.status_code)


def _judge(status: int) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise Undelivered(
            f"answers with a redirection ({status}): configure the address that it leads to", again=False
        )
    if status in (401, 403):
        raise Undelivered(f"refuses ({status}): is the token right?", again=False)
    if status in (404, 410):
        raise Undelivered(f"knows nothing of this address ({status})", again=False)
    raise Undelivered(f"answers {status}", again=status == 429 or status >= 500)


def _reason(error: Exception) -> str:
    """What the system says, which never quotes an address; else the kind of error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
