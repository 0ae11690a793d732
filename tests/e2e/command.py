"""The installed command in an empty home of its own: run, watched, and held to its manners.

Whatever a test asks of it, no run may print a traceback or a secret.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.e2e import warm
from tests.e2e.emulated import INSTALLED, OF_OTHERS, SMUGSYNC
from tests.e2e.record import RECORD, files_that_hold

#: Longer than any command may take; one that reaches it has failed.
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended. `seconds` is how long it took, or how long it lived after a signal."""

    code: int
    out: str
    err: str
    seconds: float = 0.0

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    def error(self, code: int) -> str:
        """The one sentence of a run that ended with `code`."""
        assert self.code == code, self
        errors = [line for line in self.err.splitlines() if line.startswith("smugsync: error: ")]
        assert len(errors) == 1, self
        return errors[0].removeprefix("smugsync: error: ")


class Running:
    """A command under way; `with` sees to it that it ends."""

    def __init__(self, process: subprocess.Popen[str], check: Callable[[Result], Result]) -> None:
        self.process = process
        self._check = check

    def __enter__(self) -> Running:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        said = self.process.communicate()[1]
        if kind is not None:  # the test fails: what the command said may tell why
            print(said)

    def signal(self, *numbers: signal.Signals, pause: float = 0.0) -> Result:
        """Send signals one after the other; the result says how long the process outlived the first."""
        began = time.monotonic()
        for number in numbers:
            self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(pause)
        return self._finish(began)

    def finish(self) -> Result:
        return self._finish(time.monotonic())

    def _finish(self, began: float) -> Result:
        out, err = self.process.communicate(timeout=PATIENCE)
        return self._check(Result(self.process.returncode, out, err, time.monotonic() - began))


class Announced(Protocol):
    """An emulator that listens: what it printed, and the secrets among that."""

    @property
    def ready(self) -> dict[str, str]: ...

    @property
    def secrets(self) -> list[str]: ...


