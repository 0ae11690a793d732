"""What differs between the versions of the older API, in one table; everything else reads all of them alike.

Sources: the manuals of 1.2.0 (kallasoft, with recorded answers), the pages of the 1.3.0 reference, and what
clients of each version send (smuganizer, jsmugmugbackup, smugpy, phpSmug, ruby-smugmug, SmugMug.NET).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from smugsync.records import dataclass

#: Where the service's own API lies, and where 1.2.2 wants logins to go (several clients).
API_HOST = "api.smugmug.com"
_LOGIN_ORIGIN = "https://secure.smugmug.com"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the API.

    `sessions`: it has login methods; `oauth`: it takes OAuth instead. `changes`: listings take the
    `LastUpdated` argument (epoch seconds, strictly after). `light`: what a list of albums without all their
    fields is asked with, beside itself. `info_is_whole`: albums.getInfo names the album's category (in 1.2.0
    it gives the category's id alone, recorded). `tree`: `users.getTree` is the way to the names of
    categories; in 1.2.2 and 1.3.0 albums.get tells them with their addresses, and the last clients of 1.3.0
    found getTree no longer there. `names_both`: a replacement names the album beside the photo (1.3.0, one
    client, 2025); else exactly one of the two (the manuals of 1.2.x). `base64`: the path that takes files
    inside a form on the upload host, "" where there is none. `login_apart`: logins go to another host than
    questions.
    """

    name: str
    sessions: bool = True
    oauth: bool = False
    changes: bool = False
    light: tuple[tuple[str, str], ...] = ()
    info_is_whole: bool = True
    tree: bool = False
    names_both: bool = False
    base64: str = ""
    login_apart: bool = False

    @property
    def path(self) -> str:
        """The address below the API's origin; older documents give `/hack/json/…/` for 1.2.0."""
        return f"/services/api/json/{self.name}/"


_LIGHT = (("Extras", "NiceName,URL"),)

VERSIONS = {
    version.name: version
    for version in (
        Version("1.2.0", info_is_whole=False, tree=True, base64="/hack/json/1.2.0/"),
        Version("1.2.1", tree=True, base64="/services/api/json/1.2.1/"),
        Version(
            "1.2.2",
            oauth=True,
            changes=True,
            light=_LIGHT,
            base64="/services/api/json/1.2.2/",
            login_apart=True,
        ),
        Version("1.3.0", sessions=False, oauth=True, changes=True, light=_LIGHT, names_both=True),
    )
}


def login_origin(version: Version, api_url: str) -> str:
    """The bare origin that logins go to: that of the API, but for the service's own 1.2.2.

    It has to be among the hosts that may see credentials.
    """
    apart = version.login_apart and urlsplit(api_url).hostname == API_HOST
    return _LOGIN_ORIGIN if apart else api_url.rstrip("/")
