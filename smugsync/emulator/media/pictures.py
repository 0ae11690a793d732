"""Photographs, graphics and films that nobody took: real files, the same bytes for the same arguments.

Different seeds give different bytes. PNG and GIF are painted here; a JPEG, HEIC or MP4 is one of the
files in `assets/` with its own metadata, so that nothing beyond the standard library is needed at run time
(how the assets were made: `assets/README.md`).
"""

from __future__ import annotations

import random
import struct
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from importlib.resources import files

from smugsync.emulator.media.exif import Entry, write_exif
from smugsync.emulator.media.landscape import paint
from smugsync.emulator.media.raster import encode_gif, encode_png

#: How many base photographs there are; seeds go round them.
LANDSCAPES = 12
#: Where the HEIC asset says when it was taken: replaced, at equal length, in every copy.
HEIC_TIME = "2001-01-01T00:00:00"

CAMERA = "Aperta X100"  # make, then model

#: Latitude and longitude in decimal degrees, north and east positive.
Position = tuple[float, float]


def make_picture(
    seed: int,
    *,
    taken: str | None,
    title: str = "",
    camera: str = CAMERA,
    gps: Position | None = None,
) -> bytes:
    """A JPEG of 640 x 427 pixels (some are upright), 20 to 30 kB, with Exif as a camera writes it.

    `taken` is the camera's wall clock, `YYYY-MM-DDTHH:MM:SS`, None for a camera without a clock. `title`
    becomes ImageDescription. `camera` is the make, a blank, and the model. Raises ValueError when `taken`
    is no such time.
    """
    number = seed % LANDSCAPES
    base = _asset(f"landscape-{number:02}.jpg")
    pixels = landscape_pixels(number)
    exif = camera_exif(seed, taken=taken, title=title, camera=camera, gps=gps, pixels=pixels)
    return base[:2] + _segment(0xE1, b"Exif\0\0" + exif) + _segment(0xFE, _note(seed)) + base[2:]


def make_png(seed: int, *, taken: str | None = None, title: str = "", camera: str = CAMERA) -> bytes:
    """An indexed PNG of 640 x 427 pixels, about 20 kB, with Exif; arguments as for `make_picture`."""
    exif = camera_exif(seed, taken=taken, title=title, camera=camera)
    return encode_png(paint(seed, 640, 427), exif=exif, title=title, comment=_note(seed))


def make_gif(seed: int) -> bytes:
    """A GIF of 320 x 213 pixels, about 20 kB. GIF knows no Exif."""
    return encode_gif(paint(seed, 320, 213), comment=_note(seed))


def make_heic(seed: int, *, taken: str | None = None) -> bytes:
    """A HEIC of 640 x 427 pixels; all seeds show the same scene. `taken` as for `make_picture`."""
    stamp = _exif_time(taken) if taken else "    :  :     :  :  "  # what Exif prescribes for unknown
    dated = _asset("still.heic").replace(_exif_time(HEIC_TIME).encode(), stamp.encode())
    return dated + _box(b"free", _note(seed))


def make_video(seed: int, *, taken: str | None = None, title: str = "", at_least: int = 0) -> bytes:
    """A playable MP4 (H.264, 640 x 360, two seconds, silent, under 40 kB); all seeds show the same scene.

    `taken` is the creation time in UTC, which is what the container keeps. `at_least` pads the file to
    this many bytes: the service takes videos of 40 kB and less for unknown files.
    """
    clip = _asset("clip.mp4")
    start = clip.rindex(b"moov") - 4
    movie = clip[start + 8 :]  # the asset ends with its index, which may therefore grow
    if taken:
        created = _container_time(taken)
        for header in (b"mvhd", b"tkhd", b"mdhd"):
            at = movie.index(header) + 8  # type, version and flags; then creation and modification
            movie = movie[:at] + struct.pack(">II", created, created) + movie[at + 8 :]
    if title:
        movie += _named(title)
    data = clip[:start] + _box(b"moov", movie) + _box(b"free", _note(seed))
    missing = at_least - len(data)
    return data + _box(b"free", bytes(max(missing - 8, 0))) if missing > 0 else data


def landscape_pixels(number: int) -> tuple[int, int]:
    """Width and height of a base photograph: two of the twelve are upright."""
    return (427, 640) if number % 5 == 4 else (640, 427)


