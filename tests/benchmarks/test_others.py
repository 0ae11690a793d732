from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.stage.others import Others

REST = " ".join("0" * 30)


class Machine:
    """A /proc of three processes: 10 is ours, 11 its child, 12 the child's; ticks as they are set."""

    def __init__(self, place: Path) -> None:
        self.place = place
        for pid, children in ((10, "11"), (11, "12"), (12, "")):
            (place / f"{pid}/task/{pid}").mkdir(parents=True)
            (place / f"{pid}/task/{pid}/children").write_text(children)

    def at(
        self, *, user: int, idle: int, steal: int = 0, own: int = 0, waited: int = 0, grandchild: int = 0
    ) -> None:
        (self.place / "stat").write_text(f"cpu  {user} 0 0 {idle} 0 0 0 {steal} 0 0\ncpu0 1 1 1 1\n")
        for pid, ticks, reaped in ((10, own, waited), (11, 0, 0), (12, grandchild, 0)):
            line = f"{pid} (a) b) S 1 1 1 0 -1 0 0 0 0 0 {ticks} 0 {reaped} 0 {REST}"
            (self.place / f"{pid}/stat").write_text(line)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.at(user=100, idle=100)
    return made


def test_an_idle_machine_has_no_others(machine: Machine) -> None:
    others = Others(machine.place, 10)
    machine.at(user=100, idle=300)
    assert others.share() == 0.0


def test_what_we_and_ours_burn_is_not_others(machine: Machine) -> None:
    others = Others(machine.place, 10)
    machine.at(user=250, idle=150, own=50, waited=60, grandchild=40)
    assert others.share() == 0.0


def test_the_rest_of_the_work_is_theirs(machine: Machine) -> None:
    others = Others(machine.place, 10)
    machine.at(user=200, idle=200, own=50)
    assert others.share() == 0.25


def test_what_the_host_took_is_theirs(machine: Machine) -> None:
    others = Others(machine.place, 10)
    machine.at(user=100, idle=150, steal=50)
    assert others.share() == 0.5


def test_a_process_that_has_ended_is_no_error(machine: Machine) -> None:
    others = Others(machine.place, 10)
    machine.at(user=200, idle=200, own=50)
    (machine.place / "12/stat").unlink()
    assert others.share() == 0.25


def test_at_the_same_moment_there_is_nothing_to_share(machine: Machine) -> None:
    assert Others(machine.place, 10).share() == 0.0


def test_the_real_machine_can_be_read() -> None:
    assert 0.0 <= Others().share() <= 1.0
