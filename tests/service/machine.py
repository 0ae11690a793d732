"""A machine of its own, with a real systemd: Debian in a directory, booted by systemd-nspawn.

It shares the network with the machine that runs the tests, so that an emulator there is within its reach.
`SMUGSYNC_TEST_BASE` may name a directory that debootstrap made before, to save the minute that it takes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.command import until

TREE = Path(__file__).parents[2]
COMMAND = "/opt/smugsync/bin/smugsync"
PACKAGES = "systemd,systemd-sysv,libpam-systemd,python3,python3-venv,dbus,tzdata"
SUITE, PYTHON = "bookworm", (3, 11)

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def hindrance() -> str:
    """Why no machine can be had here; "" if one can."""
    if os.geteuid():
        return "only root can boot a machine in a directory"
    lacking = [tool for tool in ("debootstrap", "systemd-nspawn", "nsenter") if shutil.which(tool) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)}"
    if sys.version_info[:2] != PYTHON:
        return f"the machine has Python {PYTHON[0]}.{PYTHON[1]}, for which this Python builds no wheels"
    return ""


def debian(root: Path) -> None:
    """A Debian that could boot, in the empty directory `root`."""
    base = os.environ.get("SMUGSYNC_TEST_BASE")
    if base:
        do("cp", "-a", f"{base}/.", root)
    else:
        do("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, root, seconds=900)


def build(root: Path) -> None:
    """Debian, and smugsync from a wheel of this tree with what it was locked to, in /opt/smugsync."""
    debian(root)
    wheels = root / "opt" / "wheels"
    wheels.mkdir(parents=True)
    pinned = TREE / "config" / "docker" / "requirements.txt"
    pip = (sys.executable, "-m", "pip", "-q")
    do(
        *pip,
        "wheel",
        "--use-pep517",
        "--require-hashes",
        "--no-deps",
        "-r",
        pinned,
        "-w",
        wheels,
        seconds=600,
    )
    do(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", wheels)
    inside = (
        "python3 -m venv /opt/smugsync && "
        "/opt/smugsync/bin/pip -q install --no-index --no-deps /opt/wheels/*.whl"
    )
    environ = {"PATH": _PATH, "HOME": "/root", "LANG": "C.UTF-8"}
    subprocess.run(["chroot", root, "sh", "-c", inside], check=True, timeout=300, env=environ)


@contextmanager
def booted(root: Path) -> Iterator[Machine]:
    """Boot what lies in `root`; at the end it is powered off."""
    log = root.with_name(f"{root.name}.log")
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["systemd-nspawn", "-q", "--register=no", "--keep-unit", "-D", root, "-b"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    machine = Machine(process, log)
    try:
        machine.until("systemctl is-system-running | grep -Eq 'running|degraded'", seconds=120)
        yield machine
        machine.run("systemctl --no-block poweroff")
        process.wait(60)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Machine:
    """Commands are run inside, as root."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process, self._log = process, log

    def _leader(self) -> int:
        """The guest's process 1, as this machine knows it; 0 before it is there."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        assert self._process.poll() is None, self._log.read_text(errors="replace")
        return int((children.read_text().split() or ["0"])[0])

    def try_(self, line: str, *, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a line of sh."""
        into = ["nsenter", "-t", str(self._leader()), "-m", "-u", "-i", "-n", "-p", "--"]
        environ = ["env", "-i", f"PATH={_PATH}", "HOME=/root", "LANG=C.UTF-8"]
        return subprocess.run(
            [*into, *environ, "sh", "-c", line],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def run(self, line: str, *, seconds: float = 60) -> str:
        """What a line of sh, which has to succeed, prints."""
        done = self.try_(line, seconds=seconds)
        assert done.returncode == 0, f"{line}: {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def until(self, line: str, *, seconds: float = 30) -> None:
        """Wait until a line of sh succeeds."""
        until(
            lambda: bool(self._leader()) and self.try_(line).returncode == 0,
            seconds=seconds,
            shown=lambda: line,
        )

    def show(self, unit: str, what: str) -> str:
        """A property of a unit."""
        return self.run(f"systemctl show -P {what} {unit}")

    def journal(self, unit: str) -> str:
        return self.run(f"journalctl -q -o cat --no-pager -u {unit}")


def do(*arguments: str | Path, seconds: float = 120) -> None:
    """Run a program that has to succeed, in this tree."""
    subprocess.run(list(arguments), check=True, timeout=seconds, cwd=TREE, stdout=subprocess.DEVNULL)
