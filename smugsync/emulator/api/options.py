"""The `Options` block: what an endpoint says about itself (recorded at verbosity 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from smugsync.emulator.api.endpoints import Endpoint
from smugsync.emulator.api.negotiation import OFFERED
from smugsync.emulator.api.outputs import describe_output
from smugsync.emulator.api.parameters import describe_kinds, describe_values

_LEVELS: Final = {
    "AuthUser": ["Full", "Public", "Password", "GrantAccess"],
    "User": ["Full", "Public", "Password", "GrantAccess"],
    "Node": ["Full", "Public", "Password", "GrantAccess"],
    "Album": ["Full", "Password", "Public", "GrantAccess"],
}
_PARAM_NAMES: Final = {
    "user": "nickname",
    "node": "nodeid",
    "id": "nodeid",
    "album": "albumkey",
    "image": "imagekey",
    "video": "imagekey",
}


def describe_briefly(endpoint: Endpoint, params: Mapping[str, str]) -> dict[str, Any]:
    """What accompanies a list at the default verbosity; `params` are the query."""
    return {
        "Methods": ["OPTIONS", "GET"],
        "ParameterDescription": describe_kinds(endpoint.parameters),
        "Parameters": {"GET": describe_values(endpoint.parameters, params)},
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
    endpoint: Endpoint, path: str, methods: Sequence[str], *, params: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The whole block. `methods` are those the address answers to, `params` the query of a GET.

    Beside a GET stand the parameters of the GET alone (recorded); without `params`, as for OPTIONS, those
    of every method.
    """
    permissions: dict[str, str] = {method: endpoint.permission(method) for method in methods}
    permissions |= dict(endpoint.writes)
    options: dict[str, Any] = {
        "MethodDetails": {method: {"Permissions": [level]} for method, level in permissions.items()},
    }
    if params is None:
        taken = {method: endpoint.takes(method) for method in methods if endpoint.takes(method)}
        options["Methods"] = list(methods)
        if taken:
            options["ParameterDescription"] = describe_kinds(p for table in taken.values() for p in table)
            options["Parameters"] = {m: [p.describe() for p in table] for m, table in taken.items()}
    else:
        options["Methods"] = ["OPTIONS", "GET"]
        if endpoint.parameters:
            options |= describe_briefly(endpoint, params)
    options["MediaTypes"] = list(OFFERED)
    output = describe_output(endpoint.name)
    if output:
        options["Output"] = output
    if endpoint.notes:
        options["Notes"] = list(endpoint.notes)
    if endpoint.name in _LEVELS:
        options["ResponseLevels"] = list(_LEVELS[endpoint.name])
    place = _path(path)
    if any(part["type"] == "singleparam" for part in place):
        options["Path"] = place
    return options


def _path(path: str) -> list[dict[str, str]]:
    """The address in pieces; an endpoint without an id in its address has none (recorded: searches)."""
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
