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
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from smugsync.emulator.media.information import MediaInfo
from smugsync.emulator.serve import Running, running
from smugsync.emulator.settings import Settings
from tests.emulator.ask import sign

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
