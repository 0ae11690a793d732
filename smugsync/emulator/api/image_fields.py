"""What images take: the fields of PATCH and of the actions."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from smugsync.emulator.api.parameters import Parameter, select
from smugsync.emulator.api.words import split_keywords


def degrees(value: object) -> str:
    """A latitude or longitude as the service shows it: padded with zeros to fourteen decimals (recorded)."""
    return f"{Decimal(str(value)).quantize(_FOURTEEN) + 0:f}"  # no minus before a zero


_FOURTEEN: Final = Decimal("0.00000000000000")


class _Words(Parameter):
    """Keywords, as a text or as an array: the two fields of an image are one."""

    def read(self, value: object) -> tuple[str, ...]:
        return split_keywords(value)


class _Degrees(Parameter):
    """A position, kept as the text the service shows. Empty is none."""

    def read(self, value: object) -> str:
        if value in ("", None):
            return degrees(0)
        self._number(value)
        return degrees(value)


#: In the order of the image's own fields (recorded: `Options.Output`).
IMAGE_PATCH: Final[tuple[Parameter, ...]] = (
    Parameter("Title", "Text", ""),
    Parameter("Caption", "Text", ""),
    _Words("Keywords", "Text", ""),
    _Words("KeywordArray", "Array", []),
    select("Watermark", "No", "No", "Yes", "Inherit from Album"),
    _Degrees("Latitude", "Float", minimum=-90, maximum=90),
    _Degrees("Longitude", "Float", minimum=-180, maximum=180),
    Parameter("Altitude", "Integer", 0, minimum=0, maximum=16777215),
    Parameter("Hidden", "Boolean", default=False),
    Parameter("AlbumUri", "Uri", locators=("Album",)),
)
IMAGE_FIELDS: Final = {
    "Title": "title",
    "Caption": "caption",
    "Keywords": "keywords",
    "KeywordArray": "keywords",
    "Watermark": "watermark",
    "Latitude": "latitude",
    "Longitude": "longitude",
    "Altitude": "altitude",
    "Hidden": "hidden",
}

ROTATE: Final = (
    Parameter("Degrees", "Integer", 90, minimum=-360, maximum=360),
    Parameter("Flip", "Boolean", default=False),
)
CROP: Final = (
    Parameter("X", "Integer", required=True, minimum=0),
    Parameter("Y", "Integer", required=True, minimum=0),
    Parameter("Width", "Integer", required=True, minimum=1),
    Parameter("Height", "Integer", required=True, minimum=1),
)
COPY: Final = (Parameter("AlbumUri", "Uri", required=True, locators=("Album",)),)
WATERMARK: Final = (Parameter("WatermarkUri", "Uri", required=True, locators=("Watermark",)),)
