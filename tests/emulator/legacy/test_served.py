"""The older APIs on a socket: the ready line, uploads of any size, pictures, and the back door of tests."""

from __future__ import annotations

import hashlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from smugsync.emulator.serve import Running, running
from smugsync.emulator.settings import Settings
from smugsync.emulator.upload.spooling import IN_MEMORY
from tests.emulator.legacy.asking import fill, picture


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(Settings(albums=0)) as server:
        fill(server.emulator.account)
        yield server


def call(server: Running, method: str, **arguments: Any) -> Any:
    address = f"{server.ready['legacy_url']}/services/api/json/1.2.2/"
    answer = httpx.post(address, data={"method": f"smugmug.{method}", **arguments}).json()
    assert answer["stat"] == "ok", answer
    return answer


@pytest.fixture(scope="module")
def session(server: Running) -> str:
    ready = server.ready
    login = {"APIKey": ready["api_key"], "EmailAddress": ready["email"], "Password": ready["password"]}
    told: str = call(server, "login.withPassword", **login)["Login"]["Session"]["id"]
    return told


def test_the_ready_line_opens_the_account(server: Running, session: str) -> None:
    assert server.ready["legacy_url"] == server.url
    titles = {album["Title"] for album in call(server, "albums.get", SessionID=session)["Albums"]}
    assert "Letters" in titles


@pytest.mark.parametrize(("viewer", "email"), [("other", "demo-visitor@example.com"), ("anonymous", "")])
def test_other_viewers_have_their_own_login(viewer: Any, email: str) -> None:
    with running(Settings(albums=0, viewer=viewer)) as other:
        assert other.ready["email"] == email
        assert bool(other.ready["password"]) == bool(email)


@pytest.mark.parametrize("size", [0, IN_MEMORY])
@pytest.mark.parametrize("path", ["/big.jpg", "/photos/xmlrawadd.mg"])
def test_an_upload_of_any_size_is_the_same_when_it_comes_back(
    server: Running, session: str, size: int, path: str
) -> None:
    data = picture(1) + bytes(size)
    album = call(server, "albums.create", SessionID=session, Title=f"Upload {size}")["Album"]
    headers = {
        "Content-MD5": hashlib.md5(data).hexdigest(),
        "X-Smug-SessionID": session,
        "X-Smug-Version": "1.2.2",
        "X-Smug-ResponseType": "JSON",
        "X-Smug-AlbumID": str(album["id"]),
        "X-Smug-FileName": "big.jpg",
    }
    answer = httpx.put(server.url + path, content=data, headers=headers).json()
    assert answer["stat"] == "ok", answer
    where = {"AlbumID": album["id"], "AlbumKey": album["Key"], "SessionID": session}
    [shown] = call(server, "images.get", **where, Extras="OriginalURL,MD5Sum,SmallURL")["Album"]["Images"]
    assert shown["MD5Sum"] == headers["Content-MD5"]
    assert httpx.get(shown["OriginalURL"]).content == data
    assert httpx.get(shown["SmallURL"]).status_code == 200


def test_a_form_of_any_size(server: Running, session: str) -> None:
    data = picture(2) + bytes(IN_MEMORY)
    album = call(server, "albums.create", SessionID=session, Title="Form")["Album"]
    fields = {"SessionID": session, "AlbumID": str(album["id"]), "ResponseType": "JSON"}
    fields |= {"ByteCount": str(len(data)), "MD5Sum": hashlib.md5(data).hexdigest()}
    answer = httpx.post(
        f"{server.url}/photos/xmladd.mg", data=fields, files={"Image": ("form.jpg", data, "image/jpeg")}
    ).json()
    assert answer["stat"] == "ok", answer


def test_curl_uploads_as_people_did(server: Running, session: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    file = tmp_path / "a photo.jpg"
    file.write_bytes(picture(3))
    album = call(server, "albums.create", SessionID=session, Title="Curl")["Album"]
    headers = {
        "X-Smug-SessionID": session,
        "X-Smug-AlbumID": str(album["id"]),
        "X-Smug-Version": "1.2.2",
        "X-Smug-ResponseType": "JSON",
        "Content-MD5": hashlib.md5(picture(3)).hexdigest(),
    }
    given = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    command = ["curl", "-sS", "-m", "20", "-T", str(file), f"{server.url}/a%20photo.jpg", *given]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert '"stat":"ok"' in done.stdout


@pytest.mark.parametrize(
    ("path", "caption", "shown"),
    [
        (b"/two.jpg", b"one\rtwo\r\rthree", ("two.jpg", "one\ntwo\n\nthree")),
        (b"/a photo  of.jpg", b"one", ("a photo  of.jpg", "one")),
        ("/Zoë.jpg".encode(), "Zoë".encode(), ("Zoë.jpg", "Zoë")),
        (b"/a%20photo.jpg", b"", ("a photo.jpg", "")),
    ],
)
def test_heads_may_hold_what_http_has_no_place_for(
    server: Running, session: str, path: bytes, caption: bytes, shown: tuple[str, str]
) -> None:
    data = picture(4)
    album = call(server, "albums.create", SessionID=session, Title="Heads")["Album"]
    head = (
        b"PUT %s HTTP/1.1\r\nHost: upload.smugmug.com\r\nContent-Length: %d\r\nContent-MD5: %s\r\n"
        b"X-Smug-SessionID: %s\r\nX-Smug-AlbumID: %d\r\nX-Smug-Version: 1.2.2\r\n"
        b"X-Smug-ResponseType: JSON\r\nX-Smug-Caption: %s\r\nConnection: close\r\n\r\n"
    ) % (path, len(data), hashlib.md5(data).hexdigest().encode(), session.encode(), album["id"], caption)
    host, port = httpx.URL(server.url).host, httpx.URL(server.url).port or 80
    with socket.create_connection((host, port), timeout=20) as line:
        line.sendall(head + data)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert b'"stat":"ok"' in answer, answer
    listed = call(
        server, "images.get", SessionID=session, AlbumID=album["id"], Extras="FileName,Caption,MD5Sum"
    )
    [image] = listed["Album"]["Images"]
    assert (image["FileName"], image["Caption"]) == shown
    assert image["MD5Sum"] == hashlib.md5(data).hexdigest()


def test_tests_learn_logins_and_end_sessions(server: Running) -> None:
    logins = httpx.get(f"{server.url}/_emulator/logins").json()["logins"]
    assert [login["nickname"] for login in logins] == ["demo", "demo-visitor"]
    other = logins[1]
    key = server.ready["api_key"]
    told = call(
        server, "login.withPassword", APIKey=key, EmailAddress=other["email"], Password=other["password"]
    )
    assert httpx.delete(f"{server.url}/_emulator/sessions").json()["ended"] >= 1
    address = f"{server.url}/services/api/json/1.2.2/"
    over = {"method": "smugmug.albums.get", "SessionID": told["Login"]["Session"]["id"]}
    assert httpx.get(address, params=over).json()["code"] == 3
