"""The methods of categories and subcategories."""

from __future__ import annotations

from typing import Any

from smugsync.emulator.account.model import Node
from smugsync.emulator.account.names import derive_url_name, make_unique
from smugsync.emulator.account.places import names_in
from smugsync.emulator.legacy.album_changes import editing
from smugsync.emulator.legacy.calls import Call, Payload
from smugsync.emulator.legacy.failures import INVALID_DATA, Failure
from smugsync.emulator.legacy.places import (
    BUILT_IN,
    categories,
    my_category,
    my_root,
    my_subcategory,
    struct_of,
    sub_struct_of,
    subcategories,
    user_of,
)


def get(call: Call) -> Payload:
    """Those that are everybody's first, then the user's own."""
    folders = categories(call.view, user_of(call))
    label = call.version.label
    own = {shown["id"]: shown for shown in (struct_of(call, folder, label=label) for folder in folders)}
    built_in = {number: {"id": number, label: name} for number, name in BUILT_IN.items()}
    if call.version.takes_bare_keys:
        built_in = {
            number: {**one, "NiceName": derive_url_name(str(one[label])), "Type": "SmugMug"}
            for number, one in built_in.items()
        }
    return {"Categories": list({**built_in, **own}.values())}


def create(call: Call) -> Payload:
    """A name that is taken is invalid data."""
    root = my_root(call)
    name = _new_name(call, root)
    if name.casefold() in (one.casefold() for one in BUILT_IN.values()):
        raise _taken()
    with editing():
        folder = call.view.account.add_folder(name, parent=root)
    return {"Category": {"id": call.numbers.of_folder(folder)}}


def delete(call: Call) -> Payload:
    """Its albums, and those of its subcategories, are of *Other* then (that they go with it is not known of
    the service, and would be the worse guess)."""
    _dissolve(call, _own_folder(call), my_root(call))
    return {}


def rename(call: Call) -> Payload:
    _rename(call, _own_folder(call), my_root(call))
    return {}


def get_subs(call: Call) -> Payload:
    root = user_of(call)
    number = call.arguments.number("CategoryID")
    found = [folder for folder in categories(call.view, root) if struct_of(call, folder)["id"] == number]
    if not found and number not in BUILT_IN:
        raise Failure(INVALID_DATA, "no such category")
    subs = [sub for folder in found for sub in subcategories(call.view, folder)]
    shown = [sub_struct_of(call, sub, label=call.version.label) for sub in subs]
    return {"SubCategories": list(call.listed(shown, "subcategories"))}


def get_all_subs(call: Call) -> Payload:
    """Each with the id of its category."""
    shown: list[dict[str, Any]] = []
    for folder in categories(call.view, user_of(call)):
        category = {"Category": {"id": struct_of(call, folder)["id"]}}
        subs = subcategories(call.view, folder)
        shown += ({**sub_struct_of(call, sub, label=call.version.label), **category} for sub in subs)
    return {"SubCategories": list(call.listed(shown, "subcategories"))}


def create_sub(call: Call) -> Payload:
    """In a built-in category as well, but for *Other*, which has none here."""
    folder, number = my_category(call), call.arguments.number("CategoryID")
    if folder is None and number == 0:
        raise Failure(INVALID_DATA, "Other has no subcategories")
    parent = folder or call.view.account.add_folder(BUILT_IN[number], parent=my_root(call))
    name = _new_name(call, parent)
    with editing():
        made = call.view.account.add_folder(name, parent=parent)
    return {"SubCategory": {"id": call.numbers.of_folder(made)}}


def delete_sub(call: Call) -> Payload:
    """Its albums are in the category then."""
    folder = my_subcategory(call)
    if folder.parent is not None:
        _dissolve(call, folder, folder.parent)
    return {}


def rename_sub(call: Call) -> Payload:
    folder = my_subcategory(call)
    if folder.parent is not None:
        _rename(call, folder, folder.parent)
    return {}


def _own_folder(call: Call) -> Node:
    """What is everybody's is nobody's to change."""
    folder = my_category(call)
    if folder is None or call.arguments.number("CategoryID") in BUILT_IN:
        raise Failure(INVALID_DATA, "a built-in category")
    return folder


def _new_name(call: Call, parent: Node, renamed: Node | None = None) -> str:
    name = call.arguments.needed("Name")
    others = (node for node in parent.children if node.is_folder and node is not renamed)
    if any(node.name.casefold() == name.casefold() for node in others):
        raise _taken()
    return name[:254]


def _taken() -> Failure:
    return Failure(INVALID_DATA, "the name is taken")


def _rename(call: Call, folder: Node, parent: Node) -> None:
    name = _new_name(call, parent, folder)
    if name == folder.name:
        call.nothing_changed()
        return
    with editing():
        call.view.account.rename(folder, name=name)


def _dissolve(call: Call, folder: Node, parent: Node) -> None:
    account = call.view.account
    with editing():
        for node in [node for node in folder.walk() if node.album is not None]:
            beside = names_in(node.parent, without=[node]) if node.parent is not None else set()
            free = make_unique(node.url_name, names_in(parent))
            if free != node.url_name:
                account.rename(node, url_name=make_unique(node.url_name, names_in(parent) | beside))
            account.move_node(node, parent)
        account.delete_node(folder)
