"""`mode = "mirror"` with the installed command: what is gone online leaves, but never in bulk by itself."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
from pathlib import Path

from tests.e2e.command import Command, sha256sums
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import Emulated

#: Every way that a setting of this name could be spelt beside the command line.
VARIABLES = (
    "SMUGSYNC_ACCEPT_LOSS",
    "SMUGSYNC_GUARD__ACCEPT_LOSS",
    "SMUGSYNC_SYNC_ACCEPT_LOSS",
    "ACCEPT_LOSS",
)


def ten_minutes_pass(command: Command) -> None:
    with contextlib.closing(sqlite3.connect(command.catalogue)) as database:
        database.execute("UPDATE file SET retired_at = retired_at - 600 WHERE state = 'retired'")
        database.commit()


def checksums(directory: Path) -> list[str]:
    """As `sha256sums`, of a directory that is ours."""
    found = subprocess.run(
        ["sha256sum", "--", *map(str, directory.iterdir())], capture_output=True, text=True, check=True
    )
    return sorted(line.lstrip("\\").split()[0] for line in found.stdout.splitlines())


def largest(account: Emulated) -> str:
    """The name of the album with most photos."""
    names = [str(node["name"]) for node in account.nodes() if "album" in node]
    return max(names, key=lambda name: len(account.photos(name)))


def directories(command: Command) -> set[str]:
    return {path.rpartition("/")[0] for path in command.files()}


def test_album_leaves_when_a_person_says_so_on_the_command_line_and_in_no_other_way(
    emulator: Emulator, tmp_path: Path
) -> None:
    account, command = emulator(), Command(tmp_path)
    command.init(account)
    command.set('mode = "mirror"')
    command.sync()
    album = largest(account)
    photos = account.photos(album)
    (place,) = {d for d in directories(command) if d.rpartition("/")[2] == album.replace(" ", "-")}
    files = sha256sums(command.mirror / place)
    assert len(files) == len(photos) >= 3
    for photo in photos:
        account.edit("delete-photo", image=photo.key, album=account.album(album))
    assert command.sync()["counts"]["gone"] >= 3
    ten_minutes_pass(command)

    result = command.run("sync")
    assert result.code == 5
    assert f"{place}: would lose all of its {len(photos)} files" in " ".join(result.out.split())
    assert "`smugsync sync --accept-loss` moves them to the trash" in " ".join(result.out.split())
    assert command.run("sync", **dict.fromkeys(VARIABLES, "1")).code == 5
    written = command.config.read_text()
    setting = "accept_loss = true"
    command.config.write_text(f"{setting}\n" + written.replace("[guard]\n", f"[guard]\n{setting}\n"))
    assert command.run("sync").err.count('unknown setting "') == 2
    command.config.write_text(written)
    assert sha256sums(command.mirror / place) == files

    assert command.sync("--accept-loss")["counts"] == {"trashed": len(photos)}
    assert sha256sums(command.mirror / place) == []
    in_trash = [path for path in (command.mirror / ".smugsync" / "trash").glob(f"*/{place}") if path.is_dir()]
    assert sorted(line for path in in_trash for line in checksums(path)) == files
    assert command.sync("--full")["counts"] == {}


def test_plan_accepts_nothing(command: Command) -> None:
    assert command.run("plan", "--accept-loss").code == 2
