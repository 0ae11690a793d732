"""What the downloads bring is counted while they bring it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from smugsync.core.model import Promise, RemoteFile
from smugsync.errors import Transient
from smugsync.remote.gallery import Sink
from smugsync.stop import Stop
from smugsync.sync.cycle.meter import Metered
from smugsync.sync.cycle.throttle import Count
from tests.remote.doubles import MemorySink
from tests.sync.world import World

FILE = RemoteFile("a", "k", "a.jpg", promised=Promise(size=1024))


@dataclass
class Source:
    """Brings 1,000 bytes, in two pieces, and looks at the meter in between."""

    seen: list[Count] = field(default_factory=list)
    meter: Metered | None = None
    breaks: bool = False
    only_whole: bool = True

    def look(self, file: RemoteFile) -> RemoteFile:
        return file

    def download(
        self, file: RemoteFile, sink: Sink, *, stop: Stop, progress: Callable[[int], None] | None = None
    ) -> object:
        assert progress is not None
        assert self.meter is not None
        progress(600)
        self.seen.append(self.meter.count())
        if self.breaks:
            raise Transient("the line broke")
        progress(400)
        return "received"


def metered(*, breaks: bool = False) -> tuple[Metered, Source]:
    source = Source(breaks=breaks)
    source.meter = Metered(source)
    return source.meter, source


def test_bytes_count_as_they_arrive_and_a_file_once_it_is_there() -> None:
    meter, source = metered()
    told: list[int] = []
    assert meter.download(FILE, MemorySink(), stop=Stop(), progress=told.append) == "received"
    assert source.seen == [Count(size=600, files=0, active=1, scales=(10.0,))]
    assert meter.count() == Count(size=1000, files=1, active=0, scales=(10.0,))
    assert told == [600, 400]


def test_what_breaks_off_is_no_file_and_does_not_go_on() -> None:
    meter, _ = metered(breaks=True)
    with pytest.raises(Transient):
        meter.download(FILE, MemorySink(), stop=Stop())
    assert meter.count() == Count(size=600, files=0, active=0, scales=(10.0,))


def test_threads_are_summed_up() -> None:
    meter, _ = metered()
    threads = [
        threading.Thread(target=meter.download, args=(FILE, MemorySink()), kwargs={"stop": Stop()})
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (meter.count().size, meter.count().files) == (8000, 8)


def test_the_rest_is_as_its_source_has_it() -> None:
    meter, _ = metered()
    assert meter.only_whole
    assert meter.look(FILE) is FILE


def test_a_run_whose_number_of_downloads_adapts_mirrors_everything(tmp_path: Path) -> None:
    world = World(tmp_path)
    album = world.album("Trip")
    for number in range(40):
        world.photo(album, f"{number}.jpg", number)
    assert world.sync(downloads=None).exit_code == 0
    assert sorted(world.files().values()) == world.online()
