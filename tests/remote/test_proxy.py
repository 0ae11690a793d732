"""Which requests go through a proxy, and that those can be stopped as well."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from collections.abc import Mapping

import httpx
import pytest

from smugsync.errors import ConfigError
from smugsync.remote.proxy import ProxyTransport, build_transport
from smugsync.remote.transport import DirectTransport, TransportAborted
from smugsync.remote.trouble import explain

from .servers import LONG, Peer, Server, always, plain


def get(proxies: Mapping[str, str], url: str, tls: ssl.SSLContext) -> httpx.Response:
    with httpx.Client(transport=build_transport(tls, proxies=proxies), trust_env=False, timeout=LONG) as http:
        return http.get(url)


def test_no_proxy_no_detour(client_tls: ssl.SSLContext) -> None:
    for proxies in ({}, {"no": "*"}, {"ftp": "http://proxy.example.net"}):
        assert isinstance(build_transport(client_tls, proxies=proxies), DirectTransport)


@pytest.mark.parametrize("scheme", ["http", "all"])
@pytest.mark.parametrize("prefix", ["http://", ""])
def test_other_hosts_are_asked_through_the_proxy(
    client_tls: ssl.SSLContext, scheme: str, prefix: str
) -> None:
    with Server(always(plain(b"proxied"))) as proxy:
        proxies = {scheme: f"{prefix}127.0.0.1:{proxy.port}"}
        assert get(proxies, "http://photos.example.net/a.jpg", client_tls).text == "proxied"
    assert proxy.requests[0].startswith(b"GET http://photos.example.net/a.jpg HTTP/1.1\r\n")


def test_this_computer_is_not(client_tls: ssl.SSLContext) -> None:
    with Server(always(plain(b"proxied"))) as proxy, Server(always(plain(b"direct"))) as server:
        assert get({"all": proxy.origin}, server.origin, client_tls).text == "direct"
    assert proxy.requests == []


def test_exceptions_are_asked_straight(client_tls: ssl.SSLContext) -> None:
    with (
        Server(always(plain(b"proxied"))) as proxy,
        build_transport(
            client_tls, proxies={"all": proxy.origin, "no": "example.net,other.example.org"}
        ) as transport,
    ):
        assert isinstance(transport, ProxyTransport)
        for url in ("https://photos.example.net/a", "https://other.example.org:8443/"):
            assert transport.proxy_for(httpx.URL(url)) is None
        assert transport.proxy_for(httpx.URL("https://example.org/")) == proxy.origin


@pytest.mark.parametrize("address", ["gopher://proxy:1", "http://[::zz]"])
def test_a_proxy_that_cannot_be_used(client_tls: ssl.SSLContext, address: str) -> None:
    with pytest.raises(ConfigError, match=r"HTTPS_PROXY .* names a proxy whose address makes no sense"):
        build_transport(client_tls, proxies={"https": address})


SOCKS = "socks://127.0.0.1:1080/"


def test_a_proxy_that_no_request_takes_does_not_matter(client_tls: ssl.SSLContext) -> None:
    """Desktops set ALL_PROXY to SOCKS, beside proxies for http and https."""
    with Server(always(plain(b"proxied"))) as proxy:
        proxies = {"http": proxy.origin, "https": proxy.origin, "all": SOCKS}
        assert get(proxies, "http://photos.example.net/", client_tls).text == "proxied"


def test_a_proxy_that_only_plain_http_would_take_fails_only_there(client_tls: ssl.SSLContext) -> None:
    with pytest.raises(httpx.ProxyError, match="its address cannot be used"):
        get({"https": "http://127.0.0.1:1", "all": SOCKS}, "http://photos.example.net/", client_tls)


@pytest.mark.parametrize("url", ["http://photos.example.net/", "https://photos.example.net/"])
def test_a_proxy_that_refuses_the_connection_is_told_from_the_host(
    client_tls: ssl.SSLContext, url: str
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://user:secret-value@127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(httpx.ProxyError) as refused:
            get({"all": address}, url, client_tls)
    told = explain(refused.value, "photos.example.net")
    assert told == "the proxy on the way to photos.example.net failed (127.0.0.1 refuses the connection)"


def test_abort_ends_proxied_answers_that_have_begun(client_tls: ssl.SSLContext) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfour")
        peer.hang()

    results: queue.Queue[object] = queue.Queue()

    with Server(script) as proxy:
        transport = build_transport(client_tls, proxies={"all": proxy.origin})
        assert isinstance(transport, ProxyTransport)
        begun = threading.Event()

        def work() -> None:
            with httpx.Client(transport=transport, trust_env=False, timeout=LONG) as http:
                try:
                    with http.stream("GET", "http://photos.example.net/") as response:
                        begun.set()
                        results.put(response.read())
                except httpx.TransportError as exc:
                    results.put(exc)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        assert begun.wait(LONG)
        transport.abort()
        assert isinstance(results.get(timeout=5), TransportAborted)
        thread.join(5)
        with pytest.raises(TransportAborted):
            transport.handle_request(httpx.Request("GET", "http://photos.example.net/"))
