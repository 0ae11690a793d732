"""Which edit moves which time stamp."""

from __future__ import annotations

import pytest

from smugsync.emulator.account.account import MAX_IMAGES, Account
from smugsync.emulator.account.content import Noise
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.account.tree import EditError
from tests.emulator.ask import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(1_600_000_000.0)


@pytest.fixture
def account(clock: Clock) -> Account:
    return Account("demo", clock=clock)


def stamps(account: Account, album: Album) -> tuple[int, int, int]:
    """LastUpdated, ImagesLastUpdated, ImageCount"""
    return album.node.modified, album.images_updated_at(account.clock()), len(album.photos)


@pytest.fixture
def album(account: Account, clock: Clock) -> Album:
    album = account.add_album("A")
    for number in range(3):
        account.add_photo(album, f"{number}.jpg", Noise(str(number), 100))
    clock.now += 100
    return album


@pytest.fixture
def image(album: Album) -> Image:
    return album.photos[0]


def test_an_upload_moves_both(account: Account, album: Album, clock: Clock) -> None:
    new = account.add_photo(album, "new.jpg", b"x")
    assert stamps(account, album) == (clock.now, clock.now, 4)
    assert new.uploaded == new.updated == clock.now


def test_a_caption_moves_the_image_only(account: Account, album: Album, image: Image, clock: Clock) -> None:
    before = stamps(account, album)
    account.edit(image, caption="new")
    assert stamps(account, album) == before
    assert image.updated == clock.now


def test_a_replacement_raises_the_serial(account: Account, album: Album, image: Image, clock: Clock) -> None:
    modified, _, count = stamps(account, album)
    account.replace(image, b"y")
    assert stamps(account, album) == (modified, clock.now, count)
    assert (image.serial, image.updated, image.file_name) == (1, clock.now, "0.jpg")


def test_delete_move_collect_and_reorder(account: Account, album: Album, image: Image, clock: Clock) -> None:
    other = account.add_album("B")
    clock.now += 100
    created, modified = other.node.modified, album.node.modified
    account.collect(image, other)
    assert stamps(account, other) == (created, clock.now, 1)
    assert stamps(account, album)[1] < clock.now
    account.move(album.photos[1], other)
    assert stamps(account, album) == (modified, clock.now, 2)
    assert len(other.photos) == 2
    clock.now += 100
    account.delete(image, other)
    assert account.image(image.key) is image
    assert stamps(account, other) == (created, clock.now, 1)
    account.delete(image)
    assert account.image(image.key) is None
    clock.now += 100
    account.reorder(album, [])
    assert stamps(account, album) == (modified, clock.now, 1)


def test_deleting_an_image_takes_it_from_every_album(account: Account, album: Album, image: Image) -> None:
    other = account.add_album("B")
    account.collect(image, other)
    account.delete(image)
    assert list(other.photos) == []
    assert image not in album.photos


def test_what_is_processing_does_not_move(account: Account, album: Album, image: Image) -> None:
    other = account.add_album("B")
    account.edit(image, processing=True)
    account.move(image, other)
    assert image in album.photos


def test_a_rename_moves_last_updated_only(account: Account, album: Album, clock: Clock) -> None:
    _, images, count = stamps(account, album)
    account.rename(album.node, name="Z", url_name="Z")
    assert stamps(account, album) == (clock.now, images, count)
    assert album.node.url_path == "/Z"


def test_renaming_a_folder_moves_no_album(account: Account, clock: Clock) -> None:
    folder = account.add_folder("F")
    album = account.add_album("A", parent=folder)
    before = stamps(account, album)
    clock.now += 100
    account.rename(folder, url_name="G")
    assert stamps(account, album) == before
    assert album.node.url_path == "/G/A"


def test_two_edits_in_a_second_leave_equal_stamps(account: Account, album: Album, clock: Clock) -> None:
    account.add_photo(album, "a.jpg", b"a")
    first = stamps(account, album)
    clock.now += 0.4
    account.add_photo(album, "b.jpg", b"b")
    second = stamps(account, album)
    assert first[:2] == second[:2]
    assert second[2] == first[2] + 1


def test_images_updated_may_come_late(account: Account, album: Album, clock: Clock) -> None:
    account.images_updated_delay = 40
    before = stamps(account, album)[1]
    account.add_photo(album, "late.jpg", b"l")
    assert stamps(account, album)[1:] == (before, 4)
    clock.now += 41
    assert stamps(account, album)[1] > before


def test_last_updated_may_be_throttled(account: Account, album: Album, clock: Clock) -> None:
    account.updated_throttle = 1000
    before = album.node.modified
    account.add_photo(album, "a.jpg", b"a")
    assert album.node.modified == before
    clock.now += 2000
    account.add_photo(album, "b.jpg", b"b")
    assert album.node.modified == clock.now


def test_a_bump_has_no_cause(account: Account, album: Album) -> None:
    before = stamps(account, album)
    account.bump(album)
    account.bump(album)
    after = stamps(account, album)
    assert after[1] > before[1]
    assert (after[0], after[2]) == (before[0], before[2])


def test_address_names_are_unique_among_siblings(account: Account) -> None:
    first, second = account.add_album("A b"), account.add_album("a B")
    assert (first.node.url_name, second.node.url_name) == ("A-b", "A-B-1")
    with pytest.raises(EditError):
        account.rename(second.node, url_name="a-b")


def test_limits(account: Account) -> None:
    node = account.root
    for depth in range(5):
        node = account.add_folder(f"Level {depth}", parent=node)
    account.add_album("Below the fifth", parent=node)
    with pytest.raises(EditError):
        account.add_folder("Sixth", parent=node)
    album = account.add_album("Full")
    album.photos = list(album.photos) * MAX_IMAGES or [account.add_photo(album, "x", b"")] * MAX_IMAGES
    with pytest.raises(EditError):
        account.add_photo(album, "y", b"")


def test_deleting_a_folder_deletes_what_is_in_it(account: Account, album: Album, image: Image) -> None:
    folder = account.add_folder("F")
    account.move_node(album.node, folder)
    assert album.node.url_path == "/F/A"
    account.delete_node(folder)
    assert (account.album(album.key), account.image(image.key), account.node(folder.id)) == (None, None, None)
    with pytest.raises(EditError):
        account.edit(image, caption="too late")
