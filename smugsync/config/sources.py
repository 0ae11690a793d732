"""Where settings come from: one TOML file, the environment, and files that hold one secret each.

Every source becomes a `Layer`, which can say where each of its values was written; problems are
collected, never raised, so that all of them can be told at once.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from smugsync.config.places import expand
from smugsync.config.privacy import Guard
from smugsync.config.remotes import DEFAULT_KIND, REMOTES
from smugsync.config.values import Origin
from smugsync.records import dataclass

PREFIX = "SMUGSYNC_"
#: What an account is signed in with by OAuth, in `[remote]`.
SECRETS = ("api_key", "api_secret", "access_token", "access_token_secret")
#: What some remotes are opened with besides, or instead.
OTHER_SECRETS = ("email", "password", "site_password", "album_passwords", "public_key", "private_key")
#: Every setting that may come from a file of its own, `…_file`, or from a store of credentials.
HIDDEN = (
    *(("remote", secret) for secret in (*SECRETS, *OTHER_SECRETS)),
    ("notify", "ping"),
    ("notify", "ntfy"),
    ("notify", "ntfy_token"),
    ("status", "token"),
)

#: Variables with our prefix that are no settings: they choose what is read.
CHOOSING = frozenset({"SMUGSYNC_CONFIG", "SMUGSYNC_PROFILE"})

#: What other SmugMug tools call the same values; people who come from them have these set already.
_MIGRANTS = {"SMUGMUG_API_KEY": "api_key", "SMUGMUG_API_SECRET": "api_secret"}

_SECRET_FILE_LIMIT = 65536
#: What people choose may hold blanks; of these lists a file holds one entry a line.
_PHRASES = frozenset({"password", "site_password"})
_LISTS = frozenset({"album_passwords"})


@dataclass(slots=True)
class Layer:
    """Settings of one origin. `name` is a file's path, or "environment"; `table` a TOML prefix."""

    name: str
    data: dict[str, Any]
    table: str = ""
    own: bool = True  #: meant for this profile alone, not for all of them
    private: bool = False  #: its files belong to a credential store, which guards them itself
    sources: dict[str, str] = field(default_factory=dict)  #: where a secret comes from that is not `name`

    def where(self, key: Sequence[str]) -> str:
        if self.name == "environment":
            return f"environment variable {variable(key)}"
        return f"{self.name}: {'.'.join((*filter(None, [self.table]), *key))}"

    def holds(self, key: Sequence[str]) -> bool:
        value: object = self.data
        for part in key:
            if not isinstance(value, dict) or part not in value:
                return False
            value = value[part]
        return True

    @property
    def hides_something(self) -> bool:
        """Whether anything in it is for its owner's eyes alone."""
        notify = self.data.get("notify")
        told = isinstance(notify, dict) and bool(notify.get("apprise"))  # the addresses hold passwords
        return told or any(self.holds(key) for key in HIDDEN)


@dataclass(slots=True)
class Reading:
    """Layers, the weakest first, and what was wrong while reading them."""

    layers: list[Layer] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    broken: set[tuple[str, ...]] = field(default_factory=set)  #: keys whose values cannot be used
    mirrors: dict[str, str] = field(default_factory=dict)  #: of the file's other profiles, as written

    def owner(self, key: Sequence[str]) -> Layer | None:
        """The layer whose value for `key` counts."""
        return next((layer for layer in reversed(self.layers) if layer.holds(key)), None)

    def wants(self, key: Sequence[str]) -> bool:
        """Whether a secret means anything to the remote of this kind. True where the kind is unknown."""
        owner = self.owner(("remote", "kind"))
        kind = owner.data["remote"]["kind"] if owner is not None else DEFAULT_KIND
        remote = REMOTES.get(kind) if isinstance(kind, str) else None
        return key[0] != "remote" or remote is None or key[-1] in remote.takes


def variable(key: Sequence[str]) -> str:
    """The environment variable of a setting: `("remote", "user")` is `SMUGSYNC_REMOTE__USER`."""
    return PREFIX + "__".join(key).upper()


def keys(model: type[BaseModel], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every setting of `model`, tables included."""
    found: list[tuple[str, ...]] = []
    for name, info in model.model_fields.items():
        found.append((*prefix, name))
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            found += keys(info.annotation, (*prefix, name))
    return found


def parse_toml(text: str, path: Path) -> tuple[dict[str, Any], str]:
    """The tables of `text`, and what is wrong with it ("" when nothing is)."""
    try:
        return tomllib.loads(text), ""
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        # Never the line itself: it may hold a secret whose closing quote is missing.
        message = str(error)
        match = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
        if not match:
            return {}, f"{path}: not valid TOML: {message}"
        lines = text.splitlines() or [""]
        line, column = (match[1], match[2]) if match[1] else (len(lines), len(lines[-1]) + 1)
        return {}, f"{path}, line {line}, column {column}: not valid TOML: {message[: match.start()]}"


def read_text(path: Path) -> str:
    """A configuration file's text. Raises OSError, or ValueError when it is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 text (byte {error.start})") from None


def environment(settings: type[BaseModel], environ: Mapping[str, str], reading: Reading) -> None:
    """Add the variables other tools use, and our own."""
    migrants = {key: environ[name] for name, key in _MIGRANTS.items() if environ.get(name)}
    if migrants:
        names = {key: f"environment variable {name}" for name, key in _MIGRANTS.items()}
        reading.layers.insert(0, Layer("environment", {"remote": dict(migrants)}, sources=names))
    known = keys(settings)
    ours = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value}
    for name in sorted(ours.keys() - {variable(key) for key in known} - CHOOSING):
        reading.warnings.append(f"environment variable {name} is not a setting of smugsync and is ignored")
    tables = {key[:-1] for key in known}
    data: dict[str, Any] = {}
    for key in known:  # a table comes before its keys, which add to it
        value: Any = ours.get(variable(key))
        if value is None:
            continue
        if key in tables:
            value = _json_object(value)
            if value is None:
                reading.problems.append(
                    f"environment variable {variable(key)} must be a JSON object, since it stands for a table"
                )
                return
        table = data
        for part in key[:-1]:
            table = table.setdefault(part, {})
        table[key[-1]] = value
    reading.layers.append(Layer("environment", data))


