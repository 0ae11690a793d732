"""The table of an image's metadata: what the camera and the programs after it wrote into the file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from smugsync.emulator.account.look import examine
from smugsync.emulator.account.model import Image
from smugsync.emulator.api.shape import Entity
from smugsync.emulator.api.view import View
from smugsync.emulator.media.information import MediaInfo

#: The fields in the recorded order; most are empty for most images.
_FIELDS: Final = """
Title Caption UserComment Keywords Author Copyright CopyrightUrl CopyrightFlag UsageTerms
Source Credit City State Country Rating CreatorContactInfo Category SupplementalCategories
SpecialInstructions AuthorTitle CountryCode TransmissionReference Headline WriterEditor Lens Make Model
Aperture DateTimeModified DateTimeCreated DateCreated TimeCreated MicroDateTimeCreated
MicroDateTimeDigitized DateDigitized Exposure ISO FocalLength FocalLength35mm CompressedBitsPerPixel Flash
Metering ExposureProgram ExposureCompensation ExposureMode LightSource WhiteBalance DigitalZoomRatio
Contrast Saturation Sharpness SubjectDistance SubjectRange SensingMethod ColorSpace Brightness
LatitudeReference LongitudeReference Latitude Longitude AltitudeReference Altitude SceneCaptureType
GainControl ScaleFactor CircleOfConfusion FieldOfView DepthOfField HyperfocalDistance NormalizedLightValue
Duration AudioCodec VideoCodec Software SerialNumber LensSerialNumber""".split()

#: Where a field shows a tag as exiftool prints it, the first tag that is there.
_TAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "Title": ("ObjectName",),
    "Caption": ("Caption-Abstract", "ImageDescription"),
    "UserComment": ("UserComment",),
    "Keywords": ("Keywords",),
    "Author": ("Artist", "By-line"),
    "AuthorTitle": ("By-lineTitle",),
    "Copyright": ("Copyright", "CopyrightNotice"),
    "CopyrightUrl": ("URL",),
    "CopyrightFlag": ("CopyrightFlag",),
    "Source": ("Source",),
    "Credit": ("Credit",),
    "City": ("City",),
    "State": ("Province-State",),
    "Country": ("Country-PrimaryLocationName",),
    "CountryCode": ("Country-PrimaryLocationCode",),
    "Rating": ("Rating",),
    "Category": ("Category",),
    "SupplementalCategories": ("SupplementalCategories",),
    "SpecialInstructions": ("SpecialInstructions",),
    "TransmissionReference": ("OriginalTransmissionReference",),
    "Headline": ("Headline",),
    "WriterEditor": ("Writer-Editor",),
    "Lens": ("LensModel",),
    "Make": ("Make",),
    "Model": ("Model",),
    "DateCreated": ("DateCreated",),
    "TimeCreated": ("TimeCreated",),
    "Exposure": ("ExposureTime",),
    "ISO": ("ISO",),
    "FocalLength": ("FocalLength",),
    "CompressedBitsPerPixel": ("CompressedBitsPerPixel",),
    "Flash": ("Flash",),
    "Metering": ("MeteringMode",),
    "ExposureProgram": ("ExposureProgram",),
    "ExposureCompensation": ("ExposureCompensation",),
    "ExposureMode": ("ExposureMode",),
    "LightSource": ("LightSource",),
    "WhiteBalance": ("WhiteBalance",),
    "DigitalZoomRatio": ("DigitalZoomRatio",),
    "Contrast": ("Contrast",),
    "Saturation": ("Saturation",),
    "Sharpness": ("Sharpness",),
    "SubjectDistance": ("SubjectDistance",),
    "SubjectRange": ("SubjectDistanceRange",),
    "SensingMethod": ("SensingMethod",),
    "ColorSpace": ("ColorSpace",),
    "Brightness": ("BrightnessValue",),
    "SceneCaptureType": ("SceneCaptureType",),
    "GainControl": ("GainControl",),
    "AudioCodec": ("AudioFormat",),
    "VideoCodec": ("CompressorID",),
    "Software": ("Software",),
    "SerialNumber": ("SerialNumber",),
    "LensSerialNumber": ("LensSerialNumber",),
}
_DIAGONAL: Final = math.hypot(24, 36)  # of a 35 mm frame, in millimetres


def draw_metadata(view: View, image: Image, uri: str) -> Entity:
    """Flat; text nearly everywhere, camera times without a zone (facts 3.7).

    All of it is the file's, also title, caption and keywords: a recorded image had keywords that its table
    does not show.
    """
    info = examine(image)
    exif = info.exif
    data: dict[str, Any] = dict.fromkeys(_FIELDS, "")
    data |= {name: _first(exif, tags) for name, tags in _TAGS.items()}
    data |= _position(exif) | _optics(exif)
    if data["ISO"].isdecimal():
        data["ISO"] = int(data["ISO"])  # a number (recorded); others saw text
    if aperture := _number(exif, "FNumber"):
        data["Aperture"] = f"{aperture:.1f}"
    if longer := _number(exif, "FocalLengthIn35mmFormat"):
        data["FocalLength35mm"] = f"{longer:.1f} mm"
    data |= _film_times(info, image) if image.is_video else _photo_times(info)
    if image.is_video:
        data["Duration"] = _duration(info.duration)
    return Entity(uri, "Metadata for image", data)


def _first(exif: Mapping[str, str], tags: tuple[str, ...]) -> str:
    return next((exif[tag] for tag in tags if exif.get(tag)), "")


def _number(exif: Mapping[str, str], tag: str) -> float:
    """The number at the beginning of a tag, 0 if there is none; `1/250` is one as well."""
    text = exif.get(tag, "").partition(" ")[0]
    top, _, bottom = text.partition("/")
    try:
        number = float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError):
        return 0.0
    return number if math.isfinite(number) else 0.0


def _photo_times(info: MediaInfo) -> dict[str, str]:
    """The camera's wall clock (recorded); thousandths where the camera wrote them."""
    exif = info.exif
    data = {"DateTimeModified": exif.get("DateTime", ""), "DateTimeCreated": info.taken}
    data["DateDigitized"] = exif.get("DateTimeDigitized", "")
    for name, tag in (("Created", "Original"), ("Digitized", "Digitized")):
        if moment := exif.get(f"DateTime{tag}", ""):
            fraction = (exif.get(f"SubSecTime{tag}", "") + "000")[:3]
            data[f"MicroDateTime{name}"] = f"{moment}.{fraction if fraction.isdecimal() else '000'}"
    return data


