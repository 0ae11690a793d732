"""The configuration as the rest of the program sees it: plain, frozen, complete and already checked."""

from __future__ import annotations

from dataclasses import field, fields
from pathlib import Path
from typing import Literal

from smugsync.config.remotes import (
    DEFAULT_KIND,
    REMOTES,
    Kind,
    Remote,
    SiteForm,
    SitePictures,
    UploadForm,
    Way,
)
from smugsync.records import dataclass
from smugsync.secret import Secret

Mode = Literal["archive", "mirror"]
Links = Literal["auto", "reflink", "none"]
Layout = Literal["url-path", "names"]
Durability = Literal["file", "batch", "none"]
Privacy = Literal["Private", "Unlisted", "Public"]
Create = Literal["Private", "Unlisted", "Public", "never"]
Watching = Literal["auto", "inotify", "poll", "off"]
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class AlbumPassword:
    """What opens one album; `album` is its key."""

    album: str
    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteConfig:
    """The account and how to reach it. `api_url` and `oauth_url` are bare origins.

    Which of all that counts depends on the `kind`: see `way` and `remotes`.
    """

    kind: Kind = DEFAULT_KIND
    api_url: str = "https://api.smugmug.com"
    upload_url: str = "https://upload.smugmug.com/"
    oauth_url: str = "https://api.smugmug.com"
    user: str | None = None  #: whose albums; None = the owner of the access token
    api_key: Secret
    api_secret: Secret | None = None
    access_token: Secret | None = None
    access_token_secret: Secret | None = None
    email: Secret | None = None  #: or the nickname, which a sign-in by password takes as well
    password: Secret | None = None
    site_password: Secret | None = None  #: of the whole site of `user`
    album_passwords: tuple[AlbumPassword, ...] = ()
    site_url: str = ""  #: Pixelpost's, with the directory that it is installed in
    site_form: SiteForm = "json"  #: how its questions are put
    site_api: str = "api"  #: the word that its API goes by
    site_pictures: SitePictures = "whole"  #: "any": what cannot be decoded is taken as well
    upload_form: UploadForm = "raw"  #: how files go to the oldest APIs
    public_key: Secret | None = None
    private_key: Secret | None = None
    ca_file: Path | None = None  #: trusted beside the system's CAs
    media_hosts: tuple[str, ...] = ()  #: HOST or HOST:PORT, allowed beside `*.smugmug.com`
    allow_http: bool = False

    @property
    def remote(self) -> Remote:
        """What is known of remotes of this kind."""
        return REMOTES[self.kind]

    @property
    def way(self) -> Way:
        """How this one is signed in to."""
        return self.remote.way({one.name for one in fields(self) if getattr(self, one.name)})

    @property
    def anonymous(self) -> bool:
        """True when nobody signs in: what everybody may see, nothing else."""
        return self.way in (Way.KEY, Way.NOBODY)

    @property
    def signed_out(self) -> bool:
        """True when an account of our own is to be mirrored, and its access token is not there."""
        whole = self.access_token and self.access_token_secret
        return self.way is Way.OAUTH and self.user is None and not whole

    def secrets(self) -> tuple[Secret, ...]:
        """All secret values that are set, for a `Redactor`."""
        values = [getattr(self, one.name) for one in fields(self)]
        values += [one.password for one in self.album_passwords]
        return tuple(value for value in values if isinstance(value, Secret) and value)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a secret comes from, in words that never hold its value."""

    setting: str  #: `api_key` and so on
    where: str  #: a file, an environment variable, or a file and who names it
    in_file: bool = False  #: it stands in the configuration file itself


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    format: LogFormat = "text"
    level: LogLevel = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardConfig:
    """How much may vanish in one run: more than `max_files` and more than `max_percent` of all that is
    held is too much, and so is a whole album of `max_album` files or more."""

    max_files: int = 20
    max_percent: int = 5
    max_album: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepConfig:
    """For how many days what was set aside is kept; 0 = for good."""

    versions_days: int = 365
    trash_days: int = 30
    damaged_days: int = 90
    history_days: int = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyConfig:
    """The rolling check: every file once in `every_days`, reading at most `rate` bytes a second (0 = any)."""

    every_days: int = 30
    rate: int = 50 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteConfig:
    """What lies in `folder` is moved into the mirror's directory of `album` (a UrlPath), and sent.

    The album is made with `privacy` (None = as `UploadConfig.create` says) if there is none.
    """

    folder: Path
    album: str
    keywords: tuple[str, ...] = ()
    privacy: Privacy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadConfig:
    """What is sent. `stable`: for how many seconds a file must not have changed; `parallel`: at once.

    `create`: the privacy of albums that are made for new directories. `ignore`: gitignore patterns on
    paths of the mirror, beside those that are never sent.
    """

    enabled: bool = False
    replace: bool = False
    create: Create = "Private"
    ignore: tuple[str, ...] = ()
    stable: int = 5
    parallel: int = 3
    routes: tuple[RouteConfig, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """From `minute` of the week on (Monday 00:00 = 0), at most so many bytes a second; None = any number."""

    minute: int
    up: int | None
    down: int | None


#: An interval in seconds, a cron expression of five fields, or None = never.
Cadence = int | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleConfig:
    """When the daemon asks what changed, compares everything, and reads files again.

    `quiet`: spans of the day (minutes from midnight, the last exclusive, maybe past midnight) in which it
    begins nothing by itself.
    """

    poll: Cadence = 900
    full: Cadence = "0 3 * * *"
    verify: Cadence = "0 4 * * sun"
    quiet: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchConfig:
    """How the daemon sees new local files. `poll` and `scan` are in seconds."""

    mode: Watching = "auto"
    poll: int = 60
    scan: int = 21_600


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyConfig:
    """Who is told. `ping` and `ntfy` are addresses that whoever knows them may use: secrets."""

    ping: Secret | None = None
    command: tuple[str, ...] = ()
    ntfy: Secret | None = None
    ntfy_token: Secret | None = None
    apprise: tuple[Secret, ...] = ()
    stale_days: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusConfig:
    """Where the daemon shows how it is: `listen` is HOST:PORT, `textfile` a file for Prometheus."""

    listen: str | None = None
    token: Secret | None = None
    textfile: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One profile. All paths are absolute. `reserve` is in bytes."""

    profile: str
    path: Path | None  #: the file it came from; None = from the environment alone
    state_dir: Path  #: this profile's own directory, never inside the mirror
    mirror: Path
    remote: RemoteConfig
    log: LogConfig = LogConfig()
    guard: GuardConfig = GuardConfig()
    keep: KeepConfig = KeepConfig()
    verify: VerifyConfig = VerifyConfig()
    upload: UploadConfig = UploadConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    watch: WatchConfig = WatchConfig()
    notify: NotifyConfig = NotifyConfig()
    status: StatusConfig = StatusConfig()
    mode: Mode = "archive"
    layout: Layout = "url-path"
    links: Links = "auto"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    downloads: int | None = None  #: parallel downloads, 1–32; None = adaptive
    durability: Durability = "batch"
    full_every_days: int = 7
    reserve: int = 1 << 30
    bwlimit: tuple[Rate, ...] = ()  #: in the order of the week; () = no limit
    timezone: str = "local"  #: `local`, or an IANA name
    warnings: tuple[str, ...] = ()  #: usable, but a person should know
    origins: tuple[Origin, ...] = field(default=(), compare=False)  #: of the secrets that are set

    def secrets(self) -> tuple[Secret, ...]:
        """All secret values that are set, for a `Redactor`."""
        notify = self.notify
        own = (notify.ping, notify.ntfy, notify.ntfy_token, *notify.apprise, self.status.token)
        return (*self.remote.secrets(), *(secret for secret in own if secret is not None))

    @property
    def socket(self) -> Path:
        """Where a daemon that works on this profile listens for wishes."""
        return self.state_dir / "control.sock"

    @property
    def catalogue(self) -> Path:
        return self.state_dir / "catalogue.db"

    @property
    def lock(self) -> Path:
        return self.state_dir / "lock"
