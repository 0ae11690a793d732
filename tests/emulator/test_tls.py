"""`--tls`: https that other people's programs verify."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import requests

from smugsync.emulator.certificates import LOCAL_NAMES, certify
from smugsync.emulator.media.pictures import make_picture
from smugsync.emulator.serve import Running, running
from smugsync.emulator.settings import Settings
from smugsync.emulator.state.keeper import Fleeting

JSON = {"Accept": "application/json"}
HOSTS = [f"{name}.smugmug.com" for name in ("api", "upload", "secure", "www", "photos", "cmac")]
curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here")

PROGRAM = """
import json, sys
from pathlib import Path
from smugsync.emulator.serve import serve
from smugsync.emulator.settings import Settings
settings = Settings(tls=True, state=Path(sys.argv[1]) if len(sys.argv) > 1 else None)
serve(settings, announce=lambda ready: print(json.dumps(dict(ready)), flush=True))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(Settings(tls=True)) as server:
        yield server


def port(server: Running) -> int:
    return urlsplit(server.url).port or 0


def context(server: Running) -> ssl.SSLContext:
    """As strict as Python can be."""
    found = ssl.create_default_context(cafile=server.ready["ca_file"])
    found.verify_flags |= ssl.VERIFY_X509_STRICT
    return found


def user(server: Running) -> str:
    return f"{server.url}/api/v2/user/demo?APIKey={server.ready['api_key']}"


# -- who verifies it -------------------------------------------------------------------------------


def test_what_is_announced(server: Running) -> None:
    for name in ("api_url", "oauth_url", "upload_url"):
        assert server.ready[name].startswith("https://127.0.0.1:")
    text = Path(server.ready["ca_file"]).read_text()
    assert text.startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE" not in text


def test_without_tls_no_authority_is_announced() -> None:
    with running(Settings(albums=0)) as plain:
        assert "ca_file" not in plain.ready
        assert plain.url.startswith("http://")


def test_httpx(server: Running) -> None:
    response = httpx.get(user(server), headers=JSON, verify=context(server))
    assert response.json()["Response"]["User"]["NickName"] == "demo"


def test_requests(server: Running) -> None:
    response = requests.get(user(server), headers=JSON, verify=server.ready["ca_file"], timeout=10)
    assert response.json()["Response"]["User"]["NickName"] == "demo"


def test_urllib(server: Running) -> None:
    request = urllib.request.Request(user(server), headers=JSON)
    with urllib.request.urlopen(request, context=context(server), timeout=10) as response:
        assert json.load(response)["Code"] == 200


@curl
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "api.smugmug.com", "www.smugmug.com"])
def test_curl_by_every_name(server: Running, host: str) -> None:
    """The names of the service lead here through a hosts file, or as curl's --resolve does it."""
    command = ["curl", "-sS", "--fail", "--cacert", server.ready["ca_file"], "-H", "Accept: application/json"]
    if host.endswith("smugmug.com"):
        command += ["--resolve", f"{host}:{port(server)}:127.0.0.1"]
    address = user(server).replace("127.0.0.1", host)
    done = subprocess.run([*command, address], capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["Response"]["User"]["NickName"] == "demo"


@openssl
@pytest.mark.parametrize("name", ["localhost", *HOSTS, socket.gethostname()])
def test_openssl_by_every_name(server: Running, name: str) -> None:
    shown = s_client(server, "-verify_return_error", "-x509_strict", "-verify_hostname", name)
    assert "Verification: OK" in shown


@openssl
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_openssl_by_address(server: Running, address: str) -> None:
    assert "Verification: OK" in s_client(server, "-verify_return_error", "-verify_ip", address)


@openssl
@pytest.mark.parametrize(("version", "spoken"), [("tls1_1", False), ("tls1_2", True), ("tls1_3", True)])
def test_protocols(server: Running, version: str, spoken: bool) -> None:
    shown = s_client(server, f"-{version}", "-cipher", "ALL:@SECLEVEL=0", fails=not spoken)
    assert ("Cipher is (NONE)" not in shown) is spoken


def s_client(server: Running, *options: str, fails: bool = False) -> str:
    address, ca_file = f"127.0.0.1:{port(server)}", server.ready["ca_file"]
    command = ["openssl", "s_client", "-connect", address, "-CAfile", ca_file, *options]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode != 0) is fails, done.stderr
    return done.stdout


def test_another_name_is_refused(server: Running) -> None:
    with (
        socket.create_connection(("127.0.0.1", port(server)), timeout=10) as line,
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
    ):
        context(server).wrap_socket(line, server_hostname="other.example")


def test_who_does_not_know_the_authority_refuses(server: Running) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(user(server))


def test_the_address_that_is_listened_on_is_named() -> None:
    with certify(Fleeting(), "nas.example", None) as certified:
        assert shakes_hands(certified.context, certified.ca_file, "nas.example")
        assert not shakes_hands(certified.context, certified.ca_file, "other.example")


def test_a_machine_with_an_odd_name_is_served_all_the_same() -> None:
    with certify(Fleeting(), "my_nas.example", None) as certified:
        for name in LOCAL_NAMES:
            assert shakes_hands(certified.context, certified.ca_file, name)


def shakes_hands(server: ssl.SSLContext, ca_file: Path, name: str) -> bool:
    """TLS between two buffers."""
    one, two = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context(cafile=ca_file).wrap_bio(one, two, server_hostname=name)
    peer = server.wrap_bio(two, one, server_side=True)
    for _ in range(4):
        for side in (client, peer):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return client.version() == "TLSv1.3"


# -- the service's own hosts -----------------------------------------------------------------------


