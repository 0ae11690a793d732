"""How the emulated service behaves where the real one varies, or is not known well enough.

A switch is written `NAME=VALUE`, for example ``duplicates=refuse``. See `HELP` for the names.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

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


_WHOLE: Final = ("max_count", "allowance", "mismatch_code")
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
}


def _read(key: str, name: str, text: str) -> Any:
    if key in _CHOICES:
        for choice in _CHOICES[key]:
            if str(choice).casefold() == text.casefold():
                return choice
        raise ValueError(f"{name} is {' or '.join(map(str, _CHOICES[key]))}, not {text!r}")
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
