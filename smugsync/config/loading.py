"""From files and variables to one `Config`, or to every reason why not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from smugsync.config import checks, places, sources
from smugsync.config.privacy import Guard
from smugsync.config.remotes import REMOTES
from smugsync.config.settings import Settings
from smugsync.config.values import (
    Config,
    GuardConfig,
    KeepConfig,
    LogConfig,
    NotifyConfig,
    RemoteConfig,
    ScheduleConfig,
    StatusConfig,
    UploadConfig,
    VerifyConfig,
    WatchConfig,
)
from smugsync.errors import ConfigError
from smugsync.records import dataclass

DEFAULT_PROFILE = "default"
DOCKER_SECRETS = Path("/run/secrets")

_PROFILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Examined:
    """A configuration, and everything that is wrong with it. With `problems`, the settings in `broken`, and
    what lies in those tables, hold no value to be used; `config` is None if nothing could be read at all.
    """

    config: Config | None
    problems: tuple[str, ...] = ()
    broken: frozenset[tuple[str, ...]] = frozenset()

    def can_use(self, *key: str) -> bool:
        """Whether the setting `key`, or each one of the table `key`, holds a value to be used."""
        return self.config is not None and not any(
            one[: len(key)] == key or key[: len(one)] == one for one in self.broken
        )


def load(
    path: Path | None,
    profile: str,
    environ: Mapping[str, str],
    *,
    text: str | None = None,
    secrets: Path = DOCKER_SECRETS,
    any_token: bool = False,
) -> Config:
    """The configuration of `profile`.

    `path` is the file (None: `$SMUGSYNC_CONFIG`, then the XDG place), `environ` what the process was
    given, `secrets` the directory Docker mounts secrets in. `text` stands for the file's contents
    when the file is yet to be written. From weak to strong: defaults, the names other tools use
    (`SMUGMUG_API_KEY`), the file, credential directories, `SMUGSYNC_…`. With `any_token` half an access
    token is no problem: whoever asks is about to write or remove one.

    Raises ConfigError with all problems at once.
    """
    found = examine(path, profile, environ, text=text, secrets=secrets, any_token=any_token)
    if found.problems or found.config is None:
        raise ConfigError(found.problems)
    return found.config


def examine(
    path: Path | None,
    profile: str,
    environ: Mapping[str, str],
    *,
    text: str | None = None,
    secrets: Path = DOCKER_SECRETS,
    any_token: bool = False,
) -> Examined:
    """What `load` finds, whatever is wrong with it: for those who want to know how far it can be used."""
    try:
        return _examine(path, profile, environ, text=text, secrets=secrets, any_token=any_token)
    except ConfigError as error:  # nothing can be said about values that could not be read
        return Examined(None, error.problems)


def _examine(
    path: Path | None,
    profile: str,
    environ: Mapping[str, str],
    *,
    text: str | None,
    secrets: Path,
    any_token: bool,
) -> Examined:
    if not _PROFILE.fullmatch(profile):
        raise ConfigError(
            f'"{profile}" cannot be the name of a profile: use letters, digits, ".", "_" and "-"'
        )
    file = places.config_file(path, environ)
    reading = sources.Reading()
    found = _read_file(file, text, profile, reading)
    if not found and (path is not None or not any(_is_setting(name) for name in environ)):
        raise ConfigError(f'no configuration at {file}: run "smugsync init", or name another with --config')
    if reading.problems:
        raise ConfigError(reading.problems)
    directories = [Path(value) for value in [environ.get("CREDENTIALS_DIRECTORY")] if value] + [secrets]
    guard = Guard(reading.warnings)
    if found and text is None and not any(file.is_relative_to(directory) for directory in directories):
        _check_mode(file, reading, guard)
    sources.credentials(directories[::-1], profile, reading)
    sources.environment(Settings, environ, reading)
    sources.open_secret_files(reading, environ, guard, trusted=directories)
    settings = _validate(reading)
    context = checks.Context(
        file=file, profile=profile, environ=environ, reading=reading, any_token=any_token
    )
    config = _build(settings, context, found=found)
    return Examined(config, tuple(dict.fromkeys(reading.problems)), frozenset(reading.broken))


def _is_setting(name: str) -> bool:
    return name.startswith(sources.PREFIX) and name not in sources.CHOOSING | {"SMUGSYNC_STATE_DIR"}


def _read_file(file: Path, text: str | None, profile: str, reading: sources.Reading) -> bool:
    """Add the file's layers: its top level, then the profile's own table. False when there is no file."""
    if text is None:
        try:
            text = sources.read_text(file)
        except FileNotFoundError:
            return False
        except OSError as error:
            reading.problems.append(f"{file}: cannot be read: {error.strerror}")
            return True
        except ValueError as error:
            reading.problems.append(f"{file}: {error}")
            return True
    data, problem = sources.parse_toml(text, file)
    if problem:
        reading.problems.append(problem)
        return True
    profiles = data.pop("profile", {})
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        reading.problems.append(f'{file}: "profile" must hold tables such as [profile.NAME]')
        return True
    if profile not in profiles and profile != DEFAULT_PROFILE:
        known = (DEFAULT_PROFILE, *profiles)
        near = difflib.get_close_matches(profile, known, n=1)
        hint = f'did you mean "{near[0]}"?' if near else f"it has {', '.join(sorted(known))}"
        reading.problems.append(f'{file} has no profile "{profile}"; {hint}')
        return True
    for name, table in {**profiles, DEFAULT_PROFILE: data | profiles.get(DEFAULT_PROFILE, {})}.items():
        if name != profile and isinstance(other := table.get("mirror"), str) and other:
            reading.mirrors[name] = other
    reading.layers.append(sources.Layer(str(file), data, own=profile == DEFAULT_PROFILE))
    if profile in profiles:
        reading.layers.append(sources.Layer(str(file), profiles[profile], table=f"profile.{profile}"))
    return True


def _check_mode(file: Path, reading: sources.Reading, guard: Guard) -> None:
    """A configuration that others can read may hold no secrets, and one that all can change is none."""
    secret = any(layer.hides_something for layer in reading.layers)
    try:
        problem = guard.exposure(file, file.stat(), secret=secret)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    if problem:
        reading.problems.append(f"{file}: {'holds secrets and ' if secret else ''}{problem}")


def _validate(reading: sources.Reading) -> Settings:
    """The settings without those that cannot be used, each of which is on record as a problem."""
    merged: dict[str, Any] = {}
    for layer in reading.layers:
        _merge(merged, layer.data)
    while True:
        try:
            return Settings(**merged)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_input=False):
                key = tuple(part for part in detail["loc"] if isinstance(part, str))
                reading.problems.append(_sentence(detail, key, reading))
                reading.broken.add(key)
                if not _remove(merged, key):
                    raise  # a default of ours that cannot be used


def _remove(data: dict[str, Any], key: tuple[str, ...]) -> bool:
    """Whether there was anything to remove: of a list, the whole."""
    for part in key[:-1]:
        found = data.get(part)
        if not isinstance(found, dict):
            return data.pop(part, None) is not None
        data = found
    return data.pop(key[-1], data) is not data


def _merge(into: dict[str, Any], data: Mapping[str, Any]) -> None:
    for key, value in data.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, dict) else value


def _sentence(detail: ErrorDetails, key: tuple[str, ...], reading: sources.Reading) -> str:
    layer = reading.owner(key) or reading.owner(key[:-1]) or reading.layers[-1]
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return f'{layer.name}: unknown setting "{".".join(key)}"{_suggestion(key)}'
        case "value_error":
            text = str(context["error"])
        case "literal_error":
            text = f"must be {context['expected']}".replace("'", '"')
        case "string_type" if all(isinstance(part, str) for part in detail["loc"]):
            text = "must be a string, in quotes"
        case "tuple_type" | "string_type":
            text = 'must be a list of strings, such as ["one", "two"]'
        case "missing":
            text = "is missing"
        case "bool_type" | "bool_parsing":
            text = "must be true or false"
        case "model_type":
            text = f"must be a table, written [{'.'.join(key)}]"
        case _:
            text = detail["msg"][:1].lower() + detail["msg"][1:]
    return f"{layer.where(key)} {text}"


def _suggestion(key: tuple[str, ...]) -> str:
    dotted = {".".join(known): known for known in sources.keys(Settings)}
    wanted = key[-1].lower().replace("-", "_")
    same_table = [name for name, known in dotted.items() if known[:-1] == key[:-1]]
    anywhere = [*same_table, *(name for name in dotted if name not in same_table)]
    for exact in (name for name in anywhere if dotted[name][-1] == wanted):
        return f'; did you mean "{exact}"?'
    for names in (same_table, anywhere):
        last = {dotted[name][-1]: name for name in reversed(names)}
        if near := difflib.get_close_matches(wanted, last, n=1):
            return f'; did you mean "{last[near[0]]}"?'
    return ": remove it"


def _build(settings: Settings, context: checks.Context, *, found: bool) -> Config:
    state = checks.state_dir(settings, context)
    checks.uploads(settings, context)
    checks.credentials(settings, context)
    return Config(
        profile=context.profile,
        path=context.file if found else None,
        state_dir=state,
        mirror=checks.mirror(settings, state, context),
        remote=_remote(settings, context),
        log=LogConfig(format=settings.log.format, level=settings.log.level),
        guard=GuardConfig(**dict(settings.guard)),
        keep=KeepConfig(**dict(settings.keep)),
        verify=VerifyConfig(**dict(settings.verify)),
        upload=UploadConfig(**dict(settings.upload) | {"routes": checks.routes(settings, state, context)}),
        schedule=ScheduleConfig(**dict(settings.schedule)),
        watch=WatchConfig(**dict(settings.watch)),
        notify=NotifyConfig(**{one.name: getattr(settings.notify, one.name) for one in fields(NotifyConfig)}),
        status=StatusConfig(
            listen=checks.listen(settings, context),
            token=settings.status.token,
            textfile=checks.textfile(settings, context),
        ),
        mode=settings.mode,
        layout=settings.layout,
        links=settings.links,
        include=settings.include,
        exclude=settings.exclude,
        downloads=settings.downloads,
        durability=settings.durability,
        full_every_days=settings.full_every_days,
        reserve=settings.reserve,
        bwlimit=settings.bwlimit,
        timezone=settings.timezone,
        warnings=tuple(context.reading.warnings),
        origins=sources.origins(context.reading, context.file),
    )


def _remote(settings: Settings, context: checks.Context) -> RemoteConfig:
    """The remote as one of its kind: what others would take of it is left out."""
    given = settings.remote
    takes = REMOTES[given.kind].takes
    taken = {one.name: getattr(given, one.name) for one in fields(RemoteConfig) if one.name in takes}
    return RemoteConfig(
        kind=given.kind,
        **{name: value for name, value in taken.items() if value is not None}
        | {"api_key": taken.get("api_key") or checks.NONE}
        | checks.places(settings, context),
        ca_file=checks.ca_file(settings, context),
        media_hosts=given.media_hosts,
        allow_http=given.allow_http,
    )
