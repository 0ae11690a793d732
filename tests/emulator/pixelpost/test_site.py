"""The account's pictures as photos of the site: which, under which names, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from smugsync.emulator.account.account import MAX_IMAGES
from smugsync.emulator.account.content import Bytes
from smugsync.emulator.account.model import Image
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_gif, make_heic, make_picture, make_png, make_video
from smugsync.emulator.settings import Settings, Switches
from smugsync.errors import SmugsyncError
from tests.emulator.ask import Clock
from tests.emulator.pixelpost.client import NOON, Client, site

FILES = {
    "Alps/1.jpg": make_picture(1, taken=None),
    "Alps/2.JPEG": make_picture(2, taken=None),
    "Alps/film.mp4": make_video(1),
    "Alps/drawing.png": make_png(1),
    "Sea/Deep/3.jpg": make_picture(3, taken=None),
    "Sea/Deep/3.heic": make_heic(1),
    "Sea/Deep/moving.gif": make_gif(1),
    "Sea/Deep/text.jpg": b"only called a picture",
    "Sea/Deep/empty.jpg": b"",
    "Sea/Deep/picture.png": make_picture(4, taken=None),
    "loose": make_picture(5, taken=None),
}
JPEGS = {name: data for name, data in FILES.items() if data.startswith(b"\xff\xd8\xff")}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    root = tmp_path / "library"
    for name, data in FILES.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return root


def serve(library: Path | None, **settings: Any) -> Client:
    return Client(Emulator(Settings(library=library, **settings), clock=Clock(NOON)))


def listed(client: Client) -> list[dict[str, Any]]:
    photos: list[dict[str, Any]] = client.look("pixelpost")["photos"]
    return photos


def test_every_jpeg_of_a_library_is_served_as_it_is(library: Path) -> None:
    client = serve(library).sign_in()
    photos = client.list("id", "original-url")
    assert [photo["id"] for photo in photos] == [1, 2, 3, 4, 5]
    answers = [client.send("GET", "/" + photo["original-url"].split("/", 3)[3]) for photo in photos]
    assert sorted(answer.content() for answer in answers) == sorted(JPEGS.values())


def test_names_and_ids_are_the_same_in_every_run(library: Path) -> None:
    first, second = (listed(serve(library)) for _ in range(2))
    assert first == second
    names = [photo["filename"] for photo in first]
    assert len(set(names)) == 5


def test_names_do_not_depend_on_the_other_files(library: Path) -> None:
    before = {photo["md5"]: photo["filename"] for photo in listed(serve(library))}
    (library / "Alps" / "0.jpg").write_bytes(make_picture(9, taken=None))
    after = {photo["md5"]: photo["filename"] for photo in listed(serve(library))}
    assert before.items() < after.items()


def test_a_synthetic_account_has_no_jpegs() -> None:
    emulator = Emulator(Settings(albums=1000, images=250), clock=Clock(NOON))
    assert Client(emulator).sign_in().ask("photo.count")["response"] == {"total": 0}


def test_other_peoples_pictures_are_not_on_the_site() -> None:
    emulator = Emulator(Settings())
    titles = {image["image"] for image in listed(Client(emulator))}
    account = emulator.account
    theirs = account.root_of(account.visitor)
    assert theirs is not None
    assert titles
    keys = {image.key for node in theirs.walk() if node.album for image in node.album.photos}
    assert keys
    assert not keys & titles


def test_a_picture_in_two_albums_is_one_photo() -> None:
    client = site("One")
    account = client.emulator.account
    account.collect(next(account.all_images()), account.add_album("Again"))
    assert len(listed(client)) == 1


def test_title_and_description_are_the_images_own_both_ways() -> None:
    client = site("One").sign_in()
    image: Image = next(client.emulator.account.all_images())
    client.ask("photo.set", id=1, fields={"title": "Here", "description": "there", "visible": False})
    assert (image.title, image.caption, image.hidden) == ("Here", "there", True)
    client.control("edits/edit-photo", image=image.key, title="There", caption="", hidden=False)
    assert client.list("title", "description", "visible") == [
        {"title": "There", "description": "", "visible": True}
    ]


def test_a_picture_is_published_when_it_is_uploaded() -> None:
    dates = [photo["publish-date"] for photo in listed(site("One", "Two"))]
    assert dates == ["2026-11-21T12:01:13+00:00", "2026-11-21T12:01:14+00:00"]


def test_a_replaced_image_has_another_file_name_and_the_same_id() -> None:
    client = site("One")
    [before] = listed(client)
    client.control("edits/replace-photo", image=before["image"], seed=7)
    [after] = listed(client)
    assert before["id"] == after["id"]
    assert before["filename"] != after["filename"]
    assert client.send("GET", f"/photos/original/{before['filename']}").status == 404
    assert client.send("GET", f"/photos/original/{after['filename']}").status == 200


class Disturbed(Bytes):
    """While it is read, something else happens."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__(make_picture(1, taken=None))
        self._happens = happens

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        self._happens()
        return super().read(start, stop)


