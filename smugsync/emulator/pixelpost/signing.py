"""The arithmetic of the sign-in. Everything is the MD5, in hex, of texts one behind the other.

The parties share a secret made of both keys. A challenge of the server, the secret and the time's window
make the token, which is never sent by the server; every answer carries the nonce of the next request.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any


def digest(*texts: str) -> str:
    return hashlib.md5("".join(texts).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def secret_of(public_key: str, private_key: str) -> str:
    return digest(public_key, private_key)


def window_of(now: float, lifetime: int) -> int:
    """The end of the window that `now` (epoch seconds) lies in; a multiple of `lifetime` is its own end."""
    return math.ceil(int(now) / lifetime) * lifetime


def token_of(challenge: str, secret: str, window: int) -> str:
    return digest(challenge, secret, str(window))


def serialize(value: Any) -> str:
    """`{key:value,...}` with the keys of lists counted from 0, words for booleans, `{}` for nothing, and no
    fraction where there is none."""
    match value:
        case True:
            return "true"
        case False:
            return "false"
        case None:
            return "{}"
        case dict():
            return "{" + "".join(f"{key}:{serialize(one)}," for key, one in value.items()) + "}"
        case list():
            return serialize(dict(enumerate(value)))
        case float() if value.is_integer():
            return str(int(value))
    return str(value)


def request_hmac(nonce: str, method: str, request: Any, secret: str) -> str:
    return digest(nonce, method, serialize(request), secret)


def answer_hmac(used: str, fresh: str, response: Any, secret: str) -> str:
    """`used` is the nonce of the request, `fresh` the one that comes with the answer."""
    return digest(used, fresh, serialize(response), secret)
