"""The product's watch over a directory, listened to.

`python -m benchmarks.programs.listening CONTESTANT TREE`

Prints one number, and how many directories are watched:

- `idle`: per cent of one core that the whole watcher takes in five seconds in which nothing happens;
- `seen`: milliseconds from closing a new file to the watch's word of it, the slowest of a hundred;
- `burst`: how many of 5,000 files in a new directory, written as fast as can be, the watcher reports.
"""

from __future__ import annotations

import queue
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from smugsync.local.watching.kernel import KernelWatch
from smugsync.local.watching.reports import Changed, Rescan, WatchReport
from smugsync.local.watching.watcher import Watcher

SECONDS = 5.0
FILES, BURST = 100, 5000
PATIENCE = 60.0


def idle(tree: Path) -> tuple[float, int]:
    reports: queue.SimpleQueue[WatchReport] = queue.SimpleQueue()
    watcher = _watcher(tree, reports)
    try:
        spent, began = time.process_time(), time.monotonic()
        time.sleep(SECONDS)
        used = (time.process_time() - spent) / (time.monotonic() - began)
        if not reports.empty():
            raise SystemExit(f"something happened: {reports.get()!r}")
        return 100 * used, _directories(watcher.describe())
    finally:
        watcher.close()


def seen(tree: Path) -> tuple[float, int]:
    """The files are there before: then a watch has one thing to tell of each, that it was closed."""
    told: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()
    homes = sorted(path for path in tree.glob("*/*") if path.is_dir())
    files = [homes[number * len(homes) // FILES] / f"seen-{number}.jpg" for number in range(FILES)]
    for path in files:
        path.touch()
    watch = KernelWatch(tree, touched=lambda path: told.put((path, time.perf_counter())))
    watch.open()
    worst = 0.0
    try:
        for path in files:
            with path.open("wb") as file:
                file.write(b"a photo")
                file.flush()
                closing = time.perf_counter()
            which, heard = told.get(timeout=PATIENCE)
            if which != str(path.relative_to(tree)):
                raise SystemExit(f"told of {which}")
            worst = max(worst, heard - closing)
        return 1000 * worst, watch.watched
    finally:
        watch.close()
        for path in files:
            path.unlink()


def burst(tree: Path, files: int = BURST) -> tuple[float, int]:
    """What else is reported does not count."""
    reports: queue.SimpleQueue[WatchReport] = queue.SimpleQueue()
    watcher = _watcher(tree, reports)
    told: set[str] = set()
    home = tree / "burst"
    expected = {f"burst/{number}.jpg" for number in range(files)}
    try:
        watched = _directories(watcher.describe())
        home.mkdir()
        for name in expected:
            (tree / name).write_bytes(b"a photo")
        due = time.monotonic() + PATIENCE
        while len(told) < files and (left := due - time.monotonic()) > 0:
            try:
                report = reports.get(timeout=left)
            except queue.Empty:
                break
            if not isinstance(report, Changed):  # it would find all of them by looking: not what is counted
                raise SystemExit(f"instead of files: {report!r}")
            told |= expected.intersection(report.paths)
        return float(len(told)), watched
    finally:
        watcher.close()
        shutil.rmtree(home, ignore_errors=True)


CONTESTANTS: Mapping[str, Callable[[Path], tuple[float, int]]] = {"idle": idle, "seen": seen, "burst": burst}


def _watcher(tree: Path, reports: queue.SimpleQueue[WatchReport]) -> Watcher:
    """One that stands: its first word is that everything may be new."""
    watcher = Watcher(tree, deliver=reports.put, mode="inotify", marked=False, stable=0.2)
    watcher.start()
    if not isinstance(first := reports.get(timeout=PATIENCE), Rescan):
        raise SystemExit(f"it does not stand: {first!r}")
    return watcher


def _directories(sentence: str) -> int:
    """The number that a watcher names when it describes itself: a polling one watches none."""
    if "(inotify)" not in sentence:
        raise SystemExit(f"the kernel does not tell: {sentence}")
    return int(next(word for word in sentence.split() if word[0].isdigit()).replace(",", ""))


def main(name: str, tree: Path) -> None:
    value, watched = CONTESTANTS[name](tree)
    print(value, watched)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
