"""Whoever is to hear of runs does: pings, notices, figures and the page, with the installed command."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from smugsync.config.sources import SECRETS
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


def test_damage_that_verify_finds_is_told_once(owner: Command, listener: Listener) -> None:
    owner.sync()
    photo = next(path for path in owner.mirror.rglob("*.jpg") if ".smugsync" not in path.parts)
    before = photo.stat()
    photo.write_bytes(photo.read_bytes()[:-1] + b"?")
    os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [owner.run(*words).code for words in (["verify"], ["sync"], ["verify"])] == [3, 3, 3]
    assert [one["kind"] for one in told(owner)] == ["damaged"]
    assert listener.paths[-3:] == ["/s3cret-ping/fail", "/s3cret-ping/start", "/s3cret-ping/fail"]
    found = figures((owner.root / "smugsync.prom").read_text())
    assert (found["smugsync_damaged_items"], found["smugsync_runs_total incomplete"]) == (1, 3)


def test_a_failed_ping_says_what_failed(owner: Command, listener: Listener) -> None:
    shutil.rmtree(owner.mirror / ".smugsync")
    assert owner.run("sync").code == 5
    assert listener.heard[-1].body.startswith(f"{owner.mirror} has no marker")


def test_a_slip_of_the_hand_ends_what_a_ping_began_and_is_told_to_nobody(
    owner: Command, listener: Listener
) -> None:
    assert owner.run("sync", "NOSUCH").code == 2
    assert listener.paths == ["/s3cret-ping/start", "/s3cret-ping/fail"]
    assert "NOSUCH" in listener.heard[1].body
    assert told(owner) == []


def test_a_command_that_runs_once_also_tells_that_no_run_was_good_for_days(owner: Command) -> None:
    owner.sync()
    with closing(sqlite3.connect(owner.catalogue)) as db, db:
        db.execute("UPDATE run SET started_at = started_at - 400000, finished_at = finished_at - 400000")
    shutil.rmtree(owner.mirror / ".smugsync")
    assert [owner.run("sync").code for _ in range(2)] == [5, 5]
    assert [(one["kind"], one["title"]) for one in told(owner)] == [
        ("held", "smugsync: a guard withheld something"),
        ("stale", "smugsync: no good run for 4 days"),
    ]


def test_uploads_by_hand_are_heard_of_too(owner: Command, listener: Listener) -> None:
    owner.sync()
    assert owner.run("upload", SMUGSYNC_UPLOAD__ENABLED="true").code == 0
    assert listener.paths[-2:] == ["/s3cret-ping/start", "/s3cret-ping"]


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


def test_a_reload_opens_moves_and_closes_the_page(owner: Command) -> None:
    first, second = free_port(), free_port()
    plain = owner.config.read_text()
    (line,) = [one for one in plain.splitlines() if one.startswith("# listen = ")]

    def listen(port: int | None) -> None:
        owner.config.write_text(plain.replace(line, f'listen = "127.0.0.1:{port}"' if port else line))
        running.process.send_signal(signal.SIGHUP)

    with owner.start("run", SMUGSYNC_SCHEDULE__POLL="6h") as running:
        until(owner.catalogue.exists, seconds=60)
        listen(first)
        until(lambda: answer(first) is not None)
        listen(second)
        until(lambda: answer(second) is not None)
        assert answer(first) is None
        listen(None)
        until(lambda: answer(second) is None)
        assert running.signal(signal.SIGTERM).code == 143


def test_a_reload_brings_a_new_profile_to_the_page(owner: Command) -> None:
    port = free_port()
    other = owner.root / "studio"
    owner.sync()
    with daemon(owner, port) as running:
        until(lambda: answer(port) is not None, seconds=60)
        assert owner.run("init", "--no-input", "--profile", "studio", *_account(owner, other)).code == 0

        def names() -> list[str]:
            found = answer(port, "/api/status.json")
            return [] if found is None else [one["profile"] for one in found.json()["profiles"]]

        running.process.send_signal(signal.SIGHUP)
        until(lambda: names() == ["default", "studio"])


def _account(owner: Command, mirror: Path) -> list[str]:
    """What `init` asks for, from the configuration that there is."""
    remote = tomllib.loads(owner.config.read_text())["remote"]
    names = (*SECRETS, "api_url", "upload_url", "oauth_url")
    words = [word for name in names for word in (f"--{name.replace('_', '-')}", remote[name])]
    return ["--mirror", str(mirror), *words]


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
