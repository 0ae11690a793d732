"""The wheel under a real systemd: installed, started, hung, broken, stopped. By `make soak`, as root."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from smugsync.config.sources import SECRETS
from tests.e2e.emulated import Emulated
from tests.service.machine import COMMAND, Machine, booted, build, hindrance

pytestmark = [pytest.mark.soak, pytest.mark.skipif(bool(hindrance()), reason=hindrance() or "-")]

UNIT = "smugsync@default.service"
CONFIG = "/etc/smugsync/config.toml"
DROP_INS = f"/etc/systemd/system/{UNIT}.d"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    with Emulated((), home=tmp_path_factory.mktemp("emulator")) as emulated:
        yield emulated


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, account: Emulated) -> Iterator[Machine]:
    """A machine on which a person has done what docs/service.md says."""
    root = tmp_path_factory.mktemp("machine") / "root"
    root.mkdir()
    build(root)
    with booted(root) as machine:
        machine.run("useradd --system --home-dir /var/lib/smugsync --shell /usr/sbin/nologin smugsync")
        machine.run("mkdir -p /srv/photos /etc/smugsync")
        machine.run(f"{COMMAND} --config {CONFIG} init --no-input --mirror /srv/photos {options(account)}")
        machine.run(f"chown -R smugsync: /srv/photos {CONFIG}")
        machine.run(f"{COMMAND} install-units && systemctl daemon-reload")
        yield machine


@pytest.fixture
def daemon(machine: Machine) -> Iterator[Machine]:
    """The daemon at work; afterwards as it was."""
    machine.run(f"systemctl reset-failed; systemctl start {UNIT}")
    yield machine
    machine.run(f"rm -f {DROP_INS}/90-test.conf; systemctl daemon-reload; systemctl stop {UNIT}")


def options(account: Emulated) -> str:
    names = [*SECRETS, "api_url", "upload_url", "oauth_url"]
    return " ".join(f"--{name.replace('_', '-')} '{account.ready[name]}'" for name in names)


def photos(machine: Machine, mirror: str = "/srv/photos") -> list[str]:
    """The MD5s of what is visible in a mirror."""
    line = f"find '{mirror}' -path '*/.smugsync' -prune -o -type f -exec md5sum {{}} + | cut -c-32"
    return sorted(machine.run(line).split())


def override(machine: Machine, text: str) -> None:
    machine.run(f"printf '{text}' > {DROP_INS}/90-test.conf; systemctl daemon-reload")


def test_systemd_finds_nothing_wrong_with_what_was_installed(machine: Machine) -> None:
    done = machine.try_(f"systemd-analyze verify --man=no {UNIT} smugsync-sync@default.timer 2>&1")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_installed_service_is_well_armoured(machine: Machine) -> None:
    machine.run(f"systemd-analyze security --threshold=13 {UNIT}")


def test_it_is_ready_and_a_photo_arrives(daemon: Machine, account: Emulated) -> None:
    assert daemon.show(UNIT, "SubState") == "running"
    daemon.until("test $(find /srv/photos -name '*.jpg' -o -name '*.JPG' | wc -l) -gt 5")
    account.edit("add-photo", album=account.album("Drafts"), file_name="later.jpg", seed=77)
    daemon.run(f"systemctl kill -s USR1 {UNIT}")
    daemon.until("find /srv/photos -name 'later*' | grep -q .")
    assert photos(daemon) == account.md5s()
    assert "smugsync" in daemon.run("stat -c %U /srv/photos")


def test_others_may_read_the_photos_and_nobody_the_state(daemon: Machine) -> None:
    daemon.until("test -n \"$(find /srv/photos -name '*.jpg')\"")
    modes = daemon.run(
        "find /srv/photos -name '*.jpg' -path '*/.smugsync' -prune -o -name '*.jpg' -printf '%m\\n' | sort -u"
    )
    assert modes == "644"
    assert daemon.run("stat -c '%a %U' /var/lib/smugsync/default") == "700 smugsync"


def test_what_it_does_shows_in_its_status(daemon: Machine) -> None:
    daemon.until(f"systemctl show -P StatusText {UNIT} | grep -q .")
    assert "\n" not in daemon.show(UNIT, "StatusText")


def test_it_holds_no_power(daemon: Machine) -> None:
    pid = daemon.show(UNIT, "MainPID")
    status = daemon.run(f"grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/{pid}/status")
    assert status.split() == ["CapEff:", "0000000000000000", "NoNewPrivs:", "1", "Seccomp:", "2"]


def test_it_stops_within_a_second(daemon: Machine) -> None:
    took = daemon.run(f"a=$(date +%s%N); systemctl stop {UNIT}; b=$(date +%s%N); echo $(((b-a)/1000000))")
    assert int(took) < 2000, "systemctl's own time included"
    # Not by `systemctl show`, which has forgotten a service by then.
    assert "Deactivated successfully" in daemon.journal(UNIT).splitlines()[-2]


def test_a_process_that_was_killed_is_started_again(daemon: Machine) -> None:
    override(daemon, "[Service]\\nRestartSec=100ms\\n")
    before = daemon.show(UNIT, "MainPID")
    daemon.run(f"systemctl kill -s KILL {UNIT}")
    daemon.until(f"test $(systemctl show -P MainPID {UNIT}) != {before} && systemctl is-active -q {UNIT}")
    assert daemon.show(UNIT, "NRestarts") == "1"


def test_a_process_that_hangs_is_ended_and_started_again(machine: Machine) -> None:
    override(machine, "[Service]\\nWatchdogSec=4s\\nRestartSec=100ms\\n")
    machine.run(f"systemctl reset-failed; systemctl start {UNIT}")
    try:
        before = machine.show(UNIT, "MainPID")
        machine.run("sleep 9")
        assert machine.show(UNIT, "MainPID") == before, "it is fed while all is well"
        machine.run(f"kill -STOP {before}")
        machine.until(f"test $(systemctl show -P NRestarts {UNIT}) -ge 1 && systemctl is-active -q {UNIT}")
        assert "Watchdog timeout" in machine.journal(UNIT)
    finally:
        machine.run(f"rm -f {DROP_INS}/90-test.conf; systemctl daemon-reload; systemctl stop {UNIT}")


def test_a_configuration_that_cannot_be_used_is_not_tried_again(machine: Machine) -> None:
    machine.run(f"cp -p {CONFIG} {CONFIG}.good && echo 'mirrorr = 1' > {CONFIG}")
    try:
        machine.try_(f"systemctl start {UNIT}")
        machine.until(f"test $(systemctl show -P SubState {UNIT}) = failed")
        assert machine.show(UNIT, "ExecMainStatus") == "78"
        assert machine.show(UNIT, "NRestarts") == "0"
        assert 'unknown setting "mirrorr"' in machine.journal(UNIT)
    finally:
        machine.run(f"mv {CONFIG}.good {CONFIG}; systemctl reset-failed")


def test_a_reload_is_ready_again(daemon: Machine) -> None:
    daemon.run(f"systemctl reload {UNIT}")
    daemon.until(f"test $(systemctl show -P SubState {UNIT}) = running")
    daemon.until(f"journalctl -q -o cat -u {UNIT} | grep -q 'configuration again'")
    assert daemon.show(UNIT, "NRestarts") == "0"


def test_secrets_may_come_as_credentials(machine: Machine, account: Emulated) -> None:
    machine.run(f"cp -p {CONFIG} {CONFIG}.good")
    names = "|".join(SECRETS)
    machine.run(
        f"grep -vE '^({names}) ' {CONFIG}.good > {CONFIG}; mkdir -p /etc/credstore; chmod 700 /etc/credstore"
    )
    machine.run(f"! grep -q '{account.ready['api_secret']}' {CONFIG}")
    for name in SECRETS:
        place = f"/etc/credstore/smugsync.default.{name}"
        machine.run(f"umask 077; printf '%s' '{account.ready[name]}' > {place}")
    try:
        machine.run("systemctl start smugsync-sync@default.service")
        assert machine.show("smugsync-sync@default.service", "Result") == "success"
    finally:
        machine.run(f"mv {CONFIG}.good {CONFIG}; rm -r /etc/credstore")


def test_a_job_tells_its_summary_and_its_failure(machine: Machine, account: Emulated) -> None:
    unit = "smugsync-sync@default.service"
    machine.run(f"systemctl start {unit}")
    assert "up to date" in machine.journal(unit)
    account.fault("portal")
    try:
        assert machine.try_(f"systemctl start {unit}").returncode
        assert machine.show(unit, "Result") == "exit-code"
        assert machine.show(unit, "ExecMainStatus") == "75"
        assert "smugsync: error: " in machine.journal(unit)
    finally:
        account.calm()
        machine.run("systemctl reset-failed")


def test_a_sync_asks_the_daemon_that_runs(daemon: Machine) -> None:
    told = daemon.run(
        f"su smugsync -s /bin/sh -c 'XDG_STATE_HOME=/var/lib {COMMAND} --config {CONFIG} sync --json'"
    )
    assert json.loads(told)["exit_code"] == 0


def test_it_says_that_it_is_healthy(daemon: Machine) -> None:
    line = f"XDG_STATE_HOME=/var/lib {COMMAND} --config {CONFIG} status --healthy"
    daemon.until(line)
    assert daemon.run(line).startswith("healthy: ")


# -- homes, and disks that come later --------------------------------------------------------------

HOME = "/home/anna"
PERSONAL = f"{HOME}/.config/smugsync/config.toml"


@pytest.fixture(scope="module")
def anna(machine: Machine, account: Emulated) -> Iterator[Machine]:
    """A person who has everything at home: the program, the configuration, the state and the photos."""
    machine.run("useradd -m anna && chmod 700 /home/anna")
    as_anna(machine, f'mkdir "{HOME}/My Photos" {HOME}/disk; python3 -m venv --without-pip {HOME}/venv')
    as_anna(machine, f"cp -r /opt/smugsync/lib/python3.11/site-packages {HOME}/venv/lib/python3.11/")
    as_anna(machine, f"sed s,/opt/smugsync,{HOME}/venv, {COMMAND} > {HOME}/venv/bin/smugsync")
    as_anna(machine, f"chmod +x {HOME}/venv/bin/smugsync")
    as_anna(
        machine, f'{HOME}/venv/bin/smugsync init --no-input --mirror "{HOME}/My Photos" {options(account)}'
    )
    # As `sudo` does it, where nobody has set up anything in /etc.
    machine.run("mv /etc/smugsync /etc/smugsync.away")
    machine.run(f"SUDO_USER=anna {HOME}/venv/bin/smugsync install-units && systemctl daemon-reload")
    yield machine
    machine.run("mv /etc/smugsync.away /etc/smugsync")
    machine.run(f"systemctl stop {UNIT}; umount {HOME}/disk || true; rm -r {DROP_INS}; rm -f /etc/fstab")
    machine.run(f"{COMMAND} install-units && systemctl daemon-reload")


def as_anna(machine: Machine, line: str) -> str:
    quoted = line.replace("'", "'\\''")
    return machine.run(f"su anna -s /bin/sh -c 'cd; {quoted}'")


def test_a_mirror_at_home_is_reached_through_the_armour(anna: Machine, account: Emulated) -> None:
    anna.run("systemctl start smugsync-sync@default.service")
    assert photos(anna, f"{HOME}/My Photos") == account.md5s()
    assert anna.run(f"stat -c %U '{HOME}/My Photos/.smugsync'") == "anna"
    anna.run(f"systemd-analyze security --threshold=13 {UNIT}")


def test_nothing_else_of_a_home_is_seen(anna: Machine) -> None:
    anna.run(f"touch {HOME}/diary; systemctl start {UNIT}")
    pid = anna.show(UNIT, "MainPID")
    seen = anna.run(f"ls /proc/{pid}/root{HOME}")
    assert seen.split("\n") == ["My Photos", "venv"]
    anna.run(f"systemctl stop {UNIT}")


def test_a_disk_that_comes_later_is_waited_for(anna: Machine, account: Emulated) -> None:
    anna.run(f"echo 'tmpfs {HOME}/disk tmpfs noauto,uid=1000,mode=700 0 0' > /etc/fstab")
    mirror = f"{HOME}/disk/photos"
    anna.run(f"mount {HOME}/disk && chown anna: {HOME}/disk")
    as_anna(anna, f"{HOME}/venv/bin/smugsync init --no-input --force --mirror {mirror} {options(account)}")
    anna.run(f"{HOME}/venv/bin/smugsync -q --config {PERSONAL} install-units && systemctl daemon-reload")
    # It is the same account: what the state knows of the first mirror does not belong to this one.
    anna.run(f"mv {HOME}/.local/state/smugsync/default/catalogue.db /root/")
    anna.run(f"mkdir -p /keep && mount --bind {HOME}/disk /keep && umount {HOME}/disk")
    anna.run("systemctl mask home-anna-disk.mount && systemctl daemon-reload")  # as if it were unplugged
    try:
        anna.run(f"systemctl start {UNIT}")
        anna.until(f"systemctl show -P StatusText {UNIT} | grep -qi 'mount'")
        anna.run("systemctl unmask home-anna-disk.mount && systemctl daemon-reload")
        anna.run(f"mount --bind /keep {HOME}/disk")
        anna.until(f"test $(find {mirror} -type f -not -path '*/.smugsync/*' | wc -l) -gt 5", seconds=90)
        anna.until(f"systemctl show -P StatusText {UNIT} | grep -qvi mount", seconds=60)
        assert photos(anna, mirror) == account.md5s()
    finally:
        anna.run(f"systemctl stop {UNIT}; umount {HOME}/disk /keep || true")


def test_root_has_to_install_what_is_root_s(machine: Machine) -> None:
    done = machine.try_(f"setpriv --reuid 65534 --clear-groups {COMMAND} install-units")
    assert done.returncode == 2
    assert f"run `sudo {COMMAND} install-units`" in done.stderr


def test_a_user_s_own_services_run_without_root(machine: Machine, account: Emulated) -> None:
    machine.run("id berta 2>/dev/null || useradd -m berta")
    own = "XDG_RUNTIME_DIR=/run/user/$(id -u berta)"
    become = f"{own} setpriv --reuid berta --regid berta --init-groups env HOME=/home/berta"
    machine.run("loginctl enable-linger berta")
    machine.until(f"{become} systemctl --user is-system-running | grep -Eq 'running|degraded'")
    machine.run(f"{become} {COMMAND} init --no-input --mirror /home/berta/Photos {options(account)}")
    machine.run(f"{become} {COMMAND} install-units --user")
    machine.run(
        f"{become} systemctl --user daemon-reload && {become} systemctl --user enable --now smugsync@default"
    )
    try:
        machine.until(f"{become} {COMMAND} status --healthy")
        machine.until("test $(find /home/berta/Photos -type f -not -path '*/.smugsync/*' | wc -l) -gt 5")
    finally:
        machine.run(
            f"{become} systemctl --user disable --now smugsync@default; loginctl disable-linger berta"
        )
