"""What is taken, what is refused, and what becomes of it (facts 6)."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import shutil
import struct
import subprocess
import sys
import time
import xmlrpc.client
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from smugsync.emulator.account.account import MAX_IMAGES
from smugsync.emulator.account.content import Content
from smugsync.emulator.api.view import View
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.information import inspect
from smugsync.emulator.media.octets import Octets
from smugsync.emulator.media.pictures import make_gif, make_heic, make_picture, make_png, make_video
from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Settings
from smugsync.emulator.upload.formats import SMALL_VIDEO, Limits, judge
from smugsync.emulator.upload.receive import Receiver
from smugsync.emulator.upload.replies import UploadRefused
from tests.emulator.ask import HOST, ORIGIN, Client, Clock, sign
from tests.emulator.uploading import Uploader, uploader

JPEG = make_picture(1, taken="2019-08-04T11:28:12", title="Öxarárfoss")
OTHER = make_picture(2, taken="2020-01-01T00:00:00")
FILM = make_video(3, taken="2020-05-02T22:01:00", at_least=60_000)
RECORDED = (
    Path(__file__).parents[3] / "shared" / "recorded" / "smugmug-v2" / "bzimmer" / "upload_CVvj69L.json"
)


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def original(at: Uploader, image: dict[str, Any]) -> bytes:
    return at.client.media(image["ArchivedUri"]).content()


def film(at: Uploader, image: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    told = at.client.get(image["Uris"]["LargestVideo"]["Uri"])["Response"]["LargestVideo"]
    return told, at.client.media(told["Url"]).content()


class TestSuccess:
    def test_the_answer_has_the_shape_of_the_recorded_one(self) -> None:
        at = uploader()
        response = at.send(JPEG, filename="a.jpg")
        answer: Any = response.json()
        key = at.album.photos[0].key
        assert response.status == 200
        assert answer == {
            "stat": "ok",
            "method": "smugmug.images.upload",
            "Image": {
                "StatusImageReplaceUri": None,
                "ImageUri": f"/api/v2/image/{key}-0",
                "AlbumImageUri": f"{at.uri}/image/{key}-0",
                "URL": f"https://demo.smugmug.com/New/i-{key}",
            },
        }
        if RECORDED.is_file():
            recorded = json.loads(RECORDED.read_text())
            assert recorded.keys() == answer.keys()
            assert {k: type(v) for k, v in recorded["Image"].items()} == {
                k: type(v) for k, v in answer["Image"].items()
            }

    @pytest.mark.parametrize(
        ("data", "name", "kind"),
        [(JPEG, "a.jpg", "JPG"), (make_png(1), "b.png", "PNG"), (make_gif(1), "c.gif", "GIF")],
    )
    def test_the_original_is_what_was_uploaded(self, data: bytes, name: str, kind: str) -> None:
        at = uploader()
        image = at.put(data, filename=name)
        assert (image["FileName"], image["Format"], image["Processing"]) == (name, kind, False)
        assert (image["ArchivedMD5"], image["ArchivedSize"]) == (md5(data), len(data))
        assert original(at, image) == data

    def test_it_is_listed_at_once(self) -> None:
        at = uploader()
        image = at.put(JPEG, filename="a.jpg")
        listed = at.client.all(f"{at.uri}!images", "AlbumImage")
        assert [(one["ImageKey"], one["Serial"]) for one in listed] == [(image["ImageKey"], 0)]
        assert at.client.get(at.uri)["Response"]["Album"]["ImageCount"] == 1

    def test_what_the_headers_say_of_it(self) -> None:
        at = uploader()
        image = at.put(
            JPEG,
            title=" Falls ",
            caption="Where the water\u2019s falling".encode().decode("latin-1"),
            keywords="iceland; water;;iceland",
            hidden="true",
            latitude="64.2658",
            longitude="-21.1167",
            altitude="103.6",
            uploadrequestid="42",
            retrycount="1",
            asseturi="/api/v2/library/asset/x",
        )
        assert (image["Title"], image["Caption"]) == ("Falls", "Where the water’s falling")
        assert (image["Keywords"], image["KeywordArray"]) == ("iceland; water", ["iceland", "water"])
        assert (image["Hidden"], image["Altitude"]) == (True, 104)
        assert (float(image["Latitude"]), float(image["Longitude"])) == (64.2658, -21.1167)
        assert isinstance(image["Latitude"], str)

    def test_commas_separate_keywords_where_there_is_no_semicolon(self) -> None:
        assert uploader().put(JPEG, keywords="one, two,three")["KeywordArray"] == ["one", "two", "three"]

    def test_duplicates_are_accepted(self) -> None:
        at = uploader()
        first, second = at.put(JPEG, filename="a.jpg"), at.put(JPEG, filename="a.jpg")
        assert first["ImageKey"] != second["ImageKey"]
        assert first["ArchivedMD5"] == second["ArchivedMD5"]
        assert len(at.album.photos) == 2

    def test_content_decides_over_the_name(self) -> None:
        image = uploader().put(make_png(1), filename="a.jpg")
        assert (image["FileName"], image["Format"]) == ("a.jpg", "PNG")

    def test_a_picture_that_is_cut_short_is_taken_as_it_is(self) -> None:
        at = uploader()
        assert original(at, at.put(JPEG[:5000])) == JPEG[:5000]

    def test_the_version_may_be_called_two(self) -> None:
        assert uploader().put(JPEG, version="2.0")["Serial"] == 0

    def test_time_stamps(self) -> None:
        clock = Clock(int(time.time()))
        at = uploader(clock=clock)
        clock.now += 60
        image = at.put(JPEG)
        stamp = image["DateTimeUploaded"]
        assert image["Date"] == image["LastUpdated"] == stamp
        album = at.client.get(at.uri)["Response"]["Album"]
        assert (album["ImagesLastUpdated"], album["LastUpdated"]) == (stamp, stamp)


class TestRefusal:
    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            (b"", (5, "system error")),
            (b"BM" + struct.pack("<IHHI", 70, 0, 0, 54) + bytes(60), 6),
            (b"II*\0\x08\0\0\0" + bytes(60), 6),
            (b"MM\0*\0\0\0\x08" + bytes(60), 6),
            (b"8BPS\0\1" + bytes(60), 6),
            (b"FUJIFILMCCD-RAW 0201" + bytes(60), 6),
            (b"\0\0\0\x18ftypcrx " + bytes(60), 6),
            (b"RIFF\x40\0\0\0WEBPVP8 " + bytes(60), (64, "unknown file type")),
            (b"\0\0\1\0\1\0\x10\x10" + bytes(60), 64),
            (b"\0\0\0\x18ftypavif" + bytes(60), 64),
            (b"Just some text.", 64),
            (b"%PDF-1.7" + bytes(60), 64),
            (make_video(1), 64),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(60), 6),
            (b"\x89PNG\r\n\x1a\n", 6),
        ],
    )
    def test_of_what_the_service_does_not_take(self, data: bytes, expected: int | tuple[int, str]) -> None:
        code, message = uploader().fail(data, filename="photo.jpg")
        assert expected in (code, (code, message))

    def test_raw_files_need_an_add_on(self) -> None:
        message = uploader().fail(b"II*\0\x08\0\0\0" + bytes(60), filename="a.nef")[1]
        assert message == "wrong format (RAW uploads require the Source add-on)"

    def test_a_video_of_low_resolution_is_too_small(self) -> None:
        width = b"\2\x80\0\0\1\x68\0\0"  # 640 x 360 in 16.16 fixed point
        assert FILM.count(width) == 1
        small = FILM.replace(width, b"\0\x60\0\0\0\x40\0\0")
        assert uploader().fail(small) == (72, "video too small")
        assert uploader(small_videos="accept").put(small)["IsVideo"]

    def test_a_video_of_a_few_bytes_is_an_unknown_type(self) -> None:
        few = make_video(1)
        assert len(few) <= SMALL_VIDEO
        assert uploader().fail(few)[0] == 64
        assert uploader(small_videos="accept").put(few)["IsVideo"]

    @pytest.mark.parametrize(
        ("limits", "data"),
        [
            (Limits(photo=len(JPEG) - 1), JPEG),
            (Limits(pixels=640 * 427 - 1), JPEG),
            (Limits(video=len(FILM) - 1), FILM),
            (Limits(seconds=1.9), FILM),
        ],
    )
    def test_too_large(self, limits: Limits, data: bytes) -> None:
        judge(Octets.of(data), Limits())
        with pytest.raises(UploadRefused, match=r"^6: "):
            judge(Octets.of(data), limits)

    def test_the_limits_are_those_that_the_account_tells(self) -> None:
        told = uploader().client.get("/api/v2/user/demo!uploadlimits")["Response"]["UserUploadLimits"]
        photo, video = sorted(told, key=lambda limit: str(limit["Type"]))
        limits = Limits()
        assert (photo["MaxSize"], photo["MaxPixels"]) == (limits.photo, limits.pixels)
        assert (video["MaxSize"], limits.seconds) == (limits.video, 20 * 60)

    @pytest.mark.parametrize(
        "headers",
        [
            {"albumuri": None},
            {"albumuri": ""},
            {"albumuri": "/api/v2/node/abc"},
            {"imageuri": "nonsense/"},
            {"version": None},
            {"version": "v1"},
            {"latitude": "north"},
            {"longitude": "181"},
        ],
    )
    def test_wrong_headers_are_a_system_error(self, headers: dict[str, str | None]) -> None:
        assert uploader().fail(JPEG, **headers) == (5, "system error")

    def test_an_album_that_is_not_there(self) -> None:
        assert uploader().fail(JPEG, albumuri="/api/v2/album/nosuch") == (9, "invalid album")

    def test_somebody_elses_album(self) -> None:
        assert uploader(viewer="other").fail(JPEG) == (9, "invalid album")

    def test_an_album_is_full_with_five_thousand(self) -> None:
        emulator = Emulator(Settings(albums=1, images=MAX_IMAGES - 1, bytes_each=10))
        at = Uploader(emulator, next(iter(emulator.account.albums.values())))
        at.put(JPEG)
        assert at.fail(JPEG)[0] == 63

    def test_a_name_twice_if_that_is_switched_on(self) -> None:
        at = uploader(duplicates="refuse")
        at.put(JPEG, filename="a.jpg")
        assert at.fail(OTHER, filename="a.jpg")[0] == 409
        at.put(OTHER, filename="A.jpg")

    def test_of_a_film_goes_by_what_is_in_it(self) -> None:
        sound = b"\0\0\0\x18ftypM4A " + bytes(50_000)
        assert uploader().fail(sound)[0] == 64


class TestDigest:
    @pytest.mark.parametrize(
        "written", [md5(JPEG), md5(JPEG).upper(), base64.b64encode(hashlib.md5(JPEG).digest()).decode()]
    )
    def test_in_hex_and_in_base64(self, written: str) -> None:
        assert uploader().put(JPEG, content_md5=written)["ArchivedMD5"] == md5(JPEG)

    @pytest.mark.parametrize("written", [md5(OTHER), "nonsense", "A" * 24, "=="])
    def test_a_mismatch_stores_nothing(self, written: str) -> None:
        assert uploader().fail(JPEG, content_md5=written) == (5, "system error")

    def test_the_code_of_a_mismatch_is_a_switch(self) -> None:
        assert uploader(mismatch_code=6).fail(JPEG, content_md5=md5(OTHER))[0] == 6

    def test_a_body_that_is_shorter_than_announced_stores_nothing(self) -> None:
        at = uploader()
        assert at.fail(JPEG, content_length=str(len(JPEG) + 1)) == (5, "system error")
        at.put(JPEG, content_length=str(len(JPEG)))


class TestWhoMay:
    def test_add_is_enough_to_upload(self) -> None:
        assert uploader(permissions="Add").put(JPEG)["Serial"] == 0

    @pytest.mark.parametrize("status", [401, 403])
    def test_read_is_not(self, status: int) -> None:
        at = uploader(permissions="Read", grant_status=status)
        response = at.send(JPEG)
        assert response.status == status
        assert response.json() == {
            "Code": status,
            "Message": "The user has not granted the required permissions",
        }
        assert not at.album.photos

    def test_to_replace_takes_modify(self) -> None:
        at = uploader(permissions="Add")
        image = at.put(JPEG)
        assert at.send(OTHER, imageuri=image["Uris"]["Image"]["Uri"]).status == 403

    def test_a_signature_in_the_query_does_not_count(self) -> None:
        at = uploader()
        response = at.send(JPEG, "/upload/?oauth_consumer_key=x&oauth_signature=y", authorization=None)
        assert response.status == 401
        assert response.json() == {"Code": 401, "Message": "oauth_problem=parameter_absent"}

    def test_a_signature_in_the_body_does_not_count(self) -> None:
        at = uploader()
        keys = at.emulator.credentials
        body = f"oauth_consumer_key={keys.api_key}&oauth_token={keys.access_token}"
        response = at.send(
            f"{body}&oauth_signature_method=PLAINTEXT"
            f"&oauth_signature={keys.api_secret}%26{keys.access_token_secret}".encode(),
            authorization=None,
            content_type="application/x-www-form-urlencoded",
        )
        assert (response.status, response.json()) == (
            401,
            {"Code": 401, "Message": "oauth_problem=parameter_absent"},
        )

    def test_an_api_key_alone_is_not_enough(self) -> None:
        at = uploader()
        target = f"/upload/?APIKey={at.emulator.credentials.api_key}"
        assert at.send(JPEG, target, authorization=None).status == 401
        assert not at.album.photos

    def test_the_body_is_not_signed_whatever_it_is_called(self) -> None:
        """curl calls every body a form."""
        assert uploader().put(JPEG, content_type="application/x-www-form-urlencoded")["Serial"] == 0

    def test_a_nonce_is_used_once(self) -> None:
        at = uploader()
        header = sign(at.emulator, "owner", "POST", f"{ORIGIN}/upload/")
        assert at.send(JPEG, authorization=header).status == 200
        again = at.send(JPEG, authorization=header)
        assert (again.status, again.json()) == (401, {"Code": 401, "Message": "oauth_problem=nonce_used"})
        assert len(at.album.photos) == 1

    def test_the_method_and_the_address_are_signed(self) -> None:
        at = uploader()
        for method, address in (("PUT", "/upload/"), ("POST", "/upload/a.jpg")):
            header = sign(at.emulator, "owner", method, ORIGIN + address)
            response = at.send(JPEG, authorization=header)
            assert response.json() == {"Code": 401, "Message": "oauth_problem=signature_invalid"}


class TestAddresses:
    @pytest.mark.parametrize(
        ("method", "target", "host"),
        [
            ("POST", "/upload/", HOST),
            ("PUT", "/upload", HOST),
            ("PUT", "/upload/photo.jpg", HOST),
            ("POST", "/upload/photo.jpg", HOST),
            ("POST", "/", "upload.smugmug.com"),
            ("PUT", "/photo.jpg", "upload.smugmug.com:443"),
            ("POST", "/", HOST),
            ("PUT", "/photo.jpg", HOST),
        ],
    )
    def test_of_uploads(self, method: str, target: str, host: str) -> None:
        at = uploader()
        answer: Any = at.send(
            JPEG, target, method, host=host, authorization=signed(at, method, target, host)
        ).json()
        assert answer["stat"] == "ok"
        name = at.album.photos[0].file_name
        assert name == ("photo.jpg" if "photo" in target else f"i-{at.album.photos[0].key}.jpg")

    def test_the_host_of_the_service_needs_no_target_to_be_known(self) -> None:
        at = uploader()
        host = "upload.smugmug.com"
        authorization = signed(at, "POST", "/", host)
        assert at.fail(JPEG, target="/", host=host, authorization=authorization, albumuri=None)[0] == 5

    @pytest.mark.parametrize("target", ["/api/v2/album/x", "/services/oauth/1.0a/authorize", "/_emulator/x"])
    def test_of_other_things_are_none(self, target: str) -> None:
        at = uploader()
        assert b"smugmug.images.upload" not in at.send(JPEG, target).content()

    @pytest.mark.parametrize("form", ["/api/v2/album/{}", "https://api.smugmug.com/api/v2/album/{}", "{}"])
    def test_of_albums_have_several_forms(self, form: str) -> None:
        at = uploader()
        at.put(JPEG, albumuri=form.format(at.album.key))
        assert len(at.album.photos) == 1


def signed(at: Uploader, method: str, target: str, host: str) -> str:
    return sign(at.emulator, "owner", method, f"https://{host}{target}")


class TestAnswersInOtherForms:
    def test_json_is_pretty_if_that_is_asked_for(self) -> None:
        assert b'\n    "stat": "ok"' in uploader().send(JPEG, pretty="true").content()

    @pytest.mark.parametrize("kind", [None, "REST", "rest", "unheard of"])
    def test_rest_is_the_default(self, kind: str | None) -> None:
        at = uploader()
        response = at.send(JPEG, responsetype=kind)
        assert (response.header("Content-Type") or "").startswith("text/xml")
        root = ElementTree.fromstring(response.content())
        image = root.find("Image")
        assert root.get("stat") == "ok"
        assert image is not None
        assert image.get("ImageUri") == f"/api/v2/image/{at.album.photos[0].id}"
        failed = ElementTree.fromstring(at.send(b"", responsetype=kind).content()).find("err")
        assert failed is not None
        assert (failed.get("code"), failed.get("msg")) == ("5", "system error")

    def test_xml_rpc(self) -> None:
        at = uploader()
        (answer,), _ = xmlrpc.client.loads(at.send(JPEG, responsetype="XML-RPC").content())
        assert answer["stat"] == "ok"  # type: ignore[index,call-overload]  # the stubs know no structures
        with pytest.raises(xmlrpc.client.Fault, match="system error"):
            xmlrpc.client.loads(at.send(b"", responsetype="XML-RPC").content())

    def test_php(self) -> None:
        failed = uploader().send(b"", responsetype="PHP").content()
        assert failed == (
            b'a:4:{s:4:"stat";s:4:"fail";s:6:"method";s:21:"smugmug.images.upload";'
            b's:4:"code";i:5;s:7:"message";s:12:"system error";}'
        )
        assert b's:21:"StatusImageReplaceUri";N;' in uploader().send(JPEG, responsetype="PHP").content()


class TestHeic:
    def test_becomes_a_jpeg(self) -> None:
        pytest.importorskip("pillow_heif")
        at, data = uploader(), make_heic(1, taken="2019-08-04T11:28:12")
        image = at.put(data, filename="IMG_7058.heic", content_md5=md5(data))
        made = original(at, image)
        assert (image["FileName"], image["Format"]) == ("IMG_7058.JPG", "JPG")
        assert made.startswith(b"\xff\xd8\xff")
        assert (image["ArchivedMD5"], image["ArchivedSize"]) == (md5(made), len(made))
        assert image["ArchivedMD5"] != md5(data)
        assert (image["OriginalWidth"], image["OriginalHeight"]) == (640, 427)
        assert image["DateTimeOriginal"] == "2019-08-04T18:28:12+00:00"
        assert inspect(made, "a.jpg").exif == inspect(data, "a.heic").exif

    @pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
    def test_keeps_its_exif(self, tmp_path: Path) -> None:
        pytest.importorskip("pillow_heif")
        at, data = uploader(), make_heic(1, taken="2019-08-04T11:28:12")
        (tmp_path / "a.heic").write_bytes(data)
        (tmp_path / "a.jpg").write_bytes(original(at, at.put(data)))
        command = [
            "exiftool",
            "-json",
            "-EXIF:all",
            "-Warning",
            str(tmp_path / "a.heic"),
            str(tmp_path / "a.jpg"),
        ]
        before, after = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        before.pop("SourceFile"), after.pop("SourceFile")
        assert before["DateTimeOriginal"] == "2019:08:04 11:28:12"
        assert after == before

    def test_is_turned_upright(self) -> None:
        pillow_heif = pytest.importorskip("pillow_heif")
        from PIL import Image  # noqa: PLC0415 - an extra

        lying = Image.new("RGB", (640, 320), "red")
        exif = Image.Exif()
        exif[0x0112] = 6
        stream = BytesIO()
        pillow_heif.from_pillow(lying).save(stream, exif=exif.tobytes())
        at = uploader()
        image = at.put(stream.getvalue(), filename="a.heic")
        assert (image["OriginalWidth"], image["OriginalHeight"]) == (320, 640)
        with Image.open(BytesIO(original(at, image))) as made:
            assert made.getexif().get(0x0112, 1) == 1

    def test_stands_beside_a_photo_of_its_name(self) -> None:
        pytest.importorskip("pillow_heif")
        at = uploader()
        at.put(JPEG, filename="A.jpg")
        at.put(make_heic(1), filename="A.heic")
        assert [image.file_name for image in at.album.photos] == ["A.jpg", "A.JPG"]

    def test_that_cannot_be_decoded_is_of_the_wrong_format(self) -> None:
        pytest.importorskip("pillow_heif")
        assert uploader().fail(make_heic(1)[:3000])[0] == 6

    def test_needs_an_extra(self) -> None:
        message = without_extras(
            "print(uploader().fail(make_heic(1)))\n"
            "print(uploader().put(make_picture(1, taken=None))['Format'])"
        )
        assert message.splitlines() == [
            """(5, 'HEIC is converted only after: pip install "smugsync[emulator]"')""",
            "JPG",
        ]


def without_extras(program: str) -> str:
    """What a program prints where neither Pillow nor pillow-heif is installed."""
    head = (
        "import sys\n"
        "sys.modules['PIL'] = sys.modules['pillow_heif'] = None\n"
        "from smugsync.emulator.media.pictures import *\n"
        "from tests.emulator.uploading import uploader\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", head + program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestVideo:
    def test_becomes_another_file(self) -> None:
        at = uploader()
        image = at.put(FILM, filename="Candles.MOV")
        assert (image["FileName"], image["Format"], image["IsVideo"]) == ("Candles.MOV", "MP4", True)
        told, made = film(at, image)
        assert (told["MD5"], told["Size"]) == (md5(made), len(made))
        assert md5(FILM) not in (told["MD5"], image["ArchivedMD5"])
        assert image["ArchivedMD5"] != told["MD5"]
        assert image["ArchivedSize"] not in (len(FILM), len(made))
        assert (told["Width"], told["Height"], told["Duration"]) == (640, 360, "2.000")
        assert at.client.media(image["ArchivedUri"]).status == 403

    @pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
    @pytest.mark.parametrize("brand", [b"isom", b"qt  "])
    def test_that_plays(self, tmp_path: Path, brand: bytes) -> None:
        at = uploader()
        made = tmp_path / "made.mp4"
        made.write_bytes(film(at, at.put(FILM[:8] + brand + FILM[12:]))[1])
        command = ["ffprobe", "-v", "error", "-count_packets", "-of", "json", "-show_format", "-show_streams"]
        done = subprocess.run([*command, str(made)], capture_output=True, check=True, timeout=60)
        found = json.loads(done.stdout)
        assert done.stderr == b""
        assert found["format"]["tags"]["major_brand"] != "qt  "
        assert found["format"]["tags"]["creation_time"].startswith("2020-05-02T22:01:00")
        assert (found["streams"][0]["codec_name"], found["streams"][0]["nb_read_packets"]) == ("h264", "50")

    def test_is_processing_as_long_as_the_switch_says(self) -> None:
        clock = Clock(time.time())
        at = uploader(clock=clock, processing=100)
        uploaded = at.put(FILM, filename="a.mp4")
        assert uploaded["Processing"] is True
        assert "ArchivedUri" not in uploaded
        assert at.client.status(uploaded["Uris"]["LargestVideo"]["Uri"]) == 404
        before = uploaded["LastUpdated"]
        clock.now += 102
        ready = at.client.get(uploaded["Uri"])["Response"]["AlbumImage"]
        assert (ready["Processing"], ready["LastUpdated"] > before) == (False, True)
        told, made = film(at, ready)
        assert told["MD5"] == md5(made)
        assert (ready["ImageKey"], ready["Serial"]) == (uploaded["ImageKey"], 0)

    def test_photos_are_not_processed(self) -> None:
        assert uploader(processing=100).put(JPEG)["Processing"] is False

    def test_without_an_index_can_never_be_shown(self) -> None:
        at = uploader()
        image = at.put(b"\0\0\0\x18ftypisom" + bytes(12) + b"\0\0\xc3\x50mdat" + bytes(49_992))
        assert (image["Status"], image["SubStatus"]) == ("Preprocess", "CanNotProcess")
        assert at.client.status(image["Uris"]["LargestVideo"]["Uri"]) == 404

    @pytest.mark.parametrize(
        "head",
        [
            b"RIFF\0\0\0\0AVI LIST",
            b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm",
            b"\0\0\1\xba" + bytes(10),
            b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
            (b"G" + bytes(187)) * 3,
            (bytes(4) + b"G" + bytes(187)) * 3,
        ],
    )
    def test_in_another_container_gets_a_stand_in(self, head: bytes) -> None:
        at = uploader()
        image = at.put(head + bytes(50_000), filename="old.avi")
        told, made = film(at, image)
        assert (image["FileName"], image["Format"]) == ("old.avi", "MP4")
        assert inspect(made, "").format == "MP4"
        assert told["MD5"] == md5(made)


class TestReplacing:
    def test_keeps_key_place_name_and_words(self) -> None:
        at = uploader()
        at.album.sort_method = "Position"
        old = at.put(JPEG, filename="a.jpg", title="T", caption="C", keywords="k")
        at.put(OTHER, filename="b.jpg")
        web = old["WebUri"]
        new = at.put(make_png(7), imageuri=old["Uris"]["Image"]["Uri"], filename="other.png")
        assert (new["ImageKey"], new["Serial"]) == (old["ImageKey"], 1)
        assert (new["FileName"], new["Title"], new["Caption"], new["Keywords"]) == ("a.jpg", "T", "C", "k")
        assert (new["WebUri"], new["Format"]) == (web, "PNG")
        assert new["ArchivedMD5"] == md5(make_png(7))
        assert new["ArchivedUri"] != old["ArchivedUri"]
        assert at.client.media(old["ArchivedUri"]).status == 404
        assert original(at, new) == make_png(7)
        listed = at.client.all(f"{at.uri}!images", "AlbumImage")
        assert [image["FileName"] for image in listed] == ["a.jpg", "b.jpg"]

    @pytest.mark.parametrize(
        "form",
        ["/api/v2/image/{0}-0", "/api/v2/image/{0}", "/api/v2/album/{1}/image/{0}-0", "{0}-0", "{0}"],
    )
    def test_names_the_image_in_several_ways(self, form: str) -> None:
        at = uploader()
        key = at.put(JPEG)["ImageKey"]
        answer: Any = at.send(OTHER, imageuri=form.format(key, at.album.key), albumuri=None).json()
        assert answer["Image"]["ImageUri"] == f"/api/v2/image/{key}-1"
        assert answer["Image"]["AlbumImageUri"] == f"{at.uri}/image/{key}-1"
        assert answer["Image"]["StatusImageReplaceUri"] == ""

    def test_may_say_something_new_of_it(self) -> None:
        at = uploader()
        old = at.put(JPEG, title="T", caption="C")
        new = at.put(OTHER, imageuri=old["ImageKey"], caption="D")
        assert (new["Title"], new["Caption"]) == ("T", "D")

    def test_takes_the_new_name_if_that_is_switched_on(self) -> None:
        at = uploader(replaced_name="take")
        old = at.put(JPEG, filename="a.jpg")
        assert at.put(OTHER, imageuri=old["ImageKey"], filename="b.jpg")["FileName"] == "b.jpg"

    def test_moves_the_time_stamps(self) -> None:
        clock = Clock(int(time.time()))
        at = uploader(clock=clock)
        old = at.put(JPEG)
        before = at.client.get(at.uri)["Response"]["Album"]
        clock.now += 60
        new = at.put(OTHER, imageuri=old["ImageKey"])
        after = at.client.get(at.uri)["Response"]["Album"]
        assert new["LastUpdated"] > old["LastUpdated"]
        assert new["DateTimeUploaded"] == old["DateTimeUploaded"]
        assert after["ImagesLastUpdated"] > before["ImagesLastUpdated"]
        assert after["ImageCount"] == 1

    def test_a_photo_by_a_film_and_back(self) -> None:
        at = uploader()
        key = at.put(JPEG)["ImageKey"]
        moving = at.put(FILM, imageuri=key)
        told, made = film(at, moving)
        assert (moving["IsVideo"], told["MD5"]) == (True, md5(made))
        still = at.put(OTHER, imageuri=key)
        assert (still["IsVideo"], still["Serial"], still["ArchivedMD5"]) == (False, 2, md5(OTHER))

    def test_the_old_revision_leads_to_the_new_one(self) -> None:
        at = uploader()
        key = at.put(JPEG)["ImageKey"]
        at.put(OTHER, imageuri=key)
        response = at.client.send(f"/api/v2/image/{key}-0")
        assert response.status == 301
        assert (response.header("Location") or "").endswith(f"/api/v2/image/{key}-1")

    def test_of_what_is_not_there_is_a_system_error(self) -> None:
        assert uploader().fail(JPEG, imageuri="/api/v2/image/nosuch-0")[0] == 5

    def test_of_somebody_elses_image_is_a_system_error(self) -> None:
        at = uploader()
        key = at.put(JPEG)["ImageKey"]
        stranger = Uploader(at.emulator, at.album, "other")
        assert stranger.fail(OTHER, imageuri=key, albumuri=None)[0] == 5

    def test_in_an_album_that_does_not_show_it_fails(self) -> None:
        at = uploader()
        key = at.put(JPEG)["ImageKey"]
        elsewhere = at.emulator.account.add_album("Elsewhere")
        assert at.fail(OTHER, imageuri=key, albumuri=f"/api/v2/album/{elsewhere.key}")[0] == 9

    def test_failure_leaves_the_old_one(self) -> None:
        at = uploader()
        old = at.put(JPEG)
        assert at.fail(b"no picture", imageuri=old["ImageKey"])[0] == 64
        assert at.client.get(old["Uri"])["Response"]["AlbumImage"] == old


def test_a_disk_that_is_full_is_a_system_error() -> None:
    def keep(source: bytes | Path) -> Content:
        raise OSError(errno.ENOSPC, "No space left on device")

    at = uploader()
    view = View(at.emulator.account, "demo", ORIGIN)
    headers = {"x-smug-albumuri": at.uri, "x-smug-version": "v2", "x-smug-responsetype": "JSON"}
    answer: Any = Receiver(keep).receive(Request("POST", "/upload/", headers=headers, body=JPEG), view).json()
    assert (answer["stat"], answer["code"]) == ("fail", 5)
    assert at.album.photos == []


@pytest.mark.parametrize("code", [5, 6, 9, 63, 64, 72, 409])
def test_any_failure_can_be_had_as_a_fault(code: int) -> None:
    at = uploader()
    at.emulator.faults.add(f"stat-fail:code={code},times=1")
    assert at.fail(JPEG)[0] == code
    at.put(JPEG)


def test_a_full_demo_is_a_place_to_upload_to() -> None:
    emulator = Emulator(Settings())
    album = next(a for a in emulator.account.albums.values() if a.node.name == "Letters")
    image = Uploader(emulator, album).put(JPEG, filename="page-3.jpg")
    assert Client(emulator, "anonymous").status(f"/api/v2/image/{image['ImageKey']}-0") == 404
