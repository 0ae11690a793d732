"""Values of the wrong kind: whatever stands in whichever field of an answer, the run ends with an exit code
that says so, and what is there already stays."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.emulator.messages import Request, Response
from tests.security.liar import LyingWorld, rewriting

Place = tuple[str | int, ...]

VALUES: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    2**62,
    2**63,
    float("inf"),
    float("nan"),
    "",
    "0",
    "-1",
    "9" * 25,
    "\ud800x",
    "\x00",
    "../../../x",
    "x" * 70_000,
    "https://xn--a.smugmug.com/x",
    "9999-12-31T23:59:59+00:00",
    [],
    [None],
    [[[]]],
    {},
    {"a": {"Uri": 5}},
)


def world_at(root: Path) -> LyingWorld:
    """Two albums, a video among the photos, mirrored once."""
    world = LyingWorld(root)
    good, bad = world.album("Good"), world.album("Bad")
    world.photo(good, "good.jpg", 1)
    world.photo(bad, "bad.jpg", 2)
    world.edit("add-photo", album=bad, file_name="bad.mp4", seed=3)
    assert world.sync(layout="names").exit_code == 0
    return world


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Where a value stands in a document; of each list, the first entry stands for all."""
    items = list(value.items()) if isinstance(value, dict) else []
    items += list(enumerate(value[:1])) if isinstance(value, list) else []
    for name, item in items:
        yield (*at, name)
        yield from places(item, (*at, name))


def kind_of(request: Request) -> str:
    """Which question it is, whatever it is about: `!albums`, `!images`, `/node`."""
    return request.path.rpartition("!")[2] if "!" in request.path else request.path.split("/")[3]


@cache
def fields() -> list[tuple[str, Place]]:
    """Every field of every answer that a sync reads."""
    found: dict[tuple[str, Place], None] = {}

    def note(request: Request, response: Response) -> Response:
        def look(document: dict[str, Any]) -> None:
            found.update(dict.fromkeys((kind_of(request), place) for place in places(document)))

        return rewriting(look)(request, response)

    with tempfile.TemporaryDirectory() as place:
        world = world_at(Path(place))
        world.liar.lies = [note]
        world.sync(layout="names")
    return list(found)


@settings(max_examples=30)
@given(st.integers(0, 1 << 20), st.sampled_from(VALUES))
def test_a_senseless_value_in_any_field_ends_in_an_exit_code_and_loses_nothing(
    number: int, value: object
) -> None:
    kind, (*around, name) = fields()[number % len(fields())]

    def lie(request: Request, response: Response) -> Response:
        def spoil(document: dict[str, Any]) -> None:
            inner: Any = document
            try:
                for step in around:
                    inner = inner[step]
                inner[name] = value
            except (LookupError, TypeError):
                return  # this answer has no such field

        return rewriting(spoil)(request, response) if kind_of(request) == kind else response

    with tempfile.TemporaryDirectory() as place:
        world = world_at(Path(place))
        world.liar.lies = [lie]
        before = set(world.files().values())
        report = world.sync(layout="names")
        assert report.exit_code in (0, 3, 5, 75, 77), report
        assert before <= {*world.files().values(), *world.set_aside()}
