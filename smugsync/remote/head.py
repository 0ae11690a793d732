"""The head of an ordinary answer, out of what the first read from the socket brought.

Nearly every answer has a head of a few plain lines that says how long its body is; reading it here takes a
tenth of the time that `http.client` takes. Whatever is less than plain is not judged here: `plain` says
None, and `answer.py` reads it from the same bytes. What is taken here means the same there; a test holds
the two against each other.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: So much of a body is read at a time.
CHUNK = 256 * 1024
#: More is not looked through: a head has some hundred bytes.
LONGEST = 16 * 1024
#: `http.client` refuses more.
_MOST_LINES = 99
_END = b"\r\n\r\n"
#: No interim answer, no control character, no folded line, no blank before a colon.
_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: ([\t\x20-\x7e]*))?\r\n"
    rb"((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[\t\x20-\x7e\x80-\xff]*+\r\n)++)"
)
_LINES = re.compile(rb"([^:]++):[\t ]*+([^\r]*?)[\t ]*+\r\n")
#: What tells where the body ends, and whether another answer may follow it.
_FRAMING = frozenset({b"connection", b"content-length", b"transfer-encoding"})
_LENGTH = re.compile(rb"[0-9]{1,18}")
#: These have no body, whatever their length says.
_BODILESS = frozenset({204, 304})


class Head(NamedTuple):
    """`size` is how many bytes the head itself has, `length` how many of body follow it.

    `lasts`: the connection can be used again afterwards. Header values have no blanks around them.
    """

    size: int
    status: int
    reason: bytes
    headers: list[tuple[bytes, bytes]]
    length: int
    lasts: bool


def plain(data: bytes | bytearray, came: int) -> Head | None:
    """The head that the first `came` bytes of `data` begin with, None if it is not whole or not plain.

    `data` must not be the answer to HEAD. Plain is: HTTP/1.1, final, at most 99 lines, one
    Content-Length, no transfer coding, at most one Connection.
    """
    end = data.find(_END, 0, min(came, LONGEST))
    if end < 0:
        return None
    size = end + len(_END)
    found = _HEAD.fullmatch(data, 0, size - 2)
    if found is None:
        return None
    status = int(found[1])
    headers = _LINES.findall(found[3])
    if status in _BODILESS or len(headers) > _MOST_LINES:
        return None
    told: dict[bytes, bytes] = {}
    for name, value in headers:
        lower = name.lower()
        if lower in _FRAMING:
            if lower in told:
                return None
            told[lower] = value
    length = told.get(b"content-length", b"")
    if not _LENGTH.fullmatch(length) or b"transfer-encoding" in told:
        return None
    lasts = b"close" not in told.get(b"connection", b"").lower()
    return Head(size, status, (found[2] or b"").strip(), headers, int(length), lasts)
