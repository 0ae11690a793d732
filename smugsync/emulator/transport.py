"""The emulator without a network: for tests of a client that is built on httpx."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from smugsync.emulator.messages import Delivery, Request, Response


def make_transport(handle: Callable[[Request], Response]) -> httpx.MockTransport:
    """Delays are not slept; stalls raise ReadTimeout."""

    def answer(request: httpx.Request) -> httpx.Response:
        return _receive(request, handle(_sent(request)))

    return httpx.MockTransport(answer)


def _sent(request: httpx.Request) -> Request:
    return Request(
        request.method,
        request.url.raw_path.decode("ascii").partition("?")[0],
        request.url.query.decode("ascii"),
        {name.lower(): value for name, value in request.headers.items()},
        request.read(),
        request.url.scheme,
    )


def _receive(request: httpx.Request, response: Response) -> httpx.Response:
    """The response as it arrives: whole, or the error that a broken connection is."""
    length = len(response.body)
    if response.delivery.limit == -1:
        raise _failure(response.delivery, request)
    body = b"" if request.method == "HEAD" else b"".join(response.pieces())
    if response.delivery.limit is not None and len(body) < length:
        if response.delivery.then == "close":
            raise httpx.RemoteProtocolError(
                f"peer closed connection without sending complete message body (received {len(body)}"
                f" bytes, expected {length})",
                request=request,
            )
        raise _failure(response.delivery, request)
    # A character is what UTF-8 makes of it; half a surrogate pair of Python's, the byte that it stands for.
    headers = [
        (name.encode("ascii"), value.encode("utf-8", "surrogateescape"))
        for name, value in (*response.headers, ("Content-Length", str(length)))
    ]
    return httpx.Response(response.status, headers=headers, stream=httpx.ByteStream(body))


def _failure(delivery: Delivery, request: httpx.Request) -> httpx.TransportError:
    match delivery.then:
        case "stall":
            return httpx.ReadTimeout("the emulator stalls", request=request)
        case "reset":
            return httpx.ReadError("[Errno 104] Connection reset by peer", request=request)
        case "close":
            message = "Server disconnected without sending a response."
            return httpx.RemoteProtocolError(message, request=request)
