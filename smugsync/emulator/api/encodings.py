"""The encodings of an answer besides JSON."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final


def serialize_php(value: Any) -> bytes:
    """What PHP's `unserialize` reads: objects and arrays are both its array."""
    match value:
        case None:
            return b"N;"
        case bool():
            return b"b:%d;" % value
        case int():
            return b"i:%d;" % value
        case float():
            return b"d:%s;" % repr(value).encode()
        case str():
            text = value.encode()
            return b's:%d:"%s";' % (len(text), text)
    items = list(value.items() if isinstance(value, dict) else enumerate(value))
    return b"a:%d:{%s}" % (len(items), b"".join(serialize_php(k) + serialize_php(v) for k, v in items))


def pack_message(value: Any) -> bytes:
    """MessagePack, in its shortest forms."""
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return _pack_integer(value)
        case float():
            return b"\xcb" + struct.pack(">d", value)
        case str():
            text = value.encode()
            return _pack_length(len(text), _TEXT) + text
        case dict():
            return _pack_length(len(value), _MAP) + b"".join(
                pack_message(name) + pack_message(item) for name, item in value.items()
            )
    return _pack_length(len(value), _ARRAY) + b"".join(map(pack_message, value))


#: The lengths below which a head is one byte with the length in it, and that byte; the longer heads.
_TEXT: Final = (32, 0xA0, ((0x100, ">BB", 0xD9), (0x10000, ">BH", 0xDA), (2**32, ">BI", 0xDB)))
_ARRAY: Final = (16, 0x90, ((0x10000, ">BH", 0xDC), (2**32, ">BI", 0xDD)))
_MAP: Final = (16, 0x80, ((0x10000, ">BH", 0xDE), (2**32, ">BI", 0xDF)))
_INTEGERS: Final = (
    (0, 0x100, ">BB", 0xCC),
    (0, 0x10000, ">BH", 0xCD),
    (0, 2**32, ">BI", 0xCE),
    (0, 2**64, ">BQ", 0xCF),
    (-(2**7), 0, ">Bb", 0xD0),
    (-(2**15), 0, ">Bh", 0xD1),
    (-(2**31), 0, ">Bi", 0xD2),
    (-(2**63), 0, ">Bq", 0xD3),
)


def _pack_length(length: int, forms: tuple[int, int, tuple[tuple[int, str, int], ...]]) -> bytes:
    small, base, longer = forms
    if length < small:
        return bytes([base | length])
    return next(struct.pack(form, head, length) for limit, form, head in longer if length < limit)


def _pack_integer(value: int) -> bytes:
    if -32 <= value < 128:
        return struct.pack(">b" if value < 0 else ">B", value)
    return next(struct.pack(form, head, value) for low, high, form, head in _INTEGERS if low <= value < high)


ENCODERS: Final[dict[str, Callable[[Any], bytes]]] = {
    "application/vnd.php.serialized": serialize_php,
    "application/x-msgpack": pack_message,
}
