"""What differs between the versions of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Version:
    """One version. Each property is a line of the list of differences between them.

    Where a version's own behaviour is not known, that of the next older one is taken.
    """

    name: str

    @property
    def has_sessions(self) -> bool:
        """Whether one logs in. 1.3.0 has no methods for it, though it takes sessions made elsewhere."""
        return self.name < "1.3.0"

    @property
    def has_oauth(self) -> bool:
        return self.name >= "1.2.2"

    @property
    def takes_bare_keys(self) -> bool:
        """Whether an API key alone opens what is public."""
        return self.name >= "1.3.0"

    @property
    def needs_keys(self) -> bool:
        """Whether AlbumKey and ImageKey have to be given."""
        return self.name >= "1.3.0"

    @property
    def label(self) -> str:
        """What the name of a category is called where categories are listed."""
        return "Title" if self.name == "1.2.0" else "Name"

    @property
    def nests_images(self) -> bool:
        """Whether the images of an album come inside of it."""
        return self.name >= "1.2.2"

    @property
    def has_extras(self) -> bool:
        """Associative, Callback, Empty, Extras, LastUpdated, Pretty and Strict."""
        return self.name >= "1.2.2"

    @property
    def empties_are_lists(self) -> bool:
        """Whether an empty list is a list, unless Strict is asked for; else it is a failure, code 15."""
        return self.name >= "1.3.0"

    @property
    def failures_say_method(self) -> bool:
        """Recorded: not in 1.2.0, in 1.2.2. Of 1.2.1 nothing is known."""
        return self.name >= "1.2.2"

    @property
    def nothing_to_change_fails(self) -> bool:
        """A change that changes nothing: a system error (two clients saw it of 1.2.2)."""
        return self.name == "1.2.2"

    @property
    def has_page_urls(self) -> bool:
        """URL and LightboxURL in the place of AlbumURL."""
        return self.name >= "1.2.2"

    @property
    def flags_watermarks(self) -> bool:
        """An image's Watermark is true or false; before, a text."""
        return self.name >= "1.2.2"

    @property
    def has_titles(self) -> bool:
        """Of images; positions are numbers then."""
        return self.name >= "1.3.0"

    @property
    def has_positions(self) -> bool:
        """Whether images.changeSettings takes Latitude, Longitude and Altitude."""
        return self.name >= "1.2.1"


VERSIONS: Final[Mapping[str, Version]] = {
    name: Version(name) for name in ("1.2.0", "1.2.1", "1.2.2", "1.3.0")
}
