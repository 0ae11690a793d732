"""Secrets at rest: written for their owner alone, and not read where others can read them."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smugsync.config.privacy import Guard, keeps_modes
from smugsync.config.sources import SECRETS
from smugsync.emulator.serve import Running, running
from tests.e2e.command import Command, until
from tests.security import strace
from tests.security.liar import Liar
from tests.security.tour import set_up

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
#: Everything may be read and written by everybody, unless somebody says otherwise.
CARELESS = ("sh", "-c", 'umask 000; exec "$@"', "sh")
#: The values of a configuration that nobody is ever asked about.
VALUES = {secret: f"{secret}-canary" for secret in SECRETS}


@pytest.fixture
def service() -> Iterator[Running]:
    liar = Liar()
    album = liar.account.add_album("Album", parent=liar.account.root)
    liar.account.add_photo(album, "a.jpg", b"photo")
    with running(liar.settings, emulator=liar) as started:
        yield started


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


def modes(directory: Path) -> dict[str, int]:
    """The mode of everything below `directory`, and of itself."""
    paths = [directory, *directory.rglob("*")]
    return {str(path.relative_to(directory.parent)): stat.S_IMODE(path.lstat().st_mode) for path in paths}


# Written


def test_nothing_of_ours_can_be_read_by_others_whatever_the_umask(command: Command, service: Running) -> None:
    command.prefix = CARELESS
    set_up(command, service)
    command.sync()
    assert command.run("auth", "status").code == 0
    assert command.run(
        "init", "--no-input", "--force", "--mirror", str(command.mirror), "--api-key", "key"
    ).code
    for place in (command.home / ".config", command.home / ".local"):
        found = modes(place)
        assert len(found) > 2
        directories = {path: mode for path, mode in found.items() if (place.parent / path).is_dir()}
        assert set(directories.values()) == {0o700}, directories
    assert stat.S_IMODE(command.config.stat().st_mode) == 0o600
    for path in command.state.glob("catalogue.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_running_sync_keeps_its_whole_catalogue_to_itself(command: Command, service: Running) -> None:
    command.prefix = CARELESS
    set_up(command, service)
    service.emulator.faults.add("stall@/photos/*")
    with command.start("sync") as going:
        until((command.state / "catalogue.db-wal").exists)
        assert going.process.poll() is None
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in command.state.glob("catalogue.db*")}
    assert set(found.values()) == {0o600}, found
    assert len(found) == 3


def test_secrets_are_private_from_their_first_byte(command: Command, service: Running) -> None:
    """Not made so afterwards: no file is ever created with another mode where the configuration lies."""
    strace.require()
    log = command.root / "strace.log"
    command.prefix = (*CARELESS, *strace.prefix(log))
    set_up(command, service)
    written = [
        touch
        for touch in strace.touched(log)
        if touch.call.startswith("open") and touch.path.is_relative_to(command.config.parent)
    ]
    assert written
    for touch in written:
        assert ", 0600)" in touch.line, touch.line
    assert not [
        touch for touch in strace.touched(log) if "chmod" in touch.call and touch.path == command.config
    ]


def test_no_core_dump_holds_secrets(command: Command, service: Running) -> None:
    set_up(command, service)
    stall = service.emulator.faults.add("stall@/api/*:at=-1")
    command.prefix = ("sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh")
    with command.start("sync") as going:
        until(lambda: stall.struck > 0)
        limits = Path(f"/proc/{going.process.pid}/limits").read_text()
    (line,) = [one for one in limits.splitlines() if one.startswith("Max core file size")]
    assert line.split()[4] == "0"


# Read


def write_configuration(command: Command, *, mode: int, secrets: bool = True) -> None:
    lines = [f'mirror = "{command.mirror}"', "[remote]"]
    lines += [f'{name} = "{value}"' for name, value in VALUES.items()] if secrets else []
    command.config.parent.mkdir(parents=True, exist_ok=True)
    command.config.write_text("\n".join(lines))
    command.config.chmod(mode)
    command.secrets = list(VALUES.values())


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602], ids="{:o}".format)
def test_a_configuration_with_secrets_is_refused_with_the_mode(command: Command, mode: int) -> None:
    write_configuration(command, mode=mode)
    assert f"by others (mode {mode:04o}): chmod 600 it" in command.refused("config", "check")


@pytest.mark.parametrize("words", ["sync", "status", "auth login --oob"])
def test_with_a_configuration_that_others_can_read_nothing_is_done(command: Command, words: str) -> None:
    write_configuration(command, mode=0o644)
    assert "read by others (mode 0644)" in command.refused(*words.split())


@pytest.mark.parametrize("mode", [0o666, 0o642], ids="{:o}".format)
def test_a_configuration_that_everybody_can_change_is_refused_with_the_mode(
    command: Command, mode: int
) -> None:
    write_configuration(command, mode=mode, secrets=False)
    command.environ = {f"SMUGSYNC_REMOTE__{name.upper()}": value for name, value in VALUES.items()}
    assert f"changed by others (mode {mode:04o})" in command.refused("config", "check")


def test_a_configuration_without_secrets_may_be_read_by_everybody(command: Command) -> None:
    write_configuration(command, mode=0o644, secrets=False)
    environ = {f"SMUGSYNC_REMOTE__{name.upper()}": value for name, value in VALUES.items()}
    result = command.run("config", "check", **environ)
    assert (result.code, result.err) == (0, "")


@pytest.mark.parametrize("mode", [0o644, 0o620], ids="{:o}".format)
def test_a_secret_file_is_refused_with_the_mode(command: Command, mode: int) -> None:
    write_configuration(command, mode=0o600)
    path = put_secret(command.root / "secret", mode)
    sentence = command.refused("config", "check", SMUGSYNC_REMOTE__API_SECRET_FILE=str(path))
    assert f"by others (mode {mode:04o}): chmod 600 it" in sentence


@pytest.mark.parametrize(("mode", "code"), [(0o600, 0), (0o644, 78)], ids=["private", "readable"])
def test_behind_a_link_it_is_the_secret_itself_that_counts(command: Command, mode: int, code: int) -> None:
    write_configuration(command, mode=0o600)
    path, link = put_secret(command.root / "secret", mode), command.root / "link"
    link.symlink_to(path)
    assert command.run("config", "check", SMUGSYNC_REMOTE__API_SECRET_FILE=str(link)).code == code
    command.config.rename(command.root / "elsewhere.toml")
    command.config.symlink_to(command.root / "elsewhere.toml")
    (command.root / "elsewhere.toml").chmod(mode)
    assert command.run("config", "check").code == code


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (lambda path: os.mkfifo(path, 0o600), "is not a regular file"),
        (lambda path: path.symlink_to(path), "symbolic links"),
        (lambda path: path.symlink_to("/dev/zero"), "is not a regular file"),
    ],
    ids=["pipe", "circle", "device"],
)
def test_a_secret_is_not_read_from_a(command: Command, plant: Callable[[Path], None], told: str) -> None:
    write_configuration(command, mode=0o600)
    plant(command.root / "secret")
    place = str(command.root / "secret")
    assert told in command.refused("config", "check", SMUGSYNC_REMOTE__API_SECRET_FILE=place)


def put_secret(path: Path, mode: int) -> Path:
    path.write_text("api_secret-canary\n")
    path.chmod(mode)
    return path


# Stores that guard their secrets themselves


def test_the_credentials_of_systemd_are_trusted_whatever_their_mode(command: Command) -> None:
    store = command.root / "credentials"
    store.mkdir()
    for name, value in VALUES.items():
        (store / name).write_text(value)
        (store / name).chmod(0o444)
    write_configuration(command, mode=0o600, secrets=False)
    command.secrets = list(VALUES.values())
    result = command.run("config", "check", CREDENTIALS_DIRECTORY=str(store))
    assert (result.code, result.err) == (0, "")


def test_a_configuration_among_the_credentials_of_systemd_is_trusted(command: Command) -> None:
    write_configuration(command, mode=0o444)
    result = command.run("config", "check", CREDENTIALS_DIRECTORY=str(command.config.parent))
    assert (result.code, result.err) == (0, "")


@ROOT
def test_the_secrets_of_docker_are_trusted_whatever_their_mode(command: Command) -> None:
    write_configuration(command, mode=0o600, secrets=False)
    command.secrets = list(VALUES.values())
    writes = " && ".join(f"echo {value} > /run/secrets/{name}" for name, value in VALUES.items())
    made = f"mount -t tmpfs tmpfs /run && mkdir /run/secrets && {writes} && chmod 444 /run/secrets/*"
    command.prefix = ("unshare", "--mount", "sh", "-c", f'{made} && exec "$@"', "sh")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespaces for mounts here")
    result = command.run("config", "check")
    assert (result.code, result.err) == (0, ""), result


# File systems without modes


def test_a_file_system_that_keeps_no_modes_gives_one_warning_and_no_refusal() -> None:
    warnings: list[str] = []
    guard = Guard(warnings, keeps_modes=lambda directory: False)
    status = os.stat_result((stat.S_IFREG | 0o777, 0, 0, 1, 0, 0, 0, 0, 0, 0))
    assert [guard.exposure(Path("/mnt/usb") / name, status) for name in SECRETS] == [""] * len(SECRETS)
    (warning,) = warnings
    assert "/mnt/usb lies on a file system that keeps no access rights" in warning


def test_a_file_system_that_keeps_modes_is_recognised(tmp_path: Path) -> None:
    assert keeps_modes(tmp_path)
    assert list(tmp_path.iterdir()) == []


@contextlib.contextmanager
def exfat(root: Path) -> Iterator[Path]:
    """A disk of 16 MB that keeps no modes; skips the test where there can be none."""
    disk, place = root / "disk.img", root / "usb"
    place.mkdir()
    with disk.open("wb") as image:
        image.truncate(16 << 20)
    with contextlib.ExitStack() as stack:
        try:
            subprocess.run(["mkfs.exfat", disk], capture_output=True, check=True)
            found = subprocess.run(
                ["losetup", "--find", "--show", disk], capture_output=True, text=True, check=True
            )
            device = found.stdout.strip()
            stack.callback(subprocess.check_call, ["losetup", "--detach", device])
            subprocess.run(["mount.exfat-fuse", device, place], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"no exFAT here: {error}")
        stack.callback(subprocess.check_call, ["umount", place])
        yield place


@ROOT
def test_on_exfat_there_is_one_warning(command: Command) -> None:
    with exfat(command.root) as place:
        command.config = place / "config.toml"
        write_configuration(command, mode=0o600)
        assert stat.S_IMODE(command.config.stat().st_mode) == 0o777
        command.environ["SMUGSYNC_REMOTE__API_SECRET_FILE"] = str(put_secret(place / "secret", 0o600))
        found = command.run("--config", str(command.config), "config", "check")
        left = sorted(path.name for path in place.iterdir())
    assert found.code == 0, found
    assert found.err.count("keeps no access rights") == 1
    assert left == ["config.toml", "secret"]
