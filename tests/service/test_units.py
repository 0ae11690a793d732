"""The units of systemd: what they say for which configuration, and what systemd says to them."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from smugsync.cli.units.dropin import DAEMON, system_drop_in
from smugsync.cli.units.needs import Needs
from smugsync.cli.units.templates import SERVICES, UNITS, units
from smugsync.config.sources import HIDDEN, credential
from smugsync.errors import PRECEDENCE, Busy, ConfigError, UsageError
from tests.e2e.emulated import SMUGSYNC
from tests.service.examples import EXAMPLES, examples
from tests.service.reading import settings

ANALYZE = shutil.which("systemd-analyze")
needs_analyze = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
#: In tenths: what the hardened services may be exposed to at most.
THRESHOLD = "13"


def analyze(*arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    assert ANALYZE is not None
    return subprocess.run(
        [ANALYZE, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"LC_ALL": "C.UTF-8", **environ},
    )


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A root in which systemd finds the examples, and a command."""
    units_dir = tmp_path / "root/etc/systemd/system"
    for name, text in examples().items():
        if not name.startswith("user/"):
            (units_dir / name).parent.mkdir(parents=True, exist_ok=True)
            (units_dir / name).write_text(text)
    for program in ("usr/bin/smugsync", "bin/sh"):
        (tmp_path / "root" / program).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / program).write_text("#!/bin/sh\n")
        (tmp_path / "root" / program).chmod(0o755)
    # What systemd itself would bring; without them verify has nothing to compare with.
    for name in (
        "multi-user.target",
        "timers.target",
        "network-online.target",
        "sysinit.target",
        "basic.target",
    ):
        (units_dir / name).write_text(f"[Unit]\nDescription={name}\n")
    return tmp_path / "root"


def test_the_examples_are_what_the_package_makes() -> None:
    written = {
        path.relative_to(EXAMPLES).as_posix(): path.read_text()
        for path in EXAMPLES.rglob("*.*")
        if path.is_file()
    }
    assert written == examples()


