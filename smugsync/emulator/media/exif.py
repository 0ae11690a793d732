"""The Exif block of a photo: reading the common tags, and writing a block as a camera would.

Format: Exif 2.32 (CIPA DC-008), a TIFF 6.0 structure that JPEG keeps in an APP1 segment, PNG in `eXIf`,
WebP in `EXIF` and HEIC in an item. Exif times carry no zone; they stay the camera's wall clock.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from smugsync.emulator.media.exif_words import WORDS
from smugsync.emulator.media.octets import Octets

ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 2, 3, 4, 5, 7

EXIF_POINTER, GPS_POINTER, SUB_IFDS = 0x8769, 0x8825, 0x014A
WIDTH, HEIGHT = 0x0100, 0x0101

#: Tags read, under the names that exiftool gives them. GPS coordinates are handled apart.
NAMES: Mapping[int, str] = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0112: "Orientation",
    0x0131: "Software",
    0x0132: "DateTime",
    0x013B: "Artist",
    0x8298: "Copyright",
    0x4746: "Rating",
    0x829A: "ExposureTime",
    0x829D: "FNumber",
    0x8822: "ExposureProgram",
    0x8827: "ISO",
    0x9003: "DateTimeOriginal",
    0x9004: "DateTimeDigitized",
    0x9102: "CompressedBitsPerPixel",
    0x9203: "BrightnessValue",
    0x9204: "ExposureCompensation",
    0x9206: "SubjectDistance",
    0x9207: "MeteringMode",
    0x9208: "LightSource",
    0x9209: "Flash",
    0x920A: "FocalLength",
    0x9286: "UserComment",
    0x9291: "SubSecTimeOriginal",
    0x9292: "SubSecTimeDigitized",
    0xA001: "ColorSpace",
    0xA217: "SensingMethod",
    0xA402: "ExposureMode",
    0xA403: "WhiteBalance",
    0xA404: "DigitalZoomRatio",
    0xA405: "FocalLengthIn35mmFormat",
    0xA406: "SceneCaptureType",
    0xA407: "GainControl",
    0xA408: "Contrast",
    0xA409: "Saturation",
    0xA40A: "Sharpness",
    0xA40C: "SubjectDistanceRange",
    0xA431: "SerialNumber",
    0xA434: "LensModel",
    0xA435: "LensSerialNumber",
}

_TIMES = frozenset({"DateTime", "DateTimeOriginal", "DateTimeDigitized"})
_STRUCTURE = frozenset({WIDTH, HEIGHT, EXIF_POINTER, GPS_POINTER, SUB_IFDS})
_UNITS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8, 13: 4}  # bytes per value, by TIFF type
_SIGNED = frozenset({9, 10})
_USER_COMMENT = 0x9286
_MOST_ENTRIES = 512  # per directory; cameras write about fifty
_MOST_VALUES = 64  # per numeric tag; the longest we use has three
_LONGEST_TEXT = 8192  # bytes of a caption or an opaque value
_TIME = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)

Value = str | tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Exif:
    """What a TIFF structure says: its tags as text, and the pixels of its largest picture (0 unknown)."""

    tags: Mapping[str, str]
    width: int = 0
    height: int = 0


def read_exif(block: Octets) -> Exif:
    """Read a TIFF structure: byte-order mark first. Never raises; what is not there is left out.

    Times become `YYYY-MM-DDTHH:MM:SS`, exposure `1/250`, lengths `4.0 mm`, coordinates decimal degrees
    (`GPSLatitude`, south and west negative), altitude in metres (`GPSAltitude`).
    """
    mark = block.take(0, 4)
    if mark[:2] not in {b"II", b"MM"}:
        return Exif({})
    block = block.ordered("little" if mark[:2] == b"II" else "big")
    first = dict(_entries(block, block.number(4, 4), NAMES.keys() | _STRUCTURE))
    camera = dict(_entries(block, _whole(first, EXIF_POINTER), NAMES.keys()))
    place = dict(_entries(block, _whole(first, GPS_POINTER), frozenset(range(1, 7))))

    tags = {name: text for tag, name in NAMES.items() if (text := _shown(name, {**first, **camera}.get(tag)))}
    tags.update(_coordinates(place))

    below = first.get(SUB_IFDS, ())
    pictures = [first]
    if not isinstance(below, str):  # raw files: the first directory is a thumbnail, the picture lies below
        pictures += [dict(_entries(block, int(at), {WIDTH, HEIGHT})) for at in below[:4]]
    width, height = max((_whole(picture, WIDTH), _whole(picture, HEIGHT)) for picture in pictures)
    return Exif(tags, width, height)


def read_time(text: str) -> str:
    """A camera's time stamp as `YYYY-MM-DDTHH:MM:SS`, "" where it is blank or no time at all."""
    found = _TIME.match(text.strip())
    if found is None:
        return ""
    try:
        return datetime(*map(int, found.groups())).isoformat()  # type: ignore[arg-type]  # six ints, no tzinfo
    except ValueError:
        return ""


