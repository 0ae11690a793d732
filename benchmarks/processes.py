"""The processes of a benchmark: commands that are measured, and the servers they talk to, on loopback."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]  #: of the repository
PATIENCE = 600.0  #: seconds; a command that takes longer has failed
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
SMUGSYNC = str(Path(sys.executable).with_name("smugsync"))
#: What the emulator announces, and `init` wants to know, for SmugMug's API v2.
OPTIONS = (
    *("api_url", "upload_url", "oauth_url"),
    *("api_key", "api_secret", "access_token", "access_token_secret"),
)
Count = Callable[[], int]

#: In a session of its own, to be ended whole: an interrupt at the keyboard is ours alone.
_start = partial(subprocess.Popen[str], stdin=subprocess.DEVNULL, text=True, start_new_session=True)


class BenchmarkError(Exception):
    """A contestant or a server did not do what is measured, so that there is no figure."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of a command: seconds by the clock, CPU seconds, peak RSS in MB, its standard output.

    `server` is the CPU seconds of the servers meanwhile, `requests` what the emulator answered, `amount`
    whatever else a scenario counts.
    """

    wall: float
    cpu: float
    rss: float
    server: float
    requests: int
    out: str
    amount: float = 0.0


def measure(
    command: Sequence[str], home: Path, servers: Sequence[int] = (), *, count: Count = int, **env: str
) -> Sample:
    """Run `command` in `home` and wait for it. Raises BenchmarkError if it fails or outlasts `PATIENCE`."""
    with (home / "stdout").open("w+") as out, (home / "stderr").open("w+") as err:
        asked, spent, began = count(), sum(map(_cpu, servers)), time.perf_counter()
        process = _start(command, cwd=home, env=_environ(home) | env, stdout=out, stderr=err)
        try:
            watch = os.pidfd_open(process.pid)
            select.select([watch], [], [], PATIENCE)
            wall = time.perf_counter() - began
            os.close(watch)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # it has ended, or was too slow, or we are to end
            # Not Popen.wait, which drops what the kernel says about the resources.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        spent = sum(map(_cpu, servers)) - spent
        if process.returncode:
            err.seek(0)
            raise BenchmarkError(f"{command[:2]} ended with {process.returncode}: {err.read()[-500:]}")
        out.seek(0)
        cpu = usage.ru_utime + usage.ru_stime
        return Sample(wall, cpu, usage.ru_maxrss / 1024, spent, count() - asked, out.read())


def checked(sample: Sample, **expected: object) -> Sample:
    """Raises BenchmarkError unless its output, the summary of a command, says what is `expected`."""
    said = json.loads(sample.out)
    wrong = {name: said.get(name) for name, value in expected.items() if said.get(name) != value}
    if wrong:
        raise BenchmarkError(f"the result is wrong: {str(wrong)[:500]}")
    return sample


class Emulator:
    """`smugsync emulator` with `arguments`, until the stack is left."""

    def __init__(self, place: Path, stack: ExitStack, *arguments: str) -> None:
        process = stack.enter_context(serving([SMUGSYNC, "emulator", *arguments], place))
        assert process.stdout is not None
        listening, _, _ = select.select([process.stdout], [], [], 15)
        if not (line := process.stdout.readline() if listening else ""):
            raise BenchmarkError("the emulator does not listen")
        self.pid, self._ready = process.pid, json.loads(line)

    @property
    def ready(self) -> dict[str, str]:
        """What it announced: the addresses and credentials named in `OPTIONS`."""
        return {name: self._ready[name] for name in OPTIONS}

    def configure(self, home: Path, *arguments: str) -> None:
        """Set up `smugsync` in `home` for this account, with the mirror inside."""
        values = self.ready | {"mirror": str(home / "mirror")}
        options = [f"--{name.replace('_', '-')}={value}" for name, value in values.items()]
        measure([SMUGSYNC, "init", "--no-input", *options, *arguments], home)

    def requests(self) -> int:
        """How many requests it has answered so far; asking is not counted."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self._ready['api_url']}/_emulator/counters", timeout=10) as answer:
            return sum(row["count"] for row in json.load(answer)["requests"])

    def edit(self, name: str, **arguments: object) -> None:
        """Something changes online: one of the emulator's edits."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        address = f"{self._ready['api_url']}/_emulator/edits/{name}"
        opener.open(address, json.dumps(arguments).encode(), timeout=10).close()


@contextmanager
def serving(command: Sequence[str], home: Path) -> Iterator[subprocess.Popen[str]]:
    with _start(command, cwd=home, env=_environ(home), stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # there is nothing that a server would have to save


def _environ(home: Path) -> dict[str, str]:
    """Nobody's proxies and settings take part."""
    return {"PATH": PATH, "HOME": str(home), "LANG": "C.UTF-8"}


def _cpu(pid: int) -> float:
    """CPU seconds of a process and its living children so far, in ticks of mostly 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(_cpu(int(child)) for child in children)
