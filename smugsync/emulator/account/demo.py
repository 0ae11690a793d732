"""The built-in account: small, and with everything in it that makes mirroring hard.

Nested folders, names in many scripts, two photos of one name in one album and a third that differs only in
case, a photo that came as HEIC, a video, images shown in two albums, an album nobody else sees, one behind
a password, one that is only known by its address, one whose originals are the owner's alone, an empty one,
a page and the site's own files. The visitor has a few public photos as well.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.media.pictures import make_gif, make_picture, make_png, make_video

#: When the first photo was uploaded, in epoch seconds; the others follow.
FIRST_UPLOAD: Final = 1_588_117_135
#: Recorded; older names ended earlier than derived ones do now.
SITE_FILES: Final = "My SmugMug Site Files (Do Not Delete)"
SITE_URL_NAME: Final = "My-SmugMug-Site-Files-Do-Not"
PASSWORD: Final = "open sesame"  # noqa: S105 - of an album that does not exist


def fill_demo(account: Account) -> None:
    """Fill an empty account; always with the same content, uploaded in the past."""
    clock, account.clock = account.clock, _past()
    try:
        for root in account.roots:
            root.added = root.modified = FIRST_UPLOAD - 86400
        _fill(account)
    finally:
        account.clock = clock


def _past() -> Callable[[], float]:
    """A clock that moves on by 37 seconds whenever somebody looks."""
    ticks = count(FIRST_UPLOAD, 37)
    return lambda: float(next(ticks))


def _fill(account: Account) -> None:
    seeds = count(account.seed * 1000 + 1)

    def add(album: Album, file_name: str, taken: str | None, **details: str | tuple[str, ...]) -> Image:
        picture = make_picture(next(seeds), taken=taken, title=str(details.get("title", "")))
        return account.add_photo(album, file_name, picture, **details)

    travel = account.add_folder("Travel", description="Far from home")
    iceland = account.add_folder("Iceland 2019", parent=travel)
    ring = account.add_album("Ring Road", parent=iceland, keywords=("iceland", "road"))
    for number in range(10):
        taken = f"2019-08-{4 + number // 4:02d}T{9 + number:02d}:28:12"
        add(ring, f"DSC_{4200 + number}.JPG", taken, caption=f"Kilometre {132 * number}")
    falls = account.add_album("Þingvellir & Geysir", parent=iceland)
    for number, name in enumerate(("Öxarárfoss.jpg", "Strokkur 1.jpg", "Strokkur 2.jpg", "Geysir #3.jpg")):
        add(falls, name, f"2019-08-08T1{number}:02:00", title=name.removesuffix(".jpg"))
    china = account.add_album("Activity Albums 活动影集", parent=travel)
    for number, name in enumerate(("北京.jpg", "長城.jpg", "Ночь.jpg", "café 😀.jpg")):
        add(china, name, f"2018-10-0{number + 1}T20:15:00", keywords=("night", "city"))

    family = account.add_folder("Family")
    birthday = account.add_album("Zoë's birthday 🎂", parent=family)
    add(birthday, "IMG_0412.JPG", "2020-05-02T15:00:01", caption="Uploaded as IMG_0412.HEIC")
    add(birthday, "IMG_0413.jpg", "2020-05-02T15:00:40")
    account.add_photo(birthday, "invitation.png", make_png(next(seeds)))
    account.add_photo(birthday, "candles.gif", make_gif(next(seeds)))
    account.add_photo(
        birthday, "Candles.MOV", make_video(next(seeds), taken="2020-05-02T22:01:00", at_least=60_000)
    )
    letters = account.add_album("Letters", parent=family, privacy="Private")
    add(letters, "page-1.jpg", None)
    add(letters, "page-2.jpg", None)

    work = account.add_folder("Work")
    clients = account.add_album("Wedding M + J", parent=work)
    account.set_privacy(clients.node, "Public", password=PASSWORD)
    for number in range(3):
        add(clients, f"MJ-{number + 1:03d}.jpg", f"2020-06-20T14:0{number}:00")
    proofs = account.add_album("Proofs", parent=work)
    proofs.largest_size = "X3Large"
    for number in range(2):
        add(proofs, f"proof_{number}.jpg", f"2020-07-01T10:0{number}:00")
    drafts = account.add_album("Drafts", parent=work, privacy="Unlisted")
    add(drafts, "draft.jpg", "2020-07-02T09:00:00")

    twins = account.add_album("Twins")
    add(twins, "IMG_0001.JPG", "2017-01-01T12:00:00", caption="Camera A")
    add(twins, "IMG_0001.JPG", "2017-01-01T12:00:00", caption="Camera B")
    add(twins, "img_0001.jpg", "2017-01-01T12:00:05", caption="Telephone")
    add(twins, "", "2017-01-01T12:01:00", caption="Nobody knows its name")

    best = account.add_album("Best of", keywords=("favourites",))
    best.sort_method = "Position"
    for image in (ring.photos[0], falls.photos[1], china.photos[2]):
        account.collect(image, best)
    add(best, "cover.jpg", "2020-08-01T08:00:00")

    account.add_album("Nothing yet")
    account.add_page("About me")
    files = account.add_album(
        SITE_FILES, node_type="System Album", privacy="Unlisted", url_name=SITE_URL_NAME
    )
    account.add_photo(files, "logo.png", make_png(next(seeds)))

    visitor = account.root_of(account.visitor)
    coast = account.add_folder("Coast", parent=visitor)
    lighthouses = account.add_album("Lighthouses", parent=coast)
    for number, keywords in enumerate((("sea", "night"), ("sea",)), 1):
        add(lighthouses, f"light-{number}.jpg", f"2021-05-01T21:1{number}:00", keywords=keywords)
    add(account.add_album("Snapshots", parent=visitor), "snap.jpg", "2021-05-02T12:00:00")