def read_text(raw: bytes) -> str:
    """Text up to the first NUL: UTF-8 where it is that, else Latin-1, as old cameras write."""
    raw = raw.split(b"\0", 1)[0]
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip()


def _entries(block: Octets, start: int, wanted: Iterable[int]) -> Iterator[tuple[int, Value]]:
    """The wanted tags of the directory at `start`; 0 means that there is no such directory."""
    if start < 8:
        return
    wanted = frozenset(wanted)
    for index in range(min(block.number(start, 2), _MOST_ENTRIES)):
        at = start + 2 + 12 * index
        tag = block.number(at, 2)
        if tag in wanted:
            yield tag, _value(block, at)


def _value(block: Octets, entry: int) -> Value:
    """The value of the directory entry at `entry`: in it when four bytes are enough, else where it points."""
    kind, count = block.number(entry + 2, 2), block.number(entry + 4, 4)
    unit = _UNITS.get(kind, 0)
    count = min(count, _LONGEST_TEXT if unit == 1 else _MOST_VALUES)
    length = unit * count
    raw = block.take(entry + 8 if length <= 4 else block.number(entry + 8, 4), length)
    if kind in {ASCII, UNDEFINED}:
        return _comment(raw) if block.number(entry, 2) == _USER_COMMENT else read_text(raw)
    numbers = Octets.of(raw).ordered(block.order)
    if kind in {RATIONAL, 10}:
        pairs = [
            (_integer(numbers, at, kind, 4), _integer(numbers, at + 4, kind, 4))
            for at in range(0, len(raw), 8)
        ]
        return tuple(Fraction(top, bottom) for top, bottom in pairs if bottom)
    return tuple(Fraction(_integer(numbers, at, kind, unit)) for at in range(0, len(raw), unit or 1))


def _comment(raw: bytes) -> str:
    """A text behind eight bytes that name its character set."""
    if raw[:8] == b"UNICODE\0":
        big = raw[8:].decode("utf-16-be", "ignore")
        little = raw[8:].decode("utf-16-le", "ignore")
        text = big if sum(c < "\u0250" for c in big) >= sum(c < "\u0250" for c in little) else little
        return text.partition("\0")[0].strip()
    return read_text(raw[8:])


def _integer(numbers: Octets, at: int, kind: int, width: int) -> int:
    found = numbers.number(at, width)
    return found - (1 << 8 * width) if kind in _SIGNED and found >> (8 * width - 1) else found


def _whole(directory: Mapping[int, Value], tag: int) -> int:
    value = directory.get(tag, ())
    return int(value[0]) if value and not isinstance(value, str) else 0


def _shown(name: str, value: Value | None) -> str:
    if not value:
        return ""
    if isinstance(value, str):
        return read_time(value) if name in _TIMES else value
    number = value[0]
    if name == "ExposureTime":
        return f"1/{round(1 / number)}" if 0 < number < Fraction(1, 3) else f"{float(number):g}"
    if name == "FocalLength":
        return f"{float(number):.1f} mm"
    if name == "FocalLengthIn35mmFormat":
        return f"{int(number)} mm"
    if name == "SubjectDistance":
        return f"{float(number):g} m"
    if name == "ExposureCompensation":
        return _steps(number)
    if name in WORDS:
        return WORDS[name].get(int(number), f"Unknown ({int(number)})")
    return f"{float(number):.10g}" if number.denominator > 1 else str(number.numerator)


