"""The emulator over TCP, asked by clients that share nothing with it."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from authlib.oauth1 import ClientAuth  # type: ignore[import-untyped]  # it ships no types

from smugsync.emulator.account.content import Content
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.information import MediaInfo
from smugsync.emulator.media.pictures import make_picture, make_video
from smugsync.emulator.media.scaling import Encoding, Scaler
from smugsync.emulator.messages import Request
from smugsync.emulator.serve import Running, running
from smugsync.emulator.settings import Settings
from smugsync.emulator.state.keeper import Fleeting
from smugsync.emulator.upload.body import read_payload
from smugsync.emulator.upload.conversion import make_rendition
from smugsync.errors import Interrupted
from smugsync.stop import Stop
from tests.emulator.ask import sign
from tests.emulator.uploading import Uploader

JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(Settings()) as server:
        yield server


def get(server: Running, target: str) -> httpx.Response:
    keys = server.emulator.credentials
    query = "&" if "?" in target else "?"
    return httpx.get(f"{server.url}{target}{query}APIKey={keys.api_key}", headers=JSON)


def an_image(server: Running) -> dict[str, object]:
    image: dict[str, object] = get(server, "/api/v2/user/demo!recentimages?count=1").json()["Response"][
        "Image"
    ][0]
    return image


def test_what_is_announced(server: Running) -> None:
    ready = server.ready
    assert ready["api_url"] == ready["oauth_url"] == server.url
    assert ready["upload_url"] == f"{server.url}/upload/"
    assert set(ready) == {
        "api_url",
        "oauth_url",
        "upload_url",
        "nickname",
        "api_key",
        "api_secret",
        "access_token",
        "access_token_secret",
        "legacy_url",
        "email",
        "password",
        "pixelpost_url",
        "public_key",
        "private_key",
    }


def test_an_anonymous_viewer_gets_no_token() -> None:
    with running(Settings(albums=0, viewer="anonymous")) as server:
        assert server.ready["access_token"] == server.ready["access_token_secret"] == ""
        assert get(server, "/api/v2/user/demo").status_code == 200


def test_media_come_whole_and_in_part(server: Running) -> None:
    image = an_image(server)
    url = str(image["ArchivedUri"])
    assert url.startswith(server.url)
    whole = httpx.get(url)
    assert hashlib.md5(whole.content).hexdigest() == image["ArchivedMD5"]
    assert whole.headers["content-length"] == str(image["ArchivedSize"])
    part = httpx.get(url, headers={"Range": "bytes=100-"})
    assert (part.status_code, part.content) == (206, whole.content[100:])
    head = httpx.head(url)
    assert (head.headers["content-length"], head.content) == (str(image["ArchivedSize"]), b"")


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_curl(server: Running) -> None:
    url = f"{server.url}/api/v2!authuser"
    header = sign(server.emulator, "owner", "GET", url)
    command = [
        "curl",
        "-sS",
        "--fail",
        "-H",
        "Accept: application/json",
        "-H",
        f"Authorization: {header}",
        url,
    ]
    done = subprocess.run(command, capture_output=True, check=True, timeout=20)
    assert json.loads(done.stdout)["Response"]["User"]["NickName"] == "demo"
    again = subprocess.run(command, capture_output=True, check=False, timeout=20)
    assert again.returncode == 22  # the nonce was used


def test_connections_are_kept(server: Running) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    ports = set()
    for _ in range(3):
        connection.request("GET", "/_emulator/counters")
        assert connection.getresponse().read()
        ports.add(connection.sock.getsockname()[1])
    connection.close()
    assert len(ports) == 1


def answers(line: socket.socket, number: int) -> list[tuple[int, dict[str, str], bytes]]:
    """So many responses from one connection, in the order they come."""
    file, found = line.makefile("rb"), []
    for _ in range(number):
        status = int(file.readline().split()[1])
        headers = {}
        while (header := file.readline()) != b"\r\n":
            name, _, value = header.decode().partition(":")
            headers[name.lower()] = value.strip()
        found.append((status, headers, file.read(int(headers["content-length"]))))
    file.close()
    return found


def connect(server: Running) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=10)


def test_requests_may_come_before_the_answers_to_earlier_ones(server: Running) -> None:
    key, edit = server.ready["api_key"], b'{"name": "By pipeline"}'
    sent = (
        f"GET /api/v2/user/demo?APIKey={key} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n"
        f"POST /_emulator/edits/add-folder HTTP/1.1\r\nHost: x\r\nContent-Length: {len(edit)}\r\n\r\n"
        f"{edit.decode()}GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET /_emulator/users HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    with connect(server) as line:
        line.sendall(sent.encode())
        found = answers(line, 4)
    assert [status for status, _, _ in found] == [200, 200, 404, 200]
    assert json.loads(found[0][2])["Response"]["User"]["NickName"] == "demo"
    assert json.loads(found[1][2])["name"] == "By pipeline"
    assert json.loads(found[3][2])["users"][0] == "demo"


def test_slow_clients_hold_nobody_up(server: Running) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connect(server)) for _ in range(50)]
        for number, line in enumerate(slow):
            line.sendall(b"POST /_emulator/edits HTTP/1.1\r\nContent-Length: 99\r\n"[: 10 + number])
        assert get(server, "/api/v2/user/demo").status_code == 200


class Watched:
    """Content that tells how much of it was read, and when nobody reads any more."""

    size = 64 * 1024 * 1024
    md5 = ""
    path = None

    def __init__(self, *, fails: bool = False) -> None:
        self.given = 0
        self.left = threading.Event()
        self._fails = fails

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        try:
            while start < stop:
                piece = bytes(min(256 * 1024, stop - start))
                start += len(piece)
                self.given += len(piece)
                yield piece
                if self._fails:
                    raise OSError("the disk is broken")
        finally:
            self.left.set()


@contextlib.contextmanager
def watched(content: Watched) -> Iterator[tuple[Running, str]]:
    """A server, and the address of the content on it."""
    with running(Settings(albums=1)) as server:
        account = server.emulator.account
        picture = MediaInfo("JPG", 60, 40)
        image = account.add_photo(next(iter(account.albums.values())), "a.jpg", content, picture=picture)
        shown = get(server, f"/api/v2/image/{image.id}").json()["Response"]["Image"]
        yield server, str(shown["ArchivedUri"])


def test_who_reads_slowly_gets_everything_and_holds_nobody_up() -> None:
    with watched(Watched()) as (server, url), httpx.stream("GET", url) as response:
        pieces = response.iter_raw(1024)
        assert next(pieces)
        assert get(server, "/api/v2/user/demo").status_code == 200
        assert sum(map(len, pieces)) == Watched.size - 1024


def test_nothing_is_read_for_those_who_left() -> None:
    content = Watched()
    with watched(content) as (_, url):
        with httpx.stream("GET", url) as response:
            next(response.iter_raw(1024))
        assert content.left.wait(10)
        assert content.given < content.size


def test_bytes_that_cannot_be_read_end_the_connection() -> None:
    with watched(Watched(fails=True)) as (server, url):
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            httpx.get(url)
        assert get(server, "/api/v2/user/demo").status_code == 200


@pytest.mark.parametrize(
    ("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("localhost", "127.0.0.1")]
)
def test_any_address_may_be_listened_on(host: str, shown: str) -> None:
    with running(Settings(albums=1, images=1, host=host)) as server:
        assert server.url.startswith(f"http://{shown}:")
        assert get(server, "/api/v2/user/demo").status_code == 200


def test_media_have_the_address_that_the_client_knows() -> None:
    """A client on another machine, or behind a port that leads here, knows other names than this one."""
    with running(Settings(albums=1, images=1, host="0.0.0.0")) as server:
        image = next(server.emulator.account.all_images())
        port = urlsplit(server.url).port
        url = f"{server.url}/api/v2/image/{image.id}?APIKey={server.ready['api_key']}"
        for host, origin in (
            (f"nas.example:{port}", f"http://nas.example:{port}"),
            ("www.smugmug.com", server.url),
            ("nas.example:1", server.url),
        ):
            shown = httpx.get(url, headers={**JSON, "Host": host}).json()["Response"]["Image"]
            assert str(shown["ArchivedUri"]).startswith(f"{origin}/photos/")


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ("truncate", (httpx.RemoteProtocolError,)),
        ("reset", (httpx.ReadError, httpx.RemoteProtocolError)),
        ("reset:at=100", (httpx.ReadError, httpx.RemoteProtocolError)),
        ("stall", (httpx.ReadTimeout,)),
        ("stall:at=-1", (httpx.ReadTimeout,)),
    ],
)
def test_connections_break(spec: str, errors: tuple[type[Exception], ...]) -> None:
    with running(Settings(albums=1, images=1, bytes_each=50_000)) as server:
        image = next(server.emulator.account.all_images())
        shown = get(server, f"/api/v2/image/{image.id}").json()["Response"]["Image"]
        fault = server.emulator.faults.add(spec)
        with pytest.raises(errors):
            httpx.get(shown["ArchivedUri"], timeout=0.3)
        server.emulator.faults.clear(fault.id)
        assert httpx.get(shown["ArchivedUri"]).status_code == 200


def test_latency_does_not_hold_up_others() -> None:
    with running(Settings(albums=0, latency_ms=300)) as server:
        lines = [http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10) for _ in range(8)]
        begin = time.monotonic()
        for line in lines:
            line.request("GET", f"/api/v2/user/demo?APIKey={server.ready['api_key']}", headers=JSON)
        assert [line.getresponse().status for line in lines] == [200] * 8
        assert 0.3 <= time.monotonic() - begin < 2
        for line in lines:
            line.close()


class Broken:
    """Content that nobody can ask about."""

    md5 = ""
    path = None

    @property
    def size(self) -> int:
        raise ZeroDivisionError

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        raise NotImplementedError


def test_what_nobody_thought_of_is_told_and_answered(capsys: pytest.CaptureFixture[str]) -> None:
    with running(Settings(albums=1, images=1)) as server:
        album = next(iter(server.emulator.account.albums.values()))
        image = server.emulator.account.add_photo(album, "a.jpg", Broken(), picture=MediaInfo("JPG", 60, 40))
        answer = get(server, f"/api/v2/image/{image.id}")
        assert answer.status_code == 500
        assert answer.json() == {"Code": 500, "Message": "Internal Server Error"}
        assert "x-ratelimit-remaining" in answer.headers
        assert httpx.get(f"{server.url}/_emulator/account").status_code == 500
        assert get(server, "/api/v2/user/demo").status_code == 200
    assert capsys.readouterr().err.count("Traceback") == 2


class Waiting(Fleeting):
    """Keeps nothing before it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may = threading.Semaphore(0), threading.Event()

    def keep(self, upload: bytes | Path) -> Content:
        self.begun.release()
        self.may.wait(20)
        return super().keep(upload)


