"""The way up: new files in the mirror are sent to an emulated account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.processes import ROOT, SMUGSYNC, BenchmarkError, Emulator, Sample, checked, measure
from benchmarks.scenario import Contestants, Moved, Scenario
from benchmarks.stage.files import empty
from smugsync.emulator.media.pictures import make_picture

KB = 1000
FILES = [150 * KB + 100 * n for n in range(1000)]
_POST, _LOOK = "httpx, 3 threads, posts", "httpx, 3 threads, posts and looks"
_OWN = "smugsync, 3 uploads"
_MOST = (1 << 16) + 1  #: bytes of a JPEG's comment, with what introduces it


def _sending(place: Path, stack: ExitStack) -> Contestants:
    photos = place / "photos"
    photos.mkdir()
    for number, size in enumerate(FILES):
        (photos / f"{number:04d}.jpg").write_bytes(_jpeg(number, size))
    home = place / "home"

    def taken(run: Callable[[Emulator, Path, str, str], Sample]) -> Callable[[], Sample]:
        """Each time to an account in which there is one photo."""

        def take() -> Sample:
            with ExitStack() as served:
                emulator = Emulator(empty(place / "emulator"), served, "--albums", "1", "--images", "1")
                emulator.configure(empty(home))
                measure([SMUGSYNC, "sync", "--quiet"], home)
                album = json.loads(measure([SMUGSYNC, "ls", "--json"], home).out)  # a line for each
                directory, key = album["path"], album["key"]
                sample = run(emulator, home, directory, key)
                after = empty(place / "after")
                emulator.configure(after)
                told = json.loads(measure([SMUGSYNC, "plan", "--json"], after).out)
                if (told["files_planned"], told["bytes_planned"]) != (len(FILES) + 1, sum(FILES) + 2000):
                    raise BenchmarkError(
                        f"the account has something else: {told}; it said {sample.out[:500]}"
                    )
                return sample

        return take

    def plain(what: str, emulator: Emulator, home: Path, directory: str, key: str) -> Sample:
        to = emulator.ready | {"album": f"/api/v2/album/{key}"}
        (home / "to.json").write_text(json.dumps(to))
        script = '"$0" -m benchmarks.programs.plain_uploads "$1" "$2" < to.json'
        command = ["sh", "-c", script, sys.executable, what, str(photos)]
        sample = measure(command, home, [emulator.pid], count=emulator.requests, PYTHONPATH=str(ROOT))
        if int(sample.out) != len(FILES):
            raise BenchmarkError(f"{sample.out} were taken")
        return sample

    def own(emulator: Emulator, home: Path, directory: str, key: str) -> Sample:
        # Hard links; a file whose inode has changed so lately is not at rest yet, which is off the clock.
        subprocess.run(["cp", "-l", *photos.iterdir(), home / "mirror" / directory], check=True)
        time.sleep(_AT_REST + 0.2)
        settings = {"SMUGSYNC_UPLOAD__ENABLED": "true", "SMUGSYNC_UPLOAD__STABLE": f"{_AT_REST}s"}
        command = [SMUGSYNC, "upload", "--existing", "--json"]
        sample = measure(command, home, [emulator.pid], count=emulator.requests, **settings)
        return checked(sample, files_sent=len(FILES))

    return {
        _POST: taken(partial(plain, "post")),
        _LOOK: taken(partial(plain, "look")),
        _OWN: taken(own),
    }


_AT_REST = 1  #: seconds that nothing must have happened to a file for
SENDING = Scenario(
    "sending",
    "1,000 photos of 150 to 250 kB sent to an account; one baseline posts and forgets, the other asks after "
    "each how the service shows it, as smugsync does, which writes it down before it leaves as well; the "
    "emulator, which is Python, is what everybody waits for",
    _sending,
    moved=Moved(len(FILES), sum(FILES)),
    space=2.0,
    long=True,
)
SCENARIOS: Mapping[str, Scenario] = {SENDING.name: SENDING}


def _jpeg(number: int, size: int) -> bytes:
    """A picture, made up to `size` bytes by comments that nobody can compress."""
    picture = make_picture(number, taken=None)
    left, segments = size - len(picture), list[bytes]()
    while left:
        words = min(left, _MOST)
        if 0 < left - words < 4:  # too little for one more
            words -= 4
        segments.append(b"\xff\xfe" + (words - 2).to_bytes(2, "big") + os.urandom(words - 4))
        left -= words
    return b"".join((picture[:2], *segments, picture[2:]))
