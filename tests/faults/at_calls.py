"""Faults that strike at a storage call, brought in by strace."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.command import PATIENCE, Result, Running, until
from tests.faults import judge
from tests.faults.bench import Bench
from tests.faults.ground import cannot_make, lacks
from tests.faults.judge import Truth
from tests.faults.means import Struck, Where
from tests.faults.points import CHANGES, STEPS, Point

#: How long a run may need to get to a point, in seconds.
ARRIVES_WITHIN = 30.0
#: What a write answers that has done all it was asked for, however much that was.
MORE_THAN_EVERYTHING = 1 << 30


def cannot_trace() -> str:
    """Why strace cannot be used here; "" if it can."""
    why = lacks("strace")
    if why:
        return why
    trial = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return "" if trial.returncode == 0 else "ptrace is not allowed here"


def inject(bench: Bench, point: Point, what: str, *, environ: Sequence[str] = ()) -> list[str]:
    """strace, told to do `what` at one point; `environ` is for the command alone."""
    return [
        *("strace", "-f", "-qq", "-o", str(bench.log)),
        *(word for setting in environ for word in ("-E", setting)),
        *(word for path in point.paths(bench.root, now=time.time()) for word in ("-P", path)),
        *("-e", f"trace={point.call}", "-e", f"inject={point.call}:{what}"),
    ]


def at(point: Point) -> str:
    """The end of an injection that strikes once."""
    return f":when={point.number}"


def run_traced(bench: Bench, prefix: Sequence[str]) -> Result:
    """Run the operation's command behind `prefix`, strace; one that never ends is ended."""
    bench.command.prefix = prefix
    with bench.command.start(*bench.operation.arguments) as running:
        bench.command.prefix = ()
        try:
            return running.finish()
        except subprocess.TimeoutExpired:
            send(signal.SIGKILL, child_of(running))  # without it, strace would leave it behind
            raise


def child_of(running: Running) -> int:
    """The command's process, below strace's; 0 if there is none."""
    strace = running.process.pid
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{strace}/task/{strace}/children").read_text().split()
        return int(children[0]) if children else 0
    return 0


def send(number: signal.Signals, pid: int) -> None:
    """Signal a process, if there is one (0 would be all of ours)."""
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@dataclass(frozen=True)
class _AtCalls:
    """Strikes at storage calls."""

    ground: str = "directory"
    calls: frozenset[str] = CHANGES
    steps: frozenset[str] = frozenset(STEPS)

    def lacks(self) -> str:
        return cannot_trace() or cannot_make(self.ground)

    def places(self, bench: Bench) -> Sequence[Where]:
        reading = not self.calls <= CHANGES
        found = bench.record(reading=reading)
        return [point for point in found if point.call in self.calls and point.step in self.steps]


@dataclass(frozen=True)
class Killed(_AtCalls):
    """SIGKILL as the call begins. With `power`, what was not synced by then is gone as well."""

    power: bool = False

    def strike(self, bench: Bench, where: Where) -> Struck:
        assert isinstance(where, Point)
        result = run_traced(bench, inject(bench, where, "signal=SIGKILL" + at(where)))
        if self.power and bench.ground.disk is not None:
            bench.ground.disk.fail()
            bench.ground.heal()
        return Struck(result, result.code == -signal.SIGKILL)


@dataclass(frozen=True)
class Refused(_AtCalls):
    """The call does nothing and answers with an error; or, with `lie`, as if it had done everything."""

    code: str = "EIO"
    lie: bool = False

    def strike(self, bench: Bench, where: Where) -> Struck:
        assert isinstance(where, Point)
        result = run_traced(bench, inject(bench, where, self._answer + at(where)))
        return Struck(result, "(INJECTED)" in bench.log.read_text(errors="replace"))

    @property
    def _answer(self) -> str:
        return f"retval={MORE_THAN_EVERYTHING}" if self.lie else f"error={self.code}"


