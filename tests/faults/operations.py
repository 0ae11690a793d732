"""What a run has to do: the account and the mirror before it, and what has changed since.

A new operation is one function and one line in `OPERATIONS`. Its `change` is told of a mirror that equals
the account (of an empty one, if `fresh`) and edits either side.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.command import Command, until
from tests.e2e.emulated import Emulated

#: Above `part.RESUMABLE`, so that half of it is kept for the next run.
LARGE = 18_000_000


@dataclass(frozen=True, slots=True)
class Scene:
    """Both sides, to be edited. What is done to the mirror by others is noted for the judge."""

    online: Emulated
    command: Command
    own: set[str] = field(default_factory=set)  #: MD5s of what a person wrote
    rotten: set[str] = field(default_factory=set)  #: MD5s of what a bad disk made of others
    removed: set[str] = field(default_factory=set)  #: paths that a person deleted

    @property
    def mirror(self) -> Path:
        return self.command.mirror

    def write(self, path: str, text: str) -> None:
        """A person saves a file, some time ago."""
        target = self.mirror / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        os.utime(target, (1_700_000_000, 1_700_000_000))
        self.own.add(hashlib.md5(text.encode()).hexdigest())

    def rot(self, path: str) -> None:
        """A bad disk changes a bit under an unchanged time."""
        target = self.mirror / path
        found, data = target.stat(), bytearray(target.read_bytes())
        data[len(data) // 2] ^= 1
        target.write_bytes(data)
        os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
        self.rotten.add(hashlib.md5(data).hexdigest())

    def remove(self, path: str) -> None:
        """A person deletes a file."""
        (self.mirror / path).unlink()
        self.removed.add(path)


@dataclass(frozen=True, slots=True)
class Operation:
    """`arguments` are those of the command, `mend` those of the ones that bring everything back after a
    fault. `moving`: it renames what is there. `beside`: a directory next to the mirror that is only read.
    """

    name: str
    change: Callable[[Scene], None]
    arguments: tuple[str, ...] = ("sync",)
    mend: tuple[tuple[str, ...], ...] = (("sync",),)
    fresh: bool = False
    moving: bool = False
    beside: str = ""


def build_account(online: Emulated) -> None:
    """Three albums, one of them in a folder; six photos and a video. The same keys every time."""
    alpha = online.edit("add-album", name="Alpha")["album"]
    folder = online.edit("add-folder", name="Folder")["node"]
    beta = online.edit("add-album", name="Beta", parent=folder)["album"]
    gamma = online.edit("add-album", name="Gamma")["album"]
    names = {
        alpha: ("a1.jpg", "a2.jpg", "a3.jpg"),
        beta: ("b1.jpg", "b2.jpg", "film.mp4"),
        gamma: ("g1.jpg",),
    }
    for album, own in names.items():
        for number, name in enumerate(own):
            online.edit("add-photo", album=album, file_name=name, seed=10 * ord(name[0]) + number)


def _nothing(scene: Scene) -> None:
    """It is all to be fetched."""


def _changes(scene: Scene) -> None:
    """Everything that may happen between two runs, short of trading names."""
    online = scene.online
    beta, gamma = online.album("Beta"), online.album("Gamma")
    online.edit("replace-photo", image=online.photo("Alpha", "a1.jpg"), seed=21)
    online.edit("delete-photo", image=online.photo("Alpha", "a2.jpg"))
    online.edit("move-photo", image=online.photo("Alpha", "a3.jpg"), to=beta)
    online.edit("rename", album=gamma, name="Delta", url_name="Delta")
    online.edit("add-photo", album=beta, file_name="b3.jpg", seed=23)
    scene.write("Alpha/mine.jpg", "a photo of a person's own")
    online.edit("replace-photo", image=online.photo("Beta", "b1.jpg"), seed=24)
    scene.write("Folder/Beta/b1.jpg", "edited by a person, and replaced online")
    (scene.mirror / "Folder/Beta/b2.jpg").rename(scene.mirror / "Folder/Beta/renamed by a person.jpg")


def _trade(scene: Scene) -> None:
    """Two albums trade their addresses, and the folder of the third gets another."""
    online = scene.online
    alpha, gamma = online.album("Alpha"), online.album("Gamma")
    folder = next(node["node"] for node in online.nodes() if node["name"] == "Folder")
    for album, name in ((alpha, "Passing"), (gamma, "Alpha"), (alpha, "Gamma")):
        online.edit("rename", album=album, name=name, url_name=name)
    online.edit("rename", node=folder, name="Cabinet", url_name="Cabinet")


def _resume(scene: Scene) -> None:
    """A large photo of which a stopped run has received half."""
    online, noise = scene.online, hashlib.shake_128(b"large").digest(LARGE)
    data = base64.b64encode(noise).decode()
    online.edit("add-photo", album=online.album("Gamma"), file_name="large.jpg", data=data)
    stall = online.fault(f"stall@/photos/*large*:at={LARGE // 2}")
    with scene.command.start("sync") as running:
        until(lambda: online.struck(stall) == 1 and _received(scene) > LARGE // 2 - (1 << 20))
        running.signal(signal.SIGTERM)
    online.calm()
    assert _received(scene), "nothing was kept of it"


def _received(scene: Scene) -> int:
    return sum(path.stat().st_size for path in (scene.mirror / ".smugsync/tmp").glob("*.part"))


# -- what people ask for by name ------------------------------------------------------------------------


def _share(scene: Scene) -> None:
    """Photos, old ones and a new one, are collected into a second album."""
    online = scene.online
    alpha, gamma = online.album("Alpha"), online.album("Gamma")
    online.edit("collect-photo", image=online.photo("Gamma", "g1.jpg"), to=alpha)
    online.edit("collect-photo", image=online.photo("Alpha", "a1.jpg"), to=gamma)
    added = online.edit("add-photo", album=alpha, file_name="both.jpg", seed=31)["image"]
    online.edit("collect-photo", image=added, to=gamma)


def _throw_away(scene: Scene) -> None:
    """With `mode = "mirror"`: what is gone online was marked two hours ago, and is to go to the trash now."""
    online = scene.online
    scene.command.set('mode = "mirror"')
    online.edit("delete-photo", image=online.photo("Alpha", "a2.jpg"))
    online.edit("delete-node", album=online.album("Gamma"))
    scene.command.sync()
    with contextlib.closing(sqlite3.connect(scene.command.catalogue)) as catalogue, catalogue:
        marked = catalogue.execute("UPDATE file SET retired_at = retired_at - 7200 WHERE retired_at > 0")
        assert marked.rowcount == 2, "not both were marked"


def _adopt(scene: Scene) -> None:
    """Another tool's folder has most of the photos, under names of its own; the mirror has none."""
    elsewhere = scene.command.root / "elsewhere"
    for number, path in enumerate(sorted(scene.mirror.rglob("*.*"))):
        if path.is_file() and ".smugsync" not in path.parts and path.name != "a1.jpg":
            target = elsewhere / f"folder {number % 2}" / f"{number}{path.suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    for album in ("Alpha", "Folder", "Gamma"):
        shutil.rmtree(scene.mirror / album)
    shutil.rmtree(scene.command.state)