def _film_times(info: MediaInfo, image: Image) -> dict[str, str]:
    """The container's times, which are UTC; the upload's where it says nothing. One client compares the
    time of modification with the container's, and reads it with exactly this format (facts 8)."""
    uploaded = datetime.fromtimestamp(image.uploaded, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    created = info.taken or uploaded
    return {
        "DateTimeModified": info.exif.get("ModifyDate") or created,
        "DateTimeCreated": created,
        "DateDigitized": created,
        "MicroDateTimeCreated": f"{created}.000",
        "MicroDateTimeDigitized": f"{created}.000",
    }


def _position(exif: Mapping[str, str]) -> dict[str, Any]:
    """Numbers, and words for their signs (recorded)."""
    data: dict[str, Any] = {}
    for name, positive, negative in (("Latitude", "North", "South"), ("Longitude", "East", "West")):
        text = exif.get(f"GPS{name}", "")
        data[name] = float(text or 0)
        data[f"{name}Reference"] = "" if not text else negative if text.startswith("-") else positive
    if metres := exif.get("GPSAltitude", ""):
        reference = "Below Sea Level" if metres.startswith("-") else "Above Sea Level"
        data["AltitudeReference"] = reference
        data["Altitude"] = f"{metres.lstrip('-')} m {reference}"
    return data


def _optics(exif: Mapping[str, str]) -> dict[str, str]:
    """What follows from focal length, aperture and exposure. The formulas are exiftool's: they give the
    recorded values."""
    data: dict[str, str] = {}
    focal, longer = _number(exif, "FocalLength"), _number(exif, "FocalLengthIn35mmFormat")
    aperture, seconds, iso = (_number(exif, tag) for tag in ("FNumber", "ExposureTime", "ISO"))
    if focal and longer:
        circle = _DIAGONAL / (longer / focal * 1440)
        data["CircleOfConfusion"] = f"{circle:.3f} mm"
        data["FieldOfView"] = f"{math.degrees(2 * math.atan(36 / (2 * longer))):.1f} deg"
        if aperture:
            data["HyperfocalDistance"] = f"{focal**2 / (aperture * circle * 1000):.2f} m"
    if aperture and seconds and iso:
        data["NormalizedLightValue"] = f"{math.log2(aperture**2 / seconds) - math.log2(iso / 100):.1f}"
    return data


def _duration(seconds: float) -> str:
    """As exiftool prints it: seconds with hundredths below half a minute, else hours and minutes."""
    if seconds < 30:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
