"""The methods of lists in which nothing ever is here, and the one that asks whether anybody is there."""

from __future__ import annotations

from smugsync.emulator.legacy.calls import Call, Payload
from smugsync.emulator.legacy.places import album_of, image_of, user_of


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


def _nobody(call: Call, name: str) -> Payload:
    user_of(call)
    return {name: list(call.listed([], name.lower()))}
