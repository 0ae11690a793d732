"""One account, one mirror and one command, taken back to the same moment for every trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.e2e.command import Command
from tests.e2e.emulated import SMUGSYNC, Emulated
from tests.faults import ground, judge, points
from tests.faults.ground import Ground
from tests.faults.judge import Truth
from tests.faults.operations import Operation, Scene, build_account
from tests.faults.points import Point
from tests.faults.wire import Wire, wire

#: The command works alone on a line, so that every run makes the same calls in nearly the same order.
_SETTINGS = "downloads = 1\nreserve = 0"


@dataclass
class Bench:
    """Everything a trial needs. `truth` is what the judge is told, unless a fault changes it."""

    root: Path
    ground: Ground
    online: Emulated
    command: Command
    operation: Operation
    truth: Truth
    kept_beside: Mapping[str, str] = field(default_factory=dict)

    def restore(self) -> None:
        """The moment before the run. What lies beside the mirror is not touched by anybody."""
        self.command.prefix = ()
        self.command.environ = {"SMUGSYNC_STATE_DIR": str(self.ground.state)}
        self.ground.restore()
        self.online.calm()

    @contextmanager
    def over_the_wire(self) -> Iterator[Wire]:
        """The command asks through a `Wire`."""
        with wire(self.online.origin) as line:
            self.command.environ["SMUGSYNC_REMOTE__API_URL"] = line.origin
            try:
                yield line
            finally:
                del self.command.environ["SMUGSYNC_REMOTE__API_URL"]

    def look_online_again(self) -> Truth:
        """The truth from now on: the account was edited."""
        past = self.truth.past | set(self.truth.online.values())
        self.truth = replace(self.truth, online=shown(self.online), past=frozenset(past))
        return self.truth

    @property
    def state(self) -> Path:
        return self.ground.state / "default"

    def md5s_beside(self) -> dict[str, str]:
        """The files of the directory that is only read."""
        return judge.md5sums(self.root / self.operation.beside) if self.operation.beside else {}

    def touched_beside(self) -> list[str]:
        """What was done to it; one sentence each."""
        changed = self.md5s_beside().items() ^ self.kept_beside.items()
        return sorted({f"{self.operation.beside}/{path} was changed" for path, _ in changed})

    @property
    def log(self) -> Path:
        """Where strace writes to."""
        return self.root / "calls"

    def record(self, *, reading: bool) -> list[Point]:
        """The points of an undisturbed run; `reading` adds those at which it only looks."""
        self.restore()
        self.command.prefix = points.trace(self.log)
        result = self.command.run(*self.operation.arguments)
        assert result.code == 0, result
        return points.points_of(self.log, self.root, reading=reading)


@contextmanager
def open_bench(root: Path, operation: Operation, kind: str, *, program: Path = SMUGSYNC) -> Iterator[Bench]:
    """A bench below `root`, on a `Ground` of that kind, ready for its first trial."""
    with ExitStack() as stack:
        root.mkdir(parents=True)
        place = stack.enter_context(ground.ground(root, kind))
        online = stack.enter_context(Emulated(["--albums", "0"], home=root))
        build_account(online)
        command = Command(root)
        command.program = program
        command.mirror, command.state = place.mirror, place.state / "default"
        command.catalogue = command.state / "catalogue.db"
        command.environ = {"SMUGSYNC_STATE_DIR": str(place.state)}
        command.init(online)
        command.set(_SETTINGS)
        if not operation.fresh:
            command.sync()
        scene = Scene(online, command)
        operation.change(scene)
        owed = frozenset(judge.read_disk(place.mirror).kept)
        place.keep()
        truth = Truth(
            shown(online),
            owed,
            own=frozenset(scene.own),
            rotten=frozenset(scene.rotten),
            removed=frozenset(scene.removed),
            moving=operation.moving,
        )
        bench = Bench(root, place, online, command, operation, truth)
        bench.kept_beside = bench.md5s_beside()
        yield bench


def shown(online: Emulated) -> dict[tuple[str, str], str]:
    """The account: (album key, image key) -> MD5."""
    return {
        (node["album"], image["image"]): image["md5"]
        for node in online.nodes()
        if node["type"] == "Album"
        for image in node["images"]
    }
