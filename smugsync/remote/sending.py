"""One request on its way: the address checked, the signature fresh, redirects followed by hand.

httpx would repeat the old Authorization header after a redirect, which SmugMug answers with
`nonce_used`, and would carry it to any host; so each hop is checked against the allow-list and signed
anew, and only a configured origin sees credentials.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Protocol, runtime_checkable

import httpx

from smugsync import __version__
from smugsync.errors import Garbled, Rejected, Unreachable
from smugsync.records import dataclass, replace
from smugsync.remote.dialect import Auth, Call
from smugsync.remote.hosts import Hosts
from smugsync.remote.outflow import Outflow
from smugsync.remote.signing import FileSigner, Signer
from smugsync.remote.streaming import BORROW

#: SmugMug's media hosts are said to refuse clients without a plausible name.
USER_AGENT = f"smugsync/{__version__} (+https://pypi.org/project/smugsync/)"
REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

# Their INFO and DEBUG lines hold whole addresses and signature base strings, and so credentials.
for _name in ("httpx", "httpcore", "oauthlib"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@runtime_checkable
class Abortable(Protocol):
    """A transport whose requests can be ended from another thread."""

    def abort(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Counts:
    """What went over the wire so far: requests sent (every hop and try), bytes of files received and sent."""

    api_requests: int = 0
    media_requests: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0


class Sender:
    """Sends calls; shared by all threads. `signer` is None where nothing needs credentials."""

    def __init__(
        self, transport: httpx.BaseTransport, hosts: Hosts, signer: Signer | None, timeout: httpx.Timeout
    ) -> None:
        self._transport = transport
        self._hosts = hosts
        self._timeout = timeout
        self.signer = signer  #: may be exchanged between two questions
        self._lock = threading.Lock()
        self._counts = Counts()
        #: Seconds by which the service's clock is ahead of ours; signatures are dated by it.
        self.skew = 0.0
        self._client = httpx.Client(
            transport=transport,
            follow_redirects=False,
            trust_env=False,
            timeout=timeout,
            # Nobody's cookies are kept: one thread's answer must not change another's request.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    @property
    def counts(self) -> Counts:
        with self._lock:
            return self._counts

    def received(self, size: int) -> None:
        """Count `size` bytes of media."""
        with self._lock:
            self._counts = replace(self._counts, bytes_received=self._counts.bytes_received + size)

    def sent(self, size: int) -> None:
        """Count `size` bytes of a file that is uploaded."""
        with self._lock:
            self._counts = replace(self._counts, bytes_sent=self._counts.bytes_sent + size)

    def abort(self) -> None:
        if isinstance(self._transport, Abortable):
            self._transport.abort()

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def send(
        self, call: Call, headers: tuple[tuple[str, str], ...], *, answer: float | None = None
    ) -> Iterator[httpx.Response]:
        """The answer at the end of at most five redirects (GET only), its body not yet read.

        `answer` is how long it may take to come, in seconds, None = the usual silence. An answer's body in
        chunks is lent: each chunk is valid until the next. Raises Rejected for an address that
        is not allowed, Unreachable where the API itself redirects to one, Garbled for a circle, and
        httpx.TransportError.
        """
        try:
            url = httpx.URL(call.url)
        except httpx.InvalidURL as exc:
            raise Rejected("the service named an address that makes no sense") from exc
        self._hosts.check(url)
        if not call.auth.is_media and not self._hosts.is_trusted(url):
            raise Rejected(f"refused to send credentials to {url.host}: it is no configured origin")
        for _ in range(REDIRECTS + 1):
            request = self._request(call, url, headers)
            if answer is not None:
                request.extensions["timeout"] = {**self._timeout.as_dict(), "read": answer}
            with closing(self._answer(request)) as response:
                target = response.headers.get("location")
                if response.status_code not in _REDIRECTS or not target or call.method != "GET":
                    yield response
                    return
            url = self._redirected(url, target, call)
        raise Garbled(f"{host_of(call)} redirects more than {REDIRECTS} times")

    def _answer(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._client.send(request, stream=True)
        except (httpx.InvalidURL, UnicodeError) as exc:  # httpx reads a Location, and not each of its errors
            if request.method != "GET":  # it was sent, and has been answered
                raise httpx.RemoteProtocolError("its answer leads nowhere", request=request) from exc
            raise Rejected(f"{request.url.host} redirects to an address that makes no sense") from exc

    def _redirected(self, url: httpx.URL, target: str, call: Call) -> httpx.URL:
        there = url.join(target).copy_with(fragment=None)  # httpx has refused a Location that is no address
        try:
            self._hosts.check(there)
        except Rejected as exc:
            if call.auth.is_media:
                raise
            raise Unreachable(
                f"{url.host} redirects elsewhere: a captive portal or sign-in page may be in the way ({exc})"
            ) from exc
        return there

    def _is_signed(self, call: Call, url: httpx.URL, signer: Signer) -> bool:
        if call.auth is Auth.FILE:
            return isinstance(signer, FileSigner) and signer.opens_files and self._hosts.is_service(url)
        return not call.auth.is_media and self._hosts.is_trusted(url)

    def _request(self, call: Call, url: httpx.URL, headers: tuple[tuple[str, str], ...]) -> httpx.Request:
        lines = [("User-Agent", USER_AGENT), *headers, *call.headers]
        target: str | httpx.URL = url  # what was parsed already is not parsed again
        is_media = call.auth.is_media
        body = call.body
        if self.signer is not None and self._is_signed(call, url, self.signer):
            signed = self.signer.sign(call, str(url), skew=self.skew)
            target = signed.url
            lines += signed.headers
            body = body if signed.body is None else signed.body
        with self._lock:
            self._counts = replace(
                self._counts,
                api_requests=self._counts.api_requests + (not is_media),
                media_requests=self._counts.media_requests + is_media,
            )
        stream: Outflow | None = None
        if body is not None and not isinstance(body, bytes):
            stream, body = Outflow(body), None
            # httpx adds these itself where it knows the body.
            lines = [("Host", url.netloc.decode("ascii")), *lines, ("Content-Length", str(stream.size))]
        raw = [(name.encode("ascii"), value.encode("utf-8")) for name, value in lines]
        return httpx.Request(
            call.method, target, headers=raw, content=body, stream=stream, extensions={BORROW: True}
        )


def host_of(call: Call) -> str:
    """The host a call goes to, for messages: the rest of an address may hold credentials."""
    try:
        return httpx.URL(call.url).host or "the service"
    except (httpx.InvalidURL, UnicodeError):
        return "the service"
