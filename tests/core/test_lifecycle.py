"""The life of a file: every edge of the design is there, and nothing else happens."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from smugsync.core.lifecycle import TRANSITIONS, Event, IllegalTransition, State, advance, diagram

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"

#: The architecture's diagram, edge by edge, written down by hand: (from, what happens, to).
EDGES = """
planned      claim fetch  fetching
fetching     receive      verified
verified     place        committed
committed    lose         planned
committed    damage       planned
committed    change       planned
fetching     falter       failed
failed       due          planned
fetching     mismatch     failed
fetching     give up      quarantined
quarantined  change       planned
quarantined  release      planned
committed    withdraw     retired
retired      return       planned
planned      claim send   sending
sending      accept       verified
verified     confirm      committed
sending      decline      failed
sending      refuse       quarantined
sending      falter       in_doubt
sending      restart      in_doubt
in_doubt     find         verified
in_doubt     miss         planned
"""

#: What a file goes through besides: told to stop, withheld by the service, gone before it was ours.
BESIDES = """
fetching     abandon      planned
verified     abandon      planned
verified     falter       failed
planned      change       planned
failed       change       planned
planned      withhold     withheld
fetching     withhold     withheld
failed       withhold     withheld
quarantined  withhold     withheld
withheld     offer        planned
planned      withdraw     retired
fetching     withdraw     retired
failed       withdraw     retired
quarantined  withdraw     retired
withheld     withdraw     retired
"""


def edges(text: str) -> list[tuple[State, Event, State]]:
    rows = [re.split(r"\s{2,}", line) for line in text.strip().splitlines()]
    return [(State(before), Event(event), State(after)) for before, event, after in rows]


@pytest.mark.parametrize(("before", "event", "after"), edges(EDGES) + edges(BESIDES))
def test_edge(before: State, event: Event, after: State) -> None:
    assert advance(before, event) is after


def test_nothing_else_happens() -> None:
    known = {(before, event) for before, event, _ in edges(EDGES) + edges(BESIDES)}
    assert set(TRANSITIONS) == known
    for before, event in itertools.product(State, Event):
        if (before, event) not in known:
            with pytest.raises(IllegalTransition, match=f"a {before} file cannot {event}"):
                advance(before, event)


def test_an_illegal_transition_is_a_bug_and_no_trouble_of_a_file() -> None:
    """Whoever catches what smugsync raises on purpose does not catch it."""
    assert IllegalTransition.__mro__[1] is Exception


def reachable(start: State) -> set[State]:
    found, pending = {start}, [start]
    while pending:
        here = pending.pop()
        after = {to for (before, _), to in TRANSITIONS.items() if before is here}
        pending += after - found
        found |= after
    return found


def test_every_state_is_reached_from_planned() -> None:
    assert reachable(State.PLANNED) == set(State)


@pytest.mark.parametrize("state", State)
def test_no_state_is_a_trap(state: State) -> None:
    """Whatever became of a file, it can be mirrored in the end."""
    assert State.COMMITTED in reachable(state)


def test_every_event_leads_somewhere() -> None:
    assert {event for _, event in TRANSITIONS} == set(Event)


def test_an_upload_is_sent_again_only_when_it_is_known_to_have_failed() -> None:
    """From `sending`, every way back to `sending` leads through a state that rules out a duplicate."""
    settled = {State.FAILED, State.QUARANTINED, State.VERIFIED}
    found, pending = set(), [State.SENDING]
    while pending:
        here = pending.pop()
        for (before, event), after in TRANSITIONS.items():
            if before is here and after not in settled and event is not Event.MISS and after not in found:
                found.add(after)
                pending.append(after)
    assert found == {State.IN_DOUBT}


class TestDiagram:
    def test_shows_each_transition(self) -> None:
        lines = diagram().splitlines()
        assert lines[:2] == ["stateDiagram-v2", "    [*] --> planned"]
        for before, event, after in edges(EDGES) + edges(BESIDES):
            (line,) = (line for line in lines if line.startswith(f"    {before} --> {after}: "))
            assert event in line.partition(": ")[2].split(", ")

    def test_architecture_shows_it(self) -> None:
        text = ARCHITECTURE.read_text(encoding="utf-8")
        shown = re.search(
            r"<!-- lifecycle:start -->\s*```mermaid\n(.*?)\n```\s*<!-- lifecycle:end -->", text, re.DOTALL
        )
        assert shown is not None, "docs/architecture.md lacks the diagram between its markers"
        assert shown.group(1) == diagram(), "paste the output of smugsync.core.lifecycle.diagram()"