class Slow(Scaler):
    """Makes nothing before it is told to."""

    def __init__(self) -> None:
        super().__init__(frozenset({"JPG"}))
        self.begun, self.may = threading.Semaphore(0), threading.Event()

    def make(
        self, name: str, content: Content, size: tuple[int, int], encoding: Encoding, *, crop: bool
    ) -> Content:
        self.begun.release()
        self.may.wait(20)
        return content


def in_threads(number: int, ask: Callable[[int], httpx.Response]) -> tuple[list[threading.Thread], list[int]]:
    """So many requests at once, and where their statuses will be."""
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: statuses.append(ask(n).status_code)) for n in range(number)
    ]
    for thread in threads:
        thread.start()
    return threads, statuses


def test_nobody_waits_behind_many_uploads_for_a_listing() -> None:
    with running(Settings(albums=1, images=1)) as server:
        waiting = Waiting()
        server.emulator.keeper = waiting
        album = next(iter(server.emulator.account.albums))
        url, picture = server.ready["upload_url"], make_picture(1, taken=None)

        def upload(number: int) -> httpx.Response:
            sent = {
                "Authorization": sign(server.emulator, "owner", "POST", url),
                "X-Smug-AlbumUri": f"/api/v2/album/{album}",
                "X-Smug-Version": "v2",
                "X-Smug-FileName": f"{number}.jpg",
            }
            return httpx.post(url, content=picture, headers=sent, timeout=30)

        threads, statuses = in_threads(40, upload)
        try:
            assert waiting.begun.acquire(timeout=10)
            assert get(server, "/api/v2/user/demo").status_code == 200
        finally:
            waiting.may.set()
        for thread in threads:
            thread.join(30)
        assert statuses == [200] * 40
        waiting.close()


