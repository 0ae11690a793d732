"""Exit codes and the error tree, as people's scripts rely on them."""

from __future__ import annotations

import inspect
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smugsync import errors
from smugsync.errors import (
    PRECEDENCE,
    Busy,
    CatalogueError,
    ClockSkew,
    ConfigError,
    Displaced,
    Doubtful,
    Garbled,
    Gone,
    IntegrityError,
    Interrupted,
    ItemError,
    MirrorUnusable,
    NotAuthorised,
    Rejected,
    SessionOver,
    SmugsyncError,
    SuspiciousPlan,
    Transient,
    Unreachable,
    UsageError,
    worst,
)

CODES: dict[type[SmugsyncError], int] = {
    ConfigError: 78,
    UsageError: 2,
    NotAuthorised: 77,
    SuspiciousPlan: 5,
    MirrorUnusable: 1,
    CatalogueError: 1,
    Busy: 11,
    Unreachable: 75,
    Interrupted: 130,
    ItemError: 3,
    Transient: 3,
    ClockSkew: 3,
    SessionOver: 3,
    Doubtful: 3,
    Gone: 3,
    Rejected: 3,
    Garbled: 3,
    Displaced: 3,
    IntegrityError: 3,
}
#: 130/143 > 2 > 78 > 77 > 11 > 5 > 1 > 75 > 3 > 0
ORDER = [130, 143, 2, 78, 77, 11, 5, 1, 75, 3, 0]


@pytest.mark.parametrize(("kind", "code"), list(CODES.items()))
def test_exit_code(kind: type[SmugsyncError], code: int) -> None:
    assert kind.exit_code == code


def test_table_is_complete() -> None:
    kinds = {
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SmugsyncError)
    }
    assert kinds - {SmugsyncError} == set(CODES)


def test_every_exit_code_has_its_place() -> None:
    assert {kind.exit_code for kind in CODES} | {0, 143} == set(PRECEDENCE)


def test_tree_is_its_own_documentation() -> None:
    for kind in CODES:
        assert f"─ {kind.__name__}" in (errors.__doc__ or "")
        assert kind.__doc__


def test_only_trouble_with_items_lets_a_run_go_on() -> None:
    assert {kind for kind in CODES if issubclass(kind, ItemError)} == {
        kind for kind, code in CODES.items() if code == 3
    }


class TestWorst:
    def test_of_nothing_is_ok(self) -> None:
        assert worst([]) == 0

    @pytest.mark.parametrize(("one", "other"), list(itertools.combinations(ORDER, 2)))
    def test_of_two(self, one: int, other: int) -> None:
        assert worst([one, other]) == worst({other, one}) == one

    @given(st.lists(st.sampled_from(ORDER), min_size=1))
    def test_is_one_of_them_and_order_does_not_matter(self, codes: list[int]) -> None:
        assert worst(codes) in codes
        assert worst(codes) == worst(sorted(codes))

    def test_unknown_code_is_a_bug(self) -> None:
        with pytest.raises(ValueError, match="not in tuple"):
            worst([42])


class TestMessages:
    def test_config_error_names_every_problem(self) -> None:
        assert ConfigError("one").problems == ("one",)
        error = ConfigError(["one", "two"])
        assert error.problems == ("one", "two")
        assert str(error) == "one\ntwo"

    def test_facts_travel_beside_the_sentence(self) -> None:
        assert (str(Transient("later", 7.5)), Transient("later", 7.5).retry_after) == ("later", 7.5)
        assert Transient("later").retry_after is None
        assert ClockSkew("clock", 1.0).retry_after == 1.0
        assert Rejected("no", 65).code == 65
        assert Garbled("what?", "<html>").excerpt == "<html>"
        error = IntegrityError("differs", promised="a", found="b")
        assert (error.promised, error.found, str(error)) == ("a", "b", "differs")
