"""What SmugMug's own objects say in our terms: an Album, an AlbumImage, a Node, read field by field.

Which fields an object has depends on who looks (its `ResponseLevel`), on the account's age and on
the switches of the request, so each of them may be missing. A field of a senseless type raises
`Garbled`, except for what people wrote: no photo is refused for the sake of its caption.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from smugsync.core.model import Access, Album, Details, Kind, Promise, RemoteFile
from smugsync.errors import Garbled
from smugsync.records import replace
from smugsync.remote.dialect import Folder
from smugsync.remote.wire import Fields

#: The fields that are read below, for `_filter`.
ALBUM_FIELDS = "AlbumKey,NodeID,Name,UrlPath,ImageCount,LastUpdated,ImagesLastUpdated,ResponseLevel"
FOLDER_FIELDS = "NodeID,Name,UrlPath,Type,HasChildren"
FILE_FIELDS = (
    "ImageKey,Serial,FileName,Format,IsVideo,Processing,Status,SubStatus,"
    "ArchivedUri,ArchivedMD5,ArchivedSize,OriginalSize,LastUpdated,Date,DateTimeUploaded,DateTimeOriginal,"
    "Title,Caption,KeywordArray,Keywords,Latitude,Longitude,Hidden,ComponentFileTypes"
)
VIDEO_FIELDS = "Url,MD5,Size,Usable"

PROCESSING = "still processing"
UNPROCESSABLE = "SmugMug cannot process this video; it cannot be downloaded even on the website"
RESTRICTED = "original not offered to this viewer (the album restricts originals or downloads)"

#: SmugMug reads a camera's zoneless time as if it had been taken in California.
_CALIFORNIA = ZoneInfo("America/Los_Angeles")
#: SmugMug takes photos of 500 MB and videos of 3 GB; what claims to be larger than this is nonsense.
LARGEST_FILE = 1 << 36
#: An address has seven levels of at most 60 characters.
_LONGEST_PATH = 4096
#: Extensions of one format.
_ALIKE = ({"jpg", "jpeg"}, {"tif", "tiff"}, {"heic", "heif"})
_FILE_TYPE = re.compile(r"[a-z0-9]{1,8}")
#: An address that needs no encoding and names a host, perhaps with a port.
PLAIN_ADDRESS = re.compile(
    r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?::[1-9][0-9]{0,3}|:[1-5][0-9]{4}|:6[0-4][0-9]{3})?"
    r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@/-]*)?"
)
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def read_album(item: Fields) -> Album:
    album = Album(
        key=item.key("AlbumKey"),
        node_id=item.text("NodeID"),
        name=item.prose("Name") or item.prose("Title"),
        url_path=url_path(item),
        image_count=item.whole("ImageCount"),
    )
    if reason := _locked(item):
        return replace(album, access=Access.UNREADABLE, reason=reason, image_count=None)
    stamps = (item.text("LastUpdated"), item.text("ImagesLastUpdated"))
    # Both move for different changes, and by themselves (housekeeping); the count moves at once.
    if not any(stamps):
        return album
    times = [seconds for stamp in stamps if (seconds := _seconds(stamp)) is not None]
    cursor = "|".join((*stamps, item.text("ImageCount")))
    return replace(album, cursor=cursor, changed_at=max(times, default=None))


def _locked(item: Fields) -> str:
    """Why this viewer cannot list the album's photos, "" when he can.

    A locked album has no count, no time stamps and no link to its photos; it looks empty and is not.
    """
    level = item.text("ResponseLevel")
    if level == "GrantAccess":
        return "shared with invited people only, and this viewer is not one of them"
    if level == "Password":
        return "password-protected for this viewer"
    if "ImageCount" not in item and not link(item, "AlbumImages"):
        return "its photos are not shown to this viewer"
    return ""


def read_folder(item: Fields) -> Folder | None:
    """A folder; None for albums, pages, and the System folders, which hold the site's own files."""
    if item.text("Type") != "Folder":
        return None
    return Folder(
        url_path=url_path(item),
        name=item.prose("Name"),
        node_id=item.key("NodeID"),
        has_children=item.flag("HasChildren") or "HasChildren" not in item,
    )


def read_file(item: Fields, album_key: str, expansions: Fields) -> RemoteFile:
    """An AlbumImage; `expansions` may hold the LargestVideo of its link of that name."""
    is_video = item.flag("IsVideo") or bool(link(item, "LargestVideo"))
    serial = item.whole("Serial") or 0
    offer = _Offer(str(serial)) if is_video else _offer(item, serial)
    file = RemoteFile(
        album_key=album_key,
        key=item.key("ImageKey"),
        name=item.text("FileName"),
        format=item.text("Format"),
        kind=Kind.VIDEO if is_video else Kind.PHOTO,
        version=offer.version,
        revision=item.text("LastUpdated"),
        serial=serial,
        promised=offer.promised,
        source=offer.source,
        withheld=offer.withheld,
        processing=item.flag("Processing"),
        taken=camera_time(item.prose("DateTimeOriginal")),
        uploaded=utc_time(item.prose("DateTimeUploaded") or item.prose("Date")),
        details=_details(item),
        source_files=offer.source_files,
        original_size=_original_size(item),
    )
    return _as_video(file, item, expansions) if is_video else file


