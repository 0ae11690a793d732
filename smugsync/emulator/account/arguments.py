"""The arguments of an edit, each checked to be of its kind before anything is done.

Every function raises LookupError if the argument is not there, and ValueError with a sentence if it is not
what it should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from smugsync.emulator.account.model import Privacy

Arguments = Mapping[str, Any]

_PRIVACIES: Final[tuple[Privacy, ...]] = get_args(Privacy)
_LIMITS: Final = {"latitude": 90, "longitude": 180}


def text_of(arguments: Arguments, name: str) -> str:
    value = arguments[name]
    if not isinstance(value, str):
        raise ValueError(f"{name} is a text")
    return value


def optional_text_of(arguments: Arguments, name: str) -> str | None:
    """None if it is not there."""
    return text_of(arguments, name) if name in arguments else None


def texts_of(arguments: Arguments, name: str) -> list[str]:
    values = arguments[name]
    if not isinstance(values, (list, tuple)) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"{name} is an array of texts")
    return list(values)


def flag_of(arguments: Arguments, name: str) -> bool:
    value = arguments[name]
    if not isinstance(value, bool):
        raise ValueError(f"{name} is true or false")
    return value


def degrees_of(arguments: Arguments, name: str) -> str:
    """`latitude` or `longitude`: the text that the service shows; empty is none."""
    value, limit = text_of(arguments, name), _LIMITS[name]
    try:
        fits = not value or -limit <= float(value) <= limit
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{name} is a text of degrees from -{limit} to {limit}")
    return value


def privacy_of(arguments: Arguments) -> Privacy:
    wanted = arguments["privacy"]
    for privacy in _PRIVACIES:
        if privacy == wanted:
            return privacy
    raise ValueError(f"privacy is {', '.join(_PRIVACIES[:-1])} or {_PRIVACIES[-1]}")


def url_name_of(arguments: Arguments) -> str:
    """Also one that the service would not take; but a part of a path it has to be."""
    value = text_of(arguments, "url_name")
    if not value or "/" in value:
        raise ValueError("url_name is a text without a slash")
    return value
