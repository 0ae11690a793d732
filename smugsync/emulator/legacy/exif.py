"""What a camera wrote, in the words of images.getEXIF: the codes of Exif 2.32, and fractions for lengths."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from smugsync.emulator.account.look import examine
from smugsync.emulator.account.model import Image
from smugsync.emulator.media.exif_words import WORDS

_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?")


def exif_fields(image: Image) -> dict[str, Any]:
    """Only what is in the file, in the recorded order."""
    tags = examine(image).exif
    fields = {name: read(tags[tag]) for name, (tag, read) in _FIELDS.items() if tags.get(tag)}
    return {name: value for name, value in fields.items() if value is not None}


def _time(text: str) -> str:
    return text.replace("T", " ")


def _text(text: str) -> str:
    return text


def _aperture(text: str) -> str:
    return f"f/{text}"


def _length(text: str) -> str | None:
    """`4.6 mm` -> `4600/1000`"""
    number = _first(text)
    return None if number is None else f"{round(number * 1000)}/1000"


def _fraction(text: str) -> str | None:
    """A fraction as it is, another number in tenths: `+1/3`, `0/10`."""
    if "/" in text:
        return text.lstrip("+")
    number = _first(text)
    return None if number is None else f"{round(number * 10)}/10"


def _whole(text: str) -> int | None:
    number = _first(text)
    return None if number is None else int(number)


def _first(text: str) -> float | None:
    found = _NUMBER.search(text)
    return float(found[0]) if found else None


def _code(tag: str) -> Callable[[str], int | None]:
    """The number that a word stands for."""
    codes = {word: code for code, word in WORDS.get(tag, {}).items()}

    def read(text: str) -> int | None:
        return codes[text] if text in codes else _whole(text)

    return read


def _colours(text: str) -> str | None:
    code = _code("ColorSpace")(text)
    return None if code is None else str(code)


_FIELDS: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "DateTime": ("DateTime", _time),
    "DateTimeOriginal": ("DateTimeOriginal", _time),
    "DateTimeDigitized": ("DateTimeDigitized", _time),
    "Make": ("Make", _text),
    "Model": ("Model", _text),
    "ExposureTime": ("ExposureTime", _text),
    "Aperture": ("FNumber", _aperture),
    "ISO": ("ISO", _whole),
    "FocalLength": ("FocalLength", _length),
    "CompressedBitsPerPixel": ("CompressedBitsPerPixel", _fraction),
    "Flash": ("Flash", _code("Flash")),
    "Metering": ("MeteringMode", _code("MeteringMode")),
    "ExposureBiasValue": ("ExposureCompensation", _fraction),
    "ExposureMode": ("ExposureMode", _code("ExposureMode")),
    "WhiteBalance": ("WhiteBalance", _code("WhiteBalance")),
    "DigitalZoomRatio": ("DigitalZoomRatio", _fraction),
    "SensingMethod": ("SensingMethod", _code("SensingMethod")),
    "ColorSpace": ("ColorSpace", _colours),
    "Brightness": ("BrightnessValue", _text),
}
