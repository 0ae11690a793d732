"""The arithmetic of Pixelpost's sign-in: what is made of two keys, a challenge, a nonce and the time.

Every digest is the MD5, in lower-case hex, of texts set one behind the other. The definitions are the
source's, and were checked against all recorded answers that carry one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence


def digest(*texts: str) -> str:
    """Of texts as UTF-8; half a surrogate pair, which JSON may carry, has a digest as well."""
    joined = "".join(texts).encode("utf-8", "surrogatepass")
    return hashlib.md5(joined, usedforsecurity=False).hexdigest()


def secret_of(public_key: str, private_key: str) -> str:
    return digest(public_key, private_key)


def window_of(moment: float, lifetime: int) -> int:
    """The end of the window of `lifetime` seconds that `moment` (epoch seconds) lies in; at its end still."""
    return -(-int(moment) // lifetime) * lifetime


def token_of(challenge: str, secret: str, window: int) -> str:
    """The service never sends it."""
    return digest(challenge, secret, str(window))


def request_hmac(nonce: str, method: str, request: object, secret: str) -> str:
    return digest(nonce, method, serialise(request), secret)


def answer_hmac(nonce: str, new_nonce: str, response: object, secret: str) -> str:
    """`nonce` is the one that the question was asked with."""
    return digest(nonce, new_nonce, serialise(response), secret)


def serialise(value: object) -> str:
    """`{key:value,…}` of values as they are after decoding; a list's keys are its numbers."""
    if isinstance(value, Mapping):
        return "{" + "".join(f"{key}:{serialise(inner)}," for key, inner in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "{" + "".join(f"{number}:{serialise(inner)}," for number, inner in enumerate(value)) + "}"
    if value is None:
        return "{}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.14G}" if isinstance(value, float) else str(value)
