"""What may be written in the configuration: every key, its type and its range.

Only this module and its neighbours in the package know pydantic; the program gets `values.Config`. How
single values are written stands in `kinds` and `hidden`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from smugsync.config.hidden import AlbumPasswords, Hidden, HiddenUrl, HiddenUrls, Phrase
from smugsync.config.kinds import (
    Bytes,
    Cadence,
    Days,
    Downloads,
    Hosts,
    Hours,
    Listen,
    Maybe,
    Origin,
    Patterns,
    Rates,
    Strings,
    adaptive,
    between,
    duration,
    nickname,
    site_address,
    tables,
    web_address,
    word_of_address,
    zone,
)
from smugsync.config.remotes import DEFAULT_KIND, Kind, SiteForm, SitePictures, UploadForm
from smugsync.config.values import (
    Create,
    Durability,
    Layout,
    Links,
    LogFormat,
    LogLevel,
    Mode,
    Privacy,
    Watching,
)


class Table(BaseModel):
    """A TOML table: nothing but the keys below may stand in it, and no error repeats a value."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )


class RemoteSettings(Table):
    kind: Kind = DEFAULT_KIND
    api_url: Maybe[Origin] = None
    upload_url: Maybe[Annotated[str, AfterValidator(web_address)]] = None
    oauth_url: Maybe[Origin] = None
    user: Annotated[Maybe[str], AfterValidator(nickname)] = None
    api_key: Hidden = None
    api_secret: Hidden = None
    access_token: Hidden = None
    access_token_secret: Hidden = None
    email: Hidden = None
    password: Phrase = None
    site_password: Phrase = None
    album_passwords: AlbumPasswords = ()
    site_url: Annotated[Maybe[str], AfterValidator(site_address)] = None
    site_form: SiteForm = "json"
    site_api: Annotated[str, AfterValidator(word_of_address)] = "api"
    site_pictures: SitePictures = "whole"
    upload_form: UploadForm = "raw"
    public_key: Hidden = None
    private_key: Hidden = None
    api_key_file: Maybe[str] = None
    api_secret_file: Maybe[str] = None
    access_token_file: Maybe[str] = None
    access_token_secret_file: Maybe[str] = None
    email_file: Maybe[str] = None
    password_file: Maybe[str] = None
    site_password_file: Maybe[str] = None
    album_passwords_file: Maybe[str] = None
    public_key_file: Maybe[str] = None
    private_key_file: Maybe[str] = None
    ca_file: Maybe[str] = None
    media_hosts: Hosts = ()
    allow_http: bool = False


class LogSettings(Table):
    format: LogFormat = "text"
    level: LogLevel = "warning"


class RouteSettings(Table):
    folder: str
    album: str
    keywords: Strings = ()
    privacy: Maybe[Privacy] = None


class UploadSettings(Table):
    enabled: bool = False
    replace: bool = False
    create: Create = "Private"
    ignore: Patterns = ()
    stable: Annotated[int, BeforeValidator(duration(1, 86_400))] = 5
    parallel: Annotated[int, BeforeValidator(between(1, 8))] = 3
    routes: Annotated[tuple[RouteSettings, ...], BeforeValidator(tables)] = ()


class ScheduleSettings(Table):
    poll: Cadence = 900
    full: Cadence = "0 3 * * *"
    verify: Cadence = "0 4 * * sun"
    quiet: Hours = ()


class WatchSettings(Table):
    mode: Watching = "auto"
    poll: Annotated[int, BeforeValidator(duration(5, 86_400))] = 60
    scan: Annotated[int, BeforeValidator(duration(60, 604_800))] = 21_600


class NotifySettings(Table):
    ping: HiddenUrl = None
    command: Strings = ()
    ntfy: HiddenUrl = None
    ntfy_token: Hidden = None
    ping_file: Maybe[str] = None
    ntfy_file: Maybe[str] = None
    ntfy_token_file: Maybe[str] = None
    apprise: HiddenUrls = ()
    stale_days: Annotated[int, BeforeValidator(between(0, 3650, " days; 0 never reminds"))] = 3


class StatusSettings(Table):
    listen: Listen = None
    token: Hidden = None
    token_file: Maybe[str] = None
    textfile: Maybe[str] = None


class GuardSettings(Table):
    max_files: Annotated[int, BeforeValidator(between(0, 1_000_000))] = 20
    max_percent: Annotated[int, BeforeValidator(between(0, 100))] = 5
    max_album: Annotated[int, BeforeValidator(between(1, 1_000_000))] = 3


class KeepSettings(Table):
    versions_days: Days = 365
    trash_days: Days = 30
    damaged_days: Days = 90
    history_days: Days = 730


class VerifySettings(Table):
    every_days: Annotated[int, BeforeValidator(between(1, 3650))] = 30
    rate: Bytes = 50 << 20


class Settings(Table):
    """One profile's keys. `load` merges the layers: it must know where each value came from."""

    mirror: Maybe[str] = None
    mode: Mode = "archive"
    layout: Layout = "url-path"
    links: Links = "auto"
    include: Patterns = ()
    exclude: Patterns = ()
    downloads: Annotated[Downloads | None, BeforeValidator(adaptive)] = None
    durability: Durability = "batch"
    full_every_days: Annotated[int, BeforeValidator(between(1, 366))] = 7
    reserve: Bytes = 1 << 30
    bwlimit: Rates = ()
    timezone: Annotated[str, AfterValidator(zone)] = "local"
    state_dir: Maybe[str] = None
    remote: RemoteSettings = RemoteSettings()
    guard: GuardSettings = GuardSettings()
    keep: KeepSettings = KeepSettings()
    verify: VerifySettings = VerifySettings()
    log: LogSettings = LogSettings()
    upload: UploadSettings = UploadSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    watch: WatchSettings = WatchSettings()
    notify: NotifySettings = NotifySettings()
    status: StatusSettings = StatusSettings()
