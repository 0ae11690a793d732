"""`Options.Output`: the fields of an object and their types, as recorded.

The service lists every field the object can have, whether this viewer gets it or not.
"""

from __future__ import annotations

from typing import Any, Final

from smugsync.emulator.api.album_fields import ALBUM_PATCH
from smugsync.emulator.api.node_fields import NODE_POST
from smugsync.emulator.api.parameters import Parameter

_ENDLESS: Final = "INFINITY"


def _field(name: str, kind: str, about: str = "", *, deprecated: str = "", **bounds: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {"Name": name}
    if about:
        entry["Description"] = about
    entry |= {"Type": kind, **bounds}
    if deprecated:
        entry["Deprecated"] = deprecated
    return entry


def _text(name: str, most: int | str = _ENDLESS, about: str = "", **more: Any) -> dict[str, Any]:
    return _field(name, "Varchar", about, **{"MIN_CHARS": 0, **more, "MAX_CHARS": most})


def _long_text(name: str, most: int | str, about: str = "") -> dict[str, Any]:
    return _field(name, "Text", about, MIN_CHARS=0, MAX_CHARS=most)


def _flag(name: str, about: str = "", **more: Any) -> dict[str, Any]:
    return _field(name, "Boolean", about, **more)


def _number(name: str, low: int | None = None, high: int | None = None) -> dict[str, Any]:
    least = "NEGATIVE_INFINITY" if low is None else low
    return _field(name, "Integer", MIN_VALUE=least, MAX_VALUE="POSITIVE_INFINITY" if high is None else high)


def _choice(name: str, *options: str, about: str = "", **more: Any) -> dict[str, Any]:
    return _field(name, "Select", about, OPTIONS=list(options), MIN_COUNT=1, MAX_COUNT=1, **more)


def _words(name: str, about: str = "") -> dict[str, Any]:
    return _field(name, "Array", about, ITEM_TYPE="Varchar", MIN_COUNT=0, MAX_COUNT=_ENDLESS)


def _uri(name: str, *locators: str, about: str = "") -> dict[str, Any]:
    return _field(name, "Uri", about, MAX_LENGTH=_ENDLESS, Locator=list(locators))


def _time(name: str, about: str = "", **more: Any) -> dict[str, Any]:
    return _field(name, "DateTimeISO8601", about, **more)


def _degrees(name: str, digits: int) -> dict[str, Any]:
    return _field(name, "DECIMAL", PRECISION=digits, SCALE=14, SIGNED=True)


_PRIVACIES: Final = ("Public", "Unlisted", "Private")
_SECURITIES: Final = ("None", "Password", "GrantAccess")
_DEPRECATED: Final = {"NiceName": "2014-11-20", "External": "2015-09-08"}


def _taken(table: tuple[Parameter, ...], first: str, last: str) -> list[dict[str, Any]]:
    """Fields that can be written too, described as they are there; both ends belong to it."""
    names = [parameter.name for parameter in table]
    fields = []
    for parameter in table[names.index(first) : names.index(last) + 1]:
        entry = parameter.describe()
        for name in ("Required", "ReadOnly", "Default"):
            del entry[name]
        if parameter.name in _DEPRECATED:
            entry["Deprecated"] = _DEPRECATED[parameter.name]
        fields.append(entry)
    return fields


_USER: Final = (
    _choice("AccountStatus", "Active", "PastDue", "Suspended", "Closed"),
    _text("FirstName", 20),
    _flag("FriendsView"),
    _number("ImageCount", 0, 16777215),
    _flag("IsGettingStarted"),
    _flag("IsTrial"),
    _flag("IsTrialExpired"),
    _text("LastName", 20),
    _text("NickName", 35, MIN_CHARS=1),
    _choice("SortBy", "LastUpdated", "Position"),
    _text("ViewPassHint", 255),
    _text("ViewPassword", 50),
    _text("Domain", 50),
    _text("DomainOnly", 50),
    _text("RefTag", 13),
    _text("Name"),
    _text("Plan"),
    _text("TotalAccountSize"),
    _text("TotalUploadedSize"),
    _flag(
        "QuickShare",
        "Toggles the display of social media icons within the sharing UI which allow the user to share a"
        " photo to a variety of social networks.",
    ),
    _flag("IsAdmin"),
    _text("City", 25),
    _text("Country", 20),
    _text("Email", 100),
    _text("PhoneNum", 15),
    _text("State", 20),
    _text("Street1", 40),
    _text("Street2", 40),
    _text("Zip", 10),
)

_NODE: Final = (
    *_taken(NODE_POST, "CoverImageUri", "SortMethod"),
    _choice("Type", "Album", "Page", "Folder", "System Album", "System Page"),
    *_taken(NODE_POST, "UrlName", "WorldSearchable"),
    _time("DateAdded"),
    _time("DateModified"),
    _choice(
        "EffectivePrivacy",
        *_PRIVACIES,
        about="Effective privacy level of this node. This takes into account the effect of privacy settings"
        " from this node's ancestors.",
    ),
    _choice(
        "EffectiveSecurityType",
        *_SECURITIES,
        about="Effective security type of this node. This takes into account the effect of security settings"
        " from this node's ancestors.",
    ),
    _field(
        "FormattedValues",
        "Hash",
        "Alternative versions of certain fields formatted for use in different contexts.",
    ),
    _flag("HasChildren", "Whether this node contains any child nodes."),
    _flag("IsRoot", "Whether this node is the owner's root node."),
    _text("NodeID", about="This node's ID", MIN_CHARS=1),
    _number("SortIndex"),
    _text("UrlPath"),
)

_ALBUM: Final = (
    *_taken(ALBUM_PATCH, "NiceName", "UrlName"),
    _text("Title", 255, "Use Name instead", deprecated="2014-11-20"),
    _text("Name", 255),
    *_taken(ALBUM_PATCH, "PrintmarkUri", "SecurityType"),
    _flag("CommerceLightbox"),
    _uri("HighlightAlbumImageUri", "AlbumImage"),
    _uri(
        "AlbumTemplateUri",
        "AlbumTemplate",
        about="Specify default album presets by providing an AlbumTemplateUri.",
    ),
    _text("AlbumKey"),
    _flag("CanBuy"),
    _flag("CanFavorite"),
    _field("FavoriteAlbumUrl", "FullUrl", MIN_CHARS=0, MAX_CHARS=_ENDLESS),
    _time("Date"),
    _time("LastUpdated"),
    _time(
        "ImagesLastUpdated",
        "The last time at which images were added, removed, or rearranged in this album",
    ),
    _text("NodeID", MIN_CHARS=1),
    _number("OriginalSizes"),
    _number("TotalSizes"),
    _number("ImageCount"),
    _text("UrlPath"),
    _flag("CanShare", "Does the owner of this album want it to be shareable?"),
    _flag("HasDownloadPassword"),
    _flag("Packages", "Are any packages available for album"),
)

_IMAGE: Final = (
    _text("Title"),
    _text("Caption"),
    _text("Keywords"),
    _words("KeywordArray"),
    _choice("Watermark", "No", "Yes", "Inherit from Album", deprecated="2014-11-20"),
    _degrees("Latitude", 16),
    _degrees("Longitude", 17),
    _number("Altitude", 0, 16777215),
    _flag("Hidden"),
    _uri("ThumbnailUrl"),
    _text("FileName"),
    _flag("Processing"),
    _text("UploadKey"),
    _time("Date", "Use DateTimeUploaded", deprecated="2020-07-17"),
    _time("DateTimeUploaded"),
    _time("DateTimeOriginal"),
    _text("Format"),
    _number("OriginalHeight"),
    _number("OriginalWidth"),
    _number("OriginalSize"),
    _time("LastUpdated"),
    _flag("Collectable"),
    _flag("IsArchive"),
    _flag("IsVideo"),
    _field("ComponentFileTypes", "Hash"),
    _flag("CanEdit"),
    _flag("CanBuy"),
    _flag("Protected"),
    _flag("EZProject"),
    _flag("Watermarked"),
    _text("ImageKey"),
    _number("Serial"),
    _uri("ArchivedUri"),
    _number("ArchivedSize"),
    _long_text("ArchivedMD5", _ENDLESS),
    _flag("CanShare"),
    _flag("Comments"),
    _flag("ShowKeywords"),
    _field(
        "FormattedValues",
        "Hash",
        "Alternative versions of certain fields formatted for use in different contexts.",
    ),
)

_FIELDS: Final = {"AuthUser": _USER, "User": _USER, "Node": _NODE, "Album": _ALBUM, "Image": _IMAGE}


def describe_output(endpoint: str) -> list[dict[str, Any]]:
    """The fields of what that endpoint shows; empty for endpoints whose table was never seen."""
    return [dict(field) for field in _FIELDS.get(endpoint, ())]
