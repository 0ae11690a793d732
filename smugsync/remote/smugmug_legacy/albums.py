"""What the older API says of an album, in our terms: its address, its cursor, whether it can be read.

An album lies in a category, and there perhaps in a subcategory. Its address is made of the `NiceName`s of
the three where the service gives them (1.2.2, 1.3.0), else of their names in the way SmugMug makes an address
of a name. Category 0, "Other", means that no category was chosen: what lies right in it lies at the top.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from smugsync.core.model import Access, Album
from smugsync.errors import Garbled
from smugsync.records import dataclass, replace
from smugsync.remote.smugmug_legacy import times
from smugsync.remote.smugmug_legacy.envelope import child, label
from smugsync.remote.smugmug_legacy.keys import Ref, read_ref
from smugsync.remote.wire import Fields

#: The category of what has none.
OTHER = "0"
LOCKED = "password-protected for this viewer; see `remote.album_passwords`"

_LONGEST_PART = 255
_GAP = re.compile(r"[\s/_\-]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A category, or a subcategory in one. `part` is its part of an address, "" if nobody said its name."""

    id: str
    name: str = ""
    part: str = ""

    def __bool__(self) -> bool:
        """Category 0 is one, if a poor one."""
        return self.id != ""


@dataclass(frozen=True, slots=True)
class Home:
    """Where an album lies. A subcategory 0 is none."""

    category: Place
    sub: Place

    @classmethod
    def of(cls, item: Fields) -> Home:
        category, sub = read_place(child(item, "Category")), read_place(child(item, "SubCategory"))
        if category.id == OTHER and not category.name:
            category = Place(OTHER, "Other", "Other")
        return cls(category, Place("") if sub.id == "0" else sub)

    @property
    def at_top(self) -> bool:
        return self.category.id in ("", OTHER) and not self.sub

    @property
    def outer(self) -> Home | None:
        """The category around a subcategory."""
        return Home(self.category, Place("")) if self.sub else None

    def path(self, what: str) -> str:
        """The address of the folder. Raises Garbled where a name is needed and not given."""
        return "" if self.at_top else self.full_path(what)

    def full_path(self, what: str) -> str:
        """As `path`, with category 0 in it as well."""
        places = [place for place in (self.category, self.sub) if place]
        if not all(place.part for place in places):
            raise Garbled(f"the category of {what} has no name")
        return "".join(f"/{place.part}" for place in places)


def read_place(item: Fields) -> Place:
    """A name of which no address can be made ("♥") has the number in its place, as a title has."""
    number, name = item.whole("id"), label(item)
    known = "" if number is None else str(number)
    return Place(known, name, address_part(item.prose("NiceName"), name) or (known if name else ""))


def read_album(item: Fields, *, is_owner: bool, has_password: Callable[[Ref], bool]) -> Album:
    """An album with its fields ("heavy").

    `is_owner`: it is one of the account's that asks, which needs no password. `has_password`: whether we know
    one for an album. Whether it is the right one only its photos tell (code 4).
    """
    ref, title = read_ref(item), item.prose("Title")
    part = address_part(item.prose("NiceName"), title) or str(ref)
    album = Album(
        key=str(ref),
        node_id=f"album:{ref.id}",
        name=title,
        url_path=f"{Home.of(item).path(item.what)}/{part}",
        image_count=item.whole("ImageCount"),
    )
    shown_password = bool(item.prose("Password"))  # only its owner is shown it
    if item.flag("Passworded") and not (is_owner or shown_password or has_password(ref)):
        return replace(album, access=Access.UNREADABLE, reason=LOCKED, image_count=None)
    stamp = item.text("LastUpdated")
    if not stamp.strip("0-: "):  # `0000-00-00 00:00:00` tells of no change: all is listed
        return album
    return replace(album, cursor=f"{stamp}|{item.text('ImageCount')}", changed_at=times.seconds(stamp))


def address_part(nice: str, name: str) -> str:
    """`nice`, or else what SmugMug would make of `name`: "Fabulous me!" becomes "Fabulous-me" (recorded of
    API v2); "" where nothing is left."""
    given = nice.replace("/", "-").strip()
    if given:
        return given[:_LONGEST_PART]
    text = _GAP.sub("-", unicodedata.normalize("NFC", name))
    words = "".join(char for char in text if char == "-" or unicodedata.category(char)[0] in "LNM").split("-")
    joined = "-".join(filter(None, words))
    return (joined[:1].upper() + joined[1:])[:_LONGEST_PART]
