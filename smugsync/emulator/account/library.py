"""A directory of photographs as an account.

Folders are folders, folders that hold files are albums, files are photos and are served as they are,
whatever their bytes. In detail:

- a folder with both becomes a folder and, inside it, an album of its name;
- files beside the top folders go to an album called `Root`;
- an empty folder is a folder;
- what lies deeper than five levels is joined: `A/B/C/D/E/F/G` becomes the album `F - G` below `E`;
- more than 5,000 files become several albums, `Name`, `Name (2)` ...;
- hidden files and folders are skipped, and so is what is neither a file nor a folder;
- of names that are not UTF-8, the bytes that are not are shown as U+FFFD;
- the format is that of the extension, `JPG` for extensions the service does not know; a video's file is
  its own rendition.

Keys depend on the paths, so that a mirror still fits after a restart and a few files more or less. Nothing
is read but the directories: a file is hashed when a listing first shows it. Albums are sorted by
file name, because a sort by capture time would have to read them all.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smugsync.emulator.account.account import MAX_IMAGES, Account
from smugsync.emulator.account.content import File
from smugsync.emulator.account.model import Node
from smugsync.emulator.account.tree import MAX_DEPTH
from smugsync.stop import Stop

ROOT_ALBUM: Final = "Root"
JOINT: Final = " - "


def fill_from_directory(
    account: Account, library: Path, root: Node | None = None, *, stop: Stop | None = None
) -> None:
    """Put everything below `library` into the account, or below the `root` of another user in it.

    No file is hashed any more after the `stop`. Raises OSError if the directory cannot be read.
    """
    _Reader(account, library, root or account.root, stop).read()


@dataclass(frozen=True, slots=True)
class _Reader:
    account: Account
    library: Path
    root: Node
    stop: Stop | None

    def read(self) -> None:
        folders, files = _scan(self.library)
        for folder in folders:
            self._add(folder, folder.name, parent=self.root)
        self._add_albums(ROOT_ALBUM, files, parent=self.root)

    def _add(self, folder: Path, name: str, *, parent: Node) -> None:
        """Add `folder` under `name`; what `parent` is too deep for is joined to the name."""
        folders, files = _scan(folder)
        if not folders and files:
            self._add_albums(name, files, parent=parent)
        elif parent.depth >= MAX_DEPTH:
            self._add_albums(name, files, parent=parent)
            for below in folders:
                self._add(below, f"{name}{JOINT}{below.name}", parent=parent)
        else:
            identity = self._identity(f"{parent.url_path}/{name}")
            node = self.account.add_folder(_shown(name), parent=parent, identity=identity)
            for below in folders:
                self._add(below, below.name, parent=node)
            self._add_albums(name, files, parent=node)

    def _add_albums(self, name: str, files: Sequence[_Found], *, parent: Node) -> None:
        for number, begin in enumerate(range(0, len(files), MAX_IMAGES), 1):
            title = name if number == 1 else f"{name} ({number})"
            identity = self._identity(f"{parent.url_path}/{title}")
            album = self.account.add_album(_shown(title), parent=parent, identity=identity)
            album.sort_method = "Filename"
            for file in files[begin : begin + MAX_IMAGES]:
                identity = self._identity(file.path.relative_to(self.library).as_posix())
                content = File(file.path, self.stop, size=file.size)
                self.account.add_photo(album, _shown(file.path.name), content, identity=identity)

    def _identity(self, path: str) -> str:
        """What the key of a thing depends on: two users may have folders of one name."""
        return path if self.root is self.account.root else f"{self.root.owner}:{path}"


@dataclass(frozen=True, slots=True, order=True)
class _Found:
    """A file, and its size in bytes."""

    path: Path
    size: int


def _shown(name: str) -> str:
    """A name as it can be said in UTF-8."""
    return os.fsencode(name).decode("utf-8", "replace")


def _scan(folder: Path) -> tuple[list[Path], list[_Found]]:
    """The folders and the files in `folder`, sorted. Links to files are files; links to folders are not
    followed, so that no tree is endless."""
    folders, files = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
            elif entry.is_file():
                with contextlib.suppress(FileNotFoundError):  # gone since
                    files.append(_Found(Path(entry.path), entry.stat().st_size))
    return sorted(folders), sorted(files)
