"""A mirror that was made through an older interface goes on through v2, and nothing is fetched again."""

from __future__ import annotations

from pathlib import Path

import pytest

from smugsync.sync.context import Context, Scope
from smugsync.sync.rehousing import Rehoused
from tests.remotes.worlds import KINDS, Kind, RemoteWorld
from tests.sync.world import DELTA, md5

V2, *OLDER = (kind for kind in KINDS if kind.name != "pixelpost")


@pytest.mark.parametrize("former", OLDER, ids=lambda kind: kind.name)
def test_nothing_is_fetched_again(tmp_path: Path, former: Kind) -> None:
    world = RemoteWorld(tmp_path, former)
    travel = str(world.edit("add-folder", name="Travel")["node"])
    for album, seeds in ((world.album("Iceland", parent=travel), (1, 2, 3)), (world.album("Top"), (4, 5))):
        for seed in seeds:
            world.photo(album, f"{seed}.jpg", seed)
    assert world.sync().exit_code == 0
    before = world.files()
    world.kind = V2
    found = migrated(world)
    assert (found.albums, found.files, found.changed, found.left) == (2, 5, 0, 0)
    for scope in (None, DELTA):
        report = world.sync() if scope is None else world.sync(scope)
        assert (report.exit_code, report.files_downloaded, dict(report.counts)) == (0, 0, {})
    assert world.files() == before
    world.photo(album, "new.jpg", 9)
    assert world.sync(DELTA).files_downloaded == 1
    assert md5(9) in world.files().values()


def migrated(world: RemoteWorld) -> Rehoused:
    found = Rehoused()
    with world.engine() as engine:

        def body(context: Context) -> None:
            nonlocal found
            found = engine.migrate(context)

        report = engine.work(Scope("migrate"), body)
    assert (report.exit_code, report.stopped) == (0, None)
    return found
