"""The daemon as a process: it keeps the mirror current, answers other commands, holds, and stops at once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import pytest

from smugsync.daemon.client import standing_of
from smugsync.daemon.sockets import address_of
from tests.e2e.command import Command, Result, Running, until
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import Emulated
from tests.e2e.servers import black_hole, closed_port, is_connecting

#: The promise is one second; a machine that is busy with other tests may need more.
PROMPTLY = 5.0

Start = Callable[..., Running]


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Emulated:
    """An account that the tests of this module may edit."""
    return emulator()


@pytest.fixture
def owner(account: Emulated, tmp_path: Path) -> Iterator[Command]:
    """A command that is set up for the account and has mirrored nothing yet. Its daemon never polls by
    itself after the first time, unless a test wants it to."""
    command = Command(tmp_path)
    command.init(account)
    command.environ = {"SMUGSYNC_SCHEDULE__POLL": "6h"}
    yield command
    account.calm()


def state(command: Command, profile: str = "default") -> dict[str, Any]:
    """How a profile stands, by its daemon; empty if there is none."""
    found = standing_of(command.state.with_name(profile) / "control.sock")
    return {} if found is None else asdict(found)


def new_photo(account: Emulated, name: str) -> None:
    """Somebody adds a photo online."""
    album = next(node for node in account.nodes() if "images" in node and node["type"] == "Album")
    account.edit("add-photo", album=str(album["album"]), file_name=name)


@contextmanager
def daemon(command: Command, *arguments: str, **environ: str) -> Iterator[Running]:
    """A daemon that has done its first poll, or is held; at the end it is asked to stop."""
    with command.start("run", *arguments, **environ) as running:
        until(lambda: is_settled(command))
        yield running
        if running.process.poll() is None:
            stop(running)


def is_settled(command: Command, *arguments: str) -> bool:
    found = state(command, *arguments)
    return (
        bool(found) and not found["scope"] and (found["last_good"] is not None or found["held"] is not None)
    )


def stop(running: Running, number: signal.Signals = signal.SIGTERM) -> Result:
    result = running.signal(number)
    assert result.code == 128 + number, result
    assert result.seconds < PROMPTLY
    return result


def md5s_agree(command: Command, account: Emulated) -> bool:
    return command.md5s() == account.md5s()


# -- keeping current -----------------------------------------------------------------------------------


def test_it_mirrors_the_account_at_its_start_and_says_so(account: Emulated, owner: Command) -> None:
    with daemon(owner) as running:
        assert md5s_agree(owner, account)
        result = stop(running)
    assert "everything:" in result.err
    assert result.out == ""


def test_a_poll_brings_what_is_new(account: Emulated, owner: Command) -> None:
    owner.environ = {"SMUGSYNC_SCHEDULE__POLL": "1s"}
    with daemon(owner):
        before = len(owner.files())
        new_photo(account, "just now.jpg")
        until(lambda: md5s_agree(owner, account))
        assert len(owner.files()) == before + 1


def test_sigusr1_asks_for_a_sync(account: Emulated, owner: Command) -> None:
    with daemon(owner) as running:
        new_photo(account, "by signal.jpg")
        running.process.send_signal(signal.SIGUSR1)
        until(lambda: md5s_agree(owner, account))


def test_after_a_kill_the_next_one_goes_on(account: Emulated, owner: Command) -> None:
    fault = account.fault("stall@/photos/*:at=500,after=20")
    with owner.start("run") as running:
        until(lambda: account.struck(fault) >= 1)
        running.process.kill()
        running.process.wait()
    assert (owner.state / "control.sock").exists(), "nobody tidied up"
    account.calm()
    with daemon(owner):
        until(lambda: md5s_agree(owner, account))
        assert owner.sync()["files_downloaded"] == 0


# -- several profiles ------------------------------------------------------------------------------------


def add_profile(command: Command, name: str, lines: str) -> None:
    command.config.write_text(f"{command.config.read_text()}\n[profile.{name}]\n{lines}\n")


def test_a_profile_that_fails_never_stops_the_others(account: Emulated, owner: Command) -> None:
    add_profile(owner, "attic", f'mirror = "{owner.root}/not mounted"')
    with daemon(owner):
        assert md5s_agree(owner, account)
        until(lambda: bool(state(owner, "attic")["held"]))
        assert state(owner, "attic")["held"]["cause"] == "unmounted"
        assert state(owner)["held"] is None


def test_a_profile_whose_configuration_is_wrong_never_stops_the_others(
    account: Emulated, owner: Command
) -> None:
    add_profile(owner, "attic", f'mirror = "{owner.root}/attic"\nmode = "mirorr"')
    with daemon(owner) as running:
        assert md5s_agree(owner, account)
        result = stop(running)
    assert "profile.attic.mode" in result.err


def test_a_profile_that_was_named_is_kept_alone(owner: Command) -> None:
    add_profile(owner, "attic", f'mirror = "{owner.root}/not mounted"')
    with daemon(owner, "--profile", "default"):
        assert state(owner, "attic") == {}


# -- what ends it ------------------------------------------------------------------------------------------


def test_without_a_configuration_it_does_not_begin(command: Command) -> None:
    assert "no configuration" in command.refused("run", code=78)


def test_what_is_wrong_with_every_profile_is_told_at_once(owner: Command) -> None:
    owner.set('mode = "mirorr"')
    assert "mode" in owner.refused("run", code=78)


def test_a_second_daemon_ends_at_once(owner: Command) -> None:
    with daemon(owner) as running:
        sentence = owner.refused("run", code=11)
        assert f"process {running.process.pid}" in sentence


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_while_it_has_nothing_to_do(owner: Command, number: signal.Signals) -> None:
    with daemon(owner) as running:
        stop(running, number)


def test_it_stops_at_once_in_a_connection_that_is_never_made(owner: Command) -> None:
    with (
        black_hole() as port,
        owner.start("run", SMUGSYNC_REMOTE__API_URL=f"http://127.0.0.1:{port}") as running,
    ):
        until(lambda: is_connecting(port))
        stop(running)


def test_it_stops_at_once_in_stalled_downloads(account: Emulated, owner: Command) -> None:
    fault = account.fault("stall@/photos/*:at=500")
    with owner.start("run", SMUGSYNC_DOWNLOADS="4") as running:
        until(lambda: account.struck(fault) == 4)
        stop(running)
    assert owner.files() == {}
    assert owner.parts() == []


def test_more_signals_change_nothing(account: Emulated, owner: Command) -> None:
    fault = account.fault("stall@/photos/*:at=500")
    with owner.start("run", SMUGSYNC_DOWNLOADS="4") as running:
        until(lambda: account.struck(fault) == 4)
        result = running.signal(signal.SIGTERM, *[signal.SIGINT, signal.SIGTERM] * 50, pause=0.01)
    assert result.code == 143, result


# -- other commands beside it --------------------------------------------------------------------------------


def test_a_sync_beside_it_is_done_by_it(account: Emulated, owner: Command) -> None:
    with daemon(owner):
        new_photo(account, "asked for.jpg")
        report = owner.sync()
        assert report["files_downloaded"] == 1
        assert state(owner)["last_exit_code"] == 0


def test_a_sync_beside_it_says_what_it_would_say_alone(account: Emulated, owner: Command) -> None:
    with daemon(owner):
        beside = owner.run("sync", "--full")
    alone = owner.run("sync", "--full")
    assert beside.code == alone.code == 0

    def told(result: Result) -> list[str]:
        return [line for line in result.out.splitlines() if not line.startswith("  requests")]

    assert told(beside) == told(alone)
    assert beside.err == alone.err == ""


def test_a_sync_beside_it_ends_with_the_runs_own_code(account: Emulated, owner: Command) -> None:
    with daemon(owner):
        account.fault("500@/photos/*")
        new_photo(account, "never comes.jpg")
        result = owner.run("sync")
        assert result.code == 3, result
        assert "never comes.jpg" in result.out
        account.calm()
        owner.sync()


def test_an_album_that_does_not_exist_is_told_to_who_asked(owner: Command) -> None:
    with daemon(owner):
        assert "no album" in owner.refused("sync", "No such album", code=2)
        assert state(owner)["held"] is None


def test_who_gives_up_waiting_leaves_the_run_to_the_daemon(account: Emulated, owner: Command) -> None:
    with daemon(owner):
        new_photo(account, "stalls.jpg")
        fault = account.fault("stall@/photos/*:at=100")
        with owner.start("sync") as asking:
            until(lambda: account.struck(fault) >= 1)
            result = asking.signal(signal.SIGINT)
        assert result.code == 130
        assert "the daemon goes on with it" in result.err
        assert state(owner)["scope"] == "delta"


def test_sync_now_does_not_wait(account: Emulated, owner: Command) -> None:
    with daemon(owner):
        new_photo(account, "now.jpg")
        assert owner.run("sync-now").code == 0
        until(lambda: md5s_agree(owner, account))


def test_paused_it_does_nothing_until_it_is_resumed(account: Emulated, owner: Command) -> None:
    owner.environ = {"SMUGSYNC_SCHEDULE__POLL": "1s"}
    with daemon(owner) as running:
        assert owner.run("pause").code == 0
        assert state(owner)["paused"]
        stop(running)
    new_photo(account, "while paused.jpg")
    with owner.start("run") as running:  # a pause outlasts the process
        until(lambda: bool(state(owner)))
        assert state(owner)["paused"]
        assert not md5s_agree(owner, account)
        assert owner.run("resume").code == 0
        until(lambda: md5s_agree(owner, account))
        stop(running)


def test_a_pause_ends_the_run_that_is_under_way(account: Emulated, owner: Command) -> None:
    fault = account.fault("stall@/photos/*:at=500")
    with owner.start("run") as running:
        until(lambda: account.struck(fault) >= 1)
        assert owner.run("pause", "--for", "2h").code == 0
        until(lambda: not state(owner)["scope"])
        account.calm()
        assert owner.run("resume").code == 0
        until(lambda: md5s_agree(owner, account))
        stop(running)


def test_what_a_command_was_told_to_have_failed_is_not_done_later(owner: Command) -> None:
    with daemon(owner) as running:
        running.process.send_signal(signal.SIGSTOP)
        assert "does not answer" in owner.refused("pause", code=11)
        running.process.send_signal(signal.SIGCONT)
        until(lambda: bool(state(owner)))
        assert not state(owner)["paused"]


def test_a_sync_says_what_it_waits_for_while_another_command_is_at_work(owner: Command) -> None:
    with (
        daemon(owner),
        address_of(owner.state / "control.sock") as address,
        socket.socket(socket.AF_UNIX) as other,
    ):
        other.connect(address)
        other.sendall(b'{"v": 1, "ask": "stand-aside"}\n')
        assert b"granted" in other.recv(100)
        assert "daemon: standing aside for another command" in owner.run("status").out
        with owner.start("sync", "--no-progress") as asking:
            assert asking.process.stderr is not None
            assert "waits for another command" in asking.process.stderr.readline()
            other.close()
            assert asking.finish().code == 0


def test_without_a_daemon_there_is_nothing_to_pause(owner: Command) -> None:
    assert "no daemon keeps profile" in owner.refused("pause", code=1)
    assert "no length of time" in owner.refused("pause", "--for", "a while", code=2)


def test_other_commands_work_beside_it(owner: Command) -> None:
    with daemon(owner):
        for words in (
            "verify",
            "fsck",
            "resolve",
            "trash list",
            "export checksums",
            "plan",
            "sync --accept-loss",
        ):
            result = owner.run(*words.split())
            assert result.code == 0, (words, result)
            assert "working on" not in result.err, (words, result)


def test_a_command_that_needs_the_mirror_waits_for_the_run_to_end(account: Emulated, owner: Command) -> None:
    fault = account.fault("stall@/photos/*:at=500")
    with owner.start("run") as running:
        until(lambda: account.struck(fault) >= 1)
        with owner.start("verify") as verifying:
            assert verifying.process.stderr is not None
            assert "in the middle of a run" in verifying.process.stderr.readline()
            assert owner.run("pause").code == 0
            result = verifying.finish()
        assert result.code == 0, result
        stop(running)


def test_status_says_what_it_does_and_what_comes_next(owner: Command) -> None:
    with daemon(owner):
        assert owner.run("status", "--json").json["daemon"]["last_exit_code"] == 0
        assert owner.run("status", "--healthy").out.startswith("healthy: the daemon is at work")
        told = owner.run("status").out
        assert "daemon: idle" in told
        assert "next poll" in told
        assert "next verification" in told


def test_a_state_directory_far_down_is_no_trouble(account: Emulated, owner: Command, tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 20) / ("down" * 20)
    owner.environ["SMUGSYNC_STATE_DIR"] = str(deep)
    owner.state = deep / "default"
    with daemon(owner):
        assert owner.sync()["exit_code"] == 0


def test_only_its_owner_may_speak_with_it(owner: Command) -> None:
    with daemon(owner):
        path = owner.state / "control.sock"
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_nonsense_on_its_socket_does_it_no_harm(owner: Command) -> None:
    with daemon(owner), address_of(owner.state / "control.sock") as address:
        for text in (b"\n", b"{}\n", b"\xff\xfe\n", b'{"v": 2}\n', b"[" * 60_000 + b"\n", b"x" * 100_000):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(20)
                connection.connect(address)
                with contextlib.suppress(ConnectionError):  # it need not hear all of it
                    connection.sendall(text)
                    connection.shutdown(socket.SHUT_WR)
                    assert connection.recv(1000) == b""
        assert state(owner)["held"] is None


# -- held ----------------------------------------------------------------------------------------------------


def test_a_disk_that_mounts_late_is_no_failure(account: Emulated, owner: Command) -> None:
    away = owner.mirror.with_name("away")
    owner.mirror.rename(away)
    with daemon(owner):
        assert state(owner)["held"]["cause"] == "unmounted"
        assert not owner.mirror.exists(), "something was made below the mount point"
        away.rename(owner.mirror)
        assert owner.run("sync-now").code == 0
        until(lambda: md5s_agree(owner, account))
        until(lambda: state(owner)["held"] is None)


def test_offline_it_waits_and_a_person_may_ask_at_once(account: Emulated, owner: Command) -> None:
    nowhere = f"http://127.0.0.1:{closed_port()}"
    settings = owner.config.read_text()
    owner.config.write_text(settings.replace(account.origin, nowhere))
    with owner.start("run") as running:
        until(lambda: bool(state(owner).get("held")), seconds=60)
        assert state(owner)["held"]["cause"] == "offline"
        owner.config.write_text(settings)
        running.process.send_signal(signal.SIGHUP)
        until(lambda: md5s_agree(owner, account))
        until(lambda: state(owner)["held"] is None)
        stop(running)


def test_a_sign_in_is_noticed_without_being_told(account: Emulated, owner: Command) -> None:
    settings = owner.config.read_text()
    token = account.ready["access_token"]
    owner.config.write_text("\n".join(line for line in settings.splitlines() if "access_token" not in line))
    with owner.start("run") as running:
        until(lambda: bool(state(owner).get("held")))
        assert state(owner)["held"]["cause"] == "unauthorised"
        owner.config.write_text(settings)
        assert token in settings
        until(lambda: md5s_agree(owner, account))
        stop(running)


def test_a_bad_new_configuration_leaves_the_old_one_in_force(account: Emulated, owner: Command) -> None:
    settings = owner.config.read_text()
    with daemon(owner) as running:
        owner.config.write_text("this is no TOML")
        running.process.send_signal(signal.SIGHUP)
        owner.config.write_text(settings)
        new_photo(account, "all the same.jpg")
        owner.run("sync-now")
        until(lambda: md5s_agree(owner, account))
        result = stop(running)
    assert "reading the configuration again" in result.err


# -- the service manager -------------------------------------------------------------------------------------


class Manager:
    """What a service manager hears."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(b"\0smugsync-test-%d" % os.getpid())
        self.socket.settimeout(20)
        self.heard: list[str] = []

    def __enter__(self) -> Manager:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    @property
    def address(self) -> str:
        return f"@{self.socket.getsockname()[1:].decode()}"

    def wait_for(self, what: str) -> str:
        """The first message, from now on, that holds `what`."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            message = self.socket.recv(4096).decode()
            self.heard.append(message)
            if what in message:
                return message
        raise AssertionError(f"{what} was not heard: {self.heard}")


def test_the_service_manager_hears_how_it_is(owner: Command) -> None:
    with (
        Manager() as manager,
        owner.start("run", NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="1000000") as running,
    ):
        manager.wait_for("READY=1")
        assert ", next " in manager.wait_for("STATUS=idle")  # a poll, or by night the full look
        manager.wait_for("WATCHDOG=1")
        running.process.send_signal(signal.SIGHUP)
        assert "MONOTONIC_USEC=" in manager.wait_for("RELOADING=1")
        manager.wait_for("READY=1")
        stop(running)
        manager.wait_for("STOPPING=1")


def test_it_is_ready_though_it_is_held_and_says_why(owner: Command) -> None:
    owner.mirror.rename(owner.mirror.with_name("away"))
    with Manager() as manager, owner.start("run", NOTIFY_SOCKET=manager.address) as running:
        manager.wait_for("READY=1")
        assert "is the disk mounted?" in manager.wait_for("STATUS=held")
        stop(running)


def test_under_systemd_log_lines_have_their_priorities(owner: Command) -> None:
    owner.mirror.rename(owner.mirror.with_name("away"))
    with daemon(owner, JOURNAL_STREAM="8:1234") as running:
        result = stop(running)
    assert result.err.startswith("<4>default: held (unmounted)"), result.err


# -- being heard ---------------------------------------------------------------------------------------------


def test_who_is_notified_hears_of_a_hold_and_of_its_end(account: Emulated, owner: Command) -> None:
    told = owner.root / "told"
    owner.environ["SMUGSYNC_NOTIFY__COMMAND"] = json.dumps(["sh", "-c", f"cat >> '{told}'; echo >> '{told}'"])
    away = owner.mirror.with_name("away")
    owner.mirror.rename(away)
    with daemon(owner) as running:
        until(lambda: told.exists() and "unmounted" in told.read_text())
        away.rename(owner.mirror)
        owner.run("sync-now")
        until(lambda: "recovered" in told.read_text())
        stop(running)
    kinds = [json.loads(line)["kind"] for line in told.read_text().splitlines() if line]
    assert kinds == ["held", "recovered"]


def test_a_sync_alone_notifies_too(owner: Command) -> None:
    told = owner.root / "told"
    owner.mirror.rename(owner.mirror.with_name("away"))
    command = json.dumps(["sh", "-c", f"cat >> '{told}'; echo >> '{told}'"])
    assert "is the disk mounted?" in owner.refused("sync", code=5, SMUGSYNC_NOTIFY__COMMAND=command)
    assert json.loads(told.read_text())["exit_code"] == 5


def test_its_page_and_figures_are_there_while_it_runs(owner: Command) -> None:
    port = closed_port()
    textfile = owner.root / "smugsync.prom"
    owner.environ |= {
        "SMUGSYNC_STATUS__LISTEN": f"127.0.0.1:{port}",
        "SMUGSYNC_STATUS__TEXTFILE": str(textfile),
    }
    with daemon(owner) as running:
        health = httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
        assert (health.status_code, health.json()["healthy"]) == (200, True)
        assert "smugsync_last_run" in httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        until(lambda: textfile.exists() and "smugsync_last_run" in textfile.read_text())
        stop(running)


def test_a_speed_limit_holds_for_everybody(account: Emulated, owner: Command) -> None:
    size = sum(path.stat().st_size for path in owner.mirror.rglob("*.jpg"))
    assert size == 0
    result = owner.run("sync", "--json", SMUGSYNC_BWLIMIT="400kB")
    assert result.code == 0
    assert result.seconds > result.json["bytes_downloaded"] / 400_000 - 1.0


def test_asked_to_say_more_it_says_more(owner: Command) -> None:
    with owner.start("run", "-vv") as running:
        until(lambda: is_settled(owner))
        result = stop(running)
    assert "debug:" in result.err


def test_asked_to_be_quiet_it_says_nothing_unless_something_is_wrong(owner: Command) -> None:
    with daemon(owner, "-q") as running:
        result = stop(running)
    assert result.err == ""


def test_help_says_what_it_does(command: Command) -> None:
    told = command.run("run", "--help").out
    for word in ("foreground", "SIGHUP", "quiet", "held"):
        assert word in told
    assert json.dumps(told)
