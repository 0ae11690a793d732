"""Real files: a tree of photographs is served and mirrored back, byte by byte the same."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from tests.e2e.command import Command, sha256sums
from tests.e2e.conftest import Emulator
from tests.e2e.servers import Media

REPOSITORY = Path(__file__).parents[2]
#: Packages that carry photographs; whichever is installed lends them.
LENDERS = ("sklearn", "skimage", "imageio", "matplotlib", "scipy", "PIL")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".heic", ".mp4", ".gif", ".tif", ".tiff"})
#: Of a large collection, so much is enough.
MOST = 60


def collections() -> list[Path]:
    """Directories with pictures: one a person names, those of installed packages, and our own."""
    named = os.environ.get("E2E_PHOTOGRAPHS")
    specs = filter(None, map(importlib.util.find_spec, LENDERS))
    lent = [Path(spec.origin).parent for spec in specs if spec.origin is not None]
    own = REPOSITORY / "smugsync" / "emulator" / "media" / "assets"
    return [*([Path(named)] if named else []), *lent, own]


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A library: a folder per collection, with the folders it has, one file in two places, one at the top."""
    library = tmp_path / "library"
    for collection in collections():
        found = sorted(path for path in collection.rglob("*") if path.suffix.lower() in SUFFIXES)
        for path in found[:MOST]:
            target = library / collection.name / path.relative_to(collection)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    pictures = sorted(path for path in library.rglob("*") if path.is_file())
    shutil.copyfile(pictures[0], library / f"twin{pictures[0].suffix}")
    (library / "empty folder").mkdir()
    return library


def test_photographs_come_back(emulator: Emulator, command: Command, photographs: Path) -> None:
    online = emulator(str(photographs))
    command.init(online)
    report = command.sync()
    assert sha256sums(command.mirror) == sha256sums(photographs)
    assert report["files_verified"] == len(sha256sums(photographs)) >= 10
    print(f"{report['files_verified']} photographs, {report['bytes_downloaded']:,} bytes: all equal")
    assert command.sync()["files_downloaded"] == 0


def test_media_on_another_host(emulator: Emulator, command: Command, photographs: Path) -> None:
    """A host that was not named is not asked, whatever the service says; once it is named, it is."""
    with Media(photographs) as media:
        online = emulator(str(photographs), "--media-url", media.url)
        command.init(online)
        refused = command.run("sync")
        assert refused.code == 3, refused
        assert f"failed    {len(sha256sums(photographs))} photos: tried again at the next run" in refused.out
        assert media.requests == []
        assert command.files() == {}
        sentence = f"refused to contact 127.0.0.1:{media.port}"
        assert sentence in refused.out
        assert "remote.media_hosts" in refused.out
        assert sentence in command.run("status").out

        command.config.unlink()
        command.init(online, "--media-host", f"127.0.0.1:{media.port}")
        command.sync()
        assert sha256sums(command.mirror) == sha256sums(photographs)
        assert len(media.requests) == len(sha256sums(photographs))
        assert online.counters()["media_requests"] == 0
