"""What Pixelpost says of its photos in our terms: an entry of `photo.list`, and what gives a change away.

An entry has the fields that were asked for. There is no checksum, no size, no album and no time of the last
edit (source), so nothing is promised of the bytes: what came is checked on its way, decoded, and hashed.
`filename`, 32 hex digits and `.jpg`, is made when a photo is added and never changes; `id` is given to the
next photo once the last one is deleted (recorded), so it identifies nothing and only helps to look.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote, urlsplit

from smugsync.core.model import Details, RemoteFile
from smugsync.errors import Garbled
from smugsync.records import replace
from smugsync.remote.pixelpost.site import Site
from smugsync.remote.wire import Fields

#: The site is one album.
ALBUM: Final = "photos"
FILE_FIELDS: Final = ("id", "filename", "title", "description", "publish-date", "visible", "original-url")
#: What an edit changes.
ALBUM_FIELDS: Final = ("filename", "title", "description", "publish-date", "visible")
#: All that is needed to find one photo among all.
WHERE: Final = ("id", "filename", "original-url")
#: The only two keys that are honoured, in the order given (recorded).
SORT: Final = {"publish-date": "desc", "title": "asc"}
#: How many of the newest photos a cursor watches: one page.
NEWEST: Final = 100
#: No photo is published later.
FAR_AHEAD: Final = "9999-12-31T23:59:59+00:00"
#: What is fetched again beside what is new. The service asks for at least a day: a date is edited by hand.
_OVERLAP: Final = timedelta(days=1)
_STRAY: Final = ":/?#[]@!$&'()*+,;=%~"
#: What a path's last part may hold as it is (RFC 3986, `pchar`).
_PLAIN: Final = ":@!$&'()*+,;=~"


def read_file(item: Fields, site: Site) -> RemoteFile:
    """An entry of a listing. Raises Garbled."""
    name = item.key("filename")
    if "/" in name or "\\" in name:
        raise Garbled(f"filename of {item.what} is a path")
    title, caption = item.prose("title"), item.prose("description")
    published = _utc(item.prose("publish-date"))
    hidden = "visible" in item and not item.flag("visible")
    record = json.dumps([title, caption, published, hidden])
    return RemoteFile(
        album_key=ALBUM,
        key=name,
        name=name,
        format=name.rpartition(".")[2].upper() if "." in name else "",
        version=name,
        revision=_digest(record),
        serial=item.whole("id") or 0,
        source=address(item, site),
        uploaded=published,
        details=Details(title=title, caption=caption, hidden=hidden),
    )


def placed(item: Fields, file: RemoteFile, site: Site) -> RemoteFile:
    """`file` with its number and the address of its bytes as they are now. Raises Garbled."""
    return replace(file, serial=item.whole("id") or 0, source=address(item, site), withheld="")


def address(item: Fields, site: Site) -> str:
    """Where the photo's bytes lie. Raises Garbled.

    A site learns its own address when it is installed and writes that into every link, with the filename as
    it is behind it (source). One that has been given a certificate since still says `http:`, which is put
    right.
    """
    url = _encoded(item.text("original-url"), item.prose("filename"))
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Garbled(f"original-url of {item.what} is not an address")
    if parts.scheme == "http" and site.url.startswith("https:"):
        ours = urlsplit(site.url)
        if parts.hostname == ours.hostname and parts.port in (None, 80) and ours.port is None:
            return parts._replace(scheme="https", netloc=ours.netloc).geturl()
    return url


def _encoded(url: str, name: str) -> str:
    """In the name, unlike in what stands before it, `#`, `?` and `%` are letters like any other."""
    if name and url.endswith(f"/{name}"):
        return quote(url.removesuffix(name), safe=_STRAY) + quote(name, safe=_PLAIN)
    return quote(url, safe=_STRAY)


def cursor_of(size: int | None, entries: Iterable[object], date: str) -> str:
    """`size|since|digest` of the newest entries first, as asked for with `ALBUM_FIELDS` and `SORT`.

    The digest is that of the newest `NEWEST`, and `since` the date of the oldest of them: all that moves the
    cursor, except an older photo's going or coming, was published since. It is empty where the whole listing
    is no larger, and where that date is later than `date`, the answer's own `Date`: what is added
    next would come before it.
    """
    newest = [entry for entry in entries if isinstance(entry, Mapping)][:NEWEST]
    dates = [moment for entry in newest if (moment := _moment(entry.get("publish-date")))]
    now = _http_date(date)
    since = ""
    if len(newest) == NEWEST and size != NEWEST and dates and now and min(dates) <= now:
        since = min(dates).isoformat(timespec="seconds")
    # Those of one moment and one title come in any order.
    records = sorted(json.dumps([entry.get(name) for name in ALBUM_FIELDS]) for entry in newest)
    return f"{'' if size is None else size}|{since}|{_digest(*records)}"


def start_of_changes(cursor: str, size: int | None) -> str:
    """From when on photos have to be listed to see what has changed since `cursor`; "" = all of them.

    `size` is how many there are now. No fewer than before: none has gone, as far as a number tells.
    """
    before, since, _ = (*cursor.split("|"), "", "", "")[:3]
    moment = _moment(since)
    if moment is None or size is None or not before.isdigit() or size <= int(before):
        return ""
    try:
        return (moment - _OVERLAP).isoformat(timespec="seconds")
    except OverflowError:
        return ""


def find(entries: Sequence[object], key: str) -> Fields | None:
    """The entry of one photo, None if it is not among them. Raises Garbled for an entry that may be it."""
    unreadable = False
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("filename"), str):
            unreadable = True
        elif entry["filename"] == key:
            return Fields.of(entry, f"entry {number}")
    if unreadable:
        raise Garbled("the list of photos holds entries without a filename")
    return None


def _digest(*texts: str) -> str:
    joined = "\n".join(texts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:32]


def _utc(stamp: str) -> str:
    moment = _moment(stamp)
    return "" if moment is None else moment.isoformat(timespec="seconds")


def _moment(stamp: object) -> datetime | None:
    """A publish date: RFC 3339, always UTC and of whole seconds (recorded). None for what is no time."""
    try:
        moment = datetime.fromisoformat(stamp) if isinstance(stamp, str) else None
        if moment is None:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
