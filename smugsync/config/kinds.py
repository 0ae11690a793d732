"""How single values are written: sizes, addresses, patterns, times. The types that `settings` is made of.

Each ValueError below becomes the second half of a sentence: "FILE: `key` …".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Annotated, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from smugsync.config.selection import selector
from smugsync.config.values import Rate

T = TypeVar("T")

_UNITS = {"": 1, "b": 1} | {
    f"{prefix}{suffix}": base**power
    for power, prefix in enumerate("kmgt", start=1)
    for suffix, base in (("b", 1000), ("ib", 1024))
}
_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)\s*([a-z]*)", re.IGNORECASE)
_HOST = re.compile(
    r"(?:(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(\d{1,5}))?", re.IGNORECASE
)


def _size(value: object) -> object:
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError('must be a size such as "1GiB" or "500MB", or a number of bytes')
        return value
    match = _SIZE.fullmatch(value.strip())
    if not match or (factor := _UNITS.get(match[2].lower())) is None:
        raise ValueError('must be a size such as "1GiB" or "500MB", or a number of bytes')
    return int(float(match[1]) * factor) if "." in match[1] else int(match[1]) * factor


def several(value: object) -> object:
    """In the environment a list is JSON, or separated by commas or line ends."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("starts like a JSON list, but is none") from None
    return [part for raw in re.split(r"[,\n]", value) if (part := raw.strip())]


def tables(value: object) -> object:
    """In the environment several tables are a JSON list of objects."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('must be JSON like [{"folder": "/drop", "album": "/A"}] here') from None


def _patterns(value: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in value:
        try:
            selector((pattern,), ())
        except ValueError:
            raise ValueError(f'holds "{pattern}", which is no gitignore pattern') from None
    return value


def nickname(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,34}", value):
        raise ValueError("must be a nickname, the NICK of NICK.smugmug.com: letters, digits and hyphens")
    return value


def _absent(value: object) -> object:
    """An empty string says nothing: templates and compose files leave them behind."""
    return None if isinstance(value, str) and not value.strip() else value


def between(low: int, high: int, extra: str = "") -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, str) and value.strip().isdecimal() and len(value) < 19:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"must be a number from {low} to {high}{extra}")
        return value

    return check


def adaptive(value: object) -> object:
    return None if value == "auto" else value


def web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("is not a web address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError("must be a web address such as https://api.smugmug.com")
    if parts.username is not None or parts.query or parts.fragment or re.search(r"[\s\x00-\x1f]", value):
        raise ValueError("must be an address without user name, query or fragment")
    return value


def _origin(value: str) -> str:
    value = web_address(value).rstrip("/")
    if urlsplit(value).path:
        raise ValueError("must be a bare origin such as https://api.smugmug.com, without a path")
    return value


def word_of_address(value: str) -> str:
    """One part of an address, such as `api`."""
    if not re.fullmatch(r"[A-Za-z0-9._~-]{1,64}", value):
        raise ValueError(f'is "{value}": it must be one word of an address, such as "api"')
    return value


def site_address(value: str | None) -> str | None:
    """Of a site that may lie in a directory of its host's."""
    if value is None:
        return None
    try:
        return web_address(value).rstrip("/")
    except ValueError as error:
        raise ValueError(
            str(error).replace("https://api.smugmug.com", "https://photos.example.org")
        ) from None


def _host(value: str) -> str:
    match = _HOST.fullmatch(value)
    if not match or (match[1] and not 0 < int(match[1]) < 65536):
        raise ValueError("must be HOST or HOST:PORT, without a scheme or a path")
    return value.lower()


def zone(value: str) -> str:
    if value != "local":
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError('must be "local" or a time zone such as "Europe/Madrid"') from None
    return value


