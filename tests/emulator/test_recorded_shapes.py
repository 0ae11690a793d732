"""The emulator's answers beside every recorded one: keys, types, words, links and options.

A recording is answered again by the same address, for the same kind of viewer, at the same verbosity, from
an account that has what the recording shows. What may differ is in `SOMETIMES`, with the reason.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from smugsync.emulator.account.model import Album
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_picture
from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Settings, Viewer
from tests.emulator.ask import HOST, ORIGIN, Client, sign
from tests.emulator.likeness import ANY_ORDER, TYPE_VARIES, Loose, differences, kind_of_address

RECORDED = Path(__file__).parents[3] / "shared" / "recorded" / "smugmug-v2"
FILES = sorted(path.relative_to(RECORDED).as_posix() for path in RECORDED.rglob("*") if path.is_file())

pytestmark = pytest.mark.skipif(not FILES, reason="the recorded answers are not at hand")


@dataclass
class Stage:
    """An account that has what the recordings show."""

    emulator: Emulator

    @property
    def owner(self) -> Client:
        return Client(self.emulator)

    @property
    def anyone(self) -> Client:
        return Client(self.emulator, "anonymous")

    def album(self, name: str) -> Album:
        return next(a for a in self.emulator.account.albums.values() if a.node.name == name)

    def place(self, address: str) -> str:
        """`/api/v2/node/{Events}!children` with the id of what has that name."""
        account = self.emulator.account
        nodes = {node.name: node for node in account.root.walk()}

        def fill(found: re.Match[str]) -> str:
            kind, name = found.groups()
            node = nodes[name]
            if kind == "node":
                return f"/node/{node.id}"
            assert node.album is not None
            return f"/album/{node.album.key}" if kind == "album" else f"/image/{node.album.photos[0].id}"

        return re.sub(r"/(node|album|image)/\{(.*?)\}", fill, address)


@pytest.fixture(scope="module")
def stage() -> Stage:
    emulator = Emulator(Settings())
    account = emulator.account
    crowd = account.add_folder("Crowd")
    for number in range(11):
        account.add_folder(f"Folder {number}", parent=crowd)
    for number in range(8):
        account.add_album(f"Album {number}", parent=crowd)
    albums = account.add_folder("Albums")
    for number in range(11):
        account.add_album(f"Marmot {number}", parent=albums)
        account.add_album(f"Marmot, again {number}", parent=account.root)
    events = account.add_folder("Events")
    party = account.add_album("Party", parent=events)
    for number in range(4):
        picture = make_picture(number, taken="2020-09-06T12:00:00")
        account.add_photo(party, f"{number}.jpg", picture, caption="Smile")
    guarded = account.add_album("Guarded", parent=events)
    guarded.protected, guarded.exif, guarded.allow_downloads = True, False, False
    account.add_photo(guarded, "mine.jpg", make_picture(9, taken="2020-09-06T12:00:00"))
    chosen = account.add_album("Chosen", parent=events)
    account.add_photo(chosen, "chosen.jpg", make_picture(8, taken="2020-09-06T12:00:00"))
    account.add_album("Large", parent=events, security="None")
    account.add_album("Scratch")
    return Stage(emulator)


Ask = Callable[[Stage], Any]


def show(address: str, *, viewer: Viewer = "anonymous") -> Ask:
    """What a GET gives."""
    return lambda stage: Client(stage.emulator, viewer).get(stage.place(address))


def create(stage: Stage) -> Any:
    target = stage.place("/api/v2/node/{Events}!children?_pretty=true")
    return Client(stage.emulator).write(target, {"Name": "C", "Type": "Album"}).json()


def delete(stage: Stage) -> Any:
    image = stage.emulator.account.add_photo(stage.album("Scratch"), "x.jpg", make_picture(1, taken=None))
    target = f"/api/v2/album/{image.home}/image/{image.id}?_pretty=true"
    return Client(stage.emulator).send(target, "DELETE").json()


def upload(stage: Stage) -> Any:
    sent = {
        "host": HOST,
        "authorization": sign(stage.emulator, "owner", "PUT", f"{ORIGIN}/upload/hdxDH.jpg"),
        "x-smug-albumuri": f"/api/v2/album/{stage.album('Scratch').key}",
        "x-smug-responsetype": "JSON",
        "x-smug-version": "v2",
        "x-smug-filename": "hdxDH.jpg",
    }
    request = Request("PUT", "/upload/hdxDH.jpg", "", sent, make_picture(5, taken=None))
    return stage.emulator.handle(request).json()


def show_sizes(stage: Stage) -> Any:
    """Of a large photo whose owner keeps the original; one size was never looked at."""
    images = pytest.importorskip("PIL.Image")
    exif = images.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2020:09:06 12:00:00"
    stream = io.BytesIO()
    images.new("RGB", (4000, 2667), "teal").save(stream, "jpeg", exif=exif)
    album = stage.album("Large")
    album.allow_downloads = False
    image = stage.emulator.account.add_photo(album, "large.jpg", stream.getvalue())
    client, target = Client(stage.emulator, "anonymous"), f"/api/v2/image/{image.id}"
    sizes = client.get(f"{target}!sizedetails")["Response"]["ImageSizeDetails"]
    for name in set(sizes["UsableSizes"]) - {"ImageSizeX4Large"}:
        assert client.media(sizes[name]["Url"]).status == 200
    return client.get(f"{target}?_expand=ImageSizeDetails&_verbosity=3")


def show_chosen(stage: Stage) -> Any:
    """A photo that its owner made the highlight of its album."""
    client, album = Client(stage.emulator), stage.album("Chosen")
    uri = f"/api/v2/album/{album.key}/image/{album.photos[0].id}"
    changed = client.write(f"/api/v2/album/{album.key}", {"HighlightAlbumImageUri": uri}, "PATCH")
    assert changed.status == 200
    target = "/api/v2/image/{Chosen}?_expand=ImageAlbum,ImageMetadata&_pretty=true"
    return client.get(stage.place(target))


_SEARCH = "/api/v2/album!search?Scope=&SortDirection=Descending&SortMethod=Rank&Text=Marmot"
_LOCKED = "/api/v2/album/{Wedding M + J}?_verbosity=3"

SCENES: dict[str, Ask] = {
    "bzimmer/album_2XrGxm_expansions.json": show(
        "/api/v2/album/{Party}?_expand=HighlightImage,AlbumHighlightImage,Node,Folder,User&_verbosity=3"
    ),
    "bzimmer/album_RM4BL2.json": show("/api/v2/album/{Party}?_verbosity=3"),
    "bzimmer/album_WJvpCp_no_user_uri.json": show("/api/v2/album/{Party}?_verbosity=3"),
    "bzimmer/album_images_HZMsPf_page_1.json": show("/api/v2/album/{Guarded}!images?_verbosity=3"),
    "bzimmer/album_images_HZMsPf_page_2.json": show("/api/v2/album/{Guarded}!images?_verbosity=3"),
    "bzimmer/album_search_marmot_page_1.json": show(f"{_SEARCH}&_verbosity=3"),
    "bzimmer/album_search_marmot_page_2.json": show(f"{_SEARCH}&start=11&count=10&_verbosity=3"),
    "bzimmer/history_authuser_cmac.json": show("/api/v2/user/demo?_verbosity=3"),
    "bzimmer/image_743XwH7_delete.json": delete,
    "bzimmer/image_B2fHSt7-0.json": show(
        "/api/v2/image/{Party}?_expand=ImageAlbum&_pretty=true", viewer="owner"
    ),
    "bzimmer/image_UQpV019_metadata.json": show_chosen,
    "bzimmer/image_UQpV019_metadata_iso.json": show_chosen,
    "bzimmer/image_UQpV019_metadata_iso_string.json": show_chosen,
    "bzimmer/image_VPB9RVH-0.json": show("/api/v2/image/{Party}?_verbosity=3"),
    "bzimmer/image_mQRcX2V-0_expansions.json": show_sizes,
    "bzimmer/images_WpK3n2_expansions.json": show("/api/v2/album/{Party}!images?_expand=Album&_verbosity=3"),
    "bzimmer/node_JDVkPQ.json": show("/api/v2/node/{Party}?_expand=Album&_verbosity=3"),
    "bzimmer/node_ZFJQ9_parent.json": show("/api/v2/node/{Events}!parent?_verbosity=3"),
    "bzimmer/node_children_zx4Fx_albums_page_1.json": show("/api/v2/node/{Albums}!children?_verbosity=3"),
    "bzimmer/node_children_zx4Fx_albums_page_2.json": show(
        "/api/v2/node/{Albums}!children?start=11&count=10&_verbosity=3"
    ),
    "bzimmer/node_children_zx4Fx_page_1.json": show("/api/v2/node/{Crowd}!children?_verbosity=3"),
    "bzimmer/node_children_zx4Fx_page_2.json": show(
        "/api/v2/node/{Crowd}!children?start=11&count=10&_verbosity=3"
    ),
    "bzimmer/node_create_xmQnCV_.json": create,
    "bzimmer/node_g8CLb2_parents.json": show("/api/v2/node/{Party}!parents?_verbosity=3"),
    "bzimmer/node_kTR76.json": show(
        "/api/v2/node/{Events}?_expand=User,HighlightImage,ParentNode,Album,FolderByID&_verbosity=3"
    ),
    "bzimmer/node_zx4Fx.json": show("/api/v2/node/{}?_verbosity=3"),
    "bzimmer/upload_CVvj69L.json": upload,
    "bzimmer/user_cmac.json": show("/api/v2/user/demo?_expand=Node,Folder&_verbosity=3"),
    "seed/album_7NnPHZ_password_level.json": show(_LOCKED),
    "seed/album_7NnPHZ_password_protected_live_api_browser.txt": show(_LOCKED),
}

_LATER = "the service added it later"
_IMAGE_LATER = dict.fromkeys(("EZProject", "Status", "SubStatus", "PreferredDisplayFileExtension"), _LATER)
_SETTING = "depends on a setting of the album"
_SEARCH_LOOSE: Loose = {
    "Album": {"CommerceLightbox": "some albums have it and some do not; nothing tells why"},
    "Album.Uris": dict.fromkeys(("AlbumDownload", "AlbumComments", "AlbumGeoMedia", "Printmark"), _SETTING),
}

#: By place, what one side may lack, with the reason.
SOMETIMES: Loose = {
    "Image": _IMAGE_LATER,
    "AlbumImage": _IMAGE_LATER | {"AlbumKey": _LATER},
}
#: The same for single recordings.
HERE: dict[str, Loose] = {
    "bzimmer/album_WJvpCp_no_user_uri.json": {
        "Album.Uris": dict.fromkeys(
            ("User", "Folder", "ParentFolders"), "taken out of the recording by hand"
        ),
    },
    "bzimmer/album_search_marmot_page_1.json": _SEARCH_LOOSE,
    "bzimmer/album_search_marmot_page_2.json": _SEARCH_LOOSE,
    "bzimmer/image_B2fHSt7-0.json": {
        "Image.Uris": {"ImageAlbums": _LATER, ANY_ORDER: "changed when ImageAlbums was added"},
        "Album": {"MaxPhotoDownloadSize": _LATER},
    },
    "bzimmer/image_UQpV019_metadata_iso.json": {"ImageMetadata": {"ISO": TYPE_VARIES}},
    "bzimmer/image_UQpV019_metadata_iso_string.json": {"ImageMetadata": {"ISO": TYPE_VARIES}},
    "bzimmer/node_kTR76.json": {
        "Image": _IMAGE_LATER | {"Watermarked": "only for images with a known watermarked state"}
    },
    "bzimmer/upload_CVvj69L.json": {
        "": {ANY_ORDER: "the recording was sorted"},
        "Image": {ANY_ORDER: "the recording was sorted", "StatusImageReplaceUri": TYPE_VARIES},
    },
}


def recorded(name: str) -> Any:
    text = (RECORDED / name).read_text()
    if name.endswith(".txt"):  # what a person saw in the service's browser: the JSON stands at its end
        text = text.partition("\nJSON\n")[2]
    return json.loads(text)


def test_every_recording_is_compared() -> None:
    assert sorted(SCENES) == FILES


@pytest.mark.parametrize("name", FILES)
def test_the_answer_is_like_the_recorded_one(stage: Stage, name: str) -> None:
    loose = {**SOMETIMES, **HERE.get(name, {})}
    assert list(compare(SCENES[name](stage), recorded(name), loose)) == []


def compare(ours: dict[str, Any], theirs: dict[str, Any], loose: Loose) -> Iterator[str]:
    """Sentences about what differs in two whole answers."""
    for name in ("Code", "Message", "stat", "method"):
        if ours.get(name) != theirs.get(name):
            yield f"{name}: {ours.get(name)!r} is {theirs.get(name)!r} there"
    if "Response" not in theirs:
        yield from differences(ours, theirs, loose)
        return
    if list(ours) != list(theirs):
        yield f"the answer: {list(ours)} are {list(theirs)} there"
    yield from differences(ours.get("Request"), theirs.get("Request"), loose, "Request")
    yield from differences(ours["Response"], theirs["Response"], loose)
    yield from compare_options(ours.get("Options", {}), theirs.get("Options", {}))
    mine, other = (by_kind(answer.get("Expansions", {})) for answer in (ours, theirs))
    if mine.keys() != other.keys():
        yield f"Expansions: {sorted(mine)} are {sorted(other)} there"
    for address in mine.keys() & other.keys():
        yield from differences(mine[address], other[address], loose)


def by_kind(expansions: dict[str, Any]) -> dict[str, Any]:
    return {kind_of_address(address): expansion for address, expansion in expansions.items()}


def compare_options(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    """Word by word, but for ids and the values that the fields of a write have."""
    if list(ours) != list(theirs):
        yield f"Options: {list(ours)} are {list(theirs)} there"
    for name in ours.keys() & theirs.keys():
        mine, other = without_ids(ours[name]), without_ids(theirs[name])
        if name == "Output" and other == [as_in_older_versions(entry) for entry in mine if is_old(entry)]:
            continue
        if json.dumps(mine) != json.dumps(other):
            yield f"Options.{name}: {mine} is {other} there"


def is_old(entry: dict[str, Any]) -> bool:
    """Whether the field of an album is in the oldest recording of their table."""
    newer = "AlbumTemplateUri CanBuy CanFavorite CommerceLightbox FavoriteAlbumUrl Packages ProofDigital"
    return entry["Name"] not in newer.split()


def as_in_older_versions(entry: dict[str, Any]) -> dict[str, Any]:
    """As the oldest recording describes it: a few types had other names."""
    older = {
        "SecurityType": {"MAX_COUNT": "ALL"},
        "Date": {"Type": "DateTime"},
        "LastUpdated": {"Type": "DateTime"},
        "ImagesLastUpdated": {"Type": "Timestamp"},
    }
    return entry | older.get(entry["Name"], {})


def without_ids(option: Any) -> Any:
    """The same where a `Value` is its type, and the piece of an address no id."""
    if isinstance(option, list):
        return [without_ids(item) for item in option]
    if not isinstance(option, dict):
        return option
    shown: dict[str, Any] = {name: without_ids(value) for name, value in option.items()}
    if "Value" in shown:
        shown["Value"] = type(shown["Value"]).__name__
    if "param_value" in shown:
        shown["param_value"] = "*"
    return shown
