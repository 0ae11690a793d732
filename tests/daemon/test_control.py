"""The control socket: one question per connection, bounded in size, number and time, for its owner alone."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from smugsync.daemon import messages
from smugsync.daemon.client import Line, alone, asked, call, standing_of
from smugsync.daemon.control import MOST, Control
from smugsync.daemon.sockets import Lines, dial, listen
from smugsync.daemon.standing import Hindrance, Standing, Way
from smugsync.daemon.wishes import Listener, Wish
from smugsync.errors import Busy
from smugsync.stop import Stop
from smugsync.sync.context import Scope
from smugsync.sync.report import Report

STANDING = Standing(
    "default",
    scope="delta",
    since=5.0,
    held=Hindrance("offline", "no network", 1.0, 2.0),
    way=Way("listing", 1, 2),
    due={"poll": 7.0},
    last_exit_code=0,
    last_good=3.0,
)


class Keeper:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []
        self.asked = threading.Semaphore(0)
        self.paused: float | None = None
        self.alone = threading.Event()
        self.left = threading.Event()
        self.shown = STANDING

    def ask(self, wish: Wish) -> None:
        self.wishes.append(wish)
        self.asked.release()

    def drop(self, listener: Listener) -> None:
        self.left.set()

    def pause(self, until: float) -> None:
        self.paused = until

    def resume(self) -> None:
        self.paused = None

    def standing(self) -> Standing:
        return self.shown

    @contextlib.contextmanager
    def standing_aside(self, tell: Callable[[str], None], stop: Stop) -> Iterator[None]:
        if self.shown.scope:
            tell(self.shown.scope)
            while self.shown.scope:
                stop.wait(0.01)
        self.alone.set()
        yield
        self.left.set()


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


@pytest.fixture
def control(path: Path, keeper: Keeper) -> Iterator[Control]:
    control = Control(path, keeper, clock=lambda: 1000.0)
    yield control
    control.close()
    assert not path.exists()


def asking(path: Path) -> Line:
    line = call(path)
    assert line is not None
    return line


def answers(path: Path, **question: Any) -> Mapping[str, Any] | None:
    with asking(path) as line:
        line.ask(**question)
        return line.answer(seconds=20)


@pytest.mark.usefixtures("control")
def test_how_it_stands_comes_over_whole(path: Path) -> None:
    assert standing_of(path) == STANDING


@pytest.mark.usefixtures("control")
def test_a_pause_is_for_a_while_or_for_good(path: Path, keeper: Keeper) -> None:
    assert answers(path, ask="pause", seconds=60) == {"v": 1, "say": "taken"}
    assert keeper.paused == 1060
    answers(path, ask="pause")
    assert keeper.paused == math.inf
    answers(path, ask="resume")
    assert keeper.paused is None


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("seconds", [0, -1, "2h", True, [1]])
def test_a_pause_that_makes_no_sense_is_refused(path: Path, keeper: Keeper, seconds: object) -> None:
    answer = answers(path, ask="pause", seconds=seconds)
    assert answer is not None
    assert answer["say"] == "refused"
    assert keeper.paused is None


@pytest.mark.usefixtures("control")
def test_who_does_not_wait_is_answered_at_once(path: Path, keeper: Keeper) -> None:
    assert answers(path, ask="sync", scope="albums", albums=["Iceland"]) == {"v": 1, "say": "taken"}
    (wish,) = keeper.wishes
    assert wish.scope == Scope("albums", ("Iceland",))
    assert wish.by_person
    assert wish.listeners == ()


@pytest.mark.usefixtures("control")
def test_who_waits_hears_everything_up_to_the_end(path: Path, keeper: Keeper) -> None:
    with asking(path) as line:
        line.ask(ask="sync", scope="delta", wait=True)
        first = line.answer(seconds=20)  # another run is under way
        assert first is not None
        assert first["say"] == "note"
        assert keeper.asked.acquire(timeout=20)
        (listener,) = keeper.wishes[0].listeners
        listener(messages.way(Way("listing")))
        listener(messages.done(Report(scope="delta"), ["all good"]))
        heard = [line.answer(seconds=20), line.answer(seconds=20), line.answer(seconds=20)]
    assert [None if one is None else one["say"] for one in heard] == ["way", "done", None]
    assert heard[1] is not None
    assert (heard[1]["lines"], heard[1]["report"]["scope"]) == (["all good"], "delta")
    assert keeper.left.wait(20)


@pytest.mark.usefixtures("control")
def test_who_waits_hears_that_another_command_is_at_work(path: Path, keeper: Keeper) -> None:
    keeper.shown = Standing("default", aside=True)
    with asking(path) as line:
        line.ask(ask="sync", scope="delta", wait=True)
        first = line.answer(seconds=20)
    assert first is not None
    assert first["say"] == "note"
    assert "another command" in first["line"]


@pytest.mark.usefixtures("control")
def test_who_leaves_is_listened_for_no_longer(path: Path, keeper: Keeper) -> None:
    with asking(path) as line:
        line.ask(ask="sync", scope="delta", wait=True)
        assert keeper.asked.acquire(timeout=20)
    assert keeper.left.wait(20)


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize(
    "question",
    [
        {"ask": "sync", "scope": "verify"},
        {"ask": "sync", "scope": "albums", "albums": "Iceland"},
        {"ask": "sync", "scope": "albums", "albums": [1]},
        {"ask": "sync"},
        {"ask": "explode"},
        {},
    ],
)
def test_what_it_does_not_understand_it_says_so(path: Path, keeper: Keeper, question: dict[str, Any]) -> None:
    answer = answers(path, **question)
    assert answer is not None
    assert (answer["say"], answer["exit_code"]) == ("refused", 2)
    assert keeper.wishes == []


@pytest.mark.usefixtures("control")
def test_alone_lasts_until_the_connection_ends(path: Path, keeper: Keeper) -> None:
    keeper.shown = Standing("default")
    with alone(path, lambda scope: None) as is_kept:
        assert is_kept
        assert keeper.alone.is_set()
        assert not keeper.left.is_set()
    assert keeper.left.wait(20)


@pytest.mark.usefixtures("control")
def test_who_wants_to_be_alone_hears_what_it_waits_for(path: Path, keeper: Keeper) -> None:
    heard: list[str] = []

    def waiting(scope: str) -> None:
        heard.append(scope)
        keeper.shown = Standing("default")

    with alone(path, waiting):
        assert heard == ["delta"]


@pytest.mark.usefixtures("control")
def test_who_gives_up_waiting_to_be_alone_is_forgotten(path: Path, keeper: Keeper) -> None:
    with asking(path) as line:
        line.ask(ask="stand-aside")
        assert line.answer(seconds=20) == {"v": 1, "say": "waiting", "scope": "delta"}
    assert not keeper.alone.is_set()


def test_without_a_daemon_nobody_has_to_be_asked(path: Path) -> None:
    assert call(path) is None
    assert standing_of(path) is None
    with alone(path, lambda scope: None) as is_kept:
        assert not is_kept
    assert call(path / "below a file that is not there") is None


@pytest.mark.parametrize("told", [{"standing": {"held": None}}, {"standing": {"phase": 1}}, {"way": {}}])
def test_a_daemon_of_another_version_is_told_from_none(path: Path, told: dict[str, Any]) -> None:
    with contextlib.closing(listen(path, 1)) as listener:
        thread = threading.Thread(target=_say, args=(listener, {"say": "standing", **told}))
        thread.start()
        with pytest.raises(Busy, match="says what this version does not understand"):
            asked(path)
        thread.join()


def _say(listener: socket.socket, answer: dict[str, Any]) -> None:
    connection, _ = listener.accept()
    with connection:
        assert Lines(connection, 4096).next() is not None
        connection.sendall(messages.line(answer))


def test_a_socket_that_a_killed_daemon_left_is_nobody_and_is_replaced(path: Path, keeper: Keeper) -> None:
    listen(path, 1).close()
    assert path.exists()
    assert call(path) is None
    control = Control(path, keeper)
    assert standing_of(path) == STANDING
    control.close()


def test_the_socket_is_for_its_owner_alone(path: Path, control: Control) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_path_that_is_too_long_for_the_kernel_is_none_for_us(tmp_path: Path, keeper: Keeper) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    control = Control(deep / "control.sock", keeper)
    assert standing_of(deep / "control.sock") == STANDING
    control.close()


@pytest.mark.usefixtures("control")
def test_more_connections_than_are_served_are_sent_away(path: Path) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(MOST):
            line = stack.enter_context(asking(path))
            line.ask(ask="stand-aside")
            assert line.answer(seconds=20) is not None
        one_more = stack.enter_context(asking(path))
        one_more.ask(ask="status")
        answer = one_more.answer(seconds=20)
        assert answer is not None
        assert (answer["say"], answer["exit_code"]) == ("refused", 11)
        assert "ask the daemon" in answer["error"]


def test_closing_it_ends_every_conversation(path: Path, keeper: Keeper) -> None:
    control = Control(path, keeper)
    with asking(path) as line:
        line.ask(ask="sync", scope="delta", wait=True)
        assert keeper.asked.acquire(timeout=20)
        line.answer(seconds=20)
        control.close()
        assert line.answer(seconds=20) is None
    assert not [one for one in threading.enumerate() if one.name == "smugsync-asked"]


def test_a_daemon_that_does_not_answer_is_told_of(path: Path) -> None:
    with listen(path, 1), asking(path) as line:
        line.ask(ask="status")
        with pytest.raises(Busy, match="does not answer"):
            line.answer(seconds=0.05)


@pytest.mark.parametrize("text", [b"nonsense\n", b"[]\n", b'{"v": 2}\n', b"[" * 200_000 + b"\n"])
def test_an_answer_that_makes_no_sense_is_told_of(path: Path, text: bytes) -> None:
    with listen(path, 1) as listener, asking(path) as line:
        answering, _ = listener.accept()
        with answering:
            answering.sendall(text)
            with pytest.raises(Busy, match="does not understand"):
                line.answer(seconds=20)


def test_a_line_has_its_limit() -> None:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"x" * 200)
        with pytest.raises(ValueError, match="more than 100 bytes"):
            Lines(here, 100).next()


def test_lines_that_come_together_come_one_by_one() -> None:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"one\ntwo\nthr")
        there.shutdown(socket.SHUT_WR)
        lines = Lines(here, 100)
        assert [lines.next(), lines.next(), lines.next()] == [b"one", b"two", None]


def test_dialling_what_is_no_socket_is_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert dial(tmp_path / "file", seconds=1) is None
