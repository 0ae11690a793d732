"""A certificate authority of our own, and contexts that trust it."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from smugsync.remote.tls import tls_context


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    return serving(authority.issue_cert("127.0.0.1", "::1", "localhost"))


@pytest.fixture(scope="session")
def client_tls(ca_file: Path) -> ssl.SSLContext:
    return tls_context(ca_file)


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context
