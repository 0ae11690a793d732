"""How the file of an upload arrives: as the body or in a form, in one piece or in many, large or small."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.content import Content
from smugsync.emulator.account.model import Album
from smugsync.emulator.media.pictures import make_picture, make_video
from smugsync.emulator.messages import Request
from smugsync.emulator.serve import Running, running
from smugsync.emulator.settings import Settings
from smugsync.emulator.upload.body import Payload, discard, read_payload
from smugsync.emulator.upload.replies import UploadRefused
from smugsync.emulator.upload.request import clean_name, decode_text
from smugsync.emulator.upload.spooling import IN_MEMORY, Bodies, ClientLeft
from tests.emulator.ask import sign
from tests.emulator.uploading import uploader

JPEG = make_picture(1, taken="2019-08-04T11:28:12")
LARGE = make_video(3, taken="2020-05-02T22:01:00", at_least=IN_MEMORY + 3_000_000)
CURL = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


class TestFileNames:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("a b.jpg", "a b.jpg"),
            ("Zoë 🎂.jpg".encode().decode("latin-1"), "Zoë 🎂.jpg"),
            ("Zoë.jpg", "Zoë.jpg"),
            ("Zo%C3%AB%20%F0%9F%8E%82.jpg", "Zoë 🎂.jpg"),
            ("Zoë%20🎂.jpg".encode().decode("latin-1"), "Zoë 🎂.jpg"),
            ("👨‍👩‍👧.jpg", "👨‍👩‍👧.jpg"),
            ("100%.jpg", "100%.jpg"),
            ("100%ee.jpg", "100%ee.jpg"),
            ("北京.jpg", "北京.jpg"),
            ("../../etc/passwd.jpg", "passwd.jpg"),
            ("..%2F..%2Fa.jpg", "a.jpg"),
            (r"C:\photos\a.jpg", "a.jpg"),
            ("a\x07b\x7f.jpg", "ab.jpg"),
        ],
    )
    def test_in_the_header(self, written: str, expected: str) -> None:
        assert uploader().put(JPEG, filename=written)["FileName"] == expected

    @pytest.mark.parametrize("written", [None, "", "..", "/", "a/"])
    def test_without_one_it_is_made_of_the_key(self, written: str | None) -> None:
        image = uploader().put(JPEG, filename=written)
        assert image["FileName"] == f"i-{image['ImageKey']}.jpg"

    def test_the_address_comes_second_and_the_form_third(self) -> None:
        at = uploader()
        body, kind = form(("file", "form.jpg", JPEG))
        assert (
            at.put(body, content_type=kind, target="/upload/a.jpg", filename="h.jpg")["FileName"] == "h.jpg"
        )
        assert at.put(body, content_type=kind, target="/upload/a%20b.jpg")["FileName"] == "a b.jpg"
        assert at.put(body, content_type=kind)["FileName"] == "form.jpg"

    @given(st.text())
    def test_never_hold_a_path_or_a_control_character(self, text: str) -> None:
        name = clean_name(text)
        assert not set(name) & set("/\\\0\n\r\t\x7f")
        assert name not in (".", "..")
        assert name == clean_name(name)

    @given(st.text(st.characters(codec="utf-8")))
    def test_utf_8_is_read_from_its_bytes(self, text: str) -> None:
        assert decode_text(text.encode().decode("latin-1")) == text


def form(*parts: tuple[str, str | None, bytes], boundary: str = "x1y2") -> tuple[bytes, str]:
    """Body and Content-Type of a form, written by hand."""
    body = b""
    for name, file_name, data in parts:
        disposition = f'form-data; name="{name}"' + (f'; filename="{file_name}"' if file_name else "")
        body += f"--{boundary}\r\nContent-Disposition: {disposition}\r\n".encode()
        body += b"Content-Type: image/jpeg\r\n\r\n" + data + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


class TestForms:
    def test_the_digest_is_that_of_the_file(self) -> None:
        body, kind = form(("file", "a.jpg", JPEG))
        at = uploader()
        assert at.put(body, content_type=kind, content_md5=md5(JPEG))["ArchivedMD5"] == md5(JPEG)
        assert at.fail(body, content_type=kind, content_md5=md5(body))[0] == 5

    def test_as_httpx_writes_it(self) -> None:
        request = httpx.Request("POST", "http://x/", files={"f": ("Zoë.jpg", JPEG)}, data={"n": "1"})
        image = uploader().put(request.read(), content_type=request.headers["content-type"])
        assert (image["FileName"], image["ArchivedMD5"]) == ("Zoë.jpg", md5(JPEG))

    def test_with_an_encoded_name(self) -> None:
        body, kind = form(("file", "a.jpg", JPEG))
        body = body.replace(b'filename="a.jpg"', b"filename*=utf-8''Zo%C3%AB.jpg")
        assert uploader().put(body, content_type=kind)["FileName"] == "Zoë.jpg"

    def test_a_part_without_a_name_is_taken_if_it_is_alone(self) -> None:
        body, kind = form(("file", None, JPEG))
        assert uploader().put(body, content_type=kind)["ArchivedMD5"] == md5(JPEG)

    def test_fields_beside_the_file_do_not_matter(self) -> None:
        body, kind = form(("first", None, b"1"), ("file", "a.jpg", JPEG), ("last", None, b"2"))
        image = uploader().put(body, content_type=kind)
        assert (image["FileName"], image["ArchivedMD5"]) == ("a.jpg", md5(JPEG))

    @pytest.mark.parametrize("keep", [-4, -30, 200])
    def test_that_end_early_store_nothing(self, keep: int) -> None:
        body, kind = form(("file", "a.jpg", JPEG))
        assert uploader().fail(body[:keep], content_type=kind)[0] == 5

    def test_without_a_file_store_nothing(self) -> None:
        body, kind = form()
        assert uploader().fail(body, content_type=kind)[0] == 5

    def test_that_are_none_are_taken_as_they_are(self) -> None:
        """One client announces a form and sends the file (facts 8)."""
        assert uploader().put(JPEG, content_type="multipart/form-data; boundary=x")["Format"] == "JPG"

    @given(st.binary(max_size=300))
    def test_any_bytes_come_out_as_they_went_in(self, data: bytes) -> None:
        body, kind = form(("a", None, b"\r\n--x1y"), ("file", "n", data))
        payload = read_payload(Request("POST", "/upload/", headers={"content-type": kind}, body=body))
        assert payload == Payload(data, len(data), md5(data), "n")


class TestLargeBodies:
    def test_of_forms_go_from_file_to_file(self, tmp_path: Path) -> None:
        body, kind = form(("file", "a.mp4", LARGE))
        spooled = tmp_path / "body"
        spooled.write_bytes(body)
        request = Request("POST", "/upload/", headers={"content-type": kind}, upload=spooled)
        payload = read_payload(request)
        assert isinstance(payload.source, Path)
        assert payload.source.read_bytes() == LARGE
        assert (payload.size, payload.md5, payload.name) == (len(LARGE), md5(LARGE), "a.mp4")
        discard(request, payload)
        assert list(tmp_path.iterdir()) == []

    def test_of_broken_forms_leave_nothing(self, tmp_path: Path) -> None:
        body, kind = form(("file", "a.mp4", LARGE))
        spooled = tmp_path / "body"
        spooled.write_bytes(body[:-10])
        request = Request("POST", "/upload/", headers={"content-type": kind}, upload=spooled)
        with pytest.raises(UploadRefused):
            read_payload(request)
        assert list(tmp_path.iterdir()) == [spooled]

    def test_are_taken_over(self, tmp_path: Path) -> None:
        at, spooled = uploader(), tmp_path / "body"
        spooled.write_bytes(LARGE)
        image = at.put(spooled, content_md5=md5(LARGE), filename="a.mp4")
        told = at.client.get(image["Uris"]["LargestVideo"]["Uri"])["Response"]["LargestVideo"]
        made = at.client.media(told["Url"]).content()
        assert (md5(made), len(made)) == (told["MD5"], told["Size"])
        assert made.startswith(LARGE)
        assert list(tmp_path.iterdir()) == []

    def test_that_are_refused_leave_nothing(self, tmp_path: Path) -> None:
        at, spooled = uploader(), tmp_path / "body"
        for trouble in ({"content_md5": md5(b"")}, {"albumuri": "/api/v2/album/nosuch"}):
            spooled.write_bytes(LARGE)
            at.fail(spooled, **trouble)
            assert list(tmp_path.iterdir()) == []


class TestReading:
    """`Bodies` from the messages of a server."""

    @staticmethod
    async def read(bodies: Bodies, pieces: list[bytes], *, upload: bool, whole: bool = True) -> bytes | Path:
        async def messages() -> AsyncIterator[dict[str, Any]]:
            for at, piece in enumerate(pieces):
                yield {"type": "http.request", "body": piece, "more_body": not whole or at < len(pieces) - 1}
            yield {"type": "http.disconnect"}

        source = messages()
        return await bodies.read(lambda: anext(source), upload=upload)

    @given(st.lists(st.binary(max_size=60), min_size=1, max_size=8), st.booleans())
    def test_gives_all_bytes_in_order(self, pieces: list[bytes], upload: bool) -> None:
        bodies, whole = Bodies(in_memory=100), b"".join(pieces)
        try:
            read = asyncio.run(self.read(bodies, pieces, upload=upload))
            assert isinstance(read, Path) == (upload and len(whole) > 100)
            assert (read.read_bytes() if isinstance(read, Path) else read) == whole
        finally:
            bodies.close()

    def test_half_a_body_is_none(self) -> None:
        bodies = Bodies(in_memory=100)
        for upload in (True, False):
            with pytest.raises(ClientLeft):
                asyncio.run(self.read(bodies, [bytes(90), bytes(90)], upload=upload, whole=False))
        bodies.close()

    def test_files_go_with_it(self) -> None:
        bodies = Bodies(in_memory=1)
        path = asyncio.run(self.read(bodies, [b"ab"], upload=True))
        assert isinstance(path, Path)
        assert path.parent.stat().st_mode & 0o077 == 0
        bodies.close()
        assert not path.parent.exists()


@pytest.fixture
def server() -> Iterator[Running]:
    with running(Settings(albums=1, images=0)) as server:
        yield server


@pytest.fixture
def album(server: Running) -> Album:
    return next(iter(server.emulator.account.albums.values()))


def headers(server: Running, album: Album, method: str, target: str) -> dict[str, str]:
    return {
        "Authorization": sign(server.emulator, "owner", method, f"{server.url}{target}"),
        "X-Smug-AlbumUri": f"/api/v2/album/{album.key}",
        "X-Smug-Version": "v2",
        "X-Smug-ResponseType": "JSON",
    }


def stored(account: Account) -> list[str]:
    """The MD5 of every original."""
    return [image.content.md5 for image in account.all_images()]


def curl(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(["curl", "-sS", "--fail", *arguments], capture_output=True, check=True, timeout=60)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


class TestOverTcp:
    @CURL
    @pytest.mark.parametrize(
        "arguments",
        [
            "POST /upload/ --data-binary @{}",
            "POST /upload/ -F file=@{}",
            "PUT /upload/named.mp4 -T {}",
            "PUT /upload/named.mp4 -T {} -H Transfer-Encoding:chunked",
            "PUT /upload/named.mp4 -T {} -H Expect:100-continue",
            "PUT /upload/named.mp4 -T {} --http1.0",
        ],
    )
    @pytest.mark.parametrize("data", [JPEG, LARGE], ids=["small", "large"])
    def test_curl(self, server: Running, tmp_path: Path, arguments: str, data: bytes) -> None:
        album = next(iter(server.emulator.account.albums.values()))
        file = tmp_path / "Zoë.mp4"
        file.write_bytes(data)
        method, target, *how = (part.format(file) for part in arguments.split())
        sent = headers(server, album, method, target) | {"Content-MD5": md5(data)}
        options = [option for name, value in sent.items() for option in ("-H", f"{name}: {value}")]
        assert curl("-X", method, *options, *how, f"{server.url}{target}")["stat"] == "ok"
        assert stored(server.emulator.account) == [md5(data)]
        image = album.photos[0]
        named = {"-F": "Zoë.mp4", "-T": "named.mp4"}.get(how[0])
        assert image.file_name == (named or f"i-{image.key}.{'jpg' if data is JPEG else 'mp4'}")

    def test_a_name_in_utf_8(self, server: Running, album: Album) -> None:
        sent = {
            name.encode(): value.encode()
            for name, value in headers(server, album, "POST", "/upload/").items()
        }
        sent[b"X-Smug-FileName"] = "Zoë 🎂.jpg".encode()
        answer = httpx.post(f"{server.url}/upload/", content=JPEG, headers=sent)
        assert answer.json()["stat"] == "ok"
        assert album.photos[0].file_name == "Zoë 🎂.jpg"

    @pytest.mark.parametrize("length", [1000, IN_MEMORY + 1000])
    def test_a_client_that_leaves_early_stores_nothing(
        self, server: Running, album: Album, length: int
    ) -> None:
        address = urlsplit(server.url)
        sent = headers(server, album, "POST", "/upload/") | {
            "Host": address.netloc,
            "Content-Length": "10000000",
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as line:
            line.sendall(f"POST /upload/ HTTP/1.1\r\n{head}\r\n".encode() + bytes(length))
            line.shutdown(socket.SHUT_WR)
            assert line.recv(100) == b""
        assert len(album.photos) == 0
        assert counted(server) == []

    @pytest.mark.parametrize(("target", "length"), [("/api/v2!authuser", 80 << 20), ("/upload/", 4 << 30)])
    def test_what_is_too_large_for_any_request(self, server: Running, target: str, length: int) -> None:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
        connection.putrequest("POST", target)
        connection.putheader("Content-Length", str(length))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()

    def test_large_uploads_lie_on_the_disk_and_go_with_the_image(self, server: Running, album: Album) -> None:
        sent = headers(server, album, "POST", "/upload/")
        assert httpx.post(f"{server.url}/upload/", content=LARGE, headers=sent).json()["stat"] == "ok"
        content: Content = album.photos[0].content
        path = content.path
        assert path is not None
        assert path.stat().st_size == len(LARGE)
        server.emulator.account.delete(album.photos[0])
        del content
        assert not path.exists()


def counted(server: Running) -> list[dict[str, Any]]:
    """The requests that were handled."""
    rows: list[dict[str, Any]] = httpx.get(f"{server.url}/_emulator/counters").json()["requests"]
    return rows


def test_what_was_kept_on_the_disk_is_gone_at_the_end() -> None:
    with running(Settings(albums=1, images=0)) as server:
        album = next(iter(server.emulator.account.albums.values()))
        sent = headers(server, album, "POST", "/upload/")
        httpx.post(f"{server.url}/upload/", content=LARGE, headers=sent)
        path = album.photos[0].content.path
        assert path is not None
        assert path.is_file()
    assert not path.parent.exists()
