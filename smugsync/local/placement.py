"""The group commit: sealed parts become visible under their names, whole and durable, or not at all.

Three barriers, each tested by cutting the power between them: a file's bytes are durable before its
name is, names are durable before anybody records them, and an old version is durable among the
versions before its name shows the new one. At every instant a name shows nothing, its whole old
bytes or its whole new bytes. One fsync per touched directory serves the whole group.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from typing import Literal

from smugsync.core.model import Fingerprint
from smugsync.errors import MirrorUnusable, SmugsyncError, Transient
from smugsync.local.handles import Root, split
from smugsync.local.part import PartFile
from smugsync.local.syscalls import fsync_directory
from smugsync.local.versions import alternatives
from smugsync.records import dataclass

#: "file": every file pays its own barriers; "batch": a group shares them; "none": the kernel's own pace.
Durability = Literal["file", "batch", "none"]


@dataclass(frozen=True, slots=True)
class Placement:
    """A sealed part and the name it goes to.

    `expected` is what the plan saw under `path` (None: nothing); anything else found there stops this
    placement. `keep` is where the old bytes go first, e.g. `.smugsync/versions/2024-05-01 120000/a.jpg`;
    None lets them go.
    """

    part: PartFile
    path: str
    expected: Fingerprint | None = None
    keep: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Visible, and durable unless durability is "none". `kept` is where the old version lies now."""

    path: str
    fingerprint: Fingerprint
    kept: str | None = None


def place(
    root: Root,
    placements: Sequence[Placement],
    *,
    durability: Durability = "batch",
    step: Callable[[str], None] = lambda _: None,
) -> list[Placed | Exception]:
    """Make `placements` visible; what became of each, in their order. Every part is used up.

    One that fails (Transient: the target is no longer what the plan saw) never spoils the others;
    once the disk fails (MirrorUnusable) the rest of the group is told the same. A file whose
    directory could not be synced is visible but reported as failed: a later scan adopts it.
    `step` is told what has just been done; it is there for tests that stop in between.
    """
    size = 1 if durability == "file" else max(len(placements), 1)
    results: list[Placed | Exception] = []
    for start in range(0, len(placements), size):
        group = placements[start : start + size]
        if results and isinstance(results[-1], MirrorUnusable):
            for one in group:
                one.part.discard()
            results += [results[-1]] * len(group)
        else:
            results += _Group(root, group, step).commit(durable=durability != "none")
    return results


@dataclass(slots=True)
class _Item:
    """One placement on its way; `failure` ends it."""

    placement: Placement
    directory: str
    name: str
    fingerprint: Fingerprint | None = None
    kept: str | None = None
    visible: bool = False
    failure: Exception | None = None


