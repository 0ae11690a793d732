"""Changing secrets in a configuration that a person wrote: everything else stays, letter by letter."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from smugsync.config.loading import DEFAULT_PROFILE
from smugsync.config.sources import SECRETS
from smugsync.config.template import key_part

Keys = tuple[str, ...]  # that lead to a table
_TOP: Keys = ("remote",)

#: What a new line goes below, the nearest one first.
_NEIGHBOURS = (*reversed(SECRETS), "user", "kind")


def set_secrets(text: str, profile: str, values: Mapping[str, str]) -> str:
    """`text` with `values` (`access_token` and so on) in the `remote` table of `profile`.

    Comments, order and line ends stay. What is new takes the place of the template's comment, or goes
    below its neighbours. Raises ValueError where the file's way of writing does not let us.
    """
    at_top = profile == DEFAULT_PROFILE and profile not in tomllib.loads(text).get("profile", {})
    return _write(text, _TOP if at_top else _path(profile), values)


def forget_secrets(text: str, profile: str, names: Sequence[str]) -> str:
    """`text` with nothing in it that gives `profile` the secrets `names`.

    They become "", which says nothing and keeps their place. A profile that inherits them from the top of
    the file gets empty ones of its own. Raises ValueError as `set_secrets` does.
    """
    data = tomllib.loads(text)
    top, own = _find(data, _TOP) or {}, _find(data, _path(profile)) or {}
    held = {name: "" for name in names if own.get(name)}
    inherited = {name: "" for name in names if top.get(name)}
    if profile == DEFAULT_PROFILE:
        text = _write(text, _TOP, inherited)
    else:
        held |= {name: "" for name in inherited if name not in own}
    return _write(text, _path(profile), held)


def heirs(text: str, names: Sequence[str]) -> list[str]:
    """The profiles that have one of the secrets `names` from the top of the file."""
    data = tomllib.loads(text)
    top = _find(data, _TOP) or {}
    given = [name for name in names if top.get(name)]
    return sorted(
        profile
        for profile in data.get("profile", {})
        if profile != DEFAULT_PROFILE
        and any(name not in (_find(data, _path(profile)) or {}) for name in given)
    )


def _path(profile: str) -> Keys:
    return ("profile", profile, "remote")


def _find(data: Mapping[str, Any], path: Keys) -> dict[str, Any] | None:
    found: Any = data
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _write(text: str, path: Keys, values: Mapping[str, str]) -> str:
    if not values:
        return text
    wanted = table = tomllib.loads(text)
    for part in path:
        table = table.setdefault(part, {})
    table.update(values)
    for name in values:
        text = _make_room(text, path, name)
    try:
        document = tomlkit.parse(text)
        _make_table(document, path).update(values)
        written = document.as_string()
        if tomllib.loads(written) == wanted:
            return written
    except (TOMLKitError, ValueError, TypeError, AttributeError):
        pass  # a way of writing that the library cannot add to
    raise ValueError(f"its table {'.'.join(path)} is written in a way that no program can add to")


def _make_table(document: tomlkit.TOMLDocument, path: Keys) -> MutableMapping[str, Any]:
    found: Any = document
    for at, part in enumerate(path, 1):
        if part not in found:
            found[part] = tomlkit.table(is_super_table=at < len(path))
        found = found[part]
    assert isinstance(found, MutableMapping)  # noqa: S101 - a table, or the loop has failed
    return found


def _make_room(text: str, path: Keys, name: str) -> str:
    """`text` with an empty `name` at the place where a person would have written it.

    Only where that is certain: what comes of it is read again and has to be `text` with that one more
    setting. Otherwise `text` as it is.
    """
    data = tomllib.loads(text)
    table = _find(data, path)
    place = _place(text.splitlines(keepends=True), path, name)
    if table is None or name in table or place is None:
        return text
    table[name] = ""
    before, after, ending = place
    roomier = f'{before}{name} = ""{ending}{after}'
    try:
        return roomier if tomllib.loads(roomier) == data else text
    except tomllib.TOMLDecodeError:
        return text


def _place(lines: Sequence[str], path: Keys, name: str) -> tuple[str, str, str] | None:
    """What stands before and after a new setting, and how its line ends."""
    header = f"[{'.'.join(map(key_part, path))}]"
    heads = [at for at, line in enumerate(lines) if line.partition("#")[0].strip() == header]
    if len(heads) != 1 or not lines[heads[0]].endswith("\n"):
        return None
    first = heads[0] + 1
    ending = "\r\n" if lines[heads[0]].endswith("\r\n") else "\n"
    end = next((at for at in range(first, len(lines)) if lines[at].lstrip().startswith("[")), len(lines))

    def find(pattern: str) -> int | None:
        """The last line of the table that looks so."""
        return next((at for at in range(end - 1, first - 1, -1) if re.match(pattern, lines[at])), None)

    if (comment := find(rf'\s*#\s*{name}\s*=\s*"(\.\.\.)?"\s*$')) is not None:
        return "".join(lines[:comment]), "".join(lines[comment + 1 :]), ending
    found = next(filter(None, (find(rf"\s*#?\s*{one}\s*=") for one in _NEIGHBOURS)), first - 1)
    if not lines[found].endswith("\n"):
        return None
    return "".join(lines[: found + 1]), "".join(lines[found + 1 :]), ending
