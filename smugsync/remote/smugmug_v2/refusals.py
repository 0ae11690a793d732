"""What SmugMug means when it does not do what it was asked to change.

Three things may have come of it, and they are kept apart: it was not done and may be tried again
(Transient), it was not done and never will be (Rejected, NotAuthorised), nobody knows (Doubtful). A 500 or
a 504 on a write may have been applied: 50 photos were moved by a request that was answered 504 (measured).

The upload host has an envelope of its own: mostly status 200 and `{"stat": "fail", "code": 6, "message":
"wrong format"}`. Codes 5, 6, 64 and 72 were seen; the others are those of SmugMug's older interface.
"""

from __future__ import annotations

from smugsync.errors import (
    ClockSkew,
    Doubtful,
    Garbled,
    Gone,
    NotAuthorised,
    Rejected,
    SmugsyncError,
    Transient,
)
from smugsync.remote.dialect import Call, Reply
from smugsync.remote.smugmug_v2.failures import KEY_PROBLEMS, PROBLEMS, failure, is_narrow, narrow
from smugsync.remote.wire import excerpt, is_html, parse

_SYSTEM_ERROR, _WRONG_FORMAT = 5, 6
#: Read-only mode (99) and its neighbours: the service is closed for a while.
_CLOSED = range(90, 100)

_REFUSED = {
    _WRONG_FORMAT: "SmugMug does not take files of this format",
    9: "SmugMug knows no such album in this account",
    63: "the album is full: SmugMug takes 5,000 photos and videos in one",
    64: "SmugMug does not know this type of file, or the video is too short or too small",
    72: "SmugMug does not take this video: its picture is too small",
}
_STATUSES = {
    400: "SmugMug cannot make sense of this upload",
    404: "SmugMug knows no such album or photo",
    413: "SmugMug does not take files of this size",
    415: "SmugMug does not take files of this type",
    422: "SmugMug cannot make sense of this file",
}
#: About the way to the service, and not about the file.
_ON_THE_WAY = {
    405: "nothing takes uploads at the upload address; see `remote.upload_url`",
    407: "a proxy on the way to the upload host wants credentials",
    411: "something on the way to the upload host has taken out the length of an upload",
}
#: Faults of the older interface that are about the signature.
_SIGNATURE = {
    31: KEY_PROBLEMS["consumer_key_unknown"],
    35: PROBLEMS["signature_invalid"],
    36: PROBLEMS["token_rejected"],
}


def change_failure(reply: Reply, call: Call) -> SmugsyncError | None:
    """What an answer to a change asked of the API means, None if it was made."""
    return unrepeatable(failure(reply, call), reply)


def upload_failure(reply: Reply, call: Call) -> SmugsyncError | None:
    """What an answer to an upload means, None if the file was taken."""
    status = reply.status
    if 200 <= status < 300:
        return _stated(reply, call)
    if status == 404 and is_html(reply):  # a wrong address, or something in front of it
        return Transient("a web page says that nothing is at the upload address; see `remote.upload_url`")
    if status in _ON_THE_WAY:
        return Transient(_ON_THE_WAY[status])
    words = _words(reply)
    if status in _STATUSES:
        return Rejected(_with_words(_STATUSES[status], words), status)
    if status in (401, 403) and is_narrow(words):
        return narrow(write=True)
    return unrepeatable(failure(reply, call), reply)


def unrepeatable(verdict: SmugsyncError | None, reply: Reply) -> SmugsyncError | None:
    """The verdict on a question, made one on a change: what does not say that nothing was done is Doubtful.

    A nonce that was seen before is among these: SmugMug's own front end repeats requests that run for a
    minute, so the first of the two may have been applied.
    """
    if verdict is None or isinstance(verdict, ClockSkew | NotAuthorised):
        return verdict
    status = reply.status
    if status == 409 or (isinstance(verdict, Rejected) and verdict.code == 409):
        return Doubtful("SmugMug answered 409: there may be one of this name already")
    if isinstance(verdict, Transient):
        return verdict if status == 429 else Doubtful(f"{verdict}; it may have been done")
    if not 400 <= status < 500:
        # What the envelope of a good answer refuses was refused; a redirect was not followed.
        return verdict if isinstance(verdict, Rejected) and status < 300 else Doubtful(_doubt(verdict))
    if status == 408:
        return Doubtful(_doubt(verdict))
    return Rejected(str(verdict), status) if isinstance(verdict, Gone | Garbled) else verdict


def _stated(reply: Reply, call: Call) -> SmugsyncError | None:
    """What an answer with a good status says in its envelope: the upload host's own, or the API's."""
    try:
        envelope = parse(reply, "the upload")
        stat = envelope.text("stat")
        if stat == "fail":
            return _refusal(envelope.whole("code"), envelope.prose("message"))
        if not stat and (envelope.whole("Code") or 0) >= 300:
            return unrepeatable(failure(reply, call), reply)
    except Garbled:
        stat = ""
    return None if stat == "ok" else Doubtful("the answer to an upload makes no sense; it may have arrived")


def _refusal(code: int | None, message: str) -> SmugsyncError:
    if is_narrow(message):
        return narrow(write=True)
    if code is None or code == _SYSTEM_ERROR:
        return Transient(_with_words("SmugMug had an error and took nothing", message))
    if code in _CLOSED:
        return Transient(_with_words("SmugMug takes no uploads for the time being", message))
    if code == 409:
        return Doubtful("SmugMug says that there is a photo of this name in the album already")
    if code == 30:
        return ClockSkew("SmugMug refuses our time stamp: this computer's clock is wrong")
    if code == 33:
        return Doubtful("SmugMug has seen this upload's nonce before; it may have arrived")
    if code in _SIGNATURE:
        return NotAuthorised(_SIGNATURE[code])
    sentence = _REFUSED.get(code, f"SmugMug refuses this file (code {code})")
    return Rejected(_with_words(sentence, message), code)


def _words(reply: Reply) -> str:
    try:
        envelope = parse(reply, "the upload")
    except Garbled:
        return ""
    return envelope.prose("message") or envelope.prose("Message")


def _with_words(sentence: str, words: str) -> str:
    return f"{sentence} (it says: {excerpt(words.encode())})" if words else sentence


def _doubt(verdict: SmugsyncError) -> str:
    return f"{verdict}; it may have been done all the same"
