"""How PHP reads queries and numbers, and how it writes JSON. Measured with PHP 8.2.

A PHP array is a list where its keys count from 0, and a dict otherwise; the keys of a dict are texts.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import unquote_plus

#: What a value can be.
Value = Any
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]*")
_NUMBER: Final = re.compile(r"[ \t\n\r\v\f]*([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_ESCAPED: Final = re.compile(r"\\(.)|/")
_LARGEST: Final = (1 << 63) - 1
#: How many brackets of a name count (`max_input_nesting_level`), and how many fields (`max_input_vars`).
_DEEPEST: Final = 64
_MOST: Final = 1000


def read_query(query: str) -> dict[str, Value]:
    """`a=1&b[]=2&c[d]=3` -> `{"a": "1", "b": ["2"], "c": {"d": "3"}}`; every value is a text."""
    found: dict[str, Value] = {}
    pieces = [piece for piece in query.split("&") if piece]
    for piece in pieces[:_MOST]:
        name, _, value = piece.partition("=")
        path = _read_name(unquote_plus(name, errors="surrogateescape"))
        if path:
            _put(found, path, unquote_plus(value, errors="replace"))
    return {name: as_array(value) for name, value in found.items()}


def _read_name(name: str) -> list[str | None]:
    """The keys on the way to a value, None where the next number is meant; empty for a name that is none."""
    name = name.partition("\0")[0].lstrip(" ").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    head, bracket, rest = name.partition("[")
    if not head:
        return []
    path: list[str | None] = [re.sub(r"[ .]", "_", head)]
    if bracket and "]" not in rest:  # no array: the bracket is a letter like others that names cannot have
        return [f"{path[0]}_{re.sub(r'[ .]', '_', rest)}"]
    while bracket and "]" in rest and len(path) <= _DEEPEST:
        key, _, rest = rest.partition("]")
        path.append(key or None)
        bracket, rest = "[" if rest.startswith("[") else "", rest[1:]
    return path


def _put(array: dict[str, Value], path: list[str | None], value: str) -> None:
    """A later value takes the place of an earlier one; an array that of a text, and the other way round."""
    for at, key in enumerate(path):
        name = _next_key(array) if key is None else key
        if at == len(path) - 1:
            array[name] = value
            return
        below = array.get(name)
        if not isinstance(below, dict):
            below = array[name] = {}
        array = below


def _next_key(array: dict[str, Value]) -> str:
    return str(max((int(key) for key in array if _INTEGER.fullmatch(key)), default=-1) + 1)


def as_array(value: Value) -> Value:
    """A list where the keys count from 0, all the way down."""
    if not isinstance(value, dict):
        return value
    inside = {key: as_array(one) for key, one in value.items()}
    counts = inside and list(inside) == [str(number) for number in range(len(inside))]
    return list(inside.values()) if counts else inside


def int_of(value: Value) -> int:
    """`(int) $value`: a text counts as far as it is a number."""
    match value:
        case bool() | None:
            return int(bool(value))
        case int() | float():
            return int(value)
        case str():
            found = _NUMBER.match(value)
            if found is None:
                return 0
            number = found[1]
            exact = int(number) if number.lstrip("+-").isdecimal() else int(_finite(float(number)))
            return max(-_LARGEST - 1, min(exact, _LARGEST))
    return int(bool(value))


def _finite(number: float) -> float:
    return max(-1e18, min(number, 1e18))


def text_of(value: Value) -> str:
    """`(string) $value` of anything but an array."""
    match value:
        case True:
            return "1"
        case False | None:
            return ""
    return str(value)


def is_empty(value: Value) -> bool:
    """`empty($value)`, but for "0", which is a value here."""
    return value is None or value in ("", []) or value == {}


def write_json(value: Value) -> str:
    r"""As `json_encode` with JSON_HEX_QUOT does (recorded): `\/`, `\u0022`, and `\uXXXX` beyond ASCII."""
    text = json.dumps(value, separators=(",", ":"))
    return _ESCAPED.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return {"/": "\\/", '\\"': "\\u0022"}.get(found[0], found[0])
