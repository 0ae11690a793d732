"""Which original here is which photo or video online, where their bytes cannot tell."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.matching import (
    Family,
    Original,
    Wanted,
    is_litter,
    label_of_original,
    label_of_remote,
    pair,
    same_time,
    settle_claims,
    suggests,
)
from smugsync.core.model import Kind

NOON = datetime(2020, 5, 2, 12, 0, 0)


def original(number: int, *, size: int = 100, at: datetime = NOON, directory: str = "Rome") -> Original:
    return Original(number, directory, size, int(at.timestamp()) * 10**9, (at,))


def wanted(
    number: int, key: str, *, album: int = 1, taken: datetime | None = NOON, size: int | None = None
) -> Wanted:
    return Wanted(number, key, album, taken, size)


def in_album_of_its_number(file: Original, one: Wanted) -> bool:
    return file.directory == f"album {one.album}"


class TestLabels:
    @pytest.mark.parametrize(
        ("here", "online", "kind"),
        [
            ("IMG_1.HEIC", "IMG_1.JPG", Kind.PHOTO),
            ("img_1.heif", "IMG_1.JPG", Kind.PHOTO),
            ("IMG_1.HEIC", "IMG_1_heic.JPG", Kind.PHOTO),
            ("Clip.MOV", "Clip.MOV", Kind.VIDEO),
            ("Clip.avi", "CLIP.MP4", Kind.VIDEO),
        ],
    )
    def test_original_and_its_conversion_have_the_same(self, here: str, online: str, kind: Kind) -> None:
        assert label_of_original(here) == label_of_remote(online, kind) is not None

    @pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "notes.txt", "heic", ".heic"])
    def test_what_the_service_does_not_convert_has_none(self, name: str) -> None:
        assert label_of_original(name) is None

    @pytest.mark.parametrize("name", ["a.jpg", "a.Jpg", "a.PNG", "JPG"])
    def test_photo_that_was_not_converted_has_none(self, name: str) -> None:
        assert label_of_remote(name, Kind.PHOTO) is None

    def test_picture_is_no_video(self) -> None:
        assert label_of_original("a.heic") != label_of_original("a.mov")
        assert label_of_original("a.heic") == (Family.STILL, "a")

    def test_photo_that_is_called_heic_keeps_its_name(self) -> None:
        assert label_of_remote("_heic.JPG", Kind.PHOTO) == (Family.STILL, "_heic")


class TestTimes:
    @pytest.mark.parametrize("hours", [0, 1, -7, 14, 26])
    @pytest.mark.parametrize("seconds", [0, 2, -2])
    def test_clocks_of_two_zones_agree(self, hours: int, seconds: int) -> None:
        assert same_time(NOON, [NOON + timedelta(hours=hours, seconds=seconds)])

    @pytest.mark.parametrize("apart", ["0:00:03", "0:30:00", "0:59:57", "27:00:00"])
    def test_other_times_do_not(self, apart: str) -> None:
        hours, minutes, seconds = map(int, apart.split(":"))
        assert not same_time(NOON, [NOON + timedelta(hours=hours, minutes=minutes, seconds=seconds)])

    def test_one_of_several_clocks_is_enough(self) -> None:
        assert same_time(NOON, [NOON + timedelta(minutes=30), NOON])

    def test_no_clock_says_nothing(self) -> None:
        assert not same_time(NOON, [])


class TestSuggestions:
    @pytest.mark.parametrize(
        "directory", ["old/Ring Road", "Ring-Road", "ring_road", "a/b/RING ROAD", "Þ/Ring Road!"]
    )
    def test_last_folder_is_called_like_the_album(self, directory: str) -> None:
        assert suggests(directory, "Ring Road", "/Travel/Ring-Road-2")

    @pytest.mark.parametrize("directory", ["", "Ring Road/raw", "Road", "!!"])
    def test_others_are_not(self, directory: str) -> None:
        assert not suggests(directory, "Ring Road", "/Travel/Ring-Road")

    def test_address_counts_too(self) -> None:
        assert suggests("x/Iceland-2019", "Ísland", "/Travel/Iceland-2019")


class TestPairs:
    def pairs(self, online: list[Wanted], here: list[Original]) -> dict[int, int]:
        return pair(online, here, in_album_of_its_number)

    def test_only_one_fits(self) -> None:
        assert self.pairs([wanted(7, "k")], [original(0)]) == {7: 0}

    def test_other_time_does_not_fit(self) -> None:
        assert self.pairs([wanted(7, "k")], [original(0, at=NOON + timedelta(minutes=5))]) == {}

    def test_unknown_time_does_not_fit(self) -> None:
        assert self.pairs([wanted(7, "k", taken=None)], [original(0)]) == {}

    def test_equal_size_needs_no_time(self) -> None:
        late = NOON + timedelta(minutes=5)
        assert self.pairs([wanted(7, "k", taken=None, size=100)], [original(0, at=late)]) == {7: 0}

    def test_equal_size_tells_more_than_time(self) -> None:
        here = [original(0, size=90), original(1, size=100, at=NOON + timedelta(minutes=5))]
        assert self.pairs([wanted(7, "k", size=100)], here) == {7: 1}

    def test_other_size_says_nothing(self) -> None:
        assert self.pairs([wanted(7, "k", size=55)], [original(0)]) == {7: 0}

    def test_two_files_for_one_photo_are_ambiguous(self) -> None:
        assert self.pairs([wanted(7, "k")], [original(0), original(1, size=101)]) == {}

    def test_one_file_for_two_photos_is_ambiguous(self) -> None:
        assert self.pairs([wanted(7, "k"), wanted(8, "l", album=2)], [original(0)]) == {}

    def test_copies_of_one_file_are_one(self) -> None:
        assert self.pairs([wanted(7, "k")], [original(0), original(1, directory="backup")]) == {7: 0}

    def test_photo_of_two_albums_is_one_photo(self) -> None:
        online = [wanted(7, "k"), wanted(8, "k", album=2)]
        assert self.pairs(online, [original(0)]) == {7: 0, 8: 0}

    def test_copy_in_the_album_itself_comes_first(self) -> None:
        online = [wanted(7, "k"), wanted(8, "k", album=2)]
        here = [original(0, directory="backup"), original(1, directory="album 2")]
        assert self.pairs(online, here) == {7: 0, 8: 1}

    def test_album_decides_between_two_photos(self) -> None:
        online = [wanted(7, "k"), wanted(8, "l", album=2)]
        assert self.pairs(online, [original(0, directory="album 2")]) == {8: 0}

    def test_album_decides_between_two_files(self) -> None:
        here = [original(0, directory="elsewhere"), original(1, size=101, directory="album 1")]
        assert self.pairs([wanted(7, "k")], here) == {7: 1}

    def test_two_photos_of_one_album_stay_ambiguous(self) -> None:
        assert self.pairs([wanted(7, "k"), wanted(8, "l")], [original(0, directory="album 1")]) == {}

    @given(st.data())
    def test_law_no_file_of_one_album_serves_two_of_its_photos(self, data: st.DataObject) -> None:
        hours = st.integers(-2, 2)
        online = [
            wanted(n, data.draw(st.sampled_from("klm")), album=data.draw(st.integers(1, 2)))
            for n in range(data.draw(st.integers(0, 5)))
        ]
        online = list({(one.key, one.album): one for one in online}.values())
        here = [
            original(
                n,
                size=data.draw(st.integers(1, 3)),
                at=NOON + timedelta(hours=data.draw(hours)),
                directory=data.draw(st.sampled_from(["album 1", "album 2", "elsewhere"])),
            )
            for n in range(data.draw(st.integers(0, 5)))
        ]
        pairs = self.pairs(online, here)
        contents = {one.number: (one.size, one.mtime_ns) for one in here}
        used = [(one.album, contents[pairs[one.number]]) for one in online if one.number in pairs]
        assert len(used) == len(set(used))


class TestClaims:
    def test_free_directory_is_granted(self) -> None:
        assert settle_claims({1: "a", 2: "b"}, {1: ("old/a", 5)}) == {1: "old/a"}

    def test_directory_of_another_album_is_not(self) -> None:
        assert settle_claims({1: "a", 2: "b"}, {1: ("b", 5)}) == {}

    @pytest.mark.parametrize("claim", ["b/inside", "around"])
    def test_nor_one_inside_or_around_it(self, claim: str) -> None:
        assert settle_claims({1: "a", 2: "b", 3: "around/c"}, {1: (claim, 5)}) == {}

    def test_of_two_the_stronger_claim_wins(self) -> None:
        assert settle_claims({1: "a", 2: "b"}, {1: ("old", 5), 2: ("old", 6)}) == {2: "old"}

    def test_two_may_trade(self) -> None:
        assert settle_claims({1: "a", 2: "b"}, {1: ("b", 1), 2: ("a", 1)}) == {1: "b", 2: "a"}

    def test_who_is_refused_keeps_others_from_its_place(self) -> None:
        assert settle_claims({1: "a", 2: "b", 3: "c"}, {1: ("c", 9), 2: ("a", 1)}) == {}

    @given(
        st.dictionaries(
            st.integers(0, 6),
            st.tuples(st.sampled_from(["a", "a/b", "b", "b/c/d", "c", "c/d"]), st.integers(1, 4)),
        )
    )
    def test_law_nobody_lies_in_anothers_directory(self, claims: dict[int, tuple[str, int]]) -> None:
        present = {album: f"album-{album}" for album in range(7)}
        layout = present | settle_claims(present, claims)
        for one, path in layout.items():
            for other, below in layout.items():
                assert one == other or not f"{below}/".startswith(f"{path}/")


@pytest.mark.parametrize(
    "name", ["@eaDir", "#recycle", ".DS_Store", "._IMG_1.JPG", "Thumbs.db", "THUMBS.DB", ".Trash-1000"]
)
def test_litter_of_systems_is_known(name: str) -> None:
    assert is_litter(name)


@pytest.mark.parametrize("name", ["IMG_1.JPG", ".hidden.jpg", "eaDir", "recycle", "thumbs.jpg"])
def test_what_a_person_may_call_a_photo_is_no_litter(name: str) -> None:
    assert not is_litter(name)


@given(st.text(max_size=8))
def test_law_labels_do_not_see_case(stem: str) -> None:
    assert label_of_original(f"x{stem}.HEIC") == label_of_original(f"X{stem}.heic") is not None
