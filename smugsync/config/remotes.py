"""The kinds of remotes: how each may be signed in to, where it is, and what can be done with it.

One table, and nothing else asks which kind a remote is; what answers for it on the wire stands in
`smugsync.cli.remotes`. What a kind does not take is ignored wherever it was written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final, Literal, get_args

from smugsync.records import dataclass

Kind = Literal["smugmug-v2", "smugmug-1.3.0", "smugmug-1.2.2", "smugmug-1.2.1", "smugmug-1.2.0", "pixelpost"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
DEFAULT_KIND: Final[Kind] = "smugmug-v2"

#: An access token: what a sign-in brings, and useless but as a whole.
TOKEN: Final = ("access_token", "access_token_secret")
PLACES: Final = ("api_url", "upload_url", "oauth_url")
#: How a Pixelpost site is asked, and how files go to the oldest APIs.
SiteForm = Literal["json", "get"]
#: Which pictures of such a site are taken: those that are whole, or also those that cannot be decoded.
SitePictures = Literal["whole", "any"]
UploadForm = Literal["raw", "base64"]

#: What opens albums that a password protects, beside any sign-in.
_ALBUMS: Final = ("site_password", "album_passwords")


class Way(StrEnum):
    """How a remote is signed in to."""

    OAUTH = "oauth"  #: an application's key and secret, and an access token by `smugsync auth login`
    PASSWORD = "password"  # noqa: S105 - the name of a way  #: a session, by e-mail address and password
    KEY = "key"  #: the application's key alone: the public albums of `user`
    PAIR = "pair"  #: Pixelpost's pair of keys
    NOBODY = "nobody"  #: nothing at all: what the site lets everybody read

    @property
    def needs(self) -> tuple[str, ...]:
        """The settings without which nobody can go it."""
        return _NEEDS[self]


_NEEDS: Final[Mapping[Way, tuple[str, ...]]] = {
    Way.OAUTH: ("api_key", "api_secret", *TOKEN),
    Way.PASSWORD: ("api_key", "email", "password"),
    Way.KEY: ("user", "api_key"),
    Way.PAIR: ("public_key", "private_key"),
    Way.NOBODY: (),
}
#: Any of these says that a way is meant.
_MARKS: Final[Mapping[Way, tuple[str, ...]]] = {
    Way.OAUTH: TOKEN,
    Way.PASSWORD: ("email", "password"),
    Way.KEY: ("user",),
    Way.PAIR: ("public_key", "private_key"),
    Way.NOBODY: (),
}


@dataclass(frozen=True, slots=True)
class Remote:
    """One kind. `ways` in the order in which they count where several are given; `places` are the settings
    that hold its addresses, the first being the one that cannot do without.

    `service` is what people call it. `follows`: where another server is named by its first address, the
    others are that server's as well, unless they are named themselves.
    """

    kind: Kind
    service: str
    ways: tuple[Way, ...]
    unless_told: Way  #: what is meant if nothing says so
    places: tuple[str, ...] = PLACES
    more: tuple[str, ...] = ()  #: what it takes beside its ways and places
    defaults: Mapping[str, str] | None = None  #: of the places; None = there is no such site
    follows: bool = False
    writes: bool = True  #: files can be sent to it

    @property
    def takes(self) -> frozenset[str]:
        """Every setting of `[remote]` that means something here and would mean nothing elsewhere."""
        return frozenset({*self.places, *self.more, *(name for way in self.ways for name in way.needs)})

    @property
    def signs_in(self) -> bool:
        """Whether `smugsync auth login` can do anything for it."""
        return Way.OAUTH in self.ways

    def way(self, given: Collection[str]) -> Way:
        """The way that is meant, the settings in `given` being there."""
        marked = (way for way in self.ways if not set(_MARKS[way]).isdisjoint(given))
        if (found := next(marked, None)) is not None:
            return found
        # An application's secret serves no other way; an empty configuration has to be told something.
        return Way.OAUTH if self.signs_in and "api_secret" in given else self.unless_told


_SMUGMUG: Final = {
    "api_url": "https://api.smugmug.com",
    "upload_url": "https://upload.smugmug.com/",
    "oauth_url": "https://api.smugmug.com",
}

_OLDEST: Final[tuple[Kind, ...]] = ("smugmug-1.2.1", "smugmug-1.2.0")

REMOTES: Final[Mapping[str, Remote]] = {
    remote.kind: remote
    for remote in (
        Remote("smugmug-v2", "SmugMug", (Way.OAUTH, Way.KEY), Way.OAUTH, defaults=_SMUGMUG),
        Remote(
            "smugmug-1.3.0",
            "SmugMug",
            (Way.OAUTH, Way.KEY),
            Way.OAUTH,
            more=_ALBUMS,
            defaults=_SMUGMUG,
            follows=True,
        ),
        Remote(
            "smugmug-1.2.2",
            "SmugMug",
            (Way.OAUTH, Way.PASSWORD, Way.KEY),
            Way.PASSWORD,
            more=(*_ALBUMS, "upload_form"),
            defaults=_SMUGMUG,
            follows=True,
        ),
        *(
            Remote(
                kind,
                "SmugMug",
                (Way.PASSWORD, Way.KEY),
                Way.PASSWORD,
                places=("api_url", "upload_url"),
                more=(*_ALBUMS, "upload_form"),
                defaults=_SMUGMUG,
                follows=True,
            )
            for kind in _OLDEST
        ),
        Remote(
            "pixelpost",
            "Pixelpost",
            (Way.PAIR, Way.NOBODY),
            Way.NOBODY,
            places=("site_url",),
            more=("site_form", "site_api", "site_pictures"),
            writes=False,
        ),
    )
}
