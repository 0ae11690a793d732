"""Wishes that wait are merged, so that as few runs as possible do what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from smugsync.daemon.inbox import Inbox
from smugsync.daemon.wishes import MOST_PATHS, Asker, Wish, first, merge
from smugsync.sync.context import Scope

DELTA, EVERYTHING = Scope("delta"), Scope("everything")
VERIFY = Scope("verify", detail="--due")


def paths(*names: str) -> Scope:
    return Scope("paths", paths=names)


def scopes(wishes: list[Wish]) -> list[Scope]:
    return [wish.scope for wish in wishes]


def test_equal_scopes_are_one_run() -> None:
    assert scopes(merge([Wish(DELTA)], Wish(DELTA))) == [DELTA]


@pytest.mark.parametrize(("one", "other"), [(DELTA, EVERYTHING), (EVERYTHING, DELTA)])
def test_a_look_at_everything_is_also_a_poll(one: Scope, other: Scope) -> None:
    assert scopes(merge([Wish(one)], Wish(other))) == [EVERYTHING]


def test_a_named_album_is_no_part_of_a_poll() -> None:
    album = Scope("albums", ("Iceland",))
    assert scopes(merge([Wish(DELTA)], Wish(album))) == [DELTA, album]
    assert scopes(merge([Wish(album)], Wish(Scope("albums", ("Norway",))))) == [
        album,
        Scope("albums", ("Norway",)),
    ]


def test_paths_are_looked_at_together_each_once() -> None:
    assert scopes(merge([Wish(paths("a", "b"))], Wish(paths("b", "c")))) == [paths("a", "b", "c")]


def test_too_many_paths_become_a_poll() -> None:
    many = paths(*(f"{n}.jpg" for n in range(MOST_PATHS)))
    assert scopes(merge([Wish(many)], Wish(paths("one more.jpg")))) == [DELTA]


def test_a_run_that_a_person_asked_for_too_is_a_persons() -> None:
    (merged,) = merge([Wish(DELTA)], Wish(DELTA, Asker.PERSON))
    assert merged.by_person
    (merged,) = merge([Wish(DELTA, Asker.PERSON)], Wish(EVERYTHING))
    assert merged.by_person


def test_whoever_listens_goes_on_listening_when_wishes_merge() -> None:
    heard: list[str] = []

    def one(message: Mapping[str, Any]) -> None:
        heard.append(f"one {message['say']}")

    def other(message: Mapping[str, Any]) -> None:
        heard.append(f"other {message['say']}")

    (merged,) = merge([Wish(DELTA, listeners=(one,))], Wish(EVERYTHING, listeners=(other,)))
    for listener in merged.listeners:
        listener({"say": "note"})
    assert sorted(heard) == ["one note", "other note"]


def test_only_if_all_wanted_exactly_a_delta_is_it_exactly_one() -> None:
    exact = Wish(DELTA, Asker.PERSON, exact=True)
    assert merge([exact], exact)[0].exact
    assert not merge([exact], Wish(DELTA))[0].exact


def test_a_person_comes_first_then_what_takes_the_least_time() -> None:
    wishes = [Wish(VERIFY), Wish(EVERYTHING), Wish(paths("a"), Asker.WATCHER)]
    assert first(wishes) == wishes[2]
    assert first([*wishes, Wish(EVERYTHING, Asker.PERSON)]).by_person  # type: ignore[union-attr]
    assert first([]) is None


def test_what_may_not_be_done_now_goes_on_waiting() -> None:
    inbox = Inbox()
    inbox.ask(Wish(DELTA))
    inbox.ask(Wish(VERIFY))
    taken = inbox.take(lambda wish: wish.scope.kind == "verify")
    assert taken is not None
    assert taken.scope == VERIFY
    assert scopes(list(inbox.waiting())) == [DELTA]
    assert inbox.take(lambda wish: False) is None


def test_who_left_hears_nothing_and_the_wish_stays() -> None:
    inbox, heard = Inbox(), []

    def listener(message: Mapping[str, Any]) -> None:
        heard.append(message)

    inbox.ask(Wish(DELTA, listeners=(listener,)))
    inbox.drop(listener)
    assert inbox.waiting() == (Wish(DELTA),)


def test_a_wish_wakes_who_waits() -> None:
    inbox = Inbox()
    inbox.ask(Wish(DELTA))
    inbox.wait(60.0)  # returns at once
