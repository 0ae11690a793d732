"""The `Options` block: what an endpoint says about itself (recorded at verbosity 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from smugsync.emulator.api.endpoints import Endpoint
from smugsync.emulator.api.parameters import describe_kinds

_MEDIA_TYPES: Final = [
    "application/json",
    "application/vnd.php.serialized",
    "application/x-msgpack",
    "text/html",
    "text/csv",
]
_LEVELS: Final = {
    "User": ["Full", "Public", "Password", "GrantAccess"],
    "Node": ["Full", "Public", "Password", "GrantAccess"],
    "Album": ["Full", "Password", "Public", "GrantAccess"],
}
_PARAM_NAMES: Final = {"user": "nickname", "node": "nodeid", "album": "albumkey", "image": "imagekey"}
_NOT_FIELDS: Final = ("Uri", "WebUri", "UriDescription", "Uris", "ResponseLevel")


def describe_briefly(endpoint: Endpoint) -> dict[str, Any]:
    """What accompanies a list at the default verbosity."""
    return {
        "Methods": ["OPTIONS", "GET"],
        "ParameterDescription": describe_kinds(endpoint.parameters),
        "Parameters": {"GET": [parameter.describe() for parameter in endpoint.parameters]},
    }


def describe_write(
    endpoint: Endpoint,
    method: str,
    values: Mapping[str, Any],
    problems: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """What accompanies the answer to a write: its fields, each with its `Value` (recorded).

    That a refused field carries `Problems` is uncertain.
    """
    taken = endpoint.takes(method)
    table = []
    for parameter in taken:
        entry = parameter.describe()
        if parameter.name in values:
            entry["Value"] = values[parameter.name]
        if problems and parameter.name in problems:
            entry["Problems"] = list(problems[parameter.name])
        table.append(entry)
    options: dict[str, Any] = {"Methods": [method]}
    if taken:
        options["ParameterDescription"] = describe_kinds(taken)
    return options | {"Parameters": {method: table}}


def describe(
    endpoint: Endpoint, path: str, response: Mapping[str, Any], methods: Sequence[str], *, every: bool = False
) -> dict[str, Any]:
    """The whole block. `response` is the answer it accompanies: `Output` lists the fields shown there.

    `methods` are those the address answers to. `every` describes the fields of all of them, for OPTIONS;
    beside a GET stand those of the GET alone (recorded).
    """
    permissions: dict[str, str] = {method: endpoint.permission(method) for method in methods}
    permissions |= dict(endpoint.writes)
    options: dict[str, Any] = {
        "MethodDetails": {method: {"Permissions": [level]} for method, level in permissions.items()},
        "Methods": list(methods) if every else ["OPTIONS", "GET"],
    }
    if every:
        taken = {method: endpoint.takes(method) for method in methods if endpoint.takes(method)}
        options["ParameterDescription"] = describe_kinds(p for table in taken.values() for p in table)
        options["Parameters"] = {method: [p.describe() for p in table] for method, table in taken.items()}
    elif endpoint.parameters:
        brief = describe_briefly(endpoint)
        options |= {name: brief[name] for name in ("ParameterDescription", "Parameters")}
    options["MediaTypes"] = list(_MEDIA_TYPES)
    shown = response.get(endpoint.locator)
    if isinstance(shown, dict) and endpoint.name in ("User", "Album", "Node", "Image", "Folder"):
        options["Output"] = [_field(name, value) for name, value in shown.items() if name not in _NOT_FIELDS]
    if endpoint.notes:
        options["Notes"] = list(endpoint.notes)
    if endpoint.name in _LEVELS:
        options["ResponseLevels"] = list(_LEVELS[endpoint.name])
    options["Path"] = _path(path)
    return options


def _field(name: str, value: object) -> dict[str, Any]:
    match value:
        case bool():
            return {"Name": name, "Type": "Boolean"}
        case int():
            bounds = {"MIN_VALUE": "NEGATIVE_INFINITY", "MAX_VALUE": "POSITIVE_INFINITY"}
            return {"Name": name, "Type": "Integer", **bounds}
        case list():
            items = {"ITEM_TYPE": "Varchar", "MIN_COUNT": 0, "MAX_COUNT": "INFINITY"}
            return {"Name": name, "Type": "Array", **items}
        case dict():
            return {"Name": name, "Type": "Hash"}
        case _:
            return {"Name": name, "Type": "Varchar", "MIN_CHARS": 0, "MAX_CHARS": "INFINITY"}


def _path(path: str) -> list[dict[str, str]]:
    whole, _, action = unquote(path).partition("!")
    parts: list[dict[str, str]] = []
    previous = ""
    for part in whole.strip("/").split("/"):
        if previous in _PARAM_NAMES:
            kind = _PARAM_NAMES[previous]
            parts.append({"type": "singleparam", "param_name": kind, "param_value": part})
            previous = ""
        else:
            parts.append({"type": "path", "text": part})
            previous = part
    return [*parts, {"type": "action", "text": action}] if action else parts
