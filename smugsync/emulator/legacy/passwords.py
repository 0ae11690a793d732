"""The text that stands for a password once somebody logged in: md5-crypt, `$1$salt$…`.

A permanent credential of this API. The algorithm is that of FreeBSD's libcrypt; `openssl passwd -1` has it.
"""

from __future__ import annotations

import hashlib
from typing import Final

_LETTERS: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ROUNDS: Final = 1000
#: In which order the bytes of the digest are spelled, three by three.
_ORDER: Final = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))


def md5_crypt(password: str, salt: str) -> str:
    """`salt` has at most eight letters of `./0-9A-Za-z`."""
    secret, grains = password.encode(), salt.encode()
    inner = _md5(secret + grains + secret)
    length = len(secret)
    start = secret + b"$1$" + grains + (inner * (length // 16 + 1))[:length]
    while length:
        start += b"\0" if length & 1 else secret[:1]
        length >>= 1
    digest = _md5(start)
    for number in range(_ROUNDS):
        digest = _md5(
            (secret if number & 1 else digest)
            + (grains if number % 3 else b"")
            + (secret if number % 7 else b"")
            + (digest if number & 1 else secret)
        )
    spelled = "".join(_spell(digest[a] << 16 | digest[b] << 8 | digest[c], 4) for a, b, c in _ORDER)
    return f"$1${salt}${spelled}{_spell(digest[11], 2)}"


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _spell(number: int, length: int) -> str:
    """Six bits a letter, the lowest first."""
    return "".join(_LETTERS[number >> 6 * place & 63] for place in range(length))
