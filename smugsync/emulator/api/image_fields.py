"""What images take: the fields of PATCH and of the actions."""

from __future__ import annotations

from typing import Final

from smugsync.emulator.api.parameters import Parameter, select
from smugsync.emulator.api.words import split_keywords


class _Words(Parameter):
    """Keywords, as a text or as an array: the two fields of an image are one."""

    def read(self, value: object) -> tuple[str, ...]:
        return split_keywords(value)


class _Degrees(Parameter):
    """A position, kept as the text the service shows: fourteen decimals (recorded). Empty is none."""

    def read(self, value: object) -> str:
        return f"{self._number('0' if value in ('', None) else value):.14f}"


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
