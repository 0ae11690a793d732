"""Answers that would fill the memory, or never end, if they were let."""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Callable, Iterator, Mapping

from tests.remote.servers import Peer, Script

MEGABYTE = 1 << 20
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def sends(head: bytes, body: Callable[[], Iterator[bytes]]) -> Script:
    """Answer each request with `head` and as much of `body` as the client takes."""

    def play(peer: Peer) -> None:
        while peer.request():
            peer.send(head + b"\r\n")
            for piece in body():
                peer.send(piece)

    return play


def raw(*pieces: bytes) -> Script:
    """Answer each request with these bytes, then hang up."""

    def play(peer: Peer) -> None:
        if peer.request():
            peer.send(b"".join(pieces))

    return play


def forever(piece: bytes) -> Callable[[], Iterator[bytes]]:
    block = piece * (1 + 65_536 // len(piece))
    return lambda: itertools.repeat(block)


def packed(body: bytes) -> Script:
    squeezed = gzip.compress(body)
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(squeezed)
    return sends(head, lambda: iter([squeezed]))


def plain(body: bytes) -> Script:
    return sends(HEAD + b"Content-Length: %d\r\n" % len(body), lambda: iter([body]))


def _nothing_packed() -> Iterator[bytes]:
    """Gzip that goes on for ever and never has a byte in it."""
    packer = zlib.compressobj(wbits=31)
    yield packer.compress(b"") + packer.flush(zlib.Z_SYNC_FLUSH)
    yield from forever(b"\x00\x00\x00\xff\xff")()


def _after_the_end() -> Iterator[bytes]:
    """Gzip that ends, and goes on for ever all the same."""
    yield gzip.compress(b"{}")
    yield from forever(b"more")()


GZIP = HEAD + b"Content-Encoding: gzip\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"


def _zeros(wbits: int) -> Callable[[], Iterator[bytes]]:
    """A gigabyte of zeros, packed as fast as somebody takes it: a megabyte in all."""

    def pack() -> Iterator[bytes]:
        packer = zlib.compressobj(wbits=wbits)
        block = bytes(MEGABYTE)
        for _ in range(1024):
            yield packer.compress(block) + packer.flush(zlib.Z_SYNC_FLUSH)
        yield packer.flush()

    return pack


GZIP_OF_ZEROS = sends(GZIP, _zeros(31))

#: JSON answers: what is wrong, and a word of the sentence that says so.
ANSWERS: Mapping[str, tuple[Script, str]] = {
    "a-gigabyte-in-gzip": (GZIP_OF_ZEROS, "more than 16 MB"),
    "a-gigabyte-in-deflate": (sends(HEAD + b"Content-Encoding: deflate\r\n", _zeros(15)), "more than 16 MB"),
    "gzip-in-gzip": (
        raw(HEAD, b"Content-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\n{}"),
        "not asked for",
    ),
    "brotli": (raw(HEAD, b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}"), "not asked for"),
    "gzip-that-is-none": (raw(HEAD, b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"), "unpacked"),
    "gzip-without-content-or-end": (sends(GZIP, _nothing_packed), "more than 16 MB"),
    "gzip-that-goes-on-after-its-end": (sends(GZIP, _after_the_end), "more than 16 MB"),
    "a-body-without-end": (sends(HEAD, forever(b'{"a":1},')), "more than 16 MB"),
    "a-body-of-an-exabyte": (
        sends(HEAD + b"Content-Length: %d\r\n" % 10**17, forever(b" ")),
        "more than 16 MB",
    ),
    "chunks-without-end": (sends(CHUNKED, forever(b"400\r\n" + b" " * 1024 + b"\r\n")), "more than 16 MB"),
    "lists-in-lists": (plain(b"[" * 100_000), "not JSON"),
    "objects-in-objects": (plain(b'{"a":' * 100_000), "not JSON"),
    "five-million-lists": (plain(b'{"a":[' + b"[]," * 5_000_000 + b"1]}"), "more values than any page"),
    "a-million-keys": (
        packed(b"{" + b",".join(b'"%d":1' % i for i in range(1_000_000)) + b"}"),
        "more values than any page",
    ),
    "a-number-of-ten-million-digits": (plain(b'{"a":' + b"9" * 10_000_000 + b"}"), "not JSON"),
}

#: Answers that break the rules of HTTP, whatever they are about.
HEADS: Mapping[str, Script] = {
    "header-lines-without-end": sends(HEAD, forever(b"X-More: and more\r\n")),
    "a-header-line-without-end": sends(HEAD + b"X-Long: ", forever(b"long")),
    "interim-answers-without-end": sends(
        b"HTTP/1.1 100 Continue\r\n", forever(b"HTTP/1.1 102 Processing\r\n\r\n")
    ),
    "trailers-without-end": sends(
        CHUNKED, lambda: itertools.chain([b"0\r\n"], forever(b"X-More: and\r\n")())
    ),
    "a-chunk-extension-without-end": sends(CHUNKED, lambda: itertools.chain([b"5;x="], forever(b"yyyy")())),
    "chunks-of-no-size": raw(CHUNKED, b"\r\nzz\r\nhello\r\n0\r\n\r\n"),
    "chunks-of-a-negative-size": raw(CHUNKED, b"\r\n-5\r\nhello\r\n0\r\n\r\n"),
    "chunks-larger-than-all-memory": raw(CHUNKED, b"\r\nffffffffffffffff\r\nhello"),
    "a-length-of-two-to-the-63": raw(HEAD, b"Content-Length: 9223372036854775808\r\n\r\n{}"),
    "a-negative-length": raw(HEAD, b"Content-Length: -1\r\n\r\n{}"),
    "two-lengths": raw(HEAD, b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "no-answer-at-all": raw(b"\0" * 70_000),
    "another-protocol": raw(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
}

MEDIA = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"

#: Photos, of which some hundred bytes are promised: what comes instead, and a word of the sentence about it.
FILES: Mapping[str, tuple[Script, str]] = {
    "longer-than-promised": (sends(MEDIA + b"Content-Length: 100000000\r\n", forever(b"photo")), "promised"),
    "without-length-or-end": (sends(MEDIA, forever(b"photo")), "promised"),
    "of-chunks-without-end": (
        sends(MEDIA + b"Transfer-Encoding: chunked\r\n", forever(b"400\r\n" + b"p" * 1024 + b"\r\n")),
        "promised",
    ),
    "of-two-to-the-63-bytes": (raw(MEDIA, b"Content-Length: 9223372036854775808\r\n\r\nphoto"), "malformed"),
    "of-a-negative-size": (raw(MEDIA, b"Content-Length: -1\r\n\r\nphoto"), "malformed"),
    "packed": (sends(MEDIA + b"Content-Encoding: gzip\r\n", _zeros(31)), "not asked for"),
    "a-part-that-nobody-asked-for": (
        raw(b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\nphoto"),
        "a part of the file",
    ),
    "a-web-page": (raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"), "a web page"),
    "a-web-page-that-claims-to-be-a-photo": (raw(MEDIA, b"\r\n<!DOCTYPE html><html>"), "a web page"),
    "nothing": (raw(MEDIA, b"Content-Length: 0\r\n\r\n"), "an empty file"),
    "an-error-without-end": (sends(b"HTTP/1.1 500 Oops\r\n", forever(b"<html>")), "500"),
}
