"""What the older API means when it does not do what it was asked to change.

A fault code says that nothing was done, with one exception: a nonce that was seen before may have been seen
with the first of two requests. What is no clear answer is Doubtful. Upload failures: the service's old page
on uploading ("incomplete file (ByteCount given: …", "wrong format (ByteCount given: …"), and client authors.
"""

from __future__ import annotations

import re

from smugsync.errors import Doubtful, Garbled, Rejected, SmugsyncError, Transient
from smugsync.remote.dialect import Call, Reply
from smugsync.remote.smugmug_legacy.calls import Endpoint, method_of
from smugsync.remote.smugmug_legacy.envelope import EMPTY_SET, SYSTEM_ERROR, answer
from smugsync.remote.smugmug_legacy.failures import failure, verdict, with_words
from smugsync.remote.smugmug_legacy.uploads import UPLOAD
from smugsync.remote.smugmug_v2 import refusals as v2
from smugsync.remote.wire import Fields

_WRONG_FORMAT = 6
_NO_ALBUM = "SmugMug knows no such album in this account"
#: Beside those of questions (`failures`): the upload host is the same for all versions, v2 included.
_REFUSED = {
    63: "the album is full: SmugMug takes 5,000 photos and videos in one",
    64: "SmugMug does not know this type of file, or the video is too short or too small",
    72: "SmugMug does not take this video: its picture is too small",
}
#: `ByteCount given: 4293593, ByteCount received: 4096`
_COUNTS = re.compile(r"(\w+) given: *(\w+).{0,200}?\1 received: *(\w+)", re.DOTALL | re.IGNORECASE)


def change_failure(reply: Reply, call: Call, endpoint: Endpoint) -> SmugsyncError | None:
    """What an answer to a change means, None if it was made. `call` is not idempotent."""
    is_upload = endpoint.is_upload(call) or method_of(call) == UPLOAD
    if 200 <= reply.status < 500:
        try:
            envelope = answer(reply, "what was asked")
            stat = envelope.text("stat")
            if stat == "fail":
                return _refusal(envelope, call, endpoint, is_upload=is_upload)
            if stat == "ok" and reply.status < 300:
                return None
        except Garbled:
            pass
        if reply.status < 300:
            return Doubtful("the answer makes no sense; what was asked may have been done")
    if is_upload:
        return v2.upload_failure(reply, call)
    return v2.unrepeatable(failure(reply, call, endpoint), reply)


def _refusal(envelope: Fields, call: Call, endpoint: Endpoint, *, is_upload: bool) -> SmugsyncError:
    code, message = envelope.whole("code"), envelope.prose("message")
    if code == 33:
        return Doubtful("SmugMug has seen this request's nonce before; it may have been done")
    if is_upload and (broken := _broken_upload(code, message)):
        return broken
    if code is None:
        return Transient(with_words("SmugMug refuses without saying why", message))
    found = None if code == EMPTY_SET else verdict(envelope, method_of(call), endpoint, call.auth)
    return found or Doubtful(with_words(f"SmugMug answered with code {code}", message))


def _broken_upload(code: int | None, message: str) -> SmugsyncError | None:
    words = message.lower()
    if "incomplete file" in words or (code == _WRONG_FORMAT and _is_cut(message)):
        return Transient(with_words("the file did not arrive whole", message))
    if (code == SYSTEM_ERROR and "invalid album" in words) or code in (4, 9):
        return Rejected(with_words(_NO_ALBUM, message), code)
    return Rejected(with_words(_REFUSED[code], message), code) if code in _REFUSED else None


def _is_cut(message: str) -> bool:
    """Does it tell another number of bytes, or another MD5, than was sent?"""
    return any(given.lower() != received.lower() for _, given, received in _COUNTS.findall(message))
