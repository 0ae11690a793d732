"""Many sequences of images as one, without making the images that nobody asks for.

A run is either a list, or a sequence that makes its images when asked (see `synthetic`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, chain
from typing import Any, overload

from smugsync.emulator.account.model import Image


class Joined(Sequence[Image]):
    """The images of all runs, one run after the other; `backwards`, from the last image to the first."""

    def __init__(self, runs: Iterable[Sequence[Image]], *, backwards: bool = False) -> None:
        self._runs = [run for run in runs if len(run)]
        self._ends = list(accumulate(map(len, self._runs), initial=0))
        self._backwards = backwards

    def __len__(self) -> int:
        return self._ends[-1]

    @overload
    def __getitem__(self, at: int) -> Image: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Image]: ...
    def __getitem__(self, at: int | slice) -> Image | Sequence[Image]:
        if isinstance(at, slice):
            return [self._take(place) for place in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self._take(at % len(self))

    def _take(self, place: int) -> Image:
        if self._backwards:
            place = len(self) - 1 - place
        number = bisect_right(self._ends, place) - 1
        return self._runs[number][place - self._ends[number]]


def in_order(
    runs: Iterable[Sequence[Image]], key: Callable[[Image], Any], *, backwards: bool = False
) -> Sequence[Image]:
    """The images of all runs, sorted by `key`, which has to be the order of a run that is no list.

    Of such a run only the first and the last image are made, unless others lie between them.
    """
    spans: list[tuple[Any, Any, Sequence[Image]]] = []
    for run in runs:
        if isinstance(run, list):
            spans += ((key(image), key(image), [image]) for image in run)
        elif len(run):
            spans.append((key(run[0]), key(run[-1]), run))
    spans.sort(key=lambda span: span[0])
    groups: list[list[Sequence[Image]]] = []
    end: Any = None
    for first, last, run in spans:
        if groups and first <= end:
            groups[-1].append(run)
            end = max(end, last)
        else:
            groups.append([run])
            end = last
    parts = (group[0] if len(group) == 1 else sorted(chain.from_iterable(group), key=key) for group in groups)
    return Joined(parts, backwards=backwards)
