"""What may be written in the configuration: every key, its type and its range.

Only this module and its neighbours in the package know pydantic; the program gets `values.Config`.
Each ValueError below becomes the second half of a sentence: "FILE: `key` …".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from smugsync.config.selection import selector
from smugsync.config.values import Durability, Layout, Links, LogFormat, LogLevel, Mode
from smugsync.secret import Secret

T = TypeVar("T")

LATER_KINDS = ("smugmug-1.3.0", "smugmug-1.2.2", "smugmug-1.2.1", "smugmug-1.2.0", "pixelpost")

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


def _several(value: object) -> object:
    """In the environment a list is JSON, or separated by commas or line ends."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("starts like a JSON list, but is none") from None
    return [part for raw in re.split(r"[,\n]", value) if (part := raw.strip())]


def _patterns(value: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in value:
        try:
            selector((pattern,), ())
        except ValueError:
            raise ValueError(f'holds "{pattern}", which is no gitignore pattern') from None
    return value


def _nickname(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,34}", value):
        raise ValueError("must be a nickname, the NICK of NICK.smugmug.com: letters, digits and hyphens")
    return value


def _absent(value: object) -> object:
    """An empty string says nothing: templates and compose files leave them behind."""
    return None if isinstance(value, str) and not value.strip() else value


def _between(low: int, high: int, extra: str = "") -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, str) and value.strip().isdecimal() and len(value) < 19:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"must be a number from {low} to {high}{extra}")
        return value

    return check


def _adaptive(value: object) -> object:
    return None if value == "auto" else value


def _url(value: str) -> str:
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
    value = _url(value).rstrip("/")
    if urlsplit(value).path:
        raise ValueError("must be a bare origin such as https://api.smugmug.com, without a path")
    return value


def _host(value: str) -> str:
    match = _HOST.fullmatch(value)
    if not match or (match[1] and not 0 < int(match[1]) < 65536):
        raise ValueError("must be HOST or HOST:PORT, without a scheme or a path")
    return value.lower()


def _zone(value: str) -> str:
    if value != "local":
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError('must be "local" or a time zone such as "Europe/Madrid"') from None
    return value


def _kind(value: object) -> object:
    if value in LATER_KINDS:
        raise ValueError(f'is "{value}", which is not available in this version: "smugmug-v2" is')
    return value


def _uploads(value: bool) -> bool:
    if value:
        raise ValueError("is true, but this version only downloads: remove the line, or write false")
    return value


def _hide(value: object) -> object:
    if isinstance(value, str):
        if len(value.split()) > 1:
            raise ValueError("holds more than one word: it must hold the secret and nothing else")
        if not value.isascii() and any("\ud800" <= one <= "\udfff" for one in value):
            raise ValueError("is not UTF-8 text")
        return Secret(value.strip()) if value.strip() else None
    if value is None or isinstance(value, Secret):
        return value
    raise ValueError("must be a string")


Maybe = Annotated[T | None, BeforeValidator(_absent)]
Strings = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_several)]
Patterns = Annotated[Strings, AfterValidator(_patterns)]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], NoDecode, BeforeValidator(_several)]
Origin = Annotated[str, AfterValidator(_origin)]
Hidden = Annotated[Secret | None, BeforeValidator(_hide)]
Downloads = Annotated[int, BeforeValidator(_between(1, 32, ', or "auto"'))]
Bytes = Annotated[int, BeforeValidator(_size)]
Days = Annotated[int, BeforeValidator(_between(0, 36_500, " days; 0 keeps them for good"))]


class Table(BaseModel):
    """A TOML table: nothing but the keys below may stand in it, and no error repeats a value."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )


class RemoteSettings(Table):
    kind: Annotated[Literal["smugmug-v2"], BeforeValidator(_kind)] = "smugmug-v2"
    api_url: Origin = "https://api.smugmug.com"
    upload_url: Annotated[str, AfterValidator(_url)] = "https://upload.smugmug.com/"
    oauth_url: Origin = "https://api.smugmug.com"
    user: Annotated[Maybe[str], AfterValidator(_nickname)] = None
    api_key: Hidden = None
    api_secret: Hidden = None
    access_token: Hidden = None
    access_token_secret: Hidden = None
    api_key_file: Maybe[str] = None
    api_secret_file: Maybe[str] = None
    access_token_file: Maybe[str] = None
    access_token_secret_file: Maybe[str] = None
    ca_file: Maybe[str] = None
    media_hosts: Hosts = ()
    allow_http: bool = False


class LogSettings(Table):
    format: LogFormat = "text"
    level: LogLevel = "warning"


class UploadSettings(Table):
    enabled: Annotated[bool, AfterValidator(_uploads)] = False


class GuardSettings(Table):
    max_files: Annotated[int, BeforeValidator(_between(0, 1_000_000))] = 20
    max_percent: Annotated[int, BeforeValidator(_between(0, 100))] = 5
    max_album: Annotated[int, BeforeValidator(_between(1, 1_000_000))] = 3


class KeepSettings(Table):
    versions_days: Days = 365
    trash_days: Days = 30
    damaged_days: Days = 90
    history_days: Days = 730


class VerifySettings(Table):
    every_days: Annotated[int, BeforeValidator(_between(1, 3650))] = 30
    rate: Bytes = 50 << 20


class Settings(Table, BaseSettings):
    """One profile's keys. `load` merges the layers: it must know where each value came from."""

    model_config = SettingsConfigDict(
        env_prefix="SMUGSYNC_", env_nested_delimiter="__", env_ignore_empty=True, extra="forbid"
    )

    mirror: Maybe[str] = None
    mode: Mode = "archive"
    layout: Layout = "url-path"
    links: Links = "auto"
    include: Patterns = ()
    exclude: Patterns = ()
    downloads: Annotated[Downloads | None, BeforeValidator(_adaptive)] = None
    durability: Durability = "batch"
    full_every_days: Annotated[int, BeforeValidator(_between(1, 366))] = 7
    reserve: Bytes = 1 << 30
    timezone: Annotated[str, AfterValidator(_zone)] = "local"
    state_dir: Maybe[str] = None
    remote: RemoteSettings = RemoteSettings()
    guard: GuardSettings = GuardSettings()
    keep: KeepSettings = KeepSettings()
    verify: VerifySettings = VerifySettings()
    log: LogSettings = LogSettings()
    upload: UploadSettings = UploadSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)
