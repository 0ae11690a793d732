"""What waits, in which order, and for how long. Time is an argument."""

from __future__ import annotations

from smugsync.notify.channel import PATIENCE
from smugsync.notify.messages import Beat, Message, Notice
from smugsync.notify.outbox import PAUSES, ROOM, Outbox
from tests.notify.samples import NOTICE


class Taking:
    """A channel for one kind of message."""

    def __init__(self, kind: type[Message]) -> None:
        self.name = kind.__name__
        self._kind = kind

    def takes(self, message: Message) -> bool:
        return isinstance(message, self._kind)

    def send(self, message: Message, *, patience: float = PATIENCE) -> None:
        raise NotImplementedError


BEATS, NOTICES = Taking(Beat), Taking(Notice)
START, GOOD = Beat("default", "start"), Beat("default", "success")


def test_each_message_waits_for_the_channels_that_take_it() -> None:
    outbox = Outbox()
    outbox.add(NOTICE, [BEATS, NOTICES], now=0.0)
    assert len(outbox) == 1


def test_what_came_first_goes_first() -> None:
    outbox = Outbox()
    outbox.add(START, [BEATS], now=0.0)
    outbox.add(GOOD, [BEATS], now=0.0)
    taken = [outbox.take(now=0.0), outbox.take(now=0.0)]
    assert [one.message for one in taken if one] == [START, GOOD]
    assert outbox.take(now=0.0) is None


def test_a_failure_is_tried_again_after_longer_and_longer_pauses_and_given_up() -> None:
    outbox, now = Outbox(), 0.0
    outbox.add(NOTICE, [NOTICES], now=now)
    for pause in PAUSES:
        one = outbox.take(now=now)
        assert one is not None
        assert outbox.again(one, now=now)
        assert outbox.due() == now + pause
        assert outbox.take(now=now + pause - 0.1) is None
        now += pause
    one = outbox.take(now=now)
    assert one is not None
    assert not outbox.again(one, now=now)
    assert outbox.due() is None


def test_a_beat_that_failed_is_let_go_when_a_later_one_comes() -> None:
    outbox = Outbox()
    outbox.add(START, [BEATS], now=0.0)
    one = outbox.take(now=0.0)
    assert one is not None
    assert outbox.again(one, now=0.0)
    outbox.add(GOOD, [BEATS], now=1.0)
    left = outbox.take(now=100.0)
    assert left is not None
    assert left.message == GOOD
    assert len(outbox) == 0


def test_a_beat_that_fails_while_a_later_one_waits_is_let_go() -> None:
    outbox = Outbox()
    outbox.add(START, [BEATS], now=0.0)
    one = outbox.take(now=0.0)
    outbox.add(GOOD, [BEATS], now=0.0)
    assert one is not None
    assert not outbox.again(one, now=0.0)


def test_notices_all_wait_for_their_turn() -> None:
    outbox = Outbox()
    outbox.add(NOTICE, [NOTICES], now=0.0)
    one = outbox.take(now=0.0)
    outbox.add(NOTICE, [NOTICES], now=0.0)
    assert one is not None
    assert outbox.again(one, now=0.0)
    assert len(outbox) == 2


def test_it_is_bounded() -> None:
    outbox = Outbox()
    for _ in range(ROOM + 10):
        outbox.add(NOTICE, [NOTICES], now=0.0)
    assert len(outbox) == ROOM
