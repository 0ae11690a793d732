"""The emulator over TCP, asked by clients that share nothing with it."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

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
