"""Captions, keywords and places as press agencies write them: IPTC-IIM 4.2, which JPEG keeps in APP13.

The segment is Photoshop's: resources behind `8BIM`, of which number 0x0404 holds the records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from smugsync.emulator.media.exif import read_text
from smugsync.emulator.media.octets import Octets

SIGNATURE: Final = b"Photoshop 3.0\0"
_MOST_PARTS = 512  # of either kind
_RECORDS, _FLAG, _ADDRESS = 0x0404, 0x040A, 0x040B

#: Data sets of record 2, under the names that exiftool gives them.
NAMES: Final[Mapping[int, str]] = {
    5: "ObjectName",
    15: "Category",
    20: "SupplementalCategories",
    25: "Keywords",
    40: "SpecialInstructions",
    55: "DateCreated",
    60: "TimeCreated",
    80: "By-line",
    85: "By-lineTitle",
    90: "City",
    95: "Province-State",
    100: "Country-PrimaryLocationCode",
    101: "Country-PrimaryLocationName",
    103: "OriginalTransmissionReference",
    105: "Headline",
    110: "Credit",
    115: "Source",
    116: "CopyrightNotice",
    120: "Caption-Abstract",
    122: "Writer-Editor",
}
_REPEATED: Final = ("Keywords", "SupplementalCategories")


def read_iptc(segment: Octets) -> dict[str, str]:
    """The tags of an APP13 segment from its signature on; repeated ones joined by `; `. Never raises.

    Dates and times look as exiftool prints them: `2019:08:04`, `11:28:12-07:00`.
    """
    tags: dict[str, str] = {}
    if segment.take(0, len(SIGNATURE)) != SIGNATURE:
        return tags
    for number, body in _resources(segment.part(len(SIGNATURE))):
        if number == _RECORDS:
            for name, text in _records(body):
                repeated = name in _REPEATED and name in tags
                tags[name] = f"{tags[name]}; {text}" if repeated else text
        elif number == _FLAG and body.number(0, 1):
            tags["CopyrightFlag"] = "True"
        elif number == _ADDRESS and (text := read_text(body.take(0, len(body)))):
            tags["URL"] = text
    return tags


def _resources(window: Octets) -> Iterator[tuple[int, Octets]]:
    at = 0
    for _ in range(_MOST_PARTS):
        if window.take(at, 4) != b"8BIM":
            return
        name = 1 + window.number(at + 6, 1)  # a Pascal string, made even
        start = at + 6 + name + name % 2
        length = window.number(start, 4)
        yield window.number(at + 4, 2), window.part(start + 4, start + 4 + length)
        at = start + 4 + length + length % 2


def _records(window: Octets) -> Iterator[tuple[str, str]]:
    at = 0
    for _ in range(_MOST_PARTS):
        if window.number(at, 1) != 0x1C:
            return
        record, dataset, length = window.number(at + 1, 1), window.number(at + 2, 1), window.number(at + 3, 2)
        if length & 0x8000:  # longer than any text that matters
            return
        text = read_text(window.take(at + 5, length))
        if record == 2 and dataset in NAMES and text:
            yield NAMES[dataset], _shown(NAMES[dataset], text)
        at += 5 + length


def _shown(name: str, text: str) -> str:
    if name == "DateCreated" and len(text) == 8 and text.isdecimal():
        return f"{text[:4]}:{text[4:6]}:{text[6:]}"
    if name == "TimeCreated" and len(text) >= 6 and text[:6].isdecimal():
        zone = f"{text[6:9]}:{text[9:11]}" if len(text) == 11 else text[6:]
        return f"{text[:2]}:{text[2:4]}:{text[4:6]}{zone}"
    return text
