"""How an answer of the emulator differs from a recorded one, key by key and type by type.

Words must be the same: names of locators and endpoints, descriptions, the `Options` block, the kind of
address in each link. Values of fields must have the same JSON type, keys the same order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

#: Places of an answer that are compared word by word.
_WORDS: Final = frozenset("Locator LocatorType UriDescription EndpointType DocUri".split())
#: Places that hold an address of the API.
_ADDRESSES: Final = frozenset("Uri FirstPage LastPage NextPage PrevPage".split())
#: What follows is an id or a name, not a word of the service.
_ID: Final = re.compile(r"/(node|album|image|video|user|id)/[^/!?]+(?=[/!?]|$)")
_FOLDER: Final = re.compile(r"/folder/user/[^!?]*")
#: The recordings at verbosity 3 come from the service's own browser, which does not have to ask for it.
_ASKED: Final = re.compile(r"[?&]_verbosity=3$")


#: By place (`Album.Uris`), the keys that one side may lack, each with the reason.
Loose = Mapping[str, Mapping[str, str]]
#: The reason for a key that both have, in another type.
TYPE_VARIES: Final = "its type varies between recordings"
#: Stands for a key where the order of the keys is not compared.
ANY_ORDER: Final = "(any order)"


def kind_of_address(uri: str) -> str:
    """`/api/v2/node/kTR76!children?start=11` -> `/api/v2/node/*!children?start=N`."""
    place, mark, query = _ASKED.sub("", uri).partition("?")
    return _ID.sub(r"/\1/*", _FOLDER.sub("/folder/*", place)) + mark + re.sub(r"\d+", "N", query)


def differences(ours: Any, theirs: Any, loose: Loose, where: str = "") -> Iterator[str]:
    """Sentences; none if the two are alike. `where` is the place, as `Album.Uris.Node`."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        yield from _of_objects(ours, theirs, loose, where)
    elif isinstance(ours, list) and isinstance(theirs, list):
        yield from _of_arrays(ours, theirs, loose, where)
    elif _type(ours) != _type(theirs):
        yield f"{where}: {_type(ours)} {ours!r} is {_type(theirs)} {theirs!r} there"
    else:
        key = where.rpartition(".")[2]
        if key in _WORDS and ours != theirs:
            yield f"{where}: {ours!r} is {theirs!r} there"
        elif key in _ADDRESSES and str(theirs).startswith("/api/"):
            mine, other = kind_of_address(ours), kind_of_address(theirs)
            if mine != other:
                yield f"{where}: {mine} is {other} there"


def _of_objects(ours: dict[str, Any], theirs: dict[str, Any], loose: Loose, where: str) -> Iterator[str]:
    allowed = loose.get(where, {})
    for name in sorted(theirs.keys() - ours.keys() - allowed.keys()):
        yield f"{where}: {name} is missing"
    for name in sorted(ours.keys() - theirs.keys() - allowed.keys()):
        yield f"{where}: {name} is not there"
    common = [name for name in theirs if name in ours]
    if ANY_ORDER not in allowed and common != [name for name in ours if name in theirs]:
        yield f"{where}: another order"
    for name in common:
        if allowed.get(name) is not TYPE_VARIES:
            yield from differences(ours[name], theirs[name], loose, f"{where}.{name}".lstrip("."))


def _of_arrays(ours: list[Any], theirs: list[Any], loose: Loose, where: str) -> Iterator[str]:
    """Every element has its like on the other side; what one side lacks altogether is not compared."""
    if not ours or not theirs:
        return
    for mine in ours:
        yield from min((list(differences(mine, other, loose, where)) for other in theirs), key=len)
    for other in theirs:
        yield from min((list(differences(mine, other, loose, where)) for mine in ours), key=len)


def _type(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case None:
            return "null"
        case _:
            return {"str": "string", "dict": "object", "list": "array"}[type(value).__name__]
