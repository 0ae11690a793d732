"""Files that are moved or proven, and empty places for them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Library:
    """Files of random bytes below `root`, four albums of them; `sizes` in bytes."""

    root: Path
    sizes: Sequence[int]

    def __post_init__(self) -> None:
        for name, size in zip(self.names, self.sizes, strict=True):
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for start in range(0, size, 1 << 24):
                    file.write(os.urandom(min(1 << 24, size - start)))

    @cached_property
    def names(self) -> list[str]:
        return [f"Album-{n % 4}/IMG_{n:04d}.jpg" for n in range(len(self.sizes))]

    @cached_property
    def sums(self) -> list[str]:
        return md5s(self.root)

    @property
    def bytes(self) -> int:
        return sum(self.sizes)


def md5s(root: Path) -> list[str]:
    """What lies in the albums below `root`, sorted."""
    found = []
    for path in root.glob("[!.]*/*"):
        with path.open("rb") as file:
            found.append(hashlib.file_digest(file, "md5").hexdigest())
    return sorted(found)


def empty(place: Path) -> Path:
    """An empty directory, and a disk that owes nothing for what lay there before."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    subprocess.run(["sync", "-f", place], check=True)
    return place
