"""In which form an answer goes out: what the client accepts, and the page for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Any, Final

from smugsync.emulator.api.encodings import ENCODERS
from smugsync.emulator.messages import Response, json_response

JSON: Final = "application/json"
PAGE: Final = "text/html"

#: What the service says it offers (recorded: `Options.MediaTypes`). How it writes its tables as CSV is not
#: known, so that one is refused.
OFFERED: Final = (JSON, "application/vnd.php.serialized", "application/x-msgpack", PAGE, "text/csv")

_WRITTEN: Final = (JSON, PAGE, *ENCODERS)
#: What a range means. Without a wish for JSON the service shows its browser for people.
_MEANING: Final = {"text/json": JSON, "application/*": JSON, "text/*": PAGE, "*/*": PAGE}


def negotiate(accept: str | None, override: str | None) -> str | None:
    """The media type of the answer, or None if nothing suits.

    `override` is the `_accept` parameter, which goes before the header.
    """
    ranges = sorted(_ranges(override or accept or "*/*"), key=lambda one: (-one[1], "*" in one[0]))
    for name, weight in ranges:
        kind = _MEANING.get(name, name)
        if weight > 0 and kind in _WRITTEN:
            return kind
    return None


def _ranges(text: str) -> Iterator[tuple[str, float]]:
    for part in text.split(","):
        name, *more = (piece.strip().lower() for piece in part.split(";"))
        weight = next((piece[2:] for piece in more if piece.startswith("q=")), "1")
        yield name, float(weight) if re.fullmatch(r"[01](\.\d{0,3})?", weight) else 1.0


def write(status: int, body: dict[str, Any], kind: str, *, pretty: bool, key: str | None = None) -> Response:
    """The answer in that form. `key` is the API key of the query, which links of the page carry along."""
    if kind == PAGE:
        return _page(status, body, key)
    if kind in ENCODERS:
        return Response(status, (("Content-Type", kind),), ENCODERS[kind](body))
    return json_response(status, body, pretty=pretty)


_ADDRESS: Final = re.compile(r'"(/api/v2[^"\\\s]*)"')


def _page(status: int, body: dict[str, Any], key: str | None) -> Response:
    """The service's browser for people, in short: the answer, where every address can be followed."""
    suffix = f"APIKey={escape(key)}" if key else ""

    def link(found: re.Match[str]) -> str:
        address = found[1]
        target = address + ("&amp;" if "?" in address else "?") + suffix if suffix else address
        return f'"<a href="{target}">{address}</a>"'

    shown = escape(json_response(status, body, pretty=True).content().decode(), quote=False)
    title = f"Response [{status} {escape(str(body.get('Message', '')))}]"
    page = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Live API Browser</title></head>'
        f"<body><h1>{title}</h1><p>Send <code>Accept: application/json</code> for JSON.</p>"
        f"<pre>{_ADDRESS.sub(link, shown)}</pre></body></html>\n"
    )
    return Response(status, (("Content-Type", "text/html; charset=utf-8"),), page.encode())