def _damage(scene: Scene) -> None:
    """A photo and a video have rotted, and a photo was deleted."""
    scene.rot("Alpha/a1.jpg")
    scene.rot("Folder/Beta/film.mp4")
    scene.remove("Gamma/g1.jpg")


def _regret(scene: Scene) -> None:
    """The second run replaced two photos."""
    online = scene.online
    for number, name in enumerate(("a1.jpg", "a2.jpg")):
        online.edit("replace-photo", image=online.photo("Alpha", name), seed=41 + number)
    scene.command.sync()


def _disagree(scene: Scene) -> None:
    """A photo has changed on both sides, and both halves lie in the mirror."""
    online = scene.online
    online.edit("replace-photo", image=online.photo("Alpha", "a1.jpg"), seed=51)
    scene.write("Alpha/a1.jpg", "edited by a person, and replaced online")
    scene.command.sync()


OPERATIONS = (
    Operation("first", _nothing, fresh=True),
    Operation("changes", _changes, moving=True),
    Operation("trade", _trade, moving=True),
    Operation("resume", _resume),
    Operation("share", _share),
    Operation("trash", _throw_away, moving=True),
    Operation("adopt", _adopt, ("adopt", "elsewhere"), beside="elsewhere"),
    Operation("repair", _damage, ("verify", "--repair"), mend=(("verify", "--repair"), ("sync",))),
    Operation("undo", _regret, ("undo", "2"), moving=True),
    Operation("resolve", _disagree, ("resolve", "Alpha/a1.jpg", "--keep", "online"), moving=True),
    Operation("rebuild", _nothing, ("fsck", "--rebuild", "--yes")),
)
BY_NAME = {operation.name: operation for operation in OPERATIONS}
#: What a mirror does by itself, and what people ask for by name.
DAILY = ("first", "changes", "trade", "resume")
SELDOM = ("share", "trash", "adopt", "repair", "undo", "resolve", "rebuild")