def camera_exif(
    seed: int,
    *,
    taken: str | None,
    title: str = "",
    camera: str = CAMERA,
    gps: Position | None = None,
    pixels: tuple[int, int] = (640, 427),
) -> bytes:
    """The Exif block (a TIFF structure) of a picture of `pixels`; the rest as for `make_picture`."""
    rng = random.Random(seed)  # noqa: S311 - exposure settings, not secrets
    make, _, model = camera.partition(" ")
    main = [
        Entry.text(0x010F, make),
        Entry.text(0x0110, model or make),
        Entry.short(0x0112, 1),  # Orientation: as stored
        Entry.rationals(0x011A, Fraction(72)),  # XResolution, YResolution, in inches
        Entry.rationals(0x011B, Fraction(72)),
        Entry.short(0x0128, 2),
        Entry.text(0x0131, "smugsync emulator"),
        Entry.short(0x0213, 1),  # YCbCrPositioning: centred
    ]
    shot = [
        Entry.rationals(0x829A, Fraction(1, rng.choice((30, 60, 125, 250, 500, 1000)))),
        Entry.rationals(0x829D, Fraction(rng.choice(("1.8", "2.8", "4", "5.6", "8", "11")))),
        Entry.short(0x8827, rng.choice((64, 100, 200, 400, 800, 1600))),
        Entry.undefined(0x9000, b"0232"),  # ExifVersion
        Entry.undefined(0x9101, b"\1\2\3\0"),  # ComponentsConfiguration: Y Cb Cr
        Entry.rationals(0x920A, Fraction(rng.choice((24, 35, 50, 85, 135)))),
        Entry.undefined(0xA000, b"0100"),  # FlashpixVersion
        Entry.short(0xA001, 1),  # ColorSpace: sRGB
        Entry.short(0xA002, pixels[0]),  # PixelXDimension, PixelYDimension
        Entry.short(0xA003, pixels[1]),
        Entry.text(0xA434, f"{make} 24-135mm f/1.8"),
    ]
    if title:
        main.append(Entry.text(0x010E, title))
    if taken:
        stamp = _exif_time(taken)
        main.append(Entry.text(0x0132, stamp))
        shot += [Entry.text(0x9003, stamp), Entry.text(0x9004, stamp)]
    return write_exif(main, shot, _place(*gps) if gps else ())


def _place(latitude: float, longitude: float) -> list[Entry]:
    return [
        Entry(0, 1, 4, bytes((2, 3, 0, 0))),  # GPSVersionID
        Entry.text(1, "S" if latitude < 0 else "N"),
        Entry.rationals(2, *_sexagesimal(latitude)),
        Entry.text(3, "W" if longitude < 0 else "E"),
        Entry.rationals(4, *_sexagesimal(longitude)),
    ]


def _sexagesimal(degrees: float) -> tuple[Fraction, Fraction, Fraction]:
    """Degrees, minutes and seconds, the last to a ten-thousandth: three millimetres."""
    units = round(abs(degrees) * 36_000_000)
    minutes, rest = divmod(units, 600_000)
    return Fraction(minutes // 60), Fraction(minutes % 60), Fraction(rest, 10_000)


def _moment(taken: str) -> datetime:
    try:
        return datetime.strptime(taken, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"not a time like 2019-08-04T11:28:12: {taken!r}") from None


def _exif_time(taken: str) -> str:
    return f"{_moment(taken):%Y:%m:%d %H:%M:%S}"


def _container_time(taken: str) -> int:
    """Seconds since 1904, for which the asset's headers have 32 bits."""
    seconds = int((_moment(taken) - datetime(1904, 1, 1, tzinfo=UTC)).total_seconds())
    if not 0 <= seconds < 1 << 32:
        raise ValueError(f"a film of 32-bit times cannot have been taken in {taken[:4]}")
    return seconds


def _note(seed: int) -> bytes:
    """What makes files of two seeds differ although they show the same scene."""
    return f"smugsync emulator, picture {seed}".encode("ascii")


@cache
def _asset(name: str) -> bytes:
    return (files("smugsync.emulator.media") / "assets" / name).read_bytes()


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def _named(title: str) -> bytes:
    """The title where players look for it: an iTunes-style item list in the film's user data."""
    text = _box(b"data", struct.pack(">II", 1, 0) + title.encode("utf-8"))
    handler = _box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    items = _box(b"ilst", _box(b"\xa9nam", text))
    return _box(b"udta", _box(b"meta", bytes(4) + handler + items))
