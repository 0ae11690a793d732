"""The older ways to upload."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree
from xmlrpc.client import Fault, loads

import pytest

from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_gif, make_heic, make_png, make_video
from smugsync.emulator.media.scaling import find_scaler
from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Settings, Switches
from tests.emulator.ask import HOST, ORIGIN, Client, sign
from tests.emulator.legacy.asking import VERSIONS, Older, login, new_album, owner, picture, small
from tests.emulator.uploading import Uploader

JPEG, OTHER = picture(1), picture(2)


def begin(version: str = "1.2.0", **switches: Any) -> tuple[Older, str]:
    """A client, and the id of an empty album."""
    client = small(version, **switches)
    return client, str(new_album(client))


class TestRaw:
    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        ("verb", "path", "name"),
        [
            ("PUT", "/a%20photo.jpg", None),
            ("PUT", "/photos/xmlrawadd.mg", "a photo.jpg"),
            ("POST", "/photos/xmlrawadd.mg", "a photo.jpg"),
            ("POST", "/", "a photo.jpg"),
            ("PUT", "/upload/a%20photo.jpg", None),
            ("PUT", "/ignored.jpg", "a photo.jpg"),
        ],
    )
    def test_each_address(self, version: str, verb: str, path: str, name: str | None) -> None:
        client, album = begin(version)
        answer = client.upload(JPEG, path, verb=verb, albumid=album, filename=name)
        [image] = client.album("New").photos
        assert answer["Image"]["id"] == client.id_of(image)
        assert (image.file_name, image.content.md5) == ("a photo.jpg", hashlib.md5(JPEG).hexdigest())

    @pytest.mark.parametrize("version", VERSIONS)
    def test_the_services_own_host(self, version: str) -> None:
        client, album = begin(version)
        there = replace(client, host="upload.smugmug.com")
        if there.signs:  # a signature of http is none that a library makes
            there = replace(login(client.emulator, "1.2.2"), version=version, host="upload.smugmug.com")
        assert there.upload(JPEG, "/new.jpg", albumid=album)["stat"] == "ok"

    def test_names_are_percent_encoded_utf_8(self) -> None:
        client, album = begin()
        client.upload(JPEG, "/" + quote("Zoë 活动.jpg"), albumid=album)
        assert [image.file_name for image in client.album("New").photos] == ["Zoë 活动.jpg"]

    def test_what_the_headers_say(self) -> None:
        client, album = begin()
        client.upload(
            JPEG,
            albumid=album,
            caption="In the sun",
            keywords="a;b c",
            latitude="64.25",
            longitude="-21.5",
            altitude="7",
            hidden="1",
        )
        [image] = client.album("New").photos
        assert (image.caption, image.keywords, image.hidden) == ("In the sun", ("a", "b c"), True)
        assert (float(image.latitude), float(image.longitude), image.altitude) == (64.25, -21.5, 7)

    def test_what_was_uploaded_here_is_there_in_the_newer_api(self) -> None:
        client, album = begin()
        client.upload(JPEG, albumid=album)
        key = client.album("New").key
        [shown] = Client(client.emulator).all(f"/api/v2/album/{key}!images", "AlbumImage")
        assert shown["ArchivedMD5"] == hashlib.md5(JPEG).hexdigest()
        assert Client(client.emulator).media(shown["ArchivedUri"]).content() == JPEG

    def test_and_the_other_way_round(self) -> None:
        client, _ = begin()
        Uploader(client.emulator, client.album("New")).put(JPEG, filename="newer.jpg")
        assert client.names(client.album("New")) == ["newer.jpg"]

    def test_the_same_bytes_twice_are_two_pictures(self) -> None:
        client, album = begin()
        ids = {client.upload(JPEG, albumid=album)["Image"]["id"] for _ in range(2)}
        assert len(ids) == 2

    @pytest.mark.parametrize("data", [make_png(1), make_gif(2), make_video(3, at_least=60_000)])
    def test_what_is_taken(self, data: bytes) -> None:
        client, album = begin()
        assert client.upload(data, "/file.bin", albumid=album)["stat"] == "ok"

    @pytest.mark.skipif(find_scaler() is None, reason="Pillow is not installed")
    def test_heic_becomes_a_jpeg(self) -> None:
        client, album = begin()
        client.upload(make_heic(5), "/IMG_1.heic", albumid=album)
        assert client.names(client.album("New")) == ["IMG_1.JPG"]


class TestAnswers:
    def test_rest_is_the_default(self) -> None:
        client, album = begin()
        response = client.put(JPEG, albumid=album, responsetype=None)
        root = ElementTree.fromstring(response.content())
        image = root.find("Image")
        assert image is not None
        assert (root.get("stat"), root.findtext("method")) == ("ok", "smugmug.images.upload")
        assert image.get("id") == str(client.id_of(client.album("New").photos[0]))

    def test_failures_in_rest(self) -> None:
        client, _ = begin()
        root = ElementTree.fromstring(client.put(JPEG, albumid="1", responsetype="REST").content())
        error = root.find("err")
        assert error is not None
        assert (error.get("code"), error.get("msg")) == ("5", "system error (invalid album id)")

    def test_php_and_pretty_json(self) -> None:
        client, album = begin()
        assert (
            client.put(JPEG, albumid=album, responsetype="PHP")
            .content()
            .startswith(b'a:3:{s:4:"stat";s:2:"ok"')
        )
        assert b'\n    "stat": "ok"' in client.put(JPEG, albumid=album, pretty="1").content()

    def test_xml_rpc(self) -> None:
        client, album = begin()
        (answer,), _ = loads(client.put(JPEG, albumid=album, responsetype="XML-RPC").content())
        assert isinstance(answer, dict)
        assert answer["Image"] == {"id": client.id_of(client.album("New").photos[0])}
        with pytest.raises(Fault, match="invalid album id"):
            loads(client.put(JPEG, albumid="1", responsetype="XML-RPC").content())


class TestRefusals:
    @pytest.mark.parametrize(
        ("headers", "code", "words"),
        [
            ({"sessionid": "0" * 32}, 3, "invalid session"),
            ({"sessionid": None}, 3, "invalid session"),
            ({"albumid": "1"}, 5, "system error (invalid album id)"),
            ({"albumid": None}, 5, "system error (invalid album id)"),
            ({"albumid": None, "imageid": "1"}, 5, "system error (invalid image id)"),
            ({"version": None}, 5, "X-Smug-Version"),
            ({"version": "1.1.0"}, 11, "ancient version"),
            ({"content_md5": None}, 5, "Content-MD5"),
            ({"content_md5": "0" * 32}, 5, "incomplete file (ByteCount given: "),
            ({"content_md5": base64.b64encode(hashlib.md5(JPEG).digest()).decode()}, 5, "incomplete file"),
            ({"content_length": "5"}, 5, "incomplete file (ByteCount given: 5, ByteCount received: "),
            ({"latitude": "91"}, 5, "system error"),
            ({"albumid": "x"}, 5, "invalid album id"),
        ],
    )
    def test_of_wrong_headers(self, headers: dict[str, str | None], code: int, words: str) -> None:
        client, album = begin()
        answer = client.upload(
            JPEG, "/photos/xmlrawadd.mg", **{"albumid": album, "filename": "a.jpg", **headers}
        )
        assert (answer["stat"], answer["code"]) == ("fail", code)
        assert words in answer["message"]
        assert not client.album("New").photos

    @pytest.mark.parametrize(
        ("data", "code"), [(b"no picture at all", 6), (b"", 5), (JPEG[:20], 6), (make_video(1)[:30_000], 6)]
    )
    def test_of_wrong_files(self, data: bytes, code: int) -> None:
        client, album = begin()
        answer = client.upload(data, albumid=album)
        assert (answer["stat"], answer["code"]) == ("fail", code)

    def test_of_other_peoples_albums_and_images(self) -> None:
        client = owner()
        theirs = client.id_of(client.album("Ring Road"))
        image = client.id_of(client.album("Ring Road").photos[0])
        other = login(client.emulator, nickname="demo-visitor")
        assert other.upload(OTHER, albumid=str(theirs))["code"] == 5
        assert other.upload(OTHER, imageid=str(image))["code"] == 5

    def test_of_guests(self) -> None:
        client, album = begin()
        session = client.anonymous().ok("login.anonymously")["Login"]["Session"]["id"]
        assert client.upload(JPEG, albumid=album, sessionid=session)["code"] == 3

    @pytest.mark.parametrize(("permissions", "codes"), [("Read", [34, 34]), ("Add", [None, 34])])
    def test_of_what_was_not_granted(self, permissions: str, codes: list[int | None]) -> None:
        emulator = Emulator(Settings(albums=0, switches=Switches().set(f"permissions={permissions}")))
        made = login(emulator)
        album = str(new_album(made))
        image = made.upload(JPEG, albumid=album)["Image"]["id"]
        client = Older(emulator, "1.3.0", signs="owner")
        new, replaced = client.upload(JPEG, albumid=album), client.upload(OTHER, imageid=str(image))
        assert [new.get("code"), replaced.get("code")] == codes

    @pytest.mark.parametrize(
        ("method", "path", "code"), [("PUT", "/a.jpg", None), ("PUT", "/b.jpg", 35), ("POST", "/a.jpg", 35)]
    )
    def test_of_a_signature_over_something_else(self, method: str, path: str, code: int | None) -> None:
        client, album = begin("1.3.0")
        header = sign(client.emulator, "owner", method, ORIGIN + path)
        assert client.upload(JPEG, "/a.jpg", albumid=album, authorization=header).get("code") == code

    def test_before_1_2_2_a_signature_is_none(self) -> None:
        client, album = begin("1.3.0")
        assert client.upload(JPEG, albumid=album, version="1.2.1")["code"] == 3


class TestReplacing:
    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize("both", [False, True])
    def test_keeps_the_id_and_raises_the_serial(self, version: str, both: bool) -> None:
        client, album = begin(version)
        number = client.upload(JPEG, "/a.jpg", albumid=album)["Image"]["id"]
        more = {"albumid": album} if both else {}
        answer = client.upload(OTHER, "/b.jpg", imageid=str(number), **more)
        assert answer["Image"]["id"] == number
        [image] = client.album("New").photos
        assert (image.serial, image.file_name, image.content.md5) == (
            1,
            "a.jpg",
            hashlib.md5(OTHER).hexdigest(),
        )

    def test_in_an_album_that_does_not_show_it_fails(self) -> None:
        client, album = begin()
        number = client.upload(JPEG, albumid=album)["Image"]["id"]
        elsewhere = new_album(client, "Elsewhere")
        assert client.upload(OTHER, imageid=str(number), albumid=str(elsewhere))["code"] == 5


class TestForm:
    def send(self, client: Older, fields: dict[str, str], data: bytes, *, name: str = "a.jpg") -> Any:
        body = b"".join(
            f'--XX\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
            for field, value in fields.items()
        )
        body += (
            f'--XX\r\nContent-Disposition: form-data; name="Image"; filename="{name}"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        ).encode()
        body += data + b"\r\n--XX--\r\n"
        headers = {
            "host": HOST,
            "content-type": "multipart/form-data; boundary=XX",
            "content-length": str(len(body)),
        }
        request = Request("POST", "/photos/xmladd.mg", "", headers, body)
        response = client.emulator.handle(request)
        assert response.status == 200
        return json.loads(response.content())

    def fields(self, client: Older, album: str, data: bytes = JPEG, **more: str) -> dict[str, str]:
        return {
            "SessionID": client.session,
            "AlbumID": album,
            "ByteCount": str(len(data)),
            "MD5Sum": hashlib.md5(data).hexdigest(),
            "ResponseType": "JSON",
            **more,
        }

    def test_is_taken(self) -> None:
        client, album = begin()
        answer = self.send(client, self.fields(client, album, Caption="Zoë's", Keywords="a b"), JPEG)
        [image] = client.album("New").photos
        assert answer["Image"] == {"id": client.id_of(image)}
        assert (image.file_name, image.caption, image.keywords) == ("a.jpg", "Zoë's", ("a", "b"))
        assert image.content.md5 == hashlib.md5(JPEG).hexdigest()

    def test_may_name_the_file(self) -> None:
        client, album = begin()
        self.send(client, self.fields(client, album, FileName="100%25.jpg"), JPEG)
        assert client.names(client.album("New")) == ["100%25.jpg"]

    @pytest.mark.parametrize(
        ("changes", "code"), [({"SessionID": "x"}, 3), ({"AlbumID": "1"}, 5), ({"MD5Sum": "0" * 32}, 5)]
    )
    def test_is_refused(self, changes: dict[str, str], code: int) -> None:
        client, album = begin()
        assert self.send(client, self.fields(client, album) | changes, JPEG)["code"] == code

    def test_without_a_file_is_refused(self) -> None:
        client, _ = begin()
        headers = {
            "host": HOST,
            "x-smug-responsetype": "JSON",
            "content-type": "multipart/form-data; boundary=X",
        }
        request = Request("POST", "/photos/xmladd.mg", "", headers, b"nonsense")
        assert json.loads(client.emulator.handle(request).content())["stat"] == "fail"


@pytest.mark.parametrize(
    "path", ["/photos/xmladd.mg", "/photos/xmlrawadd.mg", "/a.jpg", "/services/api/json/1.2.0/"]
)
def test_a_boundary_that_is_none_is_no_error_of_the_server(path: str) -> None:
    client, album = begin()
    headers = {
        "host": HOST,
        "content-type": f"multipart/form-data; boundary={'x' * 300}",
        "content-md5": "0" * 32,
        "x-smug-version": "1.2.0",
        "x-smug-responsetype": "JSON",
        "x-smug-albumid": album,
        "x-smug-sessionid": client.session,
    }
    body = b"--" + b"x" * 300 + b"\r\n"
    response = client.emulator.handle(Request("POST", path, "", headers, body))
    assert (response.status, json.loads(response.content())["stat"]) == (200, "fail")


class TestBase64:
    def arguments(self, album: str, data: bytes = JPEG, **more: str) -> dict[str, str]:
        return {
            "AlbumID": album,
            "FileName": "Zoë 100%.jpg",
            "Data": base64.b64encode(data).decode(),
            "ByteCount": str(len(data)),
            "MD5Sum": hashlib.md5(data).hexdigest(),
            **more,
        }

    @pytest.mark.parametrize("version", ["1.2.0", "1.2.1", "1.2.2"])
    def test_is_taken(self, version: str) -> None:
        client, album = begin(version)
        answer = client.ok("images.upload", verb="POST", **self.arguments(album, Caption="Céline\rtwo"))
        [image] = client.album("New").photos
        assert answer["Image"]["id"] == client.id_of(image)
        assert (image.file_name, image.caption) == ("Zoë 100%.jpg", "Céline\ntwo")
        assert image.content.md5 == hashlib.md5(JPEG).hexdigest()

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"Data": "%%%"}, 6),
            ({"Data": ""}, 22),
            ({"Data": base64.b64encode(b"no picture").decode(), "ByteCount": "", "MD5Sum": ""}, 6),
            ({"MD5Sum": "0" * 32}, 5),
            ({"ByteCount": "5"}, 5),
            ({"AlbumID": "1"}, 5),
            ({"SessionID": "x"}, 3),
        ],
    )
    def test_is_refused(self, changes: dict[str, str], code: int) -> None:
        client, album = begin()
        assert client.code("images.upload", verb="POST", **(self.arguments(album) | changes)) == code
        assert not client.album("New").photos

    def test_is_for_post_and_for_the_upload_host(self) -> None:
        client, album = begin()
        assert client.code("images.upload", **self.arguments(album)) == 5
        for host, stat in (("api.smugmug.com", "fail"), ("upload.smugmug.com", "ok")):
            there = replace(client, host=host)
            answer = there.ask(
                "images.upload", verb="POST", path="/hack/json/1.2.0/", **self.arguments(album)
            )
            assert answer["stat"] == stat


class TestFromUrl:
    def test_of_this_server(self) -> None:
        client = owner("1.2.2")
        source = client.images(client.album("Ring Road"), Extras="OriginalURL")[0]["OriginalURL"]
        target = client.id_of(client.album("Nothing yet"))
        client.ok("images.uploadFromURL", AlbumID=target, URL=source, FileName="copy.jpg", Caption="Twice")
        [image] = client.album("Nothing yet").photos
        assert (image.file_name, image.caption, image.content.md5) == (
            "copy.jpg",
            "Twice",
            hashlib.md5(JPEG).hexdigest(),
        )

    def test_of_the_newer_api(self) -> None:
        client = owner()
        key = client.album("Ring Road").key
        source = Client(client.emulator).all(f"/api/v2/album/{key}!images", "AlbumImage")[0]["ArchivedUri"]
        target = client.id_of(client.album("Nothing yet"))
        answer = client.ask("images.uploadFromURL", AlbumID=target, URL=source)
        assert answer == {"stat": "ok", "method": "smugmug.images.uploadFromURL", "result": None}

    @pytest.mark.parametrize(
        "url", ["https://example.com/a.jpg", "file:///etc/passwd", f"http://{HOST}/api/v2", "http://[", "x"]
    )
    def test_of_nothing_else(self, url: str) -> None:
        client, album = begin()
        assert client.code("images.uploadFromURL", AlbumID=album, URL=url) == 16

    def test_as_it_was_announced(self) -> None:
        client = owner()
        source = client.images(client.album("Ring Road"), Heavy=1)[0]["OriginalURL"]
        target = client.id_of(client.album("Nothing yet"))
        where = {"AlbumID": target, "URL": source}
        assert client.code("images.uploadFromURL", **where, ByteCount=5) == 5
        assert client.code("images.uploadFromURL", **where, MD5Sum="0" * 32) == 5


def test_a_large_upload_comes_as_a_file(tmp_path: Path) -> None:
    client, album = begin()
    file = tmp_path / "body"
    file.write_bytes(JPEG)
    headers = {
        "host": HOST,
        "content-length": str(len(JPEG)),
        "content-md5": hashlib.md5(JPEG).hexdigest(),
        "x-smug-version": "1.2.0",
        "x-smug-responsetype": "JSON",
        "x-smug-sessionid": client.session,
        "x-smug-albumid": album,
    }
    for wrong in ({"content-md5": "0" * 32}, {"x-smug-sessionid": "x"}):
        file.write_bytes(JPEG)
        client.emulator.handle(Request("PUT", "/big.jpg", "", headers | wrong, upload=file))
        assert not file.exists()
    file.write_bytes(JPEG)
    answer = client.emulator.handle(Request("PUT", "/big.jpg", "", headers, upload=file)).json()
    assert isinstance(answer, dict)
    assert answer["stat"] == "ok"
    assert not file.exists()
    [shown] = client.images(client.album("New"), Heavy=1)
    assert client.fetch(shown["OriginalURL"]).content() == JPEG
