"""What a person asks of the engine beside a sync, in a world that can be killed at any moment of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from smugsync.catalogue import Catalogue
from smugsync.errors import UsageError
from smugsync.sync.context import Context, Scope
from smugsync.sync.report import Report
from smugsync.sync.second_thoughts.resolving import Keep, find, resolve
from smugsync.sync.second_thoughts.undoing import Undone, undo
from tests.sync.crashes import WatchedWorld
from tests.sync.world import EVERYTHING, World, md5

Body = Callable[[Context], None]


class Mortal(WatchedWorld):
    """A world in which `body`, if there is one, is what the next run does."""

    body: Body | None = None

    def sync(self, scope: Scope = EVERYTHING, **changes: Any) -> Report:
        if self.body is None:
            return super().sync(scope, **changes)
        with self.engine(**changes) as engine:
            return engine.work(scope, self.body)

    def kill(self, scope: Scope, body: Body, at: int) -> bool:
        """Do `body`, and die at the moment `at`; False if it was done before."""
        self.body = body
        try:
            return self.watch(scope, killed_at=at) is None
        finally:
            self.body = None


def ok(report: Report) -> Report:
    assert (report.exit_code, report.troubles, report.stopped) == (0, [], None)
    return report


def wish_to_keep(path: str, keep: Keep) -> tuple[Scope, Body]:
    """`resolve PATH --keep KEEP`."""

    def body(context: Context) -> None:
        question = find(context.catalogue, path)
        if question is None:
            raise UsageError("there is nothing to decide")
        resolve(context, question, keep)

    return Scope("resolve", detail=f"{path} --keep {keep}"), body


def wish_to_undo(number: int, answers: list[Undone] | None = None) -> tuple[Scope, Body]:
    """`undo NUMBER`; what it came to is added to `answers`."""

    def body(context: Context) -> None:
        run = context.catalogue.run(number)
        assert run is not None
        done = undo(context, run)
        if answers is not None:
            answers.append(done)

    return Scope("undo", detail=str(number)), body


def do(world: World, wish: tuple[Scope, Body], **changes: Any) -> Report:
    with world.engine(**changes) as engine:
        return engine.work(*wish)


def last_run(world: World) -> int:
    catalogue = Catalogue.open(world.root / "state" / "catalogue.db")
    try:
        run = catalogue.last_run()
        assert run is not None
        return run.id
    finally:
        catalogue.close()


def everywhere(world: World) -> set[str]:
    """The MD5s of all files that are visible or on a shelf."""
    hidden = (world.path / ".smugsync").glob("*/*T*Z/**/*")
    return {*world.files().values()} | {md5_of(path) for path in hidden if path.is_file()}


def md5_of(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


MINE = "Rome/a.jpg"


def in_conflict(world: World) -> str:
    """a.jpg was 1, is 2 here and 3 online; where the online version lies."""
    key = world.photo(world.album("Rome"), "a.jpg", 1)
    ok(world.sync())
    world.write(MINE, 2)
    world.replace(key, 3)
    ok(world.sync())
    files = world.files()
    (online,) = files.keys() - {MINE}
    assert (files[MINE], files[online]) == (md5(2), md5(3))
    return online


def edited(world: World) -> str:
    """a.jpg is 1 online and 2 here, and recorded as such; its key."""
    key = world.photo(world.album("Rome"), "a.jpg", 1)
    ok(world.sync())
    world.write(MINE, 2)
    ok(world.sync())
    return key
