"""What the services of one profile must be able to reach, as its configuration says."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

import smugsync
from smugsync.cli.units.access import reservations
from smugsync.config import Config
from smugsync.config.loading import examine
from smugsync.config.places import config_file, expand
from smugsync.config.sources import HIDDEN, credential, parse_toml, read_text
from smugsync.errors import ConfigError, UsageError
from smugsync.records import dataclass

#: Where the system's units look when nobody says anything else; see units/system/account.conf.
SYSTEM_CONFIG = Path("/etc/smugsync/config.toml")
SYSTEM_STATE = Path("/var/lib")
DEDICATED = "smugsync"  #: the user who runs it where the configuration belongs to nobody in particular


@dataclass(frozen=True, slots=True)
class Needs:
    """One profile. All paths are absolute; `notes` are sentences that a person should read.

    `late`: written too, but their disks may come later than the service.
    """

    profile: str
    user: str  #: whose service it is
    environment: Mapping[str, str] = field(default_factory=dict)  #: beside what the units say themselves
    state_dir: Path | None = None  #: None = where StateDirectory= makes it
    late: tuple[Path, ...] = ()
    written: tuple[Path, ...] = ()
    read: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


def program(argument: str) -> tuple[str, ...]:
    """What starts this very smugsync, `argument` being how it was called (`sys.argv[0]`)."""
    called = Path(argument).absolute()
    if called.name == "__main__.py" or not os.access(called, os.X_OK) or called.is_dir():
        return (sys.executable, "-m", "smugsync")
    return (str(called),)


def installation(command: Sequence[str]) -> tuple[Path, ...]:
    """The directories that `command` cannot run without: Python's, the environment's, and our own."""
    package = Path(smugsync.__file__).parents[1]
    places = [Path(command[0]).parent, *(Path(one) for one in (sys.prefix, sys.base_prefix)), package]
    places += [Path(os.path.realpath(command[0])).parent]
    places += [Path(os.path.realpath(sys.executable)).parent]  # of a Python that links to another
    return tuple(dict.fromkeys(places))


def personal(profile: str, path: Path | None, environ: Mapping[str, str]) -> Needs:
    """For a person's own service manager, which looks where that person does. Raises ConfigError."""
    _usable(path, profile, environ)
    environment = {}
    if path is not None or environ.get("SMUGSYNC_CONFIG"):
        environment["SMUGSYNC_CONFIG"] = str(config_file(path, environ))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        if Path(environ.get(name, "")).is_absolute():
            environment[name] = environ[name]
    return Needs(profile, pwd.getpwuid(os.getuid()).pw_name, environment)


def system_config(path: Path | None, environ: Mapping[str, str], *, usual: Path = SYSTEM_CONFIG) -> Path:
    """The configuration that a service of the system is for: named, the system's, or of who called sudo."""
    if path is not None or environ.get("SMUGSYNC_CONFIG"):
        return config_file(path, environ)
    if usual.exists():
        return usual
    caller = environ.get("SUDO_USER", "")
    home = home_of(caller) if caller else None
    own = config_file(None, {"HOME": str(home)} if home is not None else environ)
    return own if own.exists() else usual


def home_of(user: str) -> Path | None:
    """The home directory of `user`; None if there is no such user, or none for it."""
    try:
        home = Path(pwd.getpwnam(user).pw_dir)
    except (KeyError, ValueError):
        return None
    return home if home.is_absolute() and home != Path("/nonexistent") else None


def owner_of(path: Path) -> str | None:
    """The name of who owns `path`; None for root, for nobody we know, and if it is not there."""
    try:
        status = path.stat()
        return pwd.getpwuid(status.st_uid).pw_name if status.st_uid else None
    except (OSError, KeyError):
        return None


def of_system(profile: str, file: Path, *, user: str | None, command: Sequence[str]) -> Needs:
    """For the machine's service manager. `file` is the configuration, `user` who is to run it.

    Without `user` it is whose configuration it is, or else whose state. Raises ConfigError, UsageError.
    """
    who = user or owner_of(file) or owner_of(SYSTEM_STATE / "smugsync" / profile) or DEDICATED
    home = home_of(who)
    own = home is not None and file.is_relative_to(home)  # a person's: the state is that person's, too
    state = home / ".local" / "state" if home is not None and own else SYSTEM_STATE
    environ = {"XDG_CONFIG_HOME": "/etc", "XDG_STATE_HOME": str(state), "SMUGSYNC_CONFIG": str(file)}
    if home is not None:
        environ["HOME"] = str(home)
    config, problems = _usable(file, profile, environ)
    environment = {}
    if file != SYSTEM_CONFIG:
        environment["SMUGSYNC_CONFIG"] = str(file)
    if state != SYSTEM_STATE:
        environment["XDG_STATE_HOME"] = str(state)
    late = [config.mirror, *(route.folder for route in config.upload.routes)]
    written = [config.status.textfile.parent] if config.status.textfile is not None else []
    # Its directory, since editors replace files; but not a whole home for it.
    read = [
        file if file.parent == home else file.parent,
        *_secret_files(file, profile, environ),
        *installation(command),
    ]
    if config.remote.ca_file is not None:
        read.append(config.remote.ca_file)
    if config.notify.command and Path(config.notify.command[0]).is_absolute():
        read.append(Path(config.notify.command[0]))
    usual = config.state_dir == SYSTEM_STATE / "smugsync" / profile
    return Needs(
        profile,
        who,
        environment,
        state_dir=None if usual else config.state_dir,
        late=tuple(late),
        written=tuple(written),
        read=tuple(dict.fromkeys(read)),
        notes=(*problems, *reservations(config, file, who, installation(command))),
    )


def _usable(path: Path | None, profile: str, environ: Mapping[str, str]) -> tuple[Config, list[str]]:
    """The configuration, and what is wrong with its secrets: those may come from elsewhere, and later."""
    found = examine(path, profile, environ)
    if found.config is None or not found.broken <= set(HIDDEN) or (found.problems and not found.broken):
        raise ConfigError(found.problems)
    if not found.problems:
        return found.config, []
    place = f"/etc/credstore/smugsync.{profile}"
    missing = ", ".join(sorted(".".join(key) for key in found.broken))
    first = next(credential(key) for key in HIDDEN if key in found.broken)
    return found.config, [
        f"{missing}: not to be had from the configuration; put what is missing into {place}.{first} and so on"
    ]


def _secret_files(file: Path, profile: str, environ: Mapping[str, str]) -> list[Path]:
    data, _ = parse_toml(read_text(file), file)
    tables: list[Any] = [data, data.get("profile", {}).get(profile, {})]
    names = [
        settings.get(f"{secret}_file")
        for top in tables
        for table, secret in HIDDEN
        if isinstance(settings := top.get(table), dict)
    ]
    return [file.parent / expand(name, environ) for name in names if isinstance(name, str) and name]


def refuse_passing(needs: Needs) -> None:
    """A service has a /tmp of its own: raise UsageError if it would need anything of the machine's."""
    own = (needs.state_dir,) if needs.state_dir is not None else ()
    for path in (*needs.late, *needs.written, *needs.read, *own):
        for passing in ("/tmp", "/var/tmp"):  # noqa: S108 - they are what it is about
            if path.is_relative_to(passing) or Path(os.path.realpath(path)).is_relative_to(passing):
                raise UsageError(
                    f"{path} lies in {passing}, of which a service has one of its own, and which is emptied: "
                    "move it to a lasting place"
                )
