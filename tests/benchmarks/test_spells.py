"""How many answers were waited for, one after another."""

from __future__ import annotations

from benchmarks.stage.spells import Spell, one_after_another, spells

NOTE = ["1.0 0 client", "1.1 0 client", "1.5 0 server", "1.6 0 server", "1.7 0 client", "2.2 0 server"]


def test_a_question_lasts_from_its_first_piece_to_the_last_of_its_answer() -> None:
    assert spells(NOTE) == [Spell(1.0, 1.6), Spell(1.7, 2.2)]


def test_connections_are_told_apart() -> None:
    note = ["1.0 0 client", "1.1 1 client", "1.5 1 server", "1.6 0 server"]
    assert spells(note) == [Spell(1.0, 1.6), Spell(1.1, 1.5)]


def test_what_is_older_does_not_count() -> None:
    assert spells(NOTE, since=1.65) == [Spell(1.7, 2.2)]
    assert spells(NOTE, since=1.55) == [Spell(1.7, 2.2)], "the end of an answer to an older question"


def test_an_answer_that_never_came_is_none() -> None:
    assert spells(["1.0 0 client"]) == [Spell(1.0)]
    assert one_after_another([Spell(1.0)], 9.0) == 0


def test_what_follows_an_answer_is_one_more() -> None:
    assert one_after_another(spells(NOTE), 3.0) == 2


def test_what_is_asked_at_the_same_time_counts_once() -> None:
    assert one_after_another([Spell(1.0, 1.5), Spell(1.1, 1.6), Spell(1.6, 2.1), Spell(1.7, 2.2)], 3.0) == 2


def test_a_short_answer_beside_a_long_one_does_not_hide_what_followed_it() -> None:
    assert one_after_another([Spell(1.0, 9.0), Spell(1.1, 2.0), Spell(2.1, 3.0), Spell(3.1, 4.0)], 9.0) == 3


def test_what_comes_later_was_not_waited_for() -> None:
    asked = [Spell(1.0, 1.5), Spell(1.6, 2.1), Spell(2.2, 2.7)]
    assert [one_after_another(asked, until) for until in (1.4, 1.5, 2.1, 2.5, 2.7)] == [0, 1, 2, 2, 3]
