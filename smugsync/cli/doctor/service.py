"""The doctor on the way to the service: hosts, certificates, the clock, and whose account it is."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import httpx

from smugsync.cli.assembly import SIGN_IN
from smugsync.cli.auth.seen import Seen
from smugsync.cli.auth.status import Report
from smugsync.cli.auth.words import describe, describe_access, describe_uploads
from smugsync.cli.doctor.findings import Finding, Level, fail, failed, note, ok, warn
from smugsync.cli.remotes import hosts_of, places_of
from smugsync.config import Config, RemoteConfig
from smugsync.config.remotes import Way
from smugsync.errors import SmugsyncError, Unreachable
from smugsync.progress import duration
from smugsync.remote.contact import Contact, proxy_for, reach, skew
from smugsync.remote.proxy import ProxyTransport, build_transport
from smugsync.remote.tls import tls_context
from smugsync.remote.transport import DirectTransport

#: From so many seconds on a clock is worth a word. OAuth's time stamps are refused from some minutes on.
CLOCK_SECONDS = 5.0
_REFUSED_SECONDS = 240.0
_EXPIRES_SECONDS = 14 * 86_400
_SET_CLOCK = "switch time synchronisation on (`timedatectl set-ntp true`, or the NAS's own setting)"


class Service:
    """Asked once each; what cannot be known because a host is out of reach is said so. Raises nothing."""

    def __init__(self, config: Config, *, proxies: Mapping[str, str] | None = None) -> None:
        self._config = config
        self._proxies = proxies
        self._is_there = False
        self._transport: DirectTransport | ProxyTransport | None = None
        self.viewer: Seen | None = None

    def look(self) -> Iterator[Finding]:
        """The account and the clock, and the network behind both, which is asked first."""
        network = list(self._network())
        try:
            yield from self._account()
            yield from self._clock()
        finally:
            if self._transport is not None:
                self._transport.close()
        yield from network

    # -- hosts -------------------------------------------------------------------------------------

    def _network(self) -> Iterator[Finding]:
        remote = self._config.remote
        try:
            hosts_of(remote)
            tls = tls_context(remote.ca_file)
            self._transport = transport = build_transport(tls, proxies=self._proxies)
        except SmugsyncError as error:
            yield from failed("network", "network", error)
            return
        for name, (url, roles) in _places(remote).items():
            finding = self._try(name, url, ", ".join(roles), tls, transport)
            if url == places_of(remote)[0].url:
                self._is_there = finding.level is not Level.FAIL
            yield finding

    def _try(
        self,
        name: str,
        url: str,
        roles: str,
        tls: ssl.SSLContext,
        transport: DirectTransport | ProxyTransport,
    ) -> Finding:
        proxy = proxy_for(transport, url)
        try:
            contact = reach(url, tls, transport)
        except Unreachable as error:
            through = f", asked through the proxy {proxy} that the environment names" if proxy else ""
            text = f"{roles}: {error}{through}"
            return fail(f"network.{name}", "network", text, code=error.exit_code)
        return tell_contact(f"network.{name}", contact, roles=roles, proxy=proxy, now=datetime.now(UTC))

    # -- the account -------------------------------------------------------------------------------

    def _account(self) -> Iterator[Finding]:
        if self._config.remote.signed_out:
            text, _, advice = SIGN_IN.partition(": ")
            yield fail("account", "account", text, advice, code=77)
            return
        if not self._is_there:
            yield note("account", "account", "not asked for: see network below")
            return
        report = Report(self._config)
        try:
            report.ask()
        except SmugsyncError as error:
            yield from failed("account", "account", error)
            return
        self.viewer = report.viewer
        yield from tell_account(report)

    def _clock(self) -> Iterator[Finding]:
        if self._transport is None or not self._is_there:
            yield note("clock", "clock", "not compared: see network below")
            return
        try:
            ahead = skew(self._transport, places_of(self._config.remote)[0].url)
        except Unreachable as error:
            yield note("clock", "clock", f"not compared: {error}")
            return
        yield tell_clock(ahead)


def _places(remote: RemoteConfig) -> dict[str, tuple[str, list[str]]]:
    """Each place that is asked: its first role's name, its address, and what it is asked for."""
    found: dict[tuple[str, bytes], tuple[str, str, list[str]]] = {}
    for name, role, url in places_of(remote):
        host = httpx.URL(url)
        known = found.setdefault((host.scheme, host.netloc), (name, url, []))[2]
        known += [role] if role not in known else []
    return {name: (url, roles) for name, url, roles in found.values()}


def tell_contact(key: str, contact: Contact, *, roles: str, proxy: str | None, now: datetime) -> Finding:
    """A host that was reached, and how."""
    parts = [f"{roles}: {contact.host} reached in {contact.seconds * 1000:.0f} ms"]
    if proxy:
        parts.append(f"through the proxy {proxy}")
    if not contact.protocol:
        return ok(key, "network", ", ".join([*parts, "not encrypted"]))
    certificate = f"a certificate by {contact.issuer}" if contact.issuer else "a certificate"
    parts.append(contact.protocol)
    if contact.expires is None:
        return ok(key, "network", ", ".join([*parts, certificate]))
    parts.append(f"{certificate} until {contact.expires:%Y-%m-%d}")
    text = ", ".join(parts)
    if (contact.expires - now).total_seconds() < _EXPIRES_SECONDS:
        return warn(key, "network", f"{text}, which is soon", "have it renewed, if it is yours")
    return ok(key, "network", text)


def tell_account(report: Report) -> Iterator[Finding]:
    """Whose it is, what may be done there, and how many requests are left."""
    viewer, remote = report.viewer, report.config.remote
    if viewer is None:
        return
    if viewer.access != "Public" or remote.way is not Way.OAUTH:
        yield ok("account", "account", f"{describe(viewer)}; {describe_access(viewer)}")
    else:
        yield warn(
            "account",
            "account",
            f"{describe(viewer)}; {describe_access(viewer)}, so that private albums are not mirrored",
            "revoke the authorisation in your account at SmugMug, then run `smugsync auth login`",
        )
    yield ok("account.grants", "permissions", report.permissions())
    if report.config.upload.enabled:
        allowed = report.may_upload()
        tell = {True: ok, None: note, False: warn}[allowed]
        yield tell("account.uploads", "uploads", describe_uploads(allowed))
    if report.remaining is None or report.resets is None:
        return
    at = time.strftime("%H:%M", time.localtime(report.resets))
    if report.remaining > 0:
        yield ok("account.rate_limit", "requests", f"{report.remaining:,} left until {at}")
    else:
        yield warn("account.rate_limit", "requests", f"none left: a run has to wait until {at}")


def tell_clock(ahead: float | None) -> Finding:
    """`ahead` is how many seconds our clock is ahead of the service's, None where it does not say."""
    if ahead is None:
        return note("clock", "clock", "the service does not say what time it is")
    if abs(ahead) < CLOCK_SECONDS:
        return ok("clock", "clock", "agrees with the service's")
    text = f"{duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} the service's"
    if abs(ahead) < _REFUSED_SECONDS:
        return warn("clock", "clock", f"{text}; from some minutes on requests are refused", _SET_CLOCK)
    return warn(
        "clock",
        "clock",
        f"{text}: requests are refused and asked again with the service's time, and dates of versions, "
        "history and retention are wrong",
        _SET_CLOCK,
    )
