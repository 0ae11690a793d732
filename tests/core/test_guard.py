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
    album_contradicts,
    check,
)

DEFAULT = MaxLoss()


def loss(losing: int, *, held: int = 10_000, proven: int = 0, key: str = "a") -> AlbumLoss:
    return AlbumLoss(key, f"Album {key}", held, losing, proven)


def withheld_keys(*losses: AlbumLoss, held: int, archive: bool = False) -> list[str | None]:
    return [item.album_key for item in check(losses, held=held, limits=DEFAULT, archive=archive)]


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

    def test_reason_names_album_and_number(self) -> None:
        (item,) = check([loss(1_200, held=1_200)], held=100_000, limits=DEFAULT, archive=False)
        assert "Album a" in item.reason
        assert "1,200" in item.reason


class TestArchive:
    """Where a loss is only marked, one that is proven by 404 is no alarm."""

    def test_proven_losses_pass(self) -> None:
        assert withheld_keys(loss(500, held=500, proven=500), held=1_000, archive=True) == []

    def test_in_a_mirror_they_do_not(self) -> None:
        assert withheld_keys(loss(500, held=500, proven=500), held=1_000) == ["a", None]

    def test_unproven_ones_count(self) -> None:
        assert withheld_keys(loss(50, held=500, proven=29), held=100, archive=True) == [None]
        assert withheld_keys(loss(50, held=500, proven=30), held=100, archive=True) == []

    def test_album_of_which_a_part_is_proven(self) -> None:
        assert withheld_keys(loss(5, held=5, proven=1), held=1_000, archive=True) == []


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
    assert check([loss(99, held=99)], held=100, limits=generous, archive=False) == ()
    strict = MaxLoss(files=0, share=0.0, album=1)
    keys = [item.album_key for item in check([loss(1, held=1)], held=100, limits=strict, archive=False)]
    assert keys == ["a", None]
