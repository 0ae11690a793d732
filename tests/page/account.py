"""A mirror as it might be, in a catalogue: hostile names, troubles, runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from smugsync.catalogue import AlbumRow, Catalogue, FileRow, write_details
from smugsync.core.lifecycle import State
from smugsync.core.model import Details
from smugsync.core.naming import fold
from smugsync.daemon.standing import Hindrance, Standing, Way
from smugsync.page.facts import Subject

#: When all of this is looked at: 2026-11-22 12:00 UTC.
NOW = 1_795_348_800.0
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
HEBREW = "חתונה של דנה ויוסי"
TURNING = "holiday\u202egpj.exe"

_ROW = FileRow(
    id=0,
    album_id=0,
    key="",
    name="",
    name_folded="",
    state=State.COMMITTED,
    remote_name="x.jpg",
    format="JPG",
    kind="photo",
    serial=0,
    version="v",
    revision="r",
    promised_md5="a" * 32,
    promised_size=8_000_000,
    source=None,
    source_run=None,
    taken="",
    uploaded="",
    details=write_details(Details()),
)
_HELD: dict[str, Any] = {
    "held_version": "v",
    "held_md5": "a" * 32,
    "held_size": 8_000_000,
    "mtime_ns": 1,
    "evidence": "promised",
    "verified_at": int(NOW) - 20 * 86_400,
}


def subject(root: Path, profile: str = "default") -> Subject:
    state = root / "state" / profile
    state.mkdir(parents=True, exist_ok=True)
    mirror = root / "photos"
    mirror.mkdir(exist_ok=True)
    return Subject(profile, mirror, state / "catalogue.db", state / "counters.json")


def standing(profile: str = "default", **changes: Any) -> Standing:
    """An idle daemon's."""
    due = {"poll": NOW + 400, "full": NOW + 54_000, "verify": NOW + 300_000}
    plain = Standing(
        profile, since=NOW - 500, due=due, last_exit_code=0, last_good=NOW - 500, watching="inotify"
    )
    return replace(plain, **changes)


BUSY = Way("downloading", 40, 40, 1_234, 5_000, 9_900_000_000, 40_000_000_000, 23_400_000.0)
GUARDED = Hindrance(
    "guarded",
    "213 of 5,000 photos are gone online, more than [guard] allows: look at the account, then "
    "`smugsync sync --accept-loss`",
    NOW - 7_300,
    NOW + 500,
)


def fill(subject: Subject, *, albums: int = 12, photos: int = 40, nickname: str = "dana") -> None:
    """Good albums beside some that are not."""
    with closing(Catalogue.open(subject.catalogue)) as catalogue, catalogue.transaction():
        catalogue.remember("nickname", nickname)
        for n, name in enumerate(_names(albums)):
            directory = f"Travel/{name}".replace("/script", "-script") if n % 3 else name.replace("/", "_")
            row = AlbumRow(
                0, f"alb{n}", f"n{n}", name, f"/a{n}", directory, fold(directory), image_count=photos
            )
            if n == 3:
                row = replace(row, state="frozen", reason="it is protected by a password")
            if n == 4:
                row = replace(row, state="gone", reason="gone online")
            album = catalogue.put_album(row)
            catalogue.put(_files(album, n, photos))
        _runs(catalogue)


def _names(n: int) -> Iterator[str]:
    yield from ("Iceland 2024", HOSTILE, HEBREW, "Clients only", "Old garden", TURNING, "夏の旅", "🌋 Etna")
    for number in range(8, n):
        yield f"Wedding {number:04d}"


def _files(album: AlbumRow, n: int, photos: int) -> Iterator[FileRow]:
    for number in range(photos):
        name = f"DSC{number:05d}.jpg"
        row = replace(_ROW, album_id=album.id, key=f"k{n}-{number}", name=name, name_folded=name.lower())
        if n == 4:
            yield replace(row, state=State.RETIRED, retired_at=int(NOW) - 86_400, **_HELD)
        elif n == 1 and number < 2:
            yield replace(
                row,
                state=State.FAILED,
                reason="the connection broke off after 3 of 8 MB",
                retry_at=int(NOW) + 900,
            )
        elif n == 6 and number == 0:
            yield replace(
                row,
                state=State.QUARANTINED,
                reason=f"the same wrong bytes three times {HOSTILE}",
                retry_at=int(NOW) + 86_400,
            )
        elif n == 7 and number < 9:
            yield replace(row, state=State.PLANNED)
        elif n == 0 and number == 0:
            yield replace(row, state=State.WITHHELD, reason="the service still works on it")
        elif n == 0 and number == 1:
            yield replace(row, **{**_HELD, "damaged_at": int(NOW) - 3_000})
        else:
            yield replace(row, **_HELD)


def _runs(catalogue: Catalogue) -> None:
    told = [
        ("everything", 30_000, 5_400, 0, {"files_downloaded": 4_100, "bytes_downloaded": 32_000_000_000}),
        ("verify", 20_000, 900, 3, {"files_failed": 0}),
        ("delta", 9_000, 2, 75, {"error": "SmugMug cannot be reached: no route to host"}),
        ("delta", 4_000, 61, 3, {"files_downloaded": 12, "bytes_downloaded": 96_000_000, "files_failed": 3}),
        ("paths 4", 2_000, 12, 0, {"files_sent": 4}),
        ("delta", 500, 3, 0, {}),
    ]
    for scope, before, took, code, summary in told:
        run = catalogue.begin_run(scope, int(NOW) - before)
        catalogue.end_run(run, now=int(NOW) - before + took, exit_code=code, summary=json.dumps(summary))
