"""The methods of lists that are the same for everybody, most of them empty, and the one that asks whether
anybody is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from smugsync.emulator.legacy.calls import Call, Payload
from smugsync.emulator.legacy.places import album_of, image_of, my_root, user_of

#: The looks of a page that a TemplateID stands for (documented).
STYLES: Final[Mapping[int, str]] = {
    0: "Viewer Choice",
    3: "SmugMug",
    4: "Traditional",
    7: "All Thumbs",
    8: "Slideshow",
    9: "Journal",
    10: "SmugMug Small",
    11: "Filmstrip",
}


def ping(call: Call) -> Payload:
    return {}


def album_comments(call: Call) -> Payload:
    album = album_of(call)
    return {
        "Album": {
            "id": call.numbers.of_album(album),
            "Key": album.key,
            "Comments": list(call.listed([], "comments")),
        }
    }


def image_comments(call: Call) -> Payload:
    image = image_of(call)
    return {
        "Image": {
            "id": call.numbers.of_image(image),
            "Key": image.key,
            "Comments": list(call.listed([], "comments")),
        }
    }


def family(call: Call) -> Payload:
    return _nobody(call, "Family")


def friends(call: Call) -> Payload:
    return _nobody(call, "Friends")


def fans(call: Call) -> Payload:
    return _nobody(call, "Fans")


def communities(call: Call) -> Payload:
    return _nobody(call, "Communities")


def style_templates(call: Call) -> Payload:
    return {"Templates": [{"id": number, "Name": name} for number, name in STYLES.items()]}


def none_of(name: str, what: str) -> Callable[[Call], Payload]:
    """A method that lists what the caller has of something, under that name: nothing, ever."""

    def run(call: Call) -> Payload:
        my_root(call)
        return {name: list(call.listed([], what))}

    return run


def _nobody(call: Call, name: str) -> Payload:
    user_of(call)
    return {name: list(call.listed([], name.lower()))}
