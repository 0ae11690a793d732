"""What the service makes of an image: scaled sizes, the playable video, the table of its metadata."""

from __future__ import annotations

from typing import Any, Final

from smugsync.emulator.account.look import examine, look_into
from smugsync.emulator.account.model import Image
from smugsync.emulator.api.photos import SIZES, VIDEO_LETTERS, image_uri, media_uri, shared_uri
from smugsync.emulator.api.shape import Entity
from smugsync.emulator.api.view import View

#: The fields of ImageMetadata in the recorded order; most are empty for most images.
_METADATA: Final = """
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

#: Where a field shows an Exif tag as it is.
_TAGS: Final = {
    "Lens": "LensModel",
    "Aperture": "FNumber",
    "Exposure": "ExposureTime",
    "ISO": "ISO",
    "FocalLength": "FocalLength",
    "Software": "Software",
    "Author": "Artist",
    "Copyright": "Copyright",
}


def usable_sizes(view: View, image: Image) -> list[tuple[str, str, int, int]]:
    """Name, letters, width and height of each size that is smaller than the original."""
    info = look_into(image)
    width, height = info.width or 640, info.height or 480
    longest = max(width, height)
    sizes = []
    for name, letters, edge in SIZES:
        if edge >= longest and name not in ("Tiny", "Thumb"):
            continue
        scale = min(1.0, edge / longest)
        sizes.append((name, letters, max(1, round(width * scale)), max(1, round(height * scale))))
    if view.may_have_original(image):
        sizes.append(("Original", "O", width, height))
    return sizes


def draw_sizes(view: View, image: Image) -> Entity:
    sizes = usable_sizes(view, image)
    data: dict[str, Any] = {
        f"{name}ImageUrl": media_uri(view, image, letters, "jpg") for name, letters, _, _ in sizes
    }
    data["LargestImageUrl"] = media_uri(view, image, sizes[-1][1], "jpg")
    return Entity(f"{image_uri(image)}!sizes", "Sizes available for image", data)


def draw_size_details(view: View, image: Image) -> Entity:
    sizes = usable_sizes(view, image)
    data: dict[str, Any] = {
        "ImageUrlTemplate": media_uri(view, image, "#size#", "jpg").replace("%23", "#"),
        "UsableSizes": [f"ImageSize{name}" for name, _, _, _ in sizes],
    }
    for name, letters, width, height in sizes:
        data[f"ImageSize{name}"] = {
            "Url": media_uri(view, image, letters, "jpg"),
            "Ext": "jpg",
            "Height": height,
            "Width": width,
            "Size": image.content.size,
            "Watermarked": False,
        }
    return Entity(f"{image_uri(image)}!sizedetails", "Detailed size information for image", data)


def draw_largest_image(view: View, image: Image) -> Entity:
    name, letters, width, height = usable_sizes(view, image)[-1]
    data: dict[str, Any] = {
        "Url": media_uri(view, image, letters, "jpg"),
        "Ext": "jpg",
        "Height": height,
        "Width": width,
        "Size": image.content.size,
        "Usable": True,
        "Watermarked": False,
    }
    if name == "Original":
        data["MD5"] = image.content.md5
    return Entity(f"{image_uri(image)}!largestimage", "Largest size available for image", data)


def draw_largest_video(view: View, image: Image) -> Entity | None:
    """Url, size and MD5 of what can be played; None while there is nothing to play."""
    rendition = image.rendition
    if rendition is None or image.processing or image.broken:
        return None
    info = look_into(image)
    data = {
        "Url": shared_uri(view, rendition) or media_uri(view, image, VIDEO_LETTERS, "mp4"),
        "Ext": "mp4",
        "Height": info.height or 1080,
        "Width": info.width or 1920,
        "Size": rendition.size,
        "MD5": rendition.md5,
        "Duration": f"{info.duration:.3f}",
        "Bitrate": "8000",
        "Usable": True,
        "Watermarked": False,
    }
    return Entity(f"{image_uri(image)}!largestvideo", "Largest size available for video", data)


def draw_metadata(view: View, image: Image, uri: str) -> Entity:
    """Flat; text nearly everywhere, camera times without a zone (facts 3.7)."""
    info = examine(image)
    data: dict[str, Any] = dict.fromkeys(_METADATA, "")
    data |= {name: info.exif.get(tag, "") for name, tag in _TAGS.items()}
    data |= {name: float(info.exif.get(f"GPS{name}") or 0) for name in ("Latitude", "Longitude")}
    data |= {"Title": image.title, "Caption": image.caption, "Keywords": "; ".join(image.keywords)}
    data |= {"Make": info.make, "Model": info.model}
    if image.is_video:
        data["Duration"] = f"{info.duration:.2f} s"
    if info.taken:
        for name in ("DateTimeModified", "DateTimeCreated", "DateDigitized"):
            data[name] = info.taken
        for name in ("MicroDateTimeCreated", "MicroDateTimeDigitized"):
            data[name] = f"{info.taken}.000"
    return Entity(uri, "Metadata for image", data)


def draw_download(view: View, image: Image) -> Entity:
    url = media_uri(view, image, "D", "jpg")
    return Entity(f"{image_uri(image)}!download", "Download image", {"Url": url})
