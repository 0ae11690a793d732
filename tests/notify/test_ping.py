"""Pings, as the services' own documents have them."""

from __future__ import annotations

import gc
import socket
import time

import httpx
import pytest

from smugsync.notify.channel import Undelivered
from smugsync.notify.messages import Beat, Signal
from smugsync.notify.ping import LONGEST, Ping, cut, target
from smugsync.remote.transport import DirectTransport
from smugsync.secret import Secret
from tests.notify.listening import Listener
from tests.notify.samples import NOTICE

URL = "https://hc-ping.com/0a1b"
KUMA = "https://kuma.example/api/push/T0ken?status=up&msg=OK&ping="


@pytest.mark.parametrize(
    ("address", "signal", "there"),
    [
        (URL, "start", f"{URL}/start"),
        (URL, "success", URL),
        (URL, "fail", f"{URL}/fail"),
        (f"{URL}/", "fail", f"{URL}/fail"),
        (f"{URL}?create=1", "start", f"{URL}/start?create=1"),
        (f"{URL}?create=1#x", "success", f"{URL}?create=1"),
        (KUMA, "success", "https://kuma.example/api/push/T0ken?status=up&msg=all%20good%20%26%20well"),
        (KUMA, "fail", "https://kuma.example/api/push/T0ken?status=down&msg=all%20good%20%26%20well"),
    ],
)
def test_each_signal_has_its_address(address: str, signal: Signal, there: str) -> None:
    assert target(address, Beat("default", signal, "all good & well\nand more")) == there


def test_a_run_is_posted_from_its_start_to_its_end(
    listener: Listener, transport: httpx.BaseTransport
) -> None:
    ping = Ping(Secret(f"{listener.url}/uuid?rid=1"), transport)
    for signal in ("start", "success", "fail"):
        ping.send(Beat("default", signal, f"{signal}: 12 photos, é"))
    assert listener.paths == ["/uuid/start?rid=1", "/uuid?rid=1", "/uuid/fail?rid=1"]
    assert [one.body for one in listener.heard][1:] == ["success: 12 photos, é", "fail: 12 photos, é"]
    assert {one.method for one in listener.heard} == {"POST"}


def test_uptime_kuma_gets_no_start(transport: httpx.BaseTransport) -> None:
    ping = Ping(Secret(KUMA), transport)
    assert not ping.takes(Beat("default", "start"))
    assert ping.takes(Beat("default", "fail"))


def test_uptime_kuma_is_asked_by_the_method_that_all_its_versions_know(
    listener: Listener, transport: httpx.BaseTransport
) -> None:
    ping = Ping(Secret(f"{listener.url}/api/push/T0ken"), transport)
    ping.send(Beat("default", "success", "all good"))
    (heard,) = listener.heard
    assert (heard.method, heard.body) == ("GET", "")
    assert heard.path == "/api/push/T0ken?status=up&msg=all%20good"


def test_a_service_without_start_is_asked_once(transport: httpx.BaseTransport) -> None:
    with Listener(404, 200) as listener:
        ping = Ping(Secret(f"{listener.url}/uuid"), transport)
        with pytest.raises(Undelivered) as refused:
            ping.send(Beat("default", "start"))
        assert not refused.value.again
        assert not ping.takes(Beat("default", "start"))
        ping.send(Beat("default", "success"))
        assert listener.paths == ["/uuid/start", "/uuid"]


def test_notices_are_none_of_its_business(transport: httpx.BaseTransport) -> None:
    assert not Ping(Secret(URL), transport).takes(NOTICE)


@pytest.mark.parametrize(
    ("status", "again", "says"),
    [
        (500, True, "500"),
        (429, True, "429"),
        (404, False, "404"),
        (403, False, "token"),
        (301, False, "redir"),
    ],
)
def test_what_the_service_answers_decides_whether_to_try_again(
    transport: httpx.BaseTransport, status: int, again: bool, says: str
) -> None:
    with Listener(status) as listener:
        with pytest.raises(Undelivered, match=says) as refused:
            Ping(Secret(f"{listener.url}/s3cret"), transport).send(Beat("default", "success"))
        assert refused.value.again is again
        assert len(listener.heard) == 1  # a redirection is not followed
        assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:1/s3cret", "http://[::bad/s3cret", "ftp://127.0.0.1/s3cret", "http:///s3cret"],
)
def test_an_address_that_leads_nowhere_is_not_quoted(address: str, transport: httpx.BaseTransport) -> None:
    with pytest.raises(Undelivered) as refused:
        Ping(Secret(address), transport).send(Beat("default", "success"))
    assert "s3cret" not in str(refused.value)
    assert refused.value.__suppress_context__  # nor by a traceback


def test_no_connection_is_kept_for_the_next_time(listener: Listener) -> None:
    def once() -> None:
        Ping(Secret(f"{listener.url}/uuid"), DirectTransport()).send(Beat("default", "success"))

    once()
    gc.collect()  # a socket that is left open would be a warning, and a warning an error
    assert listener.heard[0].headers["connection"] == "close"


def test_a_service_that_never_answers_is_not_waited_for(transport: httpx.BaseTransport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = Secret(f"http://127.0.0.1:{deaf.getsockname()[1]}/s3cret")
        began = time.monotonic()
        with pytest.raises(Undelivered, match="no answer within") as refused:
            Ping(address, transport).send(Beat("default", "success"), patience=0.2)
        assert time.monotonic() - began < 20
        assert refused.value.again


def test_a_long_summary_is_cut_between_two_characters(
    listener: Listener, transport: httpx.BaseTransport
) -> None:
    Ping(Secret(f"{listener.url}/u"), transport).send(Beat("default", "success", "é" * LONGEST))
    assert len(listener.heard[0].body.encode()) == LONGEST
    assert cut("aé", 2) == b"a"
