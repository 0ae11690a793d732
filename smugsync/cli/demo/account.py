"""The demo's account online, and the photographer who changes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.edits import EDITS, describe_tree
from smugsync.records import dataclass

CAPTION = "The waterfall where two continents part"

#: An album's key and an image's: one photo as shown in one album.
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Edits:
    """What was changed online. `told` says it to people: a word for the kind of change, and what."""

    new: Place
    replaced: Place
    captioned: Place
    deleted: Place
    renamed: str  #: the album's key
    old_md5: str  #: of the replaced photo, before
    told: tuple[tuple[str, str], ...]


def look(account: Account) -> dict[Place, Mapping[str, Any]]:
    """Every photo in every album that shows it, with its `md5` and `file_name`.

    Left out are the files of the site itself, such as its logo, which no mirror takes for photos.
    """
    return {(album["album"], image["image"]): image for album, image in _walk(_tree(account))}


def change(account: Account) -> Edits:
    """Five edits as a photographer makes them on the site."""
    found = {
        (album["name"], image["file_name"]): ((album["album"], image["image"]), image)
        for album, image in _walk(_tree(account))
    }
    ring = found["Ring Road", "DSC_4200.JPG"][0][0]
    replaced, old = found["Wedding M + J", "MJ-002.jpg"]
    captioned = found["Þingvellir & Geysir", "Öxarárfoss.jpg"][0]
    deleted = found["Zoë's birthday 🎂", "IMG_0413.jpg"][0]
    renamed = found["Drafts", "draft.jpg"][0][0]

    def edit(kind: str, /, **arguments: Any) -> Any:
        with account.lock:
            return EDITS[kind](account, arguments)

    new = edit("add-photo", album=ring, file_name="Midnight sun.jpg", seed=77, taken="2019-08-07T23:40:00")
    edit("replace-photo", image=replaced[1], seed=78, taken="2020-06-20T14:01:00")
    edit("edit-photo", image=captioned[1], caption=CAPTION)
    edit("delete-photo", image=deleted[1])
    edit("rename", album=renamed, name="Portfolio", url_name="Portfolio")
    told = (
        ("a new photo", '"Midnight sun.jpg" in the album "Ring Road"'),
        ("a replacement", '"MJ-002.jpg" in "Wedding M + J", retouched'),
        ("a caption", f'"Öxarárfoss.jpg" in "Þingvellir & Geysir": "{CAPTION}"'),
        ("a deletion", '"IMG_0413.jpg" in "Zoë\'s birthday 🎂"'),
        ("a new name", 'the album "Drafts" is now "Portfolio"'),
    )
    return Edits((ring, str(new["image"])), replaced, captioned, deleted, renamed, old["md5"], told)


def _tree(account: Account) -> Mapping[str, Any]:
    with account.lock:
        root: Mapping[str, Any] = describe_tree(account)["root"]
    return root


def _walk(node: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    if node["type"] == "System Album":
        return
    for image in node.get("images", ()):
        yield node, image
    for child in node.get("children", ()):
        yield from _walk(child)
