"""How the emulated service behaves where the real one varies, or is not known well enough.

A switch is written `NAME=VALUE`, for example ``duplicates=refuse``. See `HELP` for the names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

from smugsync.emulator.pixelpost.bugs import read_bugs
from smugsync.emulator.pixelpost.entities import read_grants

Access = Literal["Public", "Full"]
Permissions = Literal["Read", "Add", "Modify"]

HELP: Final = """\
  max-count=N               the largest page (default 1000; the service's own limit is not known)
  allowance=N               requests in an hour before 429 (default 100000, about what was seen to remain)
  page-links=plain|filters  whether NextPage and its like carry _filter and _filteruri (default plain)
  redirect-status=301|302   for an image key without its serial (default 301)
  grant-status=401|403      when a token's grant does not reach far enough (default 403)
  access=Full|Public        what the announced token may see (default Full)
  permissions=Read|Add|Modify
                            and do (default Modify)
  authorize=ask|approve|refuse
                            the sign-in page: asks a person, or answers by itself (default ask)
  plaintext=https|always    where the signature method PLAINTEXT is taken (default https)
  terms=accepted|pending    whether the API keys have accepted the API's terms (default accepted)
  derived-names=suffix|conflict
                            an UrlName that is derived and taken: made unique, or 409 (default suffix)
  duplicates=accept|refuse  an upload of a name that the album holds: a second image, or 409 (default accept)
  replaced-name=keep|take   an image that is replaced keeps its FileName, or takes the new one (default keep)
  small-videos=refuse|accept
                            films of up to 40 kB or of few pixels (default refuse)
  mismatch-code=N           the code when a body does not fit its Content-MD5 (default 5)
  processing=SECONDS        how long a new video stays Processing (default 0)
  image-lag=SECONDS         Image.LastUpdated lies so far after the upload (default 0)
  images-updated-lag=SECONDS
                            ImagesLastUpdated moves so long after its cause (default 0)
  album-updated=uploads|images
                            beside its settings, uploads move an album's LastUpdated, or every change of
                            its images does (default uploads)
  updated-throttle=SECONDS  uploads move an album's LastUpdated no more often than that (default 0)

  The older APIs:
  session-lifetime=SECONDS  how long a session lasts; 0 is until somebody logs out (default 0)
  session-calls=N           after so many calls a session is over (default 1000000)
  media-auth=open|signed    whether pictures of private albums need a signature (default open)
  legacy-ids=small|large    the ids of images: below 2^31, or beyond (default small)
  legacy-images=version|top|album
                            where images.get has its images: at the top up to 1.2.1, then in the album, by the
                            version (default version)
  legacy-empty=version|fail|list
                            an empty list: a failure with code 15 before 1.3.0, then a list, by the version
                            (default version)
  legacy-gone=9|5|4         the code for an album that there is not (default 9)
  legacy-keys=given|absent  whether 1.2.0 tells keys, as it does since 2008 (default given)
  legacy-urls=version|plain|serial|keyed
                            addresses of pictures: ID-O, ID-O-SERIAL or ID_KEY-O; by the version, the
                            second up to 1.2.1, the third after it (default version)
  legacy-absent=missing|empty|null
                            what is not for this viewer is left out, or "" or null (default missing)
  legacy-digests=all|photos|half|none
                            which have an MD5Sum: videos too, or some of the pictures (default all)
  legacy-originals=given|withheld
                            whether pictures have an OriginalURL (default given)
  legacy-names=plain|html   whether file names have HTML's entities in them (default plain)
  legacy-count=all|listed   what ImageCount counts beside LastUpdated (default all)
  legacy-tree=yes|no        whether 1.3.0 has users.* and categories (default yes)
  legacy-failures=version|method|bare
                            whether failures have a method; by the version, from 1.2.2 on (default version)
  legacy-json=TYPE          the media type of JSON: application/json, text/javascript, text/html or text/plain
                            (default application/json)
  legacy-mode=normal|read-only
                            while it is read-only, writes fail with code 99 (default normal)

  Pixelpost:
  upstream-bugs=LIST        on, off or mended, then NAME or -NAME: which bugs of the application there are,
                            of interval, xml-requests, signed-get, sort, true, digits, ids, config, path and
                            page; mended is all but the first three (default mended)
  pixelpost-lifetime=N      how many seconds a token lives at most (default 300)
  pixelpost-grants=LIST     what the announced keys may do, of read, write, delete, config and admin
                            (default read,write,delete)
  anonymous-read=off|on     whether reading needs no keys (default off)
  pixelpost-validators=on|off
                            whether files have an ETag, a date and ranges, as Apache sends them, or are bare,
                            as PHP's own server sends them (default on)
"""


@dataclass(frozen=True, slots=True)
class Switches:
    """One value for each name in `HELP`; seconds are floats."""

    max_count: int = 1000
    allowance: int = 100_000
    page_links: Literal["plain", "filters"] = "plain"
    redirect_status: Literal[301, 302] = 301
    grant_status: Literal[401, 403] = 403
    access: Access = "Full"
    permissions: Permissions = "Modify"
    authorize: Literal["ask", "approve", "refuse"] = "ask"
    plaintext: Literal["https", "always"] = "https"
    terms: Literal["accepted", "pending"] = "accepted"
    derived_names: Literal["suffix", "conflict"] = "suffix"
    duplicates: Literal["accept", "refuse"] = "accept"
    replaced_name: Literal["keep", "take"] = "keep"
    small_videos: Literal["refuse", "accept"] = "refuse"
    mismatch_code: int = 5
    processing: float = 0
    image_lag: float = 0
    images_updated_lag: float = 0
    album_updated: Literal["uploads", "images"] = "uploads"
    updated_throttle: float = 0
    session_lifetime: float = 0
    session_calls: int = 1_000_000
    media_auth: Literal["open", "signed"] = "open"
    legacy_ids: Literal["small", "large"] = "small"
    legacy_images: Literal["version", "top", "album"] = "version"
    legacy_empty: Literal["version", "fail", "list"] = "version"
    legacy_gone: Literal[9, 5, 4] = 9
    legacy_keys: Literal["given", "absent"] = "given"
    legacy_urls: Literal["version", "plain", "serial", "keyed"] = "version"
    legacy_absent: Literal["missing", "empty", "null"] = "missing"
    legacy_digests: Literal["all", "photos", "half", "none"] = "all"
    legacy_originals: Literal["given", "withheld"] = "given"
    legacy_names: Literal["plain", "html"] = "plain"
    legacy_count: Literal["all", "listed"] = "all"
    legacy_tree: Literal["yes", "no"] = "yes"
    legacy_failures: Literal["version", "method", "bare"] = "version"
    legacy_json: str = "application/json"
    legacy_mode: Literal["normal", "read-only"] = "normal"
    upstream_bugs: str = "mended"
    pixelpost_lifetime: int = 300
    pixelpost_grants: str = "read,write,delete"
    anonymous_read: Literal["off", "on"] = "off"
    pixelpost_validators: Literal["on", "off"] = "on"

    def set(self, text: str) -> Switches:
        """With one switch turned, as the command line writes it. Raises ValueError with a sentence."""
        name, equals, value = text.partition("=")
        key = name.strip().replace("-", "_")
        if not equals or key not in {one.name for one in fields(self)}:
            known = ", ".join(one.name.replace("_", "-") for one in fields(self))
            raise ValueError(f"there is no switch {text!r}: NAME=VALUE, where NAME is one of {known}")
        changes: dict[str, Any] = {key: _read(key, name, value.strip())}
        return replace(self, **changes)

    def describe(self) -> dict[str, Any]:
        """By the names of the command line."""
        return {one.name.replace("_", "-"): getattr(self, one.name) for one in fields(self)}


_WHOLE: Final = ("max_count", "allowance", "mismatch_code", "session_calls", "pixelpost_lifetime")
_CHOICES: Final[Mapping[str, tuple[Any, ...]]] = {
    "page_links": ("plain", "filters"),
    "redirect_status": (301, 302),
    "grant_status": (401, 403),
    "access": ("Full", "Public"),
    "permissions": ("Read", "Add", "Modify"),
    "authorize": ("ask", "approve", "refuse"),
    "plaintext": ("https", "always"),
    "terms": ("accepted", "pending"),
    "derived_names": ("suffix", "conflict"),
    "album_updated": ("uploads", "images"),
    "duplicates": ("accept", "refuse"),
    "small_videos": ("refuse", "accept"),
    "replaced_name": ("keep", "take"),
    "media_auth": ("open", "signed"),
    "legacy_ids": ("small", "large"),
    "legacy_images": ("version", "top", "album"),
    "legacy_empty": ("version", "fail", "list"),
    "legacy_gone": (9, 5, 4),
    "legacy_keys": ("given", "absent"),
    "legacy_urls": ("version", "plain", "serial", "keyed"),
    "legacy_absent": ("missing", "empty", "null"),
    "legacy_digests": ("all", "photos", "half", "none"),
    "legacy_originals": ("given", "withheld"),
    "legacy_names": ("plain", "html"),
    "legacy_count": ("all", "listed"),
    "legacy_tree": ("yes", "no"),
    "legacy_failures": ("version", "method", "bare"),
    "legacy_json": ("application/json", "text/javascript", "text/html", "text/plain"),
    "legacy_mode": ("normal", "read-only"),
    "anonymous_read": ("off", "on"),
    "pixelpost_validators": ("on", "off"),
}
#: Lists of words: what raises ValueError for a list with others in it.
_LISTS: Final[Mapping[str, Callable[[str], object]]] = {
    "upstream_bugs": read_bugs,
    "pixelpost_grants": lambda text: read_grants(text.split(",")),
}


def _read(key: str, name: str, text: str) -> Any:
    if key in _CHOICES:
        for choice in _CHOICES[key]:
            if str(choice).casefold() == text.casefold():
                return choice
        raise ValueError(f"{name} is {' or '.join(map(str, _CHOICES[key]))}, not {text!r}")
    if key in _LISTS:
        _LISTS[key](text)
        return text
    try:
        number = float(text)
        if key in _WHOLE:
            if number != int(number) or number < 1:
                raise ValueError
            return int(number)
        if not 0 <= number < math.inf:
            raise ValueError
        return number
    except (ValueError, OverflowError):
        kind = "a whole number from 1" if key in _WHOLE else "a number of seconds"
        raise ValueError(f"{name} is {kind}, not {text!r}") from None
