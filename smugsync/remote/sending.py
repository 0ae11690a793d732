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
from smugsync.records import dataclass
from smugsync.remote.dialect import Auth, Call
from smugsync.remote.hosts import Hosts
from smugsync.remote.inflow import TURN, Turn, Turns
from smugsync.remote.outflow import Outflow
from smugsync.remote.signing import FileSigner, Signer
from smugsync.remote.streaming import BORROW

#: SmugMug's media hosts are said to refuse clients without a plausible name.
USER_AGENT = f"smugsync/{__version__} (+https://pypi.org/project/smugsync/)"
_AGENT = (b"User-Agent", USER_AGENT.encode("ascii"))
_NOTHING = httpx.ByteStream(b"")
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
    """What went over the wire so far: requests sent (every hop and try), bytes of files sent."""

    api_requests: int = 0
    media_requests: int = 0
    bytes_sent: int = 0


class Sender:
    """Sends calls; shared by all threads. `signer` is None where nothing needs credentials."""

    def __init__(
        self, transport: httpx.BaseTransport, hosts: Hosts, signer: Signer | None, timeout: httpx.Timeout
    ) -> None:
        self._transport = transport
        self._hosts = hosts
        self._patience = timeout.as_dict()
        self.signer = signer  #: may be exchanged between two questions
        self._turns = Turns()  #: files wait for each other at the processor; questions do not
        self._lock = threading.Lock()
        self._api_requests = self._media_requests = self._bytes_sent = 0
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
            return Counts(self._api_requests, self._media_requests, self._bytes_sent)

    def sent(self, size: int) -> None:
        """Count `size` bytes of a file that is uploaded."""
        with self._lock:
            self._bytes_sent += size

    def abort(self) -> None:
        if isinstance(self._transport, Abortable):
            self._transport.abort()
        self._turns.open_up()

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def send(
        self, call: Call, headers: tuple[tuple[str, str], ...], *, answer: float | None = None
    ) -> Iterator[httpx.Response]:
        """As `open`; the answer is closed at the end."""
        with closing(self.open(call, headers, answer=answer)) as response:
            yield response

    def open(
        self, call: Call, headers: tuple[tuple[str, str], ...], *, answer: float | None = None
    ) -> httpx.Response:
        """The answer at the end of at most five redirects (GET only), its body not yet read; to be closed.

        `answer` is how long it may take to come, in seconds, None = the usual silence. An answer's body in
        chunks is lent: each chunk is valid until the next. Raises Rejected for an address that
        is not allowed, Unreachable where the API itself redirects to one, Garbled for a circle, and
        httpx.TransportError.
        """
        try:
            url = httpx.URL(call.url)
        except (httpx.InvalidURL, UnicodeError) as exc:
            raise Rejected("the service named an address that makes no sense") from exc
        self._hosts.check(url)
        if not call.auth.is_media and not self._hosts.is_trusted(url):
            raise Rejected(f"refused to send credentials to {url.host}: it is no configured origin")
        patience = self._patience if answer is None else {**self._patience, "read": answer}
        for _ in range(REDIRECTS + 1):
            request = self._request(call, url, headers, patience)
            response = self._answer(request, direct=call.auth.is_media)
            is_final = response.status_code not in _REDIRECTS or call.method != "GET"
            target = None if is_final else response.headers.get("location")
            if not target:
                return response
            response.close()
            url = self._redirected(url, target, call)
        raise Garbled(f"{host_of(call)} redirects more than {REDIRECTS} times")

    def _answer(self, request: httpx.Request, *, direct: bool) -> httpx.Response:
        """`direct`: without what a client of httpx does besides, of which a file needs nothing."""
        try:
            if not direct:
                return self._client.send(request, stream=True)
            response = self._transport.handle_request(request)
            response.request = request
            return response
        except (httpx.InvalidURL, UnicodeError) as exc:  # httpx reads a Location, and not each of its errors
            if request.method != "GET":  # it was sent, and has been answered
                raise httpx.RemoteProtocolError("its answer leads nowhere", request=request) from exc
            raise Rejected(f"{request.url.host} redirects to an address that makes no sense") from exc

    def _redirected(self, url: httpx.URL, target: str, call: Call) -> httpx.URL:
        try:
            there = url.join(target).copy_with(fragment=None)
            _ = there.host  # decodes IDNA
        except (httpx.InvalidURL, UnicodeError) as exc:
            raise Rejected(f"{url.host} redirects to an address that makes no sense") from exc
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

    def _request(
        self,
        call: Call,
        url: httpx.URL,
        headers: tuple[tuple[str, str], ...],
        patience: dict[str, float | None],
    ) -> httpx.Request:
        lines = [*headers, *call.headers]
        target: str | httpx.URL = url  # what was parsed already is not parsed again
        is_media = call.auth.is_media
        body = call.body
        if self.signer is not None and self._is_signed(call, url, self.signer):
            signed = self.signer.sign(call, str(url), skew=self.skew)
            target = signed.url
            lines += signed.headers
            body = body if signed.body is None else signed.body
        with self._lock:
            if is_media:
                self._media_requests += 1
            else:
                self._api_requests += 1
        raw = [(b"Host", url.netloc), _AGENT]
        raw += [(name.encode("ascii"), value.encode("utf-8")) for name, value in lines]
        stream: httpx.SyncByteStream | None = None
        if isinstance(body, bytes) or (body is None and call.method != "GET"):
            del raw[0]  # httpx adds the lines itself that a body needs
        elif body is None:
            stream = _NOTHING
        else:
            stream, body = Outflow(body), None
            raw.append((b"Content-Length", b"%d" % stream.size))
        return httpx.Request(
            call.method,
            target,
            headers=raw,
            content=body,
            stream=stream,
            extensions={
                BORROW: True,
                "timeout": patience,
                TURN: Turn(self._turns if is_media else None),
            },
        )


def host_of(call: Call) -> str:
    """The host a call goes to, for messages: the rest of an address may hold credentials."""
    try:
        return httpx.URL(call.url).host or "the service"
    except (httpx.InvalidURL, UnicodeError):
        return "the service"
