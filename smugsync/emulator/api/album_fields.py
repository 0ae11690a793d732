"""What albums take: the fields of PATCH and of the actions, and which of them the model keeps where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from smugsync.emulator.api.parameters import Parameter, select, text
from smugsync.emulator.api.words import split_keywords

SORT_METHODS: Final = ("Position", "Caption", "Filename", "Date Uploaded", "Date Modified", "Date Taken")
#: Other names of them: `DateTimeOriginal` was seen to be taken at the live service and `FileName` to come
#: back as `Filename`, so the names of the image's own fields are likely to be taken as well.
SORT_ALIASES: Final[Mapping[str, str]] = {
    "SortIndex": "Position",
    "DateTimeUploaded": "Date Uploaded",
    "DateUploaded": "Date Uploaded",
    "DateTimeModified": "Date Modified",
    "DateModified": "Date Modified",
    "LastUpdated": "Date Modified",
    "DateTimeOriginal": "Date Taken",
    "DateTaken": "Date Taken",
}
LARGEST_SIZES: Final = (
    "Medium",
    "Large",
    "XLarge",
    "X2Large",
    "X3Large",
    "X4Large",
    "X5Large",
    "4K",
    "5K",
    "Original",
)
_INHERIT: Final = ("No", "Yes", "Inherit from User")


class Keywords(Parameter):
    """Keywords as one text, `a; b` (recorded); an array is taken as well."""

    def read(self, value: object) -> Any:
        joined = "; ".join(split_keywords(value))
        if self.maximum is not None and len(joined) > self.maximum:
            raise ValueError(f"Value is too long (maximum {self.maximum} characters)")
        return joined


def _flag(name: str, description: str = "", *, default: bool = False) -> Parameter:
    return Parameter(name, "Boolean", default, description)


def _uri(name: str, *locators: str, description: str = "") -> Parameter:
    return Parameter(name, "Uri", None, description, locators=locators)


#: In the order of the album's own fields. Descriptions and bounds are recorded (`Options.Output`).
ALBUM_PATCH: Final[tuple[Parameter, ...]] = (
    text("NiceName", None, "Use UrlName instead", minimum=1, maximum=60),
    text("UrlName", None, "A human-readable name for use in the URL", minimum=1, maximum=60),
    text("Title", None, "Use Name instead", minimum=1, maximum=255),
    text("Name", None, minimum=1, maximum=255),
    _uri("PrintmarkUri", "Printmark"),
    _uri("WatermarkUri", "Watermark"),
    _uri("ThemeUri", "Theme", description="Only applies to legacy accounts"),
    _uri("TemplateUri", "Template"),
    _flag("AllowDownloads", default=True),
    text("Backprinting", "", maximum=255),
    select("BoutiquePackaging", "Inherit from User", *_INHERIT),
    _flag("CanRank", default=True),
    _flag("Clean"),
    _flag("Comments", default=True),
    Parameter("Description", "Text", "", maximum=65535),
    text("DownloadPassword", "", maximum=50),
    _flag("EXIF", default=True),
    _flag("External", "An old setting that no longer has any function", default=True),
    _flag("FamilyEdit"),
    _flag("Filenames"),
    _flag("FriendEdit"),
    _flag("Geography", default=True),
    select("Header", "Custom", "Custom", "SmugMug", description="Appearance"),
    _flag("HideOwner"),
    select("InterceptShipping", "Inherit from User", *_INHERIT, description="Personal Delivery"),
    Keywords("Keywords", "Varchar", "", maximum=255),
    select("LargestSize", "Original", *LARGEST_SIZES),
    _flag("PackagingBranding", default=True),
    text("Password", "", maximum=50),
    text("PasswordHint", "", maximum=255),
    _flag("Printable", default=True),
    select(
        *("Privacy", "Public", "Public", "Unlisted", "Private"),
        description='"Private" is not supported on legacy accounts',
    ),
    Parameter("ProofDays", "Integer", 0),
    _flag("ProofDigital"),
    _flag("Protected", "Right-Click Protection"),
    _flag("Share", default=True),
    _flag("Slideshow", default=True),
    select("SmugSearchable", "Inherit from User", "No", "Inherit from User"),
    select("SortDirection", "Ascending", "Ascending", "Descending"),
    select("SortMethod", "Date Taken", *SORT_METHODS, aliases=SORT_ALIASES),
    _flag("SquareThumbs", default=True),
    text("UploadKey", "", "Guest UploadKey"),
    _flag("Watermark", "Automatically apply watermark to uploaded images?"),
    _flag("WorldSearchable", default=True),
    select("SecurityType", "None", "None", "Password", "GrantAccess"),
    select("MaxPhotoDownloadSize", "Original", *LARGEST_SIZES),
    _uri("HighlightAlbumImageUri", "AlbumImage"),
)

#: Fields that are the node's as well, by the node's field in the model.
NODE_FIELDS: Final[Mapping[str, str]] = {
    "NiceName": "url_name",
    "UrlName": "url_name",
    "Title": "name",
    "Name": "name",
    "Description": "description",
    "HideOwner": "hide_owner",
    "Keywords": "keywords",
    "Password": "password",
    "PasswordHint": "password_hint",
    "Privacy": "privacy",
    "SecurityType": "security",
    "SmugSearchable": "smug_searchable",
    "WorldSearchable": "world_searchable",
    "HighlightAlbumImageUri": "highlight",
}
#: Fields of the album alone that change what is shown to whom, by its field in the model.
ALBUM_FIELDS: Final[Mapping[str, str]] = {
    "AllowDownloads": "allow_downloads",
    "Comments": "comments",
    "DownloadPassword": "download_password",
    "EXIF": "exif",
    "Geography": "geography",
    "LargestSize": "largest_size",
    "Protected": "protected",
    "Share": "share",
    "SortDirection": "sort_direction",
    "SortMethod": "sort_method",
}
#: What an album says of settings that are kept and shown and change nothing here (recorded values).
SHOWN: Final[Mapping[str, Any]] = {
    "TemplateUri": "/api/v2/template/17",
    **{
        parameter.name: parameter.default
        for parameter in ALBUM_PATCH
        if parameter.kind != "Uri" and parameter.name not in (*NODE_FIELDS, *ALBUM_FIELDS, "UploadKey")
    },
}

_ASYNC: Final = _flag("Async")


def _uris(name: str, *, required: bool = True) -> Parameter:
    """Addresses as an array, or as one text with commas (both were measured)."""
    return Parameter(name, "Array", [], required=required)


MOVE_IMAGES: Final = (_ASYNC, _uris("MoveUris"))
COLLECT_IMAGES: Final = (_ASYNC, _uris("CollectUris"))
DELETE_IMAGES: Final = (_ASYNC, _uris("DeleteUris"))
SORT_IMAGES: Final = (
    select("MoveLocation", "After", "Before", "After"),
    _uris("MoveUris", required=False),
    _uri("Uri", "AlbumImage"),
    _uris("Uris", required=False),
)
UNLOCK: Final = (text("Password", None, required=True, maximum=50),)
APPLY_TEMPLATE: Final = (Parameter("AlbumTemplateUri", "Uri", required=True, locators=("AlbumTemplate",)),)
DOWNLOAD: Final = (text("Password", "", maximum=50),)
UPLOAD_FROM_URI: Final = (
    _flag("AllowInsecure"),
    Parameter("ByteCount", "Integer", minimum=0),
    Parameter("Caption", "Text", ""),
    text("Cookie", ""),
    text("FileName", None),
    _flag("Hidden"),
    Keywords("Keywords", "Varchar", ""),
    text("MD5Sum", None),
    text("Title", ""),
    Parameter("Uri", "Uri", required=True),
)
