from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync.emulator.account.names import (
    MAX_URL_NAME,
    derive_url_name,
    make_unique,
    spell,
    unspell,
    url_name_problem,
)


@pytest.mark.parametrize(
    ("name", "derived"),
    [
        ("foo", "Foo"),
        ("SmugMug's green hair", "SmugMugs-green-hair"),
        ("Black & White", "Black-White"),
        ("2020-08-25 Babyshoe Pass", "2020-08-25-Babyshoe-Pass"),
        ("Santa Cruz fungus festival 2019", "Santa-Cruz-fungus-festival-2019"),
        ("Activity Albums 活动影集", "Activity-Albums-活动影集"),
        ("  a / b  ", "A-b"),
        ("🎂", "Untitled"),
        ("word " * 20, "-".join(["Word", *["word"] * 11])),
    ],
)
def test_address_names_are_derived(name: str, derived: str) -> None:
    assert derive_url_name(name) == derived


@given(st.text(max_size=300))
def test_derived_names_are_addresses(name: str) -> None:
    derived = derive_url_name(name)
    assert url_name_problem(derived) is None
    assert not set(derived) & set(" /!?#&%'\"\n")
    assert derive_url_name(derived) == derived


@pytest.mark.parametrize("name", ["A", "2020-08-25", "A-b", "Ünten", "北京", "A" * 60])
def test_address_names_that_are_taken(name: str) -> None:
    assert url_name_problem(name) is None


@pytest.mark.parametrize("name", ["", "a", "-A", "A b", "A_b", "A/b", "A.b", "ünten", "A" * 61, "\u0301A"])
def test_address_names_that_are_refused(name: str) -> None:
    assert url_name_problem(name)


@given(st.lists(st.sampled_from(["A", "a", "B", "A-1", "x" * 60]), max_size=20))
def test_unique_names_are_unique(names: list[str]) -> None:
    taken: set[str] = set()
    for name in names:
        unique = make_unique(name, taken)
        assert unique.casefold() not in taken
        assert len(unique) <= MAX_URL_NAME
        taken.add(unique.casefold())


@given(st.integers(0, 48**7 - 1))
def test_keys_can_be_read_back(number: int) -> None:
    assert unspell(spell(number, 7)) == number
