"""Remote names become local ones: safe on every file system met on a NAS, unique in their directory,
and stable, because a name is assigned once and then stored.

The rules: the service's own FileName, if its extension is that of a media file, else with `.` and the
format appended, or without any dot where the format is none of a media file either; an empty name is the
file's key; `<>:"/\\|?*`, controls, bidirectional marks and surrogates become `_`; no leading dot or hyphen,
no trailing dot or blank, no DOS device name; at most 255 bytes of UTF-8, in NFC. Two names that a
case-folding or normalising file system would take for one are told apart by the key: `STEM_KEY.EXT`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

MAX_BYTES = 255

#: Extensions that a photo or video may keep from its remote name.
MEDIA_EXTENSIONS = frozenset(
    "jpg jpeg jpe jfif png gif heic heif avif jxl webp tif tiff bmp psd dng cr2 cr3 crw nef nrw arw srf sr2 "
    "orf rw2 raf pef srw x3f raw erf kdc dcr mos mrw 3fr fff iiq rwl mp4 m4v mov qt avi mpg mpeg mpe m2v "
    "wmv asf mkv webm 3gp 3g2 mts m2ts ts mod ogv flv".split()
)

_UNSAFE = re.compile(
    r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f'
    r"\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_TRAILING = re.compile(r"[\s.]+\Z")
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"]
    + [f"{port}{n}" for port in ("COM", "LPT") for n in "0123456789\u00b9\u00b2\u00b3"]
)


#: Characters without a shape of their own, which some file systems leave out when they compare names
#: (HFS+, ext4 with casefold): Unicode's Default_Ignorable_Code_Point.
_IGNORED = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
#: What belongs to the character before it: joiners, skin tones, tags (marks are asked of `unicodedata`).
_ATTACHED = re.compile("[\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_JOINER = "\u200d"
#: More of a name is not looked at, but for its extension: to put a million marks in order takes hours.
_LONGEST = 1024
#: No key of a service is as long; a longer one is shortened like any name.
_MAX_TAG_BYTES = 64


def fold(name: str) -> str:
    """What a case-folding, normalising file system may take `name` for.

    The compatibility caseless match of the Unicode Standard (3.13, D146), without ignored characters.
    """
    if name.isascii():
        return name.lower()
    folded = unicodedata.normalize("NFD", name).casefold()
    folded = unicodedata.normalize("NFKD", folded).casefold()
    return unicodedata.normalize("NFC", _IGNORED.sub("", unicodedata.normalize("NFKD", folded)))


def component(name: str, fallback: str) -> str:
    """One remote name as one safe path component; `fallback` (a key) where nothing is left of it."""
    return _fit(_safe(name) or _safe(fallback) or "_", "")


@lru_cache(4096)
def file_name(name: str, file_format: str, key: str) -> str:
    """The name a photo or video would have if it were alone in its directory."""
    safe = _safe(name) or _safe(key) or "_"
    if _extension(safe).lower() not in MEDIA_EXTENSIONS:
        known = file_format.lower() in MEDIA_EXTENSIONS
        safe = f"{safe}.{file_format.lower()}" if known else safe.replace(".", "_")
    stem, extension = _split(safe)
    return _fit(stem, extension)


def directory(components: Iterable[str], key: str) -> str:
    """A relative directory, `/` between components; an album at no address of its own is named by its key."""
    return "/".join(component(c, key) for c in components if c) or component(key, "_")


def assign(preferred: str, key: str, taken: Callable[[str], bool]) -> str:
    """`preferred`, or the first of `STEM_KEY.EXT`, `STEM_KEY_2.EXT`, … whose folded form is not taken.

    `taken` is asked with folded names. The answer is to be stored: it is never computed again.
    """
    candidate = preferred
    stem, extension = _split(preferred)
    attempt = 1
    while taken(fold(candidate)):
        candidate = _fit(stem, extension, suffix=_tag(key, attempt))
        attempt += 1
    return candidate


def tagged(preferred: str, key: str) -> str:
    """`STEM_KEY.EXT`: what `assign` makes of a name that is taken, if that is free."""
    stem, extension = _split(preferred)
    return _fit(stem, extension, suffix=_tag(key, 1))


def assign_directory(preferred: str, key: str, taken: Callable[[str], bool]) -> str:
    """As `assign`, for a relative directory: the key goes behind its last component.

    If that is no help, because a directory around it is taken, it goes behind one further out.
    """
    parts = preferred.split("/")
    candidate = preferred
    attempt = 0
    while taken(fold(candidate)):
        turn, place = divmod(attempt, len(parts))
        tagged = _fit(parts[-1 - place], "", suffix=_tag(key, turn + 1))
        candidate = "/".join([*parts[: -1 - place], tagged, *parts[len(parts) - place :]])
        attempt += 1
    return candidate


def beside(name: str, label: str) -> str:
    """The name of a copy that lies beside `name`: `STEM (label).EXT`."""
    stem, extension = _split(name)
    return _fit(stem, extension, suffix=f" ({_safe(label)})")


def _tag(key: str, attempt: int) -> str:
    tag = _cut(_safe(key), _MAX_TAG_BYTES) or "_"
    return f"_{tag}" if attempt == 1 else f"_{tag}_{attempt}"


def _safe(name: str) -> str:
    clean = _trim(_UNSAFE.sub("_", unicodedata.normalize("NFC", _shorten(name))).lstrip())
    if clean.startswith((".", "-")):  # hidden, or an option to every tool that meets it
        clean = "_" + clean[1:]
    return _no_device(clean)


def _shorten(name: str) -> str:
    if len(name) <= _LONGEST:
        return name
    _, dot, extension = name[-16:].rpartition(".")
    return name[:_LONGEST] + dot + (extension if dot else "")


def _no_device(name: str) -> str:
    return "_" + name if name.split(".", 1)[0].rstrip(" ").upper() in _DEVICES else name


def _extension(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    return extension if dot and stem else ""


def _split(name: str) -> tuple[str, str]:
    extension = _extension(name)
    return (name[: -len(extension) - 1], "." + extension) if 0 < len(extension) <= 8 else (name, "")


def _fit(stem: str, extension: str, *, suffix: str = "") -> str:
    """`stem + suffix + extension` in at most MAX_BYTES bytes, shortened in the stem between characters."""
    room = max(MAX_BYTES - len((suffix + extension).encode()), 1)
    if len(stem.encode()) > room:
        stem = _cut(stem, room) or "_"
    return _no_device(_trim(stem + suffix + extension))


def _cut(text: str, room: int) -> str:
    """The beginning of `text` in at most `room` bytes of UTF-8, with no dot or blank at its end.

    What a person sees as one character (an emoji of several, a letter and its marks) stays whole.
    """
    encoded = text.encode()
    if len(encoded) <= room:
        return text
    widest = end = len(encoded[:room].decode("utf-8", "ignore"))
    while end and (_is_attached(text[end]) or text[end - 1] == _JOINER):
        end -= 1
    return _trim(text[: end or widest])


def _trim(text: str) -> str:
    """`text` without the dots and blanks, of whatever kind, at its end."""
    return _TRAILING.sub("", text)


def _is_attached(character: str) -> bool:
    return unicodedata.category(character).startswith("M") or bool(_ATTACHED.match(character))