class _Offer(NamedTuple):
    """What there is to be had of a file; fields as those of RemoteFile."""

    version: str
    promised: Promise = Promise()
    source: str | None = None
    withheld: str = ""
    source_files: str = ""


def _offer(item: Fields, serial: int) -> _Offer:
    """A photo's archived original."""
    promised = Promise(item.md5("ArchivedMD5"), _size(item, "ArchivedSize"))
    source = _address(item, "ArchivedUri")
    withheld = PROCESSING if item.flag("Processing") else "" if source else RESTRICTED
    return _Offer(
        f"{serial}|{promised.md5 or ''}|{promised.size or ''}",
        promised,
        source,
        withheld,
        source_files(item, item.text("Format").lower()),
    )


def _original_size(item: Fields) -> int | None:
    """Bytes of the upload, None where the service does not say or says nonsense: it is only a hint."""
    try:
        return _size(item, "OriginalSize")
    except Garbled:
        return None


def source_files(item: Fields, own: str) -> str:
    """The types of what SmugMug keeps with a photo of the type `own`: RAW files and the like, to be had on
    its website alone. `ComponentFileTypes` is `[]` or an object of lists: `{"Image": ["jpg"]}`."""
    try:
        found = {word.lower() for word in item.child("ComponentFileTypes").all_words()}
    except Garbled:
        return ""
    if not found:
        return ""
    same = next((alike for alike in _ALIKE if own in alike), {own})
    return " ".join(sorted(word for word in found - same if _FILE_TYPE.fullmatch(word))[:8]) if own else ""


def _as_video(file: RemoteFile, item: Fields, expansions: Fields) -> RemoteFile:
    """A video's Archived fields are not read: they describe neither what was sent nor what is offered."""
    status = item.text("Status")
    if status == "Preprocess" and item.text("SubStatus") == "CanNotProcess":
        return replace(file, withheld=UNPROCESSABLE, processing=False)
    if file.processing or status == "Preprocess":
        return replace(file, withheld=PROCESSING, processing=True)
    try:
        expansion = expansions.child(link(item, "LargestVideo"))
        return read_rendition(file, expansion.child("LargestVideo"))
    except Garbled:  # no worse than missing: the rendition is then asked for by itself
        return file


def read_rendition(file: RemoteFile, video: Fields) -> RemoteFile:
    """`file` with the address and the promise of a LargestVideo, unchanged if that offers no address."""
    source = _address(video, "Url")
    if source is None or ("Usable" in video and not video.flag("Usable")):
        return file
    return replace(file, source=source, promised=Promise(video.md5("MD5"), _size(video, "Size")))


def link(item: Fields, name: str) -> str:
    """One of an object's `Uris`, "" when absent: a string when asked for briefly, else an object."""
    links = item.child("Uris")
    if name not in links:
        return ""
    return links.text(name) if links.is_text(name) else links.child(name).text("Uri")


def camera_time(timestamp: str) -> str:
    """The camera's wall clock behind a `DateTimeOriginal`, "" when it has none that makes sense.

    SmugMug takes EXIF's zoneless time for Californian and prints it in UTC: 11:28:12 on a summer's
    day becomes `18:28:12+00:00`. Turning it back is exact but for the hour that California skips in
    spring: those times do not exist there, and come back an hour off.
    """
    try:
        return _aware(timestamp).astimezone(_CALIFORNIA).replace(tzinfo=None).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return ""


def utc_time(timestamp: str) -> str:
    try:
        return _aware(timestamp).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return ""


def _seconds(timestamp: str) -> int | None:
    """Epoch seconds; None where it is no time."""
    try:
        return int(_aware(timestamp).timestamp())
    except (ValueError, OverflowError):
        return None


def _aware(timestamp: str) -> datetime:
    """A time as the service prints it; one without a zone is UTC."""
    moment = datetime.fromisoformat(timestamp)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _details(item: Fields) -> Details:
    words = item.words("KeywordArray")
    if words is None:  # "a; b" nowadays, "a, b" in older accounts
        line = item.prose("Keywords")
        words = tuple(filter(None, map(str.strip, line.split(";" if ";" in line else ","))))
    return Details(
        title=item.prose("Title"),
        caption=item.prose("Caption"),
        keywords=words,
        latitude=item.prose("Latitude"),
        longitude=item.prose("Longitude"),
        hidden=item.flag("Hidden"),
    )


def url_path(item: Fields) -> str:
    path = item.text("UrlPath")
    if len(path) > _LONGEST_PATH:
        raise Garbled(f"UrlPath of {item.what} is {len(path):,} characters long")
    return path


def _size(item: Fields, name: str) -> int | None:
    """A file's size in bytes, None where the service does not say. Raises Garbled for one no file has."""
    size = item.whole(name) or None
    if size is not None and size > LARGEST_FILE:
        raise Garbled(f"{name} of {item.what} is {size:,} bytes, which no photo or video has")
    return size


def _address(fields: Fields, name: str) -> str | None:
    """A media address, complete and encoded; None when there is none. Raises Garbled for nonsense."""
    address = fields.text(name)
    if not address:
        return None
    if PLAIN_ADDRESS.fullmatch(address):  # as they all are; taking it apart would be a quarter of the work
        return address
    address = quote(_STRAY_PERCENT.sub("%25", address), safe=":/?#[]@!$&'()*+,;=%~")
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Garbled(f"{name} of {fields.what} is not an address")
    return address
