"""Builds of the command with one deliberate fault each, in a copy of the package.

They show that the trials can fail: each is found out by the fault that is named with it.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import smugsync

_LAUNCHER = """\
#!{python}
import sys
sys.path.insert(0, {place!r})
from smugsync.cli import main
sys.exit(main())
"""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`sound` is replaced by `broken` in one module; `fault` at a step of `kinds` brings it to light."""

    name: str
    module: str
    sound: str
    broken: str
    fault: str
    kinds: str
    told: str  #: part of what a violation says

    def build(self, place: Path) -> Path:
        """The command, below `place`."""
        shutil.copytree(
            Path(smugsync.__file__).parent, place / "smugsync", ignore=shutil.ignore_patterns("__pycache__")
        )
        module = place / "smugsync" / self.module
        text = module.read_text()
        assert text.count(self.sound) == 1, f"{self.module} has changed: {self.name} has to follow"
        module.write_text(text.replace(self.sound, self.broken))
        launcher = place / "smugsync-broken"
        launcher.write_text(_LAUNCHER.format(python=sys.executable, place=str(place)))
        launcher.chmod(0o755)
        return launcher


_SHOW = "self.root.rename_noreplace(staging_fd, part_name, directory_fd, item.name)\n"
_COPY = """\
with open(self.root.path / ".smugsync/tmp" / part_name, "rb") as source, open(
                self.root.path / item.placement.path, "wb", buffering=0
            ) as target:
                while piece := source.read(4096):
                    target.write(piece)
            os.unlink(part_name, dir_fd=staging_fd)
"""
_RECORD = """\
from smugsync.core.model import Fingerprint
                    early = Placed(placed.job.path, Fingerprint(placed.found.size, 0))
                    self._recorder.commit([placed], [early])
                    self._committer.give(placed)
"""

MUTANTS = (
    Mutant(
        "bytes are not synced before they get their name",
        "local/part.py",
        "            fsync_data(self._fd)\n",
        "            pass\n",
        "power cut, catalogue elsewhere",
        "catalogue",
        "bytes that nobody ever had",
    ),
    Mutant(
        "names are not synced before they are recorded",
        "local/placement.py",
        "fsync_directory(self.directories[directory])",
        "pass",
        "power cut, catalogue elsewhere",
        "catalogue",
        "is recorded as committed and shows",
    ),
    Mutant(
        "rows are written before files have their names",
        "sync/cycle/loop.py",
        "self._committer.give(placed)\n",
        _RECORD,
        "killed",
        "part",
        "is recorded as committed and shows",
    ),
    Mutant(
        "files are written in place",
        "local/placement.py",
        f"            {_SHOW}        else:",
        f"            {_COPY}        else:",
        "killed",
        "album",
        "bytes that nobody ever had",
    ),
    Mutant(
        "old versions are not kept",
        "sync/cycle/feeder.py",
        "keep = shelf_path(path, self.context.stamp, shelf) if expected is not None else None",
        "keep = None",
        "killed",
        "lock",
        "bytes are lost",
    ),
    Mutant(
        "a full disk is passed over in silence",
        "sync/cycle/recorder.py",
        "            raise broken\n",
        "            pass\n",
        "no space left",
        "part",
        "it said 0, and",
    ),
    Mutant(
        "what a killed process left is not swept away",
        "local/part.py",
        "os.unlink(entry, dir_fd=staging.fd)",
        "pass",
        "killed",
        "part",
        "was left behind",
    ),
)
