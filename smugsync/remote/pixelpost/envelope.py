"""What stands around every answer of Pixelpost: valid or an error, and the values of either.

Always HTTP 200 and `text/html; charset=UTF-8`, for JSON as well (recorded), so that only the body tells.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from smugsync.errors import Garbled
from smugsync.records import replace
from smugsync.remote.dialect import Reply
from smugsync.remote.wire import Fields, excerpt, parse

_WORDS = rb"(?:<b>)?(?:PHP )?(?:Deprecated|Notice|Warning|Strict Standards)(?:</b>)?:\s"
#: Where an answer begins; what a PHP of today prints before it, and behind it. PHP's own JSON never holds a
#: `/` or a line's end as they are, so that no title can look like the last.
_BEGIN = re.compile(rb'\{"status":\s*"(?:valid|error)"')
_NOTICE = re.compile(rb"\s*(?:<br />\s*)?" + _WORDS)
_BEHIND = re.compile(rb"\}\s*(?:<br />|\n)\s*" + _WORDS)


class Refusal(NamedTuple):
    """An error: the service's word for it, and its sentence, printable and short."""

    code: str
    message: str


def refusal_of(reply: Reply, what: str) -> Refusal | None:
    """None: the answer is valid. Raises Garbled."""
    envelope = envelope_of(reply, what)
    status = envelope.prose("status")
    if status == "valid":
        if "response" not in envelope:
            raise Garbled(f"the answer to {what} is valid and holds no response")
        return None
    if status != "error":
        raise Garbled(
            f"the answer to {what} is neither valid nor an error: is this a Pixelpost site? Check "
            f"`remote.site_url`",
            excerpt(reply.body),
        )
    return Refusal(
        excerpt(envelope.prose("code").encode(), 40), excerpt(envelope.prose("message").encode(), 200)
    )


def envelope_of(reply: Reply, what: str) -> Fields:
    """The whole answer. Raises Garbled."""
    return parse(bare(reply), what)


def response_of(reply: Reply, what: str) -> Fields:
    return envelope_of(reply, what).child("response")


def values_of(reply: Reply) -> object:
    """The response as JSON has it, of an answer that has been read before."""
    return json.loads(bare(reply).body)["response"]


def bare(reply: Reply) -> Reply:
    """`reply` without the notices that a PHP of today prints before or behind the answer of so old an
    application, where its own settings say so (`display_errors`). What else stands there stays.

    A title in another encoding than UTF-8 is no reason to have no photo: what is none of its letters reads as
    U+FFFD. (Where answers carry an hmac, that cannot be right then.)
    """
    body = reply.body
    if _NOTICE.match(body) and (begin := _BEGIN.search(body)):
        body = body[begin.start() :]
    if _BEGIN.match(body) and (behind := _BEHIND.search(body)):
        body = body[: behind.start() + 1]
    try:
        body.decode()
    except UnicodeDecodeError:
        if _BEGIN.match(body):
            body = body.decode(errors="replace").encode()
    return reply if body is reply.body else replace(reply, body=body)
