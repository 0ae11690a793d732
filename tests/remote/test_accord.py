"""A sign-in that is agreed on with the service may end at any time, and is made anew, once for a question."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import httpx
import pytest

from smugsync.errors import NotAuthorised, Rejected, SessionOver, SmugsyncError, Transient, Unreachable
from smugsync.remote.accord import Accord, Renewal
from smugsync.remote.dialect import Auth, Call, Reply
from smugsync.remote.hosts import Hosts
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import Signed
from smugsync.stop import Stop

ORIGIN = "https://api.smugmug.com"


@dataclass
class Ticket:
    """A signer that needs a ticket, which is good until the service says otherwise."""

    serial: bool = False
    ticket: str = ""
    tickets: int = 0
    ended: list[object] = field(default_factory=list)

    def sign(self, call: Call, url: str, *, skew: float = 0.0) -> Signed:
        if call.auth is Auth.SIGN_IN:
            return Signed(url, body=b"secret")
        return Signed(url, (("X-Ticket", self.ticket),))

    def opening(self) -> Call | None:
        return None if self.ticket else Call("POST", f"{ORIGIN}/login", auth=Auth.SIGN_IN, body=b"")

    def heard(self, call: Call, reply: Reply) -> None:
        if call.auth is Auth.SIGN_IN:
            self.ticket = reply.body.decode()
            self.tickets += 1

    def over(self, error: SessionOver) -> None:
        self.ended.append(error.code)
        self.ticket = ""

    def closing(self) -> Call | None:
        return None


@dataclass
class Service:
    """Takes each ticket for so many questions."""

    good_for: int = 1000
    left: int = 0
    issued: int = 0
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    breaks: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.asked.append(request.url.path)
            self.bodies.append(request.read())
            if request.url.path == "/login":
                self.issued, self.left = self.issued + 1, self.good_for
                return answer(200, f"t{self.issued}")
            if self.breaks:
                self.breaks -= 1
                raise httpx.ReadError("broken", request=request)
            self.left -= 1
            is_good = request.headers.get("X-Ticket") == f"t{self.issued}" and self.left >= 0
            return answer(200, "fine") if is_good else answer(401, "over")


def answer(status: int, text: str) -> httpx.Response:
    return httpx.Response(status, stream=httpx.ByteStream(text.encode()))


class Judge:
    def failure(self, reply: Reply, call: Call) -> SmugsyncError | None:
        return None if reply.status == 200 else SessionOver("the session is over", 3)


def session(service: Service, ticket: Ticket) -> Session:
    manners = Manners(tries=3, clock=lambda: 0.0, ticks=lambda: 0.0, random=lambda: 0.0, sleep=lambda _: None)
    return Session(httpx.MockTransport(service), Hosts([ORIGIN]), ticket, Stop(), manners=manners)


def question(*, idempotent: bool = True) -> Call:
    return Call("GET" if idempotent else "POST", f"{ORIGIN}/q", idempotent=idempotent)


def test_the_sign_in_comes_before_the_first_question_and_is_made_once() -> None:
    service, ticket = Service(), Ticket()
    line = session(service, ticket)
    assert [line.ask(question(), Judge()).body for _ in range(2)] == [b"fine", b"fine"]
    assert service.asked == ["/login", "/q", "/q"]
    assert service.bodies[0] == b"secret"


@pytest.mark.parametrize("idempotent", [True, False])
def test_a_session_that_ended_is_made_anew_and_the_question_asked_again(*, idempotent: bool) -> None:
    service, ticket = Service(good_for=2), Ticket()
    line = session(service, ticket)
    for _ in range(4):
        assert line.ask(question(idempotent=idempotent), Judge()).body == b"fine"
    assert service.asked == ["/login", "/q", "/q", "/q", "/login", "/q", "/q"]
    assert ticket.ended == [3]


def test_a_change_is_sent_again_after_a_new_sign_in_for_nothing_was_done() -> None:
    service, ticket = Service(good_for=1), Ticket()
    line = session(service, ticket)
    change = question(idempotent=False)
    assert [line.send_once(change, Judge()).body for _ in range(2)] == [b"fine", b"fine"]
    assert service.asked == ["/login", "/q", "/q", "/login", "/q"]


@pytest.mark.parametrize("change", [True, False])
def test_it_never_loops(*, change: bool) -> None:
    service, ticket = Service(good_for=0), Ticket()
    line = session(service, ticket)
    ask = line.send_once if change else line.ask
    with pytest.raises(NotAuthorised, match="the session is over, also right after a new sign-in"):
        ask(question(idempotent=not change), Judge())
    assert service.asked == ["/login", "/q"] * 2


def test_at_the_end_it_signs_out_once_it_was_in() -> None:
    class Leaving(Ticket):
        def closing(self) -> Call | None:
            return Call("POST", f"{ORIGIN}/logout", body=b"") if self.ticket else None

    service = Service()
    line = session(service, Leaving())
    line.close()
    assert service.asked == []
    line = session(service, Leaving())
    line.ask(question(), Judge())
    line.close()
    assert service.asked == ["/login", "/q", "/logout"]


def test_a_sign_in_without_end_is_given_up() -> None:
    class Insatiable(Ticket):
        def heard(self, call: Call, reply: Reply) -> None:
            pass

    with pytest.raises(NotAuthorised, match="comes to no end"):
        session(Service(), Insatiable()).ask(question(), Judge())


def test_a_lost_answer_loses_a_chain_of_proofs_and_no_session() -> None:
    for serial, asked in ((False, ["/login", "/q", "/q"]), (True, ["/login", "/q", "/login", "/q"])):
        service = Service(breaks=1)
        assert session(service, Ticket(serial=serial)).ask(question(), Judge()).body == b"fine"
        assert service.asked == asked


def test_a_refusal_is_an_answer_and_ends_no_chain() -> None:
    class Strict(Judge):
        def failure(self, reply: Reply, call: Call) -> SmugsyncError | None:
            return Rejected("no") if call.url.endswith("/q") else super().failure(reply, call)

    service = Service()
    line = session(service, Ticket(serial=True))
    for _ in range(2):
        with pytest.raises(Rejected):
            line.ask(question(), Strict())
    assert service.asked == ["/login", "/q", "/q"]


def test_a_sign_in_that_finds_nobody_there_changes_nothing() -> None:
    class Down(Service):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ReadError("broken", request=request)

    line = session(Down(), Ticket())
    with pytest.raises(Transient):
        line.send_once(question(idempotent=False), Judge())
    with pytest.raises(Unreachable):
        line.ask(question(), Judge())


@pytest.mark.parametrize("of_one", [False, True])
def test_a_session_that_others_have_used_up_is_no_refusal(of_one: bool) -> None:
    accord, renewal, login = Accord(Ticket()), Renewal(), Reply(200, {}, b"t1")

    def ask(*, over: bool) -> None:
        with accord.turn(question(), lambda call: login):
            if over:
                raise SessionOver("the session is over", 3, of_one=of_one)
            accord.heard(question(), Reply(200, {}, b"fine"))

    with pytest.raises(SessionOver), renewal.granted():
        ask(over=True)
    ask(over=False)
    with pytest.raises(Rejected if of_one else SessionOver), renewal.granted():
        ask(over=True)
    with pytest.raises(Rejected if of_one else NotAuthorised), renewal.granted():
        ask(over=True)


def test_threads_share_one_session_and_what_one_renews_the_others_do_not_end() -> None:
    service, ticket = Service(good_for=30), Ticket()
    line = session(service, ticket)
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(25):
                line.ask(question(), Judge())
        except BaseException as error:  # noqa: BLE001 - the test tells
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert (
        ticket.tickets <= 4 + 3
    )  # one for each thirty, and some that were asked with the old one at the end