def test_what_is_replaced_while_others_are_looked_into_keeps_its_id() -> None:
    client = site("One", "Two", upstream_bugs="off")
    account = client.emulator.account
    before = listed(client)
    one = next(account.all_images())
    new = [make_picture(number, taken=None) for number in (7, 8)]
    content = Disturbed(lambda: new and account.replace(one, new.pop()))
    account.add_photo(account.albums[one.home], "3.jpg", content)
    after = listed(client)
    assert [(photo["id"], photo["image"]) for photo in after[:2]] == [
        (photo["id"], photo["image"]) for photo in before
    ]
    assert [photo["id"] for photo in after] == [1, 2, 3]


def test_a_full_album_is_followed_by_another() -> None:
    client = site()
    client.control("pixelpost/add", seed=1)
    albums = client.emulator.account.albums
    [image] = client.emulator.account.all_images()
    albums[image.home].photos = [image] * MAX_IMAGES
    client.control("pixelpost/add", seed=2)
    shown = [(one.node.name, len(one.photos)) for one in albums.values()]
    assert shown == [("All", 0), ("Pixelpost", MAX_IMAGES), ("Pixelpost", 1)]


def test_what_was_chosen_for_a_file_goes_with_it() -> None:
    client = site("One")
    photo = client.control("pixelpost/edit", id=1, filename="00.jpg", modified=5_000_000)
    assert photo["filename"] == "00.jpg"
    client.control("edits/replace-photo", image=photo["image"], seed=7)
    [after] = listed(client)
    assert after["filename"] != "00.jpg"
    answer = client.send("GET", f"/photos/original/{after['filename']}")
    assert answer.header("Last-Modified") == "Sat, 21 Nov 2026 12:01:13 GMT"
    again = client.control("pixelpost/edit", id=1, modified=6_000_000)
    assert again["filename"] == after["filename"]


def test_what_comes_and_goes_at_the_other_site_comes_and_goes_here() -> None:
    client = site("One", "Two")
    one, two = listed(client)
    client.control("edits/delete-photo", image=one["image"])
    added = client.control("edits/add-photo", album=album_of(client), file_name="3.jpg", seed=3)
    assert [(photo["id"], photo["image"]) for photo in listed(client)] == [
        (2, two["image"]),
        (3, added["image"]),
    ]


def album_of(client: Client) -> str:
    return next(iter(client.emulator.account.albums))


def test_a_jpeg_that_becomes_something_else_is_gone() -> None:
    client = site("One")
    account = client.emulator.account
    account.replace(next(account.all_images()), b"no picture")
    assert listed(client) == []


# -- restarts --------------------------------------------------------------------------------------------


def open_state(state: Path, **switches: Any) -> Emulator:
    return Emulator(Settings(state=state, switches=Switches(**switches)), clock=Clock(NOON))


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with closing(open_state(state)) as emulator:
        client = Client(emulator)
        client.control("pixelpost/delete", id=2)
        client.control("pixelpost/edit", id=3, **{"publish-date": "2011-05-12T09:12:54Z", "title": "x"})
        client.control("pixelpost/edit", id=1, filename="00.jpg", modified=5_000_000)
        client.control("pixelpost/add", seed=8, title="new")
        keys = client.control("pixelpost/entities", name="phone", grants=["read"])
        before = listed(client)
    with closing(open_state(state)) as emulator:
        client = Client(emulator, (keys["public_key"], keys["private_key"])).sign_in()
        assert listed(client) == before
        assert client.ask("photo.count")["response"] == {"total": len(before)}
        assert client.ask("photo.del", id=1)["code"] == "unauthorized"
        answer = client.send("GET", "/photos/original/00.jpg")
        assert answer.header("Last-Modified") == "Thu, 01 Jan 1970 00:00:05 GMT"


def test_an_id_is_not_given_again_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with closing(open_state(state, upstream_bugs="off")) as emulator:
        last = listed(Client(emulator))[-1]["id"]
        Client(emulator).control("pixelpost/delete", id=last)
    with closing(open_state(state, upstream_bugs="off")) as emulator:
        assert Client(emulator).control("pixelpost/add")["id"] == last + 1


def test_a_grant_of_the_announced_keys_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with closing(open_state(state, pixelpost_grants="read,admin")) as emulator:
        client = Client(emulator).sign_in()
        client.ask("auth.entity.grant.add", entity=client.keys[0], grant="delete")
    with closing(open_state(state, pixelpost_grants="read")) as emulator:
        assert Client(emulator).sign_in().ask("photo.del", id=1)["status"] == "valid"


def test_tokens_do_not_survive_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with closing(open_state(state)) as emulator:
        client = Client(emulator).sign_in()
        call = client.sign("photo.count", {})
    with closing(open_state(state)) as emulator:
        assert Client(emulator).post(call)["code"] == "bad_token"


def test_a_damaged_note_is_told_in_a_sentence(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with closing(open_state(state)) as emulator:
        emulator.keeper.write_note("pixelpost", '{"photos": 5}')
    with pytest.raises(SmugsyncError, match="what the state file says of the Pixelpost site cannot be read"):
        open_state(state)