class Command:
    """One home, one mirror. `environ` is added to what every run is given.

    `prefix` stands before the command, for tracers and the like; `program` is another build of it.
    """

    def __init__(self, root: Path, *, secrets: list[str] | None = None) -> None:
        self.root = root
        self.home = root / "home"
        self.mirror = root / "mirror"
        self.config = self.home / ".config" / "smugsync" / "config.toml"
        self.state = self.home / ".local" / "state" / "smugsync" / "default"
        self.catalogue = self.state / "catalogue.db"
        self.secrets = secrets or []
        self.environ: dict[str, str] = {}
        self.prefix: Sequence[str] = ()
        self.may_trace = False  #: a traceback is what the test asks for
        self.program = SMUGSYNC

    # -- running -----------------------------------------------------------------------------------

    def run(self, *arguments: str, stdin: str | None = None, **environ: str) -> Result:
        """Run the command to its end. Keywords become environment variables."""
        began = time.monotonic()
        words = [*self.prefix, str(self.program), *arguments]
        whole = self._environ(environ)
        done = None
        if words[0] == str(INSTALLED):
            done = warm.run(words, whole, self.root, stdin=stdin, timeout=PATIENCE)
        if done is None:
            done = subprocess.run(
                words,
                env=whole,
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
                cwd=self.root,
            )
        return self._check(Result(done.returncode, done.stdout, done.stderr, time.monotonic() - began))

    def shell(self, line: str) -> Result:
        """Run a line of sh, in which $SMUGSYNC is the command."""
        done = subprocess.run(
            ["sh", "-c", line],
            env=self._environ({"SMUGSYNC": str(SMUGSYNC)}),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            cwd=self.root,
        )
        return self._check(Result(done.returncode, done.stdout, done.stderr))

    def start(self, *arguments: str, **environ: str) -> Running:
        """Begin to run the command."""
        return self._start(arguments, environ, stdin=subprocess.DEVNULL)

    def converse(self, *arguments: str) -> Running:
        """Begin to run the command, with somebody who may write to its standard input."""
        return self._start(arguments, {}, stdin=subprocess.PIPE)

    def _start(self, arguments: tuple[str, ...], environ: Mapping[str, str], *, stdin: int) -> Running:
        process = subprocess.Popen(
            [*self.prefix, self.program, *arguments],
            env=self._environ(environ),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.root,
        )
        return Running(process, self._check)

    def init(self, emulated: Announced, *arguments: str, **replaced: str) -> Result:
        """`init --no-input` with what the emulator announced, some of it `replaced`; "" leaves it out."""
        self.secrets = emulated.secrets
        values = {name: value for name, value in emulated.ready.items() if name not in OF_OTHERS}
        values |= {"mirror": str(self.mirror)} | replaced
        options = [word for name, value in values.items() for word in (f"--{name.replace('_', '-')}", value)]
        result = self.run("init", "--no-input", *options, *arguments)
        assert result.code == 0, result
        return result

    def sync(self, *arguments: str, **environ: str) -> dict[str, Any]:
        """A sync that has to succeed; its summary."""
        result = self.run("sync", "--json", *arguments, **environ)
        assert result.code == 0, result
        return result.json

    def refused(self, *arguments: str, code: int = 78, **environ: str) -> str:
        """The one sentence of a command that has to end with `code`."""
        return self.run(*arguments, **environ).error(code)

    def set(self, text: str) -> None:
        """Put lines at the top of the configuration."""
        self.config.write_text(f"{text}\n{self.config.read_text()}")

    def _environ(self, added: Mapping[str, str]) -> dict[str, str]:
        plain = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PYTHONWARNINGS": "error",
        }
        return {**plain, **self.environ, **added}

    def _check(self, result: Result) -> Result:
        everything = result.out + result.err
        RECORD.hear(self.home.parent.name, everything)
        assert self.may_trace or "Traceback" not in everything, everything
        assert self.may_trace or "unexpected" not in result.err, everything
        for secret in self.secrets:
            assert secret not in everything, f"a secret was printed: {everything}"
        leaks = list(files_that_hold(self.secrets, self.home / ".local"))
        assert not leaks, f"a secret was written down: {leaks}"
        return result

    # -- what lies on the disk ---------------------------------------------------------------------

    def files(self) -> dict[str, str]:
        """Visible files: path in the mirror -> MD5."""
        return {path: _md5(self.mirror / path) for path in _walk(self.mirror) if ".smugsync" not in path}

    def md5s(self) -> list[str]:
        return sorted(self.files().values())

    def everything(self) -> dict[str, str]:
        """Every file of the mirror and of the state, but for what merely shows that somebody looked."""
        passing = ("catalogue.db-wal", "catalogue.db-shm")
        return {
            f"{place.name}/{path}": _md5(place / path)
            for place in (self.mirror, self.state)
            if place.is_dir()
            for path in _walk(place)
            if not path.endswith(passing)
        }

    def parts(self) -> list[str]:
        """What lies in the staging directory."""
        return _walk(self.mirror / ".smugsync" / "tmp")


def sha256sums(root: Path) -> list[str]:
    """The sorted checksums of every visible file below `root`, by the tool that a photographer would use."""
    paths = [str(root / path) for path in _walk(root) if ".smugsync" not in path]
    if not paths:
        return []
    listed = subprocess.run(["sha256sum", "--", *paths], capture_output=True, text=True, check=True)
    return sorted(line.lstrip("\\").split()[0] for line in listed.stdout.splitlines())


def until(
    condition: Callable[[], bool], *, seconds: float = 20.0, shown: Callable[[], object] = lambda: ""
) -> None:
    """Wait for something another process does. Fails after `seconds`, and says what is `shown` then."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not happen in time {shown()}".rstrip()
        time.sleep(0.01)


def _walk(root: Path) -> list[str]:
    return sorted(_each(root, root))


def _each(directory: Path, root: Path) -> Iterator[str]:
    for folder, _, names in os.walk(directory):
        for name in names:
            yield (Path(folder) / name).relative_to(root).as_posix()


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