def test_the_wheel_brings_the_templates(tmp_path: Path) -> None:
    tree = Path(__file__).parents[2]
    subprocess.run(
        [Path(SMUGSYNC).with_name("python"), "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=tree,
        check=True,
        capture_output=True,
        timeout=60,
    )
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    for manager in ("system", "user"):
        assert {f"smugsync/cli/units/{manager}/{name}" for name in UNITS} <= set(names)


@needs_analyze
@pytest.mark.parametrize("service", SERVICES)
def test_no_service_is_exposed_to_more_than_it_needs(installed: Path, service: str) -> None:
    instance = service.replace("@", "@default")
    result = analyze(
        "security", "--offline=true", f"--threshold={THRESHOLD}", f"--root={installed}", instance
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Overall exposure level" in result.stdout


@needs_analyze
def test_a_home_does_not_cost_a_service_its_armour(installed: Path) -> None:
    home = Path("/home/anna")
    need = Needs("default", "anna", late=(home / "Photos",), state_dir=home / "state", read=(home / "venv",))
    drop_in = installed / "etc/systemd/system/smugsync@default.service.d/10-smugsync.conf"
    drop_in.write_text(system_drop_in(need, DAEMON, []))
    result = analyze(
        "security",
        "--offline=true",
        f"--threshold={THRESHOLD}",
        f"--root={installed}",
        "smugsync@default.service",
    )
    assert result.returncode == 0, result.stdout + result.stderr


@needs_analyze
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_nothing_wrong_with_an_installed_unit(installed: Path, unit: str) -> None:
    result = analyze("verify", f"--root={installed}", "--man=no", unit.replace("@", "@default"))
    ours = [line for line in (result.stdout + result.stderr).splitlines() if "smugsync" in line]
    assert ours == []


def verify_personal(place: Path, texts: dict[str, str], unit: str) -> str:
    """What systemd has to say of a unit of a user's own."""
    for name, text in texts.items():
        (place / name).write_text(text)
    instance = place / unit.replace("@", "@default")
    home = {"HOME": str(place), "XDG_RUNTIME_DIR": str(place)}
    result = analyze("verify", "--user", "--man=no", instance, **home)
    return f"{result.returncode} {result.stdout}{result.stderr}"


@needs_analyze
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_nothing_wrong_with_a_user_s_own_unit(tmp_path: Path, unit: str) -> None:
    assert verify_personal(tmp_path, units("user", (str(SMUGSYNC),)), unit) == "0 "


@needs_analyze
def test_systemd_would_find_something_in_a_user_s_own_unit(tmp_path: Path) -> None:
    texts = {name: text.replace("Nice=", "Nise=") for name, text in units("user", (str(SMUGSYNC),)).items()}
    assert "Nise" in verify_personal(tmp_path, texts, DAEMON)


@needs_analyze
def test_systemd_would_find_something(installed: Path) -> None:
    unit = installed / "etc/systemd/system/smugsync@.service"
    unit.write_text(unit.read_text().replace("WatchdogSec", "WatchdogSek"))
    result = analyze("verify", f"--root={installed}", "--man=no", "smugsync@default.service")
    assert "WatchdogSek" in result.stdout + result.stderr


def test_a_restart_is_not_tried_for_what_it_cannot_mend() -> None:
    service = settings(units("system", ("/usr/bin/smugsync",))[DAEMON])
    codes = {int(code) for code in service["RestartPreventExitStatus"][0].split()}
    assert codes == {UsageError.exit_code, Busy.exit_code, ConfigError.exit_code}
    assert {int(code) for code in service["SuccessExitStatus"][0].split()} == {130, 143}
    assert codes | {130, 143} <= set(PRECEDENCE)


@pytest.mark.parametrize("service", ["smugsync-sync@.service", "smugsync-verify@.service"])
def test_a_job_that_leaves_something_undone_shows_as_failed(service: str) -> None:
    found = settings(units("system", ("/usr/bin/smugsync",))[service])
    assert not {"3", "5"} & set(found["SuccessExitStatus"][0].split())


def test_a_missed_night_is_made_up_for() -> None:
    for timer in ("smugsync-sync@.timer", "smugsync-verify@.timer"):
        found = settings(units("system", ("/usr/bin/smugsync",))[timer], "Timer")
        assert found["Persistent"] == ["true"]
        assert found["RandomizedDelaySec"] == ["1h"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_secret_may_come_as_a_credential(service: str) -> None:
    found = settings(units("system", ("/usr/bin/smugsync",))[service])
    ids = [value.partition(":")[0] for value in found["LoadCredential"]]
    assert ids == [credential(key) for key in HIDDEN]
    # Relative names are looked for in /etc/credstore, and may be missing; absolute paths may not.
    assert all(value.partition(":")[2].startswith("smugsync.%i.") for value in found["LoadCredential"])


@pytest.mark.parametrize("service", SERVICES)
def test_a_user_s_own_service_asks_for_nothing_that_only_root_can_give(service: str) -> None:
    found = settings(units("user", ("/usr/bin/smugsync",))[service])
    only_root = [
        name for name in found if name.startswith(("Protect", "Private")) or name in ("User", "Group")
    ]
    assert only_root == []


@pytest.mark.parametrize("manager", ["system", "user"])
def test_nothing_is_left_to_fill_in(manager: str) -> None:
    texts = units("user" if manager == "user" else "system", ("/usr/bin/smugsync",)).values()
    assert not [text for text in texts if re.search(r"@[A-Z]+@", text)]


def test_photos_can_be_read_by_others_and_the_state_cannot() -> None:
    found = settings(units("system", ("/usr/bin/smugsync",))[DAEMON])
    assert found["UMask"] == ["0022"]
    assert found["StateDirectoryMode"] == ["0700"]
