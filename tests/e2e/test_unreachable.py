"""No way to the service, or something else in its place: 75, one sentence, nothing touched.

Giving up takes the program some seconds by design, so all the cases wait at the same time.
"""

from __future__ import annotations

import contextlib
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.e2e.command import Command, Running
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import Emulated
from tests.e2e.servers import behind_tls, closed_port

#: What goes wrong, and what the sentence begins with.
CASES = {
    "refused": "127.0.0.1 refuses the connection",
    "no such host": "nowhere.invalid cannot be found: the name look-up failed",
    "portal": "127.0.0.1 answers with a web page instead of data: a captive portal or sign-in page",
    "503": "SmugMug answered 503 to /api/v2!authuser",
    "429:retry=2000": "rate limit: 127.0.0.1 wants us to wait for 33 minutes",
}


@pytest.fixture(scope="module")
def mirrored(demo: Emulated, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """A complete mirror."""
    command = Command(tmp_path_factory.mktemp("mirrored"))
    command.init(demo)
    command.sync()
    return command


@pytest.fixture(scope="module")
def waiting(emulator: Emulator, mirrored: Command) -> Iterator[dict[str, Running]]:
    """Every case under way, each with the mirror's state in a directory of its own."""
    origins = {"refused": f"http://127.0.0.1:{closed_port()}", "no such host": "https://nowhere.invalid"}
    with contextlib.ExitStack() as stack:
        yield {
            case: stack.enter_context(
                mirrored.start(
                    *("sync", "--quiet"),
                    SMUGSYNC_REMOTE__API_URL=origins.get(case) or emulator("--fault", case).origin,
                    SMUGSYNC_STATE_DIR=str(copy_state(mirrored, number)),
                )
            )
            for number, case in enumerate(CASES)
        }


def copy_state(command: Command, number: int) -> Path:
    base = command.root / f"state-{number}"
    shutil.copytree(command.state, base / "default")
    return base


@pytest.mark.parametrize("case", CASES)
def test_unreachable(mirrored: Command, waiting: dict[str, Running], case: str) -> None:
    before = mirrored.files()
    result = waiting[case].finish()
    assert result.error(75).startswith(CASES[case]), result
    assert result.out == "", "asked for quiet"
    assert mirrored.files() == before
    number = list(CASES).index(case)
    facts = mirrored.run("status", "--json", SMUGSYNC_STATE_DIR=str(mirrored.root / f"state-{number}")).json
    assert facts["last_run"]["exit_code"] == 75
    assert facts["files"] == {"committed": len(before)}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_unknown_authority(demo: Emulated, command: Command, authority: trustme.CA, tmp_path: Path) -> None:
    """A private CA is refused until its file is named; then everything is as with any other."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with behind_tls(demo.origin, tls) as server:
        origin = f"https://127.0.0.1:{server.port}"
        command.init(demo, api_url=origin, oauth_url=origin, upload_url=f"{origin}/upload/")
        sentence = command.run("sync").error(75)
        assert "127.0.0.1 shows a certificate of an unknown authority" in sentence
        assert "remote.ca_file" in sentence
        assert server.requests == [], "nothing was said to a stranger"
        assert command.files() == {}

        file = tmp_path / "authority.pem"
        authority.cert_pem.write_to_path(str(file))
        command.config.unlink()
        media = demo.origin.removeprefix("http://")
        command.init(
            demo,
            *("--ca-file", str(file), "--media-host", media),
            api_url=origin,
            oauth_url=origin,
            upload_url=f"{origin}/upload/",
        )
        command.sync()
        assert command.md5s() == demo.md5s()
