"""What the service makes of an image: smaller sizes, the playable film, the file to download."""

from __future__ import annotations

from typing import Any

from smugsync.emulator.account.look import look_into
from smugsync.emulator.account.model import Image
from smugsync.emulator.api.endpoints import IMAGE_SIZES, VIDEO_SIZES
from smugsync.emulator.api.photos import image_uri
from smugsync.emulator.api.shape import Entity
from smugsync.emulator.api.sizes import (
    VIDEO_LETTERS,
    Size,
    known_length,
    media_uri,
    original_extension,
    shared_uri,
    sizes_of,
)
from smugsync.emulator.api.view import View


def draw_sizes(view: View, image: Image) -> Entity:
    """One address for each size there is; a key is missing where there is none."""
    sizes = sizes_of(view, image)
    data = {f"{size.name}ImageUrl": _address(view, image, size) for size in sizes}
    if sizes:
        data["LargestImageUrl"] = _address(view, image, sizes[-1])
    return Entity(f"{image_uri(image)}!sizes", "Sizes available for image", data)


def draw_size_details(view: View, image: Image) -> Entity:
    """The same with pixels and bytes. Of a video there is its film, too (one client picks it from here)."""
    sizes = sizes_of(view, image)
    film = _describe_film(view, image)
    shown = [size for size in sizes if size.name != "Original"]
    template = media_uri(view, image, "#size#", shown[0].extension if shown else "jpg")
    data: dict[str, Any] = {
        "ImageUrlTemplate": template.replace("%23size%23", "#size#"),
        "UsableSizes": [f"ImageSize{size.name}" for size in sizes],
    }
    for size in sizes:
        data[f"ImageSize{size.name}"] = _describe(view, image, size)
    if film is not None:
        name = f"VideoSize{_tier(film)}"
        data["UsableSizes"].append(name)
        data[name] = film
    return Entity(f"{image_uri(image)}!sizedetails", "Detailed size information for image", data)


def _address(view: View, image: Image, size: Size) -> str:
    return media_uri(view, image, size.letters, size.extension)


def _describe(view: View, image: Image, size: Size) -> dict[str, Any]:
    """In the recorded order; without `Size` as long as nobody looked at it."""
    data: dict[str, Any] = {
        "Url": _address(view, image, size),
        "Ext": size.extension,
        "Height": size.height,
        "Width": size.width,
    }
    length = known_length(view, image, size)
    if length is not None:
        data["Size"] = length
    if size.name == "Original" and (md5 := view.md5(image.content)) is not None:
        data["MD5"] = md5
    return {**data, "Watermarked": False}


def draw_largest_image(view: View, image: Image, most: str = "") -> Entity | None:
    """The largest size that is no larger than `most` (one of IMAGE_SIZES); None if there is none."""
    sizes = sizes_of(view, image)
    if most in IMAGE_SIZES:
        allowed = IMAGE_SIZES[: IMAGE_SIZES.index(most) + 1]
        sizes = [size for size in sizes if f"ImageSize{size.name}" in allowed]
    if not sizes:
        return None
    data = _describe(view, image, sizes[-1])
    watermarked = data.pop("Watermarked")
    data |= {"Usable": True, "Watermarked": watermarked}
    return Entity(f"{image_uri(image)}!largestimage", "Largest size available for image", data)


def draw_largest_video(view: View, image: Image, most: str = "") -> Entity | None:
    """Url, size and MD5 of what can be played; None while there is nothing to play.

    There is one rendition here, so that `most` changes nothing: what is told of it is true.
    """
    film = _describe_film(view, image)
    if film is None:
        return None
    return Entity(f"{image_uri(image)}!largestvideo", "Largest size available for video", film)


def _describe_film(view: View, image: Image) -> dict[str, Any] | None:
    rendition = image.rendition
    if not image.is_video or rendition is None or image.broken or image.is_processing(view.account.clock()):
        return None
    md5 = view.md5(rendition)
    if md5 is None:
        return None
    info = look_into(image)
    rate = rendition.size * 8 / 1000 / info.duration if info.duration else 0  # kilobits a second
    return {
        "Url": shared_uri(view, rendition) or media_uri(view, image, VIDEO_LETTERS, "mp4"),
        "Ext": "mp4",
        "Height": info.height or 1080,
        "Width": info.width or 1920,
        "Size": rendition.size,
        "MD5": md5,
        "Duration": f"{info.duration:.3f}",
        "Bitrate": round(rate),
        "Usable": True,
        "Watermarked": False,
    }


def _tier(film: dict[str, Any]) -> int:
    """The smallest of the service's sizes for films that the film fits into."""
    edge = max(film["Width"], film["Height"])
    tiers = sorted(int(name.removeprefix("VideoSize")) for name in VIDEO_SIZES)
    return next((tier for tier in tiers if tier >= edge), tiers[-1])


def draw_download(view: View, image: Image) -> Entity | None:
    """The address of the original, and of a video's film; None while there is none."""
    if image.is_video:
        film = _describe_film(view, image)
        url = film["Url"] if film else None
    else:
        url = media_uri(view, image, "D", original_extension(image))
    if url is None:
        return None
    return Entity(f"{image_uri(image)}!download", "Download image", {"Url": url})