_EVERY = re.compile(r"(\d{1,6})\s*(s|min|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_CADENCE = 'must be an interval such as "15m" or "6h", a cron expression such as "0 3 * * *", or "off"'
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LISTEN = re.compile(r"(?:([a-z0-9_.-]+|\[[0-9a-f:]+\]):)?(\d{1,5})", re.IGNORECASE)
_DAY = 24 * 60


def _cadence(value: object) -> object:
    """Seconds, or a cron expression of five fields; None = never."""
    if value == "off" or value is False:
        return None
    if not isinstance(value, str):
        raise ValueError(_CADENCE)
    text = " ".join(value.lower().split())
    if len(text.split()) == 5:
        from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - 100 ms that few need to wait for

        try:
            CronTrigger.from_crontab(text)  # type: ignore[no-untyped-call]
        except ValueError as error:
            raise ValueError(f"is no cron expression: {error}") from None
        return text
    return _seconds(text, _CADENCE)


def _seconds(value: str, problem: str) -> int:
    match = _EVERY.fullmatch(value)
    if not match or not (seconds := int(match[1]) * _SECONDS[match[2]]):
        raise ValueError(problem)
    return seconds


def duration(low: int, high: int) -> Callable[[object], object]:
    """Seconds, written as `15m`, from `low` to `high` of them."""

    def check(value: object) -> object:
        problem = f'must be a time such as "30s", "15m" or "6h", from {low} s to {high:,} s'
        if isinstance(value, str):
            value = _seconds(" ".join(value.lower().split()), problem)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(problem)
        return value

    return check


def _minute(text: str) -> int:
    """Of the day, by the clock. Raises ValueError."""
    match = _CLOCK.fullmatch(text.strip())
    if not match or (minute := int(match[1]) * 60 + int(match[2])) > _DAY:
        raise ValueError("no time of the day")
    return minute


def _hours(value: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Spans of the day, in minutes from midnight."""
    spans = []
    for text in value:
        first, _, last = text.partition("-")
        try:
            spans.append((_minute(first) % _DAY, _minute(last) % _DAY))
        except ValueError:
            raise ValueError(f'holds "{text}": write times of the day such as "08:00-18:00"') from None
    return tuple(spans)


def _rates(value: object) -> object:
    """A speed limit, or a timetable of them: see `values.Rate`."""
    problem = 'must be a speed such as "10MB" or "1MB:off" (up:down), or a timetable "08:00,1MB 23:00,off"'
    if value in ("off", ()) or value is False:
        return ()
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(problem)
    rates: list[Rate] = []
    try:
        for entry in value.lower().split():
            when, comma, speed = entry.rpartition(",")
            day, dash, clock = when.rpartition("-")
            days = ([_WEEKDAYS.index(day[:3])] if dash else range(7)) if comma else [0]
            minute = _minute(clock) % _DAY if comma else 0
            up, colon, down = speed.partition(":")
            rates += [Rate(n * _DAY + minute, _speed(up), _speed(down if colon else up)) for n in days]
    except ValueError:
        raise ValueError(problem) from None
    return tuple(sorted(rates, key=lambda rate: rate.minute))


def _speed(text: str) -> int | None:
    if text == "off":
        return None
    speed = _size(text)
    if not isinstance(speed, int) or not speed:
        raise ValueError("no speed")
    return speed


def _listen(value: str | None) -> str | None:
    """HOST:PORT; a bare port is one of this machine's alone."""
    if value is None:
        return None
    match = _LISTEN.fullmatch(value.strip())
    if not match or not 0 < int(match[2]) < 65_536:
        raise ValueError('must be HOST:PORT, or a PORT of this machine alone, such as "8765"')
    return f"{(match[1] or '127.0.0.1').lower()}:{match[2]}"


def _port(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Maybe = Annotated[T | None, BeforeValidator(_absent)]
Strings = Annotated[tuple[str, ...], BeforeValidator(several)]
Patterns = Annotated[Strings, AfterValidator(_patterns)]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], BeforeValidator(several)]
Origin = Annotated[str, AfterValidator(_origin)]
Downloads = Annotated[int, BeforeValidator(between(1, 32, ', or "auto"'))]
Bytes = Annotated[int, BeforeValidator(_size)]
Days = Annotated[int, BeforeValidator(between(0, 36_500, " days; 0 keeps them for good"))]


Cadence = Annotated[int | str | None, BeforeValidator(_cadence)]
Hours = Annotated[Strings, AfterValidator(_hours)]
Rates = Annotated[tuple[Rate, ...], BeforeValidator(_rates)]
Listen = Annotated[Maybe[str], BeforeValidator(_port), AfterValidator(_listen)]
