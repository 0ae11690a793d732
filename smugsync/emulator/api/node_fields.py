"""What nodes, folders and users take: the fields of POST and PATCH, and where the model keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from smugsync.emulator.account.model import INHERITED
from smugsync.emulator.api.album_fields import ALBUM_PATCH, Keywords
from smugsync.emulator.api.parameters import Parameter, select, text

SORT_METHODS: Final = ("SortIndex", "Name", "DateAdded", "DateModified")
#: What a root may say of being found, and what all other nodes may (recorded descriptions).
ROOT_SMUG_SEARCHABLE: Final = ("No", "Local", "LocalUser", "Yes")
ROOT_WORLD_SEARCHABLE: Final = ("No", "HomeOnly", "Yes")
_SEARCHABLE: Final = (
    "Acceptable values differ for root nodes and child nodes.\n\nRoot nodes: {}\nChild nodes: No, "
    + INHERITED
)


def _flag(name: str, description: str = "", *, default: bool = False) -> Parameter:
    return Parameter(name, "Boolean", default, description)


_AUTO_RENAME: Final = _flag(
    "AutoRename",
    "Whether to automatically generate a unique UrlName if the given UrlName already exists.",
)
_PRIVACY: Final = select(
    "Privacy",
    "Unlisted",
    "Public",
    "Unlisted",
    "Private",
    description=(
        "Privacy level for this node. NOTE: This may be overridden by a more restrictive privacy setting"
        " inherited from one of this node's ancestors. See EffectivePrivacy."
    ),
)
_SECURITY: Final = select(
    "SecurityType",
    "None",
    "None",
    "Password",
    "GrantAccess",
    description=(
        "Security type for this node. NOTE: This may be overridden by a more restrictive security setting"
        " inherited from one of this node's ancestors. See EffectiveSecurityType."
    ),
)
_SMUG_SEARCHABLE: Final = select(
    "SmugSearchable",
    INHERITED,
    *ROOT_SMUG_SEARCHABLE,
    INHERITED,
    description=_SEARCHABLE.format(", ".join(ROOT_SMUG_SEARCHABLE)),
)
_WORLD_SEARCHABLE: Final = select(
    "WorldSearchable",
    INHERITED,
    *ROOT_WORLD_SEARCHABLE,
    INHERITED,
    description=_SEARCHABLE.format(", ".join(ROOT_WORLD_SEARCHABLE)),
)
_SORT_DIRECTION: Final = select("SortDirection", "Descending", "Ascending", "Descending")
_SORT_METHOD: Final = select("SortMethod", "DateModified", *SORT_METHODS)
_URL_NAME: Final = text(
    "UrlName",
    None,
    "This is usually a URL-friendly version of the human-readable name. Must start with a capital letter.",
    minimum=1,
    maximum=60,
)
_PASSWORD: Final = text("Password", None, maximum=50)
_PASSWORD_HINT: Final = text("PasswordHint", None, maximum=255)
_HIGHLIGHT: Final = Parameter("HighlightImageUri", "Uri", locators=("Image",))

#: In the recorded order, with the recorded descriptions, defaults and bounds.
NODE_POST: Final[tuple[Parameter, ...]] = (
    _AUTO_RENAME,
    Parameter("CoverImageUri", "Uri", locators=("Image",)),
    Parameter(
        "Description",
        "Text",
        None,
        "Human-readable description for this node. May contain basic HTML. Some node types display this to"
        " the user; some merely use it for search engine optimization.",
        maximum=65535,
    ),
    _flag(
        "HideOwner",
        "Whether to hide the identity of this node's owner from visitors. Only applicable to Album nodes.",
    ),
    _HIGHLIGHT,
    text("Name", None, "Human-readable name for this node.", required=True, minimum=1, maximum=254),
    Parameter(
        "Keywords",
        "Array",
        [],
        "Array of keywords describing the content of this node. Some node types use this for search engine"
        " optimization.",
    ),
    _PASSWORD,
    _PASSWORD_HINT,
    _PRIVACY,
    _SECURITY,
    _flag("ShowCoverImage", "Whether or not to display the cover image when possible.", default=True),
    _SMUG_SEARCHABLE,
    _SORT_DIRECTION,
    _SORT_METHOD,
    select("Type", "Folder", "Album", "Page", "Folder"),
    _URL_NAME,
    _WORLD_SEARCHABLE,
    Parameter(
        "AlbumTemplateUri",
        "Uri",
        None,
        "Specify default album presets by providing an AlbumTemplateUri. Only applicable for Type=Album.",
        locators=("AlbumTemplate",),
    ),
)
_FOR_NEW_ONES: Final = ("AutoRename", "Type", "AlbumTemplateUri")


def _optional(parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """The fields of something that exists already: none is required, and what only creation takes is not
    among them."""
    return tuple(replace(one, required=False) for one in parameters if one.name not in _FOR_NEW_ONES)


NODE_PATCH: Final = _optional(NODE_POST)

#: The older folders have the same fields, with keywords as one text. `NiceName` and `Title` are older names
#: of UrlName and Name: of each pair a creation needs one.
FOLDER_POST: Final[tuple[Parameter, ...]] = (
    text("Name", None, minimum=1, maximum=254),
    _URL_NAME,
    text("NiceName", None, "Use UrlName instead", minimum=1, maximum=60),
    text("Title", None, "Use Name instead", minimum=1, maximum=254),
    _AUTO_RENAME,
    _SECURITY,
    _PRIVACY,
    _PASSWORD,
    _SMUG_SEARCHABLE,
    _WORLD_SEARCHABLE,
    _SORT_METHOD,
    _SORT_DIRECTION,
    Parameter("Description", "Text", None, maximum=65535),
    Keywords("Keywords", "Varchar", "", maximum=255),
    _PASSWORD_HINT,
    _HIGHLIGHT,
)
FOLDER_PATCH: Final = _optional(FOLDER_POST)
FOLDER_ALBUM_POST: Final[tuple[Parameter, ...]] = (
    *(_PRIVACY if one.name == "Privacy" else one for one in ALBUM_PATCH),
    _AUTO_RENAME,
    next(one for one in NODE_POST if one.name == "AlbumTemplateUri"),
)
#: What an older name stands for.
OLDER_NAMES: Final[Mapping[str, str]] = {"NiceName": "UrlName", "Title": "Name"}

#: The field of Node that keeps a field of the API. Some are converted on the way.
FIELDS: Final[Mapping[str, str]] = {
    "Description": "description",
    "HideOwner": "hide_owner",
    "Name": "name",
    "Keywords": "keywords",
    "Password": "password",
    "PasswordHint": "password_hint",
    "Privacy": "privacy",
    "SecurityType": "security",
    "ShowCoverImage": "show_cover",
    "SmugSearchable": "smug_searchable",
    "SortDirection": "sort_direction",
    "SortMethod": "sort_method",
    "UrlName": "url_name",
    "WorldSearchable": "world_searchable",
    "HighlightImageUri": "highlight",
    "CoverImageUri": "cover",
}

MOVE_NODES: Final = (
    Parameter("MoveUris", "Array", [], "The URIs of the nodes to move into this one.", required=True),
)


def complete(parameters: tuple[Parameter, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a creation, with the defaults of those that were not given and have one.

    Who sends a password and nothing else about it means it to be asked for (likely).
    """
    defaults = {one.name: one.default for one in parameters if one.default is not None}
    if values.get("Password") and "SecurityType" in defaults:
        defaults["SecurityType"] = "Password"
    return defaults | dict(values)
