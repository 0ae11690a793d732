"""Which profiles a configuration has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from smugsync.config import places, sources
from smugsync.errors import ConfigError

_DEFAULT = "default"


def profiles(path: Path | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The profiles with a mirror of their own, `default` first; (`default`,) if none has one, or no file.

    `path` and `environ` as for `load`. Raises ConfigError for a file that cannot be read at all.
    """
    file = places.config_file(path, environ)
    try:
        text = sources.read_text(file)
    except FileNotFoundError:
        return (_DEFAULT,)  # `load` says what is missing
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from error
    data, problem = sources.parse_toml(text, file)
    if problem:
        raise ConfigError(problem)
    tables = data.get("profile", {})
    if not isinstance(tables, dict):
        raise ConfigError(f'{file}: "profile" must hold tables such as [profile.NAME]')
    own = [name for name, table in tables.items() if isinstance(table, dict) and "mirror" in table]
    has_default = "mirror" in data or environ.get(sources.variable(("mirror",)))
    return tuple(dict.fromkeys(([_DEFAULT] if has_default else []) + own)) or (_DEFAULT,)
