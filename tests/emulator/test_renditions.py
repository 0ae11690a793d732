"""What the service makes of an image: smaller sizes, the film, the table of its metadata (facts 3.5, 3.7)."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from smugsync.emulator.account.model import Album
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.exif import Entry, write_exif
from smugsync.emulator.media.information import inspect_file
from smugsync.emulator.media.octets import Octets
from smugsync.emulator.media.pictures import make_gif, make_picture, make_png, make_video
from smugsync.emulator.media.scaling import Scaler
from smugsync.emulator.settings import Settings
from tests.emulator.ask import Client
from tests.emulator.test_uploads import without_extras
from tests.emulator.uploading import Uploader, uploader

FILM = make_video(3, taken="2020-05-02T22:01:00", at_least=60_000)
RECORDED = Path(__file__).parents[3] / "shared" / "recorded" / "smugmug-v2" / "bzimmer"
EXIFTOOL = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")


def photo(width: int, height: int, *, orientation: int = 1) -> bytes:
    """A JPEG whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", (width, height), "red")
    picture.paste("blue", (width // 2, 0, width, height))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = BytesIO()
    picture.save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def details(at: Uploader, image: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = at.client.get(image["Uris"]["ImageSizeDetails"]["Uri"])["Response"][
        "ImageSizeDetails"
    ]
    return found


def largest(at: Uploader, image: dict[str, Any], query: str = "") -> dict[str, Any]:
    uri = image["Uris"]["LargestImage"]["Uri"]
    found: dict[str, Any] = at.client.get(uri + query)["Response"]["LargestImage"]
    return found


def seen(at: Uploader, url: str) -> Image.Image:
    response = at.client.media(url)
    assert response.status == 200
    return Image.open(BytesIO(response.content()))


class TestSizes:
    def test_are_those_smaller_than_the_picture(self) -> None:
        at = uploader()
        told = details(at, at.put(photo(1500, 1000)))
        assert told["UsableSizes"] == [
            f"ImageSize{name}"
            for name in ("Tiny", "Thumb", "Small", "Medium", "Large", "XLarge", "X2Large", "Original")
        ]
        assert set(told["UsableSizes"]) == {name for name in told if name.startswith("ImageSize")}

    def test_are_what_their_addresses_give(self) -> None:
        at = uploader()
        told = details(at, at.put(photo(1500, 1000)))
        for name in told["UsableSizes"]:
            size = told[name]
            response = at.client.media(size["Url"])
            assert response.header("Content-Type") == "image/jpeg"
            assert len(response.content()) == size["Size"], name
            assert seen(at, size["Url"]).size == (size["Width"], size["Height"]), name

    def test_have_the_recorded_pixels(self) -> None:
        at = uploader()
        told = details(at, at.put(photo(6000, 4000)))
        pixels = {name: (told[name]["Width"], told[name]["Height"]) for name in told["UsableSizes"]}
        assert pixels == {
            "ImageSizeTiny": (100, 100),
            "ImageSizeThumb": (150, 150),
            "ImageSizeSmall": (400, 267),
            "ImageSizeMedium": (600, 400),
            "ImageSizeLarge": (800, 533),
            "ImageSizeXLarge": (1024, 683),
            "ImageSizeX2Large": (1280, 853),
            "ImageSizeX3Large": (1600, 1067),
            "ImageSizeX4Large": (2048, 1365),
            "ImageSizeX5Large": (2560, 1707),
            "ImageSize4K": (3840, 2560),
            "ImageSize5K": (5120, 3413),
            "ImageSizeOriginal": (6000, 4000),
        }

    @pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded answers are not at hand")
    def test_have_the_keys_of_the_recorded_ones(self) -> None:
        expansions = json.loads((RECORDED / "image_mQRcX2V-0_expansions.json").read_text())["Expansions"]
        recorded = next(one["ImageSizeDetails"] for one in expansions.values())
        at = uploader()
        told = details(at, at.put(photo(1500, 1000)))
        assert list(told["ImageSizeTiny"]) == list(recorded["ImageSizeTiny"])
        assert recorded.keys() - told.keys() == {
            f"ImageSize{name}" for name in ("X3Large", "X4Large", "X5Large", "4K")
        }

    def test_of_a_large_picture_have_no_length_until_somebody_looks(self) -> None:
        at = uploader()
        image = at.put(photo(3000, 2000))
        before = details(at, image)["ImageSizeX4Large"]
        assert "Size" not in before
        length = len(at.client.media(before["Url"]).content())
        assert details(at, image)["ImageSizeX4Large"] == {**before, "Size": length}

    def test_are_addresses_by_name(self) -> None:
        at = uploader()
        image = at.put(photo(500, 300))
        sizes = at.client.get(image["Uris"]["ImageSizes"]["Uri"])["Response"]["ImageSizes"]
        told = details(at, image)
        names = ("Tiny", "Thumb", "Small", "Original")
        assert {name for name in sizes if name.endswith("ImageUrl")} == {
            *(f"{name}ImageUrl" for name in names),
            "LargestImageUrl",
        }
        assert all(sizes[f"{name}ImageUrl"] == told[f"ImageSize{name}"]["Url"] for name in names)
        assert sizes["LargestImageUrl"] == sizes["OriginalImageUrl"]

    def test_follow_the_template(self) -> None:
        at = uploader()
        told = details(at, at.put(photo(500, 300)))
        for letters, name in (("Ti", "Tiny"), ("S", "Small")):
            assert told["ImageUrlTemplate"].replace("#size#", letters) == told[f"ImageSize{name}"]["Url"]

    def test_are_upright(self) -> None:
        at = uploader()
        told = details(at, at.put(photo(600, 300, orientation=6)))["ImageSizeSmall"]
        shown = seen(at, told["Url"])
        assert shown.size == (told["Width"], told["Height"]) == (200, 400)
        top, bottom = (shown.convert("RGB").getpixel((100, y)) for y in (20, 380))
        assert isinstance(top, tuple)
        assert isinstance(bottom, tuple)
        assert (top[0] > 200, bottom[2] > 200) == (True, True)  # turned right: red is above

    @pytest.mark.parametrize(("data", "extension"), [(make_png(1), "png"), (make_gif(1), "png")])
    def test_of_graphics_are_png(self, data: bytes, extension: str) -> None:
        at = uploader()
        tiny = details(at, at.put(data))["ImageSizeTiny"]
        assert (tiny["Ext"], at.client.media(tiny["Url"]).header("Content-Type")) == (extension, "image/png")
        assert seen(at, tiny["Url"]).size == (100, 100)

    def test_of_a_picture_cut_short_show_what_there_is(self) -> None:
        at = uploader()
        whole = photo(1200, 800)
        told = details(at, at.put(whole[: len(whole) // 2]))["ImageSizeSmall"]
        assert seen(at, told["Url"]).size == (400, 267)

    def test_that_there_are_not_are_forbidden(self) -> None:
        at = uploader()
        small = details(at, at.put(photo(500, 300)))["ImageSizeSmall"]["Url"]
        for letters in ("XL", "X3", "1920", "Nonsense"):
            assert at.client.media(small.replace("/S/", f"/{letters}/")).status == 403

    def test_do_not_lead_to_the_original(self) -> None:
        at = uploader()
        small = details(at, at.put(photo(500, 300)))["ImageSizeSmall"]["Url"]
        assert at.client.media(small.replace("/S/", "/D/")).status == 404

    def test_are_made_once(self) -> None:
        at = uploader()
        small = details(at, at.put(photo(500, 300)))["ImageSizeSmall"]["Url"]
        assert at.client.media(small).content() == at.client.media(small).content()

    def test_are_made_anew_of_what_replaced_it(self) -> None:
        at = uploader()
        old = at.put(photo(500, 300))
        before = details(at, old)["ImageSizeSmall"]["Url"]
        new = at.put(photo(300, 500), imageuri=old["ImageKey"])
        size = details(at, new)["ImageSizeSmall"]
        assert at.client.media(before).status == 404
        assert seen(at, size["Url"]).size == (size["Width"], size["Height"]) == (240, 400)


class TestForOthers:
    @pytest.fixture
    def proofs(self) -> tuple[Client, Album]:
        emulator = Emulator(Settings())
        album = next(a for a in emulator.account.albums.values() if a.node.name == "Proofs")
        emulator.account.replace(album.photos[0], photo(1500, 1000))
        album.largest_size = "Large"
        return Client(emulator, "anonymous"), album

    def test_the_owner_limits_the_sizes(self, proofs: tuple[Client, Album]) -> None:
        client, album = proofs
        told = client.get(f"/api/v2/image/{album.photos[0].id}!sizedetails")["Response"]["ImageSizeDetails"]
        assert told["UsableSizes"][-1] == "ImageSizeLarge"
        found = client.get(f"/api/v2/image/{album.photos[0].id}!largestimage")["Response"]["LargestImage"]
        assert (found["Width"], found["Height"]) == (800, 533)
        assert "MD5" not in found
        assert client.media(found["Url"]).status == 200

    def test_the_owner_sees_them_all(self, proofs: tuple[Client, Album]) -> None:
        client, album = Client(proofs[0].emulator), proofs[1]
        told = client.get(f"/api/v2/image/{album.photos[0].id}!sizedetails")["Response"]["ImageSizeDetails"]
        assert told["UsableSizes"][-1] == "ImageSizeOriginal"


class TestLargestImage:
    def test_is_the_original(self) -> None:
        at, data = uploader(), photo(1500, 1000)
        found = largest(at, at.put(data))
        body = at.client.media(found["Url"]).content()
        assert body == data
        assert (found["Size"], found["MD5"]) == (len(data), hashlib.md5(data).hexdigest())
        assert (found["Width"], found["Height"], found["Ext"]) == (1500, 1000, "jpg")
        assert (found["Usable"], found["Watermarked"]) == (True, False)

    @pytest.mark.parametrize(
        ("most", "pixels"),
        [("ImageSizeMedium", 600), ("ImageSizeX4Large", 1280), ("ImageSizeTiny", 100), ("", 1500)],
    )
    def test_that_is_no_larger_than_asked_for(self, most: str, pixels: int) -> None:
        at = uploader()
        found = largest(at, at.put(photo(1500, 1000)), f"?MaxSize={most}")
        assert found["Width"] == seen(at, found["Url"]).size[0] == pixels
        assert found["Size"] == len(at.client.media(found["Url"]).content())


class TestVideo:
    def test_has_a_still_of_something(self) -> None:
        at = uploader()
        image = at.put(FILM, filename="a.mp4")
        told = details(at, image)
        assert seen(at, image["ThumbnailUrl"]).size == (150, 150)
        for name in told["UsableSizes"]:
            if name.startswith("ImageSize"):
                assert seen(at, told[name]["Url"]).size == (told[name]["Width"], told[name]["Height"])
        assert "ImageSizeOriginal" not in told

    def test_is_among_its_sizes(self) -> None:
        at = uploader()
        image = at.put(FILM, filename="a.mp4")
        film = at.client.get(image["Uris"]["LargestVideo"]["Uri"])["Response"]["LargestVideo"]
        told = details(at, image)
        assert told["UsableSizes"][-1] == "VideoSize640"
        assert told["VideoSize640"] == {name: film[name] for name in told["VideoSize640"]}

    def test_the_largest_is_told_in_full(self) -> None:
        at = uploader()
        image = at.put(FILM, filename="a.mp4")
        film = at.client.get(image["Uris"]["LargestVideo"]["Uri"] + "?MaxSize=VideoSize1280")["Response"]
        told = film["LargestVideo"]
        body = at.client.media(told["Url"]).content()
        assert (told["Size"], told["MD5"]) == (len(body), hashlib.md5(body).hexdigest())
        assert (told["Width"], told["Height"], told["Ext"], told["Usable"]) == (640, 360, "mp4", True)
        assert (told["Duration"], told["Bitrate"]) == ("2.000", round(len(body) * 8 / 2000))

    def test_its_download_is_the_film(self) -> None:
        at = uploader()
        image = at.put(FILM, filename="a.mp4")
        url = at.client.get(image["Uris"]["ImageDownload"]["Uri"])["Response"]["ImageDownload"]["Url"]
        response = at.client.media(url)
        assert (response.status, response.header("Content-Type")) == (200, "video/mp4")

    def test_a_photo_has_no_film(self) -> None:
        at = uploader()
        image = at.put(photo(400, 300))
        assert at.client.status(f"/api/v2/image/{image['ImageKey']}-0!largestvideo") == 404


class TestDownload:
    @pytest.mark.parametrize(
        ("data", "kind"),
        [(photo(100, 100), "image/jpeg"), (make_png(1), "image/png"), (make_gif(1), "image/gif")],
    )
    def test_is_the_original(self, data: bytes, kind: str) -> None:
        at = uploader()
        image = at.put(data, filename="without extension")
        url = at.client.get(image["Uris"]["ImageDownload"]["Uri"])["Response"]["ImageDownload"]["Url"]
        response = at.client.media(url)
        assert (response.content(), response.header("Content-Type")) == (data, kind)


class TestThumbnails:
    def test_are_small_squares(self) -> None:
        at = uploader()
        assert seen(at, at.put(photo(1500, 1000))["ThumbnailUrl"]).size == (150, 150)

    def test_of_every_image_of_the_demo_lead_to_a_picture(self) -> None:
        emulator = Emulator(Settings())
        for client in (Client(emulator), Client(emulator, "anonymous")):
            for image in client.all("/api/v2/user/demo!recentimages?count=100", "Image"):
                response = client.media(image["ThumbnailUrl"])
                assert response.status == 200
                with Image.open(BytesIO(response.content())) as picture:
                    assert picture.size == (150, 150)

    def test_of_what_is_no_picture_lead_to_the_original(self) -> None:
        emulator = Emulator(Settings(albums=1, images=1))
        client = Client(emulator)
        image = client.all("/api/v2/user/demo!recentimages", "Image")[0]
        assert image["ThumbnailUrl"] == image["ArchivedUri"]
        assert client.media(image["ThumbnailUrl"]).status == 200

    def test_of_what_is_no_picture_and_not_for_others_lead_to_a_stand_in(self) -> None:
        emulator = Emulator(Settings(albums=1, images=1))
        album = next(iter(emulator.account.albums.values()))
        album.largest_size = "Medium"
        client = Client(emulator, "anonymous")
        image = client.get(f"/api/v2/album/{album.key}!images")["Response"]["AlbumImage"][0]
        with Image.open(BytesIO(client.media(image["ThumbnailUrl"]).content())) as picture:
            assert picture.format == "JPEG"


class TestWithoutPillow:
    def test_there_is_the_original_alone(self) -> None:
        told = json.loads(
            without_extras(
                "import json\n"
                "at = uploader()\n"
                "image = at.put(make_picture(1, taken=None))\n"
                "uri = '/api/v2/image/' + image['ImageKey'] + '-0!'\n"
                "ask = lambda action, name: at.client.get(uri + action)['Response'][name]\n"
                "sizes, details = ask('sizes', 'ImageSizes'), ask('sizedetails', 'ImageSizeDetails')\n"
                "small = details['ImageUrlTemplate'].replace('#size#', 'S')\n"
                "film = at.put(make_video(1, at_least=60_000))\n"
                "print(json.dumps({\n"
                "    'urls': sorted(name for name in sizes if name.endswith('Url')),\n"
                "    'usable': details['UsableSizes'],\n"
                "    'largest': ask('largestimage', 'LargestImage')['Width'],\n"
                "    'thumbnail': image['ThumbnailUrl'] == image['ArchivedUri'],\n"
                "    'small': at.client.media(small).status,\n"
                "    'still': at.client.media(film['ThumbnailUrl']).status,\n"
                "    'of film': at.client.status(film['Uris']['LargestImage']['Uri']),\n"
                "}))\n"
            )
        )
        assert told == {
            "urls": ["LargestImageUrl", "OriginalImageUrl"],
            "usable": ["ImageSizeOriginal"],
            "largest": 640,
            "thumbnail": True,
            "small": 403,
            "still": 200,
            "of film": 404,
        }


def test_scaled_copies_are_bounded() -> None:
    from smugsync.emulator.account.content import Bytes  # noqa: PLC0415 - only here

    scaler = Scaler(frozenset({"JPG"}), room=8000)
    content = Bytes(photo(800, 600))
    for number in range(20):
        scaler.make(str(number), content, (400, 300), "jpg", crop=False)
    held = [number for number in range(20) if scaler.held(str(number))]
    assert 0 < len(held) < 20
    assert held == list(range(20 - len(held), 20))


def metadata(at: Uploader, image: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = at.client.get(image["Uris"]["ImageMetadata"]["Uri"])["Response"]["ImageMetadata"]
    return found


class TestMetadata:
    def test_of_the_camera(self) -> None:
        at = uploader()
        found = metadata(at, at.put(make_picture(3, taken="2019-08-04T11:28:12", gps=(-33.5, 151.2))))
        assert (found["Make"], found["Model"], found["Lens"]) == ("Aperta", "X100", "Aperta 24-135mm f/1.8")
        for name in ("DateTimeCreated", "DateTimeModified", "DateDigitized"):
            assert found[name] == "2019-08-04T11:28:12"
        assert found["MicroDateTimeCreated"] == "2019-08-04T11:28:12.000"
        assert (found["Latitude"], found["LatitudeReference"]) == (-33.5, "South")
        assert (found["Longitude"], found["LongitudeReference"]) == (151.2, "East")
        assert isinstance(found["ISO"], int)

    def test_is_empty_where_the_file_says_nothing(self) -> None:
        at = uploader()
        found = metadata(at, at.put(make_gif(1), title="T", caption="C", keywords="k"))
        told = {name: value for name, value in found.items() if value != ""}
        assert told == {
            "Latitude": 0.0,
            "Longitude": 0.0,
            "Uri": found["Uri"],
            "UriDescription": "Metadata for image",
        }

    @pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded answers are not at hand")
    def test_says_what_the_recorded_one_says_of_the_same_numbers(self) -> None:
        """The optics of the recorded telephone, of its focal length, aperture, exposure and ISO."""
        expansions = json.loads((RECORDED / "image_UQpV019_metadata.json").read_text())["Expansions"]
        recorded = next(one["ImageMetadata"] for one in expansions.values() if "ImageMetadata" in one)
        found = metadata(*telephone())
        assert list(found) == list(recorded)
        assert {name: type(value) for name, value in found.items()} == {
            name: type(value) for name, value in recorded.items()
        }
        differing = {name for name in found if found[name] != recorded[name]}
        assert differing == {"Uri", "Latitude", "Longitude"}

    @EXIFTOOL
    def test_is_what_exiftool_reads(self, tmp_path: Path) -> None:
        file = tmp_path / "a.jpg"
        file.write_bytes(make_picture(3, taken="2019-08-04T11:28:12", gps=(64.2658, -21.1167)))
        written = """IPTC:CodedCharacterSet=UTF8 IPTC:ObjectName=Title IPTC:Caption-Abstract=Words
            IPTC:City=Zürich IPTC:Keywords=one IPTC:Keywords=two
            IPTC:Headline=Head IPTC:By-line=Somebody IPTC:By-lineTitle=Staff IPTC:Credit=Agency
            IPTC:Source=Archive IPTC:Province-State=ZH IPTC:Country-PrimaryLocationName=Schweiz
            IPTC:Country-PrimaryLocationCode=CHE IPTC:OriginalTransmissionReference=T1
            IPTC:SpecialInstructions=None IPTC:Category=SPO IPTC:SupplementalCategories=ski
            IPTC:SupplementalCategories=ice IPTC:Writer-Editor=Ed IPTC:DateCreated=2019:08:04
            IPTC:TimeCreated=11:28:12+02:00 EXIF:Copyright=Me EXIF:UserComment=Grüezi EXIF:Rating=4
            EXIF:ExposureCompensation=-0.6667 EXIF:Flash#=16 EXIF:MeteringMode#=5 EXIF:ExposureProgram#=2
            EXIF:LightSource#=10 EXIF:WhiteBalance#=1 EXIF:DigitalZoomRatio=1.34519573 EXIF:Contrast#=1
            EXIF:Saturation#=2 EXIF:Sharpness#=1 EXIF:SubjectDistance=2.5 EXIF:SubjectDistanceRange#=2
            EXIF:SensingMethod#=2 EXIF:ColorSpace#=65535 EXIF:BrightnessValue=3.25 EXIF:ExposureMode#=2
            EXIF:GPSAltitude=12.5 EXIF:GPSAltitudeRef#=1 EXIF:SceneCaptureType#=3 EXIF:GainControl#=1
            EXIF:CompressedBitsPerPixel=4 EXIF:FocalLengthIn35mmFormat=38 EXIF:SerialNumber=123
            EXIF:LensSerialNumber=456 EXIF:Software=Tool photoshop:URL=http://example.org/"""
        options = [f"-{one}" for one in written.split()]
        subprocess.run(["exiftool", "-q", "-overwrite_original", *options, str(file)], check=True, timeout=60)
        done = subprocess.run(
            ["exiftool", "-json", "-coordFormat", "%+.6f", str(file)],
            capture_output=True,
            check=True,
            timeout=60,
        )
        theirs = json.loads(done.stdout)[0]
        at = uploader()
        found = metadata(at, at.put(file.read_bytes()))
        pairs = {
            **{name: name for name in PLAIN},
            "Title": "ObjectName",
            "Caption": "Caption-Abstract",
            "Author": "By-line",
            "AuthorTitle": "By-lineTitle",
            "CopyrightUrl": "URL",
            "State": "Province-State",
            "Country": "Country-PrimaryLocationName",
            "CountryCode": "Country-PrimaryLocationCode",
            "TransmissionReference": "OriginalTransmissionReference",
            "WriterEditor": "Writer-Editor",
            "Lens": "LensModel",
            "Aperture": "FNumber",
            "Exposure": "ExposureTime",
            "Metering": "MeteringMode",
            "SubjectRange": "SubjectDistanceRange",
            "Brightness": "BrightnessValue",
            "Altitude": "GPSAltitude",
            "AltitudeReference": "GPSAltitudeRef",
            "FieldOfView": "FOV",
            "NormalizedLightValue": "LightValue",
        }
        shown = {name: text(theirs[tag]) for name, tag in pairs.items()}
        assert {name: str(found[name]) for name in pairs} == shown
        place = float(theirs["GPSLatitude"]), float(theirs["GPSLongitude"])
        assert (found["Latitude"], found["Longitude"]) == pytest.approx(place, abs=1e-6)
        assert inspect_file(file).exif["Keywords"] == "one; two"


PLAIN = """UserComment Keywords Copyright Source Credit City Rating Category SupplementalCategories
    SpecialInstructions Headline Make Model DateCreated TimeCreated ISO CompressedBitsPerPixel Flash
    ExposureProgram ExposureCompensation ExposureMode LightSource WhiteBalance DigitalZoomRatio Contrast
    Saturation Sharpness SubjectDistance SensingMethod ColorSpace SceneCaptureType GainControl
    CircleOfConfusion HyperfocalDistance Software SerialNumber LensSerialNumber FocalLength""".split()


def text(value: object) -> str:
    """What exiftool's JSON holds, as the service writes it."""
    return "; ".join(value) if isinstance(value, list) else str(value)


def telephone() -> tuple[Uploader, dict[str, Any]]:
    """An upload of a photo with the numbers of the recorded one."""
    from fractions import Fraction  # noqa: PLC0415 - only here

    stamp = "2019:08:04 11:28:12"
    main = [Entry.text(0x010F, "Apple"), Entry.text(0x0110, "iPhone X"), Entry.text(0x0131, "12.3.1")]
    main.append(Entry.text(0x0132, stamp))
    camera = [
        Entry.rationals(0x829A, Fraction(1, 3040)),
        Entry.rationals(0x829D, Fraction(18, 10)),
        Entry.short(0x8822, 2),
        Entry.short(0x8827, 20),
        Entry.text(0x9003, stamp),
        Entry.text(0x9004, stamp),
        Entry.short(0x9207, 5),
        Entry.short(0x9209, 16),
        Entry.rationals(0x920A, Fraction(4)),
        Entry.text(0x9291, "342"),
        Entry.text(0x9292, "342"),
        Entry.short(0xA001, 0xFFFF),
        Entry.short(0xA217, 2),
        Entry.short(0xA402, 0),
        Entry.short(0xA403, 0),
        Entry.rationals(0xA404, Fraction("1.34519573")),
        Entry.short(0xA405, 38),
        Entry.short(0xA406, 0),
        Entry.text(0xA434, "iPhone X back dual camera 4mm f/1.8"),
    ]
    place = [
        Entry.text(1, "N"),
        Entry.rationals(2, Fraction(48), Fraction(58), Fraction(0)),
        Entry.text(3, "W"),
        Entry.rationals(4, Fraction(122), Fraction(29), Fraction(0)),
        Entry(5, 1, 1, b"\0"),
        Entry.rationals(6, Fraction("1518.7")),
    ]
    stream = BytesIO()
    Image.new("RGB", (40, 30)).save(stream, "JPEG", exif=b"Exif\0\0" + write_exif(main, camera, place))
    at = uploader()
    return at, at.put(stream.getvalue())


class TestMetadataOfFilms:
    def test_are_the_containers_times(self) -> None:
        """One client reads them with exactly this format and compares within a second (facts 8)."""
        created, modified = (int(datetime(2020, 5, day, 22, 1, tzinfo=UTC).timestamp()) for day in (2, 3))
        at_header = FILM.index(b"mvhd") + 8
        since_1904 = [moment + 2_082_844_800 for moment in (created, modified)]
        data = FILM[:at_header] + b"".join(m.to_bytes(4, "big") for m in since_1904) + FILM[at_header + 8 :]
        at = uploader()
        found = metadata(at, at.put(data, filename="a.mp4"))
        assert datetime.strptime(found["DateTimeModified"], "%Y-%m-%dT%H:%M:%S") == datetime(
            2020, 5, 3, 22, 1
        )
        assert found["DateTimeCreated"] == found["DateDigitized"] == "2020-05-02T22:01:00"
        assert (found["Duration"], found["VideoCodec"], found["AudioCodec"]) == ("2.00 s", "avc1", "")

    def test_are_the_uploads_where_the_container_has_none(self) -> None:
        at = uploader()
        image = at.put(make_video(3, at_least=60_000), filename="a.mp4")
        found = metadata(at, image)
        uploaded = image["DateTimeUploaded"].removesuffix("+00:00")
        assert found["DateTimeModified"] == found["DateTimeCreated"] == uploaded

    @pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
    def test_agree_with_ffprobe(self, tmp_path: Path) -> None:
        file = tmp_path / "a.mp4"
        file.write_bytes(FILM)
        done = subprocess.run(
            ["ffprobe", "-v", "error", "-of", "json", "-show_format", str(file)],
            capture_output=True,
            check=True,
            timeout=60,
        )
        at = uploader()
        found = metadata(at, at.put(FILM))
        theirs = json.loads(done.stdout)["format"]["tags"]["creation_time"]
        assert theirs.startswith(found["DateTimeCreated"])


def test_iptc_never_reads_beyond_its_segment() -> None:
    from smugsync.emulator.media.iptc import SIGNATURE, read_iptc  # noqa: PLC0415 - only here

    lying = SIGNATURE + b"8BIM\x04\x04\0\0\xff\xff\xff\xff" + b"\x1c\x02\x5a\x7f\xffRome"
    assert read_iptc(Octets.of(lying)) == {"City": "Rome"}
    assert read_iptc(Octets.of(b"Photoshop 2.5\0" + lying)) == {}
