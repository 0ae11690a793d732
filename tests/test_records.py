"""Records of our own behave as the standard library's, which is the oracle here."""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import Any

import pytest

from smugsync import records

Decorator = Any


def point(decorator: Decorator) -> Any:
    @decorator(frozen=True, slots=True)
    class Point:
        x: int
        y: float = 2.0
        hidden: str = field(default="secret", repr=False)
        aside: int = field(default=0, compare=False)
        many: tuple[int, ...] = field(default_factory=tuple)

    return Point


def counter(decorator: Decorator) -> Any:
    @decorator(slots=True)
    class Counter:
        n: int = 0
        doubled: int = field(init=False)

        def __post_init__(self) -> None:
            self.doubled = 2 * self.n

    return Counter


def nothing(decorator: Decorator) -> Any:
    @decorator(frozen=True)
    class Nothing:
        pass

    return Nothing


def own_words(decorator: Decorator) -> Any:
    @decorator(frozen=True, slots=True)
    class Own:
        x: int

        def __repr__(self) -> str:
            return "mine"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    return Own


def derived(decorator: Decorator) -> Any:
    @decorator(frozen=True, slots=True)
    class Base:
        x: int

    @decorator(frozen=True, slots=True)
    class Derived(Base):
        y: int = 1

    return Derived


def keyword_only(decorator: Decorator) -> Any:
    @decorator(frozen=True, slots=True, kw_only=True)
    class Only:
        x: int
        y: int = 1

    return Only


def ordered(decorator: Decorator) -> Any:
    @decorator(frozen=True, slots=True, order=True)
    class Ordered:
        x: int

    return Ordered


def by_identity(decorator: Decorator) -> Any:
    @decorator(slots=True, eq=False, repr=False)
    class Identity:
        x: int = 0

    return Identity


SHAPES = [point, counter, nothing, own_words, derived, keyword_only, ordered]
CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((1,), {}),
    ((2,), {}),
    ((1, 2.0), {}),
    ((), {"x": 1}),
    ((1,), {"y": 3}),
    ((1,), {"hidden": "other"}),
    ((1,), {"aside": 5}),
    ((1,), {"many": (1, 2)}),
    ((1,), {"unheard": 5}),
]


def made(cls: Any) -> list[Any]:
    """What each call makes; None where there are arguments that it does not take."""
    found: list[Any] = []
    for positional, named in CALLS:
        try:
            found.append(cls(*positional, **named))
        except TypeError:
            found.append(None)
    return found


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: str(shape.__name__))
def test_takes_prints_and_compares_as_a_dataclass_does(shape: Any) -> None:
    ours, theirs = made(shape(records.dataclass)), made(shape(dataclasses.dataclass))
    assert [one is None for one in ours] == [one is None for one in theirs]
    name = f"{shape.__name__}.<locals>."
    assert [repr(one).replace(name, "") for one in ours] == [repr(one).replace(name, "") for one in theirs]
    for i, a in enumerate(ours):
        for j, b in enumerate(ours):
            assert (a == b) is (theirs[i] == theirs[j])
            assert (a != b) is (theirs[i] != theirs[j])


@pytest.mark.parametrize("shape", [*SHAPES, by_identity], ids=lambda shape: str(shape.__name__))
def test_stands_in_a_set_where_a_dataclass_does(shape: Any) -> None:
    def size(cls: Any) -> int | None:
        try:
            return len({one for one in made(cls) if one is not None})
        except TypeError:
            return None

    assert size(shape(records.dataclass)) == size(shape(dataclasses.dataclass))


@pytest.mark.parametrize("shape", [*SHAPES, by_identity], ids=lambda shape: str(shape.__name__))
def test_has_the_attributes_and_fields_of_a_dataclass(shape: Any) -> None:
    ours, theirs = shape(records.dataclass), shape(dataclasses.dataclass)
    assert ours.__match_args__ == theirs.__match_args__
    assert dataclasses.is_dataclass(ours)
    assert [f.name for f in dataclasses.fields(ours)] == [f.name for f in dataclasses.fields(theirs)]
    assert getattr(ours, "__slots__", None) == getattr(theirs, "__slots__", None)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: str(shape.__name__))
def test_a_copy_with_changes_is_that_of_a_dataclass(shape: Any) -> None:
    def copies(cls: Any, replace: Any) -> list[str]:
        found = []
        for one in made(cls):
            for changes in ({}, {"x": 9}, {"y": 8, "many": (3,)}, {"doubled": 1}, {"unheard": 1}):
                try:
                    found.append(repr(replace(one, **changes)) if one is not None else "none")
                except (TypeError, ValueError):
                    found.append("refused")
        return found

    ours = copies(shape(records.dataclass), records.replace)
    assert ours == copies(shape(dataclasses.dataclass), dataclasses.replace)


def test_records_of_two_classes_are_never_equal() -> None:
    assert point(records.dataclass)(1) != point(records.dataclass)(1)


def test_what_holds_itself_can_be_printed() -> None:
    @records.dataclass(slots=True)
    class Ring:
        next: Any = None

    ring = Ring()
    ring.next = ring
    assert repr(ring).endswith("Ring(next=...)")
