"""Whoever is to hear of runs does: pings, notices, figures and the page, with the installed command."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.command import Command, Running, until
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import Emulated
from tests.notify.listening import Listener

TOKEN = "0123456789abcdef-status"


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Emulated:
    return emulator()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        yield listener


@pytest.fixture
def owner(account: Emulated, listener: Listener, tmp_path: Path) -> Iterator[Command]:
    """A command that tells everybody: a ping, a topic, a program, a file."""
    command = Command(tmp_path)
    command.init(account)
    teller = tmp_path / "tell-me"
    teller.write_text(f"#!/bin/sh\ncat >> {tmp_path}/told\n")
    teller.chmod(0o755)
    command.environ = {
        "SMUGSYNC_NOTIFY__PING": f"{listener.url}/s3cret-ping",
        "SMUGSYNC_NOTIFY__NTFY": f"{listener.url}/s3cret-topic",
        "SMUGSYNC_NOTIFY__NTFY_TOKEN": "s3cret-token",
        "SMUGSYNC_NOTIFY__COMMAND": str(teller),
        "SMUGSYNC_STATUS__TEXTFILE": str(tmp_path / "smugsync.prom"),
        "SMUGSYNC_STATUS__TOKEN": TOKEN,
    }
    command.secrets = [*account.secrets, "s3cret-ping", "s3cret-topic", "s3cret-token", TOKEN]
    yield command
    account.calm()


def told(command: Command) -> list[dict[str, Any]]:
    """What the program was given."""
    path = command.root / "told"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def figures(exposition: str) -> dict[str, float]:
    """By the names, and the labels that are not the profile's."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            labels = [value for key, value in sample.labels.items() if key != "profile"]
            found[" ".join([sample.name, *labels])] = sample.value
    return found


def test_a_good_run_pings_twice_and_tells_nobody(owner: Command, listener: Listener) -> None:
    owner.sync()
    assert listener.paths == ["/s3cret-ping/start", "/s3cret-ping"]
    assert "up to date" in listener.heard[1].body
    assert told(owner) == []
    found = figures((owner.root / "smugsync.prom").read_text())
    assert found["smugsync_last_run_exit_code"] == 0
    assert found["smugsync_runs_total good"] == 1
    assert found["smugsync_items verified"] >= found["smugsync_files_downloaded_total"] > 0


def test_a_failing_file_is_told_once_and_that_all_is_good_again_once(
    owner: Command, listener: Listener, account: Emulated
) -> None:
    names = [str(node["name"]) for node in account.nodes() if node.get("images") and node["type"] == "Album"]
    album = max(names, key=lambda name: len(account.photos(name)))
    account.fault(f"corrupt@/photos/*i-{account.photos(album)[0].key}/*")
    codes = [owner.run("sync", *words).code for words in (["--full"], [])]
    assert codes == [3, 3]
    account.calm()
    assert owner.run("sync", "--full").code == 0
    assert [one["kind"] for one in told(owner)] == ["failed", "recovered"]
    topics = [one for one in listener.heard if "topic" in one.path]
    assert [one.headers["authorization"] for one in topics] == ["Bearer s3cret-token"] * 2
    pings = [one.path.removeprefix("/s3cret-ping") for one in listener.heard if "topic" not in one.path]
    assert pings == ["/start", "/fail", "/start", "/fail", "/start", ""]
    assert figures((owner.root / "smugsync.prom").read_text())["smugsync_runs_total incomplete"] == 2


def test_nobody_being_there_to_be_told_fails_no_run(owner: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}/s3cret-ping"
    result = owner.run("sync", SMUGSYNC_NOTIFY__PING=nowhere)
    assert result.code == 0
    assert "notify.ping: cannot be reached (Connection refused); the run goes on" in result.err


def test_apprise_that_is_not_known_is_one_sentence(owner: Command) -> None:
    pytest.importorskip("apprise")
    sentence = owner.refused("sync", SMUGSYNC_NOTIFY__APPRISE="nonsense-s3cret-ping")
    assert sentence == "notify.apprise: address 1 is none that Apprise knows"


@contextmanager
def daemon(owner: Command, port: int, **environ: str) -> Iterator[Running]:
    wanted = {"SMUGSYNC_STATUS__LISTEN": f"127.0.0.1:{port}", "SMUGSYNC_SCHEDULE__POLL": "6h", **environ}
    with owner.start("run", **wanted) as running:
        yield running
        result = running.signal(signal.SIGTERM)
        assert result.code == 143, result


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def answer(port: int, path: str = "/", *, token: str = TOKEN) -> httpx.Response | None:
    try:
        with httpx.Client(trust_env=False) as client:
            return client.get(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"})
    except httpx.TransportError:
        return None


def _verified(response: httpx.Response) -> float:
    return figures(response.text).get("smugsync_items verified", 0.0)


def test_the_daemon_shows_how_it_is(owner: Command, listener: Listener) -> None:
    port = free_port()

    def settled() -> bool:
        found = answer(port, "/api/status.json")
        profiles = found.json()["profiles"] if found is not None else [{}]
        return bool(profiles[0].get("runs")) and profiles[0]["running"] is None

    with daemon(owner, port):
        until(settled, seconds=60)
        until(lambda: (found := answer(port, "/metrics")) is not None and _verified(found) > 0)
        page, health, metrics = (answer(port, path) for path in ("/", "/healthz", "/metrics"))
        assert page is not None
        assert health is not None
        assert metrics is not None
        assert "All good" in page.text
        assert health.json()["healthy"] is True
        refused = answer(port, token="wrong")
        assert refused is not None
        assert refused.status_code == 401
        until(lambda: listener.paths == ["/s3cret-ping/start", "/s3cret-ping"])
        for secret in owner.secrets:
            assert secret not in page.text + health.text + metrics.text
    assert answer(port) is None


def test_a_held_daemon_says_why_everywhere_and_once(
    owner: Command, listener: Listener, account: Emulated
) -> None:
    port = free_port()
    with daemon(
        owner, port, SMUGSYNC_REMOTE__ACCESS_TOKEN="revoked", SMUGSYNC_REMOTE__ACCESS_TOKEN_SECRET="x"
    ):
        until(lambda: bool(told(owner)), seconds=60)
        page, health = answer(port), answer(port, "/healthz")
        assert page is not None
        assert health is not None
        assert "Held up: not signed in" in page.text
        assert "smugsync auth login" in page.text
        assert health.status_code == 503
        until(lambda: "/s3cret-ping/fail" in listener.paths)
        until(lambda: "/s3cret-topic" in listener.paths)
    assert [(one["kind"], one["cause"]) for one in told(owner)] == [("held", "unauthorised")]


def test_a_port_in_use_stops_nothing_but_the_page(owner: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        with owner.start(
            "run", SMUGSYNC_STATUS__LISTEN=f"127.0.0.1:{port}", SMUGSYNC_SCHEDULE__POLL="6h"
        ) as running:
            until(lambda: owner.catalogue.exists() and bool(owner.files()), seconds=60)
            result = running.signal(signal.SIGTERM)
    assert result.code == 143
    assert result.err.count("there is no status page") == 1
