"""What a call says: the fields of its query and of its form, in one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl
from xml.parsers.expat import ExpatError
from xmlrpc.client import Fault, ResponseError, loads

from smugsync.emulator.legacy.failures import INVALID_DATA, MISSING_PARAMETER, Failure
from smugsync.emulator.legacy.forms import read_fields
from smugsync.emulator.messages import Request

_TRUE: Final = ("1", "true", "yes", "t")
_FALSE: Final = ("0", "false", "no", "f", "")
#: Ids and times have fewer digits.
_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Arguments:
    """By name; where one comes twice, the last counts. Methods raise Failure 22 for what is not there and
    has to be, and 16 for what is not what it should be."""

    values: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, request: Request) -> Arguments:
        """Query and form, both are taken. A form is one also where its Content-Type was forgotten."""
        values = dict(request.params)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method in ("POST", "PUT") and request.body:
            if kind == "multipart/form-data":
                values |= read_fields(request)
            elif kind in ("text/xml", "application/xml"):
                values |= _read_xml_rpc(request.body)
            elif kind in ("", "application/x-www-form-urlencoded"):
                values |= dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        return cls(values)

    @classmethod
    def of_form(cls, request: Request) -> Arguments:
        """The fields beside the file in the form of an upload, wherever its body lies."""
        return cls(read_fields(request))

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    def needed(self, name: str) -> str:
        """A text that is not empty."""
        value = self.values.get(name, "").strip()
        if not value:
            raise Failure(MISSING_PARAMETER, name)
        return value

    def number(self, name: str) -> int:
        """A whole number that has to be there."""
        return _whole(name, self.needed(name))

    def optional_number(self, name: str, default: int = 0) -> int:
        value = self.values.get(name, "").strip()
        return _whole(name, value) if value else default

    def decimal(self, name: str, limit: float) -> float:
        """A number from -`limit` to `limit`; nothing is 0."""
        try:
            number = float(self.values.get(name, "").strip() or 0)
        except ValueError:
            raise Failure(INVALID_DATA, name) from None
        if not math.isfinite(number) or abs(number) > limit:
            raise Failure(INVALID_DATA, name)
        return number

    def flag(self, name: str, *, default: bool = False) -> bool:
        """1 and 0, or true and false, in any case."""
        if name not in self.values:
            return default
        value = self.values[name].strip().lower()
        if value not in (*_TRUE, *_FALSE):
            raise Failure(INVALID_DATA, name)
        return value in _TRUE

    def names(self, name: str) -> frozenset[str]:
        """A list with commas between its words, in lower case."""
        return frozenset(part.strip().lower() for part in self.text(name).split(",") if part.strip())


def _read_xml_rpc(body: bytes) -> dict[str, str]:
    """The arguments of a call in XML-RPC: one structure, and the method beside it. What is none has none."""
    try:
        parameters, method = loads(body)
    except (ExpatError, Fault, ResponseError, ValueError, TypeError, KeyError, IndexError):
        return {}
    given = parameters[0] if parameters and isinstance(parameters[0], dict) else {}
    values = {str(n): str(int(v)) if isinstance(v, bool) else str(v) for n, v in given.items()}
    return {**values, "method": method} if method else values


def _whole(name: str, value: str) -> int:
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS):
        raise Failure(INVALID_DATA, name)
    return int(value)
