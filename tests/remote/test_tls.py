"""Whom we believe, and the sentence a person reads when we do not."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

import httpx
import pytest
import trustme

from smugsync.errors import ConfigError
from smugsync.remote.tls import tls_context
from smugsync.remote.transport import DirectTransport
from smugsync.remote.trouble import explain, is_untrusted

from .conftest import serving
from .servers import LONG, Peer, Server, always, plain

LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def fetch(url: str, tls: ssl.SSLContext) -> httpx.Response:
    with httpx.Client(transport=DirectTransport(tls=tls), trust_env=False, timeout=LONG) as http:
        return http.get(url)


def refusal(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> str:
    """What a person is told about the certificate of a server on 127.0.0.1."""
    with Server(always(plain(b"")), tls=server_tls) as server, pytest.raises(httpx.ConnectError) as caught:
        fetch(server.origin, client_tls)
    assert server.requests == []
    assert is_untrusted(caught.value)
    return explain(caught.value, "127.0.0.1")


def test_a_certificate_of_our_authority(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    with Server(always(plain(b"secret")), tls=server_tls) as server:
        assert fetch(server.origin, client_tls).text == "secret"


def test_an_unknown_authority(server_tls: ssl.SSLContext) -> None:
    sentence = refusal(server_tls, tls_context())
    assert "unknown authority" in sentence
    assert "remote.ca_file" in sentence


def test_an_expired_certificate(authority: trustme.CA, client_tls: ssl.SSLContext) -> None:
    expired = authority.issue_cert("127.0.0.1", not_before=LONG_AGO, not_after=LONG_AGO)
    assert "has expired" in refusal(serving(expired), client_tls)


def test_a_certificate_of_another_host(authority: trustme.CA, client_tls: ssl.SSLContext) -> None:
    sentence = refusal(serving(authority.issue_cert("other.example")), client_tls)
    assert "127.0.0.1 shows a certificate that is not to be trusted" in sentence


def test_old_protocols_are_not_spoken(authority: trustme.CA, client_tls: ssl.SSLContext) -> None:
    assert client_tls.minimum_version is ssl.TLSVersion.TLSv1_2
    assert client_tls.verify_mode is ssl.CERT_REQUIRED
    assert client_tls.check_hostname


def test_plain_http_on_a_tls_port(client_tls: ssl.SSLContext) -> None:
    with (
        Server(lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server,
        pytest.raises(httpx.ConnectError) as caught,
    ):
        fetch(server.origin.replace("http:", "https:"), client_tls)
    assert not is_untrusted(caught.value)


def test_an_end_without_goodbye_does_not_prove_the_end_of_a_body(
    authority: trustme.CA, client_tls: ssl.SSLContext
) -> None:
    """Anybody on the way can close a TCP connection; only the server can say goodbye inside TLS."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
        peer.sock.close()

    tls = serving(authority.issue_cert("127.0.0.1"))
    with Server(script, tls=tls) as server, pytest.raises(httpx.TransportError):
        fetch(server.origin, client_tls)


@pytest.mark.parametrize("content", ["", "no certificate here"])
def test_a_ca_file_without_a_certificate(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"remote\.ca_file: .*ca\.pem holds no certificate"):
        tls_context(path)


def test_a_missing_ca_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.pem cannot be read: No such file"):
        tls_context(tmp_path / "nothing.pem")


def test_a_ca_file_that_holds_a_servers_certificate(tmp_path: Path, authority: trustme.CA) -> None:
    path = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").cert_chain_pems[0].write_to_path(str(path))
    with pytest.raises(ConfigError, match="no certificate of an authority"):
        tls_context(path)
