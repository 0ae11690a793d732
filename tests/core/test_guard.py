"""The guard's numbers: more than max(20 files, 5 %), a whole album of three or more, an empty account."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.core.guard import (
    AlbumLoss,
    MaxLoss,
    Withheld,
    account_vanished,
    agreed_time,
    album_contradicts,
    check,
    view_narrowed,
)

DEFAULT = MaxLoss()


def loss(losing: int, *, held: int = 10_000, key: str = "a") -> AlbumLoss:
    return AlbumLoss(key, f"Album {key}", held, losing)


def withheld_keys(*losses: AlbumLoss, held: int) -> list[str | None]:
    return [item.album_key for item in check(losses, held=held, limits=DEFAULT)]


class TestHowMuchMayVanish:
    @pytest.mark.parametrize(
        ("held", "losing", "stopped"),
        [
            (100, 20, False),
            (100, 21, True),
            (400, 20, False),  # 5 % are 20
            (400, 21, True),
            (420, 21, False),  # 5 % are 21
            (460, 23, False),
            (460, 24, True),
            (100_000, 5_000, False),
            (100_000, 5_001, True),
            (0, 0, False),
        ],
    )
    def test_at_once(self, held: int, losing: int, *, stopped: bool) -> None:
        assert withheld_keys(loss(losing), held=held) == ([None] if stopped else [])

    @given(st.integers(0, 2_000_000), st.integers(0, 200_000))
    def test_limit_is_exact(self, held: int, losing: int) -> None:
        too_much = losing > 20 and Fraction(losing) > Fraction(held, 20)
        assert withheld_keys(loss(losing, held=2_000_001), held=held) == ([None] if too_much else [])

    def test_albums_add_up(self) -> None:
        losses = [loss(7, key=key) for key in "abc"]
        assert withheld_keys(*losses, held=100) == [None]
        assert withheld_keys(*losses[:2], held=100) == []


class TestWholeAlbum:
    @pytest.mark.parametrize(
        ("held", "losing", "stopped"),
        [(3, 3, True), (3, 2, False), (2, 2, False), (1, 1, False), (4, 4, True)],
    )
    def test_of_three_or_more(self, held: int, losing: int, *, stopped: bool) -> None:
        assert withheld_keys(loss(losing, held=held), held=10_000) == (["a"] if stopped else [])

    def test_others_may_go_on(self) -> None:
        assert withheld_keys(loss(5, held=5), loss(5, held=50, key="b"), held=10_000) == ["a"]

    def test_that_loses_nothing_is_not_lost(self) -> None:
        assert withheld_keys(loss(0, held=0), loss(0, held=3), held=10_000) == []

    def test_reason_says_how_many(self) -> None:
        (item,) = check([loss(1_200, held=1_200)], held=100_000, limits=DEFAULT)
        assert item.reason == "would lose all of its 1,200 files"


def test_reason_names_the_albums_that_lose_most() -> None:
    losses = [loss(n, key=key) for n, key in zip((3, 40, 5, 9), "abcd", strict=True)]
    (item,) = check(losses, held=2_000, limits=MaxLoss(files=50, share=0.01))
    assert item == Withheld(
        None,
        "57 of 2,000 files would be lost at once (40 of Album b, 9 of Album d, 5 of Album c, 3 of others); "
        "at most 50 may be",
    )


class TestAccount:
    def test_that_lists_nothing_any_more(self) -> None:
        found = account_vanished(held_albums=1_200, listed_albums=0)
        assert found == Withheld(None, "the account lists no albums, but 1,200 are mirrored")

    @pytest.mark.parametrize(("held", "listed"), [(0, 0), (0, 5), (5, 1)])
    def test_that_is_new_or_alive(self, held: int, listed: int) -> None:
        assert account_vanished(held_albums=held, listed_albums=listed) is None


class TestCount:
    @pytest.mark.parametrize(("listed", "counted"), [(9, 10), (10, 9), (0, 1)])
    def test_that_contradicts_a_listing_withholds_its_album(self, listed: int, counted: int) -> None:
        found = album_contradicts(name="Iceland", key="a", listed=listed, counted=counted)
        assert found is not None
        assert found.album_key == "a"

    @pytest.mark.parametrize(("listed", "counted"), [(10, 10), (10, None), (0, None), (0, 0)])
    def test_that_agrees_or_is_kept_secret(self, listed: int, counted: int | None) -> None:
        assert album_contradicts(name="Iceland", key="a", listed=listed, counted=counted) is None


def test_limits_are_a_persons() -> None:
    generous = MaxLoss(files=1_000, share=0.5, album=100)
    assert check([loss(99, held=99)], held=100, limits=generous) == ()
    strict = MaxLoss(files=0, share=0.0, album=1)
    keys = [item.album_key for item in check([loss(1, held=1)], held=100, limits=strict)]
    assert keys == ["a", None]


class TestTime:
    """Old things are deleted by two clocks, or not at all."""

    def test_that_both_clocks_show_is_the_earlier_one(self) -> None:
        assert agreed_time(ours=1_000_000, theirs=1_000_007, last=999_999) == 1_000_000
        assert agreed_time(ours=1_000_007, theirs=1_000_000, last=999_999) == 1_000_000

    @pytest.mark.parametrize("apart", [3_601, -3_601, 86_400 * 400])
    def test_is_unknown_where_they_are_apart(self, apart: int) -> None:
        assert agreed_time(ours=1_000_000, theirs=1_000_000 + apart, last=0) is None

    @pytest.mark.parametrize("apart", [3_600, -3_600])
    def test_is_known_to_the_hour(self, apart: int) -> None:
        assert agreed_time(ours=1_000_000, theirs=1_000_000 + apart, last=0) is not None

    def test_is_unknown_without_a_second_witness(self) -> None:
        assert agreed_time(ours=1_000_000, theirs=None, last=0) is None

    def test_is_unknown_where_our_clock_went_back(self) -> None:
        assert agreed_time(ours=1_000_000, theirs=1_000_000, last=1_000_001) is None
        assert agreed_time(ours=1_000_000, theirs=1_000_000, last=1_000_000) is not None


class TestInSmallPieces:
    def test_what_left_within_the_day_counts(self) -> None:
        withheld = check([loss(5)], held=100, limits=DEFAULT, gone=16)
        assert [item.album_key for item in withheld] == [None]
        assert withheld[0].reason == (
            "21 of 116 files would be lost within a day (5 of Album a, 16 that left already); "
            "at most 20 may be"
        )

    def test_what_is_to_leave_elsewhere_counts(self) -> None:
        withheld = check([loss(5)], held=100, limits=DEFAULT, elsewhere=16)
        assert withheld[0].reason == (
            "21 of 100 files would be lost at once (5 of Album a, 16 of others); at most 20 may be"
        )

    def test_where_nothing_is_to_leave_nothing_is_withheld(self) -> None:
        assert check([loss(0)], held=100, limits=DEFAULT, gone=50, elsewhere=50) == ()

    @pytest.mark.parametrize(("staying", "stopped"), [(0, True), (1, False), (None, False)])
    def test_album_of_which_nothing_is_online_is_lost_as_a_whole(
        self, staying: int | None, *, stopped: bool
    ) -> None:
        part = AlbumLoss("a", "Ant", held=10, losing=4, staying=staying)
        assert withheld_keys(part, held=1_000) == (["a"] if stopped else [])

    def test_what_the_album_lost_today_counts_to_its_size(self) -> None:
        rest = AlbumLoss("a", "Ant", held=1, losing=1, gone=2)
        assert withheld_keys(rest, held=1_000) == ["a"]


@pytest.mark.parametrize(
    ("before", "now", "stopped"),
    [(True, False, True), (True, None, False), (True, True, False), (False, False, False)],
)
def test_what_visitors_are_not_shown_is_not_gone(before: bool, now: bool | None, *, stopped: bool) -> None:
    assert (view_narrowed(was_whole=before, is_whole=now) is not None) == stopped
