"""From the fields of a write to an edit of the tree: what is checked beyond each field's own bounds."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from smugsync.emulator.account.model import INHERITED, Node
from smugsync.emulator.account.names import url_name_problem
from smugsync.emulator.account.tree import EditError, NameTaken
from smugsync.emulator.api.addresses import named_image
from smugsync.emulator.api.finding import root_of, visible_node
from smugsync.emulator.api.node_fields import (
    FIELDS,
    OLDER_NAMES,
    ROOT_SMUG_SEARCHABLE,
    ROOT_WORLD_SEARCHABLE,
)
from smugsync.emulator.api.routes import ApiError, Ask
from smugsync.emulator.api.words import split_keywords

#: In one folder (facts 6.3: so many were counted).
MAX_CHILDREN: Final = 5000

#: Presets are the account's own; here there are none, so that a template changes nothing.
_TEMPLATE: Final = re.compile(r"/api/v2/albumtemplate/[^/!]+\Z")

Problems = dict[str, list[str]]


def mine(ask: Ask, node: Node) -> Node:
    """The node, if the viewer may change it: it exists for them (404), and it is theirs (403, or 401 for
    nobody in particular)."""
    if not ask.view.sees(node):
        raise ApiError(404)
    if not ask.view.is_mine(node):
        raise ApiError(403 if ask.view.user else 401)
    return node


def my_node(ask: Ask, node_id: str) -> Node:
    return mine(ask, visible_node(ask, node_id))


def my_root(ask: Ask) -> Node:
    """The root of the user the address names, for what nobody else may see: 403 for others, and where only
    public access was granted."""
    root = mine(ask, root_of(ask, ask.names[0]))
    if not ask.view.owns(root):
        raise ApiError(403)
    return root


@contextlib.contextmanager
def editing(field: str = "", *, name: str = "UrlName") -> Iterator[None]:
    """An edit that is impossible is a bad request, and `field` is to blame if given; a name that is taken
    is a conflict (documentation: list of status codes), and `name` is the field to blame."""
    try:
        yield
    except NameTaken as error:
        raise ApiError(409, problems={name: [str(error)]}) from None
    except EditError as error:
        raise ApiError(400, problems={field: [str(error)]}) from None


def read_changes(ask: Ask, values: Mapping[str, Any], node: Node | None = None) -> dict[str, Any]:
    """Fields of Node as the request sets them; `node` is what they are set on, None for a new one.

    Raises ApiError 400 with all problems.
    """
    values = with_present_names(values)
    changes = {field: values[name] for name, field in FIELDS.items() if name in values}
    problems: Problems = {}
    if "keywords" in changes:
        changes["keywords"] = split_keywords(changes["keywords"])
    _check_names(changes, node, problems)
    _check_security(changes, node, problems)
    _check_searchable(values, problems, root=node is not None and node.parent is None)
    for name, field in (("HighlightImageUri", "highlight"), ("CoverImageUri", "cover")):
        if field in changes:
            changes[field] = _image_key(ask, name, changes[field], problems)
    if values.get("AlbumTemplateUri") and not _TEMPLATE.search(values["AlbumTemplateUri"]):
        problems["AlbumTemplateUri"] = ["Must be the URI of an AlbumTemplate"]
    if problems:
        raise ApiError(400, problems=problems)
    return changes


def with_present_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """With older names of fields replaced by the present ones, where those are not given."""
    present = {name: value for name, value in values.items() if name not in OLDER_NAMES}
    for older, name in OLDER_NAMES.items():
        if older in values:
            present.setdefault(name, values[older])
    return present


def _check_names(changes: Mapping[str, Any], node: Node | None, problems: Problems) -> None:
    if node is not None and node.parent is None:
        if changes.get("name", node.name) != node.name:
            problems["Name"] = ["The root node has no name"]
        if changes.get("url_name", node.url_name) != node.url_name:
            problems["UrlName"] = ["The root node has no UrlName"]
    elif "url_name" in changes and (problem := url_name_problem(changes["url_name"])):
        problems["UrlName"] = [problem]


def _check_security(changes: Mapping[str, Any], node: Node | None, problems: Problems) -> None:
    """A password is asked for when SecurityType says so; then there must be one."""
    security = changes.get("security", "None" if node is None else node.security)
    password = changes.get("password", "" if node is None else node.password)
    if security == "Password" and not password:
        problems["Password"] = ["Required when SecurityType is Password"]


def _check_searchable(values: Mapping[str, Any], problems: Problems, *, root: bool) -> None:
    for name, of_root in (
        ("SmugSearchable", ROOT_SMUG_SEARCHABLE),
        ("WorldSearchable", ROOT_WORLD_SEARCHABLE),
    ):
        accepted = of_root if root else ("No", INHERITED)
        if name in values and values[name] not in accepted:
            problems[name] = [f"Invalid value; one of {', '.join(accepted)} is accepted"]


def _image_key(ask: Ask, name: str, uri: str, problems: Problems) -> str:
    """The key of an image of the viewer's own; an empty address takes a choice back."""
    if not uri:
        return ""
    image = named_image(ask, uri)
    home = ask.view.account.album(image.home) if image is not None else None
    if image is None or home is None or not ask.view.is_mine(home.node):
        problems[name] = ["There is no such image"]
        return ""
    return image.key


def check_room(parent: Node, number: int = 1) -> None:
    """Raises ApiError 400 for what cannot hold more, or nothing at all."""
    if not parent.is_folder:
        raise ApiError(400, problems={"Type": ["Only folders have children"]})
    if len(parent.children) + number > MAX_CHILDREN:
        raise ApiError(400, problems={"Type": [f"A folder holds at most {MAX_CHILDREN} items"]})


def create_node(ask: Ask, parent: Node, kind: str, values: Mapping[str, Any]) -> Node:
    """The new node below `parent`. 409 for a UrlName that is taken, unless AutoRename is set; one that
    was derived is made unique as the switch `derived-names` says."""
    check_room(parent)
    account = ask.view.account
    changes = read_changes(ask, values)
    given = "url_name" in changes
    unique = values.get("AutoRename", False) or (not given and ask.view.switches.derived_names == "suffix")
    name = changes.pop("name")
    settings = {**changes, "unique": unique, "sort_index": account.now()}
    with editing("Type"):
        match kind:
            case "Album":
                return account.add_album(name, parent=parent, **settings).node
            case "Page":
                return account.add_page(name, parent=parent, **settings)
        return account.add_folder(name, parent=parent, **settings)
