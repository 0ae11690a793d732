"""What the demo claims, looked up: the account, the disk and the catalogue compared once more."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from smugsync.catalogue import Catalogue, FileRow, join, read_details
from smugsync.cli.demo.account import Place
from smugsync.core.lifecycle import State
from smugsync.core.model import Evidence
from smugsync.records import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """A file of the mirror, as the catalogue has it. `path` is relative to the mirror."""

    path: str
    row: FileRow


@dataclass(slots=True)
class Proof:
    """`faults` has a sentence for everything that is not as it should be."""

    online: int = 0  #: photos in the account, counted in each album that shows them
    equal: int = 0  #: files whose bytes, read back from the disk, have the account's MD5
    by_md5: int = 0  #: so many of them were received with an MD5 promised beforehand, and equal
    evidence: Counter[Evidence] = field(default_factory=Counter)
    gone: list[str] = field(default_factory=list)  #: paths of files that are no longer online
    faults: list[str] = field(default_factory=list)


def read_held(catalogue: Catalogue) -> dict[Place, Held]:
    """Everything the catalogue says to be in the mirror."""
    return {
        (album.key, row.key): Held(join(album.directory, row.name), row)
        for album in catalogue.albums()
        for row in catalogue.files(album.id).values()
        if row.held_md5 is not None
    }


def prove(online: Mapping[Place, Mapping[str, Any]], mirror: Path, held: Mapping[Place, Held]) -> Proof:
    """Read every file back and compare it with the account's photos."""
    proof = Proof()
    proof.online = len(online)
    for place, image in online.items():
        found = held.get(place)
        if found is None:
            proof.faults.append(f"{image['file_name']} is in the account, but not in the mirror")
            continue
        if _md5(mirror / found.path) != image["md5"]:
            proof.faults.append(f"{found.path} has not the bytes that the account has")
            continue
        proof.equal += 1
        proof.by_md5 += found.row.evidence == Evidence.PROMISED and found.row.promised_md5 == image["md5"]
        if found.row.evidence is not None:
            proof.evidence[Evidence(found.row.evidence)] += 1
    for place, found in held.items():
        if place in online:
            continue
        if found.row.state is State.RETIRED and _md5(mirror / found.path) == found.row.held_md5:
            proof.gone.append(found.path)
        else:
            proof.faults.append(f"{found.path} is not in the account, and is not marked as gone")
    return proof


def has_bytes(path: Path, md5: str) -> bool:
    return _md5(path) == md5


def caption_of(held: Held) -> str:
    return read_details(held.row.details).caption


def last_changes(catalogue: Catalogue) -> set[tuple[str, str]]:
    """What the last run told: its kind as in `sync --json`, and the path."""
    run = catalogue.last_run()
    if run is None or run.summary is None:
        return set()
    return {(change["what"], change["path"]) for change in json.loads(run.summary)["changes"]}


def _md5(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest()
    except OSError:
        return None
