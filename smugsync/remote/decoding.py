"""A whole answer of bounded size: read, unpacked, and never more than we are ready to hold."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable

import httpx

from smugsync.errors import Garbled, Transient
from smugsync.remote.dialect import Reply
from smugsync.remote.tempo import Tempo

#: No listing page comes near it: 5,000 images with every field are 19 MB, and we ask for 200 at most. Where
#: an answer is the whole list, its call says how much it may be (`Call.most`).
LIMIT = 16 * 1024 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


def read_body(
    response: httpx.Response,
    url: str,
    *,
    limit: int = LIMIT,
    cut: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Reply:
    """The complete answer to `url` (as it was before signing), of at most `limit` bytes, packed or not.

    With `cut` what is beyond them is left unread.
    Raises Garbled for more than `limit` or an encoding that was not asked for, Transient for a packed
    body that ends early and for one that trickles, and what the transport raises.
    """
    host = response.url.host
    coding = str(response.headers.get("content-encoding", "identity")).strip().lower()
    if coding not in {"identity", "gzip", "x-gzip", "deflate", ""}:
        raise Garbled(f"{host} answered in an encoding that was not asked for ({coding[:20]})")
    unpacker = None if coding in {"identity", ""} else zlib.decompressobj(_GZIP_OR_ZLIB)
    held = bytearray()
    came = 0
    tempo = Tempo(clock)
    try:
        for chunk in response.iter_raw():
            came += len(chunk)  # a packed body may go on for ever without a byte of content
            held += chunk if unpacker is None else unpacker.decompress(chunk, limit + 1 - len(held))
            if tempo.is_too_slow(len(chunk)):
                raise Transient(f"{host} sends its answer too slowly")
            if max(came, len(held)) > limit:
                if not cut:
                    raise Garbled(f"{host} answered with more than {limit // 2**20} MB")
                del held[limit:]
                break
        else:
            if unpacker is not None and held and not unpacker.eof:
                raise Transient(f"{host} ended its answer early")
    except zlib.error as exc:
        raise Garbled(f"{host} sent an answer that cannot be unpacked") from exc
    return Reply(
        response.status_code,
        {name.lower(): value for name, value in response.headers.items()},
        bytes(held),
        url,
    )
