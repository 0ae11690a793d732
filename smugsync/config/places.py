"""Where things are when nobody says: the XDG directories, by the environment we were given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import platformdirs

from smugsync.errors import ConfigError


def home(environ: Mapping[str, str]) -> Path | None:
    """HOME as it is told, existing or not; None when it is unset or relative."""
    path = Path(environ.get("HOME", ""))
    return path if path.is_absolute() else None


def expand(text: str, environ: Mapping[str, str]) -> Path:
    """A path as people write it, `~/` included. It may still be relative."""
    base = home(environ)
    if base is not None and (text == "~" or text.startswith("~/")):
        return base / text[2:]
    return Path(text)


def config_file(path: Path | None, environ: Mapping[str, str]) -> Path:
    """The configuration file: `path`, `$SMUGSYNC_CONFIG`, or `$XDG_CONFIG_HOME/smugsync/config.toml`."""
    if path is not None:
        return path.absolute()
    if named := environ.get("SMUGSYNC_CONFIG"):
        return expand(named, environ).absolute()
    return _xdg(environ, "XDG_CONFIG_HOME", ".config", platformdirs.user_config_path) / "config.toml"


def state_base(environ: Mapping[str, str]) -> Path:
    """The directory that holds one state directory per profile: `$XDG_STATE_HOME/smugsync`."""
    return _xdg(environ, "XDG_STATE_HOME", ".local/state", platformdirs.user_state_path)


def _xdg(environ: Mapping[str, str], variable: str, below_home: str, ask: Callable[[str], Path]) -> Path:
    named = Path(environ.get(variable, ""))
    if named.is_absolute():  # a relative one is to be ignored, says the XDG specification
        return named / "smugsync"
    base = home(environ)
    # Without HOME platformdirs finds the account's home directory in the password database.
    path = base / below_home / "smugsync" if base is not None else ask("smugsync")
    if not path.is_absolute():
        raise ConfigError(f"there is no home directory: set HOME or {variable} to an absolute path")
    return path
