"""The life of a file as a table. Whatever affects a transition stands in this module and nowhere else.

`fetching` and `verified` of a download live in memory only; the catalogue knows the others.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    PLANNED = "planned"  #: something is to be transferred
    FETCHING = "fetching"  #: a worker receives it
    SENDING = "sending"  #: its upload was announced; the service may or may not have it
    VERIFIED = "verified"  #: every byte was proven, the name does not show it yet
    COMMITTED = "committed"  #: both sides agree, durably
    FAILED = "failed"  #: did not work; has a reason and a time to try again
    QUARANTINED = "quarantined"  #: not tried again by itself until something changes
    WITHHELD = "withheld"  #: the service shows it but does not hand it out (yet)
    RETIRED = "retired"  #: gone online, kept here
    IN_DOUBT = "in_doubt"  #: an upload whose end is unknown


class Event(StrEnum):
    CLAIM_FETCH = "claim fetch"
    CLAIM_SEND = "claim send"
    RECEIVE = "receive"  #: the bytes are here and proven
    PLACE = "place"  #: they are visible under their name, and recorded
    FALTER = "falter"  #: a transfer broke off for a reason that may pass
    MISMATCH = "mismatch"  #: the bytes are not the promised ones
    GIVE_UP = "give up"  #: the same wrong bytes for the third time
    ABANDON = "abandon"  #: we were told to stop
    DUE = "due"  #: the time to try again has come
    LOSE = "lose"  #: the local file is missing
    DAMAGE = "damage"  #: the local bytes rotted
    CHANGE = "change"  #: the service has another version
    WITHHOLD = "withhold"
    OFFER = "offer"  #: what was withheld can be had now
    WITHDRAW = "withdraw"  #: proven gone online
    RETURN = "return"  #: online again
    RELEASE = "release"  #: a person took it out of quarantine
    ACCEPT = "accept"  #: the service took the upload
    CONFIRM = "confirm"  #: and shows it as it should be
    DECLINE = "decline"  #: the service did not take the upload, and may another time
    REFUSE = "refuse"  #: the service will never take it
    RESTART = "restart"  #: the process that was sending is no more
    FIND = "find"  #: a complete listing shows the upload
    MISS = "miss"  #: a complete listing shows that it never arrived


class IllegalTransition(Exception):
    """A bug in smugsync: never caught, so that it is seen."""


S, E = State, Event

TRANSITIONS: dict[tuple[State, Event], State] = {
    (S.PLANNED, E.CLAIM_FETCH): S.FETCHING,
    (S.PLANNED, E.CLAIM_SEND): S.SENDING,
    (S.PLANNED, E.CHANGE): S.PLANNED,
    (S.PLANNED, E.WITHHOLD): S.WITHHELD,
    (S.PLANNED, E.WITHDRAW): S.RETIRED,
    # a download
    (S.FETCHING, E.RECEIVE): S.VERIFIED,
    (S.FETCHING, E.FALTER): S.FAILED,
    (S.FETCHING, E.MISMATCH): S.FAILED,
    (S.FETCHING, E.GIVE_UP): S.QUARANTINED,
    (S.FETCHING, E.WITHHOLD): S.WITHHELD,
    (S.FETCHING, E.WITHDRAW): S.RETIRED,
    (S.FETCHING, E.ABANDON): S.PLANNED,
    (S.VERIFIED, E.PLACE): S.COMMITTED,
    (S.VERIFIED, E.FALTER): S.FAILED,
    (S.VERIFIED, E.ABANDON): S.PLANNED,
    # an upload
    (S.SENDING, E.ACCEPT): S.VERIFIED,
    (S.SENDING, E.FALTER): S.IN_DOUBT,
    (S.SENDING, E.RESTART): S.IN_DOUBT,
    (S.SENDING, E.DECLINE): S.FAILED,
    (S.SENDING, E.REFUSE): S.QUARANTINED,
    (S.VERIFIED, E.CONFIRM): S.COMMITTED,
    (S.IN_DOUBT, E.FIND): S.VERIFIED,
    (S.IN_DOUBT, E.MISS): S.PLANNED,
    # at rest
    (S.COMMITTED, E.LOSE): S.PLANNED,
    (S.COMMITTED, E.DAMAGE): S.PLANNED,
    (S.COMMITTED, E.CHANGE): S.PLANNED,
    (S.COMMITTED, E.WITHDRAW): S.RETIRED,
    (S.FAILED, E.DUE): S.PLANNED,
    (S.FAILED, E.CHANGE): S.PLANNED,
    (S.FAILED, E.WITHHOLD): S.WITHHELD,
    (S.FAILED, E.WITHDRAW): S.RETIRED,
    (S.QUARANTINED, E.CHANGE): S.PLANNED,
    (S.QUARANTINED, E.RELEASE): S.PLANNED,
    (S.QUARANTINED, E.WITHHOLD): S.WITHHELD,
    (S.QUARANTINED, E.WITHDRAW): S.RETIRED,
    (S.WITHHELD, E.OFFER): S.PLANNED,
    (S.WITHHELD, E.WITHDRAW): S.RETIRED,
    (S.RETIRED, E.RETURN): S.PLANNED,
}


def advance(state: State, event: Event) -> State:
    """The state after `event`; raises IllegalTransition where the table has none."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(f"a {state} file cannot {event}") from None


def diagram() -> str:
    """The table as a Mermaid state diagram, which docs/architecture.md shows."""
    edges: dict[tuple[State, State], list[str]] = {}
    for (state, event), after in TRANSITIONS.items():
        edges.setdefault((state, after), []).append(event)
    lines = ["stateDiagram-v2", "    [*] --> planned"]
    lines += [f"    {a} --> {b}: {', '.join(events)}" for (a, b), events in edges.items()]
    return "\n".join(lines)
