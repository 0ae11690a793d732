"""The herald never waits, never raises, and says what does not arrive once per cause."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from smugsync.errors import ConfigError
from smugsync.notify.channel import PATIENCE, Channel, Undelivered
from smugsync.notify.channels import channels
from smugsync.notify.events import Event
from smugsync.notify.herald import ROOM, Herald
from smugsync.notify.messages import Beat, Message
from smugsync.notify.told import Memory
from smugsync.secret import Secret
from tests.e2e.command import until
from tests.notify.listening import Listener
from tests.notify.samples import began, ended, held


class Ear:
    """A channel that hears everything; `troubles` are raised first, one a message."""

    def __init__(self, *troubles: Exception, name: str = "ear") -> None:
        self.name = name
        self.heard: list[Message] = []
        self.troubles = list(troubles)
        self.threads: set[str] = set()

    def takes(self, message: Message) -> bool:
        return True

    def send(self, message: Message, *, patience: float = PATIENCE) -> None:
        self.threads.add(threading.current_thread().name)
        if self.troubles:
            raise self.troubles.pop(0)
        self.heard.append(message)


class Stuck(Ear):
    """One that does not come back before it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.let_go = threading.Event(), threading.Event()

    def send(self, message: Message, *, patience: float = PATIENCE) -> None:
        self.asked.set()
        self.let_go.wait(60)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "told.json")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]


def nothing(seconds: float) -> None:
    """A wait that takes no time."""


def test_what_is_heard_is_told_in_its_order_by_a_thread_of_its_own(memory: Memory) -> None:
    ear = Ear()
    with Herald([ear], memory) as herald:
        herald(began())
        herald(ended())
    assert [one.signal for one in ear.heard if isinstance(one, Beat)] == ["start", "success"]
    assert ear.threads == {"herald"}
    assert not [one for one in threading.enumerate() if one.name == "herald"]


def test_a_listener_hears_every_event_also_those_that_nobody_is_told_of(memory: Memory) -> None:
    heard: list[Event] = []
    with Herald([], memory, listeners=[heard.append]) as herald:
        herald(ended(asked=False))
    assert heard == [ended(asked=False)]


def test_a_listener_that_fails_stops_nobody(memory: Memory, caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: Event) -> None:
        raise RuntimeError("its own bug")

    ear = Ear()
    with Herald([ear], memory, listeners=[fail]) as herald:
        herald(ended())
    assert len(ear.heard) == 1
    assert len(warnings(caplog)) == 1


def test_a_stuck_channel_holds_up_neither_the_caller_nor_the_stop(memory: Memory) -> None:
    stuck = Stuck()
    began_at = time.monotonic()
    with Herald([stuck], memory, draining=0.1) as herald:
        herald(ended())
        until(stuck.asked.is_set)
        for _ in range(ROOM * 3):
            herald(began())
    assert time.monotonic() - began_at < 20
    stuck.let_go.set()


def test_too_many_events_at_once_are_told_of_in_one_line(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    herald = Herald([], memory)  # nobody takes them off its hands
    for _ in range(ROOM + 50):
        herald(began())
    assert len(warnings(caplog)) == 1


def test_a_channel_that_fails_is_tried_again_later(memory: Memory) -> None:
    ticks = [0.0]
    ear = Ear(Undelivered("no network"))
    with Herald([ear], memory, clock=lambda: ticks[0], draining=60.0) as herald:
        herald(ended())
        until(lambda: not ear.troubles)
        ticks[0] = 3.0
        herald(began(asked=False))  # wakes it
        until(lambda: len(ear.heard) == 1)


def test_one_that_fails_stops_no_other(memory: Memory) -> None:
    broken, ear = Ear(ValueError("odd")), Ear()
    with Herald([broken, ear], memory) as herald:
        herald(ended())
    assert len(ear.heard) == 1


def test_a_failure_is_logged_once_per_cause_and_again_after_it_worked(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    gone, full = Undelivered("no network", again=False), Undelivered("answers 507", again=False)
    ear = Ear(gone, gone, full)
    herald = Herald([ear], memory)
    for _ in range(4):
        herald.tell(ended())
    ear.troubles = [gone]
    herald.tell(ended())
    told = "ear: {}; the run goes on"
    assert warnings(caplog) == [told.format(why) for why in ("no network", "answers 507", "no network")]


def test_a_command_that_runs_once_waits_for_all_channels_at_once(memory: Memory) -> None:
    ears = [Ear(name=f"ear {n}") for n in range(3)]
    Herald(ears, memory).tell(held())
    assert [len(ear.heard) for ear in ears] == [2, 2, 2]


def test_it_tries_a_few_times(memory: Memory) -> None:
    ear = Ear(Undelivered("no network"), Undelivered("no network"))
    Herald([ear], memory, wait=nothing).tell(ended())
    assert len(ear.heard) == 1


def test_it_does_not_wait_for_a_stuck_one(memory: Memory) -> None:
    stuck, ear = Stuck(), Ear()
    began_at = time.monotonic()
    Herald([stuck, ear], memory).tell(ended(), patience=0.2)
    assert time.monotonic() - began_at < 20
    assert len(ear.heard) == 1
    stuck.let_go.set()


def test_a_second_command_does_not_tell_the_same_again(tmp_path: Path) -> None:
    path = tmp_path / "told.json"
    ears = [Ear(), Ear()]
    for ear in ears:
        Herald([ear], Memory(path)).tell(ended(77))
    assert [[type(one).__name__ for one in ear.heard] for ear in ears] == [["Beat", "Notice"], ["Beat"]]


def test_a_report_that_makes_no_sense_is_a_line_in_the_log(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    Herald([Ear()], memory).tell(replace(ended(3), report={"files_failed": "many"}))
    assert len(warnings(caplog)) == 1


def test_nothing_that_goes_wrong_shows_an_address_or_a_token(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Listener(*[500] * 20) as listener:
        made = all_channels(listener.url)
        Herald(made, memory, wait=nothing).tell(held())
        assert {one.path for one in listener.heard} == {"/s3cret/fail", "/s3cret-topic", "/s3cret-json"}
    Herald(made, memory, wait=nothing).tell(held("offline"))  # now nobody listens
    assert len(warnings(caplog)) >= 6
    assert "s3cret" not in caplog.text
    assert "s3cret" not in repr([vars(one) for one in made])


def all_channels(url: str) -> list[Channel]:
    pytest.importorskip("apprise")
    return channels(
        httpx.HTTPTransport(),
        ping=Secret(f"{url}/s3cret"),
        command=("/bin/false",),
        ntfy=Secret(f"{url}/s3cret-topic"),
        ntfy_token=Secret("s3cret-token"),
        apprise=(Secret(f"json://{url.removeprefix('http://')}/s3cret-json"),),
        environ={},
    )


def test_without_any_setting_there_is_no_channel(transport: httpx.BaseTransport) -> None:
    assert channels(transport, environ={}) == []


def test_a_wrong_apprise_address_is_a_configuration_error(transport: httpx.BaseTransport) -> None:
    pytest.importorskip("apprise")
    with pytest.raises(ConfigError):
        channels(transport, apprise=(Secret("nonsense"),), environ={})
