"""Files wait for each other at the processor, and for nothing else: not for pages, limits or questions."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from smugsync.errors import Garbled
from smugsync.pace import Pace
from smugsync.remote.dialect import Auth, Call
from smugsync.remote.hosts import Hosts
from smugsync.remote.inflow import Turns
from smugsync.remote.session import Session
from smugsync.remote.transport import DirectTransport
from smugsync.stop import Stop

from .servers import LONG, Peer, Server, plain

PHOTO = os.urandom(600_000)
PAGE = b"<!DOCTYPE html><html>" + bytes(600_000)
#: More than there are ever turns on the machine that tests.
MANY = 2 * Turns().free.qsize()


class Anything:
    """Takes every answer for what it is."""

    def failure(self, *_: object) -> None:
        return None


def serve(peer: Peer) -> None:
    while head := peer.request():
        path = head.split(b" ")[1]
        body = {b"/page": PAGE, b"/photo": PHOTO}.get(path, b"{}")
        kind = "Content-Type: image/jpeg"
        peer.sock.sendall(plain(body, "200 OK", kind))


def session(origin: str, *, down: Callable[[int], None] | None = None, stop: Stop | None = None) -> Session:
    return Session(DirectTransport(), Hosts([origin], allow_http=True), None, stop or Stop(), down=down)


def photo(origin: str, path: str = "/photo") -> Call:
    return Call("GET", origin + path, auth=Auth.NONE)


def fetch(talk: Session, call: Call) -> bytes:
    with talk.stream(call, Anything()) as body:
        return b"".join(bytes(chunk) for chunk in body)


def test_a_web_page_in_place_of_a_photo_keeps_no_turn() -> None:
    """Even while somebody holds the error, and with it the reading that was given up."""
    with Server(serve) as server:
        talk, kept = session(server.origin), list[Garbled]()
        for _ in range(MANY):
            try:
                fetch(talk, photo(server.origin, "/page"))
            except Garbled as error:
                kept.append(error)
        fetched = list[bytes]()
        fetching = threading.Thread(target=lambda: fetched.append(fetch(talk, photo(server.origin))))
        fetching.start()
        fetching.join(LONG)
        talk.abort()
        fetching.join(LONG)
        talk.close()
    assert (len(kept), fetched == [PHOTO]) == (MANY, True)


def test_a_body_that_is_left_in_the_middle_keeps_no_turn() -> None:
    with Server(serve) as server:
        talk = session(server.origin)
        for _ in range(MANY):
            with talk.stream(photo(server.origin), Anything()) as body:
                next(iter(body))
        assert fetch(talk, photo(server.origin)) == PHOTO
        talk.close()


def test_a_limit_of_the_line_keeps_no_question_and_no_other_file_waiting() -> None:
    """All downloads sleep because of it; they hold no turns meanwhile."""
    stop = Stop()
    slept = threading.Semaphore(0)
    pace = Pace(1, stop)

    def down(size: int) -> None:
        slept.release()
        pace(size)

    with Server(serve) as server:
        talk = session(server.origin, down=down, stop=stop)

        def download() -> None:
            try:
                fetch(talk, photo(server.origin))
            except Exception:  # noqa: BLE001 -- it is stopped, in one way or the other
                return

        downloads = [threading.Thread(target=download) for _ in range(MANY)]
        for one in downloads:
            one.start()
        sleeping = [slept.acquire(timeout=LONG) for _ in downloads]
        answer = talk.ask(Call("GET", server.origin + "/question", auth=Auth.ACCOUNT), Anything())
        stop.set()
        talk.abort()
        for one in downloads:
            one.join(LONG)
        talk.close()
    assert all(sleeping)
    assert answer.body == b"{}"
