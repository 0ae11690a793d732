"""Text from elsewhere on a line of its own: it cannot begin another, nor steer the terminal."""

from __future__ import annotations

import re

#: Controls, line ends of every kind, halves of surrogate pairs, and marks that turn what follows around.
#: Not the joiners that emoji and many scripts are made with.
_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb]"
)


def printable(text: str) -> str:
    r"""`text` with such characters as `\u001b`, which says the same in JSON."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
