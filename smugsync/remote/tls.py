"""Whom we believe: the one TLS context everything else is given."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi

from smugsync.errors import ConfigError


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """A verifying context, TLS 1.2 or newer.

    `ca_file` (PEM) replaces the system's certificate authorities, as `--cacert` does elsewhere. Where
    the system has none (a small container), certifi's take their place. Raises ConfigError naming
    the file if it cannot be used.
    """
    if ca_file is not None:
        context = _private(ca_file)
    else:
        known = ssl.get_default_verify_paths()
        context = ssl.create_default_context(cafile=None if known.cafile or known.capath else certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # Some builds of Python switch this on; then a cut connection would pass for the end of a body.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


def _private(ca_file: Path) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca_file))
    except ssl.SSLError as exc:
        raise ConfigError(f"remote.ca_file: {ca_file} holds no certificate in PEM form.") from exc
    except OSError as exc:
        raise ConfigError(f"remote.ca_file: {ca_file} cannot be read: {exc.strerror}.") from exc
    if not context.cert_store_stats()["x509_ca"]:
        raise ConfigError(f"remote.ca_file: {ca_file} holds no certificate of an authority (CA:TRUE).")
    return context