def test_nobody_waits_behind_many_smaller_pictures_for_a_listing() -> None:
    with running(Settings()) as server:
        slow = Slow()
        server.emulator._scaler = slow
        images = get(server, "/api/v2/user/demo!recentimages?count=60").json()["Response"]["Image"]
        urls = [image["ThumbnailUrl"] for image in images if image["ThumbnailUrl"].endswith("-Th.jpg")][:40]
        threads, _ = in_threads(len(urls), lambda number: httpx.get(urls[number], timeout=30))
        try:
            assert slow.begun.acquire(timeout=10)
            assert get(server, "/api/v2/user/demo").status_code == 200
        finally:
            slow.may.set()
        for thread in threads:
            thread.join(30)


PROGRAM = """
import json, os, signal, sys
from smugsync.emulator.serve import serve
from smugsync.emulator.settings import Settings
if "nohup" in sys.argv:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
serve(Settings(albums=1, images=1), announce=lambda ready: print(json.dumps(dict(ready)), flush=True))
"""


@contextlib.contextmanager
def serving(temporary: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A process of its own, and what it announced. Its temporary files lie in that directory."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def upload_to(ready: dict[str, str], picture: bytes) -> httpx.Response:
    """Into the only album, with the announced keys."""
    origin, keys = ready["api_url"], (ready["api_key"], ready["api_secret"])
    auth = ClientAuth(*keys, ready["access_token"], ready["access_token_secret"])
    user = f"{origin}/api/v2/user/demo!albums?APIKey={keys[0]}"
    album = httpx.get(user, headers=JSON).json()["Response"]["Album"][0]["Uri"]
    url, headers, _ = auth.prepare("POST", ready["upload_url"], {}, b"")
    sent = {**headers, "X-Smug-AlbumUri": album, "X-Smug-Version": "v2", "X-Smug-FileName": "a.jpg"}
    return httpx.post(url, content=picture, headers=sent, timeout=30)


def test_the_end_of_the_terminal_ends_it_and_leaves_no_files(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, ready):
        picture = make_picture(1, taken=None) + bytes(1 << 20)
        assert upload_to(ready, picture).status_code == 200
        assert list(tmp_path.iterdir())
        process.send_signal(signal.SIGHUP)
        assert process.wait(10) == 0
    assert list(tmp_path.iterdir()) == []


def test_the_end_of_the_terminal_does_not_matter_under_nohup(tmp_path: Path) -> None:
    with serving(tmp_path, "nohup") as (process, ready):
        status = Path(f"/proc/{process.pid}/status").read_text()
        ignored = next(line.split()[1] for line in status.splitlines() if line.startswith("SigIgn"))
        assert int(ignored, 16) >> (signal.SIGHUP - 1) & 1
        process.send_signal(signal.SIGHUP)
        assert httpx.get(f"{ready['api_url']}/_emulator/users").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def film(size: int) -> bytes:
    """Of so many bytes, most of them nothing."""
    return make_video(1) + size.to_bytes(4) + b"free" + bytes(size - 8)


@pytest.mark.parametrize("form", [False, True])
def test_reading_an_upload_ends_with_the_stop(tmp_path: Path, *, form: bool) -> None:
    stop, path = Stop(), tmp_path / "upload"
    head = b"--x\r\nContent-Disposition: form-data; name=f; filename=a.mp4\r\n\r\n" if form else b""
    path.write_bytes(head + film(4 << 20) + (b"\r\n--x--\r\n" if form else b""))
    headers = {"content-type": "multipart/form-data; boundary=x"} if form else {}
    stop.set()
    with pytest.raises(Interrupted):
        read_payload(Request("POST", "/upload/", headers=headers, upload=path), stop)
    assert list(tmp_path.iterdir()) == [path]


def test_an_upload_under_way_leaves_nothing_after_the_stop(tmp_path: Path) -> None:
    stop, path = Stop(), tmp_path / "upload"
    path.write_bytes(film(4 << 20))
    with contextlib.closing(Emulator(Settings(albums=1, images=1), stop=stop)) as emulator:
        album = next(iter(emulator.account.albums.values()))
        stop.set()
        assert Uploader(emulator, album).send(path).status == 503
        assert len(album.photos) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_rendition_under_way_ends_with_the_stop(tmp_path: Path) -> None:
    source, stop = tmp_path / "film.mov", Stop()
    source.write_bytes(film(4 << 20))
    stop.set()
    with pytest.raises(Interrupted):
        make_rendition(source, "MP4", seed=1, stop=stop)
    assert list(tmp_path.iterdir()) == [source]


def test_a_signal_ends_it_in_the_middle_of_a_stall() -> None:
    program = (
        "import json\n"
        "from smugsync.emulator.serve import serve\n"
        "from smugsync.emulator.settings import Settings\n"
        "settings = Settings(albums=1, images=1, faults=('stall@/api/*',))\n"
        "serve(settings, announce=lambda ready: print(json.dumps(dict(ready)), flush=True))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    address = urlsplit(ready["api_url"])
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as line:
        target = f"/api/v2/user/demo?APIKey={ready['api_key']}"
        line.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n".encode())
        assert line.recv(15).startswith(b"HTTP/1.1 200")
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")
    assert time.monotonic() - begin < 4


def test_a_signal_ends_it_while_a_large_file_is_hashed(tmp_path: Path) -> None:
    """A first listing hashes; of a terabyte, nobody waits for that."""
    large = tmp_path / "Album" / "large.jpg"
    large.parent.mkdir()
    large.touch()
    os.truncate(large, 1 << 40)  # takes no room on the disk
    program = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from smugsync.emulator.serve import serve\n"
        "from smugsync.emulator.settings import Settings\n"
        "settings = Settings(library=Path(sys.argv[1]))\n"
        "serve(settings, announce=lambda ready: print(json.dumps(dict(ready)), flush=True))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    address = urlsplit(ready["api_url"])
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as line:
        target = f"/api/v2/user/demo!recentimages?APIKey={ready['api_key']}"
        line.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n".encode())
        patience = time.monotonic() + 10
        while not is_open(process.pid, large):
            assert time.monotonic() < patience
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")
    assert time.monotonic() - begin < 2


def is_open(process: int, path: Path) -> bool:
    """Whether the process has the file open now."""
    found = False
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):  # it was closed meanwhile
            found |= descriptor.readlink() == path
    return found
