"""What lies below a directory, by three ways of looking.

`python -m benchmarks.programs.walks CONTESTANT TREE`

`own`: the product's scan of a mirror. `walk`: `os.walk` and `os.stat`. `snapshot`: watchdog's
`DirectorySnapshot`. Each keeps every file's size and time by its path. Prints how many files there were and
the seconds it took, without the start of Python.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from watchdog.utils.dirsnapshot import DirectorySnapshot

from smugsync.local.tree import Mirror


def own(tree: Path) -> int:
    with Mirror.open(tree) as mirror:
        return len({local.path: local.fingerprint for local in mirror.scan()})


def walk(tree: Path) -> int:
    found: dict[str, tuple[int, int]] = {}
    for directory, _, names in os.walk(tree):
        for name in names:
            path = f"{directory}/{name}"
            seen = os.stat(path)  # noqa: PTH116 - the plainest way is what is compared with
            found[path] = seen.st_size, seen.st_mtime_ns
    return len(found)


def snapshot(tree: Path) -> int:
    """Directories are among its paths, and told apart by the mode that it keeps."""
    taken = DirectorySnapshot(str(tree))
    return sum(not taken.isdir(path) for path in taken.paths)


CONTESTANTS: Mapping[str, Callable[[Path], int]] = {"own": own, "walk": walk, "snapshot": snapshot}


def main(name: str, tree: Path) -> None:
    began = time.perf_counter()
    files = CONTESTANTS[name](tree)
    print(files, time.perf_counter() - began)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
