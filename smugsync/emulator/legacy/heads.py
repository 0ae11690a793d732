"""What clients of the older APIs write in the head of a request though HTTP has no place for it.

The line ends of a caption are sent as bare CR (documented), and one client puts the name of a file into its
address as it is, blanks and all. The service took both.
"""

from __future__ import annotations

import re
from typing import Final

_REQUEST: Final = re.compile(rb"(PUT|POST) (\S.*\S|\S) (HTTP/1\.[01])\Z", re.DOTALL)
_FOREIGN: Final = re.compile(rb"[^!-~]")
_BARE_CR: Final = re.compile(rb"\r(?!\n)")
#: Stands for a bare CR on the way through the parser, which lets it pass.
_STAND_IN: Final = "\x1e"


def mended(data: bytes) -> bytes:
    """The bytes that begin an upload, as the parser takes them. What does not hold a whole head, or is no
    upload, stays as it is; so does the body."""
    head, end, body = data.partition(b"\r\n\r\n")
    line, separator, fields = head.partition(b"\r\n")
    asked = _REQUEST.match(line)
    if not end or asked is None:
        return data
    method, target, version = asked.groups()
    target = _FOREIGN.sub(lambda found: b"%%%02X" % found[0][0], target)
    fields = _BARE_CR.sub(_STAND_IN.encode(), fields)
    return b" ".join((method, target, version)) + separator + fields + end + body


def as_sent(value: str) -> str:
    """A header's text with its bare CRs."""
    return value.replace(_STAND_IN, "\r")