@dataclass(slots=True)
class _Group:
    root: Root
    placements: Sequence[Placement]
    step: Callable[[str], None]
    items: list[_Item] = field(default_factory=list)
    directories: dict[str, int] = field(default_factory=dict)
    unsynced: dict[str, list[_Item]] = field(default_factory=dict)

    def commit(self, *, durable: bool) -> list[Placed | Exception]:
        self.items = [_Item(one, *split(one.path)) for one in self.placements]
        try:
            self._each(lambda item: self._finish(item, durable=durable), "syncing the bytes of")
            self._each(self._secure_old, "keeping the old version of")
            self._sync_directories(durable=durable)
            self._each(self._show, "placing")
            self._sync_directories(durable=durable)
            return [self._settle(item) for item in self.items]
        finally:
            for fd in self.directories.values():
                os.close(fd)

    def _each(self, act: Callable[[_Item], None], doing: str) -> None:
        """Do one step for every item still alive, turning what goes wrong into its failure."""
        dead: MirrorUnusable | None = None
        for item in self.items:
            if item.failure is not None:
                continue
            if dead is not None:
                item.failure = dead
                continue
            try:
                act(item)
            except OSError as error:
                item.failure = self.root.explain(error, f"{doing} {item.placement.path}")
            except SmugsyncError as error:
                item.failure = error
            if isinstance(item.failure, MirrorUnusable):
                dead = item.failure

    def _finish(self, item: _Item, *, durable: bool) -> None:
        item.fingerprint = item.placement.part.finish(durable=durable)
        self.step(f"synced {item.placement.path}")

    def _secure_old(self, item: _Item) -> None:
        """Give the old bytes a second name among the versions, where hard links exist."""
        if item.placement.expected is None:
            return
        directory_fd = self._open(item.directory, create=False)
        self._last_look(item, directory_fd)
        for keep in self._keep_names(item):
            keep_directory, keep_name = split(keep)
            keep_fd = self._open(keep_directory)
            try:
                if not self.root.link(directory_fd, item.name, keep_fd, keep_name):
                    return
            except FileExistsError:
                continue
            item.kept = keep
            self.unsynced.setdefault(keep_directory, []).append(item)
            self.step(f"linked {keep}")
            return

    def _show(self, item: _Item) -> None:
        directory_fd = self._open(item.directory, create=item.placement.expected is None)
        staging_fd, part_name = item.placement.part.staging.fd, item.placement.part.file_name
        if item.placement.expected is None:
            self.root.rename_noreplace(staging_fd, part_name, directory_fd, item.name)
        else:
            self._replace(item, directory_fd)
        item.visible = True
        self.unsynced.setdefault(item.directory, []).append(item)
        self.step(f"placed {item.placement.path}")

    def _replace(self, item: _Item, directory_fd: int) -> None:
        self._last_look(item, directory_fd)
        self.step(f"looked at {item.placement.path}")
        staging_fd, part_name = item.placement.part.staging.fd, item.placement.part.file_name
        if item.kept is None and item.placement.keep is not None:
            self._move_old_away(item, directory_fd)
            try:
                if not self._kept_is_expected(item):
                    raise _changed(item.placement.path)
                self.root.rename_noreplace(staging_fd, part_name, directory_fd, item.name)
            except (OSError, Transient):
                self._bring_old_back(item, directory_fd)
                raise
        elif not self.root.exchange(staging_fd, part_name, directory_fd, item.name):
            os.rename(part_name, item.name, src_dir_fd=staging_fd, dst_dir_fd=directory_fd)
        elif not self._shows(staging_fd, part_name, item.placement.expected):
            # An editor has saved since the last look, and its work came out: put it back.
            item.placement.part.release()
            self.root.exchange(staging_fd, part_name, directory_fd, item.name)
            item.placement.part.reclaim()
            raise _changed(item.placement.path)
        else:
            with contextlib.suppress(OSError):  # only a second name is left over; the next start sweeps it
                os.unlink(part_name, dir_fd=staging_fd)

    def _shows(self, directory_fd: int, name: str, expected: Fingerprint | None) -> bool:
        try:
            return self.root.look(directory_fd, name) == expected
        except (OSError, Transient):
            return False

    def _move_old_away(self, item: _Item, directory_fd: int) -> None:
        """Without hard links the name shows nothing for a moment; the bytes always have one name."""
        for keep in self._keep_names(item):
            keep_directory, keep_name = split(keep)
            keep_fd = self._open(keep_directory)
            try:
                self.root.rename_noreplace(directory_fd, item.name, keep_fd, keep_name)
            except FileExistsError:
                continue
            item.kept = keep
            self.unsynced.setdefault(keep_directory, []).append(item)
            self.step(f"moved away {keep}")
            return

    def _kept_is_expected(self, item: _Item) -> bool:
        if item.kept is None:
            return False
        keep_directory, keep_name = split(item.kept)
        return self._shows(self._open(keep_directory), keep_name, item.placement.expected)

    def _bring_old_back(self, item: _Item, directory_fd: int) -> None:
        if item.kept is not None:
            keep_directory, keep_name = split(item.kept)
            with contextlib.suppress(OSError):
                keep_fd = self._open(keep_directory)
                self.root.rename_noreplace(keep_fd, keep_name, directory_fd, item.name)

    def _forget_spare_version(self, item: _Item) -> None:
        """The old bytes are still under their own name: the link among the versions is one too many."""
        if item.kept is None:
            return
        keep_directory, keep_name = split(item.kept)
        with contextlib.suppress(OSError, SmugsyncError):
            if self._shows(self._open(item.directory), item.name, item.placement.expected):
                os.unlink(keep_name, dir_fd=self._open(keep_directory))

    def _keep_names(self, item: _Item) -> Iterator[str]:
        """`keep` and its alternatives, on the device the target is on."""
        if item.placement.keep is None:
            return
        home = item.placement.part.staging.home
        directory, name = split(item.placement.keep)
        if home:
            directory = f"{home}/{directory}" if directory else home
        for candidate in alternatives(name):
            yield f"{directory}/{candidate}" if directory else candidate

    def _last_look(self, item: _Item, directory_fd: int) -> None:
        if self.root.look(directory_fd, item.name) != item.placement.expected:
            raise _changed(item.placement.path)

    def _open(self, directory: str, *, create: bool = True) -> int:
        """A handle that lives as long as the group does."""
        fd = self.directories.get(directory)
        if fd is None:
            fd = self.directories[directory] = self.root.open_directory(directory, create=create)
        return fd

    def _sync_directories(self, *, durable: bool) -> None:
        """Make the names durable that changed since last time, in the order they changed."""
        touched, self.unsynced = self.unsynced, {}
        dead: SmugsyncError | None = None
        for directory, items in touched.items() if durable else ():
            if dead is None:
                try:
                    fsync_directory(self.directories[directory])
                    self.step(f"synced directory {directory}")
                except OSError as error:
                    dead = self.root.explain(error, f"syncing the directory {directory or self.root.path}")
            if dead is not None:
                for item in items:
                    item.failure = item.failure or dead

    def _settle(self, item: _Item) -> Placed | Exception:
        if item.visible:
            item.placement.part.release()
        else:
            self._forget_spare_version(item)
            item.placement.part.discard()
        if item.failure is not None:
            return item.failure
        assert item.fingerprint is not None  # noqa: S101 - no failure means every step was taken
        return Placed(item.placement.path, item.fingerprint, item.kept)


def _changed(path: str) -> Transient:
    return Transient(f"{path} was changed on disk meanwhile; it is looked at again in the next cycle")