@dataclass(frozen=True)
class Slow(_AtCalls):
    """Every call of a kind on one path takes `seconds` longer."""

    seconds: float = 0.2

    def places(self, bench: Bench) -> Sequence[Where]:
        kinds = {
            (point.call, point.path): point for point in super().places(bench) if isinstance(point, Point)
        }
        return list(kinds.values())

    def strike(self, bench: Bench, where: Where) -> Struck:
        assert isinstance(where, Point)
        result = run_traced(bench, inject(bench, where, f"delay_enter={int(self.seconds * 1_000_000)}"))
        return Struck(result, "(DELAYED)" in bench.log.read_text(errors="replace"))


Act = Callable[[Bench, int], Truth | None]


@dataclass(frozen=True)
class Meanwhile(_AtCalls):
    """The process is stopped as a call is done, looked at, `act` happens, and it goes on.

    `act` is told the process id, and returns what is true from then on if that has changed. `end` takes
    back what it did, and says in sentences what is wrong with what it finds. `environ` is for the command
    alone.
    """

    act: Act = lambda bench, pid: None
    end: Callable[[Bench], Sequence[str]] = lambda bench: ()
    environ: Callable[[Bench], Sequence[str]] = lambda bench: ()
    needs: Callable[[], str] = lambda: ""

    def lacks(self) -> str:
        return super().lacks() or self.needs()

    def strike(self, bench: Bench, where: Where) -> Struck:
        assert isinstance(where, Point)
        bench.command.prefix = inject(bench, where, "signal=SIGSTOP" + at(where), environ=self.environ(bench))
        bench.log.unlink(missing_ok=True)
        wrong: list[str] = []
        try:
            with bench.command.start(*bench.operation.arguments) as running:
                bench.command.prefix = ()  # `act` may run the command as well
                stopped = Stopped(running, bench.log)
                try:
                    reached = stopped.wait()
                    wrong += judge.at_rest(bench.ground.mirror, bench.state, bench.truth)
                    truth = self.act(bench, stopped.pid) if reached else None
                finally:
                    stopped.go_on()
                result = running.finish()
        finally:
            wrong += self.end(bench)
        return Struck(result, reached, truth, wrong)


@dataclass
class Stopped:
    """A command under strace that stops itself at a point. `pid` is its process, once it stands still."""

    running: Running
    log: Path
    pid: int = field(default=0, init=False)

    def wait(self) -> bool:
        """Until all of its threads stand still; False if it ended instead."""
        until(lambda: self._has_ended() or self._has_arrived(), seconds=ARRIVES_WITHIN)
        return not self._has_ended()

    def go_on(self) -> None:
        """Let it run; and again, where a second thread stops it at the same number, until it ends."""
        with contextlib.suppress(AssertionError):
            until(lambda: self._has_ended() or self._nudge(), seconds=PATIENCE)
        if not self._has_ended():
            send(signal.SIGKILL, self.pid)

    def _has_ended(self) -> bool:
        return self.running.process.poll() is not None

    def _has_arrived(self) -> bool:
        if "stopped by SIGSTOP" not in self._logged():
            return False
        self.pid = child_of(self.running)
        return self._stands_still()

    def _nudge(self) -> bool:
        """Wake it if it sleeps. It has not ended for that."""
        self.pid = self.pid or child_of(self.running)
        if self._stands_still():
            send(signal.SIGCONT, self.pid)
        return False

    def _logged(self) -> str:
        with contextlib.suppress(FileNotFoundError):
            return self.log.read_text(errors="replace")
        return ""

    def _stands_still(self) -> bool:
        with contextlib.suppress(OSError):
            tasks = list(Path(f"/proc/{self.pid}/task").iterdir()) if self.pid else []
            states = [(task / "stat").read_text().rpartition(")")[2].split()[0] for task in tasks]
            return bool(states) and all(state in "tT" for state in states)
        return False
