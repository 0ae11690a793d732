"""What nobody should send, by mistake or on purpose, is refused and leaves everything as it was."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from smugsync.emulator.account.content import Bytes, File
from smugsync.emulator.account.model import Album
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.archive import unique_names
from smugsync.emulator.media.pictures import make_heic, make_png
from smugsync.emulator.media.scaling import Scaler, Unscalable, decoding
from smugsync.emulator.messages import DEEPEST, Request, json_response, read_json
from smugsync.emulator.settings import Settings
from smugsync.emulator.upload.conversion import convert_heic
from smugsync.emulator.upload.replies import UploadRefused
from tests.emulator.ask import Client
from tests.emulator.uploading import Uploader, uploader

HALF = "caf\udce9"  # half a surrogate pair: JSON can say it, UTF-8 cannot


@pytest.fixture
def owner() -> Client:
    return Client(Emulator(Settings(albums=1, images=2)))


def first_album(owner: Client) -> Album:
    return next(iter(owner.emulator.account.albums.values()))


def places(owner: Client) -> dict[str, str]:
    """Addresses by the names that the tests below have for them."""
    account, album = owner.emulator.account, first_album(owner)
    return {
        "root": f"/api/v2/node/{account.root.id}",
        "folder": "/api/v2/folder/user/demo",
        "node": f"/api/v2/node/{album.node.id}",
        "album": f"/api/v2/album/{album.key}",
        "image": f"/api/v2/image/{album.photos[0].id}",
    }


def everything(owner: Client) -> list[object]:
    """What the listings show, which have to be there."""
    found = places(owner)
    told = owner.emulator.handle(Request("GET", "/_emulator/account"))
    assert told.status == 200
    return [
        owner.all("/api/v2/user/demo!albums", "Album"),
        owner.all(f"{found['root']}!children", "Node"),
        owner.all(f"{found['album']}!images", "AlbumImage"),
        owner.get(found["image"])["Response"]["Image"],
        told.json(),
    ]


class TestText:
    @pytest.mark.parametrize(
        ("place", "method", "fields"),
        [
            ("root!children", "POST", {"Type": "Album", "Name": HALF}),
            ("root!children", "POST", {"Type": HALF, "Name": "x"}),
            ("root!children", "POST", {"Type": "Album", "Name": "x", "Keywords": [HALF]}),
            ("root!children", "POST", {"Type": "Album", "Name": "x", HALF: "unknown"}),
            ("folder!folders", "POST", {"Name": HALF, "UrlName": "Zz"}),
            ("node", "PATCH", {"Name": HALF}),
            ("album", "PATCH", {"Name": HALF}),
            ("album!unlock", "POST", {"Password": HALF}),
            ("image", "PATCH", {"Title": HALF}),
            ("image", "PATCH", {"KeywordArray": ["fine", HALF]}),
        ],
    )
    def test_half_a_pair_is_refused(
        self, owner: Client, place: str, method: str, fields: dict[str, Any]
    ) -> None:
        before, (name, action) = everything(owner), place.partition("!")[::2]
        target = places(owner)[name] + (f"!{action}" if action else "")
        assert owner.write(target, fields, method).status == 400
        assert everything(owner) == before

    def test_as_a_file_name_too(self, owner: Client) -> None:
        before, album = everything(owner), first_album(owner)
        source = owner.get(f"/api/v2/album/{album.key}!images")["Response"]["AlbumImage"][0]["ArchivedUri"]
        fields = {"Uri": source, "FileName": HALF}
        assert owner.write(f"/api/v2/album/{album.key}!uploadfromuri", fields).status == 400
        assert everything(owner) == before

    def test_nor_does_it_come_as_bytes(self) -> None:
        with pytest.raises(ValueError, match="surrogate"):
            read_json(b'{"Name": "caf\xed\xb3\xa9"}')

    def test_whole_pairs_are_text(self) -> None:
        assert read_json(rb'{"Name": "\ud83d\ude00"}') == {"Name": "😀"}

    def test_nor_in_a_config(self, owner: Client) -> None:
        config = quote(json.dumps({"filter": [HALF]}))
        assert owner.status(f"/api/v2/user/demo?_config={config}") == 400

    @pytest.mark.parametrize("sent", ["caf%E9", "caf%ED%B3%A9"])
    def test_of_a_form_what_is_not_unicode_is_replaced(self, owner: Client, sent: str) -> None:
        root, body = places(owner)["root"], f"Type=Album&Name={sent}".encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        fields = Request("POST", f"{root}!children", headers=headers, body=body).fields
        assert fields["Name"].rstrip("\ufffd") == "caf"
        assert fields["Name"] != "caf"
        assert owner.write(f"{root}!children", fields).status == 201
        assert everything(owner)

    @pytest.mark.parametrize("name", ["caf%ED%B3%A9.jpg", "caf\xed\xb3\xa9.jpg", "caf\xe9.jpg"])
    def test_of_a_header_it_is_taken_as_it_was_written(self, name: str) -> None:
        at = uploader()
        assert at.put(make_png(1), filename=name)["FileName"] == name
        assert everything(at.client)

    @pytest.mark.parametrize("charset", ["unicode-escape", "utf-7", "raw-unicode-escape"])
    def test_a_form_may_name_its_file_in_any_code(self, charset: str) -> None:
        at, name = uploader(), {"utf-7": "caf%2B3Ok-.png"}.get(charset, "caf%5Cudce9.png")
        head = f"--x\r\nContent-Disposition: form-data; name=f; filename*={charset}''{name}\r\n\r\n"
        body = head.encode() + make_png(1) + b"\r\n--x--\r\n"
        shown = at.put(body, filename=None, content_type="multipart/form-data; boundary=x")
        assert shown["FileName"].encode().endswith(b".png")
        assert everything(at.client)

    @pytest.mark.parametrize("pretty", [False, True])
    def test_an_answer_is_utf8_whatever_it_says(self, pretty: bool) -> None:
        assert json_response(200, {"Name": HALF}, pretty=pretty).json() == {"Name": "caf?"}


class TestNumbersAndDepth:
    @pytest.mark.parametrize(
        "number", ["NaN", "Infinity", "-Infinity", "1e999", pytest.param("9" * 5000, id="long")]
    )
    def test_a_number_that_is_none_is_refused(self, number: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            read_json(f'{{"X": [{number}]}}')

    @pytest.mark.parametrize(("depth", "taken"), [(DEEPEST, True), (DEEPEST + 1, False), (100_000, False)])
    def test_json_is_nested_only_so_deep(self, depth: int, taken: bool) -> None:
        body = b'{"Name": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"
        with contextlib.nullcontext() if taken else pytest.raises(ValueError, match="nested"):
            assert read_json(body)

    @pytest.mark.parametrize("kind", ["application/json", "application/x-msgpack", "text/html"])
    def test_what_is_refused_for_its_depth_is_not_repeated(self, owner: Client, kind: str) -> None:
        """Repeating it would take as deep a stack as reading it."""
        value: list[Any] = []
        for _ in range(800):
            value = [value]
        fields = {"Type": value, "Name": "x"}
        assert owner.write(f"{places(owner)['root']}!children?_accept={kind}", fields).status == 400

    @pytest.mark.parametrize("place", ["image/KEY-N", "image/KEY-N!metadata", "album/ALBUM/image/KEY-N"])
    def test_a_serial_may_have_any_number_of_digits(self, owner: Client, place: str) -> None:
        album = first_album(owner)
        target = place.replace("KEY", album.photos[0].key).replace("ALBUM", album.key)
        assert owner.status("/api/v2/" + target.replace("N", "9" * 5000)) in (301, 404)

    def test_so_may_one_in_a_media_address(self, owner: Client) -> None:
        album = first_album(owner)
        image = owner.get(f"/api/v2/album/{album.key}!images")["Response"]["AlbumImage"][0]
        assert "/0/" in image["ArchivedUri"]
        assert owner.media(image["ArchivedUri"].replace("/0/", f"/{'9' * 5000}/")).status == 404

    def test_so_may_a_count(self, owner: Client) -> None:
        owner.emulator.faults.add("slow:seconds=9")
        album = first_album(owner)
        response = owner.send(f"/api/v2/album/{album.key}!images?count={'9' * 5000}")
        assert (response.status, response.delivery.delay) == (200, 9)


#: Damaged so that pillow-heif finds no picture that it could decode, and raises an IndexError.
NO_DECODER = make_heic(1).replace(b"hvcC", b"xvcC", 1)


def bomb() -> bytes:
    """A BMP that claims 60000 x 60000 pixels."""
    from PIL import Image  # noqa: PLC0415 - part of the extra

    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "BMP")
    data, side = out.getvalue(), (60_000).to_bytes(4, "little")
    return data[:18] + side + side + data[26:]


class TestPictures:
    def test_a_damaged_heic_is_a_wrong_format(self) -> None:
        assert uploader().fail(NO_DECODER, filename="a.heic")[0] == 6

    def test_in_a_file_too(self, tmp_path: Path) -> None:
        path = tmp_path / "a.heic"
        path.write_bytes(NO_DECODER)
        assert uploader().fail(path, filename="a.heic")[0] == 6

    def test_whatever_is_damaged_of_it(self) -> None:
        """Every eighth byte of the boxes before the picture; most copies of it cannot be read."""
        good, codes = make_heic(1), set()
        for at in range(24, 480, 8):
            try:
                convert_heic(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
            except UploadRefused as refused:
                codes.add(refused.code)
        assert codes == {6}

    @pytest.mark.parametrize(
        "damaged",
        [bomb(), make_png(1)[:40], b"GIF89a", b"BM" + bytes(60), b""],
        ids=["bomb", "png", "gif", "bmp", "nothing"],
    )
    def test_what_cannot_be_decoded_has_no_smaller_sizes(self, damaged: bytes) -> None:
        scaler = Scaler(frozenset({"BMP"}))
        with pytest.raises(Unscalable):
            scaler.make("a", Bytes(damaged), (10, 10), "jpg", crop=False)

    def test_what_cannot_be_read_is_not_damaged(self, tmp_path: Path) -> None:
        scaler = Scaler(frozenset({"JPG"}))
        with pytest.raises(FileNotFoundError):
            scaler.make("a", File(tmp_path / "gone.jpg"), (10, 10), "jpg", crop=False)
        with pytest.raises(PermissionError), decoding():
            raise PermissionError(13, "Permission denied")


def names_of(owner: Client, album: Album) -> list[str]:
    """Those in the archive of the whole album."""
    target = f"/api/v2/album/{album.key}!download"
    assert owner.write(target, {}).status == 200
    (part,) = owner.get(target)["Response"]["Download"]
    with zipfile.ZipFile(io.BytesIO(owner.media(part["DownloadUrl"]).content())) as archive:
        assert archive.testzip() is None
        return archive.namelist()


class TestFileNames:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("../../etc/evil.jpg", "evil.jpg"),
            ("/abs/x.jpg", "x.jpg"),
            ("..\\..\\x.jpg", "x.jpg"),
            ("a\nb\x00.jpg", "ab.jpg"),
            ("plain.jpg", "plain.jpg"),
        ],
    )
    def test_of_a_path_the_last_part_is_kept(self, given: str, kept: str) -> None:
        at = uploader()
        self.fetch(at, given)
        assert [image.file_name for image in at.album.photos] == ["a.jpg", kept]
        assert names_of(at.client, at.album) == ["a.jpg", kept]

    @pytest.mark.parametrize("given", ["..", "a/", "/", "\x07"])
    def test_a_name_that_is_none_becomes_the_key(self, given: str) -> None:
        at = uploader()
        self.fetch(at, given)
        image = at.album.photos[1]
        assert image.file_name == f"i-{image.key}.png"

    def test_names_from_elsewhere_do_not_leave_the_archive_either(self) -> None:
        """Files of a library, and what tests put in, may be called anything."""
        at = uploader()
        for name in ("../up.jpg", "/etc/passwd", "C:\\x.jpg", "..", "up.jpg"):
            at.emulator.account.add_photo(at.album, name, b"x")
        found = names_of(at.client, at.album)
        assert sorted(found) == sorted(["up.jpg", "passwd", "x.jpg", "file", "up (2).jpg"])

    def test_no_name_in_an_archive_is_too_long_for_a_file_system(self) -> None:
        at = uploader()
        for _ in range(2):
            at.emulator.account.add_photo(at.album, "é" * 40_000 + ".jpg", b"x")
        names = names_of(at.client, at.album)
        assert len(set(names)) == 2
        assert all(len(name.encode()) in (254, 255) and name.endswith(".jpg") for name in names)

    def test_a_long_extension_is_none(self) -> None:
        assert [len(name) for name in unique_names(["a." + "x" * 300] * 2)] == [255, 255]

    @pytest.mark.parametrize("address", ["http://[::1", "http://[", "//["])
    def test_an_address_that_is_none_is_a_bad_parameter(self, owner: Client, address: str) -> None:
        target = f"/api/v2/album/{first_album(owner).key}!uploadfromuri"
        assert owner.write(target, {"Uri": address}).status == 400

    @staticmethod
    def fetch(at: Uploader, name: str) -> None:
        """One more image into the album, of the bytes of the first, under that name."""
        source = at.put(make_png(1), filename="a.jpg")["ArchivedUri"]
        response = at.client.write(f"{at.uri}!uploadfromuri", {"Uri": source, "FileName": name})
        assert response.status == 200, response.json()
