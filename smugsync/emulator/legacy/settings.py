"""The settings of albums, by their older names: what an album says of them, and how they are set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from smugsync.emulator.account.model import INHERITED, Album
from smugsync.emulator.account.names import url_name_problem
from smugsync.emulator.api.album_fields import LARGEST_SIZES
from smugsync.emulator.api.words import join_keywords
from smugsync.emulator.legacy.arguments import Arguments
from smugsync.emulator.legacy.failures import INVALID_DATA, INVALID_SORT_METHOD, Failure
from smugsync.emulator.legacy.words import split_words

Kind = Literal["flag", "text", "int", "number"]
Changes = dict[str, Any]

#: By the older name; the newer one is what the account keeps.
SORT_METHODS: Final[Mapping[str, str]] = {
    "Position": "Position",
    "Caption": "Caption",
    "FileName": "Filename",
    "Date": "Date Uploaded",
    "DateTime": "Date Modified",
    "DateTimeOriginal": "Date Taken",
}
_OLDER: Final = {new: old for old, new in SORT_METHODS.items()}
#: The largest size that a flag lets others see.
_SIZE_FLAGS: Final[Mapping[str, str]] = {
    "Larges": "Large",
    "XLarges": "XLarge",
    "X2Larges": "X2Large",
    "X3Larges": "X3Large",
    "Originals": "Original",
}
#: Kept and shown, and of no consequence here; with what a new album has (recorded, where it is).
PLAIN: Final[Mapping[str, tuple[Kind, Any]]] = {
    "Backprinting": ("text", ""),
    "CanRank": ("flag", True),
    "Clean": ("flag", False),
    "External": ("flag", True),
    "FamilyEdit": ("flag", False),
    "Filenames": ("flag", False),
    "FriendEdit": ("flag", False),
    "PackagingBranding": ("flag", True),
    "Printable": ("flag", True),
    "ProofDays": ("int", 0),
    "SquareThumbs": ("flag", True),
    "UploadKey": ("text", ""),
    "DefaultColor": ("flag", False),
    "ColorCorrection": ("int", 2),
    "UnsharpAmount": ("number", 0.2),
    "UnsharpRadius": ("number", 1),
    "UnsharpSigma": ("number", 1),
    "UnsharpThreshold": ("number", 0.05),
}
#: Those whose newer values are of another kind: the older value, and what it is kept as.
_BOUGHT: Final = ("BoutiquePackaging", "InterceptShipping")
_INHERIT: Final = ("No", "Yes", "Inherit from User")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Changes of an album: fields of its node, of itself, and of what it merely keeps (`Album.shown`)."""

    node: Changes
    album: Changes
    shown: Changes

    def differs(self, album: Album) -> bool:
        """Whether it changes anything."""
        node = any(getattr(album.node, name) != value for name, value in self.node.items())
        own = any(getattr(album, name) != value for name, value in self.album.items())
        return node or own or any(album.shown.get(name) != value for name, value in self.shown.items())


def read_settings(album: Album) -> dict[str, Any]:
    """What its owner sees of them."""
    node, shown = album.node, album.shown
    data: dict[str, Any] = {
        "Title": node.name,
        "Description": node.description,
        "Keywords": join_keywords(node.keywords),
        "NiceName": node.url_name,
        "Public": node.effective_privacy == "Public",
        "Password": node.password,
        "PasswordHint": node.password_hint,
        "Passworded": node.effective_security == "Password",
        "Comments": album.comments,
        "EXIF": album.exif,
        "Geography": album.geography,
        "Share": album.share,
        "Protected": album.protected,
        "HideOwner": node.hide_owner,
        "SmugSearchable": node.smug_searchable != "No",
        "WorldSearchable": node.world_searchable != "No",
        "SortMethod": _OLDER[album.sort_method],
        "SortDirection": album.sort_direction == "Descending",
        "Watermarking": bool(shown.get("Watermark", False)),
        "Header": shown.get("Header", "Custom") == "Custom",
    }
    data |= {name: shown.get(name, default) for name, (_, default) in PLAIN.items()}
    data |= {name: _rank(album.largest_size) >= _rank(size) for name, size in _SIZE_FLAGS.items()}
    for name in _BOUGHT:
        data[name] = _INHERIT.index(shown.get(name, _INHERIT[2]))
    return data


