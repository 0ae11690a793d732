"""Albums as the older APIs show them."""

from __future__ import annotations

from typing import Any, Final

from smugsync.emulator.account.look import in_album_order
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.api.albums import image_count
from smugsync.emulator.legacy.calls import ABSENT, Call
from smugsync.emulator.legacy.pictures import album_page
from smugsync.emulator.legacy.places import Place, category_id, is_open, struct_of, sub_struct_of
from smugsync.emulator.legacy.settings import PLAIN, read_settings
from smugsync.emulator.legacy.times import wall

#: What a light entry has; from 1.3.0 on with the page.
LIGHT: Final = ("id", "Key", "Category", "SubCategory", "Title")
LIGHT_WITH_PAGE: Final = (*LIGHT, "NiceName", "URL")
#: What others than the owner are told: what is recorded for 1.2.0; in later versions what the newer API tells
#: them, too.
_PUBLIC: Final = frozenset(
    "id Key Position ImageCount Title Description LastUpdated Highlight Category SubCategory".split()
)
_PUBLIC_LATER: Final = _PUBLIC | frozenset("Keywords NiceName Passworded PasswordHint URL".split())
#: Settings that came with later versions.
_SINCE_1_2_2: Final = frozenset(
    "NiceName Passworded SquareThumbs PackagingBranding UploadKey ColorCorrection BoutiquePackaging"
    " InterceptShipping".split()
)
#: In the recorded order, as far as it is recorded.
_ORDER: Final = tuple(
    """
id Key Category SubCategory Highlight Community Position ImageCount Title Description Keywords Public Password
PasswordHint Printable Filenames Comments External Originals EXIF Share SortMethod SortDirection LastUpdated
FamilyEdit FriendEdit HideOwner CanRank Clean Geography SmugSearchable WorldSearchable Larges Protected
Watermarking Watermark DefaultColor ProofDays Backprinting XLarges X2Larges X3Larges Header Template
UnsharpRadius UnsharpSigma UnsharpAmount UnsharpThreshold NiceName URL Passworded SquareThumbs Theme Printmark
ColorCorrection PackagingBranding BoutiquePackaging InterceptShipping UploadKey GuestUploadURL""".split()
)


def album_fields(call: Call, album: Album) -> dict[str, Any]:
    """All that the viewer is told of an album, in order. To those without its password only that it is
    there."""
    node, view, later = album.node, call.view, call.version.has_page_urls
    fields: dict[str, Any] = {
        "id": call.numbers.of_album(album),
        **call.key(album.key),
        **_place(call, album),
        "Highlight": _highlight(call, album),
        "Position": _position(album),
        "ImageCount": image_count(view, album),
        "LastUpdated": wall(last_updated(album, view.account.clock())),
    }
    fields |= read_settings(album)
    if later:
        fields["URL"] = album_page(call, album)
    if view.owns(node):
        fields |= {name: {"id": 0} for name in ("Community", "Watermark", "Template")}
        if later:
            fields |= {"Theme": {"id": 0}, "Printmark": {"id": 0}}
            key = album.shown.get("UploadKey", PLAIN["UploadKey"][1])
            guests = f"http://{node.owner}.smugmug.com/gallery/upload/{fields['id']}_{album.key}/{key}"
            fields["GuestUploadURL"] = guests if key else ""
    told = frozenset(_ORDER) if view.owns(node) else _PUBLIC_LATER if later else _PUBLIC
    if not is_open(call, node):
        fields |= dict.fromkeys(("ImageCount", "LastUpdated", "Highlight", "Description", "Keywords"), ABSENT)
    return {
        name: fields[name]
        for name in _ORDER
        if name in fields and name in told and (later or name not in _SINCE_1_2_2)
    }


def album_entry(call: Call, album: Album, *, placed: bool = True) -> dict[str, Any]:
    """An entry of a list; where it stands under its category, without that."""
    names = _light(call) if placed else ("id", "Key", "Title")
    if call.is_light:
        whole = {
            "id": call.numbers.of_album(album),
            **call.key(album.key),
            **(_place(call, album) if placed else {}),
            "Title": album.node.name,
        }
        if "URL" in names:
            whole |= {"NiceName": album.node.url_name, "URL": album_page(call, album)}
        return whole
    fields = album_fields(call, album)
    hidden = () if placed else ("Category", "SubCategory")
    return call.chosen({name: value for name, value in fields.items() if name not in hidden}, names)


def last_updated(album: Album, now: float) -> int:
    """Of an album: it moves when its pictures or its settings do. Images that are only made when asked for
    never changed."""
    latest = max(album.node.modified, album.images_updated_at(now))
    photos = album.photos
    if isinstance(photos, list):
        edits = (image.updated_at(now) for image in photos if image.updated > image.uploaded)
        latest = max(latest, max(edits, default=0))
    return latest


def images_of(call: Call, album: Album) -> list[Image]:
    """What the viewer finds in the album, in its order. A new picture appears some time after its upload
    (two clients), as the switch `image-lag` says."""
    now = call.view.account.clock()
    return [
        image
        for image in in_album_order(album)
        if call.view.shows(image, album.node) and (image.serial or image.settled <= now or not image.settled)
    ]


def _light(call: Call) -> tuple[str, ...]:
    """The names of a light entry."""
    return LIGHT_WITH_PAGE if call.version.takes_bare_keys else LIGHT


def bare_place(call: Call, album: Album) -> dict[str, Any]:
    """As albums.getInfo has it in 1.2.0: without names, and a subcategory even where there is none."""
    place = Place.of(album.node)
    sub = place.subcategory
    return {
        "Category": {"id": category_id(call, place.category)},
        "SubCategory": {"id": call.numbers.of_folder(sub) if sub else 0},
    }


def _place(call: Call, album: Album) -> dict[str, Any]:
    place = Place.of(album.node)
    shown = {"Category": struct_of(call, place.category)}
    if place.subcategory is not None:
        shown["SubCategory"] = sub_struct_of(call, place.subcategory)
    return shown


def _highlight(call: Call, album: Album) -> dict[str, Any]:
    """The image that was chosen, else the first; `{"id": 0}` where there is none (recorded)."""
    images = album.photos
    chosen = call.view.account.image(album.node.highlight) if album.node.highlight else None
    if chosen is not None and album.key not in (chosen.home, *chosen.collected):
        chosen = None
    image = chosen or (images[0] if len(images) else None)
    if image is None or not call.view.shows(image, album.node):
        return {"id": 0}
    shown: dict[str, Any] = {"id": call.numbers.of_image(image)}
    if call.version.has_page_urls:
        shown |= {"Key": image.key, "Type": "Random" if chosen is None else "Featured"}
    return shown


def _position(album: Album) -> int:
    """Among the albums beside it, from one."""
    parent = album.node.parent
    beside = [node for node in parent.children if node.album is not None] if parent is not None else []
    return beside.index(album.node) + 1 if album.node in beside else 1
