"""Reaching a host without asking it anything: what is told of it, and why it could not be reached."""

from __future__ import annotations

import datetime
import socket
import ssl
from email.utils import format_datetime

import pytest
import trustme
from cryptography import x509

from smugsync.errors import Unreachable
from smugsync.remote.contact import proxy_for, reach, skew
from smugsync.remote.proxy import build_transport

from .conftest import serving
from .servers import Peer, Server, always, once, plain

LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
NOON = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)


def straight(url: str, tls: ssl.SSLContext) -> str:
    """Why a host cannot be reached."""
    with pytest.raises(Unreachable) as caught:
        reach(url, tls, build_transport(tls, proxies={}))
    return str(caught.value)


def test_a_certificate_is_told_of(authority: trustme.CA, client_tls: ssl.SSLContext) -> None:
    leaf = authority.issue_cert("127.0.0.1")
    certificate = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
    with Server(always(plain(b"")), tls=serving(leaf)) as server:
        found = reach(server.origin, client_tls, build_transport(client_tls, proxies={}))
    assert (found.host, found.protocol, found.issuer) == ("127.0.0.1", "TLSv1.3", f"trustme v{version()}")
    assert found.expires == certificate.not_valid_after_utc
    assert server.requests == [], "nothing was asked"


def version() -> str:
    from importlib.metadata import version as of  # noqa: PLC0415 - one word of one certificate

    return of("trustme")


def test_plain_http_has_no_certificate(client_tls: ssl.SSLContext) -> None:
    ticks = iter((10.0, 10.25))
    with Server(once(b"")) as server:
        transport = build_transport(client_tls, proxies={})
        found = reach(server.origin, client_tls, transport, clock=lambda: next(ticks))
    assert (found.seconds, found.protocol, found.issuer, found.expires) == (0.25, "", "", None)


@pytest.mark.parametrize("case", ["expired", "not yet", "another host", "unknown"])
def test_certificates_that_are_not_to_be_trusted(
    authority: trustme.CA, client_tls: ssl.SSLContext, case: str
) -> None:
    far = datetime.datetime(2099, 1, 1, tzinfo=datetime.UTC)
    leaf, words = {
        "expired": (
            authority.issue_cert("127.0.0.1", not_before=LONG_AGO, not_after=LONG_AGO),
            "the certificate of 127.0.0.1 has expired (or this computer's clock is wrong)",
        ),
        "not yet": (
            authority.issue_cert("127.0.0.1", not_before=far, not_after=far),
            "the certificate of 127.0.0.1 is not valid yet (or this computer's clock is wrong)",
        ),
        "another host": (
            authority.issue_cert("other.example"),
            "127.0.0.1 shows a certificate that is not to be trusted",
        ),
        "unknown": (
            trustme.CA().issue_cert("127.0.0.1"),
            "127.0.0.1 shows a certificate of an unknown authority; if it is your own, name its file in "
            "remote.ca_file",
        ),
    }[case]
    with Server(always(plain(b"")), tls=serving(leaf)) as server:
        assert straight(server.origin, client_tls).startswith(words)


def test_hosts_that_do_not_answer(client_tls: ssl.SSLContext) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        port = taken.getsockname()[1]
        assert straight(f"https://127.0.0.1:{port}", client_tls) == "127.0.0.1 refuses the connection"
    with Server(lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        sentence = straight(server.origin.replace("http:", "https:"), client_tls)
    assert sentence.startswith("127.0.0.1 cannot be reached (")


# -- the clock -------------------------------------------------------------------------------------


def asked(date: str, times: tuple[float, float], tls: ssl.SSLContext) -> float | None:
    clock = iter(times)
    with Server(once(plain(b"", "404 Not Found", *([f"Date: {date}"] if date else [])))) as server:
        transport = build_transport(tls, proxies={})
        found = skew(transport, server.origin, clock=lambda: next(clock))
        transport.close()
    assert server.requests[0].startswith(b"HEAD / HTTP/1.1\r\n")
    assert b"Authorization" not in server.requests[0]
    return found


@pytest.mark.parametrize("ahead", [0.0, 90.0, -86_400.0])
def test_the_clock_is_compared_with_the_date_of_any_answer(client_tls: ssl.SSLContext, ahead: float) -> None:
    """The header is cut to the second and an answer takes a while: the middle of both is taken."""
    now = NOON.timestamp() + 0.5 + ahead
    date = format_datetime(NOON, usegmt=True)
    assert asked(date, (now - 2.0, now + 2.0), client_tls) == pytest.approx(ahead)


@pytest.mark.parametrize("date", ["", "yesterday", "32 Jan 2026"])
def test_an_answer_that_does_not_say_the_time(client_tls: ssl.SSLContext, date: str) -> None:
    assert asked(date, (1.0, 2.0), client_tls) is None


def test_a_clock_that_cannot_be_asked(client_tls: ssl.SSLContext) -> None:
    with Server(once(b"")) as server, pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        skew(build_transport(client_tls, proxies={}), server.origin)


# -- a proxy ---------------------------------------------------------------------------------------


def test_a_host_behind_a_proxy(authority: trustme.CA, client_tls: ssl.SSLContext) -> None:
    inner = serving(authority.issue_cert("api.example.org"))

    def tunnel(peer: Peer) -> None:
        assert peer.request().startswith(b"CONNECT api.example.org:443 ")
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with inner.wrap_socket(peer.sock, server_side=True) as secured:
            assert secured.recv(4096).startswith(b"HEAD / HTTP/1.1\r\n")
            secured.sendall(plain(b"", "403 Forbidden"))

    with Server(tunnel) as proxy:
        transport = build_transport(client_tls, proxies={"https": proxy.origin})
        found = reach("https://api.example.org", client_tls, transport)
        transport.close()
    assert (found.host, found.protocol) == ("api.example.org", "TLSv1.3")
    assert found.expires is not None


def test_a_proxy_that_refuses(client_tls: ssl.SSLContext) -> None:
    with Server(once(plain(b"", "407 Proxy Authentication Required"))) as proxy:
        transport = build_transport(client_tls, proxies={"all": proxy.origin})
        with pytest.raises(Unreachable, match=r"the proxy on the way to api\.example\.org failed \(407"):
            reach("https://api.example.org", client_tls, transport)
        transport.close()


def test_a_proxy_is_named_without_its_password(client_tls: ssl.SSLContext) -> None:
    transport = build_transport(client_tls, proxies={"https": "user:geheim@proxy.lan:3128"})
    assert proxy_for(transport, "https://api.example.org") == "http://proxy.lan:3128"
    assert proxy_for(transport, "http://127.0.0.1:1") is None
    transport.close()