def _steps(number: Fraction) -> str:
    """Exposure steps in halves or thirds where they are that: `+1/3`, `-2`."""
    if number == 0:
        return "0"
    for parts in (1, 2, 3):
        if abs(number * parts - round(number * parts)) < Fraction(1, 500) and round(number * parts):
            return f"{round(number * parts):+d}" + (f"/{parts}" if parts > 1 else "")
    return f"{float(number):+.3g}"


def _coordinates(place: Mapping[int, Value]) -> Iterator[tuple[str, str]]:
    """GPS tags 1-6: reference, then degrees, minutes and seconds; reference, then metres."""
    for name, reference, tag, limit in (("GPSLatitude", 1, 2, 90), ("GPSLongitude", 3, 4, 180)):
        value = place.get(tag, ())
        if isinstance(value, str) or not value:
            continue
        degrees = sum(part / 60**power for power, part in enumerate(value[:3]))
        if abs(degrees) <= limit:
            yield name, f"{float(-degrees if place.get(reference) in {'S', 'W'} else degrees):.6f}"
    height = place.get(6, ())
    if height and not isinstance(height, str):
        below = _whole(place, 5) == 1
        yield "GPSAltitude", f"{float(-height[0] if below else height[0]):.1f}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag to be written: its TIFF type, how many values, and those as big-endian bytes."""

    tag: int
    kind: int
    count: int
    payload: bytes

    @classmethod
    def text(cls, tag: int, text: str) -> Entry:
        """Text, NUL-terminated; UTF-8, which readers accept although the standard says ASCII."""
        payload = text.replace("\0", " ").encode("utf-8") + b"\0"
        return cls(tag, ASCII, len(payload), payload)

    @classmethod
    def undefined(cls, tag: int, payload: bytes) -> Entry:
        return cls(tag, UNDEFINED, len(payload), payload)

    @classmethod
    def short(cls, tag: int, number: int) -> Entry:
        return cls(tag, SHORT, 1, struct.pack(">H", number))

    @classmethod
    def rationals(cls, tag: int, *numbers: Fraction) -> Entry:
        payload = b"".join(struct.pack(">II", *number.as_integer_ratio()) for number in numbers)
        return cls(tag, RATIONAL, len(numbers), payload)


def write_exif(first: Sequence[Entry], camera: Sequence[Entry] = (), place: Sequence[Entry] = ()) -> bytes:
    """A big-endian TIFF structure of the main, the Exif and (if `place` holds anything) the GPS directory."""
    main = [*first, *(Entry(tag, LONG, 1, b"\0\0\0\0") for tag, below in _pointers(camera, place) if below)]
    start = 8 + _length(main)
    placed: list[Entry] = list(first)
    blocks = b""
    for tag, below in _pointers(camera, place):
        if below:
            placed.append(Entry(tag, LONG, 1, struct.pack(">I", start + len(blocks))))
            blocks += _directory(below, start + len(blocks))
    return struct.pack(">2sHI", b"MM", 42, 8) + _directory(placed, 8) + blocks


def _pointers(camera: Sequence[Entry], place: Sequence[Entry]) -> tuple[tuple[int, Sequence[Entry]], ...]:
    return (EXIF_POINTER, camera), (GPS_POINTER, place)


def _length(entries: Sequence[Entry]) -> int:
    return 6 + 12 * len(entries) + sum(_even(len(e.payload)) for e in entries if len(e.payload) > 4)


def _even(length: int) -> int:
    return length + length % 2


def _directory(entries: Sequence[Entry], start: int) -> bytes:
    """One directory at offset `start`, entries in the ascending order of tags that TIFF asks for."""
    table, values = struct.pack(">H", len(entries)), b""
    beyond = start + 6 + 12 * len(entries)
    for entry in sorted(entries, key=lambda entry: entry.tag):
        field = entry.payload.ljust(4, b"\0")
        if len(entry.payload) > 4:
            field = struct.pack(">I", beyond + len(values))
            values += entry.payload.ljust(_even(len(entry.payload)), b"\0")
        table += struct.pack(">HHI", entry.tag, entry.kind, entry.count) + field
    return table + b"\0\0\0\0" + values