def test_media_at_the_services_own_host(server: Running) -> None:
    """Where a client may not be told of another base address, paths need no prefix at the media host."""
    url = httpx.URL(
        httpx.get(
            f"{server.url}/api/v2/user/demo!recentimages?count=1&APIKey={server.ready['api_key']}",
            headers={**JSON, "Host": f"api.smugmug.com:{port(server)}"},
            verify=context(server),
        ).json()["Response"]["Image"][0]["ArchivedUri"]
    )
    assert (url.scheme, url.host, url.port) == ("https", "api.smugmug.com", port(server))
    with httpx.Client(base_url=server.url, verify=context(server)) as client:
        first = client.get(url.raw_path.decode(), headers={"Host": "photos.smugmug.com"})
        second = client.get(
            url.raw_path.decode().removeprefix("/photos"), headers={"Host": "photos.smugmug.com"}
        )
    assert first.status_code == second.status_code == 200
    assert first.content == second.content


# -- what goes wrong on purpose --------------------------------------------------------------------


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
def test_connections_break(server: Running, spec: str, errors: tuple[type[Exception], ...]) -> None:
    address = f"{server.url}/api/v2/user/demo!recentimages?count=1&APIKey={server.ready['api_key']}"
    image = httpx.get(address, headers=JSON, verify=context(server)).json()["Response"]["Image"][0]
    fault = server.emulator.faults.add(spec)
    try:
        with pytest.raises(errors):
            httpx.get(image["ArchivedUri"], timeout=0.5, verify=context(server))
    finally:
        server.emulator.faults.clear(fault.id)
    assert httpx.get(image["ArchivedUri"], verify=context(server)).status_code == 200


# -- the authority's life --------------------------------------------------------------------------


def test_the_authority_goes_with_the_emulator() -> None:
    with running(Settings(tls=True, albums=0)) as server:
        ca_file = Path(server.ready["ca_file"])
        assert stat.S_IMODE(ca_file.parent.stat().st_mode) == 0o700
    assert not ca_file.parent.exists()


def test_with_a_state_file_the_authority_stays(tmp_path: Path) -> None:
    settings = Settings(tls=True, state=tmp_path / "kept")
    with running(settings) as server:
        assert server.ready["ca_file"] == str(tmp_path / "kept.ca.pem")
        trusted = context(server)
    with running(settings) as server:
        assert httpx.get(user(server), headers=JSON, verify=trusted).status_code == 200
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "kept.ca.pem"]
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o600
    assert b"PRIVATE KEY" in (tmp_path / "kept").read_bytes()
    assert b"PRIVATE KEY" not in (tmp_path / "kept.ca.pem").read_bytes()


def test_a_certificate_that_was_lost_comes_back(tmp_path: Path) -> None:
    settings = Settings(tls=True, state=tmp_path / "kept")
    with running(settings) as server:
        before = Path(server.ready["ca_file"]).read_bytes()
    (tmp_path / "kept.ca.pem").unlink()
    with running(settings) as server:
        assert Path(server.ready["ca_file"]).read_bytes() == before


def test_an_upload_over_tls_survives_a_restart(tmp_path: Path) -> None:
    settings = Settings(tls=True, state=tmp_path / "kept")
    picture = make_picture(8, taken=None)
    with running(settings) as server, httpx.Client(verify=context(server)) as client:
        album = next(iter(server.emulator.account.albums.values()))
        body = {"album": album.key, "file_name": "new.jpg", "data": base64.b64encode(picture).decode()}
        made = client.post(f"{server.url}/_emulator/edits/add-photo", json=body).json()
    with running(settings) as server, httpx.Client(verify=context(server)) as client:
        address = f"{server.url}/api/v2/image/{made['image']}-0?APIKey={server.ready['api_key']}"
        shown = client.get(address, headers=JSON).json()["Response"]["Image"]
        assert client.get(shown["ArchivedUri"]).content == picture


def test_without_the_library_there_is_one_sentence() -> None:
    program = (
        "import sys; sys.modules['trustme'] = None\n"
        "from smugsync.cli import main; sys.exit(main(['emulator', '--tls']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("smugsync: error: ")
    assert 'pip install "smugsync[emulator]"' in done.stderr
    assert done.stderr.count("\n") == 1


# -- the end ---------------------------------------------------------------------------------------


def test_a_signal_ends_it_at_once_whatever_clients_do(tmp_path: Path) -> None:
    """One client is idle, one has not even begun TLS, one does not read what it asked for."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, tmp_path / "kept"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    address = ("127.0.0.1", urlsplit(ready["api_url"]).port or 0)
    trusted = ssl.create_default_context(cafile=ready["ca_file"])
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(address, timeout=10)) for _ in range(3)]
        idle, busy = (trusted.wrap_socket(line, server_hostname="localhost") for line in lines[1:])
        for line in (idle, busy):
            stack.enter_context(line)
        target = f"/api/v2/user/demo?APIKey={ready['api_key']}"
        ask = f"GET {target} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n"
        idle.sendall(ask.encode())
        assert idle.recv(15).startswith(b"HTTP/1.1 200")
        busy.sendall(
            b'POST /_emulator/faults HTTP/1.1\r\nHost: x\r\nContent-Length: 19\r\n\r\n{"spec":"stall@/*"}'
        )
        assert busy.recv(15).startswith(b"HTTP/1.1 200")
        busy.sendall(ask.encode())
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=10)
        seconds = time.monotonic() - begin
    assert (process.returncode, rest, errors) == (0, "", "")
    assert seconds < 1.5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "kept.ca.pem"]