def _rank(size: str) -> int:
    return LARGEST_SIZES.index(size) if size in LARGEST_SIZES else 0


_NODE: Final[Mapping[str, Callable[[Arguments, str], tuple[str, Any]]]] = {
    "Title": lambda given, name: ("name", _title(given)),
    "Description": lambda given, name: ("description", given.text(name)),
    "Keywords": lambda given, name: ("keywords", split_words(given.text(name))),
    "NiceName": lambda given, name: ("url_name", _nice_name(given)),
    "Public": lambda given, name: ("privacy", "Public" if given.flag(name) else "Unlisted"),
    "PasswordHint": lambda given, name: ("password_hint", given.text(name)),
    "HideOwner": lambda given, name: ("hide_owner", given.flag(name)),
    "SmugSearchable": lambda given, name: ("smug_searchable", INHERITED if given.flag(name) else "No"),
    "WorldSearchable": lambda given, name: ("world_searchable", INHERITED if given.flag(name) else "No"),
}
_ALBUM: Final[Mapping[str, Callable[[Arguments, str], tuple[str, Any]]]] = {
    "Comments": lambda given, name: ("comments", given.flag(name)),
    "EXIF": lambda given, name: ("exif", given.flag(name)),
    "Geography": lambda given, name: ("geography", given.flag(name)),
    "Share": lambda given, name: ("share", given.flag(name)),
    "Protected": lambda given, name: ("protected", given.flag(name)),
    "SortMethod": lambda given, name: ("sort_method", sort_method(given.text(name))),
    "SortDirection": lambda given, name: (
        "sort_direction",
        "Descending" if given.flag(name) else "Ascending",
    ),
}


def wanted_settings(given: Arguments, album: Album | None = None) -> Wanted:
    """What a call sets; of a new album where there is no `album`. Raises Failure 12, 13 or 16."""
    node = dict(read(given, name) for name, read in _NODE.items() if name in given)
    own = dict(read(given, name) for name, read in _ALBUM.items() if name in given)
    if "Password" in given:
        node |= {"password": given.text("Password")}
        node["security"] = "Password" if node["password"] else "None"
    if any(name in given for name in _SIZE_FLAGS):
        own["largest_size"] = _largest(given, album.largest_size if album else "Original")
    shown: Changes = {name: _plain(given, name, kind) for name, (kind, _) in PLAIN.items() if name in given}
    if "Watermarking" in given:
        shown["Watermark"] = given.flag("Watermarking")
    if "Header" in given:
        shown["Header"] = "Custom" if given.flag("Header") else "SmugMug"
    for name in _BOUGHT:
        if name in given:
            number = given.number(name)
            if number not in range(len(_INHERIT)):
                raise Failure(INVALID_DATA, name)
            shown[name] = _INHERIT[number]
    return Wanted(node, own, shown)


def sort_method(name: str) -> str:
    """The newer name. Raises Failure 12."""
    for older, newer in SORT_METHODS.items():
        if older.casefold() == name.strip().casefold():
            return newer
    raise Failure(INVALID_SORT_METHOD)


def _title(given: Arguments) -> str:
    title = given.needed("Title")
    if len(title) > 255:
        raise Failure(INVALID_DATA, "Title")
    return title


def _nice_name(given: Arguments) -> str:
    name = given.needed("NiceName")
    if url_name_problem(name) is not None:
        raise Failure(INVALID_DATA, "NiceName")
    return name


def _plain(given: Arguments, name: str, kind: Kind) -> Any:
    match kind:
        case "flag":
            return given.flag(name)
        case "int":
            return given.number(name)
        case "number":
            return given.decimal(name, 1000)
    return given.text(name)[:255]


def _largest(given: Arguments, now: str) -> str:
    """The largest size that any flag allows: the newer API, which keeps it, knows no gaps below it."""
    flags = {name: _rank(now) >= _rank(size) for name, size in _SIZE_FLAGS.items()}
    changed = {name: given.flag(name) for name in flags if name in given}
    allowed = [_SIZE_FLAGS[name] for name, on in (flags | changed).items() if on]
    if all(flags[name] == on for name, on in changed.items()):
        return now
    return allowed[-1] if allowed else "Medium"