def _json_object(text: str) -> dict[str, Any] | None:
    """None if it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def credential(key: Sequence[str]) -> str:
    """What the file of a secret is called in a store of credentials: `api_key`, `notify_ping`."""
    return key[-1] if key[0] == "remote" else "_".join(key)


def credentials(directories: Sequence[Path], profile: str, reading: Reading) -> None:
    """Add the secrets that systemd (`LoadCredential=`) or Docker put into a directory of their own.

    A file is called as the setting (`api_secret`; with its table, where that is not `[remote]`:
    `notify_ping`) or as its environment variable in lower case (`smugsync_remote__api_secret`); one with
    `PROFILE.` before it counts for that profile only. What cannot be looked into is left out, with a warning.
    """
    for directory in directories:
        found: dict[str, dict[str, str]] = {}
        for table, secret in HIDDEN:
            plain = (credential((table, secret)), variable((table, secret)).lower())
            names = (*(f"{profile}.{one}" for one in plain), *plain)
            try:
                path = next((directory / name for name in names if _is_there(directory / name)), None)
            except OSError as error:
                what = f"{directory} cannot be looked into for credentials: {error.strerror}"
                reading.warnings.append(what)
                break
            if path is not None:
                found.setdefault(table, {})[f"{secret}_file"] = str(path)
        if found:
            reading.layers.append(Layer(str(directory), dict(found), private=True))


def _is_there(path: Path) -> bool:
    """Raises OSError where that cannot be told."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def open_secret_files(
    reading: Reading, environ: Mapping[str, str], guard: Guard, *, trusted: Sequence[Path]
) -> None:
    """Replace every `…_file` of every layer by what the file says; any mode will do below `trusted`."""
    for layer in reading.layers:
        for table, secret in HIDDEN:
            settings = layer.data.get(table)
            name = settings.pop(f"{secret}_file", None) if isinstance(settings, dict) else None
            if not isinstance(settings, dict) or name is None or name == "" or settings.get(secret):
                continue
            if not reading.wants((table, secret)):
                continue  # another remote's, or nothing of ours at all: a store may hold a "password"
            where = layer.where((table, f"{secret}_file"))
            if not isinstance(name, str):
                reading.problems.append(f"{where} must be the path of a file")
                continue
            path = expand(name, environ)
            if not path.is_absolute() and layer.name != "environment":
                path = Path(layer.name).parent / path
            guarded = layer.private or any(path.is_relative_to(directory) for directory in trusted)
            layer.sources[secret] = str(path) if layer.private else f"{path} ({where})"
            try:
                settings[secret] = _unpacked(secret, _read_secret(path, None if guarded else guard))
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                subject = f"{path}" if layer.private else f"{where}: {path}"
                reading.problems.append(f"{subject}: {reason}")
                reading.broken.add((table, secret))


def origins(reading: Reading, file: Path) -> tuple[Origin, ...]:
    """Where each secret of the account that is set comes from. To be asked when all secret files are open."""
    found: list[Origin] = []
    for table, secret in HIDDEN:
        layer = reading.owner((table, secret)) if table == "remote" else None
        if layer is None or not reading.wants((table, secret)):
            continue
        value = layer.data["remote"][secret]
        if not (value.strip() if isinstance(value, str) else value):
            continue
        if secret in layer.sources:
            found.append(Origin(secret, layer.sources[secret]))
        elif layer.name == "environment":
            found.append(Origin(secret, f"environment variable {variable(('remote', secret))}"))
        else:
            found.append(Origin(secret, layer.name, in_file=layer.name == str(file)))
    return tuple(found)


def _read_secret(path: Path, guard: Guard | None) -> str:
    # O_NONBLOCK: a pipe left at this place must not hold us up.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("is not a regular file")
        if guard is not None and (problem := guard.exposure(path, status)):
            raise ValueError(problem)
        data = os.read(handle, _SECRET_FILE_LIMIT)
    finally:
        os.close(handle)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    if not text.strip():
        raise ValueError("is empty")
    return text


def _unpacked(secret: str, text: str) -> str | list[str]:
    """What a file with `text` says of the setting `secret`. Raises ValueError."""
    if secret in _LISTS:
        return [line for line in text.splitlines() if line.strip()]
    if secret in _PHRASES:
        lines = text.strip("\r\n").splitlines()
        if len(lines) > 1:
            raise ValueError("holds more than one line: it must hold the password and nothing else")
        return lines[0]
    if len(text.split()) > 1:
        raise ValueError("holds more than one word: it must hold the secret and nothing else")
    return text.strip()
