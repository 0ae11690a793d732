"""What the installed command touches on the disk, as the kernel saw it: the mirror, the state, the
configuration's directory, and nothing else."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from smugsync.emulator.serve import running
from tests.e2e.command import Command
from tests.security import strace
from tests.security.liar import Liar, renaming
from tests.security.names import NAMES, assert_harmless
from tests.security.tour import set_up

#: A process may write to its terminal and to the bit bucket.
DEVICES = frozenset(map(Path, ("/dev/null", "/dev/tty", "/dev/pts/ptmx")))


@pytest.fixture
def command(tmp_path: Path) -> Command:
    strace.require()
    return Command(tmp_path)


def traced(command: Command, *words: str, codes: Sequence[int] = (0,)) -> list[strace.Touch]:
    """Run the command under strace; what it touched outside the places that are its own."""
    log = command.root / "strace.log"
    command.prefix = strace.prefix(log)
    try:
        result = command.run(*words, PYTHONDONTWRITEBYTECODE="1", TMPDIR=str(command.root / "temporary"))
    finally:
        command.prefix = ()
    assert result.code in codes, result
    touches = list(strace.touched(log))
    assert Counter(touch.call for touch in touches), "strace saw nothing"
    own = (command.mirror, command.state, command.config.parent, command.root / "temporary")
    return [touch for touch in touches if touch.path not in DEVICES and not _is_own(touch, own)]


def _is_own(touch: strace.Touch, own: Sequence[Path]) -> bool:
    """Below one of our places, or a directory that is made on the way to one."""
    if touch.call.startswith("mkdir") and any(place.is_relative_to(touch.path) for place in own):
        return True
    return any(touch.path.is_relative_to(place) for place in own)


def test_the_trace_would_notice(command: Command) -> None:
    log, outside = command.root / "strace.log", command.root / "outside.txt"
    command.prefix = strace.prefix(log)
    command.program = Path("/bin/sh")
    command.run("-c", f"echo > {outside}; mv {outside} {outside}2; chmod 600 {outside}2; rm {outside}2")
    seen = {touch.call for touch in strace.touched(log) if str(touch.path).startswith(str(outside))}
    assert len(seen) == 4, seen


@pytest.mark.parametrize("layout", ["url-path", "names"])
def test_hostile_names_lead_a_sync_nowhere_else(command: Command, layout: str) -> None:
    liar = Liar()
    (command.root / "temporary").mkdir()
    everything = [name for names in NAMES.values() for name in names[:4]]
    with running(liar.settings, emulator=liar) as service:
        set_up(command, service)
        command.set(f'layout = "{layout}"')
        photos, titles, addresses = {}, {}, {}
        for seed, name in enumerate(everything):
            album = liar.account.add_album(f"A{seed}", parent=liar.account.root)
            titles[album.key], addresses[album.key] = name, f"/{name[:1000]}"
            photos[liar.account.add_photo(album, "a.jpg", b"photo %d" % seed).key] = name
        liar.lies = [
            renaming("Album", "AlbumKey", "Name", titles),
            renaming("Album", "AlbumKey", "UrlPath", addresses),
            renaming("AlbumImage", "ImageKey", "FileName", photos),
        ]
        assert traced(command, "sync") == []
        for key in list(photos)[::3]:
            image = liar.account.image(key)
            assert image is not None
            liar.account.replace(image, b"other bytes of " + key.encode())
        assert traced(command, "sync", "--full") == []
    assert len(command.files()) == len(everything)
    assert_harmless(command.mirror)


def test_links_in_the_mirror_lead_a_sync_nowhere_else(command: Command) -> None:
    liar, outside = Liar(), command.root / "outside"
    (command.root / "temporary").mkdir()
    outside.mkdir()
    (outside / "a.jpg").write_bytes(b"a person's own")
    with running(liar.settings, emulator=liar) as service:
        set_up(command, service)
        for name in ("One", "Two", "Three"):
            album = liar.account.add_album(name, parent=liar.account.root)
            liar.account.add_photo(album, "a.jpg", name.encode())
        command.sync()
        (command.mirror / "One" / "a.jpg").unlink()
        (command.mirror / "One").rmdir()
        (command.mirror / "One").symlink_to(outside)
        (command.mirror / "Two" / "a.jpg").unlink()
        (command.mirror / "Two" / "a.jpg").symlink_to(outside / "a.jpg")
        (command.mirror / ".smugsync" / "versions").symlink_to(outside)
        for image in list(liar.account.all_images()):
            liar.account.replace(image, b"other bytes of " + image.key.encode())
        assert traced(command, "sync", "--full", codes=(3,)) == []
    assert [path.name for path in outside.iterdir()] == ["a.jpg"]
    assert (outside / "a.jpg").read_bytes() == b"a person's own"


EVERY = (
    "verify",
    "verify --repair",
    "fsck --online",
    "undo 2",
    "trash list",
    "trash restore --all --shelf versions",
    "trash restore --all --shelf trash",
    "trash empty --shelf versions --yes",
    "trash empty --shelf all --yes",
    "export checksums --output home/.config/smugsync/SHA256SUMS",
    "adopt mirror",
    "adopt elsewhere",
    "fsck --rebuild --yes",
)


def test_no_command_follows_links_out_of_the_mirror(command: Command) -> None:
    liar, outside, elsewhere = Liar(), command.root / "outside", command.root / "elsewhere"
    (command.root / "temporary").mkdir()
    (outside / "Two").mkdir(parents=True)
    for name in ("a.jpg", "Two/a.jpg"):
        (outside / name).write_bytes(b"One" if name == "a.jpg" else b"a person's own")
    with running(liar.settings, emulator=liar) as service:
        set_up(command, service)
        albums = {}
        for name in ("One", "Two", "Three", "Four"):
            albums[name] = liar.account.add_album(name, parent=liar.account.root)
            liar.account.add_photo(albums[name], "a.jpg", name.encode())
        command.sync()
        for image in list(liar.account.all_images()):
            liar.account.replace(image, b"other bytes of " + image.key.encode())
        command.sync("--full")
        plant_links(command.mirror, outside)
        elsewhere.mkdir()
        (elsewhere / "file.jpg").write_bytes(b"One")  # a folder of nothing but links is not looked into
        (elsewhere / "link.jpg").symlink_to(outside / "a.jpg")
        (elsewhere / "directory").symlink_to(outside)
        before = {path: path.lstat().st_mtime_ns for path in outside.rglob("*")}
        for words in EVERY:
            assert traced(command, *words.split(), codes=(0, 1, 2, 3, 5)) == [], words
    assert {path: path.lstat().st_mtime_ns for path in outside.rglob("*")} == before


def plant_links(mirror: Path, outside: Path) -> None:
    """In the place of albums, photos, and of what was set aside."""
    for album, target in (("One", outside), ("Two", outside / "Two")):
        (mirror / album / "a.jpg").unlink()
        (mirror / album).rmdir()
        (mirror / album).symlink_to(target)
    (mirror / "Three" / "a.jpg").unlink()
    (mirror / "Three" / "a.jpg").symlink_to(outside / "a.jpg")
    (stamp,) = (mirror / ".smugsync" / "versions").iterdir()
    shutil.rmtree(stamp / "Two")
    (stamp / "Two").symlink_to(outside / "Two")
    (stamp / "Three" / "a.jpg").unlink()
    (stamp / "Three" / "a.jpg").symlink_to(outside / "a.jpg")
    (mirror / ".smugsync" / "trash").symlink_to(outside)
    (mirror / ".smugsync" / "damaged").symlink_to(outside)
