"""The catalogue is read beside the run that goes on, cheaply, and never written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from smugsync.catalogue import Catalogue
from smugsync.catalogue.glance import glanced
from smugsync.core.lifecycle import State
from smugsync.page.facts import Facts, Subject
from smugsync.page.looking import Look
from tests.page import account
from tests.page.account import NOW, standing


def test_before_the_first_run_there_is_nothing_and_nothing_is_made(tmp_path: Path) -> None:
    subject = account.subject(tmp_path)
    assert Look(subject).facts(standing()) == Facts(subject, standing())
    assert not subject.catalogue.exists()


def test_looking_writes_nothing(subject: Subject) -> None:
    before = subject.catalogue.read_bytes()
    Look(subject).facts(standing())
    assert subject.catalogue.read_bytes() == before


def test_a_glance_cannot_write(subject: Subject) -> None:
    with glanced(subject.catalogue) as glance:
        assert glance is not None
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            glance.remember("nickname", "somebody else")


def test_it_reads_beside_a_transaction_that_goes_on(subject: Subject) -> None:
    with closing(Catalogue.open(subject.catalogue)) as writer:
        before = Look(subject).facts(standing()).totals
        with writer.transaction():
            row = next(iter(writer.files(1).values()))
            writer.put([replace(row, state=State.PLANNED)])
            assert Look(subject).facts(standing()).totals == before
        assert Look(subject).facts(standing()).totals != before


def test_an_older_schema_waits_for_the_run_that_brings_it_up_to_date(subject: Subject) -> None:
    with closing(sqlite3.connect(subject.catalogue)) as db:
        db.execute("PRAGMA user_version = 1")
    with glanced(subject.catalogue) as glance:
        assert glance is None


@pytest.mark.parametrize("version", [999, -1])
def test_a_schema_that_is_not_ours_is_refused(subject: Subject, version: int) -> None:
    with closing(sqlite3.connect(subject.catalogue)) as db:
        db.execute(f"PRAGMA user_version = {version}")
    assert Look(subject).facts(standing()).unknown


class Counting:
    """A clock that tells how long each look at the catalogue takes."""

    def __init__(self, cost: float) -> None:
        self.now, self.cost = 0.0, cost

    def __call__(self) -> float:
        self.now += self.cost
        return self.now


def change(subject: Subject, nickname: str) -> None:
    with closing(Catalogue.open(subject.catalogue)) as catalogue, catalogue.transaction():
        catalogue.remember("nickname", nickname)


def nickname(look: Look) -> str:
    totals = look.facts(standing()).totals
    assert totals is not None
    return totals.nickname


def test_sums_are_kept_as_long_as_nothing_was_written(subject: Subject) -> None:
    clock = Counting(0.0)
    look = Look(subject, clock=clock)
    first = look.facts(standing()).totals
    clock.now += 1e6
    assert look.facts(standing()).totals is first


def test_once_something_was_written_they_are_fresh_within_a_second(subject: Subject) -> None:
    clock = Counting(0.0)
    look = Look(subject, clock=clock)
    assert nickname(look) == "dana"
    change(subject, "later")
    clock.now += 1.0
    assert nickname(look) == "later"


def test_where_counting_takes_long_it_is_done_seldom(subject: Subject) -> None:
    clock = Counting(2.0)  # seconds for each count
    look = Look(subject, clock=clock)
    assert nickname(look) == "dana"
    change(subject, "later")
    clock.now += 30
    assert nickname(look) == "dana"
    clock.now += 30
    assert nickname(look) == "later"


def test_the_last_good_run_is_one_over_the_whole_account(subject: Subject) -> None:
    with glanced(subject.catalogue) as glance:
        assert glance is not None
        assert glance.last_good() == NOW - 497
    with closing(sqlite3.connect(subject.catalogue)) as db, db:
        db.execute("DELETE FROM run WHERE scope <> 'paths 4'")
    with glanced(subject.catalogue) as glance:
        assert glance is not None
        assert glance.last_good() is None


def test_uploads_are_counted_and_what_was_refused_is_named(subject: Subject) -> None:
    with closing(sqlite3.connect(subject.catalogue)) as db, db:
        columns = "album_id, path, state, size, mtime_ns, reason, retry_at"
        insert = f"INSERT INTO upload ({columns}) VALUES (1, ?, ?, 1, 1, ?, ?)"
        db.execute(insert, ("a/new.jpg", "planned", "", None))
        db.execute(insert, ("a/odd.jpg", "quarantined", "too large for the service", 5))
    facts = Look(subject).facts(standing())
    assert facts.totals is not None
    assert facts.totals.sending == {State.PLANNED: 1, State.QUARANTINED: 1}
    assert facts.failing == 4
    assert [(one.path, one.state) for one in facts.troubles][-1] == ("a/odd.jpg", "refused")
