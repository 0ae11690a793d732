"""The programs that scenarios need besides smugsync: installed where that can be done unasked."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence

from benchmarks.processes import PATH

PROGRAMS = ("nginx", "curl")  #: as they and their packages are called, in Debian and most others

_LOST = "Scenarios that need them are skipped, and the run fails"

Find = Callable[[str], bool]
Run = Callable[[Sequence[str]], bool]


def found(program: str) -> bool:
    return shutil.which(program, path=PATH) is not None


def ran(command: Sequence[str]) -> bool:
    """Whether `command` ended well; what it says goes to standard error if it did not."""
    env = {"PATH": f"{PATH}:/sbin", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
    env |= {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    done = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stderr[-1000:], flush=True)
    return not done.returncode


def install(find: Find = found, run: Run = ran, *, root: bool) -> str:
    """Install what is missing, by apt-get and as root; a sentence of what was done or is to do, or ""."""
    missing = [program for program in PROGRAMS if not find(program)]
    if not missing:
        return ""
    names = " and ".join(missing)
    if not find("apt-get"):
        return f"Not installed: {names}. {_LOST}; your package manager has them."
    by_hand = f"`apt-get install {' '.join(missing)}`"
    if not root:
        return f"Not installed: {names}. {_LOST}; as root, {by_hand} brings them."
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing]
    # Without a list of packages nothing is found: it is fetched only then.
    if not run(command) and not (run(["apt-get", "update", "--quiet"]) and run(command)):
        return f"Not installed: {names}. {_LOST}; {by_hand} failed here."
    if "nginx" in missing and find("systemctl"):
        run(["systemctl", "disable", "--now", "nginx"])  # the package starts a server that nobody asked for
    return f"Installed: {names}."
