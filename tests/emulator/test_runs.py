"""Many images as one sequence: none is made that nobody asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.emulator.account.content import Bytes
from smugsync.emulator.account.model import Image
from smugsync.emulator.account.runs import Joined, in_order
from smugsync.emulator.account.synthetic import SyntheticImages, file_names
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.settings import Settings
from tests.emulator.ask import Client

USER = "/api/v2/user/demo"
ALBUMS, IMAGES = 40, 50


def image_of(number: int, key: str = "") -> Image:
    return Image(key or str(number), "home", "a.jpg", Bytes(b""), "JPG", uploaded=number, upload_key=number)


class Made(Sequence[Any]):
    """Images that are made when asked, and counted."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = numbers
        self.made = 0

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, at: Any) -> Any:
        self.made += 1
        return image_of(self.numbers[at])


def numbers_of(images: Sequence[Image]) -> list[int]:
    return [image.uploaded for image in images]


@st.composite
def runs_of(draw: st.DrawFn) -> list[Sequence[Image]]:
    """Lists in any order, and runs that are in order."""
    numbers = st.lists(st.integers(0, 60), max_size=8)
    runs: list[Sequence[Image]] = []
    for kept, chosen in draw(st.lists(st.tuples(st.booleans(), numbers), max_size=6)):
        runs.append([image_of(number) for number in chosen] if kept else Made(sorted(chosen)))
    return runs


@given(runs_of(), st.booleans(), st.data())
def test_runs_are_joined(runs: list[Sequence[Image]], backwards: bool, data: st.DataObject) -> None:
    whole = [number for run in runs for number in numbers_of(run)][:: -1 if backwards else 1]
    joined = Joined(runs, backwards=backwards)
    assert (len(joined), numbers_of(joined)) == (len(whole), whole)
    part = data.draw(st.slices(len(whole)))
    assert numbers_of(joined[part]) == whole[part]
    assert [joined[at].uploaded for at in range(-len(whole), 0)] == whole
    for outside in (len(whole), -len(whole) - 1):
        with pytest.raises(IndexError):
            _ = joined[outside]


@given(runs_of(), st.booleans())
def test_runs_are_sorted(runs: list[Sequence[Image]], backwards: bool) -> None:
    ordered = in_order(runs, lambda image: image.uploaded, backwards=backwards)
    whole = [number for run in runs for number in numbers_of(run)]
    assert numbers_of(ordered) == sorted(whole, reverse=backwards)


def test_only_what_is_asked_for_is_made() -> None:
    runs = [Made(range(start, start + 100)) for start in (200, 0, 100)]
    kept = [image_of(150), image_of(5000), image_of(-7)]
    ordered = in_order([*runs, kept], lambda image: image.uploaded)
    assert numbers_of(ordered[:3]) == [-7, 0, 1]
    assert numbers_of(ordered[-2:]) == [299, 5000]
    assert (runs[0].made, runs[1].made) == (3, 4)  # the ends, and what was asked for
    assert runs[2].made >= 100  # one that was kept lies among them


# -- whole accounts that are made while they are read --------------------------------------------------------


class Counted(SyntheticImages):
    made = 0

    def _make(self, place: int) -> Image:
        Counted.made += 1
        return super()._make(place)


@pytest.fixture
def client() -> Client:
    """Of a synthetic account; `Counted.made` says how many of its images were made."""
    client = Client(Emulator(Settings(albums=ALBUMS, images=IMAGES, bytes_each=100)))
    for album in client.emulator.account.albums.values():
        assert isinstance(album.photos, SyntheticImages)
        album.photos.__class__ = Counted
    Counted.made = 0
    return client


def truth(client: Client) -> list[Image]:
    """Everything, the latest upload first."""
    images = sorted(client.emulator.account.all_images(), key=lambda image: image.upload_key, reverse=True)
    Counted.made = 0
    return images


def listed(client: Client, target: str) -> list[str]:
    return [image["FileName"] for image in client.get(target)["Response"].get("Image", [])]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("!recentimages?count=2", slice(2)),
        ("!imagesearch?count=2", slice(2)),
        ("!imagesearch?count=2&start=1777", slice(1776, 1778)),
        ("!imagesearch?count=2&Order=Oldest", slice(None, -3, -1)),
        ("!imagesearch?count=2&start=1777&MediaType=Images", slice(1776, 1778)),
    ],
)
def test_a_page_of_many_is_found_without_the_rest(client: Client, query: str, place: slice) -> None:
    expected = [image.file_name for image in truth(client)[place]]
    assert listed(client, USER + query) == expected
    most = 1000 if "recent" in query else 0  # as many as recent images there are
    assert Counted.made <= most + 4 * ALBUMS


@pytest.mark.parametrize(
    "target",
    [
        f"{USER}!imagesearch?q=sea",
        f"{USER}!imagesearch?MediaType=Videos",
        f"{USER}!geomedia",
        "/api/v2/image!search?Text=sea",
        f"{USER}!duplicateimagesearch",
        f"{USER}!duplicateimagesearch?FileName=sea.jpg",
    ],
)
def test_what_cannot_be_found_is_not_made(client: Client, target: str) -> None:
    assert client.get(target)["Response"]["Pages"]["Total"] == 0
    assert Counted.made <= ALBUMS


def test_what_was_edited_is_found_among_the_others(client: Client) -> None:
    account, images = client.emulator.account, truth(client)
    edited, hidden = images[700], images[703]
    account.edit(edited, caption="sea", keywords=("sun",))
    account.edit(hidden, hidden=True)
    account.move(images[30], next(iter(account.albums.values())))
    album = account.albums[images[900].home]
    account.add_photo(album, edited.file_name, b"x")
    Counted.made = 0
    assert listed(client, f"{USER}!imagesearch?q=sea") == [edited.file_name]
    assert listed(client, "/api/v2/image!search?Text=sea") == [edited.file_name]
    assert listed(client, f"{USER}!duplicateimagesearch") == [edited.file_name] * 2
    keywords = client.get(f"{USER}!topkeywords")["Response"]["UserTopKeywords"]["KeyWords"]
    assert keywords == ["sun"]
    assert Counted.made <= 10 * ALBUMS
    everything = [edited.file_name, *(image.file_name for image in images)]
    assert listed(client, f"{USER}!imagesearch?count=1000") == everything[:1000]
    others = Client(client.emulator, "other").get(f"{USER}!imagesearch")["Response"]["Pages"]["Total"]
    assert others == len(images)  # one more, and one less


@pytest.mark.parametrize(("direction", "reverse"), [("Descending", True), ("Ascending", False)])
def test_a_search_is_sorted_by_the_latest_edit(client: Client, direction: str, reverse: bool) -> None:
    images = truth(client)
    client.emulator.account.edit(images[-1], title="now the last")
    target = f"/api/v2/image!search?SortMethod=LastUpdated&SortDirection={direction}&count=1000"
    shown = [image["ImageKey"] for image in client.all(target, "Image")]
    assert shown == [image.key for image in (images[-1:] + images[:-1])[:: 1 if reverse else -1]]


def test_uploads_of_large_albums_do_not_overlap() -> None:
    account = Emulator(Settings(albums=3, images=700, bytes_each=1)).account
    uploads = [image.uploaded for album in account.albums.values() for image in album.photos]
    assert uploads == sorted(set(uploads))


def test_file_names_are_known_without_the_images(client: Client) -> None:
    for album in client.emulator.account.albums.values():
        names = list(file_names(album.photos))
        assert Counted.made == 0
        assert names == [image.file_name for image in album.photos]
        assert list(file_names(list(album.photos))) == names
        Counted.made = 0
