"""What a large account's mirror would be by now.

`python -m benchmarks.stage.grown HOME ALBUMS IMAGES [STATE]`

A first sync of a million photos takes longer than all that is measured on it. So one sync mirrors a few of
the account's albums in HOME, truly; this adds the others, through the catalogue's own writer, and gives each
row a file of its size and time. Those files are links to one for each album: their bytes are not the
account's, which nothing that is measured here reads. What was written is what a sync would have written: it
says so itself, since one that looks at such an album finds nothing to do.

With a STATE (`committed`, `quarantined`) the rows are invented, which is quicker: for commands that ask no
service. Quarantined ones hold nothing; in their place so many files lie in the trash.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from smugsync.catalogue import AlbumRow, Catalogue, FileRow, shown
from smugsync.core import naming
from smugsync.core.lifecycle import State
from smugsync.core.model import Details, Evidence, Kind, Promise, RemoteFile
from smugsync.emulator.account.account import Account
from smugsync.emulator.account.look import iso, pacific_to_utc
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.account.synthetic import fill_synthetic
from smugsync.remote.smugmug_v2.objects import camera_time

BYTES_EACH = 2000  #: what the emulator makes of a synthetic photo unless told otherwise
CATALOGUE = Path(".local/state/smugsync/default/catalogue.db")  #: in a HOME of its own
TRASH = ".smugsync/trash/20260101T000000Z"
NOWHERE = "0.00000000000000"  #: the position of a photo without one


def grow(home: Path, *, albums: int, images: int) -> None:
    """Put every album that is not in the mirror in `home` yet into it, and into its catalogue."""
    (home / CATALOGUE).parent.mkdir(parents=True, exist_ok=True)
    with closing(Catalogue.open(home / CATALOGUE)) as catalogue:
        known = {row.key for row in catalogue.albums()}
        for album in synthetic(albums=albums, images=images):
            if album.key not in known:
                _add(catalogue, home / "mirror", album)


def invent(home: Path, state: State, *, albums: int, images: int) -> None:
    """Rows of a mirror of so many albums, none of which any service has."""
    (home / CATALOGUE).parent.mkdir(parents=True, exist_ok=True)
    root = home / "mirror" if state is State.COMMITTED else home / "mirror" / TRASH
    names = [f"IMG_{place:05d}.JPG" for place in range(images)]
    with closing(Catalogue.open(home / CATALOGUE)) as catalogue:
        for number in range(albums):
            directory = f"Year-{2001 + number // 100}/Album-{number:05d}"
            mtime_ns = _link(root / directory, names)
            with catalogue.transaction():
                row = catalogue.put_album(
                    AlbumRow(
                        0,
                        f"A{number}",
                        f"N{number}",
                        directory,
                        f"/{directory}",
                        directory,
                        directory.lower(),
                    )
                )
                catalogue.put(_invented(row.id, state, names, mtime_ns))


def _invented(album_id: int, state: State, names: Sequence[str], mtime_ns: int) -> Iterator[FileRow]:
    md5 = "0" * 32
    held = {
        "held_version": f"0|{md5}|{BYTES_EACH}",
        "held_md5": md5,
        "held_size": BYTES_EACH,
        "mtime_ns": mtime_ns,
    }
    held |= {"evidence": Evidence.PROMISED, "verified_at": 1, "looked_at": 1}
    why = {"reason": "the same wrong bytes came three times", "retry_at": 1 << 33, "strikes": 3}
    remote = RemoteFile(
        "", "", "", "JPG", Kind.PHOTO, f"0|{md5}|{BYTES_EACH}", promised=Promise(md5, BYTES_EACH)
    )
    columns = shown(remote, 0) | {"source_run": None} | (held if state is State.COMMITTED else why)
    del columns["remote_name"]
    for place, name in enumerate(names):
        folded = name.lower()
        key = f"{album_id}-{place}"
        yield FileRow(0, album_id, key, name, folded, state, remote_name=name, **columns)


def _link(place: Path, names: Sequence[str]) -> int:
    """So many names of one file in a new directory, and the time of that file (ns since the epoch)."""
    place.mkdir(parents=True)
    first, *others = names
    (place / first).write_bytes(bytes(BYTES_EACH))
    here = os.open(place, os.O_DIRECTORY)
    try:
        for name in others:
            os.link(first, name, src_dir_fd=here, dst_dir_fd=here)
    finally:
        os.close(here)
    return (place / first).stat().st_mtime_ns


def synthetic(*, albums: int, images: int) -> list[Album]:
    """The albums that `smugsync emulator --albums … --images …` shows."""
    account = Account("demo", clock=time.time)
    fill_synthetic(account, albums=albums, images=images, size=BYTES_EACH)
    return list(account.albums.values())


def _add(catalogue: Catalogue, mirror: Path, album: Album) -> None:
    photos = list(album.photos)
    mtime_ns = _link(mirror / album.node.url_path[1:], [image.file_name for image in photos])
    with catalogue.transaction():
        row = catalogue.put_album(album_row(album))
        catalogue.put(file_rows(row, photos, mtime_ns))


def album_row(album: Album) -> AlbumRow:
    directory, count = album.node.url_path[1:], len(album.photos)
    return AlbumRow(
        id=0,
        key=album.key,
        node_id=album.node.id,
        name=album.node.name,
        url_path=album.node.url_path,
        directory=directory,
        directory_folded=naming.fold(directory),
        cursor=f"{iso(album.node.modified)}|{iso(album.images_updated or 0)}|{count}",
        image_count=count,
    )


def file_rows(album: AlbumRow, photos: Sequence[Image], mtime_ns: int) -> Iterator[FileRow]:
    now = int(time.time())
    for image in photos:
        remote = _remote(album.key, image)
        yield FileRow(
            id=0,
            album_id=album.id,
            name=remote.name,
            key=remote.key,
            name_folded=naming.fold(remote.name),
            state=State.COMMITTED,
            **(shown(remote, 0) | {"source_run": None}),
            held_version=remote.version,
            held_md5=remote.promised.md5,
            held_size=BYTES_EACH,
            mtime_ns=mtime_ns,
            evidence=Evidence.PROMISED,
            verified_at=now,
            looked_at=now,
        )


def _remote(album_key: str, image: Image) -> RemoteFile:
    """The photo as the dialect reads it out of the emulator's answer."""
    md5 = image.content.md5
    return RemoteFile(
        album_key=album_key,
        key=image.key,
        name=image.file_name,
        format=image.format,
        kind=Kind.PHOTO,
        version=f"{image.serial}|{md5}|{BYTES_EACH}",
        revision=iso(image.updated),
        serial=image.serial,
        promised=Promise(md5, BYTES_EACH),
        taken=camera_time(pacific_to_utc(image.picture.taken) or "") if image.picture else "",
        uploaded=iso(image.uploaded),
        details=Details(latitude=NOWHERE, longitude=NOWHERE),
        original_size=BYTES_EACH,
    )


if __name__ == "__main__":
    _home, _albums, _images, *_state = sys.argv[1:]
    if _state:
        invent(Path(_home), State(_state[0]), albums=int(_albums), images=int(_images))
    else:
        grow(Path(_home), albums=int(_albums), images=int(_images))
