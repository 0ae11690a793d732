from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from smugsync.emulator.account.content import UNIQUE_SIZE, Noise
from smugsync.emulator.account.model import Album
from smugsync.emulator.account.synthetic import SyntheticImages
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings
from tests.emulator.ask import Client

SIZES = st.integers(0, 300) | st.sampled_from([UNIQUE_SIZE - 1, UNIQUE_SIZE, UNIQUE_SIZE + 1, 300_000])


@given(st.text(max_size=5), SIZES, st.data())
def test_noise_is_what_it_says(seed: str, size: int, data: st.DataObject) -> None:
    noise = Noise(seed, size)
    whole = b"".join(noise.read(0, size))
    assert (len(whole), hashlib.md5(whole).hexdigest()) == (size, noise.md5)
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    assert b"".join(noise.read(start, stop)) == whole[start:stop]


def synthetic(albums: int = 3, images: int = 7) -> Client:
    return Client(Emulator(Settings(albums=albums, images=images, bytes_each=1000)))


def first(client: Client) -> Album:
    return next(iter(client.emulator.account.albums.values()))


def test_every_key_leads_back_to_its_image() -> None:
    client = synthetic()
    account = client.emulator.account
    keys = [image.key for image in account.all_images()]
    assert len(set(keys)) == 21
    for album in account.albums.values():
        for image in album.photos:
            found = account.image(image.key)
            assert found is not None
            assert (found.key, found.home, found.file_name) == (image.key, image.home, image.file_name)
    assert account.image("2222222") is None
    assert account.image("aeiouae") is None
    assert account.image("short") is None


def test_images_are_served_with_what_was_promised() -> None:
    client = synthetic()
    for album in client.all("/api/v2/user/demo!albums?count=2", "Album"):
        images = client.all(album["Uris"]["AlbumImages"]["Uri"] + "?count=3", "AlbumImage")
        assert len(images) == album["ImageCount"] == 7
        for image in images:
            body = client.media(image["ArchivedUri"]).content()
            assert hashlib.md5(body).hexdigest() == image["ArchivedMD5"]
            assert client.status(image["Uris"]["Image"]["Uri"]) == 200
        taken = [image["DateTimeOriginal"] for image in images]
        assert taken == sorted(taken)


def test_only_an_album_that_is_edited_is_kept() -> None:
    client = synthetic()
    account, album = client.emulator.account, first(client)
    image = album.photos[2]
    account.edit(image, caption="kept")
    account.replace(image, b"other")
    target = f"/api/v2/album/{album.key}!images"
    listed = client.get(target)["Response"]["AlbumImage"]
    shown = next(i for i in listed if i["ImageKey"] == image.key)
    assert (shown["Serial"], shown["Caption"]) == (1, "kept")
    account.delete(image)
    assert client.get(target)["Response"]["Pages"]["Total"] == 6
    assert account.image(image.key) is None
    others = [a for a in account.albums.values() if a is not album]
    assert all(isinstance(other.photos, SyntheticImages) for other in others)
    account.delete_node(others[0].node)
    account.move(others[1].photos[0], album)
    assert client.get(target)["Response"]["Pages"]["Total"] == 7


def test_the_same_settings_make_the_same_account() -> None:
    one, two = synthetic(), synthetic()
    assert [i.key for i in one.emulator.account.all_images()] == [
        i.key for i in two.emulator.account.all_images()
    ]
    other = Emulator(Settings(albums=3, images=7, bytes_each=1000, seed=1)).account
    assert {i.key for i in other.all_images()}.isdisjoint(i.key for i in one.emulator.account.all_images())


def test_a_huge_account_is_made_at_once() -> None:
    client = synthetic(2000, 250)
    assert sum(len(album.photos) for album in client.emulator.account.albums.values()) == 500_000
    assert client.get("/api/v2/user/demo!albums?count=100")["Response"]["Pages"]["Total"] == 2000
    albums = list(client.emulator.account.albums)
    page = client.get(f"/api/v2/album/{albums[-1]}!images?count=100&start=201")["Response"]
    assert len(page["AlbumImage"]) == 50


def test_an_empty_account() -> None:
    client = synthetic(0, 0)
    assert client.get("/api/v2/user/demo!albums")["Response"]["Pages"]["Total"] == 0
    assert client.emulator.account.image("2222222") is None
