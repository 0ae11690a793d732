"""The numeric ids: each stands for one thing, for good, whatever comes and goes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from smugsync.emulator.account.account import Account
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.legacy.numbers import LARGE, Numbers
from smugsync.emulator.settings import Settings
from smugsync.emulator.switches import Switches
from tests.emulator.legacy.asking import VERSIONS, Older, fill, login, new_album, owner, picture, small


def ids(client: Older) -> dict[str, Any]:
    """Of everything, by key."""
    account = client.emulator.account
    found: dict[str, Any] = {}
    for shown in client.ok("albums.get")["Albums"]:
        found[shown["Key"]] = (shown["id"], shown["Category"]["id"])
        if account.albums[shown["Key"]].photos:
            found |= {one["Key"]: one["id"] for one in client.images(account.albums[shown["Key"]])}
    return found


def test_every_version_tells_the_same() -> None:
    told = [ids(owner(version)) for version in VERSIONS]
    assert told[0] == told[1] == told[2] == told[3]


def test_no_two_things_have_one_id() -> None:
    account = Account("demo", clock=lambda: 1.6e9)
    album = account.add_album("A")
    for number in range(3000):
        account.add_photo(album, f"{number}.jpg", b"x")
    numbers = Numbers(account, Switches)
    assert len({numbers.of_image(image) for image in album.photos}) == 3000
    assert all(numbers.image(numbers.of_image(image)) is image for image in album.photos)


def test_one_whose_place_is_taken_gets_the_next_and_keeps_it() -> None:
    account = Account("demo", clock=lambda: 1.6e9)
    album = account.add_album("A")
    first, second = (account.add_photo(album, name, b"x") for name in ("a.jpg", "b.jpg"))
    alone = Numbers(account, Switches)
    wanted = alone.of_image(second)
    first.number, second.number = wanted, 0
    numbers = Numbers(account, Switches)
    assert (numbers.of_image(first), numbers.of_image(second)) == (wanted, wanted + 1)
    assert numbers.image(wanted + 1) is second
    account.delete(first)
    assert Numbers(account, Switches).of_image(second) == wanted + 1


def test_ids_are_below_2_31_or_if_one_wants_beyond() -> None:
    client = owner()
    assert all(one["id"] < 2**31 for one in client.images(client.album("Ring Road")))
    large = owner(legacy_ids="large")
    [shown, *_] = large.images(large.album("Ring Road"), Heavy=1)
    assert shown["id"] > LARGE > 2**31
    assert large.fetch(shown["OriginalURL"]).content() == picture(1)
    assert large.ok("images.getInfo", ImageID=shown["id"])["Image"]["id"] == shown["id"]


def test_what_moves_or_changes_keeps_its_id() -> None:
    client = owner()
    album, image = client.album("Ring Road"), client.album("Ring Road").photos[0]
    before = client.id_of(album), client.id_of(image)
    account = client.emulator.account
    account.rename(album.node, name="New", url_name="New")
    account.move_node(album.node, account.root)
    account.replace(image, picture(5))
    assert (client.id_of(album), client.id_of(image)) == before
    account.move(image, client.album("Nothing yet"))
    assert client.id_of(image) == before[1]


def test_a_deleted_album_comes_back_with_its_id() -> None:
    client = owner()
    album = client.album("Ring Road")
    before = client.id_of(album), client.id_of(album.photos[1])
    client.ok("albums.delete", AlbumID=before[0])
    assert client.code("images.getInfo", ImageID=before[1]) == 4
    client.emulator.account.recover(album.node)
    assert (client.id_of(album), client.id_of(album.photos[1])) == before


def test_they_survive_a_restart(tmp_path: Path) -> None:
    settings = Settings(albums=None, state=tmp_path / "state.db", library=_library(tmp_path))
    with closing(Emulator(settings)) as emulator:
        client = login(emulator)
        fill(emulator.account)
        number = str(new_album(client, "Made here"))
        client.upload(picture(1), albumid=number)
        before = ids(client)
    with closing(Emulator(settings)) as emulator:
        assert ids(login(emulator)) == before
        again = login(emulator)
        assert again.images(again.album("Made here"), Heavy=1)[0]["FileName"] == "new.jpg"


def _library(tmp_path: Path) -> Path:
    library = tmp_path / "library"
    for place in ("A/one.jpg", "A/B/two.jpg", "three.jpg"):
        file = library / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(1))
    return library


def test_a_library_has_the_same_after_a_restart_without_a_state_file(tmp_path: Path) -> None:
    settings = Settings(library=_library(tmp_path))
    with closing(Emulator(settings)) as first, closing(Emulator(settings)) as second:
        assert ids(login(first)) == ids(login(second))


@pytest.mark.parametrize("large", ["small", "large"])
def test_a_synthetic_account_needs_no_table_of_them(large: str) -> None:
    settings = Settings(albums=50, images=40, switches=Switches().set(f"legacy-ids={large}"))
    client = login(Emulator(settings))
    album = client.album("Album 00007")
    shown = client.images(album, Heavy=1)
    assert len({one["id"] for one in shown}) == 40
    for one in (shown[0], shown[39]):
        assert client.ok("images.getInfo", ImageID=one["id"])["Image"]["MD5Sum"] == one["MD5Sum"]
        assert len(client.fetch(one["OriginalURL"]).content()) == one["Size"]
    client.ok("images.changeSettings", ImageID=shown[0]["id"], Caption="kept now")
    assert client.images(album, Heavy=1)[0]["Caption"] == "kept now"
    assert [one["id"] for one in client.images(album)] == [one["id"] for one in shown]


def test_an_upload_to_a_synthetic_account_gets_an_id_of_its_own() -> None:
    client = login(Emulator(Settings(albums=2, images=3)))
    album = client.album("Album 00001")
    answer = client.upload(picture(1), albumid=str(client.id_of(album)))
    assert answer["Image"]["id"] in {one["id"] for one in client.images(album)}
    assert len({one["id"] for one in client.images(album)}) == 4


def test_users_have_ids_too() -> None:
    client = small()
    numbers = Numbers(client.emulator.account, Switches)
    roots = client.emulator.account.roots
    assert len({numbers.of_user(root) for root in roots}) == len(roots)
    assert all(numbers.user(numbers.of_user(root)) is root for root in roots)
    assert numbers.user(1) is None
