"""What stands around every answer of Pixelpost: valid or an error, and the values of either.

Always HTTP 200 and `text/html; charset=UTF-8`, for JSON as well (recorded), so that only the body tells.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from smugsync.errors import Garbled
from smugsync.remote.dialect import Reply
from smugsync.remote.wire import Fields, excerpt, parse


class Refusal(NamedTuple):
    """An error: the service's word for it, and its sentence, printable and short."""

    code: str
    message: str


def refusal_of(reply: Reply, what: str) -> Refusal | None:
    """None: the answer is valid. Raises Garbled."""
    envelope = parse(reply, what)
    status = envelope.prose("status")
    if status == "valid":
        if "response" not in envelope:
            raise Garbled(f"the answer to {what} is valid and holds no response")
        return None
    if status != "error":
        raise Garbled(f"the answer to {what} is neither valid nor an error", excerpt(reply.body))
    return Refusal(
        excerpt(envelope.prose("code").encode(), 40), excerpt(envelope.prose("message").encode(), 200)
    )


def response_of(reply: Reply, what: str) -> Fields:
    return parse(reply, what).child("response")


def values_of(reply: Reply) -> object:
    """The response as JSON has it, of an answer that has been read before."""
    return json.loads(reply.body)["response"]
